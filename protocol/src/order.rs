//! Orders and executions of the paper venue.

use crate::clock::TimestampMs;
use crate::id::{ClientOrderId, ExecutionId, GroupId, OrderId, PositionId, Symbol};
use crate::money::{Amount, Price, Quantity, Ratio};
use serde::{Deserialize, Serialize};
use std::ops::Not;

/// Which way an order or a position goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// Buys; a long position.
    #[serde(alias = "Buy", alias = "BUY")]
    Buy,
    /// Sells; a short position.
    #[serde(alias = "Sell", alias = "SELL")]
    Sell,
}

impl Side {
    /// The other side.
    pub const fn opposite(self) -> Side {
        match self {
            Side::Buy => Side::Sell,
            Side::Sell => Side::Buy,
        }
    }

    /// `buy` or `sell`, as on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Side::Buy => "buy",
            Side::Sell => "sell",
        }
    }
}

/// How an order is to be executed. In commands it is written lower case (`stop_limit`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum OrderType {
    /// At once, at the best price there is.
    #[serde(alias = "market", alias = "Market")]
    Market,
    /// At [`Order::price`] or better; rests until then.
    #[serde(alias = "limit", alias = "Limit")]
    Limit,
    /// A market order once the last price has gone to [`Order::trigger_price`] against the position: up for a buy, down
    /// for a sell.
    #[serde(alias = "stop_market", alias = "StopMarket")]
    StopMarket,
    /// The same, but a limit order at [`Order::price`] once triggered.
    #[serde(alias = "stop_limit", alias = "StopLimit")]
    StopLimit,
    /// A market order once the last price has gone to [`Order::trigger_price`] in favour of the position: down for a buy,
    /// up for a sell.
    #[serde(alias = "take_profit_market", alias = "TakeProfitMarket")]
    TakeProfitMarket,
    /// The same, but a limit order at [`Order::price`] once triggered.
    #[serde(alias = "take_profit_limit", alias = "TakeProfitLimit")]
    TakeProfitLimit,
    /// A stop-market order whose stop price follows the best last price at a distance, and never goes back.
    #[serde(alias = "trailing_stop", alias = "TrailingStop")]
    TrailingStop,
}

impl OrderType {
    /// All of them.
    pub const ALL: [OrderType; 7] = [
        OrderType::Market,
        OrderType::Limit,
        OrderType::StopMarket,
        OrderType::StopLimit,
        OrderType::TakeProfitMarket,
        OrderType::TakeProfitLimit,
        OrderType::TrailingStop,
    ];

    /// As in commands, e.g. `stop_limit`.
    pub const fn as_str(self) -> &'static str {
        match self {
            OrderType::Market => "market",
            OrderType::Limit => "limit",
            OrderType::StopMarket => "stop_market",
            OrderType::StopLimit => "stop_limit",
            OrderType::TakeProfitMarket => "take_profit_market",
            OrderType::TakeProfitLimit => "take_profit_limit",
            OrderType::TrailingStop => "trailing_stop",
        }
    }

    /// Whether it is executed at a limit price.
    pub const fn has_price(self) -> bool {
        matches!(
            self,
            OrderType::Limit | OrderType::StopLimit | OrderType::TakeProfitLimit
        )
    }

    /// Whether it waits for a trigger price that its owner names. A trailing stop's is its own.
    pub const fn has_trigger(self) -> bool {
        matches!(
            self,
            OrderType::StopMarket
                | OrderType::StopLimit
                | OrderType::TakeProfitMarket
                | OrderType::TakeProfitLimit
        )
    }
}

/// Where an order stands in its life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum OrderStatus {
    /// Accepted, nothing filled yet; a stop waits for its trigger.
    #[default]
    New,
    /// Its trigger price was reached: it is a market or limit order now, nothing filled yet.
    Triggered,
    /// Some of it is filled, the rest still works.
    PartiallyFilled,
    /// All of it is filled; final.
    Filled,
    /// Withdrawn with some or all of it unfilled, for [`Order::reason`]; final.
    Cancelled,
    /// It had been accepted, but could not be carried out when its moment came, for [`Order::reason`]; final.
    Rejected,
    /// Its time ran out; final.
    Expired,
}

impl OrderStatus {
    /// Whether nothing can change any more.
    pub const fn is_final(self) -> bool {
        matches!(
            self,
            OrderStatus::Filled | OrderStatus::Cancelled | OrderStatus::Rejected | OrderStatus::Expired
        )
    }
}

