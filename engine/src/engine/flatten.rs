//! Taking an account back to nothing: orders cancelled, positions closed. Used by their owner, by the risk guard and by
//! liquidations; all that one call does is one decision, journaled in one piece.

use super::Engine;
use crate::batch::Batch;
use crate::event::{Event, Fact};
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::command::ClosePosition;
use tickwire_protocol::id::{AccountId, OrderId, Symbol};
use tickwire_protocol::order::{Order, OrderReason, OrderStatus};

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

    /// Closes the positions of an account at market, as far as they have a price now; what has none is tried again by
    /// whoever wants it gone. Gives whether all are closed.
    pub(super) fn close_positions(
        &mut self,
        account: AccountId,
        at: TimestampMs,
        _reason: OrderReason,
        batch: &mut Batch,
    ) -> bool {
        let Some(owner) = self.state.accounts.get(&account) else {
            return true;
        };
        let held: Vec<Symbol> = owner.positions.keys().copied().collect();
        let mut all = true;
        for symbol in held {
            let close = ClosePosition {
                client_order_id: None,
                symbol,
                percent: None,
            };
            match self.desk().close(account, at, &close) {
                Ok(decided) => {
                    for fact in decided.facts {
                        self.record(Event { account, at, fact }, batch);
                    }
                }
                Err(_) => all = false,
            }
        }
        all
    }
}
