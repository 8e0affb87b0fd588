//! The thread that makes decisions durable, and lets them out after that.

use super::Step;
use super::decide::refuse_unjournaled;
use crate::hub::{Hub, Publication};
use crate::journal::SqliteJournal;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Receiver;
use tickwire_protocol::message::Outcome;
use tracing::error;

/// Steps whose events go into one transaction.
const STEPS_A_COMMIT: usize = 64;

/// Owns the journal.
pub struct Committer {
    journal: SqliteJournal,
    hub: Hub,
    journal_down: Arc<AtomicBool>,
}

impl Committer {
    /// Appends to `journal`, publishes to `hub`, and raises `journal_down` when the journal fails.
    pub fn new(journal: SqliteJournal, hub: Hub, journal_down: Arc<AtomicBool>) -> Committer {
        Committer {
            journal,
            hub,
            journal_down,
        }
    }

    /// Commits until no more steps come.
    pub fn run(mut self, steps: &Receiver<Step>) {
        while let Ok(first) = steps.recv() {
            let mut waiting = vec![first];
            waiting.extend(steps.try_iter().take(STEPS_A_COMMIT - 1));
            self.commit(waiting);
        }
    }

    fn commit(&mut self, mut steps: Vec<Step>) {
        let entries: Vec<_> = steps.iter_mut().flat_map(|step| step.entries.drain(..)).collect();
        if !entries.is_empty()
            && !self.is_down()
            && let Err(reason) = self.journal.append(&entries)
        {
            error!(%reason, entries = entries.len(), "the journal cannot be written; nothing more is decided");
            self.journal_down.store(true, Ordering::Release);
        }
        if self.is_down() {
            for step in &mut steps {
                self.withhold(step);
            }
        }
        // First everybody's view, then the answers: who has an answer and looks, sees what it says.
        self.hub
            .publish(steps.iter_mut().flat_map(|step| step.publications.drain(..)));
        for (reply, answer) in steps.into_iter().flat_map(|step| step.replies) {
            // Whoever asked may be gone; what was decided stands all the same.
            let _ = reply.send(answer);
        }
    }

    /// Takes back from a step what was decided and is not in the journal. The market goes on.
    fn withhold(&self, step: &mut Step) {
        step.publications.retain(|publication| match publication {
            Publication::Event { .. } => false,
            Publication::State { account, .. } => account.is_none(),
            Publication::CandleHistory { .. } | Publication::Candles { .. } => true,
        });
        for (_, answer) in &mut step.replies {
            if answer.is_ok() {
                *answer = Err((refuse_unjournaled(), Outcome::NotExecuted));
            }
        }
    }

    fn is_down(&self) -> bool {
        self.journal_down.load(Ordering::Acquire)
    }
}
