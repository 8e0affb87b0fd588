//! The account: what it is worth, what it has made, what it can still use.

use crate::derived::{Number, Text, derived};
use leptos::prelude::*;
use rust_decimal::Decimal;
use tickwire_protocol::account::{Balance, Dashboard, Portfolio};

use crate::age;
use crate::format;
use crate::realtime::{use_portfolio, use_realtime};
use crate::widgets::direction::PnlText;
use crate::widgets::flash::FlashCell;
use crate::widgets::panel::Panel;

/// The region `Portfolio`.
#[component]
pub fn PortfolioPanel() -> impl IntoView {
    let account = use_portfolio();
    let realtime = use_realtime();
    let age = derived(move || age::of_account(realtime.status.moment(), realtime.store.portfolio.at.get()));
    let made = move |field: fn(&Portfolio) -> Decimal| {
        derived(move || account.portfolio.with(|all| all.as_ref().map(field)))
    };
    let held = move |field: fn(&Balance) -> Decimal| {
        derived(move || account.balance.with(|all| all.as_ref().map(field)))
    };
    let glance = move |field: fn(&Dashboard) -> Option<Decimal>| {
        derived(move || account.dashboard.with(|all| all.as_ref().and_then(field)))
    };
    let currency = derived(move || {
        let currency = account
            .balance
            .with(|all| all.as_ref().map(|all| all.currency.clone()));
        currency.unwrap_or_default()
    });
    let count = derived(move || {
        let count = account
            .portfolio
            .with(|all| all.as_ref().map(|all| all.positions_count));
        count.map_or_else(|| format::UNKNOWN.to_owned(), |count| count.to_string())
    });
    let win_rate = derived(move || {
        let rate = account
            .dashboard
            .with(|all| all.as_ref().and_then(|all| all.win_rate));
        rate.map_or_else(
            || format::UNKNOWN.to_owned(),
            |rate| format::number(rate.get(), 2) + "%",
        )
    });
    let equity = made(|all| all.balance.get());
    view! {
        <Panel name="Portfolio" id="portfolio" age=age aside=()>
            <div class="equity">
                <span class="equity-label">"Equity"</span>
                <span class="equity-value num">
                    <FlashCell value=equity text=money(equity) />
                    <small>{currency}</small>
                </span>
            </div>
            <dl class="facts">
                <PnlFact name="Total P&L" amount=made(|all| all.total_pnl.get()) />
                <PnlFact name="Day P&L" amount=glance(|all| Some(all.daily_pnl.get())) />
                <PnlFact name="Unrealised" amount=made(|all| all.unrealized_pnl.get()) />
                <PnlFact name="Realised" amount=made(|all| all.realized_pnl.get()) />
                <Fact name="Available" text=money(held(|all| all.available_balance.get())) />
                <Fact name="Used margin" text=money(held(|all| all.used_margin.get())) />
                <Fact name="Fees paid" text=money(made(|all| all.fees.get())) />
                <Fact name="Win rate" text=win_rate />
                <Fact name="Open positions" text=count />
            </dl>
        </Panel>
    }
}

/// An amount of the account's currency as text.
fn money(amount: Number) -> Text {
    derived(move || match amount.get() {
        Some(amount) => format::number(amount, format::MONEY_SCALE),
        None => format::UNKNOWN.to_owned(),
    })
}

/// A named figure.
#[component]
fn Fact(
    /// Its name.
    name: &'static str,
    /// The figure.
    text: Text,
) -> impl IntoView {
    view! {
        <div class="fact">
            <dt>{name}</dt>
            <dd class="num">{text}</dd>
        </div>
    }
}

/// A named profit or loss.
#[component]
fn PnlFact(
    /// Its name.
    name: &'static str,
    /// The amount.
    amount: Number,
) -> impl IntoView {
    view! {
        <div class="fact">
            <dt>{name}</dt>
            <dd class="num">
                <PnlText amount=amount />
            </dd>
        </div>
    }
}
