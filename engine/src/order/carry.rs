//! Cash-and-carry: spot bought and the same quantity of its perpetual sold, at market, in one decision. Both legs are
//! filled, or nothing is done; closing likewise. Where orders are some time on their way to the venue, both legs are
//! together: they arrive in one decision, which asks all that was asked before once more, and if one of them ends on the
//! way so does the other.
//!
//! Each leg is an order of its own with its own executions. The owner's id names the order of the spot leg, and through its
//! receipt the whole.

use super::door::OPEN_ORDERS_MAX;
use super::fill::Filling;
use super::reserve::opening_margin;
use super::{Decided, Desk, quantity, refusal};
use crate::account::carry::CARRIES_MAX;
use crate::account::margin::{available, free};
use crate::account::{Account, Ledger};
use crate::bounds::{ID_MAX, ORDER_VALUE_MAX};
use crate::event::Fact;
use crate::grouped::Grouped;
use crate::market::Market;
use crate::position::{self, Position};
use crate::state::FoldError;
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::command::{CloseCarry, OpenCarry, Report, SetLeverage};
use tickwire_protocol::error::{ErrorCode, Refusal};
use tickwire_protocol::id::{AccountId, ClientOrderId, ExecutionId, OrderId, PositionId, Symbol};
use tickwire_protocol::money::{Amount, Quantity};
use tickwire_protocol::order::{Execution, Order, OrderReason, OrderStatus, OrderType, Side};

impl<'a> Desk<'a> {
    /// Decides on a cash-and-carry position to open.
    pub fn open_carry(
        &self,
        account: AccountId,
        at: TimestampMs,
        open: &OpenCarry,
    ) -> Result<Decided, Refusal> {
        let account = self.account(account)?;
        let (spot, perp) = self.pair(open.symbol)?;
        let wanted = quantity::of_one_order(open.quantity, spot.instrument())?;
        let wanted = quantity::of_one_order(wanted, perp.instrument())?;
        let carry = PositionId(self.state.last_position.0 + 1);
        let legs = [
            (spot.symbol(), Side::Buy, wanted),
            (perp.symbol(), Side::Sell, wanted),
        ];
        let legs = self.legs(carry, legs, open.client_order_id.as_ref(), at);
        self.accept_carry(account, carry, legs, at)
    }

    /// Decides on a cash-and-carry position that its owner closes.
    pub fn close_carry(
        &self,
        account: AccountId,
        at: TimestampMs,
        close: &CloseCarry,
    ) -> Result<Decided, Refusal> {
        let account = self.account(account)?;
        let legs = self.closing_legs(account, at, close)?;
        if let Some(order) = account.orders.of_carry(close.position_id).next() {
            return Err(is_closing(close.position_id, order));
        }
        self.accept_carry(account, close.position_id, legs, at)
    }

    /// Decides on a cash-and-carry position that the desk itself closes: at once, without the way of an owner's order.
    pub fn close_out_carry(
        &self,
        account: AccountId,
        at: TimestampMs,
        close: &CloseCarry,
        reason: OrderReason,
    ) -> Result<Decided, Refusal> {
        let account = self.account(account)?;
        let mut legs = self.closing_legs(account, at, close)?;
        for leg in &mut legs {
            leg.reason = Some(reason).filter(|reason| *reason != OrderReason::User);
        }
        let facts = self.enter_carry(account, &legs, true, at)?;
        let report = carried(close.position_id, &legs, OrderStatus::Filled);
        Ok(Decided { facts, report })
    }

    /// Takes both legs: they reach the market now, or are on their way to it, together.
    fn accept_carry(
        &self,
        account: &Account,
        carry: PositionId,
        legs: Vec<Order>,
        at: TimestampMs,
    ) -> Result<Decided, Refusal> {
        // What it would come to now must be possible, as far as one can tell.
        let facts = self.enter_carry(account, &legs, true, at)?;
        if self.rules.latency_ms == 0 {
            let report = carried(carry, &legs, OrderStatus::Filled);
            return Ok(Decided { facts, report });
        }
        if account.orders.open_count() + legs.len() > OPEN_ORDERS_MAX {
            return Err(refusal::too_many_open(OPEN_ORDERS_MAX));
        }
        let report = carried(carry, &legs, OrderStatus::New);
        let sent = legs.into_iter().map(|leg| Fact::OrderChanged(self.sent(leg, at)));
        Ok(Decided {
            facts: sent.collect(),
            report,
        })
    }

