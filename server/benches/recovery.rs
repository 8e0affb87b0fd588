//! How long a start takes with a long journal: with a snapshot near its end, and folding it from the first entry on.
//! Reported, never asserted. Takes the number of entries, in thousands: `cargo bench -p tickwire-server --bench recovery
//! -- 2000`.

#![expect(clippy::print_stdout, reason = "a measurement for people")]

use std::hint::black_box;
use std::path::Path;
use std::time::Instant;
use tickwire_engine::batch::Batch;
use tickwire_engine::input::{Action, Input, MarketInput, Request};
use tickwire_engine::{Engine, EngineConfig};
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::command::{Instruction, PlaceOrder};
use tickwire_protocol::id::{AccountId, Seq, Symbol};
use tickwire_protocol::market::{Instrument, Quote, Tick, VenueRules};
use tickwire_protocol::message::LinkState;
use tickwire_protocol::risk::RiskLimits;
use tickwire_server::journal::{Encoded, Entry, SqliteJournal};

/// Entries in one transaction while the journal is made.
const ENTRIES_A_RUN: usize = 5_000;

/// Entries after the last snapshot: what a server that was killed just before its next one finds.
const TAIL: u64 = 20_000;

const START: TimestampMs = TimestampMs(1_702_210_800_000);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let thousands = std::env::args().find_map(|argument| argument.parse::<u64>().ok());
    let wanted = thousands.unwrap_or(200) * 1_000;
    let folder = tempfile::tempdir()?;
    let begun = Instant::now();
    let (entries, state) = make(folder.path(), wanted)?;
    let mb = std::fs::metadata(folder.path().join("journal.db"))?.len() / 1_048_576;
    println!(
        "journal: {entries} entries, {mb} MB, made in {:.1} s",
        begun.elapsed().as_secs_f64()
    );

    let folded = start(folder.path(), "from the first entry")?;
    let mut journal = SqliteJournal::open(folder.path(), None, START)?;
    journal.recover()?;
    let begun = Instant::now();
    let copy = black_box(state.1.clone());
    let copied = begun.elapsed();
    let begun = Instant::now();
    let encoded = Encoded::new(state.0, &copy)?;
    let made = begun.elapsed();
    let begun = Instant::now();
    journal.store(&encoded)?;
    println!(
        "snapshot: copied by the engine's thread in {:.3} s, encoded aside in {:.2} s, stored in {:.2} s",
        copied.as_secs_f64(),
        made.as_secs_f64(),
        begun.elapsed().as_secs_f64()
    );
    drop(journal);
    let short = start(folder.path(), "from the snapshot")?;
    println!(
        "per million entries: {:.2} s folding all, {:.2} s with a snapshot {TAIL} entries before the end",
        folded * 1e6 / entries as f64,
        short * 1e6 / entries as f64
    );
    Ok(())
}

/// Opens and recovers as a server does, and says how long that took, in seconds.
fn start(folder: &Path, how: &str) -> Result<f64, Box<dyn std::error::Error>> {
    let begun = Instant::now();
    let mut journal = SqliteJournal::open(folder, None, START)?;
    let recovered = journal.recover()?;
    let took = begun.elapsed().as_secs_f64();
    println!("start {how}: {took:.2} s, {} entries folded", recovered.folded);
    Ok(took)
}

type Made = (u64, (Seq, tickwire_engine::State));

/// A journal of named market orders that open and close a position in turn, and the state [`TAIL`] entries before its
/// end.
fn make(folder: &Path, wanted: u64) -> Result<Made, Box<dyn std::error::Error>> {
    let symbol = Symbol::new("BTCUSDT")?;
    let mut engine = engine(symbol)?;
    let mut journal = SqliteJournal::open(folder, None, START)?;
    journal.recover()?;
    let mut run = Vec::new();
    let mut seq = Seq(0);
    let mut kept = None;
    let mut number = 0_i64;
    let mut batch = Batch::default();
    while seq.0 < wanted {
        let at = TimestampMs(START.0 + number);
        let action = if number == 0 {
            Action::OpenAccount {
                deposit: "10000000".parse()?,
            }
        } else {
            let tick = Tick {
                symbol,
                quote: Quote {
                    bid: "43250.50".parse()?,
                    ask: "43250.60".parse()?,
                },
                trade: None,
                exchange_time: at,
                received_at: at,
            };
            engine.handle_into(Input::Market(MarketInput::Ticks(vec![tick])), &mut batch);
            let side = if number % 2 == 0 { "sell" } else { "buy" };
            let order: PlaceOrder = serde_json::from_str(&format!(
                r#"{{"client_order_id":"order-{number}","symbol":"BTCUSDT","side":"{side}","order_type":"market","quantity":0.01}}"#
            ))?;
            Action::Instruct(Instruction::PlaceOrder(order))
        };
        let request = Request {
            account: AccountId(1),
            at,
            action,
        };
        if let Some(Err(refusal)) = engine.handle_into(Input::Request(request), &mut batch) {
            return Err(refusal.message.into());
        }
        let decision = seq.next();
        let count = batch.records.len();
        for (place, record) in batch.records.drain(..).enumerate() {
            seq = seq.next();
            run.push(Entry {
                seq,
                topic_seq: record.seq,
                decision,
                ends: place + 1 == count,
                event: record.event,
            });
        }
        batch.clear();
        number += 1;
        if kept.is_none() && seq.0 + TAIL >= wanted {
            kept = Some((seq, engine.state().clone()));
        }
        if run.len() >= ENTRIES_A_RUN || seq.0 >= wanted {
            journal.append(&run)?;
            run.clear();
        }
    }
    Ok((seq.0, kept.ok_or("the journal is shorter than its tail")?))
}

fn engine(symbol: Symbol) -> Result<Engine, Box<dyn std::error::Error>> {
    let instrument = Instrument {
        symbol,
        base: "BTC".to_owned(),
        quote: "USDT".to_owned(),
        tick_size: "0.01".parse()?,
        step_size: "0.00001".parse()?,
        min_quantity: "0.00001".parse()?,
        max_quantity: "9000".parse()?,
        min_notional: "5".parse()?,
        taker_fee_rate: "0.0001".parse()?,
        maker_fee_rate: "0.0001".parse()?,
        perpetual: None,
    };
    let mut engine = Engine::new(EngineConfig {
        instruments: vec![instrument],
        currency: "USDT".to_owned(),
        rules: VenueRules::default(),
        risk: RiskLimits::default(),
    })?;
    let link = MarketInput::Link {
        state: LinkState::Live,
        at: START,
    };
    engine.handle_into(Input::Market(link), &mut Batch::default());
    Ok(engine)
}
