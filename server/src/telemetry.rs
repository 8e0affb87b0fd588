//! Logs of the server: one line an event on stderr, with stable targets, so that they can be filtered and kept; and the
//! same from INFO up for the page ([`page`]), with secrets blotted out ([`redact`]).

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

/// Starts logging and gives the lines for the page. A second call, as in tests, changes nothing: its lines never come.
pub fn start(config: &TelemetryConfig) -> Result<PageLines, String> {
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
        .with(page.with_filter(filter_fn(is_for_the_page)))
        .try_init();
    let _ = started;
    Ok(lines)
}

/// Frames carry tokens, and the finest lines of the WebSocket library are the frames as they are: never logged, whatever the
/// operator's filter says.
fn shows_no_frame(metadata: &Metadata<'_>) -> bool {
    *metadata.level() <= tracing::Level::DEBUG || !metadata.target().contains("tungstenite")
}

/// From INFO up, except for who logs in and from where, which is for the operator alone.
fn is_for_the_page(metadata: &Metadata<'_>) -> bool {
    *metadata.level() <= tracing::Level::INFO && metadata.target() != AUDIT
}
