//! One connection as the server sees it.
//!
//! The pump feeds it what arrives ([`Incoming`]), asks it with [`Server::poll`] for what is due, and looks up nothing
//! itself: what there is to send comes from a [`Board`]. A slow client costs a cursor per topic and no queue: state
//! topics are read from their latest value when there is room, lossless ones from the shared log by cursor. The only
//! queue, that of answers, is bounded because no further command is read while it is long ([`Server::wants_input`]).

mod login;
mod lossless;
mod ports;
mod questions;
mod state;
mod subscribe;
mod tally;

pub use login::{Authority, Grant};
pub use lossless::Fetch;
pub use ports::{Board, EngineAnswer, Incoming, NotKept, Outgoing};
pub use tally::Tally;

use super::rate::RateLimit;
use crate::clock::TimestampMs;
use crate::command::{Command, Envelope, Subscribe};
use crate::error::{CloseReason, ErrorCode, Refusal};
use crate::frame::Frame;
use crate::id::{ClientOrderId, CommandId, Seq, Symbol};
use crate::limits::Limits;
use crate::message::{Ack, Body, ConnectionEstablished, ErrorBody, Heartbeat, Message, Outcome, Pong};
use crate::topic::Topic;
use bytes::Bytes;
use lossless::Older;
use state::{Subscription, Turn};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// Messages of one lossless topic sent in one turn, so that none starves the others.
const LOSSLESS_TURN: usize = 32;

/// State topics sent in one turn, so that a slow link is read from and written to in between.
const STATE_TURN: usize = 16;

/// Pings and pongs of the WebSocket per second where the greeting says nothing else: above this they are a flood.
pub const PINGS_PER_SECOND: u32 = 50;

/// The same at once after a pause.
pub const PING_BURST: u32 = 200;

/// Answers waiting to be sent above which no further command is read.
const ANSWERS_MAX: usize = 64;

/// One connection.
#[derive(Debug)]
pub struct Server {
    limits: Limits,
    rate: RateLimit,
    /// Pings and pongs of the WebSocket itself, which nobody needs many of.
    alive: RateLimit,
    violations: u32,
    topics: BTreeMap<Topic, Subscription>,
    answers: VecDeque<Outgoing>,
    /// The command that the engine is at, and whose answer comes next.
    awaiting: Option<(Option<CommandId>, &'static str, Option<ClientOrderId>)>,
    last_heard: TimestampMs,
    next_state: TimestampMs,
    turn: Turn,
    /// Older messages of a lossless topic that are being fetched and sent.
    older: Option<Older>,
    next_heartbeat: TimestampMs,
    closing: bool,
    tally: Tally,
    /// Absent where nobody has to log in.
    login: Option<login::Login>,
}

impl Server {
    /// A connection that has just been accepted: the greeting is due, and positions, portfolio and balance flow unasked.
    pub fn new(greeting: ConnectionEstablished, now: TimestampMs) -> Server {
        let limits = greeting.limits.clone();
        let mut server = Server {
            rate: RateLimit::new(limits.commands_per_second, limits.command_burst, now),
            alive: RateLimit::new(
                limits.pings_per_second.unwrap_or(PINGS_PER_SECOND),
                limits.ping_burst.unwrap_or(PING_BURST),
                now,
            ),
            violations: 0,
            topics: BTreeMap::new(),
            answers: VecDeque::new(),
            awaiting: None,
            last_heard: now,
            next_state: now,
            turn: Turn::default(),
            older: None,
            next_heartbeat: now + to_i64(limits.heartbeat_ms),
            closing: false,
            tally: Tally::default(),
            login: None,
            limits,
        };
        server.answer(Message::plain(None, now, Body::ConnectionEstablished(greeting)));
        for topic in Topic::UNASKED {
            server.topics.insert(topic, Subscription::default());
        }
        server
    }

    /// Whether another frame may be read: not while the engine is at a command, so that commands are carried out in
    /// their order, and not while many answers wait.
    pub fn wants_input(&self) -> bool {
        !self.closing && self.awaiting.is_none() && self.answers.len() < ANSWERS_MAX
    }

    /// Whether state topics rest until the next turn, so that news of them need not wake the pump: it comes back by
    /// itself when [`Server::poll`] said.
    pub fn rests_at(&self, now: TimestampMs) -> bool {
        now < self.next_state
    }

