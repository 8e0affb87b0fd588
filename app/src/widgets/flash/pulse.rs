//! When a cell flashes, and in which direction: pure, so that the limit of three a second can be tested.

use std::cmp::Ordering;

use rust_decimal::Decimal;
use tickwire_protocol::clock::TimestampMs;

/// The least time between two flashes of one cell: a third of a second, and a frame or two for what paints late.
const GAP_MS: u64 = 380;

/// What a cell last did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pulse {
    value: Option<Decimal>,
    /// Where the value went last: the colour that stays.
    trend: Ordering,
    /// Where it went when the cell last flashed: kept while the cell rests, because another direction would flash anew.
    flashed: Ordering,
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
                flashed: Ordering::Equal,
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
                flashed: trend,
                flashed_at: Some(at),
                count: before.count.wrapping_add(1),
            },
        }
    }

    /// The css class.
    pub fn class(self, keeps_trend: bool) -> String {
        let trend = match (keeps_trend, self.trend) {
            (false, _) => "",
            (true, Ordering::Equal) => " trend",
            (true, Ordering::Greater) => " trend trend-up",
            (true, Ordering::Less) => " trend trend-down",
        };
        let second = self.count.is_multiple_of(2);
        let flash = match (self.flashed, second) {
            (Ordering::Equal, _) => "",
            (Ordering::Greater, true) => " flash-up-b",
            (Ordering::Greater, false) => " flash-up-a",
            (Ordering::Less, true) => " flash-down-b",
            (Ordering::Less, false) => " flash-down-a",
        };
        ["cell", trend, flash].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(steps: &[(i64, i64)]) -> Vec<String> {
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
        // Up all the time, and up and down in turns: another direction is another animation, so it flashes too.
        for value in [|step: i64| step, |step: i64| step % 2] {
            let steps: Vec<(i64, i64)> = (0..100).map(|step| (step * 50, value(step))).collect();
            let classes = run(&steps);
            let flashes = classes.windows(2).filter(|pair| pair[0] != pair[1]).count();
            assert!((10..=13).contains(&flashes), "{flashes} flashes in five seconds");
        }
    }
}
