//! Cash-and-carry: spot bought and the same quantity of its perpetual sold, at market, in one decision. Both legs are
//! filled, or nothing is done; closing likewise.
//!
//! Each leg is an order of its own with its own executions. The owner's id names the order of the spot leg, and through its
//! receipt the whole.

use super::reserve::opening_margin;
use super::{Decided, Desk, quantity, refusal};
use crate::account::carry::CARRIES_MAX;
use crate::account::margin::{available, free};
use crate::account::{Account, Ledger};
use crate::bounds::{ID_MAX, ORDER_VALUE_MAX};
use crate::event::Fact;
use crate::grouped::Grouped;
use crate::market::Market;
use crate::position::{self, Position, average_price};
use crate::state::FoldError;
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::command::{CloseCarry, OpenCarry, Report, SetLeverage};
use tickwire_protocol::error::{ErrorCode, Refusal};
use tickwire_protocol::id::{AccountId, ClientOrderId, ExecutionId, OrderId, PositionId, Symbol};
use tickwire_protocol::money::{Amount, Price, Quantity};
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
        if account.carries.len() >= CARRIES_MAX {
            return Err(too_many());
        }
        let wanted = quantity::of_one_order(open.quantity, spot.instrument())?;
        let wanted = quantity::of_one_order(wanted, perp.instrument())?;
        let position_id = PositionId(self.state.last_position.0 + 1);
        let mut plan = Plan::new(self, account, at, position_id, open.client_order_id.as_ref());
        let (mut needed, mut openings) = (Amount::ZERO, Vec::with_capacity(2));
        for (market, side) in [(spot, Side::Buy), (perp, Side::Sell)] {
            let (value, fees) = plan.fill(market, side, wanted, None)?;
            let instrument = market.instrument();
            if value < instrument.min_notional {
                return Err(refusal::below_min_notional(value, instrument));
            }
            openings.push((market.symbol(), value));
            needed = needed + opening_margin(account, instrument, value) + fees;
        }
        // Together: each of them might fit where both do not.
        self.may_open(account, &openings)?;
        let available = available(account, &account.ledger, account.positions.values(), self.markets);
        if needed > available {
            return Err(too_expensive(needed, available, self.currency));
        }
        plan.decided()
    }

    /// Decides on a cash-and-carry position to close, by its owner (`User`) or by the desk.
    pub fn close_carry(
        &self,
        account: AccountId,
        at: TimestampMs,
        close: &CloseCarry,
        reason: OrderReason,
    ) -> Result<Decided, Refusal> {
        let account = self.account(account)?;
        let id = close.position_id;
        let carry = account.carries.get(&id).ok_or_else(|| no_carry(id))?;
        let mut plan = Plan::new(self, account, at, id, close.client_order_id.as_ref());
        plan.reason = Some(reason).filter(|reason| *reason != OrderReason::User);
        for leg in [carry.spot(), carry.perp()].into_iter().flatten() {
            let market = self.market(leg.symbol)?;
            plan.fill(market, leg.side.opposite(), leg.quantity, Some(leg))?;
        }
        plan.decided()
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

/// The orders and executions of both legs, and what they would make of the account.
struct Plan<'a> {
    desk: &'a Desk<'a>,
    account: &'a Account,
    at: TimestampMs,
    position_id: PositionId,
    client_order_id: Option<&'a ClientOrderId>,
    reason: Option<OrderReason>,
    ledger: Ledger,
    last_order: OrderId,
    last_execution: ExecutionId,
    facts: Vec<Fact>,
    report: Report,
}

