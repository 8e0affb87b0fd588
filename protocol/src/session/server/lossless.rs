//! Lossless topics of a connection: every message, by cursor, out of what is at hand; what is older is fetched in pieces,
//! one at a time, so that a client that was away for long costs no more than one that was not.

use super::{Board, LOSSLESS_TURN, NotKept, Outgoing, Server};
use crate::clock::TimestampMs;
use crate::frame::Frame;
use crate::id::Seq;
use crate::message::ResetReason;
use crate::topic::{Topic, TopicClass};
use std::collections::VecDeque;
use std::sync::Arc;

/// Messages of a lossless topic that are not at hand and wanted from where they are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fetch {
    /// The topic.
    pub topic: Topic,
    /// The place before the first one wanted.
    pub after: Seq,
    /// The last one that there may be: what the board has told.
    pub until: Seq,
}

/// A piece of older messages: asked for, or here and being sent.
#[derive(Debug)]
pub(super) struct Older {
    topic: Topic,
    /// The place before the next one of it.
    after: Seq,
    /// `None` while it is under way.
    frames: Option<VecDeque<Arc<Frame>>>,
}

impl Server {
    pub(super) fn lossless(&self) -> impl Iterator<Item = (Topic, Option<Seq>)> + '_ {
        self.topics
            .iter()
            .filter(|(topic, _)| topic.class() == TopicClass::Lossless)
            .map(|(topic, subscription)| (*topic, subscription.sent))
    }

    /// Sends lossless messages by cursor; true where a topic has more than one turn's worth.
    pub(super) fn poll_lossless(
        &mut self,
        now: TimestampMs,
        board: &dyn Board,
        out: &mut Vec<Outgoing>,
    ) -> bool {
        let mut more = false;
        let mut resets = Vec::new();
        self.forget_what_nobody_reads();
        for (topic, subscription) in &mut self.topics {
            if topic.class() != TopicClass::Lossless {
                continue;
            }
            let after = subscription.sent.unwrap_or_default();
            let (epoch, head) = board.head(*topic);
            if epoch != subscription.epoch {
                // A history that did not go on: nothing of the new one follows a place of the old one.
                (subscription.epoch, subscription.sent) = (epoch, Some(head));
                resets.push((*topic, ResetReason::Epoch, after.next()));
                continue;
            }
            if head == after {
                continue;
            }
            let frames = match board.events(*topic, after, LOSSLESS_TURN) {
                Ok(frames) => frames,
                Err(NotKept) if board.keeps(*topic, after) => match &mut self.older {
                    None => {
                        let (topic, until) = (*topic, head);
                        self.older = Some(Older {
                            topic,
                            after,
                            frames: None,
                        });
                        out.push(Outgoing::Fetch(Fetch { topic, after, until }));
                        continue;
                    }
                    // One piece at a time; the other topics of this client wait for it.
                    Some(older) => match older.next(*topic, after) {
                        Some(frames) => frames,
                        None => continue,
                    },
                },
                Err(NotKept) => {
                    subscription.sent = Some(head);
                    resets.push((*topic, ResetReason::Retention, after.next()));
                    continue;
                }
            };
            more |= frames.len() == LOSSLESS_TURN;
            for frame in frames {
                subscription.sent = frame.message().head.seq.or(subscription.sent);
                out.push(Outgoing::Frame(frame));
            }
        }
        // A piece that is sent makes room for the next one, which is asked for without being woken.
        if self.older.as_ref().is_some_and(Older::is_sent) {
            self.older = None;
            more = true;
        }
        for (topic, reason, lost_from) in resets {
            self.reset(now, topic, reason, lost_from, board);
        }
        more
    }

    /// Takes in what was fetched. Where it is kept no longer, or does not go on where the client stands, that is told.
    pub(super) fn fetched(
        &mut self,
        now: TimestampMs,
        fetched: Result<Vec<Arc<Frame>>, NotKept>,
        board: &dyn Board,
    ) {
        let Some(older) = self.older.as_mut().filter(|older| older.frames.is_none()) else {
            return;
        };
        let (topic, after) = (older.topic, older.after);
        let first = |frames: &Vec<Arc<Frame>>| frames.first().and_then(|frame| frame.message().head.seq);
        if let Ok(frames) = fetched
            && first(&frames) == Some(after.next())
        {
            older.frames = Some(frames.into());
            return;
        }
        self.older = None;
        let Some(subscription) = self.topics.get_mut(&topic) else {
            return;
        };
        if subscription.sent == Some(after) {
            subscription.sent = Some(board.head(topic).1);
            self.reset(now, topic, ResetReason::Retention, after.next(), board);
        }
    }

    /// A piece of a topic that the client left, or stands elsewhere in by now.
    fn forget_what_nobody_reads(&mut self) {
        let is_read = |older: &Older| {
            let subscription = self.topics.get(&older.topic);
            older.frames.is_none() || subscription.is_some_and(|one| one.sent == Some(older.after))
        };
        if self.older.as_ref().is_some_and(|older| !is_read(older)) {
            self.older = None;
        }
    }
}

impl Older {
    /// The next messages of it, where it is of this topic and goes on after this place.
    fn next(&mut self, topic: Topic, after: Seq) -> Option<Vec<Arc<Frame>>> {
        let frames = self.frames.as_mut()?;
        if (self.topic, self.after) != (topic, after) {
            return None;
        }
        let some: Vec<Arc<Frame>> = frames.drain(..frames.len().min(LOSSLESS_TURN)).collect();
        self.after = some
            .last()
            .and_then(|frame| frame.message().head.seq)
            .unwrap_or(after);
        Some(some)
    }

    fn is_sent(&self) -> bool {
        self.frames.as_ref().is_some_and(VecDeque::is_empty)
    }
}
