//! How much of a position a percentage of it is.

use super::refusal;
use crate::position::Position;
use rust_decimal::{Decimal, RoundingStrategy};
use tickwire_protocol::error::Refusal;
use tickwire_protocol::market::Instrument;
use tickwire_protocol::money::{Quantity, Ratio};

/// The quantity to close: `held × percent / 100`, rounded down to the step; all of it for 100 % or no percentage.
pub(super) fn quantity(
    held: &Position,
    percent: Option<Ratio>,
    instrument: &Instrument,
) -> Result<Quantity, Refusal> {
    let Some(percent) = percent else {
        return Ok(held.quantity.normalized());
    };
    let hundred = Ratio::new(Decimal::ONE_HUNDRED);
    if !percent.is_positive() || percent > hundred {
        return Err(refusal::percent_out_of_range(percent));
    }
    if percent == hundred {
        return Ok(held.quantity.normalized());
    }
    // Quantities are at most 10¹², steps at least 10⁻⁸: no product here comes near the end of a decimal.
    let (quantity, step) = (held.quantity.get(), instrument.step_size.get());
    let wanted = quantity * percent.get() / Decimal::ONE_HUNDRED;
    let steps = wanted.checked_div(step).unwrap_or_default().floor();
    if steps.is_zero() {
        let least = (step * Decimal::ONE_HUNDRED)
            .checked_div(quantity)
            .unwrap_or(Decimal::ONE_HUNDRED);
        let least = least
            .round_dp_with_strategy(2, RoundingStrategy::AwayFromZero)
            .min(Decimal::ONE_HUNDRED);
        return Err(refusal::percent_too_small(
            percent,
            Ratio::new(least.normalize()),
            held,
            instrument,
        ));
    }
    Ok(Quantity::new((steps * step).normalize()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tickwire_protocol::clock::TimestampMs;
    use tickwire_protocol::error::ErrorCode;
    use tickwire_protocol::id::{PositionId, Symbol};
    use tickwire_protocol::money::Amount;
    use tickwire_protocol::order::Side;

    fn close(held: &str, percent: &str) -> Result<String, Refusal> {
        let symbol = Symbol::new("BTCUSDT").unwrap();
        let instrument = Instrument {
            symbol,
            base: "BTC".to_owned(),
            quote: "USDT".to_owned(),
            tick_size: "0.01".parse().unwrap(),
            step_size: "0.001".parse().unwrap(),
            min_quantity: "0.001".parse().unwrap(),
            max_quantity: "100".parse().unwrap(),
            min_notional: "5".parse().unwrap(),
            taker_fee_rate: "0".parse().unwrap(),
            maker_fee_rate: "0".parse().unwrap(),
            perpetual: None,
        };
        let position = Position {
            id: PositionId(1),
            symbol,
            side: Side::Buy,
            quantity: held.parse().unwrap(),
            cost: Amount::ZERO,
            realized_pnl: Amount::ZERO,
            fees: Amount::ZERO,
            funding: Amount::ZERO,
            funded_at: None,
            opened_at: TimestampMs(0),
        };
        quantity(&position, Some(percent.parse().unwrap()), &instrument).map(|quantity| quantity.to_string())
    }

    #[test]
    fn percentages_are_rounded_down_to_the_step() {
        for (held, percent, closed) in [
            ("1", "25", "0.25"),
            ("0.003", "50", "0.001"),
            ("0.003", "66.67", "0.002"),
            ("0.0005", "100", "0.0005"),
        ] {
            assert_eq!(close(held, percent).unwrap(), closed);
        }
    }

    #[test]
    fn the_least_percentage_is_told_and_suffices() {
        let refusal = close("0.003", "33").unwrap_err();
        assert_eq!(refusal.code, ErrorCode::InvalidQuantity);
        assert_eq!(
            refusal.message,
            "33 % of 0.003 BTC is less than BTCUSDT's step of 0.001: close at least 33.34 %"
        );
        assert_eq!(close("0.003", "33.34").unwrap(), "0.001");
        for percent in ["0", "-1", "100.01"] {
            assert_eq!(close("1", percent).unwrap_err().code, ErrorCode::InvalidField);
        }
    }
}
