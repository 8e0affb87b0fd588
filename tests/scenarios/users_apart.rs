//! Two users of one desk: nothing of the one reaches the other, over no topic, question, id or place, and nothing that the other
//! tries changes it.

mod tries;

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use tickwire_protocol::command::{Command, Instruction};
use tickwire_tests::desk::{Desk, Setup};
use tickwire_tests::http::get;
use tickwire_tests::order::{Market, resumed};
use tickwire_tests::users::{add, connect, required, token};
use tickwire_tests::wire::{Frame, Wire};

/// What an account's owner hears of.
const TOPICS: [&str; 10] = [
    "positions",
    "portfolio",
    "balance",
    "dashboard",
    "equity",
    "performance",
    "orders",
    "executions",
    "risk",
    "alerts",
];

/// The name in every order of ann's: it is nowhere else.
const TAINT: &str = "anns-own";

struct Ann {
    order: String,
    position: String,
    execution: String,
    alert: String,
    market: String,
}

fn two_users(setup: Setup) -> Result<(Desk, Wire, Wire)> {
    let desk = required(setup)?;
    for name in ["ann", "bob"] {
        add(&desk, name, "trader")?;
    }
    let wire = |name: &str| -> Result<Wire> {
        let mut wire = connect(&desk, &token(&desk, name)?)?;
        wire.subscribe(&TOPICS)?;
        Ok(wire)
    };
    let (ann, bob) = (wire("ann")?, wire("bob")?);
    Ok((desk, ann, bob))
}

/// Ann gets a position, an order that rests and an alert that waits.
fn trade(ann: &mut Wire) -> Result<Ann> {
    let names = Market::names(ann)?;
    let market = Market::of(ann, names.first().context("a market")?)?;
    let quantity = market.worth(200);
    let ack = ann.acked(&market.order_named(&format!("{TAINT}-1"), "buy", quantity))?;
    ensure!(ack.json["status"] == "FILLED", "{}", ack.text);
    let execution = ann.told("an execution", |frame| {
        frame.topic() == "executions" && frame.kind() == "EXECUTION_UPDATE"
    })?;
    let deep = market.away(-2_000);
    let price = format!("\"price\":{deep},");
    let resting = market.order_of(&format!("{TAINT}-2"), "buy", "limit", quantity, &price);
    let resting = ann.acked(&resting)?;
    let alert = format!(
        r#"{{"action":"create_alert","client_order_id":"{TAINT}-3","symbol":"{}","condition":"cross_below","price":{deep},"note":"{TAINT}"}}"#,
        market.symbol
    );
    let alert = ann.acked(&alert)?;
    let text = |value: &Value| value.as_str().map(str::to_owned).context("an id");
    Ok(Ann {
        order: text(&resting.json["order_id"])?,
        position: text(&execution.json["data"]["position_id"])?,
        execution: text(&execution.json["data"]["id"])?,
        alert: text(&alert.json["alert_id"])?,
        market: market.symbol,
    })
}

trait Told {
    fn told(&mut self, what: &str, wanted: impl Fn(&Frame) -> bool) -> Result<Frame>;
}

impl Told for Wire {
    /// The first frame that is wanted, among those that came already and those to come.
    fn told(&mut self, what: &str, wanted: impl Fn(&Frame) -> bool) -> Result<Frame> {
        match self.log.iter().find(|frame| wanted(frame)) {
            Some(frame) => Ok(frame.clone()),
            None => self.wait_for(what, wanted),
        }
    }
}

/// Nothing that bob ever read is of ann.
fn is_untainted(bob: &Wire, ann: &Ann) {
    for frame in &bob.log {
        // What is refused repeats the name that was asked for.
        if frame.kind() == "ERROR" {
            continue;
        }
        let quoted = |id: &String| format!("\"{id}\"");
        for id in [&ann.order, &ann.position, &ann.execution, &ann.alert].map(quoted) {
            assert!(!frame.text.contains(&id), "{id}: {}", frame.text);
        }
        assert!(!frame.text.contains(TAINT), "{}", frame.text);
    }
}

