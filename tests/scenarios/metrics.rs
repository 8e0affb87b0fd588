//! `/metrics` against what was done: every number moves with its cause, and none tells of an account.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use anyhow::{Context as _, Result};
use serde_json::json;
use tickwire_tests::desk::{Desk, Setup};
use tickwire_tests::http::get;
use tickwire_tests::metrics::{Scrape, wait_until};
use tickwire_tests::order::Market;
use tickwire_tests::wire::{PATIENCE, Wire};

#[test]
fn connections_commands_and_orders_are_counted() -> Result<()> {
    let desk = Desk::start()?;
    let address = desk.address();
    let before = Scrape::of(address)?;
    assert_eq!(before.number("tickwire_connections"), 0.0);
    assert_eq!(before.number("tickwire_ready"), 1.0);
    assert_eq!(before.number("tickwire_engine_halted"), 0.0);
    assert_eq!(before.number("tickwire_journal_state{state=\"live\"}"), 1.0);
    assert_eq!(before.number("tickwire_risk_accounts{status=\"normal\"}"), 1.0);
    assert!(before.number("tickwire_journal_size_bytes") > 0.0);
    assert!(before.number("tickwire_engine_queue_capacity") > 0.0);

    let mut wire = Wire::connect(address)?;
    let market = Market::of(&mut wire, "BTCUSDT")?;
    wire.subscribe(&["orders", "ticker:BTCUSDT"])?;
    for _ in 0..3 {
        wire.acked(&market.order("buy", market.worth(20)))?;
    }
    wire.send("no command")?;
    wire.wait_for_kind("ERROR")?;
    let ordered = "tickwire_messages_total{direction=\"in\",type=\"place_order\"}";
    let after = wait_until(address, ordered, |count| count == 3.0)?;
    assert_eq!(after.number("tickwire_connections"), 1.0);
    assert_eq!(after.number("tickwire_connections_opened_total"), 1.0);
    assert_eq!(
        after.number("tickwire_messages_total{direction=\"in\",type=\"other\"}"),
        1.0
    );
    assert_eq!(
        after.number("tickwire_messages_total{direction=\"out\",type=\"ERROR\"}"),
        1.0
    );
    assert_eq!(
        after.number("tickwire_messages_total{direction=\"out\",type=\"CONNECTION_ESTABLISHED\"}"),
        1.0
    );
    let written = |scrape: &Scrape, kind: &str| {
        scrape.number(&format!(
            "tickwire_messages_total{{direction=\"out\",type=\"{kind}\"}}"
        ))
    };
    assert!(written(&after, "ORDER_UPDATE") >= 3.0);
    assert_eq!(written(&after, "other"), 0.0, "every type has its name");
    // Each command was answered: the two questions of the market, the subscription, the orders, and what was none.
    assert!(after.number("tickwire_command_seconds_count") >= 6.0);
    for journal in [
        "tickwire_journal_append_seconds_count",
        "tickwire_journal_entries_total",
    ] {
        assert!(after.number(journal) > before.number(journal), "{journal}");
    }

    wait_until(address, "tickwire_delivery_seconds_count", |count| count > 0.0)?;
    let fed = after.number("tickwire_feed_inputs_total");
    let later = wait_until(address, "tickwire_feed_inputs_total", |count| count > fed)?;
    assert!(later.has("tickwire_feed_age_seconds"));
    assert!(
        (0.0..60.0).contains(&later.number("tickwire_feed_age_seconds")),
        "{}",
        later.text
    );
    wire.cut();
    wait_until(
        address,
        "tickwire_connections_closed_total{reason=\"gone\"}",
        |count| count == 1.0,
    )?;
    wait_until(address, "tickwire_connections", |count| count == 0.0)?;
    Ok(())
}

