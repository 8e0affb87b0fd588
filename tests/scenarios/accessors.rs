//! Questions after what an account has: each answer is as of a place, and who goes on from there misses nothing.

use anyhow::Result;
use rust_decimal::Decimal;
use serde_json::Value;
use tickwire_tests::desk::Desk;
use tickwire_tests::http::get;
use tickwire_tests::order::{Market, resumed};
use tickwire_tests::wire::{Frame, Wire};

const GET_ORDERS: &str = r#"{"action":"get_orders"}"#;
const GET_EXECUTIONS: &str = r#"{"action":"get_executions"}"#;

/// The names of the orders in an answer.
fn names(orders: &Frame) -> Vec<String> {
    let rows = orders.json["orders"].as_array().expect("a list of orders");
    rows.iter()
        .filter_map(|row| row["client_order_id"].as_str().map(str::to_owned))
        .collect()
}

fn position(wire: &mut Wire, symbol: &str) -> Result<Frame> {
    let question = format!(r#"{{"action":"get_position","symbol":"{symbol}"}}"#);
    wire.answer(&question, "POSITION_UPDATE")
}

/// What an answer tells, without the parts that name the question and the moment.
fn told(frame: &Frame) -> Value {
    let mut json = frame.json.clone();
    if let Some(fields) = json.as_object_mut() {
        for name in ["id", "timestamp"] {
            fields.remove(name);
        }
    }
    json
}

#[test]
fn who_goes_on_from_an_answer_gets_all_that_is_missing_and_nothing_twice() -> Result<()> {
    let desk = Desk::start()?;
    let mut trader = Wire::connect(desk.address())?;
    let mut reader = Wire::connect(desk.address())?;
    let market = Market::of(&mut trader, "BTCUSDT")?;
    for name in ["a", "b", "c"] {
        trader.acked(&market.order_named(name, "buy", market.worth(20)))?;
    }
    let known = reader.answer(GET_ORDERS, "ORDERS")?;
    assert_eq!(names(&known), ["c", "b", "a"], "the last to end comes first");
    assert!(known.topic().is_empty(), "an answer is no message of the topic");
    for name in ["d", "e"] {
        trader.acked(&market.order_named(name, "buy", market.worth(20)))?;
    }
    let missed = resumed(&mut reader, "orders", &known.json["ep"], known.seq())?;
    let filled: Vec<&str> = missed
        .iter()
        .filter(|frame| frame.json["order"]["status"] == "FILLED")
        .filter_map(|frame| frame.json["order"]["client_order_id"].as_str())
        .collect();
    assert_eq!(filled, ["d", "e"]);
    let now = reader.answer(GET_ORDERS, "ORDERS")?;
    assert_eq!(names(&now), ["e", "d", "c", "b", "a"]);
    assert_eq!(Some(now.seq()), missed.last().map(Frame::seq));
    Ok(())
}

#[test]
fn answers_are_the_same_after_a_power_cut() -> Result<()> {
    let mut desk = Desk::start()?;
    let mut wire = Wire::connect(desk.address())?;
    let market = Market::of(&mut wire, "ETHUSDT")?;
    wire.acked(&market.order_named("first", "buy", market.worth(200)))?;
    wire.acked(&market.order_named("second", "sell", market.worth(100)))?;
    let questions = [
        (GET_ORDERS, "ORDERS"),
        (GET_EXECUTIONS, "EXECUTIONS"),
        (r#"{"action":"get_risk"}"#, "RISK_STATUS_UPDATE"),
        (r#"{"action":"get_alerts"}"#, "ALERTS"),
        (
            r#"{"action":"get_order_status","client_order_id":"second"}"#,
            "ORDER_UPDATE",
        ),
    ];
    let ask = |wire: &mut Wire| -> Result<Vec<Value>> {
        let answer = |(question, kind): &(&str, &str)| Ok(told(&wire.answer(question, kind)?));
        questions.iter().map(answer).collect()
    };
    let before = ask(&mut wire)?;
    desk.kill_and_restart()?;
    assert_eq!(ask(&mut Wire::connect(desk.address())?)?, before);
    Ok(())
}

#[test]
fn an_order_is_found_by_either_of_its_names() -> Result<()> {
    let desk = Desk::start()?;
    let mut wire = Wire::connect(desk.address())?;
    let market = Market::of(&mut wire, "SOLUSDT")?;
    let placed = wire.acked(&market.order_named("mine", "buy", market.worth(50)))?;
    let id = placed.json["order_id"].as_str().expect("an order id").to_owned();
    for question in [
        format!(r#"{{"action":"get_order_status","order_id":"{id}"}}"#),
        r#"{"action":"get_order_status","client_order_id":"mine"}"#.to_owned(),
    ] {
        let told = wire.answer(&question, "ORDER_UPDATE")?;
        assert_eq!(told.json["order"]["id"], id.as_str());
        assert_eq!(told.json["order"]["status"], "FILLED");
    }
    for (question, code) in [
        (
            r#"{"action":"get_order_status","client_order_id":"nobody's"}"#,
            "ORDER_NOT_FOUND",
        ),
        (
            r#"{"action":"get_order_status","order_id":"order-999999"}"#,
            "ORDER_NOT_FOUND",
        ),
        (r#"{"action":"get_order_status"}"#, "INVALID_FIELD"),
    ] {
        let refused = wire.ask(question)?;
        assert_eq!(
            (refused.kind(), &refused.json["code"]),
            ("ERROR", &code.into()),
            "{}",
            refused.text
        );
    }
    Ok(())
}

#[test]
fn a_position_is_told_while_it_is_open_and_once_it_is_closed() -> Result<()> {
    let desk = Desk::start()?;
    let mut wire = Wire::connect(desk.address())?;
    let market = Market::of(&mut wire, "ADAUSDT")?;
    let refused = wire.ask(r#"{"action":"get_position","symbol":"ADAUSDT"}"#)?;
    assert_eq!(refused.json["code"], "NO_POSITION", "{}", refused.text);
    let quantity = market.worth(300);
    wire.acked(&market.order("buy", quantity))?;
    let open = position(&mut wire, "ADAUSDT")?;
    assert_eq!(open.json["positions"][0]["status"], "open");
    assert_eq!(open.number("/positions/0/quantity"), quantity);
    wire.acked(&market.order("sell", market.worth(100)))?;
    wire.acked(r#"{"action":"close_position","symbol":"ADAUSDT"}"#)?;
    let closed = position(&mut wire, "ADAUSDT")?;
    let row = &closed.json["positions"][0];
    assert_eq!(
        (&row["status"], &row["id"]),
        (&"closed".into(), &open.json["positions"][0]["id"])
    );
    let fills = wire.answer(GET_EXECUTIONS, "EXECUTIONS")?;
    let count = fills.json["executions"].as_array().expect("a list").len();
    let sum = |name: &str| -> Decimal {
        (0..count)
            .map(|place| fills.number(&format!("/executions/{place}/{name}")))
            .sum()
    };
    assert_eq!(closed.number("/positions/0/realized_pnl"), sum("realized_pnl"));
    assert_eq!(closed.number("/positions/0/fees"), sum("fee"));
    Ok(())
}

#[test]
fn executions_come_newest_first_and_no_more_than_asked_for() -> Result<()> {
    let desk = Desk::start()?;
    let mut wire = Wire::connect(desk.address())?;
    let eth = Market::of(&mut wire, "ETHUSDT")?;
    let sol = Market::of(&mut wire, "SOLUSDT")?;
    for name in ["1", "2", "3"] {
        wire.acked(&eth.order_named(name, "buy", eth.worth(30)))?;
    }
    wire.acked(&sol.order_named("4", "buy", sol.worth(30)))?;
    let orders_of = |wire: &mut Wire, question: &str| -> Result<Vec<String>> {
        let told = wire.answer(question, "EXECUTIONS")?;
        let rows = told.json["executions"].as_array().expect("a list").clone();
        let mut names: Vec<String> = rows
            .iter()
            .filter_map(|row| row["client_order_id"].as_str().map(str::to_owned))
            .collect();
        names.dedup();
        Ok(names)
    };
    assert_eq!(orders_of(&mut wire, GET_EXECUTIONS)?, ["4", "3", "2", "1"]);
    let eth_only = r#"{"action":"get_executions","symbol":"ETHUSDT"}"#;
    assert_eq!(orders_of(&mut wire, eth_only)?, ["3", "2", "1"]);
    let one = wire.answer(r#"{"action":"get_executions","limit":1}"#, "EXECUTIONS")?;
    assert_eq!(one.json["executions"].as_array().map(Vec::len), Some(1));
    let refused = wire.ask(r#"{"action":"get_executions","limit":0}"#)?;
    assert_eq!(refused.json["code"], "INVALID_FIELD");
    Ok(())
}

#[test]
fn a_new_account_has_a_place_in_every_topic_and_a_guard_at_rest() -> Result<()> {
    let desk = Desk::start()?;
    let mut wire = Wire::connect(desk.address())?;
    for said in wire.subscribe(&["orders", "executions", "risk", "alerts"])? {
        // The guard has told its limits.
        let place = u64::from(said.topic() == "risk");
        assert_eq!(said.seq(), place, "{}", said.text);
    }
    let risk = wire.answer(r#"{"action":"get_risk"}"#, "RISK_STATUS_UPDATE")?;
    assert_eq!(risk.json["data"]["status"], "normal");
    assert_eq!(risk.seq(), 1);
    assert_eq!(risk.json["data"]["limits"]["soft_drawdown_pct"], 10);
    let alerts = wire.answer(r#"{"action":"get_alerts"}"#, "ALERTS")?;
    assert_eq!(
        (&alerts.json["rules"], &alerts.json["alerts"]),
        (&Value::Array(Vec::new()), &Value::Array(Vec::new()))
    );
    Ok(())
}

#[test]
fn a_page_is_born_with_every_list_and_its_place() -> Result<()> {
    let desk = Desk::start()?;
    let mut wire = Wire::connect(desk.address())?;
    let market = Market::of(&mut wire, "DOTUSDT")?;
    wire.acked(&market.order_named("seen-on-the-page", "buy", market.worth(20)))?;
    let page = get(desk.address(), "/", &[])?.text();
    for word in [
        "seen-on-the-page",
        "ORDERS",
        "EXECUTIONS",
        "RISK_STATUS_UPDATE",
        "ALERTS",
        "LOGS",
    ] {
        assert!(page.contains(word), "no {word} on the page");
    }
    Ok(())
}
