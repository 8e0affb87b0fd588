//! What lets lines through to the page, and counts those that it does not: ten thousand clients that connect are not ten
//! thousand lines, and one that comes and goes all day does not push everything else out of the log.

use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::log::{LogLevel, LogLine};

/// The part of the server whose INFO lines are about connections.
const CONNECTIONS: &str = "socket";

/// INFO lines that may come at once, and how often another one after that.
const INFO: (i64, i64) = (100, 50);

/// The same of lines about connections, which clients cause: a few of a crowd, and few of who comes again and again.
const OF_CONNECTIONS: (i64, i64) = (20, 10_000);

/// How often lines that were left out are told, and how often those about connections.
const TOLD_EVERY_MS: u64 = 1_000;
const CONNECTIONS_TOLD_EVERY_MS: u64 = 10_000;

/// The gate.
#[derive(Debug)]
pub struct Gate {
    info: Bucket,
    of_connections: Bucket,
    left_out: LeftOut,
    connections_left_out: LeftOut,
}

impl Gate {
    /// One that is full at `now`.
    pub fn new(now: TimestampMs) -> Gate {
        Gate {
            info: Bucket::new(INFO, now),
            of_connections: Bucket::new(OF_CONNECTIONS, now),
            left_out: LeftOut::default(),
            connections_left_out: LeftOut::default(),
        }
    }

    /// Whether a line may come. One that may not is counted.
    pub fn lets_through(&mut self, line: &LogLine) -> bool {
        let now = line.timestamp;
        let (passes, left_out) = match (line.level, line.module.as_str()) {
            (LogLevel::Info, CONNECTIONS) => (self.of_connections.take(now), &mut self.connections_left_out),
            (LogLevel::Info, _) => (self.info.take(now), &mut self.left_out),
            _ => (true, &mut self.left_out),
        };
        left_out.count += u64::from(!passes);
        passes
    }

    /// Counts a line that found no room behind the gate.
    pub fn leave_out(&mut self) {
        self.left_out.count += 1;
    }

    /// Lines that tell how many were left out, where that is due; all of it where nothing comes after.
    pub fn told(&mut self, now: TimestampMs, is_last: bool) -> Vec<LogLine> {
        let line = |level, module: &str, message| LogLine {
            level,
            module: module.to_owned(),
            message,
            timestamp: now,
        };
        let mut lines = Vec::new();
        if let Some(count) = self
            .connections_left_out
            .take(now, CONNECTIONS_TOLD_EVERY_MS, is_last)
        {
            let message = format!("{count} lines about connections left out; stderr has them");
            lines.push(line(LogLevel::Info, CONNECTIONS, message));
        }
        if let Some(count) = self.left_out.take(now, TOLD_EVERY_MS, is_last) {
            let message = format!("{count} lines left out: there were too many at once; stderr has them");
            lines.push(line(LogLevel::Warning, "telemetry", message));
        }
        lines
    }
}

/// A bounded number of lines, which fills again with time.
#[derive(Debug)]
struct Bucket {
    /// Milliseconds of refilling that are saved up.
    saved_ms: i64,
    max_ms: i64,
    each_ms: i64,
    refilled_at: TimestampMs,
}

impl Bucket {
    fn new((burst, each_ms): (i64, i64), now: TimestampMs) -> Bucket {
        Bucket {
            saved_ms: burst * each_ms,
            max_ms: burst * each_ms,
            each_ms,
            refilled_at: now,
        }
    }

    fn take(&mut self, now: TimestampMs) -> bool {
        let passed = i64::try_from(now.since(self.refilled_at)).unwrap_or(i64::MAX);
        self.refilled_at = self.refilled_at.max(now);
        self.saved_ms = self.saved_ms.saturating_add(passed).min(self.max_ms);
        let passes = self.saved_ms >= self.each_ms;
        self.saved_ms -= if passes { self.each_ms } else { 0 };
        passes
    }
}

