//! What both ends of a Tickwire connection say.
//!
//! The crate holds the vocabulary that the engine, the server and the browser share, from the inside out:
//!
//! - [`id`], [`money`], [`clock`]: newtypes; ids that cannot be mixed up, exact decimals, points in time
//! - [`market`], [`order`], [`account`]: instruments, ticks and candles; orders and executions; positions and balances
//! - [`risk`], [`performance`], [`alert`], [`log`]: the risk guard, what trades made, what the desk says by itself
//! - [`topic`]: what can be subscribed to, and which of the two kinds (state or event) it is
//! - [`command`], [`message`], [`error`]: the frames of `/api/ws/realtime`; [`partial`]: what changed between two of them
//! - [`access`]: who is at the other end where a login is required
//! - `schema` (a feature): the AsyncAPI document of all that, generated from these types
//! - [`session`]: the two ends of the conversation as state machines without I/O and without a clock
//!
//! It compiles for native and for wasm, and knows no runtime, no socket and no clock: time is an argument.
#![forbid(unsafe_code)]

pub mod access;
pub mod account;
pub mod alert;
pub mod clock;
pub mod command;
pub mod error;
pub mod frame;
pub mod id;
pub mod json;
pub mod limits;
pub mod log;
pub mod market;
pub mod message;
pub mod money;
pub mod order;
pub mod partial;
pub mod performance;
pub mod risk;
#[cfg(feature = "schema")]
pub mod schema;
pub mod session;
pub mod topic;
mod tree;

/// The version of the wire protocol, told in `CONNECTION_ESTABLISHED`.
pub const PROTOCOL_VERSION: u32 = 1;

/// The WebSocket subprotocol of the JSON text encoding.
pub const SUBPROTOCOL_JSON: &str = "tickwire.v1.json";

/// The path of the one WebSocket endpoint.
pub const REALTIME_PATH: &str = "/api/ws/realtime";

/// The AsyncAPI 3 document of the protocol, which the server serves at [`ASYNCAPI_PATH`].
pub const ASYNCAPI: &str = include_str!("../asyncapi.json");

/// Where the server serves [`ASYNCAPI`].
pub const ASYNCAPI_PATH: &str = "/api/ws/asyncapi.json";
