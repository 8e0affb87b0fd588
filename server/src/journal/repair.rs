//! Cutting a damaged end off: what is cut is kept in a file, and what stays is a journal of its own.

use super::JournalError;
use super::scan::{self, to_sql};
use crate::private;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, params};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::id::Seq;

/// What was done.
#[derive(Debug)]
pub(super) struct Repaired {
    /// Entries that are lost: those cut off, and those that were missing.
    pub entries: u64,
    /// Where those cut off are now, one JSON object a line.
    pub file: PathBuf,
}

/// Ends the journal after entry `kept`: what comes then goes to a file in `folder`. Sequence numbers are given again, so
/// the history has another epoch.
pub(super) fn cut(
    database: &mut Connection,
    folder: &Path,
    kept: Seq,
    epoch: i64,
    now: TimestampMs,
) -> Result<Repaired, JournalError> {
    let file = folder.join(format!("damaged-{}.jsonl", now.0));
    let unwritable = |source| JournalError::Folder {
        folder: folder.to_owned(),
        source,
    };
    let missed = scan::head(database)?.map_or(0, |head| head.0.saturating_sub(kept.0));
    let transaction = database.transaction()?;
    // On disk before anything is deleted.
    let mut out = BufWriter::new(private::create(&file).map_err(unwritable)?);
    let mut moved = 0;
    {
        let mut rows = transaction.prepare(
            "SELECT seq, account, at_ms, topic, topic_seq, decision, ends, hex(chain) AS chain, event \
             FROM entries WHERE seq > ? ORDER BY seq",
        )?;
        let names: Vec<String> = rows.column_names().map(str::to_owned).collect();
        let mut rows = rows.query([to_sql(kept.0)])?;
        while let Some(row) = rows.next()? {
            let mut object = serde_json::Map::new();
            for (place, name) in names.iter().enumerate() {
                let value = match row.get_ref(place)? {
                    ValueRef::Null => serde_json::Value::Null,
                    ValueRef::Integer(number) => number.into(),
                    ValueRef::Real(number) => number.to_string().into(),
                    ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
                        String::from_utf8_lossy(bytes).into_owned().into()
                    }
                };
                object.insert(name.clone(), value);
            }
            writeln!(out, "{}", serde_json::Value::Object(object)).map_err(unwritable)?;
            moved += 1;
        }
    }
    let out = out.into_inner().map_err(|error| unwritable(error.into_error()))?;
    out.sync_all().map_err(unwritable)?;
    transaction.execute("DELETE FROM entries WHERE seq > ?", [to_sql(kept.0)])?;
    transaction.execute("DELETE FROM snapshots WHERE seq > ?", [to_sql(kept.0)])?;
    keep_fact(&transaction, "head", to_sql(kept.0))?;
    keep_fact(&transaction, "epoch", epoch)?;
    transaction.commit()?;
    Ok(Repaired {
        entries: missed.max(moved),
        file,
    })
}

/// Keeps a number beside the entries.
pub(super) fn keep_fact(database: &Connection, name: &str, value: i64) -> rusqlite::Result<()> {
    database.execute(
        "INSERT OR REPLACE INTO facts (name, value) VALUES (?, ?)",
        params![name, value],
    )?;
    Ok(())
}
