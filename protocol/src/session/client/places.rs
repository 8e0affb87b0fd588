//! The places that a desk has reached, for who keeps them over the end of its process.

use super::Client;
use crate::id::{Epoch, Seq};
use crate::topic::{Topic, TopicClass};

impl Client {
    /// The last place applied of every lossless topic that is followed: what [`Client::start_from`] of a later desk goes
    /// on from. A topic whose first `SUBSCRIBED` has not come has none.
    pub fn places(&self) -> impl Iterator<Item = (Topic, Epoch, Seq)> {
        self.topics
            .iter()
            .filter(|(topic, _)| topic.class() == TopicClass::Lossless)
            .filter_map(|(topic, interest)| interest.place().map(|(ep, seq)| (*topic, ep, seq)))
    }
}
