//! The frames that the mission fixed, to the letter, as a client of seed S1 sees them: no subprotocol, no hello, no id.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Result;
use serde_json::Value;
use tickwire_tests::desk::Desk;
use tickwire_tests::order::Market;
use tickwire_tests::wire::{Frame, Wire};

/// The three commands of the hand test, byte for byte.
const GET_POSITIONS: &str = r#"{"action": "get_positions"}"#;
const GET_PORTFOLIO: &str = r#"{"action": "get_portfolio"}"#;
const SUBSCRIBE_TICKER: &str = r#"{"action": "subscribe_ticker", "symbol": "BTCUSDT"}"#;

#[track_caller]
fn assert_numbers(frame: &Frame, object: &Value, names: &[&str]) {
    for name in names {
        assert!(object[name].is_number(), "{name} is no number: {}", frame.text);
    }
}

#[track_caller]
fn assert_millis_of_now(frame: &Frame) {
    let at = frame.json["timestamp"].as_i64().expect(&frame.text);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
    let age = i64::try_from(now).unwrap() - at;
    assert!((-1_000..10_000).contains(&age), "{age} ms old: {}", frame.text);
}

/// Whether a text looks like `2025-12-10T09:00:00`.
fn is_iso_second(text: &str) -> bool {
    let shape: String = text
        .chars()
        .map(|c| if c.is_ascii_digit() { '0' } else { c })
        .collect();
    shape == "0000-00-00T00:00:00"
}

#[test]
fn a_connection_is_greeted_before_anything_else_comes() -> Result<()> {
    let desk = Desk::start()?;
    let mut wire = Wire::connect(desk.address())?;
    wire.read_for(Duration::from_millis(1_500))?;
    let first = &wire.log[0];
    assert_eq!(first.kind(), "CONNECTION_ESTABLISHED");
    assert_eq!(first.json["protocol"], 1);
    assert!(
        first.json["session"]
            .as_str()
            .is_some_and(|name| !name.is_empty()),
        "{}",
        first.text
    );
    assert_numbers(first, &first.json, &["epoch", "server_time", "timestamp"]);
    let limits = &first.json["limits"];
    assert_numbers(
        first,
        limits,
        &[
            "commands_per_second",
            "command_burst",
            "topics_max",
            "frame_bytes_max",
            "heartbeat_ms",
            "client_dead_ms",
        ],
    );
    assert_millis_of_now(first);

    let greetings = wire
        .log
        .iter()
        .filter(|frame| frame.kind() == first.kind())
        .count();
    assert_eq!(greetings, 1);
    let mut other = Wire::connect(desk.address())?;
    assert_ne!(
        other.wait_for_kind(first.kind())?.json["session"],
        first.json["session"]
    );
    Ok(())
}

#[test]
fn the_hand_test_of_the_mission_gets_its_three_answers() -> Result<()> {
    let desk = Desk::start()?;
    let mut wire = Wire::connect(desk.address())?;
    wire.wait_for_kind("CONNECTION_ESTABLISHED")?;
    wire.send(GET_POSITIONS)?;
    wire.send(GET_PORTFOLIO)?;
    wire.send(SUBSCRIBE_TICKER)?;

    let ticker = wire.wait_for_kind("MARKET_UPDATE")?;
    assert_eq!(ticker.json["symbol"], "BTCUSDT");
    let numbers = [
        "price",
        "priceChange",
        "priceChangePercent",
        "high",
        "low",
        "volume",
        "timestamp",
    ];
    assert_numbers(&ticker, &ticker.json, &numbers);
    assert_millis_of_now(&ticker);
    let (price, low, high) = (
        ticker.number("/price"),
        ticker.number("/low"),
        ticker.number("/high"),
    );
    assert!(low <= price && price <= high, "{}", ticker.text);

    let positions = wire
        .log
        .iter()
        .find(|frame| frame.kind() == "POSITION_UPDATE")
        .unwrap();
    assert_eq!(positions.json["positions"], serde_json::json!([]));
    assert_millis_of_now(positions);

    let portfolio = wire
        .log
        .iter()
        .find(|frame| frame.kind() == "PORTFOLIO_UPDATE")
        .unwrap();
    let inner = &portfolio.json["portfolio"];
    assert_numbers(
        portfolio,
        inner,
        &["balance", "total_pnl", "positions_count", "realized_pnl"],
    );
    assert_eq!(portfolio.number("/portfolio/balance"), 10_000.into());
    assert_eq!(inner["positions_count"], 0);
    assert_millis_of_now(portfolio);
    assert!(
        wire.log.iter().all(|frame| frame.kind() != "ERROR"),
        "{:?}",
        wire.log
    );
    Ok(())
}

