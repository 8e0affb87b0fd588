//! Random days full of resting orders: every type, groups, amendments, cancellations, interruptions, odd venue rules; and
//! of all other instructions, funding times and gaps beside them.

use super::day::ACCOUNTS;
use super::deeds::deed;
use crate::script::config;
use proptest::prelude::*;
use rust_decimal::Decimal;
use tickwire_engine::{Action, Depth, EngineConfig, Input, MarketInput, Request};
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::command::{
    AmendOrder, CancelAllOrders, ClosePosition, FlattenAll, Instruction, OrderRef, PlaceOco, PlaceOrder,
    ReversePosition,
};
use tickwire_protocol::id::{ClientOrderId, OrderId, Symbol};
use tickwire_protocol::market::{Instrument, LimitFill, Quote, Tick, Trade, VenueRules};
use tickwire_protocol::message::LinkState;
use tickwire_protocol::money::{Price, Quantity, Ratio};
use tickwire_protocol::order::{Exit, OrderType, Side, TimeInForce};

/// The markets of a busy day: few, so that orders meet. The last is the perpetual of the second.
pub const MARKETS: usize = 3;

/// The instruments of those markets.
pub fn listed() -> Vec<Instrument> {
    let all = config().instruments;
    [0, 1, 4].map(|number: usize| all[number].clone()).to_vec()
}

/// An order in numbers that shrink well: prices in ticks from where the market is, quantities in steps.
#[derive(Clone, Debug)]
pub struct Wish {
    kind: OrderType,
    side: Side,
    steps: u32,
    near: i32,
    far: i32,
    time: u8,
    reduce: bool,
    post: bool,
    exits: (u8, u8),
    name: Option<u8>,
}

/// Something that happens.
#[derive(Clone, Debug)]
pub enum Happening {
    Move {
        market: usize,
        by: i32,
        spread: u32,
        traded: Option<u32>,
    },
    Book {
        market: usize,
        levels: Vec<(u32, u32)>,
    },
    Order {
        account: usize,
        market: usize,
        wish: Wish,
    },
    Oco {
        account: usize,
        market: usize,
        wish: Wish,
    },
    Amend {
        account: usize,
        order: u64,
        what: u8,
        by: i32,
        market: usize,
    },
    Cancel {
        account: usize,
        order: u64,
    },
    CancelAll {
        account: usize,
        market: Option<usize>,
    },
    Close {
        account: usize,
        market: usize,
        percent: Option<u32>,
    },
    Reverse {
        account: usize,
        market: usize,
    },
    Flatten {
        account: usize,
        name: Option<u8>,
    },
    /// Leverages, carries, the risk guard, alerts.
    Deed {
        account: usize,
        instruction: Box<Instruction>,
    },
    /// All markets open a gap, in percent.
    Gap {
        percent: i32,
    },
    Interruption,
    Wait {
        ms: i64,
    },
    /// The clock goes on to just before the next funding time.
    FundingTime,
}

fn wish() -> impl Strategy<Value = Wish> {
    let side = prop_oneof![Just(Side::Buy), Just(Side::Sell)];
    let kind = proptest::sample::select(OrderType::ALL.to_vec());
    let name = proptest::option::weighted(0.2, 0u8..12);
    let near = prop_oneof![4 => 1i32..40, 2 => -25i32..60];
    let exits = (0u8..10, 0u8..10);
    (
        (kind, side, 1u32..100, near, 1i32..60),
        (
            0u8..8,
            proptest::bool::weighted(0.1),
            proptest::bool::weighted(0.4),
        ),
        (exits, name),
    )
        .prop_map(
            |((kind, side, steps, near, far), (time, reduce, post), (exits, name))| Wish {
                kind,
                side,
                steps: steps * 10,
                near,
                far,
                time,
                reduce,
                post,
                exits,
                name,
            },
        )
}

