//! What the account made of its trades, reckoned here a second time, from nothing but the fills that were told.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::Value;
use tickwire_tests::desk::{Desk, Setup};
use tickwire_tests::order::{Market, history};
use tickwire_tests::trader::Trader;
use tickwire_tests::wire::Frame;

const START: i64 = 10_000;

/// A trade as the fills tell it.
#[derive(Clone, Debug, Default)]
struct Trade {
    symbol: String,
    held: Decimal,
    net: Decimal,
    fees: Decimal,
}

fn trades(fills: &[Frame]) -> BTreeMap<String, Trade> {
    let mut trades: BTreeMap<String, Trade> = BTreeMap::new();
    for fill in fills {
        let data = &fill.json["data"];
        let trade = trades.entry(data["position_id"].to_string()).or_default();
        trade.symbol = data["symbol"].as_str().unwrap_or_default().to_owned();
        let quantity = fill.number("/data/quantity");
        trade.held += if data["side"] == "buy" {
            quantity
        } else {
            -quantity
        };
        trade.net += fill.number("/data/realized_pnl") - fill.number("/data/fee");
        trade.fees += fill.number("/data/fee");
    }
    trades
}

/// Checks a `PERFORMANCE_UPDATE` against the trades that are over.
fn assert_performance(told: &Frame, all: &BTreeMap<String, Trade>) -> Result<()> {
    let over: Vec<&Trade> = all.values().filter(|trade| trade.held.is_zero()).collect();
    let (won, lost): (Vec<Decimal>, Vec<Decimal>) = over
        .iter()
        .map(|trade| trade.net)
        .partition(|net| *net > Decimal::ZERO);
    let number = |name: &str| told.number(&format!("/data/{name}"));
    let is = |name: &str, value: Decimal| {
        ensure!(number(name) == value, "{name} is not {value}: {}", told.text);
        Ok(())
    };
    let (profit, loss): (Decimal, Decimal) = (won.iter().sum(), -lost.iter().sum::<Decimal>());
    let count = Decimal::from(over.len());
    is("trades", count)?;
    is("wins", Decimal::from(won.len()))?;
    is("losses", Decimal::from(lost.len()))?;
    is("net_pnl", profit - loss)?;
    is("largest_win", won.iter().max().copied().unwrap_or_default())?;
    is("largest_loss", -lost.iter().min().copied().unwrap_or_default())?;
    is("win_rate", (Decimal::from(100 * won.len()) / count).round_dp(2))?;
    is("expectancy", ((profit - loss) / count).round_dp(8))?;
    match lost.is_empty() {
        true => ensure!(told.json["data"]["profit_factor"].is_null(), "{}", told.text),
        false => {
            is("profit_factor", (profit / loss).round_dp(4))?;
            is("average_loss", (loss / Decimal::from(lost.len())).round_dp(8))?;
        }
    }
    if !won.is_empty() {
        is("average_win", (profit / Decimal::from(won.len())).round_dp(8))?;
    }
    let by_symbol = told.json["data"]["by_symbol"].as_array().context("a list")?;
    for (place, row) in by_symbol.iter().enumerate() {
        let of_it: Vec<_> = over
            .iter()
            .filter(|trade| row["symbol"] == trade.symbol.as_str())
            .collect();
        let net: Decimal = of_it.iter().map(|trade| trade.net).sum();
        let fees: Decimal = of_it.iter().map(|trade| trade.fees).sum();
        is(&format!("by_symbol/{place}/net_pnl"), net)?;
        is(&format!("by_symbol/{place}/fees"), fees)?;
        is(&format!("by_symbol/{place}/trades"), Decimal::from(of_it.len()))?;
    }
    let sum: Decimal = (0..by_symbol.len())
        .map(|place| number(&format!("by_symbol/{place}/net_pnl")))
        .sum();
    ensure!(sum == profit - loss, "a symbol is missing: {}", told.text);
    let days = told.json["data"]["by_day"].as_array().map_or(0, Vec::len);
    let sum: Decimal = (0..days)
        .map(|place| number(&format!("by_day/{place}/net_pnl")))
        .sum();
    ensure!(sum == profit - loss, "a day is missing: {}", told.text);
    Ok(())
}