    /// Takes in what arrived.
    pub fn handle(&mut self, now: TimestampMs, incoming: Incoming<'_>, board: &dyn Board) {
        if self.closing {
            return;
        }
        if let Incoming::Fetched(fetched) = incoming {
            return self.fetched(now, fetched, board);
        }
        self.last_heard = self.last_heard.max(now);
        match incoming {
            Incoming::Fetched(_) => {}
            Incoming::Alive => {
                if self.alive.take(now).is_err() {
                    self.close(CloseReason::RateLimited);
                }
            }
            Incoming::Answered(answer) => self.answered(now, answer),
            Incoming::Binary => {
                if self.within_rate(now, None) {
                    let message = "binary frames are not part of tickwire.v1.json; send JSON as text";
                    self.refuse(now, None, Refusal::new(ErrorCode::BadFrame, message));
                }
            }
            Incoming::Text(text) => {
                if self.within_rate(now, Some(text)) {
                    if text.len() > self.limits.frame_len_max() {
                        let message = format!(
                            "a frame may have {} bytes; this one was not read",
                            self.limits.frame_bytes_max
                        );
                        self.refuse(now, None, Refusal::new(ErrorCode::TooLarge, message));
                        return;
                    }
                    match Envelope::decode(text) {
                        Ok(Envelope { id, command }) => self.command(now, id, command, board),
                        Err(bad) => {
                            let body = ErrorBody {
                                outcome: bad.instructs.then_some(Outcome::NotExecuted),
                                ..ErrorBody::from(bad.refusal)
                            };
                            self.answer(Message::plain(bad.id, now, Body::Error(body)));
                        }
                    }
                }
            }
        }
    }

    /// The server shuts down: say so, then close.
    pub fn go_away(&mut self, now: TimestampMs) {
        self.go_away_within(now, (0, self.limits.reconnect_window_ms));
    }

    /// Says why and closes.
    pub fn close(&mut self, reason: CloseReason) {
        if !self.closing {
            self.closing = true;
            self.answers.push_back(Outgoing::Close(reason));
        }
    }

    /// Puts everything that is due into `out`, most urgent first, and returns when to ask again at the latest. It must
    /// also be asked again whenever the board has news.
    pub fn poll(&mut self, now: TimestampMs, board: &dyn Board, out: &mut Vec<Outgoing>) -> TimestampMs {
        // While the engine is at a command nothing is read, so silence proves nothing.
        let reads = self.awaiting.is_none();
        if !self.closing && reads && now.since(self.last_heard) >= self.limits.server_dead_ms {
            self.close(CloseReason::HeartbeatTimeout);
        }
        let login_due = self.poll_login(now);
        out.extend(self.answers.drain(..));
        if self.closing {
            return now + to_i64(self.limits.heartbeat_ms);
        }
        let mut more = self.poll_lossless(now, board, out);
        if now >= self.next_state {
            more |= self.poll_state(now, board, out);
        }
        // What was lost is told before a heartbeat names the place after it.
        out.extend(self.answers.drain(..));
        if now >= self.next_heartbeat {
            self.next_heartbeat = now + to_i64(self.limits.heartbeat_ms);
            // What was sent, not what there is: a reader with a backlog has lost nothing.
            let sent = |(topic, sent): (Topic, Option<Seq>)| {
                (topic, (board.head(topic).0, sent.unwrap_or_default()))
            };
            let heads = self.lossless().map(sent).collect();
            let beat = Message::plain(None, now, Body::Heartbeat(Heartbeat { heads }));
            out.push(Outgoing::Text(Bytes::from(beat.encode())));
            // Clients that only listen show life by the pong that every WebSocket library sends.
            out.push(Outgoing::Ping);
        }
        if more {
            return now;
        }
        let mut due = self.next_heartbeat.min(login_due.unwrap_or(self.next_heartbeat));
        if reads {
            due = due.min(self.last_heard + to_i64(self.limits.server_dead_ms));
        }
        // Between two turns of state nothing wakes the pump for what came meanwhile, so it must come back by itself.
        if self.next_state > now {
            due.min(self.next_state)
        } else {
            due
        }
    }

    /// Whether a frame may be looked at. One that may not is still answered by its id, so that nobody waits for it.
    fn within_rate(&mut self, now: TimestampMs, text: Option<&str>) -> bool {
        if self.rate.is_full(now) {
            self.violations = 0;
        }
        let Err(retry_after_ms) = self.rate.take(now) else {
            return true;
        };
        let message = format!(
            "more than {} commands a second; this one was not carried out, send it again in {retry_after_ms} ms",
            self.limits.commands_per_second
        );
        self.too_fast(now, text, retry_after_ms, message);
        false
    }

