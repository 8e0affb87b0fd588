//! Tens of thousands of open orders when the journal runs short and when trading is stopped: what must be written then is
//! small, and nothing opens all the same.

use crate::script::{TestDesk, check};
use tickwire_engine::engine::Decision;
use tickwire_engine::{Action, Engine, Event, Fact, Input, Notice, Request};
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::command::Instruction;
use tickwire_protocol::id::{AccountId, OrderId, Symbol};
use tickwire_protocol::order::{Order, OrderReason, OrderStatus, OrderType, Side};
use tickwire_protocol::risk::{RiskCause, RiskStatus};

const ACCOUNT: AccountId = AccountId(1);

/// Right after the first steps of a desk.
const LATER: TimestampMs = TimestampMs(1_765_357_204_000);

/// What the journal keeps in hand for when its disk is full.
const RESERVE_BYTES: usize = 4 * 1024 * 1024;

/// A desk with a position and so many open orders that would open.
fn desk_with(orders: u64) -> TestDesk {
    let mut desk = TestDesk::new();
    for step in ["deposit 1000000", "quote ETHUSDT 100/100", "buy 2 ETHUSDT"] {
        desk.step(step);
    }
    for number in 0..orders {
        let order = Order {
            price: Some("90.00".parse().unwrap()),
            ..Order::accepted(
                OrderId(2 + number),
                Symbol::new("ETHUSDT").unwrap(),
                Side::Buy,
                OrderType::Limit,
                "0.1".parse().unwrap(),
                LATER,
            )
        };
        let event = Event {
            account: ACCOUNT,
            at: LATER,
            fact: Fact::OrderChanged(order),
        };
        desk.engine.apply(&event).unwrap();
        desk.events.push(event);
    }
    desk
}

fn bytes(decision: &Decision) -> usize {
    let events = decision.batch.records.iter().map(|record| &record.event);
    events
        .map(|event| serde_json::to_string(event).unwrap().len())
        .sum()
}

fn cancelled(decision: &Decision) -> usize {
    let facts = decision.batch.records.iter().map(|record| &record.event.fact);
    let is_cancelled = |fact: &&Fact| {
        matches!(fact, Fact::OrderChanged(order)
            if (order.status, order.reason) == (OrderStatus::Cancelled, Some(OrderReason::HardStop)))
    };
    facts.filter(is_cancelled).count()
}

fn open(engine: &Engine) -> usize {
    engine.state().accounts[&ACCOUNT].orders.open_count()
}

#[test]
fn a_journal_that_is_short_pauses_in_a_decision_as_small_as_with_no_orders() {
    let mut desk = desk_with(20_000);
    let notice = Notice::JournalShort;
    let decision = desk.engine.handle(Input::Notice { notice, at: LATER });
    assert!(
        bytes(&decision) < 4096,
        "{} bytes in {} records",
        bytes(&decision),
        decision.batch.records.len()
    );
    let risk = &desk.engine.state().accounts[&ACCOUNT].risk;
    assert_eq!(
        (risk.status, risk.cause),
        (RiskStatus::SoftPause, RiskCause::Journal)
    );
    assert_eq!(open(&desk.engine), 20_000);
}

