//! Sockets that are open, and whose: no network takes so many that others find no room.
//!
//! A trusted proxy carries everybody, so only the whole bounds it. A loopback address is the desk's own user, and may
//! be a proxy that nobody named: it may take all but a rest. Any other network has a share, and all of them together
//! leave a rest to the desk's own machine. What exceeds that is closed as it comes: it has said nothing yet, and a
//! client whose connection fails tries again, later each time.

use super::address;
use crate::metrics::Metrics;
use ipnet::IpNet;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use tracing::{debug, warn};

/// The share of one network: one of so many parts of all sockets.
const PARTS: usize = 8;

/// And at least so many, where that is no more than half of all: a handful of people behind one address.
const SHARE_MIN: usize = 64;

/// Sockets that loopback leaves to others, and others to loopback.
const REST: usize = 32;

/// Handshakes of TLS that one network has under way at once; a few more than it may open connections at once.
const TURNS: usize = 32;

/// The log says that sockets are closed at most this often.
const WARNED_EVERY: Duration = Duration::from_secs(60);

/// A handle to the sockets that are open; clones are the same.
#[derive(Clone, Debug)]
pub struct Crowd {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    max: usize,
    trusted: Vec<IpNet>,
    metrics: Metrics,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    all: usize,
    strangers: usize,
    networks: HashMap<IpAddr, Network>,
    warned_at: Option<Instant>,
}

/// What one network has open. It is forgotten with the last of it.
#[derive(Debug)]
struct Network {
    sockets: usize,
    turns: Arc<Semaphore>,
}

/// How far an address is trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Proxy,
    Loopback,
    Stranger,
}

impl Crowd {
    /// At most `max` sockets at once. Proxies in `trusted` have no share.
    pub fn new(max: usize, trusted: Vec<IpNet>, metrics: Metrics) -> Crowd {
        Crowd {
            shared: Arc::new(Shared {
                max,
                trusted,
                metrics,
                open: Mutex::default(),
            }),
        }
    }

    /// Counts a socket that `peer` has opened for as long as the place lives; `None` where it is one too many.
    pub fn enter(&self, peer: IpAddr) -> Option<Place> {
        let (standing, network) = (self.standing(peer), address::network(peer));
        let mut open = self.open();
        let sockets = open.networks.get(&network).map_or(0, |known| known.sockets);
        if !self.has_room(&open, standing, sockets) {
            let is_said = open.warned_at.is_some_and(|at| at.elapsed() < WARNED_EVERY);
            if !is_said {
                open.warned_at = Some(Instant::now());
            }
            let all = open.all;
            drop(open);
            self.shared.metrics.refused("too_many_sockets");
            debug!(target: "tickwire::http", %network, sockets, all, "a socket too many is closed");
            if !is_said {
                // Whose they are is for the operator alone: the page's log has this line too.
                warn!(target: "tickwire::http",
                    sockets,
                    all,
                    max = self.shared.max,
                    "one network has as many sockets open as it may, and more are closed as they come; \
                     --log info,tickwire::http=debug names it"
                );
            }
            return None;
        }
        open.all += 1;
        open.strangers += usize::from(standing == Standing::Stranger);
        let known = open.networks.entry(network).or_insert_with(|| Network {
            sockets: 0,
            turns: Arc::new(Semaphore::new(TURNS)),
        });
        known.sockets += 1;
        let turns = (standing == Standing::Stranger).then(|| Arc::clone(&known.turns));
        Some(Place {
            crowd: self.clone(),
            network,
            standing,
            turns,
        })
    }

    fn has_room(&self, open: &Open, standing: Standing, of_network: usize) -> bool {
        let max = self.shared.max;
        let rest = REST.min(max / 4);
        let has_share = match standing {
            Standing::Proxy => true,
            Standing::Loopback => of_network < max - rest,
            Standing::Stranger => {
                let share = (max / PARTS).max(SHARE_MIN.min(max / 2));
                of_network < share && open.strangers < max - rest
            }
        };
        has_share && open.all < max
    }

