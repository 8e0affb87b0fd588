//! The outer walls: where a request comes from, how fast strangers may knock, and how much one user may ask for.
//!
//! All of it is bounded: addresses and users are kept only for as long as they were seen lately. What is refused is told
//! when to come again, and the figures are in the greeting before they bite.

mod address;
pub(crate) mod bucket;
mod crowd;

pub use address::Client;
pub(crate) use address::network;
pub use crowd::{Crowd, Place};

use crate::config::walls::WallsConfig;
use crate::drain::{self, Drain};
use crate::metrics::Metrics;
use crate::tls::Peer;
use axum::Router;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use bucket::Bucket;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tickwire_protocol::id::AccountId;
use tickwire_protocol::limits::Limits;
use tickwire_protocol::session::server::{PING_BURST, PINGS_PER_SECOND};
use tokio::time::Instant;

/// What may come at once, in seconds of the rate: a page with all its tabs, or a script's start.
const BURST_SECONDS: u32 = 3;

/// How many times more the desk's own machine may knock than others: its programs, tests and proxies are one address.
const LOOPBACK_TIMES: u32 = 100;

/// Addresses and users kept at once.
const KEYS_MAX: usize = 65_536;

/// A handle to the walls; clones are the same.
#[derive(Clone, Debug)]
pub struct Walls {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    config: WallsConfig,
    strangers: Bucket<IpAddr>,
    neighbours: Bucket<IpAddr>,
    commands: Option<Bucket<AccountId>>,
    seats: Mutex<HashMap<AccountId, u32>>,
    drain: Drain,
    metrics: Metrics,
}

/// What the desk's own machine may do where others may do `rate`.
fn near(rate: u32) -> u32 {
    rate.saturating_mul(LOOPBACK_TIMES)
}

/// What may come at once where `rate` a second may for long.
fn burst(rate: u32) -> u32 {
    rate.saturating_mul(BURST_SECONDS)
}

impl Walls {
    /// Walls as configured, which stand closed once `drain` has begun.
    pub fn new(config: WallsConfig, drain: Drain, metrics: Metrics) -> Walls {
        let rate = config.handshakes_per_second;
        Walls {
            shared: Arc::new(Shared {
                strangers: Bucket::new(rate, burst(rate), KEYS_MAX),
                neighbours: Bucket::new(near(rate), burst(near(rate)), KEYS_MAX),
                commands: config
                    .commands_per_user
                    .map(|rate| Bucket::new(rate, burst(rate), KEYS_MAX)),
                seats: Mutex::default(),
                config,
                drain,
                metrics,
            }),
        }
    }

    /// The limits of a connection from `address`, with the figures of the walls, and with a reconnect window that lets
    /// so many connections come back without melting the desk.
    pub fn tell(&self, limits: &Limits, address: IpAddr, connections: u32) -> Limits {
        let config = &self.shared.config;
        let rate = match config.handshakes_per_second {
            rate if address.is_loopback() => near(rate),
            rate => rate,
        };
        let window = u64::try_from(drain::window(connections).as_millis()).unwrap_or(u64::MAX);
        Limits {
            reconnect_window_ms: limits.reconnect_window_ms.max(window),
            user_commands_per_second: config.commands_per_user,
            user_command_burst: config.commands_per_user.map(burst),
            user_connections_max: config.connections_per_user,
            handshakes_per_second: Some(rate),
            handshake_burst: Some(burst(rate)),
            pings_per_second: Some(PINGS_PER_SECOND),
            ping_burst: Some(PING_BURST),
            ..limits.clone()
        }
    }

    /// Takes one command of this user, or says in how many milliseconds one would pass.
    pub fn command(&self, account: AccountId) -> Result<(), u64> {
        let Some(commands) = &self.shared.commands else {
            return Ok(());
        };
        commands.take(account).map_err(|wait| {
            self.shared.metrics.limited();
            u64::try_from(wait.as_millis())
                .unwrap_or(u64::MAX)
                .saturating_add(1)
        })
    }

