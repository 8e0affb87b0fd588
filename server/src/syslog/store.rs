//! The file of the log's lines: SQLite beside the journal, readable by its owner alone. Nothing but lines is in it, and
//! nothing but the page's log is read from it: the engine's state knows no line.

use crate::hub::{RETENTION, Retention};
use crate::private::keep_private;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension as _, Row, params};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::id::{Epoch, Seq};
use tickwire_protocol::log::{LogLevel, LogLine};

/// The name of the file in the data folder.
pub const FILE: &str = "logs.db";

/// What a damaged one is called when it is put aside. There is one such file at most: the newest.
pub const DAMAGED: &str = "logs.db.damaged";

/// Marks the file as one of this program's logs (`TIKL`).
const APPLICATION: i64 = 0x5449_4b4c;

/// The version of the tables below.
const SCHEMA: i64 = 1;

/// How long a write waits for another process that looks into the file, such as a backup.
const BUSY: Duration = Duration::from_secs(1);

/// What the file may take, in bytes, however many lines are to be kept.
const BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Lines after which those that are too old or too many are looked for.
const TRIM_EVERY: u64 = 512;

const TABLES: &str = "
    CREATE TABLE facts (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
    CREATE TABLE lines (
        seq INTEGER PRIMARY KEY,
        at_ms INTEGER NOT NULL,
        level TEXT NOT NULL,
        module TEXT NOT NULL,
        message TEXT NOT NULL
    ) STRICT;
";

/// Who reads the log, and in which life of the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Life {
    /// How often the journal has been opened.
    pub boot: Epoch,
    /// Whether only users with a login read the log.
    pub has_users: bool,
}

/// Why lines cannot be kept.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file cannot be made or written.
    #[error("{FILE} cannot be written: {0}")]
    File(#[from] std::io::Error),
    /// It is another program's, or of a newer version; it is left as it is.
    #[error("{FILE} is no log that this tickwire reads; move it away")]
    Foreign,
    /// It is not as it was written.
    #[error("{FILE} is damaged: {0}")]
    Damaged(String),
    /// The database refuses.
    #[error("{FILE} cannot be read or written: {0}")]
    Database(rusqlite::Error),
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> StoreError {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                StoreError::Damaged(error.to_string())
            }
            // A column that is not what it was written as has no code, and a table that is not there no name of its own.
            None | Some(ErrorCode::Unknown) => StoreError::Damaged(error.to_string()),
            Some(_) => StoreError::Database(error),
        }
    }
}

/// A file that can be written, and what was found in it.
#[derive(Debug)]
pub struct Obtained {
    /// The file.
    pub store: Store,
    /// The last lines in it and their places, oldest first.
    pub lines: Vec<(Seq, LogLine)>,
    /// Why the one before it was put aside, in words.
    pub put_aside: Option<String>,
}

/// The open file.
#[derive(Debug)]
pub struct Store {
    database: Connection,
    epoch: Epoch,
    head: Seq,
    /// The place before the oldest line.
    floor: Seq,
    untrimmed: u64,
}

