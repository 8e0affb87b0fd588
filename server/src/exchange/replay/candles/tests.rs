//! The market of candles as the engine sees it.

use std::collections::BTreeMap;

use tickwire_protocol::id::Symbol;
use tickwire_protocol::message::LinkState;
use tokio::sync::watch;
use tokio::time::{Duration, Instant, timeout_at};

use super::*;
use crate::exchange::drive::tests::{TestOutlet, ticks};
use crate::exchange::drive::{TICKS_PER_BATCH, run};
use crate::exchange::grid::MINUTE_MS;

const ANCHOR: TimestampMs = TimestampMs(1_765_368_000_000);

fn market(speed: &str, now: TimestampMs) -> CandleMarket {
    let mut market = CandleMarket::open(speed.parse().unwrap(), now, ANCHOR).unwrap();
    market.take_up(now);
    market
}

/// Everything that is due until `now`.
fn advance(market: &mut CandleMarket, now: TimestampMs) -> Vec<Tick> {
    let mut inputs = Vec::new();
    while market.next_due() <= now {
        let mut batch = Batch::default();
        market.advance(now, &mut batch);
        inputs.extend(batch.take());
    }
    assert!(
        inputs
            .iter()
            .all(|input| matches!(input, MarketInput::Ticks(t) if t.len() <= TICKS_PER_BATCH))
    );
    ticks(&inputs)
}

fn history(market: &CandleMarket, index: usize) -> Vec<Candle> {
    match market.history(index) {
        MarketInput::History { candles, .. } => candles,
        other => panic!("{other:?}"),
    }
}

/// Folds ticks on top of a history, as the engine does.
fn fold(candles: &mut Vec<Candle>, ticks: &[Tick], symbol: Symbol) {
    for tick in ticks.iter().filter(|tick| tick.symbol == symbol) {
        let Some(trade) = tick.trade else { continue };
        let time = tick.exchange_time.floor_to(MINUTE_MS);
        match candles.last_mut() {
            Some(last) if last.time == time => last.add(trade.price, trade.quantity),
            _ => candles.push(Candle::opened_by(time, trade.price, trade.quantity)),
        }
    }
}

#[test]
fn an_hour_of_ticks_makes_exactly_the_candles_of_the_timeline() {
    // In the middle of minute 17 of the third loop of the shortest recording, and across a seam of another.
    let now = ANCHOR + (1_440 - 20) * MINUTE_MS + 17_321;
    let mut market = market("1", now);
    let mut all: Vec<Vec<Candle>> = (0..6).map(|index| history(&market, index)).collect();
    let ticks = advance(&mut market, now + 60 * MINUTE_MS);
    assert!(
        ticks
            .windows(2)
            .all(|pair| pair[0].exchange_time <= pair[1].exchange_time)
    );
    for (lane, candles) in market.lanes.iter().zip(&mut all) {
        fold(candles, &ticks, lane.timeline.recording().symbol);
        // All but the last are finished.
        let first = lane.timeline.minute_at(candles[0].time);
        for (minute, candle) in (first..).zip(&candles[..candles.len() - 1]) {
            assert_eq!(*candle, lane.timeline.candle_at(minute));
        }
        assert_eq!(i64::try_from(candles.len()).unwrap(), HISTORY_MINUTES + 61);
    }
}

#[test]
fn a_start_in_the_middle_of_a_minute_joins_what_a_longer_run_has() {
    let minute = ANCHOR + 3 * MINUTE_MS;
    let mut long = market("1", minute);
    let played = advance(&mut long, minute + 59_999);
    for into_ms in [0, 1, 137, 20_000, 45_678, 59_998, 59_999] {
        let mut late = market("1", minute + into_ms);
        let histories: Vec<Vec<Candle>> = (0..6).map(|index| history(&late, index)).collect();
        let rest = advance(&mut late, minute + 59_999);
        let expected: Vec<Tick> = played
            .iter()
            .filter(|tick| tick.exchange_time > minute + into_ms)
            .copied()
            .collect();
        let unstamped = |ticks: &[Tick]| -> Vec<Tick> {
            ticks
                .iter()
                .map(|tick| Tick {
                    received_at: TimestampMs(0),
                    ..*tick
                })
                .collect()
        };
        assert_eq!(
            unstamped(&rest),
            unstamped(&expected),
            "{into_ms} ms into the minute"
        );
        for (lane, mut candles) in late.lanes.iter().zip(histories) {
            fold(&mut candles, &rest, lane.timeline.recording().symbol);
            assert_eq!(
                candles.last(),
                Some(&lane.timeline.candle_at(3)),
                "{into_ms} ms into the minute"
            );
        }
    }
}

