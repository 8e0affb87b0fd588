//! Lossless topics: what a client missed comes once, in order and to its end, or it is told that it will not.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use tickwire_tests::desk::Desk;
use tickwire_tests::order::{Market, history, resumed};
use tickwire_tests::wire::{Frame, Wire};

fn data(wire: &Wire, topic: &str) -> Vec<Frame> {
    let of_topic = |frame: &&Frame| frame.topic() == topic && frame.kind().ends_with("_UPDATE");
    wire.log.iter().filter(of_topic).cloned().collect()
}

fn resume(wire: &mut Wire, topic: &str, ep: &Value, seq: u64) -> Result<Frame> {
    let command = json!({
        "action": "subscribe", "topics": [topic], "resume": [{"topic": topic, "ep": ep, "seq": seq}],
    });
    let before = wire.log.len();
    wire.acked(&command.to_string())?;
    let said = wire.log[before..]
        .iter()
        .find(|frame| matches!(frame.kind(), "RESUMED" | "RESET"));
    said.cloned().context("RESUMED or RESET before the ACK")
}

#[test]
fn nothing_of_a_topic_comes_before_subscribed_or_after_unsubscribed() -> Result<()> {
    let desk = Desk::start()?;
    let mut trader = Wire::connect(desk.address())?;
    let market = Market::of(&mut trader, "BTCUSDT")?;
    let mut wire = Wire::connect(desk.address())?;
    for _ in 0..4 {
        trader.send(&market.order("buy", market.worth(20)))?;
        let told = wire.subscribe(&["orders", "ticker:BTCUSDT"])?;
        trader.acked(&market.order("buy", market.worth(20)))?;
        assert_eq!(told.len(), 2);
        assert_eq!(
            (told[0].json["class"].as_str(), told[1].json["class"].as_str()),
            (Some("lossless"), Some("state"))
        );
        wire.wait_for("an order", |frame| frame.topic() == "orders")?;
        wire.acked(r#"{"action":"unsubscribe","topics":["orders","ticker:BTCUSDT"]}"#)?;
    }
    trader.acked(&market.order("buy", market.worth(20)))?;
    wire.read_for(std::time::Duration::from_millis(500))?;
    for topic in ["orders", "ticker:BTCUSDT"] {
        let mut open = false;
        for frame in wire.log.iter().filter(|frame| frame.topic() == topic) {
            match frame.kind() {
                "SUBSCRIBED" => open = true,
                "UNSUBSCRIBED" => open = false,
                _ => assert!(open, "outside a subscription: {}", frame.text),
            }
        }
    }
    Ok(())
}

#[test]
fn what_was_missed_comes_once_and_in_order_across_a_power_cut() -> Result<()> {
    let mut desk = Desk::start()?;
    let mut trader = Wire::connect(desk.address())?;
    let market = Market::of(&mut trader, "BTCUSDT")?;
    let mut reader = Wire::connect(desk.address())?;
    let ep = reader.subscribe(&["orders"])?[0].json["ep"].clone();
    for _ in 0..3 {
        trader.acked(&market.order("buy", market.worth(20)))?;
    }
    reader.read_for(std::time::Duration::from_millis(500))?;
    let seen = data(&reader, "orders");
    let stood = seen.last().context("orders were seen")?.seq();
    reader.cut();
    let named: Vec<String> = (0..5).map(|n| format!("missed-{n}")).collect();
    for name in &named {
        trader.acked(&market.order_named(name, "buy", market.worth(20)))?;
    }

    desk.kill_and_restart()?;
    let mut reader = Wire::connect(desk.address())?;
    let missed = resumed(&mut reader, "orders", &ep, stood)?;
    let filled = missed
        .iter()
        .filter(|frame| frame.json["order"]["status"] == "FILLED");
    let names: Vec<&str> = filled
        .filter_map(|frame| frame.json["order"]["client_order_id"].as_str())
        .collect();
    assert_eq!(names, named);

    // What is new follows on without a seam, and what an earlier client saw is still what happened.
    let mut trader = Wire::connect(desk.address())?;
    Market::of(&mut trader, "BTCUSDT")?;
    trader.acked(&market.order_named("later", "buy", market.worth(20)))?;
    reader.wait_for("the later order", |frame| {
        frame.json["order"]["client_order_id"] == "later"
    })?;
    reader.read_for(std::time::Duration::from_millis(300))?;
    let seqs: Vec<u64> = data(&reader, "orders").iter().map(Frame::seq).collect();
    assert!(seqs.windows(2).all(|pair| pair[1] == pair[0] + 1), "{seqs:?}");
    assert_eq!(seqs[0], stood + 1);
    let all = history(&mut reader, "orders")?;
    for frame in seen {
        assert_eq!(all[usize::try_from(frame.seq())? - 1].json, frame.json);
    }
    Ok(())
}

#[test]
fn a_place_that_cannot_be_gone_on_from_is_told() -> Result<()> {
    let desk = Desk::start()?;
    let mut wire = Wire::connect(desk.address())?;
    let market = Market::of(&mut wire, "BTCUSDT")?;
    let ep = wire.subscribe(&["orders"])?[0].json["ep"].clone();
    wire.acked(&market.order("buy", market.worth(20)))?;

    let ahead = resume(&mut wire, "orders", &ep, 9_999)?;
    assert_eq!(
        (ahead.kind(), ahead.json["reason"].as_str()),
        ("RESET", Some("AHEAD")),
        "{}",
        ahead.text
    );
    let other = resume(&mut wire, "orders", &json!(4_000_000_000_u32), 0)?;
    assert_eq!(
        (other.kind(), other.json["reason"].as_str()),
        ("RESET", Some("EPOCH")),
        "{}",
        other.text
    );

    // After a RESET the topic goes on from the place that it named.
    let stands = other.seq();
    let before = wire.log.len();
    wire.acked(&market.order("buy", market.worth(20)))?;
    wire.read_for(std::time::Duration::from_millis(300))?;
    let next = wire.log[before..]
        .iter()
        .find(|frame| frame.kind() == "ORDER_UPDATE")
        .context("the order is told")?;
    assert_eq!(next.seq(), stands + 1);
    Ok(())
}

#[test]
fn resuming_again_and_again_gives_the_same_messages() -> Result<()> {
    let desk = Desk::start()?;
    let mut wire = Wire::connect(desk.address())?;
    let market = Market::of(&mut wire, "BTCUSDT")?;
    let ep = wire.subscribe(&["executions"])?[0].json["ep"].clone();
    for _ in 0..8 {
        wire.acked(&market.order("buy", market.worth(20)))?;
    }
    let first = resumed(&mut wire, "executions", &ep, 0)?;
    assert_eq!(first.len(), 8);
    for after in [0_u64, 3, 7, 8] {
        let mut other = Wire::connect(desk.address())?;
        let again = resumed(&mut other, "executions", &ep, after)?;
        let expected = &first[usize::try_from(after)?..];
        assert_eq!(again.len(), expected.len());
        assert!(again.iter().zip(expected).all(|(a, b)| a.json == b.json));
    }
    Ok(())
}
