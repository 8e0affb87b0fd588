//! A position, and how fills open, enlarge, reduce and close it.
//!
//! One per account and instrument: buys and sells net. It keeps the exact cost of what is held; the average price is
//! derived from it for display and never calculated with.
//!
//! A fill tells what it realised, and the fold takes that for a fact: the cost that leaves with a closing fill follows
//! from it (`value − pnl` of a long, `value + pnl` of a short). So an old journal folds to the same cash whatever rule of
//! sharing costs a newer version uses, and a fill that does not add up is an error.

use crate::bounds::{self, PLACES_MAX, QUANTITY_MAX};
use crate::state::FoldError;
use serde::{Deserialize, Serialize};
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::id::{PositionId, Symbol};
use tickwire_protocol::money::{Amount, Price, Quantity};
use tickwire_protocol::order::{Execution, Funding, Side};

/// A position that is held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// Names it from its opening to its close.
    pub id: PositionId,
    /// The instrument.
    pub symbol: Symbol,
    /// Long or short.
    pub side: Side,
    /// How much; above zero on either side.
    pub quantity: Quantity,
    /// What was paid (long) or got (short) for what is held: the sum of price × quantity of its fills, less the shares
    /// that left with closing fills. Exact. At a leverage of 1 it is also the margin that the position uses.
    pub cost: Amount,
    /// What closing fills realised so far, before fees.
    pub realized_pnl: Amount,
    /// Fees of all its fills.
    pub fees: Amount,
    /// Funding got less funding paid.
    pub funding: Amount,
    /// The last funding time that was settled for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub funded_at: Option<TimestampMs>,
    /// When it was opened.
    pub opened_at: TimestampMs,
}

/// What a position made from its opening to its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Made {
    /// Realised profit and loss, plus funding, less fees.
    pub net: Amount,
    /// The fees in it.
    pub fees: Amount,
}

/// What a fill makes of a position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filled {
    /// What is held afterwards.
    pub position: Option<Position>,
    /// Whether the fill reduced or closed.
    pub is_closing: bool,
}

impl Position {
    /// What closing `quantity` of it at `price` realises, before fees:
    /// `± (price × quantity − cost × quantity / held)`, the share of the cost rounded to 8 places. The rest of the cost
    /// stays by subtraction, so the realised parts of a position sum up to the whole, to the last digit.
    pub fn closing_pnl(&self, price: Price, quantity: Quantity) -> Amount {
        // Rounding may lift the share of a tiny cost above the cost itself.
        let cost = self.cost.share(quantity, self.quantity).min(self.cost);
        let value = price.times(quantity);
        match self.side {
            Side::Buy => (value - cost).normalized(),
            Side::Sell => (cost - value).normalized(),
        }
    }

    /// Its profit or loss at a value, before fees: `± (value − cost)`.
    pub fn unrealized_pnl(&self, value: Amount) -> Amount {
        match self.side {
            Side::Buy => value - self.cost,
            Side::Sell => self.cost - value,
        }
    }

    /// Funding times after this one are still to be settled.
    pub fn funded_until(&self) -> TimestampMs {
        self.funded_at.map_or(self.opened_at, |at| at.max(self.opened_at))
    }

    /// The position after a funding payment, of a funding time that is not settled yet.
    pub(crate) fn after_funding(&self, funding: &Funding) -> Result<Position, FoldError> {
        if funding.timestamp <= self.funded_until() {
            return Err(FoldError::FundedTwice(self.id));
        }
        let total = self.funding + funding.amount;
        if !bounds::is_amount(total) {
            return Err(FoldError::OutOfBounds);
        }
        Ok(Position {
            funding: total,
            funded_at: Some(funding.timestamp),
            ..self.clone()
        })
    }

    /// What it made in all, where `last` is the fill that ends it and that is not in it yet.
    pub fn made_with(&self, last: &Execution) -> Made {
        let fees = self.fees + last.fee;
        Made {
            net: self.realized_pnl + last.realized_pnl + self.funding - fees,
            fees,
        }
    }

    /// Average price, to `price_places` plus four places where a frame can carry as many.
    pub fn entry_price(&self, price_places: u32) -> Price {
        average_price(self.cost, self.quantity, price_places)
    }
}

