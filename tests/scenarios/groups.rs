//! Orders that stand and fall together, seen from outside: what one leg does to the other is told in the same step.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use rust_decimal::Decimal;
use serde_json::Value;
use tickwire_tests::desk::{Desk, Setup};
use tickwire_tests::journal::entries;
use tickwire_tests::order::Market;
use tickwire_tests::trader::{Trader, order_id, order_ids};
use tickwire_tests::wire::Frame;

const SPOT: &str = "SIM001USDT";

fn desk() -> Result<(Desk, Trader, Market)> {
    let desk = Setup::sim(2, 200).start()?;
    let mut trader = Trader::connect(&desk)?;
    let market = Market::of(&mut trader, SPOT)?;
    Ok((desk, trader, market))
}

fn pair(market: &Market, name: &str, quantity: Decimal, up: i64, down: i64) -> String {
    format!(
        r#"{{"action":"place_oco","client_order_id":"{name}","symbol":"{}","side":"sell","quantity":{quantity},"reduce_only":true,"take_profit":{{"trigger_price":{}}},"stop_loss":{{"trigger_price":{}}}}}"#,
        market.symbol,
        market.away(up),
        market.away(down)
    )
}

/// An entry at market with exits so many hundredths of a percent away.
fn bracket(market: &Market, name: &str, quantity: Decimal, up: i64, down: i64) -> String {
    let rest = format!(
        r#""take_profit":{{"price":{}}},"stop_loss":{{"trigger_price":{}}},"#,
        market.away(up),
        market.away(down)
    );
    market.order_of(name, "buy", "market", quantity, &rest)
}

fn role<'a>(frames: &'a [Frame], role: &str) -> Result<&'a Value> {
    let of = |frame: &&Frame| frame.kind() == "ORDER_UPDATE" && frame.json["order"]["group"]["role"] == role;
    let frame = frames.iter().rfind(of);
    Ok(&frame
        .with_context(|| format!("an order that is the {role}"))?
        .json["order"])
}

/// Waits until one of two orders is filled, taking the nearer one to the market where it dawdles.
fn until_one_is_filled(trader: &mut Trader, ids: &[String]) -> Result<String> {
    for _ in 0..50 {
        trader.read_for(Duration::from_millis(400))?;
        let filled = trader.log.iter().find_map(|frame| {
            let id = frame.json["order"]["id"].as_str()?;
            let is_it = frame.json["order"]["status"] == "FILLED" && ids.iter().any(|wanted| wanted == id);
            is_it.then(|| id.to_owned())
        });
        if let Some(id) = filled {
            return Ok(id);
        }
        let market = Market::of(trader, SPOT)?;
        trader.ask(&format!(
            r#"{{"action":"amend_order","order_id":"{}","trigger_price":{}}}"#,
            ids[1],
            market.beside(-3)
        ))?;
    }
    anyhow::bail!("neither of {ids:?} was filled")
}

/// The decision in the journal that made an order be like this.
fn decision(entries: &[Value], id: &str, status: &str) -> Result<u64> {
    let entry = entries.iter().find(|entry| {
        let order = &entry["event"]["fact"]["order_changed"];
        order["id"] == id && order["status"] == status
    });
    let entry = entry.with_context(|| format!("{id} is {status} in the journal"))?;
    entry["decision"].as_u64().context("a decision")
}

