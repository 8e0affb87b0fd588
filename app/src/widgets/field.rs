//! A small field for a number or a few words, and a choice of a few things.

use std::str::FromStr;

use leptos::prelude::*;

use crate::plain::{Plain, el};

/// A labelled input.
pub fn field(label: &'static str, value: RwSignal<String>) -> Plain {
    let input = el("input")
        .attr("type", "text")
        .attr("inputmode", "decimal")
        .attr("autocomplete", "off")
        .bound(value);
    el("label")
        .class("small-field")
        .with(vec![el("span").text(label), input])
}

/// A choice: the value of each option, and its words.
pub fn choice(
    name: &'static str,
    value: RwSignal<String>,
    options: &[(&'static str, &'static str)],
) -> Plain {
    let option =
        |(value, words): &(&'static str, &'static str)| el("option").attr("value", value).text(words);
    el("select")
        .class("button act")
        .attr("aria-label", name)
        .on("change", move |event| value.set(event_target_value(&event)))
        .with(options.iter().map(option).collect())
}

/// What is wrong with what was typed.
pub fn trouble(text: RwSignal<String>) -> Plain {
    el("span")
        .class("trouble")
        .attr("role", "alert")
        .says(move || text.get())
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

/// What was made of the fields; where it could not be made, `trouble` says why.
pub fn made<T>(result: Result<T, String>, trouble: RwSignal<String>) -> Option<T> {
    match result {
        Ok(made) => {
            trouble.set(String::new());
            Some(made)
        }
        Err(sentence) => {
            trouble.set(sentence);
            None
        }
    }
}
