//! One account: its ledger, positions, orders and executions, as the fold of its events.
//!
//! Nothing in here decides; [`order`](crate::order) does, and tells by events. [`view`] shows the account as the protocol
//! has it.

pub mod ledger;
pub mod orders;
pub mod view;

pub use ledger::Ledger;
pub use orders::{Orders, Receipt};
pub use view::AccountView;

use crate::bounds;
use crate::position::{self, Position};
use crate::state::FoldError;
use serde::Serialize;
use std::collections::{BTreeMap, VecDeque};
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::id::{AccountId, Seq, Symbol};
use tickwire_protocol::money::Amount;
use tickwire_protocol::order::{Execution, Order};
use tickwire_protocol::topic::Topic;

/// Executions and final orders kept in memory for each account. Older ones are in the journal.
pub const RECENT_MAX: usize = 1000;

/// One account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// When it was opened.
    pub opened_at: TimestampMs,
    /// What it holds and has made.
    pub ledger: Ledger,
    /// When the current day was opened, and with which equity.
    pub day: DayOpen,
    /// Open positions.
    pub positions: BTreeMap<Symbol, Position>,
    /// Orders.
    pub orders: Orders,
    /// The last [`RECENT_MAX`] executions, oldest first.
    pub executions: VecDeque<Execution>,
    /// Messages of the orders topic so far.
    pub orders_head: Seq,
    /// Messages of the executions topic so far.
    pub executions_head: Seq,
}

/// The beginning of an account's day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
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
            orders: Orders::default(),
            executions: VecDeque::new(),
            orders_head: Seq(0),
            executions_head: Seq(0),
        })
    }

    /// The last place of each of its lossless topics.
    pub fn heads(&self) -> [(Topic, Seq); 2] {
        [
            (Topic::Orders, self.orders_head),
            (Topic::Executions, self.executions_head),
        ]
    }

    pub(crate) fn day_opened(&mut self, at: TimestampMs, equity: Amount) -> Result<(), FoldError> {
        if !bounds::is_amount(equity) {
            return Err(FoldError::OutOfBounds);
        }
        self.day = DayOpen { at, equity };
        Ok(())
    }

    pub(crate) fn order_changed(&mut self, order: &Order, is_new: bool) -> Result<Seq, FoldError> {
        self.orders.change(order, is_new)?;
        self.orders_head = self.orders_head.next();
        Ok(self.orders_head)
    }

    pub(crate) fn executed(&mut self, execution: &Execution) -> Result<Seq, FoldError> {
        if self.orders.open(execution.order_id).is_none() {
            return Err(FoldError::WrongOrder(execution.order_id));
        }
        let filled = position::fill(self.positions.get(&execution.symbol), execution)?;
        // The last step that can fail: from here on all of the event happens.
        self.ledger = self.ledger.with(execution, filled.is_closing)?;
        match filled.position {
            Some(position) => self.positions.insert(execution.symbol, position),
            None => self.positions.remove(&execution.symbol),
        };
        if self.executions.len() == RECENT_MAX {
            self.executions.pop_front();
        }
        self.executions.push_back(execution.clone());
        self.executions_head = self.executions_head.next();
        Ok(self.executions_head)
    }
}
