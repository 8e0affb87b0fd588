//! Alerts as they come, over the desk and clear of the ticket. Those that are critical interrupt a screen reader, the
//! others wait their turn. Sound and notifications are the business of `public/desk.js`, which watches this region.

use tickwire_protocol::alert::Severity;
use tickwire_protocol::topic::Topic;

use crate::plain::{Plain, Row, el};
use crate::realtime::lists::Entry;
use crate::realtime::toasts::{Toast, Toasts};
use crate::realtime::use_topics;
use crate::widgets::rows::words::severity_word;
use leptos::prelude::*;

/// The notes over the desk.
pub fn toast_stack() -> Plain {
    let toasts = use_topics(&[Topic::Alerts]).toasts;
    el("div")
        .class("toasts")
        .attr("role", "region")
        .attr("aria-label", "New alerts")
        .attr("data-toasts", "")
        .with(vec![list(toasts, true), list(toasts, false)])
}

fn list(toasts: Toasts, is_critical: bool) -> Plain {
    let mine = move || {
        let row = |entry: Entry| -> Option<Row> {
            let key = entry.key();
            let Entry::Toast(toast) = entry else {
                return None;
            };
            let is_mine = (toast.severity == Severity::Critical) == is_critical;
            is_mine.then(|| -> Row { (key, Box::new(move || note(toasts, &toast))) })
        };
        toasts.all.get().into_iter().filter_map(row).collect()
    };
    el("ul")
        .attr("aria-live", if is_critical { "assertive" } else { "polite" })
        .list(mine)
}

fn note(toasts: Toasts, toast: &Toast) -> Plain {
    let key = toast.key;
    let note = el("li")
        .class("toast")
        .attr("data-tone", severity_word(toast.severity))
        .with(vec![
            el("span").text(&toast.text),
            el("button")
                .attr("type", "button")
                .class("button act")
                .attr("aria-label", "Dismiss")
                .on("click", move |_| toasts.dismiss(key))
                .text("×"),
        ]);
    if toast.is_news() {
        note.attr("data-news", "")
    } else {
        note
    }
}
