//! Checksums of entries, each reckoned over the one before: an entry that was changed, taken out, swapped or put in does
//! not fit those around it.

use sha2::{Digest as _, Sha256};
use std::fmt;

/// Bytes of a checksum: the first half of a SHA-256, which is more than chance or a broken disk can meet.
const LENGTH: usize = 16;

/// The checksum of an entry and of all before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Chain([u8; LENGTH]);

/// An entry as its row has it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row<'a> {
    pub seq: i64,
    pub account: i64,
    pub at_ms: i64,
    pub topic: Option<&'a str>,
    pub topic_seq: Option<i64>,
    pub decision: i64,
    pub ends: i64,
    /// The event as it was written; never encoded anew, so that it needs not be readable to be checked.
    pub event: &'a [u8],
}

impl Chain {
    /// The checksum before the first entry.
    pub const START: Chain = Chain([0; LENGTH]);

    /// The checksum of the entry that follows.
    pub(super) fn next(self, row: &Row<'_>) -> Chain {
        let mut hasher = Sha256::new();
        hasher.update(self.0);
        // Every part has a fixed length or tells it, so that no two rows give the same bytes.
        for number in [row.seq, row.account, row.at_ms, row.decision, row.ends] {
            hasher.update(number.to_le_bytes());
        }
        let topic = row.topic.unwrap_or_default();
        hasher.update([u8::from(row.topic.is_some()), u8::from(row.topic_seq.is_some())]);
        hasher.update((topic.len() as u64).to_le_bytes());
        hasher.update(topic);
        hasher.update(row.topic_seq.unwrap_or_default().to_le_bytes());
        hasher.update((row.event.len() as u64).to_le_bytes());
        hasher.update(row.event);
        let mut bytes = [0; LENGTH];
        bytes.copy_from_slice(&hasher.finalize()[..LENGTH]);
        Chain(bytes)
    }

    /// As it is stored.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// From what is stored; `None` where that has another length.
    pub fn from_bytes(bytes: &[u8]) -> Option<Chain> {
        bytes.try_into().ok().map(Chain)
    }
}

impl fmt::Display for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, &self.0)
    }
}

/// The SHA-256 of a state as it serialises: two folds of the same history have the same one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StateHash([u8; 32]);

impl StateHash {
    /// From what was hashed.
    pub(super) fn of(hasher: Sha256) -> StateHash {
        StateHash(hasher.finalize().into())
    }

    /// As it is stored.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// From what is stored; `None` where that has another length.
    pub fn from_bytes(bytes: &[u8]) -> Option<StateHash> {
        bytes.try_into().ok().map(StateHash)
    }
}

impl fmt::Display for StateHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, &self.0)
    }
}

fn write_hex(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROW: Row<'static> = Row {
        seq: 7,
        account: 1,
        at_ms: 1_702_210_800_000,
        topic: Some("orders"),
        topic_seq: Some(3),
        decision: 6,
        ends: 1,
        event: b"{}",
    };

    #[test]
    fn every_column_and_the_entry_before_count() {
        let base = Chain::START.next(&ROW);
        let others = [
            Row { seq: 8, ..ROW },
            Row { account: 2, ..ROW },
            Row { at_ms: 0, ..ROW },
            Row { topic: None, ..ROW },
            Row {
                topic: Some("order"),
                ..ROW
            },
            Row {
                topic_seq: None,
                ..ROW
            },
            Row {
                topic_seq: Some(0),
                ..ROW
            },
            Row { decision: 7, ..ROW },
            Row { ends: 0, ..ROW },
            Row { event: b"[]", ..ROW },
        ];
        for other in others {
            assert_ne!(Chain::START.next(&other), base, "{other:?}");
        }
        assert_ne!(base.next(&ROW), base);
        assert_eq!(Chain::from_bytes(base.as_bytes()), Some(base));
        assert_eq!(Chain::from_bytes(&[0; 5]), None);
    }

    #[test]
    fn it_is_told_in_hexadecimal() {
        assert_eq!(Chain::START.to_string(), "0".repeat(32));
        let mut hasher = Sha256::new();
        hasher.update("abc");
        // The example of FIPS 180-4.
        assert_eq!(
            StateHash::of(hasher).to_string(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }
}
