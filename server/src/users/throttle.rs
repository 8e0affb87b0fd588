//! How often a login may be tried: by name from one address, by name from anywhere, and by address. All are told the same,
//! whether or not there is such a user. An address of IPv6 is its whole network, as its holder has all of it.
//!
//! A name that strangers try is slowed down for them and not for its owner: where it has logged in from before, it is
//! judged by what is tried from there alone.

use crate::walls::bucket::Bucket;
use crate::walls::network;
use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Tries of one name from one address at once, and then one each time this long.
const OF_BOTH: (u32, Duration) = (8, Duration::from_secs(15));

/// Tries of one name from anywhere: more than one person mistypes, fewer than a guesser needs.
const OF_NAME: (u32, Duration) = (40, Duration::from_secs(5));

/// Tries from one address, whatever the name.
const OF_ADDRESS: (u32, Duration) = (40, Duration::from_secs(3));

/// Names, and addresses, remembered at once.
const KEYS_MAX: usize = 10_000;

/// Networks remembered of one name that has logged in from them, the latest ones.
const PLACES_MAX: usize = 8;

/// Names whose networks are remembered: as many as there may be users. What they may try fills no bucket of others.
const NAMES_MAX: usize = 1_000;

/// The longest name that is told from others; no user's is as long.
const NAME_BYTES: usize = 64;

/// Counts tries.
pub struct Throttle {
    of_both: Bucket<(String, IpAddr)>,
    of_name: Bucket<String>,
    of_address: Bucket<IpAddr>,
    of_known: Bucket<(String, IpAddr)>,
    /// Where each name has logged in from since the start, the latest first.
    known: Mutex<HashMap<String, VecDeque<IpAddr>>>,
    turns: AtomicU32,
}

impl Throttle {
    /// Nobody has tried yet.
    pub fn new() -> Throttle {
        Throttle {
            of_both: Bucket::each(OF_BOTH.1, OF_BOTH.0, KEYS_MAX),
            of_name: Bucket::each(OF_NAME.1, OF_NAME.0, KEYS_MAX),
            of_address: Bucket::each(OF_ADDRESS.1, OF_ADDRESS.0, KEYS_MAX),
            of_known: Bucket::each(OF_BOTH.1, OF_BOTH.0, KEYS_MAX),
            known: Mutex::default(),
            turns: AtomicU32::new(0),
        }
    }

    /// Counts a try. Where there were too many it says how long to wait.
    pub fn check(&self, name: &str, address: IpAddr) -> Result<(), Duration> {
        let (name, network) = (folded(name), network(address));
        if knows(&self.known(), &name, network) {
            return self.of_known.take((name, network));
        }
        self.of_address.take(network)?;
        self.of_both.take((name.clone(), network))?;
        self.of_name.take(name)
    }

    /// Whether this name has logged in from there before.
    pub fn knows(&self, name: &str, address: IpAddr) -> bool {
        knows(&self.known(), &folded(name), network(address))
    }

    /// Takes note of where a name has logged in from.
    pub fn remember(&self, name: &str, address: IpAddr) {
        let (name, network) = (folded(name), network(address));
        let mut known = self.known();
        if known.len() >= NAMES_MAX && !known.contains_key(&name) {
            return;
        }
        let places = known.entry(name).or_default();
        places.retain(|place| *place != network);
        places.push_front(network);
        places.truncate(PLACES_MAX);
    }

    fn known(&self) -> MutexGuard<'_, HashMap<String, VecDeque<IpAddr>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets now and then who has not tried for long. To be called about twice a second.
    pub fn forget_idle(&self) {
        if self.turns.fetch_add(1, Ordering::Relaxed) % 120 == 119 {
            self.of_both.forget();
            self.of_name.forget();
            self.of_address.forget();
            self.of_known.forget();
        }
    }
}

/// A name as it is counted.
fn folded(name: &str) -> String {
    name.to_ascii_lowercase().chars().take(NAME_BYTES).collect()
}

fn knows(known: &HashMap<String, VecDeque<IpAddr>>, name: &str, network: IpAddr) -> bool {
    known.get(name).is_some_and(|places| places.contains(&network))
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

    #[test]
    fn a_network_of_ipv6_is_one_address() {
        let throttle = Throttle::new();
        let mut host = 0;
        let tried = allowed(|| {
            host += 1;
            let address = format!("2001:db8::{host:x}").parse().unwrap();
            throttle.check("ann", address)
        });
        // A slow machine gives one back now and then.
        assert!((OF_BOTH.0..OF_BOTH.0 + 2).contains(&tried), "{tried}");
        let other = "2001:db8:0:1::1".parse().unwrap();
        assert!(throttle.check("ann", other).is_ok());
    }

    #[test]
    fn strangers_lock_nobody_out_where_he_has_logged_in_before() {
        let throttle = Throttle::new();
        throttle.remember("Ann", "2001:db8::1".parse().unwrap());
        let refused = (0..=255).filter(|last| throttle.check("ann", address(*last)).is_err());
        assert!(refused.count() > 200);
        let home = "2001:db8::2".parse().unwrap();
        assert!(throttle.knows("ANN", home));
        assert!(
            throttle.check("ann", "2001:db8:1::1".parse().unwrap()).is_err(),
            "the name is being guessed at"
        );
        let tried = allowed(|| throttle.check("ann", home));
        assert!((OF_BOTH.0..OF_BOTH.0 + 2).contains(&tried), "{tried}");
        assert!(!throttle.knows("bob", home), "another name is another matter");
    }

    #[test]
    fn the_latest_networks_of_each_name_are_known_and_no_more() {
        let throttle = Throttle::new();
        let places = u8::try_from(PLACES_MAX).unwrap();
        for last in 0..=places {
            throttle.remember("ann", address(last));
            throttle.remember("ann", address(0));
        }
        assert!(!throttle.knows("ann", address(1)), "the oldest is forgotten");
        for last in (0..=places).filter(|last| *last != 1) {
            assert!(throttle.knows("ann", address(last)), "{last}");
        }
        for number in 0..NAMES_MAX + 10 {
            throttle.remember(&format!("user{number}"), address(1));
        }
        assert_eq!(throttle.known().len(), NAMES_MAX);
        assert!(
            throttle.knows("ann", address(0)),
            "nobody is forgotten for others"
        );
    }
}
