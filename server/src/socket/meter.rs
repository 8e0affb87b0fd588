//! What one connection adds to the counts of the server: a few atomics a frame, and nothing allocated once it is warm.

use crate::metrics::{Metrics, micros};
use tickwire_protocol::session::server::{Outgoing, Tally};
use tickwire_protocol::topic::Topic;

/// A frame made for one client names its type within so many bytes.
const KIND_WITHIN: usize = 128;

/// Counts for one connection.
#[derive(Debug)]
pub(super) struct Meter {
    metrics: Metrics,
    /// What is older was not written late: the client asked for it, or came, only then.
    since: u64,
    /// When the command was read whose answer is under way; 0 where there is none.
    asked_at: u64,
    /// When the tickers of this turn were taken in.
    tickers: Vec<u64>,
}

impl Meter {
    /// For a connection that begins now.
    pub(super) fn new(metrics: Metrics) -> Meter {
        metrics.opened();
        Meter {
            metrics,
            since: micros(),
            asked_at: 0,
            tickers: Vec::new(),
        }
    }

    /// A frame was read.
    pub(super) fn read(&mut self) {
        self.since = micros();
        if self.asked_at == 0 {
            self.asked_at = self.since;
        }
    }

    /// The machine has taken a frame in, and counted this.
    pub(super) fn taken_in(&self, tally: Tally) {
        if tally.action.is_none() {
            self.metrics.received_unread();
        }
        self.metrics.tallied(tally);
    }

    /// The machine has said what is due, and counted this.
    pub(super) fn polled(&self, tally: Tally) {
        self.metrics.tallied(tally);
    }

    /// This is about to be written.
    pub(super) fn writes(&mut self, outgoing: &Outgoing, text: &[u8]) {
        match outgoing {
            Outgoing::Frame(frame) | Outgoing::Changes { frame, .. } | Outgoing::Answer(frame, _) => {
                let message = frame.message();
                self.metrics.sent(message.body.kind());
                let is_ticker = matches!(message.head.topic, Some(Topic::Ticker(_)));
                if is_ticker && frame.taken_in() > self.since {
                    self.tickers.push(frame.taken_in());
                }
            }
            _ => self.metrics.sent(kind(text)),
        }
    }

    /// All of the turn was written. `is_asked` where the engine is still at a command.
    pub(super) fn written(&mut self, is_asked: bool) {
        if self.tickers.is_empty() && self.asked_at == 0 {
            return;
        }
        let now = micros();
        for taken_in in self.tickers.drain(..) {
            self.metrics.delivered(now.saturating_sub(taken_in));
        }
        if !is_asked && self.asked_at > 0 {
            self.metrics.answered(now.saturating_sub(self.asked_at));
            self.asked_at = 0;
        }
    }

    /// The connection has ended.
    pub(super) fn closed(&self, reason: &str) {
        self.metrics.closed(reason);
    }
}

/// The type of a frame, as it stands in its text.
fn kind(text: &[u8]) -> &str {
    const KEY: &[u8] = b"\"type\":\"";
    let head = &text[..text.len().min(KIND_WITHIN)];
    let after = head
        .windows(KEY.len())
        .position(|window| window == KEY)
        .map(|at| &head[at + KEY.len()..]);
    let name = after.and_then(|after| after.split(|byte| *byte == b'"').next());
    name.and_then(|name| str::from_utf8(name).ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use tickwire_protocol::clock::TimestampMs;
    use tickwire_protocol::frame::Frame;
    use tickwire_protocol::message::{Body, Message, Pong};

    #[test]
    fn the_type_of_a_text_is_found_and_a_text_without_one_is_of_none() {
        let body = Body::Pong(Pong {
            t0: 1,
            t1: TimestampMs(2),
            t2: TimestampMs(2),
        });
        let id = "7".parse().ok();
        let text = Message::plain(id, TimestampMs(3), body).encode();
        assert_eq!(kind(text.as_bytes()), "PONG");
        assert_eq!(kind(b"{}"), "");
        assert_eq!(kind(b""), "");
        assert_eq!(kind(b"{\"type\":\""), "");
    }

    #[test]
    fn only_what_came_after_the_last_word_of_the_client_is_measured() {
        let metrics = Metrics::default();
        let mut meter = Meter::new(metrics.clone());
        let ticker = |taken_in| {
            let mut message = Message::plain(None, TimestampMs(0), Body::Unknown("T".to_owned()));
            message.head.topic = "ticker:BTCUSDT".parse().ok();
            Outgoing::Frame(Arc::new(Frame::new(message).taken_in_at(taken_in)))
        };
        meter.writes(&ticker(1), b"");
        meter.writes(&ticker(0), b"");
        assert!(meter.tickers.is_empty(), "a snapshot is as old as its value");
        std::thread::sleep(std::time::Duration::from_millis(1));
        meter.writes(&ticker(micros()), b"");
        assert_eq!(meter.tickers.len(), 1);
        meter.read();
        meter.written(true);
        assert!(
            meter.tickers.is_empty() && meter.asked_at > 0,
            "the engine has not answered yet"
        );
        meter.written(false);
        assert_eq!(meter.asked_at, 0);
    }
}
