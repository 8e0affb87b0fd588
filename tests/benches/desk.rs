//! How fast the desk is, seen from outside: the release binary on loopback, one client. Reported, never asserted:
//! machines are noisy, and figures of different machines are not to be compared.

#![expect(clippy::print_stdout, reason = "a measurement for people")]

use anyhow::{Context as _, Result, ensure};
use std::time::{Duration, Instant};
use tickwire_tests::binary;
use tickwire_tests::desk::{Desk, Setup};
use tickwire_tests::order::Market;
use tickwire_tests::wire::Wire;

const ORDERS: u32 = 500;

/// Below the limit of commands per second, so that no order waits for the limit.
const PAUSE: Duration = Duration::from_millis(52);

fn main() -> Result<()> {
    let binary = binary::path()?;
    println!("binary: {}", binary.display());
    idle_memory()?;
    order_to_ack()?;
    tick_to_client()
}

/// Resident memory without a client, and with a hundred that listen.
fn idle_memory() -> Result<()> {
    let desk = Desk::start()?;
    std::thread::sleep(Duration::from_secs(3));
    let idle = desk.resident_kb()?;
    let clients = (0..100)
        .map(|_| Wire::connect(desk.address()))
        .collect::<Result<Vec<_>>>()?;
    std::thread::sleep(Duration::from_secs(1));
    let busy = desk.resident_kb()?;
    println!("server memory, idle: {:.1} MB resident", mb(idle));
    println!(
        "server memory, {} clients: {:.1} MB resident",
        clients.len(),
        mb(busy)
    );
    Ok(())
}

/// From sending `place_order` to its ACK, each durable on its own.
fn order_to_ack() -> Result<()> {
    let desk = Desk::start()?;
    let mut wire = Wire::connect(desk.address())?;
    let market = Market::of(&mut wire, "BTCUSDT")?;
    let quantity = market.worth(50);
    let mut took = Vec::new();
    for number in 0..ORDERS {
        let order = market.order(if number % 2 == 0 { "buy" } else { "sell" }, quantity);
        let sent = Instant::now();
        let answer = wire.ask(&order)?;
        took.push(sent.elapsed());
        ensure!(answer.kind() == "ACK", "refused: {}", answer.text);
        wire.read_for(PAUSE)?;
    }
    report("place_order to ACK, durable", took)
}

/// From the server's publication of a tick to the client that reads it. Both clocks are this machine's; the server's is
/// read in whole milliseconds.
fn tick_to_client() -> Result<()> {
    let desk = Setup::sim(10, 100).start()?;
    let mut wire = Wire::connect(desk.address())?;
    let names = Market::names(&mut wire)?;
    let topics: Vec<String> = names.iter().map(|name| format!("ticker:{name}")).collect();
    wire.subscribe(&topics.iter().map(String::as_str).collect::<Vec<_>>())?;
    wire.read_for(Duration::from_secs(1))?;
    let mut took = Vec::new();
    let until = Instant::now() + Duration::from_secs(10);
    while Instant::now() < until {
        let Some(frame) = wire.next_within(Duration::from_secs(1))? else {
            continue;
        };
        if frame.kind() == "MARKET_UPDATE" {
            let published = frame.json["published_at"]
                .as_u64()
                .context("published_at is there")?;
            let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
            took.push(now.saturating_sub(Duration::from_millis(published)));
        }
    }
    report(
        "tick published to client, 10 markets at 100 ticks/s, conflated at 50 ms",
        took,
    )
}

fn report(what: &str, mut took: Vec<Duration>) -> Result<()> {
    took.sort_unstable();
    let at = |share: f64| -> Result<f64> {
        let place = ((took.len() as f64 - 1.0) * share).round();
        Ok(took
            .get(place as usize)
            .context("something was measured")?
            .as_secs_f64()
            * 1000.0)
    };
    println!(
        "{what}: median {:.2} ms, p99 {:.2} ms, {} samples",
        at(0.5)?,
        at(0.99)?,
        took.len()
    );
    Ok(())
}

fn mb(kilobytes: u64) -> f64 {
    kilobytes as f64 / 1024.0
}
