//! The risk guard: what may be opened, and when everything is to be stopped.
//!
//! What is decided in here is pure. The engine asks for a [`Verdict`] whenever an account may be worth less, and every
//! order that opens or adds asks the [`gate`].

pub mod gate;
pub mod limits;

pub use limits::LimitsError;

use crate::account::EquityTrack;
use crate::grouped::Grouped;
use rust_decimal::{Decimal, RoundingStrategy};
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::money::{Amount, Ratio};
use tickwire_protocol::risk::{Risk, RiskCause, RiskLimits, RiskStatus};

/// Places that a sentence shows of an amount which nobody has to send back: what the currency is counted in.
pub(crate) const MONEY_PLACES: u32 = 2;

/// The guard of an account that nothing has happened to.
pub(crate) fn untouched(at: TimestampMs) -> Risk {
    Risk {
        status: RiskStatus::Normal,
        message: message(RiskStatus::Normal).to_owned(),
        drawdown_pct: Ratio::ZERO,
        daily_loss_pct: Ratio::ZERO,
        cause: RiskCause::None,
        limits: RiskLimits::default(),
        since: at,
    }
}

/// What a status means, in a sentence.
pub fn message(status: RiskStatus) -> &'static str {
    match status {
        RiskStatus::Normal => "Trading is open.",
        RiskStatus::SoftPause => "New position openings stopped. Existing positions remain open.",
        RiskStatus::HardStop => {
            "All orders cancelled and all positions closed. Nothing is opened until a person resumes."
        }
    }
}

/// What a hard stop means while something that is held has no price to be closed at.
pub(crate) const STOPPED_WITHOUT_PRICE: &str = "All orders cancelled. Positions that have no price yet are closed at the first one. \
                                                Nothing is opened until a person resumes.";

/// What a hard stop means that has more orders to cancel than go into one decision.
pub(crate) const STOPPED_WITH_MANY_ORDERS: &str = "All orders are cancelled, some at a time, and all positions closed. Nothing is opened \
                                                   until a person resumes.";

/// What a pause by a liquidation means: `has_left` tells whether anything is still held, `is_due` whether that has to be
/// liquidated too and only waits for a price.
pub(crate) fn liquidation_message(has_left: bool, is_due: bool) -> &'static str {
    match (has_left, is_due) {
        (false, _) => "New position openings stopped. All positions were liquidated.",
        (true, false) => {
            "New position openings stopped. Positions were liquidated until the account could back the rest, which remains \
             open."
        }
        (true, true) => {
            "New position openings stopped. Positions that have no price yet are liquidated at the first one."
        }
    }
}

/// The loss from `base` to `equity` in percent of the base, zero or above, rounded down to two places. Limits have two
/// places, so the rounded loss reaches a limit exactly when the loss does. A loss from nothing is a whole loss.
pub fn loss_pct(base: Amount, equity: Amount) -> Ratio {
    let lost = base - equity;
    if !lost.is_positive() {
        return Ratio::ZERO.rounded(2);
    }
    let percent = if base.is_positive() {
        (lost.normalized().get() * Decimal::ONE_HUNDRED)
            .checked_div(base.get())
            .unwrap_or(Decimal::ONE_HUNDRED)
    } else {
        Decimal::ONE_HUNDRED
    };
    Ratio::new(percent.round_dp_with_strategy(2, RoundingStrategy::ToZero)).rounded(2)
}

/// Whether a verdict on this equity may bring the guard further down than `status`: exact, and cheap where nothing is
/// lost or no limit is set.
pub(crate) fn may_trip(track: &EquityTrack, limits: &RiskLimits, status: RiskStatus, equity: Amount) -> bool {
    let reached = |base: Amount, limit: Option<Ratio>| {
        limit.is_some_and(|limit| {
            let lost = (base - equity).get();
            lost > Decimal::ZERO && lost * Decimal::ONE_HUNDRED >= limit.get() * base.get()
        })
    };
    let hard = || {
        reached(track.peak, limits.hard_drawdown_pct) || reached(track.day_base, limits.hard_daily_loss_pct)
    };
    let soft = || {
        reached(track.peak, limits.soft_drawdown_pct) || reached(track.day_base, limits.soft_daily_loss_pct)
    };
    match status {
        RiskStatus::Normal => hard() || soft(),
        RiskStatus::SoftPause => hard(),
        RiskStatus::HardStop => false,
    }
}

