//! Perpetuals beside the spot markets: listed after them, priced a little above them, traded like them.

use std::time::Duration;

use anyhow::{Context as _, Result};
use rust_decimal::Decimal;
use tickwire_tests::desk::{Desk, Setup};
use tickwire_tests::order::Market;
use tickwire_tests::wire::{Frame, Wire};

fn last_ticker<'a>(wire: &'a Wire, symbol: &str) -> Result<&'a Frame> {
    let of = |frame: &&Frame| frame.kind() == "MARKET_UPDATE" && frame.json["symbol"] == symbol;
    wire.log
        .iter()
        .rfind(of)
        .with_context(|| format!("{symbol} ticked"))
}

#[test]
fn every_embedded_market_has_perpetuals_of_its_first_two_instruments() -> Result<()> {
    for (setup, expected) in [
        (Setup::new(), ["BTCUSDT-PERP", "ETHUSDT-PERP"]),
        (
            Setup::new().arg("--replay-form", "tape"),
            ["BTCUSDT-PERP", "ETHUSDT-PERP"],
        ),
        (Setup::sim(4, 100), ["SIM001USDT-PERP", "SIM002USDT-PERP"]),
    ] {
        let desk = setup.start()?;
        let mut wire = Wire::connect(desk.address())?;
        assert_eq!(Market::perpetuals(&mut wire)?, expected);
        let list = wire.answer(r#"{"action":"get_instruments"}"#, "INSTRUMENTS")?;
        let rows = list.json["instruments"].as_array().context("a list")?;
        let is_perpetual: Vec<bool> = rows.iter().map(|row| row["perpetual"].is_object()).collect();
        assert!(is_perpetual.is_sorted(), "spot comes first: {is_perpetual:?}");
        let terms = &rows[rows.len() - 2]["perpetual"];
        assert_eq!(terms["max_leverage"], 50);
        assert_eq!(terms["default_leverage"], 5);
        assert_eq!(terms["funding_interval_ms"], 28_800_000);
        for name in expected {
            let spot = name.trim_end_matches("-PERP");
            wire.subscribe(&[&format!("ticker:{name}"), &format!("ticker:{spot}")])?;
        }
        wire.read_for(Duration::from_secs(3))?;
        for name in expected {
            let spot = last_ticker(&wire, name.trim_end_matches("-PERP"))?;
            let perpetual = last_ticker(&wire, name)?;
            assert!(
                perpetual.number("/bid") < perpetual.number("/ask"),
                "{}",
                perpetual.text
            );
            let premium = perpetual.number("/ask") / spot.number("/ask") - Decimal::ONE;
            // 1 to 5 hundredths of a percent; the two frames may be some milliseconds of the market apart.
            let close = Decimal::new(2, 3);
            assert!(premium.abs() < close, "{name} is {premium} away from spot");
        }
    }
    Ok(())
}

#[test]
fn a_perpetual_has_a_past_and_is_traded_at_its_own_prices_and_fees() -> Result<()> {
    let desk = Desk::start()?;
    let mut wire = Wire::connect(desk.address())?;
    let past = r#"{"action":"get_candles","symbol":"BTCUSDT-PERP","interval":"1h","limit":20}"#;
    let past = wire.answer(past, "CANDLE_UPDATE")?;
    assert_eq!(past.json["data"]["candles"].as_array().map(Vec::len), Some(20));
    let market = Market::of(&mut wire, "BTCUSDT-PERP")?;
    assert_eq!(market.fee_rate, "0.00055".parse()?);
    wire.acked(&market.order("buy", market.worth(100)))?;
    let fill = wire.answer(r#"{"action":"get_executions","limit":1}"#, "EXECUTIONS")?;
    let number = |name: &str| fill.number(&format!("/executions/0/{name}"));
    let (price, quantity) = (number("price"), number("quantity"));
    assert_eq!(fill.json["executions"][0]["symbol"], "BTCUSDT-PERP");
    assert_eq!(number("fee"), (price * quantity * market.fee_rate).round_dp(8));
    assert!(
        (price / market.price - Decimal::ONE).abs() < Decimal::new(5, 3),
        "{}",
        fill.text
    );
    Ok(())
}

#[test]
fn the_funding_rate_is_a_setting() -> Result<()> {
    let desk = Setup::sim(2, 50).arg("--funding-rate", "-0.00025").start()?;
    let mut wire = Wire::connect(desk.address())?;
    let list = wire.answer(r#"{"action":"get_instruments"}"#, "INSTRUMENTS")?;
    for place in [2, 3] {
        let rate = list.number(&format!("/instruments/{place}/perpetual/funding_rate"));
        assert_eq!(rate, "-0.00025".parse()?);
    }
    Ok(())
}
