//! Perpetuals: sound books, candles that their ticks make, books that their changes make, and the spot market untouched.

use std::collections::BTreeSet;

use super::*;
use crate::exchange::config::SimConfig;
use crate::exchange::drive::TICKS_PER_BATCH;
use crate::exchange::replay::candles::CandleMarket;
use crate::exchange::replay::tape::TapeMarket;
use crate::exchange::sim::SimMarket;

const NOON: TimestampMs = TimestampMs(1_765_368_000_000);

fn recorded() -> WithPerpetuals<CandleMarket> {
    let market = CandleMarket::open("1".parse().unwrap(), NOON, NOON).unwrap();
    let mut market = WithPerpetuals::new(market);
    market.take_up(NOON);
    market
}

fn sim(symbols: u32, ticks_per_second: u32) -> SimMarket {
    let config = SimConfig {
        seed: 7,
        symbols,
        ticks_per_second,
    };
    SimMarket::open(&config, NOON)
}

fn until<M: Market>(market: &mut M, now: TimestampMs) -> Vec<MarketInput> {
    let mut inputs = Vec::new();
    while market.next_due() <= now {
        let mut batch = Batch::default();
        market.advance(now, &mut batch);
        inputs.extend(batch.take());
    }
    inputs
}

fn ticks(inputs: &[MarketInput], symbol: &str) -> Vec<Tick> {
    let all = inputs.iter().flat_map(|input| match input {
        MarketInput::Ticks(ticks) => ticks.clone(),
        _ => Vec::new(),
    });
    all.filter(|tick| tick.symbol.as_str() == symbol).collect()
}

