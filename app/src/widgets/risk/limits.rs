//! The limits of the risk guard, to be changed all at once: an empty field is a limit lifted.

use leptos::prelude::*;
use tickwire_protocol::command::Instruction;
use tickwire_protocol::risk::RiskLimits;

use crate::derived::react;
use crate::realtime::use_realtime;
use crate::widgets::act::{Action, Deed, Notice, act};
use crate::widgets::field::{field, typed};

const SAVE: Action = Action {
    label: "Save limits",
    doing: "Saving…",
    done: "The limits are in force.",
    class: "",
};

const NAMES: [&str; 7] = [
    "Pause at drawdown %",
    "Stop at drawdown %",
    "Pause at daily loss %",
    "Stop at daily loss %",
    "Largest exposure",
    "Largest position",
    "Orders a minute",
];

type Fields = [RwSignal<String>; 7];

/// The form, behind its heading.
#[component]
pub fn LimitsForm() -> impl IntoView {
    let risk = use_realtime().store.risk.value;
    let fields: Fields = NAMES.map(|_| RwSignal::new(String::new()));
    let limits = crate::derived::derived(move || risk.with(|risk| risk.as_ref().map(|risk| risk.limits)));
    // What was told is what stands in the fields; what somebody types stays until the limits themselves change.
    react(move || {
        if let Some(limits) = limits.get() {
            show(&limits, fields);
        }
    });
    let deed = Deed::new();
    let trouble = RwSignal::new(String::new());
    let make = move || match read(fields) {
        Ok(limits) => {
            trouble.set(String::new());
            Some(Instruction::SetRiskLimits(limits))
        }
        Err(sentence) => {
            trouble.set(sentence);
            None
        }
    };
    let inputs: Vec<_> = NAMES
        .iter()
        .zip(fields)
        .map(|(name, value)| field(name, value, false))
        .collect();
    view! {
        <details class="limits">
            <summary>"Limits"</summary>
            <div class="limits-form">{inputs}</div>
            <p class="row-form">
                {act(deed, SAVE, "Save the risk limits".to_owned(), None, Box::new(make))}
                <small>"An empty field lifts its limit."</small>
            </p>
            <span class="trouble" role="alert">{trouble}</span>
            <Notice deed=deed />
        </details>
    }
}

fn show(limits: &RiskLimits, fields: Fields) {
    let percent = |value: Option<tickwire_protocol::money::Ratio>| value.map(|one| one.get());
    let amount = |value: Option<tickwire_protocol::money::Amount>| value.map(|one| one.get());
    let values = [
        percent(limits.soft_drawdown_pct),
        percent(limits.hard_drawdown_pct),
        percent(limits.soft_daily_loss_pct),
        percent(limits.hard_daily_loss_pct),
        amount(limits.max_exposure),
        amount(limits.max_position_value),
        limits.max_orders_per_minute.map(Into::into),
    ];
    for (field, value) in fields.iter().zip(values) {
        field.set(value.map_or_else(String::new, |value| value.normalize().to_string()));
    }
}

fn read(fields: Fields) -> Result<RiskLimits, String> {
    Ok(RiskLimits {
        soft_drawdown_pct: typed(NAMES[0], fields[0])?,
        hard_drawdown_pct: typed(NAMES[1], fields[1])?,
        soft_daily_loss_pct: typed(NAMES[2], fields[2])?,
        hard_daily_loss_pct: typed(NAMES[3], fields[3])?,
        max_exposure: typed(NAMES[4], fields[4])?,
        max_position_value: typed(NAMES[5], fields[5])?,
        max_orders_per_minute: typed(NAMES[6], fields[6])?,
    })
}
