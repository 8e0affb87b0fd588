//! The paper venue: decides what happens to accounts, given what markets do and owners want.
//!
//! Synchronous and deterministic: the same inputs give the same events, and the fold of the events is the state.
//! There is no clock, no task, no file and no socket in here; time arrives inside the inputs.
//!
//! The way through it:
//!
//! - [`input`]: everything that can happen to the engine
//! - [`engine`]: takes an input, decides, folds the decision into the state, and tells what was touched ([`batch`])
//! - [`market`]: what is known of markets: quotes, candles, 24-hour figures, books. Rebuilt from feeds, never journaled
//! - [`margin`]: mark prices, margins, liquidation prices and funding, as pure arithmetic
//! - [`order`]: validation and execution of orders: pure functions of the state that give events or a refusal
//! - [`working`]: the index that finds the orders that a tick touches
//! - [`risk`]: what may be opened, and when everything stops; [`performance`]: what is reckoned from equity and trades
//! - [`event`]: the facts that are journaled; [`state`], [`account`], [`position`]: their fold
//! - [`bounds`]: why no arithmetic in here overflows or loses a digit
#![forbid(unsafe_code)]

pub mod account;
pub mod batch;
pub mod bounds;
pub mod config;
pub mod engine;
pub mod event;
pub mod grouped;
pub mod input;
pub mod margin;
pub mod market;
pub mod order;
pub mod performance;
pub mod position;
pub mod risk;
pub mod state;
pub mod working;

pub use batch::{Batch, Record, Touched, TouchedMarket};
pub use config::{ConfigError, EngineConfig};
pub use engine::{Answer, Decision, Done, Engine, RecoverError};
pub use event::{Event, Fact};
pub use input::{Action, Depth, Input, MarketInput, Notice, Request};
pub use state::{FoldError, State};
