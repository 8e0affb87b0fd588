//! What inputs led to: the events to journal, and what changed, so that only that is published, once per batch.
//!
//! A batch is handed in and filled, and keeps its buffers when cleared: a tick that touches no account allocates nothing.

use crate::event::Event;
use std::collections::BTreeSet;
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::id::{AccountId, Seq, Symbol};

/// What one or more inputs led to, in order.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// Events to journal.
    pub records: Vec<Record>,
    /// What changed.
    pub touched: Touched,
    /// Ticks, candles and levels that were dropped: of an unknown instrument, or beyond [`bounds`](crate::bounds).
    pub dropped: u64,
}

/// An event, and its place in its lossless topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The event.
    pub event: Event,
    /// Its place in the topic [`Fact::topic`](crate::event::Fact::topic) of its account, where it has one.
    pub seq: Option<Seq>,
}

impl Batch {
    /// Forgets everything but the memory.
    pub fn clear(&mut self) {
        self.records.clear();
        self.touched.clear();
        self.dropped = 0;
    }
}

/// What changed of a market.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TouchedMarket {
    /// The market. Its ticker has changed.
    pub symbol: Symbol,
    /// Whether bid or ask changed, and with them the value of positions.
    pub marks: bool,
    /// The start of the oldest minute whose candle changed. All candles that changed, of any interval, are those from
    /// this time on.
    pub candles_from: Option<TimestampMs>,
    /// Whether the whole history was replaced: readers need a new snapshot.
    pub history: bool,
    number: usize,
}

/// What changed: markets, and accounts by events. Accounts that were only revalued follow from the markets: see
/// [`Engine::touched_accounts`](crate::engine::Engine::touched_accounts).
#[derive(Clone, Debug, Default)]
pub struct Touched {
    markets: Vec<TouchedMarket>,
    /// By the number of a market: its place in `markets` plus one, zero where it is untouched.
    places: Vec<usize>,
    accounts: BTreeSet<AccountId>,
}

impl Touched {
    /// Markets whose ticker changed, in the order in which they were first touched.
    pub fn markets(&self) -> &[TouchedMarket] {
        &self.markets
    }

    /// Accounts that events happened to.
    pub fn accounts(&self) -> &BTreeSet<AccountId> {
        &self.accounts
    }

    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.markets.is_empty() && self.accounts.is_empty()
    }

    /// Adds what `later` changed. Both must come from the same engine.
    pub fn merge(&mut self, later: &Touched) {
        for other in &later.markets {
            let market = self.market(other.number, other.symbol);
            market.marks |= other.marks;
            market.history |= other.history;
            if let Some(from) = other.candles_from {
                market.candle(from);
            }
        }
        self.accounts.extend(&later.accounts);
    }

    /// Forgets everything but the memory.
    pub fn clear(&mut self) {
        for market in &self.markets {
            self.places[market.number] = 0;
        }
        self.markets.clear();
        self.accounts.clear();
    }

    pub(crate) fn account(&mut self, account: AccountId) {
        self.accounts.insert(account);
    }

    pub(crate) fn market(&mut self, number: usize, symbol: Symbol) -> &mut TouchedMarket {
        if self.places.len() <= number {
            self.places.resize(number + 1, 0);
        }
        if self.places[number] == 0 {
            self.markets.push(TouchedMarket {
                symbol,
                marks: false,
                candles_from: None,
                history: false,
                number,
            });
            self.places[number] = self.markets.len();
        }
        &mut self.markets[self.places[number] - 1]
    }
}

impl TouchedMarket {
    pub(crate) fn candle(&mut self, minute: TimestampMs) {
        self.candles_from = Some(self.candles_from.map_or(minute, |from| from.min(minute)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merging_keeps_the_oldest_candle_and_every_mark() {
        let symbol = Symbol::new("BTCUSDT").unwrap();
        let (mut first, mut second) = (Touched::default(), Touched::default());
        first.market(3, symbol).candle(TimestampMs(120_000));
        second.market(3, symbol).candle(TimestampMs(60_000));
        second.market(3, symbol).marks = true;
        second.account(AccountId(1));
        first.merge(&second);
        let market = first.markets()[0];
        assert_eq!(
            (market.candles_from, market.marks, first.markets().len()),
            (Some(TimestampMs(60_000)), true, 1)
        );
        assert!(first.accounts().contains(&AccountId(1)));
        first.clear();
        assert!(first.is_empty());
        assert_eq!(first.market(3, symbol).candles_from, None);
    }
}
