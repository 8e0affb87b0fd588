//! How far a program has come in lossless topics.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use tickwire_protocol::id::{Epoch, Seq};
use tickwire_protocol::message::Message;
use tickwire_protocol::topic::{Topic, TopicClass};

/// The places that a program has reached in lossless topics. Their text is made to be kept in a file:
///
/// ```
/// use tickwire_client::Places;
///
/// let places: Places = "orders=7.4415 executions=7.812".parse()?;
/// assert_eq!(places.to_string(), "orders=7.4415 executions=7.812");
/// # Ok::<(), tickwire_client::PlacesError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places(BTreeMap<Topic, (Epoch, Seq)>);

/// A text that holds no places.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no place of a lossless topic, such as orders=7.4415")]
pub struct PlacesError(String);

impl Places {
    /// None: every topic starts now.
    pub fn new() -> Places {
        Places::default()
    }

    /// The last message of a topic that was applied, and the history that it belongs to.
    pub fn get(&self, topic: Topic) -> Option<(Epoch, Seq)> {
        self.0.get(&topic).copied()
    }

    /// Moves a topic to a place. State topics have none that could be gone on from, and are left out.
    pub fn set(&mut self, topic: Topic, epoch: Epoch, seq: Seq) {
        if topic.class() == TopicClass::Lossless {
            self.0.insert(topic, (epoch, seq));
        }
    }

    /// Every topic with its place.
    pub fn iter(&self) -> impl Iterator<Item = (Topic, Epoch, Seq)> {
        self.0.iter().map(|(topic, (epoch, seq))| (*topic, *epoch, *seq))
    }

    /// Moves on to a message that was applied.
    pub(crate) fn apply(&mut self, message: &Message) {
        // What answers a question is as of its place and does not stand at it.
        if message.head.id.is_some() {
            return;
        }
        if let Some((topic, epoch, seq)) = message.snapshot_of() {
            self.set(topic, epoch, seq);
        } else if let (Some(topic), Some(epoch), Some(seq)) =
            (message.head.topic, message.head.ep, message.head.seq)
        {
            self.set(topic, epoch, seq);
        }
    }

    pub(crate) fn take_over(&mut self, other: Places) {
        self.0.extend(other.0);
    }
}

impl FromIterator<(Topic, Epoch, Seq)> for Places {
    fn from_iter<I: IntoIterator<Item = (Topic, Epoch, Seq)>>(items: I) -> Places {
        let mut places = Places::new();
        items
            .into_iter()
            .for_each(|(topic, epoch, seq)| places.set(topic, epoch, seq));
        places
    }
}

impl fmt::Display for Places {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, (topic, epoch, seq)) in self.iter().enumerate() {
            let join = if place == 0 { "" } else { " " };
            write!(f, "{join}{topic}={}.{seq}", epoch.0)?;
        }
        Ok(())
    }
}

impl FromStr for Places {
    type Err = PlacesError;

    fn from_str(text: &str) -> Result<Places, PlacesError> {
        text.split_whitespace()
            .map(|one| place(one).ok_or_else(|| PlacesError(one.chars().take(80).collect())))
            .collect()
    }
}

fn place(text: &str) -> Option<(Topic, Epoch, Seq)> {
    let (topic, place) = text.split_once('=')?;
    let (epoch, seq) = place.split_once('.')?;
    let topic: Topic = topic.parse().ok()?;
    (topic.class() == TopicClass::Lossless).then_some(())?;
    Some((topic, Epoch(epoch.parse().ok()?), Seq(seq.parse().ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_round_trip_and_nonsense_is_refused() {
        for text in ["", "orders=7.4415", "orders=7.4415 executions=1.0 logs=900.12"] {
            assert_eq!(text.parse::<Places>().unwrap().to_string(), text);
        }
        for bad in [
            "orders",
            "orders=7",
            "orders=a.1",
            "positions=1.1",
            "nothing=1.1",
            "orders=1.-1",
        ] {
            assert!(bad.parse::<Places>().is_err(), "{bad}");
        }
    }

    #[test]
    fn messages_and_snapshots_move_on_and_answers_do_not() {
        let mut places = Places::new();
        let snapshot = r#"{"type":"ORDERS","orders":[],"timestamp":1,"ep":7,"seq":9}"#;
        let answer = r#"{"type":"ORDERS","orders":[],"id":"1","timestamp":1,"ep":7,"seq":12}"#;
        let fired = r#"{"type":"SYSTEM_LOG","data":{"level":"INFO","module":"m","message":"x",
            "timestamp":"2023-12-10T12:20:00"},"timestamp":1,"topic":"logs","ep":9,"seq":3}"#;
        for text in [snapshot, answer, fired] {
            places.apply(&Message::decode(text).unwrap());
        }
        assert_eq!(places.to_string(), "orders=7.9 logs=9.3");
    }
}
