//! What an account has been worth: its peak, and the curve.

use serde::{Deserialize, Serialize};
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::money::Amount;

/// What an account has been worth, as far as events tell it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EquityTrack {
    /// The highest equity marked.
    pub peak: Amount,
    /// The last equity marked.
    pub last: Amount,
    /// When that was.
    pub last_at: TimestampMs,
}

impl EquityTrack {
    pub(super) fn starting(at: TimestampMs, deposit: Amount) -> EquityTrack {
        EquityTrack {
            peak: deposit,
            last: deposit,
            last_at: at,
        }
    }

    pub(super) fn mark(&mut self, at: TimestampMs, equity: Amount) {
        self.peak = self.peak.max(equity);
        self.last = equity;
        self.last_at = at;
    }
}
