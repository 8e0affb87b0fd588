//! The thread that lets the engine decide.

use super::publish::{self, Publisher};
use super::{Step, number};
use crate::hub::Hub;
use crate::queue::Job;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::SyncSender;
use tickwire_engine::batch::Batch;
use tickwire_engine::engine::Done;
use tickwire_engine::input::{Action, Input, Request};
use tickwire_engine::{Answer, Engine};
use tickwire_protocol::error::{ErrorCode, Refusal};
use tickwire_protocol::id::Seq;
use tickwire_protocol::message::Outcome;
use tickwire_protocol::session::server::EngineAnswer;
use tokio::sync::mpsc;
use tracing::warn;

/// Jobs decided on before what they led to is handed on.
const JOBS_A_STEP: usize = 256;

/// Owns the engine.
pub struct Decider {
    engine: Engine,
    head: Seq,
    publisher: Publisher,
    hub: Hub,
    journal_down: Arc<AtomicBool>,
    dropped: u64,
}

impl Decider {
    /// An engine whose last entry in the journal is `head`.
    pub fn new(
        engine: Engine,
        head: Seq,
        publisher: Publisher,
        hub: Hub,
        journal_down: Arc<AtomicBool>,
    ) -> Decider {
        Decider {
            engine,
            head,
            publisher,
            hub,
            journal_down,
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
            let step = self.step(&mut jobs, &mut batch);
            if !step.is_empty() && steps.send(step).is_err() {
                return;
            }
            if stops {
                return;
            }
        }
    }

    fn step(&mut self, jobs: &mut Vec<Job>, batch: &mut Batch) -> Step {
        let mut step = Step::default();
        // What everybody may see depends on no journal, so a slow disk does not hold the market up.
        let mut open = Vec::new();
        let journal_down = self.journal_down.load(Ordering::Acquire);
        let mut timer = None;
        for job in jobs.drain(..) {
            match job {
                Job::Market(input) => {
                    self.engine.handle_into(Input::Market(input), batch);
                }
                Job::Timer(at) => {
                    timer = Some(at);
                    if !journal_down {
                        self.engine.handle_into(Input::Timer(at), batch);
                    }
                }
                Job::Command {
                    account,
                    at,
                    action,
                    reply,
                } => {
                    let answer = if journal_down {
                        answer_unjournaled(&action)
                    } else {
                        let request = Request { account, at, action };
                        translate(self.engine.handle_into(Input::Request(request), batch))
                    };
                    step.replies.push((reply, answer));
                }
                Job::Stop => {}
            }
        }
        if batch.dropped > 0 {
            self.dropped += batch.dropped;
            warn!(
                dropped = batch.dropped,
                total = self.dropped,
                "market data out of bounds or of unknown instruments"
            );
        }
        let accounts = self.engine.touched_accounts(&batch.touched);
        step.entries = number(batch, self.head);
        if let Some(last) = step.entries.last() {
            self.head = last.seq;
        }
        step.publications
            .extend(step.entries.iter().filter_map(publish::event));
        let now = crate::clock::now();
        self.publisher
            .markets(&self.engine, &batch.touched, now, &mut open);
        if !journal_down {
            for account in accounts {
                step.publications
                    .extend(self.publisher.account(&self.engine, account, now));
            }
        }
        if let Some(at) = timer.filter(|_| !journal_down) {
            step.publications.extend(self.publisher.overdue(&self.engine, at));
        }
        open.extend(
            self.publisher
                .status(&self.engine, self.hub.connections(), journal_down, now),
        );
        self.hub.publish(open);
        batch.clear();
        step
    }
}

/// The sentence for commands when nothing can be remembered.
pub fn refuse_unjournaled(outcome: Outcome) -> Refusal {
    let what = match outcome {
        Outcome::Unknown => {
            "the journal cannot be written; whether this order stands is known after the desk was restarted: send it \
             again then, with the same client_order_id"
        }
        Outcome::Executed | Outcome::NotExecuted => {
            "the journal cannot be written, so nothing was done; the operator must see to the disk and restart the desk"
        }
    };
    Refusal::new(ErrorCode::Unavailable, what)
}

/// The answer to a command that comes while the journal is down. The state is ahead of the journal since it failed, so
/// nothing may be decided on it; and a named order may be the retry of one that stands.
fn answer_unjournaled(action: &Action) -> EngineAnswer {
    let named = match action {
        Action::Instruct(instruction) => instruction.client_order_id().is_some(),
        Action::OpenAccount { .. } => false,
    };
    let outcome = if named {
        Outcome::Unknown
    } else {
        Outcome::NotExecuted
    };
    Err((refuse_unjournaled(outcome), outcome))
}

fn translate(answer: Option<Answer>) -> EngineAnswer {
    match answer {
        Some(Ok(Done::Reported(report))) => Ok(report),
        Some(Err(refusal)) => Err((refusal, Outcome::NotExecuted)),
        Some(Ok(Done::AccountOpened { .. })) | None => {
            let refusal = Refusal::new(
                ErrorCode::Internal,
                "the engine gave no answer to an order; nothing was done",
            );
            Err((refusal, Outcome::NotExecuted))
        }
    }
}