    /// Counts a connection of this user for as long as the seat lives; `None` where the user has as many as may be.
    pub fn seat(&self, account: AccountId) -> Option<Seat> {
        let max = self.shared.config.connections_per_user;
        if let Some(max) = max {
            let mut seats = self.seats();
            let taken = seats.entry(account).or_default();
            if *taken >= max {
                return None;
            }
            *taken += 1;
        }
        Some(Seat {
            walls: max.map(|_| self.clone()),
            account,
        })
    }

    /// The way out of the walls: clients leave by it once it has begun.
    pub fn drain(&self) -> &Drain {
        &self.shared.drain
    }

    fn seats(&self) -> MutexGuard<'_, HashMap<AccountId, u32>> {
        self.shared.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How fast `address` may knock: the desk's own machine faster than strangers.
    fn knocks(&self, address: IpAddr) -> &Bucket<IpAddr> {
        if address.is_loopback() {
            &self.shared.neighbours
        } else {
            &self.shared.strangers
        }
    }

    /// Why a handshake from `address` is refused now, and after how many seconds to come again.
    fn refusal(&self, address: IpAddr) -> Option<(StatusCode, u64, &'static str)> {
        if let Some(plan) = self.shared.drain.plan() {
            self.shared.metrics.refused("draining");
            let message = "the desk is shutting down; connect again later\n";
            return Some((
                StatusCode::SERVICE_UNAVAILABLE,
                plan.retry_after(Instant::now()),
                message,
            ));
        }
        let wait = self.knocks(address).take(address::network(address)).err()?;
        self.shared.metrics.refused("rate_limited");
        let message = "too many connections were opened from this address; connect again later\n";
        Some((StatusCode::TOO_MANY_REQUESTS, whole_seconds(wait), message))
    }
}

/// One connection of a user.
#[derive(Debug)]
pub struct Seat {
    walls: Option<Walls>,
    account: AccountId,
}

impl Drop for Seat {
    fn drop(&mut self) {
        let Some(walls) = &self.walls else {
            return;
        };
        let mut seats = walls.seats();
        if let Some(taken) = seats.get_mut(&self.account) {
            *taken = taken.saturating_sub(1);
            if *taken == 0 {
                seats.remove(&self.account);
            }
        }
    }
}

fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0))
}

/// The router of sockets behind the walls: each request is a handshake, or pretends to be one.
pub fn guarded(router: Router, walls: Walls) -> Router {
    router.layer(from_fn_with_state(walls, knock))
}

async fn knock(State(walls): State<Walls>, request: Request, next: Next) -> Response {
    let address = Client::of(&request).address;
    let Some((status, seconds, message)) = walls.refusal(address) else {
        let response = next.run(request).await;
        if response.status() == StatusCode::FORBIDDEN {
            walls.shared.metrics.refused("foreign_origin");
        } else if response.status().is_client_error() {
            walls.shared.metrics.refused("bad_handshake");
        }
        return response;
    };
    let mut response = (status, message).into_response();
    response
        .headers_mut()
        .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    response
}

/// A router whose requests say where they come from: [`Client`] is among their extensions. `is_tls` where the desk itself
/// holds the certificate.
pub fn identified(router: Router, walls: Walls, is_tls: bool) -> Router {
    router.layer(from_fn_with_state((walls, is_tls), identify))
}

