//! A small field for a number or a few words.

use std::str::FromStr;

use leptos::prelude::*;

/// A labelled input.
pub fn field(label: &'static str, value: RwSignal<String>, is_hidden: bool) -> impl IntoView {
    view! {
        <label class="small-field" hidden=is_hidden>
            <span>{label}</span>
            <input
                type="text"
                inputmode="decimal"
                autocomplete="off"
                prop:value=value
                on:input:target=move |event| value.set(event.target().value())
            />
        </label>
    }
}

/// What was typed: nothing where the field is empty, and a sentence where it cannot be read.
pub fn typed<T: FromStr>(label: &str, value: RwSignal<String>) -> Result<Option<T>, String> {
    value.with_untracked(|text| match text.trim() {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(|_| {
            [
                label,
                ": \u{201c}",
                text,
                "\u{201d} is no plain number such as 0.01.",
            ]
            .concat()
        }),
    })
}
