//! A desk is back soon after its server, finds dead links in bounded time, and takes no living one for dead.

use crate::pair::Pair;
use crate::samples;
use tickwire_protocol::message::Outcome;
use tickwire_protocol::session::client::{Input, Link};
use tickwire_protocol::topic::Topic;

#[test]
fn the_desk_is_live_within_two_seconds_of_its_servers_return() {
    for seed in 0..60 {
        let mut pair = Pair::live(seed);
        pair.run(i64::try_from(seed).unwrap() * 300);
        pair.kill_server();
        pair.run(i64::try_from(seed).unwrap() * 1_777 + 100);
        assert_ne!(pair.client.link(), Link::Live);
        pair.start_server();
        pair.run(2_000);
        assert_eq!(pair.client.link(), Link::Live, "seed {seed}");
    }
}

#[test]
fn a_half_open_link_is_found_within_twelve_seconds() {
    for seed in 0..40 {
        let mut pair = Pair::live(seed);
        pair.run(i64::try_from(seed).unwrap() * 97);
        pair.half_open();
        let dials = pair.dials.len();
        let since = pair.now;
        pair.run(14_000);
        assert!(pair.dials.len() > dials, "seed {seed}");
        assert!(
            pair.dials[dials] - since <= 12_500,
            "found after {} ms",
            pair.dials[dials] - since
        );
        pair.settle();
    }
}

#[test]
fn the_server_is_rid_of_a_half_open_connection_after_twenty_seconds() {
    let mut pair = Pair::live(1);
    let conn = pair.current.unwrap();
    pair.run(1_234);
    pair.half_open();
    // The last sign of life came up to three seconds before the break.
    pair.run(16_000);
    assert!(pair.conns[&conn].server.is_some());
    pair.run(4_100);
    assert!(pair.conns[&conn].server.is_none());
}

#[test]
fn silence_on_the_desk_is_told_as_lag_before_the_link_is_given_up() {
    let mut pair = Pair::live(2);
    pair.half_open();
    pair.run(3_600);
    assert!(
        matches!(pair.client.link(), Link::Lagging { .. }),
        "{:?}",
        pair.client.link()
    );
}

#[test]
fn a_hidden_tab_is_not_taken_for_dead() {
    let mut pair = Pair::live(3);
    pair.cadence = false;
    pair.tell(Input::Hidden(true));
    let conn = pair.current;
    // The tab is frozen: no timer fires, and what arrives waits.
    for _ in 0..30 {
        pair.now += 60_000;
        pair.tell(Input::Timeout);
    }
    pair.tell(Input::Hidden(false));
    assert_eq!(pair.current, conn, "it is asked before it is given up");
}

#[test]
fn a_tab_that_wakes_on_a_dead_link_finds_out_within_two_seconds() {
    let mut pair = Pair::live(4);
    pair.tell(Input::Hidden(true));
    pair.half_open();
    pair.run(60_000);
    assert_eq!(pair.dials.len(), 1);
    pair.tell(Input::Hidden(false));
    // Somebody who clicks about does not put the moment off.
    for _ in 0..4 {
        pair.run(500);
        pair.tell(Input::Wake);
    }
    pair.run(600);
    assert_eq!(pair.dials.len(), 2);
    pair.run(400);
    assert_eq!(pair.client.link(), Link::Live);
}

#[test]
fn a_network_that_goes_is_asked_after_and_a_link_that_lives_all_the_same_is_kept() {
    let mut pair = Pair::live(4);
    pair.tell(Input::Offline);
    pair.run(5_000);
    assert_eq!(
        (pair.dials.len(), pair.client.link()),
        (1, Link::Live),
        "a link to this very machine lives on"
    );
    pair.half_open();
    pair.run(1_000);
    pair.tell(Input::Offline);
    // Two seconds for the answer, and the delay before the first try.
    pair.run(2_300);
    assert_eq!(
        pair.dials.len(),
        2,
        "a dead one is found within two seconds, not twelve"
    );
}

#[test]
fn wake_dials_at_once() {
    let mut pair = Pair::live(5);
    pair.kill_server();
    pair.run(20_000);
    while !matches!(pair.client.link(), Link::Reconnecting { next_try_at, .. } if next_try_at.0 > pair.now + 50)
    {
        pair.run(1);
    }
    let dials = pair.dials.len();
    pair.tell(Input::Wake);
    assert_eq!(pair.dials.len(), dials + 1);
    assert_eq!(pair.dials.last(), Some(&pair.now));
}

