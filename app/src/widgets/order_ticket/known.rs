//! What the ticket and the chart read off the store beyond prices and balances: the one place that knows how the store
//! keeps orders, the risk guard's state and the venue's rules.

use leptos::prelude::*;
use tickwire_protocol::id::{OrderId, Symbol};
use tickwire_protocol::market::VenueRules;
use tickwire_protocol::order::Order;
use tickwire_protocol::risk::RiskStatus;
use tickwire_protocol::topic::Topic;

use crate::derived::derived;
use crate::realtime::lists::Entry;
use crate::realtime::{Store, use_topics};

/// The open orders in one instrument.
pub fn open_orders(store: &Store, symbol: Symbol) -> Vec<Order> {
    store.lists.open.with(|open| {
        let orders = open.iter().filter_map(order_in);
        orders.filter(|order| order.symbol == symbol).collect()
    })
}

/// An order as it stands now, where the store remembers it.
pub fn order_of(store: &Store, id: OrderId) -> Option<Order> {
    let find = |entries: &Vec<Entry>| entries.iter().filter_map(order_in).find(|order| order.id == id);
    store
        .lists
        .open
        .with(find)
        .or_else(|| store.lists.past.with(find))
}

fn order_in(entry: &Entry) -> Option<Order> {
    match entry {
        Entry::Open(_, order) => Some(order.get()),
        Entry::Order(order) => Some(Order::clone(order)),
        _ => None,
    }
}

/// Why the risk guard opens nothing, in its own sentence; `None` where it lets everything pass.
pub fn use_risk_sentence() -> Memo<Option<String>> {
    let account = use_topics(&[Topic::Risk]).account;
    derived(move || {
        account.with(|account| {
            let risk = account.risk.as_ref()?;
            (risk.status != RiskStatus::Normal).then(|| risk.message.clone())
        })
    })
}

/// How the venue fills.
pub fn venue_rules(store: &Store) -> Option<VenueRules> {
    store.rules.get()
}
