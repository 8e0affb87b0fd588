//! What chance does: outages of every kind, at any moment, while desks wish for things and values change.

use crate::content::{self, EVERYBODY};
use crate::desk::Down;
use crate::link::{Conn, Up};
use crate::samples;
use crate::world::{Happening, World};
use tickwire_protocol::command::{Command, GetOrders, Instruction, PlaceOrder};
use tickwire_protocol::id::{ClientOrderId, Seq};
use tickwire_protocol::order::Side;
use tickwire_protocol::session::client::Input;
use tickwire_protocol::topic::Topic;

impl World {
    /// Whatever comes over a connection to a desk; nothing stands for the opening of it.
    pub(crate) fn at_desk(&mut self, conn: u32, down: Option<Down>) {
        let Some(place) = self.desks.iter().position(|desk| desk.conn == Some(conn)) else {
            return;
        };
        let Some(down) = down else {
            return self.tell(place, Input::Opened);
        };
        let desk = &mut self.desks[place];
        desk.inbox.push_back((conn, down));
        if desk.reads_from <= self.now {
            self.read(place);
        }
    }

    /// A desk reads what has arrived, as fast as it can.
    fn read(&mut self, place: usize) {
        while let Some((conn, down)) = self.desks[place].inbox.pop_front() {
            if let Some(link) = self.conns.get_mut(&conn) {
                link.was_read(&down);
            }
            if self.desks[place].conn == Some(conn) {
                match &down {
                    Down::Ping => self.post_up(conn, Happening::ToServer(conn, Up::Alive)),
                    Down::Closed(code) => {
                        self.desks[place].conn = None;
                        self.tell(place, Input::Closed { code: *code });
                    }
                    Down::Text(text) => {
                        self.tell(
                            place,
                            Input::Frame(std::str::from_utf8(text).expect("JSON is UTF-8")),
                        );
                    }
                }
            }
            // Between two frames that belong together a cut does the most harm, so chance favours these moments.
            if self.weather && self.dice.between(0, 299) == 0 {
                self.cut(conn);
            }
            self.transmit(conn);
            self.turn(conn);
            let pace = self.desks[place].pace;
            if pace > 0 {
                self.desks[place].reads_from = self.now + pace;
                return self.after(pace, Happening::Awake(place));
            }
        }
    }

    pub(crate) fn awake(&mut self, place: usize) {
        if self.desks[place].asleep_until == self.now && self.dice.chance(50) {
            // Timers that are late may fire before what has arrived is read.
            self.tell(place, Input::Timeout);
        }
        if self.desks[place].reads_from <= self.now {
            self.read(place);
        }
    }

    pub(crate) fn dial(&mut self, place: usize) {
        self.hang_up(place);
        let conn = self
            .conns
            .keys()
            .last()
            .map_or(1, |last| last + 1)
            .max(self.desks_dialed() + 1);
        self.trace.note(self.now, "dial of desk", place);
        self.desks[place].dials += 1;
        self.desks[place].conn = Some(conn);
        self.conns.insert(conn, Conn::new(place));
        self.post_up(conn, Happening::Accept(conn));
    }

    fn desks_dialed(&self) -> u32 {
        self.desks.iter().map(|desk| desk.dials).sum()
    }

    pub(crate) fn hang_up(&mut self, place: usize) {
        if let Some(old) = self.desks[place].conn.take() {
            self.post_up(old, Happening::Gone(old));
        }
    }

    /// The server's end of a connection is gone; what is on its way to the desk still comes.
    pub(crate) fn drop_server(&mut self, conn: u32) {
        if let Some(link) = self.conns.get_mut(&conn) {
            link.server = None;
            link.outbox.clear();
            link.writing_since = None;
        }
    }

    /// A connection breaks and both ends hear of it; of what is under way, what comes late is lost.
    fn cut(&mut self, conn: u32) {
        self.tally.cuts += 1;
        self.trace.note(self.now, "cut", conn);
        self.break_link(conn, [true, true]);
        let (desk, server) = (self.dice.between(0, 30), self.dice.between(0, 2_000));
        self.after(desk, Happening::ToDesk(conn, Down::Closed(1006)));
        self.after(server, Happening::Gone(conn));
    }

    /// Nothing gets through in these directions any more (to the desk, to the server), and nobody hears of it.
    fn break_link(&mut self, conn: u32, cut: [bool; 2]) {
        if let Some(link) = self.conns.get_mut(&conn) {
            link.cut = [link.cut[0] || cut[0], link.cut[1] || cut[1]];
        }
        self.lose(|what| match what {
            Happening::Opened(of) | Happening::ToDesk(of, _) => *of == conn && cut[0],
            Happening::Accept(of) | Happening::ToServer(of, _) | Happening::Gone(of) => *of == conn && cut[1],
            _ => false,
        });
    }

