//! The lossless lists of the desk: orders, trades, alerts and the log. Each begins with a snapshot (inside the page, or
//! as an answer) and goes on with the events after the snapshot's place; what a list has already is not taken in twice.

use std::collections::BTreeMap;
use std::sync::Arc;

use leptos::prelude::*;
use tickwire_protocol::alert::{Alert, AlertRule, AlertStatus};
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::id::{Epoch, OrderId, Seq};
use tickwire_protocol::log::LogLine;
use tickwire_protocol::message::{Alerts, Executions, Head, Logs, Orders};
use tickwire_protocol::order::{Execution, Funding, Order};
use tickwire_protocol::performance::{DayTally, SymbolTally};
use tickwire_protocol::topic::{Topic, TopicClass};

use super::store::set_changed;
use super::toasts::Toast;
use crate::plain::Key;

/// Rows that a list keeps; beyond it the oldest go.
pub const ROWS_MAX: usize = 500;

/// Open orders that the list keeps, as many as a snapshot has.
const OPEN_MAX: usize = 1_000;

/// One row of a list. All but open orders stay as they are.
#[derive(Clone, Debug, PartialEq)]
pub enum Entry {
    /// An open order with a signal of its own: a fill repaints its row's cells, not the table.
    Open(OrderId, ArcRwSignal<Order>),
    /// A price alert that waits.
    Rule(Arc<AlertRule>),
    /// A note over the desk.
    Toast(Arc<Toast>),
    /// An order that is final.
    Order(Arc<Order>),
    /// A fill.
    Fill(Arc<Execution>),
    /// A funding payment.
    Funding(Arc<Funding>),
    /// Something that the desk said.
    Alert(Arc<Alert>),
    /// A line of the log, and its place in it.
    Log(u64, Arc<LogLine>),
    /// Trades of one instrument.
    Symbol(Arc<SymbolTally>),
    /// Trades of one day.
    Day(Arc<DayTally>),
}

impl Entry {
    /// What rows are told apart by: differs whenever the row would read differently.
    pub fn key(&self) -> Key {
        match self {
            Entry::Open(id, _) => (7, id.0, 0),
            Entry::Rule(rule) => (8, rule.id.0, 0),
            Entry::Toast(toast) => (9, toast.key, toast.since.0),
            Entry::Order(order) => (0, order.id.0, 0),
            Entry::Fill(fill) => (1, fill.id.0, 0),
            Entry::Funding(paid) => (2, paid.position_id.0, paid.timestamp.0),
            Entry::Alert(alert) => (3, alert.id.0, alert.timestamp.0),
            Entry::Log(place, _) => (4, *place, 0),
            Entry::Symbol(tally) => (5, number_of(tally.symbol.as_str()), count(tally.trades)),
            Entry::Day(tally) => (6, number_of(&tally.day), count(tally.trades)),
        }
    }

    /// When it happened; nothing for what is no event.
    pub fn at(&self) -> TimestampMs {
        match self {
            Entry::Order(order) => order.updated_at,
            Entry::Fill(fill) => fill.timestamp,
            Entry::Funding(paid) => paid.timestamp,
            Entry::Alert(alert) => alert.timestamp,
            Entry::Log(_, line) => line.timestamp,
            _ => TimestampMs(0),
        }
    }
}

fn number_of(name: &str) -> u64 {
    let step = |sum: u64, byte: u8| sum.wrapping_mul(31).wrapping_add(u64::from(byte));
    name.bytes().fold(0, step)
}

fn count(trades: u64) -> i64 {
    i64::try_from(trades).unwrap_or(i64::MAX)
}

/// The lists. Only [`apply`](super::apply()) writes them.
#[derive(Clone, Copy, Debug)]
pub struct Lists {
    /// Open orders, the newest first.
    pub open: RwSignal<Vec<Entry>>,
    /// Whether there are open orders that the list has not.
    pub has_more_open: RwSignal<bool>,
    /// Final orders, the last to end first.
    pub past: RwSignal<Vec<Entry>>,
    /// Fills and funding payments, the newest first.
    pub trades: RwSignal<Vec<Entry>>,
    /// Whether there were trades that the list has not.
    pub has_more_trades: RwSignal<bool>,
    /// Price alerts that wait, oldest first.
    pub rules: RwSignal<Vec<Entry>>,
    /// What the desk said, the newest first.
    pub alerts: RwSignal<Vec<Entry>>,
    /// Lines of the log, the newest first.
    pub logs: RwSignal<Vec<Entry>>,
    places: StoredValue<BTreeMap<Topic, (Epoch, Seq)>>,
}