#[test]
fn questions_without_an_id_are_answered_faster_than_the_cadence() -> Result<()> {
    let desk = Desk::start()?;
    let mut wire = Wire::connect(desk.address())?;
    wire.wait_for_kind("PORTFOLIO_UPDATE")?;
    let before = wire.log.len();
    for _ in 0..5 {
        wire.send(GET_POSITIONS)?;
        wire.send(GET_PORTFOLIO)?;
    }
    wire.read_for(Duration::from_millis(1_000))?;
    let count = |kind: &str| {
        wire.log[before..]
            .iter()
            .filter(|frame| frame.kind() == kind)
            .count()
    };
    // Unasked, at most two of the one and one of the other come in this time.
    assert!(count("POSITION_UPDATE") >= 5, "{}", count("POSITION_UPDATE"));
    assert!(count("PORTFOLIO_UPDATE") >= 5, "{}", count("PORTFOLIO_UPDATE"));
    Ok(())
}

#[test]
fn a_position_has_the_nine_fields_of_the_mission() -> Result<()> {
    let desk = Desk::start()?;
    let mut trader = Wire::connect(desk.address())?;
    let market = Market::of(&mut trader, "BTCUSDT")?;
    let quantity = market.worth(1_000);
    trader.acked(&market.order("buy", quantity))?;

    let mut wire = Wire::connect(desk.address())?;
    wire.send(GET_POSITIONS)?;
    let frame = wire.wait_for("a position", |frame| frame.json["positions"][0].is_object())?;
    let position = &frame.json["positions"][0];
    assert!(
        position["id"].as_str().is_some_and(|id| id.starts_with("pos-")),
        "{}",
        frame.text
    );
    assert_eq!(position["symbol"], "BTCUSDT");
    assert_eq!(position["type"], "buy");
    assert_eq!(position["status"], "open");
    assert_numbers(
        &frame,
        position,
        &["quantity", "entry_price", "current_price", "current_pnl"],
    );
    assert_eq!(frame.number("/positions/0/quantity"), quantity);
    let opened = position["timestamp"].as_str().expect("an ISO text");
    assert!(is_iso_second(opened), "{opened}");
    assert_eq!(frame.json["positions"].as_array().unwrap().len(), 1);

    let made = frame.number("/positions/0/current_price") - frame.number("/positions/0/entry_price");
    assert_eq!(
        frame.number("/positions/0/current_pnl"),
        made * quantity,
        "{}",
        frame.text
    );
    Ok(())
}

#[test]
fn a_short_position_is_of_type_sell() -> Result<()> {
    let desk = Desk::start()?;
    let mut wire = Wire::connect(desk.address())?;
    let market = Market::of(&mut wire, "ETHUSDT")?;
    let quantity = market.worth(500);
    wire.acked(&market.order("sell", quantity))?;
    let frame = wire.answer(GET_POSITIONS, "POSITION_UPDATE")?;
    assert_eq!(frame.json["positions"][0]["type"], "sell", "{}", frame.text);
    assert_eq!(frame.number("/positions/0/quantity"), quantity);
    let made = frame.number("/positions/0/entry_price") - frame.number("/positions/0/current_price");
    assert_eq!(
        frame.number("/positions/0/current_pnl"),
        made * quantity,
        "{}",
        frame.text
    );
    Ok(())
}

#[test]
fn unsubscribing_stops_a_ticker_that_was_flowing() -> Result<()> {
    let desk = Desk::start()?;
    let mut wire = Wire::connect(desk.address())?;
    wire.send(SUBSCRIBE_TICKER)?;
    for _ in 0..3 {
        wire.wait_for_kind("MARKET_UPDATE")?;
    }
    wire.send(r#"{"action": "unsubscribe_ticker", "symbol": "BTCUSDT"}"#)?;
    wire.wait_for_kind("UNSUBSCRIBED")?;
    let late = wire.read_for(Duration::from_secs(3))?;
    assert!(
        late.iter().all(|frame| frame.kind() != "MARKET_UPDATE"),
        "{late:?}"
    );
    assert!(
        late.iter().any(|frame| frame.kind() == "POSITION_UPDATE"),
        "the rest flows on"
    );

    wire.send(SUBSCRIBE_TICKER)?;
    wire.wait_for_kind("MARKET_UPDATE")?;
    Ok(())
}

#[test]
fn the_older_systems_words_for_action_and_topics_are_understood() -> Result<()> {
    let desk = Desk::start()?;
    let mut wire = Wire::connect(desk.address())?;
    for command in [
        r#"{"type":"subscribe","channels":["dashboard"]}"#,
        r#"{"op":"subscribe","topics":["status"]}"#,
        r#"{"action":"subscribe","channels":["trades"],"unknown_field":[1]}"#,
    ] {
        wire.acked(command)?;
    }
    let of_topic = |topic: &str| {
        wire.log
            .iter()
            .any(|frame| frame.kind() == "SUBSCRIBED" && frame.topic() == topic)
    };
    assert!(of_topic("dashboard") && of_topic("status") && of_topic("executions"));
    Ok(())
}
