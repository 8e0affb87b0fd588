//! A histogram of durations made of atomics: an observation is two additions.

use std::sync::atomic::{AtomicU64, Ordering};

/// Upper bounds of the buckets in microseconds: from what a write takes to what a dead disk does.
pub(super) const BOUNDS: [u64; 18] = [
    50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 75_000, 100_000, 250_000, 500_000,
    1_000_000, 2_500_000, 5_000_000, 10_000_000,
];

/// Durations by bucket.
#[derive(Debug, Default)]
pub(super) struct Histogram {
    /// One for each bound, and one for all above.
    buckets: [AtomicU64; BOUNDS.len() + 1],
    sum: AtomicU64,
}

impl Histogram {
    /// Takes in one duration.
    pub(super) fn observe(&self, micros: u64) {
        let place = BOUNDS.partition_point(|bound| *bound < micros);
        if let Some(bucket) = self.buckets.get(place) {
            bucket.fetch_add(1, Ordering::Relaxed);
        }
        self.sum.fetch_add(micros, Ordering::Relaxed);
    }

    /// The sum in seconds, how many there were, and each bucket with its bound in seconds, the last one infinite.
    pub(super) fn read(&self) -> (f64, u64, Vec<(f64, u64)>) {
        let counts = self
            .buckets
            .each_ref()
            .map(|bucket| bucket.load(Ordering::Relaxed));
        let bounds = BOUNDS.iter().map(|bound| seconds(*bound)).chain([f64::MAX]);
        // Of the very counts that are told, so that the total is that of the buckets.
        let total = counts.iter().sum();
        let sum = seconds(self.sum.load(Ordering::Relaxed));
        (sum, total, bounds.zip(counts).collect())
    }
}

/// Microseconds as seconds.
#[expect(
    clippy::cast_precision_loss,
    reason = "what is lost is below a microsecond in centuries"
)]
pub(super) fn seconds(micros: u64) -> f64 {
    micros as f64 / 1_000_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_in_the_bucket_whose_bound_it_does_not_exceed() {
        let histogram = Histogram::default();
        for micros in [0, 50, 51, 10_000_000, 10_000_001] {
            histogram.observe(micros);
        }
        let (sum, total, buckets) = histogram.read();
        let counts: Vec<u64> = buckets.iter().map(|(_, count)| *count).collect();
        assert_eq!((counts[0], counts[1], counts[17], counts[18]), (2, 1, 1, 1));
        assert_eq!(total, 5);
        assert!((sum - 20.000_102).abs() < 1e-9, "{sum}");
        assert!(BOUNDS.is_sorted());
    }
}
