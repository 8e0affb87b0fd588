//! What can go wrong, as stable codes: of answers to commands, and of closed connections.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The stable code of an `ERROR` frame. PROTOCOL.md has the table, with what to do about each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[non_exhaustive]
pub enum ErrorCode {
    /// The frame is no JSON object.
    BadJson,
    /// The frame is binary.
    BadFrame,
    /// The frame is above the size limit.
    TooLarge,
    /// The `action` is missing or unknown.
    UnknownAction,
    /// A field is missing, or its value is of the wrong kind or out of its range.
    InvalidField,
    /// The topic does not exist.
    UnknownTopic,
    /// The instrument does not exist here.
    UnknownSymbol,
    /// The connection subscribes to too many topics.
    TopicLimit,
    /// Commands come faster than the limit.
    RateLimited,
    /// The quantity is no multiple of the step size, or out of the instrument's bounds.
    InvalidQuantity,
    /// A price is no multiple of the tick size, out of bounds, or on the wrong side of the market for its order type.
    InvalidPrice,
    /// The order is worth less than the instrument's least.
    BelowMinNotional,
    /// The account cannot pay for the order.
    InsufficientBalance,
    /// There is no open position to close or reduce.
    NoPosition,
    /// There is no such open order: it never was, or is final.
    OrderNotFound,
    /// There is no such open alert or position.
    NotFound,
    /// A post-only order would be filled at once.
    WouldTake,
    /// The account has as many open orders or alerts as it may.
    TooManyOpen,
    /// The leverage is out of the instrument's bounds, or the account cannot pay for it.
    InvalidLeverage,
    /// The risk guard pauses what opens positions.
    RiskPaused,
    /// The risk guard's hard stop blocks what opens positions.
    RiskStopped,
    /// A limit of the risk guard would be exceeded.
    RiskLimit,
    /// What a person must confirm was not confirmed in so many words.
    ConfirmationRequired,
    /// The market has no price yet, or its feed is down, so that a market order could not be filled honestly.
    NoPrice,
    /// The login does not allow it: a viewer acts.
    Forbidden,
    /// There is no valid login: the token is missing, wrong, expired, or of a login that was ended.
    Unauthorized,
    /// The part of the server that would do it is down; nothing was done.
    Unavailable,
    /// The server is at fault; the connection goes on.
    Internal,
    /// A code of a newer server.
    #[serde(other)]
    #[cfg_attr(feature = "schema", schemars(skip))]
    Other,
}

impl ErrorCode {
    /// Every code that a server of this version sends.
    pub const ALL: [ErrorCode; 28] = [
        ErrorCode::BadJson,
        ErrorCode::BadFrame,
        ErrorCode::TooLarge,
        ErrorCode::UnknownAction,
        ErrorCode::InvalidField,
        ErrorCode::UnknownTopic,
        ErrorCode::UnknownSymbol,
        ErrorCode::TopicLimit,
        ErrorCode::RateLimited,
        ErrorCode::InvalidQuantity,
        ErrorCode::InvalidPrice,
        ErrorCode::BelowMinNotional,
        ErrorCode::InsufficientBalance,
        ErrorCode::NoPosition,
        ErrorCode::OrderNotFound,
        ErrorCode::NotFound,
        ErrorCode::WouldTake,
        ErrorCode::TooManyOpen,
        ErrorCode::InvalidLeverage,
        ErrorCode::RiskPaused,
        ErrorCode::RiskStopped,
        ErrorCode::RiskLimit,
        ErrorCode::ConfirmationRequired,
        ErrorCode::NoPrice,
        ErrorCode::Forbidden,
        ErrorCode::Unauthorized,
        ErrorCode::Unavailable,
        ErrorCode::Internal,
    ];

    /// Whether the same command may succeed when sent again later, unchanged.
    pub const fn is_retryable(self) -> bool {
        matches!(
            self,
            ErrorCode::RateLimited | ErrorCode::NoPrice | ErrorCode::Unavailable
        )
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// An answer that refuses: a code for programs, a sentence for people that says what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Refusal {
    /// The stable code.
    pub code: ErrorCode,
    /// What is wrong, with the numbers in it, and what to do.
    pub message: String,
}

impl Refusal {
    /// A refusal with its sentence.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Refusal {
        Refusal {
            code,
            message: message.into(),
        }
    }
}

