//! The server's log on the page: from INFO up, in order, bounded, and never about itself.

use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::json;
use tickwire_tests::desk::{Desk, Setup};
use tickwire_tests::order::Market;
use tickwire_tests::wire::{Frame, Wire};

const GET_LOGS: &str = r#"{"action":"get_logs"}"#;

fn lines(wire: &Wire) -> Vec<Frame> {
    let lines = wire.log.iter().filter(|frame| frame.kind() == "SYSTEM_LOG");
    lines.cloned().collect()
}

fn message(line: &Frame) -> &str {
    line.json["data"]["message"].as_str().unwrap_or_default()
}

fn resume(wire: &mut Wire, ep: &serde_json::Value, seq: u64) -> Result<Frame> {
    let place = json!([{"topic": "logs", "ep": ep, "seq": seq}]);
    wire.acked(&json!({"action": "subscribe", "topics": ["logs"], "resume": place}).to_string())
}

#[test]
fn the_log_is_told_from_the_start_and_goes_on_from_there() -> Result<()> {
    let desk = Desk::start()?;
    let mut wire = Wire::connect(desk.address())?;
    wire.ping()?;
    let told = wire.answer(GET_LOGS, "LOGS")?;
    let rows = told.json["lines"].as_array().context("a list of lines")?;
    let starting = rows
        .iter()
        .find(|row| {
            row["message"]
                .as_str()
                .is_some_and(|text| text.starts_with("starting"))
        })
        .context("the start is in the log")?;
    assert_eq!(starting["level"], "INFO");
    assert_eq!(starting["module"], "server");
    assert!(starting["timestamp"].is_string());
    assert_eq!(
        told.seq(),
        u64::try_from(rows.len())?,
        "the newest first, and all of them"
    );

    resume(&mut wire, &told.json["ep"], told.seq())?;
    let stranger = Wire::connect(desk.address())?;
    let line = wire.wait_for("a line about the stranger", |frame| {
        frame.kind() == "SYSTEM_LOG" && message(frame).starts_with("connected session=")
    })?;
    assert_eq!(line.topic(), "logs");
    stranger.cut();
    wire.wait_for("the stranger's end", |frame| {
        message(frame).starts_with("disconnected")
    })?;
    let places: Vec<u64> = lines(&wire).iter().map(Frame::seq).collect();
    let expected: Vec<u64> = (told.seq() + 1..).take(places.len()).collect();
    assert_eq!(places, expected, "no line is missing and none comes twice");
    Ok(())
}

#[test]
fn the_log_of_another_life_is_told_to_be_another() -> Result<()> {
    let mut desk = Desk::start()?;
    let before = Wire::connect(desk.address())?.answer(GET_LOGS, "LOGS")?;
    desk.kill_and_restart()?;
    let mut wire = Wire::connect(desk.address())?;
    resume(&mut wire, &before.json["ep"], before.seq())?;
    let frames = &wire.log;
    let reset = frames
        .iter()
        .find(|frame| frame.kind() == "RESET")
        .context("RESET came")?;
    assert_eq!((&reset.json["reason"], reset.topic()), (&"EPOCH".into(), "logs"));
    let snapshot = frames
        .iter()
        .find(|frame| frame.kind() == "LOGS")
        .context("LOGS came")?;
    assert_eq!(snapshot.json["ep"], reset.json["ep"]);
    assert_ne!(snapshot.json["ep"], before.json["ep"]);
    Ok(())
}

#[test]
fn finer_lines_stay_in_the_server_and_no_line_leads_to_another() -> Result<()> {
    let desk = Setup::new().variable("TICKWIRE_LOG", "trace").start()?;
    let mut wire = Wire::connect(desk.address())?;
    wire.subscribe(&["logs", "ticker:BTCUSDT", "orders"])?;
    let market = Market::of(&mut wire, "BTCUSDT")?;
    for _ in 0..5 {
        wire.acked(&market.order("buy", market.worth(20)))?;
    }
    // What cannot be read is written down at DEBUG.
    wire.send("no command")?;
    wire.read_for(Duration::from_secs(3))?;
    let told = lines(&wire);
    for line in &told {
        let level = line.json["data"]["level"].as_str().unwrap_or_default();
        assert!(
            ["INFO", "WARNING", "ERROR", "CRITICAL"].contains(&level),
            "{}",
            line.text
        );
    }
    assert!(told.len() < 10, "{} lines in three quiet seconds", told.len());
    Ok(())
}

#[test]
fn a_crowd_that_comes_and_goes_does_not_fill_the_log() -> Result<()> {
    let desk = Desk::start()?;
    let mut wire = Wire::connect(desk.address())?;
    wire.subscribe(&["logs"])?;
    let crowd: Vec<Wire> = (0..250)
        .map(|_| Wire::connect(desk.address()))
        .collect::<Result<_>>()?;
    crowd.into_iter().for_each(Wire::cut);
    wire.wait_for("the word that lines are missing", |frame| {
        frame.kind() == "SYSTEM_LOG" && message(frame).contains("lines left out")
    })?;
    let places: Vec<u64> = lines(&wire).iter().map(Frame::seq).collect();
    assert!(places.windows(2).all(|pair| pair[1] == pair[0] + 1), "{places:?}");
    assert!(places.len() < 400, "{} lines of 500", places.len());
    Ok(())
}
