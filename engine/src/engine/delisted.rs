//! Instruments that are traded here no more, as after a restart with another configuration: open orders in them could
//! never fill, trigger or be charted, so the first input with a time cancels them.
//!
//! Positions in them stay as they are, valued at their cost and backed by nothing, until their market is configured again.

use super::Engine;
use crate::batch::Batch;
use crate::bounds;
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::id::{AccountId, Symbol};
use tickwire_protocol::order::OrderReason;

impl Engine {
    /// Cancels what can never be carried out: once in the life of an engine, since nothing can be placed in an instrument
    /// that is not there. Asked by each input, for one comparison.
    pub(super) fn cancel_delisted(&mut self, at: TimestampMs, batch: &mut Batch) {
        if self.has_looked_for_delisted || !bounds::is_time(at) {
            return;
        }
        self.has_looked_for_delisted = true;
        let delisted: Vec<(AccountId, Symbol)> = self
            .state
            .accounts
            .iter()
            .flat_map(|(&id, account)| account.orders.symbols().map(move |symbol| (id, symbol)))
            .filter(|&(_, symbol)| self.markets.number(symbol).is_none())
            .collect();
        for (account, symbol) in delisted {
            let reason = OrderReason::Delisted;
            let cancelled = self.cancel_orders(account, at, Some(symbol), reason, batch);
            self.say_delisted(account, at, symbol, cancelled.len(), batch);
        }
    }
}
