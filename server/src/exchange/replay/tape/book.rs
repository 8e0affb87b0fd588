//! The order book of a recorded symbol, in step with its stream. Kept so that a desk that joins in the middle of the
//! tape gets all of the book at once.

use std::collections::BTreeMap;

use tickwire_protocol::money::{Price, Quantity};

use crate::exchange::binance::depth::{DepthError, DepthSync};
use crate::exchange::binance::message::{DepthSnapshot, DepthUpdate, Level};

/// A book as the venue shows it.
#[derive(Default)]
pub(super) struct Book {
    sync: DepthSync,
    bids: BTreeMap<Price, Quantity>,
    asks: BTreeMap<Price, Quantity>,
}

impl Book {
    /// Takes in a snapshot, and the updates that waited for it.
    pub fn snapshot(&mut self, snapshot: DepthSnapshot) -> Result<(), DepthError> {
        let due = self.sync.snapshot(&snapshot)?;
        self.bids = snapshot.bids.into_iter().collect();
        self.asks = snapshot.asks.into_iter().collect();
        for update in &due {
            self.apply(update);
        }
        Ok(())
    }

    /// Takes in an update; gives it back where it changed the book now.
    pub fn update(&mut self, update: DepthUpdate) -> Result<Option<DepthUpdate>, DepthError> {
        let due = self.sync.update(update)?;
        if let Some(update) = &due {
            self.apply(update);
        }
        Ok(due)
    }

    /// Whether the book is known.
    pub fn is_live(&self) -> bool {
        self.sync.is_live()
    }

    /// All bids, best first.
    pub fn bids(&self) -> Vec<Level> {
        self.bids
            .iter()
            .rev()
            .map(|(price, quantity)| (*price, *quantity))
            .collect()
    }

    /// All asks, best first.
    pub fn asks(&self) -> Vec<Level> {
        self.asks
            .iter()
            .map(|(price, quantity)| (*price, *quantity))
            .collect()
    }

    /// The best bid and ask.
    #[cfg(test)]
    pub fn best(&self) -> Option<(Price, Price)> {
        Some((*self.bids.last_key_value()?.0, *self.asks.first_key_value()?.0))
    }

    fn apply(&mut self, update: &DepthUpdate) {
        for (levels, changes) in [(&mut self.bids, &update.bids), (&mut self.asks, &update.asks)] {
            for (price, quantity) in changes {
                if quantity.is_zero() {
                    levels.remove(price);
                } else {
                    levels.insert(*price, *quantity);
                }
            }
        }
    }
}
