//! What a client says of its topics: which it wants, from where on, how often, and whether what changed is enough.

use crate::error::{ErrorCode, Refusal};
use crate::id::{Epoch, Seq};
use crate::topic::Topic;
use serde::{Deserialize, Serialize, Serializer};
use std::borrow::Cow;

/// The shortest and the longest time between two values of a state topic that a client may ask for, in milliseconds.
pub const INTERVAL_MS: (u32, u32) = (100, 10_000);

/// The name of [`Subscribe::partial`] on the wire.
const PARTIAL: &str = "partial";

/// Topics to send from now on, and where the client stands in those that it has seen before.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Subscribe {
    /// The topics.
    pub topics: Vec<Topic>,
    /// Places that the client has reached in lossless topics, which are sent from the next place on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resume: Vec<ResumeFrom>,
    /// Milliseconds between two values of each of the state topics, where it may be slower than usual.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval_ms: Option<u32>,
    /// Of state topics, only what changed after the first value.
    #[serde(
        rename = "features",
        skip_serializing_if = "std::ops::Not::not",
        serialize_with = "features"
    )]
    pub partial: bool,
}

fn features<S: Serializer>(_: &bool, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq([PARTIAL])
}

/// A place in a lossless topic that a client has reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResumeFrom {
    /// The topic.
    pub topic: Topic,
    /// The history that `seq` counts in.
    pub ep: Epoch,
    /// The last message that the client has applied.
    pub seq: Seq,
}

/// How often state topics of the whole connection are sent at most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetRate {
    /// Milliseconds between two values of each; as usual where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval_ms: Option<u32>,
}

impl SetRate {
    /// Refuses an interval that no client may ask for.
    ///
    /// # Errors
    ///
    /// `INVALID_FIELD` outside [`INTERVAL_MS`].
    pub fn check(self) -> Result<SetRate, Refusal> {
        check(self.interval_ms)?;
        Ok(self)
    }
}

/// `channels` is the older name of `topics`.
#[derive(Deserialize)]
pub(super) struct Topics<'a> {
    #[serde(borrow, alias = "channels")]
    topics: Vec<Cow<'a, str>>,
    #[serde(default)]
    resume: Vec<ResumeFrom>,
    #[serde(default)]
    interval_ms: Option<u32>,
    #[serde(borrow, default)]
    features: Vec<Cow<'a, str>>,
}

impl Topics<'_> {
    /// What was asked for; features of a newer client are not known here and left alone.
    pub(super) fn read(self) -> Result<Subscribe, Refusal> {
        check(self.interval_ms)?;
        let topics = self.topics.iter().map(|name| name.parse());
        Ok(Subscribe {
            topics: topics.collect::<Result<Vec<Topic>, Refusal>>()?,
            resume: self.resume,
            interval_ms: self.interval_ms,
            partial: self.features.iter().any(|feature| feature == PARTIAL),
        })
    }
}

fn check(interval_ms: Option<u32>) -> Result<(), Refusal> {
    let (least, most) = INTERVAL_MS;
    match interval_ms {
        Some(asked) if !(least..=most).contains(&asked) => Err(Refusal::new(
            ErrorCode::InvalidField,
            format!("`interval_ms` must be {least} to {most}, not {asked}; leave it out for the usual one"),
        )),
        _ => Ok(()),
    }
}