fn happening() -> impl Strategy<Value = Happening> {
    let (account, market) = (|| 0..ACCOUNTS.len(), || 0..MARKETS);
    let order = || 1u64..60;
    prop_oneof![
        16 => (market(), -12i32..13, 0u32..6, proptest::option::weighted(0.7, 1u32..400))
            .prop_map(|(market, by, spread, traded)| Happening::Move { market, by, spread, traded }),
        1 => (market(), proptest::collection::vec((1u32..20, 1u32..300), 1..5))
            .prop_map(|(market, levels)| Happening::Book { market, levels }),
        14 => (account(), market(), wish()).prop_map(|(account, market, wish)| Happening::Order { account, market, wish }),
        2 => (account(), market(), wish()).prop_map(|(account, market, wish)| Happening::Oco { account, market, wish }),
        3 => (account(), order(), 0u8..7, -40i32..41, market())
            .prop_map(|(account, order, what, by, market)| Happening::Amend { account, order, what, by, market }),
        2 => (account(), order()).prop_map(|(account, order)| Happening::Cancel { account, order }),
        1 => (account(), proptest::option::of(market()))
            .prop_map(|(account, market)| Happening::CancelAll { account, market }),
        1 => (account(), market(), proptest::option::of(1u32..100))
            .prop_map(|(account, market, percent)| Happening::Close { account, market, percent }),
        1 => (account(), market()).prop_map(|(account, market)| Happening::Reverse { account, market }),
        1 => (account(), proptest::option::of(0u8..12)).prop_map(|(account, name)| Happening::Flatten { account, name }),
        6 => (account(), deed())
            .prop_map(|(account, instruction)| Happening::Deed { account, instruction: Box::new(instruction) }),
        2 => (-40i32..40).prop_map(|percent| Happening::Gap { percent }),
        1 => proptest::bool::weighted(0.3).prop_map(|funds| if funds { Happening::FundingTime } else { Happening::Interruption }),
        1 => (0i64..9_000).prop_map(|ms| Happening::Wait { ms }),
    ]
}

/// Rules of the venue: the usual ones, and odd ones.
pub fn rules() -> impl Strategy<Value = VenueRules> {
    let limit_fill = prop_oneof![Just(LimitFill::Through), Just(LimitFill::Touch)];
    (
        limit_fill,
        prop_oneof![Just(0), Just(25)],
        prop_oneof![2 => Just(0), 1 => Just(700)],
    )
        .prop_map(|(limit_fill, bps, latency_ms)| VenueRules {
            limit_fill,
            slippage_bps: Ratio::new(Decimal::from(bps)),
            latency_ms,
        })
}

/// An engine's configuration with these rules.
pub fn configured(rules: VenueRules) -> EngineConfig {
    EngineConfig { rules, ..config() }
}

/// The inputs of a busy day, beginning with two deposits and a trade in each market.
pub fn busy_day() -> impl Strategy<Value = Vec<Input>> {
    let deposit = || prop_oneof![100u32..900, Just(1_000_000)];
    (
        deposit(),
        deposit(),
        proptest::collection::vec(happening(), 10..140),
    )
        .prop_map(|(first, second, happenings)| {
            let mut day = Day::new();
            for (account, deposit) in [first, second].into_iter().enumerate() {
                let deposit = deposit.to_string().parse().unwrap();
                day.request(account, Action::OpenAccount { deposit });
            }
            for market in 0..MARKETS {
                day.happens(&Happening::Move {
                    market,
                    by: 0,
                    spread: 1,
                    traded: Some(100),
                });
            }
            happenings.iter().for_each(|happening| day.happens(happening));
            day.inputs
        })
}

