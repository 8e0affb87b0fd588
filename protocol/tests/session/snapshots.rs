//! What there is of a lossless topic's subject: asked for, sent after a loss, and known from elsewhere.

use crate::client_rules::Desk;
use crate::pair::Pair;
use crate::samples;
use crate::server_rules::{Alone, code, generous, messages};
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::command::{Command, GetExecutions, GetOrders};
use tickwire_protocol::error::ErrorCode;
use tickwire_protocol::id::{Epoch, Seq};
use tickwire_protocol::limits::Limits;
use tickwire_protocol::message::{Body, Message, Reset, ResetReason, Resumed};
use tickwire_protocol::session::client::{Event, Link, Loss};
use tickwire_protocol::session::server::Board;
use tickwire_protocol::topic::Topic;

const SNAPSHOTS: [(Topic, &str); 5] = [
    (Topic::Orders, "ORDERS"),
    (Topic::Executions, "EXECUTIONS"),
    (Topic::Risk, "RISK_STATUS_UPDATE"),
    (Topic::Alerts, "ALERTS"),
    (Topic::Logs, "LOGS"),
];

fn kinds(messages: &[Message]) -> Vec<&str> {
    messages.iter().map(|message| message.body.kind()).collect()
}

#[test]
fn a_loss_is_followed_by_all_there_is_as_of_the_place_where_the_topic_goes_on() {
    for (topic, kind) in SNAPSHOTS {
        let mut alone = Alone::new(Limits::default());
        alone.publish(topic, 150);
        let out = alone.ask(&format!(
            r#"{{"action":"subscribe","topics":["{topic}"],"resume":[{{"topic":"{topic}","ep":1,"seq":49}}]}}"#
        ));
        assert_eq!(kinds(&out), ["SUBSCRIBED", "RESET", kind]);
        assert_eq!(out[1].head.seq, Some(Seq(150)));
        let snapshot = &out[2].head;
        assert_eq!((snapshot.topic, snapshot.id.as_ref()), (None, None));
        assert_eq!(out[2].snapshot_of(), Some((topic, Epoch(1), Seq(150))));
        // The same for a reader that became too slow on a living connection.
        alone.publish(topic, 150);
        alone.now += 1;
        let out = messages(alone.poll());
        assert_eq!(kinds(&out), ["RESET", kind]);
        assert_eq!(out[1].snapshot_of(), Some((topic, Epoch(1), Seq(300))));
        let asked = alone.board.asked.borrow();
        match asked.last() {
            Some(
                Command::GetOrders(GetOrders { limit, .. })
                | Command::GetExecutions(GetExecutions { limit, .. }),
            ) => {
                assert_eq!(
                    *limit,
                    Some(Limits::default().rows_max),
                    "as many as there may be"
                );
            }
            Some(Command::GetRisk | Command::GetAlerts | Command::GetLogs) => {}
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn questions_after_rows_are_answered_with_their_place_and_no_topic() {
    let mut alone = Alone::new(generous());
    for (number, (topic, kind)) in SNAPSHOTS.into_iter().enumerate() {
        alone.publish(topic, 3);
        let action = topic.to_string();
        let out = alone.ask(&format!(r#"{{"action":"get_{action}","id":"{number}"}}"#));
        assert_eq!(kinds(&out), [kind, "ACK"]);
        assert!(
            out.iter()
                .all(|message| message.head.id.as_ref().unwrap().as_str() == number.to_string())
        );
        assert_eq!(out[0].snapshot_of(), Some((topic, Epoch(1), Seq(3))));
        assert_eq!(out[0].head.topic, None);
    }
    let out = alone.ask(r#"{"action":"get_order_status","order_id":"order-1","id":"a"}"#);
    assert_eq!(kinds(&out), ["ORDER_UPDATE", "ACK"]);
    assert_eq!(out[0].snapshot_of(), None, "one order is not all orders");
}

#[test]
fn questions_that_have_no_answer_say_why() {
    let mut alone = Alone::new(generous());
    for (text, expected) in [
        (
            r#"{"action":"get_order_status","order_id":"order-7"}"#,
            ErrorCode::OrderNotFound,
        ),
        (
            r#"{"action":"get_order_status","client_order_id":"x"}"#,
            ErrorCode::OrderNotFound,
        ),
        (
            r#"{"action":"get_position","symbol":"BTCUSDT"}"#,
            ErrorCode::NoPosition,
        ),
        (
            r#"{"action":"get_position","symbol":"NONE"}"#,
            ErrorCode::UnknownSymbol,
        ),
        (
            r#"{"action":"get_orders","symbol":"NONE"}"#,
            ErrorCode::UnknownSymbol,
        ),
        (
            r#"{"action":"get_executions","symbol":"NONE"}"#,
            ErrorCode::UnknownSymbol,
        ),
        (
            r#"{"action":"get_candles","symbol":"NONE","interval":"1m"}"#,
            ErrorCode::UnknownSymbol,
        ),
        (r#"{"action":"get_orders","limit":0}"#, ErrorCode::InvalidField),
        (r#"{"action":"get_orders","limit":1001}"#, ErrorCode::InvalidField),
        (
            r#"{"action":"get_executions","limit":0}"#,
            ErrorCode::InvalidField,
        ),
        (
            r#"{"action":"get_executions","limit":4294967295}"#,
            ErrorCode::InvalidField,
        ),
        (
            r#"{"action":"get_candles","symbol":"BTCUSDT","interval":"1m","limit":0}"#,
            ErrorCode::InvalidField,
        ),
        (
            r#"{"action":"get_candles","symbol":"BTCUSDT","interval":"1m","limit":501}"#,
            ErrorCode::InvalidField,
        ),
        (r#"{"action":"get_equity"}"#, ErrorCode::Unavailable),
    ] {
        let out = alone.ask(text);
        assert_eq!(
            out.iter().map(code).collect::<Vec<_>>(),
            [Some(expected)],
            "{text}"
        );
    }
}

fn reset(topic: Topic, seq: u64) -> Message {
    let body = Body::Reset(Reset {
        reason: ResetReason::Retention,
        lost_from: Seq(6),
    });
    Message::of(topic, Epoch(1), Seq(seq), TimestampMs(0), body)
}

fn snapshot(topic: Topic, seq: u64) -> Message {
    let mut message = Message::plain(None, TimestampMs(0), samples::snapshot_body(topic));
    message.head.ep = Some(Epoch(1));
    message.head.seq = Some(Seq(seq));
    message
}

fn event(topic: Topic, seq: u64) -> Message {
    let at = TimestampMs(0);
    Message::of(topic, Epoch(1), Seq(seq), at, samples::event_body(topic, at))
}

/// What a desk was told of losses and messages.
fn told(desk: &Desk) -> Vec<String> {
    let word = |event: &Event| match event {
        Event::Lost(loss) => Some(format!("lost {} from {}", loss.topic, loss.lost_from)),
        Event::Message(message) => Some(format!(
            "{} {}",
            message.body.kind(),
            message.head.seq.unwrap_or_default()
        )),
        _ => None,
    };
    desk.told.iter().filter_map(word).collect()
}

#[test]
fn a_desk_is_told_of_the_loss_and_then_gets_the_snapshot_and_what_follows_it() {
    for (topic, kind) in SNAPSHOTS {
        let mut desk = Desk::new();
        desk.client.subscribe(topic);
        desk.connect();
        desk.subscribed(topic, 1, 5);
        desk.hear(reset(topic, 90));
        desk.hear(snapshot(topic, 90));
        desk.hear(event(topic, 90));
        desk.hear(event(topic, 91));
        let update = event(topic, 91);
        let expected = [
            format!("lost {topic} from 6"),
            format!("{kind} 90"),
            format!("{} 91", update.body.kind()),
        ];
        assert_eq!(told(&desk), expected);
        let loss = Loss {
            topic,
            reason: ResetReason::Retention,
            lost_from: Seq(6),
        };
        assert!(desk.told.contains(&Event::Lost(loss)));
        assert_eq!(desk.client.gaps(), 0);
    }
}

#[test]
fn a_cut_between_a_reset_and_its_snapshot_swallows_neither() {
    let mut desk = Desk::new();
    desk.client.subscribe(Topic::Orders);
    desk.connect();
    desk.subscribed(Topic::Orders, 1, 5);
    desk.hear(reset(Topic::Orders, 90));
    desk.handle(tickwire_protocol::session::client::Input::Closed { code: 1006 });
    desk.connect();
    assert!(
        desk.subscribe
            .ends_with(r#""resume":[{"topic":"orders","ep":1,"seq":5}]}"#),
        "{}",
        desk.subscribe
    );
    assert!(told(&desk).is_empty(), "{:?}", told(&desk));
    desk.subscribed(Topic::Orders, 1, 95);
    desk.hear(reset(Topic::Orders, 95));
    desk.hear(snapshot(Topic::Orders, 95));
    assert_eq!(told(&desk), ["lost orders from 6", "ORDERS 95"]);
}

#[test]
fn a_loss_without_a_snapshot_counts_all_the_same() {
    let mut desk = Desk::new();
    desk.client.subscribe(Topic::Orders);
    desk.connect();
    desk.subscribed(Topic::Orders, 1, 5);
    desk.hear(reset(Topic::Orders, 90));
    desk.hear(event(Topic::Orders, 91));
    assert_eq!(told(&desk), ["lost orders from 6", "ORDER_UPDATE 91"]);
}

#[test]
fn an_answer_to_a_question_is_no_message_of_the_topic() {
    for (topic, kind) in SNAPSHOTS {
        for names_the_topic in [false, true] {
            let mut desk = Desk::new();
            desk.client.subscribe(topic);
            desk.connect();
            desk.subscribed(topic, 1, 5);
            let mut answer = snapshot(topic, 6);
            answer.head.id = Some("77".parse().unwrap());
            answer.head.topic = names_the_topic.then_some(topic);
            desk.hear(answer);
            desk.hear(event(topic, 6));
            let update = event(topic, 6);
            assert_eq!(
                told(&desk),
                [format!("{kind} 6"), format!("{} 6", update.body.kind())]
            );
            assert_eq!(desk.client.gaps(), 0);
        }
    }
}

#[test]
fn a_snapshot_that_is_left_over_of_an_ended_subscription_is_not_handed_out() {
    let mut desk = Desk::new();
    desk.client.subscribe(Topic::Orders);
    desk.connect();
    desk.subscribed(Topic::Orders, 1, 5);
    desk.client.unsubscribe(Topic::Orders);
    desk.client.subscribe(Topic::Orders);
    desk.drain();
    desk.hear(reset(Topic::Orders, 90));
    desk.hear(snapshot(Topic::Orders, 90));
    assert!(told(&desk).is_empty(), "{:?}", told(&desk));
}

#[test]
fn a_desk_that_has_a_snapshot_starts_from_its_place() {
    for subscribes_first in [false, true] {
        let mut desk = Desk::new();
        if subscribes_first {
            desk.client.subscribe(Topic::Orders);
        }
        desk.client.start_from(Topic::Orders, Epoch(1), Seq(40));
        desk.client.start_from(samples::ticker(), Epoch(1), Seq(40));
        if !subscribes_first {
            desk.client.subscribe(Topic::Orders);
        }
        desk.client.subscribe(samples::ticker());
        desk.connect();
        assert!(
            desk.subscribe
                .ends_with(r#""resume":[{"topic":"orders","ep":1,"seq":40}]}"#),
            "{}",
            desk.subscribe
        );
        desk.subscribed(Topic::Orders, 1, 40);
        let resumed = Body::Resumed(Resumed {
            from: Seq(41),
            head: Seq(42),
        });
        desk.hear(Message::of(
            Topic::Orders,
            Epoch(1),
            Seq(40),
            TimestampMs(0),
            resumed,
        ));
        desk.hear(event(Topic::Orders, 41));
        desk.hear(event(Topic::Orders, 42));
        assert_eq!(desk.values(), [41, 42]);
    }
}

#[test]
fn a_place_is_used_once_and_not_kept_for_the_next_user() {
    let mut desk = Desk::new();
    desk.client.start_from(Topic::Orders, Epoch(1), Seq(40));
    desk.client.subscribe(Topic::Orders);
    desk.client.unsubscribe(Topic::Orders);
    desk.client.subscribe(Topic::Orders);
    desk.connect();
    assert!(!desk.subscribe.contains("resume"), "{}", desk.subscribe);
}

#[test]
fn a_desk_that_follows_a_topic_goes_back_to_the_place_it_names() {
    let mut pair = Pair::live(1);
    (0..10).for_each(|_| pair.publish_order());
    pair.run(200);
    let (ep, head) = pair.board.head(Topic::Orders);
    assert_eq!(pair.notes.lossless[&Topic::Orders].applied, 10);
    pair.start_from(Topic::Orders, ep, Seq(4));
    pair.run(200);
    let followed = &pair.notes.lossless[&Topic::Orders];
    assert_eq!((followed.last, followed.applied), (Some((ep, head)), 10));
    assert_eq!(pair.client.gaps(), 0, "it was asked for, not found missing");
    assert_eq!(pair.client.link(), Link::Live);
    // Where it stands already there is nothing to do.
    let frames = pair.arrived;
    pair.cadence = false;
    pair.start_from(Topic::Orders, ep, head);
    pair.run(200);
    assert_eq!(pair.arrived, frames);
}

#[test]
fn a_place_that_is_kept_no_longer_is_told_as_a_loss_with_all_there_is() {
    let mut pair = Pair::new(2);
    pair.board.retention = 10;
    (0..50).for_each(|_| pair.publish(Topic::Alerts));
    pair.start_from(Topic::Alerts, Epoch(1), Seq(20));
    pair.subscribe(Topic::Alerts);
    pair.tell(tickwire_protocol::session::client::Input::Start);
    pair.settle();
    let loss = Loss {
        topic: Topic::Alerts,
        reason: ResetReason::Retention,
        lost_from: Seq(21),
    };
    assert_eq!(pair.notes.losses, [loss]);
    assert_eq!(
        pair.notes
            .plain
            .iter()
            .filter(|m| m.snapshot_of().is_some())
            .count(),
        1
    );
}
