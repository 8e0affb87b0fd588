//! How far the server's clock is from the client's, and how sure that is.

use crate::clock::TimestampMs;
use crate::message::Pong;
use std::collections::VecDeque;

/// Round trips remembered; the shortest of them tells the offset best.
const SAMPLES: usize = 8;

/// The estimate from the last few pings.
#[derive(Clone, Debug, Default)]
pub struct ClockOffset {
    samples: VecDeque<Sample>,
}

#[derive(Clone, Copy, Debug)]
struct Sample {
    offset_ms: i64,
    rtt_ms: i64,
}

impl ClockOffset {
    /// Takes in a pong that arrived at `t3` on the client's clock.
    pub fn add(&mut self, pong: &Pong, t3: TimestampMs) {
        // Saturating: the numbers come from the other side, which may say anything.
        let rtt_ms =
            t3.0.saturating_sub(pong.t0)
                .saturating_sub(pong.t2.0.saturating_sub(pong.t1.0))
                .max(0);
        let (there, back) = (pong.t1.0.saturating_sub(pong.t0), pong.t2.0.saturating_sub(t3.0));
        let offset_ms = there.saturating_add(back) / 2;
        if self.samples.len() == SAMPLES {
            self.samples.pop_front();
        }
        self.samples.push_back(Sample { offset_ms, rtt_ms });
    }

    /// Forgets all: a new connection may have another path.
    pub fn clear(&mut self) {
        self.samples.clear();
    }

    /// The last round trip.
    pub fn rtt_ms(&self) -> Option<i64> {
        self.samples.back().map(|sample| sample.rtt_ms)
    }

    /// `(offset, error bound)`: the server's clock reads the client's plus the offset, give or take the bound.
    pub fn estimate(&self) -> Option<(i64, i64)> {
        let best = self.samples.iter().min_by_key(|sample| sample.rtt_ms)?;
        Some((best.offset_ms, best.rtt_ms.div_euclid(2) + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_error_bound_holds_whatever_the_delays(
            skew in -100_000i64..100_000,
            delays in prop::collection::vec((0i64..2_000, 0i64..2_000), 1..20),
        ) {
            let mut offset = ClockOffset::default();
            let mut now = 1_000_000;
            for (there, back) in delays {
                let at_server = TimestampMs(now + there + skew);
                offset.add(&Pong { t0: now, t1: at_server, t2: at_server }, TimestampMs(now + there + back));
                now += there + back + 1_000;
            }
            let (estimate, bound) = offset.estimate().unwrap();
            prop_assert!((estimate - skew).abs() <= bound, "{estimate} ± {bound} is not {skew}");
        }
    }
}
