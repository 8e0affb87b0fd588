//! What is told of a login.

use crate::clock::TimestampMs;
use serde::{Deserialize, Serialize};

/// A login stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AuthOk {
    /// Until when; `null` where nobody has to log in.
    pub expires_at: Option<TimestampMs>,
}

/// The login of this connection ends soon: `authenticate` with a new token renews it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AuthExpiring {
    /// In how many milliseconds.
    pub in_ms: u64,
}
