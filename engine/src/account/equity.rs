//! What an account has been worth: its peak, its drawdown, its days, and the curve.

use super::curve::EquityCurve;
use crate::bounds::TIME_MAX;
use crate::market::DAY_MS;
use crate::risk::loss_pct;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::money::{Amount, Ratio};

/// Beginnings of days kept: for the returns of as many days less one.
pub const DAYS_MAX: usize = 401;

/// What an account has been worth, as far as events tell it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EquityTrack {
    /// The highest equity marked since the account was opened, or since trading was last resumed: what the risk guard
    /// measures the drawdown from.
    pub peak: Amount,
    /// What the risk guard measures the day's loss from: the equity when the day began, or when trading was resumed
    /// since.
    pub day_base: Amount,
    /// The last equity marked.
    pub last: Amount,
    /// When that was.
    pub last_at: TimestampMs,
    /// The highest equity ever marked.
    pub highest: Amount,
    /// The largest loss from the highest equity until then, in percent of it, to two places.
    pub max_drawdown_pct: Ratio,
    /// The curve.
    pub curve: EquityCurve,
    days: VecDeque<DayEquity>,
}

/// What an account was worth when a day began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct DayEquity {
    /// Days since 1970-01-01.
    day: i64,
    equity: Amount,
}

impl EquityTrack {
    pub(super) fn starting(at: TimestampMs, deposit: Amount) -> EquityTrack {
        let at = in_bounds(at);
        let mut curve = EquityCurve::default();
        curve.add(at, deposit);
        EquityTrack {
            peak: deposit,
            day_base: deposit,
            last: deposit,
            last_at: at,
            highest: deposit,
            max_drawdown_pct: Ratio::ZERO,
            curve,
            days: VecDeque::new(),
        }
    }

    /// The days that the account was there for from their beginning, as days since 1970-01-01, with the equity then,
    /// oldest first.
    pub fn days(&self) -> impl Iterator<Item = (i64, Amount)> {
        self.days.iter().map(|day| (day.day, day.equity))
    }

    pub(super) fn mark(&mut self, at: TimestampMs, equity: Amount) {
        let at = in_bounds(at);
        self.peak = self.peak.max(equity);
        self.highest = self.highest.max(equity);
        self.max_drawdown_pct = self.max_drawdown_pct.max(loss_pct(self.highest, equity));
        self.last = equity;
        self.last_at = at;
        self.curve.add(at, equity);
    }

    pub(super) fn day_opened(&mut self, at: TimestampMs, equity: Amount, account_opened_at: TimestampMs) {
        let at = in_bounds(at);
        self.mark(at, equity);
        self.day_base = equity;
        let day = at.0.div_euclid(DAY_MS);
        // The account was not there for all of the day on which it was opened, and a day begins once.
        let is_whole = day > account_opened_at.0.div_euclid(DAY_MS);
        if !is_whole || self.days.back().is_some_and(|last| last.day >= day) {
            return;
        }
        if self.days.len() == DAYS_MAX {
            self.days.pop_front();
        }
        self.days.push_back(DayEquity { day, equity });
    }

    pub(super) fn rebased(&mut self, at: TimestampMs, equity: Amount) {
        self.mark(at, equity);
        self.peak = equity;
        self.day_base = equity;
    }
}

/// The moment, or the nearest one with which the calendar can be reckoned.
fn in_bounds(at: TimestampMs) -> TimestampMs {
    at.clamp(TimestampMs(0), TIME_MAX)
}
