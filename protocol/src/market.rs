//! What is known of a market: instruments, ticks, tickers and candles.

use crate::clock::TimestampMs;
use crate::id::Symbol;
use crate::money::{Amount, Price, Quantity, Ratio};
use crate::order::Side;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// The rules of one tradable instrument.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Instrument {
    /// Its name.
    pub symbol: Symbol,
    /// The currency bought and sold, e.g. `BTC`.
    pub base: String,
    /// The currency that prices and the account are in, e.g. `USDT`.
    pub quote: String,
    /// Prices are whole multiples of this; its decimal places are those to show.
    pub tick_size: Price,
    /// Quantities are whole multiples of this.
    pub step_size: Quantity,
    /// The least quantity of one order.
    pub min_quantity: Quantity,
    /// The largest quantity of one order.
    pub max_quantity: Quantity,
    /// The least value (price × quantity) of one order that opens or adds to a position.
    pub min_notional: Amount,
    /// Fee rate of a fill that took liquidity (0.001 is 0.1 %).
    pub taker_fee_rate: Ratio,
    /// Fee rate of a fill that rested.
    pub maker_fee_rate: Ratio,
    /// What makes it a linear perpetual; absent for spot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub perpetual: Option<Perpetual>,
}

/// What a linear perpetual has beyond a spot instrument. Positions in it are settled in the quote currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Perpetual {
    /// The spot instrument that it follows: its index price is the middle of that one's best prices, and the pair makes
    /// cash-and-carry positions.
    pub spot: Symbol,
    /// The highest leverage.
    pub max_leverage: u32,
    /// The leverage as long as the owner sets none.
    pub default_leverage: u32,
    /// Maintenance margin as a share of a position's value at the mark price (0.005 is 0.5 %).
    pub maintenance_margin_rate: Ratio,
    /// Time between two fundings, counted from 00:00 UTC of 1970-01-01.
    pub funding_interval_ms: i64,
    /// The funding rate per interval, as long as the feed tells none: where it is above zero longs pay shorts.
    pub funding_rate: Ratio,
}

/// How the paper venue fills orders.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct VenueRules {
    /// When a resting limit order is filled.
    pub limit_fill: LimitFill,
    /// What market and triggered orders pay beyond the best price, in hundredths of a percent of it, where the venue's
    /// book is not known.
    pub slippage_bps: Ratio,
    /// How long an order is on its way before the venue can fill it.
    pub latency_ms: u32,
}

/// When a resting limit order is filled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum LimitFill {
    /// When the market trades beyond its price: whoever was in the queue before it has been served by then.
    #[default]
    Through,
    /// When the market trades at its price: the front of the queue.
    Touch,
}

impl Instrument {
    /// Decimal places of a price.
    pub fn price_scale(&self) -> u32 {
        self.tick_size.normalized().get().scale()
    }

    /// Decimal places of a quantity.
    pub fn quantity_scale(&self) -> u32 {
        self.step_size.normalized().get().scale()
    }
}

/// One change of a market: a trade, or a change of the best bid and ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tick {
    /// The instrument.
    pub symbol: Symbol,
    /// Best bid and ask after the change.
    pub quote: Quote,
    /// The trade, where there was one.
    pub trade: Option<Trade>,
    /// The venue's own time of the change.
    pub exchange_time: TimestampMs,
    /// When this server took it in.
    pub received_at: TimestampMs,
}

/// The best prices of a book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quote {
    /// What buyers pay.
    pub bid: Price,
    /// What sellers ask.
    pub ask: Price,
}

/// A trade that happened on the venue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trade {
    /// Its price.
    pub price: Price,
    /// Its quantity.
    pub quantity: Quantity,
    /// The side that took liquidity.
    pub taker_side: Side,
}

/// Figures of one instrument over the last 24 hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticker {
    /// The instrument.
    pub symbol: Symbol,
    /// Price of the last trade.
    pub price: Price,
    /// Best bid and ask.
    pub quote: Quote,
    /// Last price less the price 24 hours ago.
    pub change: Price,
    /// The same in percent, to two places.
    pub change_percent: Ratio,
    /// Highest trade.
    pub high: Price,
    /// Lowest trade.
    pub low: Price,
    /// Base volume.
    pub volume: Quantity,
    /// The venue's time of the last tick.
    pub exchange_time: TimestampMs,
    /// When this server took it in.
    pub received_at: TimestampMs,
    /// The mark price of a perpetual.
    pub mark_price: Option<Price>,
    /// The rate of the next funding of a perpetual.
    pub funding_rate: Option<Ratio>,
    /// When that is.
    pub next_funding_at: Option<TimestampMs>,
}

/// The length of a candle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Interval {
    /// One minute.
    M1,
    /// Five minutes.
    M5,
    /// Fifteen minutes.
    M15,
    /// One hour.
    H1,
}

impl Interval {
    /// All of them, shortest first.
    pub const ALL: [Interval; 4] = [Interval::M1, Interval::M5, Interval::M15, Interval::H1];

    /// Its length in milliseconds.
    pub const fn length_ms(self) -> i64 {
        match self {
            Interval::M1 => 60_000,
            Interval::M5 => 300_000,
            Interval::M15 => 900_000,
            Interval::H1 => 3_600_000,
        }
    }

    /// Its name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Interval::M1 => "1m",
            Interval::M5 => "5m",
            Interval::M15 => "15m",
            Interval::H1 => "1h",
        }
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no interval that this desk keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be one of 1m, 5m, 15m, 1h")]
pub struct UnknownInterval;

impl FromStr for Interval {
    type Err = UnknownInterval;
    fn from_str(text: &str) -> Result<Interval, UnknownInterval> {
        Interval::ALL
            .into_iter()
            .find(|i| i.as_str() == text)
            .ok_or(UnknownInterval)
    }
}

impl Serialize for Interval {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Interval {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Interval, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Open, high, low, close and volume of one interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Candle {
    /// Start of the interval, Unix milliseconds.
    pub time: TimestampMs,
    /// First price.
    pub open: Price,
    /// Highest price.
    pub high: Price,
    /// Lowest price.
    pub low: Price,
    /// Last price.
    pub close: Price,
    /// Base volume.
    pub volume: Quantity,
}

impl Candle {
    /// The candle that a first trade opens.
    pub fn opened_by(time: TimestampMs, price: Price, quantity: Quantity) -> Candle {
        Candle {
            time,
            open: price,
            high: price,
            low: price,
            close: price,
            volume: quantity,
        }
    }

    /// Takes in a further trade of the same interval.
    pub fn add(&mut self, price: Price, quantity: Quantity) {
        self.high = self.high.max(price);
        self.low = self.low.min(price);
        self.close = price;
        self.volume += quantity;
    }

    /// Takes in a later candle, as part of a longer interval.
    pub fn merge(&mut self, later: &Candle) {
        self.high = self.high.max(later.high);
        self.low = self.low.min(later.low);
        self.close = later.close;
        self.volume += later.volume;
    }
}
