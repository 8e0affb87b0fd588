//! Days and restarts: what survives, what it is worth before the feed speaks, and when a day begins.

use crate::script::{TestDesk, check, config};
use tickwire_engine::account::RECENT_MAX;
use tickwire_engine::{Engine, Event, Fact, FoldError, RecoverError};
use tickwire_protocol::id::{AccountId, Seq};
use tickwire_protocol::topic::Topic;

#[test]
fn after_a_restart_positions_are_worth_their_cost_until_the_feed_speaks() {
    check(
        "nothing is lost, nothing is invented",
        "deposit 1000 | quote BTCUSDT 100/100 | buy 1 BTCUSDT | quote BTCUSDT 120/120 | show | restart | show
         | link live | quote BTCUSDT 130/130 | show",
        "acct-1 opened with 1000
         day opened with 1000
         order-1 buy 1 BTCUSDT
         exec-1 pos-1 buy 1 @ 100.00 fee 0.1
         order-1 filled 1 @ 100 fee 0.1
         equity 1019.9 cash 999.9 used 100 available 899.9 today 19.9
         pos-1 buy 1 BTCUSDT @ 100 mark 120.00 pnl 20 (20.00 %)
         equity 999.9 cash 999.9 used 100 available 899.9 today -0.1
         pos-1 buy 1 BTCUSDT @ 100 mark 100 pnl 0 (0.00 %)
         equity 1029.9 cash 999.9 used 100 available 899.9 today 29.9
         pos-1 buy 1 BTCUSDT @ 100 mark 130.00 pnl 30 (30.00 %)",
    );
}

#[test]
fn a_cost_is_not_reckoned_back_from_the_rounded_entry_price() {
    check(
        "33.336667 × 3 is not 100.01",
        "deposit 1000 | quote ETHUSDT 33.33/33.33 | buy 1 ETHUSDT | quote ETHUSDT 33.34/33.34 | buy 2 ETHUSDT | restart | show",
        "acct-1 opened with 1000
         day opened with 1000
         order-1 buy 1 ETHUSDT
         exec-1 pos-1 buy 1 @ 33.33 fee 0
         order-1 filled 1 @ 33.33 fee 0
         order-2 buy 2 ETHUSDT
         exec-2 pos-1 buy 2 @ 33.34 fee 0
         order-2 filled 2 @ 33.34 fee 0
         equity 1000 cash 1000 used 100.01 available 899.99 today 0
         pos-1 buy 3 ETHUSDT @ 33.336667 mark 33.336667 pnl 0 (0.00 %)",
    );
}

#[test]
fn a_day_opens_once_with_the_equity_before_the_input_that_begins_it() {
    check(
        "the tick after midnight is today's",
        "deposit 1000 | quote ETHUSDT 100/100 | buy 1 ETHUSDT | quote ETHUSDT 110/110 | wait 16h
         | quote ETHUSDT 150/150 | show | timer | wait 23h | timer",
        "acct-1 opened with 1000
         day opened with 1000
         order-1 buy 1 ETHUSDT
         exec-1 pos-1 buy 1 @ 100.00 fee 0
         order-1 filled 1 @ 100 fee 0
         day opened with 1010
         equity 1050 cash 1000 used 100 available 900 today 40
         pos-1 buy 1 ETHUSDT @ 100 mark 150.00 pnl 50 (50.00 %)
         day opened with 1050",
    );
}

#[test]
fn a_day_that_begins_while_the_desk_is_down_waits_for_quotes() {
    check(
        "an account without positions does not wait",
        "deposit 1000 | quote ETHUSDT 100/100 | buy 1 ETHUSDT | account 2 | deposit 5 | account 1 | wait 16h | restart
         | timer | quote BTCUSDT 1/1 | timer | quote ETHUSDT 90/90 | timer | timer | show",
        "acct-1 opened with 1000
         day opened with 1000
         order-1 buy 1 ETHUSDT
         exec-1 pos-1 buy 1 @ 100.00 fee 0
         order-1 filled 1 @ 100 fee 0
         acct-2 opened with 5
         day opened with 5
         day opened with 5
         day opened with 990
         equity 990 cash 1000 used 100 available 890 today 0
         pos-1 buy 1 ETHUSDT @ 100 mark 90.00 pnl -10 (-10.00 %)",
    );
}

