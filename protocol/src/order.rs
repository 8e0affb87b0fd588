//! Orders and executions of the paper venue.

use crate::clock::TimestampMs;
use crate::id::{ClientOrderId, ExecutionId, OrderId, PositionId, Symbol};
use crate::money::{Amount, Price, Quantity};
use serde::{Deserialize, Serialize};

/// Which way an order or a position goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
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

/// How an order is to be executed. In commands it is written lower case (`market`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum OrderType {
    /// At once, at the best price there is.
    #[serde(alias = "market", alias = "Market")]
    Market,
}

/// Where an order stands in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum OrderStatus {
    /// Accepted, nothing filled yet.
    New,
    /// Some of it is filled.
    PartiallyFilled,
    /// All of it is filled; final.
    Filled,
    /// Withdrawn with some or all of it unfilled; final.
    Cancelled,
}

impl OrderStatus {
    /// Whether nothing can change any more.
    pub const fn is_final(self) -> bool {
        matches!(self, OrderStatus::Filled | OrderStatus::Cancelled)
    }
}

/// An order as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Whether it may only reduce a position.
    pub reduce_only: bool,
    /// Where it stands.
    pub status: OrderStatus,
    /// Fees so far.
    pub fee: Amount,
    /// When it was accepted.
    pub created_at: TimestampMs,
    /// When it last changed.
    pub updated_at: TimestampMs,
}

/// One fill of one order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
