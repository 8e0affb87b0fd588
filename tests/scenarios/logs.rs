//! The server's log on the page: from INFO up, in order, bounded, and never about itself.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use tickwire_tests::desk::{Desk, Setup};
use tickwire_tests::order::Market;
use tickwire_tests::users;
use tickwire_tests::wire::{Frame, Wire};

const GET_LOGS: &str = r#"{"action":"get_logs"}"#;

fn lines(wire: &Wire) -> Vec<Frame> {
    let lines = wire.log.iter().filter(|frame| frame.kind() == "SYSTEM_LOG");
    lines.cloned().collect()
}

fn message(line: &Frame) -> &str {
    line.json["data"]["message"].as_str().unwrap_or_default()
}

/// The lines once there is such a one: a line is told within a moment, and not at once.
fn told_once(wire: &mut Wire, wanted: &str) -> Result<Frame> {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let told = wire.answer(GET_LOGS, "LOGS")?;
        if told.text.contains(wanted) || Instant::now() >= deadline {
            return Ok(told);
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn resume(wire: &mut Wire, ep: &Value, seq: u64) -> Result<Frame> {
    let place = json!([{"topic": "logs", "ep": ep, "seq": seq}]);
    wire.acked(&json!({"action": "subscribe", "topics": ["logs"], "resume": place}).to_string())
}

#[test]
fn the_log_is_told_from_the_start_and_goes_on_from_there() -> Result<()> {
    let desk = Desk::start()?;
    let mut wire = Wire::connect(desk.address())?;
    wire.ping()?;
    let told = told_once(&mut wire, "starting")?;
    let rows = told.json["lines"].as_array().context("a list of lines")?;
    let is_start = |row: &&Value| {
        row["message"]
            .as_str()
            .is_some_and(|text| text.starts_with("starting"))
    };
    let starting = rows.iter().find(is_start).context("the start is in the log")?;
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
    let folded = wire.wait_within(
        Duration::from_secs(30),
        "the word that lines are missing",
        |frame| frame.kind() == "SYSTEM_LOG" && message(frame).contains("lines about connections left out"),
    )?;
    assert_eq!(
        folded.json["data"]["level"], "INFO",
        "a crowd is nothing to worry about"
    );
    let places: Vec<u64> = lines(&wire).iter().map(Frame::seq).collect();
    assert!(places.windows(2).all(|pair| pair[1] == pair[0] + 1), "{places:?}");
    assert!(places.len() < 60, "{} lines of 500", places.len());
    Ok(())
}

#[test]
fn who_comes_back_again_and_again_does_not_push_the_rest_out() -> Result<()> {
    let desk = Desk::start()?;
    let mut wire = Wire::connect(desk.address())?;
    let before = wire.answer(GET_LOGS, "LOGS")?;
    for _ in 0..400 {
        Wire::connect(desk.address())?.cut();
    }
    let after = told_once(&mut wire, "left out")?;
    let grown = after.seq() - before.seq();
    assert!(grown < 60, "{grown} lines of 800");
    assert!(after.text.contains("starting market="), "{}", after.text);
    assert!(
        desk.words().matches("disconnected").count() > 300,
        "the operator has each of them"
    );
    Ok(())
}

#[test]
fn users_are_told_neither_who_comes_and_goes_nor_where_the_files_are() -> Result<()> {
    let desk = users::required(Setup::new())?;
    for name in ["ann", "bob"] {
        users::add(&desk, name, "trader")?;
    }
    let mut ann = users::connect(&desk, &users::token(&desk, "ann")?)?;
    ann.subscribe(&["logs"])?;
    let token = users::token(&desk, "bob")?;
    for _ in 0..5 {
        users::connect(&desk, &token)?.cut();
    }
    Wire::connect(desk.address())?.cut();
    // The operator's log is written before a line is offered to the page, and the page's within a moment after that.
    let deadline = Instant::now() + Duration::from_secs(20);
    while desk.words().matches("disconnected").count() < 5 && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(20));
    }
    ann.read_for(Duration::from_millis(500))?;
    let told = told_once(&mut ann, "starting market=")?;
    let folder = desk.data_dir().display().to_string();
    for text in lines(&ann).iter().map(|line| &line.text).chain([&told.text]) {
        for hidden in ["session=", "connected", "\"socket\"", "data_dir", &folder] {
            assert!(!text.contains(hidden), "{hidden} in {text}");
        }
    }
    let words = desk.words();
    assert!(words.contains("disconnected"), "the operator is told");
    assert!(words.contains(&folder), "and where the data are");
    Ok(())
}
