//! A thousand clients for minutes: `cargo xtask soak`. It prints figures, which are those of one machine, and fails where
//! something was lost, where the memory of the server grew, or where the load was not reached and so proves nothing.

#![expect(clippy::print_stdout, reason = "a measurement for people")]

use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use tickwire_tests::binary;
use tickwire_tests::soak::{Load, Outcome, run};

/// The memory of the server may be this much larger in the last tenth of the time than in the fifth, in percent: by then
/// all that it keeps at hand is full, the lines of its log last.
const GROWTH_PERCENT_MAX: u64 = 3;

/// More orders than the server keeps messages of a topic at hand.
const ORDERS_BEFORE: u32 = 4_200;

/// Of the deliveries that were asked for.
const REACHED_LEAST: f64 = 0.9;

fn main() -> Result<()> {
    let load = load(std::env::args().skip(1))?;
    println!("binary: {}", binary::path()?.display());
    println!("{load:?}");
    let outcome = run(&load, |line| println!("{line}"))?;
    report(&outcome);
    judge(&load, &outcome)
}

fn load(mut args: impl Iterator<Item = String>) -> Result<Load> {
    let mut load = Load {
        clients: 1_000,
        time: Duration::from_secs(600),
        deliveries: 20_000,
        orders_before: ORDERS_BEFORE,
    };
    while let Some(flag) = args.next() {
        let mut number = || -> Result<u32> {
            let number = args.next().with_context(|| format!("{flag} needs a number"))?;
            number
                .parse()
                .ok()
                .filter(|number| *number > 0)
                .with_context(|| format!("{flag} {number}: a whole number above zero is needed"))
        };
        match flag.as_str() {
            "--clients" => load.clients = number()?,
            "--minutes" => load.time = Duration::from_secs(60) * number()?,
            "--seconds" => load.time = Duration::from_secs(1) * number()?,
            "--deliveries" => load.deliveries = number()?,
            // Cargo says so to every benchmark.
            "--bench" => {}
            _ => bail!("unknown argument {flag}"),
        }
    }
    Ok(load)
}

fn report(outcome: &Outcome) {
    println!("deliveries: {:.0} per second", outcome.deliveries);
    println!(
        "lossless: {} messages of {} orders; {} lost, {} repeated",
        outcome.lossless, outcome.orders, outcome.lost, outcome.repeated
    );
    println!("state: {} values older than the one before", outcome.gone_back);
    println!(
        "connections: {} came back, {} broken; {} topics resumed, {} reset",
        outcome.reconnects, outcome.broken, outcome.resumed, outcome.reset
    );
    let (median, p99) = outcome.latency_ms;
    println!("ticker published to client: median {median} ms, p99 {p99} ms");
    let (median, p99) = outcome.delivery_seconds;
    println!(
        "feed to socket, the rest between two values included: median at most {median} s, p99 at most {p99} s"
    );
    if let Some((fifth, last)) = outcome.resident_medians_kb() {
        println!("server memory: {fifth} kB in the fifth tenth, {last} kB in the last (medians)");
    }
    println!("server processor time: {:.2} cores", outcome.cores);
}

fn judge(load: &Load, outcome: &Outcome) -> Result<()> {
    ensure!(outcome.lost == 0, "{} lossless messages were lost", outcome.lost);
    ensure!(
        outcome.repeated == 0,
        "{} lossless messages came twice",
        outcome.repeated
    );
    ensure!(outcome.gone_back == 0, "{} values went back", outcome.gone_back);
    ensure!(outcome.reset == 0, "{} topics were reset", outcome.reset);
    ensure!(outcome.broken == 0, "{} connections broke", outcome.broken);
    let wanted = f64::from(load.deliveries) * REACHED_LEAST;
    ensure!(
        outcome.deliveries >= wanted,
        "{:.0} deliveries a second are no such load: {wanted:.0} are needed; is the machine busy?",
        outcome.deliveries
    );
    if let Some((fifth, last)) = outcome.resident_medians_kb() {
        let most = fifth + fifth * GROWTH_PERCENT_MAX / 100;
        ensure!(
            last <= most,
            "the memory of the server grew from {fifth} to {last} kB"
        );
    }
    println!("nothing was lost, and the memory of the server did not grow");
    Ok(())
}
