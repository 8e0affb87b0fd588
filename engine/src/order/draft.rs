//! From the fields of a command to an order: each field that an order type needs is there, and none that it knows not.

use super::{group, refusal};
use rust_decimal::Decimal;
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::command::{PlaceOco, PlaceOrder};
use tickwire_protocol::error::Refusal;
use tickwire_protocol::id::{GroupId, OrderId};
use tickwire_protocol::money::Ratio;
use tickwire_protocol::order::{Exit, Group, GroupKind, GroupRole, Order, OrderType, TimeInForce};

/// The order that a command asks for, before anything of the market is looked at.
pub(super) fn order(
    id: OrderId,
    group: GroupId,
    wanted: &PlaceOrder,
    at: TimestampMs,
) -> Result<Order, Refusal> {
    let order_type = wanted.order_type;
    let is_trailing = order_type == OrderType::TrailingStop;
    field(
        order_type,
        "price",
        wanted.price.is_some(),
        order_type.has_price(),
    )?;
    field(
        order_type,
        "trigger_price",
        wanted.trigger_price.is_some(),
        order_type.has_trigger(),
    )?;
    let trails = u8::from(wanted.trail_distance.is_some()) + u8::from(wanted.trail_percent.is_some());
    if is_trailing && trails != 1 {
        return Err(refusal::one_trail(trails));
    }
    if !is_trailing {
        field(
            order_type,
            "trail_distance",
            wanted.trail_distance.is_some(),
            false,
        )?;
        field(order_type, "trail_percent", wanted.trail_percent.is_some(), false)?;
        field(
            order_type,
            "activation_price",
            wanted.activation_price.is_some(),
            false,
        )?;
    }
    trail_percent(wanted.trail_percent)?;
    time_in_force(
        wanted.time_in_force,
        wanted.expires_at,
        order_type != OrderType::Market,
        at,
    )?;
    let is_immediate = matches!(wanted.time_in_force, TimeInForce::Ioc | TimeInForce::Fok);
    if is_immediate && !order_type.has_price() {
        return Err(refusal::field_unknown(order_type, "time_in_force"));
    }
    if wanted.post_only && !order_type.has_price() {
        return Err(refusal::field_unknown(order_type, "post_only"));
    }
    if wanted.post_only && is_immediate {
        return Err(refusal::post_only_cannot_wait(wanted.time_in_force));
    }
    let is_entry = wanted.take_profit.is_some() || wanted.stop_loss.is_some();
    if is_entry && wanted.reduce_only {
        return Err(refusal::entry_cannot_reduce());
    }
    exits(wanted.take_profit.as_ref(), wanted.stop_loss.as_ref())?;
    let entry = Group {
        id: group,
        kind: GroupKind::Bracket,
        role: GroupRole::Entry,
    };
    Ok(Order {
        client_order_id: wanted.client_order_id.clone(),
        price: wanted.price,
        trigger_price: wanted.trigger_price,
        trail_distance: wanted.trail_distance,
        trail_percent: wanted.trail_percent,
        activation_price: wanted.activation_price,
        time_in_force: wanted.time_in_force,
        expires_at: wanted.expires_at,
        post_only: wanted.post_only,
        reduce_only: wanted.reduce_only,
        group: is_entry.then_some(entry),
        take_profit: wanted.take_profit,
        stop_loss: wanted.stop_loss,
        ..Order::accepted(id, wanted.symbol, wanted.side, order_type, wanted.quantity, at)
    })
}

/// The two orders of a pair, the take-profit first.
pub(super) fn pair(
    id: OrderId,
    group: GroupId,
    wanted: &PlaceOco,
    at: TimestampMs,
) -> Result<[Order; 2], Refusal> {
    exits(Some(&wanted.take_profit), Some(&wanted.stop_loss))?;
    let is_immediate = matches!(wanted.time_in_force, TimeInForce::Ioc | TimeInForce::Fok);
    if is_immediate {
        return Err(refusal::pair_cannot_be_immediate(wanted.time_in_force));
    }
    time_in_force(wanted.time_in_force, wanted.expires_at, true, at)?;
    let leg = |number: u64, role, exit: &Exit| {
        let order_type = group::exit_type(exit, role).ok_or_else(|| refusal::exit_unclear(role))?;
        let order = Order {
            time_in_force: wanted.time_in_force,
            expires_at: wanted.expires_at,
            reduce_only: wanted.reduce_only,
            group: Some(Group {
                id: group,
                kind: GroupKind::Oco,
                role,
            }),
            ..Order::accepted(
                OrderId(id.0 + number),
                wanted.symbol,
                wanted.side,
                order_type,
                wanted.quantity,
                at,
            )
        };
        Ok::<_, Refusal>(group::with_exit(order, exit))
    };
    let take_profit = Order {
        client_order_id: wanted.client_order_id.clone(),
        ..leg(0, GroupRole::TakeProfit, &wanted.take_profit)?
    };
    Ok([take_profit, leg(1, GroupRole::StopLoss, &wanted.stop_loss)?])
}

/// Whether the exits of a bracket or a pair make orders.
pub(super) fn exits(take_profit: Option<&Exit>, stop_loss: Option<&Exit>) -> Result<(), Refusal> {
    for (role, exit) in [
        (GroupRole::TakeProfit, take_profit),
        (GroupRole::StopLoss, stop_loss),
    ] {
        if let Some(exit) = exit {
            group::exit_type(exit, role).ok_or_else(|| refusal::exit_unclear(role))?;
            trail_percent(exit.trail_percent)?;
        }
    }
    Ok(())
}

/// A percentage to trail by: above 0, below 100, two places at most.
pub(super) fn trail_percent(percent: Option<Ratio>) -> Result<(), Refusal> {
    match percent {
        Some(percent)
            if !percent.is_positive()
                || percent.get() >= Decimal::ONE_HUNDRED
                || percent.normalized().get().scale() > 2 =>
        {
            Err(refusal::trail_percent_out_of_range(percent))
        }
        _ => Ok(()),
    }
}

fn field(order_type: OrderType, name: &str, is_there: bool, is_known: bool) -> Result<(), Refusal> {
    match (is_there, is_known) {
        (true, false) => Err(refusal::field_unknown(order_type, name)),
        (false, true) => Err(refusal::field_missing(order_type, name)),
        _ => Ok(()),
    }
}

fn time_in_force(
    time_in_force: TimeInForce,
    expires_at: Option<TimestampMs>,
    may_wait: bool,
    at: TimestampMs,
) -> Result<(), Refusal> {
    match (time_in_force, expires_at) {
        (TimeInForce::Gtd, _) if !may_wait => Err(refusal::field_unknown(OrderType::Market, "time_in_force")),
        (TimeInForce::Gtd, None) => Err(refusal::expiry_missing()),
        (TimeInForce::Gtd, Some(expiry)) if expiry <= at || !crate::bounds::is_time(expiry) => {
            Err(refusal::expiry_past(expiry, at))
        }
        (TimeInForce::Gtd, Some(_)) | (_, None) => Ok(()),
        (_, Some(_)) => Err(refusal::expiry_without_gtd()),
    }
}
