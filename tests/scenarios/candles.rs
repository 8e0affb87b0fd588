//! Candles: a full history at once, a last one that lives, and closed ones that everybody sees alike.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, Result};
use rust_decimal::Decimal;
use tickwire_tests::desk::Setup;
use tickwire_tests::exact;
use tickwire_tests::wire::{Frame, Wire};

const MINUTE: i64 = 60_000;

/// One candle, to the last digit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Candle {
    time: i64,
    open: Decimal,
    high: Decimal,
    low: Decimal,
    close: Decimal,
    volume: Decimal,
}

fn candles(frame: &Frame) -> Vec<Candle> {
    let rows = exact::items(&frame.text, "/data/candles").expect("a list");
    let candle = |row: &String| {
        let field = |name: &str| exact::number(row, &format!("/{name}")).expect("a number");
        Candle {
            time: field("time").try_into().expect("milliseconds"),
            open: field("open"),
            high: field("high"),
            low: field("low"),
            close: field("close"),
            volume: field("volume"),
        }
    };
    rows.iter().map(candle).collect()
}

#[track_caller]
fn assert_consistent(candles: &[Candle], length: i64) {
    for candle in candles {
        assert_eq!(candle.time % length, 0, "{candle:?}");
        assert!(candle.low <= candle.open.min(candle.close), "{candle:?}");
        assert!(candle.high >= candle.open.max(candle.close), "{candle:?}");
        assert!(
            candle.low > Decimal::ZERO && candle.volume >= Decimal::ZERO,
            "{candle:?}"
        );
    }
    for pair in candles.windows(2) {
        assert!(pair[0].time < pair[1].time, "{pair:?}");
    }
}

