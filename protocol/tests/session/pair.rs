//! A client and its servers on a simulated network: time jumps to the next thing that happens.

use crate::board::ModelBoard;
use crate::dice::Dice;
use crate::engine::ModelEngine;
use crate::notes::Notes;
use crate::samples;
use crate::wire::Wire;
use bytes::Bytes;
use std::collections::{BTreeMap, VecDeque};
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::command::Instruction;
use tickwire_protocol::id::{Epoch, Seq};
use tickwire_protocol::limits::Limits;
use tickwire_protocol::message::{Body, Message};
use tickwire_protocol::session::client::{Client, Input, Output};
use tickwire_protocol::session::server::{EngineAnswer, Fetch, Incoming, Outgoing, Server};
use tickwire_protocol::topic::Topic;

/// Things that may happen in one millisecond before it counts as a machine that spins.
const STEPS_A_MOMENT: u32 = 20_000;

/// Something under way.
#[derive(Debug)]
pub(crate) enum Parcel {
    /// A dial reaches the server.
    Accept,
    Opened,
    ToDesk(Bytes),
    ToServer(String),
    /// A ping of the WebSocket, which the desk's end answers by itself.
    Ping,
    Pong,
    DeskClosed(u16),
    ServerGone,
    /// The engine carries out a command that it took in a moment ago.
    Execute(Box<Instruction>),
    Answer(EngineAnswer),
    /// Older messages are read from where they are kept.
    Fetched(Fetch),
}

/// One connection with its server.
#[derive(Debug)]
pub(crate) struct Conn {
    pub(crate) server: Option<Server>,
    inbox: VecDeque<Option<String>>,
    due: i64,
    /// Nothing gets through any more, in either direction.
    pub(crate) cut: bool,
    /// When the last parcel to the desk and to the server arrives: parcels never overtake each other.
    arrives: [i64; 2],
    pub(crate) wire: Wire,
}

/// A client, its servers, and the network between them.
#[derive(Debug)]
pub struct Pair {
    pub now: i64,
    /// What the desk's clock reads above the server's.
    pub skew: i64,
    pub client: Client,
    pub board: ModelBoard,
    pub engine: ModelEngine,
    pub limits: Limits,
    pub latency: (i64, i64),
    /// Nothing gets through, and nobody is told.
    pub black_hole: bool,
    /// The server runs; dials are refused otherwise.
    pub up: bool,
    /// Positions are published every second, as the server does.
    pub cadence: bool,
    /// Frames to the desk that get lost without the connection being lost: what no network does, but a bug might.
    pub swallow: u32,
    /// Frames to the desk that come twice: likewise.
    pub repeat: u32,
    pub notes: Notes,
    pub dials: Vec<i64>,
    /// Frames of data that reached the desk.
    pub arrived: u64,
    /// Values that were told by what changed.
    pub changes_sent: u64,
    pub(crate) conns: BTreeMap<u32, Conn>,
    pub(crate) current: Option<u32>,
    pub(crate) queue: BTreeMap<(i64, u64), (u32, Parcel)>,
    pub(crate) dice: Dice,
    parcels: u64,
    resets: BTreeMap<Topic, (Epoch, Seq)>,
    next_cadence: i64,
}

impl Pair {
    pub fn new(seed: u64) -> Pair {
        let mut board = ModelBoard::new(4096);
        for topic in [
            Topic::Positions,
            Topic::Portfolio,
            Topic::Balance,
            Topic::Status,
            samples::ticker(),
        ] {
            board.set(topic);
        }
        board.set(samples::candles());
        Pair {
            now: 1_702_210_800_000,
            skew: 0,
            client: if seed % 2 == 1 {
                Client::new(seed).with_partials()
            } else {
                Client::new(seed)
            },
            board,
            engine: ModelEngine::default(),
            limits: Limits::default(),
            latency: (1, 20),
            black_hole: false,
            up: true,
            cadence: true,
            swallow: 0,
            repeat: 0,
            notes: Notes::default(),
            dials: Vec::new(),
            arrived: 0,
            changes_sent: 0,
            conns: BTreeMap::new(),
            current: None,
            queue: BTreeMap::new(),
            dice: Dice::new(seed),
            parcels: 0,
            resets: BTreeMap::new(),
            next_cadence: 1_702_210_801_000,
        }
    }

    pub fn desk_now(&self) -> TimestampMs {
        TimestampMs(self.now + self.skew)
    }

    pub fn server_now(&self) -> TimestampMs {
        TimestampMs(self.now)
    }

    /// Lets everything happen that happens within `ms`.
    pub fn run(&mut self, ms: i64) {
        let end = self.now + ms;
        let mut steps = 0;
        while let Some(next) = self.next_moment().filter(|next| *next <= end) {
            steps = if next > self.now { 0 } else { steps + 1 };
            assert!(steps < STEPS_A_MOMENT, "spins at {}: {:?}", self.now, self.client);
            self.now = self.now.max(next);
            self.step();
        }
        self.now = end;
    }

