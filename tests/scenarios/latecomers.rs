//! Clients of one account that come late, come back after thousands of orders, or trade beside each other: in the end all
//! of them have the same.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use tickwire_tests::desk::{Desk, Setup};
use tickwire_tests::journal::replayed;
use tickwire_tests::order::Market;
use tickwire_tests::trader::{Trader, order_id};
use tickwire_tests::wire::{Frame, Wire};

const SPOT: &str = "SIM001USDT";

/// Messages of a topic that are kept for those who come back in any case.
const RETENTION: usize = 4_096;

/// The orders of a client: what a snapshot had, and what came after it, by the rules of the protocol.
#[derive(Default)]
struct Book {
    orders: BTreeMap<String, Value>,
    place: u64,
}

impl Book {
    fn start(&mut self, snapshot: &Frame) -> Result<()> {
        let rows = snapshot.json["orders"].as_array().context("a list")?;
        self.orders = rows
            .iter()
            .map(|order| (order["id"].to_string(), order.clone()))
            .collect();
        self.place = snapshot.seq();
        Ok(())
    }

    fn go_on(&mut self, frames: &[Frame]) -> Result<()> {
        for frame in frames
            .iter()
            .filter(|f| f.kind() == "ORDER_UPDATE" && f.topic() == "orders")
        {
            if frame.seq() <= self.place {
                continue;
            }
            ensure!(
                frame.seq() == self.place + 1,
                "a gap after {}: {}",
                self.place,
                frame.text
            );
            self.place = frame.seq();
            let order = &frame.json["order"];
            self.orders.insert(order["id"].to_string(), order.clone());
        }
        Ok(())
    }

    fn open(&self) -> Vec<&Value> {
        let open = |order: &&Value| {
            ["NEW", "TRIGGERED", "PARTIALLY_FILLED"]
                .iter()
                .any(|status| order["status"] == *status)
        };
        self.orders.values().filter(open).collect()
    }
}

