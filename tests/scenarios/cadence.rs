//! What is pushed without asking, how often at the least, and how soon after a change.

use std::time::{Duration, Instant};

use anyhow::Result;
use tickwire_tests::desk::Desk;
use tickwire_tests::order::Market;
use tickwire_tests::watcher::longest_silence;
use tickwire_tests::wire::Wire;

/// The longest silence allowed of each type: its cadence, and a half of a second for a machine that others use too.
const SILENCES_MAX: [(&str, Duration); 3] = [
    ("POSITION_UPDATE", Duration::from_millis(1_500)),
    ("PORTFOLIO_UPDATE", Duration::from_millis(2_500)),
    ("ACCOUNT_BALANCE_UPDATED", Duration::from_millis(3_500)),
];

/// "At once", on a busy machine; well below the shortest cadence.
const AT_ONCE: Duration = Duration::from_millis(600);

fn assert_cadence(wire: &mut Wire, time: Duration) -> Result<()> {
    let since = Instant::now();
    wire.read_for(time)?;
    for (kind, most) in SILENCES_MAX {
        let silence = longest_silence(&wire.log, kind, (since, Instant::now()));
        assert!(silence <= most, "no {kind} for {silence:?}");
    }
    Ok(())
}

#[test]
fn an_idle_client_hears_of_its_account_at_the_cadence_of_the_mission() -> Result<()> {
    let desk = Desk::start()?;
    let mut wire = Wire::connect(desk.address())?;
    assert_cadence(&mut wire, Duration::from_secs(8))
}

#[test]
fn the_cadence_holds_while_there_is_a_position() -> Result<()> {
    let desk = Desk::start()?;
    let mut trader = Wire::connect(desk.address())?;
    let market = Market::of(&mut trader, "DOTUSDT")?;
    trader.acked(&market.order("buy", market.worth(100)))?;
    trader.cut();
    let mut wire = Wire::connect(desk.address())?;
    assert_cadence(&mut wire, Duration::from_secs(7))
}

#[test]
fn every_client_hears_of_an_order_at_once() -> Result<()> {
    let desk = Desk::start()?;
    let mut trader = Wire::connect(desk.address())?;
    let mut listener = Wire::connect(desk.address())?;
    let market = Market::of(&mut trader, "BTCUSDT")?;
    for round in 1..=5_i64 {
        let quantity = market.worth(100) * rust_decimal::Decimal::from(round);
        listener.read_for(Duration::from_millis(250))?;
        trader.send(&market.order(
            if round % 2 == 0 { "sell" } else { "buy" },
            market.worth(100) * rust_decimal::Decimal::from(2 * round - 1),
        ))?;
        let sent = Instant::now();
        let of_this = |frame: &tickwire_tests::wire::Frame| {
            let row = &frame.json["positions"][0];
            row.is_object() && frame.number("/positions/0/quantity") == quantity
        };
        listener.wait_within(AT_ONCE, "the position", of_this)?;
        let fees_before = listener
            .log
            .iter()
            .rev()
            .find(|frame| frame.kind() == "PORTFOLIO_UPDATE" && frame.at < sent);
        let fees_before = fees_before
            .map(|frame| frame.number("/portfolio/fees"))
            .unwrap_or_default();
        let rest = AT_ONCE.saturating_sub(sent.elapsed());
        listener.read_for(rest)?;
        let new = |kind: &str| {
            let mut of_kind = listener
                .log
                .iter()
                .filter(|frame| frame.at >= sent && frame.kind() == kind);
            of_kind.next_back().cloned()
        };
        let portfolio = new("PORTFOLIO_UPDATE").expect("the portfolio is pushed at once");
        assert!(
            portfolio.number("/portfolio/fees") > fees_before,
            "round {round}: {}",
            portfolio.text
        );
        let balance = new("ACCOUNT_BALANCE_UPDATED").expect("the balance is pushed at once");
        assert_eq!(
            balance.number("/data/total_balance"),
            portfolio.number("/portfolio/deposits") + portfolio.number("/portfolio/realized_pnl")
                - portfolio.number("/portfolio/fees"),
            "round {round}"
        );
    }
    Ok(())
}

#[test]
fn a_heartbeat_tells_of_life_and_of_the_heads_of_lossless_topics() -> Result<()> {
    let desk = Desk::start()?;
    let mut wire = Wire::connect(desk.address())?;
    wire.subscribe(&["orders", "executions"])?;
    let market = Market::of(&mut wire, "BTCUSDT")?;
    wire.acked(&market.order("buy", market.worth(100)))?;
    let beat = wire.wait_for_kind("HEARTBEAT")?;
    let last = |topic: &str| {
        let of_topic = wire
            .log
            .iter()
            .filter(|frame| frame.topic() == topic && frame.kind().ends_with("_UPDATE"));
        of_topic.map(|frame| frame.seq()).max().unwrap()
    };
    assert_eq!(beat.json["heads"]["orders"][1], last("orders"), "{}", beat.text);
    assert_eq!(
        beat.json["heads"]["executions"][1],
        last("executions"),
        "{}",
        beat.text
    );
    Ok(())
}
