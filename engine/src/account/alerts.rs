//! The price alerts of an account, and what the desk said to it.

use super::RECENT_MAX;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};
use tickwire_protocol::alert::{Alert, AlertRule, AlertStatus};
use tickwire_protocol::id::AlertId;

/// Price alerts that wait, and the last [`RECENT_MAX`] alerts given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alerts {
    rules: BTreeMap<AlertId, AlertRule>,
    given: VecDeque<Alert>,
}

impl Alerts {
    /// Price alerts that wait, oldest first.
    pub fn rules(&self) -> impl Iterator<Item = &AlertRule> {
        self.rules.values()
    }

    /// What the desk said, oldest first.
    pub fn given(&self) -> impl DoubleEndedIterator<Item = &Alert> {
        self.given.iter()
    }

    /// A price alert that waits.
    pub fn rule(&self, id: AlertId) -> Option<&AlertRule> {
        self.rules.get(&id)
    }

    pub(super) fn rule_changed(&mut self, rule: &AlertRule) {
        match rule.status {
            AlertStatus::Active => self.rules.insert(rule.id, rule.clone()),
            AlertStatus::Fired | AlertStatus::Cancelled => self.rules.remove(&rule.id),
        };
    }

    pub(super) fn said(&mut self, alert: &Alert) {
        if self.given.len() == RECENT_MAX {
            self.given.pop_front();
        }
        self.given.push_back(alert.clone());
    }
}
