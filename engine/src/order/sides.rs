//! On which sides of the market, or of where it enters, the prices of an order and of its exits may lie.

use super::{group, price, refusal, trail, waits_for_trigger};
use crate::market::Market;
use crate::order::door::rises_to_trigger;
use std::borrow::Cow;
use tickwire_protocol::error::Refusal;
use tickwire_protocol::money::{Price, Quantity};
use tickwire_protocol::order::{Exit, Group, GroupKind, GroupRole, Order, OrderStatus, OrderType, Side};

/// A price that others are compared with, and what a refusal calls it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    price: Price,
    what: &'static str,
}

impl Place {
    /// Where the market is, for an order's own prices.
    pub fn order(price: Price) -> Place {
        let what = "the price is";
        Place { price, what }
    }

    /// Where the market is, for an exit: its entry has prices too.
    pub fn market(price: Price) -> Place {
        let what = MARKET;
        Place { price, what }
    }
}

/// What a refusal calls the price of the market where an entry has one of its own.
pub(super) const MARKET: &str = "the market is at";

/// The order with the prices of the exits that it names as the venue writes them, if they lie on their sides of where it
/// enters.
pub(super) fn exits_of(market: &Market, order: Order, reference: Option<Price>) -> Result<Order, Refusal> {
    let checked = |role, exit: Option<Exit>| match exit {
        Some(exit) => exit_of(market, &order, role, exit, reference).map(Some),
        None => Ok(None),
    };
    let take_profit = checked(GroupRole::TakeProfit, order.take_profit)?;
    let stop_loss = checked(GroupRole::StopLoss, order.stop_loss)?;
    Ok(Order {
        take_profit,
        stop_loss,
        ..order
    })
}

fn exit_of(
    market: &Market,
    entry: &Order,
    role: GroupRole,
    exit: Exit,
    reference: Option<Price>,
) -> Result<Exit, Refusal> {
    let leg = Order {
        group: Some(Group {
            id: entry.group.map(|group| group.id).unwrap_or_default(),
            kind: GroupKind::Bracket,
            role,
        }),
        ..Order::accepted(
            entry.id,
            entry.symbol,
            entry.side.opposite(),
            group::exit_type(&exit, role).ok_or_else(|| refusal::exit_unclear(role))?,
            Quantity::ZERO,
            entry.created_at,
        )
    };
    let leg = prices(
        market,
        group::with_exit(leg, &exit),
        entered_at(entry, role, reference),
        true,
    )?;
    Ok(Exit {
        price: leg.price,
        trigger_price: leg.trigger_price,
        trail_distance: leg.trail_distance,
        activation_price: leg.activation_price,
        ..exit
    })
}

/// Where an entry enters, as one of its exits has to reckon with: at its limit, and for the stop-loss at the market where
/// that is the worse side of the limit. Such an entry fills at the market's price, at which its stop-loss must not be
/// reached yet.
fn entered_at(entry: &Order, role: GroupRole, reference: Option<Price>) -> Option<Place> {
    let own = |price: Option<Price>, what| price.map(|price| Place { price, what });
    let trigger = entry.trigger_price.filter(|_| waits_for_trigger(entry));
    let met = own(trigger, "the entry's trigger is").or(reference.map(Place::market));
    let limit = own(entry.price, "the entry's limit is");
    match (limit, met) {
        (Some(limit), Some(met)) if role == GroupRole::StopLoss => {
            let is_worse = match entry.side {
                Side::Buy => met.price < limit.price,
                Side::Sell => met.price > limit.price,
            };
            Some(if is_worse { met } else { limit })
        }
        (limit, met) => limit.or(met),
    }
}

/// The order with its prices as the venue writes them, if they may be so. `from` is where the market is, or for the exits
/// of a bracket where it enters. `is_named`: the fields of a leg were told as those of an exit.
pub(super) fn prices(
    market: &Market,
    order: Order,
    from: Option<Place>,
    is_named: bool,
) -> Result<Order, Refusal> {
    let instrument = market.instrument();
    let exit = order.group.map(|group| group.role).filter(|_| is_named);
    let field = |name: &'static str| match exit {
        Some(GroupRole::TakeProfit) => Cow::Owned(format!("take_profit.{name}")),
        Some(GroupRole::StopLoss) => Cow::Owned(format!("stop_loss.{name}")),
        Some(GroupRole::Entry) | None => Cow::Borrowed(name),
    };
    let from_price = from.map(|from| from.price);
    let named = [
        ("price", order.price),
        ("trigger_price", order.trigger_price),
        ("activation_price", order.activation_price),
    ];
    for (name, price) in named {
        if let Some(price) = price {
            price::check(&field(name), price, instrument, from_price)?;
        }
    }
    if let Some(distance) = order.trail_distance {
        price::check(&field("trail_distance"), distance, instrument, None)?;
        if let Some(from) = from_price.filter(|&from| distance >= from) {
            return Err(refusal::trail_distance_too_far(
                &field("trail_distance"),
                distance,
                from,
            ));
        }
    }
    if order.status == OrderStatus::New
        && let Some(from) = from
        && let Some((name, price, rises)) = reached(&order, from.price)
    {
        let Place { price: from, what } = from;
        return Err(refusal::would_trigger(&field(name), price, what, from, rises));
    }
    let canonical = |price: Option<Price>| price.map(|price| market.canonical(price));
    Ok(Order {
        price: canonical(order.price),
        trigger_price: canonical(order.trigger_price),
        activation_price: canonical(order.activation_price),
        trail_distance: canonical(order.trail_distance),
        ..order
    })
}

/// The field and the price that the market has reached already, and whether it reaches it by rising. Neither a trigger may
/// be, nor an exit's limit price.
fn reached(order: &Order, last: Price) -> Option<(&'static str, Price, bool)> {
    if let Some(trigger) = order.trigger_price {
        let rises = rises_to_trigger(order);
        if is_past(trigger, last, rises) {
            return Some(("trigger_price", trigger, rises));
        }
    }
    if let Some(activation) = order.activation_price.filter(|_| order.peak_price.is_none())
        && trail::is_reached(order.side, activation, last)
    {
        return Some(("activation_price", activation, order.side == Side::Sell));
    }
    let limit = order
        .price
        .filter(|_| is_exit(order) && order.order_type == OrderType::Limit)?;
    let rises = order.side == Side::Sell;
    is_past(limit, last, rises).then_some(("price", limit, rises))
}

/// Whether a price is reached that the market comes to by rising, or by falling.
pub(super) fn is_past(price: Price, last: Price, rises: bool) -> bool {
    if rises { last >= price } else { last <= price }
}

pub(super) fn is_exit(order: &Order) -> bool {
    order.group.is_some_and(|group| group.role != GroupRole::Entry)
}