fn limit(market: &Market, name: &str, bps: i64) -> String {
    let rest = format!(r#""price":{},"#, market.away(bps));
    market.order_of(name, "buy", "limit", market.worth(12), &rest)
}

/// Places and cancels so many orders over as many connections as that takes; the last `kept` stay.
fn churn(desk: &Desk, market: &Market, orders: usize, kept: usize) -> Result<()> {
    for connection in 0..orders.div_ceil(50) {
        let mut wire = Wire::connect(desk.address())?;
        for number in 0..25 {
            let order = connection * 25 + number;
            let name = format!("churn-{order}");
            wire.send(&limit(market, &name, -500))?;
            if order + kept < orders.div_ceil(50) * 25 {
                wire.send(&format!(
                    r#"{{"action":"cancel_order","client_order_id":"{name}"}}"#
                ))?;
            } else {
                wire.send(r#"{"action":"pong"}"#)?;
            }
        }
        wire.ping()?;
    }
    Ok(())
}

#[test]
fn who_comes_back_after_thousands_of_orders_is_told_and_gets_all_there_is() -> Result<()> {
    let mut desk = Setup::sim(2, 50)
        .arg("--starting-balance", "1000000")
        .arg("--retention-entries", "100")
        .start()?;
    let mut reader = Trader::connect(&desk)?;
    let market = Market::of(&mut reader, SPOT)?;
    let mut book = Book::default();
    let first = order_id(&reader.acked(&limit(&market, "first", -400))?)?;
    let snapshot = reader.answer(r#"{"action":"get_orders"}"#, "ORDERS")?;
    book.start(&snapshot)?;
    let (ep, seq) = (snapshot.json["ep"].clone(), snapshot.seq());
    let resume = json!({"action": "subscribe", "topics": ["orders"], "resume": [{"topic": "orders", "ep": ep, "seq": seq}]});
    drop(reader);

    churn(&desk, &market, RETENTION + 400, 40)?;
    for life in 0..2 {
        if life == 1 {
            desk.kill_and_restart()?;
        }
        let mut wire = Wire::connect(desk.address())?;
        wire.be_patient();
        wire.acked(&resume.to_string())?;
        let reset = wire
            .log
            .iter()
            .position(|frame| frame.kind() == "RESET")
            .context("it is told")?;
        assert_eq!(
            wire.log[reset].json["reason"], "RETENTION",
            "{}",
            wire.log[reset].text
        );
        assert_eq!(wire.log[reset].json["lost_from"], seq + 1);
        let of_orders = |frame: &&Frame| frame.topic() == "orders" || frame.kind() == "ORDERS";
        let snapshot = wire.log[reset + 1..]
            .iter()
            .find(of_orders)
            .context("a snapshot")?
            .clone();
        assert_eq!(snapshot.kind(), "ORDERS", "right after it: {}", snapshot.text);
        assert!(snapshot.json["id"].is_null() && snapshot.json["topic"].is_null());
        assert_eq!(snapshot.seq(), wire.log[reset].seq());
        book.start(&snapshot)?;
        assert_eq!(book.open().len(), 41, "life {life}: the open ones are all there");
        assert!(book.orders.contains_key(&format!("\"{first}\"")));

        // And it goes on from there without a seam.
        let before = wire.log.len();
        wire.acked(&limit(&market, &format!("after-{life}"), -450))?;
        wire.acked(&format!(
            r#"{{"action":"cancel_order","client_order_id":"after-{life}"}}"#
        ))?;
        wire.read_for(Duration::from_millis(200))?;
        book.go_on(&wire.log[before..])?;
        assert_eq!(book.place, snapshot.seq() + 2);
        assert_eq!(book.open().len(), 41);
    }
    desk.kill()?;
    replayed(&desk.data_dir())?;
    Ok(())
}

#[test]
fn two_connections_of_one_account_see_the_same_and_may_act_on_each_others_orders() -> Result<()> {
    let desk = Setup::sim(2, 200).start()?;
    let (mut one, mut two) = (Trader::connect(&desk)?, Trader::connect(&desk)?);
    let market = Market::of(&mut one, SPOT)?;
    let id = order_id(&one.acked(&limit(&market, "shared", -500))?)?;
    two.order(&id, "NEW")?;
    // The same name from both is one order, whoever comes first.
    let again = two.acked(&limit(&market, "shared", -500))?;
    assert_eq!(
        (order_id(&again)?, &again.json["duplicate"]),
        (id.clone(), &Value::from(true))
    );
    two.acked(&format!(
        r#"{{"action":"amend_order","client_order_id":"shared","price":{}}}"#,
        market.away(-600)
    ))?;
    one.acked(&format!(r#"{{"action":"cancel_order","order_id":"{id}"}}"#))?;
    two.refused(
        r#"{"action":"cancel_order","client_order_id":"shared"}"#,
        "ORDER_NOT_FOUND",
    )?;

    // Both race for the same position: it is closed once.
    one.acked(&market.order("buy", market.worth(500)))?;
    let close = format!(r#"{{"id":"race","action":"close_position","symbol":"{SPOT}"}}"#);
    one.send(&close)?;
    two.send(&close)?;
    let answer = |trader: &mut Trader| -> Result<Value> {
        let frame = trader.told("an answer", |f| {
            f.json["id"] == "race" && matches!(f.kind(), "ACK" | "ERROR")
        })?;
        Ok(frame.json["type"].clone())
    };
    let (first, second) = (answer(&mut one)?, answer(&mut two)?);
    assert!(first != second, "{first} {second}");
    assert!(one.held(SPOT)?.is_zero());

    one.acked(r#"{"action":"stop_trading"}"#)?;
    two.told("the stop", |frame| {
        frame.kind() == "RISK_STATUS_UPDATE" && frame.json["data"]["status"] == "hard_stop"
    })?;
    two.refused(&market.order("buy", market.worth(50)), "RISK_STOPPED")?;
    let orders = |trader: &mut Trader| -> Result<Vec<Value>> {
        trader.read_for(Duration::from_millis(200))?;
        let of = trader
            .log
            .iter()
            .filter(|frame| frame.topic() == "orders" && frame.kind() == "ORDER_UPDATE");
        Ok(of.map(|frame| frame.json.clone()).collect())
    };
    assert_eq!(orders(&mut one)?, orders(&mut two)?, "told alike, place by place");
    Ok(())
}

#[test]
fn a_question_after_orders_says_when_some_were_left_out() -> Result<()> {
    let desk = Setup::sim(2, 50).arg("--starting-balance", "1000000").start()?;
    let mut trader = Trader::connect(&desk)?;
    let market = Market::of(&mut trader, SPOT)?;
    for name in ["a", "b", "c"] {
        trader.acked(&limit(&market, name, -500))?;
    }
    trader.acked(r#"{"action":"cancel_order","client_order_id":"a"}"#)?;
    for (rest, rows, more) in [
        ("", 3, false),
        (r#","limit":2"#, 2, true),
        (r#","limit":1"#, 1, true),
        (r#","open_only":true"#, 2, false),
        (r#","open_only":true,"limit":1"#, 1, true),
        (r#","open_only":true,"limit":2"#, 2, false),
    ] {
        let answer = trader.answer(&format!(r#"{{"action":"get_orders"{rest}}}"#), "ORDERS")?;
        let found = answer.json["orders"].as_array().map_or(0, Vec::len);
        assert_eq!(
            (found, &answer.json["more"]),
            (rows, &Value::from(more)),
            "{rest}: {}",
            answer.text
        );
    }
    Ok(())
}
