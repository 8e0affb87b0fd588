//! Every frame that Binance sent for two symbols in six minutes, in the order in which they came: each trade, each change
//! of the best prices and each change of the books, in real time or faster.
//!
//! ```text
//! capture (gz -> lines -> frames) -> book (in step with its snapshot) -> mirror (as this loop tells it) -> TapeMarket
//!    └-> outline (trades, first and last quote: history and seams)
//! ```
//!
//! - Time: a frame happens when it came, on the recorder's clock, moved into the loop that is being played; that is also
//!   its `exchange_time`. The venue's own times are not used: the recorder's clock ran 1.27 s behind them, and taken
//!   together with receive times, which book tickers have alone, they would run backwards.
//! - Loops: even loops are as recorded, odd ones mirrored: `p -> sum - p` with bids and asks, buyers and sellers swapped,
//!   where `sum` is the last bid plus the first ask of the recording. So each loop starts at the quote that the one before
//!   ended at, in both directions of time, and prices stay within what was recorded and its mirror image. Loop 0 starts at
//!   the anchor.
//! - Books: the recorded REST snapshot comes some 0.2 s into each loop. Until then the book of the loop before stands;
//!   updates wait, as they do for a desk that has just connected. A start in the middle passes through the loop up to
//!   there and tells the whole book.
//! - A book ticker that changed quantities only is no tick: a quote has no quantities.
//! - History: the candles of the tape's own trades, looped backwards.

mod book;
mod capture;
mod mirror;
mod outline;

use tickwire_engine::input::{Depth, MarketInput};
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::id::Symbol;
use tickwire_protocol::market::{Instrument, Quote, Tick};

use self::book::Book;
use self::capture::{CAPTURES, Capture, Lines};
use self::mirror::Mirror;
use self::outline::{Loops, Outline};
use crate::exchange::FeedError;
use crate::exchange::binance::message::Frame;
use crate::exchange::config::Speed;
use crate::exchange::drive::{Batch, Market};
use crate::exchange::grid::MINUTE_MS;
use crate::exchange::replay::clock::MarketClock;

/// A little more than a day: the figures of 24 hours are whole.
const HISTORY_MINUTES: i64 = 1_500;

/// The market of the recorded frames.
pub(in crate::exchange) struct TapeMarket {
    clock: MarketClock,
    loops: Loops,
    /// The loop that is being played.
    number: i64,
    taken_up: TimestampMs,
    lanes: Vec<Lane>,
}

impl TapeMarket {
    /// Outlines all captures; market time is the server's at `now`.
    pub fn open(speed: Speed, now: TimestampMs, anchor: TimestampMs) -> Result<TapeMarket, FeedError> {
        let outlines = CAPTURES.iter().map(Outline::of).collect::<Result<Vec<_>, _>>()?;
        TapeMarket::new(outlines, speed, now, anchor)
    }

    fn new(
        outlines: Vec<Outline>,
        speed: Speed,
        now: TimestampMs,
        anchor: TimestampMs,
    ) -> Result<TapeMarket, FeedError> {
        let loops = Loops::of(&outlines, anchor.floor_to(MINUTE_MS));
        let number = loops.number_at(now);
        let lanes = CAPTURES
            .iter()
            .zip(outlines)
            .map(|(capture, outline)| Lane::new(capture, outline, number));
        let lanes = lanes.collect::<Result<Vec<_>, _>>()?;
        Ok(TapeMarket {
            clock: MarketClock::new(now, speed),
            loops,
            number,
            taken_up: now,
            lanes,
        })
    }

    /// Starts a loop from its first frame.
    fn rewind(&mut self, number: i64) {
        self.number = number;
        for lane in &mut self.lanes {
            lane.rewind(number);
        }
    }

    /// The lane whose next frame comes first, and when.
    fn next_frame(&self) -> Option<(usize, TimestampMs)> {
        let next = |(index, lane): (usize, &Lane)| {
            let (at_ns, _) = lane.next.as_ref()?;
            Some((*at_ns, index))
        };
        let (at_ns, index) = self.lanes.iter().enumerate().filter_map(next).min()?;
        Some((index, self.loops.time_of(self.number, at_ns)))
    }
}

