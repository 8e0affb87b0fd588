//! The hub: what every connection reads. The engine task publishes into it; it never waits for a connection, and a
//! connection never waits for another.
//!
//! A state topic has one slot that is overwritten; a lossless topic has a bounded log. A connection owns only places in
//! them, so a slow one costs nothing but its own time. Nothing is encoded before somebody reads it.
//!
//! Questions after orders, executions, risk and alerts are answered from a mirror of the account that the published
//! messages keep up to date; nobody asks the engine.

mod board;
mod candles;
mod log;
mod mirror;
mod older;

pub use board::BoardView;
pub use log::RETENTION;
pub use mirror::Seed;
pub use older::{Archive, Retention};

use crate::metrics::Metrics;
use board::BoardState;
use older::Older;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::id::{AccountId, Epoch, Seq, Symbol};
use tickwire_protocol::log::LogLine;
use tickwire_protocol::market::{Candle, Instrument, Interval, VenueRules};
use tickwire_protocol::message::{Body, Message};
use tickwire_protocol::topic::Topic;
use tokio::sync::watch;

/// Something that the engine task has to tell.
#[derive(Clone, Debug)]
pub enum Publication {
    /// A state topic has a new value.
    State {
        /// Whose; `None` for what everybody may see.
        account: Option<AccountId>,
        /// Which topic.
        topic: Topic,
        /// When what it tells happened.
        timestamp: TimestampMs,
        /// The value.
        body: Body,
    },
    /// A lossless topic has a next message.
    Event {
        /// Whose.
        account: AccountId,
        /// Which topic.
        topic: Topic,
        /// Its place in the topic.
        seq: Seq,
        /// When what it tells happened.
        timestamp: TimestampMs,
        /// The message.
        body: Body,
    },
    /// The server's log has a next line.
    Line {
        /// Its place in the log.
        seq: Seq,
        /// The line.
        line: LogLine,
    },
    /// The candles of a market up to now; they replace what was known.
    CandleHistory {
        /// The market.
        symbol: Symbol,
        /// Their length.
        interval: Interval,
        /// Oldest first.
        candles: Vec<Candle>,
    },
    /// Candles that changed or are new, oldest first.
    Candles {
        /// The market.
        symbol: Symbol,
        /// Their length.
        interval: Interval,
        /// The venue's time of the last change.
        timestamp: TimestampMs,
        /// The candles.
        changed: Vec<Candle>,
    },
}

/// A handle to the hub; clones are the same hub.
#[derive(Clone, Debug)]
pub struct Hub {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    board: RwLock<BoardState>,
    news: watch::Sender<u64>,
    events: watch::Sender<u64>,
    connections: AtomicU32,
    /// The way to messages that are no longer at hand, once somebody lent one.
    older: OnceLock<Older>,
    metrics: Metrics,
}

impl Hub {
    /// An empty hub. `log_epoch` is the epoch of the journal's history, `state_epoch` that of this life of the server.
    pub fn new(instruments: Vec<Instrument>, log_epoch: Epoch, state_epoch: Epoch) -> Hub {
        Hub {
            shared: Arc::new(Shared {
                board: RwLock::new(BoardState::new(instruments, log_epoch, state_epoch)),
                news: watch::Sender::new(0),
                events: watch::Sender::new(0),
                connections: AtomicU32::new(0),
                older: OnceLock::new(),
                metrics: Metrics::default(),
            }),
        }
    }

    /// The same hub, which tells with the instruments how the paper venue fills orders.
    pub fn with_rules(self, rules: VenueRules) -> Hub {
        self.write().set_rules(rules);
        self
    }

    /// Begins what is known of an account with what the engine's state has of it. To be called before anything new of
    /// the account is published.
    pub fn seed(&self, account: AccountId, seed: Seed) {
        self.write().seed(account, seed);
    }

    /// Fills logs with messages that a [`Hub::seed`] before or after tells the effect of, in order and up to its heads,
    /// so that clients can resume from before this life of the server.
    pub fn refill(&self, publications: impl IntoIterator<Item = Publication>) {
        let mut board = self.write();
        for publication in publications {
            board.refill(publication);
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, BoardState> {
        self.shared.board.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, BoardState> {
        self.shared.board.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the server counts of itself.
    pub fn metrics(&self) -> &Metrics {
        &self.shared.metrics
    }

    /// Accounts by where their risk guard stands: normal, paused, stopped.
    pub fn risk_counts(&self) -> [u64; 3] {
        self.shared
            .board
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .risk_counts()
    }

    /// Publishes in order and wakes those who wait.
    pub fn publish(&self, publications: impl IntoIterator<Item = Publication>) {
        self.publish_taken_in(publications, 0);
    }

    /// The same, of what the feed told at `taken_in` ([`crate::metrics::micros`]); 0 where it is not the feed's word.
    pub fn publish_taken_in(&self, publications: impl IntoIterator<Item = Publication>, taken_in: u64) {
        let mut any = false;
        let mut any_event = false;
        {
            let mut board = self.write();
            for publication in publications {
                any = true;
                any_event |= matches!(publication, Publication::Event { .. } | Publication::Line { .. });
                board.publish(publication, taken_in);
            }
        }
        if any_event {
            self.shared
                .events
                .send_modify(|count| *count = count.wrapping_add(1));
        }
        if any {
            self.shared
                .news
                .send_modify(|count| *count = count.wrapping_add(1));
        }
    }

    /// Looks at the board as the owner of `account` may see it.
    pub fn with_board<R>(&self, account: AccountId, look: impl FnOnce(&BoardView<'_>) -> R) -> R {
        look(&self.read().view(account))
    }

    /// Whether every instrument has a price.
    pub fn is_priced(&self) -> bool {
        self.read().is_priced()
    }

    /// Changes whenever anything was published.
    pub fn news(&self) -> watch::Receiver<u64> {
        self.shared.news.subscribe()
    }

    /// Changes whenever a message of a lossless topic was published.
    pub fn events(&self) -> watch::Receiver<u64> {
        self.shared.events.subscribe()
    }

    /// Open connections.
    pub fn connections(&self) -> u32 {
        self.shared.connections.load(Ordering::Relaxed)
    }

    /// Counts a connection for as long as the guard lives; `None` where `max` are open.
    pub fn admit(&self, max: u32) -> Option<ConnectionGuard> {
        let counted = &self.shared.connections;
        counted
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |open| {
                (open < max).then_some(open + 1)
            })
            .ok()
            .map(|_| ConnectionGuard {
                shared: Arc::clone(&self.shared),
            })
    }
}

/// One open connection.
#[derive(Debug)]
pub struct ConnectionGuard {
    shared: Arc<Shared>,
}

impl Drop for ConnectionGuard {
    fn drop(&mut self) {
        self.shared.connections.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A message of the board.
fn message(topic: Topic, ep: Epoch, seq: Seq, timestamp: TimestampMs, body: Body) -> Message {
    Message::of(topic, ep, seq, timestamp, body)
}
