//! Market orders: filled at once and wholly, at the best prices there are, or refused.
//!
//! A buy pays the ask, a sell gets the bid. Where a book is known, the order walks it, one execution per level; beyond the
//! known levels the rest fills at the last one's price. An execution either reduces a position or opens and adds to one:
//! a fill that turns a position is split in two, so that each execution has one position, and a fee of its own.
//!
//! The opening parts must be paid for, margin and fee, out of what is available after the closing parts, which free the
//! margin of what they close. Reducing is always allowed: its fee may take cash below zero.
//!
//! The plan is made by the very functions that fold events, on copies: what is decided is known to fold.

use super::reserve::opening_margin;
use super::{Decided, Desk, Ticket, placed, refusal};
use crate::account::Ledger;
use crate::account::margin::available;
use crate::bounds::{ID_MAX, ORDER_VALUE_MAX};
use crate::event::Fact;
use crate::position::{self, Position, average_price};
use crate::state::FoldError;
use tickwire_protocol::error::Refusal;
use tickwire_protocol::id::{ExecutionId, OrderId, PositionId};
use tickwire_protocol::money::{Amount, Price, Quantity};
use tickwire_protocol::order::{Execution, Order, OrderStatus, OrderType};

/// Decides on a market order.
pub(super) fn execute(desk: &Desk<'_>, ticket: &Ticket<'_>) -> Result<Decided, Refusal> {
    let instrument = ticket.market.instrument();
    let symbol = instrument.symbol;
    let quote = desk
        .markets
        .tradable_quote(symbol, ticket.at)
        .map_err(|why| refusal::no_price(symbol, why))?;
    let fills = desk
        .markets
        .levels(symbol, ticket.side, quote)
        .fills(ticket.quantity);
    let value: Amount = fills.iter().map(|&(price, quantity)| price.times(quantity)).sum();
    if value > ORDER_VALUE_MAX {
        return Err(refusal::worth_too_much(desk.currency));
    }
    let mut plan = Plan::new(desk, ticket, fills.len()).ok_or_else(refusal::ids_exhausted)?;
    if plan.reducible < ticket.quantity && value < instrument.min_notional {
        return Err(refusal::below_min_notional(value, instrument));
    }
    for (price, quantity) in fills {
        plan.level(ticket.market.canonical(price), quantity)
            .map_err(|error| match error {
                FoldError::OutOfBounds => refusal::beyond_account(desk.currency),
                // Not known to be possible; refused rather than booked wrongly.
                other => refusal::does_not_add_up(other),
            })?;
    }
    if let Some(opening) = plan.opening {
        let needed = opening_margin(ticket.account, instrument, opening.value) + opening.fees;
        if needed > opening.available {
            return Err(refusal::insufficient_balance(
                needed,
                opening.available,
                desk.currency,
            ));
        }
    }
    Ok(plan.decided(value))
}

/// The executions of an order, and what they would make of the account.
struct Plan<'a> {
    desk: &'a Desk<'a>,
    ticket: &'a Ticket<'a>,
    order_id: OrderId,
    held: Option<Position>,
    ledger: Ledger,
    /// How much of the position on the other side is left to reduce.
    reducible: Quantity,
    executions: Vec<Execution>,
    opening: Option<Opening>,
}

/// What the opening parts cost, and what there is for them.
#[derive(Clone, Copy)]
struct Opening {
    available: Amount,
    value: Amount,
    fees: Amount,
}

