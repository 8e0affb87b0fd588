//! What orders do when their owner says so, when the market ticks, and when time passes.
//!
//! One tick is looked at in this order, which is the pessimistic one where it matters:
//!
//! 1. what has expired by then goes, what has arrived by then is in the market;
//! 2. trailing stops wake and follow the last trade, then triggers are compared with it: stops before take-profits, so
//!    that a tick that touches both legs of a pair is a loss;
//! 3. limit orders that rested before the tick fill at their own price, as [`VenueRules`] say: as much as was
//!    traded through them, and where the opposite quote has crossed them as much as its book shows there, or wholly where
//!    no book is known; the best price and then the oldest of each account first.
//!
//! Nothing fills or triggers while the feed is down or without a current quote; the first tick after a gap decides.
//!
//! [`VenueRules`]: tickwire_protocol::market::VenueRules

use super::Engine;
use crate::batch::Batch;
use crate::event::{Event, Fact};
use crate::order::{group, reason_of, reserve, rest, waits_for_trigger};
use crate::working::{Key, Touched};
use std::collections::{BTreeMap, BTreeSet};
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::command::{Instruction, Report};
use tickwire_protocol::error::{ErrorCode, Refusal};
use tickwire_protocol::id::{AccountId, OrderId, PositionId, Symbol};
use tickwire_protocol::market::{Tick, Trade};
use tickwire_protocol::message::LinkState;
use tickwire_protocol::money::{Price, Quantity};
use tickwire_protocol::order::{Order, OrderReason, OrderStatus, OrderType, Side};

impl Engine {
    pub(super) fn instruct_orders(
        &mut self,
        account: AccountId,
        at: TimestampMs,
        instruction: &Instruction,
        batch: &mut Batch,
    ) -> Result<Report, Refusal> {
        let desk = self.desk();
        if let Some(report) = desk.repeated(account, instruction) {
            return Ok(report);
        }
        desk.may_instruct(account, at, instruction)?;
        let decided = match instruction {
            Instruction::PlaceOrder(wanted) => desk.place(account, at, wanted)?,
            Instruction::PlaceOco(wanted) => desk.place_pair(account, at, wanted)?,
            Instruction::AmendOrder(wanted) => desk.amend(account, at, wanted)?,
            Instruction::CancelOrder(wanted) => desk.cancel(account, at, wanted)?,
            Instruction::ClosePosition(wanted) => desk.close(account, at, wanted)?,
            Instruction::ReversePosition(wanted) => desk.reverse(account, at, wanted)?,
            Instruction::CancelAllOrders(wanted) => {
                desk.account(account)?;
                // A misspelt instrument has no orders, and is not to be told that they are cancelled.
                if let Some(symbol) = wanted.symbol {
                    desk.market(symbol)?;
                }
                let ids = self.cancel_orders(account, at, wanted.symbol, OrderReason::User, batch);
                return Ok(Report {
                    order_ids: ids,
                    ..Report::default()
                });
            }
            Instruction::FlattenAll(wanted) => return self.flatten(account, at, wanted, batch),
            other => {
                let message = format!("{} is no instruction about orders", other.action());
                return Err(Refusal::new(ErrorCode::Internal, message));
            }
        };
        let from = batch.records.len();
        self.carry_out(account, at, decided.facts, batch);
        let mut report = decided.report;
        // What follows for other orders may have come back to this one.
        let last = batch.records[from..]
            .iter()
            .rev()
            .find_map(|record| match &record.event.fact {
                Fact::OrderChanged(order) if Some(order.id) == report.order_id => Some(order),
                _ => None,
            });
        if let Some(order) = last {
            (report.status, report.reason) = (Some(order.status), order.reason);
        }
        if matches!(instruction, Instruction::CancelOrder(_)) {
            let cancelled: BTreeSet<OrderId> = batch.records[from..]
                .iter()
                .filter_map(|record| match &record.event.fact {
                    Fact::OrderChanged(order) if order.status.is_final() => Some(order.id),
                    _ => None,
                })
                .collect();
            if cancelled.len() > 1 {
                report.order_ids = cancelled.into_iter().collect();
            }
        }
        Ok(report)
    }

