//! One open order: its cells follow the order, and below it stand the form that changes it and what became of that.

use leptos::prelude::*;
use rust_decimal::Decimal;
use tickwire_protocol::command::{AmendOrder, Instruction, OrderRef};
use tickwire_protocol::order::Order;

use crate::derived::derived;
use crate::format;
use crate::realtime::lists::OrderRow;
use crate::realtime::use_realtime;
use crate::widgets::act::{Action, Deed, act};
use crate::widgets::field::{field, typed};
use crate::widgets::rows::words;

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
pub fn head() -> impl IntoView {
    let names = COLUMNS.iter().map(|(name, class, _)| (*name, *class));
    let cells: Vec<_> = names
        .chain([("", "actions")])
        .map(|(name, class)| view! { <th scope="col" role="columnheader" class=class>{name}</th> })
        .collect();
    view! { <tr role="row">{cells}</tr> }
}

/// The rows of one order.
#[component]
pub fn OrderRowView(
    /// The order.
    row: OrderRow,
) -> impl IntoView {
    let id = row.id;
    let cell = RwSignal::from(row.cell.clone());
    let first = row.cell.get_untracked();
    let scale = use_realtime().store.price_scale(first.symbol);
    let cells: Vec<_> = COLUMNS
        .iter()
        .map(|(name, class, text)| {
            let text = derived(move || cell.with(|order| text(order, scale)));
            view! { <td role="cell" class=*class data-label=*name>{text}</td> }
        })
        .collect();
    let bar = derived(move || cell.with(|order| ["--filled:", &share_of(order), "%"].concat()));
    let deed = Deed::new();
    let cancel = act(
        deed,
        CANCEL,
        ["Cancel order ", &id.0.to_string()].concat(),
        None,
        Box::new(move || {
            Some(Instruction::CancelOrder(OrderRef {
                order_id: Some(id),
                client_order_id: None,
            }))
        }),
    );
    let (kind, text) = deed.told();
    let is_editing = RwSignal::new(false);
    let [price, trigger, quantity] = [(); 3].map(|()| RwSignal::new(String::new()));
    let trouble = RwSignal::new(String::new());
    let open = move |_| {
        cell.with_untracked(|order| {
            let plain = |value: Option<Decimal>| value.map_or_else(String::new, |value| value.to_string());
            price.set(plain(order.price.map(|price| price.get())));
            trigger.set(plain(order.trigger_price.map(|price| price.get())));
            quantity.set(plain(Some(order.quantity.get())));
        });
        is_editing.update(|is_editing| *is_editing = !*is_editing);
    };
    let make = move || match changes(cell, price, trigger, quantity) {
        Ok(amend) => {
            trouble.set(String::new());
            is_editing.set(false);
            Some(Instruction::AmendOrder(amend))
        }
        Err(sentence) => {
            trouble.set(sentence);
            None
        }
    };
    let save = act(
        deed,
        AMEND,
        ["Save the changes of order ", &id.0.to_string()].concat(),
        None,
        Box::new(make),
    );
    let realtime = use_realtime();
    let is_off = derived(move || deed.is_pending() || !realtime.is_live());
    let is_quiet = derived(move || !is_editing.get() && text.with(String::is_empty));
    view! {
        <tr role="row" data-tone=first.side.as_str() data-kind=kind style=bar>
            {cells}
            <td role="cell" class="actions" data-label="">
                <button
                    type="button"
                    class="button act"
                    disabled=is_off
                    aria-expanded=derived(move || if is_editing.get() { "true" } else { "false" })
                    aria-label=["Amend order ", &id.0.to_string()].concat()
                    on:click=open
                >
                    "Amend"
                </button>
                {cancel}
            </td>
        </tr>
        <tr role="row" class="row-foot" hidden=is_quiet>
            <td role="cell" colspan="10">
                <div class="row-form" hidden=derived(move || !is_editing.get())>
                    {field("Price", price, first.price.is_none())}
                    {field("Trigger", trigger, first.trigger_price.is_none())}
                    {field("Quantity", quantity, false)}
                    {save}
                    <span class="trouble" role="alert">{trouble}</span>
                </div>
                <span class="row-told" role="status" data-kind=kind>{text}</span>
            </td>
        </tr>
    }
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
