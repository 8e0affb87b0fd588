//! No room for the journal: trading pauses with a clear state, nothing acknowledged is lost, and room makes it go on.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use rusqlite::Connection;
use serde_json::Value;
use tickwire_tests::desk::{Desk, Setup};
use tickwire_tests::http;
use tickwire_tests::journal::{ask, entries};
use tickwire_tests::order::{Market, history};
use tickwire_tests::wire::{Frame, Wire};

const MAX_MB: i64 = 8;
const RESERVE_BYTES: i64 = 4 * 1024 * 1024;

/// Takes room in the journal's file until there is only this much left below the cap.
fn fill(data_dir: &Path, left: i64) -> Result<()> {
    let database = Connection::open(data_dir.join("journal.db"))?;
    let pragma = |name: &str| database.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let used = pragma("page_count")? * pragma("page_size")?;
    let ballast = MAX_MB * 1024 * 1024 - left - used;
    ensure!(ballast > 0, "there is no room to take");
    database.execute_batch(&format!(
        "CREATE TABLE ballast (bytes BLOB); INSERT INTO ballast VALUES (zeroblob({ballast})); PRAGMA wal_checkpoint(TRUNCATE);"
    ))?;
    Ok(())
}

/// A desk with a position and with only so much room left for its journal.
fn desk_with(left: i64) -> Result<(Desk, Market)> {
    let mut desk = Setup::sim(2, 200)
        .arg("--journal-max-mb", &MAX_MB.to_string())
        .arg("--starting-balance", "1000000")
        .start()?;
    let mut wire = Wire::connect(desk.address())?;
    let symbol = Market::names(&mut wire)?
        .first()
        .context("an instrument")?
        .clone();
    let market = Market::of(&mut wire, &symbol)?;
    wire.acked(&market.order_named("first", "buy", market.worth(100_000)))?;
    wire.cut();
    desk.signal("TERM")?;
    ensure!(
        desk.ended(Duration::from_secs(7))?.success(),
        "it stops in good order"
    );
    fill(&desk.data_dir(), left)?;
    desk.restart()?;
    Ok((desk, market))
}

fn health(desk: &Desk) -> Result<(u16, Value)> {
    let answer = http::get(desk.address(), "/health", &[])?;
    Ok((answer.status, serde_json::from_str(&answer.text())?))
}

/// Sends orders that reduce the position, which are taken while trading is paused, until the journal is in this state.
/// Gives the names that were acknowledged, and those whose outcome is unknown.
fn sell_until(desk: &Desk, market: &Market, state: &str) -> Result<(Vec<String>, Vec<String>)> {
    let (mut acked, mut unknown) = (Vec::new(), Vec::new());
    let deadline = Instant::now() + Duration::from_secs(60);
    for connection in 0.. {
        let mut wire = Wire::connect(desk.address())?;
        for number in 0..55 {
            let name = format!("s-{connection}-{number}");
            let answer = wire.ask(&market.order_named(&name, "sell", market.worth(10)))?;
            match (answer.kind(), answer.json["outcome"].as_str()) {
                ("ACK", _) => acked.push(name),
                (_, Some("unknown")) => {
                    assert_eq!(answer.json["code"], "UNAVAILABLE", "{}", answer.text);
                    assert!(answer.text.contains("client_order_id"), "{}", answer.text);
                    unknown.push(name);
                }
                _ => panic!("refused: {}", answer.text),
            }
            if number % 5 == 0 && health(desk)?.1["journal"] == state {
                return Ok((acked, unknown));
            }
        }
        ensure!(Instant::now() < deadline, "the journal never was {state}");
    }
    Ok((acked, unknown))
}

/// The names of the orders in the journal, each as often as it was filled whole.
fn filled(desk: &Desk) -> Result<Vec<String>> {
    let all = entries(&desk.data_dir())?;
    let orders = all.iter().map(|entry| &entry["event"]["fact"]["order_changed"]);
    Ok(orders
        .filter(|order| order["status"] == "FILLED")
        .filter_map(|order| order["client_order_id"].as_str().map(str::to_owned))
        .collect())
}

