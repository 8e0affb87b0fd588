//! The risk guard from outside: it pauses and stops by itself and by command, says so, holds over a power cut, and lifts
//! nothing without the word.

use anyhow::{Context as _, Result, ensure};
use rust_decimal::Decimal;
use serde_json::Value;
use tickwire_tests::desk::{Desk, Setup};
use tickwire_tests::journal::entries;
use tickwire_tests::order::{Market, history};
use tickwire_tests::trader::Trader;
use tickwire_tests::wire::Frame;

const SPOT: &str = "SIM001USDT";
const RESUME: &str = r#"{"action":"resume_trading","confirm":"RESUME"}"#;
const NO_LIMITS: [&str; 7] = [
    "soft_drawdown_pct",
    "hard_drawdown_pct",
    "soft_daily_loss_pct",
    "hard_daily_loss_pct",
    "max_exposure",
    "max_position_value",
    "max_orders_per_minute",
];

fn desk(flags: &[(&str, &str)]) -> Result<(Desk, Trader, Market)> {
    let setup = flags
        .iter()
        .fold(Setup::sim(2, 200), |setup, (name, value)| setup.arg(name, value));
    let desk = setup.start()?;
    let mut trader = Trader::connect(&desk)?;
    let market = Market::of(&mut trader, SPOT)?;
    Ok((desk, trader, market))
}

