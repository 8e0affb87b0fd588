//! Logs of the server: one line an event on stderr, with stable targets, so that they can be filtered and kept; and the
//! same from INFO up for the page ([`page`]), with secrets blotted out ([`redact`]) and folders taken out
//! ([`folders`]), and no more of them than a reader can take in ([`gate`]).

pub mod folders;
pub mod gate;
pub mod page;
pub mod redact;

use crate::config::{LogFormat, TelemetryConfig};
use crate::telemetry::page::PageLines;
use crate::users::AUDIT;
use tracing::Metadata;
use tracing_subscriber::filter::{FilterExt as _, filter_fn};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _};

/// Lines about connections have this target.
const SOCKET: &str = "tickwire::socket";

/// Starts logging and gives the lines for the page, which users with a login read, or whoever reaches the desk. A second
/// call, as in tests, changes nothing: its lines never come.
pub fn start(config: &TelemetryConfig, has_users: bool) -> Result<PageLines, String> {
    let filter = EnvFilter::try_new(&config.log).map_err(|error| {
        format!(
            "the log filter {:?} is no filter ({error}); try info or info,tickwire::socket=debug",
            config.log
        )
    })?;
    let filter = filter.and(filter_fn(shows_no_frame));
    let stderr = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let stderr = match config.log_format {
        LogFormat::Text => stderr.boxed(),
        LogFormat::Json => stderr.json().boxed(),
    };
    let (page, lines) = page::channel();
    let started = tracing_subscriber::registry()
        .with(stderr.with_filter(filter))
        // The operator's filter is about stderr: the page has the same lines whatever it says.
        .with(page.with_filter(filter_fn(move |metadata| is_for_the_page(metadata, has_users))))
        .try_init();
    let _ = started;
    Ok(lines)
}

/// Frames carry tokens, and the finest lines of the WebSocket library are the frames as they are: never logged, whatever the
/// operator's filter says.
fn shows_no_frame(metadata: &Metadata<'_>) -> bool {
    *metadata.level() <= tracing::Level::DEBUG || !metadata.target().contains("tungstenite")
}

/// From INFO up, except for who logs in and from where, which is for the operator alone. Where there are users, so is who
/// comes and goes: only what the desk itself says of its other parts is for all of them.
fn is_for_the_page(metadata: &Metadata<'_>, has_users: bool) -> bool {
    *metadata.level() <= tracing::Level::INFO && is_of_the_page(metadata.target(), has_users)
}

fn is_of_the_page(target: &str, has_users: bool) -> bool {
    let is_of_nobody = target.starts_with("tickwire::") && target != SOCKET;
    target != AUDIT && (!has_users || is_of_nobody)
}

#[cfg(test)]
mod tests {
    use super::is_of_the_page;

    #[test]
    fn users_are_told_nothing_of_each_other() {
        for (target, to_all, to_users) in [
            ("tickwire::server", true, true),
            ("tickwire::engine", true, true),
            ("tickwire::socket", true, false),
            ("tickwire::auth", false, false),
            ("tokio_tungstenite::handshake", true, false),
            ("log", true, false),
        ] {
            assert_eq!(is_of_the_page(target, false), to_all, "{target}");
            assert_eq!(is_of_the_page(target, true), to_users, "{target}");
        }
    }
}
