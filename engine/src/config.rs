//! What an engine is made with, checked once so that nothing behind it needs to doubt an instrument.

use crate::bounds::{PLACES_MAX, QUANTITY_MAX, QUANTITY_PLACES_MAX};
use crate::risk::{LimitsError, limits};
use rust_decimal::Decimal;
use std::collections::BTreeSet;
use tickwire_protocol::id::Symbol;
use tickwire_protocol::market::{Instrument, Perpetual, VenueRules};
use tickwire_protocol::money::{AMOUNT_SCALE, Ratio};
use tickwire_protocol::risk::RiskLimits;

/// The highest leverage that an instrument may allow.
pub const LEVERAGE_MAX: u32 = 1000;

/// The shortest time between two fundings.
pub const FUNDING_INTERVAL_MIN_MS: i64 = 60_000;

/// The longest time between two fundings.
pub const FUNDING_INTERVAL_MAX_MS: i64 = 7 * 86_400_000;

/// What an engine is made with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineConfig {
    /// What can be traded.
    pub instruments: Vec<Instrument>,
    /// The currency of all accounts, which every instrument must be quoted in.
    pub currency: String,
    /// How orders are filled.
    pub rules: VenueRules,
    /// The limits of the risk guard that an account is opened with.
    pub risk: RiskLimits,
}

/// Why an engine cannot be made with a configuration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// Two instruments have the same symbol.
    #[error("instrument {0} is listed twice")]
    Duplicate(Symbol),
    /// A tick size, step size or least quantity is not above zero, or the bounds of the quantity are the wrong way round.
    #[error(
        "instrument {0}: tick size, step size and least quantity must be above zero, the largest quantity not below the least and not above {QUANTITY_MAX}"
    )]
    Bounds(Symbol),
    /// A cost would have more decimal places than can be kept exactly.
    #[error(
        "instrument {0}: a quantity may have {QUANTITY_PLACES_MAX} decimal places, price and quantity together {PLACES_MAX}"
    )]
    TooFine(Symbol),
    /// A fee rate is negative or above 10 %, or has too many decimal places.
    #[error("instrument {0}: fee rates must lie within 0 and 0.1, with at most 8 decimal places")]
    FeeRate(Symbol),
    /// The limits of the risk guard make no sense.
    #[error("risk limits: {0}")]
    Risk(#[from] LimitsError),
    /// What makes an instrument a perpetual cannot be.
    #[error("perpetual {symbol}: {problem}")]
    Perpetual {
        /// The perpetual.
        symbol: Symbol,
        /// What is wrong, and what would be right.
        problem: &'static str,
    },
    /// An instrument is quoted in another currency than the accounts'.
    #[error("instrument {symbol} is quoted in {quote}, accounts are in {currency}")]
    Currency {
        /// The instrument.
        symbol: Symbol,
        /// What it is quoted in.
        quote: String,
        /// What accounts are in.
        currency: String,
    },
}

impl EngineConfig {
    /// Checks what the engine relies on.
    pub fn check(&self) -> Result<(), ConfigError> {
        limits::checked(&self.risk)?;
        let mut seen = BTreeSet::new();
        for instrument in &self.instruments {
            check_instrument(instrument)?;
            if instrument.quote != self.currency {
                return Err(ConfigError::Currency {
                    symbol: instrument.symbol,
                    quote: instrument.quote.clone(),
                    currency: self.currency.clone(),
                });
            }
            if !seen.insert(instrument.symbol) {
                return Err(ConfigError::Duplicate(instrument.symbol));
            }
        }
        for instrument in &self.instruments {
            if let Some(perpetual) = &instrument.perpetual {
                let spot = self.instruments.iter().find(|spot| spot.symbol == perpetual.spot);
                check_perpetual(perpetual, instrument, spot).map_err(|problem| ConfigError::Perpetual {
                    symbol: instrument.symbol,
                    problem,
                })?;
            }
        }
        Ok(())
    }
}