/// Average price of a quantity for display: to four places more than the instrument's prices have, at most 12.
pub fn average_price(cost: Amount, quantity: Quantity, price_places: u32) -> Price {
    cost.per(quantity, (price_places + 4).min(PLACES_MAX))
        .normalized()
}

/// What `execution` makes of the position `held` in its instrument.
pub fn fill(held: Option<&Position>, execution: &Execution) -> Result<Filled, FoldError> {
    let value = checked_value(execution)?;
    let Some(held) = held else {
        return opened(execution, value);
    };
    if held.id != execution.position_id {
        return Err(FoldError::WrongPosition {
            held: held.id,
            told: execution.position_id,
        });
    }
    let mut position = held.clone();
    position.fees += execution.fee;
    let is_closing = execution.side != held.side;
    if is_closing {
        reduce(&mut position, execution, value)?;
    } else {
        if !execution.realized_pnl.is_zero() {
            return Err(FoldError::Unbalanced(execution.id));
        }
        position.quantity += execution.quantity;
        position.cost += value;
    }
    let in_bounds = bounds::is_amount(position.cost)
        && bounds::is_amount(position.realized_pnl)
        && bounds::is_amount(position.fees)
        && position.quantity <= QUANTITY_MAX;
    if !in_bounds {
        return Err(FoldError::OutOfBounds);
    }
    let position = Some(position).filter(|position| !position.quantity.is_zero());
    Ok(Filled { position, is_closing })
}

fn opened(execution: &Execution, value: Amount) -> Result<Filled, FoldError> {
    if !execution.realized_pnl.is_zero() {
        return Err(FoldError::Unbalanced(execution.id));
    }
    let position = Position {
        id: execution.position_id,
        symbol: execution.symbol,
        side: execution.side,
        quantity: execution.quantity,
        cost: value,
        realized_pnl: Amount::ZERO,
        fees: execution.fee,
        funding: Amount::ZERO,
        funded_at: None,
        opened_at: execution.timestamp,
    };
    Ok(Filled {
        position: Some(position),
        is_closing: false,
    })
}

fn reduce(position: &mut Position, execution: &Execution, value: Amount) -> Result<(), FoldError> {
    let leaving = match position.side {
        Side::Buy => value - execution.realized_pnl,
        Side::Sell => value + execution.realized_pnl,
    };
    position.quantity -= execution.quantity;
    position.cost -= leaving;
    position.realized_pnl += execution.realized_pnl;
    // A fill larger than the position would turn it; the engine splits such fills in two.
    let is_sound = !position.quantity.is_negative()
        && !position.cost.is_negative()
        && !leaving.is_negative()
        && (!position.quantity.is_zero() || position.cost.is_zero());
    if is_sound {
        Ok(())
    } else {
        Err(FoldError::Unbalanced(execution.id))
    }
}

