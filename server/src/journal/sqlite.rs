//! The journal in one SQLite file: write-ahead log, synced at every commit, held by one process.

use super::chain::Row;
use super::repair;
use super::room::Room;
use super::scan::{self, Place, to_sql};
use super::schema::{self, APPLICATION, SCHEMA, UNCHECKED};
use super::snapshot::{self, Encoded};
use super::{Entry, History, JournalError};
use crate::private;
use rusqlite::{Connection, ErrorCode, params};
use std::path::{Path, PathBuf};
use tickwire_engine::State;
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::id::{AccountId, Epoch, Seq};
use tickwire_protocol::topic::Topic;
use tracing::{error, info};

/// The name of the database in the data folder.
pub(super) const FILE: &str = "journal.db";

/// The name of the file beside it that is locked for as long as a server has the journal. The database itself is not
/// held exclusively, so that the server can read old entries beside writing new ones.
pub(super) const LOCK_FILE: &str = "journal.lock";

/// What the journal takes of the data folder: the database and its write-ahead log.
pub const FILES: [&str; 2] = [FILE, "journal.db-wal"];

/// Entries that are cut off without a person's word: what one disk may have failed to write. More than that was done by
/// something else, and a person should look.
const CUT_MAX: u64 = 1_000;

/// A journal that is open for appending.
#[derive(Debug)]
pub struct SqliteJournal {
    database: Connection,
    folder: PathBuf,
    history: History,
    /// The last entry, once the journal was read.
    end: Place,
    room: Room,
    opened_at: TimestampMs,
    /// Locked until it is dropped, or the process ends.
    _lock: std::fs::File,
}

/// What a journal tells when it is opened.
#[derive(Clone, Debug, Default)]
pub struct Recovered {
    /// The state that its entries lead to.
    pub state: State,
    /// Entries folded; those before them were in a snapshot.
    pub folded: u64,
    /// Damaged entries that were cut off its end.
    pub cut: u64,
}