    /// Records facts of one account, and what follows from them for other orders of it.
    pub(super) fn carry_out(
        &mut self,
        account: AccountId,
        at: TimestampMs,
        facts: Vec<Fact>,
        batch: &mut Batch,
    ) {
        let from = batch.records.len();
        for fact in facts {
            self.record(Event { account, at, fact }, batch);
        }
        self.settle(account, at, from, batch);
    }

    /// Has the rest of each group, and reduce-only orders, follow what the records from `from` on tell of this account.
    /// Every step that fills, ends or triggers an order, or that changes a position, ends with it.
    pub(super) fn settle(&mut self, account: AccountId, at: TimestampMs, from: usize, batch: &mut Batch) {
        let mut symbols = BTreeSet::new();
        let mut next = from;
        loop {
            while next < batch.records.len() {
                let changed = match &batch.records[next].event.fact {
                    Fact::OrderChanged(order) => self
                        .state
                        .accounts
                        .get(&account)
                        .map(|owner| group::consequences(owner, order, at)),
                    Fact::Executed(execution) => {
                        symbols.insert(execution.symbol);
                        None
                    }
                    _ => None,
                };
                next += 1;
                for order in changed.into_iter().flatten() {
                    let fact = Fact::OrderChanged(order);
                    self.record(Event { account, at, fact }, batch);
                }
            }
            // After the groups, so that a leg that filled is the reason of its sibling's end.
            let Some(symbol) = symbols.pop_first() else { return };
            for order in self.nothing_to_reduce(account, symbol, at) {
                let fact = Fact::OrderChanged(order);
                self.record(Event { account, at, fact }, batch);
            }
        }
    }

    /// Reduce-only orders of which nothing is left to do: the position is flat or turned. While it is merely smaller they
    /// stay, and fill at most what is held, as on Binance and Bybit.
    fn nothing_to_reduce(&self, account: AccountId, symbol: Symbol, at: TimestampMs) -> Vec<Order> {
        let Some(owner) = self.state.accounts.get(&account) else {
            return Vec::new();
        };
        [Side::Buy, Side::Sell]
            .into_iter()
            .filter(|&side| reserve::reducible(owner, symbol, side).is_zero())
            .flat_map(|side| owner.orders.reduce_only(symbol, side))
            .filter(|order| order.carry.is_none())
            .map(|order| rest::ended(order, OrderStatus::Cancelled, OrderReason::NothingToReduce, at))
            .collect()
    }

    /// The market with this number ticked: what it triggers and fills.
    pub(super) fn orders_after_tick(&mut self, number: usize, tick: &Tick, batch: &mut Batch) {
        let at = tick.received_at;
        if at >= self.working.due_at() {
            self.orders_after_time(at, batch);
        }
        let last = tick.trade.map(|trade| trade.price);
        if !self.working.market(number).is_touched(tick.quote, last) {
            return;
        }
        if self.markets.link().state != LinkState::Live {
            return;
        }
        let market = self.markets.at(number);
        let trade = market.usable_trade(tick);
        let quote = self.markets.tradable_quote(market.symbol(), at).ok();
        let levels = self.working.market(number);
        let last = trade.map(|trade| trade.price);
        // Before anything triggers: what comes to rest in this tick was not there when it was traded.
        let resting = levels.crossed(quote, last, self.rules.limit_fill);
        let unpriced = levels.unpriced();
        for key in unpriced {
            self.reach(key, at, batch);
        }
        if let Some(last) = last {
            self.follow(number, last, at, batch);
            self.trigger(number, last, at, batch);
        }
        self.fill_resting(number, &resting, trade, at, batch);
    }

