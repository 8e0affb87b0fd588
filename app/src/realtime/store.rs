//! What the desk knows: a replica of the server's state in fine-grained signals, one for each market and each position,
//! so that a message repaints the cells whose text changes and nothing else.
//!
//! Only [`apply`](super::apply) writes it. The browser reckons no balance and no profit: it shows what it was told.

use std::collections::{BTreeMap, VecDeque};

use leptos::prelude::*;
use tickwire_protocol::account::{Balance, Dashboard, Portfolio, Position};
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::id::{OrderId, PositionId, Symbol};
use tickwire_protocol::market::{Instrument, Interval, VenueRules};
use tickwire_protocol::message::{MarketUpdate, Status};
use tickwire_protocol::order::{Execution, Order};
use tickwire_protocol::risk::Risk;

use super::series::Series;

/// Orders and fills remembered: enough to tell what became of the last orders.
const EVENTS_MAX: usize = 64;

/// The newest value of a state topic and the server's time of it.
#[derive(Debug)]
pub struct Latest<T: 'static> {
    /// The value; changes only when it differs.
    pub value: RwSignal<Option<T>>,
    /// When it was last said to be so.
    pub at: RwSignal<Option<TimestampMs>>,
}

impl<T> Clone for Latest<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Latest<T> {}

impl<T: Send + Sync + PartialEq + 'static> Latest<T> {
    fn new() -> Latest<T> {
        Latest {
            value: RwSignal::new(None),
            at: RwSignal::new(None),
        }
    }

    /// Takes in what was said at `at`.
    pub fn put(&self, value: T, at: TimestampMs) {
        set_changed(self.value, Some(value));
        set_changed(self.at, Some(at));
    }
}

/// Writes a signal only where the value differs, so that nothing runs for nothing.
pub fn set_changed<T: Send + Sync + PartialEq + 'static>(signal: RwSignal<T>, value: T) {
    if signal.with_untracked(|known| *known != value) {
        signal.set(value);
    }
}

/// A position with a signal of its own: a new mark price repaints its row's cells, not the table.
#[derive(Clone, Debug)]
pub struct PositionRow {
    /// What rows are told apart by.
    pub id: PositionId,
    /// The position as last told.
    pub cell: ArcRwSignal<Position>,
}

/// The replica.
#[derive(Clone, Copy, Debug)]
pub struct Store {
    /// The instruments in the server's order.
    pub instruments: RwSignal<Vec<Instrument>>,
    /// How the paper venue fills orders; absent where a real venue does.
    pub rules: RwSignal<Option<VenueRules>>,
    /// Where the risk guard stands.
    pub risk: Latest<Risk>,
    tickers: StoredValue<BTreeMap<Symbol, ArcRwSignal<Option<MarketUpdate>>>>,
    series: StoredValue<BTreeMap<(Symbol, Interval), ArcRwSignal<Series>>>,
    /// Open positions, oldest first; replaced when one opens or closes.
    pub positions: RwSignal<Vec<PositionRow>>,
    /// When the positions were last told.
    pub positions_at: RwSignal<Option<TimestampMs>>,
    /// What the account has made.
    pub portfolio: Latest<Portfolio>,
    /// What the account holds.
    pub balance: Latest<Balance>,
    /// The account at a glance.
    pub dashboard: Latest<Dashboard>,
    /// The state of the server's own parts.
    pub status: Latest<Status>,
    /// The last orders, newest last.
    pub orders: RwSignal<VecDeque<Order>>,
    /// The last fills, newest last.
    pub executions: RwSignal<VecDeque<Execution>>,
}

