//! Six symbols from one-minute candles: minutes exactly as recorded, ticks made up to fit them.
//!
//! ```text
//! recording (CSV -> ticks and steps) -> timeline (minute -> candle, for all integers)
//!                                         -> path (candle -> ticks of its minute) -> CandleMarket (what is due)
//! ```
//!
//! Everything is a function of the anchor and the minute, so a start in the middle of a minute, or years later, finds the
//! market where it would be had it never been left.

mod path;
mod recording;
mod timeline;

use tickwire_engine::input::MarketInput;
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::market::{Candle, Instrument, Tick, Trade};

use self::path::{Activity, PathTick, path};
use self::recording::{Recording, SOURCES};
use self::timeline::Timeline;
use crate::exchange::FeedError;
use crate::exchange::config::Speed;
use crate::exchange::drive::{Batch, Market};
use crate::exchange::grid::{Bar, QuoteTicks};
use crate::exchange::random::Random;
use crate::exchange::replay::clock::MarketClock;

/// Two days: the figures of 24 hours, and 48 candles of the longest interval.
const HISTORY_MINUTES: i64 = 2_880;

/// Ticks per second of the wall clock that a fast replay aims to stay below; candles then have fewer trades each.
const TICKS_PER_SECOND_MAX: i64 = 20_000;

/// Between rounds of a fast replay: nobody sees 5 ms, and batches of many ticks cost less than many batches.
const FAST_ROUND_MS: i64 = 5;

/// The market of the recorded candles.
pub(in crate::exchange) struct CandleMarket {
    clock: MarketClock,
    speed: Speed,
    activity: Activity,
    lanes: Vec<Lane>,
}

impl CandleMarket {
    /// Reads all recordings and lays them out around `anchor`; market time is the server's at `now`.
    pub fn open(speed: Speed, now: TimestampMs, anchor: TimestampMs) -> Result<CandleMarket, FeedError> {
        let clock = MarketClock::new(now, speed);
        let activity = activity_at(speed);
        let market_now = clock.market_time(now);
        let lane = |source| {
            Ok(Lane::at(
                Timeline::new(Recording::read(source)?, anchor),
                market_now,
                activity,
            ))
        };
        let lanes = SOURCES
            .iter()
            .map(lane)
            .collect::<Result<Vec<Lane>, FeedError>>()?;
        Ok(CandleMarket {
            clock,
            speed,
            activity,
            lanes,
        })
    }

    /// The lane whose next tick comes first; of several at one moment, the first listed.
    fn next_lane(&mut self) -> Option<&mut Lane> {
        self.lanes.iter_mut().min_by_key(|lane| lane.next_at())
    }
}

fn activity_at(speed: Speed) -> Activity {
    let symbols = i64::try_from(SOURCES.len()).expect("six symbols");
    let ticks_per_minute = TICKS_PER_SECOND_MAX * 60 * 1_000 / speed.thousandths() / symbols;
    Activity::at_most(ticks_per_minute * 3 / 4)
}

impl Market for CandleMarket {
    fn name(&self) -> &'static str {
        "replay"
    }

    fn instruments(&self) -> Vec<Instrument> {
        self.lanes
            .iter()
            .map(|lane| lane.timeline.recording().instrument())
            .collect()
    }

    fn take_up(&mut self, now: TimestampMs) {
        let market_now = self.clock.market_time(now);
        for lane in &mut self.lanes {
            lane.seek(market_now, self.activity);
        }
    }

    fn history(&self, index: usize) -> MarketInput {
        let lane = &self.lanes[index];
        MarketInput::History {
            symbol: lane.timeline.recording().symbol,
            candles: lane.history(),
        }
    }

    fn opening(&self, now: TimestampMs, batch: &mut Batch) {
        let market_now = self.clock.market_time(now);
        for lane in &self.lanes {
            batch.tick(lane.tick(None, lane.quote, market_now, now));
        }
    }

    fn next_due(&self) -> TimestampMs {
        let next = self.lanes.iter().map(Lane::next_at).min();
        self.clock.server_time(next.unwrap_or(TimestampMs(i64::MAX)))
    }

    fn advance(&mut self, now: TimestampMs, batch: &mut Batch) {
        let market_now = self.clock.market_time(now);
        let activity = self.activity;
        while !batch.is_full() {
            let Some(lane) = self.next_lane().filter(|lane| lane.next_at() <= market_now) else {
                break;
            };
            let at = lane.next_at();
            let next = lane.take(activity);
            batch.tick(lane.tick(next.trade, next.quote, at, now));
        }
    }

    fn round_ms(&self) -> i64 {
        if self.speed == Speed::REAL_TIME {
            1
        } else {
            FAST_ROUND_MS
        }
    }
}