#[test]
fn what_is_conflated_resumed_and_reset_is_counted() -> Result<()> {
    // Far more ticks than a client is sent: a ticker is told at most every 50 ms.
    let desk = Setup::sim(1, 2_000).start()?;
    let address = desk.address();
    let mut wire = Wire::connect(address)?;
    let symbol = Market::names(&mut wire)?.into_iter().next().context("a market")?;
    let market = Market::of(&mut wire, &symbol)?;
    wire.subscribe(&[&format!("ticker:{symbol}")])?;
    let subscribed = wire.subscribe(&["executions"])?;
    let (ep, seq) = (subscribed[0].json["ep"].clone(), subscribed[0].seq());
    for _ in 0..4 {
        wire.acked(&market.order("buy", market.worth(20)))?;
    }
    let enough = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while Scrape::of(address)?.number("tickwire_state_values_conflated_total") < 20.0 {
        assert!(std::time::Instant::now() < enough, "nothing is conflated");
        wire.read_for(std::time::Duration::from_millis(100))?;
    }
    wire.cut();

    let before = Scrape::of(address)?;
    let mut wire = Wire::connect(address)?;
    let resume = |ep: &serde_json::Value, seq: u64| {
        let place = json!([{"topic": "executions", "ep": ep, "seq": seq}]);
        json!({"action": "subscribe", "topics": ["executions"], "resume": place}).to_string()
    };
    wire.acked(&resume(&ep, seq))?;
    let resumed = wait_until(address, "tickwire_topics_resumed_total", |count| count == 1.0)?;
    let replayed = "tickwire_events_replayed_total";
    assert_eq!(resumed.number(replayed) - before.number(replayed), 4.0);
    assert_eq!(resumed.number("tickwire_topics_reset_total"), 0.0);
    wire.acked(&resume(&json!(1), 7))?;
    wait_until(address, "tickwire_topics_reset_total", |count| count == 1.0)?;
    Ok(())
}

#[test]
fn who_is_one_too_many_is_counted() -> Result<()> {
    let desk = Setup::sim(1, 20).arg("--connections-max", "1").start()?;
    let mut wire = Wire::connect(desk.address())?;
    wire.ping()?;
    let end = Wire::connect(desk.address())?.closed(PATIENCE)?;
    assert_eq!(end, (4009, "too_many_connections".to_owned()));
    let counts = Scrape::of(desk.address())?;
    let refused = "tickwire_connections_closed_total{reason=\"too_many_connections\"}";
    assert_eq!(counts.number(refused), 1.0);
    assert_eq!(counts.number("tickwire_connections_opened_total"), 2.0);
    assert_eq!(counts.number("tickwire_connections"), 1.0);
    wire.ping()
}

#[test]
fn a_stopped_account_shows_in_the_engines_state() -> Result<()> {
    let desk = Desk::start()?;
    let mut wire = Wire::connect(desk.address())?;
    wire.acked(r#"{"action":"stop_trading"}"#)?;
    let stopped = wait_until(
        desk.address(),
        "tickwire_risk_accounts{status=\"hard_stop\"}",
        |count| count == 1.0,
    )?;
    assert_eq!(stopped.number("tickwire_risk_accounts{status=\"normal\"}"), 0.0);
    Ok(())
}

#[test]
fn numbers_only_in_the_format_that_scrapers_ask_for() -> Result<()> {
    let desk = Desk::start()?;
    let mut wire = Wire::connect(desk.address())?;
    let market = Market::of(&mut wire, "BTCUSDT")?;
    wire.acked(&market.order_named("my-secret-name", "buy", market.worth(20)))?;
    let answer = get(desk.address(), "/metrics", &[])?;
    assert!(
        answer
            .header("content-type")
            .starts_with("application/openmetrics-text")
    );
    let text = answer.text();
    assert!(text.trim_end().ends_with("# EOF"));
    for secret in ["my-secret-name", "acct-", "BTCUSDT", "10000"] {
        let told: Vec<&str> = text
            .lines()
            .filter(|line| line.split(' ').next().is_some_and(|name| name.contains(secret)))
            .collect();
        assert!(told.is_empty(), "{secret}: {told:?}");
    }
    // A page of somebody else that gave its own name to this machine is refused here as everywhere.
    let mut stream = TcpStream::connect(desk.address())?;
    stream.write_all(b"GET /metrics HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    assert!(answer.starts_with("HTTP/1.1 421"), "{answer}");
    Ok(())
}
