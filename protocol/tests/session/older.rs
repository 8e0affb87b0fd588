//! Messages that are no longer at hand: fetched in pieces, one piece at a time, each once and in order.

use crate::pair::Pair;
use crate::samples;
use crate::server_rules::{Alone, generous};
use std::sync::Arc;
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::frame::Frame;
use tickwire_protocol::id::{Epoch, Seq};
use tickwire_protocol::message::{Body, Message};
use tickwire_protocol::session::client::Link;
use tickwire_protocol::session::server::{Fetch, NotKept, Outgoing};
use tickwire_protocol::topic::Topic;

fn alone(published: u32) -> Alone {
    let mut alone = Alone::new(generous());
    alone.board.retention = 10;
    alone.board.kept = u64::MAX;
    alone.publish(Topic::Orders, published);
    alone
}

fn resume(topic: &str, seq: u64) -> String {
    format!(
        r#"{{"action":"subscribe","id":"1","topics":["{topic}"],"resume":[{{"topic":"{topic}","ep":1,"seq":{seq}}}]}}"#
    )
}

fn fetches(out: &[Outgoing]) -> Vec<Fetch> {
    let fetch = |outgoing: &Outgoing| match outgoing {
        Outgoing::Fetch(fetch) => Some(*fetch),
        _ => None,
    };
    out.iter().filter_map(fetch).collect()
}

fn places(out: &[Outgoing]) -> Vec<u64> {
    let place = |outgoing: &Outgoing| match outgoing {
        Outgoing::Frame(frame) => frame.message().head.seq.map(|seq| seq.0),
        _ => None,
    };
    out.iter().filter_map(place).collect()
}

#[test]
fn an_hour_away_is_sent_in_pieces_with_one_fetch_under_way() {
    let mut alone = alone(500);
    alone.say(&resume("orders", 3));
    let mut seen = Vec::new();
    let mut rounds = 0;
    let mut out = alone.poll_all();
    let resumed = alone.messages_of(&out);
    assert!(
        resumed
            .iter()
            .any(|message| matches!(message.body, Body::Resumed(_)))
    );
    assert!(
        !resumed
            .iter()
            .any(|message| matches!(message.body, Body::Reset(_)))
    );
    loop {
        seen.extend(places(&out));
        let asked = fetches(&out);
        assert!(asked.len() <= 1, "{asked:?}");
        let Some(fetch) = asked.first() else { break };
        assert!(
            alone.poll_all().is_empty(),
            "nothing more is asked while one is under way"
        );
        assert_eq!((fetch.topic, fetch.until), (Topic::Orders, Seq(500)));
        rounds += 1;
        let piece = alone.board.fetch(fetch);
        assert!(
            piece.as_ref().is_ok_and(|piece| piece.len() <= 50),
            "pieces are small"
        );
        alone.fetched(piece);
        out = alone.poll_all();
    }
    assert_eq!(seen, (4..=500).collect::<Vec<u64>>());
    assert_eq!(rounds, 10, "497 in pieces of 50, less the ten at hand");
}

#[test]
fn what_is_published_meanwhile_follows_without_a_seam() {
    let mut alone = alone(60);
    alone.say(&resume("orders", 0));
    let mut seen = Vec::new();
    for round in 0..20 {
        let out = alone.poll_all();
        seen.extend(places(&out));
        if round < 10 {
            alone.publish(Topic::Orders, 15);
        }
        for fetch in fetches(&out) {
            let piece = alone.board.fetch(&fetch);
            alone.fetched(piece);
        }
    }
    assert_eq!(seen, (1..=210).collect::<Vec<u64>>());
}

#[test]
fn what_cannot_be_fetched_after_all_is_told_as_lost() {
    let frame = |seq: u64| {
        let order = samples::order(1, None, TimestampMs(0));
        let body = samples::order_update(order);
        Arc::new(Frame::new(Message::of(
            Topic::Orders,
            Epoch(1),
            Seq(seq),
            TimestampMs(0),
            body,
        )))
    };
    for piece in [Err(NotKept), Ok(Vec::new()), Ok(vec![frame(9)])] {
        let mut alone = alone(100);
        alone.say(&resume("orders", 3));
        assert_eq!(fetches(&alone.poll_all()).len(), 1);
        alone.fetched(piece);
        let out = alone.poll_all();
        let told = alone.messages_of(&out);
        let Body::Reset(reset) = &told[0].body else {
            panic!("{told:?}")
        };
        assert_eq!((reset.lost_from, told[0].head.seq), (Seq(4), Some(Seq(100))));
        alone.publish(Topic::Orders, 1);
        assert_eq!(places(&alone.poll_all()), [101]);
    }
}

#[test]
fn a_piece_for_a_topic_that_was_left_or_begun_anew_is_dropped() {
    let mut alone = alone(100);
    alone.say(&resume("orders", 3));
    let fetch = fetches(&alone.poll_all())[0];
    alone.say(&resume("orders", 70));
    alone.poll_all();
    let piece = alone.board.fetch(&fetch);
    alone.fetched(piece);
    let again = fetches(&alone.poll_all());
    assert_eq!(
        again.iter().map(|fetch| fetch.after).collect::<Vec<_>>(),
        [Seq(70)]
    );
    alone.say(r#"{"action":"unsubscribe","topics":["orders"]}"#);
    alone.poll_all();
    let piece = alone.board.fetch(&again[0]);
    alone.fetched(piece);
    assert_eq!(places(&alone.poll_all()), [0_u64; 0]);
}

#[test]
fn two_topics_are_fetched_one_after_the_other() {
    let mut alone = alone(120);
    alone.publish(Topic::Executions, 120);
    alone.say(&resume("orders", 0));
    alone.say(&resume("executions", 0));
    let (mut orders, mut executions) = (Vec::new(), Vec::new());
    for _ in 0..20 {
        let out = alone.poll_all();
        for outgoing in &out {
            if let Outgoing::Frame(frame) = outgoing {
                let head = &frame.message().head;
                let of = if head.topic == Some(Topic::Orders) {
                    &mut orders
                } else {
                    &mut executions
                };
                of.push(head.seq.unwrap().0);
            }
        }
        let asked = fetches(&out);
        assert!(asked.len() <= 1);
        for fetch in asked {
            let piece = alone.board.fetch(&fetch);
            alone.fetched(piece);
        }
    }
    let all: Vec<u64> = (1..=120).collect();
    assert_eq!((orders, executions), (all.clone(), all));
}

#[test]
fn a_desk_that_was_away_for_long_has_missed_nothing() {
    for seed in 40..46 {
        let mut pair = Pair::live(seed);
        pair.board.retention = 10;
        pair.board.kept = 2_000;
        pair.publish_order();
        pair.run(100);
        pair.kill_server();
        (0..1_500).for_each(|_| pair.publish_order());
        pair.start_server();
        pair.run(3_000);
        pair.cut();
        pair.settle();
        assert_eq!(pair.client.link(), Link::Live);
        let followed = &pair.notes.lossless[&Topic::Orders];
        assert_eq!((followed.applied, followed.lost), (1_501, 0), "seed {seed}");
        assert_eq!(pair.client.gaps(), 0);
    }
}
