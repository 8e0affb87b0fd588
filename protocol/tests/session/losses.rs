//! Lossless topics over outages: resumed where they were left, or said to be lost; and states that converge.

use crate::pair::Pair;
use crate::samples;
use tickwire_protocol::id::Seq;
use tickwire_protocol::session::client::Link;
use tickwire_protocol::topic::Topic;

fn orders_applied(pair: &Pair) -> (u64, u32) {
    pair.notes
        .lossless
        .get(&Topic::Orders)
        .map_or((0, 0), |followed| (followed.applied, followed.lost))
}

#[test]
fn what_was_missed_comes_once_and_in_order_after_an_outage() {
    let mut pair = Pair::live(1);
    (0..5).for_each(|_| pair.publish_order());
    pair.run(2);
    pair.cut();
    (0..300).for_each(|_| pair.publish_order());
    pair.settle();
    assert_eq!(orders_applied(&pair), (305, 0));
    assert_eq!(pair.client.gaps(), 0, "nothing had to be asked for twice");
}

#[test]
fn a_desk_that_has_seen_no_message_yet_resumes_too() {
    let mut pair = Pair::live(2);
    pair.cut();
    pair.publish_order();
    pair.settle();
    assert_eq!(pair.notes.lossless[&Topic::Orders].first, Some(Seq(1)));
}

#[test]
fn past_retention_the_desk_is_told_and_goes_on_from_the_reset() {
    let mut pair = Pair::live(3);
    pair.board.retention = 10;
    pair.publish_order();
    pair.run(100);
    pair.cut();
    (0..50).for_each(|_| pair.publish_order());
    pair.run(5_000);
    assert_eq!(orders_applied(&pair), (1, 1));
    (0..3).for_each(|_| pair.publish_order());
    pair.settle();
    assert_eq!(orders_applied(&pair), (4, 1));
}

#[test]
fn a_history_that_ends_in_the_midst_of_a_connection_is_told_by_the_server() {
    for published in [0, 1, 7] {
        let mut pair = Pair::live(9);
        (0..3).for_each(|_| pair.publish_order());
        pair.run(100);
        pair.board.lose_logs();
        (0..published).for_each(|_| pair.publish_order());
        // Where nothing is published it is told with the next heartbeat.
        pair.run(6_000);
        // With the first of the new history the loss is told, and the snapshot has that one.
        let followed = 3 + u64::saturating_sub(published, 1);
        assert_eq!(orders_applied(&pair), (followed, 1), "{published} in the new one");
        (0..4).for_each(|_| pair.publish_order());
        pair.settle();
        assert_eq!(
            orders_applied(&pair),
            (followed + 4, 1),
            "{published} in the new one"
        );
        assert_eq!(pair.client.gaps(), 0, "the client had to find nothing out");
    }
}

#[test]
fn another_history_is_told_as_a_loss_even_if_the_telling_is_cut_off() {
    for cut_after in 0..80 {
        let mut pair = Pair::live(4);
        pair.latency = (10, 10);
        (0..3).for_each(|_| pair.publish_order());
        pair.run(100);
        pair.kill_server();
        pair.run(100);
        pair.board.lose_logs();
        pair.start_server();
        pair.publish_order();
        while pair.current.is_none_or(|conn| pair.conns[&conn].server.is_none()) {
            pair.run(1);
        }
        pair.run(cut_after);
        // The last frame that still gets through is another one each time.
        pair.cut();
        pair.settle();
        assert_eq!(orders_applied(&pair).1, 1, "cut after {cut_after} ms");
    }
}

#[test]
fn a_frame_that_got_lost_on_a_living_connection_is_asked_for_again() {
    let mut pair = Pair::live(5);
    pair.swallow = 2;
    (0..5).for_each(|_| pair.publish_order());
    pair.settle();
    assert_eq!(orders_applied(&pair), (5, 0));
    assert!(pair.client.gaps() > 0);
    assert_eq!(pair.dials.len(), 1);
}

#[test]
fn a_heartbeat_reveals_that_the_last_message_is_lost() {
    let mut pair = Pair::live(6);
    pair.publish_order();
    pair.run(100);
    pair.swallow = 1;
    pair.publish_order();
    pair.run(100);
    assert_eq!(orders_applied(&pair).0, 1);
    pair.run(i64::try_from(pair.limits.heartbeat_ms).unwrap() + 200);
    assert_eq!(orders_applied(&pair), (2, 0));
}

#[test]
fn a_message_that_comes_twice_is_applied_once_and_is_no_gap() {
    let mut pair = Pair::live(7);
    pair.repeat = 3;
    (0..5).for_each(|_| pair.publish_order());
    pair.settle();
    assert_eq!(orders_applied(&pair), (5, 0));
    assert_eq!(pair.client.gaps(), 0);
}

#[test]
fn states_converge_after_a_restart_with_lower_places() {
    let mut pair = Pair::live(8);
    (0..500).for_each(|_| pair.set(samples::ticker()));
    (0..40).for_each(|_| pair.set(samples::candles()));
    pair.run(200);
    pair.kill_server();
    pair.run(3_000);
    pair.start_server();
    pair.settle();
}

#[test]
fn candles_that_changed_during_an_outage_are_all_there_after_it() {
    let mut pair = Pair::live(9);
    for round in 0..20 {
        (0..=round).for_each(|_| pair.set(samples::candles()));
        pair.run(40);
        if round % 5 == 4 {
            pair.cut();
        }
    }
    pair.settle();
    assert_eq!(pair.client.link(), Link::Live);
}

#[test]
fn conflation_sends_the_last_value_and_no_more_frames_than_the_interval_allows() {
    let mut pair = Pair::live(10);
    pair.cadence = false;
    pair.run(500);
    let before = pair.notes.values[&samples::ticker()];
    for _ in 0..1_000 {
        pair.set(samples::ticker());
        pair.run(1);
    }
    pair.run(100);
    let frames = pair.notes.values[&samples::ticker()] - before;
    assert!((19..=22).contains(&frames), "{frames} frames in a second");
    assert_eq!(
        Some(pair.notes.states[&samples::ticker()]),
        pair.board.version_of(samples::ticker())
    );
}
