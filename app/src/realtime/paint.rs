//! How long it takes from a frame's arrival until it is painted: the last few hundred, and their percentiles.

/// Batches remembered.
const SAMPLES: usize = 256;

/// Times from arrival to paint, in milliseconds.
#[derive(Debug, Default)]
pub struct PaintTimes {
    samples: Vec<u32>,
    next: usize,
}

/// What the times come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PaintSummary {
    /// Half of the batches were faster.
    pub p50_ms: u32,
    /// One in a hundred was slower.
    pub p99_ms: u32,
    /// Batches that this is reckoned from.
    pub count: u32,
}

impl PaintTimes {
    /// Takes in one batch.
    pub fn add(&mut self, ms: u32) {
        if self.samples.len() < SAMPLES {
            self.samples.push(ms);
        } else {
            self.samples[self.next] = ms;
        }
        self.next = (self.next + 1) % SAMPLES;
    }

    /// The percentiles; absent before the first batch.
    pub fn summary(&self) -> Option<PaintSummary> {
        let mut sorted = self.samples.clone();
        sorted.sort_unstable();
        let last = sorted.len().checked_sub(1)?;
        let at = |percent: usize| sorted[last * percent / 100];
        Some(PaintSummary {
            p50_ms: at(50),
            p99_ms: at(99),
            count: sorted.len() as u32,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_the_last_batches() {
        let mut times = PaintTimes::default();
        assert_eq!(times.summary(), None);
        times.add(9_999);
        for _ in 0..SAMPLES / 2 {
            times.add(10);
            times.add(20);
        }
        assert_eq!(
            times.summary(),
            Some(PaintSummary {
                p50_ms: 10,
                p99_ms: 20,
                count: 256
            })
        );
    }
}
