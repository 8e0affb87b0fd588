//! Price alerts that wait, a form to set one, and what the desk has said.

use std::sync::Arc;

use leptos::prelude::*;
use tickwire_protocol::alert::{AlertCondition, AlertRule};
use tickwire_protocol::command::{CancelAlert, CreateAlert, Instruction};
use tickwire_protocol::id::Symbol;
use tickwire_protocol::topic::Topic;

use crate::plain::{Plain, Row, el};
use crate::realtime::lists::Entry;
use crate::realtime::{use_lists, use_realtime};
use crate::selection::use_selection;
use crate::widgets::act::{Action, Deed};
use crate::widgets::field::{choice, field, made, trouble, typed};
use crate::widgets::panel::{count, panel};
use crate::widgets::rows::{Column, rows, words};

const COLUMNS: &[Column] = &[("Time", ""), ("Severity", "level"), ("Message", "text")];

const CREATE: Action = Action {
    label: "Set alert",
    doing: "Setting…",
    done: "The alert is set.",
    class: "",
};

const CANCEL: Action = Action {
    label: "Cancel",
    doing: "Cancelling…",
    done: "",
    class: "",
};

/// The region `Alerts`.
pub fn alerts() -> Plain {
    let lists = use_lists(Topic::Alerts);
    let rules = lists.rules;
    let deed = Deed::new();
    let waiting = move || {
        let row = |entry: Entry| -> Option<Row> {
            let key = entry.key();
            let Entry::Rule(one) = entry else {
                return None;
            };
            Some((key, Box::new(move || rule(&one, deed))))
        };
        rules.get().into_iter().filter_map(row).collect()
    };
    panel(
        "Alerts",
        "alerts",
        vec![count(move || rules.with(Vec::len))],
        vec![
            form(deed),
            deed.notice(),
            el("ul")
                .class("rules")
                .attr("aria-label", "Price alerts that wait")
                .list(waiting),
            el("p")
                .class("empty")
                .flag("hidden", move || rules.with(|rules| !rules.is_empty()))
                .text(
                    "No price alert waits. Choose a condition and a price above to be told when it is met.",
                ),
            el("h3").class("sub-head").text("History"),
            rows(
                "Alerts given",
                COLUMNS,
                "The desk has not said anything yet.",
                Arc::new(move || lists.alerts.get()),
            ),
        ],
    )
}

/// One that waits.
fn rule(rule: &AlertRule, deed: Deed) -> Plain {
    let scale = use_realtime().store.price_scale(rule.symbol);
    let id = rule.id;
    let symbol = rule.symbol.as_str();
    let cancel = Box::new(move || Some(Instruction::CancelAlert(CancelAlert { alert_id: id })));
    el("li").with(vec![
        el("b").text(symbol),
        el("span").text(&words::rule_words(rule, scale)),
        el("span")
            .class("note")
            .text(rule.note.as_deref().unwrap_or_default()),
        deed.button(CANCEL, &["Cancel the alert on ", symbol].concat(), None, cancel),
    ])
}

/// Sets one on the instrument that the desk is turned to.
fn form(deed: Deed) -> Plain {
    let symbol = use_selection().symbol;
    let [condition, value, note, problem] = [(); 4].map(|()| RwSignal::new(String::new()));
    let create = move || {
        let symbol = symbol.get_untracked()?;
        let condition = condition.with_untracked(|condition| match condition.as_str() {
            "below" => AlertCondition::CrossBelow,
            "move" => AlertCondition::PercentMove,
            _ => AlertCondition::CrossAbove,
        });
        made(alert(symbol, condition, value, note), problem).map(Instruction::CreateAlert)
    };
    let name = move || symbol.get().map_or_else(String::new, |symbol| symbol.to_string());
    let conditions = [
        ("above", "rises to"),
        ("below", "falls to"),
        ("move", "moves by %"),
    ];
    el("div").class("row-form alert-form").with(vec![
        el("label").class("small-field").with(vec![
            el("span").says(name),
            choice("Condition", condition, &conditions),
        ]),
        field("Price or percent", value),
        field("Note", note),
        deed.button(CREATE, "Set the price alert", None, Box::new(create)),
        trouble(problem),
    ])
}

fn alert(
    symbol: Symbol,
    condition: AlertCondition,
    value: RwSignal<String>,
    note: RwSignal<String>,
) -> Result<CreateAlert, String> {
    let is_move = condition == AlertCondition::PercentMove;
    let missing = || "Enter a price, or a percentage for a move.".to_owned();
    let note = note.with_untracked(|note| note.trim().to_owned());
    Ok(CreateAlert {
        client_order_id: None,
        symbol,
        condition,
        price: match is_move {
            true => None,
            false => Some(typed("Price", value)?.ok_or_else(missing)?),
        },
        percent: match is_move {
            true => Some(typed("Percent", value)?.ok_or_else(missing)?),
            false => None,
        },
        note: (!note.is_empty()).then_some(note),
    })
}
