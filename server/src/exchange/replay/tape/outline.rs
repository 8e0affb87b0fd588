//! What must be known of a capture before it is played: its trades, for the history; how it begins and ends, for the
//! seams between loops. Found in one pass at the start, in which only trades are read in full.

use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::market::{Candle, Quote};
use tickwire_protocol::money::Price;

use super::capture::Capture;
use crate::exchange::FeedError;
use crate::exchange::binance::message::Frame;
use crate::exchange::grid::{Bar, MINUTE_MS};

/// One capture in outline.
#[derive(Clone)]
pub(super) struct Outline {
    /// When its first frame came, on the recorder's clock.
    pub first_ns: i64,
    /// When its last frame came.
    pub last_ns: i64,
    /// The best prices of its first book ticker.
    pub first_quote: Quote,
    /// Those of its last.
    pub last_quote: Quote,
    trades: Vec<OutlineTrade>,
}

#[derive(Clone, Copy)]
struct OutlineTrade {
    at_ns: i64,
    price: i64,
    quantity: i64,
}

/// Where the loops of the tape lie in time: loop 0 starts at the anchor, and each lasts as long as all captures together.
#[derive(Clone, Copy, Debug)]
pub(super) struct Loops {
    /// The anchor.
    pub anchor: TimestampMs,
    /// When the first frame of any capture came, on the recorder's clock.
    pub origin_ns: i64,
    /// Milliseconds of a loop.
    pub length_ms: i64,
}

const NS_PER_MS: i64 = 1_000_000;

impl Loops {
    /// The loops of these captures, played together as they were recorded.
    pub fn of(outlines: &[Outline], anchor: TimestampMs) -> Loops {
        let origin_ns = outlines.iter().map(|outline| outline.first_ns).min().unwrap_or(0);
        let last_ns = outlines.iter().map(|outline| outline.last_ns).max().unwrap_or(0);
        // The last frame has its millisecond to itself before the next loop starts.
        Loops {
            anchor,
            origin_ns,
            length_ms: (last_ns - origin_ns) / NS_PER_MS + 1,
        }
    }

    /// The loop that holds `at`.
    pub fn number_at(&self, at: TimestampMs) -> i64 {
        at.0.saturating_sub(self.anchor.0).div_euclid(self.length_ms)
    }

    /// When something on the recorder's clock happens in a loop.
    pub fn time_of(&self, number: i64, at_ns: i64) -> TimestampMs {
        self.anchor + number.saturating_mul(self.length_ms) + (at_ns - self.origin_ns) / NS_PER_MS
    }

    /// Whether a loop is played mirrored: every other one, so that each starts where the one before it ended.
    pub fn is_mirrored(number: i64) -> bool {
        number.rem_euclid(2) == 1
    }
}

impl Outline {
    /// Passes through a capture once.
    pub fn of(capture: &'static Capture) -> Result<Outline, FeedError> {
        let mut lines = capture.lines();
        let (mut first_ns, mut last_ns) = (None, 0);
        let (mut first_best, mut last_best) = (String::new(), String::new());
        let mut trades = Vec::new();
        while let Some((at_ns, text)) = lines.next_line()? {
            first_ns.get_or_insert(at_ns);
            last_ns = at_ns;
            // Only a shortcut over these files, which put the stream first; what is found is then read as a whole.
            if text.starts_with(r#"{"stream":""#) && text.contains("@bookTicker\"") {
                let best = if first_best.is_empty() {
                    &mut first_best
                } else {
                    &mut last_best
                };
                best.clear();
                best.push_str(text);
            } else if text.contains("@trade\"") {
                let trade = match Frame::read(text) {
                    Ok(Frame::Trade(trade)) => Some(trade),
                    _ => None,
                };
                let on_grid = trade.and_then(|trade| {
                    let price = capture.grid.ticks(trade.price)?;
                    Some(OutlineTrade {
                        at_ns,
                        price,
                        quantity: capture.grid.steps(trade.quantity)?,
                    })
                });
                trades.push(
                    on_grid.ok_or_else(|| capture.broken(format!("no trade of this grid: {text:.120}")))?,
                );
            }
        }
        let quote = |text: &str| match Frame::read(text) {
            Ok(Frame::BookTicker(best)) => Ok(Quote {
                bid: best.bid,
                ask: best.ask,
            }),
            _ => Err(capture.broken("it has no two book tickers".to_owned())),
        };
        let (first_quote, last_quote) = (quote(&first_best)?, quote(&last_best)?);
        let first_ns = first_ns.ok_or_else(|| capture.broken("it is empty".to_owned()))?;
        Ok(Outline {
            first_ns,
            last_ns,
            first_quote,
            last_quote,
            trades,
        })
    }

    /// A mirrored loop turns every price `p` into `sum - p`. Its first bid is then the last bid of the recording, and its
    /// last bid the first of the recording: a mirrored loop fits before and after one as recorded.
    pub fn mirror_sum(&self) -> Price {
        self.last_quote.bid + self.first_quote.ask
    }

    /// The candles of the last `minutes` whole minutes before `until` and of the one that holds it, as far as it went,
    /// of the trades that come at or before `until`.
    pub fn history(&self, capture: &Capture, loops: &Loops, until: TimestampMs, minutes: i64) -> Vec<Candle> {
        let grid = capture.grid;
        let from = until.floor_to(MINUTE_MS) - minutes.saturating_mul(MINUTE_MS);
        let sum = grid.ticks(self.mirror_sum()).unwrap_or(0);
        let mut candles: Vec<(TimestampMs, Bar)> = Vec::new();
        for number in loops.number_at(from)..=loops.number_at(until) {
            for trade in &self.trades {
                let at = loops.time_of(number, trade.at_ns);
                if at < from || at > until {
                    continue;
                }
                let price = if Loops::is_mirrored(number) {
                    sum - trade.price
                } else {
                    trade.price
                };
                match candles.last_mut() {
                    Some((time, bar)) if at.since(*time) < MINUTE_MS.unsigned_abs() => {
                        bar.add(price, trade.quantity)
                    }
                    _ => candles.push((at.floor_to(MINUTE_MS), Bar::opened_by(price, trade.quantity))),
                }
            }
        }
        candles
            .into_iter()
            .map(|(time, bar)| bar.candle(grid, time))
            .collect()
    }
}