/// What the limits make of what an account is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// Where the guard should stand at least.
    pub status: RiskStatus,
    /// Why.
    pub cause: RiskCause,
    /// The loss from the peak, in percent.
    pub drawdown_pct: Ratio,
    /// The loss since the day began, in percent.
    pub daily_loss_pct: Ratio,
}

impl Verdict {
    /// Measures an equity by the limits.
    pub fn of(track: &EquityTrack, limits: &RiskLimits, equity: Amount) -> Verdict {
        let drawdown_pct = loss_pct(track.peak, equity);
        let daily_loss_pct = loss_pct(track.day_base, equity);
        let reached = |loss: Ratio, limit: Option<Ratio>| limit.is_some_and(|limit| loss >= limit);
        let (status, cause) = if reached(drawdown_pct, limits.hard_drawdown_pct) {
            (RiskStatus::HardStop, RiskCause::Drawdown)
        } else if reached(daily_loss_pct, limits.hard_daily_loss_pct) {
            (RiskStatus::HardStop, RiskCause::DailyLoss)
        } else if reached(drawdown_pct, limits.soft_drawdown_pct) {
            (RiskStatus::SoftPause, RiskCause::Drawdown)
        } else if reached(daily_loss_pct, limits.soft_daily_loss_pct) {
            (RiskStatus::SoftPause, RiskCause::DailyLoss)
        } else {
            (RiskStatus::Normal, RiskCause::None)
        };
        Verdict {
            status,
            cause,
            drawdown_pct,
            daily_loss_pct,
        }
    }

    /// Why the guard goes where it goes, in a sentence with the numbers.
    pub fn reason(&self, track: &EquityTrack, limits: &RiskLimits, currency: &str) -> String {
        let limit = |soft: Option<Ratio>, hard: Option<Ratio>| match self.status {
            RiskStatus::HardStop => hard,
            RiskStatus::SoftPause | RiskStatus::Normal => soft,
        };
        let sentence = |loss: Ratio, from: &str, base: Amount, limit: Option<Ratio>| {
            let (base, limit) = (Grouped(base.rounded(MONEY_PLACES)), limit.unwrap_or_default());
            format!("The loss of {loss} % from {from} of {base} {currency} reached the limit of {limit} %.")
        };
        match self.cause {
            RiskCause::Drawdown => sentence(
                self.drawdown_pct,
                "the peak",
                track.peak,
                limit(limits.soft_drawdown_pct, limits.hard_drawdown_pct),
            ),
            RiskCause::DailyLoss => sentence(
                self.daily_loss_pct,
                "the day's beginning",
                track.day_base,
                limit(limits.soft_daily_loss_pct, limits.hard_daily_loss_pct),
            ),
            RiskCause::Manual => match self.status {
                RiskStatus::HardStop => "Trading was stopped by hand.".to_owned(),
                RiskStatus::SoftPause | RiskStatus::Normal => "Trading was paused by hand.".to_owned(),
            },
            RiskCause::Journal => "The journal is short of room.".to_owned(),
            RiskCause::Liquidation => {
                "Equity came down to the maintenance margin, so positions are liquidated.".to_owned()
            }
            RiskCause::None | RiskCause::Other => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loss(base: &str, equity: &str) -> String {
        loss_pct(base.parse().unwrap(), equity.parse().unwrap()).to_string()
    }

    #[test]
    fn a_loss_is_never_rounded_up_to_a_limit_nor_below_one() {
        for (base, equity, percent) in [
            ("1000", "900", "10.00"),
            ("1000", "900.00000001", "9.99"),
            ("3", "2.7", "10.00"),
            ("1000000000000000", "999999999999999.999999999999", "0.00"),
            ("100", "100", "0.00"),
            ("100", "200", "0.00"),
            ("100", "-50", "150.00"),
            ("0", "-1", "100.00"),
            ("-5", "-6", "100.00"),
            ("-5", "-4", "0.00"),
        ] {
            assert_eq!(loss(base, equity), percent, "{base} to {equity}");
        }
    }
}
