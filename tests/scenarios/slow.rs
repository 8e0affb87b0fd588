//! Clients that are slow on purpose, half there, or gone: each is let go in its time, costs little, and delays nobody.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, ensure};
use tickwire_tests::desk::{Desk, Setup};
use tickwire_tests::http;
use tickwire_tests::order::Market;
use tickwire_tests::watcher::{Watched, Watcher};
use tickwire_tests::wire::Wire;

/// Stalled clients beside the one that is measured.
const STALLED: usize = 20;

/// How much later the middle one of many prices may come beside stalled clients: nothing that a stalled client could do to
/// the others is as small, and nothing that a busy machine does is as large.
const LATER_TIMES_MAX: u64 = 4;

/// Beyond the longest time that a slow client is borne.
const SPARE: Duration = Duration::from_secs(15);

fn open(address: SocketAddr) -> Result<u64> {
    let health = http::get(address, "/health", &[])?;
    let health: serde_json::Value = serde_json::from_str(&health.text())?;
    health["active_connections"]
        .as_u64()
        .context("a number of connections")
}

/// The middle one of the delays from publishing a price to reading it, in milliseconds.
fn middle_delay(watched: &Watched, since_epoch: (SystemTime, Instant)) -> Result<u64> {
    let mut delays = Vec::new();
    for frame in watched
        .frames
        .iter()
        .filter(|frame| frame.kind() == "MARKET_UPDATE")
    {
        let Some(after) = frame.at.checked_duration_since(since_epoch.1) else {
            continue;
        };
        let read_at = (since_epoch.0 + after).duration_since(UNIX_EPOCH)?.as_millis();
        let published_at = u128::from(frame.json["published_at"].as_u64().context("published_at")?);
        delays.push(u64::try_from(read_at.saturating_sub(published_at))?);
    }
    ensure!(delays.len() >= 200, "too few prices to measure: {}", delays.len());
    delays.sort_unstable();
    Ok(delays[delays.len() / 2])
}

#[test]
fn stalled_clients_do_not_delay_the_others() -> Result<()> {
    let desk = Setup::sim(10, 1_000).start()?;
    let mut wire = Wire::connect(desk.address())?;
    let names = Market::names(&mut wire)?;
    let tickers: Vec<String> = names.iter().map(|name| format!("ticker:{name}")).collect();
    let tickers: Vec<&str> = tickers.iter().map(String::as_str).collect();
    let measure = || -> Result<u64> {
        let watcher = Watcher::start(desk.address(), &tickers)?;
        let since = (SystemTime::now(), Instant::now());
        std::thread::sleep(Duration::from_secs(4));
        middle_delay(&watcher.stop()?, since)
    };
    let alone = measure()?;
    let mut stalled = Vec::new();
    let many: Vec<String> = names
        .iter()
        .flat_map(|name| ["1m", "5m", "15m", "1h"].map(|interval| format!("candles:{name}:{interval}")))
        .collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    for _ in 0..STALLED {
        let mut wire = Wire::connect_narrow(desk.address())?;
        wire.send(&serde_json::json!({"action": "subscribe", "topics": many}).to_string())?;
        stalled.push(wire);
    }
    let beside = measure()?;
    assert!(open(desk.address())? >= STALLED as u64 / 2, "they are there");
    // Below some milliseconds there is nothing to compare: that is how fine the measure is.
    assert!(
        beside <= alone.max(10) * LATER_TIMES_MAX,
        "a price came after {beside} ms beside stalled clients, after {alone} ms without"
    );
    Ok(())
}

/// Waits until nobody is connected any more.
fn all_gone(desk: &Desk, within: Duration) -> Result<()> {
    let since = Instant::now();
    while open(desk.address())? > 0 {
        ensure!(since.elapsed() < within, "still connected after {within:?}");
        std::thread::sleep(Duration::from_millis(200));
    }
    Ok(())
}

/// Reads a byte a second, until it is told to stop.
fn drip(address: SocketAddr, topics: &[&str], stop: &AtomicBool) -> Result<()> {
    let mut wire = Wire::connect_narrow(address)?;
    wire.send(&serde_json::json!({"action": "subscribe", "topics": topics}).to_string())?;
    wire.drip(Duration::from_secs(1), stop)
}

