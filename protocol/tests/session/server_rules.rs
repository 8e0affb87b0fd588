//! A server's end by itself, against clients that behave badly.

use crate::board::ModelBoard;
use crate::samples;
use std::sync::Arc;
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::error::{CloseReason, ErrorCode};
use tickwire_protocol::frame::Frame;
use tickwire_protocol::id::Epoch;
use tickwire_protocol::limits::Limits;
use tickwire_protocol::message::{Body, Message, Outcome};
use tickwire_protocol::session::server::{Incoming, NotKept, Outgoing, Server};
use tickwire_protocol::topic::Topic;

/// Answers that wait while commands are still read, and the most that one more command can add.
const ANSWERS_BOUND: usize = 63 + 2 * 512 + samples::LOSSLESS.len() + 1;

pub(crate) struct Alone {
    pub(crate) server: Server,
    pub(crate) board: ModelBoard,
    pub(crate) now: i64,
}

impl Alone {
    pub(crate) fn new(limits: Limits) -> Alone {
        let mut board = ModelBoard::new(100);
        for topic in [
            Topic::Positions,
            Topic::Portfolio,
            Topic::Balance,
            samples::ticker(),
        ] {
            board.set(topic);
        }
        let server = Server::new(
            samples::greeting(limits, Epoch(1), TimestampMs(0)),
            TimestampMs(0),
        );
        let mut alone = Alone {
            server,
            board,
            now: 0,
        };
        alone.poll();
        alone
    }

    pub(crate) fn say(&mut self, text: &str) {
        self.server
            .handle(TimestampMs(self.now), Incoming::Text(text), &self.board);
    }

    pub(crate) fn publish(&mut self, topic: Topic, count: u32) {
        let now = TimestampMs(self.now);
        (0..count).for_each(|_| self.board.log(topic, now, samples::event_body(topic, now)));
    }

    fn publish_orders(&mut self, count: u32) {
        let now = TimestampMs(self.now);
        for _ in 0..count {
            let order = samples::order(1, None, now);
            self.board.log(Topic::Orders, now, samples::order_update(order));
        }
    }

    pub(crate) fn poll(&mut self) -> Vec<Outgoing> {
        let mut out = Vec::new();
        self.server.poll(TimestampMs(self.now), &self.board, &mut out);
        out
    }

    pub(crate) fn ask(&mut self, text: &str) -> Vec<Message> {
        self.say(text);
        messages(self.poll())
    }

    pub(crate) fn fetched(&mut self, piece: Result<Vec<Arc<Frame>>, NotKept>) {
        let now = TimestampMs(self.now);
        self.server.handle(now, Incoming::Fetched(piece), &self.board);
    }

    /// Everything that is due, turn by turn, heartbeats aside.
    pub(crate) fn poll_all(&mut self) -> Vec<Outgoing> {
        let mut out = Vec::new();
        while self.server.poll(TimestampMs(self.now), &self.board, &mut out).0 <= self.now {}
        out
    }

    pub(crate) fn messages_of(&self, out: &[Outgoing]) -> Vec<Message> {
        messages(out.to_vec())
    }

    pub(crate) fn rests(&self) -> bool {
        self.server.rests_at(TimestampMs(self.now))
    }

    pub(crate) fn due(&mut self) -> i64 {
        self.server
            .poll(TimestampMs(self.now), &self.board, &mut Vec::new())
            .0
    }
}

pub(crate) fn messages(out: Vec<Outgoing>) -> Vec<Message> {
    out.into_iter()
        .filter_map(|outgoing| outgoing.text())
        .map(|text| Message::decode(std::str::from_utf8(&text).unwrap()).unwrap())
        .collect()
}

pub(crate) fn code(message: &Message) -> Option<ErrorCode> {
    match &message.body {
        Body::Error(error) => Some(error.code),
        _ => None,
    }
}