    fn standing(&self, peer: IpAddr) -> Standing {
        let peer = peer.to_canonical();
        if self.shared.trusted.iter().any(|net| net.contains(&peer)) {
            Standing::Proxy
        } else if peer.is_loopback() {
            Standing::Loopback
        } else {
            Standing::Stranger
        }
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.shared.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One open socket.
#[derive(Debug)]
pub struct Place {
    crowd: Crowd,
    network: IpAddr,
    standing: Standing,
    /// Shared with the other sockets of a stranger's network.
    turns: Option<Arc<Semaphore>>,
}

impl Place {
    /// Waits until the network has a turn at what costs the desk more than a socket: so one that opens all of its share
    /// at once stands in line behind itself, and not before others. Who is on the desk's own machine, or behind a
    /// trusted proxy, waits for nobody.
    pub async fn turn(&self) -> Option<OwnedSemaphorePermit> {
        let turns = Arc::clone(self.turns.as_ref()?);
        turns.acquire_owned().await.ok()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.crowd.open();
        open.all = open.all.saturating_sub(1);
        if self.standing == Standing::Stranger {
            open.strangers = open.strangers.saturating_sub(1);
        }
        if let Some(known) = open.networks.get_mut(&self.network) {
            known.sockets = known.sockets.saturating_sub(1);
            if known.sockets == 0 {
                open.networks.remove(&self.network);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crowd(max: usize) -> Crowd {
        let trusted = ["127.0.0.9/32", "10.0.0.0/8"].map(|net| net.parse().unwrap());
        Crowd::new(max, trusted.into(), Metrics::default())
    }

    /// Opens as many as may be, and keeps them.
    fn all_of(crowd: &Crowd, peer: &str) -> Vec<Place> {
        let peer = peer.parse().unwrap();
        std::iter::from_fn(|| crowd.enter(peer)).collect()
    }

    #[test]
    fn a_network_has_its_share_and_others_have_theirs() {
        let crowd = crowd(1_000);
        let held = all_of(&crowd, "192.0.2.1");
        assert_eq!(held.len(), 125);
        let mapped = all_of(&crowd, "::ffff:192.0.2.1");
        assert_eq!(mapped.len(), 0, "the same in other words");
        let house = all_of(&crowd, "2001:db8::1");
        assert_eq!(house.len(), 125);
        assert_eq!(
            all_of(&crowd, "2001:db8::ffff:1").len(),
            0,
            "one household is one network"
        );
        assert_eq!(all_of(&crowd, "2001:db8:0:1::1").len(), 125);
        assert_eq!(all_of(&crowd, "192.0.2.2").len(), 125);
        drop(held);
        assert_eq!(all_of(&crowd, "192.0.2.1").len(), 125, "room is given back");
    }

    #[test]
    fn a_small_desk_has_shares_of_some_size_and_never_more_than_half() {
        for (max, share) in [(10_096, 1_262), (146, 64), (97, 48), (2, 1)] {
            assert_eq!(all_of(&crowd(max), "192.0.2.1").len(), share, "{max}");
        }
    }

    #[test]
    fn strangers_leave_room_to_the_desks_own_machine_and_it_to_them() {
        let crowd = crowd(200);
        let strangers: Vec<_> = (0..9)
            .flat_map(|host| all_of(&crowd, &format!("192.0.2.{host}")))
            .collect();
        assert_eq!(strangers.len(), 168);
        let near = all_of(&crowd, "127.0.0.1");
        assert_eq!(near.len(), 32);
        drop((near, strangers));
        let near = all_of(&crowd, "::1");
        assert_eq!(near.len(), 168);
        assert_eq!(all_of(&crowd, "192.0.2.1").len(), 32);
    }

    #[test]
    fn a_trusted_proxy_carries_everybody() {
        for proxy in ["127.0.0.9", "10.1.2.3", "::ffff:10.1.2.3"] {
            let crowd = crowd(200);
            assert_eq!(all_of(&crowd, proxy).len(), 200, "{proxy}");
        }
    }

    #[test]
    fn nothing_is_kept_of_those_who_have_gone() {
        let crowd = crowd(200);
        for peer in ["192.0.2.1", "127.0.0.1", "10.1.2.3"] {
            drop(all_of(&crowd, peer));
        }
        let open = crowd.open();
        assert_eq!((open.all, open.strangers, open.networks.len()), (0, 0, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn a_network_that_comes_all_at_once_stands_in_its_own_line() {
        let crowd = crowd(1_000);
        let held = all_of(&crowd, "192.0.2.1");
        let mut turns = Vec::new();
        for place in &held[..TURNS] {
            turns.push(place.turn().await.unwrap());
        }
        let next = tokio::time::timeout(Duration::from_secs(60), held[TURNS].turn()).await;
        assert!(next.is_err(), "the line is full");
        let other = crowd.enter("192.0.2.2".parse().unwrap()).unwrap();
        assert!(other.turn().await.is_some(), "another line");
        turns.pop();
        assert!(held[TURNS].turn().await.is_some());
        for near in ["127.0.0.1", "10.1.2.3"] {
            let near = crowd.enter(near.parse().unwrap()).unwrap();
            assert!(near.turn().await.is_none(), "there is no line");
        }
    }
}
