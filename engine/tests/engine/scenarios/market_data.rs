//! Tickers and candles, and what a batch says was touched.

use crate::script::{TestDesk, check};
use tickwire_engine::{Batch, Input, MarketInput};
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::id::{AccountId, Symbol};
use tickwire_protocol::market::{Candle, Interval, Quote, Tick, Trade};
use tickwire_protocol::order::Side;

#[test]
fn figures_of_24_hours_forget_what_is_older() {
    check(
        "the reference is the last price before the window",
        "ticker BTCUSDT | quote BTCUSDT 99/101 | ticker BTCUSDT | trade BTCUSDT 1x100 | trade BTCUSDT 2x120 | ticker BTCUSDT
         | wait 12h | trade BTCUSDT 3x110 | ticker BTCUSDT | wait 12h | trade BTCUSDT 1x115 | ticker BTCUSDT
         | wait 24h | quote BTCUSDT 99/101 | ticker BTCUSDT",
        "no ticker
         no ticker
         120 20 (20.00 %) high 120 low 100 volume 3
         110 10 (10.00 %) high 120 low 100 volume 6
         115 -5 (-4.17 %) high 115 low 110 volume 4
         115 0 (0.00 %) high 115 low 115 volume 0",
    );
}

#[test]
fn candles_open_with_trades_and_quotes_move_none() {
    check(
        "three minutes, the middle one without a trade",
        "trade ETHUSDT 1x100 | trade ETHUSDT 1x103 | trade ETHUSDT 1x99 | wait 60s | quote ETHUSDT 500/501 | wait 60s
         | trade ETHUSDT 2x104 | candles ETHUSDT 1m | candles ETHUSDT 5m",
        "09:00:00 100 103 99 99 x 3
         09:02:00 104 104 104 104 x 2
         09:00:00 100 104 99 104 x 5",
    );
}

const BTC: &str = "BTCUSDT";
const NINE: i64 = 1_765_357_200_000;

fn tick(at_ms: i64, bid: &str, ask: &str, trade: Option<(&str, &str)>) -> Tick {
    let trade = trade.map(|(price, quantity)| Trade {
        price: price.parse().unwrap(),
        quantity: quantity.parse().unwrap(),
        taker_side: Side::Buy,
    });
    Tick {
        symbol: Symbol::new(BTC).unwrap(),
        quote: Quote {
            bid: bid.parse().unwrap(),
            ask: ask.parse().unwrap(),
        },
        trade,
        exchange_time: TimestampMs(NINE + at_ms),
        received_at: TimestampMs(NINE + at_ms),
    }
}

fn closes(desk: &TestDesk) -> Vec<String> {
    let candles = desk
        .engine
        .markets()
        .candles(Symbol::new(BTC).unwrap(), Interval::M1, None, 100);
    candles
        .iter()
        .map(|candle| format!("{}:{}x{}", candle.time.utc_clock(), candle.close, candle.volume))
        .collect()
}

#[test]
fn history_replaces_and_ticks_continue_its_last_candle() {
    let mut desk = TestDesk::new();
    let symbol = Symbol::new(BTC).unwrap();
    let mut batch = Batch::default();
    desk.engine
        .tick(&tick(0, "99", "100", Some(("100", "7"))), &mut batch);
    let candle = |minute: i64, price: &str| {
        Candle::opened_by(
            TimestampMs(NINE + minute * 60_000),
            price.parse().unwrap(),
            "1".parse().unwrap(),
        )
    };
    let history = MarketInput::History {
        symbol,
        candles: vec![candle(-2, "90"), candle(0, "95")],
    };
    desk.engine.handle_into(Input::Market(history), &mut batch);
    let touched = batch.touched.markets()[0];
    assert!(touched.history && touched.candles_from == Some(TimestampMs(0)));
    desk.engine
        .tick(&tick(30_000, "99", "100", Some(("100", "2"))), &mut batch);
    assert_eq!(closes(&desk), ["08:58:00:90x1", "09:00:00:100x3"]);
    // Late: older than the last candle. The quote counts, the trade does not.
    desk.engine
        .tick(&tick(-90_000, "80", "81", Some(("80", "2"))), &mut batch);
    assert_eq!(closes(&desk), ["08:58:00:90x1", "09:00:00:100x3"]);
    let ticker = desk.engine.markets().ticker(symbol).unwrap();
    assert_eq!(
        (ticker.quote.bid, ticker.low),
        ("80".parse().unwrap(), "90".parse().unwrap())
    );
    assert_eq!(
        ticker.exchange_time,
        TimestampMs(NINE + 30_000),
        "never older than what was told before"
    );
}

