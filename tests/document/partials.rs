//! The messages that tell only what changed: each state topic has its own, which takes whatever may change of it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use tickwire_protocol::partial::changes;

use crate::frames::{blocks, name};
use crate::{DOCUMENT, Payloads};

/// The fields that are there whether they changed or not.
const ALWAYS: [&str; 6] = ["type", "timestamp", "topic", "ep", "seq", "symbol"];

/// What the form of a message is called that tells only what changed.
pub fn name_of_partial(kind: &str) -> String {
    format!("{kind}_PARTIAL")
}

/// The messages of state topics that are told by what changed, which candles are in any case.
pub fn kinds() -> BTreeSet<&'static str> {
    let topics = DOCUMENT["x-topics"].as_array().unwrap();
    topics
        .iter()
        .filter(|row| row["class"] == "state")
        .flat_map(|row| row["messages"].as_array().unwrap())
        .map(|kind| kind.as_str().unwrap())
        .filter(|kind| *kind != "CANDLE_UPDATE")
        .collect()
}

/// One whole frame of each of them, as PROTOCOL.md prints it.
fn wholes() -> BTreeMap<&'static str, Value> {
    let frames = blocks("message");
    let wholes: BTreeMap<_, _> = kinds()
        .into_iter()
        .filter_map(|kind| {
            let is_whole = |frame: &&Value| name(frame) == kind && frame["topic"].is_string();
            let mut whole = frames.iter().find(is_whole)?.clone();
            whole.as_object_mut().unwrap().remove("id");
            Some((kind, whole))
        })
        .collect();
    assert_eq!(wholes.keys().copied().collect::<BTreeSet<_>>(), kinds());
    wholes
}

/// The same frame with as little in it as can be.
fn emptied(whole: &Value) -> Value {
    let mut empty = whole.clone();
    let fields = empty.as_object_mut().unwrap();
    fields.retain(|name, value| ALWAYS.contains(&name.as_str()) || value.is_object() || value.is_array());
    for value in fields.values_mut() {
        match value {
            Value::Object(fields) => fields.clear(),
            Value::Array(rows) => rows.clear(),
            _ => {}
        }
    }
    empty
}

/// The same frame whose rows have nothing but their names.
fn bare_rows(whole: &Value) -> Value {
    let mut bare = whole.clone();
    let rows = bare.get_mut("positions").and_then(Value::as_array_mut);
    for row in rows.into_iter().flatten() {
        row.as_object_mut().unwrap().retain(|name, _| name == "id");
    }
    bare
}

fn changed(base: &Value, new: &Value) -> Value {
    let text = changes(&base.to_string(), &new.to_string()).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn whatever_may_change_of_a_state_topic_is_taken() {
    let mut payloads = Payloads::new();
    for (kind, whole) in wholes() {
        let schema = payloads.of(&name_of_partial(kind));
        let (empty, bare) = (emptied(&whole), bare_rows(&whole));
        let frames = [
            changed(&whole, &whole),
            changed(&empty, &whole),
            changed(&whole, &empty),
            changed(&bare, &whole),
            changed(&whole, &bare),
        ];
        for frame in frames {
            assert_eq!(frame["partial"], true, "{frame}");
            if let Err(error) = payloads.takes(schema, &frame) {
                panic!("{frame}\n{error}");
            }
        }
    }
    for frame in blocks("partial") {
        let schema = payloads.of(&name_of_partial(name(&frame)));
        assert_eq!(payloads.takes(schema, &frame), Ok(()), "{frame}");
    }
}

#[test]
fn what_is_no_change_is_refused() {
    let mut payloads = Payloads::new();
    let mut tried = 0;
    for (kind, whole) in wholes() {
        let schema = payloads.of(&name_of_partial(kind));
        assert!(payloads.takes(schema, &whole).is_err(), "{kind} told whole");
        // All of it changed, so that each field is there once.
        let frame = changed(&emptied(&whole), &whole);
        let mut places: Vec<String> = Vec::new();
        for (field, value) in frame.as_object().unwrap() {
            places.push(format!("/{field}"));
            let below = value.as_object().or(value[0].as_object());
            let row = if value.is_array() { "/0" } else { "" };
            for name in below.into_iter().flat_map(|below| below.keys()) {
                places.push(format!("/{field}{row}/{name}"));
            }
        }
        for place in places {
            let mut wrong = frame.clone();
            *wrong.pointer_mut(&place).unwrap() = json!({"wrong": [true]});
            // An object of which no known field changed is one, with a field that a newer desk may know.
            if ["/data", "/portfolio"].contains(&place.as_str()) {
                continue;
            }
            assert!(payloads.takes(schema, &wrong).is_err(), "{wrong}");
            tried += 1;
        }
        for field in ALWAYS.iter().chain(&["partial", "since"]) {
            let mut without = frame.clone();
            if without.as_object_mut().unwrap().remove(*field).is_some() {
                assert!(payloads.takes(schema, &without).is_err(), "{without}");
                tried += 1;
            }
        }
    }
    assert!(tried > 100, "{tried}");
}
