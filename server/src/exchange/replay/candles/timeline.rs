//! A recording laid out over all of time, from the endless past to the endless future, without a jump anywhere.
//!
//! Minute 0 starts at the anchor. The recording is `n` minutes long, opens at `a` and closes at `b`; minute `i` belongs to
//! loop `i.div_euclid(n)`. Each loop starts at the price where the loop before it ended:
//!
//! ```text
//! loop   …  -4         -3    -2         -1   │  0          1        2          3        …
//! price     a + b - p  p     a + b - p  p    │  p + b - a  2b - p   p + b - a  2b - p
//! from      b          a     b          a    │  b          2b - a   b          2b - a
//! to        a          b     a          b    │  2b - a     b        2b - a     b
//!                                          anchor
//! ```
//!
//! So what the desk shows as the past of its first day is the recording as it is, and prices stay within bounds for ever.
//! A mirrored loop keeps the order of time: what rose falls, a minute's high is the mirror of its low.

use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::market::Candle;

use super::recording::Recording;
use crate::exchange::grid::{Bar, MINUTE_MS};

/// A recording and where it lies in time.
pub(in crate::exchange::replay) struct Timeline {
    recording: Recording,
    anchor: TimestampMs,
}

impl Timeline {
    /// Lays `recording` out so that it ends at the minute of `anchor`.
    pub fn new(recording: Recording, anchor: TimestampMs) -> Timeline {
        Timeline {
            recording,
            anchor: anchor.floor_to(MINUTE_MS),
        }
    }

    /// The recording.
    pub fn recording(&self) -> &Recording {
        &self.recording
    }

    /// The minute that holds `at`.
    pub fn minute_at(&self, at: TimestampMs) -> i64 {
        at.0.saturating_sub(self.anchor.0).div_euclid(MINUTE_MS)
    }

    /// When a minute starts.
    pub fn start_of(&self, minute: i64) -> TimestampMs {
        self.anchor + minute.saturating_mul(MINUTE_MS)
    }

    /// What happens in a minute, for every minute that there is.
    pub fn bar_at(&self, minute: i64) -> Bar {
        let bars = &self.recording.bars;
        let length = i64::try_from(bars.len()).expect("a recording in memory has fewer rows");
        let row = usize::try_from(minute.rem_euclid(length)).expect("a remainder is not negative");
        let (a, b) = (self.recording.open(), self.recording.close());
        let lap = minute.div_euclid(length);
        match (lap < 0, lap.rem_euclid(2) == 0) {
            (true, false) => bars[row],
            (true, true) => bars[row].mirrored(a + b),
            (false, true) => bars[row].shifted(b - a),
            (false, false) => bars[row].mirrored(2 * b),
        }
    }

    /// The candle of a minute.
    pub fn candle_at(&self, minute: i64) -> Candle {
        self.bar_at(minute)
            .candle(self.recording.grid, self.start_of(minute))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::replay::candles::recording::SOURCES;

    const ANCHOR: TimestampMs = TimestampMs(1_765_368_000_000);

    fn timelines() -> impl Iterator<Item = (Timeline, i64)> {
        SOURCES.iter().map(|source| {
            let recording = Recording::read(source).unwrap();
            let length = i64::try_from(recording.bars.len()).unwrap();
            (Timeline::new(recording, ANCHOR), length)
        })
    }

    #[test]
    fn the_loop_before_the_anchor_is_the_recording() {
        for (timeline, length) in timelines() {
            let played: Vec<Bar> = (-length..0).map(|minute| timeline.bar_at(minute)).collect();
            assert_eq!(played, timeline.recording().bars);
            assert_eq!(timeline.candle_at(-1).time, ANCHOR - MINUTE_MS);
        }
    }

    #[test]
    fn no_minute_opens_further_from_the_last_close_than_the_recording_does() {
        for (timeline, length) in timelines() {
            let gap = |minute| (timeline.bar_at(minute).open - timeline.bar_at(minute - 1).close).abs();
            let recorded = (1 - length..0).map(gap).max().unwrap();
            let played = (-4 * length..=4 * length).map(gap).max().unwrap();
            assert_eq!(played, recorded, "{}", timeline.recording().symbol);
            for lap in -4..=4 {
                assert_eq!(
                    gap(lap * length),
                    0,
                    "{}: the seam before loop {lap}",
                    timeline.recording().symbol
                );
            }
        }
    }

    #[test]
    fn prices_are_sound_and_bounded_in_every_loop() {
        for (timeline, length) in timelines() {
            let recorded_low = timeline.recording().bars.iter().map(|bar| bar.low).min().unwrap();
            for minute in -4 * length..4 * length {
                let bar = timeline.bar_at(minute);
                assert!(bar.low <= bar.open.min(bar.close) && bar.open.max(bar.close) <= bar.high);
                assert!(
                    bar.low > recorded_low / 2,
                    "{} {minute}",
                    timeline.recording().symbol
                );
            }
            // Two loops on, everything is the same again.
            assert!(
                (0..2 * length).all(|minute| timeline.bar_at(minute) == timeline.bar_at(minute + 2 * length))
            );
            assert!(
                (-2 * length..0)
                    .all(|minute| timeline.bar_at(minute) == timeline.bar_at(minute - 2 * length))
            );
        }
    }

    #[test]
    fn there_is_a_candle_for_every_integer() {
        for (timeline, _) in timelines() {
            for minute in [i64::MIN, i64::MIN + 1, -1, 0, i64::MAX] {
                assert!(timeline.candle_at(minute).low.is_positive());
            }
            for at in [TimestampMs(i64::MIN), TimestampMs(0), TimestampMs(i64::MAX)] {
                assert!(timeline.bar_at(timeline.minute_at(at)).low > 0);
            }
        }
    }

    #[test]
    fn the_anchor_is_taken_down_to_its_minute() {
        let timeline = Timeline::new(Recording::read(&SOURCES[0]).unwrap(), ANCHOR + 59_999);
        assert_eq!(timeline.candle_at(0).time, ANCHOR);
        assert_eq!(timeline.minute_at(ANCHOR + 59_999), 0);
        assert_eq!(timeline.minute_at(ANCHOR - 1), -1);
    }
}
