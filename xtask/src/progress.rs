//! Visible progress: a heading per stage and how long each took.

use std::io::Write as _;
use std::time::{Duration, Instant};

use anyhow::Result;

/// The stages of one command.
pub struct Progress {
    started: Instant,
}

impl Progress {
    /// Starts the clock.
    pub fn start() -> Self {
        Self {
            started: Instant::now(),
        }
    }

    /// Runs one stage under its heading.
    pub fn stage<T>(&self, title: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
        println!("\n==> {title}");
        self.flush();
        let begun = Instant::now();
        let outcome = work();
        let verdict = if outcome.is_ok() { "done" } else { "FAILED" };
        println!(
            "    {verdict} in {}, {} in all",
            seconds(begun.elapsed()),
            self.elapsed()
        );
        self.flush();
        outcome
    }

    /// Time since the start, for people.
    pub fn elapsed(&self) -> String {
        seconds(self.started.elapsed())
    }

    /// Children write to the same terminal, so a heading must be out before they start.
    fn flush(&self) {
        if std::io::stdout().flush().is_err() {
            // Nobody reads stdout: the work goes on, and its exit code says how it ended.
        }
    }
}

fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}
