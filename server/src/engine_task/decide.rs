//! The thread that lets the engine decide.

use super::publish::{self, Publisher};
use super::{Step, number};
use crate::hub::Hub;
use crate::journal::JournalWatch;
use crate::queue::Job;
use std::sync::mpsc::SyncSender;
use std::vec::Drain;
use tickwire_engine::batch::Batch;
use tickwire_engine::engine::Done;
use tickwire_engine::input::{Action, Input, Notice, Request};
use tickwire_engine::{Answer, Engine};
use tickwire_protocol::command::Report;
use tickwire_protocol::error::{ErrorCode, Refusal};
use tickwire_protocol::id::Seq;
use tickwire_protocol::message::{JournalState, Outcome};
use tickwire_protocol::session::server::EngineAnswer;
use tokio::sync::mpsc;
use tracing::warn;

/// Jobs decided on before what they led to is handed on.
const JOBS_A_STEP: usize = 256;

/// Records after which what is left of the jobs goes into another step: the journal's last room has to hold a whole one.
const RECORDS_A_STEP: usize = 1000;

/// A long journal gets a snapshot only after a fiftieth of it was added: copying and storing the state costs by its
/// size, which grows with the journal, and a start folds a fiftieth in a second or two.
const SNAPSHOT_SHARE: u64 = 50;

/// Where the journal is.
#[derive(Clone, Copy, Debug)]
pub struct Places {
    /// Its last entry.
    pub head: Seq,
    /// The last entry that a snapshot was made after.
    pub snapshot_at: Seq,
    /// Entries after which another one is made, at least.
    pub snapshot_every: u64,
}

impl Places {
    fn is_snapshot_due(&self) -> bool {
        let since = self.head.0.saturating_sub(self.snapshot_at.0);
        since >= self.snapshot_every.max(self.head.0 / SNAPSHOT_SHARE)
    }
}

/// Owns the engine.
pub struct Decider {
    engine: Engine,
    places: Places,
    publisher: Publisher,
    hub: Hub,
    watch: JournalWatch,
    /// What the engine knows of the journal's room.
    told_short: bool,
    /// Whether it is still to be told that room ran out.
    owes_short: bool,
    dropped: u64,
}

impl Decider {
    /// An engine whose journal is at `places`.
    pub fn new(
        engine: Engine,
        places: Places,
        publisher: Publisher,
        hub: Hub,
        watch: JournalWatch,
    ) -> Decider {
        Decider {
            engine,
            places,
            publisher,
            hub,
            watch,
            told_short: false,
            owes_short: false,
            dropped: 0,
        }
    }

    /// Decides until the queue says stop.
    pub fn run(mut self, mut queue: mpsc::Receiver<Job>, steps: &SyncSender<Step>) {
        let mut jobs = Vec::with_capacity(JOBS_A_STEP);
        let mut batch = Batch::default();
        loop {
            if queue.blocking_recv_many(&mut jobs, JOBS_A_STEP) == 0 {
                return;
            }
            let stops = jobs.iter().any(|job| matches!(job, Job::Stop));
            let mut left = jobs.drain(..);
            while left.len() > 0 {
                let step = self.step(&mut left, &mut batch, stops);
                if !step.is_empty() {
                    self.hub.metrics().step_waits();
                    if steps.send(step).is_err() {
                        return;
                    }
                }
            }
            drop(left);
            if stops {
                return;
            }
        }
    }

