//! State topics under more ticks than anybody can read: fewer values, never older ones.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Result;
use tickwire_tests::desk::Setup;
use tickwire_tests::order::Market;
use tickwire_tests::watcher::Watcher;
use tickwire_tests::wire::{Frame, Wire};

#[track_caller]
fn assert_rising(frames: &[&Frame]) {
    for pair in frames.windows(2) {
        assert!(
            pair[0].seq() < pair[1].seq(),
            "{} then {}",
            pair[0].text,
            pair[1].text
        );
        assert!(
            pair[0].json["timestamp"].as_i64() <= pair[1].json["timestamp"].as_i64(),
            "{}",
            pair[1].text
        );
    }
}

fn of_topic<'a>(frames: &'a [Frame], topic: &str) -> Vec<&'a Frame> {
    frames
        .iter()
        .filter(|frame| frame.topic() == topic && frame.kind().ends_with("_UPDATE"))
        .collect()
}

#[test]
fn five_thousand_ticks_a_second_reach_a_subscriber_as_twenty() -> Result<()> {
    const SECONDS: usize = 4;
    let desk = Setup::sim(1, 5_000).start()?;
    let mut wire = Wire::connect(desk.address())?;
    let topic = format!("ticker:{}", Market::names(&mut wire)?[0]);
    wire.subscribe(&[&topic])?;
    wire.read_for(Duration::from_millis(500))?;
    let before = wire.log.len();
    wire.read_for(Duration::from_secs(u64::try_from(SECONDS)?))?;
    let updates = of_topic(&wire.log[before..], &topic);
    assert!(
        updates.len() <= 25 * SECONDS + 5,
        "{} in {SECONDS} s",
        updates.len()
    );
    assert!(updates.len() >= 8 * SECONDS, "{} in {SECONDS} s", updates.len());
    assert_rising(&updates);
    for update in &updates {
        assert!(update.number("/bid") <= update.number("/ask"), "{}", update.text);
        assert!(
            update.number("/low") <= update.number("/price"),
            "{}",
            update.text
        );
        assert!(
            update.number("/price") <= update.number("/high"),
            "{}",
            update.text
        );
    }
    let last = updates.last().unwrap();
    let now = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?;
    let age = now - last.json["published_at"].as_i64().unwrap();
    assert!(age < 1_000, "the last value is {age} ms old");
    Ok(())
}

#[test]
fn a_slow_reader_gets_fewer_values_and_ends_with_those_of_a_fast_one() -> Result<()> {
    let desk = Setup::sim(40, 3_000).start()?;
    let mut slow = Wire::connect_narrow(desk.address())?;
    let names = Market::names(&mut slow)?;
    let topics: Vec<String> = names
        .iter()
        .flat_map(|name| {
            [
                "ticker:NAME",
                "candles:NAME:1m",
                "candles:NAME:5m",
                "candles:NAME:1h",
            ]
            .map(|topic| topic.replace("NAME", name))
        })
        .collect();
    let topics: Vec<&str> = topics.iter().map(String::as_str).collect();
    let fast = Watcher::start(desk.address(), &topics)?;
    slow.subscribe(&topics)?;
    std::thread::sleep(Duration::from_secs(5));
    slow.read_for(Duration::from_millis(2_500))?;
    let fast = fast.stop()?;
    assert!(
        slow.end.is_none(),
        "a slow reader is not thrown out: {:?}",
        slow.end
    );

    let (mut got, mut sent) = (0, 0);
    for name in &names {
        let topic = format!("ticker:{name}");
        let (mine, theirs) = (of_topic(&slow.log, &topic), of_topic(&fast.frames, &topic));
        assert_rising(&mine);
        got += mine.len();
        sent += theirs.len();
        let lag = theirs.last().unwrap().json["timestamp"].as_i64().unwrap()
            - mine.last().unwrap().json["timestamp"].as_i64().unwrap();
        assert!(
            lag < 1_000,
            "{name}: {lag} ms behind a fast reader after reading everything"
        );
    }
    assert!(got * 10 < sent * 9, "{got} against {sent}: it was spared none");
    Ok(())
}

#[test]
fn every_reader_ends_with_the_same_values_once_the_market_is_quiet() -> Result<()> {
    // A tick in a second is quiet between two of them.
    let desk = Setup::sim(1, 1).start()?;
    let mut wires: Vec<Wire> = (0..5)
        .map(|_| Wire::connect(desk.address()))
        .collect::<Result<_>>()?;
    let topic = format!("ticker:{}", Market::names(&mut wires[0])?[0]);
    for wire in &mut wires {
        wire.subscribe(&[&topic])?;
    }
    std::thread::sleep(Duration::from_millis(2_500));
    let mut by_seq = std::collections::BTreeMap::new();
    for wire in &mut wires {
        wire.read_for(Duration::from_millis(100))?;
        for frame in of_topic(&wire.log, &topic) {
            let before = by_seq.entry(frame.seq()).or_insert_with(|| frame.json.clone());
            assert_eq!(*before, frame.json, "one place, one value");
        }
    }
    assert!(by_seq.len() >= 2, "{by_seq:?}");
    Ok(())
}
