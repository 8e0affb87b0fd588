//! What the desk knows: a replica of the server's state in fine-grained signals, one for each market and each position,
//! so that a message repaints the cells whose text changes and nothing else.
//!
//! Only [`apply`](super::apply) writes it. The browser reckons no balance and no profit: it shows what it was told.

use std::collections::BTreeMap;

use leptos::prelude::*;
use tickwire_protocol::account::{Balance, Dashboard, Portfolio, Position};
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::id::{OrderId, PositionId, Symbol};
use tickwire_protocol::market::{Instrument, Interval, VenueRules};
use tickwire_protocol::message::{MarketUpdate, Status};
use tickwire_protocol::order::Execution;
use tickwire_protocol::performance::{Equity, Performance};
use tickwire_protocol::risk::{Risk, RiskStatus};

use super::lists::Lists;
use super::series::Series;
use super::toasts::Toasts;

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

/// The account as its guard and its statistics see it, where they have spoken.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Account {
    /// What it is worth.
    pub equity: Option<Equity>,
    /// What it has made of its trades.
    pub performance: Option<Performance>,
    /// Where the risk guard stands.
    pub risk: Option<Risk>,
}

impl Account {
    /// Where the risk guard stands, in one word.
    pub fn risk_status(&self) -> Option<RiskStatus> {
        self.risk.as_ref().map(|risk| risk.status)
    }
}

/// The replica.
#[derive(Clone, Copy, Debug)]
pub struct Store {
    /// The instruments in the server's order.
    pub instruments: RwSignal<Vec<Instrument>>,
    /// How the paper venue fills orders; absent where a real venue does.
    pub rules: RwSignal<Option<VenueRules>>,
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
    /// What the account is worth, has made of its trades, and may do.
    pub account: RwSignal<Account>,
    /// Orders, trades, alerts and the log.
    pub lists: Lists,
    /// Alerts that have just been given.
    pub toasts: Toasts,
}

impl Store {
    /// A desk that knows nothing yet.
    pub fn new() -> Store {
        Store {
            instruments: RwSignal::new(Vec::new()),
            rules: RwSignal::new(None),
            tickers: StoredValue::new(BTreeMap::new()),
            series: StoredValue::new(BTreeMap::new()),
            positions: RwSignal::new(Vec::new()),
            positions_at: RwSignal::new(None),
            portfolio: Latest::new(),
            balance: Latest::new(),
            dashboard: Latest::new(),
            status: Latest::new(),
            account: RwSignal::new(Account::default()),
            lists: Lists::new(),
            toasts: Toasts::new(),
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

    /// Decimal places of an instrument's prices.
    pub fn price_scale(&self, symbol: Symbol) -> u32 {
        self.instruments.with_untracked(|all| {
            let rules = all.iter().find(|one| one.symbol == symbol);
            rules.map_or(2, Instrument::price_scale)
        })
    }

    /// The fills of one order.
    pub fn fills_of(&self, order: OrderId) -> Vec<Execution> {
        self.lists.fills_of(order)
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
