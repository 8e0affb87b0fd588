//! Random days: two accounts, three instruments, quotes, trades, books, orders, retries, interruptions, midnights.

use crate::script::config;
use proptest::prelude::*;
use rust_decimal::Decimal;
use tickwire_engine::{Action, Depth, Input, MarketInput, Request};
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::command::{ClosePosition, Instruction, PlaceOrder};
use tickwire_protocol::id::{AccountId, ClientOrderId, Symbol};
use tickwire_protocol::market::{Instrument, Quote, Tick, Trade};
use tickwire_protocol::message::LinkState;
use tickwire_protocol::money::{Price, Quantity, Ratio};
use tickwire_protocol::order::Side;

pub const ACCOUNTS: [AccountId; 2] = [AccountId(1), AccountId(2)];

/// Something that happens, in numbers that shrink well. Prices are in ticks, quantities in steps.
#[derive(Clone, Debug)]
pub enum Happening {
    Quote {
        market: usize,
        bid: u32,
        spread: u32,
    },
    Trade {
        market: usize,
        price: u32,
        steps: u32,
    },
    Book {
        market: usize,
        levels: Vec<(u32, u32)>,
    },
    Order {
        account: usize,
        market: usize,
        side: Side,
        steps: u32,
        reduce: bool,
        name: Option<u8>,
    },
    Close {
        account: usize,
        market: usize,
        percent: Option<u32>,
        name: Option<u8>,
    },
    Interruption,
    Wait {
        ms: i64,
    },
}

fn happening() -> impl Strategy<Value = Happening> {
    let side = || prop_oneof![Just(Side::Buy), Just(Side::Sell)];
    // Odd prices make costs that do not divide; few names make many retries.
    let steps = || prop_oneof![1 => 1u32..30, 4 => 1u32..5000];
    let name = || proptest::option::weighted(0.3, 0u8..8);
    prop_oneof![
        5 => (0usize..3, 3000u32..40_000, 0u32..30)
            .prop_map(|(market, bid, spread)| Happening::Quote { market, bid, spread }),
        1 => (0usize..3, 3000u32..40_000, 1u32..5000)
            .prop_map(|(market, price, steps)| Happening::Trade { market, price, steps }),
        2 => (0usize..3, proptest::collection::vec((1u32..20, 1u32..900), 1..5))
            .prop_map(|(market, levels)| Happening::Book { market, levels }),
        8 => (0usize..2, 0usize..3, side(), steps(), proptest::bool::weighted(0.2), name()).prop_map(
            |(account, market, side, steps, reduce, name)| Happening::Order {
                account, market, side, steps, reduce, name
            }
        ),
        3 => (0usize..2, 0usize..3, proptest::option::of(1u32..100), name())
            .prop_map(|(account, market, percent, name)| Happening::Close { account, market, percent, name }),
        1 => Just(Happening::Interruption),
        1 => (0i64..50_000_000).prop_map(|ms| Happening::Wait { ms }),
    ]
}

/// The inputs of a random day, beginning with two deposits and a quote of each market.
pub fn day() -> impl Strategy<Value = Vec<Input>> {
    let deposit = || prop_oneof![100u32..2000, 100u32..1_000_000];
    (
        deposit(),
        deposit(),
        proptest::collection::vec(happening(), 1..120),
    )
        .prop_map(|(first, second, happenings)| {
            let mut day = Day::new();
            for (account, deposit) in ACCOUNTS.into_iter().zip([first, second]) {
                day.request(
                    account,
                    Action::OpenAccount {
                        deposit: deposit.to_string().parse().unwrap(),
                    },
                );
            }
            for market in 0..3 {
                day.happens(&Happening::Quote {
                    market,
                    bid: 10_000,
                    spread: 1,
                });
            }
            happenings.iter().for_each(|happening| day.happens(happening));
            day.inputs
        })
}

struct Day {
    instruments: Vec<Instrument>,
    quotes: Vec<(u32, u32)>,
    now: TimestampMs,
    inputs: Vec<Input>,
}

