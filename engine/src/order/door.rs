//! What the venue looks at before it accepts an order, beyond the order's own fields: prices, the side of the market that a
//! trigger lies on, value, room, the risk guard, and whether the account can pay.

use super::reserve::Tied;
use super::sides::{Place, exits_of, is_exit, prices};
use super::{Desk, quantity, refusal, reserve, trail};
use crate::account::Account;
use crate::bounds::{AMOUNT_MAX, ID_MAX, ORDER_VALUE_MAX};
use crate::market::Market;
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::error::Refusal;
use tickwire_protocol::market::Instrument;
use tickwire_protocol::money::Price;
use tickwire_protocol::order::{GroupKind, Order, OrderType, Side};

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
        // Who places a pair names the fields of its exits, who amends one of it those of an order.
        let is_named = is_exit(&order) && account.orders.open(order.id).is_none();
        let place = if is_named { Place::market } else { Place::order };
        let order = prices(market, order, reference.map(place), is_named)?;
        let order = exits_of(market, order, reference)?;
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
}

/// Whether an order is triggered by a last price that rises to its trigger, or by one that falls to it.
pub(crate) fn rises_to_trigger(order: &Order) -> bool {
    let is_stop = matches!(
        order.order_type,
        OrderType::StopMarket | OrderType::StopLimit | OrderType::TrailingStop
    );
    is_stop == (order.side == Side::Buy)
}
