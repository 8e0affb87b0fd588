//! Perpetuals with their margins, funding and liquidations, and cash-and-carry positions with both of their legs.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use rust_decimal::Decimal;
use serde_json::Value;
use tickwire_tests::desk::{Desk, Setup};
use tickwire_tests::journal::replayed;
use tickwire_tests::order::Market;
use tickwire_tests::trader::{Trader, order_ids};
use tickwire_tests::wire::Frame;

use crate::asleep;

const SPOT: &str = "SIM001USDT";
const PERP: &str = "SIM001USDT-PERP";

fn desk(flags: &[(&str, &str)]) -> Result<(Desk, Trader, Market)> {
    let setup = flags
        .iter()
        .fold(Setup::sim(2, 200), |setup, (name, value)| setup.arg(name, value));
    let desk = setup.start()?;
    let mut trader = Trader::connect(&desk)?;
    let market = Market::of(&mut trader, PERP)?;
    Ok((desk, trader, market))
}

fn leverage(times: u32) -> String {
    format!(r#"{{"action":"set_leverage","symbol":"{PERP}","leverage":{times}}}"#)
}

/// Waits until so many funding payments are in the answer to a question, and gives that.
fn funded(trader: &mut Trader, payments: usize) -> Result<Frame> {
    let deadline = Instant::now() + Duration::from_secs(15);
    loop {
        let answer = trader.answer(r#"{"action":"get_executions"}"#, "EXECUTIONS")?;
        let rows = answer.json["funding"].as_array().context("a list")?;
        assert!(rows.len() <= payments, "{}", answer.text);
        if rows.len() == payments {
            return Ok(answer);
        }
        assert!(Instant::now() < deadline, "no funding came: {}", answer.text);
        trader.read_for(Duration::from_millis(100))?;
    }
}

#[test]
fn a_perpetual_is_backed_by_its_leverage_and_told_with_its_margins() -> Result<()> {
    let (mut desk, mut trader, market) = desk(&[])?;
    for (times, code) in [(0, "INVALID_LEVERAGE"), (51, "INVALID_LEVERAGE")] {
        trader.refused(&leverage(times), code)?;
    }
    trader.refused(
        &leverage(5).replace(PERP, SPOT).replace(":5}", ":2}"),
        "INVALID_LEVERAGE",
    )?;
    trader.acked(&leverage(20))?;
    let quantity = market.worth(20_000);
    trader.acked(&market.order("buy", quantity))?;
    let row = trader.positions()?;
    let number = |name: &str| row.number(&format!("/positions/0/{name}"));
    let value = number("entry_price") * quantity;
    assert_eq!(row.json["positions"][0]["leverage"], 20);
    assert!(
        (number("initial_margin") - value / Decimal::from(20)).abs() < Decimal::ONE,
        "{}",
        row.text
    );
    let maintenance = number("current_price") * quantity * Decimal::new(5, 3);
    assert!(
        (number("maintenance_margin") - maintenance).abs() < Decimal::new(1, 2),
        "{}",
        row.text
    );
    let liquidation = number("liquidation_price");
    assert!(
        liquidation > Decimal::ZERO && liquidation < number("entry_price"),
        "{}",
        row.text
    );
    let balance = trader.answer(r#"{"action":"get_balance"}"#, "ACCOUNT_BALANCE_UPDATED")?;
    assert_eq!(balance.json["data"]["leverage"][PERP], 20);

    // 10,000 cannot back 20,000 once, and twice they can.
    let sentence = trader.refused(&leverage(1), "INVALID_LEVERAGE")?;
    assert!(sentence.chars().any(|c| c.is_ascii_digit()), "{sentence}");
    trader.acked(&leverage(3))?;
    desk.kill_and_restart()?;
    let mut trader = Trader::connect(&desk)?;
    let row = trader.positions()?;
    assert_eq!(row.json["positions"][0]["leverage"], 3);
    trader.acked(&format!(r#"{{"action":"close_position","symbol":"{PERP}"}}"#))?;
    Ok(())
}

#[test]
fn a_night_of_funding_is_paid_once_to_the_last_digit() -> Result<()> {
    let (mut desk, mut trader, market) = desk(&[("--funding-rate", "0.0025")])?;
    let quantity = market.worth(5_000);
    trader.acked(&market.order("buy", quantity))?;
    // Sixteen hours have exactly two funding times in them.
    asleep::sleep(&mut desk, 16)?;
    desk.restart()?;
    let mut trader = Trader::connect(&desk)?;
    let answer = funded(&mut trader, 2)?;
    let mut sum = Decimal::ZERO;
    let mut times = Vec::new();
    for place in 0..2 {
        let number = |name: &str| answer.number(&format!("/funding/{place}/{name}"));
        let row = &answer.json["funding"][place];
        assert_eq!(
            (&row["symbol"], &row["side"]),
            (&Value::from(PERP), &Value::from("buy"))
        );
        assert_eq!(number("rate"), Decimal::new(25, 4));
        let due = quantity * number("mark_price") * number("rate");
        assert_eq!(number("amount"), -due.round_dp(8), "a long pays: {}", answer.text);
        let time = row["timestamp"].as_i64().context("a time")?;
        assert_eq!(time % 28_800_000, 0);
        times.push(time);
        sum += number("amount");
    }
    assert_eq!(times[0] - times[1], 28_800_000, "one after the other: {times:?}");
    let told = tickwire_tests::order::history(&mut trader, "executions")?;
    assert_eq!(
        told.iter()
            .filter(|frame| frame.kind() == "FUNDING_UPDATE")
            .count(),
        2
    );
    let portfolio = trader.answer(r#"{"action":"get_portfolio"}"#, "PORTFOLIO_UPDATE")?;
    assert_eq!(portfolio.number("/portfolio/funding"), sum, "{}", portfolio.text);
    let row = trader.positions()?;
    assert_eq!(row.number("/positions/0/funding"), sum, "{}", row.text);

    // It is paid for good: not again after the next power cut.
    desk.kill_and_restart()?;
    let mut trader = Trader::connect(&desk)?;
    trader.read_for(Duration::from_secs(1))?;
    funded(&mut trader, 2)?;
    Ok(())
}

#[test]
fn a_carry_is_one_position_of_two_legs_that_collects_funding() -> Result<()> {
    let (mut desk, mut trader, market) = desk(&[("--funding-rate", "0.001")])?;
    let quantity = market.worth(2_000);
    let open =
        format!(r#"{{"action":"open_carry","client_order_id":"c","symbol":"{SPOT}","quantity":{quantity}}}"#);
    let ack = trader.acked(&open)?;
    let id = ack.json["position_id"].as_str().context("a position")?.to_owned();
    let ids = order_ids(&ack);
    assert_eq!(ids.len(), 2, "{}", ack.text);
    let again = trader.acked(&open)?;
    assert_eq!(
        (&again.json["duplicate"], &again.json["position_id"]),
        (&Value::from(true), &Value::from(id.as_str()))
    );

    let row = trader.positions()?;
    assert_eq!(
        row.json["positions"].as_array().map(Vec::len),
        Some(1),
        "{}",
        row.text
    );
    let first = &row.json["positions"][0];
    assert_eq!(
        (&first["strategy"], &first["position_id"]),
        (&Value::from("cash_and_carry"), &Value::from(id.as_str()))
    );
    assert_eq!(
        (&first["symbol"], &first["perp_symbol"]),
        (&Value::from(SPOT), &Value::from(PERP))
    );
    for name in ["spot_quantity", "perp_quantity"] {
        assert_eq!(row.number(&format!("/positions/0/{name}")), quantity);
    }
    for (id, side, price) in [
        (&ids[0], "buy", "spot_entry_price"),
        (&ids[1], "sell", "perp_entry_price"),
    ] {
        let filled = trader.order(id, "FILLED")?;
        assert_eq!(filled.json["order"]["side"], side, "{}", filled.text);
        assert_eq!(filled.json["order"]["carry"], first["position_id"]);
        assert_eq!(
            filled.number("/order/average_price"),
            row.number(&format!("/positions/0/{price}"))
        );
    }
    // A close by its instrument would leave one leg alone.
    trader.refused(
        &format!(r#"{{"action":"close_position","symbol":"{SPOT}"}}"#),
        "NO_POSITION",
    )?;
    trader.refused(
        r#"{"action":"close_carry","position_id":"pos-99999"}"#,
        "NOT_FOUND",
    )?;

    asleep::sleep(&mut desk, 8)?;
    desk.restart()?;
    let mut trader = Trader::connect(&desk)?;
    let answer = funded(&mut trader, 1)?;
    let amount = answer.number("/funding/0/amount");
    assert!(amount > Decimal::ZERO, "a short gets it: {}", answer.text);
    assert_eq!(answer.json["funding"][0]["is_carry"], true);
    let row = trader.positions()?;
    assert_eq!(
        row.number("/positions/0/funding_collected"),
        amount,
        "{}",
        row.text
    );

    let ack = trader.acked(&format!(
        r#"{{"action":"close_carry","client_order_id":"d","position_id":"{id}"}}"#
    ))?;
    assert_eq!(order_ids(&ack).len(), 2);
    assert_eq!(trader.positions()?.json["positions"], serde_json::json!([]));
    trader.refused(
        &format!(r#"{{"action":"close_carry","position_id":"{id}"}}"#),
        "NOT_FOUND",
    )?;
    let performance = trader.answer(r#"{"action":"get_performance"}"#, "PERFORMANCE_UPDATE")?;
    assert_eq!(
        performance.number("/data/trades"),
        Decimal::ONE,
        "{}",
        performance.text
    );
    assert_eq!(
        performance.number("/data/funding"),
        amount,
        "{}",
        performance.text
    );
    Ok(())
}

#[test]
fn who_cannot_pay_the_funding_is_liquidated_and_told() -> Result<()> {
    let (mut desk, mut trader, market) = desk(&[
        ("--funding-rate", "0.01"),
        ("--risk-soft-drawdown", "off"),
        ("--risk-hard-drawdown", "off"),
        ("--risk-soft-daily-loss", "off"),
        ("--risk-hard-daily-loss", "off"),
    ])?;
    trader.acked(&leverage(50))?;
    trader.acked(&market.order("buy", market.worth(250_000)))?;
    let rest = format!(r#""price":{},"#, market.away(-500));
    trader.acked(&market.order_of("bid", "buy", "limit", market.worth(10_000), &rest))?;
    // Four times 2,500 of 10,000.
    asleep::sleep(&mut desk, 32)?;
    desk.restart()?;
    let mut trader = Trader::connect(&desk)?;
    funded(&mut trader, 4)?;
    let deadline = Instant::now() + Duration::from_secs(10);
    while !trader.held(PERP)?.is_zero() {
        assert!(Instant::now() < deadline, "it still holds its position");
    }
    assert_eq!(trader.open_orders()?, Vec::<String>::new());
    let orders = trader.answer(r#"{"action":"get_orders"}"#, "ORDERS")?;
    let rows = orders.json["orders"].as_array().context("a list")?;
    let reason = |status: &str| {
        rows.iter()
            .any(|row| row["status"] == status && row["reason"] == "LIQUIDATION")
    };
    assert!(reason("FILLED") && reason("CANCELLED"), "{}", orders.text);
    let alerts = trader.answer(r#"{"action":"get_alerts"}"#, "ALERTS")?;
    let said = alerts.json["alerts"].as_array().context("a list")?;
    assert!(
        said.iter()
            .any(|alert| alert["kind"] == "liquidation" && alert["severity"] == "critical"),
        "{}",
        alerts.text
    );
    let equity = trader.answer(r#"{"action":"get_equity"}"#, "EQUITY_UPDATE")?;
    assert!(
        equity.number("/data/margin_ratio_pct").is_zero(),
        "{}",
        equity.text
    );
    desk.kill()?;
    replayed(&desk.data_dir())?;
    Ok(())
}
