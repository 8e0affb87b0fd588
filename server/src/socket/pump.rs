//! Moves bytes between one WebSocket and its session machine. It holds no rules: what to send, when, and what to make
//! of what arrives is the machine's; how long to wait for the socket is here.

use super::Realtime;
use super::dialect::{Dialect, Translator};
use super::meter::Meter;
use crate::clock;
use crate::drain::Plan;
use crate::hub::ConnectionGuard;
use crate::users::Identity;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket};
use futures::future::BoxFuture;
use futures::{FutureExt as _, SinkExt as _};
use std::sync::Arc;
use std::time::Duration;
use tickwire_engine::input::Action;
use tickwire_protocol::PROTOCOL_VERSION;
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::command::Instruction;
use tickwire_protocol::error::{CloseReason, ErrorCode, Refusal};
use tickwire_protocol::frame::Frame;
use tickwire_protocol::id::AccountId;
use tickwire_protocol::message::{ConnectionEstablished, Outcome};
use tickwire_protocol::session::server::{EngineAnswer, Fetch, Incoming, NotKept, Outgoing, Server};
use tokio::sync::{oneshot, watch};
use tokio::time::{Instant, sleep_until, timeout, timeout_at};
use tokio_tungstenite::tungstenite::{self, error::ProtocolError};
use tracing::{debug, info};

/// How long a closed connection is kept for the other side to read why.
const CLOSE_GRACE: Duration = Duration::from_millis(500);

/// How long a shutdown waits for the answer to an order that is being decided.
const LAST_ANSWER: Duration = Duration::from_millis(1_500);

/// One connection.
pub struct Pump {
    socket: WebSocket,
    realtime: Realtime,
    session: String,
    identity: Identity,
    machine: Server,
    /// Where the client is an older one.
    translator: Option<Translator>,
    meter: Meter,
    _counted: ConnectionGuard,
}

/// What came of asking for old messages.
type Fetched = Result<Vec<Arc<Frame>>, NotKept>;

/// What was asked of others and is under way.
#[derive(Default)]
struct Asked {
    answer: Option<oneshot::Receiver<EngineAnswer>>,
    older: Option<BoxFuture<'static, Fetched>>,
}

/// Why a pump ends.
enum End {
    /// The link broke.
    Gone,
    /// The client closed; its goodbye is to be answered.
    ClosedByClient,
    /// The server closes, for a reason of the protocol's own.
    Closed(CloseReason),
    /// The server closes, because the client broke the rules of WebSockets (RFC 6455, section 7.4.1).
    Broken {
        /// The close code.
        code: u16,
        /// What was wrong, for the client's developer.
        reason: &'static str,
    },
}

/// What woke a pump.
enum Woken {
    Frame(Option<Result<Message, axum::Error>>),
    Answer(EngineAnswer),
    Older(Fetched),
    News,
    Shutdown,
}

impl Pump {
    /// A pump for a socket that has just been accepted, and acts for somebody who was let in.
    pub fn new(
        socket: WebSocket,
        realtime: Realtime,
        session: String,
        dialect: Option<Dialect>,
        identity: Identity,
        counted: ConnectionGuard,
    ) -> Pump {
        let now = clock::now();
        let greeting = ConnectionEstablished {
            protocol: PROTOCOL_VERSION,
            server: env!("CARGO_PKG_VERSION").to_owned(),
            session: session.clone(),
            epoch: realtime.epoch,
            server_time: now,
            account: identity.account,
            account_kind: realtime.account_kind.clone(),
            market: realtime.market.clone(),
            limits: realtime.limits.clone(),
            user: identity.signed_in(),
            message: "Connected".to_owned(),
        };
        let translator = dialect.map(|dialect| {
            let instruments = realtime
                .hub
                .with_board(identity.account, |board| board.instruments());
            Translator::new(dialect, session.clone(), &instruments)
        });
        let mut machine = Server::new(greeting, now);
        if let Some(users) = realtime.door.access.users() {
            machine = machine.with_login(users.grant(&identity), users.authority(&identity));
        }
        Pump {
            socket,
            machine,
            translator,
            meter: Meter::new(realtime.hub.metrics().clone()),
            realtime,
            session,
            identity,
            _counted: counted,
        }
    }

