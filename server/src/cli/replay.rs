//! `tickwire journal replay`: the fold from the first entry on, and its hash.

use super::verify::{note_hash, told};
use super::{CliError, open};
use crate::config::DataFolder;
use clap::Args;
use std::collections::BTreeMap;
use std::io::Write;
use tickwire_protocol::id::Seq;

/// Options of `tickwire journal replay`.
#[derive(Clone, Debug, Args)]
pub struct ReplayArgs {
    #[command(flatten)]
    folder: DataFolder,
    /// The last entry to fold; of a decision that it would split, nothing is folded [default: the last]
    #[arg(long, value_name = "SEQ")]
    to: Option<u64>,
}

/// Folds, and compares with the newest snapshot on the way.
pub(super) fn replay(args: &ReplayArgs, out: &mut dyn Write) -> Result<(), CliError> {
    let journal = open(&args.folder)?;
    let to = args.to.map(Seq);
    let mut listed = journal.snapshots()?;
    listed.retain(|snapshot| to.is_none_or(|to| snapshot.seq <= to));
    listed.truncate(1);
    let mut hashes = BTreeMap::new();
    let (scan, state) = journal.fold(to, |seq, state| note_hash(&listed, seq, state, &mut hashes))?;
    writeln!(out, "entries    {}", scan.sound.seq)?;
    writeln!(out, "state hash {}", told(&state)?)?;
    if let Some(damage) = scan.damage {
        return Err(CliError::Unsound(format!(
            "the journal is damaged at entry {}: {}; see tickwire journal verify",
            damage.seq, damage.reason
        )));
    }
    match listed.first() {
        None => writeln!(out, "snapshot   none to compare with")?,
        Some(snapshot) if hashes.get(&snapshot.seq) == Some(&snapshot.hash) => {
            writeln!(out, "snapshot   after entry {}: the same state", snapshot.seq)?;
        }
        Some(snapshot) => {
            return Err(CliError::Unsound(format!(
                "the snapshot after entry {} is of another state than the entries lead to; a server must not start \
                 from it: put a backup in its place",
                snapshot.seq
            )));
        }
    }
    Ok(())
}
