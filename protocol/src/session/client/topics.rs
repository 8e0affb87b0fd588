//! How a desk follows its topics: what it asked for, what the server said to it, and the place reached in each.

use super::{Client, Event, Loss, Output, to_i64};
use crate::clock::TimestampMs;
use crate::command::{Command, Envelope, ResumeFrom, Subscribe};
use crate::error::ErrorCode;
use crate::id::{CommandId, Epoch, Seq};
use crate::message::{ErrorBody, Message, Reset, Resumed};
use crate::topic::{Topic, TopicClass};
use std::collections::BTreeMap;

/// Topics named in one `subscribe`, so that the frame stays within the server's limit.
const TOPICS_A_FRAME: usize = 200;

/// A refusal for the rate is followed by another try after this long where the server does not say when.
const RETRY_AFTER_MS: u64 = 1_000;

/// No server makes a desk wait for longer.
const RETRY_AFTER_MAX_MS: u64 = 10_000;

/// What is wanted of a topic, and how far it has come.
#[derive(Clone, Debug, Default)]
pub(super) struct Interest {
    pub(super) users: u32,
    /// The last `subscribe` that named it on this connection; what the server says to an earlier one is out of date.
    asked: Option<CommandId>,
    /// On this connection: the server has said SUBSCRIBED to the last `subscribe`.
    subscribed: bool,
    /// On this connection: the server will not have it, so there is nothing to wait for.
    refused: bool,
    /// On this connection: a value or a place has come.
    synced: bool,
    /// The place that a resumed topic has to reach before it is up to date.
    resumes_to: Seq,
    /// The last place applied, on whatever connection.
    at: Option<(Epoch, Seq)>,
}

impl Interest {
    /// Forgets what the last connection said; the place reached is kept.
    pub(super) fn begin_connection(&mut self) {
        *self = Interest {
            users: self.users,
            at: self.at,
            ..Interest::default()
        };
    }

    /// The next `subscribe` names this place.
    pub(super) fn start_at(&mut self, place: Option<(Epoch, Seq)>) {
        self.at = place.or(self.at);
    }

    /// Whether nothing more has to come before the topic is up to date.
    pub(super) fn is_settled(&self) -> bool {
        self.refused || (self.subscribed && self.synced)
    }
}

/// How long to wait after a refusal for the rate.
pub(super) fn retry_delay_ms(error: &ErrorBody) -> i64 {
    to_i64(
        error
            .retry_after_ms
            .unwrap_or(RETRY_AFTER_MS)
            .clamp(1, RETRY_AFTER_MAX_MS),
    )
}

impl Client {
    /// Starts a lossless topic after this place, which the desk knows from elsewhere, such as a snapshot inside the page:
    /// every message after it is handed out, or a loss is told. May be called before the topic is wanted, or while it is
    /// followed, which leads back to the place. Of a state topic there is nothing to start from.
    pub fn start_from(&mut self, topic: Topic, ep: Epoch, seq: Seq) {
        if topic.class() != TopicClass::Lossless {
            return;
        }
        let Some(interest) = self.topics.get_mut(&topic) else {
            self.starts.insert(topic, (ep, seq));
            return;
        };
        if interest.at == Some((ep, seq)) {
            return;
        }
        interest.start_at(Some((ep, seq)));
        // What was asked for on this connection is asked for anew, from there; the rest is asked for later.
        if interest.asked.is_some() && !interest.refused && self.is_greeted() {
            self.send_subscribe(&[topic]);
        }
    }

    /// Asks for every topic that is wanted and not yet asked for on this connection.
    pub(super) fn subscribe_wanted(&mut self) {
        let open = |interest: &Interest| interest.asked.is_none() && !interest.refused;
        let wanted: Vec<Topic> = self
            .topics
            .iter()
            .filter(|(_, interest)| open(interest))
            .map(|(topic, _)| *topic)
            .collect();
        for some in wanted.chunks(TOPICS_A_FRAME) {
            self.send_subscribe(some);
        }
    }

    pub(super) fn send_subscribe(&mut self, topics: &[Topic]) {
        let id = self.fresh_id();
        let mut resume = Vec::new();
        for topic in topics {
            let Some(interest) = self.topics.get_mut(topic) else {
                continue;
            };
            interest.asked = Some(id.clone());
            interest.subscribed = false;
            interest.synced = false;
            if let Some((ep, seq)) = interest.at.filter(|_| topic.class() == TopicClass::Lossless) {
                resume.push(ResumeFrom {
                    topic: *topic,
                    ep,
                    seq,
                });
            }
        }
        self.send(&Envelope::new(
            id,
            Command::Subscribe(Subscribe {
                topics: topics.to_vec(),
                resume,
                partial: self.partials.is_some(),
                ..Subscribe::default()
            }),
        ));
    }

    /// A `subscribe` was refused, all of it: later again if it came too fast, else without the topic that is at fault.
    pub(super) fn subscribe_refused(&mut self, now: TimestampMs, id: &CommandId, error: &ErrorBody) {
        let of_it = |interest: &Interest| interest.asked.as_ref() == Some(id) && !interest.subscribed;
        let topics: Vec<Topic> = self
            .topics
            .iter()
            .filter(|(_, interest)| of_it(interest))
            .map(|(topic, _)| *topic)
            .collect();
        if error.code == ErrorCode::RateLimited {
            for topic in &topics {
                if let Some(interest) = self.topics.get_mut(topic) {
                    interest.asked = None;
                }
            }
            if !topics.is_empty() {
                self.retry_at = Some(now + retry_delay_ms(error));
            }
        } else if let [topic] = topics[..] {
            if let Some(interest) = self.topics.get_mut(&topic) {
                interest.refused = true;
            }
        } else {
            let (first, second) = topics.split_at(topics.len() / 2);
            for half in [first, second] {
                if !half.is_empty() {
                    self.send_subscribe(half);
                }
            }
        }
    }