fn traded(desk: &Desk) -> Result<Trader> {
    let mut trader = Trader::connect(desk)?;
    let markets = ["SIM001USDT", "SIM002USDT", "SIM001USDT-PERP"]
        .map(|symbol| Market::of(&mut trader, symbol).unwrap());
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    for _ in 0..45 {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let market = &markets[usize::try_from(random % 3)?];
        let value = 50 + i64::try_from(random >> 8 & 0x1ff)?;
        let command = match random >> 20 & 7 {
            0 => format!(r#"{{"action":"reverse_position","symbol":"{}"}}"#, market.symbol),
            1 => format!(r#"{{"action":"close_position","symbol":"{}"}}"#, market.symbol),
            2 | 3 => market.order("sell", market.worth(value)),
            _ => market.order("buy", market.worth(value)),
        };
        trader.ask(&command)?;
        trader.read_for(Duration::from_millis(20))?;
    }
    Ok(trader)
}

#[test]
fn performance_is_what_the_fills_add_up_to_before_and_after_a_power_cut() -> Result<()> {
    let mut desk = Setup::sim(2, 400).start()?;
    let mut trader = traded(&desk)?;
    for life in 0..2 {
        if life == 1 {
            desk.kill_and_restart()?;
            trader = Trader::connect(&desk)?;
        }
        let all = trades(&history(&mut trader, "executions")?);
        ensure!(
            all.values().filter(|trade| trade.held.is_zero()).count() > 3,
            "too few trades"
        );
        let told = trader.answer(r#"{"action":"get_performance"}"#, "PERFORMANCE_UPDATE")?;
        assert_performance(&told, &all).with_context(|| format!("life {life}"))?;
    }
    trader.acked(r#"{"action":"flatten_all"}"#)?;
    let all = trades(&history(&mut trader, "executions")?);
    assert!(all.values().all(|trade| trade.held.is_zero()), "flat is flat");
    let told = trader.answer(r#"{"action":"get_performance"}"#, "PERFORMANCE_UPDATE")?;
    assert_performance(&told, &all)?;
    let net: Decimal = all.values().map(|trade| trade.net).sum();
    let equity = trader.answer(r#"{"action":"get_equity"}"#, "EQUITY_UPDATE")?;
    assert_eq!(
        equity.number("/data/total_equity"),
        Decimal::from(START) + net,
        "{}",
        equity.text
    );
    assert_eq!(
        told.number("/data/fees"),
        all.values().map(|trade| trade.fees).sum()
    );
    Ok(())
}

#[test]
fn equity_and_its_losses_fit_together_in_every_value_that_is_sent() -> Result<()> {
    let desk = Setup::sim(2, 400).start()?;
    let mut trader = Trader::connect(&desk)?;
    trader.subscribe(&["equity", "performance"])?;
    let market = Market::of(&mut trader, "SIM001USDT")?;
    for _ in 0..8 {
        trader.acked(&market.order("buy", market.worth(1_000)))?;
        trader.read_for(Duration::from_millis(150))?;
    }
    trader.acked(r#"{"action":"flatten_all"}"#)?;
    trader.read_for(Duration::from_millis(300))?;
    let values: Vec<&Frame> = trader
        .log
        .iter()
        .filter(|frame| frame.kind() == "EQUITY_UPDATE")
        .collect();
    assert!(values.len() > 10, "{} values", values.len());
    let mut highest = Decimal::from(START);
    for value in &values {
        let number = |name: &str| value.number(&format!("/data/{name}"));
        let (equity, peak, day) = (
            number("total_equity"),
            number("peak_equity"),
            number("day_equity"),
        );
        assert_eq!(number("current_equity"), equity);
        assert!(peak >= equity && peak >= highest, "{}", value.text);
        highest = peak;
        let loss = |from: Decimal| {
            ((from - equity).max(Decimal::ZERO) * Decimal::ONE_HUNDRED / from)
                .round_dp_with_strategy(2, RoundingStrategy::ToZero)
        };
        // What is told to two places is off by one of the last at most.
        let close = Decimal::new(1, 2);
        assert!(
            (number("drawdown_pct") - loss(peak)).abs() <= close,
            "{}",
            value.text
        );
        assert!(
            (number("daily_loss_pct") - loss(day)).abs() <= close,
            "{}",
            value.text
        );
        assert!(number("margin_ratio_pct") >= Decimal::ZERO);
    }
    let last = *values.last().context("a value")?;
    let (equity, open) = (
        last.number("/data/total_equity"),
        last.number("/data/unrealized_pnl"),
    );
    assert!(open.is_zero(), "{}", last.text);
    let portfolio = trader.answer(r#"{"action":"get_portfolio"}"#, "PORTFOLIO_UPDATE")?;
    assert_eq!(portfolio.number("/portfolio/balance"), equity);
    let performance = trader
        .log
        .iter()
        .rfind(|frame| frame.kind() == "PERFORMANCE_UPDATE")
        .context("a value")?;
    assert_eq!(
        performance.json["data"]["trades"],
        Value::from(1),
        "{}",
        performance.text
    );
    let curve = performance.json["data"]["equity_curve"]
        .as_array()
        .context("a curve")?;
    let times: Vec<i64> = curve.iter().filter_map(|point| point["time"].as_i64()).collect();
    assert!(times.is_sorted() && !times.is_empty(), "{times:?}");
    Ok(())
}
