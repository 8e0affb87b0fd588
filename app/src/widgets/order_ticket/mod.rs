//! The order ticket: places every kind of order, shows beforehand what it comes to, and afterwards what became of it.
//!
//! [`form`] (what is filled in) and [`estimate`] (the market and the account) are plain data; [`decide`] makes a command
//! or a sentence of them for either side. The rest puts that on the screen.

mod decide;
mod estimate;
mod fields;
mod form;
pub mod known;
pub mod outcome;
mod perpetual;
mod quantity;
#[cfg(all(test, feature = "ssr"))]
mod rendering;
#[cfg(test)]
mod sample;
mod state;
mod submit;
mod summary;

use crate::derived::derived;
use leptos::prelude::*;
use tickwire_protocol::order::Side;

use crate::age;
use crate::realtime::{use_executions, use_feed};
use crate::widgets::panel::Panel;
pub use decide::to_tick;
use fields::{KindChoice, Options, TicketField};
use form::Field;
use perpetual::{CarryAction, LeverageControl};
use quantity::Shares;
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
    let symbol = ticket.selection.name();
    view! {
        <Panel
            name="Order ticket"
            id="ticket"
            age=age
            aside=view! { <span class="ticket-symbol">{symbol}</span> }
        >
            <TicketForm ticket=ticket />
        </Panel>
    }
}

/// What is filled in, what it comes to, and what became of it.
#[component]
fn TicketForm(
    /// The ticket.
    ticket: Ticket,
) -> impl IntoView {
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
    let fields = move |all: &[Field]| {
        let all = all
            .iter()
            .map(|field| view! { <TicketField ticket=ticket field=*field /> });
        all.collect_view()
    };
    view! {
        <form class="ticket" on:submit=|event| event.prevent_default()>
            <KindChoice ticket=ticket />
            <div class="ticket-fields">{fields(&[Field::Trigger, Field::Price, Field::Trail, Field::Activation, Field::Expires])}</div>
            <TicketField ticket=ticket field=Field::Quantity />
            <Shares ticket=ticket />
            <LeverageControl ticket=ticket />
            <Options ticket=ticket />
            <div class="ticket-fields">{fields(&[Field::TakeProfit, Field::StopLoss, Field::StopLossLimit])}</div>
            <Summary ticket=ticket />
            <div class="ticket-sides">
                <SideButton ticket=ticket side=Side::Buy />
                <SideButton ticket=ticket side=Side::Sell />
            </div>
            <p class="ticket-told" role="status" aria-live="polite" data-kind=told.kind>
                {told.text}
            </p>
            <p id="ticket-trouble" class="ticket-trouble">{trouble}</p>
            <noscript>
                <p class="ticket-trouble">"Placing orders needs JavaScript; everything else on this page is shown without."</p>
            </noscript>
            <CarryAction ticket=ticket />
        </form>
    }
}
