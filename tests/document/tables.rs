//! The tables of the document: every error code, close code and topic is in them.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tickwire_protocol::error::{CloseReason, ErrorCode, may_reconnect};
use tickwire_protocol::topic::Topic;

use crate::DOCUMENT;
use crate::frames::blocks;

fn column<'a>(table: &'a Value, name: &str) -> BTreeSet<&'a str> {
    let rows = table.as_array().unwrap();
    rows.iter().filter_map(|row| row[name].as_str()).collect()
}

/// The names of an enum's variants, as its source has them.
fn variants(name: &str) -> BTreeSet<&'static str> {
    column(&DOCUMENT["components"]["schemas"][name]["oneOf"], "const")
}

#[test]
fn every_error_code_is_listed() {
    let table = &DOCUMENT["x-error-codes"];
    let missing: Vec<_> = variants("ErrorCode")
        .difference(&column(table, "code"))
        .copied()
        .collect();
    assert!(missing.is_empty(), "ErrorCode::ALL lacks {missing:?}");
    for code in ErrorCode::ALL {
        let name = code.to_string();
        let row = table.as_array().unwrap().iter().find(|row| row["code"] == name);
        let row = row.unwrap_or_else(|| panic!("{name} is not listed"));
        assert_eq!(row["retryable"], code.is_retryable(), "{name}");
        assert!(row["meaning"].as_str().unwrap().ends_with('.'), "{name}");
    }
}

#[test]
fn every_close_code_is_listed() {
    let table = &DOCUMENT["x-close-codes"];
    let missing: Vec<_> = variants("CloseReason")
        .difference(&column(table, "reason"))
        .copied()
        .collect();
    assert!(missing.is_empty(), "CloseReason::ALL lacks {missing:?}");
    for reason in CloseReason::ALL {
        let row = table
            .as_array()
            .unwrap()
            .iter()
            .find(|row| row["reason"] == reason.as_str());
        let row = row.unwrap_or_else(|| panic!("{reason:?} is not listed"));
        assert_eq!(row["code"], reason.code(), "{reason:?}");
        assert_eq!(row["reconnect"], may_reconnect(reason.code()), "{reason:?}");
        assert!(row["meaning"].as_str().unwrap().ends_with('.'), "{reason:?}");
    }
}

#[test]
fn every_topic_is_listed_with_its_class_and_its_messages() {
    let table = DOCUMENT["x-topics"].as_array().unwrap();
    let row = |name: &str| table.iter().find(|row| row["topic"] == name);
    for topic in Topic::PLAIN {
        let row = row(&topic.to_string()).unwrap_or_else(|| panic!("{topic} is not listed"));
        assert_eq!(row["class"], json!(topic.class()), "{topic}");
        assert_eq!(row["unasked"], Topic::UNASKED.contains(&topic), "{topic}");
    }
    // What PROTOCOL.md shows of a topic is what the topic is said to have.
    let life = ["SUBSCRIBED", "UNSUBSCRIBED", "RESUMED", "RESET"];
    for frame in blocks("message") {
        let (Some(topic), Some(kind)) = (frame["topic"].as_str(), frame["type"].as_str()) else {
            continue;
        };
        let name = match topic.split(':').collect::<Vec<_>>()[..] {
            ["ticker", _] => "ticker:{symbol}",
            ["candles", ..] => "candles:{symbol}:{interval}",
            _ => topic,
        };
        let row = row(name).unwrap_or_else(|| panic!("{topic} is not listed"));
        let said = row["messages"]
            .as_array()
            .unwrap()
            .iter()
            .any(|said| *said == kind);
        assert!(said || life.contains(&kind), "{kind} of {topic}");
    }
}
