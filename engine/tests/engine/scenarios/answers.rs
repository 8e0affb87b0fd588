//! What is answered: where an order stands when all is decided, and to a retry what came of the first.

use crate::script::{TestDesk, check};
use crate::wanted;
use tickwire_engine::engine::Done;
use tickwire_engine::{Action, Input, Request};
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::command::{CloseCarry, Instruction, OpenCarry, Report};
use tickwire_protocol::id::{AccountId, OrderId, PositionId};
use tickwire_protocol::order::{OrderReason, OrderStatus};

fn desk(steps: &[&str]) -> TestDesk {
    let mut desk = TestDesk::new();
    for step in [
        "deposit 1000",
        "quote ETHUSDT 100/100",
        "quote ETHUSDT-PERP 100/100",
    ] {
        desk.step(step);
    }
    for step in steps {
        desk.step(step);
    }
    desk
}

/// The answer to an instruction a few seconds after the desk began.
fn answer(desk: &mut TestDesk, instruction: Instruction) -> Report {
    let request = Request {
        account: AccountId(1),
        at: TimestampMs(1_765_357_210_000),
        action: Action::Instruct(instruction),
    };
    match desk.engine.handle(Input::Request(request)).answer {
        Some(Ok(Done::Reported(report))) => report,
        other => panic!("answered by {other:?}"),
    }
}

fn words(text: &str) -> Vec<&str> {
    text.split_whitespace().collect()
}

#[test]
fn an_answer_tells_where_the_order_stands_at_the_end() {
    let mut desk = desk(&["buy 1 ETHUSDT"]);
    let wanted = wanted::order(&words("sell 3 ETHUSDT limit 99 reduce"), TimestampMs(0));
    let report = answer(&mut desk, Instruction::PlaceOrder(wanted));
    assert_eq!(
        (report.order_id, report.status, report.reason),
        (
            Some(OrderId(2)),
            Some(OrderStatus::Cancelled),
            Some(OrderReason::NothingToReduce)
        ),
        "one of three was there to reduce"
    );
    let order = desk.engine.state().accounts[&AccountId(1)]
        .orders
        .closed()
        .last()
        .unwrap();
    assert_eq!((Some(order.status), order.reason), (report.status, report.reason));
}

#[test]
fn a_retry_is_answered_by_all_orders_of_the_first() {
    let mut desk = desk(&["buy 1 ETHUSDT"]);
    let both = vec![OrderId(2), OrderId(3)];
    let pair = wanted::pair(&words("sell 1 ETHUSDT tp =120 sl 80 as pair"), TimestampMs(0));
    for _ in 0..2 {
        let report = answer(&mut desk, Instruction::PlaceOco(pair.clone()));
        assert_eq!(
            (report.order_id, report.order_ids),
            (Some(OrderId(2)), both.clone())
        );
    }
    desk.step("cancel pair");
    let report = answer(&mut desk, Instruction::PlaceOco(pair));
    assert_eq!(
        (report.order_ids, report.status, report.duplicate),
        (both, Some(OrderStatus::Cancelled), Some(true)),
        "also once they have ended"
    );

    let carry = Instruction::OpenCarry(OpenCarry {
        client_order_id: Some("carry".parse().unwrap()),
        symbol: "ETHUSDT".parse().unwrap(),
        quantity: "1".parse().unwrap(),
    });
    let uncarry = Instruction::CloseCarry(CloseCarry {
        client_order_id: Some("uncarry".parse().unwrap()),
        position_id: PositionId(2),
    });
    for (instruction, orders) in [(carry, [4, 5]), (uncarry, [6, 7])] {
        for is_again in [false, true] {
            let report = answer(&mut desk, instruction.clone());
            assert_eq!(report.order_ids, orders.map(OrderId), "{}", instruction.action());
            assert_eq!(report.duplicate, Some(is_again));
        }
    }

    let single = wanted::order(&words("buy 1 ETHUSDT limit 90 as single"), TimestampMs(0));
    for _ in 0..2 {
        let report = answer(&mut desk, Instruction::PlaceOrder(single.clone()));
        assert_eq!(
            (report.order_id, report.order_ids),
            (Some(OrderId(8)), Vec::new()),
            "one order has no others"
        );
    }
}

#[test]
fn what_is_held_only_as_a_carry_is_closed_as_one() {
    check(
        "the refusal names it; a position beside it is closed as ever",
        "deposit 1000 | quote ETHUSDT 100/100 | quote ETHUSDT-PERP 100/100 | carry 1 ETHUSDT | close ETHUSDT
         | close ETHUSDT-PERP 50% | reverse ETHUSDT | close BTCUSDT | buy 1 ETHUSDT | close ETHUSDT",
        "acct-1 opened with 1000
         day opened with 1000
         order-1 buy 1 ETHUSDT of pos-1
         exec-1 pos-1 buy 1 @ 100.00 fee 0
         order-1 filled 1 @ 100 fee 0
         order-2 sell 1 ETHUSDT-PERP of pos-1
         exec-2 pos-1 sell 1 @ 100.00 fee 0
         order-2 filled 1 @ 100 fee 0
         NO_POSITION: no position in ETHUSDT but a leg of the cash-and-carry position pos-1, whose legs are closed together: send close_carry with this position_id
         NO_POSITION: no position in ETHUSDT-PERP but a leg of the cash-and-carry position pos-1, whose legs are closed together: send close_carry with this position_id
         NO_POSITION: no position in ETHUSDT but a leg of the cash-and-carry position pos-1, whose legs are closed together: send close_carry with this position_id
         NO_POSITION: no open position in BTCUSDT to close: get_positions lists those that are open
         order-3 buy 1 ETHUSDT
         exec-3 pos-2 buy 1 @ 100.00 fee 0
         order-3 filled 1 @ 100 fee 0
         order-4 sell 1 ETHUSDT
         exec-4 pos-2 sell 1 @ 100.00 fee 0
         order-4 filled 1 @ 100 fee 0",
    );
}
