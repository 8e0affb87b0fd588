//! What a client wants to be sent: subscribing, going on from a place, being told of a loss, unsubscribing.

use super::state::Subscription;
use super::{Board, Outgoing, Server, known, questions};
use crate::clock::TimestampMs;
use crate::command::{ResumeFrom, Subscribe};
use crate::error::{ErrorCode, Refusal};
use crate::id::{CommandId, Seq};
use crate::message::{Body, Message, Reset, ResetReason, Resumed, Subscribed, Unsubscribed};
use crate::topic::{Topic, TopicClass};
use std::collections::BTreeSet;

impl Server {
    pub(super) fn subscribe(
        &mut self,
        now: TimestampMs,
        id: &Option<CommandId>,
        subscribe: Subscribe,
        board: &dyn Board,
    ) -> Result<(), Refusal> {
        let topics = each_once(subscribe.topics.clone());
        // All or nothing: a subscription that is half refused would leave the client guessing.
        for topic in &topics {
            if let Some(symbol) = topic.symbol() {
                known(board, symbol)?;
            }
        }
        let added = topics
            .iter()
            .filter(|topic| !self.topics.contains_key(topic))
            .count();
        let max = usize::try_from(self.limits.topics_max).unwrap_or(usize::MAX);
        if self.topics.len() + added > max {
            let message = format!("a connection may have {max} topics; unsubscribe from some first");
            return Err(Refusal::new(ErrorCode::TopicLimit, message));
        }
        for topic in topics {
            self.subscribe_one(now, id, topic, &subscribe, board);
        }
        self.next_state = now;
        Ok(())
    }

    fn subscribe_one(
        &mut self,
        now: TimestampMs,
        id: &Option<CommandId>,
        topic: Topic,
        wanted: &Subscribe,
        board: &dyn Board,
    ) {
        let class = topic.class();
        let resume: Option<&ResumeFrom> = wanted.resume.iter().find(|from| from.topic == topic);
        let (ep, head) = board.head(topic);
        let start = match resume {
            Some(from) if class == TopicClass::Lossless && from.ep == ep && from.seq <= head => from.seq,
            _ => head,
        };
        let mut subscribed = Message::of(topic, ep, start, now, Body::Subscribed(Subscribed { class }));
        subscribed.head.id = id.clone();
        self.answer(subscribed);
        let subscription = match class {
            TopicClass::State => Subscription::to_state(wanted.interval_ms, wanted.partial),
            TopicClass::Lossless => Subscription::after(ep, start),
        };
        self.topics.insert(topic, subscription);
        let Some(from) = resume.filter(|_| class == TopicClass::Lossless) else {
            return;
        };
        if from.ep != ep {
            self.reset(now, topic, ResetReason::Epoch, from.seq.next(), board);
        } else if from.seq > head {
            self.reset(now, topic, ResetReason::Ahead, head.next(), board);
        } else if board.events(topic, from.seq, 1).is_err() && !board.keeps(topic, from.seq) {
            self.topics.insert(topic, Subscription::after(ep, head));
            self.reset(now, topic, ResetReason::Retention, from.seq.next(), board);
        } else {
            self.tally.resume(from.seq, head);
            let body = Body::Resumed(Resumed {
                from: from.seq.next(),
                head,
            });
            self.answer(Message::of(topic, ep, from.seq, now, body));
        }
    }

    pub(super) fn reset(
        &mut self,
        now: TimestampMs,
        topic: Topic,
        reason: ResetReason,
        lost_from: Seq,
        board: &dyn Board,
    ) {
        self.tally.resets += 1;
        let (ep, head) = board.head(topic);
        self.answer(Message::of(
            topic,
            ep,
            head,
            now,
            Body::Reset(Reset { reason, lost_from }),
        ));
        // What was lost may have changed what the reader holds, so it gets all of that anew.
        let question = questions::after_a_loss(topic, &self.limits);
        if let Some(snapshot) = question.and_then(|question| board.answer(&question)) {
            self.answers.push_back(Outgoing::Frame(snapshot));
        }
    }

    pub(super) fn unsubscribe(
        &mut self,
        now: TimestampMs,
        id: &Option<CommandId>,
        topics: Vec<Topic>,
        board: &dyn Board,
    ) -> Result<(), Refusal> {
        let topics = each_once(topics);
        for symbol in topics.iter().filter_map(|topic| topic.symbol()) {
            known(board, symbol)?;
        }
        for topic in topics {
            if self.topics.remove(&topic).is_some() {
                let (ep, seq) = board.head(topic);
                let mut message = Message::of(topic, ep, seq, now, Body::Unsubscribed(Unsubscribed {}));
                message.head.id = id.clone();
                self.answer(message);
            }
        }
        Ok(())
    }
}

/// In their order; a topic named twice is one topic.
fn each_once(mut topics: Vec<Topic>) -> Vec<Topic> {
    let mut seen = BTreeSet::new();
    topics.retain(|topic| seen.insert(*topic));
    topics
}
