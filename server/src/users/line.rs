//! The line of those whose password is to be looked at. It is short: hashing takes a part of a core, and what cannot be
//! done soon is put off at once rather than kept waiting.

use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Passwords hashed at once: each takes 19 MB and a good part of a core for a moment.
const HASHES_MAX: usize = 2;

/// Those in line, with those whose turn it is: what two cores do in a second or two.
const STRANGERS_MAX: usize = 32;

/// Beside them, those who log in from where they did before, so that a crowd of guessers does not keep them out.
const KNOWN_MAX: usize = 16;

/// The line.
#[derive(Debug)]
pub struct Line {
    strangers: Arc<Semaphore>,
    known: Arc<Semaphore>,
    hashing: Arc<Semaphore>,
}

/// A place in the line.
#[derive(Debug)]
pub struct InLine {
    place: OwnedSemaphorePermit,
    hashing: Arc<Semaphore>,
}

/// Whoever has it may hash a password.
#[derive(Debug)]
pub struct Turn {
    _place: OwnedSemaphorePermit,
    _hashing: OwnedSemaphorePermit,
}

impl Line {
    /// Nobody waits yet.
    pub fn new() -> Line {
        Line {
            strangers: Arc::new(Semaphore::new(STRANGERS_MAX)),
            known: Arc::new(Semaphore::new(KNOWN_MAX)),
            hashing: Arc::new(Semaphore::new(HASHES_MAX)),
        }
    }

    /// A place in the line; `None` where it is too long.
    pub fn enter(&self, is_known: bool) -> Option<InLine> {
        let places = if is_known { &self.known } else { &self.strangers };
        Some(InLine {
            place: Arc::clone(places).try_acquire_owned().ok()?,
            hashing: Arc::clone(&self.hashing),
        })
    }
}

impl Default for Line {
    fn default() -> Line {
        Line::new()
    }
}

impl InLine {
    /// Waits for the turn, in the order of coming. `None` where there is none any more.
    pub async fn turn(self) -> Option<Turn> {
        Some(Turn {
            _hashing: self.hashing.acquire_owned().await.ok()?,
            _place: self.place,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_long_line_takes_nobody_else_in_but_those_who_are_known() {
        let line = Line::new();
        let mut strangers: Vec<_> = std::iter::from_fn(|| line.enter(false)).collect();
        assert_eq!(strangers.len(), STRANGERS_MAX);
        let known: Vec<_> = std::iter::from_fn(|| line.enter(true)).collect();
        assert_eq!(known.len(), KNOWN_MAX);
        drop(known);

        // The turn is a place of the line too, until it is over.
        let turn = strangers.remove(0).turn().await.unwrap();
        assert!(line.enter(false).is_none());
        drop(turn);
        assert!(line.enter(false).is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn two_have_their_turn_at_once_and_the_next_waits() {
        let line = Line::new();
        let mut turns = Vec::new();
        for _ in 0..HASHES_MAX {
            turns.push(line.enter(false).unwrap().turn().await.unwrap());
        }
        let mut next = Box::pin(line.enter(true).unwrap().turn());
        let hour = std::time::Duration::from_secs(3_600);
        assert!(tokio::time::timeout(hour, &mut next).await.is_err());
        turns.pop();
        assert!(next.await.is_some());
    }
}
