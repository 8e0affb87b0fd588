//! Tickers and candles of random ticks, against a recomputation from all ticks that knows no ring, cache or window.

use crate::script::config;
use proptest::prelude::*;
use rust_decimal::Decimal;
use tickwire_engine::{Batch, Engine};
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::id::Symbol;
use tickwire_protocol::market::{Candle, Interval, Quote, Tick, Trade};
use tickwire_protocol::money::{Price, Quantity};
use tickwire_protocol::order::Side;

const MINUTE: i64 = 60_000;
const DAY: i64 = 86_400_000;

/// Ticks whose times mostly go on, sometimes leap hours ahead, and sometimes are late.
fn ticks() -> impl Strategy<Value = Vec<Tick>> {
    let step = prop_oneof![
        6 => 0i64..20_000,
        3 => 0i64..300_000,
        2 => 0i64..20_000_000,
        1 => 80_000_000i64..90_000_000,
        2 => -100_000i64..0,
    ];
    let trade = proptest::option::weighted(0.7, (9_000i64..11_000, 1i64..500));
    proptest::collection::vec((step, trade), 1..150).prop_map(|steps| {
        let mut now = 1_765_357_200_000;
        let tick = |(step, trade): (i64, Option<(i64, i64)>)| {
            now += step;
            Tick {
                symbol: Symbol::new("ETHUSDT").unwrap(),
                quote: Quote {
                    bid: Price::new(Decimal::from(99)),
                    ask: Price::new(Decimal::from(100)),
                },
                trade: trade.map(|(price, quantity)| Trade {
                    price: Price::new(Decimal::new(price, 2)),
                    quantity: Quantity::new(Decimal::new(quantity, 2)),
                    taker_side: Side::Buy,
                }),
                exchange_time: TimestampMs(now),
                received_at: TimestampMs(now),
            }
        };
        steps.into_iter().map(tick).collect()
    })
}

/// The trades that count: those whose minute is not older than the newest minute traded before them.
fn counted(ticks: &[Tick]) -> Vec<(i64, Trade)> {
    let mut newest = i64::MIN;
    let mut counted = Vec::new();
    for tick in ticks {
        let minute = tick.exchange_time.0 / MINUTE * MINUTE;
        if let Some(trade) = tick.trade.filter(|_| minute >= newest) {
            newest = minute;
            counted.push((minute, trade));
        }
    }
    counted
}

fn candles(trades: &[(i64, Trade)], interval: Interval) -> Vec<Candle> {
    let mut candles: Vec<Candle> = Vec::new();
    let oldest_kept = trades
        .last()
        .map_or(0, |(minute, _)| (minute - 7 * DAY) / 3_600_000 * 3_600_000);
    for (minute, trade) in trades.iter().filter(|(minute, _)| *minute >= oldest_kept) {
        let time = TimestampMs(minute / interval.length_ms() * interval.length_ms());
        let prices: Vec<Price> = trades
            .iter()
            .filter(|(m, _)| m / interval.length_ms() == minute / interval.length_ms())
            .map(|(_, t)| t.price)
            .collect();
        let volume = trades
            .iter()
            .filter(|(m, _)| m / interval.length_ms() == minute / interval.length_ms())
            .map(|(_, t)| t.quantity)
            .sum();
        if candles.last().is_none_or(|last| last.time != time) {
            candles.push(Candle {
                time,
                open: prices[0],
                high: *prices.iter().max().unwrap(),
                low: *prices.iter().min().unwrap(),
                close: *prices.last().unwrap(),
                volume,
            });
        }
        let _ = trade;
    }
    candles
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn the_ticker_is_that_of_all_trades_within_24_hours(ticks in ticks()) {
        let mut engine = Engine::new(config()).unwrap();
        let mut batch = Batch::default();
        for (i, tick) in ticks.iter().enumerate() {
            engine.tick(tick, &mut batch);
            let seen = &ticks[..=i];
            let trades = counted(seen);
            let ticker = engine.markets().ticker(tick.symbol);
            let Some((_, last)) = trades.last() else {
                prop_assert_eq!(ticker, None);
                continue;
            };
            let now = seen.iter().map(|tick| tick.exchange_time.0 / MINUTE * MINUTE).max().unwrap();
            let start = now - DAY + MINUTE;
            let window: Vec<Trade> = trades.iter().filter(|(minute, _)| *minute >= start).map(|(_, t)| *t).collect();
            let before = trades.iter().rev().find(|(minute, _)| *minute < start).map(|(_, t)| t.price);
            let reference = before.or(window.first().map(|t| t.price)).unwrap_or(last.price);
            let reference = if window.is_empty() { last.price } else { reference };
            let ticker = ticker.unwrap();
            prop_assert_eq!(ticker.price, last.price);
            prop_assert_eq!(ticker.high, window.iter().map(|t| t.price).max().unwrap_or(last.price));
            prop_assert_eq!(ticker.low, window.iter().map(|t| t.price).min().unwrap_or(last.price));
            prop_assert_eq!(ticker.volume, window.iter().map(|t| t.quantity).sum());
            prop_assert_eq!(ticker.change, last.price - reference);
            prop_assert_eq!(ticker.change_percent, last.price.percent_change_from(reference));
        }
    }

    #[test]
    fn candles_are_those_of_all_trades(ticks in ticks(), cut in 0usize..150, limit in 1usize..20) {
        let mut engine = Engine::new(config()).unwrap();
        let mut batch = Batch::default();
        let cut = cut.min(ticks.len());
        ticks[..cut].iter().for_each(|tick| engine.tick(tick, &mut batch));
        let symbol = Symbol::new("ETHUSDT").unwrap();
        let mut slow = Interval::ALL.map(|interval| engine.markets().candles(symbol, interval, None, usize::MAX));
        batch.clear();
        ticks[cut..].iter().for_each(|tick| engine.tick(tick, &mut batch));
        let trades = counted(&ticks);
        for (interval, slow) in Interval::ALL.into_iter().zip(&mut slow) {
            let expected = candles(&trades, interval);
            let markets = engine.markets();
            prop_assert_eq!(&markets.candles(symbol, interval, None, usize::MAX), &expected);
            // A page from the end, and the page before it.
            let page = markets.candles(symbol, interval, None, limit);
            prop_assert_eq!(&page[..], &expected[expected.len() - page.len()..]);
            if let Some(first) = page.first() {
                let older = markets.candles(symbol, interval, Some(first.time), limit);
                let end = expected.len() - page.len();
                prop_assert_eq!(&older[..], &expected[end.saturating_sub(limit)..end]);
            }
            // A slow reader that gets all candles from the oldest changed one on has what the engine has.
            if let Some(from) = batch.touched.markets().first().and_then(|market| market.candles_from) {
                let changed = markets.candles_from(symbol, interval, from);
                slow.retain(|candle| candle.time < changed[0].time && candle.time >= expected[0].time);
                slow.extend(changed);
            }
            prop_assert_eq!(&*slow, &expected);
        }
    }
}
