//! Open orders, each with a way to change and to cancel it, and below them those that are final, with the reason in words.

mod row;

use std::sync::Arc;

use leptos::prelude::*;
use tickwire_protocol::command::{CancelAllOrders, Instruction};
use tickwire_protocol::topic::Topic;

use crate::plain::{Key, Plain, Row, el};
use crate::realtime::lists::Entry;
use crate::realtime::use_lists;
use crate::widgets::act::{Action, Deed, Question, Risky};
use crate::widgets::panel::{count_at_hand, panel};
use crate::widgets::rows::{Column, rows};

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

/// The key of the head among the groups of rows.
const HEAD: Key = (u8::MAX, 0, 0);

const CANCEL_ALL: Action = Action {
    label: "Cancel all",
    doing: "Cancelling…",
    done: "All open orders were cancelled.",
    class: "",
};

/// The region `Orders`.
pub fn orders() -> Plain {
    let lists = use_lists(Topic::Orders);
    let open = lists.open;
    let many = move || open.with(Vec::len);
    let deed = Deed::new().idle_where(|store| store.lists.open.with(Vec::is_empty));
    let question = Question {
        about: Risky::CancelAll,
        text: Box::new(move || {
            let plus = if lists.has_more_open.get_untracked() {
                " and more"
            } else {
                ""
            };
            [
                "Cancel all open orders (",
                &untrack(many).to_string(),
                plus,
                "), stops and take-profits included? Positions stay, and lose what protects them.",
            ]
            .concat()
        }),
    };
    let cancel_all = Box::new(move || {
        let is_empty = open.with_untracked(Vec::is_empty);
        (!is_empty).then(|| Instruction::CancelAllOrders(CancelAllOrders::default()))
    });
    // Each order is a group of two rows, the second one for its form and its answers; the first group is the head.
    let groups = move || {
        let row = |entry: Entry| -> Option<Row> {
            let key = entry.key();
            let Entry::Open(id, cell) = entry else {
                return None;
            };
            Some((key, Box::new(move || row::order_row(id, cell))))
        };
        let head: Row = (HEAD, Box::new(row::head));
        std::iter::once(head)
            .chain(open.get().into_iter().filter_map(row))
            .collect()
    };
    let table = el("table")
        .class("blotter orders")
        .attr("role", "table")
        .attr("aria-label", "Open orders")
        .flag("hidden", move || many() == 0)
        .list(groups);
    panel(
        "Orders",
        "orders",
        vec![
            count_at_hand(open, lists.has_more_open),
            deed.button(CANCEL_ALL, "Cancel all orders", Some(question), cancel_all),
        ],
        vec![
            table,
            el("p")
                .class("empty")
                .flag("hidden", move || many() > 0)
                .text("No open orders. A limit or stop order from the ticket waits here until it is filled."),
            deed.notice(),
            el("h3").class("sub-head").text("Recent"),
            rows(
                "Recent orders",
                PAST,
                "No order has ended yet.",
                Arc::new(move || lists.past.get()),
            ),
        ],
    )
}
