//! The order ticket: buys and sells at market, shows beforehand what it comes to, and afterwards what became of it.

mod estimate;
pub mod outcome;
mod quantity;
mod state;
mod submit;
mod summary;

use crate::derived::derived;
use leptos::prelude::*;
use tickwire_protocol::order::Side;

use crate::age;
use crate::realtime::{use_executions, use_feed};
use crate::widgets::panel::Panel;
use quantity::QuantityField;
use state::Ticket;
use submit::SideButton;
use summary::Summary;

/// The region `Order ticket`.
#[component]
pub fn OrderTicket() -> impl IntoView {
    use_executions();
    let ticket = Ticket::new();
    let feed = use_feed();
    let account_at = ticket.realtime.store.balance.at;
    let quoted_at = ticket.quoted_at();
    let age = derived(move || {
        let moment = ticket.realtime.status.moment();
        let account = age::of_account(moment, account_at.get());
        let market = feed.with(|feed| age::of_market(moment, quoted_at.get(), feed.as_ref()));
        if market.is_stale() { market } else { account }
    });
    let told = outcome::follow(ticket.realtime, ticket.asked);
    // What is against both sides differs by the spread at most: it is said once.
    let trouble = derived(move || {
        let (buy, sell) = (ticket.trouble(Side::Buy), ticket.trouble(Side::Sell));
        match (buy, sell) {
            (Some(buy), None) => ["Buy: ", &buy].concat(),
            (None, Some(sell)) => ["Sell: ", &sell].concat(),
            (Some(buy), Some(_)) => buy,
            (None, None) => String::new(),
        }
    });
    let symbol = ticket.selection.name();
    view! {
        <Panel
            name="Order ticket"
            id="ticket"
            age=age
            aside=view! { <span class="ticket-symbol">{symbol}</span> }
        >
            <form class="ticket" on:submit=|event| event.prevent_default()>
                <QuantityField ticket=ticket />
                <Summary ticket=ticket />
                <div class="ticket-sides">
                    <SideButton ticket=ticket side=Side::Buy />
                    <SideButton ticket=ticket side=Side::Sell />
                </div>
                <p id="ticket-trouble" class="ticket-trouble">{trouble}</p>
                <noscript>
                    <p class="ticket-trouble">"Placing orders needs JavaScript; everything else on this page is shown without."</p>
                </noscript>
                <p class="ticket-told" role="status" aria-live="polite" data-kind=told.kind>
                    {told.text}
                </p>
            </form>
        </Panel>
    }
}
