//! The mark price of a perpetual: what its positions are valued, funded and liquidated by.
//!
//! `mark = round to the tick(clamp(middle, 0.99 × index, 1.01 × index))`, where the middle is that of the perpetual's own
//! best bid and ask, and the index that of its spot instrument's; the middle alone as long as the index is unknown.
//!
//! The last trade or the best prices of a thin book can be moved far by one order, which would liquidate others and let
//! nobody trade at the price that did it. The middle ignores which side was hit last, and the clamp ties it to a
//! second, deeper market: venues bound their mark prices by the index in the same spirit.

use crate::bounds::PRICE_MAX;
use rust_decimal::{Decimal, RoundingStrategy};
use tickwire_protocol::market::Quote;
use tickwire_protocol::money::Price;

/// How far the mark price may be from the index price, as a share of that.
const DEVIATION_MAX: Decimal = Decimal::from_parts(1, 0, 0, false, 2);

/// The middle of bid and ask; exact.
pub fn middle(quote: Quote) -> Price {
    const HALF: Decimal = Decimal::from_parts(5, 0, 0, false, 1);
    Price::new((quote.bid.get() + quote.ask.get()) * HALF)
}

/// The mark price. Rounding to a whole number of ticks may take it half a tick beyond the clamp; it is one tick at least.
pub fn price(middle: Price, index: Option<Price>, tick_size: Price) -> Price {
    let clamped = match index {
        Some(index) => {
            let (index, deviation) = (index.get(), index.get() * DEVIATION_MAX);
            middle.get().clamp(index - deviation, index + deviation)
        }
        None => middle.get(),
    };
    Price::new(to_ticks(
        clamped,
        tick_size.get(),
        RoundingStrategy::MidpointNearestEven,
    ))
    .clamp(tick_size, PRICE_MAX)
}

/// A price rounded to a multiple of the tick. Prices are at most 10¹⁰ and ticks at least 10⁻¹²: the quotient fits.
pub(super) fn to_ticks(price: Decimal, tick: Decimal, strategy: RoundingStrategy) -> Decimal {
    if tick.mantissa() == 1 {
        return price.round_dp_with_strategy(tick.scale(), strategy);
    }
    let ticks = price.checked_div(tick).unwrap_or_default();
    (ticks.round_dp_with_strategy(0, strategy) * tick).normalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quote(bid: &str, ask: &str) -> Quote {
        Quote {
            bid: bid.parse().unwrap(),
            ask: ask.parse().unwrap(),
        }
    }

    #[test]
    fn the_middle_is_exact_and_clamped_to_one_percent_of_the_index() {
        for (bid, ask, index, tick, mark) in [
            ("100", "100.2", None, "0.1", "100.1"),
            ("100", "100.1", None, "0.1", "100.0"),
            ("100.1", "100.2", None, "0.1", "100.2"),
            ("100", "100.2", Some("100"), "0.1", "100.1"),
            ("150", "150.2", Some("100"), "0.1", "101.0"),
            ("50", "50.2", Some("100"), "0.1", "99.0"),
            ("50", "150", Some("100"), "0.1", "100.0"),
            ("101", "101", Some("100"), "0.5", "101"),
            ("101.3", "101.3", None, "0.5", "101.5"),
            ("0.01", "0.01", None, "0.1", "0.1"),
        ] {
            let index = index.map(|index| index.parse().unwrap());
            let price = price(middle(quote(bid, ask)), index, tick.parse().unwrap());
            assert_eq!(price, mark.parse().unwrap(), "{bid}/{ask} index {index:?}");
        }
    }
}
