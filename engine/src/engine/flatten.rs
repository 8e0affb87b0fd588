//! Taking an account back to nothing: orders cancelled, positions closed. Used by their owner, by the risk guard and by
//! liquidations; all that one call does is one decision, journaled in one piece.

use super::Engine;
use crate::account::Account;
use crate::batch::Batch;
use crate::event::{Event, Fact};
use crate::order::{Decided, Desk, rest};
use std::collections::BTreeSet;
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::command::{CloseCarry, ClosePosition, FlattenAll, Report};
use tickwire_protocol::error::Refusal;
use tickwire_protocol::id::{AccountId, ClientOrderId, OrderId, PositionId, Symbol};
use tickwire_protocol::order::{Order, OrderReason, OrderStatus};

/// Something to close.
#[derive(Clone, Copy, Debug)]
pub(super) enum Held {
    /// The position in an instrument.
    Position(Symbol),
    /// A cash-and-carry position: both legs at once, or none.
    Carry(PositionId),
}

impl Engine {
    /// Cancels all orders and closes all positions of an account, or does nothing where a position cannot be closed now.
    /// The first closing order bears the owner's id.
    pub(super) fn flatten(
        &mut self,
        account: AccountId,
        at: TimestampMs,
        wanted: &FlattenAll,
        batch: &mut Batch,
    ) -> Result<Report, Refusal> {
        let desk = self.desk();
        let owner = desk.account(account)?;
        // What is traded here no more cannot be closed at all, and must not keep the rest from it.
        for held in held_by(owner)
            .into_iter()
            .filter(|held| self.is_listed(owner, *held))
        {
            decided(&desk, account, at, held, None, OrderReason::User)?;
        }
        let from = batch.records.len();
        self.cancel_orders(account, at, None, OrderReason::User, batch);
        self.close_held(
            account,
            at,
            OrderReason::User,
            wanted.client_order_id.as_ref(),
            batch,
        );
        let orders = || {
            batch.records[from..]
                .iter()
                .filter_map(|record| match &record.event.fact {
                    Fact::OrderChanged(order) => Some(order),
                    _ => None,
                })
        };
        let ids: BTreeSet<OrderId> = orders().map(|order| order.id).collect();
        let named = orders()
            .rev()
            .find(|order| order.client_order_id.is_some() && order.client_order_id == wanted.client_order_id);
        let report = Report {
            order_id: named.map(|order| order.id),
            status: named.map(|order| order.status),
            client_order_id: wanted.client_order_id.clone(),
            order_ids: ids.into_iter().collect(),
            duplicate: Some(false),
            ..Report::default()
        };
        if let Some(client_order_id) = wanted.client_order_id.clone().filter(|_| named.is_none()) {
            let fact = Fact::Done { client_order_id };
            self.record(Event { account, at, fact }, batch);
        }
        Ok(report)
    }

    fn is_listed(&self, owner: &Account, held: Held) -> bool {
        let has_market = |symbol| self.markets.number(symbol).is_some();
        match held {
            Held::Position(symbol) => has_market(symbol),
            Held::Carry(id) => {
                let carry = owner.carries.get(&id);
                carry.is_some_and(|carry| carry.legs().all(|leg| has_market(leg.symbol)))
            }
        }
    }

    /// Cancels the open orders of an account, or those in one instrument with what stands and falls with them. Gives their
    /// ids.
    pub(super) fn cancel_orders(
        &mut self,
        account: AccountId,
        at: TimestampMs,
        symbol: Option<Symbol>,
        reason: OrderReason,
        batch: &mut Batch,
    ) -> Vec<OrderId> {
        let Some(owner) = self.state.accounts.get(&account) else {
            return Vec::new();
        };
        let facts = match symbol {
            Some(symbol) => cancelled(owner.orders.open_in(symbol), reason, at),
            None => cancelled(owner.orders.all_open(), reason, at),
        };
        let from = batch.records.len();
        self.carry_out(account, at, facts, batch);
        let ids = batch.records[from..]
            .iter()
            .filter_map(|record| match &record.event.fact {
                Fact::OrderChanged(order) => Some(order.id),
                _ => None,
            });
        ids.collect()
    }

