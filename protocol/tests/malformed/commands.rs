//! Commands of every kind, each with something wrong about it.

use crate::refused;
use tickwire_protocol::command::Envelope;
use tickwire_protocol::error::ErrorCode::InvalidField;

/// A frame with one field set to this JSON; where the JSON is empty, without the field.
fn with(frame: &str, field: &str, json: &str) -> String {
    let object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(frame).unwrap();
    let kept = object
        .iter()
        .filter(|(name, _)| *name != field)
        .map(|(name, value)| format!("\"{name}\":{value}"));
    let changed = (!json.is_empty()).then(|| format!("\"{field}\":{json}"));
    format!("{{{}}}", kept.chain(changed).collect::<Vec<_>>().join(","))
}

const ORDER: &str = r#"{"action":"place_order","symbol":"BTCUSDT","side":"buy","order_type":"limit","quantity":1,"price":10}"#;
pub const OCO: &str = r#"{"action":"place_oco","symbol":"BTCUSDT","side":"sell","quantity":1,"take_profit":{"price":12},"stop_loss":{"trigger_price":8}}"#;
pub const AMEND: &str = r#"{"action":"amend_order","order_id":"order-1","quantity":1}"#;
const CANCEL: &str = r#"{"action":"cancel_order","order_id":"order-1"}"#;
const CANCEL_ALL: &str = r#"{"action":"cancel_all_orders"}"#;
const CLOSE: &str = r#"{"action":"close_position","symbol":"BTCUSDT"}"#;
const REVERSE: &str = r#"{"action":"reverse_position","symbol":"BTCUSDT"}"#;
const FLATTEN: &str = r#"{"action":"flatten_all"}"#;
const LEVERAGE: &str = r#"{"action":"set_leverage","symbol":"BTCUSDT","leverage":2}"#;
const OPEN_CARRY: &str = r#"{"action":"open_carry","symbol":"BTCUSDT","quantity":1}"#;
const CLOSE_CARRY: &str = r#"{"action":"close_carry","position_id":"pos-1"}"#;
pub const LIMITS: &str = r#"{"action":"set_risk_limits","soft_drawdown_pct":5,"hard_drawdown_pct":10,"soft_daily_loss_pct":null,"hard_daily_loss_pct":null,"max_exposure":null,"max_position_value":null,"max_orders_per_minute":60}"#;
const RESUME: &str = r#"{"action":"resume_trading","confirm":"RESUME"}"#;
pub const ALERT: &str = r#"{"action":"create_alert","symbol":"BTCUSDT","condition":"cross_above","price":1}"#;
const CANCEL_ALERT: &str = r#"{"action":"cancel_alert","alert_id":"alert-1"}"#;
const GET_ORDERS: &str = r#"{"action":"get_orders"}"#;
const GET_STATUS: &str = r#"{"action":"get_order_status","order_id":"order-1"}"#;
const GET_POSITION: &str = r#"{"action":"get_position","symbol":"BTCUSDT"}"#;
const GET_EXECUTIONS: &str = r#"{"action":"get_executions"}"#;

#[test]
fn the_frames_that_are_spoilt_below_are_sound() {
    for frame in [
        ORDER,
        OCO,
        AMEND,
        CANCEL,
        CANCEL_ALL,
        CLOSE,
        REVERSE,
        FLATTEN,
        LEVERAGE,
        OPEN_CARRY,
        CLOSE_CARRY,
        LIMITS,
        RESUME,
        ALERT,
        CANCEL_ALERT,
        GET_ORDERS,
        GET_STATUS,
        GET_POSITION,
        GET_EXECUTIONS,
    ] {
        let envelope = Envelope::decode(frame).unwrap_or_else(|bad| panic!("{frame}: {bad:?}"));
        assert_eq!(Envelope::decode(&envelope.encode()), Ok(envelope), "{frame}");
    }
}

/// What is no price, quantity or percentage, as JSON.
const NO_NUMBERS: [&str; 7] = ["true", "[1]", "{\"a\":1}", "\"x\"", "1e99", "\"1_000\"", "\"１\""];

