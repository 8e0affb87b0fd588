//! The one-minute candles of a market; longer ones are derived from them when asked for.
//!
//! Deriving costs a merge per minute (60 for the live hour), so keeping derived series up to date with every tick would
//! only cost more. Candles are evicted by whole hours, so that a derived candle is never missing its first minutes.

use super::day::MINUTE_MS;
use super::trimmed;
use crate::bounds::{self, QUANTITY_PLACES_MAX};
use std::collections::VecDeque;
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::market::{Candle, Interval, Trade};
use tickwire_protocol::money::Quantity;

/// How far back one-minute candles are kept: 10,080 minutes, a week (and up to an hour more).
pub const KEPT_MS: i64 = 10_080 * MINUTE_MS;

/// One-minute candles, oldest first. A minute without a trade has none, unless the history brought one.
#[derive(Clone, Debug, Default)]
pub struct CandleSeries {
    minutes: VecDeque<Candle>,
}

impl CandleSeries {
    /// The live or last candle.
    pub fn last(&self) -> Option<&Candle> {
        self.minutes.back()
    }

    /// The candles that start within `from..until`, oldest first.
    pub fn range(&self, from: TimestampMs, until: TimestampMs) -> impl DoubleEndedIterator<Item = &Candle> {
        let start = self.position(from);
        let end = self.position(until).max(start);
        self.minutes.range(start..end)
    }

    /// The last candle that starts before `time`.
    pub fn last_before(&self, time: TimestampMs) -> Option<&Candle> {
        self.minutes.get(self.position(time).checked_sub(1)?)
    }

    /// See [`MarketView::candles`](super::MarketView::candles).
    pub fn newest(&self, interval: Interval, before: Option<TimestampMs>, limit: usize) -> Vec<Candle> {
        let length = interval.length_ms();
        // A candle that starts before `before` is wanted whole, also when `before` lies inside it.
        let end = match before {
            Some(before) => {
                let before = before.clamp(TimestampMs(0), bounds::TIME_MAX);
                self.position((before + (length - 1)).floor_to(length))
            }
            None => self.minutes.len(),
        };
        let mut start = end;
        let mut candles = 0;
        let mut current = None;
        for minute in self.minutes.range(..end).rev() {
            let time = minute.time.floor_to(length);
            if current != Some(time) {
                if candles == limit {
                    break;
                }
                candles += 1;
                current = Some(time);
            }
            start -= 1;
        }
        derive(self.minutes.range(start..end), interval)
    }

    /// See [`MarketView::candles_from`](super::MarketView::candles_from).
    pub fn from(&self, interval: Interval, time: TimestampMs) -> Vec<Candle> {
        let time = time
            .clamp(TimestampMs(0), bounds::TIME_MAX)
            .floor_to(interval.length_ms());
        derive(self.minutes.range(self.position(time)..), interval)
    }

    /// Takes in a trade of the minute that starts at `time`; false where that minute is older than the last candle.
    pub(super) fn trade(&mut self, time: TimestampMs, trade: &Trade) -> bool {
        match self.minutes.back_mut() {
            Some(last) if time < last.time => return false,
            Some(last) if time == last.time => last.add(trade.price, trade.quantity),
            _ => {
                self.minutes
                    .push_back(Candle::opened_by(time, trade.price, trade.quantity));
                self.evict();
            }
        }
        true
    }

    /// Replaces all candles. Those out of bounds, off the minute or out of order are dropped; gives their number.
    pub(super) fn replace(&mut self, candles: Vec<Candle>, price_places_max: u32) -> u64 {
        let mut dropped = 0;
        self.minutes.clear();
        for mut candle in candles {
            candle.volume = Quantity::new(trimmed(candle.volume.get(), QUANTITY_PLACES_MAX));
            let follows = self.minutes.back().is_none_or(|last| last.time < candle.time);
            if follows && is_candle(&candle, price_places_max) {
                self.minutes.push_back(candle);
            } else {
                dropped += 1;
            }
        }
        self.evict();
        dropped
    }

    fn evict(&mut self) {
        let Some(last) = self.minutes.back() else { return };
        let oldest_kept = (last.time - KEPT_MS).floor_to(Interval::H1.length_ms());
        let evicted = self.position(oldest_kept);
        self.minutes.drain(..evicted);
    }

    /// The place of the first candle that starts at `time` or later.
    fn position(&self, time: TimestampMs) -> usize {
        self.minutes.partition_point(|candle| candle.time < time)
    }
}

