//! How an order fills: its executions, what they make of it, and what protects what they opened.
//!
//! An execution either reduces a position or opens and adds to one: a fill that turns a position is split in two, so that
//! each execution has one position, and a fee of its own.
//!
//! The opening parts must be paid for, margin and fee, out of what is free after the closing parts, which free the margin
//! of what they close, and beside what other open orders tie up. Reducing is always allowed: its fee may take cash below
//! zero.
//!
//! The plan is made by the very functions that fold events, on copies: what is decided is known to fold.

use super::door::IDS_MORE_MAX;
use super::{Desk, group, refusal, reserve};
use crate::account::{Account, Ledger};
use crate::bounds::ID_MAX;
use crate::event::Fact;
use crate::market::Market;
use crate::position::{self, Position, average_price};
use crate::state::FoldError;
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::error::Refusal;
use tickwire_protocol::id::{ExecutionId, PositionId};
use tickwire_protocol::money::{Amount, Price, Quantity, Ratio};
use tickwire_protocol::order::{Execution, Order, OrderStatus};

/// An order that is filled: whose, where, and whether it rested.
#[derive(Clone, Copy, Debug)]
pub(super) struct Filling<'a> {
    pub desk: &'a Desk<'a>,
    pub account: &'a Account,
    pub market: &'a Market,
    pub order: &'a Order,
    pub is_maker: bool,
    pub at: TimestampMs,
}

impl Filling<'_> {
    /// The execution after `last` of this quantity at this price, of `position_id`, of which `held` is there before it.
    pub fn execution(
        &self,
        last: ExecutionId,
        position_id: PositionId,
        held: Option<&Position>,
        price: Price,
        quantity: Quantity,
    ) -> Execution {
        let (order, quantity) = (self.order, quantity.normalized());
        let fee_rate = fee_rate(self.market, self.is_maker);
        let closing = held.filter(|held| held.side != order.side);
        Execution {
            id: ExecutionId(last.0 + 1),
            order_id: order.id,
            client_order_id: order.client_order_id.clone(),
            position_id,
            is_carry: order.carry.is_some(),
            symbol: order.symbol,
            side: order.side,
            quantity,
            price,
            fee: price.times(quantity).times(fee_rate).normalized(),
            fee_currency: self.desk.currency.to_owned(),
            is_maker: self.is_maker,
            realized_pnl: closing.map_or(Amount::ZERO, |held| held.closing_pnl(price, quantity)),
            timestamp: self.at,
        }
    }

    /// The order after these executions, `PartiallyFilled` or `Filled`.
    pub fn order_after(&self, executions: &[Execution]) -> Order {
        let order = self.order;
        let sum = |of: fn(&Execution) -> Amount| -> Amount { executions.iter().map(of).sum() };
        let value = order.filled_value + sum(|execution| execution.price.times(execution.quantity));
        let fee = order.fee + sum(|execution| execution.fee);
        let quantity: Quantity = executions.iter().map(|execution| execution.quantity).sum();
        let quantity = (order.filled_quantity + quantity).normalized();
        let price_scale = self.market.instrument().price_scale();
        Order {
            filled_quantity: quantity,
            filled_value: value.normalized(),
            average_price: Some(average_price(value, quantity, price_scale)),
            status: if quantity == order.quantity {
                OrderStatus::Filled
            } else {
                OrderStatus::PartiallyFilled
            },
            fee: fee.normalized(),
            arrives_at: None,
            updated_at: self.at,
            ..order.clone()
        }
    }
}

/// What fills make of an order.
#[derive(Debug)]
pub(super) struct Filled {
    /// Its executions.
    pub facts: Vec<Fact>,
    /// The order after them, `PartiallyFilled` or `Filled`.
    pub order: Order,
    /// How much they opened or added.
    pub opened: Quantity,
}

impl Filled {
    /// The executions, the order as told last, and the legs that protect what was opened.
    pub fn into_facts(
        self,
        account: &Account,
        market: &Market,
        at: TimestampMs,
        last_order: u64,
    ) -> Vec<Fact> {
        let mut facts = self.facts;
        let legs = group::grown(account, market, &self.order, self.opened, at, last_order);
        facts.push(Fact::OrderChanged(self.order));
        facts.extend(legs.into_iter().map(Fact::OrderChanged));
        facts
    }
}

