//! Owns the engine. What comes through the queue is decided here, journaled, then published and answered, in this
//! order: what anybody saw happen is there after kill -9.
//!
//! Two threads share the work, so that the market goes on while the disk syncs. `decide` takes a run of jobs from the
//! queue, lets the engine decide on each, and hands on one [`Step`]: events, publications and answers that belong
//! together. `commit` takes all steps that wait, appends their events in one transaction, and only then lets
//! publications and answers out, in the order of the steps. A busy engine is so bound by one sync per run of steps, not
//! by one per event.

mod archive;
mod commit;
mod decide;
mod publish;
mod snapshots;

use crate::StartError;
use crate::clock;
use crate::hub::{Hub, Publication, RETENTION};
use crate::journal::{Entry, JournalError, JournalWatch, Recovered, SqliteJournal, hash_of};
use crate::queue::Job;
use commit::Committer;
use decide::{Decider, Places};
use publish::Publisher;
use std::sync::mpsc::sync_channel;
use std::thread::JoinHandle;
use tickwire_engine::batch::Batch;
use tickwire_engine::input::{Action, Input, Notice, Request};
use tickwire_engine::{Engine, EngineConfig, State};
use tickwire_protocol::id::{AccountId, Seq};
use tickwire_protocol::market::{Instrument, VenueRules};
use tickwire_protocol::message::JournalState;
use tickwire_protocol::money::Amount;
use tickwire_protocol::risk::RiskLimits;
use tickwire_protocol::session::server::EngineAnswer;
use tokio::sync::{mpsc, oneshot, watch};
use tracing::{Level, debug, enabled, info, warn};

/// Steps that may wait for the disk. With more, the engine waits, and with it the queue and the feeds: memory stays
/// bounded, however slow the disk.
const STEPS_MAX: usize = 64;

/// What the engine task is made of.
#[derive(Clone, Debug)]
pub struct EngineTask {
    /// What can be traded.
    pub instruments: Vec<Instrument>,
    /// The currency of all accounts.
    pub currency: String,
    /// How the paper venue fills orders.
    pub rules: VenueRules,
    /// The limits of the risk guard that an account is opened with.
    pub risk: RiskLimits,
    /// The accounts that are opened where they are missing.
    pub accounts: Vec<AccountId>,
    /// What each is opened with.
    pub starting_balance: Amount,
    /// The feed's name, for the status.
    pub feed_name: String,
    /// A snapshot of the state is made after this many entries, or more where the journal is long.
    pub snapshot_every: u64,
    /// Where to publish.
    pub hub: Hub,
    /// Where to tell how the journal is.
    pub watch: JournalWatch,
}

/// What belongs together: nothing of it is seen by anybody before its events are durable.
#[derive(Debug, Default)]
struct Step {
    entries: Vec<Entry>,
    publications: Vec<Publication>,
    replies: Vec<(oneshot::Sender<EngineAnswer>, EngineAnswer)>,
    /// The state after the last of the entries, where it is time for a snapshot, and whether it is the last one.
    snapshot: Option<((Seq, Box<State>), bool)>,
}

impl Step {
    fn is_empty(&self) -> bool {
        self.entries.is_empty()
            && self.publications.is_empty()
            && self.replies.is_empty()
            && self.snapshot.is_none()
    }
}

/// The running threads.
#[derive(Debug)]
pub struct Threads {
    /// Turns true when one of them ends, for whatever reason: a desk without its engine must not look alive.
    pub ended: watch::Receiver<bool>,
    decide: JoinHandle<()>,
    commit: JoinHandle<()>,
}

impl Threads {
    /// Waits until everything taken in is decided and durable.
    pub fn join(self) {
        // A panic has been told by its own hook; there is nothing to add.
        let _ = self.decide.join();
        let _ = self.commit.join();
    }
}

/// Tells that a thread has ended when it is dropped, also by a panic.
struct TellsItsEnd(watch::Sender<bool>);

impl Drop for TellsItsEnd {
    fn drop(&mut self) {
        self.0.send_replace(true);
    }
}

/// Folds the journal into an engine, opens the account where it is missing, and starts the threads.
pub fn start(
    task: EngineTask,
    recovered: Recovered,
    mut journal: SqliteJournal,
    jobs: mpsc::Receiver<Job>,
) -> Result<Threads, StartError> {
    let snapshot_at = Seq(journal.head().0.saturating_sub(recovered.folded));
    let mut engine = restore(&task, recovered, &journal)?;
    let head = open_accounts(&task, &mut engine, &mut journal)?;
    let mut publisher = Publisher::new(task.feed_name.clone());
    for &account in engine.state().accounts.keys() {
        if let Some(view) = engine.account(account) {
            task.hub.seed(account, publish::seed(&view, clock::now()));
        }
        task.hub
            .publish(publisher.account(&engine, account, clock::now()));
    }

    if journal.is_short() {
        task.watch.set(JournalState::Short);
        warn!(target: "tickwire::engine", "the journal is short of room: it lives on its reserve");
    }
    let (steps, waiting) = sync_channel(STEPS_MAX);
    let committer = Committer::new(journal, task.hub.clone(), task.watch.clone());
    let places = Places {
        head,
        snapshot_at,
        snapshot_every: task.snapshot_every,
    };
    let decider = Decider::new(engine, places, publisher, task.hub, task.watch);
    let (alive, ended) = watch::channel(false);
    let spawn = |name: &str, work: Box<dyn FnOnce() + Send>| {
        let guard = TellsItsEnd(alive.clone());
        let work = move || {
            let _guard = guard;
            work();
        };
        std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(work)
            .map_err(StartError::Serve)
    };
    let commit = spawn("commit", Box::new(move || committer.run(&waiting)))?;
    let decide = spawn("engine", Box::new(move || decider.run(jobs, &steps)))?;
    Ok(Threads {
        ended,
        decide,
        commit,
    })
}

