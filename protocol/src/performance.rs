//! What an account has made of its trades. A *trade* here is a position from its opening until it is flat (or turned);
//! its profit is net: realised, plus funding, less all fees.
//!
//! Formulas, with `P` the sum of the profits of winning trades, `L` the sum of the losses of losing ones (above zero):
//!
//! - win rate `= winners / trades`; a trade that made exactly nothing is no winner
//! - profit factor `= P / L`; expectancy `= (P − L) / trades`
//! - drawdown at a time `= (highest equity until then − equity) / highest equity until then`; max drawdown is the largest
//! - Sharpe ratio `= mean(r) / s(r) × √365`, where `r` are the returns of whole UTC days (equity at a day's end over that
//!   at its beginning, less 1), `s` is their sample standard deviation (n − 1), and the riskless rate is taken as zero
//! - Sortino ratio `= mean(r) / d(r) × √365` with `d = √(Σ min(r, 0)² / n)`
//!
//! Ratios that have nothing to be reckoned from are absent: fewer than two days, no losing trade, no deviation.

use crate::clock::TimestampMs;
use crate::id::Symbol;
use crate::money::{Amount, Ratio};
use serde::{Deserialize, Serialize};

/// What an account is worth: `EQUITY_UPDATE`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Equity {
    /// Cash plus unrealised profit and loss.
    pub total_equity: Amount,
    /// The highest that it has been since the account was opened, or since trading was last resumed.
    pub peak_equity: Amount,
    /// The same as `total_equity`, under the older systems' name.
    pub current_equity: Amount,
    /// Profit or loss of what is open, before fees.
    pub unrealized_pnl: Amount,
    /// The loss from the peak, in percent of it, to two places; zero or above.
    pub drawdown_pct: Ratio,
    /// What the day's loss is measured from: the equity at 00:00 UTC, or when trading was resumed since.
    pub day_equity: Amount,
    /// The loss from [`Equity::day_equity`], in percent of it, to two places; zero or above.
    pub daily_loss_pct: Ratio,
    /// `Σ maintenance margin / equity` in percent, to two places: at 100 positions are liquidated.
    pub margin_ratio_pct: Ratio,
}

/// One point of the equity curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EquityPoint {
    /// When.
    pub time: TimestampMs,
    /// Equity then.
    pub equity: Amount,
}

/// Trades of one instrument or one day.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Tally {
    /// Trades.
    pub trades: u64,
    /// Those that made money.
    pub wins: u64,
    /// Their net profit or loss.
    pub net_pnl: Amount,
    /// The fees in it.
    pub fees: Amount,
}

/// Trades of one instrument.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SymbolTally {
    /// The instrument.
    pub symbol: Symbol,
    /// Trades.
    pub trades: u64,
    /// Those that made money.
    pub wins: u64,
    /// Their net profit or loss.
    pub net_pnl: Amount,
    /// The fees in it.
    pub fees: Amount,
}

/// Trades that ended on one UTC day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DayTally {
    /// The day, as in `2025-12-10`.
    pub day: String,
    /// Trades.
    pub trades: u64,
    /// Those that made money.
    pub wins: u64,
    /// Their net profit or loss.
    pub net_pnl: Amount,
    /// The fees in it.
    pub fees: Amount,
}

/// What an account has made of its trades: `PERFORMANCE_UPDATE`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Performance {
    /// Trades that ended.
    pub trades: u64,
    /// Those that made money.
    pub wins: u64,
    /// Those that lost money.
    pub losses: u64,
    /// Share of trades that made money, in percent, to two places.
    #[serde(default)]
    pub win_rate: Option<Ratio>,
    /// Profits over losses, to four places.
    #[serde(default)]
    pub profit_factor: Option<Ratio>,
    /// What a trade makes on average.
    #[serde(default)]
    pub expectancy: Option<Amount>,
    /// What a winning trade makes on average.
    #[serde(default)]
    pub average_win: Option<Amount>,
    /// What a losing trade loses on average, above zero.
    #[serde(default)]
    pub average_loss: Option<Amount>,
    /// The best trade's profit.
    pub largest_win: Amount,
    /// The worst trade's loss, above zero.
    pub largest_loss: Amount,
    /// Net profit or loss of all trades that ended.
    pub net_pnl: Amount,
    /// All fees.
    pub fees: Amount,
    /// All funding, got less paid.
    pub funding: Amount,
    /// The largest drawdown of the equity curve, in percent, to two places.
    pub max_drawdown_pct: Ratio,
    /// To four places.
    #[serde(default)]
    pub sharpe: Option<Ratio>,
    /// To four places.
    #[serde(default)]
    pub sortino: Option<Ratio>,
    /// By instrument.
    pub by_symbol: Vec<SymbolTally>,
    /// By day, oldest first.
    pub by_day: Vec<DayTally>,
    /// Oldest first; thinned out to some hundreds of points.
    pub equity_curve: Vec<EquityPoint>,
}
