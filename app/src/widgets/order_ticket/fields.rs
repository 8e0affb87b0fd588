//! The fields of the form: what kind of order, its prices, how long it works, and what it may do.

use crate::derived::derived;
use leptos::ev::KeyboardEvent;
use leptos::prelude::*;
use rust_decimal::Decimal;
use tickwire_protocol::order::TimeInForce;

use super::decide;
use super::estimate::stepped;
use super::form::{Field, Form, Kind, Unit};
use super::state::Ticket;

/// Units of an arrow key with Shift held.
const UNITS_WITH_SHIFT: i64 = 10;

/// Times in force by their short and their long names.
const TIMES: [(TimeInForce, &str, &str); 4] = [
    (TimeInForce::Gtc, "GTC", "Good till cancelled"),
    (TimeInForce::Ioc, "IOC", "Immediate or cancel"),
    (TimeInForce::Fok, "FOK", "Fill or kill"),
    (TimeInForce::Gtd, "GTD", "Good till a date"),
];

/// What kind of order, and how long it works.
#[component]
pub fn KindChoice(
    /// The ticket that it belongs to.
    ticket: Ticket,
) -> impl IntoView {
    let form = ticket.form;
    let name_of = |kind: Kind| Kind::ALL.iter().find(|one| one.0 == kind).map_or("", |one| one.1);
    let kinds = Kind::ALL.map(|(_, name)| (name, name, derived(|| false)));
    let times = TIMES.map(|(time, name, title)| {
        let is_off = derived(move || form.with(|form| !form.kind.times_in_force().contains(&time)));
        (name, title, is_off)
    });
    let kind = derived(move || form.with(|form| name_of(form.kind)));
    let time = derived(move || {
        let time = form.with(Form::time_in_force);
        TIMES.iter().find(|one| one.0 == time).map_or("", |one| one.1)
    });
    let choose_kind = Callback::new(move |name: String| {
        if let Some((kind, _)) = Kind::ALL.iter().find(|one| one.1 == name) {
            form.update(|form| form.turn_to(*kind));
        }
    });
    let choose_time = Callback::new(move |name: String| {
        if let Some((time, ..)) = TIMES.iter().find(|one| one.1 == name) {
            form.update(|form| form.wanted_time = *time);
        }
    });
    let is_at_once = ticket.of_form(|form| form.kind.times_in_force().is_empty());
    view! {
        <div class="ticket-pair">
            {choice("Order type", kind, kinds.to_vec(), choose_kind, derived(|| false))}
            {choice("Time in force", time, times.to_vec(), choose_time, is_at_once)}
        </div>
    }
}

/// A choice: each option has a value, a text, and may be off.
fn choice(
    label: &'static str,
    value: Memo<&'static str>,
    options: Vec<(&'static str, &'static str, Memo<bool>)>,
    choose: Callback<String>,
    is_hidden: Memo<bool>,
) -> impl IntoView {
    let options = options.into_iter().map(|(name, text, is_off)| {
        view! { <option value=name hidden=is_off disabled=is_off selected=derived(move || value.get() == name)>{text}</option> }
    });
    view! {
        <label class="field" hidden=is_hidden>
            <span class="field-name">{label}</span>
            <select class="choice" autocomplete="off" prop:value=value on:change=move |event| choose.run(event_target_value(&event))>
                {options.collect_view()}
            </select>
        </label>
    }
}

/// One field, there while the order asks for it. The arrow keys step it.
#[component]
pub fn TicketField(
    /// The ticket that it belongs to.
    ticket: Ticket,
    /// Which one.
    field: Field,
) -> impl IntoView {
    let form = ticket.form;
    let is_hidden = derived(move || form.with(|form| !form.shows(field)));
    let label = derived(move || form.with(|form| form.label(field)));
    let text = derived(move || form.with(|form| form.text(field).to_owned()));
    let placeholder = derived(move || match field {
        Field::Quantity if form.with(|form| !form.in_quote) => ticket
            .rules()
            .map_or_else(String::new, |rules| rules.min_quantity.to_string()),
        _ => String::new(),
    });
    let put = move |text: String| form.update(|form| form.put(field, text));
    let arrows = move |event: KeyboardEvent| {
        let way = match event.key().as_str() {
            "ArrowUp" => 1,
            "ArrowDown" => -1,
            _ => return,
        };
        if field == Field::Expires {
            return;
        }
        event.prevent_default();
        let units = if event.shift_key() {
            way * UNITS_WITH_SHIFT
        } else {
            way
        };
        put(further(ticket, field, units));
    };
    let unit = derived(move || unit_of(ticket, field));
    let turn = move |_| form.update(|form| next_unit(form, field));
    // Read aloud, a quantity says of what.
    let name = derived(move || match field {
        Field::Quantity => [field.label(), " in ", &unit.get()].concat(),
        _ => label.get().to_owned(),
    });
    let has_units = matches!(field, Field::Quantity | Field::Trail | Field::StopLoss);
    let kind = if field == Field::Expires {
        "datetime-local"
    } else {
        "text"
    };
    view! {
        <label class="field" hidden=is_hidden>
            <span class="field-name">{label}</span>
            <span class="field-box">
                <input
                    type=kind
                    inputmode="decimal"
                    autocomplete="off"
                    name=field.name()
                    aria-label=name
                    aria-describedby="ticket-trouble"
                    placeholder=placeholder
                    prop:value=text
                    on:input=move |event| put(event_target_value(&event))
                    on:keydown=arrows
                />
                {if has_units {
                    let name = derived(move || [field.label(), " in ", &unit.get(), ": change"].concat());
                    view! { <button type="button" class="field-unit" aria-label=name on:click=turn>{unit}</button> }.into_any()
                } else {
                    view! { <span class="field-unit">{unit}</span> }.into_any()
                }}
            </span>
        </label>
    }
}

