//! How many orders of an account were accepted within the last minute.

use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use tickwire_protocol::clock::TimestampMs;

/// The highest limit that can be set, and the most acceptances that are remembered.
pub const ORDERS_PER_MINUTE_MAX: u32 = 6000;

const MINUTE_MS: u64 = 60_000;

/// When the orders of the last minute were accepted, oldest first. Those that could only reduce are left out, as are
/// those that the desk placed by itself: neither is ever refused for their number.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderRate {
    accepted: VecDeque<TimestampMs>,
}

impl OrderRate {
    /// Orders accepted less than a minute before `at`.
    pub fn within_minute(&self, at: TimestampMs) -> usize {
        self.accepted.len() - self.accepted.partition_point(|then| at.since(*then) >= MINUTE_MS)
    }

    /// How long until so many fewer are counted, in milliseconds.
    pub fn eases_in_ms(&self, fewer: usize, at: TimestampMs) -> u64 {
        let mut counted = self.accepted.iter().filter(|then| at.since(**then) < MINUTE_MS);
        let last = fewer.checked_sub(1).and_then(|before| counted.nth(before));
        last.map_or(0, |last| MINUTE_MS - at.since(*last))
    }

    pub(super) fn accepted(&mut self, at: TimestampMs) {
        // A clock that went back counts to the last moment, so that the moments stay in order.
        let at = self.accepted.back().map_or(at, |last| at.max(*last));
        while self
            .accepted
            .front()
            .is_some_and(|then| at.since(*then) >= MINUTE_MS)
        {
            self.accepted.pop_front();
        }
        if self.accepted.len() >= ORDERS_PER_MINUTE_MAX as usize {
            self.accepted.pop_front();
        }
        self.accepted.push_back(at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_counts_for_a_minute_and_no_longer() {
        let mut rate = OrderRate::default();
        for at in [0, 10_000, 10_000] {
            rate.accepted(TimestampMs(at));
        }
        for (at, counted, eases_in_ms) in [
            (10_000, 3, [0, 50_000, 60_000, 60_000, 0]),
            (59_999, 3, [0, 1, 10_001, 10_001, 0]),
            (60_000, 2, [0, 10_000, 10_000, 0, 0]),
            (69_999, 2, [0, 1, 1, 0, 0]),
            (70_000, 0, [0; 5]),
        ] {
            let at = TimestampMs(at);
            let eases = [0, 1, 2, 3, 4].map(|fewer| rate.eases_in_ms(fewer, at));
            assert_eq!((rate.within_minute(at), eases), (counted, eases_in_ms), "{at:?}");
        }
        rate.accepted(TimestampMs(60_000));
        assert_eq!(rate.accepted.len(), 3, "what counts no more is forgotten");
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut rate = OrderRate::default();
        (0..ORDERS_PER_MINUTE_MAX + 10).for_each(|_| rate.accepted(TimestampMs(0)));
        assert_eq!(rate.within_minute(TimestampMs(0)), ORDERS_PER_MINUTE_MAX as usize);
    }
}