    /// Trailing stops wake and follow the last price.
    fn follow(&mut self, number: usize, last: Price, at: TimestampMs, batch: &mut Batch) {
        let tick_size = self.markets.at(number).instrument().tick_size;
        let last = self.markets.at(number).canonical(last);
        let levels = self.working.market(number);
        let mut keys = levels.woken(last);
        keys.extend(levels.moved(last));
        keys.sort_unstable();
        for key in keys {
            if let Some(order) = self.open_order(key) {
                let fact = Fact::OrderChanged(rest::followed(order, last, tick_size, at));
                self.carry_out(key.account, at, vec![fact], batch);
            }
        }
    }

    /// Triggers compare with the last price; what they free reaches the market at once.
    fn trigger(&mut self, number: usize, last: Price, at: TimestampMs, batch: &mut Batch) {
        let mut keys = self.working.market(number).triggered(last);
        let takes_profit = |order: &Order| {
            matches!(
                order.order_type,
                OrderType::TakeProfitMarket | OrderType::TakeProfitLimit
            )
        };
        keys.sort_by_key(|&key| (self.open_order(key).is_some_and(takes_profit), key));
        for key in keys {
            // What was triggered before it may have cancelled it.
            let Some(order) = self.open_order(key).filter(|order| waits_for_trigger(order)) else {
                continue;
            };
            let fact = Fact::OrderChanged(rest::triggered(order, at));
            self.carry_out(key.account, at, vec![fact], batch);
            self.reach(key, at, batch);
        }
    }

    /// An order that is open is in the market now: it fills, rests, waits for a price, or is rejected.
    fn reach(&mut self, key: Key, at: TimestampMs, batch: &mut Batch) {
        if let Some(order) = self.open_order(key).cloned() {
            self.enter(key, order, at, batch);
        }
    }

    /// An order, as it is by now, enters the market: it fills, rests, or is rejected. Where it needs a price and there is
    /// none it stays as it was told last.
    fn enter(&mut self, key: Key, order: Order, at: TimestampMs, batch: &mut Batch) {
        let desk = self.desk();
        let entered = desk.account(key.account).and_then(|account| {
            let market = desk.market(order.symbol)?;
            desk.enter(account, market, &order, at)
        });
        let facts = match entered {
            Ok(entered) if entered.facts.is_empty() && self.open_order(key) != Some(&order) => {
                vec![Fact::OrderChanged(order)]
            }
            Ok(entered) => entered.facts,
            Err(refusal) if refusal.code == ErrorCode::NoPrice => return,
            Err(refusal) => {
                let reason = reason_of(&refusal);
                let rejected = rest::ended(&order, OrderStatus::Rejected, reason, at);
                vec![Fact::OrderChanged(rejected)]
            }
        };
        self.carry_out(key.account, at, facts, batch);
    }

    /// Limit orders that rested fill at their own price.
    fn fill_resting(
        &mut self,
        number: usize,
        resting: &[Touched],
        trade: Option<Trade>,
        at: TimestampMs,
        batch: &mut Batch,
    ) {
        let market = self.markets.at(number);
        let (symbol, step) = (market.symbol(), market.instrument().step_size);
        let quote = self.markets.tradable_quote(symbol, at).ok();
        let traded = trade.map_or(Quantity::ZERO, |trade| whole_steps(trade.quantity, step));
        // What is left for each account of the traded quantity, and what it has taken of what the book shows.
        let mut left: BTreeMap<AccountId, Quantity> = BTreeMap::new();
        let mut taken: BTreeMap<(AccountId, Side), Quantity> = BTreeMap::new();
        for touched in resting {
            let key = touched.key;
            let is_still = |order: &&Order| order.price == Some(touched.price) && !waits_for_trigger(order);
            let Some(order) = self.open_order(key).filter(is_still) else {
                continue;
            };
            let left = left.entry(key.account).or_insert(traded);
            let taken = taken.entry((key.account, order.side)).or_default();
            let shown = quote.filter(|_| touched.is_crossed).and_then(|quote| {
                let levels = self.markets.levels(symbol, order.side, quote);
                levels.shown_within(touched.price)
            });
            let of_quote = shown.map_or(Quantity::ZERO, |shown| {
                (whole_steps(shown, step) - *taken).max(Quantity::ZERO)
            });
            let of_trade = if touched.is_traded { *left } else { Quantity::ZERO };
            // A quote of which no quantity is known could not be there before the order was gone.
            let is_bounded = shown.is_some() || !touched.is_crossed;
            let offered = is_bounded.then_some(of_quote + of_trade);
            let desk = self.desk();
            let filled = desk.account(key.account).and_then(|account| {
                let market = desk.market(order.symbol)?;
                desk.fill_resting(account, market, order, offered, at)
            });
            let facts = match filled {
                Ok((facts, quantity)) => {
                    if is_bounded {
                        let quoted = quantity.min(of_quote);
                        *taken += quoted;
                        *left -= quantity - quoted;
                    }
                    facts
                }
                Err(refusal) => {
                    let reason = reason_of(&refusal);
                    vec![Fact::OrderChanged(rest::ended(
                        order,
                        OrderStatus::Cancelled,
                        reason,
                        at,
                    ))]
                }
            };
            self.carry_out(key.account, at, facts, batch);
        }
    }

