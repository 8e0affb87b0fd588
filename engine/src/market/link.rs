//! The state of the market data feed.

use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::message::LinkState;

/// The state of the feed that all markets come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// What it is.
    pub state: LinkState,
    /// Since when.
    pub since: TimestampMs,
    /// When the last tick of any market was taken in.
    pub last_tick_at: Option<TimestampMs>,
}

impl Default for Link {
    fn default() -> Link {
        Link {
            state: LinkState::Connecting,
            since: TimestampMs(0),
            last_tick_at: None,
        }
    }
}