    pub(crate) fn kill(&mut self) {
        if !self.up {
            return;
        }
        self.tally.kills += 1;
        self.trace.note(self.now, "kill", 0_u32);
        self.up = false;
        for account in 0..self.venue.accounts {
            for topic in content::LOSSLESS {
                self.tally.kills_between += u32::from(self.venue.unpublished(account, topic) > 0);
            }
        }
        self.lose(|what| {
            matches!(
                what,
                Happening::Commit(..) | Happening::Emit(..) | Happening::Publish(..) | Happening::Answer(..)
            )
        });
        self.venue.kill();
        let conns: Vec<u32> = self.conns.keys().copied().collect();
        for conn in conns {
            let was_open = self.conns[&conn].server.is_some();
            self.drop_server(conn);
            // A process that is killed leaves resets behind, a machine without power nothing.
            if was_open && self.dice.chance(80) {
                self.post_down(conn, Down::Closed(1006));
            } else if was_open {
                self.break_link(conn, [true, true]);
            }
        }
        let pause = self.dice.between(0, 8_000);
        self.after(pause, Happening::Restart);
    }

    pub(crate) fn restart(&mut self) {
        if self.up {
            return;
        }
        if self.climate.damages && self.weather && self.dice.chance(40) {
            self.tally.damages += 1;
            let events = self.dice.between(1, 60).unsigned_abs();
            self.venue.damage(events);
        }
        self.trace.note(self.now, "start", self.venue.life);
        self.venue.start();
        self.up = true;
    }

    fn go_away(&mut self) {
        let now = self.server_now();
        let conns: Vec<u32> = self.conns.keys().copied().collect();
        for conn in conns {
            self.with_server(conn, |server, _| server.go_away(now));
            self.turn(conn);
        }
        self.kill();
    }

    fn any_desk(&mut self) -> usize {
        let last = i64::try_from(self.desks.len()).unwrap() - 1;
        usize::try_from(self.dice.between(0, last)).unwrap()
    }

    fn any_conn(&mut self) -> Option<u32> {
        let last = i64::try_from(self.conns.len()).unwrap() - 1;
        let place = usize::try_from(self.dice.between(0, last.max(0))).unwrap();
        self.conns.keys().nth(place).copied()
    }

    /// One thing that chance does, and the moment of the next.
    pub(crate) fn fault(&mut self) {
        let pause = if self.dice.chance(10) { 3_000 } else { 60 };
        let pause = self.dice.between(0, pause);
        self.after(pause, Happening::Fault);
        if !self.weather {
            return;
        }
        let place = self.any_desk();
        match self.dice.between(0, 199) {
            0..=2 if self.up => self.kill(),
            3 if self.up => self.go_away(),
            4..=9 => self.cut_any(),
            10..=12 => {
                let cut = [self.dice.chance(70), self.dice.chance(70)];
                if let Some(conn) = self.any_conn() {
                    self.trace.note(self.now, "silent cut", conn);
                    self.break_link(conn, cut);
                }
            }
            13 | 14 => {
                let until = self.now + self.dice.between(0, 20_000);
                self.desks[place].dark_until = until;
                if let Some(conn) = self.desks[place].conn {
                    self.break_link(conn, [true, true]);
                }
            }
            15..=17 => {
                let ms = self.dice.between(0, 30_000);
                self.desks[place].reads_from = self.now + ms;
                self.after(ms, Happening::Awake(place));
            }
            18..=20 => self.desks[place].pace = self.dice.between(0, 3) * self.dice.between(0, 100),
            21 | 22 => {
                // The machine is suspended: neither frames nor timers.
                let ms = self.dice.between(0, 60_000);
                self.desks[place].reads_from = self.now + ms;
                self.desks[place].asleep_until = self.now + ms;
                self.after(ms, Happening::Awake(place));
            }
            23..=25 => {
                self.tally.clock_jumps += 1;
                let jump = self.clock_jump();
                self.desks[place].skew += jump;
                self.trace.note(self.now, "clock jump of desk", place);
            }
            26 => {
                self.tally.clock_jumps += 1;
                self.server_skew += self.clock_jump();
                self.trace.note(self.now, "clock jump of the server", 0_u32);
            }
            27..=29 => {
                let most = self.dice.between(1, 300);
                self.desks[place].latency = (1, most);
            }
            30 | 31 => self.tell(place, Input::Wake),
            32 => self.tell(place, Input::Offline),
            33..=35 => {
                let hidden = self.dice.chance(50);
                self.tell(place, Input::Hidden(hidden));
            }
            36..=75 => self.wish(place),
            76..=80 => self.question(place),
            81 => (0..70).for_each(|_| self.question(place)),
            82..=90 => self.want(place),
            91..=93 => self.go_back(place),
            94..=130 => self.emit(),
            _ => self.change_values(),
        }
    }

    fn cut_any(&mut self) {
        if let Some(conn) = self.any_conn() {
            self.cut(conn);
        }
    }

    /// Clocks are set back by seconds, and forward by up to an hour.
    fn clock_jump(&mut self) -> i64 {
        match self.dice.chance(50) {
            true => -self.dice.between(0, 10_000),
            false => self.dice.between(0, 60_000) * self.dice.between(1, 60),
        }
    }

