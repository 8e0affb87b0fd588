//! The append-only journal: every event of every account, in order, durable before anybody hears of it.
//!
//! It knows entries and nothing else: not the hub that publishes them, not the exchange that caused them.
//!
//! - [`chain`]: checksums; [`scan`]: reading with all checks; [`snapshot`]: states, so that a start folds little
//! - [`schema`]: tables and migrations; [`room`]: cap and reserve; [`repair`]: cutting a damaged end off
//! - [`sqlite`]: the journal that a server writes; [`reader`]: one that nobody writes, for the command line
//! - [`past`]: old entries, read beside the server's own writing
//! - [`watch`]: how it is, for all others

mod chain;
mod past;
mod reader;
mod repair;
mod room;
mod scan;
mod schema;
mod snapshot;
mod sqlite;
mod watch;

pub use chain::{Chain, StateHash};
pub use past::JournalPast;
pub use reader::JournalReader;
pub use room::MAX_MB_MIN;
pub use scan::{Damage, Place, Scan};
pub use snapshot::{Encoded, Listed, hash_of};
pub use sqlite::{FILES, Recovered, SqliteJournal};
pub use watch::JournalWatch;

use rusqlite::ErrorCode;
use rusqlite::types::FromSqlError;
use std::path::PathBuf;
use tickwire_engine::event::Event;
use tickwire_protocol::id::{Epoch, Seq};

/// An event and its places: in the journal, and in the lossless topic that tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its place in the journal, gapless from 1.
    pub seq: Seq,
    /// Its place in its topic, where it has one, gapless from 1 for each account.
    pub topic_seq: Option<Seq>,
    /// The first entry of the decision that it is part of: all that one input of the engine led to. A decision is in the
    /// journal wholly or not at all.
    pub decision: Seq,
    /// Whether it is the last entry of its decision.
    pub ends: bool,
    /// The event.
    pub event: Event,
}

/// How the journal is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JournalConfig {
    /// The most that the journal may take on disk, in megabytes, its write-ahead log not counted; `None` for all there is.
    pub max_mb: Option<u32>,
    /// A snapshot is made after this many entries, or more where the journal is long.
    pub snapshot_every: u64,
    /// Days that messages of an account's topics are kept for those who come back.
    pub retention_days: u32,
    /// Messages of one topic that are kept for them.
    pub retention_entries: u64,
}

impl Default for JournalConfig {
    fn default() -> JournalConfig {
        JournalConfig {
            max_mb: None,
            snapshot_every: 20_000,
            retention_days: 7,
            retention_entries: 100_000,
        }
    }
}

/// What names the history that a journal holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct History {
    /// The epoch of its sequence numbers: drawn when the journal was made, kept for its life.
    pub epoch: Epoch,
    /// How often it has been opened; each life of the server counts its state topics in an epoch of its own.
    pub boot: Epoch,
}

/// Why the journal cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The folder cannot be made or written.
    #[error("the data folder {} cannot be used: {source}; choose another with --data-dir", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Another server has it open.
    #[error("the journal {} is in use by another tickwire; stop that one or choose another --data-dir", file.display())]
    InUse {
        /// The journal.
        file: PathBuf,
    },
    /// The file is some other program's database.
    #[error("the file {} is no journal of tickwire; move it away or choose another --data-dir", file.display())]
    Foreign {
        /// The file.
        file: PathBuf,
    },
    /// The file is not a journal of this version.
    #[error("the journal {} has schema {found}, this tickwire reads {expected}; start a server of the version that it is of, or choose another --data-dir", file.display())]
    Schema {
        /// The journal.
        file: PathBuf,
        /// What it has.
        found: i64,
        /// What is read.
        expected: i64,
    },
    /// An entry cannot be read, or one is missing.
    #[error(
        "the journal is damaged at entry {seq}: {reason}; see `tickwire journal verify`, put a backup in its place or \
         choose another --data-dir"
    )]
    Damaged {
        /// The first entry that is not as written.
        seq: Seq,
        /// What is wrong with it.
        reason: String,
    },
    /// The file is no database, or cannot be opened as one.
    #[error("the file {} cannot be opened as a journal: {source}; move it away or choose another --data-dir", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        source: rusqlite::Error,
    },
    /// Pages of the file are damaged, so that the database itself cannot read it.
    #[error(
        "the journal's file is damaged: {0}; see `tickwire journal verify`, put a backup in its place or choose another --data-dir"
    )]
    Corrupt(rusqlite::Error),
    /// The disk, or the cap that the operator set, is full.
    #[error("there is no room for the journal: {0}; make room on the disk, or raise --journal-max-mb")]
    Full(rusqlite::Error),
    /// There is no journal in the folder.
    #[error("there is no journal {}; name the folder of the desk's data with --data-dir", file.display())]
    Missing {
        /// The file.
        file: PathBuf,
    },
    /// The database refuses.
    #[error("the journal's database refuses: {0}")]
    Database(rusqlite::Error),
}

impl From<rusqlite::Error> for JournalError {
    fn from(error: rusqlite::Error) -> JournalError {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => JournalError::Corrupt(error),
            Some(ErrorCode::DiskFull) => JournalError::Full(error),
            // The index of the write-ahead log is a file of its own, which a full disk keeps from growing.
            _ if is_short_of_index(&error) => JournalError::Full(error),
            _ => JournalError::Database(error),
        }
    }
}

fn is_short_of_index(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error().map(|error| error.extended_code);
    code == Some(rusqlite::ffi::SQLITE_IOERR_SHMSIZE)
}

impl From<FromSqlError> for JournalError {
    fn from(error: FromSqlError) -> JournalError {
        JournalError::Database(error.into())
    }
}
