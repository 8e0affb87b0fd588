//! One synthetic symbol: a random walk on the tick grid, in integers.
//!
//! A step is drawn in proportion to the price (so it is geometric) and scaled such that a minute moves about 0.1 %
//! whatever the rate of ticks. A weak pull home and hard bounds at a quarter and at four times of it keep it there for ever.

use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::id::Symbol;
use tickwire_protocol::market::{Candle, Instrument, Quote, Tick, Trade};

use crate::exchange::grid::{Bar, Grid, MINUTE_MS};
use crate::exchange::random::Random;
use crate::exchange::spread::Spread;

/// Positions are kept in fractions of a tick, or slow symbols would never move.
const FRACTION_BITS: u32 = 16;

/// The largest step of a minute in millionths of the price: uniform steps up to √3 × 0.1 % deviate by 0.1 %.
const MINUTE_STEP_MILLIONTHS: i64 = 1_732;

/// Minutes in which the pull takes a price most of the way home, were there nothing else.
const HOME_MINUTES: i64 = 600;

/// One tick of four changes the quote only, where that comes out different; the others are trades.
const QUOTE_ONLY_ONE_IN: u64 = 4;

/// The largest order, in units of the base.
const QUANTITY_MAX: i64 = 1_000_000;

/// One symbol.
pub(super) struct Walk {
    symbol: Symbol,
    grid: Grid,
    seed: u64,
    home: i64,
    position: i64,
    ticks_per_minute: i64,
    step_divisor: i64,
    spread: Spread,
}

impl Walk {
    /// The symbol with this number, from 1, of the market of `seed`.
    pub fn new(seed: u64, number: u32, ticks_per_minute: i64) -> Walk {
        let name = format!("SIM{number:03}USDT");
        let symbol = Symbol::new(&name).expect("SIM, a number and USDT are capital letters and digits");
        let mut random = Random::of(&name, seed.cast_signed());
        let scales = [(2, 5), (2, 4), (3, 3), (4, 2), (5, 1)];
        let (price_scale, quantity_scale) = scales[usize::try_from(random.below(5)).unwrap_or_default()];
        let home_ticks = random.between(10_000, 2_000_000);
        let ticks_per_minute = ticks_per_minute.max(1);
        Walk {
            symbol,
            grid: Grid {
                price_scale,
                quantity_scale,
            },
            seed,
            home: home_ticks << FRACTION_BITS,
            position: home_ticks << FRACTION_BITS,
            ticks_per_minute,
            step_divisor: ticks_per_minute.isqrt().max(1),
            spread: Spread::new(home_ticks, &mut random),
        }
    }

    /// Its name.
    pub fn symbol(&self) -> Symbol {
        self.symbol
    }

    /// Its rules.
    pub fn instrument(&self) -> Instrument {
        self.grid.instrument(self.symbol, QUANTITY_MAX)
    }

    /// Its best prices.
    pub fn quote(&self) -> Quote {
        self.grid.quote(self.spread.quote())
    }

    /// The next tick.
    pub fn step(&mut self, random: &mut Random, at: TimestampMs, received_at: TimestampMs) -> Tick {
        let quote_only = random.one_in(QUOTE_ONLY_ONE_IN);
        let (quote, trade) = match quote_only.then(|| self.spread.requote(random)).flatten() {
            Some(quote) => (quote, None),
            None => {
                self.position = self.moved(self.position, self.step_divisor, self.ticks_per_minute, random);
                let price = self.position >> FRACTION_BITS;
                let (quote, taker_side) = self.spread.trade(price, random);
                let lots = random.between(1, self.lots_root()) * random.between(1, self.lots_root());
                let quantity = self.grid.quantity(lots);
                (
                    quote,
                    Some(Trade {
                        price: self.grid.price(price),
                        quantity,
                        taker_side,
                    }),
                )
            }
        };
        Tick {
            symbol: self.symbol,
            quote: self.grid.quote(quote),
            trade,
            exchange_time: at,
            received_at,
        }
    }

    /// The candles of the `minutes` before the one that holds `until`, made up backwards from where the price is now, so
    /// that the walk goes on from the last of them.
    pub fn history(&self, until: TimestampMs, minutes: i64) -> Vec<Candle> {
        let mut random = Random::of(self.symbol.as_str(), !self.seed.cast_signed());
        let this_minute = until.floor_to(MINUTE_MS);
        let mut position = self.position;
        let mut candles = Vec::with_capacity(usize::try_from(minutes).unwrap_or_default());
        for age in 1..=minutes {
            let close = position >> FRACTION_BITS;
            position = self.moved(position, 1, 1, &mut random);
            let open = position >> FRACTION_BITS;
            let wick = close * MINUTE_STEP_MILLIONTHS / 2_000_000;
            let high = open.max(close) + random.between(0, wick);
            let low = open.min(close) - random.between(0, wick);
            // As many trades as there will be, of their mean quantity, half or half as much again.
            let usual = self.ticks_per_minute * self.lots_root() * self.lots_root() / 4;
            let volume = 1 + random.between(usual / 2, usual * 3 / 2);
            let bar = Bar {
                open,
                high,
                low,
                close,
                volume,
            };
            candles.push(bar.candle(self.grid, this_minute - age * MINUTE_MS));
        }
        candles.reverse();
        candles
    }

    /// Where a step leads: `step_divisor` of them squared, or `steps_per_minute`, make a minute's.
    fn moved(&self, position: i64, step_divisor: i64, steps_per_minute: i64, random: &mut Random) -> i64 {
        let reach = position / 1_000_000 * MINUTE_STEP_MILLIONTHS / step_divisor;
        let pull = (self.home - position) / (steps_per_minute * HOME_MINUTES);
        (position + random.between(-reach, reach) + pull).clamp(self.home / 4, self.home * 4)
    }

    /// A quantity is the product of two draws up to this, in steps: worth some thousand on average, often far less.
    fn lots_root(&self) -> i64 {
        64 * i64::from(self.grid.quantity_scale)
    }
}
