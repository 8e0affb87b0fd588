//! The button that sends the order.

use crate::derived::derived;
use leptos::prelude::*;
use tickwire_protocol::command::{Command, Instruction, PlaceOrder};
use tickwire_protocol::order::Side;

use super::outcome::Asked;
use super::state::Ticket;
use crate::format;

/// Buys or sells at market. Its label repeats what it does: `Buy 0.1 BTC`.
#[component]
pub fn SideButton(
    /// The ticket that it belongs to.
    ticket: Ticket,
    /// What it does.
    side: Side,
) -> impl IntoView {
    let verb = match side {
        Side::Buy => "Buy",
        Side::Sell => "Sell",
    };
    let label = derived(move || {
        let base = ticket
            .selection
            .instrument
            .with(|one| one.as_ref().map(|one| one.base.clone()));
        let quantity = ticket.quantity().map(|quantity| format::quantity(quantity.get()));
        [Some(verb.to_owned()), quantity, base]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(" ")
    });
    let is_off = derived(move || ticket.is_pending() || ticket.trouble(side).is_some());
    let send = move |_| {
        let (Some(quantity), Some(rules)) = (ticket.quantity(), ticket.rules()) else {
            return;
        };
        let symbol = rules.symbol;
        let order = PlaceOrder::market(symbol, side, quantity);
        let answer = ticket
            .realtime
            .send(Command::Instruct(Instruction::PlaceOrder(order)));
        ticket.asked.set(Some(Asked { rules, answer }));
    };
    view! {
        <button
            type="button"
            class="button side-button"
            data-side=side.as_str()
            disabled=is_off
            aria-describedby="ticket-trouble"
            on:click=send
        >
            {label}
        </button>
    }
}
