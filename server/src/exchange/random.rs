//! A generator of numbers that is the same forever: a desk that is restarted with a later version must find the same
//! market again, which no crate promises across its major versions.

/// SplitMix64 (Steele, Lea, Flood 2014): 64 bits of state, one addition and two multiplications per number.
#[derive(Clone, Debug)]
pub(super) struct Random {
    state: u64,
}

impl Random {
    /// The numbers of a seed.
    pub fn new(seed: u64) -> Random {
        Random { state: seed }
    }

    /// The numbers of a name and a place in its series: FNV-1a of the name, then of the place.
    pub fn of(name: &str, place: i64) -> Random {
        const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
        const PRIME: u64 = 0x0000_0100_0000_01b3;
        let bytes = name.bytes().chain(place.to_le_bytes());
        let hash = bytes.fold(OFFSET, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(PRIME));
        Random::new(hash)
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from 0 up to and without `bound`; 0 where the bound is 0. Its bias is below 2⁻³² for the bounds in use.
    pub fn below(&mut self, bound: u64) -> u64 {
        let product = u128::from(self.bits()) * u128::from(bound);
        u64::try_from(product >> 64).expect("the upper half of 128 bits has 64")
    }

    /// A number from `low` to `high`, both included; `low` where there is none between.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        let span = high.saturating_sub(low).max(0).unsigned_abs();
        low.saturating_add_unsigned(self.below(span.saturating_add(1)))
    }

    /// True once in `n`.
    pub fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    /// Splits `total` into `parts` of at least 1 each that sum to it exactly. Sizes are skewed: many small ones and a
    /// few large ones, more so with a higher `skew` (factors per weight). `total` must be at least `parts`.
    pub fn split(&mut self, total: i64, parts: usize, skew: u32) -> Vec<i64> {
        const FACTOR: u64 = 256;
        let weights: Vec<u64> = (0..parts)
            .map(|_| 1 + (0..skew).map(|_| self.below(FACTOR)).product::<u64>())
            .collect();
        let sum: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
        let spare = i128::from(total) - i128::try_from(parts).expect("a count fits into 127 bits");
        debug_assert!(spare >= 0, "{total} cannot be split into {parts} parts");
        let (mut upto, mut given) = (0, 0);
        let share = |weight: &u64| {
            // Each part ends where the running sum of the weights does, so rounding never adds up.
            upto += i128::from(*weight);
            let end = spare * upto / sum;
            let part = end - given;
            given = end;
            1 + i64::try_from(part).expect("a part is not above the total")
        };
        weights.iter().map(share).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_those_of_the_reference_implementation() {
        let mut random = Random::new(1_234_567);
        let numbers: Vec<u64> = (0..3).map(|_| random.bits()).collect();
        assert_eq!(
            numbers,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423
            ]
        );
    }

    #[test]
    fn a_name_and_a_place_have_their_own_numbers() {
        let first = |name, place| Random::of(name, place).bits();
        assert_eq!(first("BTCUSDT", 7), first("BTCUSDT", 7));
        assert_ne!(first("BTCUSDT", 7), first("BTCUSDT", -7));
        assert_ne!(first("BTCUSDT", 7), first("ETHUSDT", 7));
    }

    #[test]
    fn parts_are_at_least_one_and_sum_to_the_whole() {
        for (seed, total, parts) in [(1, 5, 5), (2, 1_000, 7), (3, i64::MAX, 300), (4, 1, 1)] {
            let split = Random::new(seed).split(total, parts, 3);
            assert_eq!(split.len(), parts);
            assert!(split.iter().all(|part| *part >= 1), "{split:?}");
            assert_eq!(split.iter().sum::<i64>(), total);
        }
    }

    #[test]
    fn ranges_are_kept_to() {
        let mut random = Random::new(9);
        let drawn: Vec<i64> = (0..1_000).map(|_| random.between(-2, 2)).collect();
        assert!((-2..=2).all(|number| drawn.contains(&number)));
        assert!(drawn.iter().all(|number| (-2..=2).contains(number)));
        assert_eq!(random.between(5, 5), 5);
        assert_eq!(random.below(0), 0);
    }
}
