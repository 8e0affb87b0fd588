//! Power cuts at random moments: what was acknowledged is there, once, and the account is what it was.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use rust_decimal::Decimal;
use tickwire_tests::desk::Desk;
use tickwire_tests::order::{Market, history};
use tickwire_tests::wire::{Frame, Wire};

const ROUNDS: u64 = 10;
const ORDERS_A_ROUND_MAX: usize = 50;

/// What a client was told before a cut.
#[derive(Default)]
struct Told {
    /// Owner's id to order id, of every ACK.
    acks: BTreeMap<String, String>,
    /// Every message of `orders` and `executions` by topic and place.
    events: BTreeMap<(String, u64), Frame>,
}

impl Told {
    fn take_in(&mut self, wire: &Wire) {
        for frame in &wire.log {
            match frame.kind() {
                "ACK" => {
                    if let (Some(name), Some(id)) = (
                        frame.json["client_order_id"].as_str(),
                        frame.json["order_id"].as_str(),
                    ) {
                        self.acks.insert(name.to_owned(), id.to_owned());
                    }
                }
                "ORDER_UPDATE" | "EXECUTION_UPDATE" => {
                    self.events
                        .insert((frame.topic().to_owned(), frame.seq()), frame.clone());
                }
                _ => {}
            }
        }
    }
}

/// Sends orders as fast as they are answered until the time is up, and cuts the power in the middle of it.
fn trade_until_cut(desk: &mut Desk, market: &Market, round: u64, told: &mut Told) -> Result<usize> {
    let mut wire = Wire::connect(desk.address())?;
    wire.subscribe(&["orders", "executions"])?;
    let cut_at = Instant::now() + Duration::from_millis(20 + round * 37 % 250);
    let mut sent = 0;
    while Instant::now() < cut_at && sent < ORDERS_A_ROUND_MAX {
        let side = if (round + sent as u64).is_multiple_of(3) {
            "sell"
        } else {
            "buy"
        };
        let name = format!("r{round}-{sent}");
        let quantity = market.worth(10) * Decimal::from(1 + (sent % 3));
        let command = market.order_named(&name, side, quantity);
        wire.send(&command.replacen('{', &format!("{{\"id\":\"{name}\","), 1))?;
        sent += 1;
        wire.next_within(Duration::from_millis(u64::try_from(sent % 4)?))?;
    }
    desk.kill()?;
    // What had been written to the socket before the cut was told.
    wire.read_for(Duration::from_millis(200))?;
    told.take_in(&wire);
    Ok(sent)
}

