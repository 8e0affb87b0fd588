//! Orders that are carried out: what is acknowledged, what is told, and what the account holds then.

use anyhow::Result;
use rust_decimal::Decimal;
use tickwire_tests::desk::Desk;
use tickwire_tests::order::{Market, history};
use tickwire_tests::wire::{Frame, Wire};

const GET_POSITIONS: &str = r#"{"action":"get_positions"}"#;

fn desk_with_trader() -> Result<(Desk, Wire)> {
    let desk = Desk::start()?;
    let wire = Wire::connect(desk.address())?;
    Ok((desk, wire))
}

#[test]
fn an_order_is_acknowledged_by_its_id_and_told_on_both_topics() -> Result<()> {
    let (_desk, mut wire) = desk_with_trader()?;
    let market = Market::of(&mut wire, "BTCUSDT")?;
    wire.subscribe(&["orders", "executions"])?;
    let quantity = market.worth(1_000);

    let ack = wire.acked(&market.order_named("my-1", "buy", quantity))?;
    assert_eq!(ack.json["action"], "place_order");
    assert_eq!(ack.json["client_order_id"], "my-1");
    assert_eq!(ack.json["outcome"], "executed");
    assert_eq!(ack.json["duplicate"], false);
    let order_id = ack.json["order_id"].as_str().expect("an order id").to_owned();

    let filled = |frame: &Frame| frame.kind() == "ORDER_UPDATE" && frame.json["order"]["status"] == "FILLED";
    let told = match wire.log.iter().find(|frame| filled(frame)).cloned() {
        Some(told) => told,
        None => wire.wait_for("ORDER_UPDATE FILLED", filled)?,
    };
    assert_eq!(told.json["orderType"], "MARKET");
    let order = &told.json["order"];
    assert_eq!(order["id"], order_id.as_str());
    assert_eq!(order["client_order_id"], "my-1");
    assert_eq!(order["symbol"], "BTCUSDT");
    assert_eq!(order["side"], "buy");
    assert_eq!(told.number("/order/filled_quantity"), quantity);

    let is_fill = |frame: &Frame| frame.kind() == "EXECUTION_UPDATE";
    let fill = match wire.log.iter().find(|frame| is_fill(frame)).cloned() {
        Some(fill) => fill,
        None => wire.wait_for("EXECUTION_UPDATE", is_fill)?,
    };
    assert_eq!(fill.json["data"]["order_id"], order_id.as_str());
    assert_eq!(fill.number("/data/quantity"), quantity);
    let fee = (fill.number("/data/price") * quantity * market.fee_rate).round_dp(8);
    assert_eq!(fill.number("/data/fee"), fee, "{}", fill.text);
    assert_eq!(fill.json["data"]["is_maker"], false);
    assert_eq!(fill.number("/data/realized_pnl"), Decimal::ZERO);
    Ok(())
}

#[test]
fn what_is_asked_after_the_ack_shows_the_order() -> Result<()> {
    let (_desk, mut wire) = desk_with_trader()?;
    let market = Market::of(&mut wire, "BTCUSDT")?;
    let quantity = market.worth(100);
    for round in 1..=10_i64 {
        wire.acked(&market.order("buy", quantity))?;
        let positions = wire.answer(GET_POSITIONS, "POSITION_UPDATE")?;
        assert_eq!(
            positions.number("/positions/0/quantity"),
            quantity * Decimal::from(round)
        );
    }
    Ok(())
}

#[test]
fn a_buyer_pays_the_ask_and_a_seller_gets_the_bid() -> Result<()> {
    let (_desk, mut wire) = desk_with_trader()?;
    let market = Market::of(&mut wire, "BTCUSDT")?;
    wire.subscribe(&["ticker:BTCUSDT", "executions"])?;
    for side in ["buy", "sell"] {
        let before = wire.log.len();
        wire.acked(&market.order(side, market.worth(100)))?;
        wire.read_for(std::time::Duration::from_millis(1_500))?;
        let since = &wire.log[before.saturating_sub(200)..];
        let fill = since
            .iter()
            .rev()
            .find(|frame| frame.kind() == "EXECUTION_UPDATE")
            .expect("a fill");
        let pointer = if side == "buy" { "/ask" } else { "/bid" };
        let quotes: Vec<Decimal> = since
            .iter()
            .filter(|frame| frame.kind() == "MARKET_UPDATE")
            .map(|frame| frame.number(pointer))
            .collect();
        let (least, most) = (quotes.iter().min().unwrap(), quotes.iter().max().unwrap());
        // Not every tick is seen, so the bounds have room for one that was conflated away.
        let room = *most * Decimal::new(5, 4);
        let price = fill.number("/data/price");
        assert!(
            *least - room <= price && price <= *most + room,
            "{side}: {price}, {quotes:?}"
        );
        assert_eq!(fill.json["data"]["side"], side);
    }
    Ok(())
}

