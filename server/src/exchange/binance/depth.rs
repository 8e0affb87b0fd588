//! Keeps a stream of depth updates in step with a snapshot, as Binance documents it ("How to manage a local order book
//! correctly"): updates wait for the snapshot, those that it already holds are dropped, and none may be missing.

use std::collections::VecDeque;

use crate::exchange::binance::message::{DepthSnapshot, DepthUpdate};

/// Updates that wait for a snapshot, at most: more than a minute of them. The oldest go first; a snapshot that is too old
/// for the rest is refused.
const WAITING_MAX: usize = 1_024;

/// Why a book must be asked for anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DepthError {
    /// The snapshot ends before the first update that is known.
    #[error("the snapshot ends at update {last}, before the first one heard of, {first}")]
    SnapshotTooOld {
        /// The last update in the snapshot.
        last: u64,
        /// The first update heard of.
        first: u64,
    },
    /// Updates are missing.
    #[error("updates are missing: {expected} was to come, {first} came")]
    Gap {
        /// The update that was to come.
        expected: u64,
        /// The first update of the event that came.
        first: u64,
    },
}

/// Where one book stands.
#[derive(Debug)]
pub struct DepthSync {
    state: State,
}

#[derive(Debug)]
enum State {
    /// Until there is a snapshot.
    Waiting(VecDeque<DepthUpdate>),
    /// In step up to this update.
    Live { update_id: u64 },
}

impl Default for DepthSync {
    fn default() -> DepthSync {
        DepthSync {
            state: State::Waiting(VecDeque::new()),
        }
    }
}

impl DepthSync {
    /// Whether updates can be applied as they come.
    pub fn is_live(&self) -> bool {
        matches!(self.state, State::Live { .. })
    }

    /// Takes in an update; gives it back where it is to be applied now.
    ///
    /// After an error the update waits for the next snapshot.
    pub fn update(&mut self, update: DepthUpdate) -> Result<Option<DepthUpdate>, DepthError> {
        match &mut self.state {
            State::Waiting(waiting) => {
                if waiting.len() == WAITING_MAX {
                    waiting.pop_front();
                }
                waiting.push_back(update);
                Ok(None)
            }
            State::Live { update_id } if update.final_update_id <= *update_id => Ok(None),
            State::Live { update_id } if update.first_update_id > *update_id + 1 => {
                let gap = DepthError::Gap {
                    expected: *update_id + 1,
                    first: update.first_update_id,
                };
                self.state = State::Waiting(VecDeque::from([update]));
                Err(gap)
            }
            State::Live { update_id } => {
                *update_id = update.final_update_id;
                Ok(Some(update))
            }
        }
    }

    /// Takes in a snapshot; gives the updates that are to be applied after it. Replaces what was known.
    pub fn snapshot(&mut self, snapshot: &DepthSnapshot) -> Result<Vec<DepthUpdate>, DepthError> {
        let last = snapshot.last_update_id;
        let waiting = match std::mem::replace(&mut self.state, State::Live { update_id: last }) {
            State::Waiting(waiting) => waiting,
            State::Live { .. } => VecDeque::new(),
        };
        if let Some(first) = waiting.front().map(|update| update.first_update_id)
            && last + 1 < first
        {
            self.state = State::Waiting(waiting);
            return Err(DepthError::SnapshotTooOld { last, first });
        }
        let mut due = Vec::new();
        let mut gap = None;
        for update in waiting {
            match self.update(update) {
                Ok(update) => due.extend(update),
                // What comes after it waits with it.
                Err(error) => gap = Some(error),
            }
        }
        gap.map_or(Ok(due), Err)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tickwire_protocol::clock::TimestampMs;
    use tickwire_protocol::id::Symbol;

    fn update(first: u64, last: u64) -> DepthUpdate {
        DepthUpdate {
            event_time: TimestampMs(0),
            symbol: Symbol::new("BTCUSDT").unwrap(),
            first_update_id: first,
            final_update_id: last,
            bids: Vec::new(),
            asks: Vec::new(),
        }
    }

    fn snapshot(last_update_id: u64) -> DepthSnapshot {
        DepthSnapshot {
            last_update_id,
            bids: Vec::new(),
            asks: Vec::new(),
        }
    }

    #[test]
    fn what_the_snapshot_holds_is_dropped_and_the_rest_follows_it() {
        let mut sync = DepthSync::default();
        for (first, last) in [(5, 7), (8, 10), (11, 14), (15, 15)] {
            assert_eq!(sync.update(update(first, last)), Ok(None));
        }
        let due = sync.snapshot(&snapshot(12)).unwrap();
        assert_eq!(due, [update(11, 14), update(15, 15)]);
        assert!(sync.is_live());
        assert_eq!(sync.update(update(15, 15)), Ok(None));
        assert_eq!(sync.update(update(16, 20)), Ok(Some(update(16, 20))));
    }

    #[test]
    fn a_missing_update_asks_for_a_new_snapshot() {
        let mut sync = DepthSync::default();
        assert_eq!(sync.snapshot(&snapshot(10)), Ok(Vec::new()));
        assert_eq!(
            sync.update(update(12, 13)),
            Err(DepthError::Gap {
                expected: 11,
                first: 12
            })
        );
        assert!(!sync.is_live());
        assert_eq!(
            sync.snapshot(&snapshot(10)),
            Err(DepthError::SnapshotTooOld { last: 10, first: 12 })
        );
        assert_eq!(sync.snapshot(&snapshot(12)), Ok(vec![update(12, 13)]));
    }

    #[test]
    fn a_gap_among_the_waiting_is_seen() {
        let mut sync = DepthSync::default();
        for (first, last) in [(5, 7), (9, 10), (11, 12)] {
            assert_eq!(sync.update(update(first, last)), Ok(None));
        }
        assert_eq!(
            sync.snapshot(&snapshot(6)),
            Err(DepthError::Gap {
                expected: 8,
                first: 9
            })
        );
        assert!(!sync.is_live());
        assert_eq!(
            sync.snapshot(&snapshot(8)),
            Ok(vec![update(9, 10), update(11, 12)])
        );
    }

    #[test]
    fn the_waiting_are_bounded() {
        let mut sync = DepthSync::default();
        for id in 0..=u64::try_from(WAITING_MAX).unwrap() {
            assert_eq!(sync.update(update(id, id)), Ok(None));
        }
        assert_eq!(sync.snapshot(&snapshot(0)).unwrap().len(), WAITING_MAX);
    }
}
