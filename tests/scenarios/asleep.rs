//! A desk that was down for hours: its journal is made that much older, since nobody can wait for the real thing. So a
//! funding time, the end of a day or the end of an order's time comes to lie between two lives.

use anyhow::{Context as _, Result};
use rusqlite::{Connection, params};
use tickwire_tests::desk::Desk;

const HOUR_MS: i64 = 3_600_000;

/// Fields of entries that are times in milliseconds.
const TIMES: [&str; 6] = [
    "at",
    "timestamp",
    "created_at",
    "updated_at",
    "expires_at",
    "since",
];

/// Kills the desk and puts every time in its journal back by so many hours, to the digit and nothing else. The journal is
/// left as the first version wrote it, without checksums, so that the next start takes it over.
pub fn sleep(desk: &mut Desk, hours: i64) -> Result<()> {
    desk.kill()?;
    let database = Connection::open(desk.data_dir().join("journal.db"))?;
    let mut read = database.prepare("SELECT seq, event FROM entries")?;
    let rows: Vec<(i64, String)> = read
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    drop(read);
    let transaction = database.unchecked_transaction()?;
    for (seq, event) in rows {
        let older = TIMES
            .iter()
            .try_fold(event, |event, name| put_back(&event, name, hours * HOUR_MS))?;
        transaction.execute(
            "UPDATE entries SET event = ?, at_ms = at_ms - ? WHERE seq = ?",
            params![older, hours * HOUR_MS, seq],
        )?;
    }
    transaction.execute_batch(
        "ALTER TABLE entries DROP COLUMN chain; ALTER TABLE entries DROP COLUMN decision;
         ALTER TABLE entries DROP COLUMN ends; DROP TABLE snapshots; DELETE FROM facts WHERE name = 'head';
         PRAGMA user_version = 1;",
    )?;
    Ok(transaction.commit()?)
}

fn put_back(event: &str, name: &str, ms: i64) -> Result<String> {
    let field = format!("\"{name}\":");
    let mut parts = event.split(&field);
    let mut older = parts.next().context("a part")?.to_owned();
    for part in parts {
        let digits = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
        older += &field;
        match part[..digits].parse::<i64>() {
            Ok(time) => older += &(time - ms).to_string(),
            Err(_) => older += &part[..digits],
        }
        older += &part[digits..];
    }
    Ok(older)
}
