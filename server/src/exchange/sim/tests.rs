//! The synthetic market: same seed, same market; rates are kept; prices stay sound.

use tokio::sync::watch;
use tokio::time::{Duration, Instant, timeout_at};

use super::*;
use crate::exchange::drive::tests::{TestOutlet, ticks};
use crate::exchange::drive::{TICKS_PER_BATCH, run};
use crate::exchange::grid::MINUTE_MS;

const NOON: TimestampMs = TimestampMs(1_765_368_000_000);

fn market(seed: u64, symbols: u32, ticks_per_second: u32) -> SimMarket {
    SimMarket::open(
        &SimConfig {
            seed,
            symbols,
            ticks_per_second,
        },
        NOON,
    )
}

fn advance(market: &mut SimMarket, now: TimestampMs) -> Vec<Tick> {
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

#[test]
fn a_seed_is_one_market_whatever_the_rounds_it_is_played_in() {
    let mut whole = market(7, 6, 5_000);
    let mut pieces = market(7, 6, 5_000);
    let strip = |ticks: Vec<Tick>| -> Vec<_> {
        ticks
            .into_iter()
            .map(|tick| (tick.symbol, tick.quote, tick.trade, tick.exchange_time))
            .collect()
    };
    let at_once = strip(advance(&mut whole, NOON + 4_000));
    let by_piece: Vec<_> = (0..=4_000)
        .step_by(40)
        .flat_map(|ms| strip(advance(&mut pieces, NOON + ms)))
        .collect();
    assert!(at_once == by_piece, "the rounds changed the ticks");
    assert!(
        whole.history(3) == pieces.history(3),
        "the rounds changed the history"
    );
    assert_ne!(at_once, strip(advance(&mut market(8, 6, 5_000), NOON + 4_000)));
}

/// Seeds are promised to be stable: this fails when a change moves the ticks.
#[test]
fn seeds_mean_the_same_in_every_version() {
    let mut market = market(1, 6, 50);
    let last = advance(&mut market, NOON + 60_000).pop().unwrap();
    let trade = last
        .trade
        .map(|trade| format!("{} x {} {:?}", trade.price, trade.quantity, trade.taker_side));
    let told = format!("{} {}/{} {trade:?}", last.symbol, last.quote.bid, last.quote.ask);
    assert_eq!(told, r#"SIM003USDT 54.7081/54.7083 Some("54.7083 x 11.22 Buy")"#);
}

#[test]
fn ticks_are_sound_and_their_number_is_the_rate() {
    let mut market = market(3, 50, 20_000);
    let instruments = market.instruments();
    let ticks = advance(&mut market, NOON + 3_000);
    assert_eq!(ticks.len(), 60_000);
    assert!(
        ticks
            .windows(2)
            .all(|pair| pair[0].exchange_time <= pair[1].exchange_time)
    );
    for tick in &ticks {
        let instrument = instruments
            .iter()
            .find(|instrument| instrument.symbol == tick.symbol)
            .unwrap();
        assert!(tick.quote.bid.is_positive() && tick.quote.bid < tick.quote.ask);
        assert!(tick.quote.bid.is_multiple_of(instrument.tick_size));
        if let Some(trade) = tick.trade {
            assert!(trade.price == tick.quote.bid || trade.price == tick.quote.ask);
            assert!(trade.quantity.is_positive() && trade.quantity.is_multiple_of(instrument.step_size));
        }
    }
    let told = |instrument: &Instrument| {
        ticks
            .iter()
            .filter(|tick| tick.symbol == instrument.symbol)
            .count()
    };
    assert!(instruments.iter().all(|instrument| told(instrument) > 800));
}

#[test]
fn history_is_whole_sound_and_ends_where_the_walk_begins() {
    let market = market(5, 1_000, 50);
    assert_eq!(market.instruments()[999].symbol.as_str(), "SIM1000USDT");
    for index in [0, 1, 499, 999] {
        let MarketInput::History { symbol, candles } = market.history(index) else {
            panic!("no history")
        };
        assert_eq!(i64::try_from(candles.len()).unwrap(), HISTORY_MINUTES);
        assert_eq!(candles[candles.len() - 1].time, NOON - MINUTE_MS);
        assert!(
            candles
                .windows(2)
                .all(|pair| pair[1].time == pair[0].time + MINUTE_MS)
        );
        assert!(candles.windows(2).all(|pair| pair[1].open == pair[0].close));
        for candle in &candles {
            assert!(
                candle.low.is_positive() && candle.volume.is_positive(),
                "{symbol} {candle:?}"
            );
            assert!(
                candle.low <= candle.open.min(candle.close) && candle.high >= candle.open.max(candle.close)
            );
        }
        let quote = market.walks[index].quote();
        let close = candles[candles.len() - 1].close;
        assert!(quote.bid <= close && close <= quote.ask);
    }
}

#[test]
fn a_walk_moves_and_stays_within_its_bounds() {
    for (symbols, ticks_per_second) in [(1, 50), (1, 100_000), (1, 1)] {
        let mut market = market(11, symbols, ticks_per_second);
        let first = market.walks[0].quote().bid;
        let mut random = Random::new(1);
        let prices: Vec<_> = (0..200_000)
            .filter_map(|_| market.walks[0].step(&mut random, NOON, NOON).trade)
            .map(|trade| trade.price)
            .collect();
        let (low, high) = (prices.iter().min().unwrap(), prices.iter().max().unwrap());
        assert!(low < high, "it stands still at {ticks_per_second} per second");
        assert!(low.get() * rust_decimal::Decimal::from(5) > first.get());
        assert!(high.get() < first.get() * rust_decimal::Decimal::from(5));
    }
}

#[tokio::test(start_paused = true)]
async fn a_hundred_thousand_ticks_per_second_come_in_small_batches_all_the_time() {
    let (outlet, mut receiver) = TestOutlet::new(NOON, 16);
    let (_stop, stopped) = watch::channel(false);
    tokio::spawn(run(market(1, 6, 100_000), outlet, stopped));
    let end = Instant::now() + Duration::from_secs(2);
    let (mut ticks, mut batches) = (0, 0);
    while let Ok(Some(input)) = timeout_at(end, receiver.recv()).await {
        if let MarketInput::Ticks(batch) = input {
            assert!(
                batch
                    .iter()
                    .all(|tick| tick.received_at.since(tick.exchange_time) <= 3)
            );
            ticks += batch.len();
            batches += 1;
        }
    }
    assert!(
        (199_000..=200_006).contains(&ticks),
        "{ticks} ticks in two seconds"
    );
    assert!(batches >= 500, "{batches} batches in two seconds");
}
