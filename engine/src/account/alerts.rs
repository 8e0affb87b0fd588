//! The price alerts of an account, and what the desk said to it.

use super::RECENT_MAX;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};
use tickwire_protocol::alert::{Alert, AlertKind, AlertRule, AlertStatus, Severity};
use tickwire_protocol::id::{AlertId, ClientOrderId};

/// Price alerts that wait, the last [`RECENT_MAX`] alerts given, and which troubles the owner knows of.
///
/// The ids that owners gave are kept for ever, because a retry may come after any time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alerts {
    rules: BTreeMap<AlertId, AlertRule>,
    given: VecDeque<Alert>,
    named: BTreeMap<ClientOrderId, AlertId>,
    /// Whether the owner was told that the feed is in trouble, and not yet that it is back.
    pub feed_is_down: bool,
    /// Whether the owner was told that the margin is nearly used up, and not yet that it is not any more.
    pub margin_is_short: bool,
}

impl Alerts {
    /// Price alerts that wait, oldest first.
    pub fn rules(&self) -> impl ExactSizeIterator<Item = &AlertRule> {
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

    /// The price alert that its owner named so, whatever became of it.
    pub fn named(&self, client_order_id: &ClientOrderId) -> Option<AlertId> {
        self.named.get(client_order_id).copied()
    }

    pub(super) fn rule_changed(&mut self, rule: &AlertRule) {
        if let Some(name) = &rule.client_order_id {
            self.named.entry(name.clone()).or_insert(rule.id);
        }
        match rule.status {
            AlertStatus::Active => self.rules.insert(rule.id, rule.clone()),
            AlertStatus::Fired | AlertStatus::Cancelled => self.rules.remove(&rule.id),
        };
    }

    pub(super) fn said(&mut self, alert: &Alert) {
        // An alert that is good to know says that the trouble is over.
        let is_trouble = alert.severity > Severity::Info;
        match alert.kind {
            AlertKind::Feed => self.feed_is_down = is_trouble,
            AlertKind::LiquidationNear => self.margin_is_short = is_trouble,
            AlertKind::Price
            | AlertKind::Risk
            | AlertKind::OrderRejected
            | AlertKind::Liquidation
            | AlertKind::Journal
            | AlertKind::Other => {}
        }
        if self.given.len() == RECENT_MAX {
            self.given.pop_front();
        }
        self.given.push_back(alert.clone());
    }
}
