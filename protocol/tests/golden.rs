//! PROTOCOL.md is true: each of its JSON blocks is what this crate reads and writes, and nothing that the crate says is
//! missing from it.
#![allow(clippy::unwrap_used, missing_docs)]

use serde_json::value::RawValue;
use std::collections::{BTreeMap, BTreeSet};
use tickwire_protocol::alert::NOTE_LENGTH_MAX;
use tickwire_protocol::command::{Command, Envelope, Instruction, RESUME_WORD};
use tickwire_protocol::error::{CloseReason, ErrorCode};
use tickwire_protocol::limits::Limits;
use tickwire_protocol::message::{Body, Message};
use tickwire_protocol::order::{OrderReason, OrderStatus, OrderType};
use tickwire_protocol::risk::{RiskLimits, RiskStatus};
use tickwire_protocol::topic::Topic;

const DOCUMENT: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../PROTOCOL.md"));

/// JSON whose numbers are kept as they are written.
#[derive(Clone, Debug, PartialEq)]
enum Json {
    Object(BTreeMap<String, Json>),
    Array(Vec<Json>),
    Text(String),
    /// A number, `true`, `false` or `null`, digit by digit.
    Literal(String),
}

impl Json {
    fn read(text: &str) -> Json {
        let text = text.trim();
        match text.as_bytes()[0] {
            b'{' => {
                let fields: BTreeMap<String, Box<RawValue>> = serde_json::from_str(text).expect(text);
                Json::Object(
                    fields
                        .into_iter()
                        .map(|(name, raw)| (name, Json::read(raw.get())))
                        .collect(),
                )
            }
            b'[' => {
                let items: Vec<Box<RawValue>> = serde_json::from_str(text).expect(text);
                Json::Array(items.iter().map(|raw| Json::read(raw.get())).collect())
            }
            b'"' => Json::Text(serde_json::from_str(text).expect(text)),
            _ => Json::Literal(text.to_owned()),
        }
    }

    fn write(&self) -> String {
        match self {
            Json::Object(fields) => {
                let fields = fields
                    .iter()
                    .map(|(name, value)| format!("\"{name}\":{}", value.write()));
                format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
            }
            Json::Array(items) => {
                format!(
                    "[{}]",
                    items.iter().map(Json::write).collect::<Vec<_>>().join(",")
                )
            }
            Json::Text(text) => serde_json::to_string(text).unwrap(),
            Json::Literal(text) => text.clone(),
        }
    }

    fn field(&self, name: &str) -> Option<&Json> {
        match self {
            Json::Object(fields) => fields.get(name),
            _ => None,
        }
    }

    fn text(&self, name: &str) -> &str {
        match self.field(name) {
            Some(Json::Text(text)) => text,
            other => panic!("{name} is {other:?}"),
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Json::Object(_) => "object",
            Json::Array(_) => "array",
            Json::Text(_) => "string",
            Json::Literal(text) => match text.as_str() {
                "true" | "false" => "bool",
                "null" => "null",
                _ => "number",
            },
        }
    }

    /// Puts the values of `over` in the place of this one's, which keeps what `over` lacks.
    fn overlaid(&self, over: &Json) -> Json {
        match (self, over) {
            (Json::Object(ours), Json::Object(theirs)) => {
                let mut all = ours.clone();
                for (name, value) in theirs {
                    let value = ours
                        .get(name)
                        .map_or_else(|| value.clone(), |ours| ours.overlaid(value));
                    all.insert(name.clone(), value);
                }
                Json::Object(all)
            }
            (Json::Array(ours), Json::Array(theirs)) => {
                let pair = |(place, theirs): (usize, &Json)| {
                    ours.get(place)
                        .map_or_else(|| theirs.clone(), |ours| ours.overlaid(theirs))
                };
                Json::Array(theirs.iter().enumerate().map(pair).collect())
            }
            _ => over.clone(),
        }
    }

    /// Every path from the root to a value, with the value's kind.
    fn paths(&self, at: &str, into: &mut BTreeMap<String, &'static str>) {
        into.insert(at.to_owned(), self.kind());
        match self {
            Json::Object(fields) => {
                fields
                    .iter()
                    .for_each(|(name, value)| value.paths(&format!("{at}.{name}"), into));
            }
            Json::Array(items) => items.iter().for_each(|item| item.paths(&format!("{at}[]"), into)),
            _ => {}
        }
    }
}

