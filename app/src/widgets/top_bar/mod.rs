//! The head of the desk: what it is turned to, whose money it is, what it is worth, and whether it is connected.

use crate::derived::{Number, derived, react};
use leptos::prelude::*;
use rust_decimal::Decimal;
use tickwire_protocol::message::MarketUpdate;

use crate::age;
use crate::boot::use_boot;
use crate::format;
use crate::plain::{Plain, el};
use crate::realtime::{use_feed, use_portfolio, use_realtime, use_ticker};
use crate::selection::use_selection;
use crate::widgets::act::Deed;
use crate::widgets::connection::Connection;
use crate::widgets::direction::{ChangeText, PnlText, direction_of};
use crate::widgets::flash::FlashCell;
use crate::widgets::risk::stop;

/// The bar across the top.
#[component]
pub fn TopBar() -> impl IntoView {
    let realtime = use_realtime();
    let feed = use_feed();
    let portfolio_at = realtime.store.portfolio.at;
    let class = derived(move || {
        let moment = realtime.status.moment();
        let market = feed.with(|feed| age::of_market(moment, Some(moment.taken_at), feed.as_ref()));
        let is_stale = market.is_stale() || age::of_account(moment, portfolio_at.get()).is_stale();
        if is_stale { "top-bar is-stale" } else { "top-bar" }
    });
    view! {
        <header class=class>
            <h1 class="brand" aria-label="Tickwire">
                <Logo />
                <span>"Tickwire"</span>
            </h1>
            <AccountBadge />
            <Market is_stale=derived(move || class.with(|class| class.ends_with("is-stale"))) />
            <Worth />
            <div class="top-end">
                {reader_name()}
                {stop(Deed::new())}
                <Connection />
                <Settings />
                // The script in the head answers it, hydrated or not.
                <button type="button" class="theme-toggle" data-theme-toggle="" aria-label="Switch between dark and light" title="Theme">
                    <svg viewBox="0 0 20 20" width="18" height="18" aria-hidden="true">
                        <circle cx="10" cy="10" r="7" fill="none" stroke="currentColor" stroke-width="1.6" />
                        <path d="M10 3a7 7 0 0 1 0 14z" fill="currentColor" />
                    </svg>
                </button>
            </div>
        </header>
    }
}

/// Who is logged in; nothing where nobody has to log in.
fn reader_name() -> Option<Plain> {
    let reader = use_boot().reader?;
    let (note, title) = if reader.role.may_act() {
        ("", "Logged in as a trader")
    } else {
        (
            " · viewer",
            "A viewer sees everything and cannot act; the operator can give another role",
        )
    };
    let name = el("span").class("reader-name").attr("title", title);
    Some(name.text(&[&reader.name, note].concat()))
}

/// The way out, first among the settings, where it has room on a phone too. The form needs no script.
fn log_out() -> Option<Plain> {
    let reader = use_boot().reader?;
    let name = el("p").text(&["Logged in as ", &reader.name, ", ", reader.role.as_str()].concat());
    let out = el("button")
        .attr("type", "submit")
        .class("button")
        .text("Log out");
    let form = el("form")
        .class("log-out")
        .attr("method", "post")
        .attr("action", "/logout");
    Some(form.with(vec![name, out]))
}

/// What the reader may choose; `public/desk.js` keeps it, and sets the boxes before the page is alive.
#[component]
fn Settings() -> impl IntoView {
    view! {
        <details class="settings">
            <summary aria-label="Settings" title="Settings">
                <svg viewBox="0 0 20 20" width="18" height="18" aria-hidden="true">
                    <path
                        d="M3 6h7m4 0h3M3 14h3m4 0h7M12 3.8v4.4M8 11.8v4.4"
                        fill="none"
                        stroke="currentColor"
                        stroke-width="1.6"
                        stroke-linecap="round"
                    />
                </svg>
            </summary>
            <div class="settings-card">
                {log_out()}
                <h2>"Ask before"</h2>
                <label><input type="checkbox" data-ask="flatten" />"Flatten all"</label>
                <label><input type="checkbox" data-ask="reverse" />"Reverse a position"</label>
                <label><input type="checkbox" data-ask="cancel-all" />"Cancel all orders"</label>
                <label><input type="checkbox" data-ask="stop" />"STOP, the kill switch"</label>
                <label><input type="checkbox" data-ask="large-order" />"Large or leveraged orders"</label>
                <h2>"Alerts"</h2>
                <label><input type="checkbox" data-setting="sound" />"Sound"</label>
                <label><input type="checkbox" data-setting="notify" />"Browser notification"</label>
                <p data-settings-told="" role="status"></p>
                <noscript><p>"These need JavaScript."</p></noscript>
            </div>
        </details>
    }
}

