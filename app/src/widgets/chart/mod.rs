//! The chart: candles, volume, the live last bar, and lines for open positions and orders, drawn by TradingView's
//! Lightweight Charts, which is loaded once the page is alive. An order's line has a handle that amends it. The figures it
//! shows are said in words as well.

#[cfg_attr(feature = "hydrate", path = "canvas_browser.rs")]
#[cfg_attr(not(feature = "hydrate"), path = "canvas_inert.rs")]
mod canvas;
mod drawing;
mod lines;

use crate::derived::{Text, derived, react};
use leptos::html;
use leptos::prelude::*;
use tickwire_protocol::command::{Command, Instruction};
use tickwire_protocol::market::Interval;

use crate::age;
use crate::format;
use crate::realtime::{Candles, use_candles, use_executions, use_feed, use_realtime, use_ticker};
use crate::selection::{Selection, use_selection};
use crate::widgets::order_ticket::known;
use crate::widgets::order_ticket::outcome::{self, Asked};
use crate::widgets::panel::Panel;
use canvas::{Canvas, Dropped};
use drawing::{Loading, Plan};
use lines::Move;

/// Moves remembered: more lines than anybody drags before the first answer comes.
const MOVES_MAX: usize = 32;

/// The region `Chart`.
#[component]
pub fn ChartPanel() -> impl IntoView {
    let selection = use_selection();
    let interval = RwSignal::new(Interval::M1);
    let candles = use_candles(selection.symbol, interval);
    let realtime = use_realtime();
    let feed = use_feed();
    let ticker = use_ticker(selection.symbol);
    let age = derived(move || {
        let newest = ticker.with(|ticker| ticker.map(|ticker| ticker.received_at));
        feed.with(|feed| age::of_market(realtime.status.moment(), newest, feed.as_ref()))
    });
    let name = selection.name();
    view! {
        <Panel
            name="Chart"
            id="chart"
            age=age
            aside=view! {
                <span class="chart-symbol">{name}</span>
                <IntervalChoice interval=interval />
                <small class="chart-zone">"UTC"</small>
            }
        >
            <Drawing selection=selection candles=candles />
        </Panel>
    }
}

/// How long each candle is.
#[component]
fn IntervalChoice(
    /// The choice.
    interval: RwSignal<Interval>,
) -> impl IntoView {
    let choices = Interval::ALL.map(|one| {
        view! {
            <button
                type="button"
                class="interval"
                aria-pressed=derived(move || if interval.get() == one { "true" } else { "false" })
                on:click=move |_| interval.set(one)
            >
                {one.as_str()}
            </button>
        }
    });
    view! {
        <span class="intervals" role="group" aria-label="Candle length">
            {choices.into_iter().collect_view()}
        </span>
    }
}

/// The canvas, and what stands in its place until it is there.
#[component]
fn Drawing(
    /// What is drawn.
    selection: Selection,
    /// Its candles.
    candles: Memo<Option<Candles>>,
) -> impl IntoView {
    let place = NodeRef::<html::Div>::new();
    let loading = RwSignal::new(Loading::Library);
    let dropped = RwSignal::new(None);
    let canvas = Canvas::new(loading, dropped);
    react(move || {
        if let Some(place) = place.get() {
            canvas.mount(&place);
        }
    });
    let plan = StoredValue::new(Plan::default());
    react(move || {
        if loading.get() != Loading::Done {
            return;
        }
        if let Some(candles) = candles.get() {
            let scale = selection.price_scale();
            let tick = selection
                .instrument
                .with(|one| one.as_ref().map(|one| one.tick_size.get()));
            candles.series.with(|series| {
                plan.update_value(|plan| {
                    plan.draw(&canvas, &candles, series, scale, tick.unwrap_or_default())
                });
            });
        }
    });
    let asked = RwSignal::new(None);
    let rows = lines_in(selection, dropped, asked);
    react(move || {
        if loading.get() == Loading::Done {
            rows.with(|rows| canvas.lines(rows));
        }
    });
    on_cleanup(move || canvas.dispose());
    let has_bars = derived(move || {
        let is_empty = |all: &Candles| all.series.with(|series| series.candles.is_empty());
        loading.get() == Loading::Done && candles.with(|all| all.as_ref().is_some_and(|all| !is_empty(all)))
    });
    view! {
        <div class="chart-place" node_ref=place></div>
        // An image of its own over the canvas: what an image holds is not told, and the canvas' place holds a link.
        <div class="chart-words" role="img" aria-label=summary(selection)></div>
        <Told asked=asked />
        <p class="chart-note" role="alert" hidden=derived(move || loading.get() != Loading::Failed)>
            "The chart library could not be loaded. Prices and orders work without it. "
            <button type="button" class="button" on:click=move |_| canvas.retry()>"Try again"</button>
        </p>
        <p class="chart-note" hidden=derived(move || has_bars.get() || loading.get() == Loading::Failed)>
            <span>
                "Candles appear as soon as the desk is connected. "
                <noscript>
                    "Without JavaScript this page does not change by itself: load it again for newer figures."
                </noscript>
            </span>
        </p>
    }
}

