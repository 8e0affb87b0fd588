//! What the operator chose of the paper venue and of the risk guard: the bounds of each, and what is usual.

use super::{ConfigError, ServeArgs};
use clap::ValueEnum;
use rust_decimal::Decimal;
use serde::Deserialize;
use std::fmt::{self, Display};
use std::str::FromStr;
use tickwire_engine::bounds::ORDER_VALUE_MAX;
use tickwire_protocol::market::{Instrument, LimitFill, VenueRules};
use tickwire_protocol::money::{Amount, Ratio};
use tickwire_protocol::risk::RiskLimits;

/// The most that market orders can be made to pay beyond the best price: a tenth of it.
const SLIPPAGE_BPS_MAX: Decimal = Decimal::ONE_THOUSAND;

/// Decimal places of the slippage, at most.
const SLIPPAGE_PLACES: u32 = 4;

/// The longest that an order can be on its way, in milliseconds.
const LATENCY_MS_MAX: u32 = 60_000;

/// When a resting limit order is filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fill {
    /// When the market trades beyond its price.
    Through,
    /// When the market trades at its price.
    Touch,
}

/// A limit, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit<T> {
    /// Not watched.
    Off,
    /// Watched from here on.
    At(T),
}

impl<T> Limit<T> {
    /// What it is; nothing where it is off.
    pub(super) fn value(self) -> Option<T> {
        match self {
            Limit::Off => None,
            Limit::At(value) => Some(value),
        }
    }
}

/// The text is no limit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a number, or off")]
pub struct NoLimit;

impl<T: FromStr> FromStr for Limit<T> {
    type Err = NoLimit;
    fn from_str(text: &str) -> Result<Limit<T>, NoLimit> {
        match text {
            "off" => Ok(Limit::Off),
            _ => text.parse().map(Limit::At).map_err(|_| NoLimit),
        }
    }
}

impl ServeArgs {
    /// How the paper venue fills orders: limit orders where the market trades beyond them, market orders at a hundredth of
    /// a percent worse than the best price, at once.
    pub(super) fn venue_rules(&self) -> Result<VenueRules, ConfigError> {
        let slippage_bps = self.slippage_bps.unwrap_or(Ratio::new(Decimal::ONE));
        let places = slippage_bps.normalized().get().scale();
        if slippage_bps.is_negative() || slippage_bps.get() > SLIPPAGE_BPS_MAX || places > SLIPPAGE_PLACES {
            return refused(format!(
                "--slippage-bps must be 0 to {SLIPPAGE_BPS_MAX} with at most {SLIPPAGE_PLACES} decimal places, not \
                 {slippage_bps}"
            ));
        }
        let latency_ms = self.latency_ms.unwrap_or(0);
        if latency_ms > LATENCY_MS_MAX {
            return refused(format!(
                "--latency-ms must be 0 to {LATENCY_MS_MAX}, not {latency_ms}"
            ));
        }
        Ok(VenueRules {
            limit_fill: match self.limit_fill.unwrap_or(Fill::Through) {
                Fill::Through => LimitFill::Through,
                Fill::Touch => LimitFill::Touch,
            },
            slippage_bps,
            latency_ms,
        })
    }

    /// What a new account's risk guard watches: drawdown from 10 % (pause) and 20 % (stop), a day's loss from 5 % and
    /// 10 %; nothing else unless it is asked for.
    pub(super) fn risk_limits(&self) -> Result<RiskLimits, ConfigError> {
        let usual = |percent: i64| Limit::At(Ratio::new(Decimal::from(percent)));
        let percent = |flag: &str, given: Option<Limit<Ratio>>, otherwise| {
            let limit = given.unwrap_or(usual(otherwise)).value();
            match limit {
                Some(limit) if !is_percentage(limit) => refused(format!(
                    "{flag} must be above 0 and at most 100 with at most 2 decimal places, or off, not {limit}"
                )),
                limit => Ok(limit),
            }
        };
        let limits = RiskLimits {
            soft_drawdown_pct: percent("--risk-soft-drawdown", self.risk_soft_drawdown, 10)?,
            hard_drawdown_pct: percent("--risk-hard-drawdown", self.risk_hard_drawdown, 20)?,
            soft_daily_loss_pct: percent("--risk-soft-daily-loss", self.risk_soft_daily_loss, 5)?,
            hard_daily_loss_pct: percent("--risk-hard-daily-loss", self.risk_hard_daily_loss, 10)?,
            max_exposure: value("--risk-max-exposure", self.risk_max_exposure)?,
            max_position_value: value("--risk-max-position", self.risk_max_position)?,
            max_orders_per_minute: match self.risk_max_orders_per_minute.and_then(Limit::value) {
                Some(0) => {
                    return refused(
                        "--risk-max-orders-per-minute must be at least 1, or off, not 0".to_owned(),
                    );
                }
                limit => limit,
            },
        };
        in_order("drawdown", limits.soft_drawdown_pct, limits.hard_drawdown_pct)?;
        in_order(
            "daily-loss",
            limits.soft_daily_loss_pct,
            limits.hard_daily_loss_pct,
        )?;
        Ok(limits)
    }

