//! A client that was away for long: it gets all that it missed out of the journal, in order and once, whatever happened
//! to the server meanwhile; and nobody waits for it.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::json;
use tickwire_tests::desk::{Desk, Setup};
use tickwire_tests::journal;
use tickwire_tests::order::Market;
use tickwire_tests::wire::Wire;

const SPOT: &str = "SIM001USDT";

/// Messages of a topic that the server has at hand.
const AT_HAND: u64 = 4_096;

/// Places and cancels so many orders, which are two messages each.
fn churn(desk: &Desk, market: &Market, life: u32, orders: usize) -> Result<()> {
    const A_CONNECTION: usize = 28;
    for connection in 0..orders.div_ceil(A_CONNECTION) {
        let mut wire = Wire::connect(desk.address())?;
        for number in 0..A_CONNECTION {
            let name = format!("away-{life}-{connection}-{number}");
            let rest = format!(r#""price":{},"#, market.away(-500));
            wire.send(&market.order_of(&name, "buy", "limit", market.worth(12), &rest))?;
            wire.send(&format!(
                r#"{{"action":"cancel_order","client_order_id":"{name}"}}"#
            ))?;
        }
        wire.ping()?;
    }
    Ok(())
}

#[test]
fn thousands_of_missed_messages_come_once_and_in_order_out_of_the_journal() -> Result<()> {
    let mut desk = Setup::sim(1, 50).arg("--starting-balance", "1000000").start()?;
    let mut first = Wire::connect(desk.address())?;
    first.be_patient();
    let market = Market::of(&mut first, SPOT)?;
    first.acked(&market.order_of(
        "before",
        "buy",
        "limit",
        market.worth(12),
        &format!(r#""price":{},"#, market.away(-500)),
    ))?;
    let stood = first.subscribe(&["orders"])?[0].clone();
    let (ep, seq) = (stood.json["ep"].clone(), stood.seq());
    ensure!(seq >= 1, "an order was told before");
    first.cut();

    churn(&desk, &market, 0, 1_500)?;
    desk.kill_and_restart()?;
    Market::of(&mut Wire::connect(desk.address())?, SPOT)?;
    churn(&desk, &market, 1, 1_500)?;
    desk.kill_and_restart()?;

    // Three come back at once; while they are sent thousands of messages, somebody trades.
    let mut trader = Wire::connect(desk.address())?;
    trader.be_patient();
    Market::of(&mut trader, SPOT)?;
    let address = desk.address();
    let missed = std::thread::scope(|scope| -> Result<Vec<Vec<(u64, String)>>> {
        let resume = json!({
            "action": "subscribe", "topics": ["orders"], "resume": [{"topic": "orders", "ep": ep, "seq": seq}],
        });
        let readers: Vec<_> = (0..3)
            .map(|_| {
                let resume = resume.to_string();
                scope.spawn(move || -> Result<Vec<(u64, String)>> {
                    let mut wire = Wire::connect(address)?;
                    wire.acked(&resume)?;
                    let last = |frame: &tickwire_tests::wire::Frame| {
                        frame.json["order"]["client_order_id"] == "last" && frame.topic() == "orders"
                    };
                    if !wire.log.iter().any(last) {
                        wire.wait_within(Duration::from_secs(60), "the last order", last)?;
                    }
                    ensure!(
                        !wire.log.iter().any(|frame| frame.kind() == "RESET"),
                        "nothing is lost"
                    );
                    let orders = wire.log.iter().filter(|frame| frame.kind() == "ORDER_UPDATE");
                    Ok(orders
                        .map(|frame| (frame.seq(), frame.json["order"].to_string()))
                        .collect())
                })
            })
            .collect();
        trader.acked(&market.order_of(
            "last",
            "buy",
            "limit",
            market.worth(12),
            &format!(r#""price":{},"#, market.away(-500)),
        ))?;
        readers
            .into_iter()
            .map(|reader| reader.join().ok().context("a reader panicked")?)
            .collect()
    })?;
    for seen in &missed {
        let places: Vec<u64> = seen.iter().map(|(place, _)| *place).collect();
        assert!(places.len() as u64 > AT_HAND + 1_500, "{} came", places.len());
        let expected: Vec<u64> = (seq + 1..=seq + places.len() as u64).collect();
        assert!(places == expected, "each once and in order");
    }
    assert!(
        missed[0] == missed[1] && missed[1] == missed[2],
        "the same for all"
    );

    // And it is what the journal has.
    desk.kill()?;
    let kept = journal::entries(&desk.data_dir())?;
    let orders: Vec<String> = kept
        .iter()
        .filter(|entry| entry["topic"] == "orders")
        .filter(|entry| entry["topic_seq"].as_u64().is_some_and(|place| place > seq))
        .map(|entry| entry["topic_seq"].to_string())
        .collect();
    assert_eq!(orders.len(), missed[0].len(), "as many as the journal has");
    Ok(())
}
