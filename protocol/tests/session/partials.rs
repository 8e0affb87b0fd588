//! What changed, put together with what was there, is what is there now (I4): for any values, over any number of steps,
//! and whatever was skipped in between.

use crate::client_rules::Desk;
use crate::pair::Pair;
use crate::samples;
use crate::server_rules::{Alone, generous};
use proptest::prelude::*;
use std::collections::BTreeMap;
use tickwire_protocol::account::{Position, PositionStatus};
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::frame::Frame;
use tickwire_protocol::id::{Epoch, PositionId, Seq, Symbol};
use tickwire_protocol::message::{Body, Data, Message, PositionUpdate};
use tickwire_protocol::order::Side;
use tickwire_protocol::partial::{changes, whole};
use tickwire_protocol::session::client::{Client, Input};
use tickwire_protocol::session::server::Outgoing;
use tickwire_protocol::topic::Topic;

fn number<T: std::str::FromStr<Err: std::fmt::Debug>>(digits: i64) -> T {
    format!("{}.{:02}", digits / 100, digits.unsigned_abs() % 100)
        .parse()
        .unwrap()
}

fn position(id: u64, price: i64, liquidation: Option<i64>) -> Position {
    Position {
        id: PositionId(id),
        symbol: samples::btc(),
        side: Side::Buy,
        quantity: number(100),
        entry_price: number(4_300_000),
        current_price: number(price),
        current_pnl: number(price - 5_000),
        timestamp: TimestampMs(1_702_210_800_000),
        status: PositionStatus::Open,
        pnl_pct: number(58),
        notional: number(price),
        realized_pnl: number(0),
        fees: number(430),
        marked_at: TimestampMs(1_702_210_800_000 + price),
        leverage: 1,
        initial_margin: number(0),
        maintenance_margin: number(0),
        liquidation_price: liquidation.map(number),
        funding: number(0),
        strategy: None,
        position_id: None,
        perp_symbol: None,
        spot_entry_price: None,
        perp_entry_price: None,
        spot_quantity: None,
        perp_quantity: None,
        unrealized_pnl: None,
        funding_collected: None,
    }
}

/// Positions, oldest first: some of the last ones stay, some are gone, and new ones follow.
fn positions() -> impl Strategy<Value = Body> {
    let row = (1..3_u64, 0..10_000_i64, prop::option::of(1..500_i64));
    prop::collection::vec(row, 0..6).prop_map(|rows| {
        let mut id = 0;
        let rows = rows.into_iter().map(|(step, price, liquidation)| {
            id += step;
            position(id, price, liquidation)
        });
        Body::PositionUpdate(PositionUpdate {
            positions: rows.collect(),
            snapshot: true,
        })
    })
}

fn others() -> impl Strategy<Value = Body> {
    (0..6_usize, 0..50_i64, prop::option::of(0..50_i64), 0..3_u32).prop_map(|(kind, a, b, leverages)| {
        let topics = [
            samples::ticker(),
            Topic::Portfolio,
            Topic::Balance,
            Topic::Dashboard,
            Topic::Status,
            Topic::Equity,
        ];
        let mut body = samples::state_body(topics[kind]);
        match &mut body {
            Body::MarketUpdate(update) => {
                update.price = number(a);
                update.mark_price = b.map(number);
                update.received_at = TimestampMs(a);
            }
            Body::PortfolioUpdate(update) => {
                update.portfolio.balance = number(a);
                update.portfolio.fees = number(b.unwrap_or(0));
            }
            Body::AccountBalanceUpdated(Data { data }) => {
                data.total_balance = number(a);
                let names = ["BTCUSDT", "ETHUSDT"].map(|name| Symbol::new(name).unwrap());
                let leverages = usize::try_from(leverages).unwrap();
                data.leverage = BTreeMap::from_iter(names.into_iter().take(leverages).zip([3, 5]));
            }
            Body::DashboardUpdate(Data { data }) => {
                data.daily_pnl = number(-a);
                data.win_rate = b.map(number);
            }
            Body::StatusUpdate(Data { data }) => {
                data.feed.latency_ms = b;
                data.active_connections = u32::try_from(a).unwrap();
            }
            Body::EquityUpdate(Data { data }) => data.total_equity = number(a),
            _ => unreachable!("no other was made"),
        }
        body
    })
}

