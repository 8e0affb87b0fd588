//! Taking an account back to nothing: orders cancelled, positions closed. Used by their owner, by the risk guard and by
//! liquidations; all that one call does is one decision, journaled in one piece.

use super::Engine;
use crate::batch::Batch;
use crate::event::{Event, Fact};
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::command::{CloseCarry, ClosePosition};
use tickwire_protocol::id::{AccountId, OrderId, PositionId, Symbol};
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
    /// Cancels the open orders of an account, or those in one instrument. Gives their ids.
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
        let cancelled: Vec<Order> = owner
            .orders
            .all_open()
            .filter(|order| symbol.is_none_or(|symbol| order.symbol == symbol))
            .map(|order| Order {
                status: OrderStatus::Cancelled,
                reason: Some(reason),
                updated_at: at,
                ..order.clone()
            })
            .collect();
        let ids = cancelled.iter().map(|order| order.id).collect();
        for order in cancelled {
            let fact = Fact::OrderChanged(order);
            self.record(Event { account, at, fact }, batch);
        }
        ids
    }

    /// Closes all that an account holds at market, as far as it has a price now; what has none is tried again by whoever
    /// wants it gone. Gives whether all is closed.
    pub(super) fn close_positions(
        &mut self,
        account: AccountId,
        at: TimestampMs,
        reason: OrderReason,
        batch: &mut Batch,
    ) -> bool {
        let Some(owner) = self.state.accounts.get(&account) else {
            return true;
        };
        let carries = owner.carries.keys().map(|&id| Held::Carry(id));
        let positions = owner.positions.keys().map(|&symbol| Held::Position(symbol));
        let held: Vec<Held> = carries.chain(positions).collect();
        let mut all = true;
        for held in held {
            all &= self.close_held(account, at, held, reason, batch);
        }
        all
    }

    /// Closes one of the things that an account holds at market, if it has a price now. Gives whether it did.
    pub(super) fn close_held(
        &mut self,
        account: AccountId,
        at: TimestampMs,
        held: Held,
        reason: OrderReason,
        batch: &mut Batch,
    ) -> bool {
        let desk = self.desk();
        let decided = match held {
            Held::Position(symbol) => {
                let close = ClosePosition {
                    client_order_id: None,
                    symbol,
                    percent: None,
                };
                desk.close(account, at, &close)
            }
            Held::Carry(position_id) => {
                let close = CloseCarry {
                    client_order_id: None,
                    position_id,
                };
                desk.close_carry(account, at, &close)
            }
        };
        let Ok(decided) = decided else {
            return false;
        };
        for mut fact in decided.facts {
            if let Fact::OrderChanged(order) = &mut fact {
                order.reason = Some(reason);
            }
            self.record(Event { account, at, fact }, batch);
        }
        true
    }
}