/// How long an order works.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "UPPERCASE")]
pub enum TimeInForce {
    /// Good till cancelled.
    #[default]
    #[serde(alias = "gtc")]
    Gtc,
    /// Immediate or cancel: what cannot be filled at once is cancelled.
    #[serde(alias = "ioc")]
    Ioc,
    /// Fill or kill: all of it at once, or nothing.
    #[serde(alias = "fok")]
    Fok,
    /// Good till date: expires at [`Order::expires_at`].
    #[serde(alias = "gtd")]
    Gtd,
}

impl TimeInForce {
    /// Whether it is the usual one, which is left out of commands.
    pub fn is_default(&self) -> bool {
        *self == TimeInForce::Gtc
    }
}

/// Why an order is where it is, beyond what its status says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum OrderReason {
    /// Its owner cancelled it.
    User,
    /// What could not be filled at once was cancelled (IOC).
    ImmediateOrCancel,
    /// Not all of it could be filled at once (FOK).
    FillOrKill,
    /// Its time ran out (GTD).
    TimeRanOut,
    /// The other leg of its pair was filled or triggered.
    SiblingFilled,
    /// The other leg of its pair was cancelled.
    SiblingCancelled,
    /// The position that it was to reduce is gone, or smaller than the order.
    NothingToReduce,
    /// A post-only order would have taken liquidity when it was triggered.
    WouldTake,
    /// The account could not pay for it when its moment came.
    InsufficientBalance,
    /// The risk guard pauses openings.
    RiskPaused,
    /// The risk guard's hard stop cancelled it, or placed it to close a position.
    HardStop,
    /// A risk limit would have been exceeded when its moment came.
    RiskLimit,
    /// A liquidation cancelled it, or placed it to close a position.
    Liquidation,
    /// Its instrument is no longer traded here.
    Delisted,
    /// A reason of a newer server.
    #[serde(other)]
    #[cfg_attr(feature = "schema", schemars(skip))]
    Other,
}

/// What joins orders that stand and fall together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum GroupKind {
    /// One cancels the other.
    Oco,
    /// An entry whose fills are protected by a take-profit and a stop-loss, which cancel each other.
    Bracket,
}

/// An order's part in its group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum GroupRole {
    /// Opens the position.
    Entry,
    /// Takes the profit.
    TakeProfit,
    /// Limits the loss.
    StopLoss,
}

/// The group that an order belongs to, and its part in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Group {
    /// Names the group: shared by its orders.
    pub id: GroupId,
    /// What joins them.
    pub kind: GroupKind,
    /// The order's part.
    pub role: GroupRole,
}

/// One exit of an OCO pair or a bracket. Which fields are there decides the order that it becomes:
///
/// | fields | as take-profit | as stop-loss |
/// | --- | --- | --- |
/// | `price` | `LIMIT` | refused |
/// | `trigger_price` | `TAKE_PROFIT_MARKET` | `STOP_MARKET` |
/// | `trigger_price` and `price` | `TAKE_PROFIT_LIMIT` | `STOP_LIMIT` |
/// | `trail_distance` or `trail_percent` | refused | `TRAILING_STOP` |
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Exit {
    /// The limit price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Price>,
    /// The trigger price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trigger_price: Option<Price>,
    /// How far a trailing stop stays behind, as a difference of prices.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trail_distance: Option<Price>,
    /// How far a trailing stop stays behind, in percent of the best price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trail_percent: Option<Ratio>,
    /// The last price from which on a trailing stop follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activation_price: Option<Price>,
}

