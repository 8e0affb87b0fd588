//! A synthetic market of any size: 1 to 1,000 symbols and up to 100,000 ticks per second, for demonstrations and load.
//!
//! The same seed gives the same symbols, history and sequence of ticks, in every later version too (a test holds it). Only
//! the times come from the clock. Unlike a replay it has no anchor: each start begins at the seed's own prices.

mod walk;

use tickwire_engine::input::MarketInput;
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::market::{Instrument, Tick};

use self::walk::Walk;
use crate::exchange::config::SimConfig;
use crate::exchange::drive::{Batch, Market};
use crate::exchange::random::Random;

/// A little more than a day: the figures of 24 hours are whole.
const HISTORY_MINUTES: i64 = 1_500;

/// The synthetic market.
pub(super) struct SimMarket {
    walks: Vec<Walk>,
    random: Random,
    ticks_per_second: i64,
    taken_up: TimestampMs,
    /// Ticks since it was taken up.
    played: i64,
}

impl SimMarket {
    /// The market of the seed; `config` has been checked.
    pub fn open(config: &SimConfig, now: TimestampMs) -> SimMarket {
        let ticks_per_second = i64::from(config.ticks_per_second);
        let ticks_per_minute = ticks_per_second * 60 / i64::from(config.symbols);
        let walk = |number| Walk::new(config.seed, number, ticks_per_minute);
        SimMarket {
            walks: (1..=config.symbols).map(walk).collect(),
            random: Random::of("sim", config.seed.cast_signed()),
            ticks_per_second,
            taken_up: now,
            played: 0,
        }
    }

    /// When the tick after `played` others comes: rounded up, so that never more have come than the rate allows.
    fn time_of(&self, played: i64) -> TimestampMs {
        self.taken_up + -(-(played + 1) * 1_000).div_euclid(self.ticks_per_second)
    }
}

impl Market for SimMarket {
    fn name(&self) -> &'static str {
        "sim"
    }

    fn instruments(&self) -> Vec<Instrument> {
        self.walks.iter().map(Walk::instrument).collect()
    }

    fn take_up(&mut self, now: TimestampMs) {
        self.taken_up = now;
        self.played = 0;
    }

    fn history(&self, index: usize) -> MarketInput {
        let walk = &self.walks[index];
        MarketInput::History {
            symbol: walk.symbol(),
            candles: walk.history(self.taken_up, HISTORY_MINUTES),
        }
    }

    fn opening(&self, now: TimestampMs, batch: &mut Batch) {
        for walk in &self.walks {
            let (symbol, quote) = (walk.symbol(), walk.quote());
            batch.tick(Tick {
                symbol,
                quote,
                trade: None,
                exchange_time: now,
                received_at: now,
            });
        }
    }

    fn next_due(&self) -> TimestampMs {
        self.time_of(self.played)
    }

    fn advance(&mut self, now: TimestampMs, batch: &mut Batch) {
        let symbols = u64::try_from(self.walks.len()).unwrap_or(u64::MAX);
        while !batch.is_full() {
            let at = self.time_of(self.played);
            if at > now {
                break;
            }
            let index = usize::try_from(self.random.below(symbols)).unwrap_or_default();
            batch.tick(self.walks[index].step(&mut self.random, at, now));
            self.played += 1;
        }
    }
}

#[cfg(test)]
mod tests;