#[test]
fn orders_that_stay_under_a_short_journal_do_not_open() {
    check(
        "a limit, the entry of a bracket, a stop and a pair when their moments come; what reduces fills; a resumed one opens",
        "deposit 1000 | quote ETHUSDT 100/100 | trade ETHUSDT 1x100 | buy 1 ETHUSDT | buy 1 ETHUSDT limit 95
         | buy 1 ETHUSDT limit 94 tp =120 sl 80 | buy 1 ETHUSDT stop 110 | oco buy 1 ETHUSDT tp =93 sl 115
         | sell 1 ETHUSDT limit 112 | buy 1 ETHUSDT limit 50 | journal short | orders | trade ETHUSDT 9x92
         | trade ETHUSDT 1x111 | trade ETHUSDT 9x113 | show | orders | resume RESUME | trade ETHUSDT 9x49",
        "acct-1 opened with 1000
         day opened with 1000
         order-1 buy 1 ETHUSDT
         exec-1 pos-1 buy 1 @ 100.00 fee 0
         order-1 filled 1 @ 100 fee 0
         order-2 buy 1 ETHUSDT limit 95.00
         order-3 buy 1 ETHUSDT limit 94.00 entry of group-1
         order-4 buy 1 ETHUSDT stop 110.00
         order-5 buy 1 ETHUSDT limit 93.00 tp of group-2
         order-6 buy 1 ETHUSDT stop 115.00 sl of group-2
         order-7 sell 1 ETHUSDT limit 112.00
         order-8 buy 1 ETHUSDT limit 50.00
         alert The journal is short of room, so nothing new is opened: free room on its disk, then resume trading.
         risk SoftPause by Journal
         alert The journal is short of room. New position openings stopped. Existing positions remain open.
         7 open, 464 tied up
         order-2 buy 1 ETHUSDT limit 95.00
         order-3 buy 1 ETHUSDT limit 94.00 entry of group-1
         order-4 buy 1 ETHUSDT stop 110.00
         order-5 buy 1 ETHUSDT limit 93.00 tp of group-2
         order-6 buy 1 ETHUSDT stop 115.00 sl of group-2
         order-7 sell 1 ETHUSDT limit 112.00
         order-8 buy 1 ETHUSDT limit 50.00
         order-2 cancelled RISK_PAUSED
         order-3 cancelled RISK_PAUSED
         order-5 cancelled RISK_PAUSED
         order-6 cancelled SIBLING_CANCELLED
         order-4 triggered
         order-4 rejected RISK_PAUSED
         alert order-4 (stop_market, buy 1 ETHUSDT) was withdrawn when its moment came: the risk guard pauses openings.
         exec-2 pos-1 sell 1 @ 112.00 fee 0 pnl 12 maker
         order-7 filled 1 @ 112 fee 0
         equity 1012 cash 1012 used 0 available 962 today 12
         1 open, 50 tied up
         order-8 buy 1 ETHUSDT limit 50.00
         risk Normal by None
         measured from 1012
         alert Trading is open. Drawdown and daily loss are measured from 1,012.00 USDT on.
         exec-3 pos-2 buy 1 @ 50.00 fee 0 maker
         order-8 filled 1 @ 50 fee 0",
    );
}

#[test]
fn a_stop_is_told_first_and_takes_the_orders_some_at_a_time() {
    let mut desk = desk_with(20_000);
    let action = Action::Instruct(Instruction::StopTrading);
    let request = Request {
        account: ACCOUNT,
        at: LATER,
        action,
    };
    let first = desk.engine.handle(Input::Request(request));
    assert!(first.answer.as_ref().unwrap().is_ok());
    let Fact::RiskChanged(risk) = &first.batch.records[0].event.fact else {
        panic!("{:?} comes first", first.batch.records[0]);
    };
    assert_eq!(risk.status, RiskStatus::HardStop);
    assert!(risk.message.contains("some at a time"), "{}", risk.message);
    assert!(bytes(&first) < RESERVE_BYTES / 4, "{} bytes", bytes(&first));
    assert_eq!((cancelled(&first), open(&desk.engine)), (1000, 19_000));
    assert!(
        desk.engine.state().accounts[&ACCOUNT].positions.is_empty(),
        "what is held goes at once"
    );
    desk.events
        .extend(first.batch.records.into_iter().map(|record| record.event));

    // The rest goes as time is told, also after a crash, and none of it opens before.
    desk.step("restart");
    desk.step("link live");
    desk.step("tick ETHUSDT 100/100 1x89");
    let held = &desk.engine.state().accounts[&ACCOUNT].positions;
    assert!(held.is_empty(), "{held:?}");
    let mut decisions = 0;
    while open(&desk.engine) > 0 {
        decisions += 1;
        assert!(decisions <= 20, "{} are left", open(&desk.engine));
        let timer = desk.engine.handle(Input::Timer(LATER + 10_000 + 100 * decisions));
        assert!(cancelled(&timer) <= 1000 && bytes(&timer) < RESERVE_BYTES / 4);
    }
    let idle = desk.engine.handle(Input::Timer(LATER + 20_000));
    assert_eq!(cancelled(&idle), 0);
}
