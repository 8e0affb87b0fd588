//! The equity curve: a point a minute for a day, a point an hour for a quarter, a point a day before that; and the very
//! first point, from which all of it began.

use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::money::Amount;
use tickwire_protocol::performance::EquityPoint;

/// Minutes kept.
pub const MINUTES_MAX: usize = 1440;

/// Hours kept before those minutes.
pub const HOURS_MAX: usize = 2160;

/// Days kept before those hours.
pub const DAYS_MAX: usize = 3650;

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

/// What an account has been worth over time, thinner the longer ago. Of each minute, hour or day it keeps the last, and
/// the first point of all beside it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EquityCurve {
    days: VecDeque<EquityPoint>,
    hours: VecDeque<EquityPoint>,
    minutes: VecDeque<EquityPoint>,
}

impl EquityCurve {
    /// All points, oldest first.
    pub fn points(&self) -> impl Iterator<Item = &EquityPoint> {
        self.days.iter().chain(&self.hours).chain(&self.minutes)
    }

    /// At most `most` points, oldest first, evenly taken; the first and the last are always among them.
    pub fn thinned(&self, most: usize) -> Vec<EquityPoint> {
        let count = self.days.len() + self.hours.len() + self.minutes.len();
        if count <= most || most < 2 {
            return self.points().copied().collect();
        }
        let mut taken = 0;
        let evenly = |(place, point): (usize, &EquityPoint)| {
            let is_due = place >= taken * (count - 1) / (most - 1);
            taken += usize::from(is_due);
            is_due.then_some(*point)
        };
        self.points().enumerate().filter_map(evenly).collect()
    }

    pub(super) fn add(&mut self, time: TimestampMs, equity: Amount) {
        let (has_days, has_older) = (
            !self.days.is_empty(),
            !self.days.is_empty() || !self.hours.is_empty(),
        );
        let point = EquityPoint { time, equity };
        let old = put(&mut self.minutes, point, (MINUTE_MS, MINUTES_MAX), has_older);
        let old = old.and_then(|point| put(&mut self.hours, point, (HOUR_MS, HOURS_MAX), has_days));
        if let Some(point) = old {
            put(&mut self.days, point, (DAY_MS, DAYS_MAX), false);
        }
    }
}

/// Adds a point, in place of the last one where it is of the same stretch of time, or a clock went back; but a later one
/// never takes the place of the first of all, which is here where there are no older points elsewhere. Gives the oldest
/// one where there are too many.
fn put(
    points: &mut VecDeque<EquityPoint>,
    point: EquityPoint,
    (length_ms, most): (i64, usize),
    has_older: bool,
) -> Option<EquityPoint> {
    let is_first = points.len() == 1 && !has_older;
    if let Some(last) = points.back_mut()
        && point.time.floor_to(length_ms) <= last.time.floor_to(length_ms)
        && !(is_first && point.time > last.time)
    {
        last.time = last.time.max(point.time);
        last.equity = point.equity;
        return None;
    }
    points.push_back(point);
    if points.len() > most {
        points.pop_front()
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rust_decimal::Decimal;

    fn point(time: i64, equity: i64) -> EquityPoint {
        EquityPoint {
            time: TimestampMs(time),
            equity: Amount::new(Decimal::from(equity)),
        }
    }

    fn curve(points: impl Iterator<Item = (i64, i64)>) -> EquityCurve {
        let mut curve = EquityCurve::default();
        for (time, equity) in points {
            let point = point(time, equity);
            curve.add(point.time, point.equity);
        }
        curve
    }

    #[test]
    fn of_a_minute_the_last_is_kept_and_a_clock_that_went_back_adds_none() {
        let points = [
            (1000, 0),
            (1000, 1),
            (1500, 7),
            (2000, 2),
            (61_000, 8),
            (62_000, 3),
            (5000, 4),
        ];
        assert_eq!(
            curve(points.into_iter()).points().copied().collect::<Vec<_>>(),
            [point(1000, 1), point(2000, 2), point(62_000, 4)],
            "the first of all is kept beside them"
        );
    }

    #[test]
    fn it_is_bounded_and_rises_in_time_for_a_year_of_minutes() {
        let year = 365 * 1440;
        let curve = curve((0..year).map(|minute| (minute * MINUTE_MS, minute)));
        let points: Vec<EquityPoint> = curve.points().copied().collect();
        assert!(points.is_sorted_by(|a, b| a.time < b.time));
        assert_eq!(curve.minutes.len(), MINUTES_MAX);
        assert_eq!(curve.hours.len(), HOURS_MAX);
        // The year less a day of minutes less 90 days of hours, and the first point.
        assert_eq!(curve.days.len(), 365 - 1 - 90 + 1);
        assert_eq!(points.first(), Some(&point(0, 0)));
        assert_eq!(points.last(), Some(&point((year - 1) * MINUTE_MS, year - 1)));
        let thin = curve.thinned(400);
        assert_eq!(
            (thin.len(), thin.first(), thin.last()),
            (400, points.first(), points.last())
        );
        assert!(thin.is_sorted_by(|a, b| a.time < b.time));
        assert_eq!(curve.thinned(points.len()), points);
    }
}
