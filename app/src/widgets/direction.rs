//! Up or down, said in more than colour.

use crate::derived::{Number, derived};
use leptos::prelude::*;
use rust_decimal::Decimal;

use crate::format;

/// `up`, `down` or `flat`: what the css colours by.
pub fn direction_of(value: Option<Decimal>) -> &'static str {
    match value {
        Some(value) if value > Decimal::ZERO => "up",
        Some(value) if value < Decimal::ZERO => "down",
        _ => "flat",
    }
}

/// A change in percent, with its sign and an arrow.
#[component]
pub fn ChangeText(
    /// The change.
    percent: Number,
) -> impl IntoView {
    let text = derived(move || {
        percent
            .get()
            .map_or_else(|| format::UNKNOWN.to_owned(), format::percent)
    });
    let arrow = derived(move || match direction_of(percent.get()) {
        "up" => "▲",
        "down" => "▼",
        _ => "",
    });
    view! {
        <span class="arrow" aria-hidden="true">{arrow}</span>
        <span>{text}</span>
    }
}

/// A profit or a loss in the account's currency, coloured and signed.
#[component]
pub fn PnlText(
    /// The amount.
    amount: Number,
    /// Whether it is a percentage.
    #[prop(optional)]
    is_percent: bool,
) -> impl IntoView {
    let direction = derived(move || direction_of(amount.get()));
    let text = derived(move || match amount.get() {
        Some(amount) if is_percent => format::percent(amount),
        Some(amount) => format::signed(amount, format::MONEY_SCALE),
        None => format::UNKNOWN.to_owned(),
    });
    view! {
        <span class="pnl" data-direction=direction>
            {text}
        </span>
    }
}
