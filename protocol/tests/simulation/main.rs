//! Both session machines in a simulated world: several real clients, a real server machine for each of their connections,
//! and around them a network and a server process that fail in every way that chance finds, at any moment. Virtual time,
//! one seed: what fails once fails again.
//!
//! ```text
//! TICKWIRE_SIM_SEED=17 TICKWIRE_SIM_STEPS=20000 cargo test -p tickwire-protocol --test simulation
//! ```
//!
//! runs the one life of that seed, for as many steps.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

mod content;
mod desk;
#[path = "../session/dice.rs"]
mod dice;
mod faults;
mod life;
mod link;
mod sabotage;
#[allow(dead_code, reason = "the pair of `tests/session` says more than this world")]
#[path = "../session/samples.rs"]
mod samples;
mod trace;
mod venue;
mod world;
