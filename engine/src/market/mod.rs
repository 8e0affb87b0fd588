//! What is known of the markets, as feeds tell it: quotes, candles, 24-hour figures, books, and the feed's own state.
//!
//! None of it is journaled: after a restart the feed tells it again. Orders read it to be filled, positions to be valued,
//! the server to publish it; nothing but [`MarketInput`](crate::input::MarketInput) changes it.
//! What lies beyond [`bounds`] is dropped, and the caller counts it.

mod book;
mod candles;
mod day;
mod link;
mod one;

pub use book::{Book, Levels};
pub use candles::{CandleSeries, KEPT_MS};
pub use day::{DAY_MS, MINUTE_MS};
pub use link::Link;
pub use one::{Market, Quoted, TickEffect};

use crate::bounds;
use crate::input::Depth;
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::id::Symbol;
use tickwire_protocol::market::{Candle, Instrument, Interval, Quote, Tick, Ticker};
use tickwire_protocol::message::LinkState;
use tickwire_protocol::order::Side;

/// No order is filled when no market ticked for longer than this: the feed must be dead, whatever it says.
pub const FEED_SILENCE_MAX_MS: u64 = 10_000;

/// No order is filled at a quote older than this, even when the feed is alive for other markets.
pub const QUOTE_AGE_MAX_MS: u64 = 60_000;

/// Why an order cannot be filled honestly now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoQuote {
    /// The market has not been quoted yet, or not since the feed was interrupted.
    NotYet,
    /// The feed is not live.
    Link(LinkState),
    /// The last quote, or the whole feed's last tick, is too old.
    Stale {
        /// How old.
        age_ms: u64,
    },
}

/// All markets of the desk, numbered in the order of the configuration.
#[derive(Clone, Debug)]
pub struct MarketView {
    markets: Vec<Market>,
    numbers: BTreeMap<Symbol, usize>,
    /// By number: the spot market that a perpetual follows.
    index: Vec<Option<usize>>,
    /// By number: the perpetuals that follow a spot market.
    followers: Vec<Vec<usize>>,
    link: Link,
}

impl MarketView {
    /// Markets of which nothing is known yet.
    pub fn new(instruments: &[Instrument]) -> MarketView {
        let markets: Vec<Market> = instruments.iter().cloned().map(Market::new).collect();
        let numbers: BTreeMap<Symbol, usize> = instruments
            .iter()
            .enumerate()
            .map(|(number, i)| (i.symbol, number))
            .collect();
        let index: Vec<Option<usize>> = instruments
            .iter()
            .map(|i| numbers.get(&i.perpetual?.spot).copied())
            .collect();
        let mut followers = vec![Vec::new(); markets.len()];
        for (number, spot) in index.iter().enumerate() {
            if let Some(spot) = spot {
                followers[*spot].push(number);
            }
        }
        MarketView {
            markets,
            numbers,
            index,
            followers,
            link: Link::default(),
        }
    }

    /// All markets, in the order of the configuration.
    pub fn iter(&self) -> impl Iterator<Item = &Market> {
        self.markets.iter()
    }

    /// One market.
    pub fn get(&self, symbol: Symbol) -> Option<&Market> {
        self.numbers.get(&symbol).map(|&number| &self.markets[number])
    }

    /// The state of the feed, and when it last told anything.
    pub fn link(&self) -> Link {
        self.link
    }

    /// The 24-hour figures of a market, once it has been quoted and a trade or a candle of it is known.
    pub fn ticker(&self, symbol: Symbol) -> Option<Ticker> {
        self.get(symbol)?.ticker()
    }

    /// The newest `limit` candles that start before `before` (the newest of all where absent), oldest first. Empty for
    /// an unknown symbol.
    pub fn candles(
        &self,
        symbol: Symbol,
        interval: Interval,
        before: Option<TimestampMs>,
        limit: usize,
    ) -> Vec<Candle> {
        self.get(symbol)
            .map(|market| market.series().newest(interval, before, limit))
            .unwrap_or_default()
    }

