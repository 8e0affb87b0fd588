//! Counters by name, where the names are known from the start.

use std::sync::atomic::{AtomicU64, Ordering};

/// A counter for each name, and one for all others.
#[derive(Debug)]
pub(super) struct Named {
    /// Sorted by name.
    counts: Vec<(&'static str, AtomicU64)>,
    others: AtomicU64,
}

impl Named {
    /// Zero for each.
    pub(super) fn of(names: &[&'static str]) -> Named {
        let mut names = names.to_vec();
        names.sort_unstable();
        names.dedup();
        Named {
            counts: names.into_iter().map(|name| (name, AtomicU64::new(0))).collect(),
            others: AtomicU64::new(0),
        }
    }

    /// One more of this name.
    pub(super) fn add(&self, name: &str) {
        let place = self.counts.binary_search_by(|(known, _)| (*known).cmp(name));
        let count = place
            .ok()
            .and_then(|place| self.counts.get(place))
            .map_or(&self.others, |(_, count)| count);
        count.fetch_add(1, Ordering::Relaxed);
    }

    /// Each name with its count; what had no name is `other`.
    pub(super) fn read(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        self.counts
            .iter()
            .map(|(name, count)| (*name, count))
            .chain(std::iter::once(("other", &self.others)))
            .map(|(name, count)| (name, count.load(Ordering::Relaxed)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_has_its_own_count_and_strangers_share_one() {
        let named = Named::of(&["b", "a", "c"]);
        for name in ["a", "c", "c", "x", "", "b2"] {
            named.add(name);
        }
        let read: Vec<_> = named.read().collect();
        assert_eq!(read, [("a", 1), ("b", 0), ("c", 2), ("other", 3)]);
    }
}
