//! Owns the engine. What comes through the queue is decided here, journaled, then published and answered, in this
//! order: what anybody saw happen is there after kill -9.
//!
//! Two threads share the work, so that the market goes on while the disk syncs. `decide` takes a run of jobs from the
//! queue, lets the engine decide on each, and hands on one [`Step`]: events, publications and answers that belong
//! together. `commit` takes all steps that wait, appends their events in one transaction, and only then lets
//! publications and answers out, in the order of the steps. A busy engine is so bound by one sync per run of steps, not
//! by one per event.

mod commit;
mod decide;
mod publish;

use crate::StartError;
use crate::clock;
use crate::hub::{Hub, Publication};
use crate::journal::{Entry, JournalError, SqliteJournal};
use crate::queue::Job;
use commit::Committer;
use decide::Decider;
use publish::Publisher;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::sync_channel;
use std::thread::JoinHandle;
use tickwire_engine::batch::Batch;
use tickwire_engine::input::{Action, Input, Request};
use tickwire_engine::{Engine, EngineConfig};
use tickwire_protocol::id::{AccountId, Seq};
use tickwire_protocol::market::{Instrument, VenueRules};
use tickwire_protocol::money::Amount;
use tickwire_protocol::risk::RiskLimits;
use tickwire_protocol::session::server::EngineAnswer;
use tokio::sync::{mpsc, oneshot, watch};
use tracing::info;

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
    /// The account that is opened where it is missing.
    pub account: AccountId,
    /// What it is opened with.
    pub starting_balance: Amount,
    /// The feed's name, for the status.
    pub feed_name: String,
    /// Where to publish.
    pub hub: Hub,
}

/// What belongs together: nothing of it is seen by anybody before its events are durable.
#[derive(Debug, Default)]
struct Step {
    entries: Vec<Entry>,
    publications: Vec<Publication>,
    replies: Vec<(oneshot::Sender<EngineAnswer>, EngineAnswer)>,
}

impl Step {
    fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.publications.is_empty() && self.replies.is_empty()
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
    mut journal: SqliteJournal,
    jobs: mpsc::Receiver<Job>,
) -> Result<Threads, StartError> {
    let mut engine = recover(&task, &mut journal)?;
    let head = open_account(&task, &mut engine, &mut journal)?;
    if let Some(view) = engine.account(task.account) {
        task.hub.seed(task.account, publish::seed(&view, clock::now()));
    }
    let mut publisher = Publisher::new(task.account, task.feed_name.clone());
    task.hub
        .publish(publisher.account(&engine, task.account, clock::now()));

    let journal_down = Arc::new(AtomicBool::new(false));
    let (steps, waiting) = sync_channel(STEPS_MAX);
    let committer = Committer::new(journal, task.hub.clone(), Arc::clone(&journal_down));
    let decider = Decider::new(engine, head, publisher, task.hub, journal_down);
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

/// The engine that the journal tells of. The hub's logs are filled on the way, so that clients can resume.
fn recover(task: &EngineTask, journal: &mut SqliteJournal) -> Result<Engine, StartError> {
    let config = EngineConfig {
        instruments: task.instruments.clone(),
        currency: task.currency.clone(),
        rules: task.rules,
        risk: task.risk,
    };
    let mut engine = Engine::new(config).map_err(|error| StartError::Engine(error.to_string()))?;
    journal.read(|entry| {
        let seq = engine.apply(&entry.event).map_err(|error| error.to_string())?;
        if seq != entry.topic_seq {
            return Err("its place in its topic is not the next one".to_owned());
        }
        task.hub.publish(publish::event(&entry));
        Ok(())
    })?;
    info!(entries = journal.head().0, "journal folded");
    Ok(engine)
}

fn open_account(
    task: &EngineTask,
    engine: &mut Engine,
    journal: &mut SqliteJournal,
) -> Result<Seq, StartError> {
    let mut batch = Batch::default();
    let action = Action::OpenAccount {
        deposit: task.starting_balance,
    };
    let request = Request {
        account: task.account,
        at: clock::now(),
        action,
    };
    if let Some(Err(refusal)) = engine.handle_into(Input::Request(request), &mut batch) {
        return Err(StartError::Engine(refusal.message));
    }
    let entries = number(&mut batch, journal.head());
    journal
        .append(&entries)
        .map_err(|error: JournalError| StartError::Journal(error))?;
    Ok(journal.head())
}

/// The entries of a batch's events, numbered from after `head`.
fn number(batch: &mut Batch, head: Seq) -> Vec<Entry> {
    let mut seq = head;
    batch
        .records
        .drain(..)
        .map(|record| {
            seq = seq.next();
            Entry {
                seq,
                topic_seq: record.seq,
                event: record.event,
            }
        })
        .collect()
}
