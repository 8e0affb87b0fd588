//! How older clients have numbers, times and names written.

use rust_decimal::Decimal;
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;
use std::fmt::Display;
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::id::Symbol;
use tickwire_protocol::market::Instrument;
use tickwire_protocol::money::Ratio;
use tickwire_protocol::order::Side;

/// Whatever can be shown, as a JSON text: an exact number in quotes, mostly.
#[derive(Clone, Copy, Debug)]
pub(super) struct Text<T>(pub T);

impl<T: Display> Serialize for Text<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// A number as text, without zeros at its end.
pub(super) fn trimmed(number: Decimal) -> Text<Decimal> {
    Text(number.normalize())
}

/// ISO 8601 in UTC with milliseconds and zone, as JavaScript's `toISOString` has it.
pub(super) fn iso(at: TimestampMs) -> String {
    format!("{at}.{:03}Z", at.0.rem_euclid(1_000))
}

/// `Buy` or `Sell`.
pub(super) const fn capitalised(side: Side) -> &'static str {
    match side {
        Side::Buy => "Buy",
        Side::Sell => "Sell",
    }
}

/// A percentage as a fraction: 4 % is 0.04.
pub(super) fn fraction(percent: Ratio) -> Text<Decimal> {
    trimmed(percent.get() / Decimal::ONE_HUNDRED)
}

/// What older clients call the desk's instruments.
#[derive(Debug, Default)]
pub(super) struct Names(BTreeMap<Symbol, Name>);

#[derive(Debug)]
struct Name {
    base: String,
    quote: String,
    is_perpetual: bool,
}

impl Names {
    pub fn new(instruments: &[Instrument]) -> Names {
        let name = |instrument: &Instrument| Name {
            base: instrument.base.clone(),
            quote: instrument.quote.clone(),
            is_perpetual: instrument.perpetual.is_some(),
        };
        Names(
            instruments
                .iter()
                .map(|instrument| (instrument.symbol, name(instrument)))
                .collect(),
        )
    }

    /// `BTC/USDT`; `BTC/USDT:USDT` for its perpetual.
    pub fn pair(&self, symbol: Symbol) -> String {
        match self.0.get(&symbol) {
            Some(name) if name.is_perpetual => format!("{}/{}:{}", name.base, name.quote, name.quote),
            Some(name) => format!("{}/{}", name.base, name.quote),
            None => symbol.to_string(),
        }
    }

    /// The venue's name and category: `BTCUSDT` is a perpetual in `linear`, and another instrument in `spot`.
    pub fn in_category(&self, symbol: Symbol) -> (String, &'static str) {
        match self.0.get(&symbol) {
            Some(name) if name.is_perpetual => (format!("{}{}", name.base, name.quote), "linear"),
            _ => (symbol.to_string(), "spot"),
        }
    }

    /// Whether it is a perpetual.
    pub fn is_perpetual(&self, symbol: Symbol) -> bool {
        self.0.get(&symbol).is_some_and(|name| name.is_perpetual)
    }
}
