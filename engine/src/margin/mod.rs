//! What a position ties up, what it must be backed by, and what it pays: pure arithmetic, in the account's currency.
//!
//! | | spot bought | spot sold | perpetual |
//! | --- | --- | --- | --- |
//! | valued at | bid | ask | [mark price](mark) |
//! | initial margin | cost | cost | cost / leverage |
//! | maintenance margin | 0 | 5 % of the value | `maintenance_margin_rate` of the value |
//! | funding | none | none | [`∓ value × rate`](funding) at each funding time |
//!
//! Margins are cross: all that the account is worth backs all that it holds. An account whose equity has come down to the
//! sum of its maintenance margins is liquidated. Both margins are rounded up to 8 places, so that rounding never lets
//! anybody carry more than they can.

pub mod funding;
pub mod liquidation;
pub mod mark;

use rust_decimal::{Decimal, RoundingStrategy};
use tickwire_protocol::market::Instrument;
use tickwire_protocol::money::{AMOUNT_SCALE, Amount, Ratio};
use tickwire_protocol::order::Side;

/// What a spot position that was sold must be backed by, as a share of its value. Its collateral, the whole cost, is used
/// up when the price has doubled, so unlike one that was bought it can lose more than it ties up: 5 % is left for buying
/// it back.
pub const SPOT_SHORT_MAINTENANCE_RATE: Ratio = Ratio::new(Decimal::from_parts(5, 0, 0, false, 2));

/// What a position of this cost ties up: `cost / leverage`, rounded up to 8 places; the whole cost, exactly, at 1.
pub fn initial(cost: Amount, leverage: u32) -> Amount {
    if leverage <= 1 {
        return cost;
    }
    let margin = cost.get().checked_div(Decimal::from(leverage));
    margin.map_or(cost, rounded_up)
}

/// What a position of this value must be backed by: `rate × value`, rounded up to 8 places.
pub fn maintenance(value: Amount, rate: Ratio) -> Amount {
    rounded_up(value.get() * rate.get())
}

/// The share of its value that a position must be backed by. Nothing is known of an instrument that is no longer
/// configured (`None`), and its positions could not be closed either: zero.
pub fn maintenance_rate(instrument: Option<&Instrument>, side: Side) -> Ratio {
    match (instrument.map(|instrument| instrument.perpetual), side) {
        (Some(Some(perpetual)), _) => perpetual.maintenance_margin_rate,
        (Some(None), Side::Sell) => SPOT_SHORT_MAINTENANCE_RATE,
        (Some(None), Side::Buy) | (None, _) => Ratio::ZERO,
    }
}

fn rounded_up(number: Decimal) -> Amount {
    Amount::new(
        number
            .round_dp_with_strategy(AMOUNT_SCALE, RoundingStrategy::ToPositiveInfinity)
            .normalize(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bounds::AMOUNT_MAX;

    #[test]
    fn margins_are_rounded_up() {
        for (cost, leverage, margin) in [
            ("100", 3, "33.33333334"),
            ("100", 4, "25"),
            ("0.00000001", 50, "0.00000001"),
            ("0.000000000001", 1, "0.000000000001"),
            ("0", 10, "0"),
        ] {
            assert_eq!(initial(cost.parse().unwrap(), leverage).to_string(), margin);
        }
        let rate: Ratio = "0.005".parse().unwrap();
        for (value, margin) in [("100", "0.5"), ("0.000001", "0.00000001"), ("0", "0")] {
            assert_eq!(maintenance(value.parse().unwrap(), rate).to_string(), margin);
        }
    }

    #[test]
    fn the_largest_amounts_do_not_panic() {
        let rate: Ratio = "0.12345678".parse().unwrap();
        assert!(maintenance(AMOUNT_MAX, rate).is_positive());
        let fine = Amount::new(AMOUNT_MAX.get() - "0.000000000001".parse::<Decimal>().unwrap());
        assert!(maintenance(fine, rate).is_positive());
        assert!(initial(fine, 7) < fine);
    }

    #[test]
    fn a_short_in_spot_is_backed_by_five_percent() {
        assert_eq!(SPOT_SHORT_MAINTENANCE_RATE.to_string(), "0.05");
        assert_eq!(maintenance_rate(None, Side::Sell), Ratio::ZERO);
    }
}
