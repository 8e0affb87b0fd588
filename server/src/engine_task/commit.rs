//! The thread that makes decisions durable, and lets them out after that.

use super::Step;
use super::decide::refuse_unjournaled;
use super::snapshots::Snapshots;
use crate::hub::Hub;
use crate::journal::{Entry, JournalError, JournalWatch, SqliteJournal};
use crate::metrics::micros;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};
use tickwire_engine::event::Fact;
use tickwire_protocol::message::{JournalState, Outcome};
use tickwire_protocol::risk::{RiskCause, RiskStatus};
use tracing::{error, info, warn};

/// Steps whose events go into one transaction.
const STEPS_A_COMMIT: usize = 64;

/// How often it is tried again whether there is room.
const TRIED_EVERY: Duration = Duration::from_secs(1);

/// Owns the journal.
pub struct Committer {
    journal: SqliteJournal,
    hub: Hub,
    watch: JournalWatch,
    /// Decided, and waiting for room: their entries follow on the journal's last one. Nothing is decided meanwhile, so
    /// they are no more than were under way when it got full.
    kept: Vec<Step>,
    tried_at: Instant,
    snapshots: Option<Snapshots>,
}

impl Committer {
    /// Appends to `journal`, publishes to `hub`, and tells `watch` how the journal is.
    pub fn new(journal: SqliteJournal, hub: Hub, watch: JournalWatch) -> Committer {
        Committer {
            journal,
            hub,
            watch,
            kept: Vec::new(),
            tried_at: Instant::now(),
            snapshots: Snapshots::start(),
        }
    }

