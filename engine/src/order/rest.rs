//! What happens to orders that rest: they are filled, triggered, moved along, or end.

use super::fill::{Filling, plan};
use super::{Desk, trail};
use crate::account::Account;
use crate::event::Fact;
use crate::market::Market;
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::error::Refusal;
use tickwire_protocol::money::{Price, Quantity};
use tickwire_protocol::order::{Order, OrderReason, OrderStatus};

impl Desk<'_> {
    /// The fill of a resting limit order at its own price: as much as `offered`, or all of it where that is not bounded.
    /// Gives the facts, and how much was filled; neither where nothing can be.
    pub fn fill_resting(
        &self,
        account: &Account,
        market: &Market,
        order: &Order,
        offered: Option<Quantity>,
        at: TimestampMs,
    ) -> Result<(Vec<Fact>, Quantity), Refusal> {
        let Some(price) = order.price else {
            return Ok((Vec::new(), Quantity::ZERO));
        };
        let fillable = self.fillable(account, order)?;
        let quantity = offered.map_or(fillable, |offered| fillable.min(offered));
        if !quantity.is_positive() {
            return Ok((Vec::new(), Quantity::ZERO));
        }
        let filling = Filling {
            desk: self,
            account,
            market,
            order,
            is_maker: true,
            at,
        };
        let filled = plan(filling, &[(price, quantity)])?;
        let facts = filled.into_facts(account, market, at, self.state.last_order.0);
        Ok((facts, quantity))
    }
}

/// The order as triggered.
pub(crate) fn triggered(order: &Order, at: TimestampMs) -> Order {
    Order {
        status: OrderStatus::Triggered,
        updated_at: at,
        ..order.clone()
    }
}

/// The trailing stop as it follows to this last price.
pub(crate) fn followed(order: &Order, last: Price, tick_size: Price, at: TimestampMs) -> Order {
    let order = trail::following(order.clone(), last, tick_size);
    Order {
        updated_at: at,
        ..order
    }
}

/// The order as it ends.
pub(crate) fn ended(order: &Order, status: OrderStatus, reason: OrderReason, at: TimestampMs) -> Order {
    Order {
        status,
        reason: Some(reason),
        arrives_at: None,
        updated_at: at,
        ..order.clone()
    }
}

/// The order as it has reached the venue.
pub(crate) fn arrived(order: &Order, at: TimestampMs) -> Order {
    Order {
        arrives_at: None,
        updated_at: at,
        ..order.clone()
    }
}
