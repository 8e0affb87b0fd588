//! What the server's walls have a connection say: that its user asks too much, and when to come back.

use crate::server_rules::{Alone, code, generous, messages};
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::error::{CloseReason, ErrorCode};
use tickwire_protocol::limits::Limits;
use tickwire_protocol::message::Body;
use tickwire_protocol::session::server::Outgoing;
use tickwire_protocol::topic::Topic;

const WHO: &str = "your connections together";

#[test]
fn what_is_above_a_shared_rate_is_answered_by_its_id_and_not_done() {
    let mut alone = Alone::new(Limits::default());
    let asked = r#"{"action":"subscribe","id":"7","topics":["orders"]}"#;
    alone.server.refuse_excess(TimestampMs(0), asked, 40, WHO);
    let told = messages(alone.poll());
    assert_eq!(told.len(), 1);
    assert_eq!(code(&told[0]), Some(ErrorCode::RateLimited));
    assert_eq!(told[0].head.id.as_ref().map(|id| id.as_str()), Some("7"));
    let Body::Error(error) = &told[0].body else {
        unreachable!("it has a code");
    };
    assert_eq!(error.retry_after_ms, Some(40));
    assert!(
        error.message.starts_with(WHO) && error.message.contains("40 ms"),
        "{}",
        error.message
    );
    assert_eq!(
        alone.server.take_tally().action,
        None,
        "it was no command that was carried out"
    );
    alone.publish(Topic::Orders, 1);
    assert!(alone.poll().is_empty(), "nothing was subscribed to");
}

#[test]
fn who_goes_on_above_a_shared_rate_is_closed_as_above_his_own() {
    let mut alone = Alone::new(Limits {
        rate_violations_max: 3,
        ..generous()
    });
    for _ in 0..3 {
        alone.server.refuse_excess(TimestampMs(0), "{}", 40, WHO);
    }
    assert_eq!(messages(alone.poll()).len(), 3);
    alone.server.refuse_excess(TimestampMs(0), "{}", 40, WHO);
    assert_eq!(alone.poll(), [Outgoing::Close(CloseReason::RateLimited)]);
    alone.server.refuse_excess(TimestampMs(0), "{}", 40, WHO);
    assert!(alone.poll().is_empty(), "it is closed once");
}

#[test]
fn room_is_told_without_being_taken() {
    let mut alone = Alone::new(Limits {
        commands_per_second: 1,
        command_burst: 1,
        ..Limits::default()
    });
    for _ in 0..3 {
        assert!(alone.server.has_room(TimestampMs(0)));
    }
    alone.ask(r#"{"action":"ping","t0":1}"#);
    assert!(!alone.server.has_room(TimestampMs(999)));
    assert!(alone.server.has_room(TimestampMs(1_000)));
}

#[test]
fn a_shutdown_tells_the_window_that_it_was_given() {
    let mut alone = Alone::new(Limits::default());
    alone.server.go_away_within(TimestampMs(5), (300, 900));
    let out = alone.poll();
    assert!(matches!(
        out.last(),
        Some(Outgoing::Close(CloseReason::GoingAway))
    ));
    let told = messages(out);
    let Some(Body::GoingAway(going)) = told.last().map(|message| &message.body) else {
        unreachable!("it is the last word: {told:?}");
    };
    assert_eq!(going.reconnect_ms, (300, 900));
}

#[test]
fn conflated_values_resumes_and_resets_are_tallied() {
    let mut alone = Alone::new(generous());
    alone.server.take_tally();
    alone.ask(r#"{"action":"subscribe","id":"1","topics":["status"]}"#);
    assert_eq!(alone.server.take_tally().action, Some("subscribe"));
    alone.now += 100;
    alone.board.set(Topic::Balance);
    alone.poll();
    assert_eq!(alone.server.take_tally().conflated, 0, "each value was sent");
    for _ in 0..4 {
        alone.board.set(Topic::Balance);
    }
    alone.now += 100;
    alone.poll();
    assert_eq!(
        alone.server.take_tally().conflated,
        3,
        "the newest of four was sent"
    );

    alone.publish(Topic::Orders, 6);
    alone.ask(r#"{"action":"subscribe","topics":["orders"],"resume":[{"topic":"orders","ep":1,"seq":2}]}"#);
    let tally = alone.server.take_tally();
    assert_eq!((tally.resumed, tally.replayed, tally.resets), (1, 4, 0));
    alone.ask(r#"{"action":"subscribe","topics":["orders"],"resume":[{"topic":"orders","ep":9,"seq":2}]}"#);
    let tally = alone.server.take_tally();
    assert_eq!((tally.resumed, tally.resets), (0, 1));
}
