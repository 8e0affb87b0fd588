//! When to dial again: full jitter, so that a thousand desks do not come back in lockstep.

/// Draws reconnect delays. The first comes from the window that the server handed out in advance; later ones double.
#[derive(Clone, Debug)]
pub struct Backoff {
    random: u64,
    window_ms: u64,
    attempt: u32,
}

/// The widest delay while an outage is young: a desk that somebody looks at is back within two seconds of its server.
const YOUNG_CAP_MS: u64 = 1_500;

/// The widest delay of all.
const CAP_MS: u64 = 5_000;

/// Attempts after which an outage is no longer young: two minutes or so.
const YOUNG_ATTEMPTS: u32 = 150;

/// No announcement keeps a desk away for longer, whatever it says.
const ANNOUNCED_MAX_MS: u64 = 300_000;

impl Backoff {
    /// Delays drawn by `seed`; two desks must not share one.
    pub fn new(seed: u64, window_ms: u64) -> Backoff {
        // Xorshift stays at zero for ever, so zero is no seed.
        Backoff {
            random: seed | 1,
            window_ms,
            attempt: 0,
        }
    }

    /// The attempt that the next delay comes before: 1 is the first.
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// The delay before the next attempt, in milliseconds.
    pub fn next_delay_ms(&mut self) -> u64 {
        let cap = if self.attempt < YOUNG_ATTEMPTS {
            YOUNG_CAP_MS
        } else {
            CAP_MS
        };
        let widest = self.window_ms.max(1).saturating_mul(1 << self.attempt.min(16));
        let bound = widest.min(cap.max(self.window_ms));
        self.attempt = self.attempt.saturating_add(1);
        self.draw(bound)
    }

    /// The first delay when the server said itself between what bounds to draw it.
    pub fn announced_delay_ms(&mut self, (least, most): (u64, u64)) -> u64 {
        let (least, most) = (least.min(ANNOUNCED_MAX_MS), most.min(ANNOUNCED_MAX_MS));
        self.attempt = self.attempt.saturating_add(1);
        least + self.draw(most.saturating_sub(least))
    }

    /// First delays come out of this window, from now on.
    pub fn set_window(&mut self, window_ms: u64) {
        self.window_ms = window_ms;
    }

    /// The next delay is a first one again, out of this window.
    pub fn reset(&mut self, window_ms: u64) {
        self.attempt = 0;
        self.window_ms = window_ms;
    }

    fn draw(&mut self, bound: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random % bound.saturating_add(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_delay_lies_in_the_window_and_no_delay_above_the_cap() {
        for seed in 0..500 {
            let mut backoff = Backoff::new(seed, 250);
            assert!(backoff.next_delay_ms() <= 250);
            for _ in 1..YOUNG_ATTEMPTS {
                assert!(backoff.next_delay_ms() <= YOUNG_CAP_MS);
            }
            let late: Vec<u64> = (0..50).map(|_| backoff.next_delay_ms()).collect();
            assert!(late.iter().all(|delay| *delay <= CAP_MS));
            assert!(late.iter().any(|delay| *delay > YOUNG_CAP_MS));
            backoff.reset(250);
            assert!(backoff.next_delay_ms() <= 250);
        }
    }

    #[test]
    fn desks_do_not_come_in_lockstep() {
        let mut first: Vec<u64> = (0..1000)
            .map(|seed| Backoff::new(seed * 7919, 250).announced_delay_ms((0, 5000)))
            .collect();
        first.sort_unstable();
        // No tenth of the window gets more than twice its share.
        for slice in 0..10 {
            let count = first.iter().filter(|delay| **delay / 501 == slice).count();
            assert!(count < 200, "{count} of 1000 desks in slice {slice}");
        }
    }
}
