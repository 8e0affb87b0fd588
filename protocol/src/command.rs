//! What a client says: one JSON object a frame, named by its `action`.

mod fields;
mod instruction;
mod subscribe;

use crate::access::AccessToken;
use crate::clock::TimestampMs;
use crate::error::{ErrorCode, Refusal};
use crate::id::{CommandId, Symbol};
use crate::json;
use crate::market::Interval;
use crate::topic::Topic;
pub use instruction::*;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;
use subscribe::Topics;
pub use subscribe::{INTERVAL_MS, ResumeFrom, SetRate, Subscribe};

/// A command and the id that its answers echo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// Chosen by the client; without one, a command is answered by data alone where there is any.
    pub id: Option<CommandId>,
    /// What is wanted.
    pub command: Command,
}

/// Everything that a client can ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "a few of them are at hand at a time")]
pub enum Command {
    /// Send a market's ticker from now on.
    SubscribeTicker(Symbol),
    /// Stop sending it.
    UnsubscribeTicker(Symbol),
    /// Send these topics from now on.
    Subscribe(Subscribe),
    /// Stop sending them.
    Unsubscribe(Vec<Topic>),
    /// Send state topics no more often than this.
    SetRate(SetRate),
    /// Send the positions once.
    GetPositions,
    /// Send the portfolio once.
    GetPortfolio,
    /// Send the instruments and their rules once.
    GetInstruments,
    /// Send candles once: at most `limit` of them, before `before`.
    GetCandles(GetCandles),
    /// Send the balance once.
    GetBalance,
    /// Send the dashboard once.
    GetDashboard,
    /// Send the equity once.
    GetEquity,
    /// Send the performance once.
    GetPerformance,
    /// Send orders once.
    GetOrders(GetOrders),
    /// Send one order once, as an `ORDER_UPDATE` without a topic.
    GetOrderStatus(OrderRef),
    /// Send the position in one instrument once, the last one where none is open.
    GetPosition(Symbol),
    /// Send executions once, the newest first.
    GetExecutions(GetExecutions),
    /// Send where the risk guard stands once.
    GetRisk,
    /// Send price alerts and what the desk said once.
    GetAlerts,
    /// Send the newest lines of the log once.
    GetLogs,
    /// Show who is asking, on a connection that is to begin or whose login is to go on.
    Authenticate(Authenticate),
    /// Have the engine do something.
    Instruct(Instruction),
    /// Answer with a PONG.
    Ping(Ping),
    /// An answer to a HEARTBEAT; any frame shows life, so nothing comes of it.
    Pong,
}

/// Asks for older candles.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct GetCandles {
    /// The instrument.
    pub symbol: Symbol,
    /// The length of the candles.
    pub interval: Interval,
    /// Candles that start before this; the newest where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<TimestampMs>,
    /// How many at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// Rows of an answer to a question that names no `limit`.
pub const ROWS_DEFAULT: u32 = 100;

/// Asks for orders.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct GetOrders {
    /// Those of this instrument; all where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub symbol: Option<Symbol>,
    /// Only those that are open.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub open_only: bool,
    /// How many at most, open ones first. Where absent: open ones up to the connection's `rows_max`, and final ones as long
    /// as there are not [`ROWS_DEFAULT`] in all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// Asks for executions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct GetExecutions {
    /// Those of this instrument; all where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub symbol: Option<Symbol>,
    /// How many at most; [`ROWS_DEFAULT`] where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// Shows who is asking.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Authenticate {
    /// An access token.
    pub token: AccessToken,
}

/// A question after the round trip and the server's clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Ping {
    /// The client's clock when it asked, echoed in the PONG.
    #[serde(default)]
    pub t0: i64,
}

