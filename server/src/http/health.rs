//! `/health`: whether the desk works, for people, load balancers and service managers.

use crate::clock;
use crate::hub::Hub;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::id::AccountId;
use tickwire_protocol::message::{Body, FeedStatus, JournalState, LinkState, Status};
use tickwire_protocol::session::server::Board;
use tickwire_protocol::topic::Topic;

/// A status that is older is none.
const STATUS_AGE_MAX_MS: u64 = 5_000;

/// How the desk is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Verdict {
    /// All parts work.
    Healthy,
    /// The feed has not spoken yet.
    Starting,
    /// A part does not work.
    Unhealthy,
}

#[derive(Debug, Serialize)]
struct Health {
    status: Verdict,
    active_connections: u32,
    timestamp: TimestampMs,
    version: &'static str,
    feed: Option<FeedStatus>,
    journal: JournalState,
}

/// The route.
pub fn router(hub: Hub) -> Router {
    Router::new().route("/health", get(health)).with_state(hub)
}

/// 200 where all parts work, otherwise 503 with the same body, which says which part does not.
async fn health(State(hub): State<Hub>) -> Response {
    // The status belongs to no account, so any will do to read it.
    let status = hub.with_board(AccountId(0), |board| {
        board
            .state(Topic::Status, None)
            .and_then(|frame| match &frame.message().body {
                Body::StatusUpdate(status) => Some((frame.message().head.timestamp, status.data.clone())),
                _ => None,
            })
    });
    let now = clock::now();
    let told_at = status.as_ref().map(|(told_at, _)| *told_at);
    let status = status.map(|(_, status)| status);
    let verdict = match told_at {
        // The status is told every second, so one that is old comes from an engine that is stuck.
        Some(told_at) if now.since(told_at) > STATUS_AGE_MAX_MS => Verdict::Unhealthy,
        _ => verdict(status.as_ref()),
    };
    let health = Health {
        status: verdict,
        active_connections: hub.connections(),
        timestamp: now,
        version: env!("CARGO_PKG_VERSION"),
        journal: status
            .as_ref()
            .map_or(JournalState::Live, |status| status.journal),
        feed: status.map(|status| status.feed),
    };
    let code = match verdict {
        Verdict::Healthy => StatusCode::OK,
        Verdict::Starting | Verdict::Unhealthy => StatusCode::SERVICE_UNAVAILABLE,
    };
    (code, Json(health)).into_response()
}

fn verdict(status: Option<&Status>) -> Verdict {
    match status.map(|status| (status.feed.state, status.journal)) {
        Some((LinkState::Live, JournalState::Live)) => Verdict::Healthy,
        None | Some((LinkState::Connecting, JournalState::Live)) => Verdict::Starting,
        Some(_) => Verdict::Unhealthy,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_part_down_is_unhealthy() {
        let status = |feed, journal| {
            let feed = FeedStatus {
                name: "replay".to_owned(),
                state: feed,
                last_tick_at: None,
                latency_ms: None,
            };
            verdict(Some(&Status {
                feed,
                journal,
                active_connections: 0,
            }))
        };
        assert_eq!(status(LinkState::Live, JournalState::Live), Verdict::Healthy);
        assert_eq!(
            status(LinkState::Connecting, JournalState::Live),
            Verdict::Starting
        );
        assert_eq!(verdict(None), Verdict::Starting);
        for down in [LinkState::Stalled, LinkState::Reconnecting, LinkState::Down] {
            assert_eq!(status(down, JournalState::Live), Verdict::Unhealthy);
        }
        for down in [JournalState::Short, JournalState::Full, JournalState::Down] {
            assert_eq!(status(LinkState::Live, down), Verdict::Unhealthy);
        }
    }
}
