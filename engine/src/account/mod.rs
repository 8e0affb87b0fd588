//! One account: its ledger, positions, orders and executions, as the fold of its events.
//!
//! Nothing in here decides; [`order`](crate::order) does, and tells by events. [`view`] shows the account as the protocol
//! has it.

pub mod alerts;
pub mod carry;
pub mod curve;
pub mod equity;
mod figures;
pub mod ledger;
pub mod margin;
pub mod orders;
pub mod rate;
pub mod trades;
pub mod view;

pub use alerts::Alerts;
pub use carry::Carry;
pub use equity::EquityTrack;
pub use ledger::Ledger;
pub use orders::{Orders, Receipt};
pub use rate::OrderRate;
pub use trades::Trades;
pub use view::AccountView;

use crate::bounds;
use crate::position::{self, Position};
use crate::risk;
use crate::state::FoldError;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};
use tickwire_protocol::alert::{Alert, AlertRule};
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::id::{AccountId, PositionId, Seq, Symbol};
use tickwire_protocol::money::Amount;
use tickwire_protocol::order::{Execution, Funding, Order};
use tickwire_protocol::risk::Risk;
use tickwire_protocol::topic::Topic;

/// Executions and final orders kept in memory for each account. Older ones are in the journal.
pub const RECENT_MAX: usize = 1000;

/// One account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// When it was opened.
    pub opened_at: TimestampMs,
    /// What it holds and has made.
    pub ledger: Ledger,
    /// When the current day was opened, and with which equity.
    pub day: DayOpen,
    /// Open positions that net, one per instrument.
    pub positions: BTreeMap<Symbol, Position>,
    /// Open cash-and-carry positions. Their legs net with nothing.
    #[serde(default)]
    pub carries: BTreeMap<PositionId, Carry>,
    /// Orders.
    pub orders: Orders,
    /// The last [`RECENT_MAX`] executions, oldest first.
    pub executions: VecDeque<Execution>,
    /// Messages of the orders topic so far.
    pub orders_head: Seq,
    /// Messages of the executions topic so far.
    pub executions_head: Seq,
    /// The last [`RECENT_MAX`] funding payments, oldest first.
    pub funding: VecDeque<Funding>,
    /// Leverages that the owner has set.
    pub leverage: BTreeMap<Symbol, u32>,
    /// Where the risk guard stands.
    pub risk: Risk,
    /// Messages of the risk topic so far.
    pub risk_head: Seq,
    /// What the account has been worth.
    pub equity: EquityTrack,
    /// Its trades, summed up.
    pub trades: Trades,
    /// Orders accepted within the last minute.
    pub rate: OrderRate,
    /// Price alerts, and what the desk said.
    pub alerts: Alerts,
    /// Messages of the alerts topic so far.
    pub alerts_head: Seq,
}

/// The beginning of an account's day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayOpen {
    /// When it was noticed.
    pub at: TimestampMs,
    /// Equity then.
    pub equity: Amount,
}

impl Account {
    /// A new account with a first deposit.
    pub(crate) fn open(id: AccountId, at: TimestampMs, deposit: Amount) -> Result<Account, FoldError> {
        if !bounds::is_amount(deposit) || deposit.is_negative() {
            return Err(FoldError::OutOfBounds);
        }
        Ok(Account {
            id,
            opened_at: at,
            ledger: Ledger {
                deposits: deposit,
                ..Ledger::default()
            },
            day: DayOpen { at, equity: deposit },
            positions: BTreeMap::new(),
            carries: BTreeMap::new(),
            orders: Orders::default(),
            executions: VecDeque::new(),
            orders_head: Seq(0),
            executions_head: Seq(0),
            funding: VecDeque::new(),
            leverage: BTreeMap::new(),
            risk: risk::untouched(at),
            risk_head: Seq(0),
            equity: EquityTrack::starting(at, deposit),
            trades: Trades::default(),
            rate: OrderRate::default(),
            alerts: Alerts::default(),
            alerts_head: Seq(0),
        })
    }

    /// All that it holds: the positions that net, then both legs of each cash-and-carry position.
    pub fn holdings(&self) -> impl Iterator<Item = &Position> {
        self.positions.values().chain(self.legs())
    }

    /// Both legs of each cash-and-carry position.
    pub fn legs(&self) -> impl Iterator<Item = &Position> {
        self.carries.values().flat_map(Carry::legs)
    }

    /// Whether it holds anything in this instrument.
    pub fn holds(&self, symbol: Symbol) -> bool {
        self.positions.contains_key(&symbol) || self.legs().any(|leg| leg.symbol == symbol)
    }

    /// Whether it has a cash-and-carry position of this id, or orders of its legs that are on their way.
    pub(crate) fn knows_carry(&self, id: PositionId) -> bool {
        self.carries.contains_key(&id) || self.orders.of_carry(id).next().is_some()
    }

    /// The last place of each of its lossless topics.
    pub fn heads(&self) -> [(Topic, Seq); 4] {
        [
            (Topic::Orders, self.orders_head),
            (Topic::Executions, self.executions_head),
            (Topic::Risk, self.risk_head),
            (Topic::Alerts, self.alerts_head),
        ]
    }

