//! Desks, the network, and the server's process: what happens next happens, one step at a time, and after each step the
//! promises of the protocol are looked at. Time is virtual, and everything follows from one seed.

use crate::content;
use crate::desk::{Desk, Down};
use crate::dice::Dice;
use crate::link::{Conn, TURN_BYTES_MAX, TURN_FRAMES_MAX, Up};
use crate::sabotage::Sabotage;
use crate::samples;
use crate::trace::Trace;
use crate::venue::{Seat, Venue};
use std::collections::BTreeMap;
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::command::{Command, Instruction, Report};
use tickwire_protocol::error::CloseReason;
use tickwire_protocol::limits::Limits;
use tickwire_protocol::order::OrderStatus;
use tickwire_protocol::session::client::{Input, Output};
use tickwire_protocol::session::server::{EngineAnswer, Incoming, Outgoing, Server};
use tickwire_protocol::topic::Topic;

/// Things that may happen in one millisecond before it counts as a machine that spins.
const STEPS_A_MOMENT: u32 = 20_000;

/// Something that happens at its moment.
#[derive(Debug)]
pub(crate) enum Happening {
    Accept(u32),
    Opened(u32),
    ToServer(u32, Up),
    ToDesk(u32, Down),
    /// The desk's end is gone, and the server hears of it.
    Gone(u32),
    /// A desk can take in frames again, or its timers fire again.
    Awake(usize),
    /// The engine decides on an instruction, and the journal has it.
    Commit(u32, Box<Instruction>),
    /// Something of the desk's own making is journaled.
    Emit(usize, Topic),
    Publish(usize, Topic),
    Answer(u32, EngineAnswer),
    Fault,
    Restart,
    Cadence,
}

/// What chance has brought about, so that nobody takes a quiet run for a proof.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    pub kills: u32,
    /// Kills that found something journaled and not published.
    pub kills_between: u32,
    pub cuts: u32,
    pub clock_jumps: u32,
    pub damages: u32,
    pub stalls: u32,
    pub swallowed: u32,
    pub repeated: u32,
    pub losses: u32,
    pub duplicates: u32,
    pub applied: u64,
    pub values: u64,
    pub orders: u64,
}

/// What a life is like.
#[derive(Clone, Copy, Debug)]
pub struct Climate {
    pub retention: usize,
    /// Whether kills may damage the journal's end.
    pub damages: bool,
    /// Whether frames get lost on a living connection, as by a bug: the client's second layer has to notice.
    pub swallows: bool,
    /// Whether frames come twice, likewise.
    pub repeats: bool,
    pub sabotage: Option<Sabotage>,
}

#[derive(Debug)]
pub struct World {
    pub now: i64,
    pub climate: Climate,
    pub venue: Venue,
    pub desks: Vec<Desk>,
    pub limits: Limits,
    pub trace: Trace,
    pub tally: Tally,
    /// The process runs.
    pub up: bool,
    /// What the server's clock reads above the true time.
    pub server_skew: i64,
    /// Whether chance interferes, and wishes are made.
    pub weather: bool,
    /// Whether positions are published every second, as the server does.
    pub cadence: bool,
    pub(crate) conns: BTreeMap<u32, Conn>,
    pub(crate) dice: Dice,
    queue: BTreeMap<(i64, u64), Happening>,
    queued: u64,
    steps_now: u32,
    /// When the journal is through with what it was given.
    journal_free_at: i64,
    pub(crate) wishes: u64,
}