/// The lines of the selected instrument, as the adapter reads them; those that are dropped elsewhere amend their orders.
fn lines_in(
    selection: Selection,
    dropped: RwSignal<Option<Dropped>>,
    asked: RwSignal<Option<Asked>>,
) -> Text {
    let realtime = use_realtime();
    let store = use_executions();
    let moves = RwSignal::new(Vec::<Move>::new());
    react(move || {
        let Some((key, price)) = dropped.get() else {
            return;
        };
        let Some(rules) = selection.instrument.get_untracked() else {
            return;
        };
        let amended =
            untrack(|| lines::amend(&known::open_orders(&store, rules.symbol), &key, &price, &rules));
        if let Some((from, to, command)) = amended {
            let answer = realtime.send(Command::Instruct(Instruction::AmendOrder(command)));
            asked.set(Some(Asked {
                rules,
                answer: answer.clone(),
            }));
            moves.update(|moves| {
                moves.retain(|one| one.key != key);
                let surplus = (moves.len() + 1).saturating_sub(MOVES_MAX);
                moves.drain(..surplus);
                moves.push(Move {
                    key,
                    from,
                    to,
                    answer,
                });
            });
        }
    });
    derived(move || {
        let Some(symbol) = selection.symbol.get() else {
            return String::new();
        };
        let mut all = store.positions.with(|rows| {
            let of_row = |row: &crate::realtime::store::PositionRow| {
                row.cell.with(|position| match position.symbol == symbol {
                    true => lines::of_position(position),
                    false => Vec::new(),
                })
            };
            rows.iter().flat_map(of_row).collect::<Vec<_>>()
        });
        all.extend(
            known::open_orders(&store, symbol)
                .iter()
                .flat_map(lines::of_order),
        );
        moves.with(|moves| lines::moved(&mut all, moves));
        lines::written(&all)
    })
}

/// What became of the last move: where it was refused, why the line is back where it was.
#[component]
fn Told(
    /// The last move.
    asked: RwSignal<Option<Asked>>,
) -> impl IntoView {
    let told = outcome::follow(use_realtime(), asked);
    let text = derived(move || match told.kind.get() {
        "failed" => ["Not moved. ", &told.text.get()].concat(),
        _ => told.text.get(),
    });
    view! {
        <p class="chart-told notice" role="status" aria-live="polite" data-kind=told.kind>
            <span>{text}</span>
            <button type="button" class="button" aria-label="Dismiss" on:click=move |_| asked.set(None)>"×"</button>
        </p>
    }
}

/// What the chart shows, in words.
fn summary(selection: Selection) -> Text {
    let ticker = use_ticker(selection.symbol);
    derived(move || {
        let scale = selection.price_scale();
        let text = ticker.with(|ticker| {
            let ticker = ticker.as_ref()?;
            let price = |price: tickwire_protocol::money::Price| format::number(price.get(), scale);
            Some(
                [
                    "Candles of ",
                    ticker.symbol.as_str(),
                    ": last ",
                    &price(ticker.price),
                    ", 24 hour change ",
                    &format::percent(ticker.price_change_percent.get()),
                    ", high ",
                    &price(ticker.high),
                    ", low ",
                    &price(ticker.low),
                ]
                .concat(),
            )
        });
        text.unwrap_or_else(|| "Candles: no prices yet".to_owned())
    })
}