/// Compares what the desk says after a restart with what was told and with itself.
fn assert_kept(wire: &mut Wire, told: &Told) -> Result<()> {
    let orders = history(wire, "orders")?;
    let fills = history(wire, "executions")?;
    for ((topic, seq), before) in &told.events {
        let all = if topic == "orders" { &orders } else { &fills };
        let after = all
            .get(usize::try_from(*seq)? - 1)
            .with_context(|| format!("{topic} {seq} is gone"))?;
        assert_eq!(after.json, before.json, "{topic} {seq} is another");
    }
    for (name, id) in &told.acks {
        let filled = orders.iter().filter(|frame| {
            frame.json["order"]["client_order_id"] == name.as_str()
                && frame.json["order"]["status"] == "FILLED"
        });
        let ids: Vec<_> = filled
            .map(|frame| frame.json["order"]["id"].as_str().unwrap_or_default())
            .collect();
        assert_eq!(ids, [id], "{name} was acknowledged");
        let ordered = orders
            .iter()
            .find(|frame| frame.json["order"]["client_order_id"] == name.as_str())
            .map(|frame| frame.number("/order/quantity"));
        // An order that turns a position closes it by one fill and opens the other by a second.
        let filled: Decimal = fills
            .iter()
            .filter(|fill| fill.json["data"]["client_order_id"] == name.as_str())
            .map(|fill| fill.number("/data/quantity"))
            .sum();
        assert_eq!(Some(filled), ordered, "{name} was filled once");
    }

    let sum = |name: &str| -> Decimal {
        fills
            .iter()
            .map(|fill| fill.number(&format!("/data/{name}")))
            .sum()
    };
    let portfolio = wire.answer(r#"{"action":"get_portfolio"}"#, "PORTFOLIO_UPDATE")?;
    assert_eq!(portfolio.number("/portfolio/fees"), sum("fee"));
    assert_eq!(portfolio.number("/portfolio/realized_pnl"), sum("realized_pnl"));
    let held: Decimal = fills
        .iter()
        .map(|fill| match fill.json["data"]["side"].as_str() {
            Some("buy") => fill.number("/data/quantity"),
            _ => -fill.number("/data/quantity"),
        })
        .sum();
    let positions = wire.answer(r#"{"action":"get_positions"}"#, "POSITION_UPDATE")?;
    if held.is_zero() {
        assert_eq!(positions.json["positions"], serde_json::json!([]));
    } else {
        assert_eq!(positions.number("/positions/0/quantity"), held.abs());
        assert_eq!(
            positions.json["positions"][0]["type"],
            if held > Decimal::ZERO { "buy" } else { "sell" }
        );
    }
    Ok(())
}

#[test]
fn ten_power_cuts_in_the_middle_of_trading_lose_nothing_that_was_told() -> Result<()> {
    let mut desk = Desk::start()?;
    let market = Market::of(&mut Wire::connect(desk.address())?, "BTCUSDT")?;
    let mut told = Told::default();
    let mut sent = 0;
    for round in 0..ROUNDS {
        sent += trade_until_cut(&mut desk, &market, round, &mut told)?;
        desk.restart()?;
        let mut wire = Wire::connect(desk.address())?;
        // An order right after the start needs a price.
        wire.subscribe(&["ticker:BTCUSDT"])?;
        wire.wait_for_kind("MARKET_UPDATE")?;
        assert_kept(&mut wire, &told).with_context(|| format!("after cut {round}"))?;
    }
    assert!(
        told.acks.len() > 20,
        "only {} of {sent} orders were acknowledged: no test",
        told.acks.len()
    );
    assert!(told.acks.len() < sent, "no order was cut off: no test");
    Ok(())
}

#[test]
fn an_account_at_rest_is_the_same_to_the_last_digit_after_a_power_cut() -> Result<()> {
    let mut desk = Desk::start()?;
    let mut wire = Wire::connect(desk.address())?;
    for (place, symbol) in ["BTCUSDT", "ETHUSDT", "DOTUSDT"].into_iter().enumerate() {
        let market = Market::of(&mut wire, symbol)?;
        let side = if place == 1 { "sell" } else { "buy" };
        wire.acked(&market.order(side, market.worth(700)))?;
        wire.acked(&market.order(side, market.worth(333)))?;
        let other = if place == 1 { "buy" } else { "sell" };
        wire.acked(&market.order(other, market.worth(123)))?;
    }
    let settled = |wire: &mut Wire| -> Result<Vec<String>> {
        let portfolio = wire.answer(r#"{"action":"get_portfolio"}"#, "PORTFOLIO_UPDATE")?;
        let mut facts: Vec<String> = ["fees", "realized_pnl", "deposits", "positions_count"]
            .iter()
            .map(|name| format!("{name} {}", portfolio.number(&format!("/portfolio/{name}"))))
            .collect();
        let positions = wire.answer(r#"{"action":"get_positions"}"#, "POSITION_UPDATE")?;
        for position in positions.json["positions"].as_array().context("a list")? {
            for name in [
                "id",
                "symbol",
                "type",
                "quantity",
                "entry_price",
                "timestamp",
                "realized_pnl",
                "fees",
                "status",
            ] {
                facts.push(format!("{name} {}", position[name]));
            }
        }
        let balance = wire.wait_for_kind("ACCOUNT_BALANCE_UPDATED")?;
        facts.push(format!("total_balance {}", balance.number("/data/total_balance")));
        Ok(facts)
    };
    wire.read_for(Duration::from_millis(300))?;
    let before = settled(&mut wire)?;
    for _ in 0..2 {
        desk.kill_and_restart()?;
        let mut wire = Wire::connect(desk.address())?;
        assert_eq!(settled(&mut wire)?, before);
    }
    Ok(())
}

#[test]
fn a_journal_that_ends_in_half_a_write_is_taken_up_at_its_last_whole_entry() -> Result<()> {
    let mut desk = Desk::start()?;
    let mut wire = Wire::connect(desk.address())?;
    let market = Market::of(&mut wire, "BTCUSDT")?;
    for _ in 0..5 {
        wire.acked(&market.order("buy", market.worth(20)))?;
    }
    desk.kill()?;
    // A power cut may leave rubbish behind the last committed frame of SQLite's write-ahead log.
    let mut torn = 0;
    for entry in std::fs::read_dir(desk.data_dir())? {
        let path = entry?.path();
        if path.to_string_lossy().ends_with("-wal") {
            let mut bytes = std::fs::read(&path)?;
            bytes.extend(std::iter::repeat_n(0xA5, 3_000));
            std::fs::write(&path, bytes)?;
            torn += 1;
        }
    }
    desk.restart()?;
    let mut wire = Wire::connect(desk.address())?;
    assert_eq!(
        history(&mut wire, "executions")?.len(),
        5,
        "{torn} logs were torn"
    );
    Ok(())
}
