//! What an account has at hand, kept by the hub from the very messages that it publishes: questions after orders,
//! executions, risk and alerts are answered from here, and the engine never hears of them.
//!
//! A mirror begins with what the engine's state has ([`Seed`]) and changes with each message of a lossless topic, under
//! the same lock. So an answer is as of one place in its topic, and who resumes from that place gets what follows.

use std::collections::{BTreeMap, HashMap, VecDeque};
use tickwire_protocol::account::{Position, PositionStatus};
use tickwire_protocol::alert::{Alert, AlertRule, AlertStatus};
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::command::{GetExecutions, OrderRef};
use tickwire_protocol::id::{AlertId, ClientOrderId, OrderId, PositionId, Seq, Symbol};
use tickwire_protocol::message::{Alerts, Body, Executions, Orders};
use tickwire_protocol::money::{Amount, Price, Quantity, Ratio};
use tickwire_protocol::order::{Execution, Funding, Order};
use tickwire_protocol::risk::Risk;
use tickwire_protocol::topic::Topic;

/// Final orders, executions, funding payments and alerts kept of each account; as many as the engine's state has.
pub const RECENT_MAX: usize = 1_000;

/// Rows of an answer to a question that names no limit.
pub const ROWS: usize = 100;

/// Open orders of an answer to a question that names no limit: all that a desk is likely to have.
pub const OPEN_ROWS: usize = 1_000;

/// What the engine's state has of an account, to begin a mirror with.
#[derive(Clone, Debug, Default)]
pub struct Seed {
    /// When that was.
    pub at: TimestampMs,
    /// All open orders.
    pub open_orders: Vec<Order>,
    /// The last final orders, in the order in which they ended.
    pub final_orders: Vec<Order>,
    /// The last executions, oldest first.
    pub executions: Vec<Execution>,
    /// The last funding payments, oldest first.
    pub funding: Vec<Funding>,
    /// Where the risk guard stands.
    pub risk: Option<Risk>,
    /// Price alerts that wait.
    pub rules: Vec<AlertRule>,
    /// What the desk said, oldest first.
    pub alerts: Vec<Alert>,
    /// The last place of each lossless topic.
    pub heads: Vec<(Topic, Seq)>,
}

/// What one account has at hand.
#[derive(Debug, Default)]
pub struct Mirror {
    open: BTreeMap<OrderId, Order>,
    /// Oldest end first.
    ended: VecDeque<Order>,
    /// Orders by the names that their owner gave them; only of those that are kept.
    names: HashMap<ClientOrderId, OrderId>,
    /// Oldest first, as are all below.
    executions: VecDeque<Execution>,
    funding: VecDeque<Funding>,
    risk: Option<Risk>,
    rules: BTreeMap<AlertId, AlertRule>,
    alerts: VecDeque<Alert>,
    /// Open positions as last told.
    positions: Vec<Position>,
    /// The last position that was closed, by instrument.
    closed: BTreeMap<Symbol, Position>,
    /// What fills made of positions since those were last told.
    filled: BTreeMap<PositionId, Filled>,
    /// When what is mirrored last changed.
    changed_at: TimestampMs,
}

/// What fills made of a position.
#[derive(Clone, Copy, Debug, Default)]
struct Filled {
    realized_pnl: Amount,
    fees: Amount,
    price: Price,
    at: TimestampMs,
}

impl Mirror {
    /// A mirror of what the engine's state has.
    pub fn of(seed: Seed) -> Mirror {
        let mut mirror = Mirror {
            changed_at: seed.at,
            ..Mirror::default()
        };
        for order in seed.open_orders.into_iter().chain(seed.final_orders) {
            mirror.order(order);
        }
        let recent = |len: usize| len.saturating_sub(RECENT_MAX);
        let (executions, funding, alerts) = (seed.executions, seed.funding, seed.alerts);
        let skipped = [executions.len(), funding.len(), alerts.len()].map(recent);
        mirror.executions = executions.into_iter().skip(skipped[0]).collect();
        mirror.funding = funding.into_iter().skip(skipped[1]).collect();
        mirror.alerts = alerts.into_iter().skip(skipped[2]).collect();
        mirror.risk = seed.risk;
        mirror.rules = seed.rules.into_iter().map(|rule| (rule.id, rule)).collect();
        mirror
    }