    /// Carries the connection until it ends.
    pub async fn run(mut self) {
        let Some(_seat) = self.realtime.walls.seat(self.identity.account) else {
            let reason = CloseReason::TooManyConnections;
            self.meter.closed(reason.as_str());
            return say_goodbye(&mut self.socket, reason.code(), reason.as_str()).await;
        };
        info!(target: "tickwire::socket", session = %self.session, "connected");
        match self.carry().await {
            End::Gone => {
                info!(target: "tickwire::socket", session = %self.session, "disconnected");
                self.meter.closed("gone");
            }
            End::ClosedByClient => {
                self.meter.closed("closed_by_client");
                info!(target: "tickwire::socket", session = %self.session, "disconnected");
                linger(&mut self.socket).await;
            }
            End::Closed(reason) => {
                info!(target: "tickwire::socket", session = %self.session, reason = reason.as_str(), "closed");
                self.meter.closed(reason.as_str());
                say_goodbye(&mut self.socket, reason.code(), reason.as_str()).await;
            }
            End::Broken { code, reason } => {
                info!(target: "tickwire::socket", session = %self.session, code, reason, "closed");
                self.meter.closed(reason);
                say_goodbye(&mut self.socket, code, reason).await;
            }
        }
    }

    /// Takes in a frame that was read before.
    pub fn hear(&mut self, text: &str) {
        self.hand_in(clock::now(), text);
    }

    async fn carry(&mut self) -> End {
        let mut news = self.realtime.hub.news();
        let mut events = self.realtime.hub.events();
        let mut drain = self.realtime.walls.drain().watch();
        let mut asked = Asked::default();
        let mut out = Vec::new();
        for command in self
            .translator
            .as_mut()
            .map(Translator::opening)
            .unwrap_or_default()
        {
            self.handle(clock::now(), Incoming::Text(&command));
        }
        loop {
            news.mark_unchanged();
            events.mark_unchanged();
            let now = clock::now();
            let machine = &mut self.machine;
            let due = self
                .realtime
                .hub
                .with_board(self.identity.account, |board| machine.poll(now, board, &mut out));
            let tally = self.machine.take_tally();
            self.meter.polled(tally);
            // The board's lock is free again: whatever has to be encoded is encoded here.
            let turn = Turn {
                deadline: Instant::now() + self.write_stall(),
                written: false,
            };
            if let Err(end) = self.write(turn, out.drain(..), &mut asked).await {
                return end;
            }
            self.meter.written(asked.answer.is_some());
            let woken = self
                .wait(due, &mut news, &mut events, &mut drain, &mut asked)
                .await;
            let now = clock::now();
            match woken {
                Woken::News => {}
                Woken::Shutdown => {
                    // What was asked before is answered before the goodbye.
                    if let Some(asked) = asked.answer.take()
                        && let Ok(Ok(made)) = timeout(LAST_ANSWER, asked).await
                    {
                        self.handle(clock::now(), Incoming::Answered(made));
                    }
                    let plan = *drain.borrow();
                    let window = plan.map(|plan| plan.reconnect_ms(Instant::now()));
                    self.machine.go_away_within(now, window.unwrap_or_default());
                }
                Woken::Answer(made) => {
                    asked.answer = None;
                    self.handle(now, Incoming::Answered(made));
                }
                Woken::Older(fetched) => {
                    asked.older = None;
                    self.handle(now, Incoming::Fetched(fetched));
                }
                Woken::Frame(frame) => {
                    if let Some(end) = self.take_in(now, frame) {
                        return end;
                    }
                }
            }
        }
    }

