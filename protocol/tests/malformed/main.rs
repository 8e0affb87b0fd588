//! Whatever arrives is a value or an error with a stable code: no input brings either end down.
#![allow(clippy::unwrap_used, missing_docs)]

mod commands;

use commands::{ALERT, AMEND, LIMITS, OCO};
use proptest::prelude::*;
use tickwire_protocol::command::{Command, Envelope, Instruction};
use tickwire_protocol::error::ErrorCode::{self, *};
use tickwire_protocol::message::Message;

#[track_caller]
pub(crate) fn refused(text: &str, code: ErrorCode) {
    match Envelope::decode(text) {
        Ok(envelope) => panic!("{text:.80} is taken for {envelope:?}"),
        Err(bad) => {
            assert_eq!(bad.refusal.code, code, "{text:.80}: {}", bad.refusal.message);
            assert!(
                bad.refusal.message.len() > 10,
                "{text:.80} is refused without a sentence"
            );
            assert!(
                bad.refusal.message.len() < 800,
                "{text:.80} is repeated at length"
            );
        }
    }
}

#[test]
fn what_is_no_json_object() {
    let deep = "[".repeat(16_000);
    let deep_objects = r#"{"a":"#.repeat(3_000);
    for text in [
        "",
        " ",
        "\0",
        "x",
        "null",
        "true",
        "42",
        "-1e9",
        "\"get_positions\"",
        "[]",
        "[{\"action\":\"ping\"}]",
        "{",
        "{\"",
        "{\"action\"",
        "{\"action\":",
        "{\"action\":\"get_positions\"",
        "{\"action\":\"get_positions\"}}",
        "{\"action\":\"get_positions\"} {}",
        "{\"action\":\"get_positions\",}",
        "{'action':'get_positions'}",
        "{action:\"get_positions\"}",
        "{\"action\":\"get_positions\" // why\n}",
        "\u{feff}{\"action\":\"get_positions\"}",
        "{\"action\":\"\\ud800\",\"x\":NaN}",
        "{\"action\":\"place_order\",\"quantity\":NaN}",
        "{\"action\":\"place_order\",\"quantity\":Infinity}",
        "{\"action\":\"place_order\",\"quantity\":-Infinity}",
        "{\"action\":\"place_order\",\"quantity\":.5}",
        "{\"action\":\"place_order\",\"quantity\":01}",
        "{\"action\":\"place_order\",\"quantity\":0x10}",
        "{\"action\":\"ping\",\"action\":\"pong\"}",
        "{\"id\":\"1\",\"action\":\"ping\",\"id\":\"2\"}",
        "{\"action\":\"get_\npositions\"}",
        "{\"action\":\"get_\0positions\"}",
        "GET / HTTP/1.1",
        "<xml/>",
        "💥",
        &deep,
        &deep_objects,
    ] {
        refused(text, BadJson);
    }
}

