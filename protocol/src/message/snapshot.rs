//! Answers that hold what there is of a lossless topic's subject, instead of what happened in it. Their head has the
//! place in that topic that they are as of, and no `topic`: they are no message of it. They answer questions, and follow
//! a `RESET`.

use super::{Body, Message};
use crate::alert::{Alert, AlertRule};
use crate::id::{Epoch, Seq};
use crate::log::LogLine;
use crate::order::{Execution, Funding, Order};
use crate::topic::Topic;
use serde::{Deserialize, Serialize};
use std::ops::Not;

/// Orders of the account. The head has the place in the topic `orders` that they are as of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Orders {
    /// Open ones oldest first, then final ones, the last to end first.
    pub orders: Vec<Order>,
    /// Whether there are others that were left out.
    #[serde(default)]
    pub more: bool,
}

/// Executions and funding payments of the account. The head has the place in the topic `executions` that they are as of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Executions {
    /// The newest first.
    pub executions: Vec<Execution>,
    /// The newest first; no older than the oldest of `executions` where some of those were left out.
    #[serde(default)]
    pub funding: Vec<Funding>,
    /// Whether there are older executions, or funding payments, that were left out.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub more: bool,
}

/// Alerts of the account. The head has the place in the topic `alerts` that they are as of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Alerts {
    /// Price alerts that wait, oldest first.
    pub rules: Vec<AlertRule>,
    /// What the desk said, the newest first.
    pub alerts: Vec<Alert>,
}

/// Lines of the server's log. The head has the place in the topic `logs` that they are as of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Logs {
    /// The newest first.
    pub lines: Vec<LogLine>,
}

impl Message {
    /// The lossless topic that this is a snapshot of, and the place in it that it is as of: whoever follows the topic puts
    /// it in the place of what it has, and leaves out messages up to that place. One with an `id` holds what its question
    /// asked for, one without holds all and follows a [`Reset`](super::Reset). `None` for everything else.
    pub fn snapshot_of(&self) -> Option<(Topic, Epoch, Seq)> {
        let topic = match self.body {
            Body::Orders(_) => Topic::Orders,
            Body::Executions(_) => Topic::Executions,
            Body::RiskStatusUpdate(_) if self.head.topic.is_none() => Topic::Risk,
            Body::Alerts(_) => Topic::Alerts,
            Body::Logs(_) => Topic::Logs,
            _ => return None,
        };
        Some((topic, self.head.ep?, self.head.seq?))
    }
}
