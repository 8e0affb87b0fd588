//! Alerts: those that an owner sets fire once, whatever happens in between, and the desk speaks up by itself.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use serde_json::Value;
use tickwire_tests::desk::{Desk, Setup};
use tickwire_tests::order::Market;
use tickwire_tests::trader::Trader;
use tickwire_tests::wire::Frame;

const SPOT: &str = "SIM001USDT";

fn desk() -> Result<(Desk, Trader, Market)> {
    let desk = Setup::sim(2, 200).start()?;
    let mut trader = Trader::connect(&desk)?;
    let market = Market::of(&mut trader, SPOT)?;
    Ok((desk, trader, market))
}

fn create(name: &str, condition: &str, rest: &str) -> String {
    format!(
        r#"{{"action":"create_alert","client_order_id":"{name}","symbol":"{SPOT}","condition":"{condition}",{rest}}}"#
    )
}

fn alerts(trader: &mut Trader) -> Result<Frame> {
    trader.answer(r#"{"action":"get_alerts"}"#, "ALERTS")
}

/// Frames of the topic about this alert: how its rule came to stand, and what it said.
fn about<'a>(frames: &'a [Frame], id: &str) -> (Vec<&'a str>, Vec<&'a Frame>) {
    let of_it = frames
        .iter()
        .filter(|frame| frame.topic() == "alerts" && frame.json["data"]["id"] == id);
    let (rules, said): (Vec<_>, Vec<_>) = of_it.partition(|frame| frame.kind() == "ALERT_RULE_UPDATE");
    let stands = rules
        .into_iter()
        .filter_map(|rule| rule.json["data"]["status"].as_str());
    (stands.collect(), said)
}

