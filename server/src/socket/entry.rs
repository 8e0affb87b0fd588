//! What comes before a connection: finding out whose it is. Nothing is told to it, and nothing of it reaches the engine,
//! until that is known.

use super::Realtime;
use super::dialect::Dialect;
use super::pump::{Pump, say_goodbye};
use crate::clock;
use crate::metrics::Metrics;
use crate::users::{Identity, Refused};
use axum::extract::ws::{Message, Utf8Bytes, WebSocket};
use std::time::Duration;
use tickwire_protocol::command::{Command, Envelope};
use tickwire_protocol::error::{CloseReason, Refusal};
use tickwire_protocol::id::CommandId;
use tickwire_protocol::message::{Body, ErrorBody, Message as Said};
use tokio::time::timeout;
use tracing::debug;

/// How long a connection may take to show who it is of.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long the server tries to say why it closes.
const LAST_WORD: Duration = Duration::from_millis(500);

/// What it says to those who show nothing.
const HOW: &str = "a login is required: send an access token in the header Authorization: Bearer, as ?token= of the address, \
                   or in a first frame {\"action\":\"authenticate\",\"token\":…}; POST /api/auth/token gives one";

/// Carries a connection whose handshake showed `shown`, from its first moment to its end.
pub async fn carry(
    mut socket: WebSocket,
    realtime: Realtime,
    session: String,
    dialect: Option<Dialect>,
    shown: Result<Identity, Refused>,
) {
    let metrics = realtime.hub.metrics().clone();
    // Those who only knock count too: they take as much room.
    let Some(counted) = realtime.hub.admit(realtime.connections_max) else {
        return close(&mut socket, &metrics, CloseReason::TooManyConnections).await;
    };
    let entered = match shown {
        Ok(identity) => Ok((identity, None)),
        // Most older clients have no frame to say it with: they show a token in the header or the address.
        Err(Refused::Missing) if dialect.is_none_or(Dialect::has_login) => {
            first_word(&mut socket, &realtime, dialect).await
        }
        Err(refused) => Err((None, refused.into())),
    };
    let (identity, first) = match entered {
        Ok(entered) => entered,
        Err((id, refusal)) => {
            debug!(target: "tickwire::socket", session, code = %refusal.code, "not let in");
            let reason = CloseReason::LoginRequired;
            return refuse(&mut socket, &metrics, dialect, (id, refusal), reason).await;
        }
    };
    if let Err(refusal) = realtime.door.accounts.ensure(identity.account).await {
        let reason = CloseReason::ServerError;
        return refuse(&mut socket, &metrics, dialect, (None, refusal), reason).await;
    }
    let mut pump = Pump::new(socket, realtime, session, dialect, identity, counted);
    if let Some(first) = first {
        pump.hear(&first);
    }
    pump.run().await;
}

/// Why somebody is not let in, and the command that it answers.
type NotLetIn = (Option<CommandId>, Refusal);

/// Reads the frame that shows who is there. Gives it too: it is the connection's first command, and is answered as one.
async fn first_word(
    socket: &mut WebSocket,
    realtime: &Realtime,
    dialect: Option<Dialect>,
) -> Result<(Identity, Option<Utf8Bytes>), NotLetIn> {
    let missing = |id| (id, Refusal::new(Refusal::from(Refused::Missing).code, HOW));
    let mut drain = realtime.walls.drain().watch();
    let text = tokio::select! {
        text = timeout(PATIENCE, next_text(socket)) => text.ok().flatten(),
        _ = drain.wait_for(Option::is_some) => None,
    };
    let Some(text) = text else {
        return Err(missing(None));
    };
    let bytes_max = realtime.limits.frame_len_max();
    let translated = dialect
        .filter(|_| text.len() <= bytes_max)
        .and_then(|dialect| dialect.command(text.as_str()));
    let envelope = match translated {
        Some(command) => Envelope { id: None, command },
        None => Envelope::decode(text.as_str()).map_err(|bad| missing(bad.id))?,
    };
    let (Command::Authenticate(shown), Some(users)) = (envelope.command, realtime.door.access.users()) else {
        return Err(missing(envelope.id));
    };
    match users.verify(&shown.token, clock::now()) {
        Ok(identity) => Ok((identity, Some(text))),
        Err(refused) => Err((envelope.id, refused.into())),
    }
}

async fn next_text(socket: &mut WebSocket) -> Option<Utf8Bytes> {
    loop {
        match socket.recv().await? {
            Ok(Message::Text(text)) => return Some(text),
            Ok(Message::Ping(_) | Message::Pong(_)) => {}
            Ok(Message::Binary(_) | Message::Close(_)) | Err(_) => return None,
        }
    }
}

/// Says why, and closes. Older clients have no frame of ours to be told in: they learn it from the close code.
async fn refuse(
    socket: &mut WebSocket,
    metrics: &Metrics,
    dialect: Option<Dialect>,
    (id, refusal): NotLetIn,
    reason: CloseReason,
) {
    if dialect.is_some() {
        return close(socket, metrics, reason).await;
    }
    let body = Body::Error(ErrorBody::from(refusal));
    metrics.sent(body.kind());
    let text = Said::plain(id, clock::now(), body).encode();
    // Whoever does not take it in time learns as much from the close code.
    let _ = timeout(LAST_WORD, socket.send(Message::Text(text.into()))).await;
    close(socket, metrics, reason).await;
}

/// Ends what was never carried by a pump, which counts all others.
async fn close(socket: &mut WebSocket, metrics: &Metrics, reason: CloseReason) {
    metrics.opened();
    metrics.closed(reason.as_str());
    say_goodbye(socket, reason.code(), reason.as_str()).await;
}