    /// What perpetuals pay at each funding, where it is not what the market says.
    pub(super) fn funding_rate(&self) -> Result<Option<Ratio>, ConfigError> {
        match self.funding_rate {
            Some(rate) if rate.abs().get() > Decimal::new(1, 2) || rate.normalized().get().scale() > 8 => {
                refused(format!(
                    "--funding-rate must lie within -0.01 and 0.01 with at most 8 decimal places, not {rate}"
                ))
            }
            rate => Ok(rate),
        }
    }
}

/// The instruments, whose perpetuals pay this at each funding.
pub fn with_funding_rate(mut instruments: Vec<Instrument>, rate: Option<Ratio>) -> Vec<Instrument> {
    if let Some(rate) = rate {
        let perpetuals = instruments.iter_mut().filter_map(|one| one.perpetual.as_mut());
        perpetuals.for_each(|perpetual| perpetual.funding_rate = rate);
    }
    instruments
}

fn is_percentage(ratio: Ratio) -> bool {
    ratio.is_positive() && ratio.get() <= Decimal::ONE_HUNDRED && ratio.normalized().get().scale() <= 2
}

fn value(flag: &str, given: Option<Limit<Amount>>) -> Result<Option<Amount>, ConfigError> {
    match given.and_then(Limit::value) {
        Some(limit) if !limit.is_positive() || limit > ORDER_VALUE_MAX => refused(format!(
            "{flag} must be above 0 and at most {ORDER_VALUE_MAX}, or off, not {limit}"
        )),
        limit => Ok(limit),
    }
}

/// A pause that comes after the stop would never come.
fn in_order(what: &str, soft: Option<Ratio>, hard: Option<Ratio>) -> Result<(), ConfigError> {
    match (soft, hard) {
        (Some(soft), Some(hard)) if soft > hard => refused(format!(
            "--risk-soft-{what} ({soft}) must not be above --risk-hard-{what} ({hard}); lower the one, raise the other, or \
             switch one off"
        )),
        _ => Ok(()),
    }
}

fn refused<T>(message: impl Display) -> Result<T, ConfigError> {
    Err(ConfigError(message.to_string()))
}

