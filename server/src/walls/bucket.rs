//! A rate for each of many keys, bounded in their number. The rates are those of the crate governor; the bound is ours.

use governor::clock::{Clock, MonotonicClock};
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};
use std::fmt;
use std::hash::Hash;
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Keys are looked through for those to forget at most this often.
const SWEPT_EVERY: Duration = Duration::from_secs(1);

type Limiter<K, C> = RateLimiter<K, HashMapStateStore<K>, C, NoOpMiddleware<<C as Clock>::Instant>>;

/// Lets so many of each key pass.
pub(super) struct Bucket<K: Hash + Eq + Clone, C: Clock + Clone = MonotonicClock> {
    limiter: Limiter<K, C>,
    clock: C,
    rate: u32,
    burst: u32,
    keys_max: usize,
    swept_at: Mutex<Option<Instant>>,
}

impl<K: Hash + Eq + Clone> Bucket<K> {
    /// `per_second` of each key for long, and `burst` at once; of at most `keys_max` keys.
    pub(super) fn new(per_second: u32, burst: u32, keys_max: usize) -> Bucket<K> {
        Bucket::with_clock(per_second, burst, keys_max, MonotonicClock)
    }
}

impl<K: Hash + Eq + Clone, C: Clock + Clone> Bucket<K, C> {
    fn with_clock(per_second: u32, burst: u32, keys_max: usize, clock: C) -> Bucket<K, C> {
        let above_zero = |number| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::per_second(above_zero(per_second)).allow_burst(above_zero(burst));
        Bucket {
            limiter: RateLimiter::hashmap_with_clock(quota, clock.clone()),
            clock,
            rate: per_second,
            burst,
            keys_max,
            swept_at: Mutex::new(None),
        }
    }

    /// How many for long, and how many at once.
    pub(super) fn figures(&self) -> (u32, u32) {
        (self.rate, self.burst)
    }

    /// Takes one, or says how long until one would pass.
    pub(super) fn take(&self, key: K) -> Result<(), Duration> {
        if self.limiter.len() >= self.keys_max {
            self.forget();
            if self.limiter.len() >= self.keys_max {
                // So many at once is an attack from everywhere: nobody is let in rather than the memory filled.
                return Err(SWEPT_EVERY);
            }
        }
        self.limiter
            .check_key(&key)
            .map_err(|until| until.wait_time_from(self.clock.now()))
    }

    /// Forgets those that have been away for long enough to be as good as new.
    fn forget(&self) {
        let mut swept_at = self.swept_at.lock().unwrap_or_else(PoisonError::into_inner);
        if swept_at.is_none_or(|at| at.elapsed() >= SWEPT_EVERY) {
            *swept_at = Some(Instant::now());
            self.limiter.retain_recent();
        }
    }
}

impl<K: Hash + Eq + Clone, C: Clock + Clone> fmt::Debug for Bucket<K, C> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Bucket")
            .field("rate", &self.rate)
            .field("burst", &self.burst)
            .field("keys", &self.limiter.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use governor::clock::FakeRelativeClock;

    #[test]
    fn a_burst_passes_and_then_the_rate_holds_for_each_key() {
        let clock = FakeRelativeClock::default();
        let bucket = Bucket::with_clock(10, 3, 100, clock.clone());
        for _ in 0..3 {
            assert_eq!(bucket.take("a"), Ok(()));
        }
        assert_eq!(bucket.take("a"), Err(Duration::from_millis(100)));
        assert_eq!(bucket.take("b"), Ok(()));
        clock.advance(Duration::from_millis(100));
        assert_eq!(bucket.take("a"), Ok(()));
        assert!(bucket.take("a").is_err());
    }

    #[test]
    fn keys_are_bounded_and_those_that_rest_make_room() {
        let clock = FakeRelativeClock::default();
        let bucket = Bucket::with_clock(10, 10, 4, clock.clone());
        // Some time has passed since the start, or the first sweep would know of nothing old.
        clock.advance(Duration::from_secs(60));
        for key in 0..4 {
            assert_eq!(bucket.take(key), Ok(()));
        }
        assert!(bucket.take(4).is_err(), "the house is full");
        assert_eq!(bucket.limiter.len(), 4);
        clock.advance(Duration::from_secs(60));
        *bucket.swept_at.lock().unwrap() = None;
        assert_eq!(bucket.take(4), Ok(()));
        assert_eq!(bucket.limiter.len(), 1);
    }
}