#[test]
fn a_nearly_full_journal_is_told_and_positions_can_still_be_closed() -> Result<()> {
    let (mut desk, market) = desk_with(RESERVE_BYTES + 150_000)?;
    assert_eq!(health(&desk)?.1["status"], "healthy");
    assert!(desk.data_dir().join("journal.reserve").exists());
    let (acked, unknown) = sell_until(&desk, &market, "short")?;
    assert!(unknown.is_empty(), "{unknown:?}");
    let (status, told) = health(&desk)?;
    assert_eq!(
        (status, &told["status"]),
        (200, &Value::from("degraded")),
        "{told}"
    );
    assert!(
        told["reason"]
            .as_str()
            .is_some_and(|reason| reason.contains("make room")),
        "{told}"
    );

    let mut wire = Wire::connect(desk.address())?;
    wire.subscribe(&["status"])?;
    wire.wait_for("a status that says it", |frame| {
        frame.kind() == "STATUS_UPDATE" && frame.json["data"]["journal"] == "short"
    })?;
    wire.acked(&market.order_named("after", "sell", market.worth(10)))?;
    let paused = |wire: &mut Wire| -> Result<Value> {
        let risk = wire
            .answer(r#"{"action":"get_risk"}"#, "RISK_STATUS_UPDATE")?
            .json["data"]
            .clone();
        let refused = wire.ask(&market.order("buy", market.worth(10)))?;
        assert_eq!(refused.json["code"], "RISK_PAUSED", "{}", refused.text);
        assert_eq!(
            (&risk["status"], &risk["cause"]),
            (&Value::from("soft_pause"), &Value::from("journal")),
            "{risk}"
        );
        Ok(risk)
    };
    let risk = paused(&mut wire)?;
    let told = history(&mut wire, "risk")?;
    assert_eq!(told.last().context("it was told")?.json["data"], risk);
    let alerts = wire.answer(r#"{"action":"get_alerts"}"#, "ALERTS")?;
    let said = alerts.json["alerts"].as_array().context("a list")?;
    let of_journal: Vec<_> = said.iter().filter(|alert| alert["kind"] == "journal").collect();
    assert_eq!(of_journal.len(), 1, "{}", alerts.text);
    assert_eq!(of_journal[0]["severity"], "critical");
    wire.cut();
    desk.kill()?;
    let filled = filled(&desk)?;
    for name in acked.iter().map(String::as_str).chain(["first", "after"]) {
        assert_eq!(filled.iter().filter(|found| *found == name).count(), 1, "{name}");
    }
    // It is short from the start, and with a higher cap it is not.
    desk.restart()?;
    assert_eq!(health(&desk)?.1["journal"], "short");
    desk.set_arg("--journal-max-mb", "32");
    desk.kill_and_restart()?;
    assert_eq!(health(&desk)?.1["journal"], "live");
    assert_eq!(health(&desk)?.1["status"], "healthy");

    // Room alone opens nothing: that is for a person to say.
    let mut wire = Wire::connect(desk.address())?;
    assert_eq!(paused(&mut wire)?, risk, "as it was before the restart");
    wire.acked(r#"{"action":"resume_trading","confirm":"RESUME"}"#)?;
    wire.acked(&market.order("buy", market.worth(10)))?;
    Ok(())
}

#[test]
fn a_full_journal_takes_no_order_shows_the_market_and_loses_nothing_acknowledged() -> Result<()> {
    let (mut desk, market) = desk_with(100_000)?;
    let (acked, unknown) = sell_until(&desk, &market, "full")?;
    assert!(!acked.is_empty(), "there was a reserve");
    assert!(!unknown.is_empty(), "the order that found no room is unknown");
    let (status, told) = health(&desk)?;
    assert_eq!(
        (status, &told["status"]),
        (503, &Value::from("degraded")),
        "{told}"
    );

    let mut wire = Wire::connect(desk.address())?;
    wire.send(&format!(
        r#"{{"action":"subscribe_ticker","symbol":"{}"}}"#,
        market.symbol
    ))?;
    let ticker = |frame: &Frame| frame.kind() == "MARKET_UPDATE";
    let first = wire.wait_for("a price", ticker)?;
    wire.wait_for("another price", |frame| {
        ticker(frame) && frame.json["timestamp"].as_u64() > first.json["timestamp"].as_u64()
    })?;
    let refused = wire.ask(&market.order("sell", market.worth(10)))?;
    assert_eq!(
        (refused.kind(), &refused.json["code"], &refused.json["outcome"]),
        ("ERROR", &Value::from("UNAVAILABLE"), &Value::from("not_executed")),
        "{}",
        refused.text
    );
    desk.kill()?;
    let verified = ask(&desk.data_dir(), &["verify"])?;
    assert_eq!(verified.code, Some(0), "{}{}", verified.stdout, verified.stderr);

    desk.set_arg("--journal-max-mb", "32");
    desk.restart()?;
    assert_eq!(health(&desk)?.1["journal"], "live");
    let mut wire = Wire::connect(desk.address())?;
    wire.acked(r#"{"action":"resume_trading","confirm":"RESUME"}"#)?;
    for name in &unknown {
        wire.acked(&market.order_named(name, "sell", market.worth(10)))?;
    }
    desk.kill()?;
    let filled = filled(&desk)?;
    for name in acked.iter().chain(&unknown) {
        assert_eq!(filled.iter().filter(|found| *found == name).count(), 1, "{name}");
    }
    Ok(())
}

#[test]
fn a_cap_below_the_least_is_refused() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let ending = tickwire_tests::trial::run(folder.path(), &["serve", "--journal-max-mb", "7"], &[])?;
    assert_ne!(ending.code, Some(0));
    assert!(ending.stderr.contains("--journal-max-mb") && ending.stderr.lines().count() == 1);
    Ok(())
}
