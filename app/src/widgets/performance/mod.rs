//! What the account has made of its trades, in all, by instrument and by day.

use leptos::prelude::*;
use rust_decimal::Decimal;
use std::sync::Arc;
use tickwire_protocol::performance;
use tickwire_protocol::topic::Topic;

use crate::derived::derived;
use crate::format;
use crate::realtime::lists::Entry;
use crate::realtime::{use_account_age, use_topics};
use crate::widgets::panel::Panel;
use crate::widgets::portfolio::fact;
use crate::widgets::rows::{Column, Rows};

const BY_SYMBOL: &[Column] = &[
    ("Symbol", "name"),
    ("Trades", "num"),
    ("Won", "num"),
    ("Fees", "num"),
    ("Net P&L", "num pnl"),
];

const BY_DAY: &[Column] = &[
    ("Day (UTC)", "name"),
    ("Trades", "num"),
    ("Won", "num"),
    ("Fees", "num"),
    ("Net P&L", "num pnl"),
];

type Figure = fn(&performance::Performance) -> Option<Decimal>;
type Written = fn(Decimal) -> String;

fn cents(value: Decimal) -> String {
    format::signed(value, format::MONEY_SCALE)
}

fn percent(value: Decimal) -> String {
    format::number(value, 2) + "%"
}

fn ratio(value: Decimal) -> String {
    format::number(value, 2)
}

/// Each figure: its name, why it is absent where it is, what it is, and how it is written.
const FIGURES: [(&str, &str, Figure, Written); 9] = [
    ("Trades", "", |all| Some(all.trades.into()), format::quantity),
    (
        "Win rate",
        "no trade has ended",
        |all| all.win_rate.map(|one| one.get()),
        percent,
    ),
    (
        "Profit factor",
        "no trade has lost money",
        |all| all.profit_factor.map(|one| one.get()),
        ratio,
    ),
    (
        "Expectancy",
        "no trade has ended",
        |all| all.expectancy.map(|one| one.get()),
        cents,
    ),
    ("Net P&L", "", |all| Some(all.net_pnl.get()), cents),
    ("Funding", "", |all| Some(all.funding.get()), cents),
    (
        "Max drawdown",
        "",
        |all| Some(all.max_drawdown_pct.get()),
        percent,
    ),
    (
        "Sharpe",
        "it needs two whole days that differ",
        |all| all.sharpe.map(|one| one.get()),
        ratio,
    ),
    (
        "Sortino",
        "it needs two whole days, one of them a loss",
        |all| all.sortino.map(|one| one.get()),
        ratio,
    ),
];

/// The region `Performance`.
#[component]
pub fn Performance() -> impl IntoView {
    let told = use_topics(&[Topic::Performance]).performance.value;
    let figures: Vec<_> = FIGURES
        .iter()
        .map(|(name, why, figure, written)| {
            let value = derived(move || told.with(|all| all.as_ref().and_then(figure)));
            let text = derived(move || value.get().map_or_else(|| format::UNKNOWN.to_owned(), written));
            let title = derived(move || match value.get() {
                None if told.with(Option::is_some) => *why,
                _ => "",
            });
            fact(name, title, text)
        })
        .collect();
    let list = move |read: fn(&performance::Performance) -> Vec<Entry>| {
        derived(move || told.with(|all| all.as_ref().map_or_else(Vec::new, read)))
    };
    let by_symbol = list(|all| {
        let entry = |one: &performance::SymbolTally| Entry::Symbol(Arc::new(one.clone()));
        all.by_symbol.iter().map(entry).collect()
    });
    let by_day = list(|all| {
        let entry = |one: &performance::DayTally| Entry::Day(Arc::new(one.clone()));
        all.by_day.iter().rev().map(entry).collect()
    });
    view! {
        <Panel name="Performance" id="performance" age=use_account_age() aside=()>
            <dl class="facts">{figures}</dl>
            <Rows name="By instrument" columns=BY_SYMBOL list=by_symbol empty="A trade counts once its position is flat again." />
            <Rows name="By day" columns=BY_DAY list=by_day empty="" />
        </Panel>
    }
}
