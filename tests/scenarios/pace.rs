//! How often state topics are told: the operator's rates, a client's own wishes, and only what changed for who asks.

use std::time::Duration;

use anyhow::{Context as _, Result};
use tickwire_protocol::partial::whole;
use tickwire_tests::desk::Setup;
use tickwire_tests::order::Market;
use tickwire_tests::wire::{Frame, Wire};

fn of<'a>(frames: &'a [Frame], topic: &str) -> Vec<&'a Frame> {
    let is_value = |frame: &&Frame| frame.topic() == topic && frame.kind().ends_with("_UPDATE");
    frames.iter().filter(is_value).collect()
}

#[test]
fn the_operator_a_subscription_and_a_connection_each_slow_a_channel_down() -> Result<()> {
    let desk = Setup::sim(2, 200)
        .arg("--channel-interval", "ticker=400")
        .start()?;
    let mut wire = Wire::connect(desk.address())?;
    let greeting = wire.wait_for_kind("CONNECTION_ESTABLISHED")?;
    assert_eq!(greeting.json["limits"]["channel_interval_ms"]["ticker"], 400);
    let topics: Vec<String> = Market::names(&mut wire)?
        .iter()
        .map(|name| format!("ticker:{name}"))
        .collect();
    wire.acked(&format!(r#"{{"action":"subscribe","topics":["{}"]}}"#, topics[0]))?;
    wire.acked(&format!(
        r#"{{"action":"subscribe","topics":["{}"],"interval_ms":1500}}"#,
        topics[1]
    ))?;
    let count = |frames: &[Frame]| (of(frames, &topics[0]).len(), of(frames, &topics[1]).len());
    let (fast, slow) = count(wire.read_for(Duration::from_secs(6))?);
    // At most as often as was said, whatever the machine; and not much less on one that has nothing else to do.
    assert!(fast <= 16 && slow <= 5, "{fast} {slow}");
    assert!(fast > slow && slow >= 1, "{fast} {slow}");

    wire.acked(r#"{"action":"set_rate","interval_ms":3000}"#)?;
    let (fast, slow) = count(wire.read_for(Duration::from_secs(6))?);
    assert!(fast <= 3 && slow <= 3, "{fast} {slow}");
    wire.acked(r#"{"action":"set_rate"}"#)?;
    let (fast, _) = count(wire.read_for(Duration::from_secs(6))?);
    assert!(fast > 3, "as usual again: {fast}");
    let refused = wire.ask(r#"{"action":"set_rate","interval_ms":20000}"#)?;
    assert_eq!(refused.json["code"], "INVALID_FIELD", "{}", refused.text);
    Ok(())
}

#[test]
fn who_asks_for_changes_can_put_together_what_others_are_told() -> Result<()> {
    let desk = Setup::sim(2, 100).start()?;
    let mut wire = Wire::connect(desk.address())?;
    wire.be_patient();
    let names = Market::names(&mut wire)?;
    for name in &names {
        let market = Market::of(&mut wire, name)?;
        wire.acked(&market.order("buy", market.worth(200)))?;
    }
    wire.acked(r#"{"action":"subscribe","topics":["positions","balance"],"features":["partial"]}"#)?;
    wire.read_for(Duration::from_secs(2))?;
    wire.acked(&format!(
        r#"{{"action":"close_position","symbol":"{}"}}"#,
        names[0]
    ))?;
    wire.wait_for("the closed one by its name", |frame| {
        frame.topic() == "positions"
            && frame.json["removed"]
                .as_array()
                .is_some_and(|rows| !rows.is_empty())
    })?;
    // The values stand still while both are asked for, or they are asked for again.
    let mut tries = 0;
    loop {
        let full = wire.answer(r#"{"action":"get_positions"}"#, "POSITION_UPDATE")?;
        wire.read_for(Duration::from_millis(300))?;
        let start = wire
            .log
            .iter()
            .rposition(|frame| frame.kind() == "SUBSCRIBED" && frame.topic() == "positions")
            .context("subscribed")?;
        let mut frames = wire.log[start..]
            .iter()
            .filter(|frame| frame.topic() == "positions" && frame.json["id"].is_null());
        let first = frames
            .find(|frame| frame.kind() == "POSITION_UPDATE")
            .context("a first value")?;
        assert!(
            first.json["partial"].is_null(),
            "it begins with the whole: {}",
            first.text
        );
        let mut has = first.text.clone();
        let mut partial = 0;
        let mut found = false;
        for frame in frames {
            if frame.json["partial"] == true {
                has = whole(&has, &frame.text).context("it can be put together")?;
                partial += 1;
            } else {
                has = frame.text.clone();
            }
            if frame.seq() == full.seq() {
                let has: serde_json::Value = serde_json::from_str(&has)?;
                assert_eq!(has["positions"], full.json["positions"]);
                found = true;
            }
        }
        assert!(partial > 0, "some were told by what changed");
        if found {
            return Ok(());
        }
        tries += 1;
        assert!(tries < 200, "no answer was at a place that was told");
    }
}