impl Day {
    fn new() -> Day {
        let now = TimestampMs(1_765_357_200_000);
        let live = Input::Market(MarketInput::Link {
            state: LinkState::Live,
            at: now,
        });
        Day {
            instruments: config().instruments,
            quotes: vec![(1, 1); 3],
            now,
            inputs: vec![live],
        }
    }

    fn symbol(&self, market: usize) -> Symbol {
        self.instruments[market].symbol
    }

    fn price(&self, market: usize, ticks: u32) -> Price {
        Price::new(self.instruments[market].tick_size.get() * Decimal::from(ticks))
    }

    fn quantity(&self, market: usize, steps: u32) -> Quantity {
        Quantity::new(self.instruments[market].step_size.get() * Decimal::from(steps))
    }

    fn request(&mut self, account: AccountId, action: Action) {
        self.inputs.push(Input::Request(Request {
            account,
            at: self.now,
            action,
        }));
    }

    fn tick(&mut self, market: usize, trade: Option<Trade>) {
        let (bid, ask) = self.quotes[market];
        let quote = Quote {
            bid: self.price(market, bid),
            ask: self.price(market, ask),
        };
        let symbol = self.symbol(market);
        let tick = Tick {
            symbol,
            quote,
            trade,
            exchange_time: self.now,
            received_at: self.now,
        };
        self.inputs.push(Input::Market(MarketInput::Ticks(vec![tick])));
    }

    fn happens(&mut self, happening: &Happening) {
        self.now = self.now + 500;
        match happening.clone() {
            Happening::Quote { market, bid, spread } => {
                self.quotes[market] = (bid, bid + spread);
                self.tick(market, None);
            }
            Happening::Trade { market, price, steps } => {
                let (price, quantity) = (self.price(market, price), self.quantity(market, steps));
                self.tick(
                    market,
                    Some(Trade {
                        price,
                        quantity,
                        taker_side: Side::Buy,
                    }),
                );
            }
            Happening::Book { market, levels } => self.book(market, &levels),
            Happening::Order {
                account,
                market,
                side,
                steps,
                reduce,
                name,
            } => {
                let order = PlaceOrder {
                    client_order_id: name.map(named),
                    reduce_only: reduce,
                    ..PlaceOrder::market(self.symbol(market), side, self.quantity(market, steps))
                };
                self.request(
                    ACCOUNTS[account],
                    Action::Instruct(Instruction::PlaceOrder(order)),
                );
            }
            Happening::Close {
                account,
                market,
                percent,
                name,
            } => {
                let percent = percent.map(|percent| Ratio::new(Decimal::from(percent)));
                let close = ClosePosition {
                    client_order_id: name.map(named),
                    symbol: self.symbol(market),
                    percent,
                };
                self.request(
                    ACCOUNTS[account],
                    Action::Instruct(Instruction::ClosePosition(close)),
                );
            }
            Happening::Interruption => {
                for state in [LinkState::Reconnecting, LinkState::Live] {
                    self.inputs
                        .push(Input::Market(MarketInput::Link { state, at: self.now }));
                }
            }
            Happening::Wait { ms } => {
                self.now = self.now + ms;
                self.inputs.push(Input::Timer(self.now));
                // Otherwise most of the day would have stale quotes.
                (0..3).for_each(|market| self.tick(market, None));
            }
        }
    }

    /// A book in step with the quote: each level some ticks further away than the one before.
    fn book(&mut self, market: usize, levels: &[(u32, u32)]) {
        let (bid, ask) = self.quotes[market];
        let mut distance = 0;
        let (mut bids, mut asks) = (Vec::new(), Vec::new());
        for &(gap, steps) in levels {
            bids.push((self.price(market, bid - distance), self.quantity(market, steps)));
            asks.push((self.price(market, ask + distance), self.quantity(market, steps)));
            distance += gap;
        }
        let depth = Depth {
            symbol: self.symbol(market),
            snapshot: true,
            bids,
            asks,
            exchange_time: self.now,
        };
        self.inputs.push(Input::Market(MarketInput::Depth(depth)));
    }
}

fn named(name: u8) -> ClientOrderId {
    ClientOrderId::new(&format!("my-{name}")).unwrap()
}