fn is_candle(candle: &Candle, places_max: u32) -> bool {
    let prices = [candle.open, candle.high, candle.low, candle.close];
    bounds::is_time(candle.time)
        && candle.time.0 % MINUTE_MS == 0
        && prices
            .into_iter()
            .all(|price| bounds::is_price(price, places_max))
        && prices
            .into_iter()
            .all(|price| candle.low <= price && price <= candle.high)
        && bounds::is_volume(candle.volume)
}

fn derive<'a>(minutes: impl Iterator<Item = &'a Candle>, interval: Interval) -> Vec<Candle> {
    let mut derived: Vec<Candle> = Vec::new();
    for minute in minutes {
        let time = minute.time.floor_to(interval.length_ms());
        match derived.last_mut() {
            Some(last) if last.time == time => last.merge(minute),
            _ => derived.push(Candle { time, ..*minute }),
        }
    }
    derived
}

#[cfg(test)]
mod tests {
    use super::*;
    use tickwire_protocol::order::Side;

    fn trade(price: &str) -> Trade {
        Trade {
            price: price.parse().unwrap(),
            quantity: "1".parse().unwrap(),
            taker_side: Side::Buy,
        }
    }

    fn series(minutes: impl IntoIterator<Item = i64>) -> CandleSeries {
        let mut series = CandleSeries::default();
        for minute in minutes {
            series.trade(TimestampMs(minute * MINUTE_MS), &trade("100"));
        }
        series
    }

    fn minutes(candles: &[Candle]) -> Vec<i64> {
        candles.iter().map(|candle| candle.time.0 / MINUTE_MS).collect()
    }

    #[test]
    fn a_page_ends_before_the_given_time_and_holds_whole_candles() {
        let series = series([0, 1, 4, 5, 9, 11, 12]);
        assert_eq!(minutes(&series.newest(Interval::M1, None, 2)), [11, 12]);
        assert_eq!(
            minutes(&series.newest(Interval::M1, Some(TimestampMs(5 * MINUTE_MS)), 10)),
            [0, 1, 4]
        );
        assert_eq!(
            minutes(&series.newest(Interval::M5, Some(TimestampMs(10 * MINUTE_MS)), 1)),
            [5]
        );
        let inside = series.newest(Interval::M5, Some(TimestampMs(6 * MINUTE_MS)), 1);
        assert_eq!(
            (minutes(&inside), inside[0].volume),
            (vec![5], "2".parse().unwrap())
        );
        assert!(series.newest(Interval::H1, None, 0).is_empty());
        for extreme in [i64::MIN, -1, 0] {
            assert!(
                series
                    .newest(Interval::H1, Some(TimestampMs(extreme)), 9)
                    .is_empty()
            );
            assert_eq!(series.from(Interval::H1, TimestampMs(extreme)).len(), 1);
        }
        assert_eq!(
            series.newest(Interval::H1, Some(TimestampMs(i64::MAX)), 9).len(),
            1
        );
    }

    #[test]
    fn a_week_is_kept_in_whole_hours() {
        let series = series(0..10_080 + 90);
        let first = series.newest(Interval::M1, None, usize::MAX)[0].time;
        assert_eq!(
            first.0 / MINUTE_MS,
            60,
            "minute 89 less a week, rounded down to the hour"
        );
        assert_eq!(
            series.newest(Interval::H1, None, usize::MAX)[0].volume,
            "60".parse().unwrap()
        );
    }

    #[test]
    fn history_out_of_order_or_bounds_is_dropped() {
        let good = Candle::opened_by(
            TimestampMs(MINUTE_MS),
            "100".parse().unwrap(),
            "1".parse().unwrap(),
        );
        let bad = [
            Candle {
                time: TimestampMs(MINUTE_MS + 1),
                ..good
            },
            Candle {
                time: TimestampMs(-MINUTE_MS),
                ..good
            },
            Candle {
                high: "99".parse().unwrap(),
                ..good
            },
            Candle {
                low: "0".parse().unwrap(),
                ..good
            },
            Candle {
                volume: "-1".parse().unwrap(),
                ..good
            },
        ];
        let mut series = CandleSeries::default();
        assert_eq!(series.replace([bad.as_slice(), &[good, good]].concat(), 2), 6);
        assert_eq!(series.newest(Interval::M1, None, 9), [good]);
    }
}