impl Lists {
    /// Lists of a desk that knows nothing yet.
    pub fn new() -> Lists {
        Lists {
            open: RwSignal::new(Vec::new()),
            has_more_open: RwSignal::new(false),
            past: RwSignal::new(Vec::new()),
            trades: RwSignal::new(Vec::new()),
            has_more_trades: RwSignal::new(false),
            rules: RwSignal::new(Vec::new()),
            alerts: RwSignal::new(Vec::new()),
            logs: RwSignal::new(Vec::new()),
            places: StoredValue::new(BTreeMap::new()),
        }
    }

    /// The place reached in each topic, to go on from.
    pub fn places(&self) -> Vec<(Topic, Epoch, Seq)> {
        self.places
            .with_value(|all| all.iter().map(|(topic, at)| (*topic, at.0, at.1)).collect())
    }

    /// Whether a message at this place of its topic is news; if so, the place is reached. What belongs to no lossless
    /// topic always is.
    pub fn reaches(&self, topic: Option<Topic>, head: &Head) -> bool {
        let topic = topic.filter(|topic| topic.class() == TopicClass::Lossless);
        let (Some(topic), Some(ep), Some(seq)) = (topic, head.ep, head.seq) else {
            return true;
        };
        let news = self.places.try_update_value(|places| {
            let known = places.get(&topic);
            let is_old = known.is_some_and(|known| known.0 == ep && known.1 >= seq);
            if !is_old {
                places.insert(topic, (ep, seq));
            }
            !is_old
        });
        news.unwrap_or(false)
    }

    /// Whether a snapshot is as new as what is here, so that it replaces it; else it only fills up what is missing.
    fn replaces(&self, topic: Topic, head: &Head) -> bool {
        let is_same = self.places.with_value(|places| {
            places
                .get(&topic)
                .is_some_and(|known| Some(known.0) == head.ep && Some(known.1) == head.seq)
        });
        is_same || self.reaches(Some(topic), head)
    }

    /// Takes in an order as it stands now.
    pub fn put_order(&self, order: Order) {
        let id = order.id;
        let known = self.open.with_untracked(|rows| {
            rows.iter().find_map(|row| match row {
                Entry::Open(known, cell) if *known == id => Some(cell.clone()),
                _ => None,
            })
        });
        match known {
            _ if order.status.is_final() => {
                if known.is_some() {
                    self.open.update(|rows| rows.retain(|row| row.key().1 != id.0));
                }
                put(self.past, Entry::Order(Arc::new(order)), ROWS_MAX);
            }
            Some(cell) => {
                if cell.with_untracked(|known| *known != order) {
                    cell.set(order);
                }
            }
            None => {
                let row = Entry::Open(id, ArcRwSignal::new(order));
                if put(self.open, row, OPEN_MAX) {
                    set_changed(self.has_more_open, true);
                }
            }
        }
    }

    /// Whether so few open orders are left of those that the list has that the others are to be asked for.
    pub fn wants_open(&self) -> bool {
        self.has_more_open.get_untracked() && self.open.with_untracked(Vec::len) < OPEN_MAX / 2
    }

    /// Takes in a snapshot of orders. Rows that stay keep their signals.
    pub fn put_orders(&self, head: &Head, body: Orders) {
        let is_newest = self.replaces(Topic::Orders, head);
        let (past, open): (Vec<Order>, Vec<Order>) =
            body.orders.into_iter().partition(|order| order.status.is_final());
        if is_newest {
            let stays = |row: &Entry| open.iter().any(|order| order.id.0 == row.key().1);
            self.open.update(|rows| rows.retain(stays));
            self.past.set(Vec::new());
            set_changed(self.has_more_open, body.more && open.len() >= OPEN_MAX);
            open.into_iter().for_each(|order| self.put_order(order));
        }
        let past = past.into_iter().map(|order| Entry::Order(Arc::new(order)));
        join(self.past, past.collect());
    }

