//! The index of open orders: which of them a tick touches, without looking at the others.
//!
//! Each market keeps its open orders by the price at which something happens to them, and beside them the next such prices
//! ([`Thresholds`]): a tick that reaches none of these costs a handful of comparisons, however many orders rest. The index
//! follows from the state: every fact of an order puts it in its place, and [`Working::of`] makes all of it anew.
//!
//! Whoever is told here to be touched is looked at again in the state: the index finds, it never decides.

mod levels;

pub use levels::{Levels, Thresholds, Touched};

use crate::market::MarketView;
use crate::order::door::rises_to_trigger;
use crate::order::waits_for_trigger;
use crate::state::State;
use std::collections::{BTreeMap, BTreeSet};
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::id::{AccountId, OrderId, Seq};
use tickwire_protocol::money::Price;
use tickwire_protocol::order::{Order, OrderType};

/// An open order in the order in which the orders of one account are served: by account, then by age.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// Whose.
    pub account: AccountId,
    /// Since when it stands in the queue.
    pub since: Seq,
    /// Which.
    pub order: OrderId,
}

/// Where an order waits, and for what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// For the market to come to its limit price.
    Limit(Price),
    /// For the last price to rise or fall to its trigger.
    Trigger {
        /// The trigger price.
        price: Price,
        /// Whether it must rise.
        rises: bool,
    },
    /// The same, and for a new peak.
    Trailing {
        /// The best last price so far.
        peak: Price,
        /// Where it triggers.
        stop: Price,
    },
    /// For the last price to reach its activation price.
    Dormant(Price),
    /// For the first price to be filled at: a market order, or one that was triggered while there was none.
    Price,
    /// For its arrival at the venue.
    Way(TimestampMs),
}

/// What the index knows of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Entry {
    key: Key,
    market: Option<usize>,
    buys: bool,
    place: Place,
    expires_at: Option<TimestampMs>,
}

/// The index of the open orders of all accounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Working {
    entries: BTreeMap<OrderId, Entry>,
    markets: Vec<Levels>,
    expiries: BTreeSet<(TimestampMs, Key)>,
    arrivals: BTreeSet<(TimestampMs, Key)>,
    /// The next expiry or arrival.
    due_at: TimestampMs,
}

const NEVER: TimestampMs = TimestampMs(i64::MAX);

impl Working {
    /// An index of so many markets, without orders.
    pub fn new(markets: usize) -> Working {
        Working {
            entries: BTreeMap::new(),
            markets: vec![Levels::default(); markets],
            expiries: BTreeSet::new(),
            arrivals: BTreeSet::new(),
            due_at: NEVER,
        }
    }

    /// The index of a state.
    pub fn of(state: &State, markets: &MarketView) -> Working {
        let mut working = Working::new(markets.iter().count());
        for (&account, owner) in &state.accounts {
            for order in owner.orders.all_open() {
                let since = owner.orders.since(order.id).unwrap_or_default();
                working.changed(account, order, since, markets);
            }
        }
        working
    }

    /// The levels of the market with this number.
    pub fn market(&self, number: usize) -> &Levels {
        &self.markets[number]
    }

    /// When the next order expires or arrives.
    pub fn due_at(&self) -> TimestampMs {
        self.due_at
    }

    /// Orders that have expired by then, oldest expiry first.
    pub fn expired(&self, at: TimestampMs) -> Vec<Key> {
        until(&self.expiries, at)
    }

    /// Orders that have reached the venue by then, first come first.
    pub fn arrived(&self, at: TimestampMs) -> Vec<Key> {
        until(&self.arrivals, at)
    }

    /// An order of this account is as told from now on.
    pub(crate) fn changed(&mut self, account: AccountId, order: &Order, since: Seq, markets: &MarketView) {
        if let Some(before) = self.entries.remove(&order.id) {
            self.forget(&before);
        }
        if !order.status.is_final() {
            let entry = Entry {
                key: Key {
                    account,
                    since,
                    order: order.id,
                },
                market: markets.number(order.symbol),
                buys: order.side == tickwire_protocol::order::Side::Buy,
                place: place(order),
                expires_at: order.expires_at,
            };
            self.entries.insert(order.id, entry);
            self.learn(&entry);
        }
        let next = |set: &BTreeSet<(TimestampMs, Key)>| set.first().map_or(NEVER, |&(at, _)| at);
        self.due_at = next(&self.expiries).min(next(&self.arrivals));
    }

    fn learn(&mut self, entry: &Entry) {
        if let Some(expiry) = entry.expires_at {
            self.expiries.insert((expiry, entry.key));
        }
        if let Place::Way(arrival) = entry.place {
            self.arrivals.insert((arrival, entry.key));
        } else if let Some(market) = entry.market {
            self.markets[market].insert(entry.key, entry.buys, entry.place);
        }
    }

    fn forget(&mut self, entry: &Entry) {
        if let Some(expiry) = entry.expires_at {
            self.expiries.remove(&(expiry, entry.key));
        }
        if let Place::Way(arrival) = entry.place {
            self.arrivals.remove(&(arrival, entry.key));
        } else if let Some(market) = entry.market {
            self.markets[market].remove(entry.key, entry.buys, entry.place);
        }
    }
}

fn until(set: &BTreeSet<(TimestampMs, Key)>, at: TimestampMs) -> Vec<Key> {
    set.iter()
        .take_while(|&&(due, _)| due <= at)
        .map(|&(_, key)| key)
        .collect()
}

/// Where an open order waits.
fn place(order: &Order) -> Place {
    if let Some(arrival) = order.arrives_at {
        return Place::Way(arrival);
    }
    if waits_for_trigger(order) {
        if order.order_type == OrderType::TrailingStop {
            return match (
                order.is_dormant,
                order.activation_price,
                order.peak_price,
                order.current_stop_price,
            ) {
                (true, Some(activation), ..) => Place::Dormant(activation),
                (_, _, Some(peak), Some(stop)) => Place::Trailing { peak, stop },
                _ => Place::Price,
            };
        }
        if let Some(price) = order.trigger_price {
            return Place::Trigger {
                price,
                rises: rises_to_trigger(order),
            };
        }
    }
    order.price.map_or(Place::Price, Place::Limit)
}
