//! A table of what has happened and stays as it is: trades, final orders, alerts, the log, tallies. Rows are told apart
//! by key, so that a new one is written alone; on a phone the table scrolls sideways inside its panel.

pub mod words;

use std::sync::Arc;

use crate::plain::{Plain, el};
use crate::realtime::lists::Entry;
use crate::realtime::use_realtime;

/// A column: its heading, and the css class of its cells.
pub type Column = (&'static str, &'static str);

/// What a table shows.
pub type Source = Arc<dyn Fn() -> Vec<Entry> + Send + Sync>;

/// The table, or a sentence where it is empty.
pub fn rows(name: &'static str, columns: &'static [Column], empty: &'static str, source: Source) -> Plain {
    let store = use_realtime().store;
    let (is_empty, is_full) = (Arc::clone(&source), Arc::clone(&source));
    let body = el("tbody").list(move || {
        let row = |entry: Entry| -> crate::plain::Row {
            let key = entry.key();
            let make = move || row(columns, words::row_of(&entry, |symbol| store.price_scale(symbol)));
            (key, Box::new(make))
        };
        source().into_iter().map(row).collect()
    });
    el("div").with(vec![
        el("table")
            .class("rows")
            .attr("aria-label", name)
            .flag("hidden", move || is_empty().is_empty())
            .with(vec![head(columns), body]),
        el("p")
            .class("empty")
            .flag("hidden", move || !is_full().is_empty())
            .text(empty),
    ])
}

/// The head of a table.
pub fn head(columns: &[Column]) -> Plain {
    let cell = |(name, class): &Column| {
        el("th")
            .attr("scope", "col")
            .attr("role", "columnheader")
            .class(class)
            .text(name)
    };
    let cells = columns.iter().map(cell).collect();
    el("thead")
        .attr("role", "rowgroup")
        .with(vec![el("tr").attr("role", "row").with(cells)])
}

fn row(columns: &[Column], row: words::Row) -> Plain {
    let cell = |(column, text): (&Column, String)| el("td").class(column.1).text(&text);
    let cells = columns.iter().zip(row.cells).map(cell).collect();
    el("tr").attr("data-tone", row.tone).with(cells)
}