/// Limits that nobody runs into by asking much.
pub(crate) fn generous() -> Limits {
    Limits {
        commands_per_second: 1_000_000,
        command_burst: 1_000_000,
        ..Limits::default()
    }
}

#[test]
fn three_topics_flow_unasked_after_the_greeting() {
    let mut board = ModelBoard::new(1);
    for topic in [
        Topic::Positions,
        Topic::Portfolio,
        Topic::Balance,
        Topic::Dashboard,
    ] {
        board.set(topic);
    }
    let mut server = Server::new(
        samples::greeting(Limits::default(), Epoch(1), TimestampMs(0)),
        TimestampMs(0),
    );
    let mut out = Vec::new();
    server.poll(TimestampMs(0), &board, &mut out);
    let kinds: Vec<String> = messages(out)
        .iter()
        .map(|message| message.body.kind().to_owned())
        .collect();
    assert_eq!(
        kinds,
        [
            "CONNECTION_ESTABLISHED",
            "POSITION_UPDATE",
            "PORTFOLIO_UPDATE",
            "ACCOUNT_BALANCE_UPDATED"
        ]
    );
}

#[test]
fn an_answer_carries_the_id_and_the_ack_comes_last() {
    let mut alone = Alone::new(Limits::default());
    alone.now = 1_000;
    let answers = alone.ask(r#"{"action":"get_positions","id":"1"}"#);
    let ids: Vec<_> = answers
        .iter()
        .map(|m| (m.body.kind(), m.head.id.as_ref().map(|id| id.as_str())))
        .collect();
    assert_eq!(ids, [("POSITION_UPDATE", Some("1")), ("ACK", Some("1"))]);
    let answers = alone.ask(r#"{"action":"get_positions"}"#);
    assert_eq!(answers.len(), 1, "without an id there is data alone");
    let answers = alone.ask(r#"{"action":"subscribe_ticker","symbol":"BTCUSDT","id":"2"}"#);
    let kinds: Vec<_> = answers.iter().map(|message| message.body.kind()).collect();
    assert_eq!(kinds, ["SUBSCRIBED", "ACK", "MARKET_UPDATE"]);
    let answers = alone.ask(r#"{"action":"unsubscribe_ticker","symbol":"BTCUSDT","id":"3"}"#);
    let kinds: Vec<_> = answers.iter().map(|message| message.body.kind()).collect();
    assert_eq!(kinds, ["UNSUBSCRIBED", "ACK"]);
}

#[test]
fn a_flood_is_told_and_then_closed() {
    let mut alone = Alone::new(Limits::default());
    let mut told = 0;
    for number in 0..1_000 {
        alone.say(&format!(r#"{{"action":"pong","id":"n{number}"}}"#));
        for outgoing in alone.poll() {
            match outgoing {
                Outgoing::Close(reason) => {
                    assert_eq!(reason, CloseReason::RateLimited);
                    assert_eq!(reason.code(), 4007);
                    assert_eq!(
                        (number, told),
                        (160, 100),
                        "60 at once, 100 refused, then the end"
                    );
                    return;
                }
                Outgoing::Text(text) => {
                    let message = Message::decode(std::str::from_utf8(&text).unwrap()).unwrap();
                    let refused = code(&message) == Some(ErrorCode::RateLimited);
                    assert_eq!(refused, number >= 60);
                    let id = message.head.id.unwrap();
                    assert_eq!(
                        id.as_str(),
                        format!("n{number}"),
                        "nobody waits for an answer that never comes"
                    );
                    if let Body::Error(error) = message.body {
                        assert!(error.retryable && error.retry_after_ms == Some(50));
                        told += 1;
                    }
                }
                other => panic!("{other:?}"),
            }
        }
    }
    panic!("it goes on for ever");
}

#[test]
fn a_client_that_is_too_fast_once_in_a_while_stays() {
    let mut alone = Alone::new(Limits::default());
    for _ in 0..20 {
        for _ in 0..90 {
            alone.say(r#"{"action":"pong"}"#);
            alone.poll();
        }
        alone.now += 10_000;
    }
    assert!(alone.server.wants_input());
}

#[test]
fn silence_is_closed_after_twenty_seconds_and_not_before() {
    let mut alone = Alone::new(Limits::default());
    alone.now = 1_300;
    alone.say(r#"{"action":"pong"}"#);
    while alone.now < 21_300 {
        let out = alone.poll();
        assert!(
            !out.iter().any(|outgoing| matches!(outgoing, Outgoing::Close(_))),
            "at {}",
            alone.now
        );
        alone.now = alone.due();
    }
    assert_eq!(alone.now, 21_300);
    assert!(
        alone
            .poll()
            .contains(&Outgoing::Close(CloseReason::HeartbeatTimeout))
    );
    assert_eq!(CloseReason::HeartbeatTimeout.code(), 4003);
}

#[test]
fn a_client_that_only_answers_pings_stays() {
    let mut alone = Alone::new(Limits::default());
    let mut pings = 0;
    while alone.now < 600_000 {
        for outgoing in alone.poll() {
            match outgoing {
                Outgoing::Ping => {
                    pings += 1;
                    alone
                        .server
                        .handle(TimestampMs(alone.now), Incoming::Alive, &alone.board);
                }
                Outgoing::Close(reason) => panic!("{reason:?} at {}", alone.now),
                _ => {}
            }
        }
        alone.now = alone.due().max(alone.now + 1);
    }
    assert!(pings >= 118, "{pings}");
}

#[test]
fn answers_that_wait_are_bounded_whatever_is_asked() {
    let every_topic_ten_times = {
        let names: Vec<String> = Topic::PLAIN.iter().map(|topic| format!("\"{topic}\"")).collect();
        format!(
            r#"{{"action":"subscribe","id":"a","topics":[{}]}}"#,
            vec![names.join(","); 120].join(",")
        )
    };
    assert!(every_topic_ten_times.len() < 16_384);
    let hostile = [
        every_topic_ten_times.as_str(),
        &every_topic_ten_times.replace("subscribe", "unsubscribe"),
        r#"{"action":"get_positions","id":"b"}"#,
        "garbage",
        r#"{"action":"subscribe","topics":["orders"],"resume":[{"topic":"orders","ep":9,"seq":18446744073709551615}]}"#,
        r#"{"action":"subscribe","topics":["orders"],"resume":[{"topic":"orders","ep":1,"seq":18446744073709551615}]}"#,
        r#"{"action":"ping","t0":-9223372036854775808,"id":"c"}"#,
    ];
    for text in hostile {
        let mut alone = Alone::new(generous());
        let mut read = 0;
        while alone.server.wants_input() {
            alone.say(text);
            read += 1;
            assert!(read <= 1_000, "reading ends when nothing can be sent");
        }
        let waiting = alone.poll().len();
        assert!(
            waiting <= ANSWERS_BOUND,
            "{waiting} answers wait after {read} × {:.40}",
            text
        );
        // Naming a topic often is naming it once.
        assert!(
            waiting <= 64 + 2 * Topic::PLAIN.len() + 10,
            "{waiting} answers wait after {read} × {:.40}",
            text
        );
    }
}

#[test]
fn no_command_is_read_while_the_engine_is_at_an_order() {
    let mut alone = Alone::new(Limits::default());
    alone.say(r#"{"action":"place_order","id":"1","symbol":"BTCUSDT","side":"buy","order_type":"market","quantity":1}"#);
    assert!(!alone.server.wants_input());
    let out = alone.poll();
    assert!(out.iter().any(|outgoing| matches!(outgoing, Outgoing::Engine(_))));
    assert!(!alone.server.wants_input());
}

#[test]
fn after_the_close_nothing_is_done_any_more() {
    let mut alone = Alone::new(Limits::default());
    alone.server.go_away(TimestampMs(0));
    alone.say(r#"{"action":"place_order","id":"1","symbol":"BTCUSDT","side":"buy","order_type":"market","quantity":1}"#);
    let out = alone.poll();
    assert!(
        matches!(out.last(), Some(Outgoing::Close(CloseReason::GoingAway))),
        "{out:?}"
    );
    assert!(!out.iter().any(|outgoing| matches!(outgoing, Outgoing::Engine(_))));
}

#[test]
fn a_bad_subscription_is_refused_whole() {
    let mut alone = Alone::new(Limits {
        topics_max: 6,
        ..generous()
    });
    alone.now = 10;
    let refused = alone.ask(r#"{"action":"subscribe","id":"1","topics":["orders","ticker:NONE"]}"#);
    assert_eq!(
        refused.iter().map(code).collect::<Vec<_>>(),
        [Some(ErrorCode::UnknownSymbol)]
    );
    let refused =
        alone.ask(r#"{"action":"subscribe","id":"2","topics":["orders","status","dashboard","executions"]}"#);
    assert_eq!(
        refused.iter().map(code).collect::<Vec<_>>(),
        [Some(ErrorCode::TopicLimit)]
    );
    let taken = alone
        .ask(r#"{"action":"subscribe","id":"3","topics":["orders","orders","status","dashboard","orders"]}"#);
    let named = taken
        .iter()
        .filter(|message| matches!(message.body, Body::Subscribed(_)))
        .count();
    assert_eq!(named, 3);
    let refused = alone.ask(r#"{"action":"unsubscribe","id":"4","topics":["orders","ticker:NONE"]}"#);
    assert_eq!(
        refused.iter().map(code).collect::<Vec<_>>(),
        [Some(ErrorCode::UnknownSymbol)]
    );
    let ended = alone.ask(r#"{"action":"unsubscribe","id":"5","topics":["orders"]}"#);
    assert!(
        matches!(ended[0].body, Body::Unsubscribed(_)),
        "the refused command had ended nothing"
    );
}

#[test]
fn a_frame_above_the_limit_and_a_binary_one_are_answered_and_survived() {
    let mut alone = Alone::new(Limits::default());
    let long = format!(r#"{{"action":"get_positions","id":"{}"}}"#, "x".repeat(16_384));
    assert_eq!(code(&alone.ask(&long)[0]), Some(ErrorCode::TooLarge));
    alone
        .server
        .handle(TimestampMs(0), Incoming::Binary, &alone.board);
    assert_eq!(code(&messages(alone.poll())[0]), Some(ErrorCode::BadFrame));
    assert!(alone.server.wants_input());
}

#[test]
fn a_slow_reader_past_retention_is_told_on_the_living_connection() {
    let mut alone = Alone::new(Limits::default());
    alone.ask(r#"{"action":"subscribe","id":"1","topics":["orders"]}"#);
    alone.publish_orders(150);
    let out = messages(alone.poll());
    let Some(Body::Reset(reset)) = out
        .iter()
        .map(|message| &message.body)
        .find(|body| matches!(body, Body::Reset(_)))
    else {
        panic!("{out:?}");
    };
    assert_eq!(reset.lost_from.0, 1);
    assert!(
        !out.iter()
            .any(|message| matches!(message.body, Body::OrderUpdate(_)))
    );
}

#[test]
fn a_place_that_is_kept_no_longer_is_reset_and_not_resumed() {
    let mut alone = Alone::new(Limits::default());
    alone.publish_orders(150);
    let resume =
        r#"{"action":"subscribe","topics":["orders"],"resume":[{"topic":"orders","ep":1,"seq":PLACE}]}"#;
    let kinds = |out: Vec<Message>| -> Vec<String> {
        out.iter()
            .filter(|m| m.head.topic == Some(Topic::Orders))
            .map(|m| m.body.kind().to_owned())
            .collect()
    };
    assert_eq!(
        kinds(alone.ask(&resume.replace("PLACE", "49"))),
        ["SUBSCRIBED", "RESET"]
    );
    assert_eq!(
        kinds(alone.ask(&resume.replace("PLACE", "151"))),
        ["SUBSCRIBED", "RESET"]
    );
    assert_eq!(
        kinds(alone.ask(&resume.replace("PLACE", "150"))),
        ["SUBSCRIBED", "RESUMED"]
    );
    let resumed = kinds(alone.ask(&resume.replace("PLACE", "148")));
    assert_eq!(resumed, ["SUBSCRIBED", "RESUMED", "ORDER_UPDATE", "ORDER_UPDATE"]);
}

#[test]
fn a_heartbeat_names_what_was_sent_and_not_what_waits() {
    let mut alone = Alone::new(Limits::default());
    alone.ask(r#"{"action":"subscribe","topics":["orders"]}"#);
    alone.now = 5_000;
    alone.publish_orders(90);
    let out = messages(alone.poll());
    let sent = out
        .iter()
        .filter(|message| message.head.topic == Some(Topic::Orders))
        .filter_map(|m| m.head.seq)
        .max();
    let Some(Body::Heartbeat(beat)) = out
        .iter()
        .map(|m| &m.body)
        .find(|body| matches!(body, Body::Heartbeat(_)))
    else {
        panic!("{out:?}");
    };
    assert!(
        sent < Some(tickwire_protocol::id::Seq(90)),
        "a turn is shorter than the backlog"
    );
    assert_eq!(beat.heads[&Topic::Orders], (Epoch(1), sent.unwrap()));
}

#[test]
fn a_connection_whose_command_the_engine_is_long_at_is_not_asked_again_and_again() {
    let mut alone = Alone::new(Limits::default());
    alone.now = 10;
    alone.say(r#"{"action":"place_order","id":"1","client_order_id":"o-1","symbol":"BTCUSDT","side":"buy","order_type":"market","quantity":1}"#);
    assert!(alone.poll().iter().any(|out| matches!(out, Outgoing::Engine(_))));
    // Nothing is read meanwhile, so the silence closes nothing, and there is nothing to do about it either.
    alone.now = 60_000;
    let due = alone.due();
    assert!(due > alone.now, "due at {due}, which is not after {}", alone.now);
    assert!(alone.poll().iter().all(|out| !matches!(out, Outgoing::Close(_))));
}

#[test]
fn an_instruction_that_cannot_be_read_is_said_not_to_be_executed() {
    let mut alone = Alone::new(Limits::default());
    for (text, is_told) in [
        (
            r#"{"action":"place_order","id":"1","symbol":"BTCUSDT","side":"buy","order_type":"market","quantity":"NaN"}"#,
            true,
        ),
        (r#"{"action":"flatten_all","id":"1","symbol":"BTCUSDT"}"#, true),
        (r#"{"action":"resume_trading","id":"1"}"#, true),
        (
            r#"{"action":"amend_order","id":"1","order_id":"order-1","stop_loss":null}"#,
            true,
        ),
        (
            r#"{"action":"get_candles","id":"1","symbol":"BTCUSDT","interval":"2m"}"#,
            false,
        ),
        (r#"{"action":"buy_all","id":"1"}"#, false),
        (r#"{"id":"1"}"#, false),
    ] {
        alone.say(text);
        let told = alone.poll().into_iter().find_map(|out| match out {
            Outgoing::Text(text) => Some(Message::decode(std::str::from_utf8(&text).unwrap()).unwrap().body),
            _ => None,
        });
        let error = match told {
            Some(Body::Error(error)) => error,
            other => panic!("{text} is answered by {other:?}"),
        };
        assert_eq!(error.outcome, is_told.then_some(Outcome::NotExecuted), "{text}");
    }
}