/// What the owner is told of the account, but for what the market does to it.
fn facts(wire: &mut Wire) -> Result<Vec<String>> {
    let mut facts = Vec::new();
    for (question, kind) in [
        (r#"{"action":"get_orders"}"#, "ORDERS"),
        (r#"{"action":"get_executions"}"#, "EXECUTIONS"),
        (r#"{"action":"get_risk"}"#, "RISK_STATUS_UPDATE"),
        (r#"{"action":"get_alerts"}"#, "ALERTS"),
    ] {
        let mut told = wire.answer(question, kind)?.json;
        let told = told.as_object_mut().context("an object")?;
        told.remove("id");
        told.remove("timestamp");
        facts.push(serde_json::to_string(told)?);
    }
    Ok(facts)
}

#[test]
fn what_one_does_the_other_never_hears_of() -> Result<()> {
    let (desk, mut ann, mut bob) = two_users(Setup::sim(2, 20))?;
    let of_ann = trade(&mut ann)?;
    ann.acked(r#"{"action":"pause_trading"}"#)?;
    // Long enough for every topic to be told again.
    bob.read_for(Duration::from_secs(4))?;
    for question in [
        "get_positions",
        "get_portfolio",
        "get_balance",
        "get_dashboard",
        "get_equity",
        "get_performance",
        "get_orders",
        "get_executions",
        "get_risk",
        "get_alerts",
        "get_logs",
    ] {
        bob.ask(&format!(r#"{{"action":"{question}"}}"#))?;
    }
    is_untainted(&bob, &of_ann);
    let risk = bob.answer(r#"{"action":"get_risk"}"#, "RISK_STATUS_UPDATE")?;
    assert_eq!(risk.json["data"]["status"], "normal", "ann's pause is hers");
    let portfolio = bob.answer(r#"{"action":"get_portfolio"}"#, "PORTFOLIO_UPDATE")?;
    assert_eq!(portfolio.json["portfolio"]["positions_count"], 0);
    assert_eq!(
        portfolio.number("/portfolio/balance"),
        portfolio.number("/portfolio/deposits")
    );
    let own = ["orders", "executions", "alerts"];
    assert!(
        !bob.log
            .iter()
            .any(|frame| own.contains(&frame.topic()) && frame.kind() != "SUBSCRIBED")
    );
    // Nor does anybody who has not logged in.
    for path in ["/health", "/login", "/no-such-page"] {
        let text = get(desk.address(), path, &[])?.text();
        assert!(!text.contains(TAINT) && !text.contains(&of_ann.order), "{path}");
    }
    Ok(())
}

#[test]
fn every_command_and_id_of_one_is_tried_by_the_other_in_vain() -> Result<()> {
    let (desk, mut ann, mut bob) = two_users(Setup::sim(2, 20))?;
    let of_ann = trade(&mut ann)?;
    let token = token(&desk, "ann")?;
    let before = facts(&mut ann)?;
    for action in [Command::QUESTIONS, Instruction::ACTIONS].concat() {
        let tries = tries::of(action, &of_ann, &token)?;
        ensure!(!tries.is_empty(), "{action} is not tried");
        for (mut command, code) in tries {
            command["action"] = action.into();
            if action == "ping" {
                bob.ping()?;
                continue;
            }
            let answer = bob.ask(&command.to_string())?;
            match code {
                Some(code) => assert_eq!(answer.json["code"], code, "{command}: {}", answer.text),
                None => assert_eq!(answer.kind(), "ACK", "{command}: {}", answer.text),
            }
        }
    }
    is_untainted(&bob, &of_ann);
    assert_eq!(facts(&mut ann)?, before, "nothing of ann's has changed");
    // A name is one within an account: bob's alert of ann's name is another one, and he alone has it.
    let Ann {
        alert,
        market,
        position,
        ..
    } = &of_ann;
    let named = json!({"action": "create_alert", "client_order_id": format!("{TAINT}-3"), "symbol": market,
        "condition": "percent_move", "percent": 90});
    let answer = bob.acked(&named.to_string())?;
    assert_eq!(answer.json["duplicate"], false, "{}", answer.text);
    assert_ne!(answer.json["alert_id"].as_str(), Some(alert.as_str()));
    assert_eq!(facts(&mut ann)?, before, "nothing of ann's has changed");
    let held = ann.answer(
        &json!({"action": "get_position", "symbol": market}).to_string(),
        "POSITION_UPDATE",
    )?;
    assert_eq!(held.json["positions"][0]["id"].as_str(), Some(position.as_str()));
    Ok(())
}

/// Whether a frame of a dialect tells of something that only ann has.
fn tells(dialect: &str, frame: &Frame) -> bool {
    let json = &frame.json;
    let has_rows = |rows: &Value| rows.as_array().is_some_and(|rows| !rows.is_empty());
    match dialect {
        "s0" => has_rows(&json["positions"]),
        "s2" => frame.kind() == "position_update",
        "s3" => ["order", "execution", "position"].contains(&frame.topic()),
        _ => frame.kind() == "trades_update" || frame.kind() == "positions_update" && has_rows(&json["data"]),
    }
}

#[test]
fn no_dialect_tells_the_one_of_the_other() -> Result<()> {
    let (desk, mut ann, bob) = two_users(Setup::sim(2, 20))?;
    drop(bob);
    let (to_ann, to_bob) = (token(&desk, "ann")?, token(&desk, "bob")?);
    let both = |dialect: &'static str| -> Result<(&'static str, Wire, Wire)> {
        let wire = |token: &str| -> Result<Wire> {
            let path = format!("/ws?dialect={dialect}&token={token}");
            let mut wire = Wire::connect_at(desk.address(), &path)?;
            if dialect == "s3" {
                wire.send(r#"{"op":"subscribe","args":["order","execution","position"]}"#)?;
                wire.wait_for("the confirmation", |frame| frame.json["success"] == true)?;
            }
            Ok(wire)
        };
        Ok((dialect, wire(&to_ann)?, wire(&to_bob)?))
    };
    let all = || {
        ["s0", "s2", "s3", "s4"]
            .into_iter()
            .map(both)
            .collect::<Result<Vec<_>>>()
    };
    // Those who hear of it as it happens, and those who come when it has.
    let early = all()?;
    let of_ann = trade(&mut ann)?;
    ann.acked(r#"{"action":"pause_trading"}"#)?;
    let late = all()?;
    for (dialect, mut owner, mut other) in early.into_iter().chain(late) {
        // The owner is told, so there was something to tell.
        owner.told(dialect, |frame| tells(dialect, frame))?;
        other.read_for(Duration::from_millis(1_500))?;
        is_untainted(&other, &of_ann);
        for frame in &other.log {
            assert!(!tells(dialect, frame), "{dialect}: {}", frame.text);
            assert!(!frame.text.contains("soft_pause"), "{dialect}: {}", frame.text);
        }
        // The desk's own words are taken in every dialect, and are no way around either.
        for question in [
            "get_orders",
            "get_executions",
            "get_alerts",
            "get_positions",
            "get_risk",
        ] {
            other.acked(&json!({"action": question}).to_string())?;
        }
        let theft = json!({"action": "cancel_order", "order_id": of_ann.order}).to_string();
        assert_eq!(other.ask(&theft)?.json["code"], "ORDER_NOT_FOUND", "{dialect}");
        is_untainted(&other, &of_ann);
    }
    Ok(())
}

/// Messages of a topic that the server has at hand.
const AT_HAND: usize = 4_096;

/// Places and cancels pairs of orders on a connection of its own: four messages each.
fn churn(desk: &Desk, token: &str, market: &Market, name: &str) -> Result<()> {
    // As many as one connection may say at once.
    const PAIRS: usize = 56;
    let mut wire = connect(desk, token)?;
    let (lower, upper) = (market.away(-500), market.away(500));
    for number in 0..PAIRS {
        let pair = json!({"action": "place_oco", "client_order_id": format!("{name}-{number}"), "symbol": market.symbol,
            "side": "buy"});
        // Numbers that are exact are written as they are.
        let rest = format!(
            r#","quantity":{},"take_profit":{{"price":{lower}}},"stop_loss":{{"trigger_price":{upper}}}}}"#,
            market.worth(12)
        );
        wire.send(&pair.to_string().replacen('}', &rest, 1))?;
    }
    wire.acked(r#"{"action":"cancel_all_orders"}"#)?;
    let refused = wire.log.iter().find(|frame| frame.kind() == "ERROR");
    ensure!(refused.is_none(), "{refused:?}");
    Ok(())
}

#[test]
fn what_is_read_out_of_the_journal_is_ones_own() -> Result<()> {
    let roomy = Setup::sim(2, 20)
        .arg("--starting-balance", "1000000")
        .arg("--commands-per-user", "off");
    let (desk, mut ann, mut bob) = two_users(roomy)?;
    let names = Market::names(&mut ann)?;
    let market = Market::of(&mut ann, names.first().context("a market")?)?;
    let (to_ann, to_bob) = (token(&desk, "ann")?, token(&desk, "bob")?);
    // One after the other, so that every piece of the journal has entries of both.
    for round in 0..20 {
        churn(&desk, &to_ann, &market, &format!("{TAINT}-{round}"))?;
        churn(&desk, &to_bob, &market, &format!("bobs-{round}"))?;
    }
    let place = |wire: &mut Wire| -> Result<(Value, u64)> {
        let told = wire.subscribe(&["orders"])?;
        let told = told.first().context("SUBSCRIBED")?;
        Ok((told.json["ep"].clone(), told.seq()))
    };
    let ((epoch, of_ann), (_, of_bob)) = (place(&mut ann)?, place(&mut bob)?);
    ensure!(of_ann.min(of_bob) > AT_HAND as u64, "{of_ann} {of_bob}");
    // The beginning, and places that ann was at: all of them are older than what is at hand. She reads them first, so that
    // what was read for her is there when he comes.
    for seq in [0, 7, of_ann - AT_HAND as u64 - 50] {
        for (token, own) in [(&to_ann, TAINT), (&to_bob, "bobs-")] {
            let missed = resumed(&mut connect(&desk, token)?, "orders", &epoch, seq)?;
            assert!(missed.len() > AT_HAND, "{} came after {seq}", missed.len());
            for frame in &missed {
                // The other one of a pair has no name.
                let name = frame.json["order"]["client_order_id"].as_str();
                assert!(name.is_none_or(|name| name.starts_with(own)), "{}", frame.text);
            }
            let named = |frame: &Frame| frame.json["order"]["client_order_id"].is_string();
            assert!(missed.iter().filter(|frame| named(frame)).count() > AT_HAND / 3);
        }
    }
    Ok(())
}

#[test]
fn a_place_of_one_brings_the_other_nothing() -> Result<()> {
    let (desk, mut ann, mut bob) = two_users(Setup::sim(2, 20))?;
    let of_ann = trade(&mut ann)?;
    let places: Vec<Value> = ["orders", "executions", "risk", "alerts"]
        .iter()
        .filter_map(|topic| {
            let last = ann
                .log
                .iter()
                .rev()
                .find(|frame| frame.topic() == *topic && frame.seq() > 0)?;
            Some(json!({"topic": topic, "ep": last.json["ep"], "seq": last.seq()}))
        })
        .collect();
    assert!(places.len() >= 3, "{places:?}");
    let start: Vec<Value> = places
        .iter()
        .map(|place| json!({"topic": place["topic"], "ep": place["ep"], "seq": 0}))
        .collect();
    let mut again = connect(&desk, &token(&desk, "bob")?)?;
    for resume in [&places, &start] {
        for wire in [&mut bob, &mut again] {
            let subscribe = json!({"action": "subscribe", "topics": ["orders", "executions", "risk", "alerts"], "resume": resume});
            wire.acked(&subscribe.to_string())?;
            wire.read_for(Duration::from_millis(500))?;
            is_untainted(wire, &of_ann);
        }
    }
    // Places of ann's lie beyond what bob has, and that is all he is told.
    let reset = |frame: &Frame| frame.kind() == "RESET" && frame.json["reason"] == "AHEAD";
    assert!(bob.log.iter().any(reset));
    // No topic names an account.
    for topic in ["orders:acct-2", "orders:2", "positions:ann", "acct-2"] {
        let answer = bob.ask(&json!({"action": "subscribe", "topics": [topic]}).to_string())?;
        assert_eq!(answer.json["code"], "UNKNOWN_TOPIC", "{}", answer.text);
    }
    let odd = bob.ask(r#"{"action":"get_orders","account":"acct-2"}"#)?;
    assert_eq!(odd.kind(), "ACK");
    is_untainted(&bob, &of_ann);
    Ok(())
}

#[test]
fn accounts_stay_apart_over_a_crash_and_each_page_is_of_its_reader() -> Result<()> {
    let (mut desk, mut ann, bob) = two_users(Setup::sim(2, 20))?;
    let of_ann = trade(&mut ann)?;
    let before = facts(&mut ann)?;
    drop((ann, bob));
    desk.kill_and_restart()?;
    let (to_ann, to_bob) = (token(&desk, "ann")?, token(&desk, "bob")?);
    let (mut ann, mut bob) = (connect(&desk, &to_ann)?, connect(&desk, &to_bob)?);
    for wire in [&mut ann, &mut bob] {
        wire.subscribe(&TOPICS)?;
    }
    assert_eq!(facts(&mut ann)?, before);
    facts(&mut bob)?;
    bob.read_for(Duration::from_secs(1))?;
    is_untainted(&bob, &of_ann);
    let page = |token: &str| {
        get(
            desk.address(),
            "/",
            &[("cookie", &format!("tickwire_access={token}"))],
        )
    };
    let (of_ann_page, of_bob_page) = (page(&to_ann)?.text(), page(&to_bob)?.text());
    assert!(of_ann_page.contains(TAINT), "ann sees her own");
    assert!(!of_bob_page.contains(TAINT) && of_bob_page.contains("PORTFOLIO_UPDATE"));
    Ok(())
}
