//! Whether limits make sense.

use crate::account::rate::ORDERS_PER_MINUTE_MAX;
use crate::bounds::AMOUNT_MAX;
use rust_decimal::Decimal;
use tickwire_protocol::money::{AMOUNT_SCALE, Amount, Ratio};
use tickwire_protocol::risk::RiskLimits;

/// Why limits cannot be set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LimitsError {
    /// A percentage is out of range or too fine.
    #[error("{field} must be above 0 and at most 100 %, with at most two decimal places, not {given}")]
    Percent {
        /// Which.
        field: &'static str,
        /// What it was.
        given: Ratio,
    },
    /// A soft limit lies above its hard one.
    #[error(
        "{field}: the soft limit of {soft} % must not be above the hard one of {hard} %, which would come first"
    )]
    Order {
        /// Which.
        field: &'static str,
        /// The soft limit.
        soft: Ratio,
        /// The hard limit.
        hard: Ratio,
    },
    /// An amount is out of range or too fine.
    #[error(
        "{field} must be above zero and at most {AMOUNT_MAX}, with at most {AMOUNT_SCALE} decimal places, not {given}"
    )]
    Amount {
        /// Which.
        field: &'static str,
        /// What it was.
        given: Amount,
    },
    /// The number of orders is out of range.
    #[error("max_orders_per_minute must be 1 to {ORDERS_PER_MINUTE_MAX}, not {0}")]
    Rate(u32),
}

/// The limits without trailing zeros, where they make sense.
pub fn checked(limits: &RiskLimits) -> Result<RiskLimits, LimitsError> {
    let (soft_drawdown_pct, hard_drawdown_pct) = pair(
        ["drawdown", "soft_drawdown_pct", "hard_drawdown_pct"],
        limits.soft_drawdown_pct,
        limits.hard_drawdown_pct,
    )?;
    let (soft_daily_loss_pct, hard_daily_loss_pct) = pair(
        ["daily_loss", "soft_daily_loss_pct", "hard_daily_loss_pct"],
        limits.soft_daily_loss_pct,
        limits.hard_daily_loss_pct,
    )?;
    if let Some(rate) = limits.max_orders_per_minute
        && !(1..=ORDERS_PER_MINUTE_MAX).contains(&rate)
    {
        return Err(LimitsError::Rate(rate));
    }
    Ok(RiskLimits {
        soft_drawdown_pct,
        hard_drawdown_pct,
        soft_daily_loss_pct,
        hard_daily_loss_pct,
        max_exposure: amount("max_exposure", limits.max_exposure)?,
        max_position_value: amount("max_position_value", limits.max_position_value)?,
        max_orders_per_minute: limits.max_orders_per_minute,
    })
}

type Pair = (Option<Ratio>, Option<Ratio>);

fn pair(
    [field, soft_field, hard_field]: [&'static str; 3],
    soft: Option<Ratio>,
    hard: Option<Ratio>,
) -> Result<Pair, LimitsError> {
    let (soft, hard) = (percent(soft_field, soft)?, percent(hard_field, hard)?);
    match (soft, hard) {
        (Some(soft), Some(hard)) if soft > hard => Err(LimitsError::Order { field, soft, hard }),
        pair => Ok(pair),
    }
}

fn percent(field: &'static str, given: Option<Ratio>) -> Result<Option<Ratio>, LimitsError> {
    let Some(given) = given.map(Ratio::normalized) else {
        return Ok(None);
    };
    let is_sound =
        given.is_positive() && given <= Ratio::new(Decimal::ONE_HUNDRED) && given.get().scale() <= 2;
    if is_sound {
        Ok(Some(given))
    } else {
        Err(LimitsError::Percent { field, given })
    }
}

fn amount(field: &'static str, given: Option<Amount>) -> Result<Option<Amount>, LimitsError> {
    let Some(given) = given.map(Amount::normalized) else {
        return Ok(None);
    };
    if given.is_positive() && given <= AMOUNT_MAX && given.get().scale() <= AMOUNT_SCALE {
        Ok(Some(given))
    } else {
        Err(LimitsError::Amount { field, given })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_unsound_limit_is_named() {
        let error = |change: fn(&mut RiskLimits)| {
            let mut limits = RiskLimits::default();
            change(&mut limits);
            checked(&limits).err().map(|error| error.to_string())
        };
        assert_eq!(error(|_| {}), None);
        assert_eq!(error(|l| l.soft_drawdown_pct = "100.00".parse().ok()), None);
        assert_eq!(
            error(|l| l.soft_drawdown_pct = "0".parse().ok()).unwrap(),
            "soft_drawdown_pct must be above 0 and at most 100 %, with at most two decimal places, not 0"
        );
        for (percent, field) in [("100.01", "hard_drawdown_pct"), ("0.001", "hard_drawdown_pct")] {
            let limits = RiskLimits {
                hard_drawdown_pct: percent.parse().ok(),
                ..RiskLimits::default()
            };
            assert!(checked(&limits).unwrap_err().to_string().starts_with(field));
        }
        assert!(error(|l| l.hard_daily_loss_pct = "-1".parse().ok()).is_some());
        assert!(error(|l| l.soft_daily_loss_pct = "-1".parse().ok()).is_some());
        assert_eq!(
            error(|l| {
                l.soft_daily_loss_pct = "5.01".parse().ok();
                l.hard_daily_loss_pct = "5".parse().ok();
            })
            .unwrap(),
            "daily_loss: the soft limit of 5.01 % must not be above the hard one of 5 %, which would come first"
        );
        assert!(
            error(|l| l.max_exposure = "0".parse().ok())
                .unwrap()
                .starts_with("max_exposure")
        );
        assert!(error(|l| l.max_position_value = "1e-9".parse().ok()).is_some());
        assert!(
            error(|l| l.max_orders_per_minute = Some(0))
                .unwrap()
                .ends_with("not 0")
        );
        assert!(error(|l| l.max_orders_per_minute = Some(6001)).is_some());
        assert_eq!(error(|l| l.max_orders_per_minute = Some(6000)), None);
    }
}