    pub(super) fn subscribed(&mut self, message: &Message) {
        let (Some(topic), Some(ep), Some(seq)) = (message.head.topic, message.head.ep, message.head.seq)
        else {
            return;
        };
        let Some(interest) = self.topics.get_mut(&topic) else {
            return;
        };
        if interest.asked.is_none() || interest.asked != message.head.id {
            return;
        }
        interest.subscribed = true;
        match topic.class() {
            TopicClass::Lossless => {
                // The place is handed out before any message, so that even a desk that has seen none can resume. One
                // that stands elsewhere stays there until the RESET that must follow, and that a cut may swallow.
                let at = *interest.at.get_or_insert((ep, seq));
                interest.synced = at == (ep, seq);
            }
            TopicClass::State => {
                interest.at = interest.at.filter(|(known, _)| *known == ep);
                // Before the first value there is none to wait for.
                interest.synced |= seq == Seq(0);
            }
        }
    }

    /// What was missed follows up to `head`: until then the topic is not up to date.
    pub(super) fn resumed(&mut self, message: &Message, resumed: Resumed) {
        let Some(interest) = message.head.topic.and_then(|topic| self.topics.get_mut(&topic)) else {
            return;
        };
        if interest.subscribed && interest.at.is_some_and(|(_, seq)| seq < resumed.head) {
            interest.synced = false;
            interest.resumes_to = resumed.head;
        }
    }

    pub(super) fn reset(&mut self, message: &Message, reset: Reset) {
        let (Some(topic), Some(ep), Some(seq)) = (message.head.topic, message.head.ep, message.head.seq)
        else {
            return;
        };
        if self
            .topics
            .get(&topic)
            .is_some_and(|interest| interest.subscribed)
        {
            let loss = Loss {
                topic,
                reason: reset.reason,
                lost_from: reset.lost_from,
            };
            self.held = Some((loss, (ep, seq)));
        }
    }

    /// A loss counts only when the frame after it is here too, which is the snapshot: a connection that is cut between
    /// the two leaves the desk at its old place, so that both are sent again.
    pub(super) fn lose_what_is_held(&mut self) {
        let Some((loss, place)) = self.held.take() else {
            return;
        };
        if let Some(interest) = self
            .topics
            .get_mut(&loss.topic)
            .filter(|interest| interest.subscribed)
        {
            interest.at = Some(place);
            interest.synced = true;
            self.outputs.push_back(Output::Event(Event::Lost(loss)));
        }
    }

    /// A heartbeat names the last place sent of each lossless topic: being behind it means that the last message is
    /// lost.
    pub(super) fn heads(&mut self, heads: &BTreeMap<Topic, (Epoch, Seq)>) {
        let behind: Vec<Topic> = heads
            .iter()
            .filter(|(topic, head)| {
                self.topics.get(topic).is_some_and(|interest| {
                    interest.subscribed && interest.at.is_some_and(|at| at.0 == head.0 && at.1 < head.1)
                })
            })
            .map(|(topic, _)| *topic)
            .collect();
        if !behind.is_empty() {
            self.gaps += 1;
            self.send_subscribe(&behind);
        }
    }

    pub(super) fn data(&mut self, message: Message) {
        let is_answer = message.head.id.is_some();
        if let Some((topic, ..)) = message.snapshot_of()
            && !is_answer
        {
            // It belongs to a RESET, and is left over where that one is.
            if self
                .topics
                .get(&topic)
                .is_some_and(|interest| interest.subscribed)
            {
                self.hand_out(message);
            }
            return;
        }
        let (Some(topic), Some(ep), Some(seq)) = (message.head.topic, message.head.ep, message.head.seq)
        else {
            self.hand_out(message);
            return;
        };
        // An answer is as of its place and does not stand at it.
        if is_answer && topic.class() == TopicClass::Lossless {
            self.hand_out(message);
            return;
        }
        let Some(interest) = self.topics.get_mut(&topic) else {
            // Nobody wants it any more; an answer to a question is wanted all the same.
            if is_answer {
                self.hand_out(message);
            }
            return;
        };
        match topic.class() {
            TopicClass::Lossless => {
                let Some((known_ep, known_seq)) = interest.at.filter(|_| interest.subscribed) else {
                    return;
                };
                if ep == known_ep && seq <= known_seq {
                    return;
                }
                if ep != known_ep || seq != known_seq.next() {
                    self.gaps += 1;
                    self.send_subscribe(&[topic]);
                    return;
                }
                interest.synced |= seq >= interest.resumes_to;
            }
            TopicClass::State => {
                // What comes before SUBSCRIBED is left over from a subscription that was ended.
                if !interest.subscribed && !is_answer && !Topic::UNASKED.contains(&topic) {
                    return;
                }
                // After a fresh subscription the first value is taken whatever its place: it is the snapshot.
                if interest.synced && interest.at.is_some_and(|(e, s)| e == ep && seq < s) {
                    return;
                }
                interest.synced = true;
            }
        }
        interest.at = Some((ep, seq));
        self.hand_out(message);
    }

    fn hand_out(&mut self, message: Message) {
        self.outputs
            .push_back(Output::Event(Event::Message(Box::new(message))));
    }
}
