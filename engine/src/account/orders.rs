//! The orders of an account: all that are open, the last that are final, and a receipt of each that the owner named.
//!
//! Receipts are kept for ever, because a retry may come after any time: some 100 bytes each. They hold what the answer
//! to a retry needs, not the order.

use super::RECENT_MAX;
use crate::state::FoldError;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};
use tickwire_protocol::id::{ClientOrderId, OrderId, PositionId};
use tickwire_protocol::order::{Order, OrderStatus};

/// The orders of an account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Orders {
    open: BTreeMap<OrderId, Order>,
    closed: VecDeque<Order>,
    receipts: BTreeMap<ClientOrderId, Receipt>,
}

/// What is remembered of an order by the id that its owner gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The venue's id.
    pub order_id: OrderId,
    /// Where it stands.
    pub status: OrderStatus,
    /// The cash-and-carry position that it is a leg of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carry: Option<PositionId>,
}

impl Orders {
    /// An open order.
    pub fn open(&self, id: OrderId) -> Option<&Order> {
        self.open.get(&id)
    }

    /// All open orders, oldest first.
    pub fn all_open(&self) -> impl Iterator<Item = &Order> {
        self.open.values()
    }

    /// The last [`RECENT_MAX`] orders that became final, in the order in which they did.
    pub fn closed(&self) -> impl DoubleEndedIterator<Item = &Order> {
        self.closed.iter()
    }

    /// What is remembered of the order that its owner named so.
    pub fn receipt(&self, client_order_id: &ClientOrderId) -> Option<Receipt> {
        self.receipts.get(client_order_id).copied()
    }

    /// An order is as told from now on. `is_new`: its id was never given before.
    pub(crate) fn change(&mut self, order: &Order, is_new: bool) -> Result<(), FoldError> {
        if !is_new && !self.open.contains_key(&order.id) {
            return Err(FoldError::WrongOrder(order.id));
        }
        if let Some(client_order_id) = &order.client_order_id {
            let receipt = Receipt {
                order_id: order.id,
                status: order.status,
                carry: order.carry,
            };
            match self.receipts.get_mut(client_order_id) {
                Some(known) if known.order_id != order.id => return Err(FoldError::WrongOrder(order.id)),
                Some(known) => *known = receipt,
                None => {
                    self.receipts.insert(client_order_id.clone(), receipt);
                }
            }
        }
        if !order.status.is_final() {
            self.open.insert(order.id, order.clone());
            return Ok(());
        }
        self.open.remove(&order.id);
        if self.closed.len() == RECENT_MAX {
            self.closed.pop_front();
        }
        self.closed.push_back(order.clone());
        Ok(())
    }
}