impl Store {
    /// Opens the log of a data folder, and makes it where there is none. It goes on where it ended if it is of the life
    /// of the journal before this one; otherwise somebody put it there, and its history is named `fresh` from now on.
    ///
    /// # Errors
    ///
    /// Where it cannot be used; nothing is changed then.
    pub fn open(folder: &Path, life: Life, fresh: Epoch) -> Result<Store, StoreError> {
        let path = folder.join(FILE);
        keep_private(&path)?;
        let mut database = Connection::open(&path)?;
        database.busy_timeout(BUSY)?;
        let number = |name| database.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
        let (application, version) = (number("application_id")?, number("user_version")?);
        let tables: i64 = database.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        let is_new = tables == 0 && application == 0;
        if !is_new && (application, version) != (APPLICATION, SCHEMA) {
            return Err(StoreError::Foreign);
        }
        // Small, so that the log takes little of a disk that is nearly full from the journal.
        database.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; \
             PRAGMA wal_autocheckpoint = 100; PRAGMA journal_size_limit = 1000000;",
        )?;
        if !is_new {
            let found: String = database.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
            if found != "ok" {
                return Err(StoreError::Damaged(found));
            }
        }
        let transaction = database.transaction()?;
        if is_new {
            transaction.execute_batch(TABLES)?;
            transaction.pragma_update(None, "application_id", APPLICATION)?;
            transaction.pragma_update(None, "user_version", SCHEMA)?;
        }
        let (before, had_users) = (fact(&transaction, "boot")?, fact(&transaction, "users")?);
        let goes_on = before.is_some_and(|before| before + 1 == i64::from(life.boot.0));
        let is_for_others = life.has_users && had_users == Some(0);
        if is_for_others {
            // Lines about connections are not for users to read.
            transaction.execute("DELETE FROM lines", [])?;
        }
        let epoch = match fact(&transaction, "epoch")? {
            Some(epoch) if goes_on && !is_for_others => Epoch(u32::try_from(epoch).unwrap_or(fresh.0)),
            _ => fresh,
        };
        keep(&transaction, life, epoch)?;
        let (first, head) = ends(&transaction)?;
        transaction.commit()?;
        Ok(Store {
            database,
            epoch,
            head,
            floor: floor_of(first, head),
            untrimmed: 0,
        })
    }

    /// The same with the last lines that are to be at hand, where a damaged file is put aside and another one begun.
    ///
    /// # Errors
    ///
    /// Where even that cannot be.
    pub fn obtain(folder: &Path, life: Life, fresh: Epoch) -> Result<Obtained, StoreError> {
        let obtained = |put_aside| {
            let store = Store::open(folder, life, fresh)?;
            Ok(Obtained {
                lines: store.newest(RETENTION)?,
                store,
                put_aside,
            })
        };
        match obtained(None) {
            Err(StoreError::Damaged(reason)) => {
                let file = folder.join(FILE);
                fs::rename(&file, folder.join(DAMAGED))?;
                // What belongs to the one file must not be taken for the other's.
                for beside in ["-wal", "-shm"] {
                    match fs::remove_file(folder.join(format!("{FILE}{beside}"))) {
                        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                            return Err(error.into());
                        }
                        _ => {}
                    }
                }
                obtained(Some(reason))
            }
            other => other,
        }
    }

    /// What names the history in here.
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// The last line's place.
    pub fn head(&self) -> Seq {
        self.head
    }

    /// The place before the oldest line.
    pub fn floor(&self) -> Seq {
        self.floor
    }

    /// The last lines and their places, oldest first.
    ///
    /// # Errors
    ///
    /// Where they cannot be read, or one is missing.
    pub fn newest(&self, most: usize) -> Result<Vec<(Seq, LogLine)>, StoreError> {
        let most = u64::try_from(most).unwrap_or(u64::MAX);
        let after = Seq(self.head.0.saturating_sub(most)).max(self.floor);
        between(&self.database, after, self.head)
    }

    /// Adds lines after the last one, wholly or not at all, and synced when this returns.
    ///
    /// # Errors
    ///
    /// Where they cannot be written. They may be in the file all the same; nothing may be added after that.
    pub fn append(&mut self, lines: &[LogLine]) -> Result<(), StoreError> {
        let transaction = self.database.transaction()?;
        let mut head = self.head;
        for line in lines {
            head = head.next();
            insert(&transaction, head, line)?;
        }
        transaction.commit()?;
        self.untrimmed += head.0 - self.head.0;
        self.head = head;
        Ok(())
    }

    /// Forgets all that there is, and has these lines instead, in this history and at these places.
    ///
    /// # Errors
    ///
    /// Where they cannot be written.
    pub fn begin(&mut self, life: Life, epoch: Epoch, lines: &[(Seq, LogLine)]) -> Result<(), StoreError> {
        let transaction = self.database.transaction()?;
        transaction.execute("DELETE FROM lines", [])?;
        for (seq, line) in lines {
            insert(&transaction, *seq, line)?;
        }
        keep(&transaction, life, epoch)?;
        let (first, head) = ends(&transaction)?;
        transaction.commit()?;
        self.epoch = epoch;
        self.head = head;
        self.floor = floor_of(first, head);
        Ok(())
    }

    /// Now and then forgets lines that are too old, too many, or take too much; the newest that the hub has at hand stay
    /// in any case. Says whether any was forgotten.
    ///
    /// # Errors
    ///
    /// Where that cannot be written.
    pub fn trim(&mut self, retention: Retention, now: TimestampMs) -> Result<bool, StoreError> {
        if self.untrimmed < TRIM_EVERY {
            return Ok(false);
        }
        self.untrimmed = 0;
        let kept_ms = i64::from(retention.days) * 24 * 3_600_000;
        let young: Option<i64> = self
            .database
            .query_row(
                "SELECT seq FROM lines WHERE at_ms >= ? ORDER BY seq LIMIT 1",
                [now.0.saturating_sub(kept_ms)],
                |row| row.get(0),
            )
            .optional()?;
        let too_old = young.map_or(self.head.0, |young| young.unsigned_abs().saturating_sub(1));
        let too_many = self.head.0.saturating_sub(retention.entries);
        let too_much = match self.bytes()? > BYTES_MAX {
            true => self.floor.0 + (self.head.0 - self.floor.0) / 4,
            false => 0,
        };
        let stays = self.head.0.saturating_sub(RETENTION as u64);
        let floor = Seq(too_old.max(too_many).max(too_much).min(stays)).max(self.floor);
        if floor == self.floor {
            return Ok(false);
        }
        self.database
            .execute("DELETE FROM lines WHERE seq <= ?", [floor.0.cast_signed()])?;
        self.floor = floor;
        Ok(true)
    }

    /// What the lines take of the file.
    fn bytes(&self) -> Result<u64, StoreError> {
        let number = |name| {
            let value = self
                .database
                .pragma_query_value(None, name, |row| row.get::<_, i64>(0));
            value.map(i64::unsigned_abs)
        };
        let pages = number("page_count")?.saturating_sub(number("freelist_count")?);
        Ok(pages * number("page_size")?)
    }
}

