//! When a cell flashes, and in which direction: pure, so that the limit of three a second can be tested.

use std::cmp::Ordering;

use rust_decimal::Decimal;
use tickwire_protocol::clock::TimestampMs;

/// The least time between two flashes of one cell.
const GAP_MS: u64 = 333;

/// What a cell last did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pulse {
    value: Option<Decimal>,
    trend: Ordering,
    flashed_at: Option<TimestampMs>,
    /// Flashes so far; two classes take turns, because only a new one starts the animation again.
    count: u32,
}

impl Pulse {
    /// What the cell does when its value is `value` at `at`. The first value does not flash.
    pub fn next(before: Option<Pulse>, value: Option<Decimal>, at: TimestampMs) -> Pulse {
        let Some(before) = before else {
            return Pulse {
                value,
                trend: Ordering::Equal,
                flashed_at: None,
                count: 0,
            };
        };
        let trend = match (before.value, value) {
            (Some(old), Some(new)) => new.cmp(&old),
            _ => Ordering::Equal,
        };
        if trend.is_eq() {
            return Pulse { value, ..before };
        }
        let rests = before.flashed_at.is_some_and(|last| at.since(last) < GAP_MS);
        match rests {
            true => Pulse {
                value,
                trend,
                ..before
            },
            false => Pulse {
                value,
                trend,
                flashed_at: Some(at),
                count: before.count.wrapping_add(1),
            },
        }
    }

    /// The css class.
    pub fn class(self, keeps_trend: bool) -> &'static str {
        let second = self.count.is_multiple_of(2);
        match (self.trend, keeps_trend, self.flashed_at.is_some()) {
            (_, false, false) | (Ordering::Equal, false, _) => "cell",
            (_, true, false) | (Ordering::Equal, true, _) => "cell trend",
            (Ordering::Greater, false, _) if second => "cell flash-up-b",
            (Ordering::Greater, false, _) => "cell flash-up-a",
            (Ordering::Less, false, _) if second => "cell flash-down-b",
            (Ordering::Less, false, _) => "cell flash-down-a",
            (Ordering::Greater, true, _) if second => "cell trend trend-up flash-up-b",
            (Ordering::Greater, true, _) => "cell trend trend-up flash-up-a",
            (Ordering::Less, true, _) if second => "cell trend trend-down flash-down-b",
            (Ordering::Less, true, _) => "cell trend trend-down flash-down-a",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(steps: &[(i64, i64)]) -> Vec<&'static str> {
        let mut pulse = None;
        let mut classes = Vec::new();
        for (at, value) in steps {
            let next = Pulse::next(pulse, Some(Decimal::from(*value)), TimestampMs(*at));
            classes.push(next.class(false));
            pulse = Some(next);
        }
        classes
    }

    #[test]
    fn a_change_flashes_in_its_direction_and_no_change_does_not() {
        assert_eq!(
            run(&[(0, 10), (1_000, 11), (2_000, 11), (3_000, 9), (4_000, 10)]),
            [
                "cell",
                "cell flash-up-a",
                "cell flash-up-a",
                "cell flash-down-b",
                "cell flash-up-a"
            ]
        );
    }

    #[test]
    fn a_cell_flashes_at_most_three_times_a_second() {
        let steps: Vec<(i64, i64)> = (0..100).map(|step| (step * 50, step)).collect();
        let classes = run(&steps);
        let flashes = classes.windows(2).filter(|pair| pair[0] != pair[1]).count();
        assert!(flashes <= 15, "{flashes} flashes in five seconds");
    }
}