impl Command {
    /// The `action`s that change no account; those that do are [`Instruction::ACTIONS`].
    pub const QUESTIONS: &'static [&'static str] = &[
        "subscribe_ticker",
        "unsubscribe_ticker",
        "subscribe",
        "unsubscribe",
        "set_rate",
        "get_positions",
        "get_portfolio",
        "get_balance",
        "get_dashboard",
        "get_equity",
        "get_performance",
        "get_instruments",
        "get_candles",
        "get_orders",
        "get_order_status",
        "get_position",
        "get_executions",
        "get_risk",
        "get_alerts",
        "get_logs",
        "authenticate",
        "ping",
    ];

    /// The `action` of the command's frame.
    pub const fn action(&self) -> &'static str {
        match self {
            Command::SubscribeTicker(_) => "subscribe_ticker",
            Command::UnsubscribeTicker(_) => "unsubscribe_ticker",
            Command::Subscribe(_) => "subscribe",
            Command::Unsubscribe(_) => "unsubscribe",
            Command::SetRate(_) => "set_rate",
            Command::GetPositions => "get_positions",
            Command::GetPortfolio => "get_portfolio",
            Command::GetInstruments => "get_instruments",
            Command::GetCandles(_) => "get_candles",
            Command::GetBalance => "get_balance",
            Command::GetDashboard => "get_dashboard",
            Command::GetEquity => "get_equity",
            Command::GetPerformance => "get_performance",
            Command::GetOrders(_) => "get_orders",
            Command::GetOrderStatus(_) => "get_order_status",
            Command::GetPosition(_) => "get_position",
            Command::GetExecutions(_) => "get_executions",
            Command::GetRisk => "get_risk",
            Command::GetAlerts => "get_alerts",
            Command::GetLogs => "get_logs",
            Command::Authenticate(_) => "authenticate",
            Command::Instruct(instruction) => instruction.action(),
            Command::Ping(_) => "ping",
            Command::Pong => "pong",
        }
    }
}

/// A frame that is no command, with the id to answer to where it could be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadCommand {
    /// The id of the frame, where it had a usable one.
    pub id: Option<CommandId>,
    /// Whether it asks for what changes an account, so that its answer has to say that nothing was done.
    pub instructs: bool,
    /// What is wrong with it.
    pub refusal: Refusal,
}

/// What every command has. `type` and `op` are the verb keys of the older systems.
#[derive(Deserialize)]
struct Head<'a> {
    #[serde(borrow, default)]
    action: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "type")]
    kind: Option<&'a RawValue>,
    #[serde(borrow, default)]
    op: Option<&'a RawValue>,
    #[serde(borrow, default)]
    id: Option<&'a RawValue>,
}

/// The one field of what is asked of a market.
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct OneSymbol {
    /// The instrument.
    symbol: Symbol,
}

impl Envelope {
    /// A command with an id.
    pub fn new(id: CommandId, command: Command) -> Envelope {
        Envelope {
            id: Some(id),
            command,
        }
    }