    /// Takes in a message of one of the account's topics.
    pub fn take(&mut self, body: &Body, at: TimestampMs) {
        match body {
            Body::OrderUpdate(update) => self.order(update.order.clone()),
            Body::ExecutionUpdate(update) => self.execution(&update.data),
            Body::FundingUpdate(update) => push(&mut self.funding, update.data.clone()),
            Body::RiskStatusUpdate(update) => self.risk = Some(update.data.clone()),
            Body::AlertRuleUpdate(update) => self.rule(&update.data),
            Body::Alert(update) => push(&mut self.alerts, update.data.clone()),
            Body::PositionUpdate(update) if update.snapshot => self.positions(&update.positions),
            _ => return,
        }
        self.changed_at = at;
    }

    /// When it last changed.
    pub fn changed_at(&self) -> TimestampMs {
        self.changed_at
    }

    /// Open orders, oldest first, then final ones, the last to end first.
    ///
    /// With a limit there are at most as many. Without one no open order is left out as long as there are not more than
    /// a thousand, and final ones fill up to [`ROWS`].
    pub fn orders(&self, symbol: Option<Symbol>, open_only: bool, limit: Option<usize>) -> Orders {
        let rows = limit.unwrap_or(ROWS);
        let open_rows = limit.unwrap_or(OPEN_ROWS);
        self.recent_orders(symbol, open_rows, |open| {
            (!open_only).then(|| rows.saturating_sub(open))
        })
    }

    /// At most `open_rows` open orders, and as many final ones as `final_rows` says for so many open ones. Where it says
    /// nothing no final ones were asked for, and none are missed.
    pub fn recent_orders(
        &self,
        symbol: Option<Symbol>,
        open_rows: usize,
        final_rows: impl FnOnce(usize) -> Option<usize>,
    ) -> Orders {
        let wanted = |order: &&Order| symbol.is_none_or(|symbol| order.symbol == symbol);
        let mut open = self.open.values().filter(wanted);
        let mut orders: Vec<Order> = open.by_ref().take(open_rows).cloned().collect();
        let mut more = open.next().is_some();
        if let Some(final_rows) = final_rows(orders.len()) {
            let mut ended = self.ended.iter().rev().filter(wanted);
            orders.extend(ended.by_ref().take(final_rows).cloned());
            more |= ended.next().is_some();
        }
        Orders { orders, more }
    }

    /// One order.
    pub fn order_named(&self, order: &OrderRef) -> Option<&Order> {
        let id = match (&order.order_id, &order.client_order_id) {
            (Some(id), _) => *id,
            (None, Some(name)) => *self.names.get(name)?,
            (None, None) => return None,
        };
        let ended = || self.ended.iter().rev().find(|order| order.id == id);
        self.open.get(&id).or_else(ended)
    }

    /// The last executions and funding payments, the newest first.
    pub fn executions(&self, question: &GetExecutions, rows: usize) -> Executions {
        let wanted = |symbol: Symbol| question.symbol.is_none_or(|wanted| symbol == wanted);
        let mut executions = self.executions.iter().rev().filter(|row| wanted(row.symbol));
        let mut funding = self.funding.iter().rev().filter(|row| wanted(row.symbol));
        Executions {
            executions: executions.by_ref().take(rows).cloned().collect(),
            funding: funding.by_ref().take(rows).cloned().collect(),
            // Where as many are at hand as may be, there were others before.
            more: executions.next().is_some()
                || funding.next().is_some()
                || self.executions.len() == RECENT_MAX
                || self.funding.len() == RECENT_MAX,
        }
    }

    /// Where the risk guard stands.
    pub fn risk(&self) -> Option<&Risk> {
        self.risk.as_ref()
    }

