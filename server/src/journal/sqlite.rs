//! The journal in one SQLite file: write-ahead log, synced at every commit, held by one process.

use super::{Entry, History, JournalError};
use rusqlite::{Connection, ErrorCode, OptionalExtension, params};
use std::path::Path;
use tickwire_engine::event::Event;
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::id::{Epoch, Seq};

const FILE: &str = "journal.db";

/// Marks the file as a journal of this program (`TIKW`), so that no other program's database is taken for one.
const APPLICATION: i64 = 0x5449_4b57;

/// The version of the tables below.
const SCHEMA: i64 = 1;

const TABLES: &str = "
    CREATE TABLE entries (
        seq INTEGER PRIMARY KEY,
        account INTEGER NOT NULL,
        at_ms INTEGER NOT NULL,
        topic TEXT,
        topic_seq INTEGER,
        event TEXT NOT NULL
    ) STRICT;
    CREATE UNIQUE INDEX entries_of_topic ON entries (account, topic, topic_seq) WHERE topic IS NOT NULL;
    CREATE TABLE facts (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
";

/// A journal that is open for appending.
#[derive(Debug)]
pub struct SqliteJournal {
    database: Connection,
    history: History,
    head: Seq,
}

impl SqliteJournal {
    /// Opens the journal in `folder`, making both where they are missing.
    pub fn open(folder: &Path, now: TimestampMs) -> Result<SqliteJournal, JournalError> {
        let refused = |source| JournalError::Folder {
            folder: folder.to_owned(),
            source,
        };
        std::fs::create_dir_all(folder).map_err(refused)?;
        // SQLite says only "unable to open database file"; a plain file tells the operator why.
        let probe = folder.join(".writable");
        std::fs::write(&probe, b"")
            .and_then(|()| std::fs::remove_file(&probe))
            .map_err(refused)?;

        let file = folder.join(FILE);
        let unopened = |source: rusqlite::Error| match source.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                JournalError::InUse { file: file.clone() }
            }
            _ => JournalError::Unreadable {
                file: file.clone(),
                source,
            },
        };
        let database = Connection::open(&file).map_err(unopened)?;
        let number = |sql: &str| {
            database
                .query_row::<i64, _, _>(sql, [], |row| row.get(0))
                .map_err(unopened)
        };
        // Looked at before anything is changed: a file that is not ours is left as it is.
        let (application, found) = (number("PRAGMA application_id")?, number("PRAGMA user_version")?);
        let is_new = number("SELECT count(*) FROM sqlite_schema")? == 0;
        if !is_new && application != APPLICATION {
            return Err(JournalError::Foreign { file });
        }
        if !is_new && found != SCHEMA {
            return Err(JournalError::Schema {
                file,
                found,
                expected: SCHEMA,
            });
        }
        // The exclusive lock is taken by the first write below and held until the process ends, however it ends.
        for (name, value) in [
            ("locking_mode", "EXCLUSIVE"),
            ("journal_mode", "WAL"),
            ("synchronous", "FULL"),
        ] {
            database.pragma_update(None, name, value).map_err(unopened)?;
        }
        // On macOS a plain sync does not reach the disk; elsewhere this changes nothing.
        database
            .pragma_update(None, "fullfsync", true)
            .map_err(unopened)?;
        if is_new {
            let tables = format!(
                "BEGIN; {TABLES} PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {SCHEMA}; COMMIT;"
            );
            database.execute_batch(&tables).map_err(unopened)?;
        }

        // Seconds tell two journals in the same folder apart, one after the other; a clock before 1970 gives 1.
        let drawn = u32::try_from(now.0 / 1000).unwrap_or(1).max(1);
        let mut journal = SqliteJournal {
            database,
            history: History {
                epoch: Epoch(drawn),
                boot: Epoch(1),
            },
            head: Seq(0),
        };
        let epoch = journal.fact("epoch")?.unwrap_or(i64::from(drawn));
        let boot = journal.fact("boot")?.unwrap_or(0) + 1;
        journal.keep_fact("epoch", epoch).map_err(|error| match error {
            JournalError::Database(error) => unopened(error),
            other => other,
        })?;
        journal.keep_fact("boot", boot)?;
        journal.history = History {
            epoch: Epoch(u32::try_from(epoch).unwrap_or(1)),
            boot: Epoch(u32::try_from(boot).unwrap_or(u32::MAX)),
        };
        Ok(journal)
    }

    /// What names the history in here.
    pub fn history(&self) -> History {
        self.history
    }

    /// The last entry's place.
    pub fn head(&self) -> Seq {
        self.head
    }

    /// Hands every entry to `fold`, in order. The first one that is not as it was written ends it with an error.
    pub fn read(&mut self, mut fold: impl FnMut(Entry) -> Result<(), String>) -> Result<(), JournalError> {
        let mut rows = self
            .database
            .prepare("SELECT seq, topic_seq, event FROM entries ORDER BY seq")?;
        let mut rows = rows.query([])?;
        let mut head = Seq(0);
        while let Some(row) = rows.next()? {
            let seq = Seq(row.get::<_, i64>(0)?.unsigned_abs());
            let damaged = |reason: String| JournalError::Damaged { seq, reason };
            if seq != head.next() {
                return Err(damaged(format!("entry {} is missing", head.next())));
            }
            let topic_seq = row.get::<_, Option<i64>>(1)?.map(|seq| Seq(seq.unsigned_abs()));
            let event: Event = serde_json::from_str(row.get_ref(2)?.as_str().unwrap_or_default())
                .map_err(|error| damaged(format!("unreadable: {error}")))?;
            fold(Entry {
                seq,
                topic_seq,
                event,
            })
            .map_err(damaged)?;
            head = seq;
        }
        self.head = head;
        Ok(())
    }

    /// Appends entries in one transaction: after this returns they survive kill -9 and a power cut. If it fails, either
    /// all of them or none are there when the journal is opened again: a disk that failed to sync may have written.
    pub fn append(&mut self, entries: &[Entry]) -> Result<(), JournalError> {
        let transaction = self.database.transaction()?;
        {
            let mut insert = transaction.prepare_cached(
                "INSERT INTO entries (seq, account, at_ms, topic, topic_seq, event) VALUES (?, ?, ?, ?, ?, ?)",
            )?;
            for entry in entries {
                let event = serde_json::to_string(&entry.event)
                    .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
                insert.execute(params![
                    to_sql(entry.seq.0),
                    to_sql(entry.event.account.0),
                    entry.event.at.0,
                    entry.event.fact.topic().map(|topic| topic.to_string()),
                    entry.topic_seq.map(|seq| to_sql(seq.0)),
                    event,
                ])?;
            }
        }
        transaction.commit()?;
        if let Some(last) = entries.last() {
            self.head = last.seq;
        }
        Ok(())
    }

    /// A number kept beside the entries.
    pub fn fact(&self, name: &str) -> Result<Option<i64>, JournalError> {
        let fact = self
            .database
            .query_row("SELECT value FROM facts WHERE name = ?", [name], |row| row.get(0));
        Ok(fact.optional()?)
    }

    /// Keeps a number beside the entries.
    pub fn keep_fact(&self, name: &str, value: i64) -> Result<(), JournalError> {
        self.database.execute(
            "INSERT OR REPLACE INTO facts (name, value) VALUES (?, ?)",
            params![name, value],
        )?;
        Ok(())
    }
}