impl<T: Display> Display for Limit<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Limit::Off => f.write_str("off"),
            Limit::At(value) => value.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Cli, file};
    use super::*;
    use clap::Parser;

    fn serve(args: &[&str]) -> ServeArgs {
        Cli::parse_from(["tickwire"].iter().chain(args)).serve
    }

    fn reason(args: &[&str]) -> String {
        serve(args).finish().unwrap_err().to_string()
    }

    #[test]
    fn the_usual_venue_is_honest_and_the_usual_guard_watches_losses() {
        let config = serve(&[]).finish().unwrap();
        let rules = config.venue;
        assert_eq!(
            (rules.limit_fill, rules.slippage_bps.to_string(), rules.latency_ms),
            (LimitFill::Through, "1".to_owned(), 0)
        );
        let percent = |number: i64| Some(Ratio::new(number.into()));
        let usual = RiskLimits {
            soft_drawdown_pct: percent(10),
            hard_drawdown_pct: percent(20),
            soft_daily_loss_pct: percent(5),
            hard_daily_loss_pct: percent(10),
            ..RiskLimits::default()
        };
        assert_eq!(config.risk, usual);
        assert_eq!(config.funding_rate, None);
    }

    #[test]
    fn each_is_heard_from_flags_and_from_the_file() {
        let flags = serve(&[
            "--limit-fill=touch",
            "--risk-soft-drawdown=off",
            "--risk-max-exposure=25000.5",
            "--funding-rate=-0.0003",
        ]);
        let text = "limit-fill = \"through\"\nslippage-bps = 2.5\nlatency-ms = 40\nrisk-hard-drawdown = 7.25\n\
                    risk-soft-daily-loss = \"off\"\nrisk-max-position = \"9000\"\nrisk-max-orders-per-minute = 30\n";
        let config = flags.or(file(text).unwrap()).finish().unwrap();
        assert_eq!(config.venue.limit_fill, LimitFill::Touch);
        assert_eq!(config.venue.slippage_bps.to_string(), "2.5");
        assert_eq!(config.venue.latency_ms, 40);
        assert_eq!(config.funding_rate.unwrap().to_string(), "-0.0003");
        let risk = config.risk;
        assert_eq!(risk.soft_drawdown_pct, None);
        assert_eq!(risk.hard_drawdown_pct.unwrap().to_string(), "7.25");
        assert_eq!(risk.soft_daily_loss_pct, None);
        assert_eq!(risk.hard_daily_loss_pct.unwrap().to_string(), "10");
        assert_eq!(risk.max_exposure.unwrap().to_string(), "25000.5");
        assert_eq!(risk.max_position_value.unwrap().to_string(), "9000");
        assert_eq!(risk.max_orders_per_minute, Some(30));
    }

    #[test]
    fn what_cannot_be_is_refused_by_the_name_of_its_flag() {
        for (args, flag) in [
            (["--slippage-bps=-1"], "--slippage-bps"),
            (["--slippage-bps=1000.1"], "--slippage-bps"),
            (["--slippage-bps=0.00001"], "--slippage-bps"),
            (["--latency-ms=60001"], "--latency-ms"),
            (["--risk-soft-drawdown=0"], "--risk-soft-drawdown"),
            (["--risk-hard-drawdown=100.5"], "--risk-hard-drawdown"),
            (["--risk-soft-daily-loss=0.001"], "--risk-soft-daily-loss"),
            (["--risk-hard-daily-loss=4"], "--risk-soft-daily-loss (5)"),
            (["--risk-max-exposure=0"], "--risk-max-exposure"),
            (["--risk-max-position=1000000000001"], "--risk-max-position"),
            (["--risk-max-orders-per-minute=0"], "--risk-max-orders-per-minute"),
            (["--funding-rate=0.011"], "--funding-rate"),
        ] {
            let reason = reason(&args);
            assert!(
                reason.contains(flag) && !reason.contains('\n'),
                "{args:?}: {reason}"
            );
        }
        assert!(
            serve(&["--risk-hard-drawdown=5", "--risk-soft-drawdown=off"])
                .finish()
                .is_ok()
        );
        assert!(serve(&["--risk-hard-drawdown=10"]).finish().is_ok());
        assert!(serve(&["--risk-max-position=1000000000000"]).finish().is_ok());
        let bad = Cli::try_parse_from(["tickwire", "--risk-max-exposure=much"])
            .err()
            .unwrap();
        assert!(bad.to_string().contains("a number, or off"), "{bad}");
        let bad = file("risk-max-exposure = \"much\"").unwrap_err().to_string();
        assert!(
            bad.contains("a number, or off") && bad.contains("line 1"),
            "{bad}"
        );
    }

    #[test]
    fn a_funding_rate_is_that_of_every_perpetual_and_of_nothing_else() {
        let market = crate::exchange::config::MarketConfig::default();
        let now = tickwire_protocol::clock::TimestampMs(1_765_368_000_000);
        let instruments = || crate::exchange::open(&market, now, now).unwrap().instruments();
        let rate: Ratio = "0.0025".parse().unwrap();
        let changed = with_funding_rate(instruments(), Some(rate));
        let rates: Vec<Ratio> = changed
            .iter()
            .filter_map(|one| one.perpetual.map(|perpetual| perpetual.funding_rate))
            .collect();
        assert_eq!(rates, [rate, rate]);
        assert_eq!(with_funding_rate(instruments(), None), instruments());
    }
}
