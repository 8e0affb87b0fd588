//! The first stage: sources of market data. A feed turns what a venue tells into [`MarketInput`]s and nothing else.
//!
//! ```text
//! open(config) -> Feed --run--> crate::queue::FeedSender -> engine
//! ```
//!
//! - [`config`]: which market the operator chose
//! - [`binance`]: what Binance says on its public streams, as structs, and how its book is kept in step
//! - `replay`: recordings played as if they happened now; as candles (six symbols) or as a tape (every frame of two)
//! - `sim`: a synthetic market of any size, from a seed
//! - `perpetual`: linear perpetuals beside the spot instruments of any of these, derived from their prices
//! - `drive`: the pacing that replay and sim share; `grid`: whole ticks and steps; `random`: a generator that never
//!   changes; `spread`: best prices around made-up trades
//!
//! A feed never sees the hub, the journal or a socket, and decides nothing about orders.
//!
//! [`MarketInput`]: tickwire_engine::input::MarketInput

pub mod binance;
pub mod config;
mod drive;
mod grid;
mod perpetual;
mod random;
mod replay;
mod sim;
mod spread;

use std::future::Future;
use std::pin::Pin;

use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::market::Instrument;
use tokio::sync::watch;

use crate::exchange::config::{MarketConfig, ReplayForm};
use crate::exchange::drive::{Driven, Market};
use crate::exchange::perpetual::WithPerpetuals;
use crate::exchange::replay::candles::CandleMarket;
use crate::exchange::replay::tape::TapeMarket;
use crate::exchange::sim::SimMarket;
use crate::queue::FeedSender;

/// One source of market data.
pub trait Feed: Send + 'static {
    /// Its name, e.g. `replay`.
    fn name(&self) -> &'static str;

    /// The instruments it tells of.
    fn instruments(&self) -> Vec<Instrument>;

    /// Runs until `stop` turns true (or loses its sender) or the queue closes. Sends first the `History` of every
    /// instrument, then `Link { Live }`, then ticks; a `History` later on replaces what was known.
    fn run(
        self: Box<Self>,
        queue: FeedSender,
        stop: watch::Receiver<bool>,
    ) -> Pin<Box<dyn Future<Output = ()> + Send>>;
}

/// Why a feed cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// The configuration asks for what cannot be.
    #[error(transparent)]
    Config(#[from] config::ConfigError),
    /// A recording in the binary is broken; a build that passed its tests cannot have one.
    #[error("the recording of {symbol} is broken: {reason}")]
    Recording {
        /// The symbol.
        symbol: &'static str,
        /// What is wrong with it.
        reason: String,
    },
}

/// Opens the market that `config` names.
///
/// `now` is the server's time of this start: market time and wall time are equal there. `anchor` is the moment that the
/// recordings are shifted to end at, rounded down to its minute: the time of the desk's first start, the same on every
/// later one, so that the market goes on as if the desk had never been away. The simulated market has no anchor.
///
/// After the spot instruments come the linear perpetuals of the first two, called `…-PERP`.
pub fn open(
    config: &MarketConfig,
    now: TimestampMs,
    anchor: TimestampMs,
) -> Result<Box<dyn Feed>, FeedError> {
    config.check()?;
    Ok(match config {
        MarketConfig::Replay(replay) => match replay.form {
            ReplayForm::Candles => driven(CandleMarket::open(replay.speed, now, anchor)?),
            ReplayForm::Tape => driven(TapeMarket::open(replay.speed, now, anchor)?),
        },
        MarketConfig::Sim(sim) => driven(SimMarket::open(sim, now)),
    })
}

fn driven<M: Market>(market: M) -> Box<dyn Feed> {
    Box::new(Driven::new(WithPerpetuals::new(market)))
}
