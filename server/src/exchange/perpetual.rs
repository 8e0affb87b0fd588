//! Linear perpetuals beside the first two spot instruments of an embedded market (Bitcoin and Ether of the recordings).
//!
//! No recording of a perpetual is shipped: prices are *derived* from the spot market's, so that both legs of a
//! cash-and-carry position are there and stay together as they do on a venue. A perpetual price is the spot price and a
//! premium of 1 to 5 hundredths of a percent, which follows a fixed, smooth table over the UTC day ([`premium_at`]) and
//! changes at whole minutes, so that a candle of derived ticks is the derived candle. Volumes are those of the spot
//! market, unchanged.
//!
//! Rounding to the perpetual's own tick size keeps a book a book: bids are rounded down, asks up, trades to the nearest,
//! which is never outside of both.

use std::collections::BTreeMap;
use std::ops::Bound;

use rust_decimal::{Decimal, RoundingStrategy};
use tickwire_engine::input::{Depth, MarketInput};
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::id::Symbol;
use tickwire_protocol::market::{Candle, Instrument, Perpetual, Quote, Tick, Trade};
use tickwire_protocol::money::{Price, Quantity, Ratio};

use crate::exchange::drive::{Batch, Market};
use crate::exchange::grid::MINUTE_MS;

/// What is added to the symbol of the spot instrument.
const SUFFIX: &str = "-PERP";

const HOUR_MINUTES: i64 = 60;
const HOURS: usize = 24;

/// The premium at each full hour of the UTC day, in hundredths of a basis point (millionths of the price); in between it
/// moves on a straight line. A wave with one high and one low a day, as funding pulls premiums back.
const PREMIUMS: [i64; HOURS] = [
    300, 340, 385, 425, 460, 485, 498, 495, 478, 450, 412, 368, 322, 276, 232, 192, 158, 130, 112, 104, 112,
    140, 190, 246,
];

/// Eight hours, as on Binance and Bybit.
const FUNDING_INTERVAL_MS: i64 = 8 * HOUR_MINUTES * MINUTE_MS;

/// What sets the perpetuals of an embedded market apart from each other, in the order of their spot instruments.
const TERMS: [Terms; 2] = [
    Terms {
        max_leverage: 50,
        maintenance_margin_bps: 50,
    },
    Terms {
        max_leverage: 25,
        maintenance_margin_bps: 100,
    },
];

/// Tick and step of perpetuals whose venues refine or coarsen those of spot: those of Binance USD-M futures.
const GRIDS: [(&str, u32, u32); 2] = [("BTCUSDT", 1, 3), ("ETHUSDT", 2, 3)];

struct Terms {
    max_leverage: u32,
    maintenance_margin_bps: i64,
}

/// The premium at a time, in millionths of the spot price: the same for the whole of a minute.
pub(super) fn premium_at(at: TimestampMs) -> i64 {
    let minute = at.0.div_euclid(MINUTE_MS);
    let hour = minute.div_euclid(HOUR_MINUTES);
    let into = minute.rem_euclid(HOUR_MINUTES);
    let at_hour = |hour: i64| PREMIUMS[usize::try_from(hour.rem_euclid(24)).unwrap_or_default()];
    (at_hour(hour) * (HOUR_MINUTES - into) + at_hour(hour + 1) * into) / HOUR_MINUTES
}

/// A market and the perpetuals of its first instruments.
pub(super) struct WithPerpetuals<M> {
    spot: M,
    perpetuals: Vec<Lane>,
}

impl<M: Market> WithPerpetuals<M> {
    /// Adds perpetuals to `spot`, after all of its instruments.
    pub fn new(spot: M) -> WithPerpetuals<M> {
        let lanes = spot.instruments().into_iter().zip(TERMS);
        WithPerpetuals {
            perpetuals: lanes
                .filter_map(|(spot, terms)| Lane::of(&spot, &terms))
                .collect(),
            spot,
        }
    }

    fn lane_of(&mut self, spot: Symbol) -> Option<&mut Lane> {
        self.perpetuals.iter_mut().find(|lane| lane.spot == spot)
    }
}

