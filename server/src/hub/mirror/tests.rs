//! What an account has at hand: as of one place in its topic, bounded, the same from a seed as from messages.

use super::*;
use crate::hub::{Hub, Publication};
use tickwire_protocol::command::{Command, GetOrders};
use tickwire_protocol::id::{AccountId, Epoch, ExecutionId};
use tickwire_protocol::message::{Data, Message, OrderUpdate, PositionUpdate};
use tickwire_protocol::order::{OrderStatus, OrderType, Side};
use tickwire_protocol::session::server::Board;

const ACCOUNT: AccountId = AccountId(1);

fn symbol(name: &str) -> Symbol {
    Symbol::new(name).unwrap()
}

fn order(id: u64, status: OrderStatus) -> Order {
    let quantity = "1".parse().unwrap();
    let at = TimestampMs(i64::try_from(id).unwrap());
    let name = if id.is_multiple_of(2) {
        "ETHUSDT"
    } else {
        "BTCUSDT"
    };
    Order {
        client_order_id: Some(ClientOrderId::new(&format!("name-{id}")).unwrap()),
        status,
        ..Order::accepted(
            OrderId(id),
            symbol(name),
            Side::Buy,
            OrderType::Limit,
            quantity,
            at,
        )
    }
}

fn told(order: &Order) -> Body {
    Body::OrderUpdate(OrderUpdate {
        order_type: order.order_type,
        order: order.clone(),
    })
}

fn execution(id: u64, position: u64, pnl: &str) -> Execution {
    Execution {
        id: ExecutionId(id),
        order_id: OrderId(id),
        client_order_id: None,
        position_id: PositionId(position),
        is_carry: false,
        symbol: symbol("BTCUSDT"),
        side: Side::Sell,
        quantity: "1".parse().unwrap(),
        price: "120".parse().unwrap(),
        fee: "0.5".parse().unwrap(),
        fee_currency: "USDT".to_owned(),
        is_maker: false,
        realized_pnl: pnl.parse().unwrap(),
        timestamp: TimestampMs(900),
    }
}

fn position(id: u64) -> Position {
    Position {
        id: PositionId(id),
        symbol: symbol("BTCUSDT"),
        side: Side::Buy,
        quantity: "2".parse().unwrap(),
        entry_price: "100".parse().unwrap(),
        current_price: "110".parse().unwrap(),
        current_pnl: "20".parse().unwrap(),
        timestamp: TimestampMs(1),
        status: PositionStatus::Open,
        pnl_pct: "10".parse().unwrap(),
        notional: "220".parse().unwrap(),
        realized_pnl: "3".parse().unwrap(),
        fees: "0.2".parse().unwrap(),
        marked_at: TimestampMs(5),
        leverage: 1,
        initial_margin: "200".parse().unwrap(),
        maintenance_margin: Amount::ZERO,
        liquidation_price: None,
        funding: Amount::ZERO,
        strategy: None,
        position_id: None,
        perp_symbol: None,
        spot_entry_price: None,
        perp_entry_price: None,
        spot_quantity: None,
        perp_quantity: None,
        unrealized_pnl: None,
        funding_collected: None,
    }
}

fn held(positions: Vec<Position>) -> Body {
    Body::PositionUpdate(PositionUpdate {
        positions,
        snapshot: true,
    })
}

fn take(mirror: &mut Mirror, body: &Body) {
    mirror.take(body, TimestampMs(1_000));
}

fn ids(orders: &Orders) -> Vec<u64> {
    orders.orders.iter().map(|order| order.id.0).collect()
}

fn event(topic: Topic, seq: u64, body: Body) -> Publication {
    Publication::Event {
        account: ACCOUNT,
        topic,
        seq: Seq(seq),
        timestamp: TimestampMs(7),
        body,
    }
}

fn asked(hub: &Hub, account: AccountId, question: &Command) -> Option<Message> {
    hub.with_board(account, |board| {
        board.answer(question).map(|frame| frame.message().clone())
    })
}

#[test]
fn open_orders_come_first_and_the_last_to_end_before_the_others() {
    let mut mirror = Mirror::default();
    for id in 1..=6 {
        take(&mut mirror, &told(&order(id, OrderStatus::New)));
    }
    for id in [4, 1, 5] {
        take(&mut mirror, &told(&order(id, OrderStatus::Cancelled)));
    }
    assert_eq!(ids(&mirror.orders(None, false, None)), [2, 3, 6, 5, 1, 4]);
    assert_eq!(ids(&mirror.orders(None, true, None)), [2, 3, 6]);
    assert_eq!(
        ids(&mirror.orders(Some(symbol("ETHUSDT")), false, None)),
        [2, 6, 4]
    );
    let few = mirror.orders(None, false, Some(4));
    assert_eq!((ids(&few), few.more), (vec![2, 3, 6, 5], true));
    assert!(!mirror.orders(None, false, Some(6)).more);
    let few = mirror.orders(None, false, Some(2));
    assert_eq!((ids(&few), few.more), (vec![2, 3], true));
    for (limit, more) in [(None, false), (Some(3), false), (Some(2), true)] {
        let open = mirror.orders(None, true, limit);
        assert_eq!(
            open.more, more,
            "of open ones only open ones are missed: {limit:?}"
        );
    }
}

