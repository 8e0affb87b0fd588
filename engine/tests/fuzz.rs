//! The fuzz targets for a moment, on any toolchain: the frames of PROTOCOL.md, spoilt by proptest in every way that it finds.
//! `cargo xtask fuzz` runs the same functions for longer, and guided by coverage where that can be had.
//!
//! `TICKWIRE_FUZZ_SECONDS` makes the moment longer.
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../../fuzz/src/lib.rs"]
mod targets;

use std::time::{Duration, Instant};

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

const DOCUMENT: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../PROTOCOL.md"));

/// Cases of each target in a run of all tests.
const CASES: u32 = 3_000;

/// What changes a behaviour: numbers at the edges, names, and pieces of JSON.
const WORDS: &[&str] = &[
    "0",
    "-1",
    "1e99",
    "999999999999999",
    "0.000000000001",
    "null",
    "true",
    "\"\"",
    "[]",
    "{}",
    "\"",
    "\\u0000",
    "\\ud800",
    "\"action\":",
    "\"id\":\"1\",",
    "\"quantity\":",
    "\"symbol\":\"BTCUSDT\"",
    "BTCUSDT-PERP",
    "place_order",
    "cancel_all_orders",
    "flatten_all",
    "close_position",
    "set_leverage",
    "open_carry",
    "market",
    "limit",
    "sell",
    "buy",
    "\n",
    "\nz\n",
    "\n\x01\n",
    "\u{feff}",
];

/// One way of spoiling a frame.
#[derive(Clone, Debug)]
enum Spoil {
    Flip(Index, u8),
    Cut(Index, Index),
    Double(Index, Index),
    Put(Index, Index),
    Number(Index, i64),
    Splice(Index, Index),
    Line(Index),
}

/// The JSON blocks of the document of this kind.
fn goldens(kind: &str) -> Vec<String> {
    let fence = format!("```json {kind}\n");
    let blocks = DOCUMENT.split(&fence).skip(1);
    blocks
        .filter_map(|block| block.split_once("```"))
        .map(|(block, _)| block.replace('\n', ""))
        .collect()
}

fn spoil() -> impl Strategy<Value = Spoil> {
    let index = any::<Index>;
    prop_oneof![
        (index(), any::<u8>()).prop_map(|(at, bits)| Spoil::Flip(at, bits)),
        (index(), index()).prop_map(|(from, to)| Spoil::Cut(from, to)),
        (index(), index()).prop_map(|(from, to)| Spoil::Double(from, to)),
        (index(), index()).prop_map(|(at, word)| Spoil::Put(at, word)),
        (index(), any::<i64>()).prop_map(|(at, number)| Spoil::Number(at, number)),
        (index(), index()).prop_map(|(at, other)| Spoil::Splice(at, other)),
        index().prop_map(Spoil::Line),
    ]
}

fn between(bytes: &[u8], one: Index, other: Index) -> (usize, usize) {
    let (one, other) = (one.index(bytes.len() + 1), other.index(bytes.len() + 1));
    (one.min(other), one.max(other))
}

fn spoilt(mut bytes: Vec<u8>, spoils: &[Spoil], corpus: &[String]) -> Vec<u8> {
    for spoil in spoils {
        match spoil {
            Spoil::Flip(at, bits) if !bytes.is_empty() => {
                let at = at.index(bytes.len());
                bytes[at] ^= bits;
            }
            Spoil::Flip(..) => {}
            Spoil::Cut(from, to) => {
                let (from, to) = between(&bytes, *from, *to);
                bytes.drain(from..to.min(from + 40));
            }
            Spoil::Double(from, to) => {
                let (from, to) = between(&bytes, *from, *to);
                let again = bytes[from..to.min(from + 200)].to_vec();
                bytes.splice(to..to, again);
            }
            Spoil::Put(at, word) => {
                let at = at.index(bytes.len() + 1);
                bytes.splice(at..at, WORDS[word.index(WORDS.len())].bytes());
            }
            Spoil::Number(at, number) => {
                // In the place of a number that is there.
                let digits: Vec<usize> = (0..bytes.len())
                    .filter(|at| bytes[*at].is_ascii_digit())
                    .collect();
                if !digits.is_empty() {
                    let at = digits[at.index(digits.len())];
                    let small = if number % 3 == 0 { number % 50 } else { *number };
                    bytes.splice(at..=at, small.to_string().into_bytes());
                }
            }
            Spoil::Splice(at, other) => {
                let other = corpus[other.index(corpus.len())].as_bytes();
                let at = at.index(bytes.len() + 1);
                bytes.truncate(at);
                bytes.extend(&other[at.min(other.len())..]);
            }
            Spoil::Line(other) => {
                bytes.push(b'\n');
                bytes.extend(corpus[other.index(corpus.len())].as_bytes());
            }
        }
    }
    bytes
}

