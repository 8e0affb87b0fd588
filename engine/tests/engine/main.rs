//! The engine from outside: scenarios that read as trading days, and properties that hold for any day.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on should stop where it is"
)]

mod properties;
mod scenarios;
mod script;
mod wanted;
