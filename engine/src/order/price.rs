//! Checks of an order's prices against its instrument and its market.

use super::refusal;
use crate::bounds::PRICE_MAX;
use rust_decimal::Decimal;
use tickwire_protocol::error::Refusal;
use tickwire_protocol::market::Instrument;
use tickwire_protocol::money::Price;

/// A price may lie this many times above or below the market: beyond it a slip of the finger is likelier than a wish.
pub const BAND: i64 = 10;

/// Rounded down to a multiple of the tick.
pub(crate) fn down(price: Price, tick_size: Price) -> Price {
    let ticks = price.get().checked_div(tick_size.get()).unwrap_or_default();
    Price::new((ticks.floor() * tick_size.get()).normalize())
}

/// Rounded up to a multiple of the tick.
pub(crate) fn up(price: Price, tick_size: Price) -> Price {
    let ticks = price.get().checked_div(tick_size.get()).unwrap_or_default();
    Price::new((ticks.ceil() * tick_size.get()).normalize())
}

/// A price that an order may name: above zero, a multiple of the tick, and within reason of where the market is.
pub(super) fn check(
    field: &str,
    price: Price,
    instrument: &Instrument,
    market: Option<Price>,
) -> Result<(), Refusal> {
    if !price.is_positive() || price > PRICE_MAX {
        return Err(refusal::price_out_of_bounds(field, price));
    }
    if !price.is_multiple_of(instrument.tick_size) {
        let near = nearest(price, instrument.tick_size);
        return Err(refusal::price_off_tick(field, price, near, instrument));
    }
    if let Some(market) = market {
        let most = Price::new(market.get() * Decimal::from(BAND));
        let least = Price::new(market.get() / Decimal::from(BAND));
        if price > most || price < least {
            return Err(refusal::price_out_of_band(field, price, market));
        }
    }
    Ok(())
}

/// The multiple of the tick that is nearest, and above zero.
fn nearest(price: Price, tick_size: Price) -> Price {
    let ticks = price.get().checked_div(tick_size.get()).unwrap_or_default();
    let near = Price::new((ticks.round() * tick_size.get()).normalize());
    near.max(tick_size)
}