    fn command(&mut self, now: TimestampMs, id: Option<CommandId>, command: Command, board: &dyn Board) {
        let action = command.action();
        self.tally.action = Some(action);
        let done = match command {
            Command::SubscribeTicker(symbol) => {
                let subscribe = Subscribe {
                    topics: vec![Topic::Ticker(symbol)],
                    ..Subscribe::default()
                };
                self.subscribe(now, &id, subscribe, board)
            }
            Command::Subscribe(subscribe) => self.subscribe(now, &id, subscribe, board),
            Command::UnsubscribeTicker(symbol) => {
                self.unsubscribe(now, &id, vec![Topic::Ticker(symbol)], board)
            }
            Command::Unsubscribe(topics) => self.unsubscribe(now, &id, topics, board),
            Command::SetRate(wanted) => {
                self.set_rate(now, wanted);
                Ok(())
            }
            Command::GetPositions => self.answer_with(&id, board.state(Topic::Positions, None)),
            Command::GetPortfolio => self.answer_with(&id, board.state(Topic::Portfolio, None)),
            Command::GetBalance => self.answer_with(&id, board.state(Topic::Balance, None)),
            Command::GetDashboard => self.answer_with(&id, board.state(Topic::Dashboard, None)),
            Command::GetEquity => self.answer_with(&id, board.state(Topic::Equity, None)),
            Command::GetPerformance => self.answer_with(&id, board.state(Topic::Performance, None)),
            Command::GetInstruments
            | Command::GetCandles(_)
            | Command::GetOrders(_)
            | Command::GetOrderStatus(_)
            | Command::GetPosition(_)
            | Command::GetExecutions(_)
            | Command::GetRisk
            | Command::GetAlerts
            | Command::GetLogs => self.question(&id, command, board),
            Command::Authenticate(shown) => return self.authenticate(now, id, &shown.token),
            Command::Instruct(instruction) => {
                if !self.may_act(now, &id, &instruction) {
                    return;
                }
                let client_order_id = instruction.client_order_id().cloned();
                self.awaiting = Some((id, action, client_order_id));
                self.answers.push_back(Outgoing::Engine(Box::new(instruction)));
                return;
            }
            Command::Ping(ping) => {
                let pong = Pong {
                    t0: ping.t0,
                    t1: now,
                    t2: now,
                };
                self.answer(Message::plain(id, now, Body::Pong(pong)));
                return;
            }
            Command::Pong => Ok(()),
        };
        match done {
            Err(refusal) => self.refuse(now, id, refusal),
            Ok(()) => {
                if id.is_some() {
                    let ack = Ack {
                        action: action.to_owned(),
                        ..Ack::default()
                    };
                    self.answer(Message::plain(id, now, Body::Ack(ack)));
                }
            }
        }
    }

    fn answered(&mut self, now: TimestampMs, answer: EngineAnswer) {
        let Some((id, action, client_order_id)) = self.awaiting.take() else {
            return;
        };
        let body = match answer {
            Ok(report) => Body::Ack(Ack {
                action: action.to_owned(),
                outcome: Some(Outcome::Executed),
                report,
            }),
            Err((refusal, outcome)) => Body::Error(ErrorBody {
                client_order_id,
                outcome: Some(outcome),
                ..ErrorBody::from(refusal)
            }),
        };
        self.answer(Message::plain(id, now, body));
    }

    fn answer_with(&mut self, id: &Option<CommandId>, frame: Option<Arc<Frame>>) -> Result<(), Refusal> {
        let Some(frame) = frame else {
            return Err(Refusal::new(
                ErrorCode::Unavailable,
                "not there yet; ask again in a moment",
            ));
        };
        self.answers.push_back(match id {
            Some(id) => Outgoing::Answer(frame, id.clone()),
            None => Outgoing::Frame(frame),
        });
        Ok(())
    }

    fn refuse(&mut self, now: TimestampMs, id: Option<CommandId>, refusal: Refusal) {
        self.answer(Message::plain(id, now, Body::Error(refusal.into())));
    }

    fn answer(&mut self, message: Message) {
        if !self.closing {
            self.answers
                .push_back(Outgoing::Text(Bytes::from(message.encode())));
        }
    }
}

fn known(board: &dyn Board, symbol: Symbol) -> Result<(), Refusal> {
    if board.has_symbol(symbol) {
        return Ok(());
    }
    let message = format!("no instrument {symbol} here; get_instruments lists those that there are");
    Err(Refusal::new(ErrorCode::UnknownSymbol, message))
}

fn to_i64(ms: u64) -> i64 {
    i64::try_from(ms).unwrap_or(i64::MAX)
}
