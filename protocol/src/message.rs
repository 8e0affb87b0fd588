//! What a server says: one JSON object a frame, named by its `type`.
//!
//! A message is a [`Head`] (which topic, which place in it, when) and a [`Body`]; on the wire both are one flat object.

mod ack;
mod auth;
mod snapshot;

pub use auth::{AuthExpiring, AuthOk};
pub use snapshot::{Alerts, Executions, Logs, Orders};

use crate::access::SignedIn;
use crate::account::{Balance, Dashboard, Portfolio, Position};
use crate::alert::{Alert, AlertRule};
use crate::clock::TimestampMs;
use crate::command::Report;
use crate::error::{ErrorCode, Refusal};
use crate::id::{AccountId, ClientOrderId, CommandId, Epoch, Seq, Symbol};
use crate::json::Object;
use crate::limits::Limits;
use crate::log::LogLine;
use crate::market::{Candle, Instrument, Interval, VenueRules};
use crate::money::{Price, Quantity, Ratio};
use crate::order::{Execution, Funding, Order, OrderType};
use crate::performance::{Equity, Performance};
use crate::risk::Risk;
use crate::topic::{Topic, TopicClass};
use crate::tree::{Tree, TreeError};
use serde::de::Error as _;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What every message may have beside its body.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Head {
    /// The command that this answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<CommandId>,
    /// When what it tells happened: the venue's time for market data, the server's for all else.
    #[serde(default)]
    pub timestamp: TimestampMs,
    /// The topic it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<Topic>,
    /// The history that `seq` counts in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ep: Option<Epoch>,
    /// The place in the topic: every number once in a lossless topic, rising with holes in a state topic.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seq: Option<Seq>,
}

/// A message of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Which topic, which place in it, when.
    pub head: Head,
    /// What.
    pub body: Body,
}

