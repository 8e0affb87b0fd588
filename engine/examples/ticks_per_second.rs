//! Measures how many ticks one core takes in: `cargo run --release -p tickwire-engine --example ticks_per_second`.
//!
//! Ten markets, a trade with every third tick, an account that holds all of them; a batch is published every 100 ticks.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a measurement for people, not a part of the desk"
)]

use rust_decimal::Decimal;
use std::time::Instant;
use tickwire_engine::{Action, Batch, Engine, EngineConfig, Input, MarketInput, Request};
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::command::{Instruction, PlaceOrder};
use tickwire_protocol::id::{AccountId, Symbol};
use tickwire_protocol::market::{Instrument, Quote, Tick, Trade, VenueRules};
use tickwire_protocol::message::LinkState;
use tickwire_protocol::money::{Price, Quantity};
use tickwire_protocol::order::Side;
use tickwire_protocol::risk::RiskLimits;

const TICKS: i64 = 5_000_000;
const START: TimestampMs = TimestampMs(1_765_357_200_000);

fn instrument(number: usize) -> Instrument {
    Instrument {
        symbol: Symbol::new(&format!("COIN{number}USDT")).unwrap(),
        base: format!("COIN{number}"),
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

fn tick(symbol: Symbol, number: i64) -> Tick {
    let price = |offset: i64| Price::new(Decimal::new(4_325_050 + number % 977 + offset, 2));
    let at = START + number / 100;
    let trade = Trade {
        price: price(1),
        quantity: Quantity::new(Decimal::new(1 + number % 991, 5)),
        taker_side: Side::Buy,
    };
    Tick {
        symbol,
        quote: Quote {
            bid: price(0),
            ask: price(1),
        },
        trade: (number % 3 == 0).then_some(trade),
        exchange_time: at,
        received_at: at,
    }
}

fn main() {
    let instruments: Vec<Instrument> = (0..10).map(instrument).collect();
    let symbols: Vec<Symbol> = instruments.iter().map(|instrument| instrument.symbol).collect();
    let mut engine = Engine::new(EngineConfig {
        instruments,
        currency: "USDT".to_owned(),
        rules: VenueRules::default(),
        risk: RiskLimits::default(),
    })
    .unwrap();
    let mut batch = Batch::default();
    let account = AccountId(1);
    let request = |engine: &mut Engine, action| {
        engine
            .handle(Input::Request(Request {
                account,
                at: START,
                action,
            }))
            .answer
            .unwrap()
            .unwrap();
    };
    engine.handle(Input::Market(MarketInput::Link {
        state: LinkState::Live,
        at: START,
    }));
    request(
        &mut engine,
        Action::OpenAccount {
            deposit: "1000000".parse().unwrap(),
        },
    );
    for &symbol in &symbols {
        engine.tick(&tick(symbol, 0), &mut batch);
        request(
            &mut engine,
            Action::Instruct(Instruction::PlaceOrder(PlaceOrder::market(
                symbol,
                Side::Buy,
                "1".parse().unwrap(),
            ))),
        );
    }
    let ticks: Vec<Tick> = (0..TICKS)
        .map(|number| tick(symbols[number as usize % symbols.len()], number))
        .collect();
    for published in [false, true] {
        batch.clear();
        let (mut tickers, mut rows) = (0, 0);
        let begin = Instant::now();
        for hundred in ticks.chunks(100) {
            hundred.iter().for_each(|tick| engine.tick(tick, &mut batch));
            if published {
                tickers += batch
                    .touched
                    .markets()
                    .iter()
                    .filter_map(|m| engine.markets().ticker(m.symbol))
                    .count();
                for id in engine.touched_accounts(&batch.touched) {
                    let view = engine.account(id).unwrap();
                    rows += view.positions().len();
                    std::hint::black_box((view.portfolio(), view.balance(), view.dashboard()));
                }
            }
            batch.clear();
        }
        let elapsed = begin.elapsed();
        let per_second = u128::try_from(TICKS).unwrap() * 1_000_000 / elapsed.as_micros();
        println!("{per_second} ticks/s, {tickers} tickers and {rows} position rows published, {elapsed:?}");
    }
}
