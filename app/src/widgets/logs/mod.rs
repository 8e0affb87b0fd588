//! The server's log, the newest line first. While the pointer rests on it, or the keyboard is in it, no line moves.

use leptos::prelude::*;
use tickwire_protocol::log::LogLevel;
use tickwire_protocol::topic::Topic;

use crate::derived::derived;
use crate::realtime::lists::Entry;
use crate::realtime::{use_account_age, use_lists};
use crate::widgets::panel::Panel;
use crate::widgets::rows::{Column, Rows};

const COLUMNS: &[Column] = &[
    ("Time", ""),
    ("Level", "level"),
    ("Module", ""),
    ("Message", "text"),
];

/// The region `Logs`.
#[component]
pub fn Logs() -> impl IntoView {
    let logs = use_lists(Topic::Logs).logs;
    let least = RwSignal::new(LogLevel::Info);
    let is_held = RwSignal::new(false);
    let list = Memo::new(move |before: Option<&Vec<Entry>>| {
        let least = least.get();
        match before {
            Some(before) if is_held.get() => before.clone(),
            _ => logs.with(|all| {
                let shown = |entry: &&Entry| matches!(entry, Entry::Log(_, line) if line.level >= least);
                all.iter().filter(shown).cloned().collect()
            }),
        }
    });
    let choose = move |event: leptos::ev::Targeted<leptos::ev::Event, web_sys::HtmlSelectElement>| {
        least.set(match event.target().value().as_str() {
            "warning" => LogLevel::Warning,
            "error" => LogLevel::Error,
            _ => LogLevel::Info,
        });
        is_held.set(false);
    };
    view! {
        <Panel
            name="Logs"
            id="logs"
            age=use_account_age()
            aside=view! {
                <select class="button act" aria-label="Lowest level shown" on:change:target=choose>
                    <option value="info">"All levels"</option>
                    <option value="warning">"Warnings and errors"</option>
                    <option value="error">"Errors only"</option>
                </select>
                <span class="held" hidden=derived(move || !is_held.get())>"held while you read"</span>
            }
        >
            <div on:mouseenter=move |_| is_held.set(true) on:mouseleave=move |_| is_held.set(false)>
                <Rows
                    name="Log lines"
                    columns=COLUMNS
                    list=list
                    empty="No log lines of this level. The server tells here what it does and what goes wrong."
                />
            </div>
        </Panel>
    }
}
