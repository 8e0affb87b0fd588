//! The system from outside: each scenario starts the real binary and talks to it over real sockets.
#![expect(clippy::print_stderr, reason = "a scenario that cannot run says so")]
#![allow(clippy::unwrap_used, reason = "a scenario fails where it stands")]

mod accessors;
mod account;
mod alerts;
mod asleep;
mod assets;
mod bad_frames;
mod bad_handshake;
mod bad_input;
mod cadence;
mod candles;
mod carry;
mod config;
mod conflation;
mod crash;
mod durability;
mod fixed_frames;
mod flood;
mod full_disk;
mod groups;
mod isolation;
mod journal;
mod latecomers;
mod logs;
mod market;
mod one_binary;
mod order_types;
mod orders;
mod pages;
mod performance;
mod perpetuals;
mod reconnect;
mod refusals;
mod resume;
mod retries;
mod risk;
mod settings;
mod shutdown;
mod startup;
mod users;
mod users_apart;
