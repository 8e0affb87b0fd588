//! Reading entries with all their checks: order, checksums, decisions, and whether what is damaged is the end of it.

use super::chain::{Chain, Row};
use super::{Entry, JournalError};
use rusqlite::{Connection, OptionalExtension as _, params};
use tickwire_engine::event::Event;
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::id::{AccountId, Seq};
use tickwire_protocol::topic::Topic;

/// Where in the journal, and the checksum of everything up to there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The entry.
    pub seq: Seq,
    /// Its checksum.
    pub chain: Chain,
}

/// An entry is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The first one.
    pub seq: Seq,
    /// What is wrong with it.
    pub reason: String,
}

/// How far the journal is sound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scan {
    /// The end of the last whole decision that is as it was written.
    pub sound: Place,
    /// What comes then, where that is not simply the end.
    pub damage: Option<Damage>,
}

const COLUMNS: &str = "seq, account, at_ms, topic, topic_seq, event, decision, ends, chain";

/// Hands every entry after `after` to `visit`, in order and whole decisions only, up to `to` where that is given. Ends
/// at the first entry that is not as it was written. Where `visit` refuses an entry that is, this is the error.
pub(super) fn scan(
    database: &Connection,
    after: Place,
    to: Option<Seq>,
    mut visit: impl FnMut(Entry) -> Result<(), String>,
) -> Result<Scan, JournalError> {
    let last = to.map_or(i64::MAX, |to| to_sql(to.0));
    let mut rows = database.prepare(&format!(
        "SELECT {COLUMNS} FROM entries WHERE seq > ? AND seq <= ? ORDER BY seq"
    ))?;
    let mut rows = rows.query(params![to_sql(after.seq.0), last])?;
    let mut sound = after;
    let mut read = after;
    let mut decision = Vec::new();
    while let Some(row) = rows.next()? {
        let entry = match check(row, read, decision.first()) {
            Ok(entry) => entry,
            Err(damage) => {
                return Ok(Scan {
                    sound,
                    damage: Some(damage),
                });
            }
        };
        let Checked { entry, chain, ends } = entry;
        read = Place {
            seq: entry.seq,
            chain,
        };
        decision.push(entry);
        if ends {
            for entry in decision.drain(..) {
                let seq = entry.seq;
                visit(entry).map_err(|reason| JournalError::Damaged { seq, reason })?;
            }
            sound = read;
        }
    }
    let written = head(database)?.map(|written| to.map_or(written, |to| to.min(written)));
    let damage =
        if written.is_some_and(|written| written > read.seq) || (to.is_none() && !decision.is_empty()) {
            let seq = read.seq.next();
            Some(Damage {
                seq,
                reason: format!("entry {seq} is missing"),
            })
        } else {
            None
        };
    Ok(Scan { sound, damage })
}

struct Checked {
    entry: Entry,
    chain: Chain,
    ends: bool,
}

/// Checks a row that should follow `before`, and be of the decision that `first` began, where one is under way.
fn check(row: &rusqlite::Row<'_>, before: Place, first: Option<&Entry>) -> Result<Checked, Damage> {
    let expected = before.seq.next();
    let damage = |reason: String| Damage {
        seq: expected,
        reason,
    };
    let (columns, stored) = columns(row).map_err(|error| damage(format!("unreadable: {error}")))?;
    if columns.seq != to_sql(expected.0) {
        return Err(damage(format!("entry {expected} is missing")));
    }
    let chain = before.chain.next(&columns);
    if Some(chain) != stored {
        return Err(damage("its checksum does not fit".to_owned()));
    }
    let event: Event =
        serde_json::from_slice(columns.event).map_err(|error| damage(format!("unreadable: {error}")))?;
    let decision = Seq(columns.decision.unsigned_abs());
    if decision != first.map_or(expected, |first| first.decision) {
        return Err(damage(format!("it says to be of decision {decision}")));
    }
    let entry = Entry {
        seq: expected,
        topic_seq: columns.topic_seq.map(|seq| Seq(seq.unsigned_abs())),
        decision,
        ends: columns.ends != 0,
        event,
    };
    Ok(Checked {
        ends: entry.ends,
        entry,
        chain,
    })
}

/// The columns of a row, and the checksum that is stored with them.
fn columns<'a>(row: &'a rusqlite::Row<'_>) -> rusqlite::Result<(Row<'a>, Option<Chain>)> {
    let columns = Row {
        seq: row.get(0)?,
        account: row.get(1)?,
        at_ms: row.get(2)?,
        topic: row.get_ref(3)?.as_str_or_null()?,
        topic_seq: row.get(4)?,
        event: row.get_ref(5)?.as_bytes()?,
        decision: row.get(6)?,
        ends: row.get(7)?,
    };
    Ok((columns, Chain::from_bytes(row.get_ref(8)?.as_bytes()?)))
}

