//! What the server writes into its log, for the page.

use crate::clock::{TimestampMs, iso};
use serde::{Deserialize, Serialize};

/// How much a log line matters. Finer levels never leave the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "UPPERCASE")]
pub enum LogLevel {
    /// The usual course of things.
    Info,
    /// Something is not as it should be, and the desk goes on.
    Warning,
    /// Something failed.
    Error,
    /// The desk cannot do its work.
    Critical,
}

/// One line of the log: `SYSTEM_LOG`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LogLine {
    /// How much it matters.
    pub level: LogLevel,
    /// The part of the server that it is of.
    pub module: String,
    /// In words, with secrets blotted out.
    pub message: String,
    /// When, ISO 8601 in UTC.
    #[serde(with = "iso")]
    #[cfg_attr(feature = "schema", schemars(with = "crate::schema::IsoTime"))]
    pub timestamp: TimestampMs,
}
