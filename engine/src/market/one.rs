//! One market: its rules, its last quote, its candles, its 24 hours and its book.

use super::book::Book;
use super::candles::CandleSeries;
use super::day::{MINUTE_MS, Window};
use super::{is_quote, trimmed};
use crate::bounds::{self, PLACES_MAX, QUANTITY_PLACES_MAX};
use crate::input::Depth;
use crate::margin::{funding, mark};
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::id::Symbol;
use tickwire_protocol::market::{Candle, Instrument, Quote, Tick, Ticker, Trade};
use tickwire_protocol::money::{Price, Quantity};
use tickwire_protocol::order::Side;

/// The last quote of a market.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quoted {
    /// Best bid and ask.
    pub quote: Quote,
    /// The venue's time of the newest tick.
    pub exchange_time: TimestampMs,
    /// When this server took the quote in.
    pub received_at: TimestampMs,
    /// Whether it was told since the feed was last interrupted; otherwise it values positions, but fills no order.
    pub is_current: bool,
}

/// What a tick changed beyond the ticker, which every tick changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TickEffect {
    /// Whether bid or ask changed, and with them the value of positions.
    pub marks: bool,
    /// The start of the minute whose candle changed.
    pub candle: Option<TimestampMs>,
}

/// One market.
#[derive(Clone, Debug)]
pub struct Market {
    instrument: Instrument,
    price_places_max: u32,
    quoted: Option<Quoted>,
    /// The mark price, of a perpetual that is quoted.
    mark: Option<Price>,
    /// Whether the index price is part of it.
    has_index: bool,
    series: CandleSeries,
    window: Window,
    book: Book,
}

impl Market {
    pub(super) fn new(instrument: Instrument) -> Market {
        let series = CandleSeries::default();
        Market {
            // Prices may be finer than the tick size says, as far as costs stay exact: venues refine their ticks.
            price_places_max: PLACES_MAX.saturating_sub(instrument.quantity_scale()),
            instrument,
            quoted: None,
            mark: None,
            has_index: false,
            window: Window::ending_with(TimestampMs(0), &series),
            series,
            book: Book::default(),
        }
    }

    /// Its rules.
    pub fn instrument(&self) -> &Instrument {
        &self.instrument
    }

    /// Its name.
    pub fn symbol(&self) -> Symbol {
        self.instrument.symbol
    }

    /// Its last quote.
    pub fn quoted(&self) -> Option<&Quoted> {
        self.quoted.as_ref()
    }

    /// Its candles.
    pub fn series(&self) -> &CandleSeries {
        &self.series
    }

    /// Its order book; empty where the feed tells none.
    pub fn book(&self) -> &Book {
        &self.book
    }

    /// The price of its last trade, or the close of its history.
    pub fn last_price(&self) -> Option<Price> {
        self.series.last().map(|candle| candle.close)
    }

    /// What a position of `side` is valued at, and when that was taken in. Spot: what it could be closed at now, the bid for
    /// a long, the ask for a short. A perpetual: its [mark price](crate::margin::mark) on either side.
    pub fn mark(&self, side: Side) -> Option<(Price, TimestampMs)> {
        let quoted = self.quoted.as_ref()?;
        let price = match (self.mark, side) {
            (Some(mark), _) => mark,
            (None, Side::Buy) => quoted.quote.bid,
            (None, Side::Sell) => quoted.quote.ask,
        };
        Some((price, quoted.received_at))
    }

    /// The mark price of a perpetual, once it is quoted.
    pub fn mark_price(&self) -> Option<Price> {
        self.mark
    }

    /// Whether all that its positions are valued by is known: its quote, and the index price of a perpetual.
    pub(crate) fn is_marked(&self) -> bool {
        self.quoted.is_some() && (self.instrument.perpetual.is_none() || self.has_index)
    }

    /// The middle of its best prices.
    pub(super) fn middle(&self) -> Option<Price> {
        self.quoted.map(|quoted| mark::middle(quoted.quote))
    }

    /// Takes in the index price of a perpetual, or that its own quote changed. Gives whether the mark price changed.
    pub(super) fn remark(&mut self, index: Option<Price>) -> bool {
        let Some(middle) = self.middle().filter(|_| self.instrument.perpetual.is_some()) else {
            return false;
        };
        let before = self.mark;
        self.has_index = index.is_some();
        self.mark = Some(mark::price(middle, index, self.instrument.tick_size));
        before != self.mark
    }