#[test]
fn a_position_can_be_added_to_reduced_turned_and_closed() -> Result<()> {
    let (_desk, mut wire) = desk_with_trader()?;
    let market = Market::of(&mut wire, "ETHUSDT")?;
    let one = market.worth(200);
    let steps: [(&str, i64, &str, i64); 4] = [
        ("buy", 2, "buy", 2),
        ("buy", 1, "buy", 3),
        ("sell", 2, "buy", 1),
        ("sell", 3, "sell", 2),
    ];
    let mut ids = Vec::new();
    for (side, times, kind, held) in steps {
        wire.acked(&market.order(side, one * Decimal::from(times)))?;
        let positions = wire.answer(GET_POSITIONS, "POSITION_UPDATE")?;
        assert_eq!(
            positions.json["positions"].as_array().unwrap().len(),
            1,
            "{}",
            positions.text
        );
        assert_eq!(positions.json["positions"][0]["type"], kind, "{}", positions.text);
        assert_eq!(
            positions.number("/positions/0/quantity"),
            one * Decimal::from(held)
        );
        ids.push(positions.json["positions"][0]["id"].clone());
    }
    assert!(
        ids[0] == ids[1] && ids[1] == ids[2],
        "one position from opening to close: {ids:?}"
    );
    assert_ne!(ids[2], ids[3], "the other side is another position");

    let ack = wire.acked(r#"{"action":"close_position","symbol":"ETHUSDT"}"#)?;
    assert_eq!(ack.json["action"], "close_position");
    assert_eq!(ack.json["outcome"], "executed");
    let positions = wire.answer(GET_POSITIONS, "POSITION_UPDATE")?;
    assert_eq!(positions.json["positions"], serde_json::json!([]));
    Ok(())
}

#[test]
fn a_part_of_a_position_is_closed_by_percent_rounded_down_to_the_step() -> Result<()> {
    let (_desk, mut wire) = desk_with_trader()?;
    let market = Market::of(&mut wire, "ADAUSDT")?;
    let held = Decimal::from(1_001) * market.step;
    wire.acked(&market.order("sell", held))?;
    wire.acked(r#"{"action":"close_position","symbol":"ADAUSDT","percent":25}"#)?;
    let positions = wire.answer(GET_POSITIONS, "POSITION_UPDATE")?;
    assert_eq!(
        positions.number("/positions/0/quantity"),
        Decimal::from(1_001 - 250) * market.step
    );
    assert_eq!(positions.json["positions"][0]["type"], "sell");

    wire.acked(r#"{"action":"close_position","symbol":"ADAUSDT","percent":100}"#)?;
    let positions = wire.answer(GET_POSITIONS, "POSITION_UPDATE")?;
    assert_eq!(positions.json["positions"], serde_json::json!([]));
    Ok(())
}

#[test]
fn reduce_only_never_turns_a_position() -> Result<()> {
    let (_desk, mut wire) = desk_with_trader()?;
    let market = Market::of(&mut wire, "SOLUSDT")?;
    let one = market.worth(100);
    wire.acked(&market.order("buy", one))?;
    let reduce = |side: &str, quantity: Decimal| {
        market
            .order(side, quantity)
            .replacen('{', r#"{"reduce_only":true,"#, 1)
    };
    let refused = wire.ask(&reduce("buy", one))?;
    assert_eq!(refused.kind(), "ERROR", "adds to it: {}", refused.text);

    // A larger one either closes what there is or is refused; it opens nothing.
    wire.ask(&reduce("sell", one * Decimal::from(3)))?;
    let positions = wire.answer(GET_POSITIONS, "POSITION_UPDATE")?;
    let left = positions.json["positions"].as_array().unwrap();
    assert!(left.is_empty() || left[0]["type"] == "buy", "{}", positions.text);
    if !left.is_empty() {
        wire.acked(&reduce("sell", one))?;
        let positions = wire.answer(GET_POSITIONS, "POSITION_UPDATE")?;
        assert_eq!(positions.json["positions"], serde_json::json!([]));
    }
    Ok(())
}

#[test]
fn an_order_without_an_id_is_carried_out_all_the_same() -> Result<()> {
    let (_desk, mut wire) = desk_with_trader()?;
    let market = Market::of(&mut wire, "DOGEUSDT")?;
    wire.send(&market.order("buy", market.worth(50)))?;
    wire.wait_for("the position", |frame| {
        frame.json["positions"][0]["symbol"] == "DOGEUSDT"
    })?;
    Ok(())
}

#[test]
fn numbers_may_come_as_text_and_sides_and_types_in_other_cases() -> Result<()> {
    let (_desk, mut wire) = desk_with_trader()?;
    let market = Market::of(&mut wire, "BTCUSDT")?;
    let quantity = market.worth(50);
    for (side, kind) in [("Buy", "MARKET"), ("BUY", "Market"), ("buy", "market")] {
        wire.acked(&format!(
            r#"{{"action":"place_order","symbol":"BTCUSDT","side":"{side}","order_type":"{kind}","quantity":"{quantity}"}}"#
        ))?;
    }
    let fills = history(&mut wire, "executions")?;
    assert_eq!(fills.len(), 3);
    assert!(fills.iter().all(|fill| fill.number("/data/quantity") == quantity));
    Ok(())
}
