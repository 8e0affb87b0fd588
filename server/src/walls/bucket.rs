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
pub(crate) struct Bucket<K: Hash + Eq + Clone, C: Clock + Clone = MonotonicClock> {
    limiter: Limiter<K, C>,
    clock: C,
    quota: Quota,
    keys_max: usize,
    swept_at: Mutex<Option<Instant>>,
}

impl<K: Hash + Eq + Clone> Bucket<K> {
    /// `per_second` of each key for long, and `burst` at once; of at most `keys_max` keys.
    pub(crate) fn new(per_second: u32, burst: u32, keys_max: usize) -> Bucket<K> {
        Bucket::with_clock(per_second_quota(per_second, burst), keys_max, MonotonicClock)
    }

    /// `burst` of each key at once, and then one each `period`; of at most `keys_max` keys.
    pub(crate) fn each(period: Duration, burst: u32, keys_max: usize) -> Bucket<K> {
        let quota = Quota::with_period(period).unwrap_or(Quota::per_second(NonZeroU32::MIN));
        Bucket::with_clock(quota.allow_burst(above_zero(burst)), keys_max, MonotonicClock)
    }
}

fn above_zero(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN)
}

fn per_second_quota(rate: u32, burst: u32) -> Quota {
    Quota::per_second(above_zero(rate)).allow_burst(above_zero(burst))
}

impl<K: Hash + Eq + Clone, C: Clock + Clone> Bucket<K, C> {
    fn with_clock(quota: Quota, keys_max: usize, clock: C) -> Bucket<K, C> {
        Bucket {
            limiter: RateLimiter::hashmap_with_clock(quota, clock.clone()),
            clock,
            quota,
            keys_max,
            swept_at: Mutex::new(None),
        }
    }

    /// Takes one, or says how long until one would pass.
    pub(crate) fn take(&self, key: K) -> Result<(), Duration> {
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
    pub(crate) fn forget(&self) {
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
            .field("quota", &self.quota)
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
        let bucket = Bucket::with_clock(per_second_quota(10, 3), 100, clock.clone());
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
        let bucket = Bucket::with_clock(per_second_quota(10, 10), 4, clock.clone());
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
