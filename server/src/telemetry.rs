//! Logs of the server: one line an event on stderr, with stable targets, so that they can be filtered and kept.

use crate::config::{LogFormat, TelemetryConfig};
use tracing_subscriber::EnvFilter;

/// Starts logging. A second call, as in tests, changes nothing.
pub fn start(config: &TelemetryConfig) -> Result<(), String> {
    let filter = EnvFilter::try_new(&config.log).map_err(|error| {
        format!(
            "the log filter {:?} is no filter ({error}); try info or tickwire_server=debug",
            config.log
        )
    })?;
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    let started = match config.log_format {
        LogFormat::Text => lines.try_init(),
        LogFormat::Json => lines.json().try_init(),
    };
    let _ = started;
    Ok(())
}
