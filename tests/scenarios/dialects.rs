//! The dialects on the wire: where they are spoken, what bad input gets there, and that the desk's own rules hold.

use anyhow::Result;
use tickwire_tests::desk::Desk;
use tickwire_tests::http::get;
use tickwire_tests::wire::{PATIENCE, Wire};

/// What it takes for a request to be one for a WebSocket.
const UPGRADE: [(&str, &str); 4] = [
    ("upgrade", "websocket"),
    ("sec-websocket-version", "13"),
    ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ("connection", "upgrade"),
];

/// The first frame that a client is told unasked, or after its first word.
fn first(desk: &Desk, path: &str, word: Option<&str>) -> Result<String> {
    let mut wire = Wire::connect_at(desk.address(), path)?;
    if let Some(word) = word {
        wire.send(word)?;
    }
    Ok(wire.wait_for("the first frame", |_| true)?.text)
}

#[test]
fn each_dialect_is_spoken_where_its_server_lived_and_where_it_is_asked_for() -> Result<()> {
    let desk = Desk::start()?;
    let ping = Some(r#"{"op":"ping"}"#);
    let cases = [
        ("/api/ws/realtime", None, r#""type":"CONNECTION_ESTABLISHED""#),
        ("/ws", None, r#""type":"connection_established""#),
        ("/ws?token=x", None, r#""type":"connection_established""#),
        ("/v5/private", ping, r#""op":"pong""#),
        ("/ws?dialect=s0", None, r#""type":"initial_balance""#),
        ("/ws?dialect=s1", None, r#""type":"CONNECTION_ESTABLISHED""#),
        ("/ws?dialect=s2", None, r#""type":"connection_established""#),
        ("/ws?dialect=s3", ping, r#""op":"pong""#),
        ("/api/ws/realtime?dialect=s0", None, r#""type":"initial_balance""#),
        ("/api/ws/realtime?dialect=s3", ping, r#""op":"pong""#),
    ];
    for (path, word, part) in cases {
        let text = first(&desk, path, word)?;
        assert!(text.contains(part), "{path}: {text}");
    }
    let text = first(&desk, "/ws?dialect=s4", None)?;
    assert!(text.contains("_update\",\"data\":"), "{text}");
    Ok(())
}

#[test]
fn a_dialect_that_is_not_there_is_refused_by_a_sentence_that_lists_them() -> Result<()> {
    let desk = Desk::start()?;
    for path in ["/ws?dialect=s9", "/api/ws/realtime?token=secret-9&dialect="] {
        let answer = get(desk.address(), path, &UPGRADE)?;
        assert_eq!(answer.status, 400, "{path}");
        let text = answer.text();
        assert!(text.contains("s0, s1, s2, s3 and s4"), "{text}");
        assert!(!text.contains("secret-9") && !desk.words().contains("secret-9"));
    }
    Ok(())
}

#[test]
fn a_foreign_page_may_not_speak_a_dialect_either() -> Result<()> {
    let desk = Desk::start()?;
    for path in ["/ws", "/v5/private", "/ws?dialect=s4"] {
        let mut headers = UPGRADE.to_vec();
        headers.push(("origin", "http://evil.example"));
        assert_eq!(get(desk.address(), path, &headers)?.status, 403, "{path}");
    }
    Ok(())
}

#[test]
fn bad_input_is_answered_in_the_dialect_and_survived() -> Result<()> {
    let desk = Desk::start()?;
    let long = format!("{{\"type\":\"{}\"}}", "x".repeat(17_000));
    let cases = [
        ("garbage", "BAD_JSON"),
        ("[1]", "BAD_JSON"),
        (r#"{"type":"dance"}"#, "UNKNOWN_ACTION"),
        (r#"{"type":"subscribe","channels":["dance"]}"#, "UNKNOWN_TOPIC"),
        (long.as_str(), "TOO_LARGE"),
    ];
    let mut s2 = Wire::connect_at(desk.address(), "/ws")?;
    let mut s0 = Wire::connect_at(desk.address(), "/ws?dialect=s0")?;
    let mut s4 = Wire::connect_at(desk.address(), "/ws?dialect=s4")?;
    for (text, code) in cases {
        for (wire, pointer) in [
            (&mut s2, "/data/code"),
            (&mut s0, "/code"),
            (&mut s4, "/data/code"),
        ] {
            wire.send(text)?;
            let error = wire.wait_for_kind("error")?;
            assert_eq!(error.json.pointer(pointer), Some(&code.into()), "{}", error.text);
        }
    }
    for wire in [&mut s2, &mut s0, &mut s4] {
        wire.send(r#"{"type":"ping"}"#)?;
        wire.wait_for_kind("pong")?;
    }
    let mut s3 = Wire::connect_at(desk.address(), "/v5/private")?;
    s3.send("{")?;
    let refused = s3.wait_for("a refusal", |frame| frame.json["success"] == false)?;
    assert!(
        refused.json["ret_msg"]
            .as_str()
            .is_some_and(|text| text.starts_with("BAD_JSON: ")),
        "{}",
        refused.text
    );
    s3.send(r#"{"op":"ping","req_id":"p"}"#)?;
    s3.wait_for("a pong", |frame| {
        frame.json["op"] == "pong" && frame.json["req_id"] == "p"
    })?;
    Ok(())
}

#[test]
fn the_desks_own_commands_are_answered_in_its_own_words() -> Result<()> {
    let desk = Desk::start()?;
    let mut wire = Wire::connect_at(desk.address(), "/ws")?;
    wire.acked(
        r#"{"action":"place_order","symbol":"BTCUSDT","side":"buy","order_type":"market","quantity":0.001}"#,
    )?;
    let told = wire.wait_for_kind("position_update")?;
    assert_eq!(told.json["data"]["spot_quantity"], "0.001", "{}", told.text);
    assert_eq!(told.json["data"]["symbol"], "BTC/USDT");
    wire.acked(r#"{"action":"subscribe","topics":["ticker:ETHUSDT"]}"#)?;
    wire.wait_for_kind("MARKET_UPDATE")?;
    wire.ping()
}

#[test]
fn who_names_channels_is_told_of_nothing_else() -> Result<()> {
    let desk = Desk::start()?;
    let mut wire = Wire::connect_at(desk.address(), "/ws?dialect=s0")?;
    wire.wait_for_kind("positions_updated")?;
    wire.send(r#"{"type":"subscribe","channels":["balance"]}"#)?;
    // Commands are carried out in their order: after the answer to this one the choice holds.
    wire.send(r#"{"type":"ping"}"#)?;
    wire.wait_for_kind("pong")?;
    let before = wire.log.len();
    // Positions come every second, the balance every third.
    wire.wait_for_kind("account_balance_updated")?;
    wire.wait_for_kind("account_balance_updated")?;
    let kinds: Vec<&str> = wire.log[before..].iter().map(|frame| frame.kind()).collect();
    assert!(!kinds.contains(&"positions_updated"), "{kinds:?}");
    wire.send(r#"{"type":"subscribe","channels":["positions"]}"#)?;
    wire.wait_for_kind("positions_updated")?;
    Ok(())
}

#[test]
fn a_flood_in_a_dialect_is_told_and_closed_like_any_other() -> Result<()> {
    let desk = Desk::start()?;
    let mut wire = Wire::connect_at(desk.address(), "/ws?dialect=s4")?;
    for _ in 0..1_000 {
        // The last ones may find the connection closed.
        if wire.send(r#"{"type":"ping"}"#).is_err() {
            break;
        }
    }
    let (code, _) = wire.closed(PATIENCE)?;
    assert_eq!(code, 4007);
    let told = wire
        .log
        .iter()
        .find(|frame| frame.kind() == "error")
        .expect("it was told before");
    assert_eq!(told.json["data"]["code"], "RATE_LIMITED");
    Ok(())
}
