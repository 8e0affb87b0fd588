//! What plain HTTP serves: the state of the server, and a page that has real values in it before any script runs.

use std::time::{Duration, Instant};

use anyhow::Result;
use rust_decimal::Decimal;
use serde_json::Value;
use tickwire_tests::desk::Desk;
use tickwire_tests::http::get;
use tickwire_tests::order::Market;
use tickwire_tests::wire::{PATIENCE, Wire};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message};

fn health(desk: &Desk) -> Result<Value> {
    let answer = get(desk.address(), "/health", &[])?;
    assert_eq!(answer.status, 200);
    assert!(answer.header("content-type").starts_with("application/json"));
    Ok(serde_json::from_str(&answer.text())?)
}

fn wait_for_connections(desk: &Desk, wanted: u64) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let seen = health(desk)?["active_connections"].clone();
        if seen == wanted {
            return Ok(());
        }
        assert!(Instant::now() < deadline, "{seen} connections, not {wanted}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// What a reader sees: the text of the body, without tags, scripts and comments.
fn visible(html: &str) -> String {
    let mut text = String::new();
    let mut rest = html.split_once("<body").map_or(html, |(_, body)| body);
    while let Some((before, after)) = rest.split_once('<') {
        text.push_str(before);
        text.push(' ');
        let end = [("script", "</script>"), ("style", "</style>"), ("!--", "-->")]
            .iter()
            .find_map(|(start, end)| after.starts_with(start).then_some(*end))
            .unwrap_or(">");
        rest = after.split_once(end).map_or("", |(_, rest)| rest);
    }
    text + rest
}

/// Every number in a text, with or without commas between thousands.
fn numbers(text: &str) -> Vec<Decimal> {
    text.split(|c: char| !(c.is_ascii_digit() || c == '.' || c == ','))
        .filter_map(|word| word.trim_matches(&['.', ','][..]).replace(',', "").parse().ok())
        .collect()
}

#[test]
fn health_tells_the_state_of_every_part() -> Result<()> {
    let desk = Desk::start()?;
    let told = health(&desk)?;
    assert_eq!(told["status"], "healthy");
    assert!(told["timestamp"].is_number(), "{told}");
    assert_eq!(told["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(told["feed"]["name"], "replay");
    assert_eq!(told["feed"]["state"], "live");
    assert_eq!(told["journal"], "live");
    Ok(())
}

#[test]
fn health_counts_connections_as_they_come_and_go() -> Result<()> {
    let desk = Desk::start()?;
    wait_for_connections(&desk, 0)?;
    let mut wires: Vec<Wire> = (0..4)
        .map(|_| Wire::connect(desk.address()))
        .collect::<Result<_>>()?;
    wait_for_connections(&desk, 4)?;
    wires.pop().unwrap().cut();
    wait_for_connections(&desk, 3)?;
    // One that says goodbye counts no longer either.
    let mut polite = wires.pop().unwrap();
    polite.send_message(Message::Close(None))?;
    wait_for_connections(&desk, 2)?;
    drop(wires);
    wait_for_connections(&desk, 0)
}

#[test]
fn a_goodbye_is_answered_by_a_goodbye() -> Result<()> {
    let desk = Desk::start()?;
    let mut wire = Wire::connect(desk.address())?;
    wire.wait_for_kind("CONNECTION_ESTABLISHED")?;
    wire.send_message(Message::Close(Some(CloseFrame {
        code: CloseCode::Normal,
        reason: "bye".into(),
    })))?;
    let (code, reason) = wire.closed(PATIENCE)?;
    assert_eq!(code, 1000, "a page would see an unclean close: {reason}");
    Ok(())
}

#[test]
fn the_page_has_the_current_price_before_any_script_runs() -> Result<()> {
    let desk = Desk::start()?;
    let mut wire = Wire::connect(desk.address())?;
    wire.subscribe(&["ticker:BTCUSDT"])?;
    wire.read_for(Duration::from_secs(2))?;
    let page = get(desk.address(), "/", &[])?;
    wire.read_for(Duration::from_secs(1))?;
    assert_eq!(page.status, 200);
    assert!(page.header("content-type").starts_with("text/html"));
    let prices: Vec<Decimal> = wire
        .log
        .iter()
        .filter(|frame| frame.kind() == "MARKET_UPDATE")
        .map(|frame| frame.number("/price"))
        .collect();
    let text = visible(&page.text());
    assert!(
        text.contains("BTCUSDT") || text.contains("BTC"),
        "no market on the page: {text}"
    );
    let (least, most) = (*prices.iter().min().unwrap(), *prices.iter().max().unwrap());
    let found = numbers(&text);
    assert!(
        found.iter().any(|n| least <= *n && *n <= most),
        "no price in {least}..={most} among {found:?}"
    );
    Ok(())
}

#[test]
fn the_page_has_the_positions_before_any_script_runs() -> Result<()> {
    let desk = Desk::start()?;
    let mut wire = Wire::connect(desk.address())?;
    let market = Market::of(&mut wire, "DOTUSDT")?;
    // A quantity that is found nowhere else on the page.
    let quantity = Decimal::new(1_237, 1);
    wire.acked(&market.order("buy", quantity))?;
    let page = get(desk.address(), "/", &[])?;
    let text = visible(&page.text());
    assert!(
        numbers(&text).contains(&quantity),
        "no position of {quantity}: {text}"
    );
    Ok(())
}

#[test]
fn a_path_that_is_not_there_is_not_found() -> Result<()> {
    let desk = Desk::start()?;
    for path in [
        "/nowhere",
        "/api/nowhere",
        "/api",
        "/health/x",
        "/pkg/x",
        "/../../etc/passwd",
        "/%00",
        "/.env",
    ] {
        let status = get(desk.address(), path, &[])?.status;
        assert!(matches!(status, 404 | 400), "{status} for {path}");
    }
    Ok(())
}

#[test]
fn another_page_may_not_show_the_desk_in_a_frame() -> Result<()> {
    // Nobody logs in, so a click that is stolen through a frame is an order.
    let desk = Desk::start()?;
    let page = get(desk.address(), "/", &[])?;
    let policy = page.header("content-security-policy");
    let options = page.header("x-frame-options");
    assert!(
        policy.contains("frame-ancestors") || !options.is_empty(),
        "{policy:?} {options:?}"
    );
    Ok(())
}
