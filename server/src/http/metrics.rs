//! `/metrics`: what the desk counts of itself, for Prometheus. Numbers only, nothing of an account.

use super::health::{self, Desk};
use crate::metrics::{Reading, micros, render};
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The format that is spoken, by its version.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Where the numbers are that nobody counts because they are there anyway.
#[derive(Clone, Debug)]
pub struct Sources {
    /// The desk.
    pub desk: Desk,
    /// How many jobs wait for the engine, and how many may.
    pub queue: QueueDepth,
    /// The folder of the journal.
    pub data_dir: PathBuf,
}

/// Looks at the engine's queue.
#[derive(Clone)]
pub struct QueueDepth(Arc<dyn Fn() -> (usize, usize) + Send + Sync>);

impl QueueDepth {
    /// Looks by `look`: how many wait, and how many may.
    pub fn of(look: impl Fn() -> (usize, usize) + Send + Sync + 'static) -> QueueDepth {
        QueueDepth(Arc::new(look))
    }
}

impl std::fmt::Debug for QueueDepth {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("QueueDepth").field(&(self.0)()).finish()
    }
}

/// The route.
pub fn router(sources: Sources) -> Router {
    Router::new().route("/metrics", get(metrics)).with_state(sources)
}

async fn metrics(State(sources): State<Sources>) -> Response {
    let hub = &sources.desk.hub;
    let reading = Reading {
        connections: hub.connections(),
        queue: (sources.queue.0)(),
        journal: sources.desk.journal.state(),
        journal_bytes: journal_bytes(&sources.data_dir),
        accounts: hub.risk_counts(),
        is_ready: health::is_ready(&sources.desk),
        now: micros(),
        resident_bytes: resident_bytes(),
    };
    match render(hub.metrics(), reading) {
        Ok(text) => ([(header::CONTENT_TYPE, OPEN_METRICS)], text).into_response(),
        Err(_) => (
            StatusCode::INTERNAL_SERVER_ERROR,
            "the metrics cannot be written\n",
        )
            .into_response(),
    }
}

/// The database and its write-ahead log, in bytes. Asking for a size reads nothing from the disk.
fn journal_bytes(folder: &Path) -> u64 {
    crate::journal::FILES
        .iter()
        .filter_map(|file| folder.join(file).metadata().ok())
        .map(|known| known.len())
        .sum()
}

/// Memory of this process in RAM, where the system has it as a file.
fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}