/// The value of a fill, once its numbers are known to be within their bounds.
fn checked_value(execution: &Execution) -> Result<Amount, FoldError> {
    let quantity_places = execution.quantity.normalized().get().scale();
    let in_bounds = bounds::is_quantity(execution.quantity)
        && bounds::is_price(execution.price, PLACES_MAX.saturating_sub(quantity_places))
        && bounds::is_amount(execution.fee)
        && bounds::is_amount(execution.realized_pnl);
    if !in_bounds {
        return Err(FoldError::OutOfBounds);
    }
    let value = execution.price.times(execution.quantity);
    if bounds::is_amount(value) {
        Ok(value)
    } else {
        Err(FoldError::OutOfBounds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tickwire_protocol::id::{ExecutionId, OrderId};

    /// A fill such as `buy 1 x 100`, with what it realised.
    fn execution(text: &str, pnl: &str) -> Execution {
        let words: Vec<&str> = text.split_whitespace().collect();
        let [side, quantity, "x", price] = words[..] else {
            panic!("SIDE QUANTITY x PRICE")
        };
        Execution {
            id: ExecutionId(1),
            order_id: OrderId(1),
            client_order_id: None,
            position_id: PositionId(1),
            is_carry: false,
            symbol: Symbol::new("BTCUSDT").unwrap(),
            side: if side == "buy" { Side::Buy } else { Side::Sell },
            quantity: quantity.parse().unwrap(),
            price: price.parse().unwrap(),
            fee: "0.5".parse().unwrap(),
            fee_currency: "USDT".to_owned(),
            is_maker: false,
            realized_pnl: pnl.parse().unwrap(),
            timestamp: TimestampMs(0),
        }
    }

    /// Fills one after the other; closing ones realise what [`Position::closing_pnl`] says.
    fn held(fills: &[&str]) -> Option<Position> {
        let mut position: Option<Position> = None;
        for text in fills {
            let mut execution = execution(text, "0");
            if let Some(held) = position.as_ref().filter(|held| held.side != execution.side) {
                execution.realized_pnl = held.closing_pnl(execution.price, execution.quantity);
            }
            position = fill(position.as_ref(), &execution).unwrap().position;
        }
        position
    }

    #[test]
    fn a_tiny_cost_never_goes_below_zero() {
        // The share, 0.000000008, rounds up to more than the whole.
        let rest = held(&["buy 0.9 x 0.00000001", "sell 0.8 x 0.00000001"]).unwrap();
        assert_eq!(
            (rest.quantity.to_string().as_str(), rest.cost),
            ("0.1", Amount::ZERO)
        );
        assert_eq!(
            held(&[
                "buy 0.9 x 0.00000001",
                "sell 0.8 x 0.00000001",
                "sell 0.1 x 0.00000001"
            ]),
            None
        );
    }

    #[test]
    fn fees_and_realised_parts_add_up_over_the_life_of_a_position() {
        let rest = held(&["sell 3 x 100", "buy 1 x 90", "buy 1 x 110", "sell 1 x 80"]).unwrap();
        assert_eq!(
            (rest.realized_pnl, rest.fees),
            (Amount::ZERO, "2.0".parse().unwrap())
        );
        assert_eq!(
            (rest.quantity, rest.cost),
            ("2".parse().unwrap(), "180".parse().unwrap())
        );
        assert_eq!(rest.entry_price(2).to_string(), "90");
        assert_eq!(
            rest.unrealized_pnl("200".parse().unwrap()),
            "-20".parse().unwrap()
        );
    }

    #[test]
    fn fills_that_do_not_add_up_are_errors() {
        let long = held(&["buy 2 x 100"]).unwrap();
        for (text, pnl) in [
            ("buy 1 x 100", "1"),
            ("sell 3 x 100", "0"),
            ("sell 2 x 100", "-1"),
            ("sell 2 x 100", "1"),
            ("sell 1 x 100", "101"),
            ("sell 1 x 100", "-101"),
        ] {
            let error = fill(Some(&long), &execution(text, pnl)).unwrap_err();
            assert_eq!(error, FoldError::Unbalanced(ExecutionId(1)), "{text} pnl {pnl}");
        }
        assert_eq!(
            fill(None, &execution("buy 1 x 100", "1")),
            Err(FoldError::Unbalanced(ExecutionId(1)))
        );
        let other = Execution {
            position_id: PositionId(2),
            ..execution("sell 1 x 100", "0")
        };
        let error = FoldError::WrongPosition {
            held: PositionId(1),
            told: PositionId(2),
        };
        assert_eq!(fill(Some(&long), &other), Err(error));
    }

    #[test]
    fn fills_beyond_the_bounds_are_errors() {
        let most = held(&["buy 1000000000000 x 1"]).unwrap();
        for text in [
            "buy 1 x 1",
            "buy 1 x 20000000000",
            "buy 1000000000000 x 1001",
            "buy 0.00001 x 0.00000001",
        ] {
            assert_eq!(
                fill(Some(&most), &execution(text, "0")),
                Err(FoldError::OutOfBounds),
                "{text}"
            );
        }
        assert_eq!(
            fill(None, &execution("buy 1 x -1", "0")),
            Err(FoldError::OutOfBounds)
        );
        assert_eq!(
            fill(None, &execution("buy 0 x 1", "0")),
            Err(FoldError::OutOfBounds)
        );
    }
}
