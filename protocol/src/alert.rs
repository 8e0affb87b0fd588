//! Alerts: what the desk says by itself, and what owners asked it to say.

use crate::clock::TimestampMs;
use crate::id::{AlertId, ClientOrderId, OrderId, Symbol};
use crate::money::{Price, Ratio};
use serde::{Deserialize, Deserializer, Serialize, de};

/// When a price alert fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum AlertCondition {
    /// The last price comes from below to [`CreateAlert::price`] or above.
    CrossAbove,
    /// The last price comes from above to [`CreateAlert::price`] or below.
    CrossBelow,
    /// The last price has moved [`CreateAlert::percent`] either way since the alert was set.
    PercentMove,
}

/// A price alert to set. It fires once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CreateAlert {
    /// Under which a repetition sets nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_order_id: Option<ClientOrderId>,
    /// The instrument.
    pub symbol: Symbol,
    /// When it fires.
    pub condition: AlertCondition,
    /// The price to cross.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Price>,
    /// The move in percent, above zero.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percent: Option<Ratio>,
    /// A note of the owner's, at most [`NOTE_LENGTH_MAX`] printable characters, told with the alert.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "note")]
    #[cfg_attr(feature = "schema", schemars(extend("maxLength" = NOTE_LENGTH_MAX, "pattern" = crate::schema::PRINTABLE)))]
    pub note: Option<String>,
}

/// The longest note of a price alert, in characters.
pub const NOTE_LENGTH_MAX: usize = 200;

fn note<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let note = Option::<String>::deserialize(deserializer)?;
    let fits = |note: &String| note.chars().count() <= NOTE_LENGTH_MAX && !note.chars().any(char::is_control);
    if note.as_ref().is_none_or(fits) {
        return Ok(note);
    }
    let message = format!("may have at most {NOTE_LENGTH_MAX} characters, all of them printable");
    Err(de::Error::custom(message))
}

/// Where a price alert stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum AlertStatus {
    /// It waits for its price.
    Active,
    /// It has fired; final.
    Fired,
    /// Its owner withdrew it; final.
    Cancelled,
}

/// A price alert that an owner has set: `ALERT_RULE_UPDATE`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AlertRule {
    /// Names it.
    pub id: AlertId,
    /// The owner's id of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_order_id: Option<ClientOrderId>,
    /// The instrument.
    pub symbol: Symbol,
    /// When it fires.
    pub condition: AlertCondition,
    /// The price to cross.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Price>,
    /// The move in percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percent: Option<Ratio>,
    /// The last price when it was set.
    pub reference_price: Price,
    /// The owner's note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Where it stands.
    pub status: AlertStatus,
    /// When it was set.
    pub created_at: TimestampMs,
}

/// What an alert is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum AlertKind {
    /// A price alert of the owner's fired.
    Price,
    /// The risk guard paused, stopped or resumed.
    Risk,
    /// The market data feed stalled or came back.
    Feed,
    /// An order was rejected after it had been accepted, or cancelled for want of balance.
    OrderRejected,
    /// The margin is nearly used up.
    LiquidationNear,
    /// A position was liquidated.
    Liquidation,
    /// The journal is short of room, or was damaged.
    Journal,
    /// A kind of a newer server.
    #[serde(other)]
    #[cfg_attr(feature = "schema", schemars(skip))]
    Other,
}

/// How much an alert matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Good to know.
    Info,
    /// Look at it soon.
    Warning,
    /// Look at it now.
    Critical,
}

/// Something that the desk says: `ALERT`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Alert {
    /// Names it; of a price alert, the rule's.
    pub id: AlertId,
    /// What it is about.
    pub kind: AlertKind,
    /// How much it matters.
    pub severity: Severity,
    /// In a sentence.
    pub message: String,
    /// The instrument, where it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub symbol: Option<Symbol>,
    /// The last price, where it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Price>,
    /// The order, where it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_id: Option<OrderId>,
    /// When.
    pub timestamp: TimestampMs,
}
