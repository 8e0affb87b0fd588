//! How often state topics are sent: as the server is set up, slower where a client asks for it, and always the newest
//! value in the end.

use crate::pair::Pair;
use crate::samples;
use crate::server_rules::{Alone, code, generous};
use tickwire_protocol::error::ErrorCode;
use tickwire_protocol::limits::Limits;
use tickwire_protocol::session::client::Input;
use tickwire_protocol::session::server::Outgoing;
use tickwire_protocol::topic::Topic;

/// Has the ticker change every millisecond for `ms`, comes back only when the machine says, and gives the moments at which
/// the ticker was sent.
fn sent_at(alone: &mut Alone, ms: i64, topic: Topic) -> Vec<i64> {
    let mut sent = Vec::new();
    let mut due = alone.now;
    for _ in 0..ms {
        alone.now += 1;
        alone.board.set(samples::ticker());
        if alone.now >= due || !alone.rests() {
            for outgoing in alone.poll() {
                if let Outgoing::Frame(frame) = &outgoing
                    && frame.message().head.topic == Some(topic)
                {
                    sent.push(alone.now);
                }
            }
            due = alone.due();
        }
    }
    sent
}

fn gaps(sent: &[i64]) -> Vec<i64> {
    sent.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

#[test]
fn a_channel_a_subscription_and_a_connection_each_slow_it_down_and_the_slowest_counts() {
    for (channel, subscription, connection, expected) in [
        (None, None, None, 50),
        (Some(200), None, None, 200),
        (None, Some(700), None, 700),
        (Some(900), Some(700), None, 900),
        (Some(200), Some(100), Some(1_500), 1_500),
        (None, None, Some(10_000), 10_000),
    ] {
        let mut limits = Limits {
            server_dead_ms: 1_000_000,
            ..generous()
        };
        limits
            .channel_interval_ms
            .extend(channel.map(|ms| ("ticker".to_owned(), ms)));
        let mut alone = Alone::new(limits);
        let interval = subscription.map_or(String::new(), |ms| format!(r#","interval_ms":{ms}"#));
        alone.ask(&format!(
            r#"{{"action":"subscribe","topics":["ticker:BTCUSDT"]{interval}}}"#
        ));
        if let Some(ms) = connection {
            alone.ask(&format!(r#"{{"action":"set_rate","interval_ms":{ms}}}"#));
        }
        let sent = sent_at(&mut alone, 4 * expected + 20, samples::ticker());
        assert_eq!(sent.len(), 4, "{expected}: {sent:?}");
        assert_eq!(gaps(&sent), [expected; 3]);
    }
}

#[test]
fn the_newest_value_is_sent_when_the_rest_is_over_though_nothing_wakes_the_machine() {
    let mut alone = Alone::new(generous());
    alone.ask(r#"{"action":"subscribe","topics":["ticker:BTCUSDT"],"interval_ms":1000}"#);
    alone.now += 10;
    (0..7).for_each(|_| alone.board.set(samples::ticker()));
    assert!(alone.rests(), "every topic rests, or nothing of it is new");
    let version = alone.board.version_of(samples::ticker()).unwrap();
    let mut told = Vec::new();
    while alone.now < 2_500 {
        alone.now = alone.due().max(alone.now + 1);
        let out = alone.poll();
        let ticker = out.into_iter().filter_map(|outgoing| match outgoing {
            Outgoing::Frame(frame) if frame.message().head.topic == Some(samples::ticker()) => {
                Some((alone.now, frame.message().head.timestamp.0))
            }
            _ => None,
        });
        told.extend(ticker);
    }
    assert_eq!(
        told,
        [(1_000, version)],
        "once, the newest, when its second is over"
    );
}

#[test]
fn a_slow_topic_delays_no_other() {
    let mut alone = Alone::new(generous());
    alone.ask(r#"{"action":"subscribe","topics":["ticker:BTCUSDT"],"interval_ms":10000}"#);
    alone.now += 60;
    alone.board.set(samples::ticker());
    alone.poll();
    alone.now += 60;
    alone.board.set(Topic::Positions);
    assert!(!alone.rests(), "positions may be sent now");
    let positions = |out: Vec<Outgoing>| {
        let of_it = |outgoing: &Outgoing| match outgoing {
            Outgoing::Frame(frame) => frame.message().head.topic == Some(Topic::Positions),
            _ => false,
        };
        out.iter().filter(|outgoing| of_it(outgoing)).count()
    };
    assert_eq!(positions(alone.poll()), 1);
}

#[test]
fn speeding_up_again_sends_what_is_there_at_once() {
    let mut alone = Alone::new(generous());
    alone.ask(r#"{"action":"set_rate","interval_ms":10000}"#);
    alone.ask(r#"{"action":"subscribe","topics":["ticker:BTCUSDT"]}"#);
    alone.now += 100;
    alone.board.set(samples::ticker());
    assert!(alone.poll().is_empty());
    alone.now += 100;
    let told = alone.ask(r#"{"action":"set_rate"}"#);
    assert!(
        told.iter()
            .any(|message| message.head.topic == Some(samples::ticker()))
    );
}

#[test]
fn an_interval_that_nobody_may_ask_for_is_refused_by_its_bounds() {
    let mut alone = Alone::new(generous());
    for command in [
        r#"{"action":"set_rate","id":"1","interval_ms":99}"#,
        r#"{"action":"set_rate","id":"1","interval_ms":10001}"#,
        r#"{"action":"set_rate","id":"1","interval_ms":"fast"}"#,
        r#"{"action":"set_rate","id":"1","interval_ms":-1}"#,
        r#"{"action":"subscribe","id":"1","topics":["ticker:BTCUSDT"],"interval_ms":0}"#,
        r#"{"action":"subscribe","id":"1","topics":["ticker:BTCUSDT"],"interval_ms":60000}"#,
    ] {
        let told = alone.ask(command);
        assert_eq!(told.len(), 1, "{told:?}");
        assert_eq!(code(&told[0]), Some(ErrorCode::InvalidField), "{command}");
    }
    for command in [
        r#"{"action":"set_rate","id":"1","interval_ms":100}"#,
        r#"{"action":"set_rate","id":"1","interval_ms":10000}"#,
        r#"{"action":"set_rate","id":"1","interval_ms":null}"#,
    ] {
        assert_eq!(code(&alone.ask(command)[0]), None, "{command}");
    }
}

#[test]
fn a_hidden_desk_is_sent_less_and_has_everything_the_moment_it_is_shown() {
    for seed in 0..10 {
        let mut pair = Pair::live(seed);
        let busy = |pair: &mut Pair, ms: i64| {
            let before = pair.arrived;
            for _ in 0..ms / 20 {
                pair.set(samples::ticker());
                pair.run(20);
            }
            pair.arrived - before
        };
        let shown = busy(&mut pair, 5_000);
        pair.tell(Input::Hidden(true));
        pair.run(100);
        let hidden = busy(&mut pair, 5_000);
        assert!(hidden * 4 < shown, "{hidden} beside {shown}");
        // A connection that is made while nobody looks is slow too.
        pair.cut();
        pair.run(2_000);
        let hidden = busy(&mut pair, 5_000);
        assert!(hidden * 4 < shown, "{hidden} beside {shown}, after a cut");
        pair.tell(Input::Hidden(false));
        pair.run(150);
        let version = pair.board.version_of(samples::ticker()).unwrap();
        assert_eq!(pair.notes.states[&samples::ticker()], version, "seed {seed}");
        let again = busy(&mut pair, 5_000);
        assert!(again * 2 > shown, "{again} beside {shown}");
        pair.settle();
    }
}
