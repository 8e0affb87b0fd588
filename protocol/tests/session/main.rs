//! Both ends of the conversation against each other, on a simulated network and in virtual time: a real
//! [`Client`](tickwire_protocol::session::client::Client) and a fresh
//! [`Server`](tickwire_protocol::session::server::Server) for each of its connections.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

mod board;
mod client_rules;
mod dice;
mod engine;
mod harness;
mod liveness;
mod login;
mod losses;
mod notes;
mod older;
mod orders;
mod pace;
mod pair;
mod partials;
mod random;
mod samples;
mod server_rules;
mod snapshots;
mod subscriptions;
mod walls;
mod wire;
