//! Market time: equal to the server's at the start of the replay, and running at its speed from there.

use tickwire_protocol::clock::TimestampMs;

use crate::exchange::config::Speed;

/// Translates between the server's time and that of the market.
#[derive(Clone, Copy, Debug)]
pub(super) struct MarketClock {
    start: TimestampMs,
    speed: Speed,
}

const THOUSAND: i128 = 1_000;

impl MarketClock {
    /// The clock of a replay that starts at `start`.
    pub fn new(start: TimestampMs, speed: Speed) -> MarketClock {
        MarketClock { start, speed }
    }

    /// What time it is in the market when it is `now` on the server.
    pub fn market_time(&self, now: TimestampMs) -> TimestampMs {
        let elapsed = i128::from(now.0) - i128::from(self.start.0);
        self.start + narrow((elapsed * i128::from(self.speed.thousandths())).div_euclid(THOUSAND))
    }

    /// The first moment of the server's at which it is `at` or later in the market.
    pub fn server_time(&self, at: TimestampMs) -> TimestampMs {
        let elapsed = (i128::from(at.0) - i128::from(self.start.0)) * THOUSAND;
        // Rounded up: a moment before, it would not be due.
        self.start + narrow(-(-elapsed).div_euclid(i128::from(self.speed.thousandths())))
    }
}

fn narrow(ms: i128) -> i64 {
    i64::try_from(ms).unwrap_or(if ms < 0 { i64::MIN } else { i64::MAX })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_market_runs_at_its_speed_from_the_start_on() {
        let start = TimestampMs(1_000_000);
        for (speed, elapsed, in_market) in [
            ("1", 77, 77),
            ("60", 1_000, 60_000),
            ("0.5", 1_000, 500),
            ("0.001", 999, 0),
            ("2.5", -10, -25),
        ] {
            let clock = MarketClock::new(start, speed.parse().unwrap());
            assert_eq!(clock.market_time(start + elapsed), start + in_market, "{speed}");
        }
    }

    #[test]
    fn what_is_due_is_due_at_the_first_moment_that_it_can_be() {
        for speed in ["1", "60", "0.3", "0.001", "2.5", "100000"] {
            let clock = MarketClock::new(TimestampMs(1_000_000), speed.parse().unwrap());
            for at in (900_000..1_100_000).step_by(997).map(TimestampMs) {
                let due = clock.server_time(at);
                assert!(
                    clock.market_time(due) >= at && clock.market_time(due - 1) < at,
                    "{speed} {at}"
                );
            }
        }
    }
}