    /// Decides on jobs, on all of them unless they lead to much. `stops`: no more come after these.
    fn step(&mut self, jobs: &mut Drain<'_, Job>, batch: &mut Batch, stops: bool) -> Step {
        let mut step = Step::default();
        // What everybody may see depends on no journal, so a slow disk does not hold the market up.
        let mut open = Vec::new();
        let journal = self.watch.state();
        let is_writable = matches!(journal, JournalState::Live | JournalState::Short);
        let mut timer = None;
        // After each input, how many records there are: what one input led to is one decision.
        let mut ends = Vec::new();
        // The first of the feed's inputs, which waited longest, and how many there are.
        let (mut taken_in_first, mut fed, mut fed_at) = (0, 0, 0);
        self.tell_short(journal, batch);
        ends.push(batch.records.len());
        while batch.records.len() < RECORDS_A_STEP {
            let Some(job) = jobs.next() else { break };
            match job {
                Job::Market { input, taken_in } => {
                    taken_in_first = if fed == 0 { taken_in } else { taken_in_first };
                    fed += 1;
                    fed_at = taken_in;
                    if is_writable {
                        self.engine.handle_into(Input::Market(input), batch);
                    } else {
                        self.engine.observe(input, batch);
                    }
                }
                Job::Timer(at) => {
                    timer = Some(at);
                    if is_writable {
                        self.engine.handle_into(Input::Timer(at), batch);
                    }
                }
                Job::Command {
                    account,
                    at,
                    action,
                    reply,
                } => {
                    let answer = if is_writable {
                        let request = Request { account, at, action };
                        translate(self.engine.handle_into(Input::Request(request), batch))
                    } else {
                        answer_unjournaled(journal, &action)
                    };
                    step.replies.push((reply, answer));
                }
                Job::Stop => {}
            }
            ends.push(batch.records.len());
        }
        if batch.dropped > 0 {
            self.dropped += batch.dropped;
            warn!(target: "tickwire::engine",
                dropped = batch.dropped,
                total = self.dropped,
                "market data out of bounds or of unknown instruments"
            );
        }
        let accounts = self.engine.touched_accounts(&batch.touched);
        step.entries = number(batch, &ends, self.places.head);
        if let Some(last) = step.entries.last() {
            self.places.head = last.seq;
        }
        let is_last = stops && jobs.len() == 0;
        let is_due = self.places.is_snapshot_due() || (is_last && self.places.head > self.places.snapshot_at);
        if journal == JournalState::Live && is_due {
            let state = Box::new(self.engine.state().clone());
            step.snapshot = Some(((self.places.head, state), is_last));
            self.places.snapshot_at = self.places.head;
        }
        step.publications
            .extend(step.entries.iter().filter_map(publish::event));
        let now = crate::clock::now();
        self.publisher
            .markets(&self.engine, &batch.touched, now, &mut open);
        if is_writable {
            for account in accounts {
                step.publications
                    .extend(self.publisher.account(&self.engine, account, now));
            }
        }
        if let Some(at) = timer.filter(|_| is_writable) {
            step.publications.extend(self.publisher.overdue(&self.engine, at));
        }
        open.extend(
            self.publisher
                .status(&self.engine, self.hub.connections(), journal, now),
        );
        self.hub.metrics().fed(fed, fed_at);
        self.hub.publish_taken_in(open, taken_in_first);
        batch.clear();
        step
    }

    /// Tells the engine once each time that room for the journal runs out, as soon as what follows can be kept.
    fn tell_short(&mut self, journal: JournalState, batch: &mut Batch) {
        match journal {
            JournalState::Short | JournalState::Full if !self.told_short => {
                self.told_short = true;
                self.owes_short = true;
            }
            JournalState::Live if !self.owes_short => self.told_short = false,
            _ => {}
        }
        if self.owes_short && matches!(journal, JournalState::Live | JournalState::Short) {
            self.owes_short = false;
            let notice = Notice::JournalShort;
            let at = crate::clock::now();
            self.engine.handle_into(Input::Notice { notice, at }, batch);
        }
    }
}

/// The sentence for commands when nothing can be remembered, and why: the journal is down, or full.
pub fn refuse_unjournaled(journal: JournalState, outcome: Outcome) -> Refusal {
    let what = match (journal, outcome) {
        (JournalState::Full, Outcome::Unknown) => {
            "the disk is full; whether this order stands is known when there is room again: send it again then, with the \
             same client_order_id"
        }
        (JournalState::Full, Outcome::Executed | Outcome::NotExecuted) => {
            "the disk is full, so nothing was done; the operator must make room, and trading goes on by itself then"
        }
        (_, Outcome::Unknown) => {
            "the journal cannot be written; whether this order stands is known after the desk was restarted: send it \
             again then, with the same client_order_id"
        }
        (_, Outcome::Executed | Outcome::NotExecuted) => {
            "the journal cannot be written, so nothing was done; the operator must see to the disk and restart the desk"
        }
    };
    Refusal::new(ErrorCode::Unavailable, what)
}

/// The answer to a command that comes while nothing can be journaled. The state is ahead of the journal since it
/// failed, so nothing may be decided on it; and a named order may be the retry of one that stands.
fn answer_unjournaled(journal: JournalState, action: &Action) -> EngineAnswer {
    let named = match action {
        Action::Instruct(instruction) => instruction.client_order_id().is_some(),
        Action::OpenAccount { .. } => false,
    };
    let outcome = if named {
        Outcome::Unknown
    } else {
        Outcome::NotExecuted
    };
    Err((refuse_unjournaled(journal, outcome), outcome))
}

