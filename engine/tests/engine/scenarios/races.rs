//! Who comes first: an amendment and a fill, an order and its limit, a stop and a price.

use crate::script::{TestDesk, check};
use tickwire_engine::{Action, Answer, Batch, Fact, Input, MarketInput, Request};
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::command::{AmendOrder, Instruction};
use tickwire_protocol::id::{AccountId, OrderId, Symbol};
use tickwire_protocol::market::{Quote, Tick, Trade};
use tickwire_protocol::money::Price;
use tickwire_protocol::order::{OrderStatus, Side};

const NOW: TimestampMs = TimestampMs(1_765_357_210_000);

/// An account whose order-1 buys 2 BTC at 99.
fn resting() -> TestDesk {
    let mut desk = TestDesk::new();
    for step in ["deposit 1000", "quote BTCUSDT 100/101", "buy 2 BTCUSDT limit 99"] {
        desk.step(step);
    }
    desk
}

/// A trade of this quantity at 98.
fn traded(quantity: &str) -> Input {
    Input::Market(MarketInput::Ticks(vec![Tick {
        symbol: Symbol::new("BTCUSDT").unwrap(),
        quote: Quote {
            bid: "100".parse().unwrap(),
            ask: "101".parse().unwrap(),
        },
        trade: Some(Trade {
            price: "98".parse().unwrap(),
            quantity: quantity.parse().unwrap(),
            taker_side: Side::Sell,
        }),
        exchange_time: NOW,
        received_at: NOW,
    }]))
}

fn amend(quantity: Option<&str>, price: Option<&str>) -> Input {
    Input::Request(Request {
        account: AccountId(1),
        at: NOW,
        action: Action::Instruct(Instruction::AmendOrder(AmendOrder {
            order_id: Some(OrderId(1)),
            quantity: quantity.map(|quantity| quantity.parse().unwrap()),
            price: price.map(|price| price.parse().unwrap()),
            ..AmendOrder::default()
        })),
    })
}

/// What the order looks like after inputs that came in one batch, and the last answer.
fn after(inputs: [Input; 2]) -> (Vec<(OrderStatus, String)>, Answer) {
    let mut desk = resting();
    let mut batch = Batch::default();
    let answers: Vec<Answer> = inputs
        .into_iter()
        .filter_map(|input| desk.engine.handle_into(input, &mut batch))
        .collect();
    let told = batch
        .records
        .iter()
        .filter_map(|record| match &record.event.fact {
            Fact::OrderChanged(order) => {
                let price = order
                    .price
                    .map_or(String::new(), |price: Price| price.to_string());
                let (filled, quantity) = (order.filled_quantity, order.quantity);
                Some((order.status, format!("{filled} of {quantity} at {price}")))
            }
            _ => None,
        });
    (told.collect(), answers.into_iter().next_back().unwrap())
}

#[test]
fn an_amendment_after_the_fill_is_refused_with_what_was_filled() {
    let (told, answer) = after([traded("5"), amend(None, Some("97"))]);
    assert_eq!(told, [(OrderStatus::Filled, "2 of 2 at 99.00".to_owned())]);
    let refusal = answer.unwrap_err().to_string();
    assert_eq!(
        refusal,
        "ORDER_NOT_FOUND: order-1 is filled already, with 2 of 2 filled: nothing is left to change"
    );
}

#[test]
fn an_amendment_below_what_the_same_batch_has_filled_is_refused_with_the_number() {
    let (told, answer) = after([traded("1.5"), amend(Some("1.5"), None)]);
    assert_eq!(
        told,
        [(OrderStatus::PartiallyFilled, "1.5 of 2 at 99.00".to_owned())]
    );
    let refusal = answer.unwrap_err().to_string();
    assert_eq!(
        refusal,
        "INVALID_QUANTITY: 1.5 is filled already, so the quantity must be above that, not 1.5"
    );
}

#[test]
fn an_amendment_of_what_is_left_is_applied() {
    let (told, answer) = after([traded("1.5"), amend(Some("1.6"), Some("98.5"))]);
    assert_eq!(
        told,
        [
            (OrderStatus::PartiallyFilled, "1.5 of 2 at 99.00".to_owned()),
            (OrderStatus::PartiallyFilled, "1.5 of 1.6 at 98.50".to_owned()),
        ]
    );
    assert!(answer.is_ok());
}

#[test]
fn an_amendment_before_the_tick_is_what_the_tick_finds() {
    let (told, answer) = after([amend(None, Some("98")), traded("5")]);
    assert_eq!(
        told,
        [(OrderStatus::New, "0 of 2 at 98.00".to_owned())],
        "98 is not through 98"
    );
    assert!(answer.is_ok());
    let (told, _) = after([amend(Some("1"), None), traded("5")]);
    assert_eq!(
        told,
        [
            (OrderStatus::New, "0 of 1 at 99.00".to_owned()),
            (OrderStatus::Filled, "1 of 1 at 99.00".to_owned()),
        ]
    );
}