fn check_instrument(instrument: &Instrument) -> Result<(), ConfigError> {
    let symbol = instrument.symbol;
    let sound = instrument.tick_size.is_positive()
        && instrument.step_size.is_positive()
        && instrument.min_quantity.is_positive()
        && instrument.min_quantity <= instrument.max_quantity
        && instrument.max_quantity <= QUANTITY_MAX
        && !instrument.min_notional.is_negative();
    if !sound {
        return Err(ConfigError::Bounds(symbol));
    }
    if instrument.quantity_scale() > QUANTITY_PLACES_MAX
        || instrument.price_scale() + instrument.quantity_scale() > PLACES_MAX
    {
        return Err(ConfigError::TooFine(symbol));
    }
    let rate_max = Ratio::new(Decimal::new(1, 1));
    let rate_is_sound = |rate: Ratio| {
        !rate.is_negative() && rate <= rate_max && rate.normalized().get().scale() <= QUANTITY_PLACES_MAX
    };
    if !rate_is_sound(instrument.taker_fee_rate) || !rate_is_sound(instrument.maker_fee_rate) {
        return Err(ConfigError::FeeRate(symbol));
    }
    Ok(())
}

fn check_perpetual(
    perpetual: &Perpetual,
    instrument: &Instrument,
    spot: Option<&Instrument>,
) -> Result<(), &'static str> {
    if !spot.is_some_and(|spot| spot.perpetual.is_none() && spot.base == instrument.base) {
        return Err("its spot must be a spot instrument of the same base that is listed too");
    }
    let leverages = 1..=LEVERAGE_MAX;
    if !leverages.contains(&perpetual.max_leverage)
        || !(1..=perpetual.max_leverage).contains(&perpetual.default_leverage)
    {
        return Err("its leverages must lie within 1 and 1000, the default not above the highest");
    }
    let rate = perpetual.maintenance_margin_rate;
    let places = |rate: Ratio| rate.normalized().get().scale();
    // At the highest leverage a position must be opened with more than it is liquidated at.
    let opened_with = Decimal::ONE.checked_div(Decimal::from(perpetual.max_leverage));
    let is_backed = rate.is_positive() && opened_with.is_some_and(|share| rate.get() < share);
    if !is_backed || places(rate) > AMOUNT_SCALE {
        return Err(
            "its maintenance margin rate must be above zero and below 1 / max_leverage, with at most 8 decimal places",
        );
    }
    if !(FUNDING_INTERVAL_MIN_MS..=FUNDING_INTERVAL_MAX_MS).contains(&perpetual.funding_interval_ms) {
        return Err("its funding interval must lie within one minute and seven days");
    }
    let rate_max = Ratio::new(Decimal::new(1, 1));
    if perpetual.funding_rate.abs() > rate_max || places(perpetual.funding_rate) > AMOUNT_SCALE {
        return Err("its funding rate must lie within ±0.1, with at most 8 decimal places");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instrument() -> Instrument {
        Instrument {
            symbol: Symbol::new("BTCUSDT").unwrap(),
            base: "BTC".to_owned(),
            quote: "USDT".to_owned(),
            tick_size: "0.01".parse().unwrap(),
            step_size: "0.00001".parse().unwrap(),
            min_quantity: "0.00001".parse().unwrap(),
            max_quantity: "9000".parse().unwrap(),
            min_notional: "5".parse().unwrap(),
            taker_fee_rate: "0.001".parse().unwrap(),
            maker_fee_rate: "0.001".parse().unwrap(),
            perpetual: None,
        }
    }

    fn perpetual() -> Perpetual {
        Perpetual {
            spot: instrument().symbol,
            max_leverage: 50,
            default_leverage: 10,
            maintenance_margin_rate: "0.005".parse().unwrap(),
            funding_interval_ms: 28_800_000,
            funding_rate: "0.0001".parse().unwrap(),
        }
    }

    #[test]
    fn each_unsound_perpetual_is_named() {
        let symbol = Symbol::new("BTCUSDT-PERP").unwrap();
        let changed = |change: fn(&mut Perpetual)| {
            let mut one = perpetual();
            change(&mut one);
            let instruments = vec![
                Instrument {
                    symbol,
                    perpetual: Some(one),
                    ..instrument()
                },
                instrument(),
            ];
            let config = EngineConfig {
                instruments,
                currency: "USDT".to_owned(),
                rules: VenueRules::default(),
                risk: RiskLimits::default(),
            };
            config.check().err().map(|error| error.to_string())
        };
        assert_eq!(changed(|_| {}), None);
        assert_eq!(changed(|p| p.max_leverage = 199), None);
        for (problem, change) in [
            (
                "its spot",
                (|p| p.spot = Symbol::new("XRPUSDT").unwrap()) as fn(&mut Perpetual),
            ),
            ("its spot", |p| p.spot = Symbol::new("BTCUSDT-PERP").unwrap()),
            ("its leverages", |p| p.max_leverage = 0),
            ("its leverages", |p| p.max_leverage = 1001),
            ("its leverages", |p| p.default_leverage = 0),
            ("its leverages", |p| p.default_leverage = 51),
            ("its maintenance", |p| p.maintenance_margin_rate = Ratio::ZERO),
            ("its maintenance", |p| p.max_leverage = 200),
            ("its maintenance", |p| {
                p.maintenance_margin_rate = "0.000000001".parse().unwrap()
            }),
            ("its funding interval", |p| p.funding_interval_ms = 0),
            ("its funding interval", |p| p.funding_interval_ms = -28_800_000),
            ("its funding interval", |p| p.funding_interval_ms = i64::MAX),
            ("its funding rate", |p| p.funding_rate = "-0.11".parse().unwrap()),
            ("its funding rate", |p| {
                p.funding_rate = "0.000000001".parse().unwrap()
            }),
        ] {
            let error = changed(change).unwrap_or_default();
            assert!(
                error.starts_with(&format!("perpetual BTCUSDT-PERP: {problem}")),
                "{problem}: {error}"
            );
        }
    }

    #[test]
    fn each_unsound_instrument_is_named() {
        let symbol = instrument().symbol;
        let changed = |change: fn(&mut Instrument)| {
            let mut one = instrument();
            change(&mut one);
            EngineConfig {
                instruments: vec![one],
                currency: "USDT".to_owned(),
                rules: VenueRules::default(),
                risk: RiskLimits::default(),
            }
            .check()
        };
        assert_eq!(changed(|_| {}), Ok(()));
        assert_eq!(
            changed(|i| i.step_size = "0".parse().unwrap()),
            Err(ConfigError::Bounds(symbol))
        );
        assert_eq!(
            changed(|i| i.max_quantity = "1e13".parse().unwrap()),
            Err(ConfigError::Bounds(symbol))
        );
        assert_eq!(
            changed(|i| i.step_size = "1e-9".parse().unwrap()),
            Err(ConfigError::TooFine(symbol))
        );
        assert_eq!(
            changed(|i| i.tick_size = "1e-8".parse().unwrap()),
            Err(ConfigError::TooFine(symbol))
        );
        assert_eq!(
            changed(|i| i.taker_fee_rate = "0.11".parse().unwrap()),
            Err(ConfigError::FeeRate(symbol))
        );
        assert!(matches!(
            changed(|i| i.quote = "EUR".to_owned()),
            Err(ConfigError::Currency { .. })
        ));
        let twice = EngineConfig {
            instruments: vec![instrument(), instrument()],
            currency: "USDT".to_owned(),
            rules: VenueRules::default(),
            risk: RiskLimits::default(),
        };
        assert_eq!(twice.check(), Err(ConfigError::Duplicate(symbol)));
    }
}