    /// Cancels the oldest open orders of an account that the risk guard stopped, with what stands and falls with them.
    pub(super) fn cancel_some_orders(
        &mut self,
        account: AccountId,
        at: TimestampMs,
        most: usize,
        batch: &mut Batch,
    ) {
        let Some(owner) = self.state.accounts.get(&account) else {
            return;
        };
        let facts = cancelled(owner.orders.all_open().take(most), OrderReason::HardStop, at);
        self.carry_out(account, at, facts, batch);
    }

    /// Closes the positions of an account at market, as far as they have a price now; what has none is tried again by
    /// whoever wants it gone. Gives whether all are closed. These orders are the desk's own: they fill at once, whatever
    /// time an owner's orders take to the venue.
    pub(super) fn close_positions(
        &mut self,
        account: AccountId,
        at: TimestampMs,
        reason: OrderReason,
        batch: &mut Batch,
    ) -> bool {
        self.close_held(account, at, reason, None, batch)
    }

    fn close_held(
        &mut self,
        account: AccountId,
        at: TimestampMs,
        reason: OrderReason,
        client_order_id: Option<&ClientOrderId>,
        batch: &mut Batch,
    ) -> bool {
        let Some(owner) = self.state.accounts.get(&account) else {
            return true;
        };
        let mut name = client_order_id;
        let mut all = true;
        for held in held_by(owner) {
            if self.close_one(account, at, held, reason, name, batch) {
                name = None;
            } else {
                all = false;
            }
        }
        all
    }

    /// Whether an account holds something that has no price to be closed at now.
    pub(super) fn waits_for_price(&self, account: AccountId, at: TimestampMs) -> bool {
        let desk = self.desk();
        let cannot_close = |held| decided(&desk, account, at, held, None, OrderReason::HardStop).is_err();
        let owner = self.state.accounts.get(&account);
        owner.is_some_and(|owner| held_by(owner).into_iter().any(cannot_close))
    }

    /// Closes one of the things that an account holds at market, if it has a price now. Gives whether it did.
    pub(super) fn close_one(
        &mut self,
        account: AccountId,
        at: TimestampMs,
        held: Held,
        reason: OrderReason,
        name: Option<&ClientOrderId>,
        batch: &mut Batch,
    ) -> bool {
        let Ok(decided) = decided(&self.desk(), account, at, held, name, reason) else {
            return false;
        };
        self.carry_out(account, at, decided.facts, batch);
        true
    }
}

/// The orders as they stand when they are cancelled.
fn cancelled<'a>(orders: impl Iterator<Item = &'a Order>, reason: OrderReason, at: TimestampMs) -> Vec<Fact> {
    let ended = orders.map(|order| rest::ended(order, OrderStatus::Cancelled, reason, at));
    ended.map(Fact::OrderChanged).collect()
}

/// All that an account holds.
fn held_by(owner: &Account) -> Vec<Held> {
    let carries = owner.carries.keys().map(|&id| Held::Carry(id));
    let positions = owner.positions.keys().map(|&symbol| Held::Position(symbol));
    carries.chain(positions).collect()
}

fn decided(
    desk: &Desk<'_>,
    account: AccountId,
    at: TimestampMs,
    held: Held,
    name: Option<&ClientOrderId>,
    reason: OrderReason,
) -> Result<Decided, Refusal> {
    match held {
        Held::Position(symbol) => desk.close_out(account, at, &all_of(symbol, name), reason),
        Held::Carry(position_id) => {
            let close = CloseCarry {
                client_order_id: name.cloned(),
                position_id,
            };
            desk.close_out_carry(account, at, &close, reason)
        }
    }
}

fn all_of(symbol: Symbol, client_order_id: Option<&ClientOrderId>) -> ClosePosition {
    ClosePosition {
        client_order_id: client_order_id.cloned(),
        symbol,
        percent: None,
    }
}
