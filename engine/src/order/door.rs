//! What the venue looks at before it accepts an order, beyond the order's own fields: prices, the side of the market that a
//! trigger lies on, value, room, the risk guard, and whether the account can pay.

use super::reserve::Tied;
use super::{Desk, group, price, quantity, refusal, reserve, trail};
use crate::account::Account;
use crate::bounds::{AMOUNT_MAX, ID_MAX, ORDER_VALUE_MAX};
use crate::market::Market;
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::error::Refusal;
use tickwire_protocol::market::Instrument;
use tickwire_protocol::money::{Price, Quantity};
use tickwire_protocol::order::{Exit, Group, GroupKind, GroupRole, Order, OrderStatus, OrderType, Side};

/// Open orders that an account may have. A pair counts as two, a bracket as three, when it is placed.
pub const OPEN_ORDERS_MAX: usize = 100_000;

/// Order ids that one input may take beyond the first: the legs of a bracket.
pub(super) const IDS_MORE_MAX: u64 = 2;

impl Desk<'_> {
    /// The order as it may be accepted, if it may.
    pub(super) fn admit(
        &self,
        account: &Account,
        market: &Market,
        order: Order,
        at: TimestampMs,
    ) -> Result<Order, Refusal> {
        self.has_room(account, &order)?;
        let order = self.with_quantity(account, market, order)?;
        self.checked(account, market, order, at)
    }

    /// An order as it is placed or amended, once its prices, its value and the account's means are checked.
    pub(super) fn checked(
        &self,
        account: &Account,
        market: &Market,
        order: Order,
        at: TimestampMs,
    ) -> Result<Order, Refusal> {
        let instrument = market.instrument();
        let reference = self.reference(market, order.side);
        let order = prices(market, order, reference)?;
        for exit in exits_of(&order) {
            self.exit_prices(market, &order, exit, reference)?;
        }
        let order = match reference {
            // An order that follows already keeps its peak.
            Some(reference) if order.peak_price.is_none() => {
                trail::begun(order, reference, instrument.tick_size)
            }
            // Without a price nobody can tell on which side of it a trigger lies.
            None if order.price.is_none() || order.trigger_price.is_some() || is_exit(&order) => {
                if order.order_type != OrderType::Market {
                    return Err(self.no_reference(market, at));
                }
                order
            }
            _ => order,
        };
        let Some(price) = reserve::reckoned_price(&order) else {
            return Ok(order);
        };
        let value = price.times(order.quantity);
        if value > ORDER_VALUE_MAX {
            return Err(refusal::worth_too_much(self.currency));
        }
        let covered = reserve::reducible(account, order.symbol, order.side).min(order.remaining());
        let opening = order.remaining() - covered;
        if order.reduce_only || !opening.is_positive() {
            return Ok(order);
        }
        // Making an order smaller is allowed whatever the account may open now.
        let before = account.orders.open(order.id).and_then(reserve::tied);
        let is_less = |before: Tied| {
            order.remaining() <= before.quantity && price.times(order.remaining()) <= before.value
        };
        if before.is_some_and(is_less) {
            return Ok(order);
        }
        if value < instrument.min_notional {
            return Err(refusal::below_min_notional(value, instrument));
        }
        let tied = account.orders.tied_in(order.symbol, order.side);
        if tied.value + value > AMOUNT_MAX {
            return Err(refusal::beyond_account(self.currency));
        }
        self.may_open_by(account, &order, price.times(opening))?;
        self.can_pay(account, instrument, &order)?;
        Ok(order)
    }

    /// Whether what is free covers what the order would tie up.
    fn can_pay(&self, account: &Account, instrument: &Instrument, order: &Order) -> Result<(), Refusal> {
        let needed = reserve::needed(account, instrument, order);
        let positions = account.positions.values();
        let free = reserve::free(account, &account.ledger, positions, self.markets, order);
        if needed > free {
            return Err(refusal::insufficient_balance(needed, free, self.currency));
        }
        Ok(())
    }

    fn has_room(&self, account: &Account, order: &Order) -> Result<(), Refusal> {
        let more = match order.group.map(|group| group.kind) {
            None => 1,
            Some(GroupKind::Oco) => 2,
            Some(GroupKind::Bracket) => 3,
        };
        if account.orders.open_count() + more > OPEN_ORDERS_MAX {
            return Err(refusal::too_many_open(OPEN_ORDERS_MAX));
        }
        let has_ids = self.state.last_order.0 < ID_MAX - IDS_MORE_MAX && self.state.last_group.0 < ID_MAX;
        if !has_ids {
            return Err(refusal::ids_exhausted());
        }
        Ok(())
    }

    /// A reduce-only order is checked for what it may reduce; one that fills at once is cut to it.
    fn with_quantity(&self, account: &Account, market: &Market, order: Order) -> Result<Order, Refusal> {
        let instrument = market.instrument();
        if !order.reduce_only {
            let quantity = quantity::of_one_order(order.quantity, instrument)?;
            return Ok(Order { quantity, ..order });
        }
        let wanted = quantity::of_any_size(order.quantity, instrument)?;
        let held = reserve::reducible(account, order.symbol, order.side);
        if held.is_zero() {
            return Err(refusal::nothing_to_reduce(order.symbol, order.side));
        }
        let quantity = if order.order_type == OrderType::Market {
            wanted.min(held)
        } else {
            wanted
        };
        Ok(Order { quantity, ..order })
    }

    /// The price that triggers and prices are compared with: the last trade's, or what an order would get.
    fn reference(&self, market: &Market, side: Side) -> Option<Price> {
        market
            .last_price()
            .or_else(|| market.mark(side.opposite()).map(|(price, _)| price))
    }

    fn no_reference(&self, market: &Market, at: TimestampMs) -> Refusal {
        let symbol = market.symbol();
        match self.markets.tradable_quote(symbol, at) {
            Err(why) => refusal::no_price(symbol, why),
            Ok(_) => refusal::no_price(symbol, crate::market::NoQuote::NotYet),
        }
    }

    /// The exits of a bracket lie on their sides of where it enters.
    fn exit_prices(
        &self,
        market: &Market,
        entry: &Order,
        (role, exit): (GroupRole, &Exit),
        reference: Option<Price>,
    ) -> Result<(), Refusal> {
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
                group::exit_type(exit, role).ok_or_else(|| refusal::exit_unclear(role))?,
                Quantity::ZERO,
                entry.created_at,
            )
        };
        let from = entry.price.or(entry.trigger_price).or(reference);
        prices(market, group::with_exit(leg, exit), from).map(|_| ())
    }
}

