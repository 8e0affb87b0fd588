//! What a scenario can do to a [`Pair`], and what must hold once it is quiet.

use crate::pair::{Pair, Parcel};
use crate::samples;
use tickwire_protocol::command::{Command, Instruction, PlaceOrder};
use tickwire_protocol::id::{ClientOrderId, CommandId, Epoch, Seq};
use tickwire_protocol::order::Side;
use tickwire_protocol::session::client::{Input, Link};
use tickwire_protocol::session::server::Board;
use tickwire_protocol::topic::{Topic, TopicClass};

impl Pair {
    /// A desk that is live and follows orders, executions, a ticker and the three unasked topics.
    pub fn live(seed: u64) -> Pair {
        let mut pair = Pair::new(seed);
        for topic in [
            Topic::Orders,
            Topic::Executions,
            Topic::Positions,
            samples::ticker(),
            samples::candles(),
        ] {
            pair.subscribe(topic);
        }
        pair.tell(Input::Start);
        pair.run(1_000);
        assert_eq!(pair.client.link(), Link::Live);
        pair
    }

    pub fn subscribe(&mut self, topic: Topic) {
        self.client.subscribe(topic);
        self.drain();
    }

    pub fn unsubscribe(&mut self, topic: Topic) {
        self.client.unsubscribe(topic);
        self.notes.forget(topic);
        self.drain();
    }

    /// The desk knows a lossless topic up to this place from elsewhere.
    pub fn start_from(&mut self, topic: Topic, ep: Epoch, seq: Seq) {
        self.client.start_from(topic, ep, seq);
        self.notes.started(topic, ep, seq);
        self.drain();
    }

    /// A message of a lossless topic that no order makes.
    pub fn publish(&mut self, topic: Topic) {
        let now = self.server_now();
        self.board.log(topic, now, samples::event_body(topic, now));
        self.news(false);
    }

    pub fn request(&mut self, command: Command) -> CommandId {
        let id = self.client.request(self.desk_now(), command);
        self.drain();
        id
    }

    pub fn place_order(&mut self, client_order_id: &str) -> CommandId {
        self.request(place_order(Some(client_order_id)))
    }

    /// A new value of a state topic, and the server looks.
    pub fn set(&mut self, topic: Topic) {
        self.board.set(topic);
        self.news(true);
    }

    /// An order of somebody else's making.
    pub fn publish_order(&mut self) {
        let now = self.server_now();
        let number = 1_000_000 + self.board.head(Topic::Orders).1.0;
        self.board.log(
            Topic::Orders,
            now,
            samples::order_update(samples::order(number, None, now)),
        );
        self.news(false);
    }

    /// The connection breaks and both ends hear of it; of what is under way, what comes late is lost.
    pub fn cut(&mut self) {
        let Some(conn) = self.current else {
            return;
        };
        let last = self.now + self.dice.between(0, 30);
        self.lose_parcels(conn, last);
        for parcel in [Parcel::DeskClosed(1006), Parcel::ServerGone] {
            self.put(last + 1, conn, parcel);
        }
    }

    /// The connection breaks and nobody hears of it.
    pub fn half_open(&mut self) {
        if let Some(conn) = self.current {
            self.lose_parcels(conn, self.now);
        }
    }

    /// No network at all, and nobody hears of it.
    pub fn enter_black_hole(&mut self) {
        self.half_open();
        self.black_hole = true;
    }

    fn lose_parcels(&mut self, conn: u32, last: i64) {
        if let Some(link) = self.conns.get_mut(&conn) {
            link.cut = true;
        }
        let inside = |parcel: &Parcel| matches!(parcel, Parcel::Answer(_) | Parcel::Execute(_));
        self.queue
            .retain(|(at, _), (of, parcel)| *of != conn || *at <= last || inside(parcel));
    }

    /// The server is killed: what it was at is lost, what it journaled is not.
    pub fn kill_server(&mut self) {
        self.up = false;
        let inside = |parcel: &Parcel| matches!(parcel, Parcel::Answer(_) | Parcel::Execute(_));
        self.queue.retain(|_, (_, parcel)| !inside(parcel));
        self.cut();
        for link in self.conns.values_mut() {
            link.server = None;
        }
    }

    /// It is back, with a new state epoch.
    pub fn start_server(&mut self) {
        self.up = true;
        self.board.restart();
    }

    /// Network and server are well, and time passes: all invariants of a quiet system hold.
    pub fn settle(&mut self) {
        self.black_hole = false;
        if !self.up {
            self.start_server();
        }
        self.tell(Input::Hidden(false));
        self.run(30_000);
        assert_eq!(
            self.client.link(),
            Link::Live,
            "a well network ends in a live desk"
        );
        self.cadence = false;
        self.run(1_000);
        for (topic, followed) in &self.notes.lossless {
            let head = self.board.head(*topic);
            assert_eq!(
                followed.last.unwrap_or(head),
                head,
                "I1: the tail of {topic} is missing"
            );
            assert!(!followed.awaits_snapshot, "a loss of {topic} has no snapshot");
        }
        let wire = &self.conns[&self.current.unwrap()].wire;
        for (topic, version) in &self.notes.states {
            if topic.class() == TopicClass::State
                && wire.is_subscribed(*topic)
                && *topic != samples::candles()
            {
                assert_eq!(
                    Some(*version),
                    self.board.version_of(*topic),
                    "I3: {topic} is not the server's"
                );
            }
        }
        if wire.is_subscribed(samples::candles()) && !self.notes.candles.is_empty() {
            assert_eq!(
                self.notes.candles,
                self.board.candle_versions(),
                "I3: candles are not the server's"
            );
        }
        wire.settled();
        assert_eq!(self.client.pending(), 0, "I8: a command waits for ever");
        for (order, times) in &self.engine.executed {
            assert_eq!(*times, 1, "I9: {order} was executed {times} times");
        }
    }
}

pub fn place_order(client_order_id: Option<&str>) -> Command {
    Command::Instruct(Instruction::PlaceOrder(PlaceOrder {
        client_order_id: client_order_id.map(|id| ClientOrderId::new(id).unwrap()),
        ..PlaceOrder::market(samples::btc(), Side::Buy, "0.01".parse().unwrap())
    }))
}