    /// Time has passed: what expires, and what has reached the venue by now.
    pub(super) fn orders_after_time(&mut self, at: TimestampMs, batch: &mut Batch) {
        if at < self.working.due_at() {
            return;
        }
        for key in self.working.expired(at) {
            if let Some(order) = self.open_order(key) {
                let order = rest::ended(order, OrderStatus::Expired, OrderReason::TimeRanOut, at);
                self.carry_out(key.account, at, vec![Fact::OrderChanged(order)], batch);
            }
        }
        for key in self.working.arrived(at) {
            self.arrive(key, at, batch);
        }
    }

    /// An order has reached the venue. One that needs a price goes on waiting where there is none.
    fn arrive(&mut self, key: Key, at: TimestampMs, batch: &mut Batch) {
        let Some(order) = self.open_order(key) else {
            return;
        };
        if let Some(carry) = order.carry {
            return self.arrive_together(key.account, carry, at, batch);
        }
        let order = rest::arrived(order, at);
        self.enter(key, order, at, batch);
    }

    /// Both legs of a cash-and-carry position have reached the venue.
    fn arrive_together(&mut self, account: AccountId, carry: PositionId, at: TimestampMs, batch: &mut Batch) {
        let Some(owner) = self.state.accounts.get(&account) else {
            return;
        };
        let legs = owner.orders.of_carry(carry);
        let legs: Vec<Order> = legs.map(|leg| rest::arrived(leg, at)).collect();
        let facts = match self.desk().enter_carry(owner, &legs, false, at) {
            Ok(facts) => facts,
            Err(refusal) if refusal.code == ErrorCode::NoPrice => return,
            Err(refusal) => {
                // The other leg ends with this one.
                let rejected = |leg| rest::ended(leg, OrderStatus::Rejected, reason_of(&refusal), at);
                legs.first()
                    .map(|leg| Fact::OrderChanged(rejected(leg)))
                    .into_iter()
                    .collect()
            }
        };
        self.carry_out(account, at, facts, batch);
    }

    fn open_order(&self, key: Key) -> Option<&Order> {
        self.state.accounts.get(&key.account)?.orders.open(key.order)
    }

    /// Keeps the index of working orders in step with the state.
    pub(super) fn orders_applied(&mut self, event: &Event) {
        let Fact::OrderChanged(order) = &event.fact else {
            return;
        };
        let owner = self.state.accounts.get(&event.account);
        let since = owner.and_then(|owner| owner.orders.since(order.id));
        self.working
            .changed(event.account, order, since.unwrap_or_default(), &self.markets);
    }
}

/// A traded quantity, which may be finer, in whole steps.
fn whole_steps(quantity: Quantity, step: Quantity) -> Quantity {
    let steps = quantity.get().checked_div(step.get()).unwrap_or_default().floor();
    Quantity::new((steps * step.get()).normalize())
}