/// Whether a later decision than the damaged one is sound: then the damage is not at the end, and cutting there would
/// lose what is good.
pub(super) fn goes_on_after(database: &Connection, damaged: Seq) -> Result<bool, JournalError> {
    let mut rows = database.prepare(&format!(
        "SELECT {COLUMNS} FROM entries WHERE seq >= ? ORDER BY seq"
    ))?;
    let mut rows = rows.query([to_sql(damaged.0)])?;
    let mut before: Option<(i64, Chain)> = None;
    while let Some(row) = rows.next()? {
        let Ok((columns, stored)) = columns(row) else {
            before = None;
            continue;
        };
        let follows =
            before.is_some_and(|(seq, chain)| seq + 1 == columns.seq && stored == Some(chain.next(&columns)));
        if follows && columns.decision > to_sql(damaged.0) {
            return Ok(true);
        }
        before = stored.map(|chain| (columns.seq, chain));
    }
    Ok(false)
}

/// The last entry that was appended, as it was written beside the entries: one that is gone since is missed by it.
pub(super) fn head(database: &Connection) -> Result<Option<Seq>, JournalError> {
    Ok(fact(database, "head")?.map(|head| Seq(head.unsigned_abs())))
}

/// A number kept beside the entries.
pub(super) fn fact(database: &Connection, name: &str) -> Result<Option<i64>, JournalError> {
    let fact = database.query_row("SELECT value FROM facts WHERE name = ?", [name], |row| row.get(0));
    Ok(fact.optional()?)
}

/// An entry's place, by what is stored; `None` where there is no such entry.
pub(super) fn place_of(database: &Connection, seq: Seq) -> Result<Option<Place>, JournalError> {
    if seq == Seq(0) {
        return Ok(Some(Place::default()));
    }
    let stored = database.query_row(
        "SELECT chain FROM entries WHERE seq = ?",
        [to_sql(seq.0)],
        |row| Ok(Chain::from_bytes(row.get_ref(0)?.as_bytes()?)),
    );
    Ok(stored.optional()?.flatten().map(|chain| Place { seq, chain }))
}

/// The last `most` entries of a lossless topic, oldest first. Each is checked against the one before it in the journal.
pub(super) fn newest_of_topic(
    database: &Connection,
    account: AccountId,
    topic: Topic,
    most: usize,
) -> Result<Vec<Entry>, JournalError> {
    let mut rows = database.prepare(&format!(
        "{OF_TOPIC} WHERE account = ? AND topic = ? ORDER BY topic_seq DESC LIMIT ?"
    ))?;
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let mut rows = rows.query(params![to_sql(account.0), topic.to_string(), most])?;
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        entries.push(check_alone(row)?);
    }
    entries.reverse();
    Ok(entries)
}

/// The entries of a lossless topic after one place and up to another, oldest first, checked likewise.
pub(super) fn entries_of_topic(
    database: &Connection,
    account: AccountId,
    topic: Topic,
    (after, until): (Seq, Seq),
) -> Result<Vec<Entry>, JournalError> {
    let mut rows = database.prepare(&format!(
        "{OF_TOPIC} WHERE account = ? AND topic = ? AND topic_seq > ? AND topic_seq <= ? ORDER BY topic_seq"
    ))?;
    let (after, until) = (to_sql(after.0), to_sql(until.0));
    let mut rows = rows.query(params![to_sql(account.0), topic.to_string(), after, until])?;
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        entries.push(check_alone(row)?);
    }
    Ok(entries)
}

/// When the entry at a place of a lossless topic happened, where there is one.
pub(super) fn time_of_topic(
    database: &Connection,
    account: AccountId,
    topic: Topic,
    seq: Seq,
) -> Result<Option<TimestampMs>, JournalError> {
    let sql = "SELECT at_ms FROM entries WHERE account = ? AND topic = ? AND topic_seq = ?";
    let key = params![to_sql(account.0), topic.to_string(), to_sql(seq.0)];
    let at = database.query_row(sql, key, |row| row.get(0));
    Ok(at.optional()?.map(TimestampMs))
}

/// The columns of an entry, and the checksum of the one before it.
const OF_TOPIC: &str = "SELECT seq, account, at_ms, topic, topic_seq, event, decision, ends, chain, \
     (SELECT chain FROM entries AS before WHERE before.seq = entries.seq - 1) FROM entries";

/// Checks a row of [`OF_TOPIC`] against the entry before it in the journal.
fn check_alone(row: &rusqlite::Row<'_>) -> Result<Entry, JournalError> {
    let seq = Seq(row.get::<_, i64>(0)?.unsigned_abs());
    let damaged = |reason: String| JournalError::Damaged { seq, reason };
    let before = match row.get_ref(9)?.as_bytes_or_null().ok().flatten() {
        Some(bytes) => Chain::from_bytes(bytes),
        None => (seq == Seq(1)).then_some(Chain::START),
    };
    let (columns, stored) = columns(row).map_err(|error| damaged(format!("unreadable: {error}")))?;
    if before.is_none() || before.map(|chain| chain.next(&columns)) != stored {
        return Err(damaged("its checksum does not fit".to_owned()));
    }
    let event: Event =
        serde_json::from_slice(columns.event).map_err(|error| damaged(format!("unreadable: {error}")))?;
    Ok(Entry {
        seq,
        topic_seq: columns.topic_seq.map(|seq| Seq(seq.unsigned_abs())),
        decision: Seq(columns.decision.unsigned_abs()),
        ends: columns.ends != 0,
        event,
    })
}

/// SQLite's integers are signed; a sequence that long would take millions of years.
pub(super) fn to_sql(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
