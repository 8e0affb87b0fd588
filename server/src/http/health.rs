//! `/health`: whether the desk works, for people. `/health/live` and `/health/ready` are the same for service managers
//! (restart it?) and load balancers (send clients there?).

use crate::clock;
use crate::drain::Drain;
use crate::hub::Hub;
use crate::journal::JournalWatch;
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
    /// Everything works but for what `reason` says, and that needs a person.
    Degraded,
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
    /// What is wrong with the journal, and what to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// Damaged entries that were cut off the journal's end at this start.
    journal_cut: u64,
}

/// What the health of the desk is read from.
#[derive(Clone, Debug)]
pub struct Desk {
    /// The latest values.
    pub hub: Hub,
    /// How the journal is.
    pub journal: JournalWatch,
    /// Whether the desk is shutting down.
    pub drain: Drain,
}

/// The routes.
pub fn router(desk: Desk) -> Router {
    Router::new()
        .route("/health", get(health))
        .route("/health/live", get(live))
        .route("/health/ready", get(ready))
        .with_state(desk)
}

/// What a probe is told.
#[derive(Debug, Serialize)]
struct Probe {
    status: &'static str,
}

/// 200 while the process decides; 503 where it is stuck, and only a restart helps. A feed that is down, or a full disk, is
/// no reason for one.
async fn live(State(desk): State<Desk>) -> Response {
    let (told_at, _) = told(&desk);
    let is_stuck = told_at.is_some_and(|told_at| clock::now().since(told_at) > STATUS_AGE_MAX_MS);
    if is_stuck {
        (StatusCode::SERVICE_UNAVAILABLE, Json(Probe { status: "stuck" })).into_response()
    } else {
        Json(Probe { status: "live" }).into_response()
    }
}

/// 200 where clients are served and orders taken; 503 while the desk starts, leaves, or has a part down.
async fn ready(State(desk): State<Desk>) -> Response {
    if is_ready(&desk) {
        return Json(Probe { status: "ready" }).into_response();
    }
    let status = if desk.drain.plan().is_some() {
        "draining"
    } else {
        "not_ready"
    };
    (StatusCode::SERVICE_UNAVAILABLE, Json(Probe { status })).into_response()
}

/// Whether clients may be sent here.
pub fn is_ready(desk: &Desk) -> bool {
    let (told_at, status) = told(desk);
    let verdict = judged(told_at, status.as_ref(), &desk.journal);
    desk.drain.plan().is_none() && code(verdict, desk.journal.state()) == StatusCode::OK
}

/// The status last told, and when. It belongs to no account, so any will do to read it.
fn told(desk: &Desk) -> (Option<TimestampMs>, Option<Status>) {
    let told = desk.hub.with_board(AccountId(0), |board| {
        board
            .state(Topic::Status, None)
            .and_then(|frame| match &frame.message().body {
                Body::StatusUpdate(status) => Some((frame.message().head.timestamp, status.data.clone())),
                _ => None,
            })
    });
    told.unzip()
}

fn judged(told_at: Option<TimestampMs>, status: Option<&Status>, journal: &JournalWatch) -> Verdict {
    match told_at {
        // The status is told every second, so one that is old comes from an engine that is stuck.
        Some(told_at) if clock::now().since(told_at) > STATUS_AGE_MAX_MS => Verdict::Unhealthy,
        _ => verdict(status, journal.state(), journal.cut()),
    }
}

fn code(verdict: Verdict, journal: JournalState) -> StatusCode {
    match (verdict, journal) {
        (Verdict::Degraded, JournalState::Full) | (Verdict::Starting | Verdict::Unhealthy, _) => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        (Verdict::Healthy | Verdict::Degraded, _) => StatusCode::OK,
    }
}

/// 200 where orders are taken, also when it is only those that close positions; otherwise 503. The body says which
/// part does not work, and `reason` what to do about the journal.
async fn health(State(desk): State<Desk>) -> Response {
    let (told_at, status) = told(&desk);
    let watch = &desk.journal;
    let verdict = judged(told_at, status.as_ref(), watch);
    let health = Health {
        status: verdict,
        active_connections: desk.hub.connections(),
        timestamp: clock::now(),
        version: env!("CARGO_PKG_VERSION"),
        journal: watch.state(),
        reason: reason(watch.state(), watch.cut()),
        journal_cut: watch.cut(),
        feed: status.map(|status| status.feed),
    };
    (code(verdict, watch.state()), Json(health)).into_response()
}

fn verdict(status: Option<&Status>, journal: JournalState, cut: u64) -> Verdict {
    match (status.map(|status| status.feed.state), journal) {
        (_, JournalState::Down) => Verdict::Unhealthy,
        (None | Some(LinkState::Connecting), _) => Verdict::Starting,
        (Some(LinkState::Live), JournalState::Short | JournalState::Full) => Verdict::Degraded,
        (Some(LinkState::Live), JournalState::Live) if cut > 0 => Verdict::Degraded,
        (Some(LinkState::Live), JournalState::Live) => Verdict::Healthy,
        (Some(_), _) => Verdict::Unhealthy,
    }
}

fn reason(journal: JournalState, cut: u64) -> Option<String> {
    let told = match journal {
        JournalState::Short => {
            "the disk or --journal-max-mb is nearly full: trading is paused, positions can be closed; make room, then resume"
        }
        JournalState::Full => {
            "the disk or --journal-max-mb is full: no order is taken; make room, and what waits is done"
        }
        JournalState::Down => {
            "the journal cannot be written: no order is taken; see to the disk and restart the desk"
        }
        JournalState::Live if cut > 0 => {
            return Some(format!(
                "{cut} damaged entries were cut off the journal's end at this start; see damaged-*.jsonl beside it"
            ));
        }
        JournalState::Live => return None,
    };
    Some(told.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_part_down_is_not_healthy() {
        let status = |feed, journal| {
            let feed = FeedStatus {
                name: "replay".to_owned(),
                state: feed,
                last_tick_at: None,
                latency_ms: None,
            };
            let status = Status {
                feed,
                journal,
                active_connections: 0,
            };
            verdict(Some(&status), journal, 0)
        };
        assert_eq!(status(LinkState::Live, JournalState::Live), Verdict::Healthy);
        assert_eq!(
            status(LinkState::Connecting, JournalState::Live),
            Verdict::Starting
        );
        assert_eq!(verdict(None, JournalState::Live, 0), Verdict::Starting);
        for down in [LinkState::Stalled, LinkState::Reconnecting, LinkState::Down] {
            for journal in [JournalState::Live, JournalState::Short, JournalState::Full] {
                assert_eq!(status(down, journal), Verdict::Unhealthy);
            }
        }
        for short in [JournalState::Short, JournalState::Full] {
            assert_eq!(status(LinkState::Live, short), Verdict::Degraded);
            assert!(reason(short, 0).is_some());
        }
        assert_eq!(status(LinkState::Live, JournalState::Down), Verdict::Unhealthy);
        assert_eq!(reason(JournalState::Live, 0), None);
        assert!(reason(JournalState::Live, 3).unwrap().contains('3'));
    }
}
