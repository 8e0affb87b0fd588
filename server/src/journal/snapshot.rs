//! Snapshots: the state after an entry, so that a start needs not fold what led to it.
//!
//! A snapshot is never the truth: one that cannot be used is passed over, and the entries are folded instead.

use super::chain::StateHash;
use super::scan::{self, Place, scan, to_sql};
use super::{JournalError, chain::Chain};
use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use rusqlite::{Connection, params};
use sha2::{Digest as _, Sha256};
use std::io::{self, Read as _, Write};
use tickwire_engine::State;
use tickwire_protocol::id::Seq;
use tracing::warn;

/// Snapshots kept: with the newest spoilt there are others.
const KEPT: i64 = 3;

/// Another version may fold the same events otherwise, so it folds all of them once.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Entries before a snapshot that are checked all the same: damage at the end of the journal is found at the start even
/// where a snapshot covers it.
const CHECKED_BEFORE: u64 = 5_000;

/// A state as it is stored.
#[derive(Clone, Debug)]
pub struct Encoded {
    seq: Seq,
    hash: StateHash,
    bytes: Vec<u8>,
}

impl Encoded {
    /// Encodes the state after entry `seq`. Takes about a second for a million orders: never done where others wait.
    pub fn new(seq: Seq, state: &State) -> Result<Encoded, serde_json::Error> {
        let mut encoder = Hashing {
            hasher: Sha256::new(),
            then: ZlibEncoder::new(Vec::new(), Compression::fast()),
        };
        serde_json::to_writer(io::BufWriter::new(&mut encoder), state)?;
        let bytes = encoder.then.finish().map_err(serde_json::Error::io)?;
        Ok(Encoded {
            seq,
            hash: StateHash::of(encoder.hasher),
            bytes,
        })
    }

    /// The entry that it is the state after.
    pub fn seq(&self) -> Seq {
        self.seq
    }
}

/// The hash of a state: that of its serialised form, which is the same for the same state.
pub fn hash_of(state: &State) -> Result<StateHash, serde_json::Error> {
    let mut hashing = Hashing {
        hasher: Sha256::new(),
        then: io::sink(),
    };
    serde_json::to_writer(io::BufWriter::new(&mut hashing), state)?;
    Ok(StateHash::of(hashing.hasher))
}

/// Hashes what it hands on.
struct Hashing<W> {
    hasher: Sha256,
    then: W,
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.then.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.then.flush()
    }
}

/// Stores a snapshot and forgets those that are too many. Its entry must be in the journal.
pub(super) fn store(database: &mut Connection, encoded: &Encoded) -> Result<(), JournalError> {
    let transaction = database.transaction()?;
    transaction.execute(
        "INSERT OR REPLACE INTO snapshots (seq, version, chain, hash, state) \
         SELECT seq, ?, chain, ?, ? FROM entries WHERE seq = ?",
        params![
            VERSION,
            encoded.hash.as_bytes(),
            encoded.bytes,
            to_sql(encoded.seq.0)
        ],
    )?;
    transaction.execute(
        "DELETE FROM snapshots WHERE seq NOT IN (SELECT seq FROM snapshots ORDER BY seq DESC LIMIT ?)",
        [KEPT],
    )?;
    Ok(transaction.commit()?)
}

/// A snapshot as it is listed.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The entry that it is the state after.
    pub seq: Seq,
    /// The hash that was stored with it.
    pub hash: Option<StateHash>,
    version: String,
    chain: Option<Chain>,
}

/// All snapshots, the newest first.
pub(super) fn list(database: &Connection) -> Result<Vec<Listed>, JournalError> {
    let mut rows = database.prepare("SELECT seq, hash, version, chain FROM snapshots ORDER BY seq DESC")?;
    let rows = rows.query_map([], |row| {
        Ok(Listed {
            seq: Seq(row.get::<_, i64>(0)?.unsigned_abs()),
            hash: StateHash::from_bytes(row.get_ref(1)?.as_bytes()?),
            version: row.get(2)?,
            chain: Chain::from_bytes(row.get_ref(3)?.as_bytes()?),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The state of a snapshot, or why it cannot be used. What led to it is not looked at.
pub(super) fn load(database: &Connection, listed: &Listed) -> Result<Result<State, String>, JournalError> {
    let bytes: Vec<u8> = database.query_row(
        "SELECT state FROM snapshots WHERE seq = ?",
        [to_sql(listed.seq.0)],
        |row| row.get(0),
    )?;
    let mut text = Vec::new();
    if let Err(error) = ZlibDecoder::new(&bytes[..]).read_to_end(&mut text) {
        return Ok(Err(format!("unreadable: {error}")));
    }
    let mut hasher = Sha256::new();
    hasher.update(&text);
    if Some(StateHash::of(hasher)) != listed.hash {
        return Ok(Err("its hash does not fit".to_owned()));
    }
    Ok(serde_json::from_slice(&text).map_err(|error| format!("unreadable: {error}")))
}

/// The newest snapshot that can be used: its place, and the state there. Those passed over are told in the log.
pub(super) fn newest(database: &Connection) -> Result<Option<(Place, State)>, JournalError> {
    for listed in list(database)? {
        let seq = listed.seq;
        let passed_over = |reason: &str| warn!(target: "tickwire::journal", seq = seq.0, reason, "a snapshot is passed over");
        if listed.version != VERSION {
            passed_over("another version wrote it");
            continue;
        }
        let Some(place) = scan::place_of(database, seq)?.filter(|place| Some(place.chain) == listed.chain)
        else {
            passed_over("it is of another history");
            continue;
        };
        let from = Seq(seq.0.saturating_sub(CHECKED_BEFORE));
        let checked = match decision_before(database, from)? {
            Some(from) => scan(database, from, Some(seq), |_| Ok(()))?,
            None => scan(database, Place::default(), Some(seq), |_| Ok(()))?,
        };
        if checked.damage.is_some() || checked.sound != place {
            passed_over("entries before it are damaged");
            continue;
        }
        match load(database, &listed)? {
            Ok(state) => return Ok(Some((place, state))),
            Err(reason) => passed_over(&reason),
        }
    }
    Ok(None)
}

/// The place at which the last decision up to `seq` ends.
fn decision_before(database: &Connection, seq: Seq) -> Result<Option<Place>, JournalError> {
    let ended: Option<i64> = database.query_row(
        "SELECT max(seq) FROM entries WHERE seq <= ? AND seq > ? - 1000 AND ends <> 0",
        params![to_sql(seq.0), to_sql(seq.0)],
        |row| row.get(0),
    )?;
    match ended {
        Some(ended) => scan::place_of(database, Seq(ended.unsigned_abs())),
        None => Ok(None),
    }
}