fn history<M: Market>(market: &M, index: usize) -> Vec<Candle> {
    match market.history(index) {
        MarketInput::History { candles, .. } => candles,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_premium_is_small_smooth_and_the_same_every_day() {
    const DAY_MS: i64 = 86_400_000;
    let minutes = (0..=1_440).map(|minute| premium_at(NOON + minute * MINUTE_MS));
    let premiums: Vec<i64> = minutes.collect();
    assert!(premiums.iter().all(|premium| (100..=500).contains(premium)));
    assert!(premiums.windows(2).all(|pair| (pair[0] - pair[1]).abs() <= 1));
    assert!(premiums.iter().max().unwrap() - premiums.iter().min().unwrap() > 300);
    assert_eq!(
        premium_at(NOON + 12_345_678),
        premium_at(NOON + 12_345_678 + DAY_MS)
    );
    assert_eq!(premium_at(NOON), premium_at(NOON + MINUTE_MS - 1));
}

#[test]
fn perpetuals_come_after_all_spot_instruments_with_their_terms() {
    let instruments = recorded().instruments();
    let names: Vec<&str> = instruments.iter().map(|one| one.symbol.as_str()).collect();
    assert_eq!(
        names,
        [
            "BTCUSDT",
            "ETHUSDT",
            "SOLUSDT",
            "ADAUSDT",
            "DOGEUSDT",
            "DOTUSDT",
            "BTCUSDT-PERP",
            "ETHUSDT-PERP"
        ]
    );
    assert!(instruments[..6].iter().all(|spot| spot.perpetual.is_none()));
    let terms: Vec<_> = instruments[6..]
        .iter()
        .map(|one| {
            let terms = one.perpetual.unwrap();
            let rates = format!("{} {}", terms.maintenance_margin_rate, terms.funding_rate);
            (
                one.base.as_str(),
                terms.spot.as_str().to_owned(),
                terms.max_leverage,
                rates,
            )
        })
        .collect();
    assert_eq!(
        terms,
        [
            ("BTC", "BTCUSDT".to_owned(), 50, "0.005 0.0001".to_owned()),
            ("ETH", "ETHUSDT".to_owned(), 25, "0.01 0.0001".to_owned())
        ]
    );
    assert_eq!(instruments[6].tick_size.to_string(), "0.1");
    assert_eq!(instruments[6].taker_fee_rate.to_string(), "0.00055");
    assert_eq!(instruments[6].maker_fee_rate.to_string(), "0.0002");
    let few: Vec<String> = WithPerpetuals::new(sim(1, 10))
        .instruments()
        .iter()
        .map(|one| one.symbol.to_string())
        .collect();
    assert_eq!(few, ["SIM001USDT", "SIM001USDT-PERP"]);
}

#[test]
fn the_spot_market_is_what_it_was_and_each_tick_has_its_twin() {
    let mut plain = sim(3, 2_000);
    let mut market = WithPerpetuals::new(sim(3, 2_000));
    market.take_up(NOON);
    plain.take_up(NOON);
    let (plain, told) = (until(&mut plain, NOON + 3_000), until(&mut market, NOON + 3_000));
    for name in ["SIM001USDT", "SIM002USDT", "SIM003USDT"] {
        assert_eq!(ticks(&told, name), ticks(&plain, name));
    }
    let (spot, twins) = (ticks(&told, "SIM002USDT"), ticks(&told, "SIM002USDT-PERP"));
    assert_eq!(spot.len(), twins.len());
    for (spot, twin) in spot.iter().zip(&twins) {
        assert!(twin.quote.bid < twin.quote.ask, "{twin:?}");
        assert!(twin.quote.ask > spot.quote.ask && twin.quote.bid >= spot.quote.bid);
        assert_eq!(
            (twin.exchange_time, twin.received_at),
            (spot.exchange_time, spot.received_at)
        );
        if let (Some(spot), Some(trade)) = (spot.trade, twin.trade) {
            assert_eq!(
                (trade.quantity, trade.taker_side),
                (spot.quantity, spot.taker_side)
            );
            assert!(twin.quote.bid <= trade.price && trade.price <= twin.quote.ask);
        }
    }
    assert!(ticks(&told, "SIM003USDT-PERP").is_empty());
}

#[test]
fn ticks_on_top_of_a_history_make_the_candles_of_a_later_one() {
    let mut market = recorded();
    let index = 6;
    let mut folded = history(&market, index);
    let later = NOON + 10 * MINUTE_MS + 1;
    for tick in ticks(&until(&mut market, later), "BTCUSDT-PERP") {
        let Some(trade) = tick.trade else { continue };
        let time = tick.exchange_time.floor_to(MINUTE_MS);
        match folded.last_mut() {
            Some(last) if last.time == time => last.add(trade.price, trade.quantity),
            _ => folded.push(Candle::opened_by(time, trade.price, trade.quantity)),
        }
    }
    market.take_up(later);
    let told = history(&market, index);
    let last_ten = |candles: &[Candle]| {
        let whole = candles
            .iter()
            .filter(|candle| candle.time >= NOON && candle.time < NOON + 10 * MINUTE_MS);
        whole.copied().collect::<Vec<_>>()
    };
    assert_eq!(last_ten(&folded).len(), 10);
    assert_eq!(last_ten(&folded), last_ten(&told));
    let spot = history(&market, 0);
    let last = |candles: &[Candle]| candles[candles.len() - 2];
    assert!(last(&told).close > last(&spot).close);
    assert_eq!(last(&told).volume, last(&spot).volume);
}

#[test]
fn no_batch_has_more_ticks_than_the_engine_takes_at_once() {
    let mut market = WithPerpetuals::new(sim(1, 100_000));
    market.take_up(NOON);
    let inputs = until(&mut market, NOON + 500);
    assert_eq!(ticks(&inputs, "SIM001USDT-PERP").len(), 50_000);
    assert!(
        inputs
            .iter()
            .all(|input| matches!(input, MarketInput::Ticks(t) if t.len() <= TICKS_PER_BATCH))
    );
    let mut batch = Batch::default();
    market.advance(NOON + 1_000, &mut batch);
    assert!(batch.is_full(), "there is more, and the next round must not wait");
}

/// A book as the engine keeps it.
#[derive(Default)]
struct Kept {
    bids: BTreeMap<Price, Quantity>,
    asks: BTreeMap<Price, Quantity>,
}

impl Kept {
    fn take(&mut self, depth: &Depth) {
        if depth.snapshot {
            *self = Kept::default();
        }
        for (side, levels) in [(&mut self.bids, &depth.bids), (&mut self.asks, &depth.asks)] {
            for (price, quantity) in levels {
                if quantity.is_zero() {
                    side.remove(price);
                } else {
                    side.insert(*price, *quantity);
                }
            }
        }
    }

    fn derived(&self, lane: &Lane, premium: i64) -> [BTreeMap<Price, Quantity>; 2] {
        let side = |levels: &BTreeMap<Price, Quantity>, rounded| {
            let mut derived: BTreeMap<Price, Quantity> = BTreeMap::new();
            for (price, quantity) in levels {
                *derived.entry(lane.price(*price, premium, rounded)).or_default() += *quantity;
            }
            derived
        };
        [side(&self.bids, Rounded::Down), side(&self.asks, Rounded::Up)]
    }
}

#[test]
fn the_book_is_the_spot_book_level_by_level_whatever_changes() {
    let tape = TapeMarket::open("1".parse().unwrap(), NOON, NOON).unwrap();
    let mut market = WithPerpetuals::new(tape);
    let started = NOON + 30_000;
    market.take_up(started);
    let mut opening = Batch::default();
    market.opening(started, &mut opening);
    let mut inputs = opening.take();
    inputs.extend(until(&mut market, started + 45_000));
    let (mut spot, mut perpetual) = (Kept::default(), Kept::default());
    let (mut compared, mut snapshots, mut merged) = (0, 0, BTreeSet::new());
    for input in &inputs {
        let MarketInput::Depth(depth) = input else {
            continue;
        };
        match depth.symbol.as_str() {
            "BTCUSDT" => spot.take(depth),
            "BTCUSDT-PERP" => {
                perpetual.take(depth);
                snapshots += u32::from(depth.snapshot);
                let premium = premium_at(depth.exchange_time);
                let [bids, asks] = spot.derived(&market.perpetuals[0], premium);
                assert!(
                    bids == perpetual.bids && asks == perpetual.asks,
                    "at {}",
                    depth.exchange_time
                );
                assert!(
                    perpetual.bids.last_key_value().unwrap().0 < perpetual.asks.first_key_value().unwrap().0
                );
                merged.insert(spot.bids.len() > bids.len());
                compared += 1;
            }
            _ => {}
        }
    }
    assert!(compared > 300, "{compared} changes");
    // One at the start and one for each minute whose premium is another.
    assert!((1..=2).contains(&snapshots), "{snapshots} snapshots");
    assert!(merged.contains(&true), "a coarser tick size joins levels");
}
