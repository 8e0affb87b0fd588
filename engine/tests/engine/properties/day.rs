//! Random days: two accounts, three instruments and two perpetuals, quotes, trades, books, orders, leverages,
//! cash-and-carry, retries, interruptions, funding times, midnights.

use crate::script::config;
use proptest::prelude::*;
use rust_decimal::Decimal;
use tickwire_engine::{Action, Depth, Input, MarketInput, Request};
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::command::{
    CloseCarry, ClosePosition, Instruction, OpenCarry, PlaceOrder, SetLeverage,
};
use tickwire_protocol::id::{AccountId, ClientOrderId, PositionId, Symbol};
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
    /// A spot market and its perpetual move together, by so many thousandths, the perpetual to some thousandths beside it.
    Drift {
        pair: usize,
        thousandths: i32,
        beside: i32,
    },
    Leverage {
        account: usize,
        pair: usize,
        leverage: u32,
    },
    Carry {
        account: usize,
        market: usize,
        steps: u32,
        name: Option<u8>,
    },
    Uncarry {
        account: usize,
        id: u64,
        name: Option<u8>,
    },
    Interruption,
    Wait {
        ms: i64,
    },
    /// The clock goes on to the next funding time, less so many half seconds.
    FundingTime {
        halves: i64,
    },
}

/// The perpetual of each spot market that has one, by number.
const PAIRS: [(usize, usize); 2] = [(0, 3), (1, 4)];

fn happening() -> impl Strategy<Value = Happening> {
    let side = || prop_oneof![Just(Side::Buy), Just(Side::Sell)];
    // Odd prices make costs that do not divide; few names make many retries.
    let steps = || prop_oneof![1 => 1u32..30, 4 => 1u32..5000];
    let name = || proptest::option::weighted(0.3, 0u8..8);
    prop_oneof![
        4 => (0usize..5, 3000u32..40_000, 0u32..30)
            .prop_map(|(market, bid, spread)| Happening::Quote { market, bid, spread }),
        1 => (0usize..5, 3000u32..40_000, 1u32..5000)
            .prop_map(|(market, price, steps)| Happening::Trade { market, price, steps }),
        2 => (0usize..5, proptest::collection::vec((1u32..20, 1u32..900), 1..5))
            .prop_map(|(market, levels)| Happening::Book { market, levels }),
        12 => (0usize..2, 0usize..5, side(), steps(), proptest::bool::weighted(0.2), name()).prop_map(
            |(account, market, side, steps, reduce, name)| Happening::Order {
                // Perpetuals are bought for many times what the account has.
                account, market, side, steps: if market < 3 { steps } else { 15 * steps }, reduce, name
            }
        ),
        9 => (0usize..2, prop_oneof![-70i32..70, -400i32..400], -20i32..20)
            .prop_map(|(pair, thousandths, beside)| Happening::Drift { pair, thousandths, beside }),
        1 => (0usize..2, 0usize..2, 0u32..52)
            .prop_map(|(account, pair, leverage)| Happening::Leverage { account, pair, leverage }),
        5 => (0usize..2, 0usize..5, 1u32..1500, name())
            .prop_map(|(account, market, steps, name)| Happening::Carry { account, market, steps, name }),
        4 => (0usize..2, 1u64..12, name())
            .prop_map(|(account, id, name)| Happening::Uncarry { account, id, name }),
        1 => (0i64..3).prop_map(|halves| Happening::FundingTime { halves }),
        3 => (0usize..2, 0usize..5, proptest::option::of(1u32..100), name())
            .prop_map(|(account, market, percent, name)| Happening::Close { account, market, percent, name }),
        1 => Just(Happening::Interruption),
        1 => (0i64..50_000_000).prop_map(|ms| Happening::Wait { ms }),
    ]
}

/// The inputs of a random day, beginning with two deposits and a quote of each market.
pub fn day() -> impl Strategy<Value = Vec<Input>> {
    let deposit = || prop_oneof![3 => 100u32..2000, 1 => 100u32..1_000_000];
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
            for market in 0..5 {
                day.happens(&Happening::Quote {
                    market,
                    bid: 10_004,
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
            quotes: vec![(1, 1); 5],
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

    /// A price of the perpetual some thousandths beside its spot's.
    fn beside(&self, spot: usize, perp: usize, thousandths: i64) -> u32 {
        let tick = |market: usize| self.instruments[market].tick_size.get();
        let price = tick(spot) * Decimal::from(self.quotes[spot].0) * Decimal::new(1000 + thousandths, 3);
        u32::try_from((price / tick(perp)).round()).unwrap()
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
                let bid = match PAIRS.iter().find(|(_, perp)| *perp == market) {
                    Some((spot, _)) => self.beside(*spot, market, i64::from(bid % 61) - 30),
                    None => bid,
                };
                self.quotes[market] = (bid, bid + spread);
                self.tick(market, None);
            }
            Happening::Drift {
                pair,
                thousandths,
                beside,
            } => {
                let (spot, perp) = PAIRS[pair];
                let (bid, ask) = self.quotes[spot];
                let moved = i64::from(bid) * i64::from(1000 + thousandths) / 1000;
                let moved = u32::try_from(moved.clamp(1000, 60_000)).unwrap();
                self.quotes[spot] = (moved, moved + (ask - bid));
                self.tick(spot, None);
                let bid = self.beside(spot, perp, i64::from(beside));
                self.quotes[perp] = (bid, bid + 1);
                self.tick(perp, None);
            }
            Happening::Leverage {
                account,
                pair,
                leverage,
            } => {
                let symbol = self.symbol(PAIRS[pair].1);
                let set = Instruction::SetLeverage(SetLeverage { symbol, leverage });
                self.request(ACCOUNTS[account], Action::Instruct(set));
            }
            Happening::Carry {
                account,
                market,
                steps,
                name,
            } => {
                let open = OpenCarry {
                    client_order_id: name.map(named),
                    symbol: self.symbol(market),
                    quantity: self.quantity(market % 3, steps),
                };
                self.request(ACCOUNTS[account], Action::Instruct(Instruction::OpenCarry(open)));
            }
            Happening::Uncarry { account, id, name } => {
                let close = CloseCarry {
                    client_order_id: name.map(named),
                    position_id: PositionId(id),
                };
                self.request(
                    ACCOUNTS[account],
                    Action::Instruct(Instruction::CloseCarry(close)),
                );
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
                (0..5).for_each(|market| self.tick(market, None));
            }
            Happening::FundingTime { halves } => {
                let next = self.now.floor_to(28_800_000) + 28_800_000;
                self.now = self.now.max(next - halves * 500 - 500);
                (0..5).for_each(|market| self.tick(market, None));
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
