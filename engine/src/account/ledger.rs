//! What an account holds in cash, and what that came from.

use crate::bounds;
use crate::state::FoldError;
use serde::{Deserialize, Serialize};
use tickwire_protocol::money::Amount;
use tickwire_protocol::order::Execution;

/// Sums over the life of an account, in its currency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// What was paid in.
    pub deposits: Amount,
    /// What closing fills realised, before fees.
    pub realized_pnl: Amount,
    /// All fees.
    pub fees: Amount,
    /// All funding, got less paid.
    pub funding: Amount,
    /// Closing fills that made money, before fees.
    pub wins: u64,
    /// Closing fills that did not.
    pub losses: u64,
}

impl Ledger {
    /// Cash: deposits plus realised profit and loss plus funding less fees. The fee of a closing fill may take it below zero.
    pub fn cash(&self) -> Amount {
        self.deposits + self.realized_pnl + self.funding - self.fees
    }

    /// The ledger after a funding payment: `amount` is got, or paid where it is below zero.
    pub fn funded(mut self, amount: Amount) -> Result<Ledger, FoldError> {
        if !bounds::is_amount(amount) {
            return Err(FoldError::OutOfBounds);
        }
        self.funding += amount;
        if bounds::is_amount(self.funding) && bounds::is_amount(self.cash()) {
            Ok(self)
        } else {
            Err(FoldError::OutOfBounds)
        }
    }

    /// The ledger after a fill.
    pub fn with(mut self, execution: &Execution, is_closing: bool) -> Result<Ledger, FoldError> {
        // Each of the summands is within ±AMOUNT_MAX with at most 12 places, so the sums are exact.
        self.realized_pnl += execution.realized_pnl;
        self.fees += execution.fee;
        if is_closing && execution.realized_pnl.is_positive() {
            self.wins = self.wins.saturating_add(1);
        } else if is_closing {
            self.losses = self.losses.saturating_add(1);
        }
        let in_bounds = [self.realized_pnl, self.fees, self.cash()]
            .into_iter()
            .all(bounds::is_amount);
        if in_bounds {
            Ok(self)
        } else {
            Err(FoldError::OutOfBounds)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bounds::AMOUNT_MAX;
    use tickwire_protocol::clock::TimestampMs;
    use tickwire_protocol::id::{ExecutionId, OrderId, PositionId, Symbol};
    use tickwire_protocol::order::Side;

    #[test]
    fn no_sum_leaves_its_bounds() {
        let execution = |pnl: &str, fee: &str| Execution {
            id: ExecutionId(1),
            order_id: OrderId(1),
            client_order_id: None,
            position_id: PositionId(1),
            is_carry: false,
            symbol: Symbol::new("BTCUSDT").unwrap(),
            side: Side::Buy,
            quantity: "1".parse().unwrap(),
            price: "1".parse().unwrap(),
            fee: fee.parse().unwrap(),
            fee_currency: "USDT".to_owned(),
            is_maker: false,
            realized_pnl: pnl.parse().unwrap(),
            timestamp: TimestampMs(0),
        };
        let full = Ledger {
            deposits: AMOUNT_MAX,
            ..Ledger::default()
        };
        assert_eq!(
            full.with(&execution("1", "0"), true),
            Err(FoldError::OutOfBounds),
            "cash"
        );
        assert!(full.with(&execution("1", "1"), true).is_ok());
        let spent = Ledger {
            fees: AMOUNT_MAX,
            realized_pnl: AMOUNT_MAX,
            ..Ledger::default()
        };
        assert_eq!(
            spent.with(&execution("0", "1"), false),
            Err(FoldError::OutOfBounds),
            "fees"
        );
        assert_eq!(
            spent.with(&execution("1", "0"), false),
            Err(FoldError::OutOfBounds),
            "realised"
        );
    }
}