/// Whether the server has closed a socket, or does so within `within`.
fn is_closed(stream: &mut TcpStream, within: Duration) -> Result<bool> {
    stream.set_read_timeout(Some(within))?;
    Ok(match stream.read(&mut [0]) {
        Ok(read) => read == 0,
        Err(error) => !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
    })
}

/// Sends the head of a handshake a byte a second; returns how long that was borne.
fn slow_handshake(address: SocketAddr) -> Result<Duration> {
    let since = Instant::now();
    let mut stream = TcpStream::connect(address)?;
    stream.write_all(b"GET /api/ws/realtime HTTP/1.1\r\nhost: 127.0.0.1\r\nx: ")?;
    loop {
        let sent = stream.write_all(b"y");
        if is_closed(&mut stream, Duration::from_secs(1))? || sent.is_err() {
            return Ok(since.elapsed());
        }
        ensure!(since.elapsed() < Duration::from_secs(40), "it is borne for ever");
    }
}

/// Begins a frame and never ends it; returns what came until the end.
fn half_frame(address: SocketAddr) -> Result<Vec<u8>> {
    let mut wire = Wire::connect(address)?;
    wire.wait_for_kind("CONNECTION_ESTABLISHED")?;
    // A text of 100 bytes is announced, and three of them come.
    wire.send_bytes(&[0x81, 0x80 | 100, 1, 2, 3, 4, 5, 6, 7])?;
    // It reads on and answers nothing: what comes every second keeps the read from giving up.
    wire.rest_unanswered()
}

#[test]
fn clients_that_are_half_there_are_let_go_and_cost_little() -> Result<()> {
    let desk = Setup::sim(30, 500).start()?;
    let mut first = Wire::connect(desk.address())?;
    let names = Market::names(&mut first)?;
    let topics: Vec<String> = names.iter().map(|name| format!("candles:{name}:1m")).collect();
    let topics: Vec<&str> = topics.iter().map(String::as_str).collect();
    first.ping()?;
    let before = desk.resident_kb()?;
    first.cut();
    let address = desk.address();
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| -> Result<()> {
        for _ in 0..3 {
            let (topics, stop) = (&topics, &stop);
            scope.spawn(move || drip(address, topics, stop));
        }
        let slow: Vec<_> = (0..3)
            .map(|_| scope.spawn(move || slow_handshake(address)))
            .collect();
        let half: Vec<_> = (0..3).map(|_| scope.spawn(move || half_frame(address))).collect();
        // Meanwhile thousands are opened and abandoned, at every stage of a connection.
        for n in 0..2_000_usize {
            let mut stream = TcpStream::connect(address)?;
            match n % 4 {
                0 => {}
                1 => stream.write_all(b"GET /api/ws/real")?,
                2 => drop(Wire::connect(address)?),
                _ => stream.write_all(b"GET /health HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n")?,
            }
        }
        // And some are kept open, with nothing coming of them.
        let kept: Vec<TcpStream> = (0..200)
            .map(|_| TcpStream::connect(address))
            .collect::<Result<_, _>>()?;
        Wire::connect(address)?.ping()?;
        for one in slow {
            let borne = one.join().ok().context("it panicked")??;
            assert!(
                borne >= Duration::from_secs(5),
                "even a slow line has time: {borne:?}"
            );
        }
        for one in half {
            let rest = one.join().ok().context("it panicked")??;
            let close = [&[0x88, 2 + 17][..], &4003_u16.to_be_bytes(), b"heartbeat_timeout"].concat();
            assert!(rest.ends_with(&close), "a half frame is told that it was silent");
        }
        for mut stream in kept {
            assert!(
                is_closed(&mut stream, SPARE)?,
                "a socket without a request is kept"
            );
        }
        let gone = all_gone(&desk, SPARE);
        stop.store(true, Ordering::Relaxed);
        gone
    })?;
    let after = desk.resident_kb()?;
    let grown = after.saturating_sub(before);
    assert!(grown < 96 * 1024, "{before} kB became {after} kB");
    Wire::connect(address)?.ping()
}
