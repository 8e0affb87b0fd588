//! Every type of order, as its owner sees it: placed, told with its fields, changed and cancelled by either of its ids,
//! triggered and filled.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, ensure};
use rust_decimal::Decimal;
use serde_json::Value;
use tickwire_tests::desk::{Desk, Setup};
use tickwire_tests::order::{Market, history};
use tickwire_tests::trader::{Trader, order_id};
use tickwire_tests::wire::Frame;

use crate::asleep;

const SPOT: &str = "SIM001USDT";

/// How long an order beside the market waits for its first part, before another one is tried.
const PART_COMES: Duration = Duration::from_secs(4);

fn desk() -> Result<(Desk, Trader, Market)> {
    let desk = Setup::sim(2, 200).start()?;
    let mut trader = Trader::connect(&desk)?;
    let market = Market::of(&mut trader, SPOT)?;
    Ok((desk, trader, market))
}

fn now_ms() -> Result<u128> {
    Ok(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())
}

/// Fields of an order that rests far from the market, and one that changes it.
struct Resting {
    kind: &'static str,
    side: &'static str,
    fields: Vec<(&'static str, Decimal)>,
    change: (&'static str, Decimal),
}

fn resting(market: &Market) -> Vec<Resting> {
    let away = |bps| market.away(bps);
    let one = |kind, side, fields: &[(&'static str, Decimal)], change| Resting {
        kind,
        side,
        fields: fields.to_vec(),
        change,
    };
    vec![
        one("limit", "buy", &[("price", away(-800))], ("price", away(-700))),
        one("limit", "sell", &[("price", away(800))], ("price", away(700))),
        one(
            "stop_market",
            "buy",
            &[("trigger_price", away(800))],
            ("trigger_price", away(700)),
        ),
        one(
            "stop_market",
            "sell",
            &[("trigger_price", away(-800))],
            ("trigger_price", away(-700)),
        ),
        one(
            "stop_limit",
            "buy",
            &[("trigger_price", away(800)), ("price", away(810))],
            ("trigger_price", away(700)),
        ),
        one(
            "take_profit_market",
            "sell",
            &[("trigger_price", away(800))],
            ("trigger_price", away(900)),
        ),
        one(
            "take_profit_limit",
            "buy",
            &[("trigger_price", away(-800)), ("price", away(-790))],
            ("price", away(-795)),
        ),
        one(
            "trailing_stop",
            "sell",
            &[("trail_distance", market.price - away(-800))],
            ("trail_distance", market.price - away(-900)),
        ),
        one(
            "trailing_stop",
            "buy",
            &[("trail_percent", Decimal::new(825, 2))],
            ("trail_percent", Decimal::new(75, 1)),
        ),
    ]
}

#[test]
fn each_type_is_told_with_its_fields_changed_and_cancelled_by_either_id() -> Result<()> {
    let (_desk, mut trader, market) = desk()?;
    let (one, two) = (market.worth(20), market.worth(45));
    for (place, order) in resting(&market).iter().enumerate() {
        let name = format!("o-{place}");
        let fields: String = order
            .fields
            .iter()
            .map(|(field, value)| format!(r#""{field}":{value},"#))
            .collect();
        let ack = trader.acked(&market.order_of(&name, order.side, order.kind, one, &fields))?;
        let id = order_id(&ack)?;
        assert_eq!(
            (&ack.json["status"], &ack.json["duplicate"]),
            (&Value::from("NEW"), &Value::from(false))
        );

        let told = trader.order(&id, "NEW")?;
        assert_eq!(told.json["orderType"], order.kind.to_uppercase(), "{}", told.text);
        assert_eq!(told.json["order"]["order_type"], told.json["orderType"]);
        assert_eq!(told.json["order"]["client_order_id"], name.as_str());
        assert_eq!(told.json["order"]["side"], order.side);
        assert_eq!(told.number("/order/quantity"), one);
        assert!(told.number("/order/filled_quantity").is_zero());
        for (field, value) in &order.fields {
            assert_eq!(told.number(&format!("/order/{field}")), *value, "{}", told.text);
        }

        // By the one id and by the other.
        let by_name = format!(r#""client_order_id":"{name}""#);
        let by_id = format!(r#""order_id":"{id}""#);
        let (field, value) = order.change;
        let ack = trader.acked(&format!(
            r#"{{"action":"amend_order",{by_name},"{field}":{value}}}"#
        ))?;
        assert_eq!(order_id(&ack)?, id, "it keeps its id");
        trader.acked(&format!(r#"{{"action":"amend_order",{by_id},"quantity":{two}}}"#))?;
        let told = trader.told("the changed order", |frame| {
            frame.topic() == "orders"
                && frame.json["order"]["id"] == id.as_str()
                && frame.number("/order/quantity") == two
        })?;
        assert_eq!(told.number(&format!("/order/{field}")), value, "{}", told.text);
        assert_eq!(told.json["order"]["status"], "NEW");
        let asked = trader.status(&id)?;
        assert_eq!(
            asked.json["order"],
            trader.updates(&id).last().context("an update")?.json["order"]
        );

        let (first, second) = if place % 2 == 0 {
            (by_id, by_name)
        } else {
            (by_name, by_id)
        };
        let ack = trader.acked(&format!(r#"{{"action":"cancel_order",{first}}}"#))?;
        assert_eq!(
            (&ack.json["status"], &ack.json["reason"]),
            (&Value::from("CANCELLED"), &Value::from("USER"))
        );
        let told = trader.order(&id, "CANCELLED")?;
        assert_eq!(told.json["order"]["reason"], "USER");
        let sentence = trader.refused(
            &format!(r#"{{"action":"cancel_order",{second}}}"#),
            "ORDER_NOT_FOUND",
        )?;
        assert!(
            sentence.contains(&id) && sentence.contains("cancelled"),
            "{sentence}"
        );
    }
    assert_eq!(trader.open_orders()?, Vec::<String>::new());
    assert!(history(&mut trader, "executions")?.is_empty());
    let balance = trader.answer(r#"{"action":"get_balance"}"#, "ACCOUNT_BALANCE_UPDATED")?;
    assert_eq!(
        balance.number("/data/available_balance"),
        Decimal::from(10_000),
        "{}",
        balance.text
    );
    assert!(balance.number("/data/order_margin").is_zero());
    Ok(())
}

#[test]
fn each_type_is_filled_when_the_market_comes_to_it_and_not_before() -> Result<()> {
    let (_desk, mut trader, market) = desk()?;
    let quantity = market.worth(50);
    trader.acked(&market.order("buy", market.worth(1_000)))?;
    for (place, (kind, side)) in [
        ("stop_market", "buy"),
        ("stop_market", "sell"),
        ("take_profit_market", "buy"),
        ("take_profit_market", "sell"),
        ("stop_limit", "sell"),
        ("take_profit_limit", "buy"),
        ("limit", "buy"),
        ("limit", "sell"),
    ]
    .into_iter()
    .enumerate()
    {
        let rises = matches!((kind, side), ("stop_market" | "stop_limit", "buy"))
            || matches!(
                (kind, side),
                ("take_profit_market" | "take_profit_limit" | "limit", "sell")
            );
        let near = if rises { 3 } else { -3 };
        // A limit that lets it through from where it is triggered.
        let loose = if side == "buy" { 2_000 } else { -2_000 };
        let fields = |market: &Market, ticks: i64| match kind {
            "limit" => format!(r#""price":{}"#, market.beside(ticks)),
            "stop_limit" | "take_profit_limit" => format!(
                r#""trigger_price":{},"price":{}"#,
                market.beside(ticks),
                market.beside(ticks + loose)
            ),
            _ => format!(r#""trigger_price":{}"#, market.beside(ticks)),
        };
        let far = format!("{},", fields(&market, near * 10_000));
        let ack = trader.acked(&market.order_of(&format!("f-{place}"), side, kind, quantity, &far))?;
        let id = order_id(&ack)?;
        let filled = trader.chase(SPOT, &id, "FILLED", |market| fields(market, near))?;
        assert_eq!(
            filled.number("/order/filled_quantity"),
            quantity,
            "{}",
            filled.text
        );
        assert!(filled.json["order"]["reason"].is_null(), "{}", filled.text);

        let statuses: Vec<_> = trader
            .updates(&id)
            .iter()
            .map(|f| f.json["order"]["status"].clone())
            .collect();
        let triggered = statuses.iter().filter(|status| *status == "TRIGGERED").count();
        assert!(triggered <= 1, "{kind}: {statuses:?}");
        let fills = trader.fills(&id, quantity)?;
        let value: Decimal = fills
            .iter()
            .map(|f| f.number("/data/quantity") * f.number("/data/price"))
            .sum();
        assert_eq!(filled.number("/order/filled_value"), value, "{kind} {side}");
        for fill in &fills {
            assert_eq!(
                fill.json["data"]["is_maker"],
                kind == "limit",
                "{kind}: {}",
                fill.text
            );
            if kind == "limit" {
                let price = filled.number("/order/price");
                assert_eq!(
                    fill.number("/data/price"),
                    price,
                    "a resting order fills at its price: {}",
                    fill.text
                );
            }
        }
    }
    Ok(())
}

#[test]
fn a_trailing_stop_follows_the_best_price_and_never_goes_back() -> Result<()> {
    let (_desk, mut trader, market) = desk()?;
    trader.acked(&market.order("buy", market.worth(500)))?;
    let distance = (market.price * Decimal::new(1, 4) / market.tick).ceil() * market.tick;
    for (place, (side, rest)) in [
        (
            "sell",
            format!(r#""trail_distance":{distance},"reduce_only":true,"#),
        ),
        ("buy", format!(r#""trail_distance":{distance},"#)),
        ("sell", r#""trail_percent":0.01,"#.to_owned()),
    ]
    .into_iter()
    .enumerate()
    {
        let ack = trader.acked(&market.order_of(
            &format!("t-{place}"),
            side,
            "trailing_stop",
            market.worth(50),
            &rest,
        ))?;
        let id = order_id(&ack)?;
        let filled = trader.wait_within(Duration::from_secs(40), "the fill", |frame| {
            frame.json["order"]["id"] == id.as_str() && frame.json["order"]["status"] == "FILLED"
        })?;
        let updates = trader.updates(&id);
        let mut last: Option<(Decimal, Decimal)> = None;
        for update in &updates {
            assert_eq!(update.json["orderType"], "TRAILING_STOP");
            let (peak, stop) = (
                update.number("/order/peak_price"),
                update.number("/order/current_stop_price"),
            );
            let behind = if place == 2 {
                peak * Decimal::new(1, 4)
            } else {
                distance
            };
            let (gap, better) = if side == "sell" {
                (peak - stop, 1)
            } else {
                (stop - peak, -1)
            };
            assert!(gap >= behind && gap < behind + market.tick, "{}", update.text);
            if let Some((before, stop_before)) = last {
                let moved = [(peak - before), (stop - stop_before)].map(|by| by * Decimal::from(better));
                assert!(moved.iter().all(|by| *by >= Decimal::ZERO), "{}", update.text);
            }
            last = Some((peak, stop));
        }
        let status: Vec<_> = updates
            .iter()
            .map(|f| f.json["order"]["status"].as_str().unwrap_or_default())
            .collect();
        assert_eq!((status[0], status[status.len() - 1]), ("NEW", "FILLED"));
        assert!(
            filled.json["order"]["trigger_price"].is_null()
                || filled.number("/order/trigger_price") == last.context("updates")?.1
        );
    }
    Ok(())
}

#[test]
fn a_trailing_stop_with_an_activation_price_sleeps_until_it_is_reached() -> Result<()> {
    let (_desk, mut trader, market) = desk()?;
    trader.acked(&market.order("buy", market.worth(100)))?;
    let distance = market.price - market.away(-5);
    let (quantity, far) = (market.worth(50), market.away(500));
    let rest = format!(r#""trail_distance":{distance},"activation_price":{far},"#);
    let ack = trader.acked(&market.order_of("asleep", "sell", "trailing_stop", quantity, &rest))?;
    let told = trader.order("asleep", "NEW")?;
    assert_eq!(told.json["order"]["is_dormant"], true, "{}", told.text);
    assert_eq!(told.number("/order/activation_price"), far);
    assert_eq!(
        told.number("/order/current_stop_price"),
        far - distance,
        "{}",
        told.text
    );
    trader.read_for(Duration::from_secs(2))?;
    let id = order_id(&ack)?;
    assert_eq!(
        trader.status(&id)?.json["order"],
        told.json["order"],
        "nothing moved it"
    );

    // One that is reached already makes no sense, and neither does one on the wrong side.
    let reached = format!(
        r#""trail_distance":{distance},"activation_price":{},"#,
        market.away(-100)
    );
    let reached = market.order_of("awake", "sell", "trailing_stop", quantity, &reached);
    trader.refused(&reached, "INVALID_PRICE")?;
    Ok(())
}

#[test]
fn what_cannot_be_filled_at_once_is_cancelled_killed_or_refused_as_was_wished() -> Result<()> {
    let (_desk, mut trader, market) = desk()?;
    let quantity = market.worth(50);
    let deep = market.away(-300);
    for (tif, reason) in [("IOC", "IMMEDIATE_OR_CANCEL"), ("FOK", "FILL_OR_KILL")] {
        let rest = format!(r#""price":{deep},"time_in_force":"{tif}","#);
        let ack = trader.acked(&market.order_of(tif, "buy", "limit", quantity, &rest))?;
        assert_eq!(
            (&ack.json["status"], &ack.json["reason"]),
            (&Value::from("CANCELLED"), &Value::from(reason))
        );
        let told = trader.order(tif, "CANCELLED")?;
        assert_eq!(told.json["order"]["reason"], reason);
        let rest = format!(r#""price":{},"time_in_force":"{tif}","#, market.away(300));
        let ack = trader.acked(&market.order_of(&format!("{tif}-fills"), "buy", "limit", quantity, &rest))?;
        assert_eq!(ack.json["status"], "FILLED", "{}", ack.text);
    }
    let post = format!(r#""price":{},"post_only":true,"#, market.away(300));
    let sentence = trader.refused(
        &market.order_of("post", "buy", "limit", quantity, &post),
        "WOULD_TAKE",
    )?;
    assert!(
        sentence.contains(&market.away(300).normalize().to_string()),
        "{sentence}"
    );
    // What was refused was no order: its name is free.
    let post = format!(r#""price":{deep},"post_only":true,"#);
    let ack = trader.acked(&market.order_of("post", "buy", "limit", quantity, &post))?;
    assert_eq!(
        (&ack.json["status"], &ack.json["duplicate"]),
        (&Value::from("NEW"), &Value::from(false))
    );
    let told = trader.order("post", "NEW")?;
    assert_eq!(told.json["order"]["post_only"], true);
    let to_taking = format!(
        r#"{{"action":"amend_order","client_order_id":"post","price":{}}}"#,
        market.away(300)
    );
    trader.refused(&to_taking, "WOULD_TAKE")?;
    assert_eq!(
        trader.updates("post").len(),
        1,
        "a refused change changes nothing"
    );
    Ok(())
}

#[test]
fn a_good_till_date_order_ends_at_its_date_also_while_the_desk_is_down() -> Result<()> {
    let (mut desk, mut trader, market) = desk()?;
    let (quantity, deep) = (market.worth(50), market.away(-500));
    let order = |name: &str, expires_at: u128| {
        let rest = format!(r#""price":{deep},"time_in_force":"GTD","expires_at":{expires_at},"#);
        market.order_of(name, "buy", "limit", quantity, &rest)
    };
    trader.refused(&order("past", now_ms()? - 1_000), "INVALID_FIELD")?;
    let expiry = now_ms()? + 1_200;
    trader.acked(&order("soon", expiry))?;
    trader.acked(&order("later", now_ms()? + 3 * 3_600_000))?;
    let told = trader.order("soon", "EXPIRED")?;
    assert_eq!(told.json["order"]["reason"], "TIME_RAN_OUT");
    assert!(
        told.json["timestamp"].as_u64().map(u128::from) >= Some(expiry),
        "{}",
        told.text
    );

    asleep::sleep(&mut desk, 4)?;
    desk.restart()?;
    let mut trader = Trader::connect(&desk)?;
    let orders = history(&mut trader, "orders")?;
    let last = orders
        .iter()
        .rfind(|frame| frame.json["order"]["client_order_id"] == "later")
        .context("the order")?;
    let order = match last.json["order"]["status"].as_str() {
        Some("EXPIRED") => last.json["order"].clone(),
        _ => trader.order("later", "EXPIRED")?.json["order"].clone(),
    };
    assert_eq!(order["reason"], "TIME_RAN_OUT");
    assert_eq!(trader.open_orders()?, Vec::<String>::new());
    Ok(())
}

#[test]
fn a_large_order_is_filled_in_parts_by_what_is_traded_and_its_rest_can_be_cancelled() -> Result<()> {
    let desk = Setup::sim(2, 20)
        .arg("--limit-fill", "touch")
        .arg("--starting-balance", "100000000000")
        .start()?;
    let mut trader = Trader::connect(&desk)?;
    let market = Market::of(&mut trader, SPOT)?;
    let quantity = market.most;
    let mut parts = Vec::new();
    for number in 0..40 {
        let name = format!("large-{number}");
        let answer = trader.acked_at(SPOT, |market| {
            let rest = format!(r#""price":{},"post_only":true,"#, market.beside(-8));
            market.order_of(&name, "buy", "limit", quantity, &rest)
        })?;
        let id = order_id(&answer)?;
        // Cancelled at its first part: when the market crosses the price, it takes all of it.
        let partly = |frame: &Frame| {
            frame.json["order"]["id"] == id && frame.json["order"]["status"] == "PARTIALLY_FILLED"
        };
        let came = trader.log.iter().any(partly) || trader.wait_within(PART_COMES, "a part", partly).is_ok();
        trader.ask(&format!(r#"{{"action":"cancel_order","order_id":"{id}"}}"#))?;
        let last = trader.status(&id)?;
        let filled = last.number("/order/filled_quantity");
        trader.fills(&id, filled)?;
        if came && last.json["order"]["status"] == "CANCELLED" {
            parts = trader.updates(&id).into_iter().cloned().collect();
            break;
        }
    }
    ensure!(!parts.is_empty(), "no order was filled in part");
    let statuses: Vec<_> = parts
        .iter()
        .filter_map(|part| part.json["order"]["status"].as_str())
        .collect();
    assert!(statuses.contains(&"PARTIALLY_FILLED"), "{statuses:?}");
    let filled: Vec<_> = parts
        .iter()
        .map(|part| part.number("/order/filled_quantity"))
        .collect();
    assert!(filled.is_sorted(), "{filled:?}");
    let last = parts.last().context("parts")?;
    assert!(trader.held(SPOT)? >= last.number("/order/filled_quantity"));
    let sentence = trader.refused(
        &format!(
            r#"{{"action":"amend_order","order_id":{},"quantity":{quantity}}}"#,
            last.json["order"]["id"]
        ),
        "ORDER_NOT_FOUND",
    )?;
    assert!(sentence.contains("cancelled"), "{sentence}");
    Ok(())
}

#[test]
fn against_a_book_an_order_takes_what_is_there_and_no_more() -> Result<()> {
    let desk = Setup::new()
        .arg("--replay-form", "tape")
        .arg("--starting-balance", "1000000000000")
        .start()?;
    let mut trader = Trader::connect(&desk)?;
    let market = Market::of(&mut trader, "BTCUSDT")?;
    let (price, much) = (market.away(2), market.most);
    let order = |tif: &str| {
        market.order_of(
            tif,
            "buy",
            "limit",
            much,
            &format!(r#""price":{price},"time_in_force":"{tif}","#),
        )
    };
    let ack = trader.acked(&order("FOK"))?;
    assert_eq!(ack.json["reason"], "FILL_OR_KILL", "{}", ack.text);
    assert!(
        trader
            .order("FOK", "CANCELLED")?
            .number("/order/filled_quantity")
            .is_zero()
    );
    let ack = trader.acked(&order("IOC"))?;
    assert_eq!(ack.json["reason"], "IMMEDIATE_OR_CANCEL", "{}", ack.text);
    let told = trader.order("IOC", "CANCELLED")?;
    let filled = told.number("/order/filled_quantity");
    assert!(filled > Decimal::ZERO && filled < much, "{}", told.text);
    let fills = trader.fills(told.json["order"]["id"].as_str().context("an id")?, filled)?;
    assert!(fills.len() > 1, "it walked the book");
    assert!(fills.iter().all(|fill| fill.number("/data/price") <= price));
    assert_eq!(trader.held("BTCUSDT")?, filled);
    Ok(())
}

#[test]
fn a_retry_over_another_connection_and_another_life_is_the_same_order() -> Result<()> {
    let (mut desk, mut trader, market) = desk()?;
    let quantity = market.worth(50);
    let stop = format!(r#""trigger_price":{},"#, market.away(-500));
    let trail = r#""trail_percent":5,"#;
    let oco = format!(
        r#"{{"action":"place_oco","client_order_id":"pair","symbol":"{SPOT}","side":"sell","quantity":{quantity},"take_profit":{{"price":{}}},"stop_loss":{{"trail_percent":5}}}}"#,
        market.away(500)
    );
    let commands = [
        market.order_of("stop", "sell", "stop_market", quantity, &stop),
        market.order_of("trail", "buy", "trailing_stop", quantity, trail),
        oco,
        market.order_named("now", "buy", quantity),
        format!(r#"{{"action":"close_position","client_order_id":"half","symbol":"{SPOT}","percent":50}}"#),
        format!(r#"{{"action":"reverse_position","client_order_id":"turn","symbol":"{SPOT}"}}"#),
        format!(
            r#"{{"action":"create_alert","client_order_id":"bell","symbol":"{SPOT}","condition":"percent_move","percent":50}}"#
        ),
    ];
    let names = |ack: &Frame| ["order_id", "order_ids", "alert_id"].map(|field| ack.json[field].clone());
    let mut first = Vec::new();
    for command in &commands {
        let ack = trader.acked(command)?;
        assert_eq!(ack.json["duplicate"], false, "{}", ack.text);
        first.push(names(&ack));
    }
    let fills = history(&mut trader, "executions")?.len();
    trader.acked(r#"{"action":"cancel_order","client_order_id":"stop"}"#)?;
    let mut open = trader.open_orders()?;
    open.sort();
    for life in 0..2 {
        if life == 1 {
            desk.kill_and_restart()?;
        }
        let mut trader = Trader::connect(&desk)?;
        for (command, names_before) in commands.iter().zip(&first) {
            let ack = trader.acked(command)?;
            assert_eq!(ack.json["duplicate"], true, "{}", ack.text);
            let named = names(&ack);
            assert_eq!(
                (&named[0], &named[2]),
                (&names_before[0], &names_before[2]),
                "{}",
                ack.text
            );
        }
        let mut still_open = trader.open_orders()?;
        still_open.sort();
        assert_eq!(still_open, open);
        assert_eq!(history(&mut trader, "executions")?.len(), fills);
    }
    Ok(())
}
