//! The append-only journal: every event of every account, in order, durable before anybody hears of it.
//!
//! It knows entries and nothing else: not the hub that publishes them, not the exchange that caused them.

mod sqlite;

pub use sqlite::SqliteJournal;

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
    /// The event.
    pub event: Event,
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
    #[error("the journal {} has schema {found}, this tickwire reads {expected}; start the tickwire that wrote it, or choose another --data-dir", file.display())]
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
        "the journal is damaged at entry {seq}: {reason}; put a backup in its place or choose another --data-dir"
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
    /// The database refuses.
    #[error("the journal's database refuses: {0}")]
    Database(#[from] rusqlite::Error),
}