/// The engine that the journal tells of. The hub's logs are filled with the last messages, so that clients can resume.
fn restore(task: &EngineTask, recovered: Recovered, journal: &SqliteJournal) -> Result<Engine, StartError> {
    let config = EngineConfig {
        instruments: task.instruments.clone(),
        currency: task.currency.clone(),
        rules: task.rules,
        risk: task.risk,
    };
    let head = journal.head();
    info!(target: "tickwire::engine", entries = head.0, folded = recovered.folded, "journal folded");
    if enabled!(target: "tickwire::engine", Level::DEBUG) {
        // Some seconds for a long journal, so only where it is asked for.
        let hash = hash_of(&recovered.state).map_err(|error| StartError::Engine(error.to_string()))?;
        debug!(target: "tickwire::engine", entries = head.0, state_hash = %hash, "state restored");
    }
    let engine =
        Engine::restore(config, recovered.state).map_err(|error| StartError::Engine(error.to_string()))?;
    for (&id, account) in &engine.state().accounts {
        for (topic, last) in account.heads() {
            let entries = journal.newest_of_topic(id, topic, RETENTION)?;
            if entries.last().and_then(|entry| entry.topic_seq).unwrap_or(Seq(0)) != last {
                return Err(StartError::Journal(JournalError::Damaged {
                    seq: head,
                    reason: format!("the last message of {topic} is not number {last}"),
                }));
            }
            task.hub.refill(entries.iter().filter_map(publish::event));
        }
    }
    Ok(engine)
}

/// Opens the accounts that are missing, and tells all accounts what was lost, before anybody can ask.
fn open_accounts(
    task: &EngineTask,
    engine: &mut Engine,
    journal: &mut SqliteJournal,
) -> Result<Seq, StartError> {
    let mut batch = Batch::default();
    let mut ends = Vec::new();
    let at = clock::now();
    for &account in &task.accounts {
        let action = Action::OpenAccount {
            deposit: task.starting_balance,
        };
        let request = Request { account, at, action };
        if let Some(Err(refusal)) = engine.handle_into(Input::Request(request), &mut batch) {
            return Err(StartError::Engine(refusal.message));
        }
        ends.push(batch.records.len());
    }
    let lost = task.watch.cut();
    if lost > 0 {
        let notice = Notice::JournalCut { entries: lost };
        engine.handle_into(Input::Notice { notice, at }, &mut batch);
        ends.push(batch.records.len());
    }
    let entries = number(&mut batch, &ends, journal.head());
    let told: Vec<Publication> = entries.iter().filter_map(publish::event).collect();
    if let Err(error) = journal.append(&entries) {
        let is_full = matches!(error, JournalError::Full(_));
        if !is_full || !journal.release_reserve()? {
            return Err(StartError::Journal(error));
        }
        journal.append(&entries)?;
    }
    task.hub.publish(told);
    Ok(journal.head())
}

/// The entries of a batch's events, numbered from after `head`. `ends` says how many records there were after each input
/// of the engine: what one input led to is one decision.
fn number(batch: &mut Batch, ends: &[usize], head: Seq) -> Vec<Entry> {
    let mut ends = ends.iter().copied().peekable();
    let count = batch.records.len();
    let mut seq = head;
    let mut decision = head.next();
    batch
        .records
        .drain(..)
        .enumerate()
        .map(|(place, record)| {
            seq = seq.next();
            while ends.next_if(|end| *end <= place).is_some() {}
            let is_last = ends.peek() == Some(&(place + 1)) || place + 1 == count;
            let entry = Entry {
                seq,
                topic_seq: record.seq,
                decision,
                ends: is_last,
                event: record.event,
            };
            if is_last {
                decision = seq.next();
            }
            entry
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tickwire_engine::batch::Record;
    use tickwire_engine::event::{Event, Fact};
    use tickwire_protocol::clock::TimestampMs;

    #[test]
    fn what_one_input_led_to_is_one_decision() {
        let record = || Record {
            event: Event {
                account: AccountId(1),
                at: TimestampMs(0),
                fact: Fact::EquityMarked { equity: Amount::ZERO },
            },
            seq: None,
        };
        let mut batch = Batch {
            records: vec![record(), record(), record(), record()],
            ..Batch::default()
        };
        // The first input led to nothing, the second to two events, the third to nothing, the last to two.
        let entries = number(&mut batch, &[0, 2, 2, 4], Seq(10));
        let told: Vec<_> = entries
            .iter()
            .map(|entry| (entry.seq.0, entry.decision.0, entry.ends))
            .collect();
        assert_eq!(
            told,
            [(11, 11, false), (12, 11, true), (13, 13, false), (14, 13, true)]
        );
        assert!(batch.records.is_empty());
    }
}
