//! Every fill and every funding payment, the newest first, and all of them as a file.

mod csv;

use std::sync::Arc;

use leptos::prelude::*;
use tickwire_protocol::topic::Topic;

use crate::plain::{Plain, el};
use crate::realtime::{use_lists, use_realtime};
use crate::widgets::panel::{count, panel};
use crate::widgets::rows::{Column, rows};

const COLUMNS: &[Column] = &[
    ("Time", ""),
    ("Symbol", "name"),
    ("Side", "side"),
    ("Quantity", "num"),
    ("Price", "num"),
    ("Fee", "num"),
    ("Role", ""),
    ("P&L", "num"),
];

/// The region `Trades`.
pub fn trades() -> Plain {
    let trades = use_lists(Topic::Executions).trades;
    let text = RwSignal::new(String::new());
    let followed_since = use_realtime().status.followed_since;
    // The script in the head makes a file of what stands in the attribute after the click.
    let export = el("button")
        .attr("type", "button")
        .class("button act")
        .attr("data-download", "tickwire-trades.csv")
        .live("data-text", move || Some(text.get()))
        .flag("hidden", move || trades.with(Vec::is_empty))
        .flag("disabled", move || followed_since.with(Option::is_none))
        .on("click", move |_| {
            text.set(trades.with_untracked(|all| csv::csv(all)))
        })
        .text("Export CSV");
    panel(
        "Trades",
        "trades",
        vec![count(move || trades.with(Vec::len)), export],
        vec![rows(
            "Executions and funding",
            COLUMNS,
            "No trades yet. Each fill and each funding payment gets a row here.",
            Arc::new(move || trades.get()),
        )],
    )
}
