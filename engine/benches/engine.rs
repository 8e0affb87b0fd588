//! What the engine costs on one core: `cargo xtask bench engine`.
//!
//! Resting orders lie far from the market, half of them limits to buy and half stops to sell, so that no tick touches
//! one. Compare lines of one run with each other; machines are noisy.
#![allow(
    clippy::unwrap_used,
    missing_docs,
    reason = "a measurement: it stops where something is wrong"
)]

use divan::Bencher;
use divan::counter::ItemsCount;
use rust_decimal::Decimal;
use tickwire_engine::{Action, Batch, Engine, EngineConfig, Event, Input, MarketInput, Request};
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::command::{Instruction, OrderRef, PlaceOrder, Report};
use tickwire_protocol::id::{AccountId, OrderId, Symbol};
use tickwire_protocol::market::{Instrument, Quote, Tick, Trade, VenueRules};
use tickwire_protocol::message::LinkState;
use tickwire_protocol::money::{Price, Quantity};
use tickwire_protocol::order::{OrderType, Side};
use tickwire_protocol::risk::RiskLimits;

const START: TimestampMs = TimestampMs(1_765_357_200_000);
const OWNER: AccountId = AccountId(1);

/// Ticks of one measured round.
const TICKS: u32 = 10_000;

/// The middle of the market, in hundredths.
const PRICE: i64 = 4_325_050;

fn main() {
    divan::main();
}

/// One market at 43,250.50, and an account with more money than it can spend.
struct Desk {
    engine: Engine,
    symbol: Symbol,
    batch: Batch,
    /// The events of the account's opening.
    opening: Vec<Event>,
}

impl Desk {
    fn new() -> Desk {
        let symbol = Symbol::new("BTCUSDT").unwrap();
        let instrument = Instrument {
            symbol,
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
        };
        let config = EngineConfig {
            instruments: vec![instrument],
            currency: "USDT".to_owned(),
            rules: VenueRules::default(),
            risk: RiskLimits::default(),
        };
        let mut desk = Desk {
            engine: Engine::new(config).unwrap(),
            symbol,
            batch: Batch::default(),
            opening: Vec::new(),
        };
        let live = MarketInput::Link {
            state: LinkState::Live,
            at: START,
        };
        desk.engine.handle_into(Input::Market(live), &mut desk.batch);
        let deposit = "1000000000000".parse().unwrap();
        desk.request(Action::OpenAccount { deposit });
        let opening = desk.batch.records.drain(..).map(|record| record.event);
        desk.opening.extend(opening);
        desk.tick(PRICE);
        desk.batch.clear();
        desk
    }

    /// With so many orders that no tick of [`Desk::walk`] touches.
    fn with_resting(orders: u32) -> Desk {
        let mut desk = Desk::new();
        desk.buy();
        for number in 0..orders {
            let away = Price::new(Decimal::new(1_000_000 + i64::from(number % 1_000) * 100, 2));
            desk.place(if number % 2 == 0 {
                PlaceOrder {
                    order_type: OrderType::Limit,
                    price: Some(away),
                    ..PlaceOrder::market(desk.symbol, Side::Buy, quantity())
                }
            } else {
                PlaceOrder {
                    order_type: OrderType::StopMarket,
                    trigger_price: Some(away),
                    reduce_only: true,
                    ..PlaceOrder::market(desk.symbol, Side::Sell, quantity())
                }
            });
        }
        desk.batch.clear();
        desk
    }

    fn request(&mut self, action: Action) -> Report {
        let request = Request {
            account: OWNER,
            at: START,
            action,
        };
        let answer = self.engine.handle_into(Input::Request(request), &mut self.batch);
        match answer.unwrap().unwrap() {
            tickwire_engine::Done::Reported(report) => report,
            tickwire_engine::Done::AccountOpened { .. } => Report::default(),
        }
    }

    fn place(&mut self, order: PlaceOrder) -> OrderId {
        let report = self.request(Action::Instruct(Instruction::PlaceOrder(order)));
        report.order_id.unwrap()
    }

    fn buy(&mut self) {
        self.place(PlaceOrder::market(self.symbol, Side::Buy, "1".parse().unwrap()));
    }

    fn cancel(&mut self, order: OrderId) {
        let order = OrderRef {
            order_id: Some(order),
            client_order_id: None,
        };
        self.request(Action::Instruct(Instruction::CancelOrder(order)));
    }

    fn tick(&mut self, hundredths: i64) {
        let tick = tick_at(self.symbol, hundredths);
        self.engine.tick(&tick, &mut self.batch);
    }

    /// A market that wanders, with a trade in every third tick.
    fn walk(&mut self, ticks: &[Tick]) {
        for tick in ticks {
            self.engine.tick(tick, &mut self.batch);
        }
        self.batch.clear();
    }
}

fn quantity() -> Quantity {
    "0.001".parse().unwrap()
}

fn tick_at(symbol: Symbol, hundredths: i64) -> Tick {
    let price = |offset: i64| Price::new(Decimal::new(hundredths + offset, 2));
    Tick {
        symbol,
        quote: Quote {
            bid: price(0),
            ask: price(1),
        },
        trade: Some(Trade {
            price: price(0),
            quantity: "0.5".parse().unwrap(),
            taker_side: Side::Sell,
        }),
        exchange_time: START,
        received_at: START,
    }
}