#[test]
fn an_order_is_forgotten_by_its_limit_after_exactly_a_minute() {
    check(
        "at 09:00:05 and 09:00:06; a second before there is no room, at the very second there is, and for one",
        "deposit 1000 | quote ETHUSDT 100/100 | limits rate=2 | until 09:00:05 | buy 0.1 ETHUSDT limit 50
         | buy 0.1 ETHUSDT limit 50 | until 09:01:04 | buy 0.1 ETHUSDT limit 50 | buy 0.1 ETHUSDT limit 50
         | buy 0.1 ETHUSDT limit 50 | buy 0.1 ETHUSDT limit 50",
        "acct-1 opened with 1000
         day opened with 1000
         risk Normal by None
         order-1 buy 0.1 ETHUSDT limit 50.00
         order-2 buy 0.1 ETHUSDT limit 50.00
         RISK_LIMIT: 2 orders were placed within the last minute, and max_orders_per_minute is 2: wait 1 s; orders that reduce a position are still taken
         order-3 buy 0.1 ETHUSDT limit 50.00
         order-4 buy 0.1 ETHUSDT limit 50.00
         RISK_LIMIT: 2 orders were placed within the last minute, and max_orders_per_minute is 2: wait 58 s; orders that reduce a position are still taken",
    );
}

#[test]
fn under_a_pause_nothing_grows_by_an_amendment_nor_opens_by_a_fill() {
    check(
        "orders that only reduced when the pause came",
        "deposit 1000 | quote ETHUSDT 100/100 | buy 2 ETHUSDT | sell 2 ETHUSDT limit 110 | sell 1 ETHUSDT limit 120 | pause
         | amend order-2 quantity 3 | amend order-2 price 111 | amend order-2 quantity 1 | close ETHUSDT 75%
         | trade ETHUSDT 9x115 | orders | trade ETHUSDT 9x125 | show",
        "acct-1 opened with 1000
         day opened with 1000
         order-1 buy 2 ETHUSDT
         exec-1 pos-1 buy 2 @ 100.00 fee 0
         order-1 filled 2 @ 100 fee 0
         order-2 sell 2 ETHUSDT limit 110.00
         order-3 sell 1 ETHUSDT limit 120.00
         risk SoftPause by Manual
         alert Trading was paused by hand. New position openings stopped. Existing positions remain open.
         RISK_PAUSED: New position openings stopped. Existing positions remain open. Positions may be reduced and closed; resume_trading with the confirmation RESUME opens trading again
         order-2 sell 2 ETHUSDT limit 111.00
         order-2 sell 1 ETHUSDT limit 111.00
         order-4 sell 1.5 ETHUSDT
         exec-2 pos-1 sell 1.5 @ 100.00 fee 0
         order-4 filled 1.5 @ 100 fee 0
         order-2 cancelled RISK_PAUSED
         1 open, 60 tied up
         order-3 sell 1 ETHUSDT limit 120.00
         order-3 cancelled RISK_PAUSED
         equity 1000 cash 1000 used 50 available 950 today 0
         pos-1 buy 0.5 ETHUSDT @ 100 mark 100.00 pnl 0 (0.00 %)",
    );
}

#[test]
fn a_stop_by_drawdown_goes_on_with_the_first_tick_after_a_restart() {
    check(
        "BTCUSDT has been silent for a minute when ETHUSDT takes the account to its limit",
        "deposit 1000 | limits hard_dd=10 | quote BTCUSDT 100/100 | quote ETHUSDT 100/100 | buy 2 BTCUSDT | buy 4 ETHUSDT
         | wait 61s | quote ETHUSDT 70/70 | show | timer | restart | timer | guard | link live | quote ETHUSDT 60/60
         | quote BTCUSDT 99/99 | show | restart | link live | quote BTCUSDT 90/90 | guard",
        "acct-1 opened with 1000
         day opened with 1000
         risk Normal by None
         order-1 buy 2 BTCUSDT
         exec-1 pos-1 buy 2 @ 100.00 fee 0.2
         order-1 filled 2 @ 100 fee 0.2
         order-2 buy 4 ETHUSDT
         exec-2 pos-2 buy 4 @ 100.00 fee 0
         order-2 filled 4 @ 100 fee 0
         risk HardStop by Drawdown
         alert The loss of 12.02 % from the peak of 1,000.00 USDT reached the limit of 10 %. All orders cancelled. Positions that have no price yet are closed at the first one. Nothing is opened until a person resumes.
         order-3 sell 4 ETHUSDT
         exec-3 pos-2 sell 4 @ 70.00 fee 0 pnl -120
         order-3 filled 4 @ 70 fee 0 HARD_STOP
         equity 879.8 cash 879.8 used 200 available 679.8 today -120.2
         pos-1 buy 2 BTCUSDT @ 100 mark 100.00 pnl 0 (0.00 %)
         HardStop by Drawdown at 12.02 % and 12.02 %: All orders cancelled. Positions that have no price yet are closed at the first one. Nothing is opened until a person resumes.
         order-4 sell 2 BTCUSDT
         exec-4 pos-1 sell 2 @ 99.00 fee 0.198 pnl -2
         order-4 filled 2 @ 99 fee 0.198 HARD_STOP
         equity 877.602 cash 877.602 used 0 available 877.602 today -122.398
         HardStop by Drawdown at 12.02 % and 12.02 %: All orders cancelled. Positions that have no price yet are closed at the first one. Nothing is opened until a person resumes.",
    );
}