    /// Waits for whatever comes first. Between two turns of state only events, frames and answers wake it.
    async fn wait(
        &mut self,
        due: TimestampMs,
        news: &mut watch::Receiver<u64>,
        events: &mut watch::Receiver<u64>,
        drain: &mut watch::Receiver<Option<Plan>>,
        Asked { answer, older }: &mut Asked,
    ) -> Woken {
        let now = clock::now();
        let pause = Duration::from_millis(due.since(now));
        let rests = self.machine.rests_at(now);
        let wants_input = self.machine.wants_input();
        let asked_at = Instant::now();
        let leaves_at = drain.borrow_and_update().map(|plan| plan.moment(&self.session));
        if leaves_at.is_some_and(|leaves_at| leaves_at <= asked_at) {
            return Woken::Shutdown;
        }
        let back_at = leaves_at.map_or(asked_at + pause, |leaves_at| leaves_at.min(asked_at + pause));
        tokio::select! {
            // In this order: what has arrived is read before silence is looked at.
            biased;
            made = async { answer.as_mut().expect("guarded by the branch's condition").await }, if answer.is_some() => {
                // A dropped reply means that the engine went away with the command: nobody can tell its outcome.
                Woken::Answer(made.unwrap_or_else(|_| Err((
                    Refusal::new(ErrorCode::Unavailable, "the server is stopping; ask for the order by its client_order_id"),
                    Outcome::Unknown,
                ))))
            }
            _ = drain.changed() => Woken::News,
            fetched = async { older.as_mut().expect("guarded by the branch's condition").await }, if older.is_some() => {
                Woken::Older(fetched)
            }
            frame = self.socket.recv(), if wants_input => Woken::Frame(frame),
            _ = events.changed() => Woken::News,
            _ = news.changed(), if !rests => Woken::News,
            () = sleep_until(back_at) => Woken::News,
        }
    }

    fn take_in(&mut self, now: TimestampMs, frame: Option<Result<Message, axum::Error>>) -> Option<End> {
        match frame {
            None => return Some(End::Gone),
            Some(Ok(Message::Close(_))) => return Some(End::ClosedByClient),
            Some(Err(error)) => {
                debug!(target: "tickwire::socket", session = %self.session, %error, "unreadable");
                return Some(unreadable(error));
            }
            Some(Ok(Message::Text(text))) => self.take_in_text(now, text.as_str()),
            Some(Ok(Message::Binary(_))) => {
                self.handle(now, Incoming::Binary);
                self.meter.taken_in(self.machine.take_tally());
            }
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => self.handle(now, Incoming::Alive),
        }
        None
    }

    fn take_in_text(&mut self, now: TimestampMs, text: &str) {
        self.meter.read();
        // What the connection's own rate refuses is not taken from what its user's other connections may ask.
        let excess = if self.machine.has_room(now) {
            self.realtime.walls.command(self.identity.account).err()
        } else {
            None
        };
        match excess {
            Some(retry_after_ms) => {
                let who = "your connections together";
                self.machine.refuse_excess(now, text, retry_after_ms, who);
            }
            None => self.hand_in(now, text),
        }
        self.meter.taken_in(self.machine.take_tally());
    }

    /// Hands a frame to the machine, in the desk's own words where it is of an older kind.
    fn hand_in(&mut self, now: TimestampMs, text: &str) {
        let Some(translator) = &mut self.translator else {
            return self.handle(now, Incoming::Text(text));
        };
        let bytes_max = self.realtime.limits.frame_len_max();
        let command = translator.incoming(text, bytes_max);
        self.handle(now, Incoming::Text(&command));
    }

    fn handle(&mut self, now: TimestampMs, incoming: Incoming<'_>) {
        let machine = &mut self.machine;
        self.realtime.hub.with_board(self.identity.account, |board| {
            machine.handle(now, incoming, board)
        });
    }

    fn write_stall(&self) -> Duration {
        Duration::from_millis(self.realtime.limits.write_stall_ms)
    }