/// Sets these limits and lifts all others.
fn limits(given: &[(&str, &str)]) -> String {
    let fields: Vec<String> = NO_LIMITS
        .iter()
        .map(|name| {
            let value = given
                .iter()
                .find(|(given, _)| given == name)
                .map_or("null", |(_, value)| value);
            format!(r#""{name}":{value}"#)
        })
        .collect();
    format!(r#"{{"action":"set_risk_limits",{}}}"#, fields.join(","))
}

fn is_status(frame: &Frame, status: &str) -> bool {
    frame.kind() == "RISK_STATUS_UPDATE" && frame.topic() == "risk" && frame.json["data"]["status"] == status
}

#[test]
fn a_soft_pause_stops_what_opens_and_lets_what_reduces() -> Result<()> {
    let (_desk, mut trader, market) = desk(&[])?;
    let quantity = market.worth(100);
    trader.acked(&market.order("buy", market.worth(1_000)))?;
    let rest = format!(r#""price":{},"#, market.away(-500));
    trader.acked(&market.order_of("bid", "buy", "limit", quantity, &rest))?;
    let stop = format!(r#""trigger_price":{},"#, market.away(-500));
    trader.acked(&market.order_of("stop", "sell", "stop_market", quantity, &stop))?;

    trader.acked(r#"{"action":"pause_trading"}"#)?;
    let told = trader.told("the pause", |frame| is_status(frame, "soft_pause"))?;
    let data = &told.json["data"];
    assert_eq!(
        data["message"],
        "New position openings stopped. Existing positions remain open."
    );
    assert_eq!(data["cause"], "manual");
    let alert = trader.told("an alert", |frame| frame.kind() == "ALERT")?;
    assert_eq!(alert.json["data"]["kind"], "risk");
    let bid = trader.order("bid", "CANCELLED")?;
    assert_eq!(bid.json["order"]["reason"], "RISK_PAUSED", "it would have opened");
    assert_eq!(trader.open_orders()?.len(), 1, "what protects stays");

    for opening in [
        market.order("buy", quantity),
        market.order_of("l", "buy", "limit", quantity, &rest),
        market.order("sell", market.worth(5_000)),
        format!(r#"{{"action":"reverse_position","symbol":"{SPOT}"}}"#),
        format!(r#"{{"action":"open_carry","symbol":"{SPOT}","quantity":{quantity}}}"#),
    ] {
        let sentence = trader.refused(&opening, "RISK_PAUSED")?;
        assert!(sentence.contains("RESUME"), "{sentence}");
    }
    trader.acked(&market.order("sell", quantity))?;
    trader.acked(&format!(
        r#"{{"action":"close_position","symbol":"{SPOT}","percent":50}}"#
    ))?;
    trader.acked(r#"{"action":"cancel_all_orders"}"#)?;
    trader.acked(r#"{"action":"flatten_all"}"#)?;
    assert!(trader.held(SPOT)?.is_zero());

    for wrong in [r#""resume""#, r#""RESUME ""#, r#""""#, r#""YES""#] {
        trader.refused(
            &format!(r#"{{"action":"resume_trading","confirm":{wrong}}}"#),
            "CONFIRMATION_REQUIRED",
        )?;
    }
    trader.refused(r#"{"action":"resume_trading"}"#, "INVALID_FIELD")?;
    trader.refused(&market.order("buy", quantity), "RISK_PAUSED")?;
    trader.acked(RESUME)?;
    trader.told("trading again", |frame| {
        is_status(frame, "normal") && frame.seq() > told.seq()
    })?;
    trader.acked(&market.order("buy", quantity))?;
    Ok(())
}

#[test]
fn the_kill_switch_flattens_everything_and_holds_over_a_power_cut() -> Result<()> {
    let (mut desk, mut trader, market) = desk(&[])?;
    let other = Market::of(&mut trader, "SIM002USDT")?;
    trader.acked(&market.order("buy", market.worth(500)))?;
    trader.acked(&other.order("sell", other.worth(500)))?;
    trader.acked(&format!(
        r#"{{"action":"open_carry","symbol":"{SPOT}-PERP","quantity":{}}}"#,
        market.worth(200)
    ))?;
    let rest = format!(r#""price":{},"#, market.away(-500));
    trader.acked(&market.order_of("bid", "buy", "limit", market.worth(50), &rest))?;
    trader.acked(&market.order_of(
        "trail",
        "sell",
        "trailing_stop",
        market.worth(50),
        r#""trail_percent":5,"reduce_only":true,"#,
    ))?;
    assert_eq!(
        trader.positions()?.json["positions"].as_array().map(Vec::len),
        Some(3)
    );

    trader.acked(r#"{"action":"stop_trading"}"#)?;
    trader.told("the stop", |frame| is_status(frame, "hard_stop"))?;
    assert_eq!(trader.positions()?.json["positions"], serde_json::json!([]));
    assert_eq!(trader.open_orders()?, Vec::<String>::new());
    for name in ["bid", "trail"] {
        assert_eq!(
            trader.order(name, "CANCELLED")?.json["order"]["reason"],
            "HARD_STOP"
        );
    }
    let closing = trader.log.iter().filter(|frame| {
        frame.topic() == "orders"
            && frame.json["order"]["status"] == "FILLED"
            && frame.json["order"]["reason"] == "HARD_STOP"
    });
    assert_eq!(closing.count(), 4, "two positions and both legs of the carry");

    for life in 0..3 {
        let mut trader = Trader::connect(&desk)?;
        let risk = trader.risk()?;
        assert_eq!(
            (&risk["status"], &risk["cause"]),
            (&Value::from("hard_stop"), &Value::from("manual")),
            "life {life}"
        );
        let sentence = trader.refused(&market.order("buy", market.worth(100)), "RISK_STOPPED")?;
        assert!(sentence.contains("RESUME"), "{sentence}");
        trader.refused(
            r#"{"action":"resume_trading","confirm":"resume"}"#,
            "CONFIRMATION_REQUIRED",
        )?;
        // A pause is no way up from a stop.
        trader.acked(r#"{"action":"pause_trading"}"#)?;
        assert_eq!(trader.risk()?["status"], "hard_stop");
        desk.kill_and_restart()?;
    }
    let mut trader = Trader::connect(&desk)?;
    trader.acked(RESUME)?;
    trader.acked(&market.order("buy", market.worth(100)))?;
    desk.kill_and_restart()?;
    assert_eq!(
        Trader::connect(&desk)?.risk()?["status"],
        "normal",
        "resumed is resumed"
    );

    // The stop is in the journal before what it does.
    desk.kill()?;
    let all = entries(&desk.data_dir())?;
    let place =
        |wanted: &dyn Fn(&Value) -> bool| all.iter().position(|entry| wanted(&entry["event"]["fact"]));
    let stop = place(&|fact| fact["risk_changed"]["status"] == "hard_stop").context("the stop")?;
    let first = place(&|fact| fact["order_changed"]["reason"] == "HARD_STOP").context("what it did")?;
    ensure!(stop < first, "{stop} {first}");
    Ok(())
}

#[test]
fn losses_trip_the_limits_of_the_flags() -> Result<()> {
    // The fees of one order are the loss: 0.05 % of the account.
    for (flags, status, cause) in [
        (
            [("--risk-soft-drawdown", "0.02"), ("--risk-hard-drawdown", "50")],
            "soft_pause",
            "drawdown",
        ),
        (
            [("--risk-hard-drawdown", "0.02"), ("--risk-soft-drawdown", "off")],
            "hard_stop",
            "drawdown",
        ),
        (
            [
                ("--risk-soft-daily-loss", "0.02"),
                ("--risk-hard-daily-loss", "50"),
            ],
            "soft_pause",
            "daily_loss",
        ),
        (
            [
                ("--risk-hard-daily-loss", "0.02"),
                ("--risk-soft-daily-loss", "off"),
            ],
            "hard_stop",
            "daily_loss",
        ),
    ] {
        let (_desk, mut trader, market) = desk(&flags)?;
        trader.acked(&market.order("buy", market.worth(5_000)))?;
        let told = trader.told(status, |frame| is_status(frame, status))?;
        assert_eq!(told.json["data"]["cause"], cause, "{}", told.text);
        let loss = told.number(if cause == "drawdown" {
            "/data/drawdown_pct"
        } else {
            "/data/daily_loss_pct"
        });
        assert!(loss >= Decimal::new(2, 2), "{}", told.text);
        let alert = trader.told("an alert", |frame| {
            frame.kind() == "ALERT" && frame.json["data"]["kind"] == "risk"
        })?;
        let sentence = alert.json["data"]["message"].as_str().context("a sentence")?;
        assert!(sentence.contains("0.02 %"), "{sentence}");
        let held = trader.held(SPOT)?;
        if status == "hard_stop" {
            assert!(held.is_zero(), "everything is closed");
            trader.refused(&market.order("buy", market.worth(100)), "RISK_STOPPED")?;
        } else {
            assert!(held > Decimal::ZERO, "positions remain");
            trader.refused(&market.order("buy", market.worth(100)), "RISK_PAUSED")?;
        }
        // Resumed, it measures from now on and does not trip again at once.
        trader.acked(r#"{"action":"flatten_all"}"#)?;
        trader.acked(RESUME)?;
        trader.ping()?;
        assert_eq!(trader.risk()?["status"], "normal");
    }
    Ok(())
}

#[test]
fn sizes_and_rates_are_refused_with_the_numbers() -> Result<()> {
    let (_desk, mut trader, market) = desk(&[])?;
    trader.acked(&limits(&[
        ("max_exposure", "2000"),
        ("max_position_value", "1000"),
    ]))?;
    let told = trader.told("the limits", |frame| {
        frame.json["data"]["limits"]["max_exposure"].is_number()
    })?;
    assert_eq!(told.number("/data/limits/max_exposure"), Decimal::from(2_000));
    assert!(told.json["data"]["limits"]["soft_drawdown_pct"].is_null());
    let other = Market::of(&mut trader, "SIM002USDT")?;

    let sentence = trader.refused(&market.order("buy", market.worth(1_200)), "RISK_LIMIT")?;
    assert!(
        sentence.contains("1,000") && sentence.contains("max_position_value"),
        "{sentence}"
    );
    trader.acked(&market.order("buy", market.worth(900)))?;
    // What waits counts as well.
    let rest = format!(r#""price":{},"#, other.away(-300));
    trader.acked(&other.order_of("bid", "buy", "limit", other.worth(900), &rest))?;
    let sentence = trader.refused(&other.order("buy", other.worth(300)), "RISK_LIMIT")?;
    assert!(sentence.contains("in open orders"), "{sentence}");
    trader.refused(
        &format!(
            r#"{{"action":"amend_order","client_order_id":"bid","quantity":{}}}"#,
            other.worth(1_300)
        ),
        "RISK_LIMIT",
    )?;
    trader.acked(r#"{"action":"cancel_all_orders"}"#)?;
    trader.acked(r#"{"action":"flatten_all"}"#)?;

    trader.acked(&limits(&[("max_orders_per_minute", "3")]))?;
    trader.acked(RESUME)?;
    let mut taken = 0;
    let sentence = loop {
        let answer = trader.ask(&market.order("buy", market.worth(20)))?;
        match answer.kind() {
            "ACK" => taken += 1,
            _ => break answer,
        }
        ensure!(taken <= 3, "more than three in a minute");
    };
    assert_eq!(sentence.json["code"], "RISK_LIMIT", "{}", sentence.text);
    assert!(
        sentence.text.contains("max_orders_per_minute is 3"),
        "{}",
        sentence.text
    );
    if taken > 0 {
        trader.acked(&format!(r#"{{"action":"close_position","symbol":"{SPOT}"}}"#))?;
    }
    trader.refused(
        &limits(&[("soft_drawdown_pct", "20"), ("hard_drawdown_pct", "10")]),
        "INVALID_FIELD",
    )?;
    trader.refused(
        &limits(&[]).replace("max_exposure", "max_exposre"),
        "INVALID_FIELD",
    )?;
    Ok(())
}

#[test]
fn a_carry_counts_with_both_of_its_legs() -> Result<()> {
    let (_desk, mut trader, market) = desk(&[])?;
    trader.acked(&limits(&[("max_exposure", "1000")]))?;
    let open = |value: i64| {
        format!(
            r#"{{"action":"open_carry","symbol":"{SPOT}","quantity":{}}}"#,
            market.worth(value)
        )
    };
    let sentence = trader.refused(&open(700), "RISK_LIMIT")?;
    assert!(sentence.contains("max_exposure"), "{sentence}");
    trader.acked(&open(400))?;
    trader.refused(&open(400), "RISK_LIMIT")?;
    Ok(())
}

#[test]
fn limits_and_their_history_are_there_after_a_power_cut() -> Result<()> {
    let (mut desk, mut trader, market) = desk(&[("--risk-max-position", "5000")])?;
    assert_eq!(trader.risk()?["limits"]["max_position_value"], 5000);
    trader.acked(&limits(&[
        ("max_position_value", "1234.5"),
        ("hard_drawdown_pct", "7.25"),
    ]))?;
    trader.acked(r#"{"action":"pause_trading"}"#)?;
    trader.acked(RESUME)?;
    trader.acked(r#"{"action":"pause_trading"}"#)?;
    let (risk, before) = (trader.risk()?, history(&mut trader, "risk")?);
    desk.kill_and_restart()?;
    let mut trader = Trader::connect(&desk)?;
    assert_eq!(trader.risk()?, risk);
    let after = history(&mut trader, "risk")?;
    let json = |frames: &[Frame]| frames.iter().map(|frame| frame.json.clone()).collect::<Vec<_>>();
    assert_eq!(json(&after), json(&before));
    trader.refused(&market.order("buy", market.worth(100)), "RISK_PAUSED")?;
    Ok(())
}
