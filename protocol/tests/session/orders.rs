//! Orders over drops: executed once, answered once.

use crate::harness::place_order;
use crate::pair::Pair;
use tickwire_protocol::command::{Command, Instruction, OrderRef, RESUME_WORD, ResumeTrading};
use tickwire_protocol::error::ErrorCode;
use tickwire_protocol::id::{ClientOrderId, OrderId};
use tickwire_protocol::message::Outcome;
use tickwire_protocol::risk::RiskLimits;
use tickwire_protocol::topic::Topic;

fn executed(pair: &Pair, order: &str) -> u32 {
    pair.engine
        .executed
        .get(&ClientOrderId::new(order).unwrap())
        .copied()
        .unwrap_or(0)
}

#[test]
fn an_order_sent_at_the_moment_of_a_drop_is_executed_once_and_answered() {
    for cut_after in 0..60 {
        let mut pair = Pair::live(cut_after);
        let id = pair.place_order("once");
        pair.run(i64::try_from(cut_after).unwrap());
        pair.cut();
        pair.settle();
        assert_eq!(executed(&pair, "once"), 1);
        let ack = pair.notes.answers[&id].as_ref().unwrap();
        assert_eq!(ack.outcome, Some(Outcome::Executed));
        assert_eq!(pair.notes.lossless[&Topic::Orders].applied, 1);
    }
}

#[test]
fn an_order_sent_as_the_server_dies_is_executed_once() {
    for kill_after in 0..60 {
        let mut pair = Pair::live(1_000 + kill_after);
        let id = pair.place_order("once");
        pair.run(i64::try_from(kill_after).unwrap());
        pair.kill_server();
        pair.run(500);
        pair.start_server();
        pair.settle();
        assert_eq!(executed(&pair, "once"), 1);
        assert!(pair.notes.answers[&id].is_ok());
    }
}

#[test]
fn a_desk_names_the_orders_that_have_no_name() {
    let mut pair = Pair::live(1);
    let id = pair.request(place_order(None));
    pair.run(20);
    pair.cut();
    pair.settle();
    assert_eq!(pair.engine.executed.len(), 1);
    assert!(pair.notes.answers[&id].is_ok());
}

#[test]
fn orders_are_carried_out_in_the_order_in_which_they_were_sent() {
    let mut pair = Pair::live(2);
    for number in 0..10 {
        pair.place_order(&format!("o-{number}"));
    }
    pair.settle();
    assert_eq!(pair.engine.executed.len(), 10);
    assert_eq!(pair.notes.lossless[&Topic::Executions].applied, 10);
}

#[test]
fn commands_sent_too_fast_are_sent_again_and_each_is_answered_once() {
    let mut pair = Pair::live(3);
    pair.limits.command_burst = 3;
    pair.cut();
    pair.run(2_000);
    let ids: Vec<_> = (0..20)
        .map(|number| pair.place_order(&format!("o-{number}")))
        .collect();
    pair.settle();
    for id in ids {
        assert!(pair.notes.answers[&id].is_ok(), "{id}");
    }
    assert_eq!(pair.engine.executed.len(), 20);
}

#[test]
fn a_desk_that_asks_too_much_at_once_is_told_at_once() {
    let mut pair = Pair::live(4);
    pair.kill_server();
    pair.run(100);
    let ids: Vec<_> = (0..65).map(|_| pair.request(Command::GetPositions)).collect();
    assert_eq!(pair.client.pending(), 64);
    assert_eq!(
        pair.notes.error_of(&ids[64]),
        Some((ErrorCode::RateLimited, Some(Outcome::NotExecuted)))
    );
    pair.start_server();
    pair.settle();
    assert_eq!(pair.notes.answers.len(), 65);
}

#[test]
fn what_comes_to_the_same_twice_is_sent_again_and_answered() {
    for cut_after in 0..40 {
        let mut pair = Pair::live(2_000 + cut_after);
        let cancel = OrderRef {
            order_id: Some(OrderId(1)),
            client_order_id: None,
        };
        let cancelled = pair.request(Command::Instruct(Instruction::CancelOrder(cancel)));
        let paused = pair.request(Command::Instruct(Instruction::PauseTrading));
        pair.run(i64::try_from(cut_after).unwrap());
        pair.cut();
        pair.settle();
        for id in [cancelled, paused] {
            assert!(pair.notes.answers[&id].is_ok(), "cut after {cut_after} ms");
        }
        assert!((1..=2).contains(&pair.engine.unnamed["pause_trading"]));
    }
}