/// The mark: a price line that becomes a wire.
#[component]
fn Logo() -> impl IntoView {
    view! {
        <svg class="logo" viewBox="0 0 32 32" width="26" height="26" aria-hidden="true">
            <rect width="32" height="32" rx="8" fill="var(--brand-deep)" />
            <path
                d="M4 20.5h5l3.5-10 5 13 4-8h6.5"
                fill="none"
                stroke="var(--brand)"
                stroke-width="2.8"
                stroke-linecap="round"
                stroke-linejoin="round"
            />
            <circle cx="26.5" cy="15.5" r="2.4" fill="var(--brand)" />
        </svg>
    }
}

/// Whose money it is: not to be missed.
#[component]
fn AccountBadge() -> impl IntoView {
    let kind = use_boot().account_kind;
    let is_paper = kind.is_empty() || kind == "paper";
    let (label, title) = if is_paper {
        (
            "PAPER".to_owned(),
            "Paper trading: orders are filled against real prices with play money",
        )
    } else {
        (
            "LIVE ".to_owned() + &kind.to_uppercase(),
            "Real orders with real money",
        )
    };
    view! { <strong class="account-badge" data-kind=if is_paper { "paper" } else { "live" } title=title>{label}</strong> }
}

/// The selected instrument: its price and its day.
#[component]
fn Market(
    /// Whether its price is old.
    is_stale: Memo<bool>,
) -> impl IntoView {
    let selection = use_selection();
    let ticker = use_ticker(selection.symbol);
    let scale = move || selection.price_scale();
    let decimal = move |field: fn(&MarketUpdate) -> Decimal| {
        derived(move || ticker.with(|all| all.as_ref().map(field)))
    };
    let price = decimal(|all| all.price.get());
    let change = decimal(|all| all.price_change_percent.get());
    let text = move |value: Number| {
        derived(move || {
            value.get().map_or_else(
                || format::UNKNOWN.to_owned(),
                |value| format::number(value, scale()),
            )
        })
    };
    let volume = decimal(|all| all.volume.get());
    let volume = derived(move || {
        volume
            .get()
            .map_or_else(|| format::UNKNOWN.to_owned(), format::volume)
    });
    let name = selection.name();
    let direction = derived(move || direction_of(change.get()));
    let price_text = text(price);
    react(move || {
        if price.get().is_some() {
            // A tab is read from afar, so an old price does not stand there at all.
            let price = if is_stale.get() {
                "Not live".to_owned()
            } else {
                price_text.get()
            };
            document().set_title(&[&price, " ", &name.get(), " · Tickwire"].concat());
        }
    });
    view! {
        <div class="market">
            <span class="market-symbol">{name}</span>
            <span class="market-price num">
                <FlashCell value=price text=price_text keeps_trend=true />
            </span>
            <span class="market-change num" data-direction=direction>
                <ChangeText percent=change />
            </span>
        </div>
        <dl class="day">
            <div><dt>"24h high"</dt><dd class="num">{text(decimal(|all| all.high.get()))}</dd></div>
            <div><dt>"24h low"</dt><dd class="num">{text(decimal(|all| all.low.get()))}</dd></div>
            <div><dt>"24h volume"</dt><dd class="num">{volume}</dd></div>
        </dl>
    }
}

/// What the account is worth and has made today.
#[component]
fn Worth() -> impl IntoView {
    let account = use_portfolio();
    let store = use_realtime().store;
    let equity = derived(move || {
        account
            .portfolio
            .with(|all| all.as_ref().map(|all| all.balance.get()))
    });
    let day = derived(move || {
        account
            .dashboard
            .with(|all| all.as_ref().map(|all| all.daily_pnl.get()))
    });
    let equity_text = derived(move || {
        equity.get().map_or_else(
            || format::UNKNOWN.to_owned(),
            |all| format::number(all, format::MONEY_SCALE),
        )
    });
    let currency = derived(move || {
        store
            .balance
            .value
            .with(|all| all.as_ref().map_or_else(String::new, |all| all.currency.clone()))
    });
    view! {
        <dl class="worth">
            <div><dt>"Equity"</dt><dd class="num">{equity_text} " " <small>{currency}</small></dd></div>
            <div><dt>"Day P&L"</dt><dd class="num"><PnlText amount=day /></dd></div>
        </dl>
    }
}