impl Store {
    /// A desk that knows nothing yet.
    pub fn new() -> Store {
        Store {
            instruments: RwSignal::new(Vec::new()),
            rules: RwSignal::new(None),
            risk: Latest::new(),
            tickers: StoredValue::new(BTreeMap::new()),
            series: StoredValue::new(BTreeMap::new()),
            positions: RwSignal::new(Vec::new()),
            positions_at: RwSignal::new(None),
            portfolio: Latest::new(),
            balance: Latest::new(),
            dashboard: Latest::new(),
            status: Latest::new(),
            orders: RwSignal::new(VecDeque::new()),
            executions: RwSignal::new(VecDeque::new()),
        }
    }

    /// The market of one instrument.
    pub fn ticker(&self, symbol: Symbol) -> ArcRwSignal<Option<MarketUpdate>> {
        entry(self.tickers, symbol)
    }

    /// The candles of one instrument and interval.
    pub fn series(&self, symbol: Symbol, interval: Interval) -> ArcRwSignal<Series> {
        entry(self.series, (symbol, interval))
    }

    /// The candles, where somebody draws them.
    pub fn series_in_use(&self, symbol: Symbol, interval: Interval) -> Option<ArcRwSignal<Series>> {
        self.series
            .with_value(|all| all.get(&(symbol, interval)).cloned())
    }

    /// Frees candles that nobody draws any more.
    pub fn forget_series(&self, symbol: Symbol, interval: Interval) {
        self.series
            .try_update_value(|all| all.remove(&(symbol, interval)));
    }

    /// The rules of one instrument.
    pub fn instrument(&self, symbol: Symbol) -> Option<Instrument> {
        self.instruments
            .with(|all| all.iter().find(|one| one.symbol == symbol).cloned())
    }

    /// Takes in all open positions: rows that stay keep their signals, so that the table is touched only when one
    /// comes or goes.
    pub fn put_positions(&self, positions: Vec<Position>, at: TimestampMs) {
        set_changed(self.positions_at, Some(at));
        let rows = self.positions.get_untracked();
        let same =
            rows.len() == positions.len() && rows.iter().zip(&positions).all(|(row, new)| row.id == new.id);
        if !same {
            let find = |position: &Position| {
                let kept = rows.iter().find(|row| row.id == position.id).cloned();
                kept.unwrap_or_else(|| PositionRow {
                    id: position.id,
                    cell: ArcRwSignal::new(position.clone()),
                })
            };
            self.positions.set(positions.iter().map(find).collect());
        }
        self.positions.with_untracked(|rows| {
            for (row, position) in rows.iter().zip(positions) {
                if row.cell.with_untracked(|known| *known != position) {
                    row.cell.set(position);
                }
            }
        });
    }

    /// Takes in an order as it stands now.
    pub fn put_order(&self, order: Order) {
        self.orders.update(|orders| {
            orders.retain(|known| known.id != order.id);
            push_bounded(orders, order);
        });
    }

    /// Takes in a fill, once.
    pub fn put_execution(&self, execution: Execution) {
        self.executions.update(|fills| {
            if fills.iter().all(|known| known.id != execution.id) {
                push_bounded(fills, execution);
            }
        });
    }

    /// The fills of one order.
    pub fn fills_of(&self, order: OrderId) -> Vec<Execution> {
        self.executions.with(|fills| {
            fills
                .iter()
                .filter(|fill| fill.order_id == order)
                .cloned()
                .collect()
        })
    }
}

impl Default for Store {
    fn default() -> Store {
        Store::new()
    }
}

fn entry<K, T>(map: StoredValue<BTreeMap<K, ArcRwSignal<T>>>, key: K) -> ArcRwSignal<T>
where
    K: Ord + Send + Sync + 'static,
    T: Default + Send + Sync + 'static,
{
    let made = map.try_update_value(|all| {
        all.entry(key)
            .or_insert_with(|| ArcRwSignal::new(T::default()))
            .clone()
    });
    made.unwrap_or_else(|| ArcRwSignal::new(T::default()))
}

fn push_bounded<T>(events: &mut VecDeque<T>, event: T) {
    if events.len() >= EVENTS_MAX {
        events.pop_front();
    }
    events.push_back(event);
}