/// SQLite's integers are signed; a sequence that long would take millions of years.
fn to_sql(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tickwire_engine::event::Fact;
    use tickwire_protocol::id::AccountId;

    fn entry(seq: u64) -> Entry {
        let fact = Fact::AccountOpened {
            deposit: "10000.50".parse().unwrap(),
        };
        let event = Event {
            account: AccountId(seq),
            at: TimestampMs(1_702_210_800_000),
            fact,
        };
        Entry {
            seq: Seq(seq),
            topic_seq: None,
            event,
        }
    }

    fn all(journal: &mut SqliteJournal) -> Result<Vec<Entry>, JournalError> {
        let mut entries = Vec::new();
        journal.read(|entry| {
            entries.push(entry);
            Ok(())
        })?;
        Ok(entries)
    }

    #[test]
    fn what_was_appended_is_there_after_reopening() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = SqliteJournal::open(folder.path(), TimestampMs(5_000)).unwrap();
        journal.append(&[entry(1), entry(2)]).unwrap();
        let first = journal.history();
        drop(journal);
        let mut journal = SqliteJournal::open(folder.path(), TimestampMs(9_000)).unwrap();
        assert_eq!(all(&mut journal).unwrap(), [entry(1), entry(2)]);
        assert_eq!(journal.head(), Seq(2));
        assert_eq!(journal.history().epoch, first.epoch);
        assert_ne!(journal.history().boot, first.boot);
    }

    #[test]
    fn a_failed_append_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = SqliteJournal::open(folder.path(), TimestampMs(5_000)).unwrap();
        journal.append(&[entry(1)]).unwrap();
        assert!(journal.append(&[entry(2), entry(1)]).is_err());
        assert_eq!(all(&mut journal).unwrap(), [entry(1)]);
    }

    #[test]
    fn a_missing_or_changed_entry_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = SqliteJournal::open(folder.path(), TimestampMs(5_000)).unwrap();
        journal.append(&[entry(1), entry(2), entry(3)]).unwrap();
        journal
            .database
            .execute("DELETE FROM entries WHERE seq = 2", [])
            .unwrap();
        assert!(matches!(
            all(&mut journal),
            Err(JournalError::Damaged { seq: Seq(3), .. })
        ));
        journal
            .database
            .execute("UPDATE entries SET event = '{' WHERE seq = 1", [])
            .unwrap();
        assert!(matches!(
            all(&mut journal),
            Err(JournalError::Damaged { seq: Seq(1), .. })
        ));
    }

    #[test]
    fn one_journal_has_one_writer() {
        let folder = tempfile::tempdir().unwrap();
        let _held = SqliteJournal::open(folder.path(), TimestampMs(5_000)).unwrap();
        let second = SqliteJournal::open(folder.path(), TimestampMs(5_000));
        assert!(matches!(second, Err(JournalError::InUse { .. })), "{second:?}");
    }

    #[test]
    fn a_database_of_another_program_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let foreign = Connection::open(folder.path().join(FILE)).unwrap();
        foreign
            .execute_batch("CREATE TABLE theirs (x); PRAGMA user_version = 1;")
            .unwrap();
        drop(foreign);
        let opened = SqliteJournal::open(folder.path(), TimestampMs(5_000));
        assert!(matches!(opened, Err(JournalError::Foreign { .. })), "{opened:?}");
    }

    #[test]
    fn a_journal_of_another_version_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let journal = SqliteJournal::open(folder.path(), TimestampMs(5_000)).unwrap();
        journal.database.pragma_update(None, "user_version", 99).unwrap();
        drop(journal);
        let newer = SqliteJournal::open(folder.path(), TimestampMs(5_000));
        assert!(
            matches!(newer, Err(JournalError::Schema { found: 99, .. })),
            "{newer:?}"
        );
    }
}