/// Writes out, for every kind of message, its variant, its `type`, and how its frame is written and read.
macro_rules! bodies {
    ($($(#[doc = $doc:literal])* $name:ident($body:ty) = $kind:literal,)+) => {
        /// What a message tells.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[expect(clippy::large_enum_variant, reason = "messages that are kept are kept behind an Arc")]
        pub enum Body {
            $($(#[doc = $doc])* $name($body),)+
            /// A message of a newer server; to be ignored.
            Unknown(String),
        }

        impl Body {
            /// The `type` of every message that a server of this version sends.
            pub const KINDS: &'static [&'static str] = &[$($kind),+];

            /// The `type` of the message's frame.
            pub fn kind(&self) -> &str {
                match self {
                    $(Body::$name(_) => $kind,)+
                    Body::Unknown(kind) => kind,
                }
            }

            fn put_into(&self, fields: &mut Object) {
                match self {
                    $(Body::$name(body) => fields.put_all(body),)+
                    Body::Unknown(_) => {}
                }
            }

            /// `None` for an unknown kind.
            fn read(kind: &str, tree: &Tree<'_>) -> Result<Option<Body>, TreeError> {
                Ok(Some(match kind {
                    $($kind => Body::$name(Deserialize::deserialize(tree)?),)+
                    _ => return Ok(None),
                }))
            }

            /// Of every kind: its `type`, what it is, and the schema of its fields beside those of the [`Head`].
            #[cfg(feature = "schema")]
            pub(crate) fn schemas(
                generator: &mut schemars::SchemaGenerator,
            ) -> Vec<(&'static str, &'static str, schemars::Schema)> {
                vec![$((
                    $kind,
                    concat!($($doc),*),
                    <$body as schemars::JsonSchema>::json_schema(generator),
                ),)+]
            }
        }
    };
}

bodies! {
    /// The greeting.
    ConnectionEstablished(ConnectionEstablished) = "CONNECTION_ESTABLISHED",
    /// A command was carried out.
    Ack(Ack) = "ACK",
    /// A command was refused, or a frame could not be read.
    Error(ErrorBody) = "ERROR",
    /// A subscription stands; nothing of the topic comes before this.
    Subscribed(Subscribed) = "SUBSCRIBED",
    /// A subscription ended; nothing of the topic comes after this.
    Unsubscribed(Unsubscribed) = "UNSUBSCRIBED",
    /// A lossless topic goes on where the client stood.
    Resumed(Resumed) = "RESUMED",
    /// A lossless topic cannot go on where the client stood; what was missed is not sent, a snapshot follows.
    Reset(Reset) = "RESET",
    /// The answer to a ping.
    Pong(Pong) = "PONG",
    /// A sign of life.
    Heartbeat(Heartbeat) = "HEARTBEAT",
    /// The server shuts down.
    GoingAway(GoingAway) = "GOING_AWAY",
    /// A login stands.
    AuthOk(AuthOk) = "AUTH_OK",
    /// The login of this connection ends soon.
    AuthExpiring(AuthExpiring) = "AUTH_EXPIRING",
    /// The instruments and their rules.
    Instruments(Instruments) = "INSTRUMENTS",
    /// Price and 24-hour figures of one instrument.
    MarketUpdate(MarketUpdate) = "MARKET_UPDATE",
    /// Candles: a snapshot of the history, or those that changed.
    CandleUpdate(CandleUpdate) = "CANDLE_UPDATE",
    /// All open positions.
    PositionUpdate(PositionUpdate) = "POSITION_UPDATE",
    /// What the account has made.
    PortfolioUpdate(PortfolioUpdate) = "PORTFOLIO_UPDATE",
    /// What the account holds.
    AccountBalanceUpdated(Data<Balance>) = "ACCOUNT_BALANCE_UPDATED",
    /// The account at a glance.
    DashboardUpdate(Data<Dashboard>) = "DASHBOARD_UPDATE",
    /// What the account is worth, and how far below its peak.
    EquityUpdate(Data<Equity>) = "EQUITY_UPDATE",
    /// What the account has made of its trades.
    PerformanceUpdate(Data<Performance>) = "PERFORMANCE_UPDATE",
    /// The state of the server's own parts.
    StatusUpdate(Data<Status>) = "STATUS_UPDATE",
    /// An order changed.
    OrderUpdate(OrderUpdate) = "ORDER_UPDATE",
    /// An order filled, wholly or in part.
    ExecutionUpdate(Data<Execution>) = "EXECUTION_UPDATE",
    /// A position paid or got funding. It belongs to the topic of executions.
    FundingUpdate(Data<Funding>) = "FUNDING_UPDATE",
    /// The risk guard stands elsewhere, or its limits changed.
    RiskStatusUpdate(Data<Risk>) = "RISK_STATUS_UPDATE",
    /// The desk says something.
    Alert(Data<Alert>) = "ALERT",
    /// A price alert was set, fired or was withdrawn.
    AlertRuleUpdate(Data<AlertRule>) = "ALERT_RULE_UPDATE",
    /// A line of the server's log.
    SystemLog(Data<LogLine>) = "SYSTEM_LOG",
    /// Answer: orders, as of the place in the head.
    Orders(Orders) = "ORDERS",
    /// Answer: executions, as of the place in the head.
    Executions(Executions) = "EXECUTIONS",
    /// Answer: price alerts and what the desk said, as of the place in the head.
    Alerts(Alerts) = "ALERTS",
    /// Answer: lines of the log, as of the place in the head.
    Logs(Logs) = "LOGS",
}

/// A body that has all it tells in `data`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Data<T> {
    /// What it tells.
    pub data: T,
}

/// The first message of every connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ConnectionEstablished {
    /// The version of the wire protocol.
    pub protocol: u32,
    /// The server's version.
    pub server: String,
    /// Names this connection in logs.
    pub session: String,
    /// The history that lossless topics count in now.
    pub epoch: Epoch,
    /// The server's clock.
    pub server_time: TimestampMs,
    /// The account that account topics tell of.
    pub account: AccountId,
    /// `paper` or the venue of a real account.
    pub account_kind: String,
    /// Where the market data come from, e.g. `replay`.
    pub market: String,
    /// Bounds and timers of this connection.
    pub limits: Limits,
    /// Who the connection acts for; absent where nobody has to log in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<SignedIn>,
    /// A sentence for people.
    pub message: String,
}

/// A command was carried out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(from = "ack::Fields")]
pub struct Ack {
    /// The `action` of the command.
    pub action: String,
    /// `executed`, for instructions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// What came of an instruction.
    #[serde(flatten)]
    pub report: Report,
}

/// What became of a command that changes something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was carried out and is in the journal.
    Executed,
    /// Nothing was done.
    NotExecuted,
    /// The server cannot tell: ask for the order by its `client_order_id`, or send it again with the same one.
    Unknown,
}

