//! Properties of the paths of every shipped candle, as recorded and mirrored.

use super::*;
use crate::exchange::replay::candles::recording::{Recording, SOURCES};

/// Every shipped candle with the seed that its minute has in the first loop before the anchor.
fn shipped() -> impl Iterator<Item = (&'static str, i64, Bar)> {
    SOURCES.iter().flat_map(|source| {
        let recording = Recording::read(source).unwrap();
        let name: &'static str = recording.symbol.as_str().to_owned().leak();
        let bars: Vec<Bar> = recording.bars;
        let sum = bars[0].open + bars[bars.len() - 1].close;
        let length = i64::try_from(bars.len()).unwrap();
        (-2 * length..-length)
            .zip(bars.clone())
            .map(move |(minute, bar)| (name, minute, bar.mirrored(sum)))
            .chain(
                (-length..0)
                    .zip(bars)
                    .map(move |(minute, bar)| (name, minute, bar)),
            )
    })
}

fn check(name: &str, minute: i64, bar: &Bar, activity: Activity) -> Vec<PathTick> {
    let ticks = path(bar, Random::of(name, minute), activity);
    let context = format!("{name} {minute} {bar:?}");
    let trades: Vec<PathTrade> = ticks.iter().filter_map(|tick| tick.trade).collect();

    // The trades make exactly this candle, on the way of open, both extremes and close.
    assert_eq!(
        Bar::of(trades.iter().map(|trade| (trade.price, trade.quantity))),
        Some(*bar),
        "{context}"
    );
    assert!(trades.iter().all(|trade| trade.quantity >= 1), "{context}");
    assert!(
        trades.len() >= 4 && i64::try_from(trades.len()).unwrap() <= activity.trades_max.max(4),
        "{context}"
    );

    // Time passes.
    assert!(
        ticks[0].at_ms >= 1 && ticks[ticks.len() - 1].at_ms < MINUTE_MS,
        "{context}"
    );
    assert!(
        ticks.windows(2).all(|pair| pair[0].at_ms < pair[1].at_ms),
        "{context}"
    );

    // The price and the quote tell one story.
    let mut last: Option<PathTrade> = None;
    for tick in &ticks {
        assert!(0 < tick.quote.bid && tick.quote.bid < tick.quote.ask, "{context}");
        assert!(
            tick.quote.ask - tick.quote.bid <= 1 + bar.open / 50_000,
            "{context}"
        );
        match (tick.trade, last) {
            (Some(trade), before) => {
                let touched = match trade.taker_side {
                    Side::Buy => tick.quote.ask,
                    Side::Sell => tick.quote.bid,
                };
                assert_eq!(trade.price, touched, "{context}");
                if let Some(before) = before.filter(|before| before.price != trade.price) {
                    assert_eq!(
                        trade.taker_side == Side::Buy,
                        trade.price > before.price,
                        "{context}"
                    );
                }
                last = Some(trade);
            }
            (None, Some(last)) => {
                assert!(
                    tick.quote.bid <= last.price && last.price <= tick.quote.ask,
                    "{context}"
                );
            }
            (None, None) => panic!("the first tick of a path is a trade: {context}"),
        }
    }
    ticks
}

#[test]
fn every_shipped_candle_has_a_path_that_makes_exactly_it() {
    let (mut minutes, mut ticks) = (0, 0);
    for (name, minute, bar) in shipped() {
        ticks += check(name, minute, &bar, Activity::NORMAL).len();
        minutes += 1;
    }
    assert_eq!(minutes, 2 * 16_840);
    // Lively: 2 to 5 ticks per second and symbol.
    let per_minute = ticks / minutes;
    assert!((120..=300).contains(&per_minute), "{per_minute} ticks per minute");
}

#[test]
fn the_barest_path_still_makes_exactly_its_candle() {
    for (name, minute, bar) in shipped().step_by(7) {
        assert_eq!(check(name, minute, &bar, Activity::at_most(0)).len(), 4);
        check(name, minute, &bar, Activity::at_most(23));
    }
}

#[test]
fn odd_candles_have_paths_too() {
    for bar in [
        Bar {
            open: 100,
            high: 100,
            low: 100,
            close: 100,
            volume: 4,
        },
        Bar {
            open: 100,
            high: 101,
            low: 100,
            close: 100,
            volume: 5,
        },
        Bar {
            open: 1_500,
            high: 100_000,
            low: 1_000,
            close: 1_000,
            volume: 1_000_000_000_000,
        },
        Bar {
            open: 2_000,
            high: 2_000,
            low: 1_000,
            close: 2_000,
            volume: 12,
        },
    ] {
        for minute in 0..500 {
            check("ODD", minute, &bar, Activity::NORMAL);
        }
    }
}

#[test]
fn a_path_is_the_same_every_time_and_another_in_every_minute() {
    let (name, minute, bar) = shipped().next().unwrap();
    let of = |minute| path(&bar, Random::of(name, minute), Activity::NORMAL);
    assert_eq!(of(minute), of(minute));
    assert_ne!(of(minute), of(minute + 1));
}

/// Restarted desks find the same market also after an upgrade: this fails when a change moves the ticks.
#[test]
fn paths_never_change_between_versions() {
    let (name, minute, bar) = shipped().next().unwrap();
    let ticks = path(&bar, Random::of(name, minute), Activity::NORMAL);
    let digest = ticks.iter().fold(0_i64, |digest, tick| {
        let trade = tick.trade.map_or(0, |trade| trade.price ^ (trade.quantity << 20));
        digest
            .wrapping_mul(31)
            .wrapping_add(tick.at_ms ^ tick.quote.bid ^ (tick.quote.ask << 8) ^ trade)
    });
    assert_eq!((ticks.len(), digest), (148, 843_159_063_605_056_557));
}

#[test]
fn ticks_do_not_come_like_clockwork() {
    let (name, minute, bar) = shipped().next().unwrap();
    let ticks = path(&bar, Random::of(name, minute), Activity::NORMAL);
    let mut pauses: Vec<i64> = ticks
        .windows(2)
        .map(|pair| pair[1].at_ms - pair[0].at_ms)
        .collect();
    pauses.sort_unstable();
    let (quarter, most) = (pauses[pauses.len() / 4], pauses[pauses.len() - 1]);
    assert!(
        most > 8 * quarter,
        "pauses from {quarter} ms (lower quarter) to {most} ms (longest)"
    );
}
