//! The server's log, the newest line first. While the pointer rests on it, or the keyboard is in it, no line moves.

use std::sync::Arc;

use leptos::prelude::*;
use tickwire_protocol::log::LogLevel;
use tickwire_protocol::topic::Topic;

use crate::plain::{Plain, el};
use crate::realtime::lists::Entry;
use crate::realtime::use_lists;
use crate::widgets::field::choice;
use crate::widgets::panel::panel;
use crate::widgets::rows::{Column, rows};

const COLUMNS: &[Column] = &[
    ("Time", ""),
    ("Level", "level"),
    ("Module", ""),
    ("Message", "text"),
];

/// The region `Logs`.
pub fn logs() -> Plain {
    let logs = use_lists(Topic::Logs).logs;
    let least = RwSignal::new(String::new());
    let is_held = RwSignal::new(false);
    let shown = StoredValue::new(Vec::new());
    let source = move || {
        let least = least.with(|least| match least.as_str() {
            "warning" => LogLevel::Warning,
            "error" => LogLevel::Error,
            _ => LogLevel::Info,
        });
        let all = logs.get();
        if !is_held.get() {
            shown.set_value(all);
        }
        let mut lines = shown.get_value();
        lines.retain(|entry| matches!(entry, Entry::Log(_, line) if line.level >= least));
        lines
    };
    let body = rows(
        "Log lines",
        COLUMNS,
        "No log lines of this level. The server tells here what it does and what goes wrong.",
        Arc::new(source),
    );
    let levels = [
        ("info", "All levels"),
        ("warning", "Warnings and errors"),
        ("error", "Errors only"),
    ];
    panel(
        "Logs",
        "logs",
        vec![
            choice("Lowest level shown", least, &levels),
            el("span")
                .class("held")
                .flag("hidden", move || !is_held.get())
                .text("held while you read"),
        ],
        vec![
            el("div")
                .on("mouseenter", move |_| is_held.set(true))
                .on("mouseleave", move |_| is_held.set(false))
                .with(vec![body]),
        ],
    )
}
