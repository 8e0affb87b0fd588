//! How much: typed, stepped with the arrow keys, or a share of what is available.

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;
use tickwire_protocol::money::Quantity;
use tickwire_protocol::order::Side;

use super::estimate::{share_of_available, stepped};
use super::state::Ticket;

/// Shares of the available balance that one click takes.
const SHARES: [i64; 4] = [25, 50, 75, 100];

/// Steps of an arrow key with Shift held.
const STEPS_WITH_SHIFT: i64 = 10;

/// The quantity's input, and the buttons for shares of the available balance.
#[component]
pub fn QuantityField(
    /// The ticket that it belongs to.
    ticket: Ticket,
) -> impl IntoView {
    let typed = ticket.typed;
    let base = ticket.word(|rules| rules.base.clone());
    let placeholder = ticket.word(|rules| rules.min_quantity.to_string());
    let arrows = move |event: KeyboardEvent| {
        let way = match event.key().as_str() {
            "ArrowUp" => 1,
            "ArrowDown" => -1,
            _ => return,
        };
        event.prevent_default();
        let steps = if event.shift_key() {
            way * STEPS_WITH_SHIFT
        } else {
            way
        };
        if let Some(rules) = ticket.rules() {
            let quantity = ticket.quantity().unwrap_or(Quantity::ZERO);
            typed.set(stepped(quantity, steps, &rules).to_string());
        }
    };
    let take = move |percent: i64| {
        if let (Some(rules), Some(price), Some(available)) = (
            ticket.rules(),
            ticket.price(Side::Buy),
            ticket.available.get_untracked(),
        ) {
            typed.set(share_of_available(percent, available, price, &rules).to_string());
        }
    };
    view! {
        <label class="field">
            <span class="field-name">"Quantity"</span>
            <span class="field-box">
                <input
                    type="text"
                    inputmode="decimal"
                    autocomplete="off"
                    name="quantity"
                    aria-describedby="ticket-trouble"
                    placeholder=placeholder
                    prop:value=typed
                    on:input=move |event| typed.set(event_target_value(&event))
                    on:keydown=arrows
                />
                <span class="field-unit">{base}</span>
            </span>
        </label>
        <div class="shares" role="group" aria-label="Share of the available balance">
            {SHARES
                .map(|percent| {
                    view! {
                        <button type="button" class="share" on:click=move |_| take(percent)>
                            {percent.to_string() + "%"}
                        </button>
                    }
                })
                .into_iter()
                .collect_view()}
        </div>
    }
}
