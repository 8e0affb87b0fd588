//! The state of all accounts: the fold of the events, and nothing else.
//!
//! It holds nothing of markets and knows no instrument: an event of an instrument that is no longer configured folds as
//! any other. It serialises deterministically (ordered maps, exact decimals), so two folds can be compared byte for byte.

use crate::account::Account;
use crate::bounds::ID_MAX;
use crate::event::{Event, Fact};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tickwire_protocol::id::{AccountId, AlertId, ExecutionId, GroupId, OrderId, PositionId, Seq};

/// The state of all accounts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// The last order id given, over all accounts.
    pub last_order: OrderId,
    /// The last execution id given, over all accounts.
    pub last_execution: ExecutionId,
    /// The last position id given, over all accounts.
    pub last_position: PositionId,
    /// The last group id given, over all accounts.
    pub last_group: GroupId,
    /// The last alert id given, over all accounts.
    pub last_alert: AlertId,
    /// The accounts.
    pub accounts: BTreeMap<AccountId, Account>,
}

/// Why an event cannot have happened after those before it: the journal is corrupt, or of another history. The state is
/// as it was before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FoldError {
    /// The account was never opened.
    #[error("the account {0} was never opened")]
    UnknownAccount(AccountId),
    /// The account is opened a second time.
    #[error("the account {0} is opened twice")]
    OpenedTwice(AccountId),
    /// An order that is not open changes, or a new one has no new id.
    #[error("the order {0} is not open, and not the next one either")]
    WrongOrder(OrderId),
    /// A fill has no new id.
    #[error("the execution {0} comes out of order")]
    WrongExecution(ExecutionId),
    /// A fill opens a position that has no new id.
    #[error("the position {0} comes out of order")]
    PositionOutOfOrder(PositionId),
    /// A fill is of another position than the one held.
    #[error("the position {held} is held, the fill is of {told}")]
    WrongPosition {
        /// The position held.
        held: PositionId,
        /// The position that the fill names.
        told: PositionId,
    },
    /// Funding of a position that is not held.
    #[error("the position {0} is not held")]
    UnknownPosition(PositionId),
    /// A funding time is settled that is not after the position's opening and its last one.
    #[error("the funding of the position {0} is settled already")]
    FundedTwice(PositionId),
    /// What a fill realised does not fit the position: quantity or cost would not add up.
    #[error("the execution {0} does not fit its position")]
    Unbalanced(ExecutionId),
    /// A number is beyond the bounds within which arithmetic is exact.
    #[error("a number is out of bounds")]
    OutOfBounds,
}

impl State {
    /// Takes in an event. Gives its place in its lossless topic, where it has one. On an error nothing is changed.
    pub fn apply(&mut self, event: &Event) -> Result<Option<Seq>, FoldError> {
        let id = event.account;
        if let Fact::AccountOpened { deposit } = event.fact {
            if self.accounts.contains_key(&id) {
                return Err(FoldError::OpenedTwice(id));
            }
            self.accounts.insert(id, Account::open(id, event.at, deposit)?);
            return Ok(None);
        }
        let account = self.accounts.get_mut(&id).ok_or(FoldError::UnknownAccount(id))?;
        match &event.fact {
            Fact::AccountOpened { .. } => Ok(None),
            Fact::DayOpened { equity } => account.day_opened(event.at, *equity).map(|()| None),
            Fact::OrderChanged(order) => {
                let is_new = order.id > self.last_order && order.id.0 <= ID_MAX;
                // A leg's order is given the id of its position, which it may open only later.
                let carry = order.carry.filter(|&id| is_new && !account.knows_carry(id));
                if let Some(id) = carry.filter(|id| *id <= self.last_position || id.0 > ID_MAX) {
                    return Err(FoldError::PositionOutOfOrder(id));
                }
                let seq = account.order_changed(order, is_new)?;
                self.last_order = self.last_order.max(order.id);
                self.last_position = self.last_position.max(carry.unwrap_or_default());
                if let Some(group) = order.group {
                    self.last_group = self.last_group.max(group.id);
                }
                Ok(Some(seq))
            }
            Fact::Executed(execution) => {
                if execution.id <= self.last_execution || execution.id.0 > ID_MAX {
                    return Err(FoldError::WrongExecution(execution.id));
                }
                let position = execution.position_id;
                let opens = if execution.is_carry {
                    !account.carries.contains_key(&position)
                } else {
                    !account.positions.contains_key(&execution.symbol)
                };
                let order = account.orders.open(execution.order_id);
                let is_given = execution.is_carry && order.is_some_and(|order| order.carry == Some(position));
                if opens && !is_given && (position <= self.last_position || position.0 > ID_MAX) {
                    return Err(FoldError::PositionOutOfOrder(position));
                }
                let seq = account.executed(execution)?;
                self.last_execution = execution.id;
                self.last_position = self.last_position.max(position);
                Ok(Some(seq))
            }
            Fact::Funded(funding) => account.funded(funding).map(Some),
            Fact::LeverageSet { symbol, leverage } => account.leverage_set(*symbol, *leverage).map(|()| None),
            Fact::RiskChanged(risk) => Ok(Some(account.risk_changed(risk))),
            Fact::EquityMarked { equity } => account.equity_marked(event.at, *equity).map(|()| None),
            Fact::EquityRebased { equity } => account.equity_rebased(event.at, *equity).map(|()| None),
            Fact::AlertRuleChanged(rule) => {
                let seq = account.alert_rule_changed(rule);
                self.last_alert = self.last_alert.max(rule.id);
                Ok(Some(seq))
            }
            Fact::Alerted(alert) => {
                let seq = account.alerted(alert);
                self.last_alert = self.last_alert.max(alert.id);
                Ok(Some(seq))
            }
            Fact::Done { client_order_id } => {
                account.orders.done(client_order_id, account.orders_head);
                Ok(None)
            }
        }
    }
}