/// The exits that a bracket's entry names.
fn exits_of(order: &Order) -> impl Iterator<Item = (GroupRole, &Exit)> {
    let take_profit = order.take_profit.iter().map(|exit| (GroupRole::TakeProfit, exit));
    take_profit.chain(order.stop_loss.iter().map(|exit| (GroupRole::StopLoss, exit)))
}

/// The order with its prices as the venue writes them, if they may be so. `from` is where the market is, or for the exits
/// of a bracket where it enters.
fn prices(market: &Market, order: Order, from: Option<Price>) -> Result<Order, Refusal> {
    let instrument = market.instrument();
    let named = [
        ("price", order.price),
        ("trigger_price", order.trigger_price),
        ("activation_price", order.activation_price),
    ];
    for (field, price) in named {
        if let Some(price) = price {
            price::check(field, price, instrument, from)?;
        }
    }
    if let Some(distance) = order.trail_distance {
        price::check("trail_distance", distance, instrument, None)?;
        if let Some(from) = from.filter(|&from| distance >= from) {
            return Err(refusal::trail_distance_too_far(distance, from));
        }
    }
    if order.status == OrderStatus::New
        && let Some(from) = from
    {
        sides(&order, from)?;
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

/// A trigger must not be reached already, nor may an exit's limit price.
fn sides(order: &Order, last: Price) -> Result<(), Refusal> {
    if let Some(trigger) = order.trigger_price {
        let rises = rises_to_trigger(order);
        let is_reached = if rises { last >= trigger } else { last <= trigger };
        if is_reached {
            return Err(refusal::would_trigger("trigger_price", trigger, last, rises));
        }
    }
    if let Some(activation) = order.activation_price.filter(|_| order.peak_price.is_none())
        && trail::is_reached(order.side, activation, last)
    {
        let rises = order.side == Side::Sell;
        return Err(refusal::would_trigger(
            "activation_price",
            activation,
            last,
            rises,
        ));
    }
    if let Some(price) = order.price
        && is_exit(order)
        && order.order_type == OrderType::Limit
    {
        let rises = order.side == Side::Sell;
        let is_reached = if rises { last >= price } else { last <= price };
        if is_reached {
            return Err(refusal::would_trigger("price", price, last, rises));
        }
    }
    Ok(())
}

fn is_exit(order: &Order) -> bool {
    order.group.is_some_and(|group| group.role != GroupRole::Entry)
}

/// Whether an order is triggered by a last price that rises to its trigger, or by one that falls to it.
pub(crate) fn rises_to_trigger(order: &Order) -> bool {
    let is_stop = matches!(
        order.order_type,
        OrderType::StopMarket | OrderType::StopLimit | OrderType::TrailingStop
    );
    is_stop == (order.side == Side::Buy)
}
