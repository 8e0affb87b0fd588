//! The messages that tell only what changed of a state topic, for who asked for `partial`: those that tell it whole, without
//! what did not change, and with `null` for what is gone.

use super::SCHEMAS;
use super::payload::Frame;
use crate::partial::{HEAD, OBJECTS, PARTIAL, REMOVED, ROW, ROWS, SINCE};
use serde_json::{Map, Value, json};

/// The messages that have such a form, and what it is called.
const NAMES: [(&str, &str); 8] = [
    ("ACCOUNT_BALANCE_UPDATED", "ACCOUNT_BALANCE_UPDATED_PARTIAL"),
    ("DASHBOARD_UPDATE", "DASHBOARD_UPDATE_PARTIAL"),
    ("EQUITY_UPDATE", "EQUITY_UPDATE_PARTIAL"),
    ("MARKET_UPDATE", "MARKET_UPDATE_PARTIAL"),
    ("PERFORMANCE_UPDATE", "PERFORMANCE_UPDATE_PARTIAL"),
    ("PORTFOLIO_UPDATE", "PORTFOLIO_UPDATE_PARTIAL"),
    ("POSITION_UPDATE", "POSITION_UPDATE_PARTIAL"),
    ("STATUS_UPDATE", "STATUS_UPDATE_PARTIAL"),
];

/// The form of each of these messages that has one.
pub(super) fn all(wholes: &[Frame], schemas: &Map<String, Value>) -> Vec<Frame> {
    let named = |whole: &Frame| {
        let (_, name) = *NAMES.iter().find(|(kind, _)| *kind == whole.name)?;
        Some(Frame {
            name,
            about: format!(
                "{} Only what changed, for who asked for `partial`.",
                whole.about.trim_end()
            ),
            payload: payload(&whole.payload, schemas),
            answers: Vec::new(),
        })
    };
    wholes.iter().filter_map(named).collect()
}

fn payload(whole: &Value, schemas: &Map<String, Value>) -> Value {
    let mut properties = Map::new();
    let mut required = vec![json!("type"), json!(PARTIAL), json!(SINCE)];
    properties.insert(PARTIAL.to_owned(), json!({"const": true}));
    let since =
        json!({"type": "integer", "minimum": 0, "description": "`seq` of the frame that it changes."});
    properties.insert(SINCE.to_owned(), since);
    for (name, schema) in fields(whole) {
        let changed = match name.as_str() {
            // It answers nothing.
            "id" => continue,
            "type" => schema.clone(),
            field if HEAD.contains(&field) => {
                required.push(json!(field));
                schema.clone()
            }
            field if OBJECTS.contains(&field) => {
                json!({"type": "object", "properties": changeable(resolved(schema, schemas))})
            }
            ROWS => {
                let row = resolved(&schema["items"], schemas);
                let mut changed = changeable(row);
                // What names a row is in each.
                let name = row["properties"][ROW].clone();
                changed.insert(ROW.to_owned(), name.clone());
                let gone = json!({"type": "array", "items": name, "description": "Rows that are gone."});
                properties.insert(REMOVED.to_owned(), gone);
                json!({
                    "type": "array",
                    "items": {"type": "object", "properties": changed, "required": [ROW]},
                    "description": "Rows that changed, and new ones, which are whole.",
                })
            }
            _ => or_null(schema),
        };
        properties.insert(name.clone(), changed);
    }
    json!({"type": "object", "properties": properties, "required": required})
}

fn fields(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    schema["properties"].as_object().into_iter().flatten()
}

/// The fields of an object, each as it is or `null`. What they are is said where it is told whole.
fn changeable(object: &Value) -> Map<String, Value> {
    fields(object)
        .map(|(name, schema)| (name.clone(), or_null(schema)))
        .collect()
}

fn or_null(schema: &Value) -> Value {
    let mut schema = schema.clone();
    if let Some(fields) = schema.as_object_mut() {
        fields.remove("description");
    }
    json!({"anyOf": [schema, {"type": "null"}]})
}

/// What a schema refers to; itself where it refers to nothing.
fn resolved<'a>(schema: &'a Value, schemas: &'a Map<String, Value>) -> &'a Value {
    let place = schema.get("$ref").or_else(|| schema.pointer("/allOf/0/$ref"));
    let name = place
        .and_then(Value::as_str)
        .and_then(|place| place.strip_prefix(SCHEMAS));
    name.and_then(|name| schemas.get(name)).unwrap_or(schema)
}