/// Lines that were left out and not told of yet.
#[derive(Debug, Default)]
struct LeftOut {
    count: u64,
    told_at: Option<TimestampMs>,
}

impl LeftOut {
    fn take(&mut self, now: TimestampMs, every_ms: u64, is_last: bool) -> Option<u64> {
        let is_due = self.told_at.is_none_or(|at| now.since(at) >= every_ms);
        if self.count == 0 || !(is_due || is_last) {
            return None;
        }
        self.told_at = Some(now);
        Some(std::mem::take(&mut self.count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(level: LogLevel, module: &str, at: i64) -> LogLine {
        LogLine {
            level,
            module: module.to_owned(),
            message: "connected".to_owned(),
            timestamp: TimestampMs(at),
        }
    }

    fn passing(gate: &mut Gate, level: LogLevel, module: &str, times: impl Iterator<Item = i64>) -> usize {
        times
            .filter(|at| gate.lets_through(&line(level, module, *at)))
            .count()
    }

    #[test]
    fn info_comes_again_as_time_passes() {
        let mut gate = Gate::new(TimestampMs(0));
        let passing =
            |gate: &mut Gate, times: std::ops::Range<i64>| passing(gate, LogLevel::Info, "engine", times);
        assert_eq!(passing(&mut gate, 0..1), 1);
        let at_once = (0..1_000).filter(|_| gate.lets_through(&line(LogLevel::Info, "engine", 0)));
        assert_eq!(at_once.count(), 99);
        assert_eq!(passing(&mut gate, 49..50), 0);
        assert_eq!(passing(&mut gate, 50..100), 1);
        assert_eq!(passing(&mut gate, 100..1_000), 18);
        assert!(gate.lets_through(&line(LogLevel::Critical, "engine", 1_000)));
        let later = (0..1_000).filter(|_| gate.lets_through(&line(LogLevel::Info, "engine", 3_600_000)));
        assert_eq!(later.count(), 100, "no more than a burst is saved up");
    }

    #[test]
    fn who_comes_and_goes_all_day_leaves_room_for_everything_else() {
        let mut gate = Gate::new(TimestampMs(0));
        let hour = 3_600_000;
        let (mut lines, mut counted, mut others) = (0, 0, 0);
        // Ten times a second, with a look every tenth of a second, as whoever publishes them takes it.
        for at in (0..hour).step_by(100) {
            lines += u64::from(gate.lets_through(&line(LogLevel::Info, CONNECTIONS, at)));
            others += u64::from(at % 1_000 == 0 && gate.lets_through(&line(LogLevel::Info, "engine", at)));
            for told in gate.told(TimestampMs(at), false) {
                let count = told
                    .message
                    .split(' ')
                    .next()
                    .and_then(|count| count.parse::<u64>().ok());
                counted += count.expect("it says how many");
                assert_eq!((told.level, told.module.as_str()), (LogLevel::Info, CONNECTIONS));
                lines += 1;
            }
        }
        assert_eq!(others, 3_600, "each of them");
        assert!(lines < 800, "{lines} lines of 36,000 in an hour");
        let rest = gate.told(TimestampMs(hour), true).len();
        assert!(rest <= 1 && counted > 35_000, "{counted}");
    }

    #[test]
    fn what_was_left_out_is_told_soon_and_not_with_every_line() {
        let mut gate = Gate::new(TimestampMs(0));
        assert!(gate.told(TimestampMs(0), true).is_empty(), "nothing was");
        gate.leave_out();
        assert_eq!(gate.told(TimestampMs(5), false).len(), 1);
        gate.leave_out();
        gate.leave_out();
        assert!(gate.told(TimestampMs(1_004), false).is_empty());
        let told = gate.told(TimestampMs(1_005), false);
        assert!(told[0].message.starts_with("2 lines left out"), "{told:?}");
        gate.leave_out();
        assert_eq!(
            gate.told(TimestampMs(1_006), true).len(),
            1,
            "nothing comes after"
        );
    }
}
