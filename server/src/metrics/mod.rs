//! What the server counts of itself, for `/metrics`: atomics that whoever works adds to, read only when somebody asks.
//!
//! Nothing here waits, locks or allocates on the way of a tick, and nothing of it names an account: numbers only.

mod histogram;
mod named;
mod text;

pub use text::{Reading, render};

use histogram::Histogram;
use named::Named;
use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;
use tickwire_protocol::command::{Command, Instruction};
use tickwire_protocol::error::CloseReason;
use tickwire_protocol::message::Body;
use tickwire_protocol::session::server::Tally;

/// What is counted of what clients send, beside the actions that the protocol lists: a sign of life.
const ALIVE: &str = "pong";

/// The actions of commands, as they are counted.
fn actions() -> Vec<&'static str> {
    [Command::QUESTIONS, Instruction::ACTIONS, &[ALIVE]].concat()
}

/// Why connections end, beside the reasons of the protocol's close codes: what the link itself does.
const CLOSED: &[&str] = &["closed_by_client", "gone", "protocol_error", "text_is_not_utf8"];

fn closed_names() -> Vec<&'static str> {
    let reasons = CloseReason::ALL.iter().map(|reason| reason.as_str());
    CLOSED.iter().copied().chain(reasons).collect()
}

/// Why handshakes are refused before there is a connection.
const REFUSED: &[&str] = &[
    "bad_handshake",
    "draining",
    "foreign_origin",
    "rate_limited",
    "too_many_sockets",
];

/// Microseconds of a clock that never goes back. It begins when it is first asked, so that 0 is never a moment.
pub fn micros() -> u64 {
    static BEGAN: OnceLock<Instant> = OnceLock::new();
    let since = BEGAN.get_or_init(Instant::now).elapsed();
    u64::try_from(since.as_micros())
        .unwrap_or(u64::MAX)
        .saturating_add(1)
}

/// A handle to the counts; clones are the same.
#[derive(Clone, Debug)]
pub struct Metrics {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    opened: AtomicU64,
    closed: Named,
    refused: Named,
    sent: Named,
    received: Named,
    conflated: AtomicU64,
    resumed: AtomicU64,
    replayed: AtomicU64,
    resets: AtomicU64,
    limited: AtomicU64,
    fed_at: AtomicU64,
    ticks: AtomicU64,
    steps_waiting: AtomicU64,
    entries: AtomicU64,
    delivery: Histogram,
    command: Histogram,
    append: Histogram,
}

impl Default for Metrics {
    fn default() -> Metrics {
        Metrics {
            shared: Arc::new(Shared {
                opened: AtomicU64::new(0),
                closed: Named::of(&closed_names()),
                refused: Named::of(REFUSED),
                sent: Named::of(Body::KINDS),
                received: Named::of(&actions()),
                conflated: AtomicU64::new(0),
                resumed: AtomicU64::new(0),
                replayed: AtomicU64::new(0),
                resets: AtomicU64::new(0),
                limited: AtomicU64::new(0),
                fed_at: AtomicU64::new(0),
                ticks: AtomicU64::new(0),
                steps_waiting: AtomicU64::new(0),
                entries: AtomicU64::new(0),
                delivery: Histogram::default(),
                command: Histogram::default(),
                append: Histogram::default(),
            }),
        }
    }
}

fn add(count: &AtomicU64, more: u64) {
    if more > 0 {
        count.fetch_add(more, Ordering::Relaxed);
    }
}

impl Metrics {
    /// There is a connection, whether it is let in or not.
    pub fn opened(&self) {
        add(&self.shared.opened, 1);
    }

    /// One that there was has ended.
    pub fn closed(&self, reason: &str) {
        self.shared.closed.add(reason);
    }

    /// A handshake was refused.
    pub fn refused(&self, reason: &str) {
        self.shared.refused.add(reason);
    }

    /// A message of this type was written.
    pub fn sent(&self, kind: &str) {
        self.shared.sent.add(kind);
    }

    /// A frame was read that is no command.
    pub fn received_unread(&self) {
        self.shared.received.add("");
    }

    /// What a connection's machine counted.
    pub fn tallied(&self, tally: Tally) {
        if let Some(action) = tally.action {
            self.shared.received.add(action);
        }
        add(&self.shared.conflated, tally.conflated);
        add(&self.shared.resumed, tally.resumed);
        add(&self.shared.replayed, tally.replayed);
        add(&self.shared.resets, tally.resets);
    }

    /// A command was refused by a rate that connections share.
    pub fn limited(&self) {
        add(&self.shared.limited, 1);
    }

    /// The engine took in this many inputs of the feed, the last of them taken in at `taken_in` ([`micros`]).
    pub fn fed(&self, inputs: u64, taken_in: u64) {
        add(&self.shared.ticks, inputs);
        self.shared.fed_at.fetch_max(taken_in, Ordering::Relaxed);
    }

    /// A step waits for the disk from now on.
    pub fn step_waits(&self) {
        add(&self.shared.steps_waiting, 1);
    }

    /// So many steps were taken up.
    pub fn steps_taken(&self, steps: usize) {
        let steps = u64::try_from(steps).unwrap_or(u64::MAX);
        // A step may be taken up before its sender has said that it waits: the count is then below zero for a moment.
        self.shared.steps_waiting.fetch_sub(steps, Ordering::Relaxed);
    }

    /// So many entries were appended and synced, in this time.
    pub fn appended(&self, entries: usize, micros: u64) {
        add(&self.shared.entries, u64::try_from(entries).unwrap_or(u64::MAX));
        self.shared.append.observe(micros);
    }

    /// A ticker was written to a socket this long after the feed told of it.
    pub fn delivered(&self, micros: u64) {
        self.shared.delivery.observe(micros);
    }

    /// The answer to a command was written this long after its frame was read.
    pub fn answered(&self, micros: u64) {
        self.shared.command.observe(micros);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_of_the_protocol_is_counted_under_its_name() {
        let text = include_str!("../../../PROTOCOL.md");
        let actions = actions();
        let mut seen = 0;
        for (at, key) in text.match_indices("\"action\":\"") {
            let rest = &text[at + key.len()..];
            let action = &rest[..rest.find('"').expect("it is closed")];
            // The answers name actions too, and examples of what is wrong name none of them.
            if action.chars().all(|c| c.is_ascii_lowercase() || c == '_') && !action.is_empty() {
                assert!(actions.contains(&action), "{action} is not on the list");
                seen += 1;
            }
        }
        assert!(seen > 20, "{seen}");
    }

    #[test]
    fn the_clock_begins_above_zero_and_never_goes_back() {
        let first = micros();
        assert!(first > 0);
        assert!(micros() >= first);
    }
}
