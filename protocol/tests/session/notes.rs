//! What a desk was told, checked as it comes: lossless topics without a gap, states that never go back (I1, I3, I8).

use std::collections::BTreeMap;
use tickwire_protocol::error::ErrorCode;
use tickwire_protocol::id::{CommandId, Epoch, Seq};
use tickwire_protocol::message::{Ack, Body, ErrorBody, Message, Outcome};
use tickwire_protocol::session::client::{Event, Link, Loss};
use tickwire_protocol::topic::{Topic, TopicClass};

/// How far a lossless topic was applied.
#[derive(Debug, Default)]
pub struct Followed {
    pub first: Option<Seq>,
    pub last: Option<(Epoch, Seq)>,
    pub applied: u64,
    pub lost: u32,
    /// A loss was told, and what takes the place of all there was has not come yet.
    pub awaits_snapshot: bool,
}

#[derive(Debug, Default)]
pub struct Notes {
    pub lossless: BTreeMap<Topic, Followed>,
    /// The version of the last value of each state topic.
    pub states: BTreeMap<Topic, i64>,
    pub values: BTreeMap<Topic, u64>,
    pub candles: BTreeMap<i64, u64>,
    pub answers: BTreeMap<CommandId, Result<Ack, ErrorBody>>,
    pub links: Vec<(i64, Link)>,
    pub greetings: u32,
    pub plain: Vec<Message>,
    pub losses: Vec<Loss>,
}

impl Notes {
    /// Takes in an event; `reset_to` is the place of the last RESET of each topic that reached the desk.
    pub fn take(&mut self, now: i64, event: Event, reset_to: &BTreeMap<Topic, (Epoch, Seq)>) {
        match event {
            Event::Link(link) => self.links.push((now, link)),
            Event::Greeted(_) => self.greetings += 1,
            Event::Answered { id, result } => {
                let before = self.answers.insert(id.clone(), result);
                assert!(before.is_none(), "I8: {id} was answered twice");
            }
            Event::Lost(loss) => {
                let followed = self.lossless.entry(loss.topic).or_default();
                followed.lost += 1;
                followed.last = Some(reset_to[&loss.topic]);
                followed.awaits_snapshot = true;
                self.losses.push(loss);
            }
            Event::Message(message) => self.message(*message),
        }
    }

    /// The desk wants a topic no longer, or anew.
    pub fn forget(&mut self, topic: Topic) {
        self.lossless.remove(&topic);
        if let Topic::Candles(..) = topic {
            self.candles.clear();
        }
    }

    /// The desk has everything of the topic up to this place from elsewhere.
    pub fn started(&mut self, topic: Topic, ep: Epoch, seq: Seq) {
        let followed = self.lossless.entry(topic).or_default();
        followed.first.get_or_insert(Seq(1));
        followed.last = Some((ep, seq));
        followed.applied = seq.0;
    }

    fn message(&mut self, message: Message) {
        if let (Some((topic, ep, seq)), None) = (message.snapshot_of(), &message.head.id) {
            let followed = self.lossless.entry(topic).or_default();
            assert!(followed.awaits_snapshot, "nothing of {topic} was lost");
            assert_eq!(
                followed.last,
                Some((ep, seq)),
                "{topic} goes on from its snapshot"
            );
            followed.awaits_snapshot = false;
        }
        let (Some(topic), Some(ep), Some(seq)) = (message.head.topic, message.head.ep, message.head.seq)
        else {
            self.plain.push(message);
            return;
        };
        match topic.class() {
            TopicClass::Lossless => {
                let followed = self.lossless.entry(topic).or_default();
                assert!(!followed.awaits_snapshot, "{topic} goes on without its snapshot");
                if let Some((last_ep, last)) = followed.last {
                    assert_eq!(
                        (ep, seq),
                        (last_ep, last.next()),
                        "I1: {topic} has a gap, or repeats itself"
                    );
                }
                followed.first = followed.first.or(Some(seq));
                followed.last = Some((ep, seq));
                followed.applied += 1;
            }
            TopicClass::State => {
                let version = message.head.timestamp.0;
                let before = self.states.insert(topic, version).unwrap_or(0);
                assert!(
                    version >= before,
                    "I3: {topic} goes back from {before} to {version}"
                );
                *self.values.entry(topic).or_default() += 1;
                if let Body::CandleUpdate(update) = message.body {
                    if update.snapshot {
                        self.candles.clear();
                    }
                    for candle in update.data.candles {
                        self.candles
                            .insert(candle.time.0, candle.volume.to_string().parse().unwrap());
                    }
                }
            }
        }
    }

    pub fn last_link(&self) -> Link {
        self.links.last().expect("a link that was told").1
    }

    pub fn error_of(&self, id: &CommandId) -> Option<(ErrorCode, Option<Outcome>)> {
        let error = self.answers.get(id)?.as_ref().err()?;
        Some((error.code, error.outcome))
    }
}
