//! Subcommands beside `serve`: what an operator asks of a journal that no server has open, and does about users.

mod export;
mod replay;
mod user;
mod verify;

pub use export::{ExportArgs, Format};
pub use replay::ReplayArgs;
pub use user::{UserCommand, user};

use crate::config::{ConfigError, DataFolder};
use crate::journal::{JournalError, JournalReader};
use crate::users::store::StoreError;
use clap::Subcommand;
use std::io::{self, Write};

/// What can be asked of a journal.
#[derive(Clone, Debug, Subcommand)]
pub enum JournalCommand {
    /// Check every entry, checksum and snapshot; ends with 1 where anything is not as it was written.
    Verify(DataFolder),
    /// Write entries as CSV or as JSON, one object a line.
    Export(ExportArgs),
    /// Fold all entries from the first on, without snapshots, and print the hash of the state that they lead to; ends
    /// with 1 where a snapshot has another.
    Replay(ReplayArgs),
}

/// Why a subcommand ended with 1. The text is one line.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// Where the data are cannot be told.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The journal cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The users cannot be read or changed.
    #[error(transparent)]
    Users(#[from] StoreError),
    /// The journal is not as it was written.
    #[error("{0}")]
    Unsound(String),
    /// What was asked cannot be.
    #[error("{0}")]
    Usage(String),
    /// What was asked for cannot be written.
    #[error("the terminal or a file cannot be read or written: {0}")]
    Output(#[from] io::Error),
}

/// Does what was asked, and writes what there is to say to `out`.
pub fn journal(command: JournalCommand, out: &mut dyn Write) -> Result<(), CliError> {
    let done = match command {
        JournalCommand::Verify(folder) => verify::verify(&folder, out),
        JournalCommand::Export(args) => export::export(&args, out),
        JournalCommand::Replay(args) => replay::replay(&args, out),
    };
    match done.and_then(|()| Ok(out.flush()?)) {
        // Whoever reads has read enough, as `head` does.
        Err(CliError::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        done => done,
    }
}

fn open(folder: &DataFolder) -> Result<JournalReader, CliError> {
    Ok(JournalReader::open(&folder.resolve()?)?)
}
