//! Open orders, each with a way to change and to cancel it, and below them those that are final, with the reason in words.

mod row;

use leptos::prelude::*;
use tickwire_protocol::command::{CancelAllOrders, Instruction};
use tickwire_protocol::topic::Topic;

use crate::derived::derived;
use crate::realtime::{use_account_age, use_lists};
use crate::widgets::act::{Action, Deed, Notice, Question, Risky, act};
use crate::widgets::panel::Panel;
use crate::widgets::rows::{Column, Rows};
use row::OrderRowView;

const PAST: &[Column] = &[
    ("Ended", ""),
    ("Symbol", "name"),
    ("Side", "side"),
    ("Type", ""),
    ("Price", "num"),
    ("Filled", "num"),
    ("Average", "num"),
    ("Outcome", ""),
];

const CANCEL_ALL: Action = Action {
    label: "Cancel all",
    doing: "Cancelling…",
    done: "All open orders were cancelled.",
    class: "",
};

/// The region `Orders`.
#[component]
pub fn Orders() -> impl IntoView {
    let lists = use_lists(Topic::Orders);
    let open = lists.open;
    let count = derived(move || open.with(Vec::len));
    let is_empty = derived(move || count.get() == 0);
    let deed = Deed::new();
    let question = Question {
        about: Risky::CancelAll,
        text: Box::new(move || {
            let count = count.get_untracked();
            [
                "Cancel ",
                &count.to_string(),
                if count == 1 { " open order" } else { " open orders" },
                ", stops and take-profits included? Positions stay, and lose what protects them.",
            ]
            .concat()
        }),
    };
    let cancel_all = act(
        deed,
        CANCEL_ALL,
        "Cancel all orders".to_owned(),
        Some(question),
        Box::new(move || {
            (!is_empty.get_untracked()).then(|| Instruction::CancelAllOrders(CancelAllOrders::default()))
        }),
    );
    view! {
        <Panel
            name="Orders"
            id="orders"
            age=use_account_age()
            aside=view! { <span class="count">{derived(move || count.get().to_string())}</span> {cancel_all} }
        >
            <table class="blotter orders" hidden=is_empty role="table" aria-label="Open orders">
                <thead role="rowgroup">{row::head()}</thead>
                <tbody role="rowgroup">
                    <For each=move || open.get() key=|row| row.id let:row>
                        <OrderRowView row=row />
                    </For>
                </tbody>
            </table>
            <p class="empty" hidden=derived(move || !is_empty.get())>
                "No open orders. A limit or stop order from the ticket waits here until it is filled."
            </p>
            <Notice deed=deed />
            <h3 class="sub-head">"Recent"</h3>
            <Rows name="Recent orders" columns=PAST list=derived(move || lists.past.get()) empty="No order has ended yet." />
        </Panel>
    }
}
