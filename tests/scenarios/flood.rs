//! A client that floods is told, then closed; one that keeps to the rate is not, and nobody else notices.

use std::time::{Duration, Instant};

use anyhow::Result;
use tickwire_tests::desk::{Desk, Setup};
use tickwire_tests::order::{Market, history};
use tickwire_tests::watcher::Watcher;
use tickwire_tests::wire::{PATIENCE, Wire};

#[test]
fn a_flood_is_told_and_then_closed_while_another_client_is_served() -> Result<()> {
    let desk = Setup::sim(1, 200).start()?;
    let mut other = Wire::connect(desk.address())?;
    let topic = format!("ticker:{}", Market::names(&mut other)?[0]);
    let watcher = Watcher::start(desk.address(), &[&topic])?;

    let mut wire = Wire::connect(desk.address())?;
    wire.wait_for_kind("CONNECTION_ESTABLISHED")?;
    for n in 0..1_000 {
        // The server need not read all of it.
        if wire
            .send(&format!(r#"{{"action":"get_positions","id":"f{n}"}}"#))
            .is_err()
        {
            break;
        }
    }
    let (code, reason) = wire.closed(PATIENCE)?;
    assert_eq!(code, 4007, "{reason}");
    let told: Vec<_> = wire
        .log
        .iter()
        .filter(|frame| frame.json["code"] == "RATE_LIMITED")
        .collect();
    assert!(!told.is_empty(), "told before it was closed");
    for frame in &told {
        assert!(
            frame.json["id"].as_str().is_some_and(|id| id.starts_with('f')),
            "{}",
            frame.text
        );
        assert_eq!(frame.json["retryable"], true);
        assert!(
            frame.json["retry_after_ms"]
                .as_u64()
                .is_some_and(|ms| ms > 0 && ms < 10_000),
            "{}",
            frame.text
        );
    }
    let answered = wire.log.iter().filter(|frame| frame.kind() == "ACK").count();
    assert!(answered >= 20, "the burst was answered: {answered}");

    other.ping()?;
    let silence = watcher.stop()?.longest_silence("MARKET_UPDATE");
    assert!(silence < Duration::from_millis(1_000), "{silence:?}");
    Ok(())
}

#[test]
fn a_flood_of_rubbish_is_a_flood() -> Result<()> {
    let desk = Desk::start()?;
    let mut wire = Wire::connect(desk.address())?;
    wire.wait_for_kind("CONNECTION_ESTABLISHED")?;
    for _ in 0..1_000 {
        if wire.send("rubbish").is_err() {
            break;
        }
    }
    assert_eq!(wire.closed(PATIENCE)?.0, 4007);
    Ok(())
}

#[test]
fn a_flood_of_pings_of_the_websocket_itself_does_no_harm() -> Result<()> {
    let desk = Desk::start()?;
    let mut wire = Wire::connect(desk.address())?;
    wire.wait_for_kind("CONNECTION_ESTABLISHED")?;
    for _ in 0..5_000 {
        // Closing such a client is as good as serving it.
        if wire.send_bytes(&[0x89, 0x80, 0, 0, 0, 0]).is_err() {
            break;
        }
    }
    Wire::connect(desk.address())?.ping()
}

#[test]
fn pings_of_the_websocket_beyond_what_was_told_close_the_connection() -> Result<()> {
    let desk = Desk::start()?;
    let mut wire = Wire::connect(desk.address())?;
    let limits = wire.wait_for_kind("CONNECTION_ESTABLISHED")?.json["limits"].clone();
    assert_eq!(
        (&limits["pings_per_second"], &limits["ping_burst"]),
        (&50.into(), &200.into())
    );
    let flood = |wire: &mut Wire, pings: u32| {
        for _ in 0..pings {
            // The server need not read all of it.
            if wire.send_bytes(&[0x89, 0x80, 0, 0, 0, 0]).is_err() {
                break;
            }
        }
    };
    flood(&mut wire, 150);
    wire.ping()?;
    flood(&mut wire, 5_000);
    assert_eq!(wire.closed(PATIENCE)?, (4007, "rate_limited".to_owned()));
    Ok(())
}

#[test]
fn what_was_refused_for_the_rate_was_not_carried_out() -> Result<()> {
    let desk = Desk::start()?;
    let mut wire = Wire::connect(desk.address())?;
    let market = Market::of(&mut wire, "BTCUSDT")?;
    let command = market.order("buy", market.worth(10));
    for n in 0..90 {
        wire.send(&command.replacen('{', &format!("{{\"id\":\"n{n}\","), 1))?;
    }
    let deadline = Instant::now() + PATIENCE;
    let answers = |wire: &Wire, kind: &str| {
        let of_it = |frame: &&tickwire_tests::wire::Frame| {
            frame.kind() == kind && frame.json["id"].as_str().is_some_and(|id| id.starts_with('n'))
        };
        wire.log.iter().filter(of_it).count()
    };
    while answers(&wire, "ACK") + answers(&wire, "ERROR") < 90 && Instant::now() < deadline {
        wire.next_within(Duration::from_millis(100))?;
    }
    assert_eq!(
        answers(&wire, "ACK") + answers(&wire, "ERROR"),
        90,
        "each has one answer; {:?}",
        wire.end
    );
    assert!(answers(&wire, "ERROR") > 0, "too slow to be a flood: no test");
    std::thread::sleep(Duration::from_millis(4_000));
    let fills = history(&mut wire, "executions")?;
    assert_eq!(fills.len(), answers(&wire, "ACK"));
    Ok(())
}

#[test]
fn a_client_that_keeps_to_the_rate_is_never_limited() -> Result<()> {
    let desk = Desk::start()?;
    let mut wire = Wire::connect(desk.address())?;
    let greeting = wire.wait_for_kind("CONNECTION_ESTABLISHED")?;
    let rate = greeting.json["limits"]["commands_per_second"].as_u64().unwrap();
    let pause = Duration::from_millis(1_000 / rate + 2);
    for _ in 0..rate * 5 {
        wire.ping()?;
        wire.read_for(pause)?;
    }
    assert!(!wire.log.iter().any(|frame| frame.kind() == "ERROR"));
    Ok(())
}

#[test]
fn a_connection_may_have_as_many_topics_as_it_was_told_and_no_more() -> Result<()> {
    let desk = Setup::sim(600, 50).start()?;
    let mut wire = Wire::connect(desk.address())?;
    let greeting = wire.wait_for_kind("CONNECTION_ESTABLISHED")?;
    let most = usize::try_from(greeting.json["limits"]["topics_max"].as_u64().unwrap())?;
    let names = Market::names(&mut wire)?;
    assert_eq!(names.len(), 600);
    let topics: Vec<String> = names.iter().map(|name| format!("ticker:{name}")).collect();
    let command =
        |topics: &[String]| serde_json::json!({"action": "subscribe", "topics": topics}).to_string();
    // Positions, portfolio and balance are subscribed to from the start.
    for some in topics[..most - 3].chunks(200) {
        wire.acked(&command(some))?;
    }
    let refused = wire.ask(&command(&topics[most - 3..most - 2]))?;
    assert_eq!(refused.json["code"], "TOPIC_LIMIT", "{}", refused.text);
    wire.acked(r#"{"action":"unsubscribe","topics":["positions"]}"#)?;
    wire.acked(&command(&topics[most - 3..most - 2]))?;
    Ok(())
}
