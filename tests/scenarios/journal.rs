//! The journal's file from outside: damage is found and said, and the subcommands tell what is in it.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use rusqlite::Connection;
use rust_decimal::Decimal;
use serde_json::Value;
use tickwire_tests::desk::{Desk, Setup};
use tickwire_tests::journal::{ask, entries, replayed};
use tickwire_tests::order::{Market, history};
use tickwire_tests::wire::Wire;
use tickwire_tests::{http, trial};

/// A desk that took so many orders, `n-0` and so on, and was killed.
fn traded(orders: usize) -> Result<(Desk, Market)> {
    let mut desk = Setup::sim(2, 100).start()?;
    let mut wire = Wire::connect(desk.address())?;
    let symbol = Market::names(&mut wire)?
        .first()
        .context("an instrument")?
        .clone();
    let market = Market::of(&mut wire, &symbol)?;
    for number in 0..orders {
        let side = if number % 2 == 0 { "buy" } else { "sell" };
        wire.acked(&market.order_named(&format!("n-{number}"), side, market.worth(50)))?;
    }
    desk.kill()?;
    Ok((desk, market))
}

fn tamper(data_dir: &Path, sql: &str) -> Result<()> {
    Ok(Connection::open(data_dir.join("journal.db"))?.execute_batch(sql)?)
}

/// Starts a server that is to refuse, and gives the one line that it says.
fn refusal(data_dir: &Path) -> Result<String> {
    let data_dir = data_dir.to_string_lossy();
    let args = [
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--market",
        "sim",
        "--data-dir",
        &data_dir,
        "--log",
        "off",
    ];
    let ending = trial::run(&std::env::temp_dir(), &args, &[])?;
    ensure!(ending.code != Some(0), "it started");
    ensure!(ending.stderr.lines().count() == 1, "{}", ending.stderr);
    Ok(ending.stderr)
}

/// Turns one byte of the file over, where this text of it is.
fn flip(data_dir: &Path, text: &str) -> Result<()> {
    tamper(data_dir, "PRAGMA wal_checkpoint(TRUNCATE)")?;
    let file = data_dir.join("journal.db");
    let mut bytes = std::fs::read(&file)?;
    let place = bytes
        .windows(text.len())
        .rposition(|window| window == text.as_bytes());
    bytes[place.with_context(|| format!("{text} is in the file"))?] ^= 1;
    Ok(std::fs::write(file, bytes)?)
}

#[test]
fn a_flipped_byte_in_the_last_order_costs_that_order_and_no_more() -> Result<()> {
    let (mut desk, _) = traded(6)?;
    let before = entries(&desk.data_dir())?;
    let last = before
        .last()
        .and_then(|entry| entry["decision"].as_u64())
        .context("a decision")?;
    flip(&desk.data_dir(), "n-5")?;
    let verified = ask(&desk.data_dir(), &["verify"])?;
    let epoch = verified
        .stdout
        .lines()
        .find_map(|line| line.strip_prefix("epoch"));
    let epoch: u32 = epoch.context("the epoch is told")?.trim().parse()?;
    assert_eq!(verified.code, Some(1));
    assert_eq!(verified.stderr.lines().count(), 1, "{}", verified.stderr);
    assert!(
        verified.stderr.contains("damaged at entry"),
        "{}",
        verified.stderr
    );

    desk.restart()?;
    let health: Value = serde_json::from_str(&http::get(desk.address(), "/health", &[])?.text())?;
    assert_eq!(health["status"], "degraded", "{health}");
    assert_eq!(
        health["journal_cut"],
        before.len() as u64 - (last - 1),
        "{health}"
    );
    assert!(desk.words().contains("cut off"), "{}", desk.words());

    // A client that saw what is gone now is told so.
    let mut wire = Wire::connect(desk.address())?;
    let command = format!(
        r#"{{"action":"subscribe","topics":["orders"],"resume":[{{"topic":"orders","ep":{epoch},"seq":12}}]}}"#
    );
    wire.acked(&command)?;
    ensure!(wire.log.iter().any(|frame| frame.kind() == "RESET"), "no RESET");
    desk.kill()?;
    let after = entries(&desk.data_dir())?;
    let kept = usize::try_from(last - 1)?;
    assert_eq!(&after[..kept], &before[..kept]);
    assert!(!after.iter().any(|entry| entry.to_string().contains("n-5")));
    let moved = std::fs::read_dir(desk.data_dir())?
        .filter_map(Result::ok)
        .any(|file| file.file_name().to_string_lossy().starts_with("damaged-"));
    assert!(moved, "what was cut off is kept");
    desk.restart()?;
    let health = http::get(desk.address(), "/health", &[])?.text();
    assert!(!health.contains("degraded"), "{health}");
    Ok(())
}

#[test]
fn damage_in_the_midst_stops_the_start_with_one_line() -> Result<()> {
    for sql in [
        "UPDATE entries SET event = replace(event, 'n-1', 'n-7') WHERE event LIKE '%n-1%'",
        "DELETE FROM entries WHERE seq = 5",
    ] {
        let (desk, _) = traded(4)?;
        tamper(&desk.data_dir(), sql)?;
        let line = refusal(&desk.data_dir())?;
        assert!(
            line.contains("damaged at entry") && line.contains("tickwire journal verify"),
            "{line}"
        );
        assert_eq!(ask(&desk.data_dir(), &["verify"])?.code, Some(1), "{sql}");
        assert_eq!(ask(&desk.data_dir(), &["replay"])?.code, Some(1), "{sql}");
        let export = ask(&desk.data_dir(), &["export", "--format", "csv"])?;
        assert_eq!(export.code, Some(1), "half a table is none: {sql}");
    }
    Ok(())
}