fn translate(answer: Option<Answer>) -> EngineAnswer {
    match answer {
        Some(Ok(Done::Reported(report))) => Ok(report),
        Some(Err(refusal)) => Err((refusal, Outcome::NotExecuted)),
        Some(Ok(Done::AccountOpened { .. })) => Ok(Report::default()),
        None => {
            let refusal = Refusal::new(
                ErrorCode::Internal,
                "the engine gave no answer to an order; nothing was done",
            );
            Err((refusal, Outcome::NotExecuted))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::sync_channel;
    use tickwire_engine::EngineConfig;
    use tickwire_engine::event::{Event, Fact};
    use tickwire_protocol::clock::TimestampMs;
    use tickwire_protocol::command::{CancelAllOrders, Instruction};
    use tickwire_protocol::id::{AccountId, Epoch, OrderId, Symbol};
    use tickwire_protocol::market::{Instrument, VenueRules};
    use tickwire_protocol::order::{Order, OrderType, Side};
    use tickwire_protocol::risk::RiskLimits;
    use tokio::sync::oneshot;

    const AT: TimestampMs = TimestampMs(1_765_357_200_000);

    /// An engine of three accounts with so many open orders each.
    fn engine(orders: u64) -> Engine {
        let symbol = Symbol::new("BTCUSDT").unwrap();
        let instrument = Instrument {
            symbol,
            base: "BTC".to_owned(),
            quote: "USDT".to_owned(),
            tick_size: "0.01".parse().unwrap(),
            step_size: "0.001".parse().unwrap(),
            min_quantity: "0.001".parse().unwrap(),
            max_quantity: "100".parse().unwrap(),
            min_notional: "5".parse().unwrap(),
            taker_fee_rate: "0".parse().unwrap(),
            maker_fee_rate: "0".parse().unwrap(),
            perpetual: None,
        };
        let config = EngineConfig {
            instruments: vec![instrument],
            currency: "USDT".to_owned(),
            rules: VenueRules::default(),
            risk: RiskLimits::default(),
        };
        let mut engine = Engine::new(config).unwrap();
        let mut id = 0;
        for account in (1..=3).map(AccountId) {
            let mut apply = |fact| {
                let at = AT;
                engine.apply(&Event { account, at, fact }).unwrap();
            };
            apply(Fact::AccountOpened {
                deposit: "1000000".parse().unwrap(),
            });
            for _ in 0..orders {
                id += 1;
                apply(Fact::OrderChanged(Order {
                    price: Some("90.00".parse().unwrap()),
                    ..Order::accepted(
                        OrderId(id),
                        symbol,
                        Side::Buy,
                        OrderType::Limit,
                        "0.1".parse().unwrap(),
                        AT,
                    )
                }));
            }
        }
        engine
    }

    #[test]
    fn much_that_came_together_goes_into_several_steps() {
        let hub = Hub::new(Vec::new(), Epoch(1), Epoch(1));
        let places = Places {
            head: Seq(0),
            snapshot_at: Seq(0),
            snapshot_every: 1_000_000,
        };
        let publisher = Publisher::new("test".to_owned());
        let decider = Decider::new(engine(1500), places, publisher, hub, JournalWatch::default());
        let (jobs, queue) = mpsc::channel(16);
        let (to_commit, steps) = sync_channel(16);
        let mut answers = Vec::new();
        for account in (1..=3).map(AccountId) {
            let (reply, answer) = oneshot::channel();
            answers.push(answer);
            let cancel = Instruction::CancelAllOrders(CancelAllOrders::default());
            let action = Action::Instruct(cancel);
            let job = Job::Command {
                account,
                at: AT,
                action,
                reply,
            };
            jobs.try_send(job).unwrap();
        }
        jobs.try_send(Job::Timer(AT + 1)).unwrap();
        jobs.try_send(Job::Stop).unwrap();
        decider.run(queue, &to_commit);
        drop(to_commit);
        let steps: Vec<Step> = steps.iter().collect();
        let told: Vec<_> = steps
            .iter()
            .map(|step| {
                let cancels = step
                    .entries
                    .iter()
                    .filter(|entry| matches!(entry.event.fact, Fact::OrderChanged(_)));
                (
                    cancels.count(),
                    step.replies.len(),
                    step.snapshot.as_ref().map(|(_, is_last)| *is_last),
                )
            })
            .collect();
        // What is decided last is in the last snapshot, and no snapshot but that one is the last.
        assert_eq!(
            told,
            [
                (1500, 1, None),
                (1500, 1, None),
                (1500, 1, None),
                (0, 0, Some(true))
            ]
        );
        let seqs = steps
            .iter()
            .flat_map(|step| &step.entries)
            .map(|entry| entry.seq.0);
        assert!(seqs.eq(1..=steps.iter().map(|step| step.entries.len() as u64).sum()));
    }
}
