//! An account as its owner sees it: positions, portfolio, balance, dashboard.

use crate::clock::{TimestampMs, iso};
use crate::id::{PositionId, Symbol};
use crate::money::{Amount, Price, Quantity, Ratio};
use crate::order::Side;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Whether a position is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum PositionStatus {
    /// Held.
    Open,
    /// Flat again.
    Closed,
}

/// One position, valued at the mark price. The first nine fields are the mission's, the rest are additions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Position {
    /// Names it from its opening to its close.
    pub id: PositionId,
    /// The instrument.
    pub symbol: Symbol,
    /// `buy` is long, `sell` is short.
    #[serde(rename = "type")]
    pub side: Side,
    /// How much is held; above zero on either side.
    pub quantity: Quantity,
    /// Average price paid or got.
    pub entry_price: Price,
    /// The mark price: what the position could be closed at now.
    pub current_price: Price,
    /// Unrealised profit or loss at the mark price, before fees.
    pub current_pnl: Amount,
    /// When it was opened, ISO 8601 in UTC.
    #[serde(with = "iso")]
    #[cfg_attr(feature = "schema", schemars(with = "crate::schema::IsoTime"))]
    pub timestamp: TimestampMs,
    /// Whether it is held.
    pub status: PositionStatus,
    /// [`Position::current_pnl`] in percent of the entry value, to two places.
    pub pnl_pct: Ratio,
    /// Value at the mark price.
    pub notional: Amount,
    /// Profit or loss that partial closes have realised so far, before fees.
    pub realized_pnl: Amount,
    /// Fees paid for it so far.
    pub fees: Amount,
    /// When the mark price was taken in, Unix milliseconds: its age is the age of the valuation.
    pub marked_at: TimestampMs,
    /// The leverage that it is held at; 1 for spot.
    #[serde(default = "one")]
    pub leverage: u32,
    /// What it ties up: cost / leverage.
    #[serde(default)]
    pub initial_margin: Amount,
    /// What the account must be worth for it not to be liquidated; zero for spot bought.
    #[serde(default)]
    pub maintenance_margin: Amount,
    /// The mark price at which the account would be liquidated if all other prices stood still; absent where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub liquidation_price: Option<Price>,
    /// Funding got less funding paid.
    #[serde(default)]
    pub funding: Amount,
    /// The legs of a cash-and-carry position; the fields above tell of its spot leg, except `current_pnl`, `pnl_pct`,
    /// `realized_pnl`, `fees`, `funding` and the margins, which are those of both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strategy: Option<Strategy>,
    /// The same as `id`, of a cash-and-carry position, as are all fields below.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position_id: Option<PositionId>,
    /// The perpetual that is sold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub perp_symbol: Option<Symbol>,
    /// Average price of the spot leg.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spot_entry_price: Option<Price>,
    /// Average price of the perpetual leg.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub perp_entry_price: Option<Price>,
    /// How much spot is held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spot_quantity: Option<Quantity>,
    /// How much of the perpetual is sold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub perp_quantity: Option<Quantity>,
    /// Profit or loss of both legs, before fees and funding.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unrealized_pnl: Option<Amount>,
    /// Funding got less funding paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub funding_collected: Option<Amount>,
}

/// What joins the legs of a position that has two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// Spot bought, the perpetual sold: it earns funding.
    CashAndCarry,
}

const fn one() -> u32 {
    1
}

/// What the whole account has made. `balance = deposits + total_pnl`,
/// `total_pnl = realized_pnl + unrealized_pnl + funding - fees`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Portfolio {
    /// Equity: what the account would hold if all positions were closed at their mark prices.
    pub balance: Amount,
    /// What was made since the start, after fees.
    pub total_pnl: Amount,
    /// Open positions.
    pub positions_count: u32,
    /// Profit or loss of what was closed, before fees.
    pub realized_pnl: Amount,
    /// Profit or loss of what is open, before fees.
    pub unrealized_pnl: Amount,
    /// All fees paid.
    pub fees: Amount,
    /// All funding, got less paid.
    #[serde(default)]
    pub funding: Amount,
    /// What was paid in.
    pub deposits: Amount,
}

/// What the account holds and what it can still use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Balance {
    /// Cash: deposits plus realised profit and loss plus funding less fees.
    pub total_balance: Amount,
    /// What can still be used to open positions; never below zero.
    pub available_balance: Amount,
    /// Value of all open positions at their mark prices.
    pub position_value: Amount,
    /// Profit or loss of what is open, before fees.
    pub unrealized_pnl: Amount,
    /// The account's currency.
    pub currency: String,
    /// `total_balance + unrealized_pnl`: what margin is measured against.
    pub margin_balance: Amount,
    /// What open positions tie up.
    pub used_margin: Amount,
    /// What open orders that would open positions reserve.
    #[serde(default)]
    pub order_margin: Amount,
    /// What the account must be worth for nothing to be liquidated.
    #[serde(default)]
    pub maintenance_margin: Amount,
    /// The leverage of perpetuals whose owner set one; the others have their instrument's `default_leverage`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub leverage: BTreeMap<Symbol, u32>,
}

/// The account at a glance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Dashboard {
    /// Equity.
    pub total_value: Amount,
    /// Change of equity since 00:00 UTC.
    pub daily_pnl: Amount,
    /// Open positions.
    pub open_positions: u32,
    /// Share of trades (positions that are flat again) that made money, in percent to two places; absent before the first.
    #[serde(default)]
    pub win_rate: Option<Ratio>,
}
