//! The tables of the journal, and how a journal of an earlier version becomes one of this.

use super::JournalError;
use super::chain::{Chain, Row};
use rusqlite::{Connection, params};
use tickwire_protocol::id::Seq;

/// Marks the file as a journal of this program (`TIKW`), so that no other program's database is taken for one.
pub(super) const APPLICATION: i64 = 0x5449_4b57;

/// The version of the tables below.
pub(super) const SCHEMA: i64 = 2;

/// The version that knew neither checksums nor decisions nor snapshots.
pub(super) const UNCHECKED: i64 = 1;

/// Rows read at once while they are rewritten.
const ROWS_A_RUN: i64 = 1_000;

const SNAPSHOTS: &str = "
    CREATE TABLE snapshots (
        seq INTEGER PRIMARY KEY,
        version TEXT NOT NULL,
        chain BLOB NOT NULL,
        hash BLOB NOT NULL,
        state BLOB NOT NULL
    ) STRICT;
";

const TABLES: &str = "
    CREATE TABLE entries (
        seq INTEGER PRIMARY KEY,
        account INTEGER NOT NULL,
        at_ms INTEGER NOT NULL,
        topic TEXT,
        topic_seq INTEGER,
        event TEXT NOT NULL,
        decision INTEGER NOT NULL DEFAULT 0,
        ends INTEGER NOT NULL DEFAULT 0,
        chain BLOB NOT NULL DEFAULT x''
    ) STRICT;
    CREATE UNIQUE INDEX entries_of_topic ON entries (account, topic, topic_seq) WHERE topic IS NOT NULL;
    CREATE TABLE facts (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
";

/// Makes the tables of a new journal.
pub(super) fn create(database: &Connection) -> rusqlite::Result<()> {
    database.execute_batch(&format!(
        "BEGIN; {TABLES} {SNAPSHOTS} INSERT INTO facts VALUES ('head', 0); PRAGMA application_id = {APPLICATION}; \
         PRAGMA user_version = {SCHEMA}; COMMIT;"
    ))
}

/// Brings a journal of version 1 to this one, wholly or not at all: the entries stay, each gets its checksum. Which of
/// them were decided together was not kept, so entries of one millisecond that follow each other are taken to be: a
/// cut through the end of such a journal takes too much rather than half a decision. Gives the number of entries.
pub(super) fn migrate(database: &mut Connection) -> Result<u64, JournalError> {
    let transaction = database.transaction()?;
    transaction.execute_batch(&format!(
        "ALTER TABLE entries ADD COLUMN decision INTEGER NOT NULL DEFAULT 0;
         ALTER TABLE entries ADD COLUMN ends INTEGER NOT NULL DEFAULT 0;
         ALTER TABLE entries ADD COLUMN chain BLOB NOT NULL DEFAULT x'';
         {SNAPSHOTS}"
    ))?;
    let mut head = 0_i64;
    {
        let mut read = transaction.prepare(
            "SELECT seq, account, at_ms, topic, topic_seq, event, \
             coalesce((SELECT at_ms FROM entries AS later WHERE later.seq = entries.seq + 1) <> at_ms, 1) \
             FROM entries WHERE seq > ? ORDER BY seq LIMIT ?",
        )?;
        let mut write =
            transaction.prepare("UPDATE entries SET decision = ?, ends = ?, chain = ? WHERE seq = ?")?;
        let mut chain = Chain::START;
        let mut decision = 1;
        loop {
            let before = head;
            let mut links = Vec::new();
            let mut rows = read.query(params![head, ROWS_A_RUN])?;
            while let Some(row) = rows.next()? {
                let seq: i64 = row.get(0)?;
                if seq != head + 1 {
                    return Err(JournalError::Damaged {
                        seq: Seq(seq.unsigned_abs()),
                        reason: format!("entry {} is missing", head + 1),
                    });
                }
                let ends: i64 = row.get(6)?;
                chain = chain.next(&Row {
                    seq,
                    account: row.get(1)?,
                    at_ms: row.get(2)?,
                    topic: row.get_ref(3)?.as_str_or_null()?,
                    topic_seq: row.get(4)?,
                    decision,
                    ends,
                    event: row.get_ref(5)?.as_bytes()?,
                });
                links.push((decision, ends, chain, seq));
                head = seq;
                if ends != 0 {
                    decision = seq + 1;
                }
            }
            for (decision, ends, chain, seq) in links {
                write.execute(params![decision, ends, chain.as_bytes(), seq])?;
            }
            if head == before {
                break;
            }
        }
    }
    transaction.execute(
        "INSERT OR REPLACE INTO facts (name, value) VALUES ('head', ?)",
        [head],
    )?;
    transaction.pragma_update(None, "user_version", SCHEMA)?;
    transaction.commit()?;
    Ok(head.unsigned_abs())
}
