//! Which positions changed: the desk tells all that are open each time, older clients want one at a time.

use std::collections::BTreeMap;
use tickwire_protocol::account::{Position, PositionStatus};
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::id::PositionId;

/// What a client was told of open positions. It holds no more of them than the account has.
#[derive(Debug, Default)]
pub(super) struct Told {
    positions: BTreeMap<PositionId, Position>,
    again: bool,
}

impl Told {
    /// The next list is told whole: the client has just asked for it.
    pub fn tell_again(&mut self) {
        self.again = true;
    }

    /// Those of the open positions that are new or not as they were told last, and those that are closed since, as they
    /// were last.
    pub fn changes(&mut self, open: &[Position]) -> Vec<Position> {
        let again = std::mem::take(&mut self.again);
        let mut changes = Vec::new();
        let before = std::mem::take(&mut self.positions);
        for (id, position) in &before {
            if !open.iter().any(|other| other.id == *id) {
                changes.push(Position {
                    status: PositionStatus::Closed,
                    ..position.clone()
                });
            }
        }
        for position in open {
            let told = before.get(&position.id).map(ageless);
            if again || told.as_ref() != Some(&ageless(position)) {
                changes.push(position.clone());
            }
            self.positions.insert(position.id, position.clone());
        }
        changes
    }
}

/// Without the moment of the valuation, which passes though nothing else changes.
fn ageless(position: &Position) -> Position {
    Position {
        marked_at: TimestampMs(0),
        ..position.clone()
    }
}