#[test]
fn of_a_pair_the_one_that_is_filled_cancels_the_other_in_the_same_step() -> Result<()> {
    let (mut desk, mut trader, market) = desk()?;
    let quantity = market.worth(100);
    trader.acked(&market.order("buy", quantity))?;
    let ack = trader.acked_at(SPOT, |market| pair(market, "pair", quantity, 1, -1))?;
    let ids = order_ids(&ack);
    assert_eq!(
        (ids.len(), Some(ids[0].as_str())),
        (2, ack.json["order_id"].as_str()),
        "{}",
        ack.text
    );
    let (profit, loss) = (trader.order(&ids[0], "NEW")?, trader.order(&ids[1], "NEW")?);
    assert_eq!(profit.json["order"]["order_type"], "TAKE_PROFIT_MARKET");
    assert_eq!(loss.json["order"]["order_type"], "STOP_MARKET");
    assert_eq!(
        profit.json["order"]["client_order_id"], "pair",
        "the name is the take-profit's"
    );
    let group = &profit.json["order"]["group"];
    assert_eq!(
        (&group["kind"], &group["role"]),
        (&Value::from("OCO"), &Value::from("TAKE_PROFIT"))
    );
    assert_eq!(loss.json["order"]["group"]["id"], group["id"]);

    let filled = until_one_is_filled(&mut trader, &ids)?;
    let other = ids.iter().find(|id| **id != filled).context("the other one")?;
    let cancelled = trader.order(other, "CANCELLED")?;
    assert_eq!(
        cancelled.json["order"]["reason"], "SIBLING_FILLED",
        "{}",
        cancelled.text
    );
    assert!(cancelled.number("/order/filled_quantity").is_zero());
    assert!(trader.held(SPOT)?.is_zero());
    assert_eq!(trader.open_orders()?, Vec::<String>::new());

    desk.kill()?;
    let all = entries(&desk.data_dir())?;
    assert_eq!(
        decision(&all, &filled, "FILLED")?,
        decision(&all, other, "CANCELLED")?
    );
    Ok(())
}

#[test]
fn cancelling_one_of_a_pair_cancels_both_and_the_ack_names_both() -> Result<()> {
    let (_desk, mut trader, market) = desk()?;
    trader.acked(&market.order("buy", market.worth(300)))?;
    for place in 0..2 {
        let name = format!("pair-{place}");
        let ack = trader.acked(&pair(&market, &name, market.worth(100), 500, -500))?;
        let ids = order_ids(&ack);
        let sentence = trader.refused(
            &format!(
                r#"{{"action":"amend_order","order_id":"{}","quantity":{}}}"#,
                ids[1],
                market.worth(200)
            ),
            "INVALID_FIELD",
        )?;
        assert!(sentence.contains("follows its group"), "{sentence}");
        let ack = trader.acked(&format!(
            r#"{{"action":"cancel_order","order_id":"{}"}}"#,
            ids[place]
        ))?;
        let mut named = order_ids(&ack);
        named.sort();
        assert_eq!(named, ids, "{}", ack.text);
        let (this, other) = (
            trader.order(&ids[place], "CANCELLED")?,
            trader.order(&ids[1 - place], "CANCELLED")?,
        );
        assert_eq!(this.json["order"]["reason"], "USER");
        assert_eq!(other.json["order"]["reason"], "SIBLING_CANCELLED");
    }
    assert_eq!(trader.open_orders()?, Vec::<String>::new());
    Ok(())
}

