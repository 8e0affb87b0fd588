//! One open order: its cells follow the order, and below it stand the form that changes it and what became of that.

use leptos::prelude::*;
use rust_decimal::Decimal;
use tickwire_protocol::command::{AmendOrder, Instruction, OrderRef};
use tickwire_protocol::id::OrderId;
use tickwire_protocol::order::Order;

use crate::derived::react;
use crate::format;
use crate::plain::{Plain, el};
use crate::realtime::use_realtime;
use crate::widgets::act::{Action, Deed};
use crate::widgets::field::{field, made, trouble, typed};
use crate::widgets::rows::{self, words};

/// A column: its heading, the css class of its cells, and what they say of an order with so many decimal places.
type Column = (&'static str, &'static str, fn(&Order, u32) -> String);

const COLUMNS: [Column; 9] = [
    ("Time", "", |order, _| format::moment(order.created_at)),
    ("Symbol", "name", |order, _| order.symbol.to_string()),
    ("Side", "side", |order, _| words::side_word(order.side).to_owned()),
    ("Type", "", |order, _| words::type_words(order)),
    ("Price", "num", words::order_price),
    ("Trigger", "num", words::trigger),
    ("Filled", "num filled", |order, _| words::filled(order)),
    ("In force", "", |order, _| words::flags(order)),
    ("Status", "", |order, _| words::status_words(order)),
];

const CANCEL: Action = Action {
    label: "Cancel",
    doing: "Cancelling…",
    done: "",
    class: "",
};

const AMEND: Action = Action {
    label: "Save",
    doing: "Amending…",
    done: "Amended.",
    class: "",
};

/// The headings.
pub fn head() -> Plain {
    let names = COLUMNS.iter().map(|(name, class, _)| (*name, *class));
    rows::head(&names.chain([("", "actions")]).collect::<Vec<_>>())
}

/// The rows of one order.
pub fn order_row(id: OrderId, cell: ArcRwSignal<Order>) -> Plain {
    let cell = RwSignal::from(cell);
    let first = cell.get_untracked();
    let scale = use_realtime().store.price_scale(first.symbol);
    let number = id.0.to_string();
    let mut cells: Vec<Plain> = COLUMNS
        .iter()
        .map(|(name, class, text)| {
            el("td")
                .attr("role", "cell")
                .class(class)
                .attr("data-label", name)
                .says(move || cell.with(|order| text(order, scale)))
        })
        .collect();
    let deed = Deed::new();
    let is_editing = RwSignal::new(false);
    let [price, trigger, quantity, problem] = [(); 4].map(|()| RwSignal::new(String::new()));
    let open = move || {
        cell.with_untracked(|order| {
            let plain = |value: Option<Decimal>| value.map_or_else(String::new, |value| value.to_string());
            price.set(plain(order.price.map(|price| price.get())));
            trigger.set(plain(order.trigger_price.map(|price| price.get())));
            quantity.set(plain(Some(order.quantity.get())));
        });
        is_editing.update(|is_editing| *is_editing = !*is_editing);
    };
    let cancel = move || {
        Some(Instruction::CancelOrder(OrderRef {
            order_id: Some(id),
            client_order_id: None,
        }))
    };
    let save = move || made(changes(cell, price, trigger, quantity), problem).map(Instruction::AmendOrder);
    // What was typed stays until it is in force: a refusal may be about one digit.
    react(move || {
        if deed.kind() == "done" {
            is_editing.set(false);
        }
    });
    let amend = el("button")
        .attr("type", "button")
        .class("button act")
        .attr("aria-label", &["Amend order ", &number].concat())
        .live("aria-expanded", move || Some(is_editing.get().to_string()))
        .flag("disabled", move || deed.is_off())
        .on("click", move |_| open())
        .text("Amend");
    cells.push(el("td").attr("role", "cell").class("actions").with(vec![
        amend,
        deed.button(
            CANCEL,
            &["Cancel order ", &number].concat(),
            None,
            Box::new(cancel),
        ),
    ]));
    let mut form = Vec::new();
    if first.price.is_some() {
        form.push(field("Price", price));
    }
    if first.trigger_price.is_some() {
        form.push(field("Trigger", trigger));
    }
    form.push(field("Quantity", quantity));
    form.push(deed.button(
        AMEND,
        &["Save the changes of order ", &number].concat(),
        None,
        Box::new(save),
    ));
    form.push(trouble(problem));
    let form = el("div")
        .class("row-form")
        .flag("hidden", move || !is_editing.get())
        .with(form);
    let foot = el("td")
        .attr("role", "cell")
        .attr("colspan", "10")
        .with(vec![form, deed.notice()]);
    let row = el("tr")
        .attr("role", "row")
        .attr("data-tone", first.side.as_str())
        .live("data-kind", move || Some(deed.kind().to_owned()))
        .live("style", move || {
            Some(cell.with(|order| ["--filled:", &share_of(order), "%"].concat()))
        })
        .with(cells);
    let foot = el("tr")
        .attr("role", "row")
        .class("row-foot")
        .flag("hidden", move || !is_editing.get() && deed.text().is_empty())
        .with(vec![foot]);
    el("tbody").attr("role", "rowgroup").with(vec![row, foot])
}

/// What is filled, in whole percent.
fn share_of(order: &Order) -> String {
    let share = (order.filled_quantity.get() * Decimal::ONE_HUNDRED).checked_div(order.quantity.get());
    share.unwrap_or_default().trunc().to_string()
}

/// What differs from the order as it stands.
fn changes(
    cell: RwSignal<Order>,
    price: RwSignal<String>,
    trigger: RwSignal<String>,
    quantity: RwSignal<String>,
) -> Result<AmendOrder, String> {
    let price = typed("Price", price)?;
    let trigger = typed("Trigger", trigger)?;
    let quantity = typed("Quantity", quantity)?;
    cell.with_untracked(|order| {
        let amend = AmendOrder {
            order_id: Some(order.id),
            price: price.filter(|_| price != order.price),
            trigger_price: trigger.filter(|_| trigger != order.trigger_price),
            quantity: quantity.filter(|quantity| *quantity != order.quantity),
            ..AmendOrder::default()
        };
        let is_same = amend.price.is_none() && amend.trigger_price.is_none() && amend.quantity.is_none();
        match is_same {
            true => Err("Nothing was changed.".to_owned()),
            false => Ok(amend),
        }
    })
}
