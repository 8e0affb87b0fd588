//! The clients of the older systems, in the words of their own documents: they find here what they found there, at
//! another address.

use anyhow::{Context as _, Result};
use serde_json::Value;
use tickwire_tests::desk::{Desk, Setup};
use tickwire_tests::older::Client;
use tickwire_tests::order::Market;
use tickwire_tests::trader::Trader;

const SPOT: &str = "SIM001USDT";
const PERP: &str = "SIM001USDT-PERP";

fn desk() -> Result<(Desk, Trader, Market)> {
    let desk = Setup::sim(2, 50).start()?;
    let mut trader = Trader::connect(&desk)?;
    let market = Market::of(&mut trader, SPOT)?;
    Ok((desk, trader, market))
}

fn open_carry(market: &Market) -> String {
    let quantity = market.worth(500);
    format!(r#"{{"action":"open_carry","symbol":"{PERP}","quantity":{quantity}}}"#)
}

/// What a line of `play.js` says after its first word.
fn said(line: &str) -> Result<Value> {
    let words: Value = serde_json::from_str(line)?;
    Ok(words.get(1).with_context(|| line.to_owned())?.clone())
}

/// Whether these are all texts that hold a decimal number.
fn are_decimals(row: &Value, names: &[&str]) -> bool {
    let is_decimal = |name: &&str| {
        let text = row[*name].as_str().unwrap_or_default();
        text.parse::<rust_decimal::Decimal>().is_ok()
    };
    names.iter().all(is_decimal)
}

#[test]
fn the_dashboard_of_s0_is_fed() -> Result<()> {
    let (desk, mut trader, market) = desk()?;
    let mut client = Client::javascript("s0", desk.address())?;
    let balance = said(&client.wait_for_words(&[r#"["balance""#])?)?;
    for name in [
        "total_balance",
        "available_balance",
        "position_value",
        "unrealized_pnl",
        "margin_balance",
    ] {
        assert!(balance[name].is_number(), "{name} in {balance}");
    }
    trader.acked(&market.order("buy", market.worth(100)))?;
    let row = said(&client.wait_for_words(&[r#"["positions",[{"#, SPOT])?)?[0].clone();
    assert_eq!((&row["symbol"], &row["side"]), (&SPOT.into(), &"Buy".into()));
    for name in ["size", "entry_price", "mark_price", "pnl", "pnl_pct"] {
        assert!(row[name].is_number(), "{name} in {row}");
    }
    client.wait_for_words(&[r#"["positionCount",1]"#])?;
    client.wait_for_words(&[r#"["<-","account_balance_updated"]"#])?;
    let arrows: Vec<&String> = client
        .log
        .iter()
        .filter(|line| line.starts_with(r#"["<-""#))
        .collect();
    assert_eq!(
        arrows[..2],
        [r#"["<-","initial_balance"]"#, r#"["<-","initial_status"]"#]
    );
    Ok(())
}

#[test]
fn the_client_of_s1_gets_its_answers() -> Result<()> {
    let desk = Desk::start()?;
    let mut client = Client::javascript("s1", desk.address())?;
    client.wait_for_words(&["MARKET_UPDATE", "BTCUSDT", "priceChangePercent"])?;
    for kind in ["POSITION_UPDATE", "PORTFOLIO_UPDATE"] {
        assert!(client.log.iter().any(|line| line.contains(kind)), "no {kind}");
    }
    Ok(())
}

#[test]
fn the_javascript_client_of_s2_is_told_of_everything() -> Result<()> {
    let (desk, mut trader, market) = desk()?;
    let mut client = Client::javascript("s2", desk.address())?;
    client.wait_for_words(&["Connected to WebSocket server"])?;
    client.wait_for_words(&["Connection confirmed:"])?;
    trader.acked(&open_carry(&market))?;
    let position = said(&client.wait_for_words(&["Position update:", r#""status":"open""#])?)?;
    assert_eq!(position["symbol"], "SIM001/USDT");
    let decimals = [
        "spot_entry_price",
        "perp_entry_price",
        "spot_quantity",
        "perp_quantity",
        "unrealized_pnl",
        "funding_collected",
    ];
    assert!(are_decimals(&position, &decimals), "{position}");
    assert_eq!(position["spot_quantity"], position["perp_quantity"]);
    let equity = said(&client.wait_for_words(&["Equity update:"])?)?;
    assert!(
        are_decimals(&equity, &["total_equity", "peak_equity", "current_equity"]),
        "{equity}"
    );
    trader.acked(r#"{"action":"pause_trading"}"#)?;
    let risk = said(&client.wait_for_words(&["Risk status update:", "soft_pause"])?)?;
    assert_eq!(
        risk["message"],
        "New position openings stopped. Existing positions remain open."
    );
    assert!(are_decimals(&risk, &["drawdown_pct", "daily_loss_pct"]), "{risk}");
    trader.acked(r#"{"action":"flatten_all"}"#)?;
    client.wait_for_words(&["Position update:", r#""status":"closed""#])?;
    // A connection is a line of the log.
    let _another = Trader::connect(&desk)?;
    let line = client.wait_for_words(&["System log:", "INFO"]);
    let line = match client.log.iter().find(|line| line.contains("System log:")) {
        Some(line) => line.clone(),
        None => line?,
    };
    let time = said(&line)?["timestamp"].as_str().unwrap_or_default().to_owned();
    assert!(time.len() == 24 && time.ends_with('Z'), "{line}");
    // The token that the document shows is a secret for all that the desk knows.
    let words = desk.words();
    assert!(words.contains("connected"), "{words}");
    assert!(!words.contains("your-auth-token"), "{words}");
    Ok(())
}

#[test]
fn the_python_client_of_s2_is_told_too() -> Result<()> {
    let (desk, mut trader, market) = desk()?;
    let mut client = Client::python("s2", desk.address())?;
    client.wait_for_words(&["Connected to WebSocket server"])?;
    client.wait_for_words(&["Received: connection_established"])?;
    trader.acked(&open_carry(&market))?;
    client.wait_for_words(&["Received: position_update"])?;
    client.wait_for_words(&["'perp_entry_price': '", "'status': 'open'"])?;
    client.wait_for_words(&["Received: equity_update"])?;
    Ok(())
}

#[test]
fn the_private_stream_client_of_s3_keeps_its_state_without_a_question() -> Result<()> {
    let (desk, mut trader, market) = desk()?;
    let mut client = Client::python("s3", desk.address())?;
    client.wait_for_words(&["answer", r#""op": "subscribe""#, r#""success": true"#])?;
    trader.acked(&market.order_named("mine", "buy", market.worth(100)))?;
    client.ended_well()?;
    let line = |start: &str| {
        let found = client.log.iter().find(|line| line.starts_with(start));
        found.with_context(|| format!("no {start} in {:#?}", client.log))
    };
    line(&format!("Fill: {SPOT} Buy "))?;
    line(&format!("Position {SPOT}: size="))?;
    let kept: Value = serde_json::from_str(line("kept ")?.trim_start_matches("kept "))?;
    let orders = kept["orders"].as_object().context("the orders by their ids")?;
    let (id, order) = orders.iter().next().context("an order")?;
    assert_eq!(
        (&order["orderLinkId"], &order["orderType"], &order["category"]),
        (&"mine".into(), &"Market".into(), &"spot".into())
    );
    let fill = &kept["recent_fills"][0];
    assert_eq!(fill["orderId"], id.as_str());
    assert!(
        are_decimals(
            fill,
            &["execPrice", "execQty", "execFee", "execValue", "execTime"]
        ),
        "{fill}"
    );
    assert_eq!(fill["isMaker"], false);
    // The document asks for a position in what the desk has no instrument of this name for.
    assert!(
        kept["position"].is_null() && kept["order_status"].is_null(),
        "{kept}"
    );
    Ok(())
}

#[test]
fn the_dashboard_of_s4_paints_what_it_gets() -> Result<()> {
    let (desk, mut trader, market) = desk()?;
    let mut client = Client::javascript("s4", desk.address())?;
    client.wait_for_words(&["Connected to WebSocket server"])?;
    let value = said(&client.wait_for_words(&[r#"["total-value""#])?)?;
    assert!(value.as_str().unwrap_or_default().starts_with('$'), "{value}");
    client.wait_for_words(&[r#"["open-positions",0]"#])?;
    client.wait_for_words(&[r#"["win-rate","n/a"]"#])?;
    client.wait_for_words(&[r#"["performance_update""#])?;
    trader.acked(&market.order_named("mine", "buy", market.worth(100)))?;
    let trade = said(&client.wait_for_words(&[r#"["trades_update""#])?)?;
    assert_eq!(
        (&trade["client_order_id"], &trade["symbol"]),
        (&"mine".into(), &SPOT.into())
    );
    assert!(
        client
            .log
            .iter()
            .any(|line| line.starts_with(r#"["positions_update""#)),
        "all channels flow until some are named"
    );
    assert!(!client.log.iter().any(|line| line.starts_with(r#"["error""#)));
    Ok(())
}