/// What two engines are told so that they know the same of all markets, one of them after an interruption: one candle and
/// a quote of each, and that the time has come to look at every account.
pub fn resync(at: TimestampMs) -> Vec<Input> {
    let mut inputs = Vec::new();
    let instruments = config().instruments;
    for instrument in &instruments {
        let price = Price::new(instrument.tick_size.get() * Decimal::from(10_000));
        let candle = tickwire_protocol::market::Candle {
            time: TimestampMs(at.0 / 60_000 * 60_000),
            open: price,
            high: price,
            low: price,
            close: price,
            volume: Quantity::ZERO,
        };
        let (symbol, candles) = (instrument.symbol, vec![candle]);
        inputs.push(Input::Market(MarketInput::History { symbol, candles }));
    }
    inputs.push(Input::Market(MarketInput::Link {
        state: LinkState::Live,
        at,
    }));
    for instrument in &instruments {
        let price = |ticks: i64| Price::new(instrument.tick_size.get() * Decimal::from(ticks));
        let tick = Tick {
            symbol: instrument.symbol,
            quote: Quote {
                bid: price(10_000),
                ask: price(10_001),
            },
            trade: None,
            exchange_time: at,
            received_at: at,
        };
        inputs.push(Input::Market(MarketInput::Ticks(vec![tick])));
    }
    inputs.push(Input::Timer(at));
    inputs
}

struct Day {
    instruments: Vec<Instrument>,
    /// Bid and spread of each market, in ticks.
    quotes: Vec<(i32, i32)>,
    now: TimestampMs,
    inputs: Vec<Input>,
}

impl Day {
    fn new() -> Day {
        let now = TimestampMs(1_765_357_200_000);
        Day {
            instruments: listed(),
            quotes: vec![(10_000, 1); MARKETS],
            now,
            inputs: vec![Input::Market(MarketInput::Link {
                state: LinkState::Live,
                at: now,
            })],
        }
    }

    fn symbol(&self, market: usize) -> Symbol {
        self.instruments[market].symbol
    }

    fn price(&self, market: usize, ticks: i32) -> Price {
        Price::new(self.instruments[market].tick_size.get() * Decimal::from(ticks))
    }

    fn quantity(&self, market: usize, steps: u32) -> Quantity {
        Quantity::new(self.instruments[market].step_size.get() * Decimal::from(steps))
    }

    /// Perpetuals are bought for many times what the account has.
    fn size(&self, market: usize, wish: &Wish) -> Quantity {
        let is_perpetual = self.instruments[market].perpetual.is_some();
        self.quantity(market, if is_perpetual { 3 * wish.steps } else { wish.steps })
    }

    fn request(&mut self, account: usize, action: Action) {
        let (account, at) = (ACCOUNTS[account], self.now);
        self.inputs.push(Input::Request(Request { account, at, action }));
    }

    fn instruct(&mut self, account: usize, instruction: Instruction) {
        self.request(account, Action::Instruct(instruction));
    }

    fn tick(&mut self, market: usize, traded: Option<u32>) {
        let (bid, spread) = self.quotes[market];
        let quote = Quote {
            bid: self.price(market, bid),
            ask: self.price(market, bid + spread),
        };
        let trade = traded.map(|steps| Trade {
            // Off the quote by some ticks, so that trades go through limits that no quote crosses.
            price: self.price(market, bid + i32::try_from(steps % 61).unwrap() - 30),
            quantity: self.quantity(market, steps),
            taker_side: Side::Buy,
        });
        let symbol = self.symbol(market);
        let (exchange_time, received_at) = (self.now, self.now);
        let tick = Tick {
            symbol,
            quote,
            trade,
            exchange_time,
            received_at,
        };
        self.inputs.push(Input::Market(MarketInput::Ticks(vec![tick])));
    }

