//! Being asked to stop: clients are told, what was done is kept, and nobody can keep the process alive.

use std::io::Write as _;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use anyhow::Result;
use tickwire_tests::desk::{Desk, Setup};
use tickwire_tests::order::{Market, history};
use tickwire_tests::wire::Wire;

/// The word is about five seconds; the rest is for the machine.
const ENDED_WITHIN: Duration = Duration::from_secs(7);

fn assert_orderly(signal: &str) -> Result<()> {
    let mut desk = Desk::start()?;
    let mut wires = Vec::new();
    for _ in 0..5 {
        let mut wire = Wire::connect(desk.address())?;
        wire.subscribe(&["orders", "ticker:BTCUSDT"])?;
        wires.push(wire);
    }
    let market = Market::of(&mut wires[0], "BTCUSDT")?;
    wires[0].acked(&market.order_named("last", "buy", market.worth(50)))?;
    desk.signal(signal)?;
    for wire in &mut wires {
        let (code, reason) = wire.closed(ENDED_WITHIN)?;
        assert_eq!((code, reason.as_str()), (4000, "going_away"));
        let last = wire.log.last().unwrap();
        assert_eq!(last.kind(), "GOING_AWAY", "nothing comes after it");
        let window = last.json["reconnect_ms"].as_array().expect("a window");
        assert!(window[0].as_u64() <= window[1].as_u64(), "{}", last.text);
    }
    let status = desk.ended(ENDED_WITHIN)?;
    assert_eq!(status.code(), Some(0), "{signal}");

    desk.restart()?;
    let mut wire = Wire::connect(desk.address())?;
    let fills = history(&mut wire, "executions")?;
    assert_eq!(fills.len(), 1);
    assert_eq!(fills[0].json["data"]["client_order_id"], "last");
    Ok(())
}

#[test]
fn sigterm_tells_every_client_and_ends_with_zero() -> Result<()> {
    assert_orderly("TERM")
}

#[test]
fn sigint_tells_every_client_and_ends_with_zero() -> Result<()> {
    assert_orderly("INT")
}

#[test]
fn clients_that_neither_read_nor_answer_do_not_keep_it_alive() -> Result<()> {
    let mut desk = Setup::sim(20, 2_000).start()?;
    let mut first = Wire::connect(desk.address())?;
    let topics: Vec<String> = Market::names(&mut first)?
        .iter()
        .map(|name| format!("ticker:{name}"))
        .collect();
    let topics: Vec<&str> = topics.iter().map(String::as_str).collect();
    let mut deaf = Vec::new();
    for _ in 0..5 {
        let mut wire = Wire::connect_narrow(desk.address())?;
        wire.subscribe(&topics)?;
        deaf.push(wire);
    }
    let mut stalled = Vec::new();
    for bytes in [
        &b"GET /health HTTP/1.1\r\nhost: x\r\n"[..],
        b"",
        b"GET / HTTP/1.1\r\nhost: x\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\nabc",
    ] {
        let mut stream = TcpStream::connect(desk.address())?;
        stream.write_all(bytes)?;
        stalled.push(stream);
    }
    // Long enough for what is not read to fill the buffers.
    first.read_for(Duration::from_secs(4))?;
    let asked = Instant::now();
    desk.signal("TERM")?;
    let status = desk.ended(ENDED_WITHIN)?;
    assert_eq!(status.code(), Some(0), "after {:?}", asked.elapsed());
    Ok(())
}

#[test]
fn a_second_signal_does_not_break_the_first() -> Result<()> {
    let mut desk = Desk::start()?;
    let wire = Wire::connect(desk.address())?;
    desk.signal("TERM")?;
    // It may be gone already.
    let _ = desk.signal("TERM");
    desk.ended(ENDED_WITHIN)?;
    wire.cut();
    desk.restart()?;
    Wire::connect(desk.address())?.ping()
}