impl<'a> Plan<'a> {
    /// `None` where ids run out. `levels` bounds the number of executions: one per level, and one more for a turn.
    fn new(desk: &'a Desk<'a>, ticket: &'a Ticket<'a>, levels: usize) -> Option<Plan<'a>> {
        let executions_max = u64::try_from(levels).ok()?.checked_add(1)?;
        let has_ids = desk.state.last_order.0 < ID_MAX
            && desk.state.last_position.0 < ID_MAX
            && desk.state.last_execution.0.checked_add(executions_max)? <= ID_MAX;
        let held = ticket.account.positions.get(&ticket.market.symbol()).cloned();
        let opposite = held.as_ref().filter(|held| held.side != ticket.side);
        let reducible = opposite.map_or(Quantity::ZERO, |held| held.quantity);
        has_ids.then(|| Plan {
            desk,
            ticket,
            order_id: OrderId(desk.state.last_order.0 + 1),
            reducible,
            held,
            ledger: ticket.account.ledger,
            executions: Vec::with_capacity(levels + 1),
            opening: None,
        })
    }

    /// Fills a quantity at one price: first what reduces, then what opens.
    fn level(&mut self, price: Price, quantity: Quantity) -> Result<(), FoldError> {
        let closing = quantity.min(self.reducible);
        if closing.is_positive() {
            self.reducible -= closing;
            self.execution(price, closing.normalized())?;
        }
        let opening = quantity - closing;
        if opening.is_positive() {
            let before = self.opening.unwrap_or_else(|| Opening {
                available: self.available(),
                value: Amount::ZERO,
                fees: Amount::ZERO,
            });
            let fee = self.execution(price, opening.normalized())?;
            self.opening = Some(Opening {
                value: before.value + price.times(opening),
                fees: before.fees + fee,
                ..before
            });
        }
        Ok(())
    }

    /// Adds an execution and folds it into the copies. Gives its fee.
    fn execution(&mut self, price: Price, quantity: Quantity) -> Result<Amount, FoldError> {
        let Ticket {
            client_order_id,
            market,
            side,
            at,
            ..
        } = self.ticket;
        let fee = price
            .times(quantity)
            .times(market.instrument().taker_fee_rate)
            .normalized();
        let (position_id, realized_pnl) = match &self.held {
            Some(held) if held.side == *side => (held.id, Amount::ZERO),
            Some(held) => (held.id, held.closing_pnl(price, quantity)),
            None => (PositionId(self.desk.state.last_position.0 + 1), Amount::ZERO),
        };
        let number = self
            .executions
            .last()
            .map_or(self.desk.state.last_execution, |last| last.id)
            .0
            + 1;
        let execution = Execution {
            id: ExecutionId(number),
            order_id: self.order_id,
            client_order_id: client_order_id.cloned(),
            position_id,
            is_carry: false,
            symbol: market.symbol(),
            side: *side,
            quantity,
            price,
            fee,
            fee_currency: self.desk.currency.to_owned(),
            is_maker: false,
            realized_pnl,
            timestamp: *at,
        };
        let filled = position::fill(self.held.as_ref(), &execution)?;
        self.ledger = self.ledger.with(&execution, filled.is_closing)?;
        self.held = filled.position;
        self.executions.push(execution);
        Ok(fee)
    }

    /// What is available for opening, as the account stands in the plan.
    fn available(&self) -> Amount {
        let symbol = self.ticket.market.symbol();
        let account = self.ticket.account;
        let others = account
            .positions
            .values()
            .filter(|position| position.symbol != symbol);
        let positions = others.chain(self.held.as_ref());
        available(account, &self.ledger, positions, self.desk.markets)
    }

    /// The facts: the order as accepted, its executions, the order as filled. `value` is what it filled for.
    fn decided(self, value: Amount) -> Decided {
        let Ticket {
            client_order_id,
            market,
            side,
            quantity,
            reduce_only,
            at,
            ..
        } = self.ticket;
        let accepted = Order {
            client_order_id: client_order_id.cloned(),
            reduce_only: *reduce_only,
            ..Order::accepted(
                self.order_id,
                market.symbol(),
                *side,
                OrderType::Market,
                *quantity,
                *at,
            )
        };
        let fee: Amount = self.executions.iter().map(|execution| execution.fee).sum();
        let filled = Order {
            filled_quantity: *quantity,
            filled_value: value.normalized(),
            average_price: Some(average_price(value, *quantity, market.instrument().price_scale())),
            status: OrderStatus::Filled,
            fee: fee.normalized(),
            ..accepted.clone()
        };
        let report = placed(&filled);
        let mut facts = Vec::with_capacity(self.executions.len() + 2);
        facts.push(Fact::OrderChanged(accepted));
        facts.extend(self.executions.into_iter().map(Fact::Executed));
        facts.push(Fact::OrderChanged(filled));
        Decided { facts, report }
    }
}