    /// What becomes of the orders of both legs that are in the market now: both are filled, or a refusal says why neither
    /// can be. `is_new`: they are accepted with it.
    pub fn enter_carry(
        &self,
        account: &Account,
        legs: &[Order],
        is_new: bool,
        at: TimestampMs,
    ) -> Result<Vec<Fact>, Refusal> {
        let mut plan = Plan {
            desk: self,
            account,
            at,
            ledger: account.ledger,
            last_execution: self.state.last_execution,
            facts: Vec::new(),
        };
        let (mut needed, mut openings) = (Amount::ZERO, Vec::with_capacity(2));
        for order in legs {
            let market = self.market(order.symbol)?;
            if is_new {
                plan.facts.push(Fact::OrderChanged(order.clone()));
            }
            if order.reduce_only {
                plan.fill(market, order, Some(held_leg(account, order)?))?;
                continue;
            }
            let (value, fees) = plan.fill(market, order, None)?;
            let instrument = market.instrument();
            if value < instrument.min_notional {
                return Err(refusal::below_min_notional(value, instrument));
            }
            openings.push((market.symbol(), value));
            needed = needed + opening_margin(account, instrument, value) + fees;
        }
        if !openings.is_empty() {
            if account.carries.len() >= CARRIES_MAX {
                return Err(too_many());
            }
            // Together: each of them might fit where both do not.
            self.may_open(account, &openings)?;
            let available = available(account, &account.ledger, account.positions.values(), self.markets);
            if needed > available {
                return Err(too_expensive(needed, available, self.currency));
            }
        }
        let is_given =
            |order: &Order| order.id.0 <= ID_MAX && order.carry.is_some_and(|carry| carry.0 <= ID_MAX);
        if plan.last_execution.0 > ID_MAX || !legs.iter().all(is_given) {
            return Err(refusal::ids_exhausted());
        }
        Ok(plan.facts)
    }

    /// The orders that close both legs.
    fn closing_legs(
        &self,
        account: &Account,
        at: TimestampMs,
        close: &CloseCarry,
    ) -> Result<Vec<Order>, Refusal> {
        let id = close.position_id;
        let carry = account.carries.get(&id).ok_or_else(|| no_carry(id))?;
        let legs = [carry.spot(), carry.perp()].into_iter().flatten();
        let legs = legs.map(|leg| (leg.symbol, leg.side.opposite(), leg.quantity));
        let mut legs = self.legs(id, legs, close.client_order_id.as_ref(), at);
        for leg in &mut legs {
            leg.reduce_only = true;
        }
        Ok(legs)
    }

    /// The orders of legs, as they are accepted. The first bears the owner's id.
    fn legs(
        &self,
        carry: PositionId,
        legs: impl IntoIterator<Item = (Symbol, Side, Quantity)>,
        client_order_id: Option<&ClientOrderId>,
        at: TimestampMs,
    ) -> Vec<Order> {
        let ids = self.state.last_order.0 + 1..;
        ids.zip(legs)
            .zip(std::iter::once(client_order_id).chain(std::iter::repeat(None)))
            .map(|((id, (symbol, side, quantity)), name)| Order {
                client_order_id: name.cloned(),
                carry: Some(carry),
                ..Order::accepted(
                    OrderId(id),
                    symbol,
                    side,
                    OrderType::Market,
                    quantity.normalized(),
                    at,
                )
            })
            .collect()
    }

    /// Decides on a leverage.
    pub fn set_leverage(&self, account: AccountId, set: &SetLeverage) -> Result<Decided, Refusal> {
        let account = self.account(account)?;
        let SetLeverage { symbol, leverage } = *set;
        let instrument = self.market(symbol)?.instrument();
        let most = instrument.perpetual.map_or(1, |perpetual| perpetual.max_leverage);
        if !(1..=most).contains(&leverage) {
            return Err(leverage_out_of_range(symbol, leverage, most));
        }
        let done = |facts| {
            Ok(Decided {
                facts,
                report: Report::default(),
            })
        };
        if instrument.perpetual.is_none() || account.leverage.get(&symbol) == Some(&leverage) {
            return done(Vec::new());
        }
        let mut after = account.clone();
        after.leverage.insert(symbol, leverage);
        let free_with =
            |account: &Account| free(account, &account.ledger, account.positions.values(), self.markets);
        let (before, left) = (free_with(account), free_with(&after));
        // What ties up no more than before is always allowed: it can only help.
        if left.is_negative() && left < before {
            let (more, available) = (before - left, before.max(Amount::ZERO));
            return Err(leverage_too_low(symbol, leverage, more, available, self.currency));
        }
        done(vec![Fact::LeverageSet { symbol, leverage }])
    }

    /// The spot instrument and the perpetual that follows it, by the name of either.
    fn pair(&self, symbol: Symbol) -> Result<(&'a Market, &'a Market), Refusal> {
        let market = self.market(symbol)?;
        if let Some(perpetual) = market.instrument().perpetual {
            return Ok((self.market(perpetual.spot)?, market));
        }
        let follows = |perp: &&Market| {
            let perpetual = perp.instrument().perpetual;
            perpetual.is_some_and(|perpetual| perpetual.spot == symbol)
        };
        let perp = self.markets.iter().find(follows);
        perp.map(|perp| (market, perp))
            .ok_or_else(|| no_perpetual(symbol))
    }
}

/// The executions of both legs, and what they would make of the account.
struct Plan<'a> {
    desk: &'a Desk<'a>,
    account: &'a Account,
    at: TimestampMs,
    ledger: Ledger,
    last_execution: ExecutionId,
    facts: Vec<Fact>,
}

