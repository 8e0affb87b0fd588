//! What the account is worth, how far below its peak, and how it came there.

mod curve;

use leptos::prelude::*;
use rust_decimal::Decimal;
use tickwire_protocol::performance;
use tickwire_protocol::topic::Topic;

use crate::derived::{Number, derived};
use crate::realtime::{use_account_age, use_portfolio, use_topics};
use crate::widgets::panel::Panel;
use crate::widgets::portfolio::{Fact, PnlFact, money, share};

/// The region `Equity`.
#[component]
pub fn Equity() -> impl IntoView {
    let store = use_topics(&[Topic::Equity, Topic::Performance]);
    let dashboard = use_portfolio().dashboard;
    let figure = move |field: fn(&performance::Equity) -> Decimal| -> Number {
        derived(move || store.equity.value.with(|all| all.as_ref().map(field)))
    };
    let day = derived(move || dashboard.with(|all| all.as_ref().map(|all| all.daily_pnl.get())));
    let curve = derived(move || {
        store.performance.value.with(|all| {
            let points = all.as_ref().map_or(&[][..], |all| &all.equity_curve);
            curve::Curve::of(points)
        })
    });
    let is_empty = derived(move || curve.with(|curve| curve.line.is_empty()));
    view! {
        <Panel name="Equity" id="equity" age=use_account_age() aside=()>
            <dl class="facts">
                <Fact name="Total equity" text=money(figure(|all| all.total_equity.get())) />
                <Fact name="Peak" text=money(figure(|all| all.peak_equity.get())) />
                <Fact name="Drawdown" text=share(figure(|all| all.drawdown_pct.get())) />
                <PnlFact name="Day P&L" amount=day />
                <Fact name="Day began with" text=money(figure(|all| all.day_equity.get())) />
                <PnlFact name="Unrealised" amount=figure(|all| all.unrealized_pnl.get()) />
                <Fact name="Margin ratio" text=share(figure(|all| all.margin_ratio_pct.get())) />
            </dl>
            <figure class="curve" hidden=is_empty>
                <svg viewBox="0 0 300 80" preserveAspectRatio="none" aria-hidden="true">
                    <path class="curve-area" d=derived(move || curve.with(|curve| curve.area.clone())) />
                    <path class="curve-line" d=derived(move || curve.with(|curve| curve.line.clone())) />
                </svg>
                <figcaption>{derived(move || curve.with(|curve| curve.caption.clone()))}</figcaption>
            </figure>
            <p class="empty" hidden=derived(move || !is_empty.get())>
                "The curve begins with the first trade, unrealised profit and loss included."
            </p>
        </Panel>
    }
}
