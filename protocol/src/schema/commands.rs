//! The commands of the document: what the server reads.

use super::payload::{Frame, flat, require};
use super::settings;
use crate::command::{
    Authenticate, GetCandles, GetExecutions, GetOrders, Instruction, OneSymbol, OrderRef, Ping, SetRate,
    Subscribe,
};
use crate::id::CommandId;
use crate::order::Exit;
use crate::topic::Topic;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};

/// What has no answer, whatever comes of it.
const UNANSWERED: &str = "pong";

/// A command that changes no account: its `action`, what it does, the schema of its fields, and what answers it before
/// its `ACK`.
type Question = (
    &'static str,
    &'static str,
    Option<Schema>,
    &'static [&'static str],
);

/// All commands, and the schemas that they refer to.
pub(super) fn all() -> (Vec<Frame>, Map<String, Value>) {
    let mut generator = settings().for_deserialize().into_generator();
    let mut frames: Vec<Frame> = questions(&mut generator)
        .into_iter()
        .map(|(action, about, body, answers)| {
            let answers = [answers, &["ACK", "ERROR"][..]].concat();
            frame(&mut generator, action, about, body, answers)
        })
        .collect();
    for (action, about, body) in Instruction::schemas(&mut generator) {
        let has_fields = body.is_some();
        let mut frame = frame(&mut generator, action, about, body, vec!["ACK", "ERROR"]);
        if has_fields {
            // A misspelt field of what changes an account is refused, not ignored.
            frame.payload["additionalProperties"] = json!(false);
        }
        if action == "set_risk_limits" {
            let names: Vec<String> = frame.payload["properties"]
                .as_object()
                .map(|fields| fields.keys().filter(|name| *name != "id").cloned().collect())
                .unwrap_or_default();
            require(&mut frame.payload, names);
        }
        frames.push(frame);
    }
    let mut schemas = generator.take_definitions(true);
    if let Some(exit) = schemas.get_mut(&*Exit::schema_name()) {
        exit["additionalProperties"] = json!(false);
    }
    (frames, schemas)
}

fn frame(
    generator: &mut SchemaGenerator,
    action: &'static str,
    about: &'static str,
    body: Option<Schema>,
    answers: Vec<&'static str>,
) -> Frame {
    let id = generator.subschema_for::<CommandId>();
    let head = json_schema!({"properties": {"id": id}});
    let parts = [head].into_iter().chain(body).collect();
    Frame {
        name: action,
        about: about.to_owned(),
        payload: flat("action", action, parts),
        answers: if action == UNANSWERED { Vec::new() } else { answers },
    }
}

fn questions(generator: &mut SchemaGenerator) -> Vec<Question> {
    let symbol = OneSymbol::json_schema(generator);
    let subscribe = Subscribe::json_schema(generator);
    let topics = generator.subschema_for::<Vec<Topic>>();
    let topics = json_schema!({"properties": {"topics": topics}, "required": ["topics"]});
    let candles = GetCandles::json_schema(generator);
    let orders = GetOrders::json_schema(generator);
    let order = OrderRef::json_schema(generator);
    let executions = GetExecutions::json_schema(generator);
    let ping = Ping::json_schema(generator);
    let authenticate = Authenticate::json_schema(generator);
    let set_rate = SetRate::json_schema(generator);
    vec![
        (
            "subscribe_ticker",
            "Send a market's ticker from now on.",
            Some(symbol.clone()),
            &["SUBSCRIBED"],
        ),
        (
            "unsubscribe_ticker",
            "Stop sending it.",
            Some(symbol.clone()),
            &["UNSUBSCRIBED"],
        ),
        (
            "subscribe",
            "Send these topics from now on; lossless ones from a place that was reached before.",
            Some(subscribe),
            &["SUBSCRIBED", "RESUMED", "RESET"],
        ),
        (
            "unsubscribe",
            "Stop sending them.",
            Some(topics),
            &["UNSUBSCRIBED"],
        ),
        (
            "get_positions",
            "Send the positions once.",
            None,
            &["POSITION_UPDATE"],
        ),
        (
            "get_portfolio",
            "Send the portfolio once.",
            None,
            &["PORTFOLIO_UPDATE"],
        ),
        (
            "get_instruments",
            "Send the instruments and their rules once.",
            None,
            &["INSTRUMENTS"],
        ),
        (
            "get_candles",
            "Send candles once: at most `limit` of them, before `before`.",
            Some(candles),
            &["CANDLE_UPDATE"],
        ),
        (
            "get_balance",
            "Send the balance once.",
            None,
            &["ACCOUNT_BALANCE_UPDATED"],
        ),
        (
            "get_dashboard",
            "Send the dashboard once.",
            None,
            &["DASHBOARD_UPDATE"],
        ),
        ("get_equity", "Send the equity once.", None, &["EQUITY_UPDATE"]),
        (
            "get_performance",
            "Send the performance once.",
            None,
            &["PERFORMANCE_UPDATE"],
        ),
        ("get_orders", "Send orders once.", Some(orders), &["ORDERS"]),
        (
            "get_order_status",
            "Send one order once, as an `ORDER_UPDATE` without a topic.",
            Some(order),
            &["ORDER_UPDATE"],
        ),
        (
            "get_position",
            "Send the position in one instrument once, the last one where none is open.",
            Some(symbol),
            &["POSITION_UPDATE"],
        ),
        (
            "get_executions",
            "Send executions once, the newest first.",
            Some(executions),
            &["EXECUTIONS"],
        ),
        (
            "get_risk",
            "Send where the risk guard stands once.",
            None,
            &["RISK_STATUS_UPDATE"],
        ),
        (
            "get_alerts",
            "Send price alerts and what the desk said once.",
            None,
            &["ALERTS"],
        ),
        (
            "get_logs",
            "Send the newest lines of the log once.",
            None,
            &["LOGS"],
        ),
        (
            "authenticate",
            "Show who is at the other end, at the start or before a login ends.",
            Some(authenticate),
            &["AUTH_OK"],
        ),
        ("ping", "Answer with a PONG.", Some(ping), &["PONG"]),
        (
            "set_rate",
            "Send all state topics of the connection no more often than this.",
            Some(set_rate),
            &[],
        ),
        (UNANSWERED, "A sign of life; nothing comes of it.", None, &[]),
    ]
}
