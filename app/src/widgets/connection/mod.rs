//! Both links at a glance: desk to server and server to market feed, each with its state and latency; the rest on
//! demand.

pub mod words;

use crate::derived::derived;
use leptos::prelude::*;

use crate::boot::use_boot;
use crate::format;
use crate::realtime::{PaintSummary, use_feed, use_realtime};

/// The region `Connection`.
#[component]
pub fn Connection() -> impl IntoView {
    let status = use_realtime().status;
    let feed = use_feed();
    let name = derived(move || words::name_of(status.link.get()));
    // What the server said of its feed, and how far away it is, is news only while there is a link to it.
    let is_connected = derived(move || words::is_connected(status.link.get()));
    let feed_state = derived(move || feed.with(|feed| feed.as_ref().map(|feed| feed.state)));
    let feed_latency = derived(move || {
        let ms = feed.with(|feed| feed.as_ref()?.latency_ms);
        words::latency(ms.filter(|_| is_connected.get()))
    });
    let desk_latency = derived(move || words::latency(status.rtt_ms.get().filter(|_| is_connected.get())));
    let paint = move |field: fn(PaintSummary) -> u32| {
        derived(move || status.paint.get().map(|paint| field(paint).to_string()))
    };
    let feed_name = derived(move || words::name_of_feed(feed_state.get()));
    let retry = derived(move || words::retry_of(status.link.get(), status.now.get()));
    let is_retrying = derived(move || retry.with(|retry| !retry.is_empty()));
    let label = derived(move || words::label_of(status.link.get()));
    view! {
        <section
            id="connection"
            class="connection"
            aria-label="Connection"
            data-state=name
            data-feed-state=feed_name
            data-paint-p50-ms=paint(|paint| paint.p50_ms)
            data-paint-p99-ms=paint(|paint| paint.p99_ms)
        >
            <details>
                <summary>
                    <span class="dot" data-state=name aria-hidden="true"></span>
                    <span class="connection-words">
                        <span class="connection-label" role="status" aria-live="polite">
                            {label}
                        </span>
                        <noscript><span class="scriptless">"Live updates need JavaScript"</span></noscript>
                        <span class="retry" hidden=derived(move || !is_retrying.get())>{retry}</span>
                    </span>
                    <span class="links" hidden=is_retrying>
                        <span class="link-chip">"desk " <b>{desk_latency}</b></span>
                        <span class="link-chip" data-state=feed_name>
                            "feed "
                            <b>{feed_latency}</b>
                        </span>
                    </span>
                </summary>
                <Details desk_latency=desk_latency feed_latency=feed_latency />
            </details>
        </section>
    }
}

/// What stands behind the badge.
#[component]
fn Details(
    /// The round trip between desk and server.
    desk_latency: Memo<String>,
    /// From the venue to the server.
    feed_latency: Memo<String>,
) -> impl IntoView {
    let status = use_realtime().status;
    let feed = use_feed();
    let boot = use_boot();
    let release = boot.release.clone();
    let is_upgraded = {
        let release = boot.release.clone();
        derived(move || {
            status
                .server_release
                .with(|server| server.as_ref().is_some_and(|server| *server != release))
        })
    };
    let detail = derived(move || words::detail_of(status.link.get(), status.now.get()));
    let feed_words = derived(move || {
        let words = feed.with(|feed| {
            let feed = feed.as_ref().filter(|_| words::is_connected(status.link.get()))?;
            Some([&feed.name, " · ", words::label_of_feed(feed.state)].concat())
        });
        words.unwrap_or_else(|| [&boot.market, " · not known"].concat())
    });
    let paint = derived(move || match status.paint.get() {
        Some(paint) => [&paint.p50_ms.to_string(), " / ", &paint.p99_ms.to_string(), " ms"].concat(),
        None => format::UNKNOWN.to_owned(),
    });
    let gaps = derived(move || {
        words::completeness(
            status.gaps.get(),
            status.losses.get(),
            status.followed_since.get(),
        )
    });
    let caught_up = derived(move || {
        let count = status.caught_up.get();
        let word = if count == 1 { " event" } else { " events" };
        count.to_string() + word
    });
    view! {
        <div class="connection-details">
            <p>{detail}</p>
            <dl class="facts">
                <div class="fact"><dt>"Desk round trip"</dt><dd class="num">{desk_latency}</dd></div>
                <div class="fact"><dt>"Market feed"</dt><dd>{feed_words}</dd></div>
                <div class="fact"><dt>"Feed latency"</dt><dd class="num">{feed_latency}</dd></div>
                <div class="fact"><dt>"Arrival to paint, p50 / p99"</dt><dd class="num">{paint}</dd></div>
                <div class="fact"><dt>"Gaps in the stream"</dt><dd class="num">{gaps}</dd></div>
                <div class="fact"><dt>"Brought by the last resume"</dt><dd class="num">{caught_up}</dd></div>
                <div class="fact"><dt>"Release"</dt><dd class="num" data-testid="release">{release}</dd></div>
            </dl>
            <p class="upgraded" hidden=derived(move || !is_upgraded.get())>
                "The server was upgraded. " <a href="">"Load the new desk"</a>
            </p>
        </div>
    }
}