    /// Its 24-hour figures. After 24 hours without a trade the last price stands for high, low and reference.
    pub fn ticker(&self) -> Option<Ticker> {
        let quoted = self.quoted.as_ref()?;
        let price = self.last_price()?;
        let (high, low, volume, reference) = match self.window.with_live(&self.series) {
            Some((range, reference)) => (range.high, range.low, range.volume, reference),
            None => (price, price, Quantity::ZERO, price),
        };
        Some(Ticker {
            symbol: self.instrument.symbol,
            price,
            quote: quoted.quote,
            change: price - reference,
            change_percent: price.percent_change_from(reference),
            high,
            low,
            volume,
            exchange_time: quoted.exchange_time,
            received_at: quoted.received_at,
            mark_price: self.mark.map(|mark| self.canonical(mark)),
            funding_rate: self.instrument.perpetual.map(|perpetual| perpetual.funding_rate),
            next_funding_at: self
                .instrument
                .perpetual
                .map(|perpetual| funding::next_after(quoted.received_at, perpetual.funding_interval_ms)),
        })
    }

    /// A price as executions and frames carry it: padded to the instrument's places, finer only where it is.
    pub(crate) fn canonical(&self, price: Price) -> Price {
        let price = price.normalized();
        let places = self.instrument.price_scale();
        if price.get().scale() < places {
            price.rounded(places)
        } else {
            price
        }
    }

    /// Takes in a tick. Its quote and its trade are taken for themselves: a crossed quote does not hide a good trade.
    /// Nothing where neither is usable.
    pub(super) fn tick(&mut self, tick: &Tick) -> Option<TickEffect> {
        if !bounds::is_time(tick.exchange_time) || !bounds::is_time(tick.received_at) {
            return None;
        }
        let places_max = self.price_places_max;
        let has_quote = is_quote(&tick.quote, places_max);
        let trade = self.usable_trade(tick);
        if !has_quote && trade.is_none() {
            return None;
        }
        let marks = has_quote && self.take_quote(tick);
        let minute = tick.exchange_time.floor_to(MINUTE_MS);
        if minute > self.window.minute {
            self.window = Window::ending_with(minute, &self.series);
        }
        let candle = trade
            .filter(|trade| self.take_trade(minute, *trade))
            .map(|_| minute);
        Some(TickEffect { marks, candle })
    }

    /// The trade of a tick, where it is within bounds.
    pub(crate) fn usable_trade(&self, tick: &Tick) -> Option<Trade> {
        tick.trade.filter(|trade| {
            bounds::is_price(trade.price, self.price_places_max) && bounds::is_quantity(trade.quantity)
        })
    }

    /// Whether bid or ask changed.
    fn take_quote(&mut self, tick: &Tick) -> bool {
        let before = self.quoted;
        self.quoted = Some(Quoted {
            quote: tick.quote,
            // A late tick must not make the ticker look older than what was told before.
            exchange_time: before.map_or(tick.exchange_time, |before| {
                before.exchange_time.max(tick.exchange_time)
            }),
            received_at: tick.received_at,
            is_current: true,
        });
        before.is_none_or(|before| before.quote != tick.quote)
    }

    /// Whether the trade belongs to the last candle or opens a new one; late ones are left out.
    fn take_trade(&mut self, minute: TimestampMs, mut trade: Trade) -> bool {
        trade.quantity = Quantity::new(trimmed(trade.quantity.get(), QUANTITY_PLACES_MAX));
        let taken = self.series.trade(minute, &trade);
        if taken && minute < self.window.minute {
            // A quote has moved the clock on already, so the trade belongs to a minute that was summed up.
            self.window = Window::ending_with(self.window.minute, &self.series);
        }
        taken
    }

    pub(super) fn history(&mut self, candles: Vec<Candle>) -> u64 {
        let dropped = self.series.replace(candles, self.price_places_max);
        let last = self.series.last().map_or(TimestampMs(0), |candle| candle.time);
        let quoted = self
            .quoted
            .map_or(TimestampMs(0), |quoted| quoted.exchange_time.floor_to(MINUTE_MS));
        self.window = Window::ending_with(last.max(quoted), &self.series);
        dropped
    }

    pub(super) fn depth(&mut self, depth: &Depth) -> u64 {
        self.book.change(depth, self.price_places_max)
    }

    /// The feed was interrupted: neither quote nor book can be trusted until they are told again.
    pub(super) fn interrupted(&mut self) {
        if let Some(quoted) = &mut self.quoted {
            quoted.is_current = false;
        }
        self.book = Book::default();
    }
}
