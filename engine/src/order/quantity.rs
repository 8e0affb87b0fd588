//! Checks of an order's quantity against its instrument.

use super::refusal;
use crate::bounds::QUANTITY_MAX;
use tickwire_protocol::error::Refusal;
use tickwire_protocol::market::Instrument;
use tickwire_protocol::money::Quantity;

/// A quantity that may open a position: within the instrument's bounds, and a multiple of its step.
pub(super) fn of_one_order(quantity: Quantity, instrument: &Instrument) -> Result<Quantity, Refusal> {
    if !quantity.is_positive() {
        return Err(refusal::quantity_not_positive(quantity));
    }
    if quantity < instrument.min_quantity {
        return Err(refusal::quantity_below(quantity, instrument));
    }
    if quantity > instrument.max_quantity {
        return Err(refusal::quantity_above(quantity, instrument));
    }
    of_steps(quantity, instrument)
}

/// A quantity that can only reduce: a multiple of the step. The bounds are for orders that open: what is held can always
/// be got rid of.
pub(super) fn of_any_size(quantity: Quantity, instrument: &Instrument) -> Result<Quantity, Refusal> {
    if !quantity.is_positive() {
        return Err(refusal::quantity_not_positive(quantity));
    }
    if quantity > QUANTITY_MAX {
        return Err(refusal::quantity_above(quantity, instrument));
    }
    of_steps(quantity, instrument)
}

fn of_steps(quantity: Quantity, instrument: &Instrument) -> Result<Quantity, Refusal> {
    if quantity.is_multiple_of(instrument.step_size) {
        Ok(quantity.normalized())
    } else {
        Err(refusal::quantity_off_step(
            quantity,
            nearest(quantity, instrument),
            instrument,
        ))
    }
}

/// The multiple of the step that is nearest and within the instrument's bounds.
fn nearest(quantity: Quantity, instrument: &Instrument) -> Quantity {
    let (number, step) = (quantity.get(), instrument.step_size.get());
    // The quotient is at most 10¹² / 10⁻⁸ = 10²⁰.
    let steps = number.checked_div(step).unwrap_or_default();
    let round = |up: bool| {
        let steps = if up { steps.ceil() } else { steps.round() };
        Quantity::new((steps * step).normalize())
    };
    let near = round(false);
    if near < instrument.min_quantity {
        instrument.min_quantity
    } else if near > instrument.max_quantity {
        instrument.max_quantity
    } else if near.is_zero() {
        round(true)
    } else {
        near
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tickwire_protocol::error::ErrorCode;
    use tickwire_protocol::id::Symbol;

    fn instrument() -> Instrument {
        Instrument {
            symbol: Symbol::new("BTCUSDT").unwrap(),
            base: "BTC".to_owned(),
            quote: "USDT".to_owned(),
            tick_size: "0.01".parse().unwrap(),
            step_size: "0.005".parse().unwrap(),
            min_quantity: "0.01".parse().unwrap(),
            max_quantity: "100".parse().unwrap(),
            min_notional: "5".parse().unwrap(),
            taker_fee_rate: "0.001".parse().unwrap(),
            maker_fee_rate: "0.001".parse().unwrap(),
            perpetual: None,
        }
    }

    #[test]
    fn a_quantity_fits_or_is_refused_with_the_one_that_would() {
        for (quantity, sentence) in [
            ("0", "the quantity must be above zero, not 0"),
            ("-1", "the quantity must be above zero, not -1"),
            (
                "0.005",
                "0.005 BTC is below the least quantity of BTCUSDT: order at least 0.01",
            ),
            (
                "100.005",
                "100.005 BTC is above the largest quantity of one BTCUSDT order: order at most 100",
            ),
            (
                "0.012",
                "0.012 BTC is no multiple of BTCUSDT's step of 0.005: the nearest that fits is 0.01",
            ),
            (
                "0.013",
                "0.013 BTC is no multiple of BTCUSDT's step of 0.005: the nearest that fits is 0.015",
            ),
            (
                "99.9999",
                "99.9999 BTC is no multiple of BTCUSDT's step of 0.005: the nearest that fits is 100",
            ),
        ] {
            let refusal = of_one_order(quantity.parse().unwrap(), &instrument()).unwrap_err();
            assert_eq!(
                (refusal.code, refusal.message.as_str()),
                (ErrorCode::InvalidQuantity, sentence)
            );
        }
        for fits in ["0.01", "0.010", "0.015", "100"] {
            assert!(
                of_one_order(fits.parse().unwrap(), &instrument()).is_ok(),
                "{fits}"
            );
        }
    }

    #[test]
    fn reducing_knows_the_step_only() {
        assert!(of_any_size("0.005".parse().unwrap(), &instrument()).is_ok());
        assert!(of_any_size("1000".parse().unwrap(), &instrument()).is_ok());
        assert!(of_any_size("0.001".parse().unwrap(), &instrument()).is_err());
        assert!(of_any_size(Quantity::new(rust_decimal::Decimal::MAX), &instrument()).is_err());
    }
}