#[test]
fn without_a_limit_no_open_order_is_left_out() {
    let mut mirror = Mirror::default();
    for id in 1..=300 {
        let status = if id <= 250 {
            OrderStatus::New
        } else {
            OrderStatus::Filled
        };
        take(&mut mirror, &told(&order(id, status)));
    }
    let orders = mirror.orders(None, false, None);
    assert_eq!((orders.orders.len(), orders.more), (250, true));
}

#[test]
fn an_order_is_found_by_either_name_until_it_is_forgotten() {
    let mut mirror = Mirror::default();
    let last = RECENT_MAX as u64 + 1;
    for id in 1..=last {
        take(&mut mirror, &told(&order(id, OrderStatus::New)));
        take(&mut mirror, &told(&order(id, OrderStatus::Filled)));
    }
    let named = |name: &str| OrderRef {
        client_order_id: Some(ClientOrderId::new(name).unwrap()),
        ..OrderRef::default()
    };
    let numbered = |id| OrderRef {
        order_id: Some(OrderId(id)),
        ..OrderRef::default()
    };
    let found = mirror.order_named(&named("name-2")).unwrap();
    assert_eq!((found.id, found.status), (OrderId(2), OrderStatus::Filled));
    assert_eq!(mirror.order_named(&numbered(last)).unwrap().id, OrderId(last));
    assert!(mirror.order_named(&named("name-1")).is_none());
    assert!(mirror.order_named(&numbered(1)).is_none());
    assert!(mirror.order_named(&OrderRef::default()).is_none());
    assert_eq!(mirror.names.len(), RECENT_MAX, "a name outlives its order");
    assert_eq!(mirror.ended.len(), RECENT_MAX);
}

#[test]
fn the_newest_executions_come_first_and_no_more_than_asked_for() {
    let mut mirror = Mirror::default();
    for id in 1..=RECENT_MAX as u64 + 5 {
        let data = execution(id, 1, "0");
        take(&mut mirror, &Body::ExecutionUpdate(Data { data }));
    }
    let told = mirror.executions(&GetExecutions::default(), 3);
    let ids: Vec<u64> = told.executions.iter().map(|execution| execution.id.0).collect();
    assert_eq!(ids, [1_005, 1_004, 1_003]);
    assert_eq!(
        mirror
            .executions(&GetExecutions::default(), 5_000)
            .executions
            .len(),
        RECENT_MAX
    );
    let other = GetExecutions {
        symbol: Some(symbol("ETHUSDT")),
        limit: None,
    };
    assert!(mirror.executions(&other, 3).executions.is_empty());
}

#[test]
fn a_position_that_is_gone_is_told_as_closed_with_all_that_it_made() {
    let btc = symbol("BTCUSDT");
    let mut mirror = Mirror::default();
    assert!(mirror.position(btc).is_empty());
    take(&mut mirror, &held(vec![position(7)]));
    assert_eq!(mirror.position(btc), [position(7)]);
    for (id, pnl) in [(1, "19"), (2, "20.5")] {
        let data = execution(id, 7, pnl);
        take(&mut mirror, &Body::ExecutionUpdate(Data { data }));
    }
    take(&mut mirror, &held(Vec::new()));
    let [closed] = &mirror.position(btc)[..] else {
        panic!("one row");
    };
    assert_eq!(closed.status, PositionStatus::Closed);
    assert_eq!(closed.realized_pnl, "42.5".parse().unwrap());
    assert_eq!(closed.fees, "1.2".parse().unwrap());
    assert_eq!(closed.current_price, "120".parse().unwrap());
    assert!(closed.quantity.is_zero() && closed.current_pnl.is_zero() && closed.notional.is_zero());
    take(&mut mirror, &held(vec![position(8)]));
    assert_eq!(mirror.position(btc), [position(8)], "the open one comes first");
    take(&mut mirror, &held(vec![position(9)]));
    take(&mut mirror, &held(Vec::new()));
    assert_eq!(
        mirror.position(btc)[0].id,
        PositionId(9),
        "the last one closed stands"
    );
    assert!(mirror.filled.is_empty());
}