    /// Commits until no more steps come.
    pub fn run(mut self, steps: &Receiver<Step>) {
        loop {
            match steps.recv_timeout(TRIED_EVERY) {
                Ok(first) => {
                    let mut waiting = vec![first];
                    waiting.extend(steps.try_iter().take(STEPS_A_COMMIT - 1));
                    self.hub.metrics().steps_taken(waiting.len());
                    self.commit(waiting);
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if let Some(snapshots) = &self.snapshots {
                snapshots.store_done(&mut self.journal);
            }
            if self.tried_at.elapsed() >= TRIED_EVERY {
                self.look_for_room();
            }
        }
        self.look_for_room();
        if !self.kept.is_empty() {
            error!(target: "tickwire::engine",
                steps = self.kept.len(),
                "stopped with a full journal: what was answered as unknown did not happen"
            );
        }
        if let Some(snapshots) = self.snapshots.take() {
            snapshots.finish(&mut self.journal);
        }
    }

    fn commit(&mut self, mut steps: Vec<Step>) {
        match self.watch.state() {
            JournalState::Down => {
                steps
                    .iter_mut()
                    .for_each(|step| withhold(step, JournalState::Down, false));
                return self.let_out(steps);
            }
            JournalState::Full => return self.keep(steps),
            JournalState::Live | JournalState::Short => {}
        }
        let entries: Vec<_> = steps
            .iter()
            .flat_map(|step| step.entries.iter().cloned())
            .collect();
        let began = micros();
        let appended = self.append(&entries);
        if appended.is_ok() && !entries.is_empty() {
            let took = micros().saturating_sub(began);
            self.hub.metrics().appended(entries.len(), took);
        }
        match appended {
            Ok(()) => {
                self.say_paused(&entries);
                self.let_out(steps);
            }
            // What fits is kept, in order: a stop must not be lost for what came with it.
            Err(JournalError::Full(_)) if steps.len() > 1 => {
                steps.into_iter().for_each(|step| self.commit(vec![step]));
            }
            Err(JournalError::Full(reason)) => {
                error!(target: "tickwire::engine", %reason, entries = entries.len(), "the journal is full; nothing is decided until there is room");
                self.watch.set(JournalState::Full);
                self.tried_at = Instant::now();
                self.keep(steps);
            }
            Err(reason) => {
                self.fail(&reason, entries.len());
                steps
                    .iter_mut()
                    .for_each(|step| withhold(step, JournalState::Down, true));
                self.let_out(steps);
            }
        }
    }

    /// Appends, and takes to the reserve where that is needed.
    fn append(&mut self, entries: &[Entry]) -> Result<(), JournalError> {
        match self.journal.append(entries) {
            Err(JournalError::Full(reason)) if self.journal.release_reserve()? => {
                let appended = self.journal.append(entries);
                if matches!(appended, Ok(()) | Err(JournalError::Full(_))) {
                    error!(target: "tickwire::engine", %reason, "the journal is short of room: it lives on its reserve");
                    self.watch.set(JournalState::Short);
                }
                appended
            }
            other => other,
        }
    }

    /// Says that trading is paused for want of room, once that is in the journal.
    fn say_paused(&self, entries: &[Entry]) {
        for entry in entries {
            if let Fact::RiskChanged(risk) = &entry.event.fact
                && (risk.status, risk.cause) == (RiskStatus::SoftPause, RiskCause::Journal)
            {
                let account = entry.event.account;
                warn!(target: "tickwire::engine", %account, "trading is paused: the journal is short of room");
            }
        }
    }

    /// Keeps steps until there is room. Whoever waits for an answer hears that it is not known yet.
    fn keep(&mut self, mut steps: Vec<Step>) {
        for step in &mut steps {
            // Without entries of its own an answer may still speak of an order that is kept.
            let publications = std::mem::take(&mut step.publications);
            withhold(step, JournalState::Full, !step.entries.is_empty());
            step.snapshot = None;
            step.publications = publications;
            for (reply, answer) in step.replies.drain(..) {
                let _ = reply.send(answer);
            }
        }
        self.kept
            .extend(steps.into_iter().filter(|step| !step.is_empty()));
    }

    /// Commits what is kept, where there is room by now, and puts the reserve back.
    fn look_for_room(&mut self) {
        self.tried_at = Instant::now();
        if self.watch.state() == JournalState::Full {
            let entries: Vec<_> = self
                .kept
                .iter()
                .flat_map(|step| step.entries.iter().cloned())
                .collect();
            match self.journal.append(&entries) {
                Ok(()) => {
                    info!(target: "tickwire::engine", entries = entries.len(), "there is room for the journal again");
                    self.say_paused(&entries);
                    let kept = std::mem::take(&mut self.kept);
                    self.let_out(kept);
                    self.watch.set(JournalState::Short);
                }
                Err(JournalError::Full(_)) => return,
                Err(reason) => {
                    self.fail(&reason, entries.len());
                    self.kept.clear();
                    return;
                }
            }
        }
        if self.watch.state() == JournalState::Short {
            match self.journal.restore_reserve() {
                Ok(true) => {
                    info!(target: "tickwire::engine", "the journal has its reserve of room again");
                    self.watch.set(JournalState::Live);
                }
                Ok(false) => {}
                Err(reason) => {
                    warn!(target: "tickwire::engine", %reason, "the journal's reserve of room cannot be put back")
                }
            }
        }
    }

    fn fail(&self, reason: &JournalError, entries: usize) {
        error!(target: "tickwire::engine", %reason, entries, "the journal cannot be written; nothing more is decided");
        self.watch.set(JournalState::Down);
    }

    fn let_out(&mut self, mut steps: Vec<Step>) {
        // First everybody's view, then the answers: who has an answer and looks, sees what it says.
        self.hub
            .publish(steps.iter_mut().flat_map(|step| step.publications.drain(..)));
        for step in steps {
            for (reply, answer) in step.replies {
                // Whoever asked may be gone; what was decided stands all the same.
                let _ = reply.send(answer);
            }
            if let (Some(snapshots), Some((state, is_last))) = (&self.snapshots, step.snapshot) {
                if is_last {
                    snapshots.take_last(state, &mut self.journal);
                } else {
                    snapshots.take(state);
                }
            }
        }
    }
}

/// Takes back from a step what was decided and is not known to be in the journal. The market goes on.
fn withhold(step: &mut Step, journal: JournalState, was_handed_to_disk: bool) {
    step.publications.clear();
    step.snapshot = None;
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
            *answer = Err((refuse_unjournaled(journal, outcome), outcome));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tickwire_engine::event::Event;
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
            account: AccountId(seq),
            at: TimestampMs(0),
            fact,
        };
        Entry {
            seq: Seq(seq),
            topic_seq: None,
            decision: Seq(seq),
            ends: true,
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
        let journal = SqliteJournal::open(folder.path(), None, TimestampMs(0)).unwrap();
        let watch = JournalWatch::default();
        let hub = Hub::new(Vec::new(), Epoch(1), Epoch(1));
        let mut committer = Committer::new(journal, hub, watch.clone());
        let mut outcome = |entries, name| {
            let (step, mut answer) = step(entries, name);
            committer.commit(vec![step]);
            answer.try_recv().unwrap().map_err(|(_, outcome)| outcome)
        };
        assert!(outcome(vec![entry(1)], None).is_ok());
        // An entry that is there already is refused by the database, as any entry is by a broken disk.
        assert_eq!(outcome(vec![entry(1)], None), Err(Outcome::Unknown));
        assert_eq!(watch.state(), JournalState::Down);
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

    /// A committer whose journal has little room left.
    fn nearly_full() -> (tempfile::TempDir, JournalWatch, Committer) {
        let folder = tempfile::tempdir().unwrap();
        let journal = SqliteJournal::open(folder.path(), Some(8), TimestampMs(0)).unwrap();
        journal.set_ballast(3_900_000);
        let watch = JournalWatch::default();
        let hub = Hub::new(Vec::new(), Epoch(1), Epoch(1));
        let committer = Committer::new(journal, hub, watch.clone());
        (folder, watch, committer)
    }

    #[test]
    fn what_a_full_journal_cannot_take_is_kept_in_order_and_let_out_when_there_is_room() {
        let (folder, watch, mut committer) = nearly_full();
        let mut seq = 0;
        let mut acked = 0;
        let mut commit = |committer: &mut Committer, name: Option<&str>| {
            let entries: Vec<_> = (seq + 1..=seq + 200).map(entry).collect();
            seq += 200;
            let (step, mut answer) = step(entries, name);
            committer.commit(vec![step]);
            answer.try_recv().unwrap().map_err(|(refusal, outcome)| {
                assert!(refusal.message.contains("full"), "{}", refusal.message);
                outcome
            })
        };
        while watch.state() == JournalState::Live {
            assert!(commit(&mut committer, None).is_ok(), "the reserve takes it");
            acked += 200;
        }
        assert_eq!(watch.state(), JournalState::Short);
        loop {
            let answer = commit(&mut committer, None);
            if answer.is_err() {
                assert_eq!(answer, Err(Outcome::Unknown));
                break;
            }
            acked += 200;
        }
        assert_eq!(watch.state(), JournalState::Full);
        assert_eq!(commit(&mut committer, Some("a")), Err(Outcome::Unknown));
        let (idle, mut answer) = step(Vec::new(), None);
        committer.commit(vec![idle]);
        assert_eq!(
            answer.try_recv().unwrap().map_err(|(_, outcome)| outcome),
            Err(Outcome::NotExecuted),
            "it led to nothing"
        );
        committer.look_for_room();
        assert_eq!(
            (watch.state(), committer.journal.head()),
            (JournalState::Full, Seq(acked))
        );

        committer.journal.set_ballast(10);
        committer.look_for_room();
        assert_eq!(
            committer.journal.head(),
            Seq(acked + 400),
            "both kept steps, in order"
        );
        assert!(committer.kept.is_empty());
        assert_eq!(
            watch.state(),
            JournalState::Short,
            "the reserve has not come back: the file is large"
        );
        drop(committer);
        let mut journal = SqliteJournal::open(folder.path(), Some(16), TimestampMs(0)).unwrap();
        assert_eq!(
            journal.recover().unwrap().state.accounts.len() as u64,
            acked + 400
        );
    }

    #[test]
    fn of_what_came_together_a_full_journal_keeps_what_fits() {
        let (_folder, watch, mut committer) = nearly_full();
        // More than the reserve holds, between two steps that it does hold.
        let bounds = [0, 100, 65_100, 65_200];
        let (steps, answers): (Vec<_>, Vec<_>) = bounds
            .windows(2)
            .map(|bounds| step((bounds[0] + 1..=bounds[1]).map(entry).collect(), None))
            .unzip();
        committer.commit(steps);
        let outcomes: Vec<_> = answers
            .into_iter()
            .map(|mut answer| answer.try_recv().unwrap().map_err(|(_, outcome)| outcome))
            .map(|answer| answer.map(|_| ()))
            .collect();
        assert_eq!(
            outcomes,
            [Ok(()), Err(Outcome::Unknown), Err(Outcome::Unknown)],
            "nothing after what did not fit"
        );
        assert_eq!(
            (watch.state(), committer.journal.head(), committer.kept.len()),
            (JournalState::Full, Seq(100), 2)
        );
        committer.journal.set_ballast(10);
        committer.look_for_room();
        assert_eq!(committer.journal.head(), Seq(65_200));
    }
}
