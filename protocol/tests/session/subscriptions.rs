//! Topics that come and go: the last word counts, and one bad topic spoils nothing else.

use crate::pair::Pair;
use crate::samples;
use tickwire_protocol::id::Symbol;
use tickwire_protocol::session::client::Link;
use tickwire_protocol::topic::Topic;

fn is_subscribed(pair: &Pair, topic: Topic) -> bool {
    pair.conns[&pair.current.unwrap()].wire.is_subscribed(topic)
}

#[test]
fn any_race_ends_in_the_state_of_the_last_command() {
    for seed in 0..200_u64 {
        let mut pair = Pair::live(seed);
        let mut wanted = true;
        for step in 0..10 {
            wanted = !wanted;
            if wanted {
                pair.subscribe(samples::ticker())
            } else {
                pair.unsubscribe(samples::ticker())
            }
            pair.set(samples::ticker());
            if (seed >> step) & 1 == 1 {
                let pause = pair.dice.between(0, 30);
                pair.run(pause);
            }
            if pair.dice.chance(5) {
                pair.cut();
            }
        }
        if seed % 2 == 0 {
            pair.unsubscribe(samples::ticker());
        }
        pair.settle();
        assert_eq!(is_subscribed(&pair, samples::ticker()), wanted && seed % 2 == 1);
    }
}

#[test]
fn a_lossless_topic_that_is_left_and_joined_again_has_no_gap_after_that() {
    for seed in 0..100 {
        let mut pair = Pair::live(seed);
        for _ in 0..6 {
            pair.publish_order();
            let pause = pair.dice.between(0, 15);
            pair.run(pause);
            pair.unsubscribe(Topic::Orders);
            pair.publish_order();
            let pause = pair.dice.between(0, 15);
            pair.run(pause);
            pair.subscribe(Topic::Orders);
        }
        pair.settle();
        assert_eq!(
            pair.client.gaps(),
            0,
            "seed {seed}: what is left over of an ended subscription is no news"
        );
    }
}

#[test]
fn two_users_of_a_topic_make_one_subscription() {
    let mut pair = Pair::live(1);
    pair.subscribe(samples::ticker());
    pair.unsubscribe(samples::ticker());
    pair.settle();
    assert!(is_subscribed(&pair, samples::ticker()));
}

#[test]
fn a_topic_that_does_not_exist_spoils_no_other_after_a_reconnect() {
    let mut pair = Pair::live(2);
    let odd = [
        Topic::Ticker(Symbol::new("GONE").unwrap()),
        Topic::Ticker(Symbol::new("AWAY").unwrap()),
    ];
    odd.into_iter().for_each(|topic| pair.subscribe(topic));
    pair.run(500);
    assert_eq!(pair.client.link(), Link::Live);
    pair.cut();
    pair.settle();
    for topic in [
        Topic::Orders,
        Topic::Executions,
        samples::ticker(),
        samples::candles(),
    ] {
        assert!(is_subscribed(&pair, topic), "{topic}");
    }
    assert!(!is_subscribed(&pair, odd[0]));
}

#[test]
fn topics_asked_for_too_fast_are_asked_for_again() {
    let mut pair = Pair::live(3);
    pair.limits.command_burst = 1;
    pair.cut();
    pair.run(3_000);
    let topics = [Topic::Dashboard, Topic::Status, Topic::Portfolio, Topic::Balance];
    topics.into_iter().for_each(|topic| pair.subscribe(topic));
    pair.settle();
    assert!(topics.into_iter().all(|topic| is_subscribed(&pair, topic)));
}

#[test]
fn what_nobody_wants_is_not_told() {
    let mut pair = Pair::live(4);
    pair.set(Topic::Portfolio);
    pair.run(100);
    assert!(
        !pair.notes.states.contains_key(&Topic::Portfolio),
        "it flows unasked, but this desk does not want it"
    );
    assert!(pair.notes.states.contains_key(&Topic::Positions));
}