    /// All candles from the one that holds `time` on, oldest first: what a reader that has everything before `time` is
    /// missing. Cheap where `time` is near the end. Empty for an unknown symbol.
    pub fn candles_from(&self, symbol: Symbol, interval: Interval, time: TimestampMs) -> Vec<Candle> {
        self.get(symbol)
            .map(|market| market.series().from(interval, time))
            .unwrap_or_default()
    }

    /// The price that an order of `side` gets at best now, or why there is none.
    pub fn tradable_quote(&self, symbol: Symbol, at: TimestampMs) -> Result<Quote, NoQuote> {
        if self.link.state != LinkState::Live {
            return Err(NoQuote::Link(self.link.state));
        }
        let market = self.get(symbol).ok_or(NoQuote::NotYet)?;
        let quoted = market
            .quoted()
            .filter(|quoted| quoted.is_current)
            .ok_or(NoQuote::NotYet)?;
        let silence_ms = self.link.last_tick_at.map_or(u64::MAX, |last| at.since(last));
        let age_ms = at.since(quoted.received_at);
        if silence_ms > FEED_SILENCE_MAX_MS || age_ms > QUOTE_AGE_MAX_MS {
            return Err(NoQuote::Stale {
                age_ms: age_ms.max(silence_ms),
            });
        }
        Ok(quoted.quote)
    }

    /// What a taker of `side` can trade against, best first: the book where it is in step with the quote, otherwise the
    /// quote alone.
    pub fn levels(&self, symbol: Symbol, side: Side, quote: Quote) -> Levels<'_> {
        match self.get(symbol) {
            Some(market) => market.book().levels(side, quote),
            None => Levels::empty(side, quote),
        }
    }

    /// The market with this number.
    pub(crate) fn at(&self, number: usize) -> &Market {
        &self.markets[number]
    }

    pub(crate) fn number(&self, symbol: Symbol) -> Option<usize> {
        self.numbers.get(&symbol).copied()
    }

    /// Takes in a tick of the market with this number; nothing where it is out of bounds.
    pub(crate) fn tick(&mut self, number: usize, tick: &Tick) -> Option<TickEffect> {
        let effect = self.markets[number].tick(tick)?;
        self.link.last_tick_at = Some(
            self.link
                .last_tick_at
                .map_or(tick.received_at, |t| t.max(tick.received_at)),
        );
        Some(effect)
    }

    /// Bid or ask of the market with this number changed: tells of each perpetual following it whose mark price
    /// changed with them.
    pub(crate) fn remark(&mut self, number: usize, mut changed: impl FnMut(usize, Symbol)) {
        let index = self.index[number].and_then(|spot| self.markets[spot].middle());
        self.markets[number].remark(index);
        if self.followers[number].is_empty() {
            return;
        }
        let index = self.markets[number].middle();
        for &perpetual in &self.followers[number] {
            let market = &mut self.markets[perpetual];
            if market.remark(index) {
                changed(perpetual, market.symbol());
            }
        }
    }

    /// Replaces the candles of a market; gives the number of candles dropped.
    pub(crate) fn history(&mut self, number: usize, candles: Vec<Candle>) -> u64 {
        self.markets[number].history(candles)
    }

    /// Changes the book of a market; gives the number of levels dropped.
    pub(crate) fn depth(&mut self, number: usize, depth: &Depth) -> u64 {
        self.markets[number].depth(depth)
    }

    /// The feed's state changed. What was quoted before an interruption is not traded at after it.
    pub(crate) fn link_changed(&mut self, state: LinkState, at: TimestampMs) {
        if self.link.state == LinkState::Live && state != LinkState::Live {
            self.markets.iter_mut().for_each(Market::interrupted);
        }
        if self.link.state != state {
            self.link = Link {
                state,
                since: at,
                ..self.link
            };
        }
    }
}

/// Strips trailing zeros from a number that has more places than are meant, so that sums keep their exactness.
fn trimmed(number: Decimal, places: u32) -> Decimal {
    if number.scale() > places {
        number.normalize()
    } else {
        number
    }
}

/// Whether both prices of a quote are usable, and the right way round.
fn is_quote(quote: &Quote, places_max: u32) -> bool {
    quote.bid <= quote.ask
        && bounds::is_price(quote.bid, places_max)
        && bounds::is_price(quote.ask, places_max)
}