impl World {
    pub fn new(seed: u64, accounts: usize, desks_each: usize, climate: Climate) -> World {
        let mut world = World {
            now: 1_702_210_800_000,
            climate,
            venue: Venue::new(accounts, climate.retention, climate.sabotage),
            desks: Vec::new(),
            limits: Limits::default(),
            trace: Trace::new(),
            tally: Tally::default(),
            up: true,
            server_skew: 0,
            weather: true,
            cadence: true,
            conns: BTreeMap::new(),
            dice: Dice::new(seed),
            queue: BTreeMap::new(),
            queued: 0,
            steps_now: 0,
            journal_free_at: 0,
            wishes: 0,
        };
        for place in 0..accounts * desks_each {
            let id = u64::try_from(place).unwrap() + 1;
            let mut desk = Desk::new(seed.wrapping_mul(1_000).wrapping_add(id), place % accounts);
            for topic in content::LOSSLESS {
                let ep = world.venue.epoch_of(topic);
                desk.begin_at(&world.venue, topic, ep, Default::default());
                desk.client.subscribe(topic);
            }
            for topic in [
                Topic::Positions,
                Topic::Portfolio,
                samples::ticker(),
                content::candles(),
            ] {
                desk.client.subscribe(topic);
                desk.wanted.push(topic);
            }
            world.desks.push(desk);
            world.tell(place, Input::Start);
        }
        world.after(1_000, Happening::Cadence);
        world.after(200, Happening::Fault);
        world
    }

    pub fn server_now(&self) -> TimestampMs {
        TimestampMs(self.now + self.server_skew)
    }

    pub(crate) fn after(&mut self, ms: i64, what: Happening) {
        self.queued += 1;
        self.queue.insert((self.now + ms, self.queued), what);
    }

    /// Lets the next thing happen, and looks at what must hold.
    pub fn step(&mut self) {
        let queued = self.queue.keys().next().map(|(at, _)| *at);
        let desk = self.next_desk();
        let conn = self.next_conn();
        let next = [queued, desk.map(|(at, _)| at), conn.map(|(at, _)| at)]
            .into_iter()
            .flatten()
            .min()
            .expect("the cadence never ends");
        self.steps_now = if next > self.now { 0 } else { self.steps_now + 1 };
        assert!(self.steps_now < STEPS_A_MOMENT, "something spins at {}", self.now);
        self.now = self.now.max(next);
        if queued.is_some_and(|at| at <= self.now) {
            let (_, what) = self.queue.pop_first().expect("it is queued");
            self.happen(what);
        } else if let Some((_, place)) = desk.filter(|(at, _)| *at <= self.now) {
            self.trace.note(self.now, "timer of desk", place);
            self.tell(place, Input::Timeout);
        } else if let Some((_, conn)) = conn {
            self.turn(conn);
        }
        self.desks.iter().for_each(Desk::assert_sound);
        for conn in self.conns.values() {
            conn.assert_bounded();
        }
    }

    fn next_desk(&self) -> Option<(i64, usize)> {
        let due = |(place, desk): (usize, &Desk)| {
            let at = desk.client.next_deadline()?.0.saturating_sub(desk.skew);
            Some((at.max(desk.asleep_until), place))
        };
        self.desks.iter().enumerate().filter_map(due).min()
    }

    fn next_conn(&self) -> Option<(i64, u32)> {
        let due = |(id, conn): (&u32, &Conn)| Some((conn.due_at(self.server_skew)?, *id));
        self.conns.iter().filter_map(due).min()
    }

    fn happen(&mut self, what: Happening) {
        match what {
            Happening::Accept(conn) => self.accept(conn),
            Happening::Opened(conn) => self.at_desk(conn, None),
            Happening::ToDesk(conn, down) => self.at_desk(conn, Some(down)),
            Happening::ToServer(conn, up) => {
                if let Some(link) = self.conns.get_mut(&conn).filter(|link| link.server.is_some()) {
                    link.inbox.push_back(up);
                    self.turn(conn);
                }
            }
            Happening::Gone(conn) => {
                self.trace.note(self.now, "server hears the end of", conn);
                self.conns.remove(&conn);
            }
            Happening::Awake(desk) => self.awake(desk),
            Happening::Commit(conn, instruction) => self.commit(conn, &instruction),
            Happening::Emit(account, topic) => {
                self.venue.commit(account, topic, None, None);
                if self.dies_now() {
                    return self.kill();
                }
                let delay = self.dice.between(0, 5);
                self.after(delay, Happening::Publish(account, topic));
            }
            Happening::Publish(account, topic) => {
                self.trace.note(self.now, "publish for", account);
                self.venue.publish(account, topic);
                self.news(false);
                if self.dies_now() {
                    self.kill();
                }
            }
            Happening::Answer(conn, answer) => {
                let now = self.server_now();
                self.with_server(conn, |server, seat| {
                    server.handle(now, Incoming::Answered(answer), seat);
                });
                self.turn(conn);
            }
            Happening::Fault => self.fault(),
            Happening::Restart => self.restart(),
            Happening::Cadence => self.cadence(),
        }
    }

