//! Trailing stops: where they stand, and how they follow.
//!
//! The stop price stays behind the best last price since the order follows: `peak − distance` for a sell,
//! `peak + distance` for a buy, where a percentage is of the peak. It is rounded to the tick away from the market, so that
//! it never triggers earlier than meant. Before its activation price is reached it is reckoned from that price, and neither
//! follows nor triggers.

use super::price;
use super::sides::is_past;
use crate::bounds::PRICE_MAX;
use rust_decimal::Decimal;
use tickwire_protocol::money::Price;
use tickwire_protocol::order::{Order, OrderType, Side};

/// Where a trailing stop stands behind this peak; never below one tick, nor above the highest price.
pub(super) fn stop_price(order: &Order, peak: Price, tick_size: Price) -> Price {
    let distance = match (order.trail_distance, order.trail_percent) {
        (Some(distance), _) => distance,
        (None, Some(percent)) => Price::new(peak.get() * percent.get() / Decimal::ONE_HUNDRED),
        (None, None) => Price::ZERO,
    };
    match order.side {
        Side::Sell => price::down(peak - distance, tick_size).max(tick_size),
        Side::Buy => price::up(peak + distance, tick_size).min(PRICE_MAX),
    }
}

/// A trailing stop at its beginning, with the last price as told; any other order as it is.
pub(super) fn begun(order: Order, last: Price, tick_size: Price) -> Order {
    if order.order_type != OrderType::TrailingStop {
        return order;
    }
    let dormant = order
        .activation_price
        .filter(|&activation| !is_reached(order.side, activation, last));
    let is_dormant = dormant.is_some();
    let order = following(order, dormant.unwrap_or(last), tick_size);
    Order { is_dormant, ..order }
}

/// A trailing stop that follows from this peak on.
pub(crate) fn following(order: Order, peak: Price, tick_size: Price) -> Order {
    let stop = stop_price(&order, peak, tick_size);
    Order {
        peak_price: Some(peak),
        current_stop_price: Some(stop),
        is_dormant: false,
        ..order
    }
}

/// Whether the last price has reached an activation price: up for a sell, down for a buy.
pub(super) fn is_reached(side: Side, activation: Price, last: Price) -> bool {
    is_past(activation, last, side == Side::Sell)
}
