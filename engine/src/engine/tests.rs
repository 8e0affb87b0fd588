//! What the guard keeps beside the state, and its gate, seen from inside.

use super::Engine;
use crate::config::EngineConfig;
use crate::event::{Event, Fact};
use crate::input::{Action, Input, MarketInput, Request};
use tickwire_protocol::alert::{AlertCondition, CreateAlert};
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::command::{Instruction, PlaceOrder};
use tickwire_protocol::error::ErrorCode;
use tickwire_protocol::id::{AccountId, OrderId, Symbol};
use tickwire_protocol::market::{Instrument, Perpetual, Quote, Tick, Trade, VenueRules};
use tickwire_protocol::message::LinkState;
use tickwire_protocol::order::{Order, OrderType, Side};
use tickwire_protocol::risk::RiskLimits;

const ACCOUNT: AccountId = AccountId(1);
const AT: TimestampMs = TimestampMs(1_765_357_200_000);

fn symbol(name: &str) -> Symbol {
    Symbol::new(name).unwrap()
}

fn instrument(name: &str, perpetual: Option<Perpetual>) -> Instrument {
    Instrument {
        symbol: symbol(name),
        base: "BTC".to_owned(),
        quote: "USDT".to_owned(),
        tick_size: "0.01".parse().unwrap(),
        step_size: "0.01".parse().unwrap(),
        min_quantity: "0.01".parse().unwrap(),
        max_quantity: "100".parse().unwrap(),
        min_notional: "1".parse().unwrap(),
        taker_fee_rate: "0".parse().unwrap(),
        maker_fee_rate: "0".parse().unwrap(),
        perpetual,
    }
}

/// An account that holds a perpetual whose spot instrument is the first of the markets, and waits for two prices.
fn engine() -> Engine {
    let perpetual = Perpetual {
        spot: symbol("BTCUSDT"),
        max_leverage: 10,
        default_leverage: 1,
        maintenance_margin_rate: "0.005".parse().unwrap(),
        funding_interval_ms: 28_800_000,
        funding_rate: "0.0001".parse().unwrap(),
    };
    let mut engine = Engine::new(EngineConfig {
        instruments: vec![
            instrument("BTCUSDT", None),
            instrument("BTCUSDT.P", Some(perpetual)),
        ],
        currency: "USDT".to_owned(),
        rules: VenueRules::default(),
        risk: RiskLimits::default(),
    })
    .unwrap();
    let state = LinkState::Live;
    engine.handle(Input::Market(MarketInput::Link { state, at: AT }));
    let deposit = "1000".parse().unwrap();
    request(&mut engine, Action::OpenAccount { deposit });
    for name in ["BTCUSDT", "BTCUSDT.P"] {
        let tick = Tick {
            symbol: symbol(name),
            quote: Quote {
                bid: "100".parse().unwrap(),
                ask: "100".parse().unwrap(),
            },
            trade: Some(Trade {
                price: "100".parse().unwrap(),
                quantity: "1".parse().unwrap(),
                taker_side: Side::Buy,
            }),
            exchange_time: AT,
            received_at: AT,
        };
        engine.handle(Input::Market(MarketInput::Ticks(vec![tick])));
    }
    order(&mut engine, Side::Buy);
    for (condition, price, percent) in [
        (AlertCondition::CrossAbove, "110".parse().ok(), None),
        (AlertCondition::PercentMove, None, "5".parse().ok()),
    ] {
        let alert = CreateAlert {
            client_order_id: None,
            symbol: symbol("BTCUSDT"),
            condition,
            price,
            percent,
            note: None,
        };
        request(&mut engine, Action::Instruct(Instruction::CreateAlert(alert)));
    }
    engine
}

fn order(engine: &mut Engine, side: Side) {
    let order = PlaceOrder::market(symbol("BTCUSDT.P"), side, "1".parse().unwrap());
    request(engine, Action::Instruct(Instruction::PlaceOrder(order)));
}

fn limit_order(id: OrderId, symbol: Symbol) -> Order {
    Order {
        price: "100".parse().ok(),
        ..Order::accepted(
            id,
            symbol,
            Side::Buy,
            OrderType::Limit,
            "1.5".parse().unwrap(),
            AT,
        )
    }
}

fn request(engine: &mut Engine, action: Action) {
    let request = Request {
        account: ACCOUNT,
        at: AT,
        action,
    };
    engine.handle(Input::Request(request)).answer.unwrap().unwrap();
}

#[test]
fn a_perpetual_is_revalued_by_its_spot_instrument_too_and_by_nothing_once_it_is_closed() {
    let mut engine = engine();
    for number in [0, 1] {
        assert!(engine.watch.holders(number).contains(&ACCOUNT), "{number}");
    }
    order(&mut engine, Side::Sell);
    for number in [0, 1] {
        assert!(engine.watch.holders(number).is_empty(), "{number}");
    }
}

#[test]
fn what_follows_from_a_restored_state_is_what_followed_from_its_events() {
    let folded = engine();
    let mut restored = folded.clone();
    restored.watch.clear();
    assert_ne!(restored.watch, folded.watch);
    restored.guard_restored();
    assert_eq!(restored.watch, folded.watch);
    let fired = folded.watch.fired(0, "110".parse().unwrap());
    assert_eq!(fired.len(), 2);
    assert_eq!(folded.watch.fired(0, "104.99".parse().unwrap()).len(), 0);
    assert_eq!(folded.watch.fired(0, "95".parse().unwrap()).len(), 1);
}

#[test]
fn the_gate_is_shut_while_the_guard_pauses_or_stops() {
    let mut engine = engine();
    let may_open = |engine: &Engine| {
        let account = &engine.state().accounts[&ACCOUNT];
        let (symbol, value) = (symbol("BTCUSDT"), "1".parse().unwrap());
        let opened = engine.desk().may_open(account, &[(symbol, value)]);
        let order = limit_order(OrderId(99), symbol);
        let by_order = engine.desk().may_open_by(account, &order, value);
        assert_eq!(opened, by_order);
        opened.map_err(|refusal| refusal.code)
    };
    assert_eq!(may_open(&engine), Ok(()));
    request(&mut engine, Action::Instruct(Instruction::PauseTrading));
    assert_eq!(may_open(&engine), Err(ErrorCode::RiskPaused));
    request(&mut engine, Action::Instruct(Instruction::StopTrading));
    assert_eq!(may_open(&engine), Err(ErrorCode::RiskStopped));
}

#[test]
fn an_order_that_is_open_is_not_counted_against_itself() {
    let mut engine = engine();
    let limits = RiskLimits {
        max_exposure: "250".parse().ok(),
        ..RiskLimits::default()
    };
    request(&mut engine, Action::Instruct(Instruction::SetRiskLimits(limits)));
    let id = OrderId(engine.state().last_order.0 + 1);
    let spot = symbol("BTCUSDT");
    let fact = Fact::OrderChanged(limit_order(id, spot));
    let account = ACCOUNT;
    engine
        .apply(&Event {
            account,
            at: AT,
            fact,
        })
        .unwrap();
    let may_open = |id: OrderId, value: &str| {
        let account = &engine.state().accounts[&ACCOUNT];
        let (order, value) = (limit_order(id, spot), value.parse().unwrap());
        engine.desk().may_open_by(account, &order, value).is_ok()
    };
    // 100 are held, and 150 ordered.
    assert!(may_open(id, "150"));
    assert!(!may_open(id, "150.01"));
    assert!(!may_open(OrderId(id.0 + 1), "0.01"));
}
