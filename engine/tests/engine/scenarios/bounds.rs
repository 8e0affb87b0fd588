//! How much is kept of orders, and how many there may be.

use crate::script::TestDesk;
use tickwire_engine::account::orders::RECEIPTS_MAX;
use tickwire_engine::order::door::OPEN_ORDERS_MAX;
use tickwire_engine::{Engine, Event, Fact, State};
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::id::{AccountId, OrderId, Symbol};
use tickwire_protocol::order::{Order, OrderStatus, OrderType, Side};

/// Folds so many orders, each named after its number, as accepted and then as told by `end`.
fn folded(count: usize, end: Option<OrderStatus>) -> Engine {
    let mut engine = TestDesk::new().engine;
    let (account, at) = (AccountId(1), TimestampMs(1_765_357_200_000));
    let mut apply = |fact| {
        engine.apply(&Event { account, at, fact }).unwrap();
    };
    let deposit = "1000000".parse().unwrap();
    apply(Fact::AccountOpened { deposit });
    let symbol = Symbol::new("ETHUSDT").unwrap();
    for number in 1..=count {
        let id = OrderId(u64::try_from(number).unwrap());
        let quantity = "1".parse().unwrap();
        let order = Order {
            client_order_id: Some(format!("my-{number}").parse().unwrap()),
            price: Some("0.1".parse().unwrap()),
            ..Order::accepted(id, symbol, Side::Buy, OrderType::Limit, quantity, at)
        };
        apply(Fact::OrderChanged(order.clone()));
        if let Some(status) = end {
            apply(Fact::OrderChanged(Order { status, ..order }));
        }
    }
    engine
}

#[test]
fn the_oldest_receipts_of_orders_that_ended_are_forgotten() {
    let engine = folded(RECEIPTS_MAX + 2, Some(OrderStatus::Cancelled));
    let orders = &engine.state().accounts[&AccountId(1)].orders;
    let is_known = |number: usize| orders.receipt(&format!("my-{number}").parse().unwrap()).is_some();
    assert_eq!(
        [1, 2, 3, RECEIPTS_MAX + 2].map(is_known),
        [false, false, true, true]
    );
    let text = serde_json::to_string(engine.state()).unwrap();
    assert_eq!(&serde_json::from_str::<State>(&text).unwrap(), engine.state());
}

#[test]
fn open_orders_are_bounded() {
    let mut desk = TestDesk::new();
    desk.engine = folded(OPEN_ORDERS_MAX, None);
    for step in [
        "link live",
        "quote ETHUSDT 1/1",
        "buy 9 ETHUSDT limit 0.9",
        "cancel my-1",
        "oco buy 9 ETHUSDT tp =0.9 sl 1.1",
        "buy 9 ETHUSDT limit 0.9",
    ] {
        desk.step(step);
    }
    assert_eq!(
        desk.said,
        "TOO_MANY_OPEN: an account may have 100000 open orders: cancel some first\n\
         order-1 cancelled USER\n\
         TOO_MANY_OPEN: an account may have 100000 open orders: cancel some first\n\
         order-100001 buy 9 ETHUSDT limit 0.90\n"
    );
}