    fn wish(&mut self, place: usize) {
        let account = u64::try_from(self.desks[place].account).unwrap();
        let accounts = u64::try_from(self.venue.accounts).unwrap();
        self.wishes += 1;
        let wish = self.wishes * accounts + account;
        let quantity = wish.to_string().parse().unwrap();
        let mut order = PlaceOrder::market(samples::btc(), Side::Buy, quantity);
        if self.dice.chance(60) {
            order.client_order_id = ClientOrderId::new(&format!("own{account}-{wish}")).ok();
        }
        self.request(
            place,
            Command::Instruct(Instruction::PlaceOrder(order)),
            Some(wish),
        );
        if self.dice.chance(20) {
            // Cut at the very moment that it is under way.
            if let Some(conn) = self.desks[place].conn {
                self.cut(conn);
            }
        }
    }

    fn question(&mut self, place: usize) {
        let question = match self.dice.between(0, 5) {
            0 => Command::GetOrders(GetOrders::default()),
            1 => Command::GetRisk,
            2 => Command::GetAlerts,
            3 => Command::GetLogs,
            4 => Command::GetPositions,
            _ => Command::GetInstruments,
        };
        self.request(place, question, None);
    }

    /// A desk wants a state topic, or wants it no longer.
    fn want(&mut self, place: usize) {
        let topics = [
            samples::ticker(),
            Topic::Ticker(content::eth()),
            content::candles(),
            Topic::Dashboard,
            Topic::Balance,
        ];
        let topic = topics[usize::try_from(self.dice.between(0, 4)).unwrap()];
        let desk = &mut self.desks[place];
        match desk.wanted.iter().position(|wanted| *wanted == topic) {
            Some(known) => {
                desk.wanted.remove(known);
                desk.client.unsubscribe(topic);
                desk.forget(topic);
            }
            None => {
                desk.wanted.push(topic);
                desk.client.subscribe(topic);
            }
        }
        self.drain(place);
    }

    /// A desk goes back to a place that it has been at.
    fn go_back(&mut self, place: usize) {
        let topic = content::LOSSLESS[usize::try_from(self.dice.between(0, 3)).unwrap()];
        if let Some((ep, last)) = self.desks[place].place(topic) {
            let last = i64::try_from(last.0).unwrap();
            let seq = Seq(self.dice.between((last - 40).max(0), last).unsigned_abs());
            self.desks[place].begin_at(&self.venue, topic, ep, seq);
            self.drain(place);
        }
    }

    fn emit(&mut self) {
        if !self.up {
            return;
        }
        let account = self.any_desk() % self.venue.accounts;
        let topic = content::LOSSLESS[usize::try_from(self.dice.between(0, 4)).unwrap()];
        let many = match self.dice.between(0, 99) {
            0 | 1 => 800,
            2..=9 => 100,
            _ => 3,
        };
        for _ in 0..self.dice.between(1, many) {
            self.after(0, Happening::Emit(account, topic));
        }
    }

    fn change_values(&mut self) {
        if !self.up {
            return;
        }
        for _ in 0..self.dice.between(1, 4) {
            for topic in content::of_market() {
                self.venue.set(EVERYBODY, topic);
            }
            let account = self.any_desk() % self.venue.accounts;
            for topic in content::OF_ACCOUNT {
                self.venue.set(account, topic);
            }
        }
        self.news(true);
    }

    /// Everything is well again, and time passes until nothing is under way: then desks are what the server is.
    pub fn settle(&mut self, steps: &mut u64) {
        self.weather = false;
        if !self.up {
            self.restart();
        }
        for place in 0..self.desks.len() {
            let desk = &mut self.desks[place];
            (desk.dark_until, desk.reads_from, desk.asleep_until) = (0, 0, 0);
            (desk.pace, desk.latency) = (0, (1, 20));
            self.tell(place, Input::Hidden(false));
            self.after(0, Happening::Awake(place));
        }
        for (ms, cadence) in [(SETTLE_MS, true), (QUIET_MS, false)] {
            self.cadence = cadence;
            let end = self.now + ms;
            while self.now < end {
                self.step();
                *steps += 1;
            }
        }
        for desk in &self.desks {
            desk.assert_settled(&self.venue);
            if !self.climate.swallows {
                assert_eq!(desk.client.gaps(), 0, "frames got lost on a living connection");
            }
        }
        // What a dead connection was, nobody asks any more.
        let living: Vec<u32> = self.desks.iter().filter_map(|desk| desk.conn).collect();
        self.conns.retain(|id, _| living.contains(id));
        (self.weather, self.cadence) = (true, true);
    }
}

/// Until then a well network has brought every desk back: longer than any clock was set back, than a dead link takes to be
/// found, and than a command waits for its answer.
const SETTLE_MS: i64 = 45_000;

/// For what was published last to arrive; no longer, or a silent link would lag.
const QUIET_MS: i64 = 1_000;