    pub(crate) fn day_opened(&mut self, at: TimestampMs, equity: Amount) -> Result<(), FoldError> {
        if !bounds::is_amount(equity) {
            return Err(FoldError::OutOfBounds);
        }
        self.day = DayOpen { at, equity };
        self.equity.day_opened(at, equity, self.opened_at);
        Ok(())
    }

    pub(crate) fn order_changed(&mut self, order: &Order, is_new: bool) -> Result<Seq, FoldError> {
        let by_desk = order.reason.is_some();
        let counts = is_new && !by_desk && !risk::gate::reduces(self, order);
        let seq = self.orders_head.next();
        self.orders.change(order, is_new, seq)?;
        if counts {
            self.rate.accepted(order.created_at);
        }
        self.orders_head = seq;
        Ok(seq)
    }

    pub(crate) fn executed(&mut self, execution: &Execution) -> Result<Seq, FoldError> {
        if self.orders.open(execution.order_id).is_none() {
            return Err(FoldError::WrongOrder(execution.order_id));
        }
        let carry = self.carries.get(&execution.position_id);
        let filled = if execution.is_carry {
            carry::fill(carry, execution)?
        } else {
            position::fill(self.positions.get(&execution.symbol), execution)?
        };
        // The last step that can fail: from here on all of the event happens.
        self.ledger = self.ledger.with(execution, filled.is_closing)?;
        let (left, ended) = if execution.is_carry {
            let carry = self.carries.entry(execution.position_id).or_default();
            let left = carry.filled(execution, filled.position);
            let made = carry.is_closed().then(|| carry.made());
            if made.is_some() {
                self.carries.remove(&execution.position_id);
            }
            (left, made)
        } else if let Some(position) = filled.position {
            self.positions.insert(execution.symbol, position);
            (None, None)
        } else {
            let ended = self.positions.remove(&execution.symbol);
            let made = ended.map(|ended| ended.made_with(execution));
            (made, made)
        };
        if let Some(made) = left {
            self.trades.left(execution.symbol, made.net, made.fees);
        }
        if let Some(made) = ended {
            self.trades.ended(execution.timestamp, made.net, made.fees);
        }
        if self.executions.len() == RECENT_MAX {
            self.executions.pop_front();
        }
        self.executions.push_back(execution.clone());
        self.executions_head = self.executions_head.next();
        Ok(self.executions_head)
    }

    pub(crate) fn funded(&mut self, funding: &Funding) -> Result<Seq, FoldError> {
        let (ledger, position) = self.after_funding(funding)?;
        self.ledger = ledger;
        if funding.is_carry {
            let carry = self.carries.entry(funding.position_id).or_default();
            carry.set(position);
        } else {
            self.positions.insert(funding.symbol, position);
        }
        if self.funding.len() == RECENT_MAX {
            self.funding.pop_front();
        }
        self.funding.push_back(funding.clone());
        self.executions_head = self.executions_head.next();
        Ok(self.executions_head)
    }

    /// The ledger and the position, or the leg of a cash-and-carry one, after a funding payment.
    pub(crate) fn after_funding(&self, funding: &Funding) -> Result<(Ledger, Position), FoldError> {
        let position = if funding.is_carry {
            let carry = self.carries.get(&funding.position_id);
            carry.and_then(|carry| carry.leg(funding.symbol))
        } else {
            self.positions.get(&funding.symbol)
        };
        let position = position.filter(|position| position.id == funding.position_id);
        let position = position.ok_or(FoldError::UnknownPosition(funding.position_id))?;
        let ledger = self.ledger.funded(funding.amount)?;
        Ok((ledger, position.after_funding(funding)?))
    }

    pub(crate) fn leverage_set(&mut self, symbol: Symbol, leverage: u32) -> Result<(), FoldError> {
        if leverage == 0 {
            return Err(FoldError::OutOfBounds);
        }
        self.leverage.insert(symbol, leverage);
        Ok(())
    }

    pub(crate) fn risk_changed(&mut self, risk: &Risk) -> Seq {
        self.risk = risk.clone();
        self.risk_head = self.risk_head.next();
        self.risk_head
    }

    pub(crate) fn equity_marked(&mut self, at: TimestampMs, equity: Amount) -> Result<(), FoldError> {
        if !bounds::is_amount(equity) {
            return Err(FoldError::OutOfBounds);
        }
        self.equity.mark(at, equity);
        Ok(())
    }

    pub(crate) fn equity_rebased(&mut self, at: TimestampMs, equity: Amount) -> Result<(), FoldError> {
        if !bounds::is_amount(equity) {
            return Err(FoldError::OutOfBounds);
        }
        self.equity.rebased(at, equity);
        Ok(())
    }

    pub(crate) fn alert_rule_changed(&mut self, rule: &AlertRule) -> Seq {
        self.alerts.rule_changed(rule);
        self.alerts_head = self.alerts_head.next();
        self.alerts_head
    }

    pub(crate) fn alerted(&mut self, alert: &Alert) -> Seq {
        self.alerts.said(alert);
        self.alerts_head = self.alerts_head.next();
        self.alerts_head
    }
}