async fn identify(
    State((walls, is_tls)): State<(Walls, bool)>,
    mut request: Request,
    next: Next,
) -> Response {
    let peer = request
        .extensions()
        .get::<ConnectInfo<Peer>>()
        // Only a test has a request without a peer.
        .map_or(IpAddr::from(Ipv4Addr::UNSPECIFIED), |ConnectInfo(Peer(peer))| {
            peer.ip()
        });
    let client = address::behind(
        peer,
        request.headers(),
        &walls.shared.config.trusted_proxies,
        is_tls,
    );
    request.extensions_mut().insert(client);
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walls(config: WallsConfig) -> Walls {
        Walls::new(config, Drain::default(), Metrics::default())
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_burst_of_strangers_passes_and_then_they_wait_each_for_himself() {
        let walls = walls(WallsConfig {
            handshakes_per_second: 2,
            ..WallsConfig::default()
        });
        let knock = |text: &str| walls.refusal(address(text)).map(|(status, ..)| status.as_u16());
        for _ in 0..6 {
            assert_eq!(knock("192.0.2.1"), None);
        }
        assert_eq!(knock("192.0.2.1"), Some(429));
        assert_eq!(knock("192.0.2.2"), None);
        for _ in 0..600 {
            assert_eq!(
                knock("127.0.0.1"),
                None,
                "the desk's own machine is many programs"
            );
        }
        for host in 0..6 {
            assert_eq!(knock(&format!("2001:db8::{host}")), None);
        }
        assert_eq!(
            knock("2001:db8::ffff"),
            Some(429),
            "a network of IPv6 is one stranger"
        );
        let (_, seconds, _) = walls.refusal(address("192.0.2.1")).unwrap();
        assert_eq!(seconds, 1);
    }

    #[test]
    fn nobody_comes_in_once_the_drain_has_begun() {
        let walls = walls(WallsConfig::default());
        assert!(walls.refusal(address("127.0.0.1")).is_none());
        let plan = drain::Plan::new(Instant::now(), 1, Duration::from_secs(9), Duration::ZERO);
        walls.drain().begin(plan);
        let (status, seconds, _) = walls.refusal(address("127.0.0.1")).unwrap();
        assert_eq!((status.as_u16(), (9..=10).contains(&seconds)), (503, true));
    }

    #[test]
    fn a_user_has_so_many_seats_and_gets_them_back() {
        let walls = walls(WallsConfig {
            connections_per_user: Some(2),
            ..WallsConfig::default()
        });
        let (one, two) = (AccountId(1), AccountId(2));
        let first = walls.seat(one).unwrap();
        let _second = walls.seat(one).unwrap();
        assert!(walls.seat(one).is_none());
        assert!(walls.seat(two).is_some());
        drop(first);
        assert!(walls.seat(one).is_some());
        assert_eq!(walls.seats().len(), 1, "who has gone is forgotten");
    }

    #[test]
    fn commands_of_a_user_are_counted_over_all_connections() {
        let walls = walls(WallsConfig {
            commands_per_user: Some(1),
            ..WallsConfig::default()
        });
        for _ in 0..3 {
            assert_eq!(walls.command(AccountId(1)), Ok(()));
        }
        let wait = walls.command(AccountId(1)).unwrap_err();
        assert!((1..=1_001).contains(&wait), "{wait}");
        assert_eq!(walls.command(AccountId(2)), Ok(()));
        let free = super::Walls::new(WallsConfig::default(), Drain::default(), Metrics::default());
        assert!((0..10_000).all(|_| free.command(AccountId(1)).is_ok()));
    }

    #[test]
    fn the_greeting_has_the_figures_and_a_window_for_the_crowd() {
        let walls = walls(WallsConfig {
            handshakes_per_second: 10,
            commands_per_user: Some(60),
            connections_per_user: Some(8),
            ..WallsConfig::default()
        });
        let told = walls.tell(&Limits::default(), address("192.0.2.1"), 3);
        assert_eq!(
            (told.handshakes_per_second, told.handshake_burst),
            (Some(10), Some(30))
        );
        assert_eq!(
            (told.user_commands_per_second, told.user_command_burst),
            (Some(60), Some(180))
        );
        assert_eq!(told.user_connections_max, Some(8));
        assert_eq!((told.pings_per_second, told.ping_burst), (Some(50), Some(200)));
        assert_eq!(told.reconnect_window_ms, 250);
        let crowd = walls.tell(&Limits::default(), address("127.0.0.1"), 7_000);
        assert_eq!(
            (crowd.handshakes_per_second, crowd.reconnect_window_ms),
            (Some(1_000), 10_000)
        );
    }
}
