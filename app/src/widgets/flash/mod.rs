//! A number that flashes when it changes: green upwards, red downwards, at most three times a second.

mod pulse;

use crate::derived::{Number, Text, derived};
use leptos::prelude::*;

use crate::realtime::use_realtime;
use pulse::Pulse;

/// A cell whose background pulses when its value changes. The arrow says the direction without colour.
#[component]
pub fn FlashCell(
    /// What is compared.
    value: Number,
    /// What is shown.
    text: Text,
    /// Whether the last direction stays visible, as the colour of the text and an arrow.
    #[prop(optional)]
    keeps_trend: bool,
) -> impl IntoView {
    let clock = use_realtime().status.batch_at;
    let pulse = Memo::new(move |before: Option<&Pulse>| {
        Pulse::next(before.copied(), value.get(), clock.get_untracked())
    });
    let class = derived(move || pulse.get().class(keeps_trend));
    view! { <span class=class>{text}</span> }
}
