//! The buttons that send the order, and the question before one that a slip makes dear.

use crate::derived::{derived, react};
use leptos::html;
use leptos::prelude::*;
use leptos::web_sys;
use tickwire_protocol::command::Instruction;
use tickwire_protocol::order::Side;

use super::decide;
use super::form::Field;
use super::state::Ticket;
use crate::format;

/// What is asked about, and what is sent where the answer is yes.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    text: String,
    label: String,
    instruction: Instruction,
}

/// Sends an order of one side. Its label repeats what it does: `Buy 0.1 BTC`.
#[component]
pub fn SideButton(
    /// The ticket that it belongs to.
    ticket: Ticket,
    /// What it does.
    side: Side,
    /// What is asked before a dear order.
    question: RwSignal<Option<Question>>,
) -> impl IntoView {
    let label = derived(move || label_of(ticket, side));
    let is_off = derived(move || ticket.is_pending() || ticket.trouble(side).is_some());
    let send = move |_| {
        let Some((instruction, text)) = asked_of(ticket, side) else {
            return;
        };
        match text {
            Some(text) if asks() => question.set(Some(Question {
                text,
                label: label.get_untracked(),
                instruction,
            })),
            _ => ticket.send(instruction),
        }
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

fn label_of(ticket: Ticket, side: Side) -> String {
    let verb = match side {
        Side::Buy => "Buy",
        Side::Sell => "Sell",
    };
    let Some(rules) = ticket.rules() else {
        return verb.to_owned();
    };
    let typed = ticket
        .form
        .with(|form| form.number(Field::Quantity).ok().flatten());
    let in_quote = ticket.form.with(|form| form.in_quote);
    let quantity = ticket.verdict(side, |verdict| verdict.quantity.get());
    let quantity = if in_quote { Some(quantity) } else { typed };
    match quantity.filter(|quantity| !quantity.is_zero()) {
        Some(quantity) => [verb, " ", &format::quantity(quantity), " ", &rules.base].concat(),
        None => [verb, " ", &rules.base].concat(),
    }
}

/// The command of a side, and the question before it where it is dear.
fn asked_of(ticket: Ticket, side: Side) -> Option<(Instruction, Option<String>)> {
    ticket.world.with_untracked(|world| {
        let world = world.as_ref()?;
        ticket.verdict(side, |verdict| {
            let instruction = verdict.order.clone().ok()?;
            let cost = verdict.outlook?.cost;
            let is_dear = ticket
                .form
                .with_untracked(|form| decide::is_dear(form, side, world, verdict));
            let text = is_dear.then(|| {
                let share = format::quantity(cost.percent_of(world.equity).get().round());
                let money = format::number(cost.get(), format::MONEY_SCALE);
                let start = [
                    "This order is worth ",
                    &money,
                    " ",
                    &world.rules.quote,
                    ", ",
                    &share,
                ]
                .concat();
                let leverage = world.leverage.to_string();
                match world.leverage {
                    1 => [&start, "% of the account."].concat(),
                    _ => [&start, "% of the account, at a leverage of ", &leverage, "."].concat(),
                }
            });
            Some((instruction, text))
        })
    })
}

/// Whether the reader wants to be asked at all: `tickwire.confirm` of the page's storage is not `off`.
fn asks() -> bool {
    let storage = web_sys::window().and_then(|window| window.local_storage().ok().flatten());
    let setting = storage.and_then(|storage| storage.get_item("tickwire.confirm").ok().flatten());
    setting.as_deref() != Some("off")
}

/// The question, over the page. Escape is no.
#[component]
pub fn Confirmation(
    /// The ticket that it belongs to.
    ticket: Ticket,
    /// What is asked; nothing while it is closed.
    question: RwSignal<Option<Question>>,
) -> impl IntoView {
    let place = NodeRef::<html::Dialog>::new();
    react(move || {
        let is_asked = question.with(Option::is_some);
        if let Some(dialog) = place.get() {
            match is_asked {
                // It is in the page, and not open, so that it can be shown.
                true if !dialog.open() => drop(dialog.show_modal()),
                false => dialog.close(),
                true => {}
            }
        }
    });
    let word = move |read: fn(&Question) -> &String| {
        derived(move || question.with(|one| one.as_ref().map_or_else(String::new, |one| read(one).clone())))
    };
    let yes = move |_| {
        let asked = question.with_untracked(Clone::clone);
        question.set(None);
        if let Some(asked) = asked {
            ticket.send(asked.instruction);
        }
    };
    view! {
        <dialog class="ticket-question" aria-label="Confirm the order" node_ref=place on:close=move |_| question.set(None)>
            <p>{word(|one| &one.text)}</p>
            <div class="ticket-sides">
                <button type="button" class="button" on:click=move |_| question.set(None)>"Back"</button>
                <button type="button" class="button" on:click=yes>{word(|one| &one.label)}</button>
            </div>
        </dialog>
    }
}
