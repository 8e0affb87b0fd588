//! The tables of the document: error codes, close codes, and topics with their class.

use crate::error::{CloseReason, ErrorCode, may_reconnect};
use crate::id::Symbol;
use crate::market::Interval;
use crate::topic::Topic;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Value, json};

/// Every error code, what it means, and whether the same command may succeed later.
pub(super) fn error_codes() -> Value {
    let about = meanings::<ErrorCode>();
    ErrorCode::ALL
        .iter()
        .map(|code| {
            let name = code.to_string();
            let meaning = meaning(&about, &name);
            json!({"code": name, "meaning": meaning, "retryable": code.is_retryable()})
        })
        .collect()
}

/// Every close code of the server's own, its reason, what it means, and whether to connect again.
pub(super) fn close_codes() -> Value {
    let about = meanings::<CloseReason>();
    CloseReason::ALL
        .iter()
        .map(|reason| {
            let (code, name) = (reason.code(), reason.as_str());
            let meaning = meaning(&about, name);
            json!({"code": code, "reason": name, "meaning": meaning, "reconnect": may_reconnect(code)})
        })
        .collect()
}

/// Every topic, its class, whether it comes unasked, and the messages of it.
pub(super) fn topics() -> Value {
    let symbol = Symbol::new("SYMBOL").expect("six capital letters are a symbol");
    let of_a_market = [Topic::Ticker(symbol), Topic::Candles(symbol, Interval::M1)];
    of_a_market
        .into_iter()
        .chain(Topic::PLAIN)
        .map(|topic| {
            let name = topic.to_string().replace(Interval::M1.as_str(), "{interval}");
            json!({
                "topic": name.replace("SYMBOL", "{symbol}"),
                "class": topic.class(),
                "unasked": Topic::UNASKED.contains(&topic),
                "messages": messages_of(topic),
            })
        })
        .collect()
}

const fn messages_of(topic: Topic) -> &'static [&'static str] {
    match topic {
        Topic::Ticker(_) => &["MARKET_UPDATE"],
        Topic::Candles(..) => &["CANDLE_UPDATE"],
        Topic::Positions => &["POSITION_UPDATE"],
        Topic::Portfolio => &["PORTFOLIO_UPDATE"],
        Topic::Balance => &["ACCOUNT_BALANCE_UPDATED"],
        Topic::Dashboard => &["DASHBOARD_UPDATE"],
        Topic::Equity => &["EQUITY_UPDATE"],
        Topic::Performance => &["PERFORMANCE_UPDATE"],
        Topic::Status => &["STATUS_UPDATE"],
        Topic::Orders => &["ORDER_UPDATE"],
        Topic::Executions => &["EXECUTION_UPDATE", "FUNDING_UPDATE"],
        Topic::Risk => &["RISK_STATUS_UPDATE"],
        Topic::Alerts => &["ALERT", "ALERT_RULE_UPDATE"],
        Topic::Logs => &["SYSTEM_LOG"],
    }
}

/// The variants of an enum, each with its name and its doc comment.
fn meanings<T: JsonSchema>() -> Value {
    let schema = T::json_schema(&mut SchemaGenerator::default());
    schema.get("oneOf").cloned().unwrap_or_default()
}

fn meaning<'a>(variants: &'a Value, name: &str) -> Option<&'a Value> {
    let variants = variants.as_array()?;
    let variant = variants.iter().find(|variant| variant["const"] == name)?;
    variant.get("description")
}
