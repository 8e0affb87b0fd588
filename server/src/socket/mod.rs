//! `/api/ws/realtime`: one WebSocket a client, carried by [`pump`]. It sees the hub and the queue of commands, nothing
//! else; what is said is decided by `tickwire_protocol::session::server`, and by [`dialect`] put into the words of older
//! clients where they come by their paths.

pub mod dialect;
mod entry;
mod meter;
mod pump;

use crate::hub::Hub;
use crate::queue::CommandSender;
use crate::users::door::Door;
use crate::walls::{Client, Walls};
use axum::Extension;
use axum::Router;
use axum::extract::{RawQuery, State, WebSocketUpgrade};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, any};
use dialect::Dialect;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tickwire_protocol::id::Epoch;
use tickwire_protocol::limits::Limits;
use tickwire_protocol::{REALTIME_PATH, SUBPROTOCOL_JSON};

/// Read buffer of a connection. The library's default of 128 KiB is cleared at every read and kept for life.
const READ_BUFFER_BYTES: usize = 4 * 1024;

/// Written bytes gathered before the socket is asked to take them.
const WRITE_BUFFER_BYTES: usize = 8 * 1024;

/// Bytes that may wait for a slow socket; the library's default is no bound.
const WRITE_BUFFER_BYTES_MAX: usize = 512 * 1024;

/// Messages above the protocol's limit but below this are refused by an ERROR and the connection lives; above it is
/// closed before the message is read.
const MESSAGE_BYTES_MAX: usize = 256 * 1024;

/// What every connection needs.
#[derive(Clone, Debug)]
pub struct Realtime {
    /// What connections read.
    pub hub: Hub,
    /// Where their commands go.
    pub commands: CommandSender,
    /// Bounds and timers of each connection.
    pub limits: Limits,
    /// Connections at once.
    pub connections_max: u32,
    /// Who may connect, and for which account.
    pub door: Door,
    /// `paper`, or the venue of a real account.
    pub account_kind: String,
    /// Where the market data come from.
    pub market: String,
    /// The epoch of the journal's history, told in the greeting.
    pub epoch: Epoch,
    /// Which life of the server this is; part of the names of its connections.
    pub boot: Epoch,
    /// What strangers and users are measured by, and how the server is left.
    pub walls: Walls,
    /// Numbers the connections.
    pub connection_ids: Arc<AtomicU64>,
}

/// The routes of the socket: the desk's own, and those of the servers that it took over from.
pub fn router(realtime: Realtime) -> Router {
    let mut router = Router::new().route(REALTIME_PATH, endpoint(None));
    for (path, dialect) in dialect::PATHS {
        router = router.route(path, endpoint(Some(dialect)));
    }
    router.with_state(realtime)
}

/// The endpoint of a path that speaks this dialect unless its query asks for another.
fn endpoint(of_path: Option<Dialect>) -> MethodRouter<Realtime> {
    any(
        move |State(realtime): State<Realtime>,
              Extension(client): Extension<Client>,
              headers: HeaderMap,
              RawQuery(query): RawQuery,
              upgrade: WebSocketUpgrade| async move {
            // The query may hold a secret, so nothing of it is repeated.
            match Dialect::chosen(of_path, query.as_deref()) {
                Ok(dialect) => accept(realtime, &client, &headers, query.as_deref(), upgrade, dialect),
                Err(unknown) => (StatusCode::BAD_REQUEST, format!("{unknown}\n")).into_response(),
            }
        },
    )
}

fn accept(
    mut realtime: Realtime,
    client: &Client,
    headers: &HeaderMap,
    query: Option<&str>,
    upgrade: WebSocketUpgrade,
    dialect: Option<Dialect>,
) -> Response {
    if !realtime.door.is_same_origin(headers, client.is_secure) {
        // Without this any page in the browser of somebody whose desk runs on this machine could place orders.
        return (
            StatusCode::FORBIDDEN,
            "cross-origin WebSockets are refused; open the desk at its own address\n",
        )
            .into_response();
    }
    if !speaks_our_protocol(headers) {
        let message =
            format!("this endpoint speaks {SUBPROTOCOL_JSON}; offer it, or no subprotocol at all\n");
        return (StatusCode::BAD_REQUEST, message).into_response();
    }
    // Browsers cannot see the status of a refused handshake, so whoever is not let in hears it as a close code.
    let shown = realtime.door.access.authenticate(headers, query);
    let connections = realtime.hub.connections().saturating_add(1);
    realtime.limits = realtime.walls.tell(&realtime.limits, client.address, connections);
    let number = realtime.connection_ids.fetch_add(1, Ordering::Relaxed) + 1;
    let session = format!("c-{}-{number}", realtime.boot.0);
    upgrade
        .protocols([SUBPROTOCOL_JSON])
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(WRITE_BUFFER_BYTES)
        .max_write_buffer_size(WRITE_BUFFER_BYTES_MAX)
        .max_message_size(MESSAGE_BYTES_MAX)
        .max_frame_size(MESSAGE_BYTES_MAX)
        .on_upgrade(move |socket| entry::carry(socket, realtime, session, dialect, shown))
}

/// Whether the client offers no subprotocol, or ours among others.
fn speaks_our_protocol(headers: &HeaderMap) -> bool {
    let mut offers = headers
        .get_all(header::SEC_WEBSOCKET_PROTOCOL)
        .iter()
        .filter_map(|offer| offer.to_str().ok())
        .flat_map(|offer| offer.split(','))
        .map(str::trim)
        .filter(|offer| !offer.is_empty())
        .peekable();
    offers.peek().is_none() || offers.any(|offer| offer == SUBPROTOCOL_JSON)
}