fn asked(wire: &mut Wire, symbol: &str, interval: &str, rest: &str) -> Result<Vec<Candle>> {
    let question = format!(r#"{{"action":"get_candles","symbol":"{symbol}","interval":"{interval}"{rest}}}"#);
    Ok(candles(&wire.answer(&question, "CANDLE_UPDATE")?))
}

fn subscribed(wire: &mut Wire, symbol: &str, interval: &str) -> Result<Frame> {
    let topic = format!("candles:{symbol}:{interval}");
    let before = wire.log.len();
    wire.subscribe(&[&topic])?;
    let first = |frame: &Frame| frame.kind() == "CANDLE_UPDATE" && frame.topic() == topic;
    match wire.log[before..].iter().find(|frame| first(frame)).cloned() {
        Some(frame) => Ok(frame),
        None => wire.wait_for("CANDLE_UPDATE", first),
    }
}

#[test]
fn a_subscriber_gets_a_full_consistent_history_first() -> Result<()> {
    let desk = Setup::new().start()?;
    let mut wire = Wire::connect(desk.address())?;
    for (interval, length) in [("1m", 1), ("5m", 5), ("15m", 15), ("1h", 60)] {
        let first = subscribed(&mut wire, "BTCUSDT", interval)?;
        assert_eq!(first.json["snapshot"], true);
        assert_eq!(first.json["data"]["symbol"], "BTCUSDT");
        assert_eq!(first.json["data"]["interval"], interval);
        let rows = candles(&first);
        assert_consistent(&rows, length * MINUTE);
        let least = if length == 60 { 24 } else { 90 };
        assert!(
            rows.len() >= least && rows.len() <= 500,
            "{} of {interval}",
            rows.len()
        );
        if length == 1 {
            assert_eq!(rows.len(), 500, "the history is full");
            let gaps = rows
                .windows(2)
                .filter(|pair| pair[1].time - pair[0].time != MINUTE)
                .count();
            assert_eq!(gaps, 0, "every minute is there");
        }
        let now = first.json["timestamp"].as_i64().unwrap();
        let last = rows.last().unwrap();
        assert!(
            now - last.time < 2 * length * MINUTE,
            "the last one is of now: {last:?}, {now}"
        );
    }
    Ok(())
}

#[test]
fn longer_candles_are_made_of_the_shorter_ones() -> Result<()> {
    let desk = Setup::new().start()?;
    let mut wire = Wire::connect(desk.address())?;
    let minutes = asked(&mut wire, "ETHUSDT", "1m", r#","limit":500"#)?;
    for (interval, length) in [("5m", 5), ("15m", 15), ("1h", 60)] {
        let rows = asked(&mut wire, "ETHUSDT", interval, r#","limit":10"#)?;
        let mut compared = 0;
        for row in &rows[..rows.len() - 1] {
            let parts: Vec<_> = minutes
                .iter()
                .filter(|m| m.time >= row.time && m.time < row.time + length * MINUTE)
                .collect();
            if i64::try_from(parts.len())? < length {
                continue;
            }
            compared += 1;
            assert_eq!(row.open, parts[0].open, "{row:?}");
            assert_eq!(row.close, parts[parts.len() - 1].close, "{row:?}");
            assert_eq!(Some(row.high), parts.iter().map(|m| m.high).max(), "{row:?}");
            assert_eq!(Some(row.low), parts.iter().map(|m| m.low).min(), "{row:?}");
            assert_eq!(row.volume, parts.iter().map(|m| m.volume).sum(), "{row:?}");
        }
        assert!(compared >= 5, "{compared} of {interval}");
    }
    Ok(())
}

#[test]
fn a_watcher_and_a_latecomer_agree_on_every_closed_candle() -> Result<()> {
    let desk = Setup::new().arg("--replay-speed", "60").start()?;
    let mut wire = Wire::connect(desk.address())?;
    let snapshot = candles(&subscribed(&mut wire, "BTCUSDT", "1m")?);
    wire.read_for(Duration::from_secs(8))?;

    let mut seen: BTreeMap<i64, Candle> = snapshot.iter().map(|candle| (candle.time, *candle)).collect();
    let started = snapshot.last().context("a history")?.time;
    let mut changes = 0;
    let updates = wire
        .log
        .iter()
        .filter(|frame| frame.kind() == "CANDLE_UPDATE")
        .skip(1);
    for update in updates {
        let rows = candles(update);
        assert_consistent(&rows, MINUTE);
        changes += rows.len();
        for row in rows {
            if let Some(before) = seen.get(&row.time) {
                assert_eq!(before.open, row.open, "the open of a candle stays");
                assert!(
                    row.high >= before.high && row.low <= before.low && row.volume >= before.volume,
                    "{row:?}"
                );
            }
            seen.insert(row.time, row);
        }
    }
    let newest = *seen.keys().last().context("a newest")?;
    assert!(
        newest - started >= 4 * MINUTE,
        "only {} minutes in eight seconds",
        (newest - started) / MINUTE
    );
    assert!(changes > 20, "the last candle lives: {changes} changes");

    let later = asked(
        &mut Wire::connect(desk.address())?,
        "BTCUSDT",
        "1m",
        r#","limit":500"#,
    )?;
    let mut compared = 0;
    for candle in later
        .iter()
        .filter(|candle| candle.time >= started && candle.time < newest)
    {
        assert_eq!(seen.get(&candle.time), Some(candle));
        compared += 1;
    }
    assert!(compared >= 4, "{compared} closed candles were compared");
    Ok(())
}

#[test]
fn history_can_be_paged_back_without_a_gap_or_a_repeat() -> Result<()> {
    let desk = Setup::new().start()?;
    let mut wire = Wire::connect(desk.address())?;
    let mut pages = asked(&mut wire, "SOLUSDT", "1m", r#","limit":100"#)?;
    assert_eq!(pages.len(), 100);
    for _ in 0..3 {
        let rest = format!(r#","limit":100,"before":{}"#, pages[0].time);
        let page = asked(&mut wire, "SOLUSDT", "1m", &rest)?;
        assert_eq!(page.len(), 100);
        assert_eq!(page[99].time, pages[0].time - MINUTE);
        pages.splice(0..0, page);
    }
    assert_consistent(&pages, MINUTE);
    let all = asked(&mut wire, "SOLUSDT", "1m", r#","limit":400"#)?;
    let closed = |rows: &[Candle]| {
        rows.iter()
            .filter(|row| row.time < pages[399].time)
            .copied()
            .collect::<Vec<_>>()
    };
    let (all, pages_closed) = (closed(&all), closed(&pages));
    assert_eq!(
        all[..],
        pages_closed[pages_closed.len() - all.len()..],
        "one page or four, the same candles"
    );

    assert_eq!(
        asked(&mut wire, "SOLUSDT", "1m", r#","limit":10,"before":60000"#)?,
        [],
        "before all history"
    );
    assert_eq!(asked(&mut wire, "SOLUSDT", "1m", r#","limit":1"#)?.len(), 1);
    assert_eq!(
        asked(&mut wire, "SOLUSDT", "1m", "")?.len(),
        500,
        "as many as there may be, where none is said"
    );
    Ok(())
}

#[test]
fn a_question_after_candles_that_cannot_be_answered_is_refused() -> Result<()> {
    let desk = Setup::new().start()?;
    let mut wire = Wire::connect(desk.address())?;
    for (fields, code) in [
        (r#""symbol":"BTCUSDT","interval":"1m","limit":0"#, "INVALID_FIELD"),
        (
            r#""symbol":"BTCUSDT","interval":"1m","limit":501"#,
            "INVALID_FIELD",
        ),
        (
            r#""symbol":"BTCUSDT","interval":"1m","limit":-1"#,
            "INVALID_FIELD",
        ),
        (
            r#""symbol":"BTCUSDT","interval":"1m","limit":1.5"#,
            "INVALID_FIELD",
        ),
        (
            r#""symbol":"BTCUSDT","interval":"1m","limit":99999999999"#,
            "INVALID_FIELD",
        ),
        (
            r#""symbol":"BTCUSDT","interval":"1m","before":"yesterday""#,
            "INVALID_FIELD",
        ),
        (r#""symbol":"BTCUSDT","interval":"2m""#, "INVALID_FIELD"),
        (r#""symbol":"BTCUSDT""#, "INVALID_FIELD"),
        (r#""symbol":"NOSUCH","interval":"1m""#, "UNKNOWN_SYMBOL"),
    ] {
        let answer = wire.ask(&format!(r#"{{"action":"get_candles",{fields}}}"#))?;
        assert_eq!(answer.json["code"], code, "{fields}: {}", answer.text);
    }
    for before in [i64::MIN, -1, 0, i64::MAX] {
        let rest = format!(r#","limit":5,"before":{before}"#);
        let rows = asked(&mut wire, "BTCUSDT", "1m", &rest)?;
        assert!(rows.len() <= 5);
    }
    Ok(())
}

#[test]
fn the_figures_of_24_hours_agree_with_the_candles() -> Result<()> {
    const DAY: i64 = 24 * 60 * MINUTE;
    let desk = Setup::new().start()?;
    let mut wire = Wire::connect(desk.address())?;
    for symbol in ["BTCUSDT", "DOGEUSDT"] {
        wire.send(&format!(r#"{{"action":"subscribe_ticker","symbol":"{symbol}"}}"#))?;
        let of_it = |frame: &Frame| frame.kind() == "MARKET_UPDATE" && frame.json["symbol"] == symbol;
        let ticker = wire.wait_for("MARKET_UPDATE", of_it)?;
        let mut rows = asked(&mut wire, symbol, "5m", r#","limit":320"#)?;
        let at = ticker.json["timestamp"].as_i64().context("a time")?;
        let newest = rows.pop().context("candles")?;
        // Five minutes more or less at the far end, as the window may move by whole candles.
        let surely: Vec<_> = rows
            .iter()
            .filter(|row| row.time >= at - DAY + 10 * MINUTE)
            .collect();
        let perhaps: Vec<_> = rows
            .iter()
            .filter(|row| row.time >= at - DAY - 15 * MINUTE)
            .chain([&newest])
            .collect();
        let (high, low, volume) = (
            ticker.number("/high"),
            ticker.number("/low"),
            ticker.number("/volume"),
        );
        assert!(
            Some(high) >= surely.iter().map(|row| row.high).max(),
            "{}",
            ticker.text
        );
        assert!(
            Some(low) <= surely.iter().map(|row| row.low).min(),
            "{}",
            ticker.text
        );
        assert!(
            Some(high) <= perhaps.iter().map(|row| row.high).max(),
            "{}",
            ticker.text
        );
        assert!(
            Some(low) >= perhaps.iter().map(|row| row.low).min(),
            "{}",
            ticker.text
        );
        assert!(
            volume >= surely.iter().map(|row| row.volume).sum(),
            "{}",
            ticker.text
        );
        assert!(
            volume <= perhaps.iter().map(|row| row.volume).sum(),
            "{}",
            ticker.text
        );

        let then = ticker.number("/price") - ticker.number("/priceChange");
        let percent = (ticker.number("/priceChange") * Decimal::ONE_HUNDRED / then).round_dp(2);
        assert!(
            (percent - ticker.number("/priceChangePercent")).abs() <= Decimal::new(1, 2),
            "{}",
            ticker.text
        );
        let near = rows
            .iter()
            .filter(|row| (row.time - (at - DAY)).abs() <= 15 * MINUTE);
        let (least, most) = near.fold((Decimal::MAX, Decimal::MIN), |(least, most), row| {
            (least.min(row.low), most.max(row.high))
        });
        assert!(
            least <= then && then <= most,
            "24 hours ago it was {then}, not in {least}..={most}"
        );
    }
    Ok(())
}
