//! Rows that the engine's account view and ticker do not tell under their own names: the one place where they are asked.

use tickwire_engine::account::AccountView;
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::market::Ticker;
use tickwire_protocol::money::{Price, Ratio};
use tickwire_protocol::performance::{Equity, Performance};

/// What an account is worth; nothing where the engine does not reckon it.
pub fn equity(_view: &AccountView<'_>) -> Option<Equity> {
    None
}

/// What an account has made of its trades; nothing where the engine does not reckon it.
pub fn performance(_view: &AccountView<'_>) -> Option<Performance> {
    None
}

/// What a ticker has of a perpetual.
#[derive(Clone, Copy, Debug, Default)]
pub struct PerpetualFigures {
    /// What positions are valued by.
    pub mark_price: Option<Price>,
    /// The rate of the next funding.
    pub funding_rate: Option<Ratio>,
    /// When that is.
    pub next_funding_at: Option<TimestampMs>,
}

/// The figures of a perpetual; all absent for spot.
pub fn perpetual(_ticker: &Ticker) -> PerpetualFigures {
    PerpetualFigures::default()
}
