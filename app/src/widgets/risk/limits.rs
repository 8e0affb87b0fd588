//! The limits of the risk guard, to be changed all at once: an empty field is a limit lifted.

use leptos::prelude::*;
use tickwire_protocol::command::Instruction;
use tickwire_protocol::risk::RiskLimits;

use crate::derived::react;
use crate::plain::{Plain, el};
use crate::realtime::use_realtime;
use crate::widgets::act::{Action, Deed};
use crate::widgets::field::{field, made, trouble, typed};

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
pub fn form() -> Plain {
    let account = use_realtime().store.account;
    let fields: Fields = NAMES.map(|_| RwSignal::new(String::new()));
    let shown = StoredValue::new(None);
    // What was told is what stands in the fields; what somebody types stays until the limits themselves change.
    react(move || {
        let limits = account.with(|all| all.risk.as_ref().map(|risk| risk.limits));
        if let Some(limits) = limits
            && shown.get_value() != Some(limits)
        {
            shown.set_value(Some(limits));
            show(&limits, fields);
        }
    });
    let deed = Deed::new();
    let problem = RwSignal::new(String::new());
    let save = move || made(read(fields), problem).map(Instruction::SetRiskLimits);
    let inputs = NAMES
        .into_iter()
        .zip(fields)
        .map(|(name, value)| field(name, value));
    el("details").class("limits").with(vec![
        el("summary").text("Limits"),
        el("div").class("limits-form").with(inputs.collect()),
        el("p").class("row-form").with(vec![
            deed.button(SAVE, "Save the risk limits", None, Box::new(save)),
            el("small").text("An empty field lifts its limit."),
        ]),
        trouble(problem),
        deed.notice(),
    ])
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
