//! Frames that are broken in one place: the schemas refuse what the desk could not read.

use serde_json::{Value, json};
use tickwire_protocol::command::Envelope;
use tickwire_protocol::message::Message;

use crate::Payloads;
use crate::frames::{blocks, name};

/// What is put in the place of a value. No field of any frame can be an object of these fields.
fn wrong() -> [Value; 5] {
    [
        json!({"wrong": true}),
        json!([[]]),
        json!("no such\nvalue"),
        json!(-1.5),
        Value::Null,
    ]
}

/// The frame with each of its values taken away, and with something else in its place.
fn mutants(frame: &Value) -> Vec<Value> {
    let mut places = Vec::new();
    pointers(frame, "", &mut places);
    let mut mutants = Vec::new();
    for place in &places {
        let (parent, name) = place.rsplit_once('/').unwrap();
        // A frame of another kind is no broken one of this kind.
        if parent.is_empty() && matches!(name, "type" | "action") {
            continue;
        }
        let mut without = frame.clone();
        if let Some(Value::Object(fields)) = without.pointer_mut(parent) {
            fields.remove(name);
            mutants.push(without);
        }
        for wrong in wrong() {
            let mut changed = frame.clone();
            *changed.pointer_mut(place).unwrap() = wrong;
            mutants.push(changed);
        }
    }
    mutants
}

fn pointers(value: &Value, at: &str, into: &mut Vec<String>) {
    let below: Vec<(String, &Value)> = match value {
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), value)).collect(),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .map(|(place, item)| (place.to_string(), item))
            .collect(),
        _ => return,
    };
    for (name, value) in below {
        let at = format!("{at}/{name}");
        pointers(value, &at, into);
        into.push(at);
    }
}

#[test]
fn a_message_that_cannot_be_read_is_refused() {
    let mut payloads = Payloads::new();
    let (mut tried, mut unreadable, mut taken) = (0, 0, Vec::new());
    for frame in blocks("message") {
        let schema = payloads.of(name(&frame));
        for mutant in mutants(&frame) {
            tried += 1;
            if Message::decode(&mutant.to_string()).is_err() {
                unreadable += 1;
                if payloads.takes(schema, &mutant).is_ok() {
                    taken.push(mutant.to_string());
                }
            }
        }
    }
    assert!(taken.is_empty(), "taken:\n{}", taken.join("\n"));
    assert!(tried > 3_000 && unreadable * 2 > tried, "{unreadable} of {tried}");
}

#[test]
fn a_message_without_a_field_that_is_always_written_is_refused() {
    let mut payloads = Payloads::new();
    let mut tried = 0;
    for frame in blocks("message") {
        let schema = payloads.of(name(&frame));
        let payload = &crate::DOCUMENT["components"]["messages"][name(&frame)]["payload"];
        for required in payload["required"].as_array().unwrap() {
            let mut without = frame.clone();
            let taken = without
                .as_object_mut()
                .unwrap()
                .remove(required.as_str().unwrap());
            assert!(taken.is_some(), "{required} is not always written: {frame}");
            assert!(payloads.takes(schema, &without).is_err(), "{without}");
            tried += 1;
        }
        // What is not always written is left out, and never written as nothing.
        let required = payload["required"].as_array().unwrap();
        for name in frame.as_object().unwrap().keys() {
            if !required.iter().any(|known| known == name) {
                let mut nothing = frame.clone();
                nothing[name] = Value::Null;
                assert!(payloads.takes(schema, &nothing).is_err(), "{nothing}");
            }
        }
    }
    assert!(tried > 150, "{tried}");
}

#[test]
fn a_command_is_refused_by_the_schema_where_the_desk_refuses_its_form() {
    let mut payloads = Payloads::new();
    let (mut tried, mut refused, mut taken) = (0, 0, Vec::new());
    for frame in blocks("command") {
        let schema = payloads.of(name(&frame));
        for mutant in mutants(&frame) {
            tried += 1;
            if Envelope::decode(&mutant.to_string()).is_err() {
                refused += 1;
                if payloads.takes(schema, &mutant).is_ok() {
                    taken.push(mutant.to_string());
                }
            }
        }
    }
    assert!(taken.is_empty(), "taken:\n{}", taken.join("\n"));
    assert!(tried > 500 && refused * 2 > tried, "{refused} of {tried}");
}

#[test]
fn a_misspelt_field_of_an_instruction_is_refused() {
    let mut payloads = Payloads::new();
    let place = |field: &str| {
        json!({"action": "place_order", "symbol": "BTCUSDT", "side": "buy", "order_type": "limit", "quantity": 0.01,
            "price": "43000.00", field: {"trigger_price": 42000}})
    };
    let schema = payloads.of("place_order");
    assert_eq!(payloads.takes(schema, &place("stop_loss")), Ok(()));
    assert!(payloads.takes(schema, &place("stop_los")).is_err());
    let both = json!({"action": "cancel_order", "order_id": "order-1", "client_order_id": "a"});
    let schema = payloads.of("cancel_order");
    assert!(payloads.takes(schema, &both).is_err());
}
