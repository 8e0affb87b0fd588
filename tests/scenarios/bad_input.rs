//! Frames that are no commands: told by a stable code, and survived by the connection.

use std::time::Duration;

use anyhow::Result;
use tickwire_tests::desk::Desk;
use tickwire_tests::wire::Wire;
use tokio_tungstenite::tungstenite::protocol::Message;

#[test]
fn every_frame_that_is_no_command_is_told_and_the_connection_lives() -> Result<()> {
    let desk = Desk::start()?;
    let mut wire = Wire::connect(desk.address())?;
    let nested = format!("{}{}", "[".repeat(5_000), "]".repeat(5_000));
    let nested_in_object = format!("{{\"action\":{}1{}}}", "{\"a\":".repeat(2_000), "}".repeat(2_000));
    let huge = format!(
        r#"{{"action":"get_positions","pad":"{}"}}"#,
        "x".repeat(17 * 1024)
    );
    let huger = format!(
        r#"{{"action":"get_positions","pad":"{}"}}"#,
        "x".repeat(250 * 1024)
    );
    let cases: &[(&str, &[&str])] = &[
        ("hello", &["BAD_JSON"]),
        ("", &["BAD_JSON"]),
        ("   ", &["BAD_JSON"]),
        ("null", &["BAD_JSON"]),
        ("42", &["BAD_JSON"]),
        ("\"get_positions\"", &["BAD_JSON"]),
        ("[]", &["BAD_JSON"]),
        (r#"[{"action":"get_positions"}]"#, &["BAD_JSON"]),
        (r#"{"action":"get_positions""#, &["BAD_JSON"]),
        (r#"{"action":"get_positions"} {}"#, &["BAD_JSON"]),
        (r#"{'action':'get_positions'}"#, &["BAD_JSON"]),
        ("{\"action\":\"get_positions\u{0}\"}", &["BAD_JSON"]),
        ("\u{feff}{\"action\":\"get_positions\"}", &["BAD_JSON"]),
        (&nested, &["BAD_JSON"]),
        (&nested_in_object, &["BAD_JSON", "UNKNOWN_ACTION"]),
        (&huge, &["TOO_LARGE"]),
        (&huger, &["TOO_LARGE"]),
        (
            r#"{"action":"get_positions","action":"get_portfolio"}"#,
            &["BAD_JSON"],
        ),
        (r#"{"id":"a","action":"get_positions","id":"b"}"#, &["BAD_JSON"]),
        (
            r#"{"action":"place_order","symbol":"BTCUSDT","side":"buy","order_type":"market","quantity":0.01,"quantity":1}"#,
            &["INVALID_FIELD"],
        ),
        (
            r#"{"action":"subscribe","topics":["orders"],"channels":["orders"]}"#,
            &["INVALID_FIELD"],
        ),
        ("{}", &["UNKNOWN_ACTION"]),
        (r#"{"action":"make_me_rich"}"#, &["UNKNOWN_ACTION"]),
        (r#"{"action":""}"#, &["UNKNOWN_ACTION"]),
        (r#"{"action":null}"#, &["UNKNOWN_ACTION"]),
        (r#"{"action":7}"#, &["UNKNOWN_ACTION"]),
        (r#"{"action":"subscribe_ticker"}"#, &["INVALID_FIELD"]),
        (
            r#"{"action":"subscribe_ticker","symbol":"NOSUCH"}"#,
            &["UNKNOWN_SYMBOL"],
        ),
        (
            r#"{"action":"subscribe_ticker","symbol":"<script>"}"#,
            &["UNKNOWN_SYMBOL", "INVALID_FIELD"],
        ),
        (
            r#"{"action":"unsubscribe_ticker","symbol":"NOSUCH"}"#,
            &["UNKNOWN_SYMBOL"],
        ),
        (
            r#"{"action":"subscribe","topics":["nonsense"]}"#,
            &["UNKNOWN_TOPIC"],
        ),
        (
            r#"{"action":"subscribe","topics":["ticker:NOSUCH"]}"#,
            &["UNKNOWN_SYMBOL"],
        ),
        (
            r#"{"action":"subscribe","topics":["candles:BTCUSDT:7m"]}"#,
            &["INVALID_FIELD", "UNKNOWN_TOPIC"],
        ),
        (r#"{"action":"subscribe","topics":"orders"}"#, &["INVALID_FIELD"]),
        (r#"{"action":"subscribe"}"#, &["INVALID_FIELD"]),
        (
            r#"{"action":"subscribe","topics":["orders"],"resume":[{"topic":"orders","ep":-1,"seq":0}]}"#,
            &["INVALID_FIELD"],
        ),
        (
            r#"{"action":"subscribe","topics":["orders"],"resume":"all"}"#,
            &["INVALID_FIELD"],
        ),
        (r#"{"action":"get_positions","id":5}"#, &["INVALID_FIELD"]),
        (r#"{"action":"get_positions","id":""}"#, &["INVALID_FIELD"]),
        (
            r#"{"action":"get_positions","id":"0123456789012345678901234567890123456"}"#,
            &["INVALID_FIELD"],
        ),
        (r#"{"action":"ping","t0":"now"}"#, &["INVALID_FIELD"]),
    ];
    for (text, codes) in cases {
        let shown: String = text.chars().take(80).collect();
        wire.send(text)?;
        let error = wire.wait_for(&format!("ERROR for {shown:?}"), |frame| frame.kind() == "ERROR")?;
        let code = error.json["code"].as_str().unwrap_or_default();
        assert!(codes.contains(&code), "{shown:?}: {}", error.text);
        assert!(
            error.json["message"]
                .as_str()
                .is_some_and(|words| words.len() > 10),
            "{}",
            error.text
        );
        assert!(
            error.json.get("id").is_some(),
            "`id` is always there, if only null: {}",
            error.text
        );
        assert!(
            error.text.len() < 1_000,
            "an answer does not echo the question: {}",
            error.text.len()
        );
    }
    wire.send_message(Message::binary(vec![0_u8, 159, 146, 150]))?;
    assert_eq!(wire.wait_for_kind("ERROR")?.json["code"], "BAD_FRAME");
    wire.ping()
}

#[test]
fn an_error_carries_the_id_of_the_command_that_it_answers() -> Result<()> {
    let desk = Desk::start()?;
    let mut wire = Wire::connect(desk.address())?;
    for (command, code) in [
        (r#"{"action":"make_me_rich"}"#, "UNKNOWN_ACTION"),
        (r#"{"action":"subscribe","topics":["nonsense"]}"#, "UNKNOWN_TOPIC"),
        (r#"{"action":"place_order","symbol":"BTCUSDT"}"#, "INVALID_FIELD"),
    ] {
        assert_eq!(wire.ask(command)?.json["code"], code);
    }
    Ok(())
}

#[test]
fn every_command_with_an_id_ends_in_one_answer_after_its_data() -> Result<()> {
    let desk = Desk::start()?;
    let mut wire = Wire::connect(desk.address())?;
    let commands = [
        (r#""action":"get_positions""#, &["POSITION_UPDATE", "ACK"][..]),
        (r#""action":"get_portfolio""#, &["PORTFOLIO_UPDATE", "ACK"]),
        (r#""action":"get_instruments""#, &["INSTRUMENTS", "ACK"]),
        (
            r#""action":"get_candles","symbol":"BTCUSDT","interval":"1h""#,
            &["CANDLE_UPDATE", "ACK"],
        ),
        (r#""action":"ping","t0":5"#, &["PONG"]),
        (r#""action":"pong""#, &["ACK"]),
        (
            r#""action":"subscribe","topics":["orders","status"]"#,
            &["SUBSCRIBED", "SUBSCRIBED", "ACK"],
        ),
        (
            r#""action":"unsubscribe","topics":["orders","executions"]"#,
            &["UNSUBSCRIBED", "ACK"],
        ),
        (
            r#""action":"subscribe_ticker","symbol":"BTCUSDT""#,
            &["SUBSCRIBED", "ACK"],
        ),
        (
            r#""action":"unsubscribe_ticker","symbol":"BTCUSDT""#,
            &["UNSUBSCRIBED", "ACK"],
        ),
        (r#""action":"unsubscribe_ticker","symbol":"BTCUSDT""#, &["ACK"]),
        (
            r#""action":"place_order","symbol":"ADAUSDT","side":"buy","order_type":"market","quantity":100"#,
            &["ACK"],
        ),
        (r#""action":"close_position","symbol":"ADAUSDT""#, &["ACK"]),
        (r#""action":"close_position","symbol":"ADAUSDT""#, &["ERROR"]),
        (r#""action":"nonsense""#, &["ERROR"]),
    ];
    // All at once: they are carried out one after the other all the same.
    for (place, (command, _)) in commands.iter().enumerate() {
        wire.send(&format!(r#"{{"id":"n{place}",{command}}}"#))?;
    }
    wire.read_for(Duration::from_millis(1_500))?;
    let mut last = 0;
    for (place, (command, kinds)) in commands.iter().enumerate() {
        let id = format!("n{place}");
        let answers = || {
            wire.log
                .iter()
                .enumerate()
                .filter(|(_, frame)| frame.json["id"] == id.as_str())
        };
        let seen: Vec<&str> = answers().map(|(_, frame)| frame.kind()).collect();
        assert_eq!(seen, *kinds, "{command}");
        let end = answers().map(|(at, _)| at).max().unwrap();
        assert!(end > last, "{command} is answered out of turn");
        last = end;
    }
    Ok(())
}

#[test]
fn a_subscription_that_is_refused_in_part_is_refused_whole() -> Result<()> {
    let desk = Desk::start()?;
    let mut wire = Wire::connect(desk.address())?;
    let answer = wire.ask(r#"{"action":"subscribe","topics":["ticker:BTCUSDT","ticker:NOSUCH"]}"#)?;
    assert_eq!(answer.json["code"], "UNKNOWN_SYMBOL");
    wire.read_for(Duration::from_secs(2))?;
    assert!(
        !wire
            .log
            .iter()
            .any(|frame| matches!(frame.kind(), "SUBSCRIBED" | "MARKET_UPDATE"))
    );
    Ok(())
}
