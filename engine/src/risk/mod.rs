//! The risk guard: what may be opened, and when everything is to be stopped.

use crate::account::Account;
use crate::order::Desk;
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::error::Refusal;
use tickwire_protocol::id::Symbol;
use tickwire_protocol::money::{Amount, Ratio};
use tickwire_protocol::risk::{Risk, RiskCause, RiskLimits, RiskStatus};

/// The guard of an account that nothing has happened to.
pub(crate) fn untouched(at: TimestampMs) -> Risk {
    Risk {
        status: RiskStatus::Normal,
        message: "Trading is open.".to_owned(),
        drawdown_pct: Ratio::ZERO,
        daily_loss_pct: Ratio::ZERO,
        cause: RiskCause::None,
        limits: RiskLimits::default(),
        since: at,
    }
}

impl Desk<'_> {
    /// Whether the account may open or add to a position in `symbol` by this value: asked before every order that opens
    /// is accepted, and again when it is filled.
    pub(crate) fn may_open(
        &self,
        _account: &Account,
        _symbol: Symbol,
        _opening_value: Amount,
        _at: TimestampMs,
    ) -> Result<(), Refusal> {
        Ok(())
    }
}
