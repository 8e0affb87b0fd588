//! Orders to cancel, and how an order is found by either of its ids.

use super::{Decided, Desk, refusal, rest};
use crate::account::Account;
use crate::event::Fact;
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::command::{OrderRef, Report};
use tickwire_protocol::error::Refusal;
use tickwire_protocol::id::{AccountId, ClientOrderId, OrderId};
use tickwire_protocol::order::{Order, OrderReason, OrderStatus};

impl Desk<'_> {
    /// Decides on an order to cancel. The rest of its group follows from it.
    pub fn cancel(&self, account: AccountId, at: TimestampMs, wanted: &OrderRef) -> Result<Decided, Refusal> {
        let account = self.account(account)?;
        let order = find(account, wanted.order_id, wanted.client_order_id.as_ref())?;
        let cancelled = rest::ended(order, OrderStatus::Cancelled, OrderReason::User, at);
        let report = Report {
            order_id: Some(cancelled.id),
            client_order_id: cancelled.client_order_id.clone(),
            status: Some(cancelled.status),
            reason: cancelled.reason,
            ..Report::default()
        };
        Ok(Decided {
            facts: vec![Fact::OrderChanged(cancelled)],
            report,
        })
    }
}

/// The open order that is meant.
pub(super) fn find<'a>(
    account: &'a Account,
    order_id: Option<OrderId>,
    client_order_id: Option<&ClientOrderId>,
) -> Result<&'a Order, Refusal> {
    let id = match (order_id, client_order_id) {
        (Some(id), None) => id,
        (None, Some(name)) => account
            .orders
            .receipt(name)
            .and_then(|receipt| receipt.order_id)
            .ok_or_else(|| refusal::order_unknown(name.as_str()))?,
        _ => return Err(refusal::one_order_id()),
    };
    account.orders.open(id).ok_or_else(
        || match account.orders.closed().rev().find(|order| order.id == id) {
            Some(order) => refusal::order_final(order),
            None => refusal::order_unknown(&id.to_string()),
        },
    )
}