/// Why a server closes a connection. 4000 to 4499: reconnect; 4500 to 4999: do not, until something changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename_all = "snake_case")
)]
pub enum CloseReason {
    /// The server shuts down; reconnect.
    GoingAway,
    /// The server is at fault; reconnect.
    ServerError,
    /// Nothing could be written for too long; reconnect.
    WriteStalled,
    /// Nothing came for too long, not even a pong; reconnect.
    HeartbeatTimeout,
    /// Commands kept coming above the limit; reconnect and slow down.
    RateLimited,
    /// A frame above the size limit.
    TooBig,
    /// The server has all the connections that it takes; reconnect later.
    TooManyConnections,
    /// The login of the connection expired and was not renewed; reconnect with a new token.
    AuthExpired,
    /// There is no valid login; get one first.
    LoginRequired,
    /// The login was ended: by a logout, a new password, or the operator; log in again.
    LoginEnded,
}

impl CloseReason {
    /// Every reason that a server of this version has.
    pub const ALL: [CloseReason; 10] = [
        CloseReason::GoingAway,
        CloseReason::ServerError,
        CloseReason::WriteStalled,
        CloseReason::HeartbeatTimeout,
        CloseReason::RateLimited,
        CloseReason::TooManyConnections,
        CloseReason::TooBig,
        CloseReason::AuthExpired,
        CloseReason::LoginRequired,
        CloseReason::LoginEnded,
    ];

    /// The WebSocket close code.
    pub const fn code(self) -> u16 {
        match self {
            CloseReason::GoingAway => 4000,
            CloseReason::ServerError => 4001,
            CloseReason::WriteStalled => 4002,
            CloseReason::HeartbeatTimeout => 4003,
            CloseReason::RateLimited => 4007,
            CloseReason::TooBig => 4508,
            CloseReason::TooManyConnections => 4009,
            CloseReason::AuthExpired => 4004,
            CloseReason::LoginRequired => 1008,
            CloseReason::LoginEnded => 4506,
        }
    }

    /// The reason text: one ASCII token.
    pub const fn as_str(self) -> &'static str {
        match self {
            CloseReason::GoingAway => "going_away",
            CloseReason::ServerError => "server_error",
            CloseReason::WriteStalled => "write_stalled",
            CloseReason::HeartbeatTimeout => "heartbeat_timeout",
            CloseReason::RateLimited => "rate_limited",
            CloseReason::TooBig => "too_big",
            CloseReason::TooManyConnections => "too_many_connections",
            CloseReason::AuthExpired => "auth_expired",
            CloseReason::LoginRequired => "login_required",
            CloseReason::LoginEnded => "login_ended",
        }
    }
}

/// Whether a client that saw this close code should connect again by itself.
pub const fn may_reconnect(code: u16) -> bool {
    !matches!(code, 1000 | 1002 | 1003 | 1007..=1010 | 4500..=4999)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_stable_texts() {
        assert_eq!(ErrorCode::UnknownSymbol.to_string(), "UNKNOWN_SYMBOL");
        assert_eq!(
            serde_json::from_str::<ErrorCode>(r#""FROM_THE_FUTURE""#).unwrap(),
            ErrorCode::Other
        );
        for code in ErrorCode::ALL {
            let text = serde_json::to_string(&code).unwrap();
            assert_eq!(serde_json::from_str::<ErrorCode>(&text).unwrap(), code);
        }
    }

    #[test]
    fn unknown_close_codes_fall_on_the_safe_side() {
        for code in [1001, 1005, 1006, 1011, 4000, 4499] {
            assert!(may_reconnect(code), "{code}");
        }
        for code in [1000, 1002, 1009, 4500, 4508, 4999] {
            assert!(!may_reconnect(code), "{code}");
        }
        assert!(may_reconnect(CloseReason::RateLimited.code()));
        assert!(!may_reconnect(CloseReason::TooBig.code()));
    }
}