    /// Price alerts that wait, and the last [`ROWS`] that the desk said.
    pub fn alerts(&self) -> Alerts {
        Alerts {
            rules: self.rules.values().cloned().collect(),
            alerts: self.alerts.iter().rev().take(ROWS).cloned().collect(),
        }
    }

    /// The open positions in an instrument, or else the one that was closed last. A cash-and-carry position is in both
    /// of its instruments.
    pub fn position(&self, symbol: Symbol) -> Vec<Position> {
        let open = self.positions.iter().filter(|row| is_in(row, symbol));
        let open: Vec<Position> = open.cloned().collect();
        if open.is_empty() {
            return self.closed.get(&symbol).cloned().into_iter().collect();
        }
        open
    }

    fn order(&mut self, order: Order) {
        if let Some(name) = &order.client_order_id {
            self.names.insert(name.clone(), order.id);
        }
        if !order.status.is_final() {
            self.open.insert(order.id, order);
            return;
        }
        self.open.remove(&order.id);
        if self.ended.len() == RECENT_MAX
            && let Some(forgotten) = self.ended.pop_front()
            && let Some(name) = &forgotten.client_order_id
        {
            self.names.remove(name);
        }
        self.ended.push_back(order);
    }

    fn execution(&mut self, execution: &Execution) {
        let filled = self.filled.entry(execution.position_id).or_default();
        filled.realized_pnl += execution.realized_pnl;
        filled.fees += execution.fee;
        filled.price = execution.price;
        filled.at = execution.timestamp;
        push(&mut self.executions, execution.clone());
    }

    fn rule(&mut self, rule: &AlertRule) {
        match rule.status {
            AlertStatus::Active => self.rules.insert(rule.id, rule.clone()),
            AlertStatus::Fired | AlertStatus::Cancelled => self.rules.remove(&rule.id),
        };
    }

    /// Takes in all open positions. What is no longer among them is closed.
    fn positions(&mut self, positions: &[Position]) {
        for row in std::mem::replace(&mut self.positions, positions.to_vec()) {
            if positions.iter().any(|open| open.id == row.id) {
                continue;
            }
            let filled = self.filled.get(&row.id).copied();
            let instruments = std::iter::once(row.symbol).chain(row.perp_symbol);
            let row = closed(row.clone(), filled);
            for symbol in instruments {
                self.closed.insert(symbol, row.clone());
            }
        }
        self.filled.clear();
    }
}

/// The row of a position that is flat again: what it was when it was last told, and what the fills since made of it.
fn closed(row: Position, filled: Option<Filled>) -> Position {
    let filled_price = filled.filter(|_| row.strategy.is_none());
    let filled = filled.unwrap_or_default();
    Position {
        quantity: Quantity::ZERO,
        current_price: filled_price.map_or(row.current_price, |filled| filled.price),
        marked_at: filled_price.map_or(row.marked_at, |filled| filled.at),
        current_pnl: Amount::ZERO,
        pnl_pct: Ratio::ZERO,
        notional: Amount::ZERO,
        realized_pnl: (row.realized_pnl + filled.realized_pnl).normalized(),
        fees: (row.fees + filled.fees).normalized(),
        initial_margin: Amount::ZERO,
        maintenance_margin: Amount::ZERO,
        liquidation_price: None,
        status: PositionStatus::Closed,
        spot_quantity: row.spot_quantity.map(|_| Quantity::ZERO),
        perp_quantity: row.perp_quantity.map(|_| Quantity::ZERO),
        unrealized_pnl: row.unrealized_pnl.map(|_| Amount::ZERO),
        ..row
    }
}

fn is_in(row: &Position, symbol: Symbol) -> bool {
    row.symbol == symbol || row.perp_symbol == Some(symbol)
}

fn push<T>(recent: &mut VecDeque<T>, new: T) {
    if recent.len() == RECENT_MAX {
        recent.pop_front();
    }
    recent.push_back(new);
}

#[cfg(test)]
mod tests;