impl Plan<'_> {
    /// Fills one leg at market. Gives what it filled for, and the fees of that.
    fn fill(
        &mut self,
        market: &Market,
        order: &Order,
        held: Option<&Position>,
    ) -> Result<(Amount, Amount), Refusal> {
        let (desk, symbol) = (self.desk, order.symbol);
        let quote = desk
            .markets
            .tradable_quote(symbol, self.at)
            .map_err(|why| refusal::no_price(symbol, why))?;
        let levels = desk.markets.levels(symbol, order.side, quote);
        let fills = desk.market_fills(market, order.side, &levels, order.quantity);
        let value: Amount = fills.iter().map(|&(price, quantity)| price.times(quantity)).sum();
        if value > ORDER_VALUE_MAX {
            return Err(refusal::worth_too_much(desk.currency));
        }
        let filling = Filling {
            desk,
            account: self.account,
            market,
            order,
            is_maker: false,
            at: self.at,
        };
        let (mut leg, mut executions) = (held.cloned(), Vec::with_capacity(fills.len()));
        for (price, quantity) in fills {
            let price = market.canonical(price);
            let carry = order.carry.unwrap_or_default();
            let execution = filling.execution(self.last_execution, carry, leg.as_ref(), price, quantity);
            self.last_execution = execution.id;
            leg = self
                .folded(leg.as_ref(), &execution)
                .map_err(|error| refusal::unbookable(error, desk.currency))?;
            executions.push(execution);
        }
        let filled = filling.order_after(&executions);
        let fees = filled.fee;
        self.facts.extend(executions.into_iter().map(Fact::Executed));
        self.facts.push(Fact::OrderChanged(filled));
        Ok((value, fees))
    }

    /// Folds an execution into the copies. Gives the leg afterwards.
    fn folded(
        &mut self,
        leg: Option<&Position>,
        execution: &Execution,
    ) -> Result<Option<Position>, FoldError> {
        let filled = position::fill(leg, execution)?;
        self.ledger = self.ledger.with(execution, filled.is_closing)?;
        Ok(filled.position)
    }
}

/// What is reported of both legs.
fn carried(carry: PositionId, legs: &[Order], status: OrderStatus) -> Report {
    let name = legs.iter().find_map(|leg| leg.client_order_id.clone());
    Report {
        order_id: legs.first().map(|leg| leg.id),
        order_ids: legs.iter().map(|leg| leg.id).collect(),
        position_id: Some(carry),
        status: Some(status),
        duplicate: name.as_ref().map(|_| false),
        client_order_id: name,
        ..Report::default()
    }
}

/// The leg that an order closes.
fn held_leg<'a>(account: &'a Account, order: &Order) -> Result<&'a Position, Refusal> {
    let id = order.carry.unwrap_or_default();
    let carry = account.carries.get(&id);
    carry
        .and_then(|carry| carry.leg(order.symbol))
        .ok_or_else(|| no_carry(id))
}

fn no_perpetual(symbol: Symbol) -> Refusal {
    let message = format!(
        "no perpetual follows {symbol}, so it cannot be carried: get_instruments lists those that do"
    );
    Refusal::new(ErrorCode::InvalidField, message)
}

fn no_carry(id: PositionId) -> Refusal {
    let message = format!("no open cash-and-carry position {id}: get_positions lists those that are open");
    Refusal::new(ErrorCode::NotFound, message)
}

fn is_closing(id: PositionId, order: &Order) -> Refusal {
    let order = order.id;
    let message = format!("{id} is being closed already: wait for {order}, or cancel it first");
    Refusal::new(ErrorCode::TooManyOpen, message)
}

fn too_many() -> Refusal {
    let message =
        format!("{CARRIES_MAX} cash-and-carry positions are open, as many as may be: close one first");
    Refusal::new(ErrorCode::TooManyOpen, message)
}

fn too_expensive(needed: Amount, available: Amount, currency: &str) -> Refusal {
    let (needed, available) = (Grouped(needed), Grouped(available));
    let message = format!(
        "both legs need {needed} {currency} with their fees, {available} available: order less, or close a position first"
    );
    Refusal::new(ErrorCode::InsufficientBalance, message)
}

fn leverage_out_of_range(symbol: Symbol, leverage: u32, most: u32) -> Refusal {
    let message = if most == 1 {
        format!("the leverage of {symbol} is 1, not {leverage}: only perpetuals have another")
    } else {
        format!("the leverage of {symbol} must lie within 1 and {most}, not {leverage}")
    };
    Refusal::new(ErrorCode::InvalidLeverage, message)
}

fn leverage_too_low(
    symbol: Symbol,
    leverage: u32,
    more: Amount,
    available: Amount,
    currency: &str,
) -> Refusal {
    let (more, available) = (Grouped(more), Grouped(available));
    let message = format!(
        "leverage {leverage} for {symbol} would tie up {more} {currency} more, {available} available: choose a higher one, or close a position first"
    );
    Refusal::new(ErrorCode::InvalidLeverage, message)
}