    fn cadence(&mut self) {
        self.after(1_000, Happening::Cadence);
        if self.up && self.cadence {
            for account in 0..self.venue.accounts {
                self.venue.set(account, Topic::Positions);
            }
            self.news(true);
        }
    }

    /// Desks hear of the end by the connection's own means; dead connections are only dropped here.
    pub(crate) fn with_server(&mut self, conn: u32, act: impl FnOnce(&mut Server, &Seat<'_>)) {
        if let Some(link) = self.conns.get_mut(&conn) {
            let seat = Seat {
                venue: &self.venue,
                account: self.desks[link.desk].account,
            };
            if let Some(server) = &mut link.server {
                act(server, &seat);
            }
        }
    }

    fn accept(&mut self, conn: u32) {
        let now = self.server_now();
        if !self.up {
            return self.post_down(conn, Down::Closed(1006));
        }
        let Some(link) = self.conns.get_mut(&conn) else {
            return;
        };
        self.trace.note(self.now, "accept", conn);
        let greeting = samples::greeting(self.limits.clone(), self.venue.epoch, now);
        link.server = Some(Server::new(greeting, now));
        let latency = self.latency(conn);
        let link = self.conns.get_mut(&conn).expect("it was there");
        if link.is_open_down() {
            let at = link.arrival(0, self.now + latency);
            self.after(at - self.now, Happening::Opened(conn));
        }
        self.turn(conn);
    }

    /// The engine decides, and the journal has it; it is published and answered after that.
    fn commit(&mut self, conn: u32, instruction: &Instruction) {
        let Some(link) = self.conns.get(&conn) else {
            return self.carry_out(None, conn, instruction);
        };
        self.carry_out(Some(self.desks[link.desk].account), conn, instruction);
    }

    fn carry_out(&mut self, account: Option<usize>, conn: u32, instruction: &Instruction) {
        // A connection that is gone has left its instruction with the engine; whose it was, the instruction says.
        let Instruction::PlaceOrder(order) = instruction else {
            panic!("desks place orders only");
        };
        let name = order
            .client_order_id
            .clone()
            .expect("no order goes out without a name");
        let wish: u64 = order
            .quantity
            .to_string()
            .parse()
            .expect("a wish is a whole number");
        let account = account.unwrap_or_else(|| self.owner_of(wish));
        assert_eq!(account, self.owner_of(wish), "I9: an order of another account");
        let (order, duplicate) = self.venue.order(account, wish, &name);
        assert!(
            self.venue.carried_out(account, wish) == 1 || self.climate.damages,
            "I7: wish {wish} was carried out twice"
        );
        self.tally.orders += u64::from(!duplicate);
        self.trace.note(self.now, "order of", account);
        let report = Report {
            order_id: Some(order),
            client_order_id: Some(name),
            status: Some(OrderStatus::Filled),
            duplicate: Some(duplicate),
            ..Report::default()
        };
        if self.dies_now() {
            return self.kill();
        }
        let publish = self.dice.between(0, 20);
        for topic in [Topic::Orders, Topic::Executions] {
            self.after(publish, Happening::Publish(account, topic));
        }
        let answer = publish + self.dice.between(0, 10);
        self.after(answer, Happening::Answer(conn, Ok(report)));
        self.venue.set(account, Topic::Balance);
    }

    /// Between journaling, publishing and answering a kill does the most harm, so chance favours these moments.
    fn dies_now(&mut self) -> bool {
        self.weather && self.dice.between(0, 199) == 0
    }

    /// Wishes are numbered so that they say whose they are.
    pub(crate) fn owner_of(&self, wish: u64) -> usize {
        usize::try_from(wish).unwrap() % self.venue.accounts
    }

    /// Has all connections look at the venue's news.
    pub(crate) fn news(&mut self, of_state: bool) {
        let now = self.server_now();
        let listens = |conn: &Conn| {
            let server = conn.server.as_ref();
            server.is_some_and(|server| !of_state || !server.rests_at(now))
        };
        let conns: Vec<u32> = self
            .conns
            .iter()
            .filter(|(_, conn)| listens(conn))
            .map(|(id, _)| *id)
            .collect();
        for conn in conns {
            self.turn(conn);
        }
    }

    /// What the server's pump does: while nothing waits to be written ask, write, and read on where the machine wants to.
    pub(crate) fn turn(&mut self, conn: u32) {
        let now = self.server_now();
        loop {
            let Some(link) = self.conns.get_mut(&conn) else {
                return;
            };
            if link.is_stalled_since(self.now, self.limits.write_stall_ms) {
                self.tally.stalls += 1;
                self.trace.note(self.now, "write stall of", conn);
                let code = CloseReason::WriteStalled.code();
                self.drop_server(conn);
                return self.post_down(conn, Down::Closed(code));
            }
            let queues = self.climate.sabotage == Some(Sabotage::QueuesWithoutBound);
            if link.is_writing() && !queues && self.climate.sabotage != Some(Sabotage::DropsWhenFull) {
                return;
            }
            let mut out = Vec::new();
            let mut due = now;
            self.with_server(conn, |server, seat| due = server.poll(now, seat, &mut out));
            let Some(link) = self.conns.get_mut(&conn) else {
                return;
            };
            link.due = due.0;
            if !link.is_writing() {
                link.turn_frames = 2 * out.len();
            }
            assert!(
                out.len() <= TURN_FRAMES_MAX,
                "I4: {} frames in one turn",
                out.len()
            );
            let bytes: usize = out.iter().filter_map(Outgoing::text).map(|text| text.len()).sum();
            assert!(bytes <= TURN_BYTES_MAX, "I4: {bytes} bytes in one turn");
            for outgoing in out {
                self.write(conn, outgoing);
            }
            self.transmit(conn);
            let Some(link) = self.conns.get_mut(&conn) else {
                return;
            };
            let reads = link.server.as_ref().is_some_and(Server::wants_input);
            if !reads || (link.is_writing() && !queues) {
                return;
            }
            let Some(up) = link.inbox.pop_front() else {
                return;
            };
            self.with_server(conn, |server, seat| match &up {
                Up::Alive => server.handle(now, Incoming::Alive, seat),
                Up::Text(text) => server.handle(now, Incoming::Text(text), seat),
            });
        }
    }

    fn write(&mut self, conn: u32, outgoing: Outgoing) {
        let drops = self.climate.sabotage == Some(Sabotage::DropsWhenFull);
        let lossless = |outgoing: &Outgoing| match outgoing {
            Outgoing::Frame(frame) => {
                let topic = frame.message().head.topic;
                topic.is_some_and(|topic| content::LOSSLESS.contains(&topic))
            }
            _ => false,
        };
        let link = self.conns.get_mut(&conn).expect("it has a turn");
        link.check_sent(&outgoing);
        let down = match &outgoing {
            Outgoing::Engine(instruction) => {
                // Decided in turn: what was given first is journaled first.
                let delay = self.dice.between(0, 20);
                self.journal_free_at = self.journal_free_at.max(self.now + delay);
                let wait = self.journal_free_at - self.now;
                return self.after(wait, Happening::Commit(conn, instruction.clone()));
            }
            Outgoing::Ping => Down::Ping,
            Outgoing::Close(reason) => {
                link.server = None;
                Down::Closed(reason.code())
            }
            _ if lossless(&outgoing) && drops && link.is_writing() => return,
            _ => Down::Text(outgoing.text().expect("all others are texts")),
        };
        if self.climate.swallows && lossless(&outgoing) && self.weather && self.dice.chance(1) {
            self.tally.swallowed += 1;
            self.trace.note(self.now, "swallowed for", conn);
            return;
        }
        let twice = self.climate.repeats && lossless(&outgoing) && self.weather && self.dice.chance(1);
        if twice {
            self.tally.repeated += 1;
            link.outbox.push_back(down.clone());
        }
        link.outbox.push_back(down);
    }

    /// Hands written frames to the network, as far as its window is open.
    pub(crate) fn transmit(&mut self, conn: u32) {
        while let Some(link) = self.conns.get_mut(&conn) {
            let Some(down) = link.next_to_send() else {
                break;
            };
            self.post_down(conn, down);
        }
        if let Some(link) = self.conns.get_mut(&conn) {
            link.writing_since = match link.is_writing() {
                true => link.writing_since.or(Some(self.now)),
                false => None,
            };
        }
    }

    fn latency(&mut self, conn: u32) -> i64 {
        let desk = self.conns.get(&conn).map_or(0, |link| link.desk);
        let (least, most) = self.desks[desk].latency;
        self.dice.between(least, most)
    }

    pub(crate) fn post_down(&mut self, conn: u32, down: Down) {
        let latency = self.latency(conn);
        let Some(link) = self.conns.get_mut(&conn) else {
            return;
        };
        if link.is_open_down() && self.now >= self.desks[link.desk].dark_until {
            let at = link.arrival(0, self.now + latency);
            self.after(at - self.now, Happening::ToDesk(conn, down));
        }
    }

    pub(crate) fn post_up(&mut self, conn: u32, what: Happening) {
        let latency = self.latency(conn);
        let Some(link) = self.conns.get_mut(&conn) else {
            return;
        };
        if link.is_open_up() && self.now >= self.desks[link.desk].dark_until {
            let at = link.arrival(1, self.now + latency);
            self.after(at - self.now, what);
        }
    }

    /// What is under way to or from these connections is lost.
    pub(crate) fn lose(&mut self, is_lost: impl Fn(&Happening) -> bool) {
        self.queue.retain(|_, what| !is_lost(what));
    }

    /// Tells a desk's machine something, and does what it wants done.
    pub fn tell(&mut self, place: usize, input: Input<'_>) {
        let desk = &mut self.desks[place];
        let now = desk.now(self.now);
        desk.client.handle(now, input);
        self.drain(place);
    }

    /// To be called after every call of a desk's machine.
    pub fn drain(&mut self, place: usize) {
        while let Some(output) = self.desks[place].client.poll() {
            match output {
                Output::Dial => self.dial(place),
                Output::HangUp => self.hang_up(place),
                Output::Send(text) => {
                    if let Some(conn) = self.desks[place].conn {
                        self.post_up(conn, Happening::ToServer(conn, Up::Text(text)));
                    }
                }
                Output::Event(event) => {
                    self.trace.event(self.now, place, &event);
                    let keeps_all = self.climate.retention == usize::MAX;
                    self.desks[place].take(&self.venue, event, self.climate.damages, keeps_all);
                }
            }
        }
    }

    /// A wish of a desk: a command that its machine is to see through.
    pub fn request(&mut self, place: usize, command: Command, wish: Option<u64>) {
        let desk = &mut self.desks[place];
        let id = desk.client.request(desk.now(self.now), command);
        desk.asks(id, wish);
        self.drain(place);
    }
}
