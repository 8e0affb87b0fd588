//! The rolling 24 hours of a market, at the resolution of a minute.
//!
//! The window is the current minute and the 1,439 before it. "The price 24 hours ago" is the last price before the
//! window; where nothing is known of that time, the first price in it.
//! Closed minutes are summed up once when the minute changes; a tick only combines the sum with the live candle.

use super::candles::CandleSeries;
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::money::{Price, Quantity};

/// Milliseconds of a minute.
pub const MINUTE_MS: i64 = 60_000;

/// Milliseconds of a day.
pub const DAY_MS: i64 = 86_400_000;

/// The closed minutes of the window that ends with [`Window::minute`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    /// The current minute: the live one, whose candle is not summed up in here.
    pub minute: TimestampMs,
    before: Option<Price>,
    closed: Option<Range>,
}

/// First, highest and lowest price, and volume.
#[derive(Clone, Copy, Debug)]
pub(super) struct Range {
    first: Price,
    pub high: Price,
    pub low: Price,
    pub volume: Quantity,
}

impl Window {
    /// Sums up the closed minutes before `minute`.
    pub fn ending_with(minute: TimestampMs, series: &CandleSeries) -> Window {
        let start = minute - (DAY_MS - MINUTE_MS);
        let before = series.last_before(start).map(|candle| candle.close);
        let mut closed: Option<Range> = None;
        for candle in series.range(start, minute) {
            let range = Range {
                first: candle.open,
                high: candle.high,
                low: candle.low,
                volume: candle.volume,
            };
            closed = Some(closed.map_or(range, |earlier| earlier.followed_by(range)));
        }
        Window {
            minute,
            before,
            closed,
        }
    }

    /// The whole window with its live candle, and the price 24 hours ago. Nothing where no trade lies within it.
    pub fn with_live(&self, series: &CandleSeries) -> Option<(Range, Price)> {
        let live = series
            .last()
            .filter(|last| last.time == self.minute)
            .map(|candle| Range {
                first: candle.open,
                high: candle.high,
                low: candle.low,
                volume: candle.volume,
            });
        let range = match (self.closed, live) {
            (Some(closed), Some(live)) => closed.followed_by(live),
            (closed, live) => closed.or(live)?,
        };
        Some((range, self.before.unwrap_or(range.first)))
    }
}

impl Range {
    /// Volumes are bounded so that 1,440 of them sum up exactly.
    fn followed_by(self, later: Range) -> Range {
        Range {
            first: self.first,
            high: self.high.max(later.high),
            low: self.low.min(later.low),
            volume: self.volume + later.volume,
        }
    }
}
