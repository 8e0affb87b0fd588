//! Every fill and every funding payment, the newest first, and all of them as a file.

mod csv;

use leptos::prelude::*;
use tickwire_protocol::topic::Topic;

use crate::derived::derived;
use crate::realtime::{use_account_age, use_lists};
use crate::widgets::panel::Panel;
use crate::widgets::rows::{Column, Rows};

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
#[component]
pub fn Trades() -> impl IntoView {
    let trades = use_lists(Topic::Executions).trades;
    let is_empty = derived(move || trades.with(Vec::is_empty));
    let text = RwSignal::new(None);
    // The script in the head makes a file of what stands in the attribute after the click.
    let write = move |_| text.set(Some(trades.with_untracked(|all| csv::csv(all))));
    let count = derived(move || trades.with(Vec::len).to_string());
    view! {
        <Panel
            name="Trades"
            id="trades"
            age=use_account_age()
            aside=view! {
                <span class="count">{count}</span>
                <a
                    class="button act"
                    href="/export/executions.csv"
                    data-download="tickwire-trades.csv"
                    data-text=text
                    hidden=is_empty
                    on:click=write
                >
                    "Export CSV"
                </a>
            }
        >
            <Rows
                name="Executions and funding"
                columns=COLUMNS
                list=derived(move || trades.get())
                empty="No trades yet. Each fill and each funding payment gets a row here."
            />
        </Panel>
    }
}