/// An order as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Order {
    /// The venue's id.
    pub id: OrderId,
    /// The owner's id, where one was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_order_id: Option<ClientOrderId>,
    /// The instrument.
    pub symbol: Symbol,
    /// Buys or sells.
    pub side: Side,
    /// How it is executed.
    pub order_type: OrderType,
    /// How much was ordered.
    pub quantity: Quantity,
    /// How much is filled.
    pub filled_quantity: Quantity,
    /// Average price of what is filled, to the instrument's price scale plus four places; absent before a fill.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub average_price: Option<Price>,
    /// What was paid or got for what is filled: the exact sum of price × quantity.
    #[serde(default)]
    pub filled_value: Amount,
    /// The limit price, of types that have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Price>,
    /// The last price that triggers it, of types that have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trigger_price: Option<Price>,
    /// How far a trailing stop stays behind, as a difference of prices.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trail_distance: Option<Price>,
    /// How far a trailing stop stays behind, in percent of the best price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trail_percent: Option<Ratio>,
    /// The last price from which on a trailing stop follows; absent where it follows from the start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activation_price: Option<Price>,
    /// The best last price that a trailing stop has seen: the highest for a sell, the lowest for a buy. Always there for
    /// trailing stops.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peak_price: Option<Price>,
    /// Where a trailing stop would trigger now. Always there for trailing stops.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current_stop_price: Option<Price>,
    /// Whether a trailing stop still waits for its activation price: it neither follows nor triggers until then.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub is_dormant: bool,
    /// When it reaches the venue; absent once it has. Nothing fills or triggers it before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arrives_at: Option<TimestampMs>,
    /// How long it works.
    #[serde(default, skip_serializing_if = "TimeInForce::is_default")]
    pub time_in_force: TimeInForce,
    /// When it expires (GTD).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<TimestampMs>,
    /// Whether it may only rest, never take.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub post_only: bool,
    /// Whether it may only reduce a position.
    pub reduce_only: bool,
    /// The group that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<Group>,
    /// The take-profit that protects what it fills (bracket entries).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub take_profit: Option<Exit>,
    /// The stop-loss that protects what it fills (bracket entries).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_loss: Option<Exit>,
    /// The cash-and-carry position that it is a leg of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carry: Option<PositionId>,
    /// Where it stands.
    pub status: OrderStatus,
    /// Why it stands there, where the status does not say it all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<OrderReason>,
    /// Fees so far.
    pub fee: Amount,
    /// When it was accepted.
    pub created_at: TimestampMs,
    /// When it last changed.
    pub updated_at: TimestampMs,
}

impl Order {
    /// A plain order that has just been accepted, of which everything else can be told by struct update.
    pub fn accepted(
        id: OrderId,
        symbol: Symbol,
        side: Side,
        order_type: OrderType,
        quantity: Quantity,
        at: TimestampMs,
    ) -> Order {
        Order {
            id,
            client_order_id: None,
            symbol,
            side,
            order_type,
            quantity,
            filled_quantity: Quantity::ZERO,
            average_price: None,
            filled_value: Amount::ZERO,
            price: None,
            trigger_price: None,
            trail_distance: None,
            trail_percent: None,
            activation_price: None,
            peak_price: None,
            current_stop_price: None,
            is_dormant: false,
            arrives_at: None,
            time_in_force: TimeInForce::Gtc,
            expires_at: None,
            post_only: false,
            reduce_only: false,
            group: None,
            take_profit: None,
            stop_loss: None,
            carry: None,
            status: OrderStatus::New,
            reason: None,
            fee: Amount::ZERO,
            created_at: at,
            updated_at: at,
        }
    }

    /// How much is still to be filled.
    pub fn remaining(&self) -> Quantity {
        self.quantity - self.filled_quantity
    }
}

/// One fill of one order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Execution {
    /// Unique; what fills are deduplicated by.
    pub id: ExecutionId,
    /// The order filled.
    pub order_id: OrderId,
    /// The owner's id of that order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_order_id: Option<ClientOrderId>,
    /// The position it opened, changed or closed.
    pub position_id: PositionId,
    /// Whether that position is a cash-and-carry one, of which this is a fill of one leg.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub is_carry: bool,
    /// The instrument.
    pub symbol: Symbol,
    /// Bought or sold.
    pub side: Side,
    /// How much.
    pub quantity: Quantity,
    /// At what price.
    pub price: Price,
    /// The fee charged, in [`Execution::fee_currency`].
    pub fee: Amount,
    /// The currency of the fee.
    pub fee_currency: String,
    /// Whether it rested (maker) or took liquidity (taker).
    pub is_maker: bool,
    /// Profit or loss that the fill realised on the position, before fees; zero where it opened or added.
    pub realized_pnl: Amount,
    /// When.
    pub timestamp: TimestampMs,
}

/// A funding payment between the longs and the shorts of a perpetual: `amount = ∓ quantity × mark price × rate`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Funding {
    /// The position that paid or was paid.
    pub position_id: PositionId,
    /// Whether that is a cash-and-carry position.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub is_carry: bool,
    /// The perpetual.
    pub symbol: Symbol,
    /// Long or short.
    pub side: Side,
    /// How much was held.
    pub quantity: Quantity,
    /// The mark price that it was reckoned by.
    pub mark_price: Price,
    /// The rate: where it is above zero longs pay shorts.
    pub rate: Ratio,
    /// What the account got; below zero where it paid.
    pub amount: Amount,
    /// The funding time that it is of.
    pub timestamp: TimestampMs,
}
