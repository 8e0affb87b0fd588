//! A token bucket without a clock: how fast a connection may send commands.

use crate::clock::TimestampMs;

/// Lets `burst` commands pass at once, and `per_second` in the long run.
#[derive(Clone, Debug)]
pub struct RateLimit {
    per_second: u64,
    capacity: u64,
    /// Thousandths of a command, so that refilling by the millisecond is exact.
    tokens: u64,
    filled_at: TimestampMs,
}

impl RateLimit {
    /// A full bucket.
    pub fn new(per_second: u32, burst: u32, now: TimestampMs) -> RateLimit {
        let capacity = u64::from(burst) * 1000;
        RateLimit {
            per_second: u64::from(per_second),
            capacity,
            tokens: capacity,
            filled_at: now,
        }
    }

    /// Whether there was pause enough for the whole burst to pass.
    pub fn is_full(&self, now: TimestampMs) -> bool {
        let refill = now.since(self.filled_at).saturating_mul(self.per_second);
        self.tokens.saturating_add(refill) >= self.capacity
    }

    /// Whether a command would pass now.
    pub fn would_pass(&self, now: TimestampMs) -> bool {
        let refill = now.since(self.filled_at).saturating_mul(self.per_second);
        self.tokens.saturating_add(refill).min(self.capacity) >= 1000
    }

    /// Takes one command, or says in how many milliseconds one would pass.
    pub fn take(&mut self, now: TimestampMs) -> Result<(), u64> {
        let elapsed = now.since(self.filled_at);
        self.tokens = self.capacity.min(
            self.tokens
                .saturating_add(elapsed.saturating_mul(self.per_second)),
        );
        self.filled_at = self.filled_at.max(now);
        match self.tokens.checked_sub(1000) {
            Some(rest) => {
                self.tokens = rest;
                Ok(())
            }
            None => Err((1000 - self.tokens).div_ceil(self.per_second.max(1))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_then_the_rate_holds() {
        let mut limit = RateLimit::new(20, 3, TimestampMs(0));
        for _ in 0..3 {
            assert!(limit.would_pass(TimestampMs(0)));
            assert_eq!(limit.take(TimestampMs(0)), Ok(()));
        }
        assert!(!limit.would_pass(TimestampMs(49)) && limit.would_pass(TimestampMs(50)));
        assert_eq!(limit.take(TimestampMs(0)), Err(50));
        assert_eq!(limit.take(TimestampMs(49)), Err(1));
        assert_eq!(limit.take(TimestampMs(50)), Ok(()));
        assert_eq!(limit.take(TimestampMs(10_000)), Ok(()));
    }

    #[test]
    fn a_clock_that_steps_back_gives_nothing_away() {
        let mut limit = RateLimit::new(1, 1, TimestampMs(1_000));
        assert_eq!(limit.take(TimestampMs(1_000)), Ok(()));
        assert!(limit.take(TimestampMs(0)).is_err());
        assert!(limit.take(TimestampMs(1_500)).is_err());
        assert_eq!(limit.take(TimestampMs(2_000)), Ok(()));
    }
}
