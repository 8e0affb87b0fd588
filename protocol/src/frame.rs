//! A message that is encoded at most once, however many connections it goes to, and not at all where it goes to none.

use crate::id::Seq;
use crate::message::{Body, Message};
use crate::partial;
use bytes::Bytes;
use std::sync::OnceLock;

/// A message and, once somebody wants it, its text.
#[derive(Debug, PartialEq, Eq)]
pub struct Frame {
    message: Message,
    text: OnceLock<Bytes>,
    /// What changed since an earlier value, by its place: readers at the usual rate all want the same.
    changes: OnceLock<(Option<Seq>, Bytes)>,
    taken_in: u64,
}

impl Frame {
    /// Wraps a message; nothing is encoded yet.
    pub fn new(message: Message) -> Frame {
        Frame {
            message,
            text: OnceLock::new(),
            changes: OnceLock::new(),
            taken_in: 0,
        }
    }

    /// The same, with the moment that what it tells of was taken in, in microseconds of a clock of the server's own.
    pub fn taken_in_at(self, taken_in: u64) -> Frame {
        Frame { taken_in, ..self }
    }

    /// When what it tells of was taken in; 0 where nobody said.
    pub fn taken_in(&self) -> u64 {
        self.taken_in
    }

    /// The message.
    pub fn message(&self) -> &Message {
        &self.message
    }

    /// The JSON text, encoded on the first call and shared ever after.
    pub fn text(&self) -> Bytes {
        self.text
            .get_or_init(|| Bytes::from(self.message.encode()))
            .clone()
    }

    /// The JSON text with the `id` of the command that it answers put in front.
    pub fn text_answering(&self, id: &crate::id::CommandId) -> Bytes {
        let text = self.text();
        let id = crate::json::to_json(id);
        let mut answer = Vec::with_capacity(text.len() + id.len() + 8);
        answer.extend_from_slice(b"{\"id\":");
        answer.extend_from_slice(id.as_bytes());
        answer.push(b',');
        answer.extend_from_slice(&text[1..]);
        Bytes::from(answer)
    }

    /// The text that tells what changed since an earlier value of the same state topic; the whole one where that is not
    /// longer, or where what changed cannot be told by itself. Candles are told by what changed anyway.
    pub fn changes_since(&self, base: &Frame) -> Bytes {
        if matches!(self.message.body, Body::CandleUpdate(_)) {
            return self.text();
        }
        let since = base.message.head.seq;
        let (made_since, made) = self
            .changes
            .get_or_init(|| (since, self.make_changes_since(base)));
        if *made_since == since {
            made.clone()
        } else {
            self.make_changes_since(base)
        }
    }

    fn make_changes_since(&self, base: &Frame) -> Bytes {
        let (before, now) = (base.text(), self.text());
        let (Ok(before), Ok(text)) = (std::str::from_utf8(&before), std::str::from_utf8(&now)) else {
            return now;
        };
        match partial::changes(before, text) {
            Some(changes) if changes.len() < text.len() => Bytes::from(changes),
            _ => now,
        }
    }

    /// Whether the text has been made: what the idle-cost test looks at.
    pub fn is_encoded(&self) -> bool {
        self.text.get().is_some()
    }
}