/// Runs a target on spoilt frames: so many, or for so long as is said.
fn run(target: fn(&[u8]), corpus: &[String], lines: usize) {
    for frame in corpus {
        target(frame.as_bytes());
    }
    let seconds = std::env::var("TICKWIRE_FUZZ_SECONDS").ok();
    let until =
        seconds.map(|text| Instant::now() + Duration::from_secs(text.parse().expect("seconds are a number")));
    let frames = proptest::collection::vec(any::<Index>(), 1..=lines);
    let strategy = (frames, proptest::collection::vec(spoil(), 0..8));
    for round in 0_u8.. {
        let config = Config {
            cases: CASES,
            failure_persistence: None,
            ..Config::default()
        };
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[round; 32]);
        let outcome = TestRunner::new_with_rng(config, rng).run(&strategy, |(frames, spoils)| {
            let lines: Vec<&str> = frames
                .iter()
                .map(|at| corpus[at.index(corpus.len())].as_str())
                .collect();
            target(&spoilt(lines.join("\n").into_bytes(), &spoils, corpus));
            Ok(())
        });
        if let Err(error) = outcome {
            panic!("{error}");
        }
        if until.is_none_or(|until| Instant::now() >= until) || round == u8::MAX {
            return;
        }
    }
}

#[test]
fn any_bytes_are_a_command_or_refused() {
    let corpus = goldens("command");
    assert!(corpus.len() > 20, "PROTOCOL.md has {} commands", corpus.len());
    run(targets::command, &corpus, 1);
}

#[test]
fn any_bytes_are_a_message_or_an_error() {
    let corpus = goldens("message");
    assert!(corpus.len() > 20, "PROTOCOL.md has {} messages", corpus.len());
    run(targets::message, &corpus, 1);
}

#[test]
fn any_conversation_is_answered_and_conserves_cash() {
    // The frames of the document are of a market far from here; these trade in this one.
    let mut corpus = goldens("command");
    let trades = [
        r#"{"action":"place_order","symbol":"BTCUSDT","side":"buy","order_type":"market","quantity":3}"#,
        r#"{"action":"place_order","symbol":"BTCUSDT-PERP","side":"sell","order_type":"market","quantity":200}"#,
        r#"{"action":"place_order","symbol":"BTCUSDT","side":"sell","order_type":"limit","quantity":2,"price":104}"#,
        r#"{"action":"place_order","symbol":"BTCUSDT-PERP","side":"buy","order_type":"market","quantity":10,"take_profit":{"price":110},"stop_loss":{"trigger_price":95}}"#,
        r#"{"action":"place_oco","symbol":"BTCUSDT","side":"sell","quantity":1,"take_profit":{"price":108},"stop_loss":{"trigger_price":94}}"#,
        r#"{"action":"place_order","symbol":"BTCUSDT","side":"buy","order_type":"trailing_stop","quantity":1,"trail_percent":2}"#,
        r#"{"action":"open_carry","symbol":"BTCUSDT","quantity":5}"#,
        r#"{"action":"close_carry","position_id":"pos-1"}"#,
        r#"{"action":"close_position","symbol":"BTCUSDT","percent":50}"#,
        r#"{"action":"reverse_position","symbol":"BTCUSDT-PERP"}"#,
        r#"{"action":"set_leverage","symbol":"BTCUSDT-PERP","leverage":50}"#,
        r#"{"action":"flatten_all"}"#,
        "z",
        "~",
        "\x01",
        "A",
    ];
    for _ in 0..3 {
        corpus.extend(trades.map(str::to_owned));
    }
    run(targets::desk, &corpus, 12);
}
