//! What orders do when their owner says so, when the market ticks, and when time passes.

use super::Engine;
use crate::batch::Batch;
use crate::event::Event;
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::command::{Instruction, Report};
use tickwire_protocol::error::Refusal;
use tickwire_protocol::id::AccountId;
use tickwire_protocol::market::Tick;

impl Engine {
    pub(super) fn instruct_orders(
        &mut self,
        account: AccountId,
        at: TimestampMs,
        instruction: &Instruction,
        batch: &mut Batch,
    ) -> Result<Report, Refusal> {
        let decided = self.desk().instruct(account, at, instruction)?;
        for fact in decided.facts {
            self.record(Event { account, at, fact }, batch);
        }
        Ok(decided.report)
    }

    /// The market with this number ticked: what it triggers and fills.
    pub(super) fn orders_after_tick(&mut self, _number: usize, _tick: &Tick, _batch: &mut Batch) {}

    /// Time has passed: what expires, and what has reached the venue by now.
    pub(super) fn orders_after_time(&mut self, _at: TimestampMs, _batch: &mut Batch) {}

    /// Keeps the index of working orders in step with the state.
    pub(super) fn orders_applied(&mut self, _event: &Event) {}
}
