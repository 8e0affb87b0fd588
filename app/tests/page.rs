//! The page as the server renders it: with the real values, their age, and every region that a reader looks for.

#[path = "../src/realtime/sample.rs"]
mod sample;

use leptos::prelude::*;
use tickwire_app::App;
use tickwire_app::address::RequestedAddress;
use tickwire_app::boot::{Boot, Reader};
use tickwire_protocol::access::Role;
use tickwire_protocol::clock::TimestampMs;

fn render(address: &str, frames: &[&str]) -> String {
    render_for(None, address, frames)
}

fn render_for(reader: Option<Reader>, address: &str, frames: &[&str]) -> String {
    let boot = Boot {
        release: "0.1.0".to_owned(),
        taken_at: TimestampMs(1_765_357_200_000),
        market: "replay".to_owned(),
        account_kind: "paper".to_owned(),
        reader,
        frames: frames.iter().map(|frame| (*frame).to_owned()).collect(),
        ..Boot::default()
    };
    let owner = Owner::new();
    owner.with(|| {
        provide_context(boot);
        provide_context(RequestedAddress(address.to_owned()));
        view! { <App /> }.to_html()
    })
}

/// What is read, without the tags between.
fn text_of(html: &str) -> String {
    let mut text = String::new();
    let mut in_tag = false;
    for letter in html.chars() {
        match letter {
            '<' => in_tag = true,
            '>' => in_tag = false,
            _ if !in_tag => text.push(letter),
            _ => {}
        }
    }
    text
}

#[test]
fn every_region_is_there_with_its_name() {
    let html = render("/", &sample::FRAMES);
    for name in [
        "Watchlist",
        "Chart",
        "Order ticket",
        "Positions",
        "Portfolio",
        "Orders",
        "Trades",
        "Alerts",
        "Logs",
        "Equity",
        "Risk",
        "Performance",
        "Connection",
    ] {
        let region = format!("aria-label=\"{name}\"");
        assert!(
            html.split("<section").any(|section| section.contains(&region)),
            "no region {name}"
        );
    }
    assert!(text_of(&html).contains("PAPER"));
}

#[test]
fn prices_positions_and_portfolio_are_shown_with_their_age() {
    let text = text_of(&render("/", &sample::FRAMES));
    for value in [
        "61,234.5",
        "+0.29%",
        "3,245.17",
        "\u{2212}1.25%",
        "LONG",
        "60,984.0",
        "+25.05",
        "10,250.50",
        "4,127.06",
    ] {
        assert!(text.contains(value), "{value} is not on the page");
    }
    assert_eq!(
        text.matches("as of 09:00:00 UTC").count(),
        12,
        "each panel says of when it is"
    );
}

#[test]
fn the_address_chooses_the_instrument() {
    let html = render("/?symbol=ETHUSDT", &sample::FRAMES);
    assert!(html.contains("<span class=\"market-symbol\">ETHUSDT</span>"));
    let html = render("/?symbol=NOSUCH", &sample::FRAMES);
    assert!(html.contains("<span class=\"market-symbol\">BTCUSDT</span>"));
}

#[test]
fn an_unknown_path_is_another_page() {
    let text = text_of(&render("/no-such-page", &sample::FRAMES));
    assert!(text.contains("Nothing here") && !text.contains("Watchlist"));
}

#[test]
fn a_desk_that_knows_nothing_says_so_and_shows_no_zeros() {
    let text = text_of(&render("/", &[]));
    assert!(text.contains("No markets yet"));
    assert!(text.contains('—') && !text.contains("0.00"), "{text}");
}

#[test]
fn frames_that_cannot_be_read_do_not_stop_the_rest() {
    let mut frames = vec!["{\"type\":\"FROM_THE_FUTURE\"}", "no json"];
    frames.extend(sample::FRAMES);
    assert!(text_of(&render("/", &frames)).contains("61,234.5"));
}

#[test]
fn a_viewer_is_told_so_and_every_reader_finds_the_way_out() {
    let reader = |role| {
        Some(Reader {
            name: "ann".to_owned(),
            role,
        })
    };
    let viewer = render_for(reader(Role::Viewer), "/", &sample::FRAMES);
    assert!(viewer.contains("action=\"/logout\"") && viewer.contains("method=\"post\""));
    assert!(text_of(&viewer).contains("ann · viewer"));
    let trader = text_of(&render_for(reader(Role::Trader), "/", &sample::FRAMES));
    assert!(trader.contains("ann") && !trader.contains("viewer"));
    assert!(
        !render("/", &sample::FRAMES).contains("/logout"),
        "nobody has to log in"
    );
}