#[test]
fn commands_with_one_field_that_is_wrong() {
    // Each line: a sound frame, a field, and what it is set to; nothing takes the field away.
    let table: &[(&str, &str, &[&str])] = &[
        (
            ORDER,
            "symbol",
            &["", "null", "1", "\"btc\"", "\"\"", "\"BTC\\u0000\"", "\"БТЦ\""],
        ),
        (
            ORDER,
            "side",
            &["", "null", "\"long\"", "\"BuY\"", "0", "[\"buy\"]"],
        ),
        (
            ORDER,
            "order_type",
            // `stop` and `take_profit` are limit orders on some venues and market orders on others.
            &[
                "",
                "null",
                "\"stop\"",
                "\"take_profit\"",
                "\"oco\"",
                "\"bracket\"",
                "\"LiMiT\"",
                "1",
                "{}",
            ],
        ),
        (ORDER, "quantity", &["", "null"]),
        (ORDER, "quantity", &NO_NUMBERS),
        (ORDER, "price", &NO_NUMBERS),
        (ORDER, "trigger_price", &NO_NUMBERS),
        (ORDER, "trail_distance", &NO_NUMBERS),
        (ORDER, "trail_percent", &NO_NUMBERS),
        (ORDER, "activation_price", &NO_NUMBERS),
        (
            ORDER,
            "time_in_force",
            &["null", "\"day\"", "\"Gtc\"", "1", "\"\""],
        ),
        (
            ORDER,
            "expires_at",
            &["\"2025-12-10\"", "1.5", "9223372036854775808", "true"],
        ),
        (ORDER, "post_only", &["null", "1", "\"true\""]),
        (ORDER, "reduce_only", &["null", "1", "\"true\""]),
        (
            ORDER,
            "take_profit",
            &[
                "45000",
                "\"45000\"",
                "{\"price\":true}",
                "{\"price\":1,\"price\":2}",
                "{\"trail_percent\":\"a\"}",
            ],
        ),
        (
            ORDER,
            "stop_loss",
            &["false", "{\"trigger_price\":[]}", "{\"activation_price\":{}}"],
        ),
        (ORDER, "client_order_id", &["\"\"", "1", "\"a\\tb\"", "[]"]),
        (OCO, "take_profit", &["", "null", "{\"price\":\"\"}"]),
        (OCO, "stop_loss", &["", "null", "{\"trail_distance\":\"far\"}"]),
        (OCO, "side", &["", "\"both\""]),
        (OCO, "symbol", &["", "\"BTC USDT\""]),
        (OCO, "quantity", &["", "{}"]),
        (OCO, "time_in_force", &["\"GFD\"", "2"]),
        (
            AMEND,
            "order_id",
            &[
                "",
                "null",
                "1",
                "\"1\"",
                "\"order-\"",
                "\"pos-1\"",
                "\"order--1\"",
                "\"order-99999999999999999999\"",
            ],
        ),
        (AMEND, "client_order_id", &["\"both\""]),
        (AMEND, "quantity", &NO_NUMBERS),
        (AMEND, "price", &["{}", "\"\""]),
        (AMEND, "trigger_price", &["{}", "\"1 \""]),
        // It might be meant to take the exit off, which it does not.
        (AMEND, "take_profit", &["1", "[{}, 1, 2, 3, 4, 5]", "null"]),
        (AMEND, "stop_loss", &["null"]),
        (
            CANCEL,
            "order_id",
            &["", "null", "7", "\"Order-1\"", "\"order-1.0\"", "\"order-١\""],
        ),
        (CANCEL, "client_order_id", &["\"both\"", "\"\""]),
        (CANCEL_ALL, "symbol", &["\"\"", "1", "\"*\"", "[]"]),
        (CLOSE, "symbol", &["", "null", "\"all\""]),
        (CLOSE, "percent", &["\"50%\"", "true", "[50]", "1e30"]),
        (REVERSE, "symbol", &["", "null", "{}"]),
        (REVERSE, "client_order_id", &["0", "\"\\u007f\""]),
        (FLATTEN, "client_order_id", &["\"\"", "{}", "1"]),
        (LEVERAGE, "symbol", &["", "1"]),
        (
            LEVERAGE,
            "leverage",
            &["", "null", "-1", "1.5", "4294967296", "\"5\"", "1e2"],
        ),
        (OPEN_CARRY, "symbol", &["", "\"BTC/USDT\""]),
        (OPEN_CARRY, "quantity", &["", "null", "\"all\""]),
        (
            CLOSE_CARRY,
            "position_id",
            &["", "null", "\"order-1\"", "130", "\"pos-0x1\""],
        ),
        (LIMITS, "soft_drawdown_pct", &["", "\"5%\"", "true"]),
        (LIMITS, "hard_drawdown_pct", &["", "[]"]),
        (LIMITS, "soft_daily_loss_pct", &["", "{}"]),
        (LIMITS, "hard_daily_loss_pct", &["", "\"\""]),
        (LIMITS, "max_exposure", &["", "1e16", "\"inf\""]),
        (LIMITS, "max_position_value", &["", "\"1,000\""]),
        (
            LIMITS,
            "max_orders_per_minute",
            &["", "-1", "0.5", "4294967296", "\"60\""],
        ),
        (RESUME, "confirm", &["", "null", "true", "1", "[\"RESUME\"]"]),
        (ALERT, "symbol", &["", "\"btcusdt\""]),
        (
            ALERT,
            "condition",
            &["", "null", "\"above\"", "\"CROSS_ABOVE\"", "1"],
        ),
        (ALERT, "price", &NO_NUMBERS),
        (ALERT, "percent", &["\"1%\"", "{}"]),
        (ALERT, "note", &["1", "[]", "\"two\\nlines\"", "\"\\u001b[31m\""]),
        (
            CANCEL_ALERT,
            "alert_id",
            &[
                "",
                "null",
                "9",
                "\"9\"",
                "\"alert-\"",
                "\"alert-18446744073709551616\"",
            ],
        ),
        (GET_ORDERS, "symbol", &["\"\"", "\"btc\"", "7"]),
        (GET_ORDERS, "open_only", &["null", "\"yes\"", "1"]),
        (GET_ORDERS, "limit", &["-1", "1.5", "4294967296", "\"5\"", "[]"]),
        (GET_STATUS, "order_id", &["", "null", "\"456\"", "456"]),
        (GET_STATUS, "client_order_id", &["\"both\""]),
        (GET_POSITION, "symbol", &["", "null", "\"pos-1\""]),
        (GET_EXECUTIONS, "symbol", &["[]", "\"ß\""]),
        (GET_EXECUTIONS, "limit", &["-1", "\"all\"", "1e9"]),
    ];
    let mut count = 0;
    for (frame, field, values) in table {
        for value in *values {
            refused(&with(frame, field, value), InvalidField);
            count += 1;
        }
    }
    assert!(count >= 200, "{count} spoilt frames");
}

