//! Alerts as they come, over the desk and clear of the ticket. Those that are critical interrupt a screen reader, the
//! others wait their turn. Sound and notifications are the business of `public/desk.js`, which watches this region.

use leptos::prelude::*;
use tickwire_protocol::alert::Severity;
use tickwire_protocol::topic::Topic;

use crate::derived::derived;
use crate::realtime::toasts::{Toast, Toasts};
use crate::realtime::use_topics;
use crate::widgets::rows::words::severity_word;

/// The notes over the desk.
#[component]
pub fn ToastStack() -> impl IntoView {
    let toasts = use_topics(&[Topic::Alerts]).toasts;
    view! {
        <div class="toasts" role="region" aria-label="New alerts" data-toasts="">
            {list(toasts, true)}
            {list(toasts, false)}
        </div>
    }
}

fn list(toasts: Toasts, is_critical: bool) -> impl IntoView {
    let live = if is_critical { "assertive" } else { "polite" };
    let mine = derived(move || {
        let mut all = toasts.all.get();
        all.retain(|toast| (toast.severity == Severity::Critical) == is_critical);
        all
    });
    view! {
        <ul aria-live=live>
            <For each=move || mine.get() key=|toast| (toast.key, toast.since) children=move |toast| note(toasts, toast) />
        </ul>
    }
}

fn note(toasts: Toasts, toast: Toast) -> impl IntoView {
    let key = toast.key;
    let news = toast.is_news().then_some("");
    view! {
        <li class="toast" data-tone=severity_word(toast.severity) data-news=news>
            <span>{toast.text}</span>
            <button type="button" class="button act" aria-label="Dismiss" on:click=move |_| toasts.dismiss(key)>
                "×"
            </button>
        </li>
    }
}
