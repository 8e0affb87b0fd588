//! The one place that reads the system's clock. Everything else is handed the time.

use std::time::{SystemTime, UNIX_EPOCH};
use tickwire_protocol::clock::TimestampMs;

/// Now, in Unix milliseconds.
pub fn now() -> TimestampMs {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    TimestampMs(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
}