impl<M: Market> Market for WithPerpetuals<M> {
    fn name(&self) -> &'static str {
        self.spot.name()
    }

    fn instruments(&self) -> Vec<Instrument> {
        let perpetuals = self.perpetuals.iter().map(|lane| lane.instrument.clone());
        self.spot.instruments().into_iter().chain(perpetuals).collect()
    }

    fn take_up(&mut self, now: TimestampMs) {
        self.spot.take_up(now);
        let mut opening = Batch::default();
        self.spot.opening(now, &mut opening);
        for lane in &mut self.perpetuals {
            lane.book = Ladders::default();
        }
        for input in opening.take() {
            if let MarketInput::Depth(depth) = input
                && let Some(lane) = self.lane_of(depth.symbol)
            {
                lane.depth(&depth);
            }
        }
    }

    fn history(&self, index: usize) -> MarketInput {
        let spots = self.spot.instruments();
        let Some(lane) = index
            .checked_sub(spots.len())
            .map(|index| &self.perpetuals[index])
        else {
            return self.spot.history(index);
        };
        let place = spots.iter().position(|spot| spot.symbol == lane.spot);
        match self.spot.history(place.unwrap_or_default()) {
            MarketInput::History { candles, .. } => MarketInput::History {
                symbol: lane.instrument.symbol,
                candles: candles.iter().map(|candle| lane.candle(candle)).collect(),
            },
            other => other,
        }
    }

    fn opening(&self, now: TimestampMs, batch: &mut Batch) {
        let mut spot = Batch::default();
        self.spot.opening(now, &mut spot);
        for input in spot.take() {
            match input {
                MarketInput::Ticks(ticks) => {
                    for tick in ticks {
                        batch.tick(tick);
                        if let Some(lane) = self.perpetuals.iter().find(|lane| lane.spot == tick.symbol) {
                            batch.tick(lane.tick(&tick));
                        }
                    }
                }
                MarketInput::Depth(depth) => {
                    let lane = self.perpetuals.iter().find(|lane| lane.spot == depth.symbol);
                    let derived = lane.map(|lane| lane.book.whole(lane, depth.exchange_time));
                    batch.depth(depth);
                    derived.into_iter().for_each(|depth| batch.depth(depth));
                }
                MarketInput::Link { .. } | MarketInput::History { .. } => {}
            }
        }
    }

    fn next_due(&self) -> TimestampMs {
        self.spot.next_due()
    }

    fn advance(&mut self, now: TimestampMs, batch: &mut Batch) {
        // Each input of the spot market may become two.
        let mut spot = Batch::half();
        self.spot.advance(now, &mut spot);
        let is_full = spot.is_full();
        for input in spot.take() {
            match input {
                MarketInput::Ticks(ticks) => {
                    for tick in ticks {
                        batch.tick(tick);
                        if let Some(lane) = self.lane_of(tick.symbol) {
                            batch.tick(lane.tick(&tick));
                        }
                    }
                }
                MarketInput::Depth(depth) => {
                    let derived = self.lane_of(depth.symbol).map(|lane| lane.depth(&depth));
                    batch.depth(depth);
                    derived.into_iter().for_each(|depth| batch.depth(depth));
                }
                MarketInput::Link { .. } | MarketInput::History { .. } => {}
            }
        }
        if is_full {
            batch.close();
        }
    }

    fn round_ms(&self) -> i64 {
        self.spot.round_ms()
    }
}

/// One perpetual.
struct Lane {
    spot: Symbol,
    instrument: Instrument,
    /// Decimal places of its prices.
    places: u32,
    book: Ladders,
}

/// Which way a derived price is rounded to the tick size.
#[derive(Clone, Copy)]
enum Rounded {
    Down,
    Up,
    Nearest,
}

impl Lane {
    /// Nothing where the spot instrument's name leaves no room for the suffix.
    fn of(spot: &Instrument, terms: &Terms) -> Option<Lane> {
        let symbol = Symbol::new(&format!("{}{SUFFIX}", spot.symbol)).ok()?;
        let grid = GRIDS.iter().find(|(name, ..)| *name == spot.symbol.as_str());
        let (places, quantity_places) = match grid {
            Some((_, places, quantity_places)) => (*places, *quantity_places),
            None => (spot.price_scale(), spot.quantity_scale()),
        };
        let step = Quantity::new(Decimal::new(1, quantity_places));
        let rate = |number, scale| Ratio::new(Decimal::new(number, scale));
        let instrument = Instrument {
            symbol,
            tick_size: Price::new(Decimal::new(1, places)),
            step_size: step,
            min_quantity: step,
            // 0.055 % and 0.02 %: Bybit's perpetuals, and Binance's within a hundredth of a percent.
            taker_fee_rate: rate(55, 5),
            maker_fee_rate: rate(2, 4),
            perpetual: Some(Perpetual {
                spot: spot.symbol,
                max_leverage: terms.max_leverage,
                default_leverage: 5,
                maintenance_margin_rate: rate(terms.maintenance_margin_bps, 4).normalized(),
                funding_interval_ms: FUNDING_INTERVAL_MS,
                funding_rate: rate(1, 4),
            }),
            ..spot.clone()
        };
        Some(Lane {
            spot: spot.symbol,
            instrument,
            places,
            book: Ladders::default(),
        })
    }