/// The way to lines that are no longer at hand, beside the writing of new ones.
#[derive(Clone, Debug)]
pub struct Past {
    file: PathBuf,
}

impl Past {
    /// The lines of the log in `folder`.
    pub fn new(folder: &Path) -> Past {
        Past {
            file: folder.join(FILE),
        }
    }

    /// The lines after one place and up to another, in order, none of them missing. It blocks.
    ///
    /// # Errors
    ///
    /// Where they cannot be read, or are not all there.
    pub fn read(&self, after: Seq, until: Seq) -> Result<Vec<(Seq, LogLine)>, StoreError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let database = Connection::open_with_flags(&self.file, flags)?;
        database.busy_timeout(BUSY)?;
        between(&database, after, until)
    }
}

fn between(database: &Connection, after: Seq, until: Seq) -> Result<Vec<(Seq, LogLine)>, StoreError> {
    let mut question = database.prepare(
        "SELECT seq, at_ms, level, module, message FROM lines WHERE seq > ? AND seq <= ? ORDER BY seq",
    )?;
    let rows = question.query_map([after.0.cast_signed(), until.0.cast_signed()], line)?;
    let lines = rows.collect::<Result<Vec<_>, _>>()?;
    let mut places = (after.0 + 1)..=until.0;
    if lines.iter().all(|(seq, _)| places.next() == Some(seq.0)) && places.next().is_none() {
        return Ok(lines);
    }
    Err(StoreError::Damaged(format!(
        "a line between {after} and {until} is missing"
    )))
}

fn line(row: &Row<'_>) -> rusqlite::Result<(Seq, LogLine)> {
    let level: String = row.get(2)?;
    let level = level_named(&level).ok_or_else(|| {
        let column = "level".to_owned();
        rusqlite::Error::InvalidColumnType(2, column, rusqlite::types::Type::Text)
    })?;
    let line = LogLine {
        level,
        module: row.get(3)?,
        message: row.get(4)?,
        timestamp: TimestampMs(row.get(1)?),
    };
    Ok((Seq(row.get::<_, i64>(0)?.unsigned_abs()), line))
}

fn insert(database: &Connection, seq: Seq, line: &LogLine) -> rusqlite::Result<()> {
    let mut insert = database
        .prepare_cached("INSERT INTO lines (seq, at_ms, level, module, message) VALUES (?, ?, ?, ?, ?)")?;
    insert.execute(params![
        seq.0.cast_signed(),
        line.timestamp.0,
        name(line.level),
        line.module,
        line.message
    ])?;
    Ok(())
}

fn keep(database: &Connection, life: Life, epoch: Epoch) -> rusqlite::Result<()> {
    for (name, value) in [
        ("epoch", i64::from(epoch.0)),
        ("boot", i64::from(life.boot.0)),
        ("users", i64::from(life.has_users)),
    ] {
        database.execute(
            "INSERT OR REPLACE INTO facts (name, value) VALUES (?, ?)",
            params![name, value],
        )?;
    }
    Ok(())
}

fn fact(database: &Connection, name: &str) -> rusqlite::Result<Option<i64>> {
    let question = "SELECT value FROM facts WHERE name = ?";
    database.query_row(question, [name], |row| row.get(0)).optional()
}

/// The places of the oldest and of the last line; 0 where there is none.
fn ends(database: &Connection) -> rusqlite::Result<(Seq, Seq)> {
    let question = "SELECT coalesce(min(seq), 0), coalesce(max(seq), 0) FROM lines";
    database.query_row(question, [], |row| {
        let place = |column| row.get::<_, i64>(column).map(|seq| Seq(seq.unsigned_abs()));
        Ok((place(0)?, place(1)?))
    })
}

fn floor_of(first: Seq, head: Seq) -> Seq {
    Seq(first.0.saturating_sub(1)).min(head)
}

fn name(level: LogLevel) -> &'static str {
    match level {
        LogLevel::Info => "INFO",
        LogLevel::Warning => "WARNING",
        LogLevel::Error => "ERROR",
        LogLevel::Critical => "CRITICAL",
    }
}

fn level_named(text: &str) -> Option<LogLevel> {
    [
        LogLevel::Info,
        LogLevel::Warning,
        LogLevel::Error,
        LogLevel::Critical,
    ]
    .into_iter()
    .find(|level| name(*level) == text)
}

#[cfg(test)]
#[path = "store_tests.rs"]
mod tests;