fn topic_of(body: &Body) -> Topic {
    match body {
        Body::PositionUpdate(_) => Topic::Positions,
        Body::MarketUpdate(_) => samples::ticker(),
        Body::PortfolioUpdate(_) => Topic::Portfolio,
        Body::AccountBalanceUpdated(_) => Topic::Balance,
        Body::DashboardUpdate(_) => Topic::Dashboard,
        Body::StatusUpdate(_) => Topic::Status,
        _ => Topic::Equity,
    }
}

fn frame(body: Body, seq: u64) -> Frame {
    let at = TimestampMs(i64::try_from(seq).unwrap());
    Frame::new(Message::of(topic_of(&body), Epoch(3), Seq(seq), at, body))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Sends each value by what changed since the last one sent, and checks that the reader has it each time.
fn follow(bodies: Vec<Body>) -> Result<u32, TestCaseError> {
    let mut wholes: BTreeMap<Topic, (Frame, String)> = BTreeMap::new();
    let mut told = 0;
    for (place, body) in bodies.into_iter().enumerate() {
        let topic = topic_of(&body);
        let new = frame(body, u64::try_from(place).unwrap() + 1);
        let full = text(&new.text());
        let has = match wholes.get(&topic) {
            None => full.clone(),
            Some((base, has)) => {
                let changed = text(&new.changes_since(base));
                prop_assert!(changed.len() <= full.len());
                if changed == full {
                    full.clone()
                } else {
                    told += 1;
                    prop_assert!(Message::decode(&changed).is_err() || changed.contains("\"partial\":true"));
                    whole(has, &changed).unwrap()
                }
            }
        };
        prop_assert_eq!(&Message::decode(&has).unwrap(), new.message());
        wholes.insert(topic, (new, has));
    }
    Ok(told)
}

proptest! {
    #[test]
    fn what_changed_and_what_was_there_make_what_is_there(bodies in prop::collection::vec(
        prop_oneof![positions(), others()], 1..30,
    )) {
        follow(bodies)?;
    }

    #[test]
    fn nothing_that_is_no_frame_of_a_state_topic_makes_it_fall(base in ".{0,60}", partial in ".{0,60}") {
        let _ = (changes(&base, &partial), whole(&base, &partial));
    }
}

#[test]
fn a_row_is_told_by_what_moved_and_a_closed_one_by_its_name() {
    let update = |positions| {
        Body::PositionUpdate(PositionUpdate {
            positions,
            snapshot: true,
        })
    };
    let base = frame(update(vec![position(1, 10, Some(5)), position(2, 20, None)]), 1);
    let new = frame(update(vec![position(1, 11, None), position(3, 30, None)]), 2);
    let told = text(&new.changes_since(&base));
    assert!(
        told.starts_with(concat!(
            r#"{"type":"POSITION_UPDATE","partial":true,"since":1,"positions":[{"id":"pos-1","current_price":0.11,"#,
            r#""current_pnl":-49.89,"notional":0.11,"marked_at":1702210800011,"liquidation_price":null},{"id":"pos-3","#,
        )),
        "{told}"
    );
    assert!(
        told.ends_with(r#"],"removed":["pos-2"],"timestamp":2,"topic":"positions","ep":3,"seq":2}"#),
        "{told}"
    );
    let same = frame(update(vec![position(1, 11, None), position(3, 30, None)]), 3);
    assert_eq!(
        text(&same.changes_since(&new)),
        r#"{"type":"POSITION_UPDATE","partial":true,"since":2,"positions":[],"timestamp":3,"topic":"positions","ep":3,"seq":3}"#
    );
}

#[test]
fn what_changes_a_value_that_did_not_come_is_asked_for_anew_and_never_taken_for_another() {
    let value = |seq, price: i64| {
        let Body::MarketUpdate(mut update) = samples::state_body(samples::ticker()) else {
            panic!("a ticker")
        };
        update.price = number(price);
        frame(Body::MarketUpdate(update), seq)
    };
    let (first, lost, last) = (value(1, 100), value(2, 200), value(3, 200));
    let changes = text(&last.changes_since(&lost));
    assert_eq!(whole(&text(&first.text()), &changes), None);

    let mut desk = Desk::new();
    desk.client = Client::new(7).with_partials();
    desk.client.subscribe(samples::ticker());
    desk.connect();
    desk.subscribed(samples::ticker(), 3, 0);
    desk.handle(Input::Frame(&text(&first.text())));
    desk.subscribe.clear();
    desk.handle(Input::Frame(&changes));
    assert!(desk.subscribe.contains("ticker:"), "{}", desk.subscribe);
    assert_eq!(desk.values(), [1]);
    desk.subscribed(samples::ticker(), 3, 3);
    desk.handle(Input::Frame(&text(&last.text())));
    assert_eq!(desk.values(), [1, 3]);
}

#[test]
fn rows_that_change_places_are_told_whole() {
    let update = |ids: &[u64]| {
        let positions = ids.iter().map(|id| position(*id, 10, None)).collect();
        frame(
            Body::PositionUpdate(PositionUpdate {
                positions,
                snapshot: true,
            }),
            1,
        )
    };
    for (base, new) in [
        ([1, 2, 3], vec![2, 1]),
        ([1, 2, 3], vec![4, 1]),
        ([1, 2, 3], vec![3, 1, 4]),
    ] {
        let (base, new) = (update(&base), update(&new));
        assert_eq!(new.changes_since(&base), new.text());
    }
}

#[test]
fn only_who_asked_gets_what_changed_and_begins_with_the_whole() {
    let mut alone = Alone::new(generous());
    let kinds = |out: Vec<Outgoing>| -> Vec<&'static str> {
        let kind = |outgoing: &Outgoing| match outgoing {
            Outgoing::Frame(frame) if frame.message().head.topic == Some(Topic::Balance) => Some("whole"),
            Outgoing::Changes { frame, .. } if frame.message().head.topic == Some(Topic::Balance) => {
                Some("changes")
            }
            _ => None,
        };
        out.iter().filter_map(kind).collect()
    };
    let next = |alone: &mut Alone| {
        alone.now += 60;
        alone.board.set(Topic::Balance);
        let out = alone.poll();
        kinds(out)
    };
    assert_eq!(next(&mut alone), ["whole"]);
    assert_eq!(next(&mut alone), ["whole"]);
    alone.say(r#"{"action":"subscribe","topics":["balance"],"features":["partial","a-newer-one"]}"#);
    let out = alone.poll_all();
    assert_eq!(kinds(out), ["whole"], "the first value is all there is");
    assert_eq!(next(&mut alone), ["changes"]);
    alone.say(r#"{"action":"subscribe","topics":["balance"]}"#);
    let out = alone.poll_all();
    assert_eq!(kinds(out), ["whole"]);
    assert_eq!(next(&mut alone), ["whole"]);
}

#[test]
fn a_desk_that_asks_for_changes_has_what_one_without_has() {
    let mut told = 0;
    for seed in [51, 53, 55] {
        let mut pair = Pair::live(seed);
        for round in 0..200 {
            pair.set(samples::ticker());
            pair.set(Topic::Portfolio);
            pair.run(17);
            if round % 40 == 39 {
                pair.cut();
                pair.run(700);
            }
        }
        pair.settle();
        told += pair.changes_sent;
    }
    assert!(told > 100, "{told} values were told by what changed");
}
