//! The candles of one instrument and interval, as a chart wants them: a snapshot, then changes of the last few.

use tickwire_protocol::market::Candle;
use tickwire_protocol::message::CandleUpdate;

/// Candles that a chart keeps; beyond it the oldest go.
const CANDLES_MAX: usize = 1_500;

/// Candles, oldest first, and how often they were replaced as a whole.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    /// Rises with each snapshot: what was drawn before is void then.
    pub generation: u32,
    /// Oldest first; times rise.
    pub candles: Vec<Candle>,
}

impl Series {
    /// Takes in a snapshot, or candles that replace or follow those with the same time.
    pub fn apply(&mut self, update: &CandleUpdate) {
        if update.snapshot {
            self.generation += 1;
            self.candles.clone_from(&update.data.candles);
        } else {
            for candle in &update.data.candles {
                merge(&mut self.candles, *candle);
            }
        }
        let surplus = self.candles.len().saturating_sub(CANDLES_MAX);
        self.candles.drain(..surplus);
    }
}

/// Puts one candle in its place: instead of the one with the same time, or between its neighbours.
pub fn merge(candles: &mut Vec<Candle>, candle: Candle) {
    match candles.binary_search_by_key(&candle.time, |known| known.time) {
        Ok(place) => candles[place] = candle,
        Err(place) => candles.insert(place, candle),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tickwire_protocol::clock::TimestampMs;
    use tickwire_protocol::id::Symbol;
    use tickwire_protocol::market::Interval;
    use tickwire_protocol::message::Candles;

    fn candle(minute: i64, close: &str) -> Candle {
        let price = close.parse().unwrap();
        Candle::opened_by(TimestampMs(minute * 60_000), price, "1".parse().unwrap())
    }

    fn update(snapshot: bool, candles: Vec<Candle>) -> CandleUpdate {
        let symbol = Symbol::new("BTCUSDT").unwrap();
        CandleUpdate {
            snapshot,
            data: Candles {
                symbol,
                interval: Interval::M1,
                candles,
            },
        }
    }

    #[test]
    fn changes_replace_or_follow_and_a_snapshot_replaces_all() {
        let mut series = Series::default();
        series.apply(&update(true, vec![candle(1, "10"), candle(2, "11")]));
        series.apply(&update(false, vec![candle(2, "12"), candle(3, "13")]));
        assert_eq!(
            series.candles,
            vec![candle(1, "10"), candle(2, "12"), candle(3, "13")]
        );
        assert_eq!(series.generation, 1);
        series.apply(&update(true, vec![candle(9, "9")]));
        assert_eq!((series.generation, series.candles.len()), (2, 1));
    }

    #[test]
    fn a_late_candle_finds_its_place() {
        let mut series = Series::default();
        series.apply(&update(true, vec![candle(1, "10"), candle(3, "13")]));
        series.apply(&update(false, vec![candle(2, "12")]));
        assert_eq!(series.candles[1], candle(2, "12"));
    }

    #[test]
    fn memory_is_bounded() {
        let mut series = Series::default();
        for minute in 0..CANDLES_MAX as i64 + 10 {
            series.apply(&update(false, vec![candle(minute, "1")]));
        }
        assert_eq!(series.candles.len(), CANDLES_MAX);
        assert_eq!(series.candles[0], candle(10, "1"));
    }
}