    fn happens(&mut self, happening: &Happening) {
        self.now = self.now + 400;
        match happening.clone() {
            Happening::Move {
                market,
                by,
                spread,
                traded,
            } => {
                let bid = (self.quotes[market].0 + by).clamp(5_000, 20_000);
                self.quotes[market] = (bid, i32::try_from(spread).unwrap());
                self.tick(market, traded);
            }
            Happening::Book { market, levels } => self.book(market, &levels),
            Happening::Order {
                account,
                market,
                wish,
            } => {
                let order = self.order(market, &wish);
                self.instruct(account, Instruction::PlaceOrder(order));
            }
            Happening::Oco {
                account,
                market,
                wish,
            } => {
                let pair = self.pair(market, &wish);
                self.instruct(account, Instruction::PlaceOco(pair));
            }
            Happening::Amend {
                account,
                order,
                what,
                by,
                market,
            } => {
                let amend = self.amend(market, order, what, by);
                self.instruct(account, Instruction::AmendOrder(amend));
            }
            Happening::Cancel { account, order } => {
                let order_id = Some(OrderId(order));
                let client_order_id = None;
                self.instruct(
                    account,
                    Instruction::CancelOrder(OrderRef {
                        order_id,
                        client_order_id,
                    }),
                );
            }
            Happening::CancelAll { account, market } => {
                let symbol = market.map(|market| self.symbol(market));
                self.instruct(account, Instruction::CancelAllOrders(CancelAllOrders { symbol }));
            }
            Happening::Close {
                account,
                market,
                percent,
            } => {
                let close = ClosePosition {
                    client_order_id: None,
                    symbol: self.symbol(market),
                    percent: percent.map(|percent| Ratio::new(Decimal::from(percent))),
                };
                self.instruct(account, Instruction::ClosePosition(close));
            }
            Happening::Reverse { account, market } => {
                let symbol = self.symbol(market);
                let reverse = ReversePosition {
                    client_order_id: None,
                    symbol,
                };
                self.instruct(account, Instruction::ReversePosition(reverse));
            }
            Happening::Flatten { account, name } => {
                let client_order_id = name.map(named);
                self.instruct(account, Instruction::FlattenAll(FlattenAll { client_order_id }));
            }
            Happening::Deed { account, instruction } => self.instruct(account, *instruction),
            Happening::Gap { percent } => {
                for market in 0..MARKETS {
                    let bid = self.quotes[market].0 * (100 + percent) / 100;
                    self.quotes[market].0 = bid.clamp(5_000, 20_000);
                    self.tick(market, Some(90));
                }
            }
            Happening::FundingTime => {
                self.now = self.now.floor_to(28_800_000) + 28_800_000 - 300;
                (0..MARKETS).for_each(|market| self.tick(market, None));
            }
            Happening::Interruption => {
                for state in [LinkState::Reconnecting, LinkState::Live] {
                    let at = self.now;
                    self.inputs.push(Input::Market(MarketInput::Link { state, at }));
                }
            }
            Happening::Wait { ms } => {
                self.now = self.now + ms;
                self.inputs.push(Input::Timer(self.now));
                (0..MARKETS).for_each(|market| self.tick(market, None));
            }
        }
    }

    /// `ticks` away from the market: above for positive ones of a rising order, below otherwise.
    fn away(&self, market: usize, ticks: i32) -> Price {
        self.price(market, self.quotes[market].0 + ticks)
    }

    fn exit(&self, market: usize, kind: u8, ticks: i32, is_profit: bool) -> Option<Exit> {
        let exit = Exit::default();
        let price = Some(self.away(market, ticks));
        match (kind, is_profit) {
            (0 | 1, true) => Some(Exit { price, ..exit }),
            (2 | 3, _) => Some(Exit {
                trigger_price: price,
                ..exit
            }),
            (4, _) => Some(Exit {
                trigger_price: price,
                price,
                ..exit
            }),
            (0, false) => Some(Exit {
                trail_distance: Some(self.price(market, ticks.abs().max(1))),
                ..exit
            }),
            (1, false) => Some(Exit {
                trail_percent: Some("0.25".parse().unwrap()),
                ..exit
            }),
            _ => None,
        }
    }

