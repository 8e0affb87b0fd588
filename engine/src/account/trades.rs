//! Trades of an account: positions that were opened and are flat again, summed up.
//!
//! A cash-and-carry position is one trade; by instrument each of its legs counts under its own, so that what the
//! instruments made sums up to what was made.
//!
//! What a trade made is net: what its fills realised, plus its funding, less all its fees.

use crate::bounds::AMOUNT_MAX;
use crate::market::DAY_MS;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::id::Symbol;
use tickwire_protocol::money::Amount;
use tickwire_protocol::performance::Tally;

/// Days with trades that are kept.
pub const DAYS_MAX: usize = 400;

/// Trades that ended, summed up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trades {
    /// All of them.
    pub all: Tally,
    /// Those that lost money.
    pub losses: u64,
    /// The sum of the profits of those that made money.
    pub profits: Amount,
    /// The sum of the losses of those that lost money, above zero.
    pub lost: Amount,
    /// The largest profit of one.
    pub largest_win: Amount,
    /// The largest loss of one, above zero.
    pub largest_loss: Amount,
    by_symbol: BTreeMap<Symbol, Tally>,
    by_day: VecDeque<DayTally>,
}

/// The trades that ended on one UTC day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct DayTally {
    /// Days since 1970-01-01.
    day: i64,
    tally: Tally,
}

impl Trades {
    /// By instrument.
    pub fn by_symbol(&self) -> impl Iterator<Item = (Symbol, &Tally)> {
        self.by_symbol.iter().map(|(symbol, tally)| (*symbol, tally))
    }

    /// By UTC day, oldest first, with the moment at which it begins: the last [`DAYS_MAX`] that had any.
    pub fn by_day(&self) -> impl Iterator<Item = (TimestampMs, &Tally)> {
        let begin = |day: i64| TimestampMs(day.saturating_mul(DAY_MS));
        self.by_day.iter().map(move |day| (begin(day.day), &day.tally))
    }

    /// What was held in an instrument is flat again: a position, or a leg of one. `net` is what it made, with the fees in
    /// it.
    pub(super) fn left(&mut self, symbol: Symbol, net: Amount, fees: Amount) {
        count(self.by_symbol.entry(symbol).or_default(), net, fees);
    }

    /// A position is flat again, in all its instruments.
    pub(super) fn ended(&mut self, at: TimestampMs, net: Amount, fees: Amount) {
        count(&mut self.all, net, fees);
        count(self.of_day(at.0.div_euclid(DAY_MS)), net, fees);
        if net.is_positive() {
            self.profits = bounded(self.profits + net);
            self.largest_win = self.largest_win.max(net);
        } else if net.is_negative() {
            self.losses = self.losses.saturating_add(1);
            self.lost = bounded(self.lost - net);
            self.largest_loss = self.largest_loss.max(-net);
        }
    }

    /// The tally of a day, or of the last one where a clock went back.
    fn of_day(&mut self, day: i64) -> &mut Tally {
        if self.by_day.back().is_none_or(|last| last.day < day) {
            if self.by_day.len() == DAYS_MAX {
                self.by_day.pop_front();
            }
            let tally = Tally::default();
            self.by_day.push_back(DayTally { day, tally });
        }
        let last = self
            .by_day
            .back_mut()
            .expect("a day was added where there was none");
        &mut last.tally
    }
}

fn count(tally: &mut Tally, net: Amount, fees: Amount) {
    tally.trades = tally.trades.saturating_add(1);
    tally.wins = tally.wins.saturating_add(u64::from(net.is_positive()));
    tally.net_pnl = bounded(tally.net_pnl + net);
    tally.fees = bounded(tally.fees + fees);
}

/// Sums of profits alone may leave the bounds that the account itself keeps: they stop there instead.
fn bounded(sum: Amount) -> Amount {
    sum.clamp(-AMOUNT_MAX, AMOUNT_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_bounded_and_a_clock_that_went_back_counts_to_the_last() {
        let mut trades = Trades::default();
        for day in 0..500 {
            trades.ended(TimestampMs(day * DAY_MS), "1".parse().unwrap(), Amount::ZERO);
        }
        trades.ended(TimestampMs(0), "-3".parse().unwrap(), "2".parse().unwrap());
        let days: Vec<_> = trades.by_day().collect();
        assert_eq!((days.len(), days[0].0), (DAYS_MAX, TimestampMs(100 * DAY_MS)));
        let last = days.last().unwrap();
        assert_eq!(
            (last.1.trades, last.1.wins, last.1.net_pnl),
            (2, 1, "-2".parse().unwrap())
        );
        assert_eq!((trades.all.trades, trades.losses), (501, 1));
    }

    #[test]
    fn sums_stop_at_the_bounds() {
        let mut trades = Trades::default();
        for _ in 0..3 {
            trades.ended(TimestampMs(0), AMOUNT_MAX, Amount::ZERO);
        }
        assert_eq!((trades.profits, trades.all.net_pnl), (AMOUNT_MAX, AMOUNT_MAX));
    }
}
