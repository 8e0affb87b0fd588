//! The two ends of a conversation as state machines: no socket, no clock, no task; input in, output out.
//!
//! [`server::Server`] is one connection as the server sees it, [`client::Client`] a desk's whole life on the other end,
//! over any number of connections. The pumps that move bytes between them and real sockets hold no rules.

pub mod backoff;
pub mod client;
pub mod offset;
pub mod rate;
pub mod server;
