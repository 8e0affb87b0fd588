//! The protocol as an AsyncAPI 3 document, generated from the types that read and write the frames.
//!
//! - `messages`, `commands`: what the server writes and what it reads; each message and each instruction comes from its
//!   macro, each question from a table
//! - `partials`: the messages that tell only what changed, made from those that tell it whole
//! - `payload`, `scalars`, `prose`: the schema of a whole frame, of what is one number or text, and the words
//! - `tables`: error codes, close codes, topics
//!
//! `cargo xtask asyncapi` writes it to `protocol/asyncapi.json`, which is [`crate::ASYNCAPI`]; a test fails where that
//! file is out of date.

mod commands;
mod messages;
mod partials;
mod payload;
mod prose;
mod scalars;
mod tables;

pub use scalars::IsoTime;
pub(crate) use scalars::{PRINTABLE, named_by_one_id, order_type_of_a_command};

use crate::error::CloseReason;
use crate::{PROTOCOL_VERSION, REALTIME_PATH, SUBPROTOCOL_JSON};
use payload::Frame;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// Where schemas are in the document.
const SCHEMAS: &str = "#/components/schemas/";

/// The place of a command's or an answer's id, which joins the two.
const CORRELATION: &str = "command_id";

/// The document.
pub fn asyncapi() -> Value {
    let (sent, mut schemas) = messages::all();
    let (mut read, of_commands) = commands::all();
    add_schemas_of_commands(&mut schemas, of_commands, &mut read);
    let close_reason = CloseReason::json_schema(&mut SchemaGenerator::default());
    schemas.insert("CloseReason".to_owned(), close_reason.into());
    let mut document = json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Tickwire",
            "version": PROTOCOL_VERSION.to_string(),
            "description": "A real-time trading desk: one WebSocket, JSON text frames, one object a frame. What the frames \
                mean, and how topics are delivered, is in PROTOCOL.md.",
            "license": {"name": "MIT OR Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {
            "desk": {
                "host": "127.0.0.1:8000",
                "protocol": "ws",
                "description": "A desk on this machine, as `cargo xtask run` starts it.",
            },
            "remote": {
                "host": "{host}",
                "protocol": "wss",
                "description": "A desk elsewhere, behind TLS.",
                "variables": {"host": {"description": "Its name, and its port where that is not 443."}},
            },
        },
        "channels": {"realtime": channel(&sent, &read)},
        "operations": operations(&sent, &read),
        "components": {
            "messages": described(sent.iter().chain(&read)),
            "schemas": schemas,
            "correlationIds": {
                CORRELATION: {
                    "description": "A command's `id` is echoed by what answers it.",
                    "location": "$message.payload#/id",
                },
            },
        },
        "x-topics": tables::topics(),
        "x-error-codes": tables::error_codes(),
        "x-close-codes": tables::close_codes(),
    });
    prose::tidy(&mut document);
    document
}

fn settings() -> SchemaSettings {
    SchemaSettings::draft07().with(|settings| settings.definitions_path = "/components/schemas".into())
}

/// What both sides have under one name and read otherwise than it is written gets a name of its own for commands.
fn add_schemas_of_commands(
    schemas: &mut Map<String, Value>,
    of_commands: Map<String, Value>,
    read: &mut [Frame],
) {
    let mut other: BTreeSet<String> = of_commands
        .iter()
        .filter(|(name, schema)| schemas.get(*name).is_some_and(|written| written != *schema))
        .map(|(name, _)| name.clone())
        .collect();
    // What refers to such a one is another too.
    loop {
        let more: Vec<String> = of_commands
            .iter()
            .filter(|(name, schema)| {
                schemas.contains_key(*name) && !other.contains(*name) && refers_to(schema, &other)
            })
            .map(|(name, _)| name.clone())
            .collect();
        if more.is_empty() {
            break;
        }
        other.extend(more);
    }
    for (name, mut schema) in of_commands {
        rename(&mut schema, &other);
        let name = if other.contains(&name) { input(&name) } else { name };
        schemas.insert(name, schema);
    }
    read.iter_mut()
        .for_each(|frame| rename(&mut frame.payload, &other));
}

fn input(name: &str) -> String {
    format!("{name}Input")
}

fn refers_to(value: &Value, names: &BTreeSet<String>) -> bool {
    match value {
        Value::Object(fields) => fields.iter().any(|(field, value)| {
            let named = value.as_str().and_then(|text| text.strip_prefix(SCHEMAS));
            field == "$ref" && named.is_some_and(|name| names.contains(name)) || refers_to(value, names)
        }),
        Value::Array(items) => items.iter().any(|item| refers_to(item, names)),
        _ => false,
    }
}

fn rename(value: &mut Value, names: &BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for value in fields.values_mut() {
                let named = value.as_str().and_then(|text| text.strip_prefix(SCHEMAS));
                match named.filter(|name| names.contains(*name)).map(input) {
                    Some(name) => *value = Value::String(format!("{SCHEMAS}{name}")),
                    None => rename(value, names),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| rename(item, names)),
        _ => {}
    }
}

fn described<'a>(frames: impl Iterator<Item = &'a Frame>) -> Map<String, Value> {
    frames
        .map(|frame| {
            let mut message = json!({"name": frame.name, "summary": frame.about, "payload": frame.payload});
            if frame.payload["properties"].get("id").is_some() {
                message["correlationId"] =
                    json!({"$ref": format!("#/components/correlationIds/{CORRELATION}")});
            }
            (frame.name.to_owned(), message)
        })
        .collect()
}

fn channel(sent: &[Frame], read: &[Frame]) -> Value {
    let messages: Map<String, Value> = sent
        .iter()
        .chain(read)
        .map(|frame| {
            let message = json!({"$ref": format!("#/components/messages/{}", frame.name)});
            (frame.name.to_owned(), message)
        })
        .collect();
    json!({
        "address": REALTIME_PATH,
        "title": "The one connection",
        "description": "The server greets with CONNECTION_ESTABLISHED; positions, portfolio and balance flow unasked from \
            then on. `x-close-codes` says when to connect again.",
        "messages": messages,
        "bindings": {
            "ws": {
                "method": "GET",
                "headers": {
                    "type": "object",
                    "properties": {"Sec-WebSocket-Protocol": {"const": SUBPROTOCOL_JSON}},
                },
                "bindingVersion": "0.1.0",
            },
        },
    })
}

/// What the server does: it sends messages, and receives each command, most of which it answers.
fn operations(sent: &[Frame], read: &[Frame]) -> Map<String, Value> {
    let channel = json!({"$ref": "#/channels/realtime"});
    let of_channel = |name: &str| json!({"$ref": format!("#/channels/realtime/messages/{name}")});
    let mut operations = Map::new();
    let all: Vec<Value> = sent.iter().map(|frame| of_channel(frame.name)).collect();
    operations.insert(
        "stream".to_owned(),
        json!({
            "action": "send",
            "channel": channel,
            "summary": "Greeting, answers, and the messages of the topics that the connection has.",
            "messages": all,
        }),
    );
    for frame in read {
        let mut operation = json!({
            "action": "receive",
            "channel": channel,
            "summary": frame.about,
            "messages": [of_channel(frame.name)],
        });
        if !frame.answers.is_empty() {
            let answers: Vec<Value> = frame.answers.iter().map(|name| of_channel(name)).collect();
            operation["reply"] = json!({"channel": channel, "messages": answers});
        }
        operations.insert(frame.name.to_owned(), operation);
    }
    operations
}
