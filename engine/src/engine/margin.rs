//! Leverage, funding, liquidation and cash-and-carry positions.

use super::Engine;
use crate::batch::Batch;
use crate::event::Event;
use crate::market::TickEffect;
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::command::{Instruction, Report};
use tickwire_protocol::error::{ErrorCode, Refusal};
use tickwire_protocol::id::AccountId;
use tickwire_protocol::market::Tick;

impl Engine {
    pub(super) fn instruct_margin(
        &mut self,
        _account: AccountId,
        _at: TimestampMs,
        instruction: &Instruction,
        _batch: &mut Batch,
    ) -> Result<Report, Refusal> {
        Err(Refusal::new(
            ErrorCode::Unavailable,
            format!("{} is not there yet", instruction.action()),
        ))
    }

    /// The market with this number ticked: whether anybody is liquidated.
    pub(super) fn margin_after_tick(
        &mut self,
        _number: usize,
        _tick: &Tick,
        _effect: TickEffect,
        _batch: &mut Batch,
    ) {
    }

    /// Time has passed: funding.
    pub(super) fn margin_after_time(&mut self, _at: TimestampMs, _batch: &mut Batch) {}

    /// Keeps what follows from the state in step with it.
    pub(super) fn margin_applied(&mut self, _event: &Event) {}
}
