//! Fifty clients that never read cost a bounded amount of memory, and nobody else any time.

use std::time::Duration;

use anyhow::Result;
use tickwire_tests::desk::Setup;
use tickwire_tests::order::Market;
use tickwire_tests::watcher::Watcher;
use tickwire_tests::wire::Wire;

const DEAF: usize = 50;
const GROWTH_KB_MAX: u64 = 64 * 1024;
const SILENCE_MAX: Duration = Duration::from_millis(1_000);

#[test]
fn fifty_clients_that_never_read_delay_nobody_and_cost_little() -> Result<()> {
    let desk = Setup::sim(10, 2_000).start()?;
    let mut first = Wire::connect(desk.address())?;
    let names = Market::names(&mut first)?;
    let topics: Vec<String> = names
        .iter()
        .flat_map(|name| {
            [
                format!("ticker:{name}"),
                format!("candles:{name}:1m"),
                format!("candles:{name}:5m"),
            ]
        })
        .chain(["orders", "executions", "dashboard", "status"].map(str::to_owned))
        .collect();
    let topics: Vec<&str> = topics.iter().map(String::as_str).collect();
    let watcher = Watcher::start(desk.address(), &[&format!("ticker:{}", names[0]), "orders"])?;
    first.read_for(Duration::from_millis(1_000))?;
    let before = desk.resident_kb()?;

    let mut deaf = Vec::new();
    for _ in 0..DEAF {
        let mut wire = Wire::connect_narrow(desk.address())?;
        wire.subscribe(&topics)?;
        deaf.push(wire);
    }
    let market = Market::of(&mut first, &names[0])?;
    let mut slowest = Duration::ZERO;
    for n in 0..40_i64 {
        let asked = std::time::Instant::now();
        first.acked(&market.order(if n % 2 == 0 { "buy" } else { "sell" }, market.worth(20)))?;
        slowest = slowest.max(asked.elapsed());
        first.read_for(Duration::from_millis(200))?;
    }
    let after = desk.resident_kb()?;
    let watched = watcher.stop()?;
    let silence = watched.longest_silence("MARKET_UPDATE");
    assert!(silence < SILENCE_MAX, "no price for {silence:?}");
    assert!(slowest < Duration::from_millis(700), "an order took {slowest:?}");
    let grown = after.saturating_sub(before);
    assert!(grown < GROWTH_KB_MAX, "{before} kB became {after} kB");
    let orders = watched
        .frames
        .iter()
        .filter(|frame| frame.kind() == "ORDER_UPDATE")
        .map(tickwire_tests::wire::Frame::seq);
    let orders: Vec<u64> = orders.collect();
    assert!(orders.windows(2).all(|pair| pair[1] == pair[0] + 1), "{orders:?}");
    Ok(())
}

#[test]
fn clients_that_never_read_or_answer_are_let_go_in_the_end() -> Result<()> {
    let desk = Setup::sim(30, 2_000).start()?;
    // Its buffers hold all that it does not read, so nothing is stalled: it only gives no sign of life.
    let mut mute = Wire::connect(desk.address())?;
    let mut deaf = Wire::connect_narrow(desk.address())?;
    let greeting = deaf.wait_for_kind("CONNECTION_ESTABLISHED")?;
    let stall = greeting.json["limits"]["write_stall_ms"].as_u64().unwrap();
    let dead = greeting.json["limits"]["server_dead_ms"].as_u64().unwrap();
    let names = Market::names(&mut deaf)?;
    let topics: Vec<String> = names.iter().map(|name| format!("candles:{name}:1m")).collect();
    deaf.subscribe(&topics.iter().map(String::as_str).collect::<Vec<_>>())?;
    let since = std::time::Instant::now();
    let most = Duration::from_millis(stall.max(dead)) + Duration::from_secs(10);
    loop {
        let health = tickwire_tests::http::get(desk.address(), "/health", &[])?;
        let health: serde_json::Value = serde_json::from_str(&health.text())?;
        if health["active_connections"] == 0 {
            break;
        }
        assert!(
            since.elapsed() < most,
            "still connected after {:?}",
            since.elapsed()
        );
        std::thread::sleep(Duration::from_millis(100));
    }
    assert!(
        since.elapsed() > Duration::from_millis(dead) - Duration::from_secs(3),
        "too early: {:?}",
        since.elapsed()
    );
    // A pong to a socket that is closed would make the system throw away what was still to be read.
    let rest = mute.rest_unanswered()?;
    let close = [&[0x88, 2 + 17][..], &4003_u16.to_be_bytes(), b"heartbeat_timeout"].concat();
    assert!(
        rest.ends_with(&close),
        "the end is {:?}",
        String::from_utf8_lossy(&rest[rest.len().saturating_sub(60)..])
    );
    Ok(())
}
