//! The buttons that send the order, and the question before one that a slip makes dear.

use std::sync::Arc;

use crate::derived::derived;
use leptos::prelude::*;
use tickwire_protocol::command::Instruction;
use tickwire_protocol::order::Side;

use super::decide;
use super::form::Field;
use super::state::Ticket;
use crate::format;
use crate::widgets::act::{Question, Risky, use_questions};

/// Sends an order of one side. Its label repeats what it does: `Buy 0.1 BTC`.
#[component]
pub fn SideButton(
    /// The ticket that it belongs to.
    ticket: Ticket,
    /// What it does.
    side: Side,
) -> impl IntoView {
    let label = derived(move || label_of(ticket, side));
    let is_off = derived(move || ticket.is_pending() || ticket.trouble(side).is_some());
    let questions = use_questions();
    let send = move |_| {
        let Some((instruction, text)) = asked_of(ticket, side) else {
            return;
        };
        let go = Arc::new(move || ticket.send(instruction.clone()));
        let Some(text) = text else {
            return go();
        };
        let text = [&label.get_untracked(), "? ", &text].concat();
        let question = Question {
            about: Risky::LargeOrder,
            text: Box::new(move || text.clone()),
        };
        questions.ask(&question, go);
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
    let kind = if rules.perpetual.is_some() { " PERP" } else { "" };
    let typed = ticket
        .form
        .with(|form| form.number(Field::Quantity).ok().flatten());
    let in_quote = ticket.form.with(|form| form.in_quote);
    let quantity = ticket.verdict(side, |verdict| verdict.quantity.get());
    let quantity = if in_quote { Some(quantity) } else { typed };
    match quantity.filter(|quantity| !quantity.is_zero()) {
        Some(quantity) => [verb, " ", &format::quantity(quantity), " ", &rules.base, kind].concat(),
        None => [verb, " ", &rules.base, kind].concat(),
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