/// An account with three filled orders.
fn traded() -> TestDesk {
    let mut desk = TestDesk::new();
    for step in [
        "deposit 1000",
        "quote BTCUSDT 100/100",
        "buy 1 BTCUSDT as a",
        "sell 2 BTCUSDT",
        "close BTCUSDT 50%",
    ] {
        desk.step(step);
    }
    desk
}

#[test]
fn lossless_topics_count_without_gaps() {
    let desk = traded();
    let account = desk.engine.account(AccountId(1)).unwrap();
    assert_eq!(
        account.heads(),
        [
            (Topic::Orders, Seq(6)),
            (Topic::Executions, Seq(4)),
            (Topic::Risk, Seq(0)),
            (Topic::Alerts, Seq(0))
        ]
    );
    let mut recovered = Engine::new(config()).unwrap();
    let seqs = desk
        .events
        .iter()
        .map(|event| (event.fact.topic(), recovered.apply(event).unwrap()));
    let (mut orders, mut executions) = (1.., 1..);
    for (topic, seq) in seqs {
        let expected = match topic {
            Some(Topic::Orders) => orders.next(),
            Some(_) => executions.next(),
            None => None,
        };
        assert_eq!(seq, expected.map(Seq));
    }
}

#[test]
fn a_corrupt_journal_is_an_error_and_changes_nothing() {
    let events = traded().events;
    let corrupt = |change: &dyn Fn(&mut Vec<Event>)| {
        let mut events = events.clone();
        change(&mut events);
        match Engine::recover(config(), events) {
            Err(RecoverError::Fold { error, .. }) => error,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(
        corrupt(&|e| drop(e.remove(0))),
        FoldError::UnknownAccount(AccountId(1))
    );
    assert_eq!(
        corrupt(&|e| e.insert(1, e[0].clone())),
        FoldError::OpenedTwice(AccountId(1))
    );
    assert!(
        matches!(corrupt(&|e| drop(e.remove(2))), FoldError::WrongOrder(_)),
        "a fill of no order"
    );
    assert!(
        matches!(
            corrupt(&|e| e.insert(4, e[3].clone())),
            FoldError::WrongExecution(_)
        ),
        "a fill twice"
    );
    assert!(
        matches!(corrupt(&|e| e.push(e[4].clone())), FoldError::WrongOrder(_)),
        "a final order changes"
    );
    let fill = |e: &mut Vec<Event>, change: &dyn Fn(&mut tickwire_protocol::order::Execution)| {
        let fills = e.iter_mut().filter_map(|event| match &mut event.fact {
            Fact::Executed(execution) => Some(execution),
            _ => None,
        });
        change(fills.last().unwrap());
    };
    let pnl = corrupt(&|e| fill(e, &|x| x.realized_pnl = "9999".parse().unwrap()));
    assert!(
        matches!(pnl, FoldError::Unbalanced(_)),
        "more cost comes back than was paid: {pnl}"
    );
    let turned = corrupt(&|e| fill(e, &|x| x.quantity = "5".parse().unwrap()));
    assert!(
        matches!(turned, FoldError::Unbalanced(_)),
        "more is closed than held: {turned}"
    );
    let huge = corrupt(&|e| fill(e, &|x| x.price = "1e15".parse().unwrap()));
    assert_eq!(huge, FoldError::OutOfBounds);
}

#[test]
fn an_error_leaves_the_state_as_it_was() {
    let desk = traded();
    let mut engine = desk.engine.clone();
    for event in &desk.events {
        let before = serde_json::to_string(engine.state()).unwrap();
        if !matches!(event.fact, Fact::DayOpened { .. } | Fact::EquityMarked { .. }) {
            engine.apply(event).unwrap_err();
            assert_eq!(serde_json::to_string(engine.state()).unwrap(), before);
        }
    }
}

#[test]
fn memory_is_bounded_and_retries_are_remembered_for_longer_than_orders() {
    let mut desk = TestDesk::new();
    desk.step("deposit 1000000");
    for number in 0..RECENT_MAX + 10 {
        desk.step("quote ETHUSDT 100/100");
        desk.step(&format!("buy 0.05 ETHUSDT as my-{number}"));
    }
    let account = desk.engine.account(AccountId(1)).unwrap().account;
    assert_eq!(
        (account.executions.len(), account.orders.closed().count()),
        (RECENT_MAX, RECENT_MAX)
    );
    assert_eq!(account.orders_head, Seq(2 * (RECENT_MAX as u64 + 10)));
    desk.said.clear();
    desk.step("buy 1 ETHUSDT as my-0");
    assert_eq!(desk.said, "order-1 again\n");
    desk.assert_fold();
}
