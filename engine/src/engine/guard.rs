//! The risk guard and the alerts: what the desk does and says by itself.

use super::Engine;
use crate::batch::Batch;
use crate::event::Event;
use crate::input::Notice;
use crate::market::TickEffect;
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::command::{Instruction, Report};
use tickwire_protocol::error::{ErrorCode, Refusal};
use tickwire_protocol::id::AccountId;
use tickwire_protocol::market::Tick;

impl Engine {
    pub(super) fn instruct_guard(
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

    /// The market with this number ticked: which accounts are worth less, which alerts fire.
    pub(super) fn guard_after_tick(
        &mut self,
        _number: usize,
        _tick: &Tick,
        _effect: TickEffect,
        _batch: &mut Batch,
    ) {
    }

    /// An account did something: whether it may go on.
    pub(super) fn guard_after_request(&mut self, _account: AccountId, _at: TimestampMs, _batch: &mut Batch) {}

    /// Time has passed.
    pub(super) fn guard_after_time(&mut self, _at: TimestampMs, _batch: &mut Batch) {}

    /// Something happened to the desk itself.
    pub(super) fn guard_after_notice(&mut self, _notice: &Notice, _at: TimestampMs, _batch: &mut Batch) {}

    /// Keeps what follows from the state in step with it.
    pub(super) fn guard_applied(&mut self, _event: &Event) {}
}
