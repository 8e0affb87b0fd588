//! The socket where there is no browser: it connects to nothing, so that a page renders what it was born with.

use leptos::prelude::*;
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::command::Command;
use tickwire_protocol::topic::Topic;

use super::{Answer, Status, Store};

/// The twin of the browser's socket.
#[derive(Clone, Copy, Debug)]
pub struct Socket;

impl Socket {
    /// Keeps nothing.
    pub fn new(_store: Store, _status: Status, _taken_at: TimestampMs) -> Socket {
        Socket
    }

    /// Never called: effects do not run here.
    pub fn start(&self) {}

    /// No topics.
    pub fn subscribe(&self, _topic: Topic) {}

    /// No topics.
    pub fn unsubscribe(&self, _topic: Topic) {}

    /// Nobody asks here; no answer ever comes.
    pub fn request(&self, _command: Command) -> Answer {
        ArcRwSignal::new(None)
    }
}