/// Sets an alert a hair away from the market until one has fired. Gives its id.
fn fire(trader: &mut Trader, condition: &str) -> Result<String> {
    for number in 0..40 {
        let near = if condition == "cross_above" { 3 } else { -3 };
        let ack = trader.acked_at(SPOT, |market| {
            create(
                &format!("{condition}-{number}"),
                condition,
                &format!(r#""price":{},"note":"a hair""#, market.beside(near)),
            )
        })?;
        let id = ack.json["alert_id"].as_str().context("an id")?.to_owned();
        trader.read_for(Duration::from_millis(400))?;
        if about(&trader.log, &id).0.contains(&"fired") {
            return Ok(id);
        }
        trader.ask(&format!(r#"{{"action":"cancel_alert","alert_id":"{id}"}}"#))?;
    }
    anyhow::bail!("none fired")
}

#[test]
fn a_price_alert_fires_once_with_the_price_that_crossed_it() -> Result<()> {
    let (mut desk, mut trader, _) = desk()?;
    let mut fired = Vec::new();
    for condition in ["cross_above", "cross_below"] {
        let id = fire(&mut trader, condition)?;
        let rule = trader.told("the rule", |frame| {
            frame.kind() == "ALERT_RULE_UPDATE" && frame.json["data"]["id"] == id.as_str()
        })?;
        let said = trader.told("the alert", |frame| {
            frame.kind() == "ALERT" && frame.json["data"]["id"] == id.as_str()
        })?;
        assert_eq!(
            (&said.json["data"]["kind"], &said.json["data"]["symbol"]),
            (&Value::from("price"), &Value::from(SPOT))
        );
        assert!(
            said.json["data"]["message"]
                .as_str()
                .is_some_and(|text| text.contains("a hair")),
            "{}",
            said.text
        );
        let (level, from, price) = (
            rule.number("/data/price"),
            rule.number("/data/reference_price"),
            said.number("/data/price"),
        );
        let crossed = if condition == "cross_above" {
            from < level && price >= level
        } else {
            from > level && price <= level
        };
        assert!(crossed, "{} {}", rule.text, said.text);
        fired.push(id);
    }
    trader.read_for(Duration::from_secs(1))?;
    desk.kill_and_restart()?;
    let mut trader = Trader::connect(&desk)?;
    trader.read_for(Duration::from_secs(2))?;
    let snapshot = alerts(&mut trader)?;
    let rows = snapshot.json["alerts"].as_array().context("a list")?;
    for id in &fired {
        let times = rows.iter().filter(|alert| alert["id"] == id.as_str()).count();
        assert_eq!(times, 1, "{id}: {}", snapshot.text);
        assert!(
            trader
                .refused(
                    &format!(r#"{{"action":"cancel_alert","alert_id":"{id}"}}"#),
                    "NOT_FOUND"
                )
                .is_ok()
        );
    }
    assert_eq!(snapshot.json["rules"], serde_json::json!([]), "{}", snapshot.text);
    Ok(())
}

#[test]
fn alerts_that_wait_outlive_a_power_cut_and_fire_after_it() -> Result<()> {
    let (mut desk, mut trader, _) = desk()?;
    let market = Market::of(&mut trader, SPOT)?;
    trader.acked(&create(
        "far",
        "cross_above",
        &format!(r#""price":{}"#, market.away(5_000)),
    ))?;
    trader.acked(&create("move", "percent_move", r#""percent":0.01"#))?;
    trader.acked(&create("gone", "percent_move", r#""percent":30"#))?;
    let before = alerts(&mut trader)?;
    let id = |name: &str| -> Result<String> {
        let rows = before.json["rules"].as_array().context("a list")?;
        let row = rows
            .iter()
            .find(|rule| rule["client_order_id"] == name)
            .with_context(|| name.to_owned())?;
        Ok(row["id"].as_str().context("an id")?.to_owned())
    };
    let gone = id("gone")?;
    trader.acked(&format!(r#"{{"action":"cancel_alert","alert_id":"{gone}"}}"#))?;
    let told = trader.told("the end of it", |frame| {
        frame.json["data"]["status"] == "cancelled"
    })?;
    assert_eq!(told.json["data"]["id"], gone.as_str());
    desk.kill_and_restart()?;
    let mut trader = Trader::connect(&desk)?;
    let after = alerts(&mut trader)?;
    let names: Vec<_> = after.json["rules"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|rule| &rule["client_order_id"])
        .collect();
    assert!(
        names.contains(&&Value::from("far")) && !names.contains(&&Value::from("gone")),
        "{}",
        after.text
    );
    // A hundredth of a percent is soon moved, before the cut or after it: once in either case.
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let now = alerts(&mut trader)?;
        let said = now.json["alerts"].as_array().context("a list")?;
        if said.iter().any(|alert| alert["kind"] == "price") {
            assert_eq!(
                said.iter().filter(|alert| alert["kind"] == "price").count(),
                1,
                "{}",
                now.text
            );
            break;
        }
        assert!(Instant::now() < deadline, "it never moved: {}", now.text);
        trader.read_for(Duration::from_millis(250))?;
    }
    Ok(())
}

#[test]
fn an_alert_that_cannot_be_is_refused() -> Result<()> {
    let (_desk, mut trader, market) = desk()?;
    for (condition, rest, code) in [
        (
            "cross_above",
            format!(r#""price":{}"#, market.away(-500)),
            "INVALID_PRICE",
        ),
        (
            "cross_below",
            format!(r#""price":{}"#, market.away(500)),
            "INVALID_PRICE",
        ),
        ("cross_above", r#""percent":5"#.to_owned(), "INVALID_FIELD"),
        ("percent_move", r#""percent":0"#.to_owned(), "INVALID_FIELD"),
        (
            "percent_move",
            format!(r#""percent":5,"note":"{}""#, "x".repeat(201)),
            "INVALID_FIELD",
        ),
    ] {
        trader.refused(&create("bad", condition, &rest), code)?;
    }
    let unknown = create("bad", "percent_move", r#""percent":5"#).replace(SPOT, "NOSUCH");
    trader.refused(&unknown, "UNKNOWN_SYMBOL")?;
    for number in 0..50 {
        trader.acked(&create(&format!("n-{number}"), "percent_move", r#""percent":50"#))?;
    }
    assert_eq!(
        alerts(&mut trader)?.json["rules"].as_array().map(Vec::len),
        Some(50)
    );
    Ok(())
}

#[test]
fn the_desk_speaks_up_where_an_order_fails_when_its_moment_comes() -> Result<()> {
    let (_desk, mut trader, market) = desk()?;
    trader.acked(&market.order("buy", market.worth(100)))?;
    // It is to rest only, and at that price it cannot: it is found out when it is triggered.
    let fields = |market: &Market, ticks: i64| {
        format!(
            r#""trigger_price":{},"price":{}"#,
            market.beside(ticks),
            market.beside(ticks + 2_000)
        )
    };
    let rest = format!("{},\"post_only\":true,", fields(&market, 30_000));
    let ack = trader.acked(&market.order_of("late", "buy", "stop_limit", market.worth(100), &rest))?;
    let id = ack.json["order_id"].as_str().context("an id")?.to_owned();
    let end = trader.chase(SPOT, &id, "REJECTED", |market| fields(market, 3))?;
    assert_eq!(end.json["order"]["reason"], "WOULD_TAKE", "{}", end.text);
    let said = trader.told("the alert", |frame| {
        frame.kind() == "ALERT" && frame.json["data"]["order_id"] == id.as_str()
    })?;
    let data = &said.json["data"];
    assert_eq!(
        (&data["kind"], &data["severity"]),
        (&Value::from("order_rejected"), &Value::from("warning"))
    );
    Ok(())
}