    /// Reads a frame. Whatever is wrong with it is said; unknown fields are ignored where nothing but an answer depends on
    /// them, and refused in instructions that have any fields.
    pub fn decode(text: &str) -> Result<Envelope, BadCommand> {
        let bad = |id: &Option<CommandId>, code, message: String| BadCommand {
            id: id.clone(),
            instructs: false,
            refusal: Refusal::new(code, message),
        };
        if !text.trim_start().starts_with('{') {
            let message = "a command is one JSON object, such as {\"action\":\"get_positions\"}".to_owned();
            return Err(bad(&None, ErrorCode::BadJson, message));
        }
        let head: Head<'_> = serde_json::from_str(text).map_err(|e| {
            let message = format!("the frame is no valid JSON object: {}", json::reason(&e));
            bad(&None, ErrorCode::BadJson, message)
        })?;
        let id = match head.id.map(RawValue::get) {
            None | Some("null") => None,
            Some(raw) => match serde_json::from_str::<CommandId>(raw) {
                Ok(id) => Some(id),
                Err(_) => {
                    let message = "`id` must be a string of 1 to 36 printable characters".to_owned();
                    return Err(bad(&None, ErrorCode::InvalidField, message));
                }
            },
        };
        let verb = head
            .action
            .or(head.kind)
            .or(head.op)
            .and_then(|raw| serde_json::from_str::<Cow<'_, str>>(raw.get()).ok());
        let Some(verb) = verb else {
            let message = "the frame has no `action`; try {\"action\":\"get_positions\"}".to_owned();
            return Err(bad(&id, ErrorCode::UnknownAction, message));
        };
        match decode_command(&verb, text) {
            Ok(command) => Ok(Envelope { id, command }),
            Err(refusal) => {
                let instructs = Instruction::ACTIONS.contains(&verb.as_ref());
                Err(BadCommand {
                    id,
                    instructs,
                    refusal,
                })
            }
        }
    }

    /// Writes the frame that [`Envelope::decode`] reads.
    pub fn encode(&self) -> String {
        let mut fields = json::Object::new();
        fields.put("action", self.command.action());
        if let Some(id) = &self.id {
            fields.put("id", id);
        }
        match &self.command {
            Command::SubscribeTicker(symbol)
            | Command::UnsubscribeTicker(symbol)
            | Command::GetPosition(symbol) => fields.put("symbol", symbol),
            Command::Subscribe(body) => fields.put_all(body),
            Command::Unsubscribe(topics) => fields.put("topics", topics),
            Command::SetRate(body) => fields.put_all(body),
            Command::GetCandles(body) => fields.put_all(body),
            Command::GetOrders(body) => fields.put_all(body),
            Command::GetOrderStatus(body) => fields.put_all(body),
            Command::GetExecutions(body) => fields.put_all(body),
            Command::Authenticate(body) => fields.put_all(body),
            Command::Ping(body) => fields.put_all(body),
            Command::Instruct(instruction) => instruction.put_into(&mut fields),
            Command::GetPositions
            | Command::GetPortfolio
            | Command::GetBalance
            | Command::GetDashboard
            | Command::GetEquity
            | Command::GetPerformance
            | Command::GetRisk
            | Command::GetAlerts
            | Command::GetLogs
            | Command::GetInstruments
            | Command::Pong => {}
        }
        fields.finish()
    }
}

fn decode_command(verb: &str, text: &str) -> Result<Command, Refusal> {
    let symbol = |text| body::<OneSymbol>(text).map(|one| one.symbol);
    let topics = |text| body::<Topics<'_>>(text)?.read();
    Ok(match verb {
        "subscribe_ticker" => Command::SubscribeTicker(symbol(text)?),
        "unsubscribe_ticker" => Command::UnsubscribeTicker(symbol(text)?),
        "subscribe" => Command::Subscribe(topics(text)?),
        "unsubscribe" => Command::Unsubscribe(topics(text)?.topics),
        "set_rate" => Command::SetRate(body::<SetRate>(text)?.check()?),
        "get_positions" => Command::GetPositions,
        "get_portfolio" => Command::GetPortfolio,
        "get_instruments" => Command::GetInstruments,
        "get_candles" => Command::GetCandles(body(text)?),
        "get_balance" => Command::GetBalance,
        "get_dashboard" => Command::GetDashboard,
        "get_equity" => Command::GetEquity,
        "get_performance" => Command::GetPerformance,
        "get_orders" => Command::GetOrders(body(text)?),
        "get_order_status" => {
            let order: OrderRef = body(text)?;
            order.check()?;
            Command::GetOrderStatus(order)
        }
        "get_position" => Command::GetPosition(symbol(text)?),
        "get_executions" => Command::GetExecutions(body(text)?),
        "get_risk" => Command::GetRisk,
        "get_alerts" => Command::GetAlerts,
        "get_logs" => Command::GetLogs,
        "authenticate" => Command::Authenticate(body(text)?),
        "ping" => Command::Ping(body(text)?),
        "pong" => Command::Pong,
        other => match Instruction::read(other, text)? {
            Some(instruction) => Command::Instruct(instruction),
            None => {
                let shown: String = other.chars().take(40).collect();
                let actions = [Command::QUESTIONS, Instruction::ACTIONS].concat().join(", ");
                let message = format!("no action {shown:?}; actions are {actions}");
                return Err(Refusal::new(ErrorCode::UnknownAction, message));
            }
        },
    })
}

fn body<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, Refusal> {
    let mut json = serde_json::Deserializer::from_str(text);
    serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        let reason = json::reason(error.inner());
        // The path of what is wrong with the whole, such as a missing field, is a lone dot.
        let message = if path == "." {
            reason
        } else {
            format!("`{path}`: {reason}")
        };
        Refusal::new(ErrorCode::InvalidField, message)
    })
}
