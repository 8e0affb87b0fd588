//! Where the bounds are: absurd prices, absurd times, exhausted ids. Nothing panics, and what is booked stays exact.

use crate::script::{TestDesk, check};
use tickwire_engine::{Event, Fact, FoldError, Input};
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::id::{AccountId, OrderId};

#[test]
fn an_absurd_price_is_capped_in_valuations_and_refused_in_orders() {
    check(
        "a position worth 10 quadrillion",
        "deposit 2000000 | quote DOGEUSDT 1/1 | buy 1000000 DOGEUSDT | quote DOGEUSDT 10000000000/10000000000 | show
         | close DOGEUSDT | close DOGEUSDT 0.0001% | wait 16h | timer",
        "acct-1 opened with 2000000
         day opened with 2000000
         order-1 buy 1000000 DOGEUSDT
         exec-1 pos-1 buy 1000000 @ 1.00000 fee 550
         order-1 filled 1000000 @ 1 fee 550
         equity 1000000000999450 cash 1999450 used 1000000 available 999450 today 999999998999450
         pos-1 buy 1000000 DOGEUSDT @ 1 mark 10000000000.00000 pnl 999999999000000 (99999999900.00 %)
         INVALID_QUANTITY: the account would leave its bounds of ±1,000,000,000,000,000.00 USDT and 1,000,000,000,000.00 units of a position: order less
         order-2 sell 1 DOGEUSDT
         exec-2 pos-1 sell 1 @ 10000000000.00000 fee 5500000 pnl 9999999999
         order-2 filled 1 @ 10000000000 fee 5500000
         day opened with 1000000000000000",
    );
}

#[test]
fn an_absurd_clock_opens_no_day() {
    let mut desk = TestDesk::new();
    desk.step("deposit 1000");
    for at in [i64::MAX, i64::MIN, 253_402_300_800_000] {
        assert!(
            desk.engine
                .handle(Input::Timer(TimestampMs(at)))
                .batch
                .records
                .is_empty()
        );
    }
    desk.said.clear();
    desk.step("wait 16h");
    desk.step("timer");
    assert_eq!(desk.said, "day opened with 1000\n");
}

#[test]
fn wins_are_the_closing_fills_that_made_money() {
    let mut desk = TestDesk::new();
    let win_rate = |desk: &TestDesk| desk.engine.account(AccountId(1)).unwrap().dashboard().win_rate;
    for step in ["deposit 1000", "quote ETHUSDT 100/100", "buy 3 ETHUSDT"] {
        desk.step(step);
    }
    assert_eq!(win_rate(&desk), None);
    for (quote, rate) in [("110/110", "100.00"), ("100/100", "50.00"), ("90/90", "33.33")] {
        desk.step(&format!("quote ETHUSDT {quote}"));
        desk.step("sell 1 ETHUSDT");
        assert_eq!(win_rate(&desk).unwrap().to_string(), rate);
    }
}

#[test]
fn when_ids_run_out_orders_are_refused() {
    let mut desk = TestDesk::new();
    for step in ["deposit 1000", "quote ETHUSDT 100/100", "buy 1 ETHUSDT"] {
        desk.step(step);
    }
    let Fact::OrderChanged(order) = &desk.events[2].fact else {
        panic!("an order")
    };
    let numbered = |number: u64| {
        let order = tickwire_protocol::order::Order {
            id: OrderId(number),
            ..order.clone()
        };
        Event {
            account: AccountId(1),
            at: TimestampMs(0),
            fact: Fact::OrderChanged(order),
        }
    };
    let beyond = (1 << 53) + 1;
    assert_eq!(
        desk.engine.apply(&numbered(beyond)),
        Err(FoldError::WrongOrder(OrderId(beyond)))
    );
    desk.engine.apply(&numbered(1 << 53)).unwrap();
    desk.said.clear();
    desk.step("buy 1 ETHUSDT");
    assert_eq!(
        desk.said,
        "INTERNAL: the desk has no order numbers left; nothing was done\n"
    );
}
