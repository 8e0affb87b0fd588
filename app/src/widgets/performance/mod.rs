//! What the account has made of its trades, in all, by instrument and by day.

use std::sync::Arc;

use leptos::prelude::*;
use rust_decimal::Decimal;
use tickwire_protocol::performance as protocol;
use tickwire_protocol::topic::Topic;

use crate::format;
use crate::plain::{Plain, el};
use crate::realtime::lists::Entry;
use crate::realtime::use_topics;
use crate::widgets::panel::{fact, panel};
use crate::widgets::rows::{Column, Source, rows};

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

type Figure = fn(&protocol::Performance) -> Option<Decimal>;
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
pub fn performance() -> Plain {
    let account = use_topics(&[Topic::Performance]).account;
    let figure = |(name, why, read, written): (&'static str, &'static str, Figure, Written)| {
        let value = move || account.with(|all| all.performance.as_ref().and_then(read));
        fact(name, move || {
            value().map_or_else(|| format::UNKNOWN.to_owned(), written)
        })
        .live("title", move || {
            let is_told = account.with(|all| all.performance.is_some());
            (is_told && value().is_none()).then(|| why.to_owned())
        })
    };
    let list = move |read: fn(&protocol::Performance) -> Vec<Entry>| -> Source {
        Arc::new(move || account.with(|all| all.performance.as_ref().map_or_else(Vec::new, read)))
    };
    let by_symbol = list(|all| {
        let entry = |one: &protocol::SymbolTally| Entry::Symbol(Arc::new(one.clone()));
        all.by_symbol.iter().map(entry).collect()
    });
    let by_day = list(|all| {
        let entry = |one: &protocol::DayTally| Entry::Day(Arc::new(one.clone()));
        all.by_day.iter().rev().map(entry).collect()
    });
    panel(
        "Performance",
        "performance",
        Vec::new(),
        vec![
            el("dl").class("facts").with(FIGURES.map(figure).into()),
            rows(
                "By instrument",
                BY_SYMBOL,
                "A trade counts once its position is flat again.",
                by_symbol,
            ),
            rows("By day", BY_DAY, "", by_day),
        ],
    )
}
