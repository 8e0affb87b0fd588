//! PROTOCOL.md is true: each of its JSON blocks is what this crate reads and writes, and nothing that the crate says is
//! missing from it.
#![allow(clippy::unwrap_used, missing_docs)]

use serde_json::value::RawValue;
use std::collections::{BTreeMap, BTreeSet};
use tickwire_protocol::command::{Command, Envelope};
use tickwire_protocol::error::{CloseReason, ErrorCode};
use tickwire_protocol::limits::Limits;
use tickwire_protocol::message::{Body, Message};
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
fn the_missions_frames_are_ours_to_the_letter() {
    // What only a trailing stop has, which this version does not place.
    let not_yet = [".order.current_stop_price", ".order.peak_price"];
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
            .find(|ours| ours.text("type") == fixed.text("type"))
            .expect(text);
        let (mut theirs, mut written) = (BTreeMap::new(), BTreeMap::new());
        fixed.paths("", &mut theirs);
        let mut merged = ours.overlaid(&fixed);
        if let Json::Object(fields) = &mut merged
            && fields.contains_key("orderType")
        {
            fields.insert("orderType".to_owned(), Json::Text("MARKET".to_owned()));
        }
        reencoded_message(&merged.write()).paths("", &mut written);
        for (path, kind) in theirs {
            if not_yet.contains(&path.as_str()) {
                assert!(DOCUMENT.contains("`current_stop_price` and `peak_price` belong to trailing stops"));
                continue;
            }
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

/// Fails to compile when a command is added, so that its action is added to the list below.
fn is_listed(command: &Command) {
    match command {
        Command::SubscribeTicker(_) | Command::UnsubscribeTicker(_) | Command::Subscribe(_) => {}
        Command::Unsubscribe(_) | Command::GetPositions | Command::GetPortfolio | Command::GetInstruments => {
        }
        Command::GetCandles(_) | Command::PlaceOrder(_) | Command::ClosePosition(_) | Command::Ping(_) => {}
        Command::Pong => {}
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
    let all = "close_position get_candles get_instruments get_portfolio get_positions ping place_order pong subscribe \
               subscribe_ticker unsubscribe unsubscribe_ticker";
    assert_eq!(shown, all.split_whitespace().collect());
    for action in all.split_whitespace() {
        let text = format!(r#"{{"action":"{action}"}}"#);
        let code = Envelope::decode(&text).err().map(|bad| bad.refusal.code);
        assert_ne!(code, Some(ErrorCode::UnknownAction), "{action}");
    }
}

/// Fails to compile when a body is added, so that its type is added to the list below.
fn is_a_listed_body(body: &Body) {
    match body {
        Body::ConnectionEstablished(_) | Body::Ack(_) | Body::Error(_) | Body::Subscribed(_) => {}
        Body::Unsubscribed(_) | Body::Resumed(_) | Body::Reset(_) | Body::Pong(_) | Body::Heartbeat(_) => {}
        Body::GoingAway(_) | Body::Instruments(_) | Body::MarketUpdate(_) | Body::CandleUpdate(_) => {}
        Body::PositionUpdate(_) | Body::PortfolioUpdate(_) | Body::AccountBalanceUpdated(_) => {}
        Body::DashboardUpdate(_) | Body::StatusUpdate(_) | Body::OrderUpdate(_) => {}
        Body::ExecutionUpdate(_) | Body::Unknown(_) => {}
    }
}

#[test]
fn every_message_is_in_the_document() {
    let shown: BTreeSet<String> = blocks("message")
        .into_iter()
        .map(|text| {
            let body = Message::decode(text).unwrap().body;
            is_a_listed_body(&body);
            body.kind().to_owned()
        })
        .collect();
    let all = "CONNECTION_ESTABLISHED ACK ERROR SUBSCRIBED UNSUBSCRIBED RESUMED RESET PONG HEARTBEAT GOING_AWAY INSTRUMENTS \
               MARKET_UPDATE CANDLE_UPDATE POSITION_UPDATE PORTFOLIO_UPDATE ACCOUNT_BALANCE_UPDATED DASHBOARD_UPDATE \
               STATUS_UPDATE ORDER_UPDATE EXECUTION_UPDATE";
    assert_eq!(shown, all.split_whitespace().map(str::to_owned).collect());
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
    ] {
        // Fails to compile when a reason is added, so that it is added to the list above.
        match reason {
            CloseReason::GoingAway | CloseReason::ServerError | CloseReason::WriteStalled => {}
            CloseReason::HeartbeatTimeout | CloseReason::RateLimited | CloseReason::TooBig => {}
            CloseReason::TooManyConnections => {}
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
    for topic in Topic::PLAIN {
        let class = serde_json::to_string(&topic.class()).unwrap();
        let row = DOCUMENT
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