/// Plans the fills of an order, `(price, quantity)` each.
pub(super) fn plan(filling: Filling<'_>, fills: &[(Price, Quantity)]) -> Result<Filled, Refusal> {
    let desk = filling.desk;
    let mut plan = Plan::new(filling, fills.len()).ok_or_else(refusal::ids_exhausted)?;
    for &(price, quantity) in fills {
        plan.level(filling.market.canonical(price), quantity)
            .map_err(|error| refusal::unbookable(error, desk.currency))?;
    }
    if let Some(opening) = plan.opening {
        desk.may_open_by(filling.account, filling.order, opening.value)?;
        let margin = reserve::opening_margin(filling.account, filling.market.instrument(), opening.value);
        let needed = margin + opening.fees;
        if needed > opening.free {
            return Err(refusal::insufficient_balance(needed, opening.free, desk.currency));
        }
    }
    Ok(plan.filled())
}

struct Plan<'a> {
    filling: Filling<'a>,
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
    free: Amount,
    quantity: Quantity,
    value: Amount,
    fees: Amount,
}

impl<'a> Plan<'a> {
    /// `None` where ids run out. `levels` bounds the number of executions: one per level, and one more for a turn.
    fn new(filling: Filling<'a>, levels: usize) -> Option<Plan<'a>> {
        let state = filling.desk.state;
        let executions_max = u64::try_from(levels).ok()?.checked_add(1)?;
        let last_order = state.last_order.0.max(filling.order.id.0);
        let has_ids = last_order.checked_add(IDS_MORE_MAX)? <= ID_MAX
            && state.last_position.0 < ID_MAX
            && state.last_execution.0.checked_add(executions_max)? <= ID_MAX;
        let account = filling.account;
        let symbol = filling.market.symbol();
        has_ids.then(|| Plan {
            filling,
            reducible: reserve::reducible(account, symbol, filling.order.side),
            held: account.positions.get(&symbol).cloned(),
            ledger: account.ledger,
            executions: Vec::with_capacity(levels + 1),
            opening: None,
        })
    }

    /// Fills a quantity at one price: first what reduces, then what opens.
    fn level(&mut self, price: Price, quantity: Quantity) -> Result<(), FoldError> {
        let closing = quantity.min(self.reducible);
        if closing.is_positive() {
            self.reducible -= closing;
            self.execution(price, closing)?;
        }
        let quantity = quantity - closing;
        if quantity.is_positive() {
            let before = self.opening.unwrap_or_else(|| Opening {
                free: self.free(),
                quantity: Quantity::ZERO,
                value: Amount::ZERO,
                fees: Amount::ZERO,
            });
            let fee = self.execution(price, quantity)?;
            self.opening = Some(Opening {
                quantity: before.quantity + quantity,
                value: before.value + price.times(quantity),
                fees: before.fees + fee,
                ..before
            });
        }
        Ok(())
    }

    /// Adds an execution and folds it into the copies. Gives its fee.
    fn execution(&mut self, price: Price, quantity: Quantity) -> Result<Amount, FoldError> {
        let state = self.filling.desk.state;
        let position_id = match &self.held {
            Some(held) => held.id,
            None => PositionId(state.last_position.0 + 1),
        };
        let last = self
            .executions
            .last()
            .map_or(state.last_execution, |last| last.id);
        let execution = self
            .filling
            .execution(last, position_id, self.held.as_ref(), price, quantity);
        let fee = execution.fee;
        let filled = position::fill(self.held.as_ref(), &execution)?;
        self.ledger = self.ledger.with(&execution, filled.is_closing)?;
        self.held = filled.position;
        self.executions.push(execution);
        Ok(fee)
    }

    /// What is free for opening, as the account stands in the plan.
    fn free(&self) -> Amount {
        let Filling {
            desk,
            account,
            market,
            order,
            ..
        } = self.filling;
        let others = account
            .positions
            .values()
            .filter(|position| position.symbol != market.symbol());
        let positions = others.chain(self.held.as_ref());
        reserve::free(account, &self.ledger, positions, desk.markets, order)
    }

    fn filled(self) -> Filled {
        Filled {
            order: self.filling.order_after(&self.executions),
            facts: self.executions.into_iter().map(Fact::Executed).collect(),
            opened: self.opening.map_or(Quantity::ZERO, |opening| opening.quantity),
        }
    }
}

fn fee_rate(market: &Market, is_maker: bool) -> Ratio {
    let instrument = market.instrument();
    if is_maker {
        instrument.maker_fee_rate
    } else {
        instrument.taker_fee_rate
    }
}
