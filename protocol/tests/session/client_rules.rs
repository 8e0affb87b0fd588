//! A desk's end by itself, against frames that no well network delivers so: cut off, out of date, or out of order.

use crate::samples;
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::id::{Epoch, Seq};
use tickwire_protocol::limits::Limits;
use tickwire_protocol::message::{Body, Message, Resumed, Subscribed};
use tickwire_protocol::session::client::{Client, Event, Input, Link, Output};
use tickwire_protocol::topic::Topic;

pub(crate) struct Desk {
    pub(crate) client: Client,
    now: i64,
    /// The last `subscribe` that it sent.
    pub(crate) subscribe: String,
    pub(crate) told: Vec<Event>,
}

impl Desk {
    pub(crate) fn new() -> Desk {
        Desk {
            client: Client::new(7),
            now: 0,
            subscribe: String::new(),
            told: Vec::new(),
        }
    }

    pub(crate) fn handle(&mut self, input: Input<'_>) {
        self.client.handle(TimestampMs(self.now), input);
        self.drain();
    }

    pub(crate) fn drain(&mut self) {
        while let Some(output) = self.client.poll() {
            match output {
                Output::Send(text) if text.contains(r#""action":"subscribe""#) => self.subscribe = text,
                Output::Event(event) => self.told.push(event),
                _ => {}
            }
        }
    }

    pub(crate) fn connect(&mut self) {
        self.now += 10_000;
        self.handle(Input::Start);
        self.handle(Input::Wake);
        self.handle(Input::Opened);
        let now = TimestampMs(self.now);
        let greeting = samples::greeting(Limits::default(), Epoch(1), now);
        self.hear(Message::plain(None, now, Body::ConnectionEstablished(greeting)));
    }

    pub(crate) fn hear(&mut self, message: Message) {
        self.handle(Input::Frame(&message.encode()));
    }

    /// The server says SUBSCRIBED to the last `subscribe`.
    pub(crate) fn subscribed(&mut self, topic: Topic, ep: u32, seq: u64) {
        let id = self
            .subscribe
            .split(r#""id":""#)
            .nth(1)
            .unwrap()
            .split('"')
            .next()
            .unwrap();
        let body = Body::Subscribed(Subscribed { class: topic.class() });
        let mut message = Message::of(topic, Epoch(ep), Seq(seq), TimestampMs(0), body);
        message.head.id = Some(id.parse().unwrap());
        self.hear(message);
    }

    fn value(&mut self, topic: Topic, seq: u64) {
        self.hear(Message::of(
            topic,
            Epoch(1),
            Seq(seq),
            TimestampMs(0),
            samples::state_body(topic),
        ));
    }

    pub(crate) fn values(&self) -> Vec<u64> {
        let seq = |event: &Event| match event {
            Event::Message(message) => message.head.seq.map(|seq| seq.0),
            _ => None,
        };
        self.told.iter().filter_map(seq).collect()
    }
}

#[test]
fn a_cut_between_subscribed_and_reset_does_not_swallow_the_loss() {
    let mut desk = Desk::new();
    desk.client.subscribe(Topic::Orders);
    desk.connect();
    desk.subscribed(Topic::Orders, 1, 5);
    desk.handle(Input::Closed { code: 1006 });
    desk.connect();
    // Another history; and the RESET that says so is lost with the connection.
    desk.subscribed(Topic::Orders, 2, 9);
    desk.handle(Input::Closed { code: 1006 });
    desk.connect();
    assert!(
        desk.subscribe
            .ends_with(r#""resume":[{"topic":"orders","ep":1,"seq":5}]}"#),
        "{}",
        desk.subscribe
    );
}

#[test]
fn an_older_value_never_follows_a_newer_one() {
    let mut desk = Desk::new();
    desk.client.subscribe(samples::ticker());
    desk.connect();
    desk.subscribed(samples::ticker(), 1, 5);
    for seq in [5, 7, 6, 7, 8] {
        desk.value(samples::ticker(), seq);
    }
    assert_eq!(desk.values(), [5, 7, 7, 8]);
}

#[test]
fn what_is_left_over_of_an_ended_subscription_is_no_value_of_the_next() {
    let mut desk = Desk::new();
    desk.client.subscribe(samples::ticker());
    desk.connect();
    desk.subscribed(samples::ticker(), 1, 5);
    desk.value(samples::ticker(), 5);
    desk.client.unsubscribe(samples::ticker());
    desk.client.subscribe(samples::ticker());
    desk.drain();
    desk.value(samples::ticker(), 6);
    assert_eq!(desk.values(), [5]);
    desk.subscribed(samples::ticker(), 1, 6);
    desk.value(samples::ticker(), 6);
    assert_eq!(desk.values(), [5, 6]);
}

#[test]
fn a_desk_that_comes_back_is_live_once_it_has_what_it_missed() {
    for missed in [0, 2] {
        let mut desk = Desk::new();
        desk.client.subscribe(Topic::Orders);
        desk.connect();
        desk.subscribed(Topic::Orders, 1, 5);
        assert_eq!(desk.client.link(), Link::Live);
        desk.handle(Input::Closed { code: 1006 });
        desk.connect();
        desk.subscribed(Topic::Orders, 1, 5);
        assert_ne!(
            desk.client.link(),
            Link::Live,
            "it knows nothing of what it missed"
        );
        let (from, head) = (Seq(6), Seq(5 + missed));
        let resumed = Body::Resumed(Resumed { from, head });
        desk.hear(Message::of(
            Topic::Orders,
            Epoch(1),
            Seq(5),
            TimestampMs(0),
            resumed,
        ));
        for seq in 6..6 + missed {
            assert_ne!(desk.client.link(), Link::Live, "{seq} is to come");
            let body = samples::event_body(Topic::Orders, TimestampMs(0));
            desk.hear(Message::of(
                Topic::Orders,
                Epoch(1),
                Seq(seq),
                TimestampMs(0),
                body,
            ));
        }
        assert_eq!(desk.client.link(), Link::Live);
    }
}
