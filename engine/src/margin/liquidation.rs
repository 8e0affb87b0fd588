//! The liquidation price of a position: the mark at which its account would be liquidated if all other marks stood still.
//!
//! With `rest` for what the account is worth without the position less what the others must be backed by
//! (`equity − unrealised of the position − Σ maintenance margins of the others`), `q` for its quantity and `r` for its
//! maintenance rate, the account is liquidated where its equity has come down to its maintenance margins:
//!
//! - long: `rest − cost + q·p = r·q·p`, so `p = (cost − rest) / (q·(1 − r))`
//! - short: `rest + cost − q·p = r·q·p`, so `p = (rest + cost) / (q·(1 + r))`
//!
//! It is shown rounded to the tick at which it happens: down for a long, up for a short, then checked with the very
//! numbers that decide: rounding the margin up bites a tick earlier at most, but for positions of a millionth of a cent a
//! tick. There is none where the price would not be above zero, or beyond all prices.

use super::{maintenance, mark::to_ticks};
use crate::bounds::{self, PRICE_MAX};
use rust_decimal::{Decimal, RoundingStrategy};
use tickwire_protocol::money::{Amount, Price, Quantity, Ratio};
use tickwire_protocol::order::Side;

/// A position, and what the rest of its account is worth.
#[derive(Clone, Copy, Debug)]
pub struct Exposure {
    /// Long or short.
    pub side: Side,
    /// How much is held.
    pub quantity: Quantity,
    /// What was paid or got for it.
    pub cost: Amount,
    /// Its maintenance margin rate.
    pub rate: Ratio,
    /// Equity without its unrealised profit or loss, less the maintenance margins of all other positions.
    pub rest: Amount,
}

impl Exposure {
    /// Whether the account is liquidated at this mark: `equity ≤ Σ maintenance margins`.
    pub fn is_liquidated_at(&self, mark: Price) -> bool {
        let value = bounds::value(mark, self.quantity);
        let unrealized_pnl = match self.side {
            Side::Buy => value - self.cost,
            Side::Sell => self.cost - value,
        };
        self.rest + unrealized_pnl <= maintenance(value, self.rate)
    }

    /// The liquidation price.
    pub fn liquidation_price(&self, tick_size: Price) -> Option<Price> {
        let (one, tick) = (Decimal::ONE, tick_size.get());
        let (worth, share, strategy) = match self.side {
            Side::Buy => (
                self.cost - self.rest,
                one - self.rate.get(),
                RoundingStrategy::ToNegativeInfinity,
            ),
            Side::Sell => (
                self.cost + self.rest,
                one + self.rate.get(),
                RoundingStrategy::ToPositiveInfinity,
            ),
        };
        let price = worth
            .get()
            .checked_div(self.quantity.get().checked_mul(share)?)
            .filter(|&price| price > Decimal::ZERO && price <= PRICE_MAX.get())?;
        let price = to_ticks(price, tick, strategy);
        // Rounding the margin up may bring it about one tick earlier than the formula says.
        let towards_safety = match self.side {
            Side::Buy => tick,
            Side::Sell => -tick,
        };
        let earlier = Price::new(price + towards_safety);
        let price = Price::new(price);
        let found = if earlier.is_positive() && self.is_liquidated_at(earlier) {
            earlier
        } else {
            price
        };
        found.is_positive().then_some(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exposure(side: Side, quantity: &str, cost: &str, rate: &str, rest: &str) -> Exposure {
        Exposure {
            side,
            quantity: quantity.parse().unwrap(),
            cost: cost.parse().unwrap(),
            rate: rate.parse().unwrap(),
            rest: rest.parse().unwrap(),
        }
    }

    #[test]
    fn the_price_is_where_it_happens_and_not_a_tick_before() {
        let tick: Price = "0.1".parse().unwrap();
        for (exposure, price) in [
            // (100 − 10) / (1 × 0.995) = 90.45…
            (exposure(Side::Buy, "1", "100", "0.005", "10"), Some("90.4")),
            // (100 + 10) / (1 × 1.005) = 109.45…
            (exposure(Side::Sell, "1", "100", "0.005", "10"), Some("109.5")),
            (exposure(Side::Buy, "3", "300", "0.01", "33.333333"), Some("89.7")),
            (exposure(Side::Buy, "1", "100", "0", "10"), Some("90.0")),
            (exposure(Side::Buy, "1", "100", "0.005", "100"), None),
            (exposure(Side::Buy, "1", "100", "0.005", "1000"), None),
            (exposure(Side::Sell, "1", "100", "0.005", "-100"), None),
            (exposure(Side::Sell, "0.001", "100", "0.005", "100000000"), None),
        ] {
            let found = exposure.liquidation_price(tick);
            assert_eq!(found, price.map(|price| price.parse().unwrap()), "{exposure:?}");
            let Some(found) = found else { continue };
            let before = match exposure.side {
                Side::Buy => found + tick,
                Side::Sell => found - tick,
            };
            assert!(exposure.is_liquidated_at(found) && !exposure.is_liquidated_at(before));
        }
    }

    #[test]
    fn a_margin_that_is_rounded_up_bites_a_tick_earlier() {
        // At 1.1 the equity is 0.6 of the last place: above the exact margin of 0.55, below the rounded one of 1.
        let bought = exposure(Side::Buy, "0.00000001", "0.00000001", "0.05", "-0.0000000004");
        let tick: Price = "0.1".parse().unwrap();
        let price = bought.liquidation_price(tick).unwrap();
        assert_eq!(price, "1.1".parse().unwrap());
        assert!(bought.is_liquidated_at(price));
    }
}
