//! A table of what has happened and stays as it is: trades, final orders, alerts, the log, tallies. Rows are told apart
//! by key, so that a new one is written alone; on a phone the table scrolls sideways inside its panel.

pub mod words;

use leptos::prelude::*;

use crate::derived::derived;
use crate::realtime::lists::Entry;
use crate::realtime::use_realtime;

/// A column: its heading, and the css class of its cells.
pub type Column = (&'static str, &'static str);

/// The table, or a sentence where it is empty.
#[component]
pub fn Rows(
    /// What it is a table of, for those who cannot see it.
    name: &'static str,
    /// Its columns.
    columns: &'static [Column],
    /// What it shows.
    list: Memo<Vec<Entry>>,
    /// What it says where there is nothing: also what to do.
    empty: &'static str,
) -> impl IntoView {
    let is_empty = derived(move || list.with(Vec::is_empty));
    let store = use_realtime().store;
    view! {
        <table class="rows" hidden=is_empty aria-label=name>
            {head(columns)}
            <tbody>
                <For each=move || list.get() key=Entry::key let:entry>
                    {row(columns, words::row_of(&entry, |symbol| store.price_scale(symbol)))}
                </For>
            </tbody>
        </table>
        <p class="empty" hidden=derived(move || !is_empty.get())>{empty}</p>
    }
}

/// The head of a table.
pub fn head(columns: &'static [Column]) -> impl IntoView {
    let cells: Vec<_> = columns
        .iter()
        .map(|(name, class)| view! { <th scope="col" class=*class>{*name}</th> })
        .collect();
    view! {
        <thead>
            <tr>{cells}</tr>
        </thead>
    }
}

fn row(columns: &'static [Column], row: words::Row) -> impl IntoView {
    let cells: Vec<_> = columns
        .iter()
        .zip(row.cells)
        .map(|((_, class), text)| view! { <td class=*class>{text}</td> })
        .collect();
    view! { <tr data-tone=row.tone>{cells}</tr> }
}
