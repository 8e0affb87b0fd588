//! Orders that stand and fall together: OCO pairs, and brackets with their legs.
//!
//! One state machine, told by three rules, each carried out in the same step as what calls for it:
//!
//! 1. What a bracket's entry opens is protected at once: the legs are made with the first opening fill, sized to it, and
//!    grow with every further one. They only reduce. What the entry merely closes needs no protection.
//! 2. As long as both legs wait, the same quantity is left of each: a part filled of one is taken off the other.
//! 3. When a leg is triggered or ends, whatever the reason, the group ends: the other leg is cancelled, and what is left of
//!    the entry too, so that nothing is opened that nothing would protect. A triggered stop-limit rests alone then, as on
//!    Binance: its owner chose the limit.
//!
//! The legs of a cash-and-carry position stand and fall together too, as long as they are on their way to the venue.
//!
//! An entry that ends leaves the legs of what it had filled. Where one tick touches both legs, the stop-loss wins: it is
//! looked at first.

use super::{rest, trail};
use crate::account::Account;
use crate::market::Market;
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::id::OrderId;
use tickwire_protocol::money::Quantity;
use tickwire_protocol::order::{Exit, Group, GroupRole, Order, OrderReason, OrderStatus, OrderType};

/// The order type that an exit becomes, or `None` where its fields make none.
pub(super) fn exit_type(exit: &Exit, role: GroupRole) -> Option<OrderType> {
    let is_trailing = exit.trail_distance.is_some() != exit.trail_percent.is_some();
    let has_trail = exit.trail_distance.is_some() || exit.trail_percent.is_some();
    match (role, exit.price, exit.trigger_price) {
        (GroupRole::StopLoss, None, None) if is_trailing => Some(OrderType::TrailingStop),
        _ if has_trail || exit.activation_price.is_some() => None,
        (GroupRole::TakeProfit, Some(_), None) => Some(OrderType::Limit),
        (GroupRole::TakeProfit, None, Some(_)) => Some(OrderType::TakeProfitMarket),
        (GroupRole::TakeProfit, Some(_), Some(_)) => Some(OrderType::TakeProfitLimit),
        (GroupRole::StopLoss, None, Some(_)) => Some(OrderType::StopMarket),
        (GroupRole::StopLoss, Some(_), Some(_)) => Some(OrderType::StopLimit),
        _ => None,
    }
}

/// An order with the fields of an exit.
pub(super) fn with_exit(order: Order, exit: &Exit) -> Order {
    Order {
        price: exit.price,
        trigger_price: exit.trigger_price,
        trail_distance: exit.trail_distance,
        trail_percent: exit.trail_percent,
        activation_price: exit.activation_price,
        ..order
    }
}

/// What protects `opened` of a bracket's entry: its legs, made or grown. `last_order` is the last order id given.
pub(super) fn grown(
    account: &Account,
    market: &Market,
    entry: &Order,
    opened: Quantity,
    at: TimestampMs,
    last_order: u64,
) -> Vec<Order> {
    let Some(group) = entry.group.filter(|group| group.role == GroupRole::Entry) else {
        return Vec::new();
    };
    if !opened.is_positive() {
        return Vec::new();
    }
    let mut legs: Vec<Order> = account
        .orders
        .group(group.id)
        .filter(|order| order.id != entry.id)
        .cloned()
        .collect();
    if !legs.is_empty() {
        for leg in &mut legs {
            leg.quantity = (leg.quantity + opened).normalized();
            leg.updated_at = at;
        }
        return legs;
    }
    let exits = [
        (GroupRole::TakeProfit, entry.take_profit),
        (GroupRole::StopLoss, entry.stop_loss),
    ];
    let mut id = last_order;
    for (role, exit) in exits {
        let Some((exit, order_type)) = exit.and_then(|exit| Some((exit, exit_type(&exit, role)?))) else {
            continue;
        };
        id += 1;
        let leg = Order {
            reduce_only: true,
            group: Some(Group { role, ..group }),
            ..Order::accepted(
                OrderId(id),
                entry.symbol,
                entry.side.opposite(),
                order_type,
                opened.normalized(),
                at,
            )
        };
        let leg = with_exit(leg, &exit);
        let from = market.last_price().or(entry.average_price);
        legs.push(match from {
            Some(from) => trail::begun(leg, from, market.instrument().tick_size),
            None => leg,
        });
    }
    legs
}

/// What the rest of a group does when one of its orders is as told now.
pub(crate) fn consequences(account: &Account, order: &Order, at: TimestampMs) -> Vec<Order> {
    if let Some(carry) = order.carry {
        let is_undone = order.status.is_final() && order.status != OrderStatus::Filled;
        let others = account.orders.of_carry(carry).filter(|_| is_undone);
        let ended = |other| rest::ended(other, OrderStatus::Cancelled, OrderReason::SiblingCancelled, at);
        return others.map(ended).collect();
    }
    let Some(group) = order.group.filter(|group| group.role != GroupRole::Entry) else {
        return Vec::new();
    };
    // Whoever ended because of another one of the group is not the cause of anything: that other one lives on.
    let is_effect = matches!(
        order.reason,
        Some(OrderReason::SiblingFilled | OrderReason::SiblingCancelled)
    );
    if is_effect {
        return Vec::new();
    }
    let others = account
        .orders
        .group(group.id)
        .filter(|other| other.id != order.id);
    let ended = order.status.is_final() || order.status == OrderStatus::Triggered;
    if !ended {
        let left = order.remaining();
        return others
            .filter(|other| is_leg(other) && other.remaining() != left)
            .map(|other| Order {
                quantity: (other.filled_quantity + left).normalized(),
                updated_at: at,
                ..other.clone()
            })
            .collect();
    }
    let (status, reason) = match order.status {
        OrderStatus::Expired => (OrderStatus::Expired, OrderReason::TimeRanOut),
        OrderStatus::Filled | OrderStatus::Triggered => (OrderStatus::Cancelled, OrderReason::SiblingFilled),
        _ if order.filled_quantity.is_positive() && order.reason != Some(OrderReason::User) => {
            (OrderStatus::Cancelled, OrderReason::SiblingFilled)
        }
        _ => (OrderStatus::Cancelled, OrderReason::SiblingCancelled),
    };
    others
        .map(|other| Order {
            status,
            reason: Some(reason),
            updated_at: at,
            ..other.clone()
        })
        .collect()
}

fn is_leg(order: &Order) -> bool {
    order.group.is_some_and(|group| group.role != GroupRole::Entry)
}