/// A command was refused. Its `id` is always there, `null` where the frame had none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ErrorBody {
    /// The stable code.
    pub code: ErrorCode,
    /// What is wrong and what to do.
    pub message: String,
    /// Whether the same command may succeed later, unchanged.
    #[serde(default)]
    pub retryable: bool,
    /// How long to wait before that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
    /// The owner's id of the order refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_order_id: Option<ClientOrderId>,
    /// What became of the command, for orders.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
}

impl From<Refusal> for ErrorBody {
    fn from(refusal: Refusal) -> ErrorBody {
        ErrorBody {
            code: refusal.code,
            message: refusal.message,
            retryable: refusal.code.is_retryable(),
            retry_after_ms: None,
            client_order_id: None,
            outcome: None,
        }
    }
}

/// A subscription stands. Topic, epoch and the position that it starts after are in the head.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Subscribed {
    /// How the topic is delivered.
    pub class: TopicClass,
}

/// A subscription ended. The topic is in the head.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Unsubscribed {}

/// A lossless topic goes on where the client stood: every message from `from` to `head` follows, then what is new.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Resumed {
    /// The first message that follows.
    pub from: Seq,
    /// The last message that there is now.
    pub head: Seq,
}

/// A lossless topic cannot go on where the client stood. The topic goes on after the head's `seq`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Reset {
    /// Why.
    pub reason: ResetReason,
    /// The first message that the client will not get.
    pub lost_from: Seq,
}

/// Why a topic cannot go on where the client stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ResetReason {
    /// The message after the client's place is kept no longer.
    Retention,
    /// The client's place belongs to another history.
    Epoch,
    /// The client's place lies beyond the last message.
    Ahead,
}

/// The answer to a ping: enough to reckon the round trip and the offset of the clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Pong {
    /// The client's clock when it asked.
    pub t0: i64,
    /// The server's clock when it took the question in.
    pub t1: TimestampMs,
    /// The server's clock when it answered.
    pub t2: TimestampMs,
}

/// A sign of life, with the place of the last message that was sent of every lossless topic that the connection is
/// subscribed to: a client that is behind it has lost that message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Heartbeat {
    /// Topic to `[epoch, seq]`.
    pub heads: BTreeMap<Topic, (Epoch, Seq)>,
}

/// The server shuts down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct GoingAway {
    /// Why.
    pub reason: String,
    /// The window, in milliseconds, to draw the first reconnect delay from.
    pub reconnect_ms: (u64, u64),
}

/// The instruments and their rules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Instruments {
    /// One entry each.
    pub instruments: Vec<Instrument>,
    /// How the paper venue fills orders; absent where a real venue does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rules: Option<VenueRules>,
}

/// Price and 24-hour figures of one instrument. The first six fields are the mission's, the rest are additions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MarketUpdate {
    /// The instrument.
    pub symbol: Symbol,
    /// Price of the last trade.
    pub price: Price,
    /// Last price less the price 24 hours ago.
    #[serde(rename = "priceChange")]
    pub price_change: Price,
    /// The same in percent, to two places.
    #[serde(rename = "priceChangePercent")]
    pub price_change_percent: Ratio,
    /// Highest trade of 24 hours.
    pub high: Price,
    /// Lowest trade of 24 hours.
    pub low: Price,
    /// Base volume of 24 hours.
    pub volume: Quantity,
    /// What buyers pay.
    pub bid: Price,
    /// What sellers ask.
    pub ask: Price,
    /// When the server took the tick in. The head's `timestamp` is the venue's time of it.
    pub received_at: TimestampMs,
    /// When the server published it.
    pub published_at: TimestampMs,
    /// The mark price of a perpetual: what its positions are valued and liquidated by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mark_price: Option<Price>,
    /// The rate of the next funding of a perpetual: where it is above zero longs pay shorts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub funding_rate: Option<Ratio>,
    /// When that is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_funding_at: Option<TimestampMs>,
}