    /// Tells the desk something.
    pub fn tell(&mut self, input: Input<'_>) {
        let now = self.desk_now();
        self.client.handle(now, input);
        self.drain();
    }

    /// Does what the desk's end wants done; to be called after every call of the client.
    pub fn drain(&mut self) {
        while let Some(output) = self.client.poll() {
            match output {
                Output::Dial => self.dial(),
                Output::HangUp => self.abandon(),
                Output::Send(text) => {
                    if let Some(current) = self.current {
                        self.post(current, 1, Parcel::ToServer(text));
                    }
                }
                Output::Event(event) => self.notes.take(self.now, event, &self.resets),
            }
        }
    }

    /// Has all servers look at the board's news.
    pub fn news(&mut self, of_state: bool) {
        let conns: Vec<u32> = self.conns.keys().copied().collect();
        for conn in conns {
            let server = self.conns[&conn].server.as_ref();
            if server.is_some_and(|server| !of_state || !server.rests_at(TimestampMs(self.now))) {
                self.pump(conn);
            }
        }
    }

    fn next_moment(&self) -> Option<i64> {
        let parcel = self.queue.keys().next().map(|(at, _)| *at);
        let desk = self.client.next_deadline().map(|at| at.0 - self.skew);
        let servers = self
            .conns
            .values()
            .filter(|conn| conn.server.is_some())
            .map(|conn| conn.due)
            .min();
        let cadence = self.cadence.then_some(self.next_cadence);
        [parcel, desk, servers, cadence].into_iter().flatten().min()
    }

    fn step(&mut self) {
        while let Some(entry) = self.queue.first_entry().filter(|entry| entry.key().0 <= self.now) {
            let (conn, parcel) = entry.remove();
            self.deliver(conn, parcel);
        }
        if self
            .client
            .next_deadline()
            .is_some_and(|at| at <= self.desk_now())
        {
            self.tell(Input::Timeout);
        }
        if self.cadence && self.next_cadence <= self.now {
            self.next_cadence = self.now + 1_000;
            self.board.set(Topic::Positions);
            self.news(true);
        }
        let due: Vec<u32> = self
            .conns
            .iter()
            .filter(|(_, c)| c.server.is_some() && c.due <= self.now)
            .map(|(id, _)| *id)
            .collect();
        for conn in due {
            self.pump(conn);
        }
    }

    fn dial(&mut self) {
        self.abandon();
        let id = self.conns.keys().last().map_or(1, |last| last + 1);
        self.dials.push(self.now);
        self.current = Some(id);
        let conn = Conn {
            server: None,
            inbox: VecDeque::new(),
            due: 0,
            cut: false,
            arrives: [0; 2],
            wire: Wire::new(),
        };
        self.conns.insert(id, conn);
        self.post(id, 1, Parcel::Accept);
    }

    fn abandon(&mut self) {
        if let Some(old) = self.current.take() {
            self.post(old, 1, Parcel::ServerGone);
        }
    }

    /// Sends a parcel to the desk (0) or to the server (1).
    pub(crate) fn post(&mut self, conn: u32, direction: usize, parcel: Parcel) {
        let latency = self.dice.between(self.latency.0, self.latency.1);
        let Some(link) = self.conns.get_mut(&conn) else {
            return;
        };
        if link.cut || self.black_hole {
            return;
        }
        let at = link.arrives[direction].max(self.now + latency);
        link.arrives[direction] = at;
        self.put(at, conn, parcel);
    }

    pub(crate) fn put(&mut self, at: i64, conn: u32, parcel: Parcel) {
        self.parcels += 1;
        self.queue.insert((at, self.parcels), (conn, parcel));
    }

    fn deliver(&mut self, conn: u32, parcel: Parcel) {
        let now = self.server_now();
        match parcel {
            Parcel::Accept if self.up => {
                let greeting = samples::greeting(self.limits.clone(), self.board.log_epoch, now);
                self.conns.get_mut(&conn).unwrap().server = Some(Server::new(greeting, now));
                self.post(conn, 0, Parcel::Opened);
                self.pump(conn);
            }
            Parcel::Accept => self.post(conn, 0, Parcel::DeskClosed(1006)),
            Parcel::Execute(command) => {
                let answer = self.engine.execute(now, &command, &mut self.board);
                self.put(self.now, conn, Parcel::Answer(answer));
                self.news(false);
            }
            Parcel::Answer(answer) => {
                if let Some(server) = self.conns.get_mut(&conn).and_then(|link| link.server.as_mut()) {
                    server.handle(now, Incoming::Answered(answer), &self.board);
                    self.pump(conn);
                }
            }
            Parcel::Fetched(fetch) => {
                let fetched = self.board.fetch(&fetch);
                if let Some(server) = self.conns.get_mut(&conn).and_then(|link| link.server.as_mut()) {
                    server.handle(now, Incoming::Fetched(fetched), &self.board);
                    self.pump(conn);
                }
            }
            Parcel::ToServer(text) => self.queue_input(conn, Some(text)),
            Parcel::Pong => self.queue_input(conn, None),
            Parcel::ServerGone => {
                if let Some(link) = self.conns.get_mut(&conn) {
                    link.server = None;
                }
            }
            Parcel::Opened | Parcel::ToDesk(_) | Parcel::Ping | Parcel::DeskClosed(_) => {
                if self.current == Some(conn) {
                    self.at_desk(conn, parcel);
                }
            }
        }
    }

