//! Open positions, one row each, with a way out of each. On a phone the same rows are cards.

mod row;

use leptos::prelude::*;
use tickwire_protocol::command::{FlattenAll, Instruction};

use crate::age;
use crate::derived::derived;
use crate::realtime::{use_positions, use_realtime};
use crate::widgets::act::{Action, Deed, Question, Risky};
use crate::widgets::order_ticket::outcome;
use crate::widgets::panel::Panel;
use crate::widgets::rows;
use row::PositionRowView;

const FLATTEN: Action = Action {
    label: "Flatten all",
    doing: "Flattening…",
    done: "All orders are cancelled and all positions closed.",
    class: "",
};

const COLUMNS: [rows::Column; 11] = [
    ("Symbol", "name"),
    ("Side", "side"),
    ("Quantity", "num"),
    ("Entry", "num"),
    ("Mark", "num"),
    ("P&L", "num"),
    ("P&L %", "num"),
    ("Value", "num"),
    ("Margin", "num"),
    ("Liquidation", "num"),
    ("", "actions"),
];

/// The region `Positions`.
#[component]
pub fn Positions() -> impl IntoView {
    let open = use_positions();
    let realtime = use_realtime();
    let known_at = realtime.store.positions_at;
    let age = derived(move || age::of_account(realtime.status.moment(), known_at.get()));
    let count = derived(move || open.with(Vec::len).to_string());
    let is_empty = derived(move || open.with(Vec::is_empty));
    let none = derived(move || match known_at.with(Option::is_some) {
        true => "No open positions. Buy or sell in the order ticket to open one.",
        false => "Positions appear as soon as the account is connected.",
    });
    let asked = RwSignal::new(None);
    let told = outcome::follow(realtime, asked);
    let deed = Deed::new()
        .idle_where(|store| store.positions.with(Vec::is_empty) && store.lists.open.with(Vec::is_empty));
    let question = Question {
        about: Risky::Flatten,
        text: Box::new(move || {
            let orders = realtime.store.lists.open.with_untracked(Vec::len).to_string();
            [
                "Cancel all open orders (",
                &orders,
                ") and close all positions (",
                &count.get_untracked(),
                ") at market?",
            ]
            .concat()
        }),
    };
    let flatten = deed.button(
        FLATTEN,
        "Flatten all: cancel all orders and close all positions",
        Some(question),
        Box::new(|| Some(Instruction::FlattenAll(FlattenAll::default()))),
    );
    view! {
        <Panel name="Positions" id="positions" age=age aside=view! { <span class="count">{count}</span> {flatten} }>
            <table class="blotter positions" hidden=is_empty role="table">
                {rows::head(&COLUMNS)}
                <tbody role="rowgroup">
                    <For each=move || open.get() key=|row| row.id let:row>
                        <PositionRowView row=row asked=asked />
                    </For>
                </tbody>
            </table>
            <p class="empty" hidden=derived(move || !is_empty.get())>{none}</p>
            <p class="notice" role="status" aria-live="polite" data-kind=told.kind>
                {told.text}
            </p>
            {deed.notice()}
        </Panel>
    }
}