fn ticks(symbol: Symbol) -> Vec<Tick> {
    let tick = |number: u32| {
        let mut tick = tick_at(symbol, PRICE + i64::from(number % 977));
        tick.trade = tick.trade.filter(|_| number.is_multiple_of(3));
        tick
    };
    (0..TICKS).map(tick).collect()
}

/// Ticks that touch none of the resting orders of an account that holds the market.
#[divan::bench(args = [0, 10, 1_000, 10_000, 99_900], sample_count = 50)]
fn ticks_beside_resting_orders(bencher: Bencher<'_, '_>, resting: u32) {
    let mut desk = Desk::with_resting(resting);
    let ticks = ticks(desk.symbol);
    bencher
        .counter(ItemsCount::new(TICKS))
        .bench_local(|| desk.walk(&ticks));
}

/// Ticks of a market that nobody holds, and has no order in.
#[divan::bench(sample_count = 50)]
fn ticks_of_a_market_without_orders(bencher: Bencher<'_, '_>) {
    let mut desk = Desk::new();
    let ticks = ticks(desk.symbol);
    bencher
        .counter(ItemsCount::new(TICKS))
        .bench_local(|| desk.walk(&ticks));
}

/// The same, and what it takes to publish all that changed, every hundred ticks.
#[divan::bench(sample_count = 50)]
fn ticks_of_a_held_market_published(bencher: Bencher<'_, '_>) {
    let mut desk = Desk::with_resting(0);
    let ticks = ticks(desk.symbol);
    bencher.counter(ItemsCount::new(TICKS)).bench_local(|| {
        for hundred in ticks.chunks(100) {
            hundred
                .iter()
                .for_each(|tick| desk.engine.tick(tick, &mut desk.batch));
            divan::black_box(desk.engine.markets().ticker(desk.symbol));
            for id in desk.engine.touched_accounts(&desk.batch.touched) {
                let view = desk.engine.account(id).unwrap();
                divan::black_box((
                    view.positions(),
                    view.portfolio(),
                    view.balance(),
                    view.dashboard(),
                ));
            }
            desk.batch.clear();
        }
    });
}

/// One tick that triggers one stop beside so many others: from its arrival in the engine to the decided fill.
#[divan::bench(args = [0, 10_000, 99_900], sample_count = 500, sample_size = 1)]
fn a_stop_triggers(bencher: Bencher<'_, '_>, resting: u32) {
    let desk = std::cell::RefCell::new(Desk::with_resting(resting));
    bencher
        .with_inputs(|| {
            let mut desk = desk.borrow_mut();
            desk.tick(PRICE);
            let symbol = desk.symbol;
            desk.place(PlaceOrder {
                order_type: OrderType::StopMarket,
                trigger_price: Some(Price::new(Decimal::new(PRICE + 100, 2))),
                ..PlaceOrder::market(symbol, Side::Buy, quantity())
            });
            desk.batch.clear();
            tick_at(symbol, PRICE + 100)
        })
        .bench_local_refs(|tick| {
            let desk = &mut *desk.borrow_mut();
            desk.engine.tick(tick, &mut desk.batch);
            assert!(!desk.batch.records.is_empty(), "it triggered");
        });
}

/// Commands: a limit order placed and cancelled again, beside so many others.
#[divan::bench(args = [0, 10_000, 99_900], sample_count = 100)]
fn a_limit_order_is_placed_and_cancelled(bencher: Bencher<'_, '_>, resting: u32) {
    let mut desk = Desk::with_resting(resting);
    let order = PlaceOrder {
        order_type: OrderType::Limit,
        price: Some(Price::new(Decimal::new(PRICE - 10_000, 2))),
        ..PlaceOrder::market(desk.symbol, Side::Buy, quantity())
    };
    bencher.counter(ItemsCount::new(2_u32)).bench_local(|| {
        let id = desk.place(order.clone());
        desk.cancel(id);
        desk.batch.clear();
    });
}

/// Commands: a market order bought, and sold again.
#[divan::bench(args = [0, 10_000], sample_count = 100)]
fn a_market_order_is_filled_and_closed(bencher: Bencher<'_, '_>, resting: u32) {
    let mut desk = Desk::with_resting(resting);
    bencher.counter(ItemsCount::new(2_u32)).bench_local(|| {
        desk.place(PlaceOrder::market(desk.symbol, Side::Buy, quantity()));
        desk.place(PlaceOrder::market(desk.symbol, Side::Sell, quantity()));
        desk.batch.clear();
    });
}

/// A journal folded into an engine: the figure is per event, so a million of them take a million times as long.
#[divan::bench(sample_count = 5)]
fn a_journal_is_folded(bencher: Bencher<'_, '_>) {
    let mut desk = Desk::new();
    let mut events = std::mem::take(&mut desk.opening);
    while events.len() < 200_000 {
        desk.place(PlaceOrder::market(desk.symbol, Side::Buy, quantity()));
        desk.place(PlaceOrder::market(desk.symbol, Side::Sell, quantity()));
        events.extend(desk.batch.records.drain(..).map(|record| record.event));
        desk.batch.clear();
    }
    let config = || EngineConfig {
        instruments: Vec::new(),
        currency: "USDT".to_owned(),
        rules: VenueRules::default(),
        risk: RiskLimits::default(),
    };
    bencher
        .counter(ItemsCount::new(events.len()))
        .bench_local(|| Engine::recover(config(), &events).unwrap());
}
