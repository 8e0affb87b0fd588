//! What the account is worth, how far below its peak, and how it came there.

mod curve;

use leptos::prelude::*;
use rust_decimal::Decimal;
use tickwire_protocol::account::Dashboard;
use tickwire_protocol::topic::Topic;

use crate::format::{self, MONEY_SCALE};
use crate::plain::{Plain, el};
use crate::realtime::{use_portfolio, use_topics};
use crate::widgets::panel::{fact, panel};
use curve::Curve;

type Figure = fn(&tickwire_protocol::performance::Equity) -> Decimal;

/// Each figure: its name, what it is, and whether it is a percentage.
const FIGURES: [(&str, Figure, bool); 6] = [
    ("Total equity", |all| all.total_equity.get(), false),
    ("Peak", |all| all.peak_equity.get(), false),
    ("Drawdown", |all| all.drawdown_pct.get(), true),
    ("Day began with", |all| all.day_equity.get(), false),
    ("Unrealised", |all| all.unrealized_pnl.get(), false),
    ("Margin ratio", |all| all.margin_ratio_pct.get(), true),
];

/// The region `Equity`.
pub fn equity() -> Plain {
    let account = use_topics(&[Topic::Equity, Topic::Performance]).account;
    let dashboard = use_portfolio().dashboard;
    let figure = |(name, read, is_percent): (&'static str, Figure, bool)| {
        fact(name, move || {
            let value = account.with(|all| all.equity.as_ref().map(read));
            match value {
                Some(value) if is_percent => format::number(value, 2) + "%",
                Some(value) => format::number(value, MONEY_SCALE),
                None => format::UNKNOWN.to_owned(),
            }
        })
    };
    let day = move || {
        let made = |all: &Dashboard| format::signed(all.daily_pnl.get(), MONEY_SCALE);
        dashboard.with(|all| all.as_ref().map_or_else(|| format::UNKNOWN.to_owned(), made))
    };
    let mut facts: Vec<Plain> = FIGURES.map(figure).into();
    facts.insert(3, fact("Day P&L", day));
    let points = move || {
        account.with(|all| {
            let points = all.performance.as_ref().map(|all| &all.equity_curve[..]);
            Curve::of(points.unwrap_or_default())
        })
    };
    let curve = el("svg")
        .attr("viewBox", "0 0 300 80")
        .attr("preserveAspectRatio", "none")
        .attr("aria-hidden", "true")
        .with(vec![
            el("path")
                .class("curve-area")
                .live("d", move || Some(points().area)),
            el("path")
                .class("curve-line")
                .live("d", move || Some(points().line)),
        ]);
    panel(
        "Equity",
        "equity",
        Vec::new(),
        vec![
            el("dl").class("facts").with(facts),
            el("figure")
                .class("curve")
                .flag("hidden", move || points().line.is_empty())
                .with(vec![curve, el("figcaption").says(move || points().caption)]),
            el("p")
                .class("empty")
                .flag("hidden", move || !points().line.is_empty())
                .text("The curve begins with the first trade and gets a point a minute, unrealised profit and loss included."),
        ],
    )
}
