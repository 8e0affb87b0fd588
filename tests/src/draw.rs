//! Numbers by seed (splitmix64): the same seed draws the same ones on every machine.

/// Draws numbers.
#[derive(Clone, Debug)]
pub struct Draw(u64);

impl Draw {
    /// Draws by this seed.
    pub fn new(seed: u64) -> Draw {
        Draw(seed)
    }

    /// Any number.
    pub fn any(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`, which is above zero.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.any() % bound
    }
}