impl<'a> Plan<'a> {
    fn new(
        desk: &'a Desk<'a>,
        account: &'a Account,
        at: TimestampMs,
        position_id: PositionId,
        client_order_id: Option<&'a ClientOrderId>,
    ) -> Plan<'a> {
        Plan {
            desk,
            account,
            at,
            position_id,
            client_order_id,
            reason: None,
            ledger: account.ledger,
            last_order: desk.state.last_order,
            last_execution: desk.state.last_execution,
            facts: Vec::new(),
            report: Report {
                position_id: Some(position_id),
                client_order_id: client_order_id.cloned(),
                duplicate: client_order_id.map(|_| false),
                ..Report::default()
            },
        }
    }

    /// Fills one leg at market. Gives what it filled for, and the fees of that.
    fn fill(
        &mut self,
        market: &Market,
        side: Side,
        quantity: Quantity,
        held: Option<&Position>,
    ) -> Result<(Amount, Amount), Refusal> {
        let (desk, symbol) = (self.desk, market.symbol());
        let quote = desk
            .markets
            .tradable_quote(symbol, self.at)
            .map_err(|why| refusal::no_price(symbol, why))?;
        let levels = desk.markets.levels(symbol, side, quote);
        let fills = desk.market_fills(market, side, &levels, quantity);
        let value: Amount = fills.iter().map(|&(price, quantity)| price.times(quantity)).sum();
        if value > ORDER_VALUE_MAX {
            return Err(refusal::worth_too_much(desk.currency));
        }
        self.last_order = OrderId(self.last_order.0 + 1);
        let is_first = self.report.order_id.is_none();
        let accepted = Order {
            client_order_id: self.client_order_id.filter(|_| is_first).cloned(),
            carry: Some(self.position_id),
            reduce_only: held.is_some(),
            reason: self.reason,
            ..Order::accepted(
                self.last_order,
                symbol,
                side,
                OrderType::Market,
                quantity.normalized(),
                self.at,
            )
        };
        self.facts.push(Fact::OrderChanged(accepted.clone()));
        let (mut leg, mut fees) = (held.cloned(), Amount::ZERO);
        for (price, quantity) in fills {
            let price = market.canonical(price);
            let execution = self.execution(&accepted, market, leg.as_ref(), price, quantity.normalized());
            leg = self
                .folded(leg.as_ref(), &execution)
                .map_err(|error| refusal::unbookable(error, desk.currency))?;
            fees += execution.fee;
            self.facts.push(Fact::Executed(execution));
        }
        let filled = Order {
            filled_quantity: accepted.quantity,
            filled_value: value.normalized(),
            average_price: Some(average_price(value, quantity, market.instrument().price_scale())),
            status: OrderStatus::Filled,
            fee: fees.normalized(),
            ..accepted
        };
        self.report.order_id.get_or_insert(filled.id);
        self.report.order_ids.push(filled.id);
        self.report.status = Some(filled.status);
        self.facts.push(Fact::OrderChanged(filled));
        Ok((value, fees))
    }

    fn execution(
        &mut self,
        order: &Order,
        market: &Market,
        leg: Option<&Position>,
        price: Price,
        quantity: Quantity,
    ) -> Execution {
        self.last_execution = ExecutionId(self.last_execution.0 + 1);
        let closing = leg.filter(|leg| leg.side != order.side);
        let fee = price
            .times(quantity)
            .times(market.instrument().taker_fee_rate)
            .normalized();
        Execution {
            id: self.last_execution,
            order_id: order.id,
            client_order_id: order.client_order_id.clone(),
            position_id: self.position_id,
            is_carry: true,
            symbol: order.symbol,
            side: order.side,
            quantity,
            price,
            fee,
            fee_currency: self.desk.currency.to_owned(),
            is_maker: false,
            realized_pnl: closing.map_or(Amount::ZERO, |leg| leg.closing_pnl(price, quantity)),
            timestamp: self.at,
        }
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

    fn decided(self) -> Result<Decided, Refusal> {
        let has_ids = self.last_order.0 <= ID_MAX
            && self.last_execution.0 <= ID_MAX
            && self.position_id.0 <= ID_MAX
            && !self
                .account
                .positions
                .values()
                .any(|held| held.id == self.position_id);
        if !has_ids {
            return Err(refusal::ids_exhausted());
        }
        Ok(Decided {
            facts: self.facts,
            report: self.report,
        })
    }
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
