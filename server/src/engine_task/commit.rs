//! The thread that makes decisions durable, and lets them out after that.

use super::Step;
use super::decide::refuse_unjournaled;
use crate::hub::Hub;
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
        let was_down = self.is_down();
        let entries: Vec<_> = steps.iter_mut().flat_map(|step| step.entries.drain(..)).collect();
        if !entries.is_empty()
            && !was_down
            && let Err(reason) = self.journal.append(&entries)
        {
            error!(%reason, entries = entries.len(), "the journal cannot be written; nothing more is decided");
            self.journal_down.store(true, Ordering::Release);
        }
        if self.is_down() {
            for step in &mut steps {
                withhold(step, !was_down);
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

    fn is_down(&self) -> bool {
        self.journal_down.load(Ordering::Acquire)
    }
}

/// Takes back from a step what was decided and is not known to be in the journal. The market goes on.
fn withhold(step: &mut Step, was_handed_to_disk: bool) {
    step.publications.clear();
    for (_, answer) in &mut step.replies {
        if let Ok(report) = answer {
            // What was handed to the disk when it failed may be there after a restart, or not. What came later was not
            // handed to it; but under an order's name an earlier one may stand.
            let may_stand = was_handed_to_disk || report.client_order_id.is_some();
            let outcome = if may_stand {
                Outcome::Unknown
            } else {
                Outcome::NotExecuted
            };
            *answer = Err((refuse_unjournaled(outcome), outcome));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::Entry;
    use tickwire_engine::event::{Event, Fact};
    use tickwire_protocol::clock::TimestampMs;
    use tickwire_protocol::command::Report;
    use tickwire_protocol::id::{AccountId, ClientOrderId, Epoch, OrderId, Seq};
    use tickwire_protocol::order::OrderStatus;
    use tickwire_protocol::session::server::EngineAnswer;
    use tokio::sync::oneshot;

    fn entry(seq: u64) -> Entry {
        let fact = Fact::AccountOpened {
            deposit: "1".parse().unwrap(),
        };
        let event = Event {
            account: AccountId(1),
            at: TimestampMs(0),
            fact,
        };
        Entry {
            seq: Seq(seq),
            topic_seq: None,
            event,
        }
    }

    fn step(entries: Vec<Entry>, name: Option<&str>) -> (Step, oneshot::Receiver<EngineAnswer>) {
        let (reply, answer) = oneshot::channel();
        let report = Report {
            order_id: Some(OrderId(1)),
            client_order_id: name.map(|name| ClientOrderId::new(name).unwrap()),
            status: Some(OrderStatus::Filled),
            duplicate: Some(false),
            ..Report::default()
        };
        let replies = vec![(reply, Ok(report))];
        let step = Step {
            entries,
            replies,
            ..Step::default()
        };
        (step, answer)
    }

    #[test]
    fn what_a_failing_journal_leaves_open_is_said_to_be_unknown() {
        let folder = tempfile::tempdir().unwrap();
        let journal = SqliteJournal::open(folder.path(), TimestampMs(0)).unwrap();
        let down = Arc::new(AtomicBool::new(false));
        let hub = Hub::new(Vec::new(), Epoch(1), Epoch(1));
        let mut committer = Committer::new(journal, hub, Arc::clone(&down));
        let mut outcome = |entries, name| {
            let (step, mut answer) = step(entries, name);
            committer.commit(vec![step]);
            answer.try_recv().unwrap().map_err(|(_, outcome)| outcome)
        };
        assert!(outcome(vec![entry(1)], None).is_ok());
        // An entry that is there already is refused by the database, as any entry is by a broken disk.
        assert_eq!(outcome(vec![entry(1)], None), Err(Outcome::Unknown));
        assert!(down.load(Ordering::Acquire));
        assert_eq!(
            outcome(vec![entry(2)], None),
            Err(Outcome::NotExecuted),
            "never handed to the disk"
        );
        assert_eq!(
            outcome(Vec::new(), Some("a")),
            Err(Outcome::Unknown),
            "an earlier one may stand under the name"
        );
    }
}
