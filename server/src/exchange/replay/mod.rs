//! Recordings of real markets, played as if they happened now.
//!
//! - [`clock`]: market time, which runs at the replay's speed
//! - [`candles`]: one-minute candles of six symbols, with ticks made up to fit them exactly
//! - [`tape`]: every frame that Binance sent for two symbols in six minutes
//!
//! What each recording is and where it comes from is told in `server/data/PROVENANCE.md`.

pub(super) mod candles;
mod clock;
pub(super) mod tape;