#[test]
fn what_loosens_the_risk_guard_is_never_sent_twice() {
    let resume = ResumeTrading {
        confirm: RESUME_WORD.to_owned(),
    };
    let loosening = [
        Instruction::ResumeTrading(resume),
        Instruction::SetRiskLimits(RiskLimits::default()),
    ];
    let (mut done_in_doubt, mut answered) = (0, 0);
    for instruction in loosening {
        for cut_after in 0..60 {
            let mut pair = Pair::live(3_000 + cut_after);
            let id = pair.request(Command::Instruct(instruction.clone()));
            pair.run(i64::try_from(cut_after).unwrap());
            pair.cut();
            pair.settle();
            let times = pair
                .engine
                .unnamed
                .get(instruction.action())
                .copied()
                .unwrap_or(0);
            assert!(times <= 1, "cut after {cut_after} ms: {times}");
            match pair.notes.error_of(&id) {
                None => answered += 1,
                Some(error) => {
                    assert_eq!(error, (ErrorCode::Unavailable, Some(Outcome::Unknown)));
                    done_in_doubt += times;
                }
            }
        }
    }
    assert!(answered > 0 && done_in_doubt > 0, "{answered}, {done_in_doubt}");
}

#[test]
fn what_loosens_the_risk_guard_and_was_never_sent_is_sent_once_there_is_a_connection() {
    let mut pair = Pair::live(4);
    pair.kill_server();
    pair.run(100);
    let id = pair.request(Command::Instruct(Instruction::SetRiskLimits(
        RiskLimits::default(),
    )));
    pair.start_server();
    pair.settle();
    assert!(pair.notes.answers[&id].is_ok());
    assert_eq!(pair.engine.unnamed["set_risk_limits"], 1);
}

#[test]
fn a_ping_with_an_id_is_answered_by_its_pong() {
    let mut pair = Pair::live(5);
    let id = pair.request(Command::Ping(tickwire_protocol::command::Ping { t0: 1 }));
    pair.run(100);
    assert!(pair.notes.answers[&id].is_ok());
}

fn cancel() -> Command {
    Command::Instruct(Instruction::CancelOrder(OrderRef {
        order_id: Some(OrderId(1)),
        client_order_id: None,
    }))
}

#[test]
fn a_cancel_that_fell_into_a_dead_link_is_asked_again_when_the_link_is_back() {
    for (seed, outage) in (2_000..2_012).zip(
        [1_000, 4_000, 8_000, 12_000, 16_000, 25_000, 40_000]
            .into_iter()
            .cycle(),
    ) {
        let mut pair = Pair::live(seed);
        pair.enter_black_hole();
        pair.run(i64::try_from(seed).unwrap() % 5 * 400);
        let id = pair.request(cancel());
        pair.run(outage);
        assert!(
            !pair.notes.answers.contains_key(&id),
            "it is not given up after {outage} ms"
        );
        pair.settle();
        assert!(
            pair.notes.answers[&id].is_ok(),
            "after {outage} ms: {:?}",
            pair.notes.answers[&id]
        );
    }
}

#[test]
fn what_waits_for_its_answer_finds_a_dead_link_in_five_seconds() {
    for seed in 2_100..2_120 {
        let mut pair = Pair::live(seed);
        pair.run(i64::try_from(seed).unwrap() % 7 * 500);
        pair.half_open();
        let since = pair.now;
        let dials = pair.dials.len();
        pair.request(cancel());
        pair.run(6_000);
        let found = pair.dials.get(dials).map(|at| at - since);
        assert!(found.is_some_and(|ms| ms <= 5_500), "seed {seed}: {found:?}");
        pair.settle();
    }
}

#[test]
fn nothing_is_placed_late_and_nothing_waits_for_ever() {
    let mut pair = Pair::live(2_200);
    pair.enter_black_hole();
    let order = pair.place_order("late");
    let cancelled = pair.request(cancel());
    pair.run(16_000);
    assert_eq!(
        pair.notes.error_of(&order),
        Some((ErrorCode::Unavailable, Some(Outcome::Unknown)))
    );
    assert!(!pair.notes.answers.contains_key(&cancelled));
    pair.run(50_000);
    assert_eq!(
        pair.notes.error_of(&cancelled),
        Some((ErrorCode::Unavailable, Some(Outcome::Unknown)))
    );
    pair.settle();
    assert_eq!(
        executed(&pair, "late"),
        0,
        "a minute later the price is another one"
    );
}
