//! A restart of the server as a desk sees it that reconnects by itself: tickwire-protocol's own client over a real socket.

use std::time::{Duration, Instant};

use anyhow::Result;
use tickwire_protocol::command::{Command, Instruction, PlaceOrder};
use tickwire_protocol::id::Symbol;
use tickwire_protocol::message::Body;
use tickwire_protocol::order::Side;
use tickwire_protocol::session::client::{Event, Link};
use tickwire_protocol::topic::Topic;
use tickwire_tests::desk::Desk;
use tickwire_tests::order::Market;
use tickwire_tests::pump::Pump;
use tickwire_tests::wire::{PATIENCE, Wire};

/// The mission's ceiling for being back after the server's return.
const BACK_WITHIN: Duration = Duration::from_secs(2);

fn btc() -> Symbol {
    Symbol::new("BTCUSDT").unwrap()
}

fn topics() -> Vec<Topic> {
    let mut topics = vec![Topic::Ticker(btc()), Topic::Orders, Topic::Executions];
    topics.extend(Topic::UNASKED);
    topics
}

fn is_live(event: &Event) -> bool {
    matches!(event, Event::Link(Link::Live))
}

/// The places of a topic's messages among these events.
fn places(events: &[Event], wanted: Topic) -> Vec<u64> {
    let place = |event: &Event| match event {
        Event::Message(message) if message.head.topic == Some(wanted) => message.head.seq.map(|seq| seq.0),
        _ => None,
    };
    events.iter().filter_map(place).collect()
}

#[test]
fn a_desk_is_back_within_two_seconds_of_its_server_and_has_missed_nothing() -> Result<()> {
    let mut desk = Desk::start()?;
    let pump = Pump::start(desk.address(), 11, &topics());
    let (_, mut events) = pump.wait_for(PATIENCE, "Live", is_live)?;
    let mut market = None;
    for round in 0..4_u32 {
        let mut trader = Wire::connect(desk.address())?;
        let market = market.get_or_insert(Market::of(&mut trader, "BTCUSDT")?);
        for _ in 0..5 {
            trader.acked(&market.order("buy", market.worth(20)))?;
        }
        desk.kill()?;
        // Outages of different length find the desk at different places of its backoff.
        std::thread::sleep(Duration::from_millis(u64::from(round) * 700));
        desk.restart()?;
        let returned = Instant::now();
        let mut live = false;
        let (at, more) = pump.wait_for(PATIENCE, "Live again", |event| {
            live |= matches!(event, Event::Link(Link::Reconnecting { .. }));
            live && is_live(event)
        })?;
        events.extend(more);
        let took = at.saturating_duration_since(returned);
        assert!(
            took < BACK_WITHIN,
            "round {round}: {took:?} after the server's return"
        );
    }
    // Every topic flows again, the ticker too.
    let (_, more) = pump.wait_for(
        PATIENCE,
        "a price",
        |event| matches!(event, Event::Message(message) if matches!(message.body, Body::MarketUpdate(_))),
    )?;
    events.extend(more);

    for topic in [Topic::Orders, Topic::Executions] {
        let places = places(&events, topic);
        assert!(
            places.windows(2).all(|pair| pair[1] == pair[0] + 1),
            "{topic}: {places:?}"
        );
        assert!(places.len() >= 20, "{topic}: {places:?}");
    }
    assert!(
        !events.iter().any(|event| matches!(event, Event::Lost(_))),
        "nothing is lost"
    );
    Ok(())
}

#[test]
fn an_order_given_during_an_outage_is_carried_out_once_afterwards() -> Result<()> {
    let mut desk = Desk::start()?;
    let market = Market::of(&mut Wire::connect(desk.address())?, "BTCUSDT")?;
    let pump = Pump::start(desk.address(), 12, &topics());
    pump.wait_for(PATIENCE, "Live", is_live)?;
    desk.kill()?;
    pump.wait_for(PATIENCE, "Reconnecting", |event| {
        matches!(event, Event::Link(Link::Reconnecting { .. }))
    })?;
    let order = PlaceOrder::market(btc(), Side::Buy, market.worth(50).to_string().parse()?);
    pump.request(Command::Instruct(Instruction::PlaceOrder(order)))?;
    std::thread::sleep(Duration::from_millis(300));
    desk.restart()?;
    let mut executed = false;
    pump.wait_for(PATIENCE, "the answer", |event| match event {
        Event::Answered { result, .. } => {
            executed = result.is_ok();
            true
        }
        _ => false,
    })?;
    assert!(executed, "it was refused");
    let mut wire = Wire::connect(desk.address())?;
    assert_eq!(tickwire_tests::order::history(&mut wire, "executions")?.len(), 1);
    Ok(())
}

#[test]
fn a_hundred_desks_come_back_to_a_restarted_server() -> Result<()> {
    const DESKS: u64 = 100;
    let mut desk = Desk::start()?;
    let pumps: Vec<Pump> = (0..DESKS)
        .map(|seed| {
            Pump::start(
                desk.address(),
                seed * 7919 + 1,
                &[Topic::Orders, Topic::Positions],
            )
        })
        .collect();
    for pump in &pumps {
        pump.wait_for(PATIENCE, "Live", is_live)?;
    }
    desk.kill()?;
    std::thread::sleep(Duration::from_millis(500));
    desk.restart()?;
    let returned = Instant::now();
    for pump in &pumps {
        let mut lost = false;
        let (at, _) = pump.wait_for(PATIENCE, "Live again", |event| {
            lost |= matches!(event, Event::Link(Link::Reconnecting { .. }));
            lost && is_live(event)
        })?;
        let took = at.saturating_duration_since(returned);
        // The scenario's own hundred threads share two cores with the server: a second more than one desk has.
        assert!(took < BACK_WITHIN + Duration::from_secs(1), "{took:?}");
    }
    Ok(())
}