#[test]
fn what_asks_for_nothing_known() {
    for text in [
        "{}",
        r#"{"action":null}"#,
        r#"{"action":1}"#,
        r#"{"action":["ping"]}"#,
        r#"{"action":{}}"#,
        r#"{"action":""}"#,
        r#"{"action":"PING"}"#,
        r#"{"action":" ping"}"#,
        r#"{"action":"ping\u0000"}"#,
        r#"{"action":"drop table"}"#,
        r#"{"Action":"ping"}"#,
        r#"{"method":"ping"}"#,
        r#"{"id":"1"}"#,
        r#"{"action":"💥"}"#,
        r#"{"action":"\ud800"}"#,
    ] {
        refused(text, UnknownAction);
    }
    refused(
        &format!(r#"{{"action":"{}"}}"#, "x".repeat(15_000)),
        UnknownAction,
    );
}

#[test]
fn ids_that_cannot_be_echoed() {
    for id in [
        "1",
        "true",
        "[]",
        "{}",
        "\"\"",
        "\"a\\nb\"",
        "\"\\u0000\"",
        &format!("\"{}\"", "x".repeat(37)),
    ] {
        let text = format!(r#"{{"action":"get_positions","id":{id}}}"#);
        refused(&text, InvalidField);
        assert_eq!(Envelope::decode(&text).unwrap_err().id, None);
    }
    let kept = Envelope::decode(r#"{"action":"fly","id":"7"}"#).unwrap_err();
    assert_eq!(
        kept.id.unwrap().as_str(),
        "7",
        "a refusal goes to the id of what is refused"
    );
}

#[test]
fn fields_that_are_missing_or_wrong() {
    let order = |fields: &str| {
        format!(
            r#"{{"action":"place_order","symbol":"BTCUSDT","side":"buy","order_type":"market",{fields}}}"#
        )
    };
    for quantity in [
        "null",
        "true",
        "[]",
        "{}",
        "\"\"",
        "\"NaN\"",
        "\"Infinity\"",
        "\"-inf\"",
        "\"1,5\"",
        "\"1 \"",
        "\"0x10\"",
        "\"1_000\"",
        "\"١\"",
        "1e400",
        "1e-400",
        "1e999999999999",
        "-1e999999999999",
        "1e16",
        "1e-13",
        "1000000000000001",
        "0.0000000000001",
        "99999999999999999999999999999999999999",
        "\"1e\"",
        "\"e5\"",
        "\"-\"",
        "\".\"",
        "\"+-1\"",
    ] {
        refused(&order(&format!(r#""quantity":{quantity}"#)), InvalidField);
    }
    for text in [
        order(r#""quantities":1"#),
        order(r#""quantity":1,"quantity":2"#),
        order(r#""quantity":1,"reduce_only":"yes""#),
        order(r#""quantity":1,"client_order_id":"""#),
        order(r#""quantity":1,"client_order_id":7"#),
        order(&format!(r#""quantity":1,"client_order_id":"{}""#, "x".repeat(37))),
        order(r#""quantity":1"#).replace("\"buy\"", "\"bUy\""),
        order(r#""quantity":1"#).replace("\"buy\"", "1"),
        order(r#""quantity":1"#).replace("\"market\"", "\"yolo\""),
        order(r#""quantity":1"#).replace("BTCUSDT", "btcusdt"),
        order(r#""quantity":1"#).replace("BTCUSDT", ""),
        order(r#""quantity":1"#).replace("BTCUSDT", "BTC/USDT"),
        order(r#""quantity":1"#).replace("BTCUSDT", "ВТС"),
        order(r#""quantity":1"#).replace("BTCUSDT", &"A".repeat(24)),
        r#"{"action":"subscribe_ticker"}"#.to_owned(),
        r#"{"action":"subscribe_ticker","symbol":null}"#.to_owned(),
        r#"{"action":"subscribe_ticker","symbol":["BTCUSDT"]}"#.to_owned(),
        r#"{"action":"subscribe_ticker","symbol":"btcusdt"}"#.to_owned(),
        r#"{"action":"subscribe"}"#.to_owned(),
        r#"{"action":"subscribe","topics":"orders"}"#.to_owned(),
        r#"{"action":"subscribe","topics":[1]}"#.to_owned(),
        r#"{"action":"subscribe","topics":["orders"],"channels":["risk"]}"#.to_owned(),
        r#"{"action":"subscribe","topics":["candles:BTCUSDT:2m"]}"#.to_owned(),
        r#"{"action":"subscribe","topics":["orders"],"resume":[{"topic":"orders"}]}"#.to_owned(),
        r#"{"action":"subscribe","topics":["orders"],"resume":[{"topic":"orders","ep":-1,"seq":1}]}"#
            .to_owned(),
        r#"{"action":"subscribe","topics":["orders"],"resume":[{"topic":"orders","ep":1,"seq":1.5}]}"#
            .to_owned(),
        r#"{"action":"subscribe","topics":["orders"],"resume":[{"topic":"nothing","ep":1,"seq":1}]}"#
            .to_owned(),
        r#"{"action":"get_candles","symbol":"BTCUSDT"}"#.to_owned(),
        r#"{"action":"get_candles","symbol":"BTCUSDT","interval":"1w"}"#.to_owned(),
        r#"{"action":"get_candles","symbol":"BTCUSDT","interval":"1m","limit":-1}"#.to_owned(),
        r#"{"action":"get_candles","symbol":"BTCUSDT","interval":"1m","before":"2025-12-10"}"#.to_owned(),
        r#"{"action":"close_position"}"#.to_owned(),
        r#"{"action":"close_position","symbol":"BTCUSDT","percent":"half"}"#.to_owned(),
        r#"{"action":"ping","t0":"now"}"#.to_owned(),
        r#"{"action":"ping","t0":1e300}"#.to_owned(),
    ] {
        refused(&text, InvalidField);
    }
}

#[test]
fn topics_that_do_not_exist() {
    for name in [
        "",
        "order",
        "ORDERS",
        "orders ",
        "ticker",
        "ticker:BTCUSDT:1m",
        "candles:BTCUSDT",
        "positions:1",
        "::::",
        "*",
    ] {
        refused(
            &format!(r#"{{"action":"subscribe","topics":["{name}"]}}"#),
            UnknownTopic,
        );
    }
    for name in ["ticker:", "ticker:btcusdt", "candles::1m"] {
        refused(
            &format!(r#"{{"action":"unsubscribe","topics":["{name}"]}}"#),
            UnknownSymbol,
        );
    }
}

#[test]
fn what_looks_odd_and_is_all_right() {
    let deep = format!(
        r#"{{"action":"pong","x":{}{}}}"#,
        "[".repeat(100),
        "]".repeat(100)
    );
    for text in [
        " \t\r\n{\"action\":\"pong\"} \n",
        r#"{"action":"pong","id":null}"#,
        r#"{"id":"💹","action":"pong"}"#,
        r#"{"action":"p\u006fng"}"#,
        r#"{"action":"pong","unknown":{"deep":[1,{"x":null}]}}"#,
        r#"{"action":"subscribe","topics":[]}"#,
        r#"{"action":"subscribe","topics":["orders","orders"]}"#,
        r#"{"op":"subscribe","channels":["trades"]}"#,
        r#"{"action":"ping"}"#,
        r#"{"action":"ping","t0":-9223372036854775808}"#,
        // What is wrong with these is for the engine to say.
        r#"{"action":"place_order","symbol":"BTCUSDT","side":"SELL","order_type":"MARKET","quantity":-1}"#,
        r#"{"action":"place_order","symbol":"BTCUSDT","side":"Buy","order_type":"Market","quantity":"0"}"#,
        r#"{"action":"close_position","symbol":"NOPE","percent":1e3}"#,
        &deep,
    ] {
        let envelope = Envelope::decode(text).unwrap_or_else(|bad| panic!("{text}: {bad:?}"));
        assert_eq!(Envelope::decode(&envelope.encode()), Ok(envelope), "{text}");
    }
}

#[test]
fn nesting_does_not_reach_the_stack() {
    std::thread::Builder::new()
        .stack_size(256 * 1024)
        .spawn(|| {
            for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
                for depth in [127, 128, 5_000, 100_000] {
                    let value = format!("{}1{}", open.repeat(depth), close.repeat(depth));
                    for field in ["action", "id", "x", "topics", "symbol", "quantity"] {
                        let text = format!(r#"{{"action":"subscribe","{field}":{value}}}"#);
                        let _ = Envelope::decode(&text);
                        let _ =
                            Message::decode(&text.replace("\"action\":\"subscribe\"", "\"type\":\"ACK\""));
                    }
                    let _ = Envelope::decode(&value);
                    let _ = Message::decode(&value);
                }
            }
        })
        .unwrap()
        .join()
        .unwrap();
}

fn near_misses() -> impl Strategy<Value = String> {
    let seeds = prop::sample::select(vec![
        r#"{"action":"place_order","id":"1","client_order_id":"a","symbol":"BTCUSDT","side":"buy","order_type":"market","quantity":0.01}"#,
        r#"{"action":"subscribe","id":"1","topics":["orders"],"resume":[{"topic":"orders","ep":7,"seq":4411}]}"#,
        r#"{"type":"POSITION_UPDATE","positions":[{"id":"pos-1","symbol":"B","type":"buy","quantity":0.1,"timestamp":"2025-12-10T09:00:00"}]}"#,
        r#"{"type":"HEARTBEAT","heads":{"orders":[7,4415]},"timestamp":1702210805000}"#,
        r#"{"type":"PONG","t0":1,"t1":2,"t2":3}"#,
        r#"{"type":"ORDERS","orders":[{"id":"order-1","symbol":"B","side":"buy","order_type":"LIMIT","quantity":1,"filled_quantity":0,"reduce_only":false,"status":"NEW","fee":0,"created_at":1,"updated_at":1}],"more":false,"ep":7,"seq":3}"#,
        r#"{"type":"ACK","action":"cancel_order","order_ids":["order-1"],"status":"CANCELLED","reason":"USER","id":"1"}"#,
        OCO,
        AMEND,
        LIMITS,
        ALERT,
    ]);
    (
        seeds,
        prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0u8..3), 1..6),
    )
        .prop_map(|(seed, edits)| {
            let mut bytes = seed.as_bytes().to_vec();
            for (place, byte, how) in edits {
                let at = place.index(bytes.len());
                match how {
                    0 => bytes[at] = byte,
                    1 => bytes.insert(at, byte),
                    _ => drop(bytes.remove(at)),
                }
            }
            String::from_utf8_lossy(&bytes).into_owned()
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_give_a_value_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let text = String::from_utf8_lossy(&bytes);
        let _ = Envelope::decode(&text);
        let _ = Message::decode(&text);
    }

    #[test]
    fn what_nearly_is_a_frame_gives_a_value_that_survives_or_an_error(text in near_misses()) {
        if let Ok(envelope) = Envelope::decode(&text) {
            prop_assert_eq!(Envelope::decode(&envelope.encode()), Ok(envelope));
        }
        if let Ok(message) = Message::decode(&text) {
            let again = Message::decode(&message.encode());
            prop_assert!(again.is_ok());
        }
    }

    #[test]
    fn any_number_in_an_order_is_exact_or_refused(text in "-?[0-9]{1,20}(\\.[0-9]{1,16})?([eE][+-]?[0-9]{1,3})?") {
        let frame = format!(r#"{{"action":"close_position","symbol":"BTCUSDT","percent":"{text}"}}"#);
        if let Ok(Envelope { command: Command::Instruct(Instruction::ClosePosition(close)), .. }) = Envelope::decode(&frame) {
            let percent = close.percent.unwrap();
            let shown = percent.to_string();
            prop_assert_eq!(shown.parse::<tickwire_protocol::money::Ratio>().unwrap(), percent);
        }
    }
}