impl SqliteJournal {
    /// Opens the journal in `folder`, making both where they are missing. Of the disk it takes at most `max_mb`
    /// megabytes, where that is given.
    pub fn open(folder: &Path, max_mb: Option<u32>, now: TimestampMs) -> Result<SqliteJournal, JournalError> {
        let refused = |source| JournalError::Folder {
            folder: folder.to_owned(),
            source,
        };
        private::folder(folder).map_err(refused)?;
        // SQLite says only "unable to open database file"; a plain file tells the operator why.
        let probe = folder.join(".writable");
        std::fs::write(&probe, b"")
            .and_then(|()| std::fs::remove_file(&probe))
            .map_err(refused)?;

        let file = folder.join(FILE);
        let lock = private::create(&folder.join(LOCK_FILE)).map_err(refused)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(std::fs::TryLockError::WouldBlock) => return Err(JournalError::InUse { file }),
            Err(std::fs::TryLockError::Error(source)) => return Err(refused(source)),
        }
        let unopened = |source: rusqlite::Error| match source.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                JournalError::InUse { file: file.clone() }
            }
            Some(ErrorCode::DatabaseCorrupt) => JournalError::Corrupt(source),
            Some(ErrorCode::DiskFull) => JournalError::Full(source),
            _ => JournalError::Unreadable {
                file: file.clone(),
                source,
            },
        };
        // SQLite gives its write-ahead log the rights that the database has.
        private::touch(&file).map_err(refused)?;
        let mut database = Connection::open(&file).map_err(unopened)?;
        let number = |sql: &str| -> Result<i64, JournalError> {
            database.query_row(sql, [], |row| row.get(0)).map_err(unopened)
        };
        // Looked at before anything is changed: a file that is not ours is left as it is.
        let (application, found) = (number("PRAGMA application_id")?, number("PRAGMA user_version")?);
        let is_new = number("SELECT count(*) FROM sqlite_schema")? == 0;
        if !is_new && application != APPLICATION {
            return Err(JournalError::Foreign { file });
        }
        if !is_new && found != SCHEMA && found != UNCHECKED {
            return Err(JournalError::Schema {
                file,
                found,
                expected: SCHEMA,
            });
        }
        for (name, value) in [("journal_mode", "WAL"), ("synchronous", "FULL")] {
            database.pragma_update(None, name, value).map_err(unopened)?;
        }
        // On macOS a plain sync does not reach the disk; elsewhere this changes nothing.
        database
            .pragma_update(None, "fullfsync", true)
            .map_err(unopened)?;
        if is_new {
            schema::create(&database).map_err(unopened)?;
        } else if found == UNCHECKED {
            // A server of an earlier version, which locks the database itself, is met here first.
            database
                .execute_batch("BEGIN IMMEDIATE; COMMIT;")
                .map_err(unopened)?;
            let entries = schema::migrate(&mut database)?;
            info!(target: "tickwire::journal", entries, from = found, to = SCHEMA, "the journal has a new schema");
        }

        // Seconds tell two journals in the same folder apart, one after the other; a clock before 1970 gives 1.
        let drawn = i64::from(u32::try_from(now.0 / 1000).unwrap_or(1).max(1));
        let fact = |name: &str| match scan::fact(&database, name) {
            Err(JournalError::Database(error)) => Err(unopened(error)),
            other => other,
        };
        let epoch = fact("epoch")?.unwrap_or(drawn);
        let boot = fact("boot")?.unwrap_or(0) + 1;
        for (name, value) in [("epoch", epoch), ("boot", boot)] {
            repair::keep_fact(&database, name, value).map_err(unopened)?;
        }
        let room = Room::open(&database, folder, max_mb)?;
        Ok(SqliteJournal {
            database,
            folder: folder.to_owned(),
            history: History {
                epoch: to_epoch(epoch),
                boot: to_epoch(boot),
            },
            end: Place::default(),
            room,
            opened_at: now,
            _lock: lock,
        })
    }

    /// What names the history in here.
    pub fn history(&self) -> History {
        self.history
    }

    /// The last entry's place, once the journal was [recovered](SqliteJournal::recover).
    pub fn head(&self) -> Seq {
        self.end.seq
    }

    /// The state that the entries lead to: from the newest snapshot that can be used, and the entries after it. Where
    /// the end is damaged it is cut off, put into a file beside the journal, and the history has a new epoch; damage
    /// that is not at the end is an error, and nothing is changed.
    pub fn recover(&mut self) -> Result<Recovered, JournalError> {
        let (from, mut state) = snapshot::newest(&self.database)?.unwrap_or_default();
        let mut folded = 0;
        let scan = scan::scan(&self.database, from, None, |entry| {
            folded += 1;
            fold(&mut state, &entry)
        })?;
        self.end = scan.sound;
        let mut cut = 0;
        if let Some(damage) = scan.damage {
            if self.unsound()? > CUT_MAX || scan::goes_on_after(&self.database, damage.seq)? {
                return Err(JournalError::Damaged {
                    seq: damage.seq,
                    reason: damage.reason,
                });
            }
            let old = i64::from(self.history.epoch.0);
            let epoch = (old + 1).max(self.opened_at.0 / 1000);
            let repaired = repair::cut(
                &mut self.database,
                &self.folder,
                self.end.seq,
                epoch,
                self.opened_at,
            )?;
            self.history.epoch = to_epoch(epoch);
            cut = repaired.entries;
            error!(target: "tickwire::journal",
                entries = cut,
                kept = self.end.seq.0,
                reason = damage.reason,
                moved_to = %repaired.file.display(),
                "the end of the journal was damaged and is cut off: what it told is lost"
            );
        }
        Ok(Recovered { state, folded, cut })
    }

    /// Entries after the sound ones.
    fn unsound(&self) -> Result<u64, JournalError> {
        let count: i64 = self.database.query_row(
            "SELECT count(*) FROM entries WHERE seq > ?",
            [to_sql(self.end.seq.0)],
            |row| row.get(0),
        )?;
        Ok(count.unsigned_abs())
    }

    /// The last `most` entries of a lossless topic, oldest first.
    pub fn newest_of_topic(
        &self,
        account: AccountId,
        topic: Topic,
        most: usize,
    ) -> Result<Vec<Entry>, JournalError> {
        scan::newest_of_topic(&self.database, account, topic, most)
    }

    /// Appends entries in one transaction: after this returns they survive kill -9 and a power cut. Where there is no
    /// room ([`JournalError::Full`]) none of them is there; where it fails otherwise, either all of them or none are
    /// there when the journal is opened again: a disk that failed to sync may have written.
    pub fn append(&mut self, entries: &[Entry]) -> Result<(), JournalError> {
        if entries.is_empty() {
            return Ok(());
        }
        let transaction = self.database.transaction()?;
        let mut end = self.end;
        {
            let mut insert = transaction.prepare_cached(
                "INSERT INTO entries (seq, account, at_ms, topic, topic_seq, event, decision, ends, chain) \
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )?;
            for entry in entries {
                let event = serde_json::to_string(&entry.event)
                    .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
                let topic = entry.event.fact.topic().map(|topic| topic.to_string());
                let row = Row {
                    seq: to_sql(entry.seq.0),
                    account: to_sql(entry.event.account.0),
                    at_ms: entry.event.at.0,
                    topic: topic.as_deref(),
                    topic_seq: entry.topic_seq.map(|seq| to_sql(seq.0)),
                    decision: to_sql(entry.decision.0),
                    ends: i64::from(entry.ends),
                    event: event.as_bytes(),
                };
                end = Place {
                    seq: entry.seq,
                    chain: end.chain.next(&row),
                };
                insert.execute(params![
                    row.seq,
                    row.account,
                    row.at_ms,
                    row.topic,
                    row.topic_seq,
                    event,
                    row.decision,
                    row.ends,
                    end.chain.as_bytes(),
                ])?;
            }
        }
        repair::keep_fact(&transaction, "head", to_sql(end.seq.0))?;
        transaction.commit()?;
        self.end = end;
        Ok(())
    }

    /// Stores a snapshot, whose entry must be in the journal, and forgets the oldest of those that are too many.
    pub fn store(&mut self, snapshot: &Encoded) -> Result<(), JournalError> {
        snapshot::store(&mut self.database, snapshot)
    }

    /// Whether it lives on its reserve of room.
    pub fn is_short(&self) -> bool {
        self.room.is_released()
    }

    /// Lets it into its reserve of room; false where it is there already.
    pub fn release_reserve(&mut self) -> Result<bool, JournalError> {
        self.room.release(&self.database)
    }

    /// Puts the reserve of room back where that can be; gives whether it is there.
    pub fn restore_reserve(&mut self) -> Result<bool, JournalError> {
        self.room.restore(&self.database)
    }

    /// Takes room away, or gives it back, as other files on a disk do.
    #[cfg(test)]
    pub fn set_ballast(&self, bytes: u32) {
        let sql = format!(
            "DROP TABLE IF EXISTS ballast; CREATE TABLE ballast (bytes BLOB); \
             INSERT INTO ballast VALUES (zeroblob({bytes}))"
        );
        self.database
            .execute_batch(&sql)
            .expect("there is room for the ballast");
    }

    /// A number kept beside the entries.
    pub fn fact(&self, name: &str) -> Result<Option<i64>, JournalError> {
        scan::fact(&self.database, name)
    }

    /// Keeps a number beside the entries.
    pub fn keep_fact(&self, name: &str, value: i64) -> Result<(), JournalError> {
        Ok(repair::keep_fact(&self.database, name, value)?)
    }
}

/// Takes an entry into a state, where it follows and has its right place in its topic.
pub(super) fn fold(state: &mut State, entry: &Entry) -> Result<(), String> {
    let seq = state.apply(&entry.event).map_err(|error| error.to_string())?;
    if seq == entry.topic_seq {
        Ok(())
    } else {
        Err("its place in its topic is not the next one".to_owned())
    }
}

fn to_epoch(number: i64) -> Epoch {
    Epoch(u32::try_from(number).unwrap_or(u32::MAX))
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
