//! State topics of a connection: the newest value, no more often than the channel and the client's own wish allow, and
//! where the client asked for it only what changed.
//!
//! The newest value is never the one dropped: a topic that rests is looked at again when its rest is over, and what is
//! sent then is what the board has then.

use super::{Board, Outgoing, STATE_TURN, Server, to_i64};
use crate::clock::TimestampMs;
use crate::command::SetRate;
use crate::frame::Frame;
use crate::id::{Epoch, Seq};
use crate::limits::Limits;
use crate::topic::{Topic, TopicClass};
use std::ops::Bound;
use std::sync::Arc;

/// What a connection has of one topic. It holds at most one frame, which all its readers share.
#[derive(Debug, Default)]
pub(super) struct Subscription {
    /// State: the place of the last value sent. Lossless: the place of the last message sent.
    pub(super) sent: Option<Seq>,
    /// Lossless: the history that the place is of.
    pub(super) epoch: Epoch,
    /// State: when that was.
    sent_at: Option<TimestampMs>,
    /// State: no more often than this, where the client asked for it.
    interval_ms: u64,
    /// State: whether what changed since the last value is enough, and that value.
    partial: bool,
    base: Option<Arc<Frame>>,
}

impl Subscription {
    /// One that begins with the current value of a state topic.
    pub(super) fn to_state(interval_ms: Option<u32>, partial: bool) -> Subscription {
        Subscription {
            interval_ms: interval_ms.map_or(0, u64::from),
            partial,
            ..Subscription::default()
        }
    }

    /// One that begins after a place of a lossless topic's history.
    pub(super) fn after(epoch: Epoch, place: Seq) -> Subscription {
        Subscription {
            sent: Some(place),
            epoch,
            ..Subscription::default()
        }
    }

    /// When the next value may be sent.
    fn ready_at(&self, topic: Topic, limits: &Limits, rate_ms: u64) -> TimestampMs {
        let interval_ms = limits.interval_ms(topic).max(self.interval_ms).max(rate_ms);
        self.sent_at
            .map_or(TimestampMs(i64::MIN), |at| at + to_i64(interval_ms))
    }

    fn send(&mut self, frame: Arc<Frame>, now: TimestampMs) -> Outgoing {
        self.sent = frame.message().head.seq.or(self.sent);
        self.sent_at = Some(now);
        if !self.partial {
            return Outgoing::Frame(frame);
        }
        match self.base.replace(Arc::clone(&frame)) {
            Some(base) => Outgoing::Changes { base, frame },
            None => Outgoing::Frame(frame),
        }
    }
}

/// Where the turn of state topics stands.
#[derive(Debug, Default)]
pub(super) struct Turn {
    /// Where it goes on.
    from: Option<Topic>,
    /// Whether it has sent anything, or left a value for later.
    busy: bool,
    /// What the client asked for all its state topics; 0 for nothing.
    rate_ms: u64,
}

impl Server {
    /// The client wants all its state topics no more often than this.
    pub(super) fn set_rate(&mut self, now: TimestampMs, wanted: SetRate) {
        self.turn.rate_ms = wanted.interval_ms.map_or(0, u64::from);
        self.next_state = now;
    }

    /// Sends the newest value of state topics that have one and do not rest, going on where the last turn ended; true
    /// where there are more than one turn's worth. When all of them have been looked at they rest together, so that a
    /// busy market does not wake the connection for each of its ticks.
    pub(super) fn poll_state(
        &mut self,
        now: TimestampMs,
        board: &dyn Board,
        out: &mut Vec<Outgoing>,
    ) -> bool {
        let mut room = STATE_TURN;
        let from = self.turn.from.take().map_or(Bound::Unbounded, Bound::Included);
        for (topic, subscription) in self.topics.range_mut((from, Bound::Unbounded)) {
            if topic.class() != TopicClass::State {
                continue;
            }
            if room == 0 {
                self.turn.from = Some(*topic);
                return true;
            }
            if subscription.ready_at(*topic, &self.limits, self.turn.rate_ms) > now {
                self.turn.busy |= Some(board.head(*topic).1) > subscription.sent;
            } else if let Some(frame) = board.state(*topic, subscription.sent) {
                self.tally.skip(subscription.sent, frame.message().head.seq);
                out.push(subscription.send(frame, now));
                room -= 1;
                self.turn.busy = true;
            }
        }
        let earliest = self
            .topics
            .iter()
            .filter(|(topic, _)| topic.class() == TopicClass::State)
            .map(|(topic, one)| one.ready_at(*topic, &self.limits, self.turn.rate_ms))
            .min();
        let rest = if std::mem::take(&mut self.turn.busy) {
            now + to_i64(self.limits.state_interval_ms)
        } else {
            now
        };
        self.next_state = rest.max(earliest.unwrap_or(now));
        false
    }
}
