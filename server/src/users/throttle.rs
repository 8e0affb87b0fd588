//! How often a login may be tried: by name from one address, by name from anywhere, and by address. All are told the same,
//! whether or not there is such a user.

use crate::walls::bucket::Bucket;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// Tries of one name from one address at once, and then one each time this long.
const OF_BOTH: (u32, Duration) = (8, Duration::from_secs(15));

/// Tries of one name from anywhere: more than one person mistypes, fewer than a guesser needs.
const OF_NAME: (u32, Duration) = (40, Duration::from_secs(5));

/// Tries from one address, whatever the name.
const OF_ADDRESS: (u32, Duration) = (40, Duration::from_secs(3));

/// Names, and addresses, remembered at once.
const KEYS_MAX: usize = 10_000;

/// The longest name that is told from others; no user's is as long.
const NAME_BYTES: usize = 64;

/// Counts tries.
pub struct Throttle {
    of_both: Bucket<(String, IpAddr)>,
    of_name: Bucket<String>,
    of_address: Bucket<IpAddr>,
    turns: AtomicU32,
}

impl Throttle {
    /// Nobody has tried yet.
    pub fn new() -> Throttle {
        Throttle {
            of_both: Bucket::each(OF_BOTH.1, OF_BOTH.0, KEYS_MAX),
            of_name: Bucket::each(OF_NAME.1, OF_NAME.0, KEYS_MAX),
            of_address: Bucket::each(OF_ADDRESS.1, OF_ADDRESS.0, KEYS_MAX),
            turns: AtomicU32::new(0),
        }
    }

    /// Counts a try. Where there were too many it says how long to wait.
    pub fn check(&self, name: &str, address: IpAddr) -> Result<(), Duration> {
        let name: String = name.to_ascii_lowercase().chars().take(NAME_BYTES).collect();
        self.of_address.take(address)?;
        self.of_both.take((name.clone(), address))?;
        self.of_name.take(name)
    }

    /// Forgets now and then who has not tried for long. To be called about twice a second.
    pub fn forget_idle(&self) {
        if self.turns.fetch_add(1, Ordering::Relaxed) % 120 == 119 {
            self.of_both.forget();
            self.of_name.forget();
            self.of_address.forget();
        }
    }
}

impl Default for Throttle {
    fn default() -> Throttle {
        Throttle::new()
    }
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
