//! A journal that no server writes now, open for reading only: what the command line looks at.

use super::scan::{self, Place, Scan};
use super::schema::{APPLICATION, SCHEMA};
use super::snapshot::{self, Listed};
use super::sqlite::{FILE, LOCK_FILE, fold};
use super::{Entry, JournalError};
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::path::Path;
use tickwire_engine::State;
use tickwire_protocol::id::{Epoch, Seq};

/// A journal that is only read.
#[derive(Debug)]
pub struct JournalReader {
    database: Connection,
    /// Keeps servers out; there is none where none has had this journal.
    _lock: Option<std::fs::File>,
}

impl JournalReader {
    /// Opens the journal in `folder`. Nothing of it is changed; while a server has it, that is an error.
    pub fn open(folder: &Path) -> Result<JournalReader, JournalError> {
        let file = folder.join(FILE);
        if !file.exists() {
            return Err(JournalError::Missing { file });
        }
        let lock = std::fs::File::open(folder.join(LOCK_FILE)).ok();
        if let Some(Err(std::fs::TryLockError::WouldBlock)) =
            lock.as_ref().map(std::fs::File::try_lock_shared)
        {
            return Err(JournalError::InUse { file });
        }
        let unopened = |source: rusqlite::Error| match source.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                JournalError::InUse { file: file.clone() }
            }
            Some(ErrorCode::DatabaseCorrupt) => JournalError::Corrupt(source),
            _ => JournalError::Unreadable {
                file: file.clone(),
                source,
            },
        };
        let database =
            Connection::open_with_flags(&file, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(unopened)?;
        let number = |sql: &str| -> Result<i64, JournalError> {
            database.query_row(sql, [], |row| row.get(0)).map_err(unopened)
        };
        let (application, found) = (number("PRAGMA application_id")?, number("PRAGMA user_version")?);
        if application != APPLICATION {
            return Err(JournalError::Foreign { file });
        }
        if found != SCHEMA {
            return Err(JournalError::Schema {
                file,
                found,
                expected: SCHEMA,
            });
        }
        // One view of it from here on, and no server can begin to write it meanwhile.
        database.execute_batch("BEGIN").map_err(unopened)?;
        number("SELECT count(*) FROM facts")?;
        Ok(JournalReader {
            database,
            _lock: lock,
        })
    }

    /// The epoch of its sequence numbers.
    pub fn epoch(&self) -> Result<Epoch, JournalError> {
        let epoch = scan::fact(&self.database, "epoch")?.unwrap_or(0);
        Ok(Epoch(u32::try_from(epoch).unwrap_or(u32::MAX)))
    }

    /// What SQLite itself finds wrong with the file's pages, one line each, ten at most; empty where it is sound.
    pub fn page_damage(&self) -> Result<Vec<String>, JournalError> {
        let mut rows = self.database.prepare("PRAGMA integrity_check(10)")?;
        let lines = rows
            .query_map([], |row| row.get::<_, String>(0))?
            .collect::<Result<Vec<_>, _>>()?;
        Ok(lines.into_iter().filter(|line| line != "ok").collect())
    }

    /// Hands every entry to `visit`, checked, up to `to` where that is given, and says how far it is sound.
    pub fn scan(
        &self,
        to: Option<Seq>,
        visit: impl FnMut(Entry) -> Result<(), String>,
    ) -> Result<Scan, JournalError> {
        scan::scan(&self.database, Place::default(), to, visit)
    }

    /// The state that all entries lead to, from the first on, and without any snapshot. `seen` is told each state
    /// after a decision.
    pub fn fold(
        &self,
        to: Option<Seq>,
        mut seen: impl FnMut(Seq, &State),
    ) -> Result<(Scan, State), JournalError> {
        let mut state = State::default();
        let scan = self.scan(to, |entry| {
            fold(&mut state, &entry)?;
            if entry.ends {
                seen(entry.seq, &state);
            }
            Ok(())
        })?;
        Ok((scan, state))
    }

    /// Whether sound entries come after a damaged one.
    pub fn goes_on_after(&self, damaged: Seq) -> Result<bool, JournalError> {
        scan::goes_on_after(&self.database, damaged)
    }

    /// Its snapshots, the newest first.
    pub fn snapshots(&self) -> Result<Vec<Listed>, JournalError> {
        snapshot::list(&self.database)
    }

    /// Whether a snapshot can be read and is what was hashed; otherwise what is wrong with it.
    pub fn check(&self, listed: &Listed) -> Result<Result<(), String>, JournalError> {
        Ok(snapshot::load(&self.database, listed)?.map(drop))
    }
}
