//! The arithmetic of the account, to the last digit, from what the desk itself tells.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Result;
use rust_decimal::Decimal;
use tickwire_tests::desk::Setup;
use tickwire_tests::order::{Market, history};
use tickwire_tests::wire::{Frame, Wire};

const START: i64 = 10_000;

/// What every portfolio must fulfil, whatever its positions.
#[track_caller]
fn assert_adds_up(frame: &Frame) {
    let number = |name: &str| frame.number(&format!("/portfolio/{name}"));
    assert_eq!(number("deposits"), Decimal::from(START), "{}", frame.text);
    assert_eq!(
        number("balance"),
        number("deposits") + number("total_pnl"),
        "{}",
        frame.text
    );
    let made = number("realized_pnl") + number("unrealized_pnl") - number("fees");
    assert_eq!(number("total_pnl"), made, "{}", frame.text);
}

#[track_caller]
fn assert_balance_adds_up(frame: &Frame) {
    let number = |name: &str| frame.number(&format!("/data/{name}"));
    assert_eq!(frame.json["data"]["currency"], "USDT");
    assert_eq!(
        number("margin_balance"),
        number("total_balance") + number("unrealized_pnl"),
        "{}",
        frame.text
    );
    assert!(number("available_balance") >= Decimal::ZERO, "{}", frame.text);
    assert!(
        number("available_balance") <= number("margin_balance"),
        "{}",
        frame.text
    );
    assert!(
        number("position_value") >= Decimal::ZERO && number("used_margin") >= Decimal::ZERO,
        "{}",
        frame.text
    );
}