/// One symbol and how far it has been played.
struct Lane {
    timeline: Timeline,
    minute: i64,
    /// The path of the minute; never empty.
    path: Vec<PathTick>,
    /// The first tick of the path that has not been played.
    next: usize,
    /// The best prices after the last tick that has.
    quote: QuoteTicks,
}

impl Lane {
    fn at(timeline: Timeline, at: TimestampMs, activity: Activity) -> Lane {
        let mut lane = Lane {
            timeline,
            minute: 0,
            path: Vec::new(),
            next: 0,
            quote: QuoteTicks { bid: 0, ask: 0 },
        };
        lane.seek(at, activity);
        lane
    }

    /// Goes to `at`: what happens at or before it counts as played.
    fn seek(&mut self, at: TimestampMs, activity: Activity) {
        self.minute = self.timeline.minute_at(at);
        self.path = self.path_of(self.minute, activity);
        let into_ms = at.0.saturating_sub(self.timeline.start_of(self.minute).0);
        self.next = self.path.partition_point(|tick| tick.at_ms <= into_ms);
        let last = match self.path[..self.next].last() {
            Some(tick) => Some(tick.quote),
            None => self
                .path_of(self.minute.saturating_sub(1), activity)
                .last()
                .map(|tick| tick.quote),
        };
        self.quote = last.expect("a path has at least four ticks");
        self.turn_page(activity);
    }

    fn path_of(&self, minute: i64, activity: Activity) -> Vec<PathTick> {
        let seed = Random::of(self.timeline.recording().symbol.as_str(), minute);
        path(&self.timeline.bar_at(minute), seed, activity)
    }

    /// When the next tick comes, in market time.
    fn next_at(&self) -> TimestampMs {
        self.timeline.start_of(self.minute) + self.path[self.next].at_ms
    }

    /// Plays the next tick.
    fn take(&mut self, activity: Activity) -> PathTick {
        let tick = self.path[self.next];
        self.quote = tick.quote;
        self.next += 1;
        self.turn_page(activity);
        tick
    }

    /// Keeps `next` inside the path.
    fn turn_page(&mut self, activity: Activity) {
        if self.next == self.path.len() {
            self.minute += 1;
            self.path = self.path_of(self.minute, activity);
            self.next = 0;
        }
    }

    /// The candles up to where the lane is, the last one as far as it has been played.
    fn history(&self) -> Vec<Candle> {
        let whole = (self.minute.saturating_sub(HISTORY_MINUTES)..self.minute)
            .map(|minute| self.timeline.candle_at(minute));
        let trades = self.path[..self.next].iter().filter_map(|tick| tick.trade);
        let unfinished = Bar::of(trades.map(|trade| (trade.price, trade.quantity)));
        let grid = self.timeline.recording().grid;
        whole
            .chain(unfinished.map(|bar| bar.candle(grid, self.timeline.start_of(self.minute))))
            .collect()
    }

    fn tick(
        &self,
        trade: Option<path::PathTrade>,
        quote: QuoteTicks,
        at: TimestampMs,
        received_at: TimestampMs,
    ) -> Tick {
        let recording = self.timeline.recording();
        let grid = recording.grid;
        let trade = trade.map(|trade| Trade {
            price: grid.price(trade.price),
            quantity: grid.quantity(trade.quantity),
            taker_side: trade.taker_side,
        });
        Tick {
            symbol: recording.symbol,
            quote: grid.quote(quote),
            trade,
            exchange_time: at,
            received_at,
        }
    }
}

#[cfg(test)]
mod tests;
