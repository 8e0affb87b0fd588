//! Lines of the log for the page: a `tracing` layer that makes them, a bounded channel, and the end that is read.
//!
//! Making a line never waits and never logs, and neither does publishing one, so a line cannot lead to another. INFO
//! lines are bounded in their rate (ten thousand clients that connect are not ten thousand lines), and what finds the
//! channel full is left out; how many were left out is told by a line of its own.

use super::redact::{BLOT, is_secret, redact};
use crate::clock;
use std::fmt::{self, Write as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::log::{LogLevel, LogLine};
use tokio::sync::mpsc::{self, error::TrySendError};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer};

/// Lines that may wait to be published. The start logs before anybody publishes.
const WAITING_MAX: usize = 1_024;

/// INFO lines that may come at once, and in each second after that.
const INFO_BURST: i64 = 100;
const INFO_PER_SECOND: i64 = 20;

/// The longest message, in characters; the rest is cut off.
const MESSAGE_MAX: usize = 500;

/// How long lines that were left out go untold where no other line comes.
const UNTOLD: Duration = Duration::from_secs(1);

/// A layer that makes lines, and the lines that it makes.
pub fn channel() -> (PageLayer, PageLines) {
    let (sender, receiver) = mpsc::channel(WAITING_MAX);
    let gate = Arc::new(Mutex::new(Gate {
        tokens: INFO_BURST * 1_000,
        refilled_at: clock::now(),
        left_out: 0,
    }));
    let layer = PageLayer {
        sender,
        gate: Arc::clone(&gate),
    };
    (layer, PageLines { receiver, gate })
}

/// Makes a line of each event.
#[derive(Debug)]
pub struct PageLayer {
    sender: mpsc::Sender<LogLine>,
    gate: Arc<Mutex<Gate>>,
}

/// The lines to publish.
#[derive(Debug)]
pub struct PageLines {
    receiver: mpsc::Receiver<LogLine>,
    gate: Arc<Mutex<Gate>>,
}

/// What lets lines through, and counts those that it does not.
#[derive(Debug)]
struct Gate {
    /// Thousandths of INFO lines that may come now.
    tokens: i64,
    refilled_at: TimestampMs,
    left_out: u64,
}

impl Gate {
    /// Whether a line of this level may come at `now`.
    fn lets_through(&mut self, level: LogLevel, now: TimestampMs) -> bool {
        if level > LogLevel::Info {
            return true;
        }
        let passed = i64::try_from(now.since(self.refilled_at)).unwrap_or(i64::MAX);
        self.refilled_at = now;
        let refill = passed.saturating_mul(INFO_PER_SECOND);
        self.tokens = self.tokens.saturating_add(refill).min(INFO_BURST * 1_000);
        if self.tokens < 1_000 {
            return false;
        }
        self.tokens -= 1_000;
        true
    }
}

fn locked(gate: &Mutex<Gate>) -> MutexGuard<'_, Gate> {
    gate.lock().unwrap_or_else(PoisonError::into_inner)
}

impl PageLayer {
    fn offer(&self, line: LogLine) {
        let mut gate = locked(&self.gate);
        if !gate.lets_through(line.level, line.timestamp) {
            gate.left_out += 1;
        } else if let Err(TrySendError::Full(_)) = self.sender.try_send(line) {
            gate.left_out += 1;
        }
    }
}

impl<S: Subscriber> Layer<S> for PageLayer {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if let Some(line) = line(event, clock::now()) {
            self.offer(line);
        }
    }
}

impl PageLines {
    /// Waits for the next lines; nothing once there can be no more.
    pub async fn next(&mut self) -> Option<Vec<LogLine>> {
        let mut lines = Vec::new();
        while lines.is_empty() {
            // Taken with a patience, for what was left out is told also where nothing else comes.
            if let Ok(line) = tokio::time::timeout(UNTOLD, self.receiver.recv()).await {
                lines.push(line?);
            }
            let left_out = std::mem::take(&mut locked(&self.gate).left_out);
            if left_out > 0 {
                lines.push(LogLine {
                    level: LogLevel::Warning,
                    module: "telemetry".to_owned(),
                    message: format!(
                        "{left_out} lines left out: there were too many at once; stderr has them"
                    ),
                    timestamp: clock::now(),
                });
            }
        }
        Some(lines)
    }
}

/// The line of an event; nothing below INFO.
fn line(event: &Event<'_>, now: TimestampMs) -> Option<LogLine> {
    let metadata = event.metadata();
    let level = match *metadata.level() {
        Level::ERROR => LogLevel::Error,
        Level::WARN => LogLevel::Warning,
        Level::INFO => LogLevel::Info,
        _ => return None,
    };
    let mut words = Words::default();
    event.record(&mut words);
    let target = words.target.as_deref().unwrap_or(metadata.target());
    Some(LogLine {
        level: if words.is_critical {
            LogLevel::Critical
        } else {
            level
        },
        module: module(target).to_owned(),
        message: told(&words),
        timestamp: now,
    })
}

/// The part of the server that a target is of.
fn module(target: &str) -> &str {
    target
        .strip_prefix("tickwire::")
        .or_else(|| target.strip_prefix("tickwire_server::"))
        .or_else(|| target.strip_prefix("tickwire_"))
        .unwrap_or(target)
}

fn told(words: &Words) -> String {
    let text = format!("{}{}", words.message, words.fields);
    let one_line = text.trim().replace(char::is_control, " ");
    let clean = redact(&one_line);
    match clean.char_indices().nth(MESSAGE_MAX) {
        Some((end, _)) => format!("{}…", &clean[..end]),
        None => clean.into_owned(),
    }
}

