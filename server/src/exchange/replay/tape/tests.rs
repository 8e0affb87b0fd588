//! The tape: complete, in order, in step with its books, and without a jump at its seams.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use rust_decimal::Decimal;
use tickwire_protocol::market::Candle;
use tickwire_protocol::money::{Price, Quantity};
use tickwire_protocol::order::Side;

use super::*;
use crate::exchange::drive::tests::ticks;
use crate::exchange::grid::Bar;

const ANCHOR: TimestampMs = TimestampMs(1_765_368_000_000);

/// Made once: inflating the captures is what takes a test without optimisation its time.
static OUTLINES: LazyLock<Vec<Outline>> = LazyLock::new(|| {
    CAPTURES
        .iter()
        .map(|capture| Outline::of(capture).unwrap())
        .collect()
});

fn market_at(speed: &str, now: TimestampMs) -> TapeMarket {
    let mut market = TapeMarket::new(OUTLINES.clone(), speed.parse().unwrap(), now, ANCHOR).unwrap();
    market.take_up(now);
    market
}

fn market(now: TimestampMs) -> TapeMarket {
    market_at("1", now)
}

fn advance(market: &mut TapeMarket, now: TimestampMs) -> Vec<MarketInput> {
    let mut inputs = Vec::new();
    while market.next_due() <= now {
        let mut batch = Batch::default();
        market.advance(now, &mut batch);
        inputs.extend(batch.take());
    }
    inputs
}

#[test]
fn the_captures_are_complete_and_their_books_have_no_gap() {
    for (capture, counts) in CAPTURES
        .iter()
        .zip([(9_757, 28_040, 3_451), (6_106, 24_077, 3_434)])
    {
        let (mut trades, mut bests, mut depths, mut snapshots) = (0, 0, 0, 0);
        let mut last_trade_id = None;
        let mut last_ns = 0;
        let mut book = Book::default();
        let mut best_at = BTreeMap::new();
        let mut book_at = BTreeMap::new();
        let mut lines = capture.lines();
        while let Some((at_ns, frame)) = lines.next_frame() {
            assert!(at_ns >= last_ns);
            last_ns = at_ns;
            match frame {
                Frame::Trade(trade) => {
                    trades += 1;
                    assert_eq!(trade.symbol.as_str(), capture.symbol);
                    assert!(last_trade_id.is_none_or(|last| trade.trade_id == last + 1));
                    last_trade_id = Some(trade.trade_id);
                    assert!(
                        capture.grid.ticks(trade.price).is_some()
                            && capture.grid.steps(trade.quantity).is_some()
                    );
                }
                Frame::BookTicker(best) => {
                    bests += 1;
                    assert!(best.bid < best.ask);
                    best_at.insert(best.update_id, (best.bid, best.ask));
                }
                Frame::DepthUpdate(update) => {
                    depths += 1;
                    let id = update.final_update_id;
                    if book.update(update).unwrap().is_some() {
                        book_at.insert(id, book.best().unwrap());
                    }
                }
                Frame::DepthSnapshot(snapshot) => {
                    snapshots += 1;
                    let id = snapshot.last_update_id;
                    book.snapshot(snapshot).unwrap();
                    book_at.insert(id, book.best().unwrap());
                }
                Frame::Other => panic!("a frame of {} was not understood", capture.symbol),
            }
        }
        assert_eq!(
            (trades, bests, depths, snapshots),
            (counts.0, counts.1, counts.2, 1)
        );
        let compared = book_at
            .iter()
            .filter_map(|(id, book)| Some((book, best_at.get(id)?)));
        let equal = compared.map(|(book, best)| assert_eq!(book, best)).count();
        assert!(
            equal > 500,
            "only {equal} updates of {} have a book ticker",
            capture.symbol
        );
    }
}

