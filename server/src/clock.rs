//! The one place that reads the system's clocks. Everything else is handed the time.
//!
//! Timers and timestamps share one clock, so it must never step back: an operator who sets the clock back by an hour
//! would silence every timer for an hour. It goes on from where it was instead, and follows a step forward.

use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};
use tickwire_protocol::clock::TimestampMs;

/// How far the system's clock may be ahead before it is followed: a suspended machine, or a clock that was set.
const AHEAD_MAX_MS: i64 = 1_000;

/// Now, in Unix milliseconds. Never earlier than any moment told before.
pub fn now() -> TimestampMs {
    static CLOCK: OnceLock<(Instant, Mutex<Clock>)> = OnceLock::new();
    let (started, clock) = CLOCK.get_or_init(|| (Instant::now(), Mutex::new(Clock { offset_ms: wall_ms() })));
    let elapsed_ms = i64::try_from(started.elapsed().as_millis()).unwrap_or(i64::MAX);
    clock
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .read(elapsed_ms, wall_ms())
}

fn wall_ms() -> i64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX)
}

/// A clock that runs with the machine's steady one and follows the wall's forward.
#[derive(Debug)]
struct Clock {
    offset_ms: i64,
}

impl Clock {
    fn read(&mut self, steady_ms: i64, wall_ms: i64) -> TimestampMs {
        let told = self.offset_ms.saturating_add(steady_ms);
        if wall_ms.saturating_sub(told) <= AHEAD_MAX_MS {
            return TimestampMs(told);
        }
        self.offset_ms = wall_ms.saturating_sub(steady_ms);
        TimestampMs(wall_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_follows_the_wall_forward_and_never_back() {
        let mut clock = Clock { offset_ms: 1_000_000 };
        assert_eq!(clock.read(10, 1_000_010), TimestampMs(1_000_010));
        // Set back by an hour: it goes on.
        assert_eq!(clock.read(20, 1_000_020 - 3_600_000), TimestampMs(1_000_020));
        // Slightly ahead: the steady clock is as good.
        assert_eq!(clock.read(30, 1_000_900), TimestampMs(1_000_030));
        // Woken after a night.
        assert_eq!(clock.read(40, 30_000_000), TimestampMs(30_000_000));
        assert_eq!(clock.read(50, 30_000_010), TimestampMs(30_000_010));
    }
}
