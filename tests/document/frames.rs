//! Each frame that PROTOCOL.md prints is what the document says, and nothing that it prints is missing there.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tickwire_protocol::command::Instruction;
use tickwire_protocol::message::Body;

use crate::partials::{kinds, name_of_partial};
use crate::{DOCUMENT, Payloads};

const PROTOCOL: &str = include_str!("../../PROTOCOL.md");

/// The JSON blocks of one kind.
pub fn blocks(kind: &str) -> Vec<Value> {
    let opening = format!("```json {kind}\n");
    let blocks: Vec<Value> = PROTOCOL
        .split(&opening)
        .skip(1)
        .map(|rest| serde_json::from_str(rest.split("```").next().unwrap()).unwrap())
        .collect();
    assert!(!blocks.is_empty(), "no blocks of kind {kind}");
    blocks
}

/// What a frame is called in the document.
pub fn name(frame: &Value) -> &str {
    frame["action"]
        .as_str()
        .filter(|_| frame["type"].is_null())
        .or(frame["type"].as_str())
        .unwrap()
}

#[test]
fn every_frame_of_the_protocol_is_taken_by_the_schema_of_its_kind() {
    let mut payloads = Payloads::new();
    for frame in blocks("command").iter().chain(&blocks("message")) {
        let schema = payloads.of(name(frame));
        if let Err(error) = payloads.takes(schema, frame) {
            panic!("{frame}\n{error}");
        }
    }
}

#[test]
fn a_frame_is_taken_by_the_schema_of_no_other_kind() {
    let mut payloads = Payloads::new();
    let frames = [blocks("command"), blocks("message")].concat();
    let names: BTreeSet<&str> = frames.iter().map(name).collect();
    for frame in &frames {
        for other in names.iter().filter(|other| **other != name(frame)) {
            let schema = payloads.of(other);
            assert!(payloads.takes(schema, frame).is_err(), "{other} takes {frame}");
        }
    }
}

#[test]
fn every_command_and_every_message_is_described() {
    let described: BTreeSet<&str> = DOCUMENT["components"]["messages"]
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    // PROTOCOL.md has every question: its own test says so.
    let commands = blocks("command");
    let partials: Vec<String> = kinds().into_iter().map(name_of_partial).collect();
    let expected: BTreeSet<&str> = commands
        .iter()
        .map(name)
        .chain(Instruction::ACTIONS.iter().copied())
        .chain(Body::KINDS.iter().copied())
        .chain(partials.iter().map(String::as_str))
        .collect();
    let missing: Vec<_> = expected.difference(&described).collect();
    assert!(
        missing.is_empty(),
        "the document has no {missing:?}: a question needs a row in protocol/src/schema/commands.rs"
    );
    let unknown: Vec<_> = described.difference(&expected).collect();
    assert!(unknown.is_empty(), "nobody says {unknown:?}");
    for (name, message) in DOCUMENT["components"]["messages"].as_object().unwrap() {
        let words = message["summary"].as_str().unwrap();
        assert!(words.ends_with(['.', ')']), "{name} has no sentence: {words:?}");
    }
}

#[test]
fn every_command_is_an_operation_with_its_answers() {
    for frame in blocks("command") {
        let action = name(&frame);
        let operation = &DOCUMENT["operations"][action];
        assert_eq!(operation["action"], "receive", "{action}");
        assert_eq!(
            operation["messages"],
            json!([{"$ref": format!("#/channels/realtime/messages/{action}")}])
        );
        let answers = operation["reply"]["messages"].as_array();
        let refused = json!({"$ref": "#/channels/realtime/messages/ERROR"});
        let can_be_refused = answers.is_some_and(|answers| answers.contains(&refused));
        assert_eq!(can_be_refused, action != "pong", "{action}");
    }
}