#[test]
fn commands_with_a_field_that_comes_twice_or_is_too_long() {
    for (frame, field, value) in [
        (ORDER, "price", "10"),
        (ORDER, "symbol", "\"BTCUSDT\""),
        (OCO, "take_profit", "{\"price\":12}"),
        (AMEND, "order_id", "\"order-1\""),
        (CANCEL, "order_id", "\"order-1\""),
        (CLOSE, "percent", "1,\"percent\":1"),
        (LEVERAGE, "leverage", "2"),
        (LIMITS, "max_exposure", "null"),
        (RESUME, "confirm", "\"RESUME\""),
        (ALERT, "price", "1"),
        (GET_ORDERS, "limit", "1,\"limit\":1"),
    ] {
        let twice = frame.replacen('{', &format!("{{\"{field}\":{value},"), 1);
        refused(&twice, InvalidField);
    }
    let long = "x".repeat(15_000);
    for (frame, field) in [
        (ORDER, "client_order_id"),
        (ORDER, "symbol"),
        (ORDER, "order_type"),
        (ORDER, "time_in_force"),
        (ORDER, "price"),
        (CANCEL, "order_id"),
        (CLOSE_CARRY, "position_id"),
        (ALERT, "note"),
        (ALERT, "condition"),
        (CANCEL_ALERT, "alert_id"),
    ] {
        refused(&with(frame, field, &format!("\"{long}\"")), InvalidField);
    }
    let digits = format!("1{}", "0".repeat(14_000));
    for (frame, field) in [
        (ORDER, "quantity"),
        (LEVERAGE, "leverage"),
        (LIMITS, "max_exposure"),
        (CLOSE, "percent"),
    ] {
        refused(&with(frame, field, &digits), InvalidField);
    }
}

#[test]
fn notes_of_alerts_are_bounded() {
    let note = |count: usize| with(ALERT, "note", &format!("\"{}\"", "п".repeat(count)));
    assert!(
        Envelope::decode(&note(200)).is_ok(),
        "characters count, not bytes"
    );
    refused(&note(201), InvalidField);
    assert!(Envelope::decode(&with(ALERT, "note", "null")).is_ok());
}

