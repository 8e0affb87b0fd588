//! What open orders tie up, so that what is promised to one order is not spent on another.
//!
//! An order that may open a position ties up the margin of its value at its own price, and the taker's fee of that. As far
//! as it would only reduce what is held it ties up nothing, and a reduce-only order never does. Of a pair of which one
//! cancels the other only the dearer one counts: the stop of a buy, the take-profit of a sell. Market orders count nothing
//! while they are on their way: they have no price, and are checked when they are filled.

use crate::account::margin::{beside_positions, leverage};
use crate::account::{Account, Ledger};
use crate::bounds;
use crate::margin;
use crate::market::MarketView;
use crate::position::Position;
use tickwire_protocol::id::Symbol;
use tickwire_protocol::market::Instrument;
use tickwire_protocol::money::{Amount, Price, Quantity};
use tickwire_protocol::order::{GroupKind, GroupRole, Order, Side};

/// What orders of one side would buy or sell, and for how much: exact sums.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tied {
    /// How much of the base.
    pub quantity: Quantity,
    /// Price × quantity, each order at its own price.
    pub value: Amount,
}

impl Tied {
    pub(crate) fn add(&mut self, other: Tied) {
        self.quantity += other.quantity;
        self.value += other.value;
    }

    pub(crate) fn remove(&mut self, other: Tied) {
        self.quantity -= other.quantity;
        self.value -= other.value;
    }

    pub(crate) fn is_nothing(&self) -> bool {
        self.quantity.is_zero()
    }
}

/// The price that an open order is reckoned by: its limit, else its trigger, else where its trailing stop stands.
pub(crate) fn reckoned_price(order: &Order) -> Option<Price> {
    order.price.or(order.trigger_price).or(order.current_stop_price)
}

/// What an open order counts; nothing where it cannot open a position.
pub(crate) fn tied(order: &Order) -> Option<Tied> {
    if order.reduce_only || order.carry.is_some() {
        return None;
    }
    if let Some(group) = order.group
        && group.kind == GroupKind::Oco
    {
        let is_dearer = match order.side {
            Side::Buy => group.role == GroupRole::StopLoss,
            Side::Sell => group.role == GroupRole::TakeProfit,
        };
        if !is_dearer {
            return None;
        }
    }
    let (quantity, price) = (order.remaining(), reckoned_price(order)?);
    Some(Tied {
        quantity,
        value: bounds::value(price, quantity),
    })
}

/// The margin that opening a position of this value takes, without the fee: `value / leverage`, rounded up to 8 places; all
/// of it for spot.
pub(crate) fn opening_margin(account: &Account, instrument: &Instrument, value: Amount) -> Amount {
    margin::initial(value, leverage(account, instrument))
}

/// What orders of one side tie up: the part of them that the position on the other side does not cover.
pub(crate) fn margin_of(account: &Account, instrument: &Instrument, side: Side, tied: Tied) -> Amount {
    let value = opening_value_of(account, instrument.symbol, side, tied);
    opening_margin(account, instrument, value) + value.times(instrument.taker_fee_rate)
}

/// The value of the part of `tied` that would open or add to a position.
fn opening_value_of(account: &Account, symbol: Symbol, side: Side, tied: Tied) -> Amount {
    let covered = reducible(account, symbol, side).min(tied.quantity);
    tied.value.share(tied.quantity - covered, tied.quantity)
}

/// The value of the open orders in an instrument that would open or add to a position, without that of one which is about
/// to be filled or changed: what the limit of a position's value counts beside the position.
pub(crate) fn opening_value_without(account: &Account, symbol: Symbol, order: Option<&Order>) -> Amount {
    [Side::Buy, Side::Sell]
        .into_iter()
        .map(|side| {
            let tied = tied_without(account, symbol, side, order);
            opening_value_of(account, symbol, side, tied)
        })
        .sum()
}

/// The same of all instruments: what the limit of the exposure counts beside what is held. Costs as much as the account has
/// instruments with open orders.
pub(crate) fn opening_values_without(account: &Account, order: Option<&Order>) -> Amount {
    account
        .orders
        .tied()
        .map(|(symbol, side, _)| {
            let tied = tied_without(account, symbol, side, order);
            opening_value_of(account, symbol, side, tied)
        })
        .sum()
}

/// What orders of one side of one instrument would buy or sell, without one of them.
fn tied_without(account: &Account, symbol: Symbol, side: Side, order: Option<&Order>) -> Tied {
    let mut without = account.orders.tied_in(symbol, side);
    let order = order.filter(|order| order.symbol == symbol && order.side == side);
    let own = order
        .and_then(|order| account.orders.open(order.id))
        .and_then(tied);
    if let Some(own) = own {
        without.remove(own);
    }
    without
}

/// How much an order of `side` could reduce.
pub(crate) fn reducible(account: &Account, symbol: Symbol, side: Side) -> Quantity {
    account
        .positions
        .get(&symbol)
        .filter(|held| held.side != side)
        .map_or(Quantity::ZERO, |held| held.quantity)
}

/// What all open orders of an account tie up. Costs as much as the account has instruments with open orders.
pub fn order_margin(account: &Account, markets: &MarketView) -> Amount {
    account
        .orders
        .tied()
        .filter_map(|(symbol, side, tied)| {
            let market = markets.get(symbol)?;
            Some(margin_of(account, market.instrument(), side, tied))
        })
        .sum()
}

/// The same without one order, which is about to be filled or changed.
pub(crate) fn order_margin_without(account: &Account, markets: &MarketView, order: &Order) -> Amount {
    let all = order_margin(account, markets);
    let Some(market) = markets.get(order.symbol) else {
        return all;
    };
    let with = account.orders.tied_in(order.symbol, order.side);
    let without = tied_without(account, order.symbol, order.side, Some(order));
    if with == without {
        return all;
    }
    let margin = |tied| margin_of(account, market.instrument(), order.side, tied);
    all - margin(with) + margin(without)
}

/// What is free to open positions with, beside what orders other than `order` tie up; never below zero.
pub(crate) fn free<'a>(
    account: &Account,
    ledger: &Ledger,
    positions: impl Iterator<Item = &'a Position>,
    markets: &MarketView,
    order: &Order,
) -> Amount {
    let free =
        beside_positions(account, ledger, positions, markets) - order_margin_without(account, markets, order);
    free.max(Amount::ZERO)
}

/// What an order that is placed or changed would tie up beyond what the others do.
pub(crate) fn needed(account: &Account, instrument: &Instrument, order: &Order) -> Amount {
    let Some(more) = tied(order) else {
        return Amount::ZERO;
    };
    let others = tied_without(account, order.symbol, order.side, Some(order));
    let mut all = others;
    all.add(more);
    let margin = |tied| margin_of(account, instrument, order.side, tied);
    (margin(all) - margin(others)).max(Amount::ZERO)
}
