//! Points in time and their two renderings on the wire: Unix milliseconds and, where the mission fixed it, ISO 8601.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::{Add, Sub};

/// Milliseconds since the Unix epoch, UTC. Always handed in; nothing in this crate reads a clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TimestampMs(pub i64);

impl TimestampMs {
    /// Milliseconds from `earlier` to `self`, never negative.
    pub fn since(self, earlier: TimestampMs) -> u64 {
        u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0)
    }

    /// The start of the interval of `length_ms` that holds this moment, aligned to the epoch.
    pub fn floor_to(self, length_ms: i64) -> TimestampMs {
        TimestampMs(self.0.div_euclid(length_ms) * length_ms)
    }

    /// The UTC date as `(year, month, day)`; moments outside the calendar's range give the epoch's date.
    pub fn utc_date(self) -> (i32, u8, u8) {
        let date = self.to_utc();
        (date.year(), u8::from(date.month()), date.day())
    }

    fn to_utc(self) -> time::OffsetDateTime {
        time::OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000_000)
            .unwrap_or(time::OffsetDateTime::UNIX_EPOCH)
    }

    /// `HH:MM:SS` in UTC.
    pub fn utc_clock(self) -> String {
        let at = self.to_utc();
        format!("{:02}:{:02}:{:02}", at.hour(), at.minute(), at.second())
    }
}

impl Add<i64> for TimestampMs {
    type Output = TimestampMs;
    fn add(self, ms: i64) -> TimestampMs {
        TimestampMs(self.0.saturating_add(ms))
    }
}

impl Sub<i64> for TimestampMs {
    type Output = TimestampMs;
    fn sub(self, ms: i64) -> TimestampMs {
        TimestampMs(self.0.saturating_sub(ms))
    }
}

/// ISO 8601 in UTC to the second, without a zone: the form of the fixed `POSITION_UPDATE` frame.
impl fmt::Display for TimestampMs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.to_utc();
        write!(
            f,
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}",
            at.year(),
            u8::from(at.month()),
            at.day(),
            at.hour(),
            at.minute(),
            at.second()
        )
    }
}

/// Serde form of a [`TimestampMs`] as ISO 8601 text (`2025-12-10T09:00:00`), for fields that the mission fixed so.
pub mod iso {
    use super::TimestampMs;
    use serde::{Deserialize, Deserializer, Serializer, de};

    /// Writes the moment to the second.
    pub fn serialize<S: Serializer>(at: &TimestampMs, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(at)
    }

    /// Reads what [`serialize`] writes.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<TimestampMs, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        parse(&text).ok_or_else(|| de::Error::custom("expected an ISO 8601 time such as 2025-12-10T09:00:00"))
    }

    fn parse(text: &str) -> Option<TimestampMs> {
        let (date, clock) = text.trim_end_matches('Z').split_once('T')?;
        let mut date = date.splitn(3, '-').map(|part| part.parse::<u16>().ok());
        let (year, month, day) = (date.next()??, date.next()??, date.next()??);
        let mut clock = clock.splitn(3, ':').map(|part| part.parse::<u8>().ok());
        let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next()??);
        let month = time::Month::try_from(u8::try_from(month).ok()?).ok()?;
        let date = time::Date::from_calendar_date(i32::from(year), month, u8::try_from(day).ok()?).ok()?;
        let at = date.with_hms(hour, minute, second).ok()?.assume_utc();
        Some(TimestampMs(at.unix_timestamp() * 1000))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    struct Row {
        #[serde(with = "iso")]
        at: TimestampMs,
    }

    #[test]
    fn iso_form_is_that_of_the_fixed_frame() {
        let row = Row {
            at: TimestampMs(1_765_357_200_000),
        };
        let text = serde_json::to_string(&row).unwrap();
        assert_eq!(text, r#"{"at":"2025-12-10T09:00:00"}"#);
        assert_eq!(serde_json::from_str::<Row>(&text).unwrap(), row);
        for bad in [
            "2025-13-10T09:00:00",
            "2025-02-30T09:00:00",
            "yesterday",
            "2025-12-10",
        ] {
            assert!(
                serde_json::from_str::<Row>(&format!(r#"{{"at":"{bad}"}}"#)).is_err(),
                "{bad}"
            );
        }
    }

    #[test]
    fn floor_is_aligned_to_the_epoch_also_before_it() {
        assert_eq!(TimestampMs(119_999).floor_to(60_000), TimestampMs(60_000));
        assert_eq!(TimestampMs(-1).floor_to(60_000), TimestampMs(-60_000));
    }
}