#[test]
fn what_is_wrong_with_these_is_for_the_engine_to_say() {
    for frame in [
        with(ORDER, "price", "-1"),
        with(ORDER, "price", "0"),
        with(ORDER, "expires_at", "-9223372036854775808"),
        with(ORDER, "take_profit", "{}"),
        with(ORDER, "stop_loss", "null"),
        with(ORDER, "client_order_id", "\"💹\""),
        with(OCO, "stop_loss", "{\"price\":1}"),
        with(LEVERAGE, "leverage", "0"),
        with(LEVERAGE, "leverage", "4294967295"),
        with(CLOSE, "percent", "-50"),
        with(LIMITS, "soft_drawdown_pct", "-5"),
        with(RESUME, "confirm", "\"resume\""),
        with(RESUME, "confirm", &format!("\"{}\"", "x".repeat(10_000))),
        with(ALERT, "percent", "1000"),
        with(AMEND, "quantity", ""),
    ] {
        let envelope = Envelope::decode(&frame).unwrap_or_else(|bad| panic!("{frame:.80}: {bad:?}"));
        assert_eq!(Envelope::decode(&envelope.encode()), Ok(envelope), "{frame:.80}");
    }
}

#[test]
fn instructions_refuse_a_field_that_they_do_not_know_by_its_name() {
    for (frame, field, value, shown) in [
        (ORDER, "takeprofit", "{\"price\":12}", "takeprofit"),
        (ORDER, "stopLoss", "{\"trigger_price\":8}", "stopLoss"),
        (ORDER, "trail_percentage", "1", "trail_percentage"),
        (
            ORDER,
            "take_profit",
            "{\"price\":12,\"triger_price\":1}",
            "take_profit.triger_price",
        ),
        (
            ORDER,
            "stop_loss",
            "{\"triggerPrice\":8}",
            "stop_loss.triggerPrice",
        ),
        (ORDER, "stop_loss", "{\"action\":\"x\"}", "stop_loss.action"),
        (ORDER, "", "1", ""),
        (ORDER, "a\\u0000b", "1", "a\\0b"),
        (OCO, "reduceOnly", "true", "reduceOnly"),
        (OCO, "stop_loss", "{\"trigger\":8}", "stop_loss.trigger"),
        (AMEND, "symbol", "\"BTCUSDT\"", "symbol"),
        (AMEND, "stop_loss", "{\"stop\":8}", "stop_loss.stop"),
        (CANCEL, "symbol", "\"BTCUSDT\"", "symbol"),
        (CANCEL_ALL, "symbl", "\"BTCUSDT\"", "symbl"),
        (CLOSE, "pct", "50", "pct"),
        (REVERSE, "quantity", "1", "quantity"),
        (FLATTEN, "symbol", "\"BTCUSDT\"", "symbol"),
        (LEVERAGE, "margin", "1", "margin"),
        (OPEN_CARRY, "side", "\"buy\"", "side"),
        (CLOSE_CARRY, "percent", "50", "percent"),
        (LIMITS, "max_exposures", "1", "max_exposures"),
        (RESUME, "reason", "\"\"", "reason"),
        (ALERT, "notes", "\"\"", "notes"),
        (CANCEL_ALERT, "symbol", "\"BTCUSDT\"", "symbol"),
    ] {
        let frame = with(frame, field, value);
        refused(&frame, InvalidField);
        let message = Envelope::decode(&frame).unwrap_err().refusal.message;
        let start = format!("unknown field `{shown}`, expected one of `");
        assert!(message.starts_with(&start), "{frame}: {message}");
    }
    let long = with(ORDER, &"x".repeat(10_000), "1");
    refused(&long, InvalidField);
}

#[test]
fn what_changes_nothing_and_what_must_not_fail_may_say_more_than_is_read() {
    for frame in [
        with(GET_ORDERS, "symbl", "\"BTCUSDT\""),
        with(GET_STATUS, "note", "1"),
        r#"{"action":"ping","t0":1,"sent_by":"me"}"#.to_owned(),
        r#"{"action":"subscribe","topics":["positions"],"channel":1}"#.to_owned(),
        r#"{"action":"stop_trading","reason":"panic"}"#.to_owned(),
        r#"{"action":"pause_trading","reason":"lunch"}"#.to_owned(),
        with(ORDER, "id", "\"1\""),
        with(&with(ORDER, "type", "\"place_order\""), "op", "\"place_order\""),
    ] {
        assert!(Envelope::decode(&frame).is_ok(), "{frame}");
    }
}
