//! The recent messages of one lossless topic of one account.

use std::collections::VecDeque;
use std::sync::Arc;
use tickwire_protocol::frame::Frame;
use tickwire_protocol::id::Seq;
use tickwire_protocol::session::server::NotKept;

/// Messages kept in memory for those who come back; about a megabyte.
pub const RETENTION: usize = 4096;

/// A bounded run of messages without a gap.
#[derive(Debug, Default)]
pub struct Log {
    frames: VecDeque<Arc<Frame>>,
    head: Seq,
    /// Messages up to here are too old to be kept anywhere.
    floor: Seq,
}

impl Log {
    /// The last message's place.
    pub fn head(&self) -> Seq {
        self.head
    }

    /// Has the topic stand at `head`: what is there stays where it reaches up to there.
    pub fn begin(&mut self, head: Seq) {
        if self.head != head {
            self.frames.clear();
            self.head = head;
        }
    }

    /// Messages up to this place are too old to be kept anywhere.
    pub fn set_floor(&mut self, floor: Seq) {
        self.floor = floor;
    }

    /// Whether everything after a place is among the last `kept` messages, and none of it too old.
    pub fn keeps(&self, after: Seq, kept: u64) -> bool {
        after >= self.floor && after <= self.head && self.head.0 - after.0 <= kept
    }

    /// The messages kept, the newest first.
    pub fn newest(&self) -> impl Iterator<Item = &Arc<Frame>> {
        self.frames.iter().rev()
    }

    /// Adds the next message. One that is not the next, after a restart, begins a new run.
    pub fn push(&mut self, seq: Seq, frame: Arc<Frame>) {
        if seq != self.head.next() {
            self.frames.clear();
        }
        if self.frames.len() == RETENTION {
            self.frames.pop_front();
        }
        self.frames.push_back(frame);
        self.head = seq;
    }

    /// Messages after `after`, in order, at most `max`.
    pub fn after(&self, after: Seq, max: usize) -> Result<Vec<Arc<Frame>>, NotKept> {
        let missing = usize::try_from(self.head.0.saturating_sub(after.0)).unwrap_or(usize::MAX);
        let Some(start) = self.frames.len().checked_sub(missing) else {
            return Err(NotKept);
        };
        Ok(self.frames.range(start..).take(max).cloned().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tickwire_protocol::clock::TimestampMs;
    use tickwire_protocol::id::Epoch;
    use tickwire_protocol::message::{Body, Message, Unsubscribed};
    use tickwire_protocol::topic::Topic;

    fn frame(seq: u64) -> Arc<Frame> {
        let body = Body::Unsubscribed(Unsubscribed {});
        Arc::new(Frame::new(Message::of(
            Topic::Orders,
            Epoch(1),
            Seq(seq),
            TimestampMs(0),
            body,
        )))
    }

    fn seqs(frames: Vec<Arc<Frame>>) -> Vec<u64> {
        frames
            .iter()
            .map(|frame| frame.message().head.seq.unwrap().0)
            .collect()
    }

    #[test]
    fn it_stands_where_it_is_told_to_and_keeps_what_leads_there() {
        let mut log = Log::default();
        log.push(Seq(6), frame(6));
        log.push(Seq(7), frame(7));
        log.begin(Seq(7));
        assert_eq!(log.after(Seq(5), 10).map(seqs), Ok(vec![6, 7]));
        log.begin(Seq(9));
        assert_eq!(log.head(), Seq(9));
        assert_eq!(log.after(Seq(8), 10).map(seqs), Err(NotKept));
        assert_eq!(log.after(Seq(9), 10).map(seqs), Ok(vec![]));
        log.push(Seq(10), frame(10));
        assert_eq!(log.after(Seq(9), 10).map(seqs), Ok(vec![10]));
    }

    #[test]
    fn it_gives_what_comes_after_a_place_or_says_that_it_cannot() {
        let mut log = Log::default();
        assert_eq!(log.after(Seq(0), 10).map(seqs), Ok(vec![]));
        for seq in 1..=RETENTION as u64 + 10 {
            log.push(Seq(seq), frame(seq));
        }
        let head = RETENTION as u64 + 10;
        assert_eq!(log.head(), Seq(head));
        assert_eq!(log.after(Seq(head), 10).map(seqs), Ok(vec![]));
        assert_eq!(log.after(Seq(head - 2), 10).map(seqs), Ok(vec![head - 1, head]));
        assert_eq!(log.after(Seq(10), 2).map(seqs), Ok(vec![11, 12]));
        assert_eq!(log.after(Seq(9), 2).map(seqs), Err(NotKept));
    }
}