    /// Writes all that is due, in one go: a write costs far more than the bytes in it. What is asked of others on the way
    /// is put into `asked`.
    async fn write(
        &mut self,
        mut turn: Turn,
        due: impl Iterator<Item = Outgoing>,
        asked: &mut Asked,
    ) -> Result<(), End> {
        for outgoing in due {
            if let Some(translator) = &mut self.translator {
                for text in translator.outgoing(&outgoing) {
                    self.meter.writes(&outgoing, text.as_bytes());
                    turn.feed(&mut self.socket, Message::Text(text.into())).await?;
                }
            } else if let Some(text) = outgoing.text() {
                self.meter.writes(&outgoing, &text);
                // Frames are made by this server from JSON text, so they are UTF-8.
                let Ok(text) = Utf8Bytes::try_from(text) else {
                    continue;
                };
                turn.feed(&mut self.socket, Message::Text(text)).await?;
                continue;
            }
            match outgoing {
                Outgoing::Ping => {
                    turn.feed(&mut self.socket, Message::Ping(axum::body::Bytes::new()))
                        .await?
                }
                Outgoing::Close(reason) => return Err(End::Closed(reason)),
                Outgoing::Engine(command) => {
                    // The queue may be full, and what was said before must not wait for it.
                    turn.flush(&mut self.socket).await?;
                    asked.answer = Some(hand_over(&self.realtime, self.identity.account, *command).await);
                }
                Outgoing::Fetch(fetch) => asked.older = Some(self.fetch(fetch)),
                Outgoing::Text(_) | Outgoing::Frame(_) | Outgoing::Changes { .. } | Outgoing::Answer(..) => {}
            }
        }
        turn.flush(&mut self.socket).await
    }

    /// Reads old messages, beside all else that this connection does.
    fn fetch(&self, fetch: Fetch) -> BoxFuture<'static, Fetched> {
        let (hub, account) = (self.realtime.hub.clone(), self.identity.account);
        async move { hub.older(account, fetch).await }.boxed()
    }
}

/// Sends the close frame, and waits a moment so that it is read before the connection is gone.
pub(super) async fn say_goodbye(socket: &mut WebSocket, code: u16, reason: &'static str) {
    let frame = CloseFrame {
        code,
        reason: Utf8Bytes::from_static(reason),
    };
    // A client that does not take the close in time is left.
    if let Ok(Ok(())) = timeout(CLOSE_GRACE, socket.send(Message::Close(Some(frame)))).await {
        linger(socket).await;
    }
}

/// Reads on for a moment: that writes what the library still has to say, and lets the client close first.
async fn linger(socket: &mut WebSocket) {
    let _ = timeout(CLOSE_GRACE, async {
        let _ = socket.flush().await;
        while let Some(Ok(_)) = socket.recv().await {}
    })
    .await;
}

/// The writing of one turn, which has to be done by a deadline however slowly the client takes it in.
struct Turn {
    deadline: Instant,
    written: bool,
}

impl Turn {
    async fn feed(&mut self, socket: &mut WebSocket, message: Message) -> Result<(), End> {
        self.written = true;
        self.in_time(socket.feed(message)).await
    }

    async fn flush(&mut self, socket: &mut WebSocket) -> Result<(), End> {
        if !std::mem::take(&mut self.written) {
            return Ok(());
        }
        self.in_time(socket.flush()).await
    }

    async fn in_time(&self, write: impl Future<Output = Result<(), axum::Error>>) -> Result<(), End> {
        match timeout_at(self.deadline, write).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(End::Gone),
            Err(_) => Err(End::Closed(CloseReason::WriteStalled)),
        }
    }
}

/// What a read error says of the client.
fn unreadable(error: axum::Error) -> End {
    match error.into_inner().downcast_ref::<tungstenite::Error>() {
        Some(tungstenite::Error::Capacity(_)) => End::Closed(CloseReason::TooBig),
        Some(tungstenite::Error::Utf8(_)) => End::Broken {
            code: 1007,
            reason: "text_is_not_utf8",
        },
        Some(tungstenite::Error::Protocol(ProtocolError::ResetWithoutClosingHandshake)) => End::Gone,
        Some(tungstenite::Error::Protocol(_)) => End::Broken {
            code: 1002,
            reason: "protocol_error",
        },
        _ => End::Gone,
    }
}

async fn hand_over(
    realtime: &Realtime,
    account: AccountId,
    instruction: Instruction,
) -> oneshot::Receiver<EngineAnswer> {
    let action = Action::Instruct(instruction);
    match realtime.commands.send(account, action).await {
        Ok(answer) => answer,
        Err(_) => {
            let refusal = Refusal::new(ErrorCode::Unavailable, "the server is stopping; nothing was done");
            answered(Err((refusal, Outcome::NotExecuted)))
        }
    }
}

fn answered(answer: EngineAnswer) -> oneshot::Receiver<EngineAnswer> {
    let (reply, receiver) = oneshot::channel();
    let _ = reply.send(answer);
    receiver
}