#[test]
fn an_announced_shutdown_uses_the_announced_window() {
    let mut first = Vec::new();
    for seed in 0..40 {
        let mut pair = Pair::live(seed);
        pair.limits.reconnect_window_ms = 8_000;
        // The next connection is told of the wider window.
        pair.cut();
        pair.run(5_000);
        let now = pair.server_now();
        let conn = pair.current.unwrap();
        pair.conns
            .get_mut(&conn)
            .unwrap()
            .server
            .as_mut()
            .unwrap()
            .go_away(now);
        pair.news(false);
        let (dials, at) = (pair.dials.len(), pair.now);
        pair.run(8_100);
        first.push(pair.dials[dials] - at);
        pair.settle();
    }
    assert!(first.iter().all(|delay| *delay <= 8_050), "{first:?}");
    assert!(
        first.iter().any(|delay| *delay > 3_000),
        "drawn from the window that was announced: {first:?}"
    );
}

#[test]
fn no_deadline_lies_in_the_past_before_the_greeting() {
    let mut pair = Pair::new(6);
    pair.tell(Input::Start);
    pair.latency = (4_000, 4_000);
    // A machine that wants to be called at once, for ever, makes this panic.
    pair.run(20_000);
    assert_eq!(pair.notes.greetings, 1);
}

#[test]
fn a_server_that_never_greets_is_given_up() {
    let mut client = tickwire_protocol::session::client::Client::new(1);
    let at = tickwire_protocol::clock::TimestampMs;
    client.handle(at(0), Input::Start);
    client.handle(at(10), Input::Opened);
    let deadline = client.next_deadline().unwrap();
    assert_eq!(deadline, at(12_010));
    client.handle(deadline, Input::Timeout);
    assert!(matches!(client.link(), Link::Reconnecting { attempt: 1, .. }));
}

#[test]
fn a_clock_that_is_wrong_by_hours_changes_nothing_but_the_offset() {
    for skew in [-7_200_000, 7_200_000] {
        let mut pair = Pair::new(7);
        pair.skew = skew;
        pair.subscribe(Topic::Orders);
        pair.tell(Input::Start);
        pair.run(20_000);
        let (offset, bound) = pair.client.clock_offset().unwrap();
        assert!((offset + skew).abs() <= bound, "{offset} ± {bound}");
        assert!(pair.client.rtt_ms().unwrap() <= 40);
        pair.cut();
        pair.publish_order();
        pair.settle();
    }
}

#[test]
fn a_topic_without_any_value_yet_does_not_keep_the_desk_from_being_live() {
    let mut pair = Pair::live(8);
    pair.subscribe(Topic::Dashboard);
    pair.run(200);
    assert_eq!(pair.client.link(), Link::Live);
}

#[test]
fn a_close_code_that_says_stay_away_is_obeyed() {
    let mut pair = Pair::live(9);
    let conn = pair.current.unwrap();
    pair.put(pair.now, conn, crate::pair::Parcel::DeskClosed(4508));
    pair.run(60_000);
    assert_eq!(pair.notes.last_link(), Link::Closed { code: 4508 });
    assert_eq!(pair.dials.len(), 1);
}

#[test]
fn a_command_that_was_never_sent_is_not_said_to_be_in_doubt() {
    let mut pair = Pair::live(10);
    pair.kill_server();
    pair.run(100);
    let id = pair.place_order("never-sent");
    pair.run(16_000);
    assert_eq!(pair.notes.error_of(&id).unwrap().1, Some(Outcome::NotExecuted));
}

#[test]
fn numbers_from_the_other_side_never_bring_the_desk_down() {
    let mut pair = Pair::live(11);
    let max = i64::MAX;
    let min = i64::MIN;
    for frame in [
        format!(r#"{{"type":"PONG","t0":{min},"t1":{max},"t2":{min}}}"#),
        format!(r#"{{"type":"PONG","t0":{max},"t1":{min},"t2":{max}}}"#),
        format!(
            r#"{{"type":"GOING_AWAY","reason":"x","reconnect_ms":[0,{}]}}"#,
            u64::MAX
        ),
        format!(
            r#"{{"type":"RESET","reason":"AHEAD","lost_from":1,"topic":"executions","ep":1,"seq":{}}}"#,
            u64::MAX
        ),
        r#"{"type":"EXECUTION_UPDATE"}"#.to_owned(),
        "[1,2".to_owned(),
    ] {
        let now = pair.desk_now();
        pair.client.handle(now, Input::Frame(&frame));
    }
    while pair.client.poll().is_some() {}
    pair.publish_order();
    pair.cut();
    pair.run(301_000);
    assert_eq!(pair.client.link(), Link::Live, "{:?}", samples::btc());
}
