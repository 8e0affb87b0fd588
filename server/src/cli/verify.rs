//! `tickwire journal verify`: every entry against its checksum, every snapshot against the fold.

use super::{CliError, open};
use crate::config::DataFolder;
use crate::journal::{JournalReader, Listed, StateHash, hash_of};
use std::collections::BTreeMap;
use std::io::Write;
use tickwire_engine::State;
use tickwire_protocol::id::Seq;

/// Checks all there is and says so.
pub(super) fn verify(folder: &DataFolder, out: &mut dyn Write) -> Result<(), CliError> {
    let journal = open(folder)?;
    let epoch = journal.epoch()?;
    let pages = journal.page_damage()?;
    for damage in &pages {
        writeln!(out, "pages      {}", damage.replace('\n', " "))?;
    }
    if !pages.is_empty() {
        return Err(CliError::Unsound(
            "the file itself is damaged; put a backup in its place".to_owned(),
        ));
    }
    let listed = journal.snapshots()?;
    let mut decisions = 0_u64;
    let mut hashes = BTreeMap::new();
    let (scan, state) = journal.fold(None, |seq, state| {
        decisions += 1;
        note_hash(&listed, seq, state, &mut hashes);
    })?;
    let head = scan.sound.seq;
    writeln!(out, "entries    {head} sound, of {decisions} decisions")?;
    writeln!(out, "head       {head}, checksum {}", scan.sound.chain)?;
    writeln!(out, "epoch      {}", epoch.0)?;
    let mut unsound = 0;
    for snapshot in &listed {
        let said = judge(&journal, snapshot, hashes.get(&snapshot.seq))?;
        unsound += u64::from(said.is_err());
        let said = said.err().unwrap_or_else(|| "sound".to_owned());
        writeln!(out, "snapshot   after entry {}: {said}", snapshot.seq)?;
    }
    writeln!(out, "state hash {}", told(&state)?)?;
    if let Some(damage) = scan.damage {
        let what = if journal.goes_on_after(damage.seq)? {
            "sound entries come after it, so a server does not start; put a backup in its place"
        } else {
            "nothing sound comes after it: the next start cuts it off and keeps everything before"
        };
        return Err(CliError::Unsound(format!(
            "the journal is damaged at entry {}: {}; {what}",
            damage.seq, damage.reason
        )));
    }
    if unsound > 0 {
        return Err(CliError::Unsound(format!(
            "{unsound} of {} snapshots cannot be used; a server passes them over, and no entry is lost",
            listed.len()
        )));
    }
    Ok(())
}

/// Keeps the hash of the state where a snapshot was made.
pub(super) fn note_hash(
    listed: &[Listed],
    seq: Seq,
    state: &State,
    hashes: &mut BTreeMap<Seq, Option<StateHash>>,
) {
    if listed.iter().any(|snapshot| snapshot.seq == seq) {
        hashes.insert(seq, hash_of(state).ok());
    }
}

/// What is wrong with a snapshot, given the hash of the fold of the entries up to it, where they are sound.
fn judge(
    journal: &JournalReader,
    snapshot: &Listed,
    folded: Option<&Option<StateHash>>,
) -> Result<Result<(), String>, CliError> {
    if let Err(reason) = journal.check(snapshot)? {
        return Ok(Err(reason));
    }
    Ok(match folded {
        Some(hash) if *hash == snapshot.hash => Ok(()),
        Some(_) => Err("the entries lead to another state".to_owned()),
        None => Err("it is not at the end of a sound decision".to_owned()),
    })
}

/// The hash of a state.
pub(super) fn told(state: &State) -> Result<StateHash, CliError> {
    hash_of(state).map_err(|error| CliError::Unsound(format!("the state cannot be encoded: {error}")))
}