#[test]
fn a_cash_and_carry_position_is_in_both_of_its_instruments() {
    let perpetual = symbol("BTCUSDT-PERP");
    let carry = Position {
        strategy: Some(tickwire_protocol::account::Strategy::CashAndCarry),
        perp_symbol: Some(perpetual),
        perp_quantity: Some("2".parse().unwrap()),
        ..position(7)
    };
    let mut mirror = Mirror::default();
    take(&mut mirror, &held(vec![carry.clone()]));
    assert_eq!(mirror.position(perpetual), [carry]);
    take(&mut mirror, &held(Vec::new()));
    for symbol in [perpetual, symbol("BTCUSDT")] {
        let closed = &mirror.position(symbol)[0];
        assert_eq!(closed.status, PositionStatus::Closed);
        assert_eq!(closed.perp_quantity, Some(Quantity::ZERO));
    }
}

#[test]
fn an_answer_names_its_place_and_what_follows_is_all_that_is_missing() {
    let hub = Hub::new(Vec::new(), Epoch(1), Epoch(2));
    let lives = [1, 2, 3].map(|id| order(id, OrderStatus::New));
    hub.publish(
        (1..)
            .zip(&lives)
            .map(|(seq, order)| event(Topic::Orders, seq, told(order))),
    );
    let question = Command::GetOrders(GetOrders::default());
    let answer = asked(&hub, ACCOUNT, &question).unwrap();
    assert_eq!((answer.head.ep, answer.head.seq), (Some(Epoch(1)), Some(Seq(3))));
    assert_eq!(answer.head.topic, None, "it is no message of the topic");
    let Body::Orders(mut known) = answer.body else {
        panic!("orders")
    };
    hub.publish([
        event(Topic::Orders, 4, told(&order(2, OrderStatus::Filled))),
        event(Topic::Orders, 5, told(&order(4, OrderStatus::New))),
    ]);
    let missed = hub.with_board(ACCOUNT, |board| board.events(Topic::Orders, Seq(3), 10).unwrap());
    for frame in &missed {
        let Body::OrderUpdate(update) = &frame.message().body else {
            panic!("an order")
        };
        known.orders.retain(|order| order.id != update.order.id);
        known.orders.push(update.order.clone());
    }
    known
        .orders
        .sort_by_key(|order| (order.status.is_final(), order.id));
    let now = asked(&hub, ACCOUNT, &question).unwrap();
    assert_eq!(now.body, Body::Orders(known));
    assert_eq!(now.head.seq, Some(Seq(5)));
    assert!(
        asked(&hub, AccountId(2), &question).is_none(),
        "of another account nothing is told"
    );
}

#[test]
fn a_seeded_account_goes_on_as_if_it_had_been_told_all_along() {
    let question = Command::GetOrders(GetOrders::default());
    let orders = [
        (1, OrderStatus::New),
        (2, OrderStatus::New),
        (2, OrderStatus::Filled),
    ]
    .map(|(id, status)| order(id, status));
    let all = || {
        (1..)
            .zip(&orders)
            .map(|(seq, order)| event(Topic::Orders, seq, told(order)))
    };
    let told_all = Hub::new(Vec::new(), Epoch(1), Epoch(2));
    told_all.publish(all());
    let seed = Seed {
        at: TimestampMs(7),
        open_orders: vec![orders[0].clone()],
        final_orders: vec![orders[2].clone()],
        heads: vec![
            (Topic::Orders, Seq(3)),
            (Topic::Executions, Seq(12)),
            (Topic::Risk, Seq(0)),
        ],
        ..Seed::default()
    };
    for refilled_first in [true, false] {
        let hub = Hub::new(Vec::new(), Epoch(1), Epoch(2));
        if refilled_first {
            hub.refill(all().skip(1));
            hub.seed(ACCOUNT, seed.clone());
        } else {
            hub.seed(ACCOUNT, seed.clone());
            hub.refill(all().skip(1));
        }
        assert_eq!(
            asked(&hub, ACCOUNT, &question),
            asked(&told_all, ACCOUNT, &question)
        );
        hub.with_board(ACCOUNT, |board| {
            assert_eq!(board.events(Topic::Orders, Seq(1), 10).unwrap().len(), 2);
            assert!(
                board.events(Topic::Orders, Seq(0), 10).is_err(),
                "that one is not there"
            );
            assert_eq!(board.head(Topic::Executions), (Epoch(1), Seq(12)));
            assert!(board.events(Topic::Executions, Seq(11), 1).is_err());
            assert_eq!(board.head(Topic::Risk), (Epoch(1), Seq(0)));
        });
        hub.publish([event(Topic::Orders, 4, told(&order(3, OrderStatus::New)))]);
        let Body::Orders(now) = asked(&hub, ACCOUNT, &question).unwrap().body else {
            panic!("orders")
        };
        assert_eq!(ids(&now), [1, 3, 2]);
    }
}
