//! Price alerts that wait, a form to set one, and what the desk has said.

use leptos::prelude::*;
use tickwire_protocol::alert::{AlertCondition, AlertRule};
use tickwire_protocol::command::{CancelAlert, CreateAlert, Instruction};
use tickwire_protocol::id::Symbol;
use tickwire_protocol::topic::Topic;

use crate::derived::derived;
use crate::realtime::{use_account_age, use_lists, use_realtime};
use crate::selection::use_selection;
use crate::widgets::act::{Action, Deed, Notice, act};
use crate::widgets::field::{field, typed};
use crate::widgets::panel::Panel;
use crate::widgets::rows::{Column, Rows, words};

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
#[component]
pub fn Alerts() -> impl IntoView {
    let lists = use_lists(Topic::Alerts);
    let rules = lists.rules;
    let deed = Deed::new();
    let count = derived(move || rules.with(Vec::len).to_string());
    view! {
        <Panel name="Alerts" id="alerts" age=use_account_age() aside=view! { <span class="count">{count}</span> }>
            <AlertForm deed=deed />
            <Notice deed=deed />
            <ul class="rules" aria-label="Price alerts that wait">
                <For each=move || rules.get() key=|rule| rule.id let:rule>
                    <Rule rule=rule deed=deed />
                </For>
            </ul>
            <p class="empty" hidden=derived(move || rules.with(|rules| !rules.is_empty()))>
                "No price alert waits. Choose a condition and a price above to be told when it is met."
            </p>
            <h3 class="sub-head">"Given"</h3>
            <Rows
                name="Alerts given"
                columns=COLUMNS
                list=derived(move || lists.alerts.get())
                empty="The desk has not said anything yet."
            />
        </Panel>
    }
}

/// One that waits.
#[component]
fn Rule(
    /// The alert.
    rule: AlertRule,
    /// The last command of the panel.
    deed: Deed,
) -> impl IntoView {
    let scale = use_realtime().store.price_scale(rule.symbol);
    let id = rule.id;
    let symbol = rule.symbol.to_string();
    let name = ["Cancel the alert on ", &symbol].concat();
    let make = move || Some(Instruction::CancelAlert(CancelAlert { alert_id: id }));
    view! {
        <li>
            <b>{symbol}</b>
            <span>{words::rule_words(&rule, scale)}</span>
            <span class="note">{rule.note}</span>
            {act(deed, CANCEL, name, None, Box::new(make))}
        </li>
    }
}

/// Sets one on the instrument that the desk is turned to.
#[component]
fn AlertForm(
    /// The last command of the panel.
    deed: Deed,
) -> impl IntoView {
    let selection = use_selection();
    let symbol = selection.symbol;
    let [value, note] = [(); 2].map(|()| RwSignal::new(String::new()));
    let condition = RwSignal::new(AlertCondition::CrossAbove);
    let trouble = RwSignal::new(String::new());
    let make = move || {
        let made = symbol
            .get_untracked()
            .ok_or_else(String::new)
            .and_then(|symbol| alert(symbol, condition.get_untracked(), value, note));
        match made {
            Ok(alert) => {
                trouble.set(String::new());
                Some(Instruction::CreateAlert(alert))
            }
            Err(sentence) => {
                trouble.set(sentence);
                None
            }
        }
    };
    let choose = move |event: leptos::ev::Targeted<leptos::ev::Event, web_sys::HtmlSelectElement>| {
        condition.set(match event.target().value().as_str() {
            "below" => AlertCondition::CrossBelow,
            "move" => AlertCondition::PercentMove,
            _ => AlertCondition::CrossAbove,
        });
    };
    view! {
        <div class="row-form alert-form">
            <label class="small-field">
                <span>{selection.name()}</span>
                <select class="button act" aria-label="Condition" on:change:target=choose>
                    <option value="above">"rises to"</option>
                    <option value="below">"falls to"</option>
                    <option value="move">"moves by %"</option>
                </select>
            </label>
            {field("Price or percent", value, false)}
            {field("Note", note, false)}
            {act(deed, CREATE, "Set the price alert".to_owned(), None, Box::new(make))}
            <span class="trouble" role="alert">{trouble}</span>
        </div>
    }
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
