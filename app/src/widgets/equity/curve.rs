//! The equity curve as the paths of a drawing: whole numbers out of exact decimals.

use rust_decimal::Decimal;
use tickwire_protocol::performance::EquityPoint;

use crate::format;

/// The drawing's width; time runs along it.
const WIDTH: i64 = 300;

/// The drawing's height, and the room that a line needs above and below.
const HEIGHT: i64 = 80;
const MARGIN: i64 = 3;

/// The curve, ready to be drawn. Empty where there are fewer than two points.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Curve {
    /// The line.
    pub line: String,
    /// What lies below it.
    pub area: String,
    /// Its bounds in words.
    pub caption: String,
}

impl Curve {
    /// The curve through some points, oldest first.
    pub fn of(points: &[EquityPoint]) -> Curve {
        let (Some(first), Some(last)) = (points.first(), points.last()) else {
            return Curve::default();
        };
        let span = i64::try_from(last.time.since(first.time)).unwrap_or(i64::MAX);
        if span == 0 {
            return Curve::default();
        }
        let all = || points.iter().map(|point| point.equity.get());
        let (low, high) = (all().min().unwrap_or_default(), all().max().unwrap_or_default());
        let room = Decimal::from(HEIGHT - 2 * MARGIN);
        let mut line = String::new();
        for point in points {
            let across = (point.time.0 - first.time.0).saturating_mul(WIDTH) / span;
            // A level line lies in the middle.
            let share = (point.equity.get() - low)
                .checked_div(high - low)
                .unwrap_or_else(|| Decimal::new(5, 1));
            let down = Decimal::from(HEIGHT - MARGIN) - (share * room).round();
            line.push(if line.is_empty() { 'M' } else { 'L' });
            line.push_str(&across.to_string());
            line.push(' ');
            line.push_str(&down.normalize().to_string());
        }
        let area = [&line, "L300 80L0 80Z"].concat();
        let caption = [
            &format::moment(first.time),
            " to ",
            &format::moment(last.time),
            " UTC · low ",
            &format::number(low, format::MONEY_SCALE),
            " · high ",
            &format::number(high, format::MONEY_SCALE),
        ]
        .concat();
        Curve { line, area, caption }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tickwire_protocol::clock::TimestampMs;

    fn point(time: i64, equity: &str) -> EquityPoint {
        EquityPoint {
            time: TimestampMs(time),
            equity: equity.parse().unwrap(),
        }
    }

    #[test]
    fn the_curve_runs_over_the_whole_drawing_in_whole_numbers() {
        let curve = Curve::of(&[point(0, "10000"), point(500, "10050.55"), point(1000, "9900.10")]);
        assert_eq!(curve.line, "M0 28L150 3L300 77");
        assert_eq!(curve.area, "M0 28L150 3L300 77L300 80L0 80Z");
        assert!(
            curve.caption.contains("low 9,900.10 · high 10,050.55"),
            "{}",
            curve.caption
        );
    }

    #[test]
    fn a_level_account_is_a_level_line_and_a_single_point_none() {
        assert_eq!(Curve::of(&[point(0, "5"), point(10, "5")]).line, "M0 40L300 40");
        assert_eq!(Curve::of(&[point(0, "5")]), Curve::default());
        assert_eq!(Curve::of(&[]), Curve::default());
    }
}
