//! The risk guard of an account: what it watches, and where it stands.

use crate::clock::TimestampMs;
use crate::money::{Amount, Ratio};
use serde::{Deserialize, Serialize};

/// Where the risk guard stands. It goes down this list by itself, and up only when a person resumes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum RiskStatus {
    /// Everything is allowed.
    #[default]
    Normal,
    /// Nothing that opens or adds to a position; what there is stays, and may be reduced.
    SoftPause,
    /// All orders are cancelled, all positions closed, and nothing is opened.
    HardStop,
}

/// What brought the risk guard where it stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum RiskCause {
    /// Nothing did: the account is as it was opened, or a person resumed.
    #[default]
    None,
    /// A person.
    Manual,
    /// The loss from the peak of equity.
    Drawdown,
    /// The loss since the day began.
    DailyLoss,
    /// The journal is short of room.
    Journal,
    /// A position was liquidated.
    Liquidation,
    /// A cause of a newer server.
    #[serde(other)]
    #[cfg_attr(feature = "schema", schemars(skip))]
    Other,
}

/// The limits of an account. Absent: not watched. Percentages are of equity and have two places at most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RiskLimits {
    /// Soft pause at this loss from the peak of equity, in percent of the peak.
    #[serde(default)]
    pub soft_drawdown_pct: Option<Ratio>,
    /// Hard stop at this loss from the peak of equity, in percent of the peak.
    #[serde(default)]
    pub hard_drawdown_pct: Option<Ratio>,
    /// Soft pause at this loss since 00:00 UTC, in percent of the equity then.
    #[serde(default)]
    pub soft_daily_loss_pct: Option<Ratio>,
    /// Hard stop at this loss since 00:00 UTC, in percent of the equity then.
    #[serde(default)]
    pub hard_daily_loss_pct: Option<Ratio>,
    /// Refuse what would take the value of all positions and opening orders above this.
    #[serde(default)]
    pub max_exposure: Option<Amount>,
    /// Refuse what would take the value of one position and its opening orders above this.
    #[serde(default)]
    pub max_position_value: Option<Amount>,
    /// Refuse more new orders than this within any minute.
    #[serde(default)]
    pub max_orders_per_minute: Option<u32>,
}

/// Where the risk guard of an account stands: `RISK_STATUS_UPDATE`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Risk {
    /// Where it stands.
    pub status: RiskStatus,
    /// The same in a sentence.
    pub message: String,
    /// The loss from the peak of equity when it got there, in percent of the peak; zero or above.
    pub drawdown_pct: Ratio,
    /// The loss since 00:00 UTC when it got there, in percent of the equity then; zero or above.
    pub daily_loss_pct: Ratio,
    /// What brought it there.
    #[serde(default)]
    pub cause: RiskCause,
    /// The limits.
    #[serde(default)]
    pub limits: RiskLimits,
    /// Since when it stands there.
    #[serde(default)]
    pub since: TimestampMs,
}