#[test]
fn the_legs_of_a_bracket_come_with_its_fill_protect_all_of_it_and_go_together() -> Result<()> {
    let (mut desk, mut trader, market) = desk()?;
    let quantity = market.worth(200);
    let ack = trader.acked(&bracket(&market, "entry", quantity, 500, -400))?;
    assert_eq!(ack.json["status"], "FILLED", "{}", ack.text);
    trader.ping()?;
    let (profit, loss) = (
        role(&trader.log, "TAKE_PROFIT")?.clone(),
        role(&trader.log, "STOP_LOSS")?.clone(),
    );
    for (leg, kind) in [(&profit, "LIMIT"), (&loss, "STOP_MARKET")] {
        assert_eq!(
            (&leg["order_type"], &leg["status"]),
            (&Value::from(kind), &Value::from("NEW")),
            "{leg}"
        );
        assert_eq!(
            (&leg["side"], &leg["reduce_only"]),
            (&Value::from("sell"), &Value::from(true))
        );
        assert_eq!(
            (&leg["group"]["kind"], &leg["group"]["id"]),
            (&Value::from("BRACKET"), &profit["group"]["id"])
        );
    }
    let ids = [&profit, &loss].map(|leg| leg["id"].as_str().unwrap_or_default().to_owned());
    for id in &ids {
        assert_eq!(
            trader.order(id, "NEW")?.number("/order/quantity"),
            quantity,
            "all of it is protected"
        );
    }

    // The same legs after the power was cut, and the same machine.
    desk.kill_and_restart()?;
    let mut trader = Trader::connect(&desk)?;
    assert_eq!(trader.open_orders()?, ids);
    let filled = until_one_is_filled(&mut trader, &ids)?;
    let other = ids.iter().find(|id| **id != filled).context("the other one")?;
    assert_eq!(
        trader.order(other, "CANCELLED")?.json["order"]["reason"],
        "SIBLING_FILLED"
    );
    assert!(trader.held(SPOT)?.is_zero());

    // Without the position there is nothing to protect.
    trader.acked(&bracket(&market, "again", quantity, 500, -400))?;
    assert_eq!(trader.open_orders()?.len(), 2);
    trader.acked(&format!(r#"{{"action":"close_position","symbol":"{SPOT}"}}"#))?;
    trader.ping()?;
    let left = trader.open_orders()?;
    ensure!(left.is_empty(), "the legs outlive their position: {left:?}");
    assert_eq!(role(&trader.log, "STOP_LOSS")?["status"], "CANCELLED");
    Ok(())
}

#[test]
fn a_resting_entry_has_no_legs_and_can_be_told_other_exits_before_it_is_filled() -> Result<()> {
    let (_desk, mut trader, market) = desk()?;
    let quantity = market.worth(100);
    let rest = format!(
        r#""price":{},"take_profit":{{"price":{}}},"stop_loss":{{"trail_percent":2}},"#,
        market.away(-300),
        market.away(300)
    );
    let ack = trader.acked(&market.order_of("entry", "buy", "limit", quantity, &rest))?;
    assert_eq!(trader.open_orders()?, [order_id(&ack)?]);
    let (profit, loss) = (market.away(400), market.away(-600));
    trader.acked(&format!(
        r#"{{"action":"amend_order","client_order_id":"entry","take_profit":{{"price":{profit}}},"stop_loss":{{"trigger_price":{loss},"price":{loss}}}}}"#
    ))?;
    let told = trader.told("the amended entry", |frame| {
        frame.json["order"]["stop_loss"]["price"].is_number()
    })?;
    assert_eq!(told.number("/order/take_profit/price"), profit);

    // Taken to the market it is filled, and its legs are those of the amendment.
    trader.acked(&format!(
        r#"{{"action":"amend_order","client_order_id":"entry","price":{}}}"#,
        market.away(200)
    ))?;
    trader.order("entry", "FILLED")?;
    trader.ping()?;
    let (leg, stop) = (
        role(&trader.log, "TAKE_PROFIT")?.clone(),
        role(&trader.log, "STOP_LOSS")?.clone(),
    );
    assert_eq!(
        (&leg["order_type"], &stop["order_type"]),
        (&Value::from("LIMIT"), &Value::from("STOP_LIMIT"))
    );
    let id = stop["id"].as_str().context("an id")?;
    assert_eq!(trader.status(id)?.number("/order/trigger_price"), loss);
    assert_eq!(trader.held(SPOT)?, quantity);

    let ack = trader.acked(r#"{"action":"cancel_all_orders"}"#)?;
    assert_eq!(order_ids(&ack).len(), 2, "{}", ack.text);
    assert_eq!(trader.open_orders()?, Vec::<String>::new());
    assert_eq!(trader.held(SPOT)?, quantity, "cancelling closes nothing");
    Ok(())
}

#[test]
fn an_exit_that_makes_no_order_is_refused_with_what_it_needs() -> Result<()> {
    let (_desk, mut trader, market) = desk()?;
    let quantity = market.worth(100);
    let (up, down) = (market.away(300), market.away(-300));
    for (profit, loss, code) in [
        (
            r#"{"trail_percent":1}"#.to_owned(),
            format!(r#"{{"trigger_price":{down}}}"#),
            "INVALID_FIELD",
        ),
        (
            format!(r#"{{"price":{up}}}"#),
            format!(r#"{{"price":{down}}}"#),
            "INVALID_FIELD",
        ),
        (format!(r#"{{"price":{up}}}"#), "{}".to_owned(), "INVALID_FIELD"),
        // On the wrong side of the market.
        (
            format!(r#"{{"trigger_price":{down}}}"#),
            format!(r#"{{"trigger_price":{up}}}"#),
            "INVALID_PRICE",
        ),
        (
            format!(r#"{{"price":{up}}}"#),
            format!(r#"{{"trigger_price":{up}}}"#),
            "INVALID_PRICE",
        ),
    ] {
        let exits = format!(r#""take_profit":{profit},"stop_loss":{loss},"#);
        let oco = format!(
            r#"{{"action":"place_oco","symbol":"{SPOT}","side":"sell",{exits}"quantity":{quantity}}}"#
        );
        trader.refused(&oco, code)?;
        trader.refused(
            &market.order_of("bracket", "buy", "market", quantity, &exits),
            code,
        )?;
    }
    let reducing = format!(r#""reduce_only":true,"take_profit":{{"price":{up}}},"#);
    let sentence = trader.refused(
        &market.order_of("x", "sell", "market", quantity, &reducing),
        "INVALID_FIELD",
    )?;
    assert!(sentence.contains("OCO"), "{sentence}");
    assert_eq!(
        trader.positions()?.json["positions"],
        serde_json::json!([]),
        "nothing was opened"
    );
    Ok(())
}

#[test]
fn positions_are_closed_in_part_turned_and_flattened_and_what_protected_them_goes() -> Result<()> {
    let (_desk, mut trader, market) = desk()?;
    let other = Market::of(&mut trader, "SIM002USDT")?;
    let quantity =
        market.step * Decimal::from(4) * (market.worth(200) / market.step / Decimal::from(4)).ceil();
    trader.acked(&market.order("buy", quantity))?;
    let close =
        |percent: u32| format!(r#"{{"action":"close_position","symbol":"{SPOT}","percent":{percent}}}"#);
    trader.acked(&close(25))?;
    assert_eq!(trader.held(SPOT)?, quantity * Decimal::new(75, 2));
    trader.acked(&close(100))?;
    assert!(trader.held(SPOT)?.is_zero());
    trader.refused(&close(50), "NO_POSITION")?;
    let reverse = format!(r#"{{"action":"reverse_position","symbol":"{SPOT}"}}"#);
    trader.refused(&reverse, "NO_POSITION")?;

    trader.acked(&market.order("buy", quantity))?;
    trader.acked(&reverse)?;
    assert_eq!(trader.held(SPOT)?, -quantity);
    trader.acked(&other.order("buy", other.worth(100)))?;
    trader.acked(&pair(&other, "pair", other.worth(100), 500, -500))?;
    let rest = format!(r#""price":{},"#, market.away(-500));
    trader.acked(&market.order_of("bid", "buy", "limit", quantity, &rest))?;
    assert_eq!(trader.open_orders()?.len(), 3);
    let flatten = r#"{"action":"flatten_all","client_order_id":"flat"}"#;
    let ack = trader.acked(flatten)?;
    assert_eq!(ack.json["duplicate"], false);
    assert_eq!(trader.positions()?.json["positions"], serde_json::json!([]));
    assert_eq!(trader.open_orders()?, Vec::<String>::new());
    trader.acked(&market.order("buy", quantity))?;
    assert_eq!(trader.acked(flatten)?.json["duplicate"], true, "once is once");
    assert_eq!(trader.held(SPOT)?, quantity);
    Ok(())
}
