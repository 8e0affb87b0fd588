//! The markets that a desk can be started with: the recording in both its forms, and the synthetic one.

use std::time::Duration;

use anyhow::Result;
use tickwire_tests::desk::{Desk, Setup};
use tickwire_tests::order::Market;
use tickwire_tests::wire::Wire;

/// Open, high, low, close and volume of the newest 300 closed minutes, as printed, with their times.
fn minutes(desk: &Desk, symbol: &str) -> Result<Vec<(i64, String)>> {
    let mut wire = Wire::connect(desk.address())?;
    let question = format!(r#"{{"action":"get_candles","symbol":"{symbol}","interval":"1m","limit":300}}"#);
    let answer = wire.answer(&question, "CANDLE_UPDATE")?;
    let rows = answer.json["data"]["candles"].as_array().expect("a list");
    let row = |row: &serde_json::Value| {
        let figures = ["open", "high", "low", "close", "volume"].map(|name| row[name].to_string());
        (row["time"].as_i64().unwrap_or_default(), figures.join(" "))
    };
    let mut rows: Vec<_> = rows.iter().map(row).collect();
    rows.pop();
    Ok(rows)
}

/// How many minutes of two histories have the same time and figures, and how many have the same time.
fn common(a: &[(i64, String)], b: &[(i64, String)]) -> (usize, usize) {
    let same_time = a.iter().filter(|x| b.iter().any(|y| x.0 == y.0)).count();
    (a.iter().filter(|x| b.contains(x)).count(), same_time)
}

#[test]
fn the_recording_has_six_markets_and_they_all_move() -> Result<()> {
    let desk = Desk::start()?;
    let mut wire = Wire::connect(desk.address())?;
    let names = Market::names(&mut wire)?;
    assert_eq!(
        names,
        ["BTCUSDT", "ETHUSDT", "SOLUSDT", "ADAUSDT", "DOGEUSDT", "DOTUSDT"]
    );
    let topics: Vec<String> = names.iter().map(|name| format!("ticker:{name}")).collect();
    wire.subscribe(&topics.iter().map(String::as_str).collect::<Vec<_>>())?;
    wire.read_for(Duration::from_secs(5))?;
    for name in &names {
        let updates = wire
            .log
            .iter()
            .filter(|frame| frame.kind() == "MARKET_UPDATE" && frame.json["symbol"] == name.as_str());
        let count = updates.count();
        assert!(
            count >= 5,
            "{name} moved {count} times in 5 s; the mission wants a price each second"
        );
    }
    Ok(())
}

#[test]
fn the_tape_has_two_markets_with_bid_below_ask() -> Result<()> {
    let desk = Setup::new().arg("--replay-form", "tape").start()?;
    let mut wire = Wire::connect(desk.address())?;
    let names = Market::names(&mut wire)?;
    assert_eq!(names, ["BTCUSDT", "ETHUSDT"]);
    wire.subscribe(&["ticker:BTCUSDT", "ticker:ETHUSDT"])?;
    wire.read_for(Duration::from_secs(4))?;
    for name in &names {
        let updates: Vec<_> = wire
            .log
            .iter()
            .filter(|frame| frame.kind() == "MARKET_UPDATE" && frame.json["symbol"] == name.as_str())
            .collect();
        assert!(updates.len() >= 4, "{name} moved {} times in 4 s", updates.len());
        for update in updates {
            assert!(update.number("/bid") < update.number("/ask"), "{}", update.text);
        }
    }
    let market = Market::of(&mut wire, "ETHUSDT")?;
    wire.acked(&market.order("buy", market.worth(100)))?;
    Ok(())
}

#[test]
fn the_recording_runs_as_many_times_faster_as_it_was_told() -> Result<()> {
    let desk = Setup::new().arg("--replay-speed", "30").start()?;
    let mut wire = Wire::connect(desk.address())?;
    wire.subscribe(&["candles:BTCUSDT:1m"])?;
    wire.read_for(Duration::from_secs(6))?;
    let times: std::collections::BTreeSet<i64> = wire
        .log
        .iter()
        .filter(|frame| frame.kind() == "CANDLE_UPDATE" && frame.json["snapshot"] != true)
        .flat_map(|frame| {
            frame.json["data"]["candles"]
                .as_array()
                .cloned()
                .unwrap_or_default()
        })
        .filter_map(|candle| candle["time"].as_i64())
        .collect();
    // Three minutes pass, and touch three or four candles.
    assert!((3..=5).contains(&times.len()), "{times:?}");
    Ok(())
}

#[test]
fn one_seed_makes_one_market_and_another_another() -> Result<()> {
    let sim = |seed: &str| {
        Setup::new()
            .arg("--market", "sim")
            .arg("--sim-seed", seed)
            .arg("--sim-symbols", "2")
            .start()
    };
    let (first, same, other) = (sim("42")?, sim("42")?, sim("43")?);
    let names = Market::names(&mut Wire::connect(first.address())?)?;
    let [a, b, c] = [&first, &same, &other].map(|desk| minutes(desk, &names[0]).unwrap());
    assert!(a.len() >= 60, "a history of {} minutes", a.len());
    let (equal, same_time) = common(&a, &b);
    assert!(same_time > 50, "both are of now");
    assert!(
        equal * 10 >= same_time * 9,
        "{equal} of {same_time} minutes are the same"
    );
    let (equal, same_time) = common(&a, &c);
    assert!(
        equal * 10 <= same_time,
        "{equal} of {same_time} minutes are the same with another seed"
    );
    Ok(())
}

#[test]
fn a_restarted_desk_tells_the_same_past() -> Result<()> {
    for setup in [Setup::new(), Setup::sim(2, 50)] {
        let mut desk = setup.start()?;
        let name = Market::names(&mut Wire::connect(desk.address())?)?[0].clone();
        let before = minutes(&desk, &name)?;
        desk.kill_and_restart()?;
        let after = minutes(&desk, &name)?;
        let (equal, same_time) = common(&before, &after);
        assert!(same_time > 50, "{same_time}");
        // The minute of the restart itself may have been cut short.
        assert!(
            equal + 2 >= same_time,
            "{name}: {equal} of {same_time} minutes are the same"
        );
    }
    Ok(())
}

#[test]
fn a_synthetic_market_can_be_traded() -> Result<()> {
    let desk = Setup::sim(3, 100).start()?;
    let mut wire = Wire::connect(desk.address())?;
    for name in Market::names(&mut wire)? {
        let market = Market::of(&mut wire, &name)?;
        wire.acked(&market.order("buy", market.worth(500)))?;
    }
    let portfolio = wire.answer(r#"{"action":"get_portfolio"}"#, "PORTFOLIO_UPDATE")?;
    assert_eq!(portfolio.json["portfolio"]["positions_count"], 3);
    Ok(())
}