/// What an event says.
#[derive(Debug, Default)]
struct Words {
    message: String,
    fields: String,
    /// Of a record of the `log` crate, whose events have one target for all.
    target: Option<String>,
    is_critical: bool,
}

impl Words {
    fn take(&mut self, field: &Field, value: fmt::Arguments<'_>) {
        // Writing into a text cannot fail.
        let _ = match field.name() {
            "message" => write!(self.message, "{value}"),
            name if name.starts_with("log.") => Ok(()),
            name if is_secret(name) => write!(self.fields, " {name}={BLOT}"),
            name => write!(self.fields, " {name}={value}"),
        };
    }
}

impl Visit for Words {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.take(field, format_args!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "log.target" {
            self.target = Some(value.to_owned());
        }
        self.take(field, format_args!("{value}"));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        if field.name() == "critical" {
            self.is_critical |= value;
        } else {
            self.take(field, format_args!("{value}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing_subscriber::filter::LevelFilter;
    use tracing_subscriber::layer::SubscriberExt as _;

    /// What `work` logs, as the page gets it.
    fn lines(work: impl FnOnce()) -> PageLines {
        let (layer, lines) = channel();
        let subscriber = tracing_subscriber::registry().with(layer.with_filter(LevelFilter::INFO));
        tracing::subscriber::with_default(subscriber, work);
        lines
    }

    fn waiting(lines: &mut PageLines) -> Vec<(LogLevel, String)> {
        std::iter::from_fn(|| lines.receiver.try_recv().ok())
            .map(|line| (line.level, line.message))
            .collect()
    }

    #[test]
    fn each_level_has_its_name_and_what_is_finer_never_comes() {
        let mut lines = lines(|| {
            tracing::trace!("trace");
            tracing::debug!("debug");
            tracing::info!(session = "s1", count = 3, "connected");
            tracing::warn!(error = %"disk\nslow", "slow");
            tracing::error!("failed");
            tracing::error!(critical = true, "the engine has ended");
            tracing::info!(critical = false, "calm");
        });
        let told = waiting(&mut lines);
        let expected = [
            (LogLevel::Info, "connected session=s1 count=3"),
            (LogLevel::Warning, "slow error=disk slow"),
            (LogLevel::Error, "failed"),
            (LogLevel::Critical, "the engine has ended"),
            (LogLevel::Info, "calm"),
        ];
        assert_eq!(told, expected.map(|(level, text)| (level, text.to_owned())));
    }

    #[test]
    fn secrets_are_blotted_out_and_long_messages_cut() {
        let long = "ä".repeat(2_000);
        let mut lines = lines(|| {
            tracing::info!(api_key = "k-123", "asked with ?token=t-456");
            tracing::info!("{long}");
        });
        let told = waiting(&mut lines);
        assert_eq!(told[0].1, "asked with ?token=[redacted] api_key=[redacted]");
        assert_eq!(told[1].1.chars().count(), MESSAGE_MAX + 1);
        assert!(told[1].1.ends_with('…'));
    }

    #[test]
    fn the_module_is_a_part_of_the_server() {
        assert_eq!(
            module("tickwire_server::engine_task::decide"),
            "engine_task::decide"
        );
        assert_eq!(module("tickwire::engine"), "engine");
        assert_eq!(module("tickwire_server"), "server");
        assert_eq!(module("exchange"), "exchange");
    }

    #[tokio::test(start_paused = true)]
    async fn a_flood_of_info_is_bounded_told_of_and_hides_no_warning() {
        let mut lines = lines(|| {
            for number in 0..5_000 {
                tracing::info!(number, "connected");
            }
            tracing::warn!("look here");
        });
        let mut told = Vec::new();
        while !told
            .iter()
            .any(|line: &LogLine| line.message.contains("left out"))
        {
            told.extend(lines.next().await.unwrap());
        }
        told.extend(std::iter::from_fn(|| lines.receiver.try_recv().ok()));
        let infos = told.iter().filter(|line| line.level == LogLevel::Info).count();
        // A slow machine refills the bucket meanwhile.
        assert!((100..1_000).contains(&infos), "{infos}");
        assert!(told.iter().any(|line| line.message == "look here"));
        let left_out = told
            .iter()
            .find(|line| line.message.contains("left out"))
            .unwrap();
        assert!(
            left_out.message.starts_with(&(5_000 - infos).to_string()),
            "{}",
            left_out.message
        );
    }

    #[tokio::test(start_paused = true)]
    async fn what_finds_the_channel_full_is_counted() {
        let mut lines = lines(|| (0..WAITING_MAX + 7).for_each(|_| tracing::warn!("again")));
        let told = lines.next().await.unwrap();
        assert_eq!(told.len(), 2);
        assert!(
            told[1].message.starts_with("7 lines left out"),
            "{}",
            told[1].message
        );
        assert_eq!(waiting(&mut lines).len(), WAITING_MAX - 1);
    }

    #[test]
    fn info_comes_again_as_time_passes() {
        let mut gate = Gate {
            tokens: 0,
            refilled_at: TimestampMs(0),
            left_out: 0,
        };
        assert!(!gate.lets_through(LogLevel::Info, TimestampMs(49)));
        assert!(gate.lets_through(LogLevel::Info, TimestampMs(100)));
        assert!(gate.lets_through(LogLevel::Info, TimestampMs(101)));
        assert!(!gate.lets_through(LogLevel::Info, TimestampMs(102)));
        assert!(gate.lets_through(LogLevel::Critical, TimestampMs(102)));
        let hour = TimestampMs(3_600_000);
        let many = (0..1_000)
            .filter(|_| gate.lets_through(LogLevel::Info, hour))
            .count();
        assert_eq!(many, 100, "no more than a burst is saved up");
    }
}