/// The document's JSON blocks of one kind.
fn blocks(kind: &str) -> Vec<&'static str> {
    let opening = format!("```json {kind}\n");
    let texts: Vec<&str> = DOCUMENT
        .split(&opening)
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap().trim())
        .collect();
    assert!(!texts.is_empty(), "no blocks of kind {kind}");
    texts
}

fn reencoded_command(text: &str) -> Json {
    let envelope = Envelope::decode(text).unwrap_or_else(|bad| panic!("{text}\n{bad:?}"));
    let again = envelope.encode();
    assert_eq!(Envelope::decode(&again).as_ref(), Ok(&envelope), "{text}");
    Json::read(&again)
}

fn reencoded_message(text: &str) -> Json {
    let message = Message::decode(text).unwrap_or_else(|e| panic!("{text}\n{e}"));
    assert!(!matches!(message.body, Body::Unknown(_)), "{text}");
    let again = message.encode();
    assert_eq!(Message::decode(&again).as_ref(), Ok(&message), "{text}");
    Json::read(&again)
}

#[test]
fn commands_of_the_document_are_read_and_written() {
    for text in blocks("command") {
        let (mut shown, written) = (Json::read(text), reencoded_command(text));
        // The one field that is written in another case than it may be read.
        if let Json::Object(fields) = &mut shown
            && let Some(Json::Text(order_type)) = fields.get_mut("order_type")
        {
            *order_type = order_type.to_uppercase();
        }
        assert_eq!(shown, written);
    }
    blocks("older command")
        .into_iter()
        .for_each(|text| drop(reencoded_command(text)));
}

#[test]
fn messages_of_the_document_are_written_digit_by_digit_as_shown() {
    for text in blocks("message") {
        assert_eq!(Json::read(text), reencoded_message(text), "{text}");
    }
}

#[test]
fn what_only_changed_in_the_document_makes_a_whole_message() {
    for text in blocks("partial") {
        let partial = Json::read(text);
        let same = |message: &&str| Json::read(message).field("topic") == partial.field("topic");
        let base = blocks("message").into_iter().find(same).expect(text);
        let whole = tickwire_protocol::partial::whole(base, text).expect(text);
        let Body::PositionUpdate(update) = Message::decode(&whole).unwrap().body else {
            panic!("{whole}")
        };
        assert_eq!(update.positions[0].current_price.to_string(), "43260.00");
        assert_eq!(
            update.positions[0].entry_price.to_string(),
            "43000.00",
            "what did not change stays"
        );
        assert!(update.snapshot);
        let same_again = Message::decode(&whole).unwrap().encode();
        assert_eq!(Json::read(&same_again), Json::read(&whole));
    }
}

#[test]
fn the_missions_frames_are_ours_to_the_letter() {
    let ours: Vec<Json> = blocks("message").into_iter().map(Json::read).collect();
    let mut compared = BTreeSet::new();
    for text in blocks("fixed") {
        let fixed = Json::read(text);
        if fixed.field("action").is_some() {
            assert_eq!(reencoded_command(text), fixed);
            continue;
        }
        let ours = ours
            .iter()
            .find(|ours| {
                let same = |name: &str| ours.field(name) == fixed.field(name);
                same("type") && same("orderType")
            })
            .expect(text);
        let (mut theirs, mut written) = (BTreeMap::new(), BTreeMap::new());
        fixed.paths("", &mut theirs);
        // Every fixed field has a place in ours, of its kind and with its value.
        let merged = ours.overlaid(&fixed);
        let again = reencoded_message(&merged.write());
        assert_eq!(again.overlaid(&fixed), again, "{text}");
        again.paths("", &mut written);
        for (path, kind) in theirs {
            assert_eq!(written.get(&path), Some(&kind), "{path} of {text}");
        }
        compared.insert(fixed.text("type").to_owned());
    }
    let expected = [
        "MARKET_UPDATE",
        "ORDER_UPDATE",
        "PORTFOLIO_UPDATE",
        "POSITION_UPDATE",
    ];
    assert_eq!(compared.iter().map(String::as_str).collect::<Vec<_>>(), expected);
}