#[test]
fn pages_that_the_database_cannot_read_are_said_in_one_line() -> Result<()> {
    let (desk, _) = traded(8)?;
    tamper(&desk.data_dir(), "PRAGMA wal_checkpoint(TRUNCATE)")?;
    let file = desk.data_dir().join("journal.db");
    let mut bytes = std::fs::read(&file)?;
    // The tables' names and roots stay; all pages after them are gone over.
    bytes[4096..].fill(0xee);
    std::fs::write(&file, bytes)?;
    assert!(refusal(&desk.data_dir())?.contains("journal"));
    let verified = ask(&desk.data_dir(), &["verify"])?;
    assert_eq!(
        (verified.code, verified.stderr.lines().count()),
        (Some(1), 1),
        "{}",
        verified.stderr
    );
    Ok(())
}

#[test]
fn the_subcommands_tell_what_is_there_and_change_nothing() -> Result<()> {
    let (desk, _) = traded(5)?;
    let before = std::fs::read(desk.data_dir().join("journal.db"))?;
    let verified = ask(&desk.data_dir(), &["verify"])?;
    assert_eq!(
        (verified.code, verified.stderr.as_str()),
        (Some(0), ""),
        "{}",
        verified.stdout
    );
    let (count, hash) = replayed(&desk.data_dir())?;
    assert!(verified.stdout.contains(&hash), "{}", verified.stdout);
    let all = entries(&desk.data_dir())?;
    assert_eq!(all.len() as u64, count);

    let csv = ask(&desk.data_dir(), &["export", "--format", "csv"])?;
    let fills: Vec<_> = all
        .iter()
        .filter(|entry| entry["topic"] == "executions")
        .collect();
    let rows: Vec<Vec<&str>> = csv.stdout.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(rows.len(), fills.len() + 1);
    let fill = &fills[0]["event"]["fact"]["executed"];
    for (name, value) in fill.as_object().context("a fill")? {
        let column = rows[0].iter().position(|found| found == name);
        let cell = rows[1][column.with_context(|| format!("{name} is a column"))?];
        let written = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        // Prices that end in a nought are the same with it and without.
        match (cell.parse::<Decimal>(), written.parse::<Decimal>()) {
            (Ok(cell), Ok(written)) => assert_eq!(cell, written, "{name}"),
            _ => assert_eq!(cell, written, "{name}"),
        }
    }
    let orders = ask(
        &desk.data_dir(),
        &["export", "--format", "jsonl", "--topic", "orders"],
    )?;
    assert!(
        orders.stdout.lines().count() > 0 && orders.stdout.lines().all(|line| line.contains("order_changed"))
    );

    let part = ask(&desk.data_dir(), &["replay", "--to", "2"])?;
    assert!(
        part.code == Some(0) && !part.stdout.contains(&hash),
        "{}",
        part.stdout
    );
    assert_eq!(std::fs::read(desk.data_dir().join("journal.db"))?, before);
    Ok(())
}

#[test]
fn a_journal_in_use_or_missing_is_said_in_one_line() -> Result<()> {
    let desk = Desk::start()?;
    let folder = tempfile::tempdir()?;
    for args in [&["verify"][..], &["replay"], &["export", "--format", "jsonl"]] {
        let busy = ask(&desk.data_dir(), args)?;
        assert_eq!(busy.code, Some(1));
        assert!(
            busy.stderr.contains("in use") && busy.stderr.lines().count() == 1,
            "{}",
            busy.stderr
        );
        let missing = ask(folder.path(), args)?;
        assert_eq!(missing.code, Some(1));
        assert!(missing.stderr.contains("no journal") && missing.stderr.lines().count() == 1);
    }
    let unknown = ask(folder.path(), &["export", "--format", "csv", "--topic", "ticker"])?;
    assert!(unknown.stderr.contains("executions"), "{}", unknown.stderr);
    Ok(())
}

#[test]
fn a_journal_of_the_first_schema_goes_on_with_its_orders_and_its_epoch() -> Result<()> {
    let (mut desk, _) = traded(4)?;
    desk.restart()?;
    let mut wire = Wire::connect(desk.address())?;
    let before = history(&mut wire, "orders")?;
    let epoch = before[0].json["ep"].clone();
    wire.cut();
    desk.kill()?;
    let state = replayed(&desk.data_dir())?;
    // As the first version left it: without checksums, decisions and snapshots.
    tamper(
        &desk.data_dir(),
        "ALTER TABLE entries DROP COLUMN chain; ALTER TABLE entries DROP COLUMN decision;
         ALTER TABLE entries DROP COLUMN ends; DROP TABLE snapshots; DELETE FROM facts WHERE name = 'head';
         PRAGMA user_version = 1;",
    )?;
    desk.restart()?;
    let mut wire = Wire::connect(desk.address())?;
    let after = history(&mut wire, "orders")?;
    assert_eq!(after[0].json["ep"], epoch);
    let json = |frames: &[tickwire_tests::wire::Frame]| -> Vec<Value> {
        frames.iter().map(|frame| frame.json.clone()).collect()
    };
    assert_eq!(json(&after), json(&before));
    wire.cut();
    desk.signal("TERM")?;
    ensure!(desk.ended(Duration::from_secs(7))?.success());
    assert_eq!(replayed(&desk.data_dir())?, state);
    assert_eq!(ask(&desk.data_dir(), &["verify"])?.code, Some(0));
    Ok(())
}
