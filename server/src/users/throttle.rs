//! How often a login may be tried: by name from one address, by name from anywhere, and by address. All are told the same,
//! whether or not there is such a user.

use governor::clock::{Clock, DefaultClock};
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

type Keyed<K> = RateLimiter<K, HashMapStateStore<K>, DefaultClock>;

/// Tries of one name from one address at once, and then one each time this long.
const OF_BOTH: (u32, Duration) = (8, Duration::from_secs(15));

/// Tries of one name from anywhere: more than one person mistypes, fewer than a guesser needs.
const OF_NAME: (u32, Duration) = (40, Duration::from_secs(5));

/// Tries from one address, whatever the name.
const OF_ADDRESS: (u32, Duration) = (40, Duration::from_secs(3));

/// Names and addresses remembered before those that are idle are forgotten.
const KEYS_MAX: usize = 10_000;

/// The longest name that is told from others; no user's is as long.
const NAME_BYTES: usize = 64;

/// Counts tries.
pub struct Throttle {
    of_both: Keyed<(String, IpAddr)>,
    of_name: Keyed<String>,
    of_address: Keyed<IpAddr>,
    clock: DefaultClock,
    turns: AtomicU32,
}

impl Throttle {
    /// Nobody has tried yet.
    pub fn new() -> Throttle {
        Throttle {
            of_both: RateLimiter::hashmap(quota(OF_BOTH)),
            of_name: RateLimiter::hashmap(quota(OF_NAME)),
            of_address: RateLimiter::hashmap(quota(OF_ADDRESS)),
            clock: DefaultClock::default(),
            turns: AtomicU32::new(0),
        }
    }

    /// Counts a try. Where there were too many it says how long to wait.
    pub fn check(&self, name: &str, address: IpAddr) -> Result<(), Duration> {
        if self
            .of_both
            .len()
            .max(self.of_name.len())
            .max(self.of_address.len())
            >= KEYS_MAX
        {
            self.forget();
            if self.of_name.len() >= KEYS_MAX {
                return Err(OF_NAME.1);
            }
        }
        let name: String = name.to_ascii_lowercase().chars().take(NAME_BYTES).collect();
        let now = self.clock.now();
        let wait = |refused: governor::NotUntil<_>| refused.wait_time_from(now);
        self.of_address.check_key(&address).map_err(wait)?;
        self.of_both.check_key(&(name.clone(), address)).map_err(wait)?;
        self.of_name.check_key(&name).map_err(wait)
    }

    /// Forgets now and then who has not tried for long. To be called about twice a second.
    pub fn forget_idle(&self) {
        if self.turns.fetch_add(1, Ordering::Relaxed) % 120 == 119 {
            self.forget();
        }
    }

    fn forget(&self) {
        self.of_both.retain_recent();
        self.of_name.retain_recent();
        self.of_address.retain_recent();
    }
}

impl Default for Throttle {
    fn default() -> Throttle {
        Throttle::new()
    }
}

fn quota((burst, period): (u32, Duration)) -> Quota {
    let burst = NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN);
    // None for a period of zero, which none of the above is.
    Quota::with_period(period).map_or(Quota::per_second(NonZeroU32::MIN), |quota| {
        quota.allow_burst(burst)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> IpAddr {
        IpAddr::from([10, 0, 0, last])
    }

    fn allowed(mut attempt: impl FnMut() -> Result<(), Duration>) -> u32 {
        (0..)
            .take_while(|_| attempt().is_ok())
            .count()
            .try_into()
            .unwrap()
    }

    #[test]
    fn one_name_from_one_address_is_tried_a_few_times() {
        let throttle = Throttle::new();
        assert_eq!(allowed(|| throttle.check("ann", address(1))), OF_BOTH.0);
        let wait = throttle.check("ANN", address(1)).unwrap_err();
        assert!(wait > Duration::ZERO && wait <= OF_BOTH.1, "{wait:?}");
        assert!(
            throttle.check("bob", address(1)).is_ok(),
            "another name is another matter"
        );
        assert!(
            throttle.check("ann", address(2)).is_ok(),
            "and so is another address"
        );
    }

    #[test]
    fn many_names_from_one_address_and_many_addresses_for_one_name_are_bounded() {
        let throttle = Throttle::new();
        let mut number = 0;
        let tried = allowed(|| {
            number += 1;
            throttle.check(&format!("user{number}"), address(1))
        });
        // A slow machine gives one back every few seconds.
        assert!((OF_ADDRESS.0..OF_ADDRESS.0 + 5).contains(&tried), "{tried}");
        let throttle = Throttle::new();
        let mut last = 0;
        let tried = allowed(|| {
            last += 1;
            throttle.check("ann", address(last))
        });
        assert!((OF_NAME.0..OF_NAME.0 + 5).contains(&tried), "{tried}");
    }
}