/// What stands behind the figure of a field.
fn unit_of(ticket: Ticket, field: Field) -> String {
    let (unit, in_quote) = ticket.form.with(|form| (form.unit(field), form.in_quote));
    ticket
        .selection
        .instrument
        .with(|rules| match (rules, field, unit) {
            (_, Field::Expires, _) => String::new(),
            (_, _, Unit::Percent) => "%".to_owned(),
            (Some(rules), Field::Quantity, _) if !in_quote => rules.base.clone(),
            (Some(rules), _, Unit::Distance) => ["\u{0394} ", &rules.quote].concat(),
            (Some(rules), ..) => rules.quote.clone(),
            (None, ..) => String::new(),
        })
}

/// A figure in one unit means nothing in the next: it goes, save the quantity's, which is seen to be another.
fn next_unit(form: &mut Form, field: Field) {
    form.put(field, String::new());
    match field {
        Field::Trail => form.trail_by_distance = !form.trail_by_distance,
        Field::StopLoss => {
            form.stop_loss = match form.stop_loss {
                Unit::Price => Unit::Distance,
                Unit::Distance => Unit::Percent,
                Unit::Percent => Unit::Price,
            }
        }
        _ => form.in_quote = !form.in_quote,
    }
}

/// The figure of a field so many units further: from the last price on where a price is empty.
fn further(ticket: Ticket, field: Field, units: i64) -> String {
    let Some(rules) = ticket.rules() else {
        return String::new();
    };
    let (number, unit, in_quote) = ticket
        .form
        .with(|form| (form.number(field).ok().flatten(), form.unit(field), form.in_quote));
    let by = match (field, unit) {
        (Field::Quantity, _) if in_quote => Decimal::ONE,
        (Field::Quantity, _) => rules.step_size.get(),
        (_, Unit::Percent) => Decimal::new(1, 1),
        _ => rules.tick_size.get(),
    };
    let is_price = field != Field::Quantity && unit == Unit::Price;
    let from = number.or_else(|| {
        ticket
            .last_price()
            .filter(|_| is_price)
            .map(|last| decide::to_tick(last.get(), rules.tick_size).get())
    });
    stepped(from.unwrap_or_default(), units, by).to_string()
}

/// What the order may do, each a box to tick where it applies.
#[component]
pub fn Options(
    /// The ticket that it belongs to.
    ticket: Ticket,
) -> impl IntoView {
    type Read = fn(&Form) -> bool;
    type Write = fn(&mut Form, bool);
    const OPTIONS: [(&str, Read, Read, Write); 3] = [
        (
            "Take profit / Stop loss",
            |form| form.bracket,
            |form| form.kind.can_be_entry() && !form.reduce_only,
            |form, is_on| form.bracket = is_on,
        ),
        (
            "Post-only",
            |form| form.post_only,
            |form| form.kind.can_be_post_only(),
            |form, is_on| form.post_only = is_on,
        ),
        (
            "Reduce-only",
            |form| form.reduce_only,
            |_| true,
            |form, is_on| form.reduce_only = is_on,
        ),
    ];
    let form = ticket.form;
    let boxes = OPTIONS.map(|(name, is_on, applies, write)| {
        view! {
            <label class="tick" hidden=derived(move || !form.with(applies))>
                <input
                    type="checkbox"
                    autocomplete="off"
                    prop:checked=derived(move || form.with(is_on))
                    on:change=move |event| form.update(|form| write(form, event_target_checked(&event)))
                />
                {name}
            </label>
        }
    });
    view! { <div class="ticks">{boxes.into_iter().collect_view()}</div> }
}