#[test]
fn the_opening_quotes_are_those_of_the_last_tick_before() {
    let minute = ANCHOR + 7 * MINUTE_MS;
    for into_ms in [0, 30_000] {
        let mut long = market("1", minute - MINUTE_MS);
        let played = advance(&mut long, minute + into_ms);
        let late = market("1", minute + into_ms);
        let mut batch = Batch::default();
        late.opening(minute + into_ms, &mut batch);
        let opening = ticks(&batch.take());
        assert_eq!(opening.len(), 6);
        for tick in opening {
            let last = played
                .iter()
                .rfind(|played| played.symbol == tick.symbol)
                .unwrap();
            assert_eq!((tick.quote, tick.trade), (last.quote, None));
        }
    }
}

#[test]
fn every_number_is_on_the_grid_of_its_instrument() {
    let mut market = market("1", ANCHOR);
    let instruments: BTreeMap<Symbol, Instrument> = market
        .instruments()
        .into_iter()
        .map(|instrument| (instrument.symbol, instrument))
        .collect();
    let mut seen = BTreeMap::<Symbol, u32>::new();
    for tick in advance(&mut market, ANCHOR + 5 * MINUTE_MS) {
        let instrument = &instruments[&tick.symbol];
        assert!(tick.quote.bid.is_multiple_of(instrument.tick_size) && tick.quote.bid < tick.quote.ask);
        assert!(tick.quote.ask.is_multiple_of(instrument.tick_size));
        if let Some(trade) = tick.trade {
            assert!(trade.price.is_multiple_of(instrument.tick_size));
            assert!(trade.quantity.is_multiple_of(instrument.step_size) && trade.quantity.is_positive());
        }
        *seen.entry(tick.symbol).or_default() += 1;
    }
    let names: Vec<String> = market
        .instruments()
        .iter()
        .map(|instrument| instrument.symbol.to_string())
        .collect();
    assert_eq!(
        names,
        ["BTCUSDT", "ETHUSDT", "SOLUSDT", "ADAUSDT", "DOGEUSDT", "DOTUSDT"]
    );
    assert!(
        seen.len() == 6 && seen.values().all(|count| (600..=1_500).contains(count)),
        "{seen:?}"
    );
}

#[test]
fn a_fast_replay_advances_that_much_faster_with_fewer_ticks_and_the_same_candles() {
    for (speed, ticks_max) in [(60, 2_000), (1_000, 20_000), (100_000, 40_032)] {
        let mut market = market(&speed.to_string(), ANCHOR);
        let mut all: Vec<Vec<Candle>> = (0..6).map(|index| history(&market, index)).collect();
        let ticks = advance(&mut market, ANCHOR + 1_000);
        assert!(
            ticks.len() <= ticks_max,
            "{} ticks in a second at speed {speed}",
            ticks.len()
        );
        for (lane, candles) in market.lanes.iter().zip(&mut all) {
            let before = i64::try_from(candles.len()).unwrap();
            fold(candles, &ticks, lane.timeline.recording().symbol);
            let advanced = i64::try_from(candles.len()).unwrap() - before;
            assert!(
                (speed / 60..=speed / 60 + 1).contains(&advanced),
                "{advanced} minutes at speed {speed}"
            );
            for (minute, candle) in (-HISTORY_MINUTES..).zip(&candles[..candles.len() - 1]) {
                assert_eq!(*candle, lane.timeline.candle_at(minute));
            }
        }
    }
}

#[test]
fn the_market_goes_on_after_a_restart_as_if_the_desk_had_never_been_away() {
    let later = ANCHOR + 9 * 24 * 60 * MINUTE_MS + 12_345;
    let mut stayed = market("1", ANCHOR);
    stayed.take_up(later);
    let mut restarted = market("1", later);
    assert_eq!(history(&stayed, 0), history(&restarted, 0));
    assert_eq!(
        advance(&mut stayed, later + MINUTE_MS),
        advance(&mut restarted, later + MINUTE_MS)
    );
}

#[tokio::test(start_paused = true)]
async fn ticks_reach_the_queue_when_they_happen() {
    let start = ANCHOR + 12_345;
    let (outlet, mut receiver) = TestOutlet::new(start, 64);
    let (_stop, stopped) = watch::channel(false);
    let market = CandleMarket::open(Speed::REAL_TIME, start, ANCHOR).unwrap();
    tokio::spawn(run(market, outlet, stopped));
    let end = Instant::now() + Duration::from_secs(120);
    let mut inputs = Vec::new();
    while let Ok(Some(input)) = timeout_at(end, receiver.recv()).await {
        inputs.push(input);
    }
    assert!(
        inputs[..6]
            .iter()
            .all(|input| matches!(input, MarketInput::History { .. }))
    );
    assert_eq!(
        inputs[6],
        MarketInput::Link {
            state: LinkState::Live,
            at: start
        }
    );
    let ticks = ticks(&inputs);
    assert!(
        (1_400..=3_600).contains(&ticks.len()),
        "{} ticks in two minutes",
        ticks.len()
    );
    assert!(ticks.iter().all(|tick| tick.exchange_time <= tick.received_at));
    assert!(
        ticks
            .iter()
            .all(|tick| tick.received_at.since(tick.exchange_time) <= 3)
    );
}