/// Candles of one instrument and interval, oldest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CandleUpdate {
    /// Whether this is all of the history that is sent unasked; otherwise each candle replaces or follows the one
    /// with the same time.
    pub snapshot: bool,
    /// The candles.
    pub data: Candles,
}

/// Candles of one instrument and interval, oldest first. The last one may still change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Candles {
    /// The instrument.
    pub symbol: Symbol,
    /// The length of each.
    pub interval: Interval,
    /// Oldest first.
    pub candles: Vec<Candle>,
}

/// All open positions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PositionUpdate {
    /// One entry each, oldest first.
    pub positions: Vec<Position>,
    /// Whether these are all that there are.
    #[serde(default)]
    pub snapshot: bool,
}

/// What the account has made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PortfolioUpdate {
    /// What it has made.
    pub portfolio: Portfolio,
}

/// An order changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OrderUpdate {
    /// How it is executed.
    #[serde(rename = "orderType")]
    pub order_type: OrderType,
    /// The order after the change.
    pub order: Order,
}

/// The state of one part of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum LinkState {
    /// Not yet there.
    Connecting,
    /// Working.
    Live,
    /// Connected, but nothing comes.
    Stalled,
    /// Lost; being tried again.
    Reconnecting,
    /// Not working.
    Down,
}

/// The state of the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum JournalState {
    /// Working.
    Live,
    /// Working on its last reserve of room: trading is paused.
    Short,
    /// There is no room left: nothing is decided until there is, and it is tried again and again.
    Full,
    /// Not working: nothing is decided until the desk is restarted.
    Down,
}

/// The state of the server's own parts: the far end of the desk's two links.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Status {
    /// The market data feed.
    pub feed: FeedStatus,
    /// The journal.
    pub journal: JournalState,
    /// Open connections.
    pub active_connections: u32,
}

/// The state of the market data feed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FeedStatus {
    /// Its name, e.g. `replay`.
    pub name: String,
    /// Whether it works.
    pub state: LinkState,
    /// When the last tick was taken in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_tick_at: Option<TimestampMs>,
    /// Milliseconds from the venue's time of the last tick to taking it in; may be below zero where clocks differ.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency_ms: Option<i64>,
}

impl Message {
    /// A message that belongs to no topic.
    pub fn plain(id: Option<CommandId>, timestamp: TimestampMs, body: Body) -> Message {
        Message {
            head: Head {
                id,
                timestamp,
                ..Head::default()
            },
            body,
        }
    }

    /// A message of a topic.
    pub fn of(topic: Topic, ep: Epoch, seq: Seq, timestamp: TimestampMs, body: Body) -> Message {
        Message {
            head: Head {
                id: None,
                timestamp,
                topic: Some(topic),
                ep: Some(ep),
                seq: Some(seq),
            },
            body,
        }
    }

    /// Writes the frame.
    pub fn encode(&self) -> String {
        let mut fields = Object::new();
        fields.put("type", self.body.kind());
        if matches!(self.body, Body::Error(_)) && self.head.id.is_none() {
            fields.put("id", &None::<CommandId>);
        }
        self.body.put_into(&mut fields);
        fields.put_all(&self.head);
        fields.finish()
    }

    /// Reads a frame. Unknown fields are ignored, an unknown `type` gives [`Body::Unknown`].
    pub fn decode(text: &str) -> Result<Message, DecodeError> {
        Message::read(text).map_err(|reason| DecodeError(reason.to_string()))
    }

    fn read(text: &str) -> Result<Message, TreeError> {
        let tree = Tree::read(text)?;
        let kind = tree
            .text_of("type")
            .ok_or_else(|| TreeError::missing_field("type"))?;
        let Some(body) = Body::read(kind, &tree)? else {
            return Ok(Message {
                head: Head::default(),
                body: Body::Unknown(kind.to_owned()),
            });
        };
        Ok(Message {
            head: Head::deserialize(&tree)?,
            body,
        })
    }
}

/// A frame of the server that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unreadable frame: {0}")]
pub struct DecodeError(String);
