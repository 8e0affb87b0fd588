//! The markets: one row each, a link that turns the desk to it.

use crate::derived::derived;
use leptos::prelude::*;
use tickwire_protocol::market::Instrument;

use crate::address::{address_of, use_address};
use crate::age;
use crate::format;
use crate::realtime::{use_feed, use_realtime, use_tickers};
use crate::selection::use_selection;
use crate::widgets::direction::{ChangeText, direction_of};
use crate::widgets::flash::FlashCell;
use crate::widgets::panel::Panel;

/// The region `Watchlist`.
#[component]
pub fn Watchlist() -> impl IntoView {
    let store = use_tickers();
    let status = use_realtime().status;
    let feed = use_feed();
    let age = derived(move || {
        let newest = store.instruments.with(|all| {
            all.iter()
                .filter_map(|one| {
                    store
                        .ticker(one.symbol)
                        .with(|ticker| ticker.map(|t| t.received_at))
                })
                .max()
        });
        feed.with(|feed| age::of_market(status.moment(), newest, feed.as_ref()))
    });
    let instruments = store.instruments;
    view! {
        <Panel name="Watchlist" id="watchlist" age=age aside=()>
            <div class="watch-head" aria-hidden="true">
                <span>"Market"</span>
                <span>"Last"</span>
                <span>"24h"</span>
            </div>
            <ul class="watch-list">
                <For each=move || instruments.get() key=|one| one.symbol let:instrument>
                    <WatchRow instrument=instrument />
                </For>
            </ul>
            <p class="empty" hidden=derived(move || instruments.with(|all| !all.is_empty()))>
                "No markets yet. They appear as soon as the feed starts."
            </p>
        </Panel>
    }
}

/// One market.
#[component]
fn WatchRow(
    /// Its rules.
    instrument: Instrument,
) -> impl IntoView {
    let symbol = instrument.symbol;
    let scale = instrument.price_scale();
    let ticker = use_realtime().store.ticker(symbol);
    let selected = use_selection().symbol;
    let address = use_address();
    let class = derived(move || {
        if selected.get() == Some(symbol) {
            "watch-row is-selected"
        } else {
            "watch-row"
        }
    });
    let current = derived(move || (selected.get() == Some(symbol)).then_some("true"));
    let price = derived({
        let ticker = ticker.clone();
        move || ticker.with(|ticker| ticker.map(|ticker| ticker.price.get()))
    });
    let change =
        derived(move || ticker.with(|ticker| ticker.map(|ticker| ticker.price_change_percent.get())));
    let direction = derived(move || direction_of(change.get()));
    let text = derived(move || match price.get() {
        Some(price) => format::number(price, scale),
        None => format::UNKNOWN.to_owned(),
    });
    let kind = match instrument.perpetual {
        Some(_) => "PERP".to_owned(),
        None => instrument.quote,
    };
    view! {
        <li>
            <a
                class=class
                href=address_of(symbol)
                aria-current=current
                on:click=move |click| address.follow(&click, address_of(symbol))
            >
                <span class="watch-name">
                    <b>{instrument.base}</b>
                    <small>{kind}</small>
                </span>
                <span class="watch-price num">
                    <FlashCell value=price text=text keeps_trend=true />
                </span>
                <span class="watch-change num" data-direction=direction>
                    <ChangeText percent=change />
                </span>
            </a>
        </li>
    }
}
