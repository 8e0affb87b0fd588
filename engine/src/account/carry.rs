//! A cash-and-carry position: spot bought and the same quantity of its perpetual sold. What one leg loses the other makes,
//! and the short leg earns the funding where its rate is above zero.
//!
//! Its legs are positions of their own that net with nothing else; both bear the id of the whole. They are opened and
//! closed by one decision, so between two inputs both are there or none is.

use crate::position::{self, Filled, Made, Position};
use crate::state::FoldError;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tickwire_protocol::id::Symbol;
use tickwire_protocol::order::{Execution, Side};

/// Cash-and-carry positions that an account may hold at once.
pub const CARRIES_MAX: usize = 100;

/// A cash-and-carry position.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carry {
    legs: BTreeMap<Symbol, Position>,
    /// What legs made that are closed already: both go in one decision, one fill after the other.
    made: Made,
}

impl Carry {
    /// Its legs.
    pub fn legs(&self) -> impl Iterator<Item = &Position> {
        self.legs.values()
    }

    /// The spot bought.
    pub fn spot(&self) -> Option<&Position> {
        self.legs().find(|leg| leg.side == Side::Buy)
    }

    /// The perpetual sold.
    pub fn perp(&self) -> Option<&Position> {
        self.legs().find(|leg| leg.side == Side::Sell)
    }

    /// The leg in an instrument.
    pub fn leg(&self, symbol: Symbol) -> Option<&Position> {
        self.legs.get(&symbol)
    }

    /// The leg of this instrument is this from now on.
    pub(super) fn set(&mut self, leg: Position) {
        self.legs.insert(leg.symbol, leg);
    }

    /// The leg that `execution` filled is this from now on. Gives what the leg made, where it is closed with it.
    pub(super) fn filled(&mut self, execution: &Execution, leg: Option<Position>) -> Option<Made> {
        if let Some(leg) = leg {
            self.set(leg);
            return None;
        }
        let made = self.legs.remove(&execution.symbol)?.made_with(execution);
        self.made.net += made.net;
        self.made.fees += made.fees;
        Some(made)
    }

    /// What the legs made that are closed.
    pub(super) fn made(&self) -> Made {
        self.made
    }

    pub(super) fn is_closed(&self) -> bool {
        self.legs.is_empty()
    }
}

/// What `execution` makes of the leg of its instrument. A carry has one leg on either side at most.
pub(super) fn fill(carry: Option<&Carry>, execution: &Execution) -> Result<Filled, FoldError> {
    let leg = carry.and_then(|carry| carry.leg(execution.symbol));
    let same_side = match execution.side {
        Side::Buy => carry.and_then(Carry::spot),
        Side::Sell => carry.and_then(Carry::perp),
    };
    if leg.is_none() && same_side.is_some() {
        return Err(FoldError::Unbalanced(execution.id));
    }
    position::fill(leg, execution)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tickwire_protocol::clock::TimestampMs;
    use tickwire_protocol::id::{ExecutionId, OrderId, PositionId};
    use tickwire_protocol::money::Amount;

    #[test]
    fn there_is_one_leg_on_either_side_at_most() {
        let execution = |symbol: &str, side: Side| Execution {
            id: ExecutionId(1),
            order_id: OrderId(1),
            client_order_id: None,
            position_id: PositionId(1),
            is_carry: true,
            symbol: Symbol::new(symbol).unwrap(),
            side,
            quantity: "1".parse().unwrap(),
            price: "1".parse().unwrap(),
            fee: Amount::ZERO,
            fee_currency: "USDT".to_owned(),
            is_maker: false,
            realized_pnl: Amount::ZERO,
            timestamp: TimestampMs(0),
        };
        let spot = execution("BTCUSDT", Side::Buy);
        let mut carry = Carry::default();
        carry.filled(&spot, fill(None, &spot).unwrap().position);
        let second = execution("ETHUSDT", Side::Buy);
        assert_eq!(
            fill(Some(&carry), &second),
            Err(FoldError::Unbalanced(ExecutionId(1)))
        );
        assert!(fill(Some(&carry), &execution("BTCUSDT-PERP", Side::Sell)).is_ok());
        assert!(fill(Some(&carry), &spot).is_ok(), "more of the same leg");
    }
}
