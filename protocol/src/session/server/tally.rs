//! What a connection's machine counts of itself, for whoever watches the server. It costs a few additions.

use super::Server;
use crate::clock::TimestampMs;
use crate::command::Envelope;
use crate::error::{CloseReason, ErrorCode, Refusal};
use crate::id::Seq;
use crate::message::{Body, ErrorBody, GoingAway, Message};

/// What happened since it was last taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// The last command that could be read, by its action.
    pub action: Option<&'static str>,
    /// Values of state topics that were overwritten before they could be sent to this client.
    pub conflated: u64,
    /// Lossless topics that went on where the client stood.
    pub resumed: u64,
    /// Messages that those resumes brought.
    pub replayed: u64,
    /// Lossless topics that could not go on, so that the client was told `RESET`.
    pub resets: u64,
}

impl Tally {
    /// A value of a state topic goes out after `before`: those between were conflated. A first value skips nothing.
    pub(super) fn skip(&mut self, before: Option<Seq>, now: Option<Seq>) {
        if let (Some(before), Some(now)) = (before, now) {
            self.conflated += now.0.saturating_sub(before.0.saturating_add(1));
        }
    }

    /// A lossless topic goes on after `from`, with all up to `head` to come.
    pub(super) fn resume(&mut self, from: Seq, head: Seq) {
        self.resumed += 1;
        self.replayed += head.0.saturating_sub(from.0);
    }
}

impl Server {
    /// What happened since this was last asked.
    pub fn take_tally(&mut self) -> Tally {
        std::mem::take(&mut self.tally)
    }

    /// Whether the connection's own rate lets another command pass, without taking it.
    pub fn has_room(&self, now: TimestampMs) -> bool {
        self.rate.would_pass(now)
    }

    /// Refuses a frame that is within the connection's own rate and above one that it shares with others; `who` says
    /// whose, as in `your connections together`. It counts as one above the connection's own.
    pub fn refuse_excess(&mut self, now: TimestampMs, text: &str, retry_after_ms: u64, who: &str) {
        self.last_heard = self.last_heard.max(now);
        if !self.closing {
            let message = format!(
                "{who} send more commands a second than they may; this one was not carried out, send it again in \
                 {retry_after_ms} ms"
            );
            self.too_fast(now, Some(text), retry_after_ms, message);
        }
    }

    /// Answers a frame that came too fast by its id, so that nobody waits for it, or closes where there were too many.
    pub(super) fn too_fast(
        &mut self,
        now: TimestampMs,
        text: Option<&str>,
        retry_after_ms: u64,
        message: String,
    ) {
        self.violations += 1;
        if self.violations > self.limits.rate_violations_max {
            return self.close(CloseReason::RateLimited);
        }
        let mut body = ErrorBody::from(Refusal::new(ErrorCode::RateLimited, message));
        body.retry_after_ms = Some(retry_after_ms);
        let short = |text: &&str| text.len() <= self.limits.frame_len_max();
        let id = text.filter(short).and_then(|text| match Envelope::decode(text) {
            Ok(envelope) => envelope.id,
            Err(bad) => bad.id,
        });
        self.answer(Message::plain(id, now, Body::Error(body)));
    }

    /// As [`Server::go_away`], with the bounds in milliseconds that the client is to draw its first reconnect delay from.
    pub fn go_away_within(&mut self, now: TimestampMs, window: (u64, u64)) {
        let body = GoingAway {
            reason: "shutdown".to_owned(),
            reconnect_ms: window,
        };
        self.answer(Message::plain(None, now, Body::GoingAway(body)));
        self.close(CloseReason::GoingAway);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_between_two_values_sent_was_conflated() {
        let mut tally = Tally::default();
        tally.skip(None, Some(Seq(90)));
        assert_eq!(tally.conflated, 0, "nobody waited for what was before the first");
        tally.skip(Some(Seq(90)), Some(Seq(91)));
        assert_eq!(tally.conflated, 0);
        tally.skip(Some(Seq(91)), Some(Seq(95)));
        assert_eq!(tally.conflated, 3);
        tally.resume(Seq(10), Seq(14));
        tally.resume(Seq(14), Seq(14));
        assert_eq!((tally.resumed, tally.replayed), (2, 4));
    }
}