    /// Takes in a snapshot of fills and funding payments.
    pub fn put_executions(&self, head: &Head, body: Executions) {
        if self.replaces(Topic::Executions, head) {
            self.trades.set(Vec::new());
            set_changed(self.has_more_trades, body.more);
        }
        let fills = body
            .executions
            .into_iter()
            .map(|fill| Entry::Fill(Arc::new(fill)));
        let paid = body
            .funding
            .into_iter()
            .map(|paid| Entry::Funding(Arc::new(paid)));
        join(self.trades, fills.chain(paid).collect());
    }

    /// Takes in a fill or a funding payment, once.
    pub fn put_trade(&self, trade: Entry) {
        if put(self.trades, trade, ROWS_MAX) {
            set_changed(self.has_more_trades, true);
        }
    }

    /// Takes in a price alert as it stands now.
    pub fn put_rule(&self, rule: AlertRule) {
        let id = rule.id.0;
        self.rules.update(|rules| {
            rules.retain(|known| known.key().1 != id);
            if rule.status == AlertStatus::Active {
                rules.push(Entry::Rule(Arc::new(rule)));
            }
        });
    }

    /// Takes in something that the desk said, once.
    pub fn put_alert(&self, alert: Alert) {
        put(self.alerts, Entry::Alert(Arc::new(alert)), ROWS_MAX);
    }

    /// Takes in a snapshot of alerts.
    pub fn put_alerts(&self, head: &Head, body: Alerts) {
        if self.replaces(Topic::Alerts, head) {
            let rules = body.rules.into_iter().map(|rule| Entry::Rule(Arc::new(rule)));
            self.rules.set(rules.collect());
            self.alerts.set(Vec::new());
        }
        let said = body.alerts.into_iter().map(|alert| Entry::Alert(Arc::new(alert)));
        join(self.alerts, said.collect());
    }

    /// Takes in a line of the log.
    pub fn put_log(&self, head: &Head, line: LogLine) {
        let place = head.seq.unwrap_or_default().0;
        put(self.logs, Entry::Log(place, Arc::new(line)), ROWS_MAX);
    }

    /// Takes in a snapshot of the log, whose newest line stands at the snapshot's place.
    pub fn put_logs(&self, head: &Head, body: Logs) {
        if self.replaces(Topic::Logs, head) {
            self.logs.set(Vec::new());
        }
        let mut place = head.seq.unwrap_or_default().0;
        let mut lines = Vec::new();
        for line in body.lines {
            lines.push(Entry::Log(place, Arc::new(line)));
            place = place.wrapping_sub(1);
        }
        join(self.logs, lines);
    }

    /// The fills of one order.
    pub fn fills_of(&self, order: OrderId) -> Vec<Execution> {
        self.trades.with(|trades| {
            let of_it = |entry: &Entry| match entry {
                Entry::Fill(fill) if fill.order_id == order => Some(Execution::clone(fill)),
                _ => None,
            };
            trades.iter().filter_map(of_it).collect()
        })
    }
}

impl Default for Lists {
    fn default() -> Lists {
        Lists::new()
    }
}

/// Puts what has just happened in front, once, of a list of so many rows. Gives whether the oldest had to go.
fn put(list: RwSignal<Vec<Entry>>, entry: Entry, rows_max: usize) -> bool {
    let key = entry.key();
    if list.with_untracked(|all| all.iter().any(|known| known.key() == key)) {
        return false;
    }
    let has_gone = list.try_update(|all| {
        all.insert(0, entry);
        let is_over = all.len() > rows_max;
        all.truncate(rows_max);
        is_over
    });
    has_gone.unwrap_or(false)
}

/// Joins a snapshot to what is there already.
fn join(list: RwSignal<Vec<Entry>>, entries: Vec<Entry>) {
    list.update(|all| {
        let known: Vec<_> = all.iter().map(Entry::key).collect();
        all.extend(entries.into_iter().filter(|entry| !known.contains(&entry.key())));
        // Stable: what happened in the same millisecond stays in the order that it was told in.
        all.sort_by_key(|entry| std::cmp::Reverse(entry.at()));
        all.truncate(ROWS_MAX);
    });
}