impl Market for TapeMarket {
    fn name(&self) -> &'static str {
        "replay"
    }

    fn instruments(&self) -> Vec<Instrument> {
        let instrument = |lane: &Lane| {
            lane.capture
                .grid
                .instrument(lane.symbol, lane.capture.quantity_max)
        };
        self.lanes.iter().map(instrument).collect()
    }

    fn take_up(&mut self, now: TimestampMs) {
        let market_now = self.clock.market_time(now);
        self.taken_up = market_now;
        self.rewind(self.loops.number_at(market_now));
        for lane in &mut self.lanes {
            lane.quote = lane.mirror.quote(lane.outline.first_quote);
        }
        while let Some((index, _)) = self.next_frame().filter(|(_, at)| *at <= market_now) {
            // Nobody hears of what lies before; it only brings quote and book up to here.
            let _ = self.lanes[index].take(market_now, now);
        }
    }

    fn history(&self, index: usize) -> MarketInput {
        let lane = &self.lanes[index];
        let candles = lane
            .outline
            .history(lane.capture, &self.loops, self.taken_up, HISTORY_MINUTES);
        MarketInput::History {
            symbol: lane.symbol,
            candles,
        }
    }

    fn opening(&self, now: TimestampMs, batch: &mut Batch) {
        for lane in &self.lanes {
            let at = self.taken_up;
            batch.tick(Tick {
                symbol: lane.symbol,
                quote: lane.quote,
                trade: None,
                exchange_time: at,
                received_at: now,
            });
            if lane.book.is_live() {
                batch.depth(lane.whole_book(at));
            }
        }
    }

    fn next_due(&self) -> TimestampMs {
        let next = self.next_frame().map(|(_, at)| at);
        self.clock
            .server_time(next.unwrap_or_else(|| self.loops.time_of(self.number + 1, self.loops.origin_ns)))
    }

    fn advance(&mut self, now: TimestampMs, batch: &mut Batch) {
        let market_now = self.clock.market_time(now);
        while !batch.is_full() {
            match self.next_frame() {
                Some((index, at)) if at <= market_now => match self.lanes[index].take(at, now) {
                    Some(Change::Tick(tick)) => batch.tick(tick),
                    Some(Change::Depth(depth)) => batch.depth(depth),
                    None => {}
                },
                Some(_) => break,
                None if self.loops.number_at(market_now) > self.number => self.rewind(self.number + 1),
                None => break,
            }
        }
    }
}

/// What a frame changed.
enum Change {
    Tick(Tick),
    Depth(Depth),
}

/// One symbol and how far it has been played.
struct Lane {
    capture: &'static Capture,
    symbol: Symbol,
    outline: Outline,
    mirror: Mirror,
    lines: Lines,
    /// The next frame and when it came; nothing at the end of the loop.
    next: Option<(i64, Frame)>,
    book: Book,
    /// The best prices as this loop tells them.
    quote: Quote,
}

impl Lane {
    fn new(capture: &'static Capture, outline: Outline, number: i64) -> Result<Lane, FeedError> {
        let (symbol, quote) = (capture.symbol()?, outline.first_quote);
        let (mirror, lines) = (Mirror::new(capture.grid, None), capture.lines());
        let mut lane = Lane {
            capture,
            symbol,
            outline,
            mirror,
            lines,
            next: None,
            book: Book::default(),
            quote,
        };
        lane.rewind(number);
        Ok(lane)
    }

    /// Goes to the start of a loop. The quote of the loop before stands until there is another.
    fn rewind(&mut self, number: i64) {
        let sum = Loops::is_mirrored(number).then_some(self.outline.mirror_sum());
        self.mirror = Mirror::new(self.capture.grid, sum);
        self.lines = self.capture.lines();
        self.book = Book::default();
        self.next = self.lines.next_frame();
    }

    /// Plays the next frame, which happens at `at`.
    fn take(&mut self, at: TimestampMs, received_at: TimestampMs) -> Option<Change> {
        let (_, frame) = self.next.take()?;
        self.next = self.lines.next_frame();
        let tick = |quote, trade| Tick {
            symbol: self.symbol,
            quote,
            trade,
            exchange_time: at,
            received_at,
        };
        match frame {
            Frame::Trade(trade) => Some(Change::Tick(tick(self.quote, Some(self.mirror.trade(&trade))))),
            Frame::BookTicker(best) => {
                let quote = self.mirror.quote(Quote {
                    bid: best.bid,
                    ask: best.ask,
                });
                let changed = quote != self.quote;
                self.quote = quote;
                changed.then(|| Change::Tick(tick(quote, None)))
            }
            Frame::DepthUpdate(update) => match self.book.update(update) {
                Ok(update) => update.map(|update| {
                    let (bids, asks) = self.mirror.sides(update.bids, update.asks);
                    Change::Depth(Depth {
                        symbol: self.symbol,
                        snapshot: false,
                        bids,
                        asks,
                        exchange_time: at,
                    })
                }),
                Err(error) => {
                    tracing::warn!(target: "tickwire::exchange", symbol = %self.symbol, %error, "the book waits for the next loop");
                    None
                }
            },
            Frame::DepthSnapshot(snapshot) => match self.book.snapshot(snapshot) {
                Ok(()) => Some(Change::Depth(self.whole_book(at))),
                Err(error) => {
                    tracing::warn!(target: "tickwire::exchange", symbol = %self.symbol, %error, "the book waits for the next loop");
                    None
                }
            },
            Frame::Other => None,
        }
    }

    fn whole_book(&self, at: TimestampMs) -> Depth {
        let (bids, asks) = self.mirror.sides(self.book.bids(), self.book.asks());
        Depth {
            symbol: self.symbol,
            snapshot: true,
            bids,
            asks,
            exchange_time: at,
        }
    }
}

#[cfg(test)]
mod tests;