    fn at_desk(&mut self, conn: u32, parcel: Parcel) {
        match parcel {
            Parcel::Opened => self.tell(Input::Opened),
            Parcel::Ping => self.post(conn, 1, Parcel::Pong),
            Parcel::DeskClosed(code) => {
                self.current = None;
                self.tell(Input::Closed { code });
            }
            Parcel::ToDesk(text) => {
                let text = std::str::from_utf8(&text).unwrap();
                self.arrived += u64::from(text.contains("\"seq\""));
                // What tells only what changed is read by the desk alone.
                if let Ok(message) = Message::decode(text)
                    && let (Body::Reset(_), Some(topic)) = (&message.body, message.head.topic)
                {
                    self.resets
                        .insert(topic, (message.head.ep.unwrap(), message.head.seq.unwrap()));
                }
                self.tell(Input::Frame(text));
            }
            other => panic!("{other:?} does not go to the desk"),
        }
    }

    fn queue_input(&mut self, conn: u32, text: Option<String>) {
        if let Some(link) = self.conns.get_mut(&conn)
            && link.server.is_some()
        {
            link.inbox.push_back(text);
            self.pump(conn);
        }
    }

    /// What the server's pump does: ask, send, read on where the machine wants to.
    fn pump(&mut self, conn: u32) {
        let now = self.server_now();
        loop {
            let Some(link) = self.conns.get_mut(&conn) else {
                return;
            };
            let Some(server) = link.server.as_mut() else {
                return;
            };
            let mut out = Vec::new();
            link.due = server.poll(now, &self.board, &mut out).0;
            for outgoing in out {
                self.carry_out(conn, outgoing);
            }
            let Some(link) = self.conns.get_mut(&conn) else {
                return;
            };
            let Some(server) = link.server.as_mut().filter(|server| server.wants_input()) else {
                return;
            };
            match link.inbox.pop_front() {
                None => return,
                Some(None) => server.handle(now, Incoming::Alive, &self.board),
                Some(Some(text)) => {
                    link.wire.read(&text);
                    server.handle(now, Incoming::Text(&text), &self.board);
                }
            }
        }
    }

    fn carry_out(&mut self, conn: u32, outgoing: Outgoing) {
        let text = outgoing.text();
        match outgoing {
            Outgoing::Text(_) | Outgoing::Frame(_) | Outgoing::Answer(..) => {
                let text = text.unwrap();
                let message = Message::decode(std::str::from_utf8(&text).unwrap()).unwrap();
                self.conns.get_mut(&conn).unwrap().wire.sent(&message);
                if matches!(message.body, Body::OrderUpdate(_)) {
                    if self.swallow > 0 {
                        self.swallow -= 1;
                        return;
                    }
                    if self.repeat > 0 {
                        self.repeat -= 1;
                        self.post(conn, 0, Parcel::ToDesk(text.clone()));
                    }
                }
                self.post(conn, 0, Parcel::ToDesk(text));
            }
            Outgoing::Changes { frame, .. } => {
                self.changes_sent += 1;
                self.conns.get_mut(&conn).unwrap().wire.sent(frame.message());
                self.post(conn, 0, Parcel::ToDesk(text.unwrap()));
            }
            Outgoing::Fetch(fetch) => {
                let delay = self.dice.between(0, 30);
                self.put(self.now + delay, conn, Parcel::Fetched(fetch));
            }
            Outgoing::Ping => self.post(conn, 0, Parcel::Ping),
            Outgoing::Engine(command) => {
                // Either at once, its answer later; or later, if the server lives as long.
                let delay = self.dice.between(0, 30);
                let now = self.server_now();
                if self.dice.chance(50) {
                    let answer = self.engine.execute(now, &command, &mut self.board);
                    self.put(self.now + delay, conn, Parcel::Answer(answer));
                    self.news(false);
                } else {
                    self.put(self.now + delay, conn, Parcel::Execute(command));
                }
            }
            Outgoing::Close(reason) => {
                self.post(conn, 0, Parcel::DeskClosed(reason.code()));
                self.conns.get_mut(&conn).unwrap().server = None;
            }
        }
    }
}