#[test]
fn a_loop_tells_everything_and_its_seams_do_not_jump() {
    // The end of a mirrored loop, a whole loop as recorded, and the beginning of the next mirrored one.
    let mut market = market(ANCHOR - 2_000);
    let end = ANCHOR + market.loops.length_ms;
    let all = advance(&mut market, end + 2_000);
    let told = ticks(&all);
    assert!(told.is_sorted_by_key(|tick| tick.exchange_time));
    assert!(told.iter().all(|tick| tick.quote.bid < tick.quote.ask));
    for (lane, trades) in market.lanes.iter().zip([9_757, 6_106]) {
        let of_symbol: Vec<&Tick> = told.iter().filter(|tick| tick.symbol == lane.symbol).collect();
        let in_loop = |tick: &&&Tick| ANCHOR <= tick.exchange_time && tick.exchange_time < end;
        assert_eq!(
            of_symbol
                .iter()
                .filter(in_loop)
                .filter(|tick| tick.trade.is_some())
                .count(),
            trades
        );
        let news = |pair: &[&Tick]| pair[1].trade.is_some() || pair[1].quote != pair[0].quote;
        assert!(of_symbol.windows(2).all(news), "a tick that tells nothing");

        let jump = |before: &Tick, after: &Tick| (before.quote.bid.get() - after.quote.bid.get()).abs();
        let at = |seam| of_symbol.partition_point(|tick| tick.exchange_time < seam);
        let inside = of_symbol
            .windows(2)
            .map(|pair| jump(pair[0], pair[1]))
            .max()
            .unwrap();
        for seam in [at(ANCHOR), at(end)] {
            assert!(
                jump(of_symbol[seam - 1], of_symbol[seam]) * Decimal::TEN < inside,
                "{} jumps",
                lane.symbol
            );
        }
    }
    let depths = all.iter().filter_map(|input| match input {
        MarketInput::Depth(depth) => Some(depth),
        _ => None,
    });
    let depths: Vec<&Depth> = depths
        .filter(|depth| ANCHOR <= depth.exchange_time && depth.exchange_time < end)
        .collect();
    assert_eq!(depths.iter().filter(|depth| depth.snapshot).count(), 2);
    assert!(depths.len() > 6_870, "{} changes of books", depths.len());
}

#[test]
fn a_mirrored_loop_begins_at_the_last_quote_and_ends_at_the_first() {
    for (capture, outline) in CAPTURES.iter().zip(OUTLINES.iter()) {
        let mirrored = Mirror::new(capture.grid, Some(outline.mirror_sum()));
        let last = outline.last_quote;
        assert_eq!(mirrored.quote(outline.first_quote), last, "{}", capture.symbol);
        assert_eq!(mirrored.quote(last), outline.first_quote, "{}", capture.symbol);
    }
}

#[test]
fn a_mirrored_loop_swaps_buyers_and_sellers_and_leaves_no_level_below_zero() {
    let grid = CAPTURES[0].grid;
    let price = |text: &str| text.parse::<Price>().unwrap();
    let quantity = |text: &str| text.parse::<Quantity>().unwrap();
    let mirror = Mirror::new(grid, Some(price("120000")));
    let quote = Quote {
        bid: price("61000.01"),
        ask: price("61000.03"),
    };
    assert_eq!(
        mirror.quote(quote),
        Quote {
            bid: price("58999.97"),
            ask: price("58999.99")
        }
    );
    let one = quantity("1.50000000");
    let (bids, asks) = mirror.sides(
        vec![(price("61000.01"), one)],
        vec![(price("61000.03"), one), (price("200000"), one)],
    );
    assert_eq!(bids, [(price("58999.97"), quantity("1.5"))]);
    assert_eq!(asks, [(price("58999.99"), quantity("1.5"))]);
    assert_eq!(
        format!("{:?}", mirror.sides(bids, Vec::new()).1),
        "[(61000.03, 1.50000)]"
    );

    let mut lines = CAPTURES[0].lines();
    let trade = std::iter::from_fn(|| lines.next_frame()).find_map(|(_, frame)| match frame {
        Frame::Trade(trade) => Some(trade),
        _ => None,
    });
    let trade = trade.unwrap();
    assert_eq!(trade.taker_side(), Side::Sell);
    assert_eq!(mirror.trade(&trade).taker_side, Side::Buy);
    assert_eq!(mirror.trade(&trade).price, price("58162.37"));
}

