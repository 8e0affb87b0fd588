//! What the ticket and the chart read off the store beyond prices and balances: the one place that knows how the store
//! keeps orders, the risk guard's state and the venue's rules.

use leptos::prelude::*;
use tickwire_protocol::id::{OrderId, Symbol};
use tickwire_protocol::market::VenueRules;
use tickwire_protocol::order::Order;
use tickwire_protocol::risk::RiskStatus;

use crate::derived::derived;
use crate::realtime::{Store, use_risk};

/// The open orders in one instrument.
pub fn open_orders(store: &Store, symbol: Symbol) -> Vec<Order> {
    store.orders.with(|orders| {
        let open = orders
            .iter()
            .filter(|order| order.symbol == symbol && !order.status.is_final());
        open.cloned().collect()
    })
}

/// An order as it stands now, where the store remembers it.
pub fn order_of(store: &Store, id: OrderId) -> Option<Order> {
    store
        .orders
        .with(|orders| orders.iter().find(|order| order.id == id).cloned())
}

/// Why the risk guard opens nothing, in its own sentence; `None` where it lets everything pass.
pub fn use_risk_sentence() -> Memo<Option<String>> {
    let risk = use_risk();
    derived(move || {
        risk.with(|risk| {
            let risk = risk.as_ref()?;
            (risk.status != RiskStatus::Normal).then(|| risk.message.clone())
        })
    })
}

/// How the venue fills.
pub fn venue_rules(store: &Store) -> Option<VenueRules> {
    store.rules.get()
}
