//! Funding: what the longs and the shorts of a perpetual pay each other, at fixed times.
//!
//! At each multiple of the perpetual's interval since the epoch (00:00, 08:00 and 16:00 UTC for eight hours), a position
//! held then gets `∓ quantity × mark × rate`, rounded to 8 places: longs pay where the rate is above zero. "Held then"
//! means before anything that happens at or after the funding time: who opens at that very millisecond pays nothing, who
//! closes at it pays.
//!
//! What is due follows from the position alone: the funding times after its opening, or after the last one that was
//! settled, whichever is later, up to now. So each is settled once, whenever the desk was down. Those that were missed are
//! settled at the next mark price that is known, the last [`MISSED_MAX`] of them; older ones lapse.

use crate::bounds;
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::money::{Amount, Price, Quantity, Ratio};
use tickwire_protocol::order::Side;

/// Funding times settled at most for one position when the desk was down over them: 30 days of 8 hours.
pub const MISSED_MAX: i64 = 90;

/// The first funding time after `at`.
pub fn next_after(at: TimestampMs, interval_ms: i64) -> TimestampMs {
    TimestampMs(
        at.0.div_euclid(interval_ms)
            .saturating_add(1)
            .saturating_mul(interval_ms),
    )
}

/// The funding times after `since` and not after `at`, oldest first; the last [`MISSED_MAX`] of them.
pub fn times(since: TimestampMs, at: TimestampMs, interval_ms: i64) -> impl Iterator<Item = TimestampMs> {
    let last = at.0.div_euclid(interval_ms);
    let first = since.0.div_euclid(interval_ms).saturating_add(1);
    (first.max(last.saturating_sub(MISSED_MAX - 1))..=last)
        .map(move |number| TimestampMs(number.saturating_mul(interval_ms)))
}

/// What a position gets; below zero where it pays.
pub fn amount(side: Side, quantity: Quantity, mark: Price, rate: Ratio) -> Amount {
    let flow = bounds::value(mark, quantity).times(rate).normalized();
    match side {
        Side::Buy => -flow,
        Side::Sell => flow,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOURS_8: i64 = 28_800_000;

    fn due(since: i64, at: i64) -> Vec<i64> {
        times(TimestampMs(since), TimestampMs(at), HOURS_8)
            .map(|time| time.0 / HOURS_8)
            .collect()
    }

    #[test]
    fn times_begin_after_and_end_at() {
        assert_eq!(due(0, HOURS_8 - 1), [0; 0]);
        assert_eq!(due(0, HOURS_8), [1]);
        assert_eq!(due(HOURS_8 - 1, HOURS_8), [1]);
        assert_eq!(due(HOURS_8, HOURS_8), [0; 0]);
        assert_eq!(due(1, 3 * HOURS_8 + 1), [1, 2, 3]);
        assert_eq!(due(3 * HOURS_8, 2 * HOURS_8), [0; 0]);
        assert_eq!(next_after(TimestampMs(HOURS_8), HOURS_8).0, 2 * HOURS_8);
        assert_eq!(next_after(TimestampMs(HOURS_8 - 1), HOURS_8).0, HOURS_8);
    }

    #[test]
    fn after_a_very_long_time_the_last_ones_are_due() {
        let due = due(0, 1000 * HOURS_8);
        assert_eq!((due.len(), due[0], due[89]), (90, 911, 1000));
        assert!(times(TimestampMs(i64::MIN), TimestampMs(i64::MAX), 1).count() <= 90);
    }

    #[test]
    fn longs_pay_shorts_where_the_rate_is_above_zero() {
        let amount = |side, rate: &str| {
            amount(
                side,
                "0.3".parse().unwrap(),
                "100.1".parse().unwrap(),
                rate.parse().unwrap(),
            )
            .to_string()
        };
        assert_eq!(amount(Side::Buy, "0.0001"), "-0.003003");
        assert_eq!(amount(Side::Sell, "0.0001"), "0.003003");
        assert_eq!(amount(Side::Buy, "-0.0003"), "0.009009");
        assert_eq!(amount(Side::Sell, "0.00000001"), "0.0000003");
    }
}