#[test]
fn a_start_in_the_middle_joins_what_a_longer_run_has() {
    let start = ANCHOR + 20_000;
    let mut long = market(start);
    let mut played = advance(&mut long, start + 90_000);
    let mut late = market(start + 60_000);
    let rest = advance(&mut late, start + 90_000);
    let after = |input: &MarketInput| match input {
        MarketInput::Depth(depth) => depth.exchange_time > start + 60_000,
        _ => false,
    };
    played.retain(after);
    let depths: Vec<&MarketInput> = rest.iter().filter(|input| after(input)).collect();
    assert_eq!(played.iter().collect::<Vec<_>>(), depths);
    for (long, late) in long.lanes.iter().zip(&late.lanes) {
        assert_eq!(long.quote, late.quote);
        assert_eq!(
            (long.book.bids(), long.book.asks()),
            (late.book.bids(), late.book.asks())
        );
    }

    let mut batch = Batch::default();
    market(start + 60_000).opening(start + 60_000, &mut batch);
    let opening = batch.take();
    let books = opening
        .iter()
        .filter(|input| matches!(input, MarketInput::Depth(depth) if depth.snapshot))
        .count();
    assert_eq!((ticks(&opening).len(), books), (2, 2));
}

#[test]
fn history_is_what_the_tape_would_have_told() {
    let start = ANCHOR - 130_000;
    let end = ANCHOR + 127_123;
    let mut market = market(start);
    let told = ticks(&advance(&mut market, end));
    market.taken_up = end;
    for (index, lane) in market.lanes.iter().enumerate() {
        let MarketInput::History { candles, .. } = market.history(index) else {
            panic!("no history")
        };
        let whole = candles.len();
        assert!(
            i64::try_from(whole).unwrap() >= HISTORY_MINUTES,
            "{whole} minutes"
        );
        assert!(
            candles
                .windows(2)
                .all(|pair| pair[1].time == pair[0].time + MINUTE_MS)
        );
        // The minutes that the live ticks cover in full, and the last one as far as it went.
        let first = start.floor_to(MINUTE_MS) + MINUTE_MS;
        let mut folded: Vec<(TimestampMs, Bar)> = Vec::new();
        for tick in told
            .iter()
            .filter(|tick| tick.symbol == lane.symbol && tick.exchange_time >= first)
        {
            let Some(trade) = tick.trade else { continue };
            let grid = lane.capture.grid;
            let (price, quantity) = (
                grid.ticks(trade.price).unwrap(),
                grid.steps(trade.quantity).unwrap(),
            );
            let time = tick.exchange_time.floor_to(MINUTE_MS);
            match folded.last_mut() {
                Some((last, bar)) if *last == time => bar.add(price, quantity),
                _ => folded.push((time, Bar::opened_by(price, quantity))),
            }
        }
        let folded: Vec<Candle> = folded
            .into_iter()
            .map(|(time, bar)| bar.candle(lane.capture.grid, time))
            .collect();
        assert!(folded.len() >= 4);
        assert_eq!(candles[whole - folded.len()..], folded);
    }
}

#[test]
fn the_tape_can_be_taken_up_again_and_at_speed() {
    let mut again = market(ANCHOR + 1_000);
    advance(&mut again, ANCHOR + 30_000);
    again.take_up(ANCHOR + 5_000);
    let mut fresh = market(ANCHOR + 5_000);
    assert_eq!(
        advance(&mut again, ANCHOR + 9_000),
        advance(&mut fresh, ANCHOR + 9_000)
    );

    let mut fast = market_at("10", ANCHOR);
    let told = ticks(&advance(&mut fast, ANCHOR + 1_000));
    let last = told[told.len() - 1].exchange_time;
    assert!((9_500..=10_000).contains(&last.since(ANCHOR)), "{last}");
}