/// The questions, and what else changes no account. Fails to compile when one is added, so that its action is added to the
/// list below.
fn is_listed(command: &Command) {
    match command {
        Command::SubscribeTicker(_) | Command::UnsubscribeTicker(_) | Command::Subscribe(_) => {}
        Command::Unsubscribe(_) | Command::GetPositions | Command::GetPortfolio | Command::GetInstruments => {
        }
        Command::GetCandles(_) | Command::GetBalance | Command::GetDashboard | Command::GetEquity => {}
        Command::GetPerformance | Command::GetOrders(_) | Command::GetOrderStatus(_) => {}
        Command::GetPosition(_) | Command::GetExecutions(_) | Command::GetRisk | Command::GetAlerts => {}
        Command::Authenticate(_) | Command::SetRate(_) => {}
        Command::GetLogs | Command::Instruct(_) | Command::Ping(_) | Command::Pong => {}
    }
}

#[test]
fn every_command_is_in_the_document() {
    let shown: BTreeSet<&str> = blocks("command")
        .into_iter()
        .map(|text| {
            let command = Envelope::decode(text).unwrap().command;
            is_listed(&command);
            command.action()
        })
        .collect();
    let questions = "authenticate get_alerts get_balance get_candles get_dashboard get_equity get_executions get_instruments get_logs \
                     get_order_status get_orders get_performance get_portfolio get_position get_positions get_risk ping \
                     pong set_rate subscribe subscribe_ticker unsubscribe unsubscribe_ticker";
    let all: BTreeSet<&str> = questions
        .split_whitespace()
        .chain(Instruction::ACTIONS.iter().copied())
        .collect();
    assert_eq!(shown, all);
    let unknown = Envelope::decode(r#"{"action":"fly"}"#)
        .unwrap_err()
        .refusal
        .message;
    for action in all {
        let text = format!(r#"{{"action":"{action}"}}"#);
        let code = Envelope::decode(&text).err().map(|bad| bad.refusal.code);
        assert_ne!(code, Some(ErrorCode::UnknownAction), "{action}");
        assert!(
            action == "pong" || unknown.contains(action),
            "{action} is not named where it is missed"
        );
    }
}

#[test]
fn every_message_is_in_the_document() {
    let shown: BTreeSet<String> = blocks("message")
        .into_iter()
        .map(|text| Message::decode(text).unwrap().body.kind().to_owned())
        .collect();
    assert_eq!(shown, Body::KINDS.iter().map(|kind| (*kind).to_owned()).collect());
}

/// The word of a value that is written as one.
fn word<T: serde::Serialize>(value: T) -> String {
    serde_json::to_string(&value)
        .unwrap()
        .trim_matches('"')
        .to_owned()
}

#[test]
fn every_order_type_status_reason_and_limit_of_the_guard_is_in_the_document() {
    for order_type in OrderType::ALL {
        let row = format!("| `{}` | ", order_type.as_str());
        let row = DOCUMENT.lines().find(|line| line.starts_with(&row)).expect(&row);
        assert_eq!(row.contains("`price`"), order_type.has_price(), "{row}");
        assert_eq!(row.contains("`trigger_price`"), order_type.has_trigger(), "{row}");
    }
    for status in [
        OrderStatus::New,
        OrderStatus::Triggered,
        OrderStatus::PartiallyFilled,
        OrderStatus::Filled,
        OrderStatus::Cancelled,
        OrderStatus::Rejected,
        OrderStatus::Expired,
    ] {
        assert!(
            DOCUMENT.contains(&format!("| `{}` | ", word(status))),
            "{status:?}"
        );
    }
    for reason in [
        OrderReason::User,
        OrderReason::ImmediateOrCancel,
        OrderReason::FillOrKill,
        OrderReason::TimeRanOut,
        OrderReason::SiblingFilled,
        OrderReason::SiblingCancelled,
        OrderReason::NothingToReduce,
        OrderReason::WouldTake,
        OrderReason::InsufficientBalance,
        OrderReason::RiskPaused,
        OrderReason::HardStop,
        OrderReason::RiskLimit,
        OrderReason::Liquidation,
        OrderReason::Delisted,
    ] {
        // Fails to compile when a reason is added, so that it is added to the list above.
        match reason {
            OrderReason::User | OrderReason::ImmediateOrCancel | OrderReason::FillOrKill => {}
            OrderReason::TimeRanOut | OrderReason::SiblingFilled | OrderReason::SiblingCancelled => {}
            OrderReason::NothingToReduce | OrderReason::WouldTake | OrderReason::InsufficientBalance => {}
            OrderReason::RiskPaused | OrderReason::HardStop | OrderReason::RiskLimit => {}
            OrderReason::Liquidation | OrderReason::Delisted | OrderReason::Other => {}
        }
        assert!(DOCUMENT.contains(&format!("`{}`", word(reason))), "{reason:?}");
    }
    for status in [RiskStatus::Normal, RiskStatus::SoftPause, RiskStatus::HardStop] {
        assert!(
            DOCUMENT.contains(&format!("| `{}` | ", word(status))),
            "{status:?}"
        );
    }
    for name in fields_of(&RiskLimits::default()) {
        assert!(DOCUMENT.contains(&format!("`{name}`")), "{name}");
        // A limit that is not named is refused, whichever it is.
        let named = fields_of(&RiskLimits::default())
            .filter(|other| *other != name)
            .map(|other| format!(",\"{other}\":null"));
        let text = format!(r#"{{"action":"set_risk_limits"{}}}"#, named.collect::<String>());
        let refusal = Envelope::decode(&text).unwrap_err().refusal;
        assert_eq!(refusal.code, ErrorCode::InvalidField);
        assert!(refusal.message.contains(&name), "{}", refusal.message);
    }
    assert!(DOCUMENT.contains(&format!("`\"confirm\": \"{RESUME_WORD}\"`")));
    assert!(DOCUMENT.contains(&format!("{NOTE_LENGTH_MAX} printable characters")));
}

fn fields_of<T: serde::Serialize>(value: &T) -> impl Iterator<Item = String> + use<T> {
    let Json::Object(fields) = Json::read(&serde_json::to_string(value).unwrap()) else {
        panic!("an object");
    };
    fields.into_keys()
}

#[test]
fn every_error_code_close_code_limit_and_topic_is_in_the_document() {
    for code in ErrorCode::ALL {
        assert!(DOCUMENT.contains(&format!("| `{code}` | ")), "{code}");
    }
    let retryable: Vec<String> = ErrorCode::ALL
        .iter()
        .filter(|code| code.is_retryable())
        .map(|code| format!("`{code}`"))
        .collect();
    let (last, others) = retryable.split_last().unwrap();
    let sentence = format!("`retryable` is true for {} and {last}.", others.join(", "));
    assert!(DOCUMENT.contains(&sentence), "{sentence}");
    for reason in [
        CloseReason::GoingAway,
        CloseReason::ServerError,
        CloseReason::WriteStalled,
        CloseReason::HeartbeatTimeout,
        CloseReason::RateLimited,
        CloseReason::TooBig,
        CloseReason::TooManyConnections,
        CloseReason::AuthExpired,
        CloseReason::LoginRequired,
        CloseReason::LoginEnded,
    ] {
        // Fails to compile when a reason is added, so that it is added to the list above.
        match reason {
            CloseReason::GoingAway | CloseReason::ServerError | CloseReason::WriteStalled => {}
            CloseReason::HeartbeatTimeout | CloseReason::RateLimited | CloseReason::TooBig => {}
            CloseReason::TooManyConnections | CloseReason::AuthExpired => {}
            CloseReason::LoginRequired | CloseReason::LoginEnded => {}
        }
        let row = format!("| {} | `{}` | ", reason.code(), reason.as_str());
        assert!(DOCUMENT.contains(&row), "{row}");
    }
    let Json::Object(limits) = Json::read(&serde_json::to_string(&Limits::default()).unwrap()) else {
        panic!("limits are an object");
    };
    for (name, value) in limits {
        assert!(
            DOCUMENT.contains(&format!("| `{name}` | {} | ", value.write())),
            "{name}"
        );
    }
    let topics = DOCUMENT.split("## Topics and their delivery").nth(1).unwrap();
    for topic in Topic::PLAIN {
        let class = serde_json::to_string(&topic.class()).unwrap();
        let row = topics
            .lines()
            .find(|line| line.starts_with(&format!("| `{topic}`")))
            .unwrap_or_default();
        assert!(row.contains(class.trim_matches('"')), "{topic}");
        assert_eq!(
            row.contains("unasked"),
            Topic::UNASKED.contains(&topic),
            "{topic}"
        );
    }
}
