//! A shutdown with somebody in the house: probes and newcomers hear of it, clients leave one after the other, and each is
//! told when to come back.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use tickwire_tests::desk::{Desk, Setup};
use tickwire_tests::http::get;
use tickwire_tests::order::Market;
use tickwire_tests::wire::{PATIENCE, Wire};

/// Enough for the spread to be most of a second.
const CROWD: usize = 500;

fn window(wire: &Wire) -> Result<(u64, u64)> {
    let last = wire.log.last().context("a last frame")?;
    anyhow::ensure!(last.kind() == "GOING_AWAY", "{}", last.text);
    let bound = |place: usize| last.json["reconnect_ms"][place].as_u64().context("a bound");
    Ok((bound(0)?, bound(1)?))
}

#[test]
fn probes_tell_a_desk_that_works_from_one_that_leaves() -> Result<()> {
    let mut desk = Setup::sim(20, 2_000).arg("--drain-seconds", "20").start()?;
    let address = desk.address();
    for path in ["/health", "/health/live", "/health/ready"] {
        assert_eq!(get(address, path, &[])?.status, 200, "{path}");
    }
    // One that is written to and does not read keeps the desk waiting.
    let topics: Vec<String> = Market::names(&mut Wire::connect(address)?)?
        .iter()
        .map(|name| format!("ticker:{name}"))
        .collect();
    let topics: Vec<&str> = topics.iter().map(String::as_str).collect();
    let mut deaf = Wire::connect_narrow(address)?;
    deaf.subscribe(&topics)?;
    std::thread::sleep(Duration::from_secs(4));
    desk.signal("TERM")?;
    let deadline = Instant::now() + PATIENCE;
    let ready = loop {
        let ready = get(address, "/health/ready", &[])?;
        if ready.status != 200 || Instant::now() >= deadline {
            break ready;
        }
        std::thread::sleep(Duration::from_millis(10));
    };
    assert_eq!(
        (ready.status, ready.text().contains("draining")),
        (503, true),
        "{}",
        ready.text()
    );
    assert_eq!(
        get(address, "/health/live", &[])?.status,
        200,
        "a restart would help nobody"
    );
    let newcomer = get(
        address,
        "/api/ws/realtime",
        &[
            ("upgrade", "websocket"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ],
    )?;
    assert_eq!(newcomer.status, 503);
    let seconds: u64 = newcomer.header("retry-after").parse()?;
    assert!((1..=21).contains(&seconds), "{seconds}");
    deaf.cut();
    assert_eq!(desk.ended(PATIENCE)?.code(), Some(0));
    Ok(())
}

#[test]
fn a_crowd_leaves_over_a_time_and_is_told_to_come_back_over_another() -> Result<()> {
    let mut desk = Setup::new().arg("--drain-seconds", "10").start()?;
    let mut crowd = (0..CROWD)
        .map(|_| Wire::connect(desk.address()))
        .collect::<Result<Vec<_>>>()?;
    let greeted = |wire: &mut Wire| -> Result<u64> {
        let greeting = wire.wait_for_kind("CONNECTION_ESTABLISHED")?;
        greeting.json["limits"]["reconnect_window_ms"]
            .as_u64()
            .context("a window")
    };
    let last = crowd.len() - 1;
    let (first, last) = (greeted(&mut crowd[0])?, greeted(&mut crowd[last])?);
    assert_eq!(first, 250, "alone it may be back at once");
    assert!(
        last > 500,
        "{last} for one of {CROWD}: a crash must spread them too"
    );

    desk.signal("TERM")?;
    let mut first_moments = BTreeSet::new();
    for wire in &mut crowd {
        let (code, reason) = wire.closed(PATIENCE)?;
        assert_eq!((code, reason.as_str()), (4000, "going_away"));
        let (from, to) = window(wire)?;
        assert!(
            to - from >= 500,
            "{from} to {to}: the desk cannot take in all of them at once"
        );
        assert!(from <= 1_000, "{from}: no longer than the others need to leave");
        first_moments.insert(from);
    }
    // How much of the spread was left when each was told: all at once would be one figure.
    assert!(first_moments.len() > 20, "{first_moments:?}");
    assert_eq!(desk.ended(PATIENCE)?.code(), Some(0));
    Ok(())
}

#[test]
fn no_patience_at_all_ends_in_good_order_too() -> Result<()> {
    let mut desk = Setup::new().arg("--drain-seconds", "0").start()?;
    let mut wire = Wire::connect(desk.address())?;
    wire.ping()?;
    desk.signal("TERM")?;
    assert_eq!(desk.ended(PATIENCE)?.code(), Some(0));
    drop(wire);
    let mut again = Desk::start()?;
    again.signal("TERM")?;
    assert_eq!(
        again.ended(PATIENCE)?.code(),
        Some(0),
        "with nobody there nothing is waited for"
    );
    Ok(())
}
