//! Whole values of state topics, put together from what changed.

use super::Client;
use crate::message::{Body, Message};
use crate::topic::{Topic, TopicClass};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

/// Makes a whole frame of the last one and of what changed.
type Join = fn(&str, &str) -> Option<String>;

/// The last whole frame of each state topic. What reads frames by their fields is reached only from [`Partials::new`],
/// so that a desk that wants whole values does not carry it.
pub(super) struct Partials {
    wholes: BTreeMap<Topic, String>,
    topic_of: for<'a> fn(&'a str) -> Option<Cow<'a, str>>,
    join: Join,
}

impl fmt::Debug for Partials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.wholes.keys()).finish()
    }
}

impl Partials {
    pub(super) fn new() -> Partials {
        Partials {
            wholes: BTreeMap::new(),
            topic_of: crate::partial::topic_of_partial,
            join: crate::partial::whole,
        }
    }

    pub(super) fn clear(&mut self) {
        self.wholes.clear();
    }

    pub(super) fn forget(&mut self, topic: Topic) {
        self.wholes.remove(&topic);
    }

    /// Keeps a value that later ones may be told by their changes from. Answers to questions are none.
    pub(super) fn keep(&mut self, message: &Message, text: &str) {
        let Some(topic) = message
            .head
            .topic
            .filter(|topic| topic.class() == TopicClass::State)
        else {
            return;
        };
        let is_value = !matches!(
            message.body,
            Body::Subscribed(_) | Body::Unsubscribed(_) | Body::CandleUpdate(_) | Body::Unknown(_)
        );
        if is_value && message.head.id.is_none() {
            self.wholes.insert(topic, text.to_owned());
        }
    }
}

impl Client {
    /// The text of a frame with all its fields. Of one that changes what the desk does not have nothing can be made: the
    /// topic is asked for anew.
    pub(super) fn whole<'a>(&mut self, text: &'a str) -> Option<Cow<'a, str>> {
        let Some(partials) = &self.partials else {
            return Some(Cow::Borrowed(text));
        };
        let Some(name) = (partials.topic_of)(text) else {
            return Some(Cow::Borrowed(text));
        };
        let topic: Topic = name.parse().ok()?;
        let joined = partials
            .wholes
            .get(&topic)
            .and_then(|base| (partials.join)(base, text));
        if joined.is_none() && self.topics.contains_key(&topic) {
            self.send_subscribe(&[topic]);
        }
        joined.map(Cow::Owned)
    }
}
