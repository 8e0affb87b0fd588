//! The same client_order_id again places nothing, however often, from wherever, and across a power cut.

use std::sync::Barrier;
use std::time::Duration;

use anyhow::{Context as _, Result};
use tickwire_tests::desk::Desk;
use tickwire_tests::order::{Market, history};
use tickwire_tests::wire::{Frame, Wire};

#[test]
fn twenty_connections_race_with_one_order_and_place_it_once() -> Result<()> {
    const RACERS: usize = 20;
    let desk = Desk::start()?;
    let mut wire = Wire::connect(desk.address())?;
    let market = Market::of(&mut wire, "BTCUSDT")?;
    let quantity = market.worth(100);
    for round in 0..3 {
        let command = market.order_named(&format!("race-{round}"), "buy", quantity);
        let start = Barrier::new(RACERS);
        let race = || -> Result<Frame> {
            let wire = Wire::connect(desk.address());
            start.wait();
            wire?.acked(&command)
        };
        let acks = std::thread::scope(|scope| {
            let racers: Vec<_> = (0..RACERS).map(|_| scope.spawn(race)).collect();
            racers
                .into_iter()
                .map(|racer| racer.join().ok().context("a racer panicked")?)
                .collect::<Result<Vec<Frame>>>()
        })?;
        let first: Vec<_> = acks.iter().filter(|ack| ack.json["duplicate"] == false).collect();
        assert_eq!(first.len(), 1, "one of them placed it");
        assert!(
            acks.iter()
                .all(|ack| ack.json["order_id"] == first[0].json["order_id"])
        );
        assert!(
            acks.iter()
                .all(|ack| ack.json["outcome"] == "executed" && ack.json["status"] == "FILLED")
        );
        assert_eq!(history(&mut wire, "executions")?.len(), round + 1);
    }
    Ok(())
}

#[test]
fn a_retry_with_other_content_places_nothing_either() -> Result<()> {
    let desk = Desk::start()?;
    let mut wire = Wire::connect(desk.address())?;
    let market = Market::of(&mut wire, "BTCUSDT")?;
    let first = wire.acked(&market.order_named("same", "buy", market.worth(100)))?;
    let again = wire.ask(&market.order_named("same", "sell", market.worth(900)))?;
    if again.kind() == "ACK" {
        assert_eq!(again.json["duplicate"], true, "{}", again.text);
        assert_eq!(again.json["order_id"], first.json["order_id"]);
    }
    assert_eq!(history(&mut wire, "executions")?.len(), 1);
    Ok(())
}

#[test]
fn a_closed_position_is_not_closed_again_by_a_retry() -> Result<()> {
    let desk = Desk::start()?;
    let mut wire = Wire::connect(desk.address())?;
    let market = Market::of(&mut wire, "BTCUSDT")?;
    let close = r#"{"action":"close_position","symbol":"BTCUSDT","client_order_id":"close-1"}"#;
    wire.acked(&market.order("buy", market.worth(100)))?;
    let first = wire.acked(close)?;
    wire.acked(&market.order("buy", market.worth(100)))?;
    let again = wire.acked(close)?;
    assert_eq!(again.json["duplicate"], true);
    assert_eq!(again.json["order_id"], first.json["order_id"]);
    let positions = wire.answer(r#"{"action":"get_positions"}"#, "POSITION_UPDATE")?;
    assert_eq!(
        positions.json["positions"].as_array().unwrap().len(),
        1,
        "the new one stays"
    );
    Ok(())
}

#[test]
fn a_refused_order_may_be_sent_again_under_its_name() -> Result<()> {
    let desk = Desk::start()?;
    let mut wire = Wire::connect(desk.address())?;
    let market = Market::of(&mut wire, "BTCUSDT")?;
    let refused = wire.ask(&market.order_named("again", "buy", market.worth(1_000_000)))?;
    assert_eq!(refused.kind(), "ERROR");
    assert_eq!(refused.json["client_order_id"], "again");
    assert_eq!(refused.json["outcome"], "not_executed");
    let ack = wire.acked(&market.order_named("again", "buy", market.worth(100)))?;
    assert_eq!(
        ack.json["duplicate"], false,
        "nothing had been placed: {}",
        ack.text
    );
    Ok(())
}

#[test]
fn an_order_whose_answer_a_power_cut_swallowed_is_placed_once_by_sending_it_again() -> Result<()> {
    const ROUNDS: usize = 6;
    let mut desk = Desk::start()?;
    let mut wire = Wire::connect(desk.address())?;
    let market = Market::of(&mut wire, "BTCUSDT")?;
    let quantity = market.worth(50);
    for round in 0..ROUNDS {
        let command = market.order_named(&format!("cut-{round}"), "buy", quantity);
        wire.send(&command)?;
        std::thread::sleep(Duration::from_millis(u64::try_from(round)?));
        desk.kill_and_restart()?;
        wire = Wire::connect(desk.address())?;
        let first = retried(&mut wire, &command)?;
        let second = retried(&mut wire, &command)?;
        assert_eq!(first.json["order_id"], second.json["order_id"]);
        assert_eq!(second.json["duplicate"], true);
        assert_eq!(
            history(&mut wire, "executions")?.len(),
            round + 1,
            "{}",
            first.text
        );
    }
    let positions = wire.answer(r#"{"action":"get_positions"}"#, "POSITION_UPDATE")?;
    assert_eq!(
        positions.number("/positions/0/quantity"),
        quantity * rust_decimal::Decimal::from(ROUNDS)
    );
    Ok(())
}

/// Sends a command until it is carried out; just after a start there may be no price yet.
fn retried(wire: &mut Wire, command: &str) -> Result<Frame> {
    for _ in 0..100 {
        let answer = wire.ask(command)?;
        if answer.kind() == "ACK" {
            return Ok(answer);
        }
        assert_eq!(answer.json["retryable"], true, "{}", answer.text);
        wire.read_for(Duration::from_millis(50))?;
    }
    anyhow::bail!("refused a hundred times: {command}")
}
