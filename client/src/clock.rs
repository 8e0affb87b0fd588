//! The time as the client machine wants it, and chance.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::time::{Instant, SystemTime, UNIX_EPOCH};
use tickwire_protocol::clock::TimestampMs;

/// A clock that never steps: the moment of its making, and the time since.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    made: Instant,
    made_at: TimestampMs,
}

impl Clock {
    pub fn new() -> Clock {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Clock {
            made: Instant::now(),
            made_at: TimestampMs(i64::try_from(since.as_millis()).unwrap_or(i64::MAX)),
        }
    }

    pub fn now(&self) -> TimestampMs {
        self.made_at + i64::try_from(self.made.elapsed().as_millis()).unwrap_or(i64::MAX)
    }
}

/// A number that differs between desks, of this process and of others.
pub(crate) fn random_seed() -> u64 {
    // The keys of a map's hasher are the standard library's one source of chance.
    RandomState::new().build_hasher().finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn desks_differ() {
        let mut seeds: Vec<u64> = (0..100).map(|_| random_seed()).collect();
        seeds.sort_unstable();
        seeds.dedup();
        assert_eq!(seeds.len(), 100);
    }
}
