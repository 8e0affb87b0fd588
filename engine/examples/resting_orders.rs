//! Measures ticks that touch none of many resting orders, commands beside them, and the decision on a trigger:
//! `cargo run --release -p tickwire-engine --example resting_orders`.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a measurement for people, not a part of the desk"
)]

use rust_decimal::Decimal;
use std::time::Instant;
use tickwire_engine::{Action, Batch, Engine, EngineConfig, Input, MarketInput, Request};
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::command::{Instruction, OrderRef, PlaceOrder};
use tickwire_protocol::id::{AccountId, OrderId, Symbol};
use tickwire_protocol::market::{Instrument, Quote, Tick, Trade, VenueRules};
use tickwire_protocol::message::LinkState;
use tickwire_protocol::money::{Price, Quantity};
use tickwire_protocol::order::{OrderType, Side};
use tickwire_protocol::risk::RiskLimits;

const TICKS: u32 = 2_000_000;
const START: TimestampMs = TimestampMs(1_765_357_200_000);

fn instrument() -> Instrument {
    Instrument {
        symbol: Symbol::new("BTCUSDT").unwrap(),
        base: "BTC".to_owned(),
        quote: "USDT".to_owned(),
        tick_size: "0.01".parse().unwrap(),
        step_size: "0.00001".parse().unwrap(),
        min_quantity: "0.00001".parse().unwrap(),
        max_quantity: "9000".parse().unwrap(),
        min_notional: "5".parse().unwrap(),
        taker_fee_rate: "0.001".parse().unwrap(),
        maker_fee_rate: "0.001".parse().unwrap(),
        perpetual: None,
    }
}

fn price(cents: i64) -> Price {
    Price::new(Decimal::new(cents, 2))
}

fn tick(cents: i64) -> Tick {
    let trade = Trade {
        price: price(cents),
        quantity: "0.5".parse().unwrap(),
        taker_side: Side::Buy,
    };
    Tick {
        symbol: instrument().symbol,
        quote: Quote {
            bid: price(cents),
            ask: price(cents + 1),
        },
        trade: Some(trade),
        exchange_time: START,
        received_at: START,
    }
}

fn request(engine: &mut Engine, batch: &mut Batch, action: Action) {
    let request = Request {
        account: AccountId(1),
        at: START,
        action,
    };
    engine
        .handle_into(Input::Request(request), batch)
        .unwrap()
        .unwrap();
}

fn order(kind: u32, number: u32) -> PlaceOrder {
    let quantity: Quantity = "0.001".parse().unwrap();
    let symbol = instrument().symbol;
    let away = i64::from(number % 20_000);
    let plain = |side| PlaceOrder::market(symbol, side, quantity);
    match kind {
        0 => PlaceOrder {
            order_type: OrderType::Limit,
            price: Some(price(4_200_000 - away)),
            ..plain(Side::Buy)
        },
        1 => PlaceOrder {
            order_type: OrderType::Limit,
            price: Some(price(4_500_000 + away)),
            ..plain(Side::Sell)
        },
        2 => PlaceOrder {
            order_type: OrderType::StopMarket,
            trigger_price: Some(price(4_190_000 - away)),
            ..plain(Side::Sell)
        },
        _ => PlaceOrder {
            order_type: OrderType::TrailingStop,
            trail_distance: Some(price(100_000 + away)),
            ..plain(Side::Sell)
        },
    }
}

fn main() {
    for resting in [0u32, 10, 1_000, 10_000, 99_990] {
        let mut engine = Engine::new(EngineConfig {
            instruments: vec![instrument()],
            currency: "USDT".to_owned(),
            rules: VenueRules::default(),
            risk: RiskLimits::default(),
        })
        .unwrap();
        let mut batch = Batch::default();
        let state = LinkState::Live;
        engine.handle(Input::Market(MarketInput::Link { state, at: START }));
        let deposit = "1000000000".parse().unwrap();
        request(&mut engine, &mut batch, Action::OpenAccount { deposit });
        engine.tick(&tick(4_350_000), &mut batch);
        let begin = Instant::now();
        for number in 0..resting {
            let placed = Instruction::PlaceOrder(order(number % 4, number));
            request(&mut engine, &mut batch, Action::Instruct(placed));
        }
        let placing = begin.elapsed() / resting.max(1);
        batch.clear();
        let ticks: Vec<Tick> = (0..1000)
            .map(|number| tick(4_340_000 + number * 7 % 9_000))
            .collect();
        let begin = Instant::now();
        for number in 0..TICKS {
            engine.tick(&ticks[number as usize % ticks.len()], &mut batch);
            if number % 100 == 0 {
                batch.clear();
            }
        }
        let per_second = f64::from(TICKS) / begin.elapsed().as_secs_f64();
        // One stop above the market that the next tick reaches.
        let mut spent = std::time::Duration::ZERO;
        let rounds = 200;
        for _ in 0..rounds {
            let stop = PlaceOrder {
                trigger_price: Some(price(4_349_500)),
                ..order(2, 0)
            };
            let stop = Instruction::PlaceOrder(stop);
            engine.tick(&tick(4_349_600), &mut batch);
            request(&mut engine, &mut batch, Action::Instruct(stop));
            batch.clear();
            let begin = Instant::now();
            engine.tick(&tick(4_349_400), &mut batch);
            spent += begin.elapsed();
            assert!(batch.records.len() >= 3, "triggered and filled");
            batch.clear();
        }
        let begin = Instant::now();
        for number in 1..=resting.min(1000) {
            let (order_id, client_order_id) = (Some(OrderId(u64::from(number))), None);
            let cancel = Instruction::CancelOrder(OrderRef {
                order_id,
                client_order_id,
            });
            request(&mut engine, &mut batch, Action::Instruct(cancel));
        }
        let cancelling = begin.elapsed() / resting.clamp(1, 1000);
        println!(
            "{resting} resting: {per_second:.0} ticks/s, trigger {:?}, place {placing:?}, cancel {cancelling:?}",
            spent / rounds
        );
    }
}