    fn order(&self, market: usize, wish: &Wish) -> PlaceOrder {
        let up = if wish.side == Side::Buy { 1 } else { -1 };
        let kind = wish.kind;
        let is_stop = matches!(kind, OrderType::StopMarket | OrderType::StopLimit);
        let trigger = if is_stop { up * wish.near } else { -up * wish.near };
        let limit = if kind == OrderType::Limit {
            -up * wish.near
        } else {
            trigger - up * (wish.far - 30)
        };
        let is_trailing = kind == OrderType::TrailingStop;
        let by_percent = wish.far % 3 == 0;
        let (time_in_force, expires_at) = match wish.time {
            0 if kind.has_price() => (TimeInForce::Ioc, None),
            1 if kind.has_price() => (TimeInForce::Fok, None),
            2 if kind != OrderType::Market => (TimeInForce::Gtd, Some(self.now + 3_000)),
            _ => (TimeInForce::Gtc, None),
        };
        let entry = if kind.has_price() {
            limit
        } else if kind.has_trigger() {
            trigger
        } else {
            0
        };
        let reach = entry + up * (wish.far + 2);
        let guard = entry - up * (wish.far + 2);
        PlaceOrder {
            client_order_id: wish.name.map(named),
            order_type: kind,
            price: kind.has_price().then(|| self.away(market, limit)),
            trigger_price: kind.has_trigger().then(|| self.away(market, trigger)),
            trail_distance: (is_trailing && !by_percent).then(|| self.price(market, wish.far)),
            trail_percent: (is_trailing && by_percent).then(|| "0.33".parse().unwrap()),
            activation_price: (is_trailing && wish.near % 4 == 0)
                .then(|| self.away(market, -up * (wish.near + 3))),
            time_in_force,
            expires_at,
            post_only: wish.post && kind.has_price() && wish.time > 1,
            reduce_only: wish.reduce,
            take_profit: self
                .exit(market, wish.exits.0, reach, true)
                .filter(|_| !wish.reduce),
            stop_loss: self
                .exit(market, wish.exits.1, guard, false)
                .filter(|_| !wish.reduce),
            ..PlaceOrder::market(self.symbol(market), wish.side, self.size(market, wish))
        }
    }

    fn pair(&self, market: usize, wish: &Wish) -> PlaceOco {
        let up = if wish.side == Side::Buy { 1 } else { -1 };
        let is_dated = wish.time == 2;
        PlaceOco {
            client_order_id: wish.name.map(named),
            symbol: self.symbol(market),
            side: wish.side,
            quantity: self.size(market, wish),
            take_profit: self
                .exit(market, wish.exits.0 % 5, -up * wish.far.max(8), true)
                .unwrap_or_default(),
            stop_loss: self
                .exit(market, wish.exits.1 % 5, up * wish.near, false)
                .unwrap_or_default(),
            reduce_only: wish.reduce,
            time_in_force: if is_dated {
                TimeInForce::Gtd
            } else {
                TimeInForce::Gtc
            },
            expires_at: is_dated.then(|| self.now + 3_000),
        }
    }

    fn amend(&self, market: usize, order: u64, what: u8, by: i32) -> AmendOrder {
        let mut amend = AmendOrder {
            order_id: Some(OrderId(order)),
            ..AmendOrder::default()
        };
        let price = Some(self.away(market, by));
        match what {
            0 | 1 => amend.price = price,
            2 => amend.trigger_price = price,
            3 => amend.quantity = Some(self.quantity(market, by.unsigned_abs() * 10)),
            4 => amend.trail_distance = Some(self.price(market, by.abs().max(1))),
            5 => amend.stop_loss = self.exit(market, 2, by, false),
            _ => (amend.price, amend.quantity) = (price, Some(self.quantity(market, 50))),
        }
        amend
    }

    /// A book in step with the quote.
    fn book(&mut self, market: usize, levels: &[(u32, u32)]) {
        let (bid, spread) = self.quotes[market];
        let mut distance = 0;
        let (mut bids, mut asks) = (Vec::new(), Vec::new());
        for &(gap, steps) in levels {
            bids.push((self.price(market, bid - distance), self.quantity(market, steps)));
            asks.push((
                self.price(market, bid + spread + distance),
                self.quantity(market, steps),
            ));
            distance += i32::try_from(gap).unwrap();
        }
        let (symbol, exchange_time) = (self.symbol(market), self.now);
        let depth = Depth {
            symbol,
            snapshot: true,
            bids,
            asks,
            exchange_time,
        };
        self.inputs.push(Input::Market(MarketInput::Depth(depth)));
    }
}

/// An id that an owner gives.
pub fn named(name: u8) -> ClientOrderId {
    ClientOrderId::new(&format!("my-{name}")).unwrap()
}
