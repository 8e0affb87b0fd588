//! The last fills and funding payments, the newest first, and all that there ever were as a file.

use std::sync::Arc;

use leptos::prelude::*;
use tickwire_protocol::topic::Topic;

use crate::plain::{Plain, el};
use crate::realtime::use_lists;
use crate::widgets::panel::{count_at_hand, panel};
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
    let lists = use_lists(Topic::Executions);
    let trades = lists.trades;
    // The server has them all, the page only the last ones: it works without a script too.
    let export = el("a")
        .attr("href", "/api/trades.csv")
        .attr("download", "tickwire-trades.csv")
        .class("button act")
        .flag("hidden", move || trades.with(Vec::is_empty))
        .text("Export all as CSV");
    panel(
        "Trades",
        "trades",
        vec![count_at_hand(trades, lists.has_more_trades), export],
        vec![rows(
            "Executions and funding",
            COLUMNS,
            "No trades yet. Each fill and each funding payment gets a row here.",
            Arc::new(move || trades.get()),
        )],
    )
}