    fn price(&self, spot: Price, premium: i64, rounded: Rounded) -> Price {
        let strategy = match rounded {
            Rounded::Down => RoundingStrategy::ToNegativeInfinity,
            Rounded::Up => RoundingStrategy::ToPositiveInfinity,
            Rounded::Nearest => RoundingStrategy::MidpointAwayFromZero,
        };
        let exact = spot.get() * Decimal::new(1_000_000 + premium, 6);
        Price::new(exact.round_dp_with_strategy(self.places, strategy))
    }

    fn tick(&self, tick: &Tick) -> Tick {
        let premium = premium_at(tick.exchange_time);
        Tick {
            symbol: self.instrument.symbol,
            quote: Quote {
                bid: self.price(tick.quote.bid, premium, Rounded::Down),
                ask: self.price(tick.quote.ask, premium, Rounded::Up),
            },
            trade: tick.trade.map(|trade| Trade {
                price: self.price(trade.price, premium, Rounded::Nearest),
                ..trade
            }),
            ..*tick
        }
    }

    fn candle(&self, candle: &Candle) -> Candle {
        let premium = premium_at(candle.time);
        let price = |spot| self.price(spot, premium, Rounded::Nearest);
        Candle {
            open: price(candle.open),
            high: price(candle.high),
            low: price(candle.low),
            close: price(candle.close),
            ..*candle
        }
    }

    /// What a change of the spot book changes in this one.
    fn depth(&mut self, depth: &Depth) -> Depth {
        let mut book = std::mem::take(&mut self.book);
        let derived = book.change(self, depth);
        self.book = book;
        derived
    }
}

/// The spot book that a perpetual's is derived from. Several of its levels may become one.
#[derive(Default)]
struct Ladders {
    bids: BTreeMap<Price, Quantity>,
    asks: BTreeMap<Price, Quantity>,
    /// The premium that the book was last told with.
    premium: Option<i64>,
}

type Level = (Price, Quantity);

impl Ladders {
    /// Takes in a change and derives it. With another premium every level is another one, so all of them are told.
    fn change(&mut self, lane: &Lane, depth: &Depth) -> Depth {
        if depth.snapshot {
            self.bids.clear();
            self.asks.clear();
        }
        for (ladder, levels) in [(&mut self.bids, &depth.bids), (&mut self.asks, &depth.asks)] {
            for (price, quantity) in levels {
                if quantity.is_zero() {
                    ladder.remove(price);
                } else {
                    ladder.insert(*price, *quantity);
                }
            }
        }
        let premium = premium_at(depth.exchange_time);
        let known = self.premium.replace(premium);
        if depth.snapshot || known != Some(premium) {
            return self.whole(lane, depth.exchange_time);
        }
        let changed = |ladder: &BTreeMap<Price, Quantity>, levels: &[Level], rounded| -> Vec<Level> {
            let derive = |spot: Price| lane.price(spot, premium, rounded);
            let sums = levels.iter().map(|(price, _)| sum_at(ladder, *price, derive));
            sums.collect::<BTreeMap<Price, Quantity>>().into_iter().collect()
        };
        Depth {
            symbol: lane.instrument.symbol,
            snapshot: false,
            bids: changed(&self.bids, &depth.bids, Rounded::Down),
            asks: changed(&self.asks, &depth.asks, Rounded::Up),
            exchange_time: depth.exchange_time,
        }
    }

    /// All of the book.
    fn whole(&self, lane: &Lane, at: TimestampMs) -> Depth {
        let premium = premium_at(at);
        let all = |ladder: &BTreeMap<Price, Quantity>, rounded| -> Vec<Level> {
            let mut levels: BTreeMap<Price, Quantity> = BTreeMap::new();
            for (price, quantity) in ladder {
                *levels.entry(lane.price(*price, premium, rounded)).or_default() += *quantity;
            }
            levels.into_iter().collect()
        };
        Depth {
            symbol: lane.instrument.symbol,
            snapshot: true,
            bids: all(&self.bids, Rounded::Down),
            asks: all(&self.asks, Rounded::Up),
            exchange_time: at,
        }
    }
}

/// The derived level that the spot price `at` belongs to: the sum of its neighbours that belong there too. Deriving keeps
/// the order of prices, so they lie side by side.
fn sum_at(ladder: &BTreeMap<Price, Quantity>, at: Price, derive: impl Fn(Price) -> Price) -> Level {
    let level = derive(at);
    let here = |(price, _): &(&Price, &Quantity)| derive(**price) == level;
    let below = ladder.range(..=at).rev().take_while(here);
    let above = ladder
        .range((Bound::Excluded(at), Bound::Unbounded))
        .take_while(here);
    let quantity = below.chain(above).map(|(_, quantity)| *quantity).sum();
    (level, quantity)
}

#[cfg(test)]
mod tests;
