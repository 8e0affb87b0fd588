//! A shutdown in good order: no new connections, the clients told and let go one after the other over the drain, each
//! with a window to come back in, so that they neither leave nor return all in one moment.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// Handshakes that the desk takes in within a second without anybody noticing: what two slow cores do, with room.
const HANDSHAKES_PER_SECOND: u64 = 700;

/// The share of the drain, in percent, within which clients are let go; the rest is for their last answers.
const SPREAD_PERCENT: u32 = 75;

/// The window within which this many clients should come back, so that the desk takes them in as they come.
pub fn window(connections: u32) -> Duration {
    Duration::from_millis(u64::from(connections).saturating_mul(1_000) / HANDSHAKES_PER_SECOND)
}

/// The course of a drain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    began: Instant,
    spread: Duration,
    patience: Duration,
    window: Duration,
}

impl Plan {
    /// A drain that begins at `now` with so many connections, has `patience`, and lets clients come back within at least
    /// `window_min`.
    pub fn new(now: Instant, connections: u32, patience: Duration, window_min: Duration) -> Plan {
        let window = window(connections);
        Plan {
            began: now,
            spread: window.min(patience * SPREAD_PERCENT / 100),
            patience,
            window: window.max(window_min),
        }
    }

    /// When the connection of this name is told to go: by a hash, so that any set of names fills the spread evenly.
    pub fn moment(&self, session: &str) -> Instant {
        let mut hasher = DefaultHasher::new();
        session.hash(&mut hasher);
        let place = hasher.finish() >> 32;
        let millis = u64::try_from(self.spread.as_millis()).unwrap_or(u64::MAX);
        self.began + Duration::from_millis((millis.saturating_mul(place)) >> 32)
    }

    /// When the desk goes, whoever is left.
    pub fn ends(&self) -> Instant {
        self.began + self.patience
    }

    /// The bounds in milliseconds of the delay of a client that is told at `now`: not before the desk is gone, where it
    /// would be sent away again, and then within the window.
    pub fn reconnect_ms(&self, now: Instant) -> (u64, u64) {
        // With few connections the desk is gone as soon as the last of them is.
        let gone = (self.began + self.spread).saturating_duration_since(now);
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        (millis(gone), millis(gone + self.window))
    }

    /// Whole seconds after which somebody who comes now should try again.
    pub fn retry_after(&self, now: Instant) -> u64 {
        self.ends().saturating_duration_since(now).as_secs() + 1
    }
}

/// A handle to the drain; clones are the same.
#[derive(Clone, Debug)]
pub struct Drain {
    plan: Arc<watch::Sender<Option<Plan>>>,
}

impl Default for Drain {
    fn default() -> Drain {
        Drain {
            plan: Arc::new(watch::Sender::new(None)),
        }
    }
}

impl Drain {
    /// Begins; a second call changes nothing.
    pub fn begin(&self, plan: Plan) {
        self.plan.send_if_modified(|known| {
            let is_new = known.is_none();
            known.get_or_insert(plan);
            is_new
        });
    }

    /// Its course, once it has begun.
    pub fn plan(&self) -> Option<Plan> {
        *self.plan.borrow()
    }

    /// Changes when it begins.
    pub fn watch(&self) -> watch::Receiver<Option<Plan>> {
        self.plan.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_are_let_go_at_once_and_many_evenly_over_the_drain() {
        let now = Instant::now();
        let least = Duration::from_millis(250);
        let few = Plan::new(now, 5, Duration::from_secs(3), least);
        for number in 0..5 {
            assert!(few.moment(&format!("c-1-{number}")) - now < Duration::from_millis(20));
        }
        let (from, to) = few.reconnect_ms(now);
        assert!(from < 20 && (250..300).contains(&to), "{from} {to}");

        let many = Plan::new(now, 10_000, Duration::from_secs(4), least);
        let mut tenths = [0; 10];
        for number in 500..1_500 {
            let after = many.moment(&format!("c-1-{number}")) - now;
            assert!(after < Duration::from_secs(3));
            tenths[usize::try_from(after.as_millis() / 300).unwrap()] += 1;
        }
        assert!(tenths.iter().all(|count| (60..140).contains(count)), "{tenths:?}");
    }

    #[test]
    fn nobody_is_sent_back_to_a_desk_that_is_going() {
        let now = Instant::now();
        let plan = Plan::new(now, 7_000, Duration::from_secs(4), Duration::from_millis(250));
        assert_eq!(plan.reconnect_ms(now), (3_000, 13_000));
        assert_eq!(plan.reconnect_ms(now + Duration::from_secs(2)), (1_000, 11_000));
        assert_eq!(plan.reconnect_ms(now + Duration::from_secs(9)), (0, 10_000));
        assert_eq!(plan.retry_after(now), 5);
        assert_eq!(plan.retry_after(now + Duration::from_secs(9)), 1);
    }

    #[test]
    fn it_begins_once() {
        let drain = Drain::default();
        let seen = drain.watch();
        assert_eq!(drain.plan(), None);
        let now = Instant::now();
        let plan = Plan::new(now, 1, Duration::from_secs(1), Duration::ZERO);
        drain.clone().begin(plan);
        drain.begin(Plan::new(now, 9, Duration::from_secs(9), Duration::ZERO));
        assert_eq!(drain.plan(), Some(plan));
        assert!(seen.has_changed().unwrap());
    }
}