#[test]
fn a_trade_that_comes_after_the_next_minutes_quote_is_not_lost() {
    let mut desk = TestDesk::new();
    let mut batch = Batch::default();
    desk.engine
        .tick(&tick(1_000, "99", "100", Some(("100", "1"))), &mut batch);
    desk.engine.tick(&tick(60_010, "99", "100", None), &mut batch);
    desk.engine
        .tick(&tick(59_990, "99", "100", Some(("105", "2"))), &mut batch);
    assert_eq!(closes(&desk), ["09:00:00:105x3"]);
    let ticker = desk.engine.markets().ticker(Symbol::new(BTC).unwrap()).unwrap();
    assert_eq!(
        (ticker.high, ticker.volume),
        ("105".parse().unwrap(), "3".parse().unwrap())
    );
}

#[test]
fn a_batch_says_what_to_publish_and_nothing_else() {
    let mut desk = TestDesk::new();
    for step in [
        "deposit 100000",
        "quote BTCUSDT 99/100",
        "buy 1 BTCUSDT",
        "account 2",
        "deposit 1000",
    ] {
        desk.step(step);
    }
    let mut batch = Batch::default();
    desk.engine
        .tick(&tick(10_000, "99", "100", Some(("100", "1"))), &mut batch);
    assert_eq!(
        desk.engine.touched_accounts(&batch.touched),
        [].into(),
        "the marks are the same"
    );
    desk.engine.tick(&tick(11_000, "98", "100", None), &mut batch);
    assert_eq!(
        desk.engine.touched_accounts(&batch.touched),
        [AccountId(1)].into(),
        "it alone holds BTC"
    );
    let touched = batch.touched.markets()[0];
    assert_eq!(
        (touched.marks, touched.candles_from),
        (true, Some(TimestampMs(NINE)))
    );
    assert!(batch.records.is_empty());
    let from =
        desk.engine
            .markets()
            .candles_from(touched.symbol, Interval::H1, touched.candles_from.unwrap());
    assert_eq!(from.len(), 1);
    batch.clear();
    assert!(batch.touched.is_empty());
    desk.step("account 1");
    desk.step("close BTCUSDT");
    desk.engine.tick(&tick(12_000, "97", "100", None), &mut batch);
    assert_eq!(
        desk.engine.touched_accounts(&batch.touched),
        [].into(),
        "nobody holds BTC any more"
    );
}

#[test]
fn what_is_no_market_data_is_dropped_and_counted() {
    let mut desk = TestDesk::new();
    let mut batch = Batch::default();
    let good = tick(0, "99", "100", Some(("100", "1")));
    for bad in [
        Tick {
            symbol: Symbol::new("XRPUSDT").unwrap(),
            ..good
        },
        tick(0, "0", "100", None),
        tick(0, "101", "100", None),
        tick(0, "99", "100000000000", None),
        Tick {
            exchange_time: TimestampMs(i64::MAX),
            ..good
        },
        Tick {
            received_at: TimestampMs(i64::MIN),
            ..good
        },
    ] {
        desk.engine.tick(&bad, &mut batch);
    }
    assert_eq!((batch.dropped, batch.touched.is_empty()), (6, true));
    // A crossed quote does not hide a good trade, nor a bad trade a good quote.
    desk.engine
        .tick(&tick(0, "101", "100", Some(("100", "1"))), &mut batch);
    desk.engine
        .tick(&tick(0, "99", "100", Some(("100", "-1"))), &mut batch);
    assert_eq!((batch.dropped, closes(&desk).len()), (6, 1));
    assert!(desk.engine.markets().ticker(good.symbol).is_some());
}
