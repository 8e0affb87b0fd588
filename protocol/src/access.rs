//! Who is at the other end of a connection where a login is required: what they may do, and what shows who they are.

use crate::clock::TimestampMs;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a user may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Role {
    /// Sees and acts.
    Trader,
    /// Sees, and cannot act: every instruction is refused.
    Viewer,
    /// A role of a newer server. What it may do is not known here, so nothing is offered.
    #[serde(other)]
    #[cfg_attr(feature = "schema", schemars(skip))]
    Other,
}

impl Role {
    /// Whether instructions are taken from somebody of this role.
    pub const fn may_act(self) -> bool {
        matches!(self, Role::Trader)
    }

    /// The role as it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Role::Trader => "trader",
            Role::Viewer => "viewer",
            Role::Other => "other",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Who a connection acts for, as the greeting tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SignedIn {
    /// The user's name.
    pub name: String,
    /// What the user may do.
    pub role: Role,
    /// When the login of this connection ends, unless it is renewed by `authenticate`.
    pub expires_at: TimestampMs,
}

/// A secret that shows who somebody is. It is never written anywhere but into the frame that carries it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AccessToken(String);

impl AccessToken {
    /// A token as it was given out.
    pub fn new(text: impl Into<String>) -> AccessToken {
        AccessToken(text.into())
    }

    /// The secret itself, to be verified or sent, and never to be logged.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessToken(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_does_not_tell_itself() {
        let token = AccessToken::new("ey.secret");
        assert!(!format!("{token:?}").contains("secret"));
        assert_eq!(serde_json::to_string(&token).unwrap(), "\"ey.secret\"");
    }

    #[test]
    fn only_a_trader_acts_whatever_a_newer_server_says() {
        let newer: Role = serde_json::from_str("\"auditor\"").unwrap();
        assert!(Role::Trader.may_act() && !Role::Viewer.may_act() && !newer.may_act());
    }
}