#[test]
fn cash_is_conserved_over_a_day_of_orders() -> Result<()> {
    let desk = Setup::new().arg("--replay-speed", "20").start()?;
    let mut wire = Wire::connect(desk.address())?;
    let markets = ["BTCUSDT", "ETHUSDT", "DOGEUSDT"].map(|symbol| Market::of(&mut wire, symbol).unwrap());
    wire.subscribe(&["dashboard"])?;

    // Any order of sizes and sides will do, as long as it is the same each time.
    let mut random = 88_172_645_463_325_252_u64;
    for _ in 0..60 {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let market = &markets[usize::try_from(random % 3)?];
        let side = if random & 8 == 0 { "buy" } else { "sell" };
        let value = 20 + i64::try_from(random >> 8 & 0x3ff)?;
        wire.acked(&market.order(side, market.worth(value)))?;
        wire.read_for(Duration::from_millis(60))?;
    }
    for market in &markets {
        wire.ask(&format!(
            r#"{{"action":"close_position","symbol":"{}"}}"#,
            market.symbol
        ))?;
    }
    wire.read_for(Duration::from_millis(500))?;

    let of_kind = |kind: &'static str| wire.log.iter().filter(move |frame| frame.kind() == kind);
    of_kind("PORTFOLIO_UPDATE").for_each(assert_adds_up);
    of_kind("ACCOUNT_BALANCE_UPDATED").for_each(assert_balance_adds_up);
    assert!(of_kind("PORTFOLIO_UPDATE").any(|frame| !frame.number("/portfolio/unrealized_pnl").is_zero()));

    let last = wire.answer(r#"{"action":"get_portfolio"}"#, "PORTFOLIO_UPDATE")?;
    assert_eq!(last.json["portfolio"]["positions_count"], 0, "{}", last.text);
    let (mut cash, mut fees, mut realized) = (Decimal::from(START), Decimal::ZERO, Decimal::ZERO);
    let mut trades: BTreeMap<String, Decimal> = BTreeMap::new();
    for fill in history(&mut wire, "executions")? {
        let value = fill.number("/data/price") * fill.number("/data/quantity");
        let fee = fill.number("/data/fee");
        assert_eq!(fee, (value * markets[0].fee_rate).round_dp(8), "{}", fill.text);
        cash += if fill.json["data"]["side"] == "buy" {
            -value
        } else {
            value
        };
        cash -= fee;
        fees += fee;
        let made = fill.number("/data/realized_pnl");
        realized += made;
        let trade = fill.json["data"]["position_id"].to_string();
        *trades.entry(trade).or_default() += made - fee;
    }
    assert_eq!(
        last.number("/portfolio/balance"),
        cash,
        "what was paid and got is what there is"
    );
    assert_eq!(last.number("/portfolio/fees"), fees);
    assert_eq!(last.number("/portfolio/realized_pnl"), realized);
    assert_eq!(last.number("/portfolio/unrealized_pnl"), Decimal::ZERO);

    let dashboard = wire
        .log
        .iter()
        .rev()
        .find(|frame| frame.kind() == "DASHBOARD_UPDATE")
        .unwrap();
    assert_eq!(dashboard.number("/data/total_value"), cash, "{}", dashboard.text);
    assert_eq!(dashboard.json["data"]["open_positions"], 0);
    let won = trades.values().filter(|made| **made > Decimal::ZERO).count();
    let rate = Decimal::from(100 * won) / Decimal::from(trades.len());
    assert_eq!(
        dashboard.number("/data/win_rate"),
        rate.round_dp(2),
        "{won} of {}: {}",
        trades.len(),
        dashboard.text
    );
    Ok(())
}

#[test]
fn positions_and_portfolio_agree_once_the_market_is_quiet_between_two_ticks() -> Result<()> {
    // One tick in a second leaves time to read both between two of them.
    let desk = Setup::sim(2, 1).start()?;
    let mut wire = Wire::connect(desk.address())?;
    let names = Market::names(&mut wire)?;
    for name in &names {
        let market = Market::of(&mut wire, name)?;
        wire.acked(&market.order("buy", market.worth(1_500)))?;
    }
    let mut agreed = 0;
    for _ in 0..12 {
        let positions = wire.answer(r#"{"action":"get_positions"}"#, "POSITION_UPDATE")?;
        let portfolio = wire.answer(r#"{"action":"get_portfolio"}"#, "PORTFOLIO_UPDATE")?;
        let sum = |name: &str| -> Decimal {
            (0..names.len())
                .map(|place| positions.number(&format!("/positions/{place}/{name}")))
                .sum()
        };
        let same = sum("current_pnl") == portfolio.number("/portfolio/unrealized_pnl");
        agreed += usize::from(same && sum("fees") == portfolio.number("/portfolio/fees"));
        wire.read_for(Duration::from_millis(150))?;
    }
    assert!(agreed >= 9, "only {agreed} of 12 agreed");
    Ok(())
}

#[test]
fn a_partial_close_realises_its_share_exactly() -> Result<()> {
    let desk = Setup::new().arg("--replay-speed", "30").start()?;
    let mut wire = Wire::connect(desk.address())?;
    let market = Market::of(&mut wire, "ETHUSDT")?;
    let quarter = market.worth(400);
    wire.acked(&market.order("buy", quarter * Decimal::from(4)))?;
    for _ in 0..4 {
        wire.read_for(Duration::from_millis(400))?;
        wire.acked(&market.order("sell", quarter))?;
    }
    let fills = history(&mut wire, "executions")?;
    let entry = fills[0].number("/data/price");
    for fill in &fills[1..] {
        let made = (fill.number("/data/price") - entry) * quarter;
        assert_eq!(fill.number("/data/realized_pnl"), made, "{}", fill.text);
    }
    let portfolio = wire.answer(r#"{"action":"get_portfolio"}"#, "PORTFOLIO_UPDATE")?;
    assert_adds_up(&portfolio);
    assert_eq!(portfolio.json["portfolio"]["positions_count"], 0);
    Ok(())
}

#[test]
fn the_starting_balance_is_what_was_set_and_an_account_keeps_its_own() -> Result<()> {
    let mut desk = Setup::new().arg("--starting-balance", "2500.75").start()?;
    let mut wire = Wire::connect(desk.address())?;
    let portfolio = wire.answer(r#"{"action":"get_portfolio"}"#, "PORTFOLIO_UPDATE")?;
    assert_eq!(portfolio.number("/portfolio/balance"), Decimal::new(250_075, 2));
    let market = Market::of(&mut wire, "BTCUSDT")?;
    wire.acked(&market.order("buy", market.worth(100)))?;
    wire.acked(r#"{"action":"close_position","symbol":"BTCUSDT"}"#)?;
    let before = wire.answer(r#"{"action":"get_portfolio"}"#, "PORTFOLIO_UPDATE")?;

    desk.kill_and_restart()?;
    let mut wire = Wire::connect(desk.address())?;
    let after = wire.answer(r#"{"action":"get_portfolio"}"#, "PORTFOLIO_UPDATE")?;
    assert_eq!(after.json["portfolio"], before.json["portfolio"]);
    Ok(())
}
