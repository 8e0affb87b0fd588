//! Lines of the log for the page: a `tracing` layer that makes them, a bounded channel, and the end that is read.
//!
//! Making a line never waits and never logs, and neither does publishing one, so a line cannot lead to another. INFO
//! lines are bounded in their rate ([`super::gate`]), and what finds the channel full is left out; how many were left out
//! is told by a line of its own.

use super::folders::without_folders;
use super::gate::Gate;
use super::redact::{BLOT, is_secret, redact};
use crate::clock;
use std::fmt::{self, Write as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::log::{LogLevel, LogLine};
use tokio::sync::mpsc::{self, error::TrySendError};
use tokio::time::timeout;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer};

/// Lines that may wait to be published. The start logs before anybody publishes.
const WAITING_MAX: usize = 1_024;

/// Lines that are taken out at once.
const TAKEN_MAX: usize = 256;

/// What the operator alone is told, on stderr.
const OPERATORS_FIELDS: [&str; 1] = ["data_dir"];

/// The longest message, in characters; the rest is cut off.
const MESSAGE_MAX: usize = 500;

/// How long lines that were left out go untold where no other line comes.
const UNTOLD: Duration = Duration::from_secs(1);

/// A layer that makes lines, and the lines that it makes.
pub fn channel() -> (PageLayer, PageLines) {
    let (sender, receiver) = mpsc::channel(WAITING_MAX);
    let gate = Arc::new(Mutex::new(Gate::new(clock::now())));
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

fn locked(gate: &Mutex<Gate>) -> MutexGuard<'_, Gate> {
    gate.lock().unwrap_or_else(PoisonError::into_inner)
}

impl PageLayer {
    fn offer(&self, line: LogLine) {
        let mut gate = locked(&self.gate);
        if gate.lets_through(&line)
            && let Err(TrySendError::Full(_)) = self.sender.try_send(line)
        {
            gate.leave_out();
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
            let taken = timeout(UNTOLD, self.receiver.recv_many(&mut lines, TAKEN_MAX));
            if taken.await == Ok(0) {
                return None;
            }
            lines.extend(locked(&self.gate).told(clock::now(), false));
        }
        Some(lines)
    }

    /// The lines that wait, for those to come will be nobody's to publish.
    pub fn rest(&mut self) -> Vec<LogLine> {
        let mut lines: Vec<LogLine> = std::iter::from_fn(|| self.receiver.try_recv().ok()).collect();
        lines.extend(locked(&self.gate).told(clock::now(), true));
        lines
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
    let open = redact(&one_line);
    let clean = without_folders(&open);
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
            name if name.starts_with("log.") || OPERATORS_FIELDS.contains(&name) => Ok(()),
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
    fn where_the_server_keeps_its_files_is_not_told() {
        let mut lines = lines(|| {
            tracing::info!(market = "sim", data_dir = %"/srv/ann/my data", "starting");
            tracing::error!(moved_to = %"/srv/ann/data/damaged-1.jsonl", "cut off");
        });
        let told: Vec<String> = waiting(&mut lines).into_iter().map(|(_, text)| text).collect();
        assert_eq!(
            told,
            ["starting market=sim", "cut off moved_to=…/damaged-1.jsonl"]
        );
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
        assert_eq!(told.len(), TAKEN_MAX + 1);
        let last = &told[TAKEN_MAX].message;
        assert!(last.starts_with("7 lines left out"), "{last}");
        assert_eq!(lines.rest().len(), WAITING_MAX - TAKEN_MAX);
        assert!(lines.rest().is_empty());
    }
}
