//! What the operator chose of the embedded markets, and what can be chosen.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

/// The market that the desk is open for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MarketConfig {
    /// A recording, played as if it happened now.
    Replay(ReplayConfig),
    /// A synthetic market.
    Sim(SimConfig),
}

/// How a recording is played.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplayConfig {
    /// Which recording.
    pub form: ReplayForm,
    /// How fast.
    pub speed: Speed,
}

/// The two recordings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplayForm {
    /// One-minute candles of six symbols, with ticks made up to fit them.
    Candles,
    /// Every frame of two symbols over six minutes: trades, best prices and depth.
    Tape,
}

/// The text names no recording.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no replay form {0:?}; it is candles or tape")]
pub struct UnknownForm(String);

impl FromStr for ReplayForm {
    type Err = UnknownForm;
    fn from_str(text: &str) -> Result<ReplayForm, UnknownForm> {
        match text {
            "candles" => Ok(ReplayForm::Candles),
            "tape" => Ok(ReplayForm::Tape),
            _ => Err(UnknownForm(text.to_owned())),
        }
    }
}

impl fmt::Display for ReplayForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ReplayForm::Candles => "candles",
            ReplayForm::Tape => "tape",
        })
    }
}

/// Milliseconds of the market per millisecond of the wall clock, to three places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Speed {
    thousandths: i64,
}

impl Speed {
    /// As it happened.
    pub const REAL_TIME: Speed = Speed { thousandths: 1_000 };

    /// The fastest that candles are played; they carry fewer ticks each from some 60 up.
    pub const CANDLES_MAX: u32 = 100_000;

    /// The fastest that the tape is played: it has no frame that could be left out.
    pub const TAPE_MAX: u32 = 100;

    /// The speed in thousandths.
    pub const fn thousandths(self) -> i64 {
        self.thousandths
    }
}

impl Default for Speed {
    fn default() -> Speed {
        Speed::REAL_TIME
    }
}

impl TryFrom<Decimal> for Speed {
    type Error = ConfigError;
    fn try_from(number: Decimal) -> Result<Speed, ConfigError> {
        let refused = || ConfigError::Speed {
            given: number.to_string(),
            max: Speed::CANDLES_MAX,
        };
        if number > Decimal::from(Speed::CANDLES_MAX) {
            return Err(refused());
        }
        let thousandths = number.checked_mul(Decimal::ONE_THOUSAND).ok_or_else(refused)?;
        match thousandths.to_i64() {
            Some(whole @ 1..) if thousandths.is_integer() => Ok(Speed { thousandths: whole }),
            _ => Err(refused()),
        }
    }
}

impl FromStr for Speed {
    type Err = ConfigError;
    fn from_str(text: &str) -> Result<Speed, ConfigError> {
        let refused = |_| ConfigError::Speed {
            given: text.to_owned(),
            max: Speed::CANDLES_MAX,
        };
        Speed::try_from(Decimal::from_str_exact(text).map_err(refused)?)
    }
}

impl fmt::Display for Speed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Decimal::new(self.thousandths, 3).normalize().fmt(f)
    }
}

/// A synthetic market.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SimConfig {
    /// The same seed gives the same prices, in every later version too.
    pub seed: u64,
    /// Instruments.
    pub symbols: u32,
    /// Ticks per second of all instruments together.
    pub ticks_per_second: u32,
}

impl SimConfig {
    /// How many instruments there can be.
    pub const SYMBOLS: RangeInclusive<u32> = 1..=1_000;

    /// How many ticks per second there can be.
    pub const TICKS_PER_SECOND: RangeInclusive<u32> = 1..=100_000;
}

impl Default for SimConfig {
    fn default() -> SimConfig {
        SimConfig {
            seed: 1,
            symbols: 6,
            ticks_per_second: 50,
        }
    }
}

impl Default for MarketConfig {
    fn default() -> MarketConfig {
        MarketConfig::Replay(ReplayConfig {
            form: ReplayForm::Candles,
            speed: Speed::REAL_TIME,
        })
    }
}

impl MarketConfig {
    /// Whether such a market can be opened.
    pub fn check(&self) -> Result<(), ConfigError> {
        match self {
            MarketConfig::Replay(replay) => {
                let max = match replay.form {
                    ReplayForm::Candles => Speed::CANDLES_MAX,
                    ReplayForm::Tape => Speed::TAPE_MAX,
                };
                if replay.speed.thousandths > i64::from(max) * 1_000 {
                    return Err(ConfigError::Speed {
                        given: replay.speed.to_string(),
                        max,
                    });
                }
            }
            MarketConfig::Sim(sim) => {
                if !SimConfig::SYMBOLS.contains(&sim.symbols) {
                    return Err(ConfigError::Symbols(sim.symbols));
                }
                if !SimConfig::TICKS_PER_SECOND.contains(&sim.ticks_per_second) {
                    return Err(ConfigError::TicksPerSecond(sim.ticks_per_second));
                }
            }
        }
        Ok(())
    }
}

/// A choice that cannot be had, in a sentence for the operator.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// Too slow, too fast or too finely given.
    #[error(
        "the replay's speed must be a number from 0.001 to {max} with at most 3 decimal places, not {given}"
    )]
    Speed {
        /// What was asked for.
        given: String,
        /// The fastest that this recording can be played.
        max: u32,
    },
    /// Too few or too many instruments.
    #[error("the simulated market has 1 to 1000 symbols, not {0}")]
    Symbols(u32),
    /// Too few or too many ticks.
    #[error("the simulated market makes 1 to 100000 ticks per second, not {0}")]
    TicksPerSecond(u32),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_speed_is_read_and_shown_exactly() {
        for (text, thousandths) in [
            ("1", 1_000),
            ("0.001", 1),
            ("2.50", 2_500),
            ("100000", 100_000_000),
        ] {
            assert_eq!(text.parse::<Speed>().unwrap().thousandths(), thousandths);
        }
        assert_eq!("2.50".parse::<Speed>().unwrap().to_string(), "2.5");
        for bad in [
            "0",
            "-1",
            "0.0001",
            "100001",
            "fast",
            "",
            "79228162514264337593543950335",
        ] {
            assert!(bad.parse::<Speed>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn what_cannot_be_had_is_said_in_a_sentence() {
        let tape = ReplayConfig {
            form: ReplayForm::Tape,
            speed: "101".parse().unwrap(),
        };
        let cases = [
            (
                MarketConfig::Replay(tape),
                "the replay's speed must be a number from 0.001 to 100 with at most 3 decimal places, not 101",
            ),
            (
                MarketConfig::Sim(SimConfig {
                    symbols: 1_001,
                    ..SimConfig::default()
                }),
                "the simulated market has 1 to 1000 symbols, not 1001",
            ),
            (
                MarketConfig::Sim(SimConfig {
                    ticks_per_second: 0,
                    ..SimConfig::default()
                }),
                "the simulated market makes 1 to 100000 ticks per second, not 0",
            ),
        ];
        for (config, sentence) in cases {
            assert_eq!(config.check().unwrap_err().to_string(), sentence);
        }
        assert_eq!(MarketConfig::default().check(), Ok(()));
        assert_eq!(MarketConfig::Sim(SimConfig::default()).check(), Ok(()));
    }
}
