//! How the journal is, for all who are not its owner: the engine's threads, and `/health`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use tickwire_protocol::message::JournalState;

/// A handle to the journal's condition; clones are the same.
#[derive(Clone, Debug, Default)]
pub struct JournalWatch {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    state: AtomicU8,
    cut: AtomicU64,
}

impl JournalWatch {
    /// How it is now.
    pub fn state(&self) -> JournalState {
        match self.shared.state.load(Ordering::Acquire) {
            0 => JournalState::Live,
            1 => JournalState::Short,
            2 => JournalState::Full,
            _ => JournalState::Down,
        }
    }

    /// It is so from now on.
    pub fn set(&self, state: JournalState) {
        let number = match state {
            JournalState::Live => 0,
            JournalState::Short => 1,
            JournalState::Full => 2,
            JournalState::Down => 3,
        };
        self.shared.state.store(number, Ordering::Release);
    }

    /// Whether the engine may decide: what it decides now can be kept.
    pub fn is_writable(&self) -> bool {
        matches!(self.state(), JournalState::Live | JournalState::Short)
    }

    /// Entries that were damaged and cut off at this start; zero where it was sound.
    pub fn cut(&self) -> u64 {
        self.shared.cut.load(Ordering::Acquire)
    }

    /// So many were cut off.
    pub fn set_cut(&self, entries: u64) {
        self.shared.cut.store(entries, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_see_what_one_says() {
        let watch = JournalWatch::default();
        let other = watch.clone();
        assert_eq!(other.state(), JournalState::Live);
        for (state, writable) in [
            (JournalState::Short, true),
            (JournalState::Full, false),
            (JournalState::Down, false),
            (JournalState::Live, true),
        ] {
            watch.set(state);
            assert_eq!((other.state(), other.is_writable()), (state, writable));
        }
    }
}
