//! Commands sent at the very moment of a drop: asked again by the client, carried out once, answered once.

use anyhow::{Context as _, Result};
use tickwire_protocol::command::{Command, Instruction, PlaceOrder};
use tickwire_protocol::id::Symbol;
use tickwire_protocol::order::Side;
use tickwire_protocol::session::client::{Event, Link};
use tickwire_protocol::topic::Topic;
use tickwire_tests::cutter::Cutter;
use tickwire_tests::desk::Desk;
use tickwire_tests::order::{Market, history};
use tickwire_tests::pump::Pump;
use tickwire_tests::wire::{PATIENCE, Wire};

/// Drops, each at another byte of the command: before it, in the midst of it, and behind it.
const ROUNDS: i64 = 40;

#[test]
fn an_order_cut_off_at_any_byte_is_carried_out_once() -> Result<()> {
    let desk = Desk::start()?;
    let cutter = Cutter::start(desk.address())?;
    let market = Market::of(&mut Wire::connect(desk.address())?, "BTCUSDT")?;
    let topics = [Topic::Executions, Topic::Orders];
    let pump = Pump::start(cutter.address(), 77, &topics);
    let is_live = |event: &Event| matches!(event, Event::Link(Link::Live));
    pump.wait_for(PATIENCE, "Live", is_live)?;
    let symbol = Symbol::new("BTCUSDT")?;
    for round in 0..ROUNDS {
        // A ping of the client may be cut in its place; then the order finds no connection, which is as good.
        cutter.cut_after(round * 7);
        let order = PlaceOrder::market(symbol, Side::Buy, market.worth(10).to_string().parse()?);
        pump.request(Command::Instruct(Instruction::PlaceOrder(order)))?;
        let mut answer = None;
        pump.wait_for(PATIENCE, "the answer", |event| match event {
            Event::Answered { result, .. } => {
                answer = Some(result.clone());
                true
            }
            _ => false,
        })?;
        let report = answer
            .context("it was answered")?
            .map_err(|error| anyhow::anyhow!("round {round}: {error:?}"))?;
        assert_eq!(report.action, "place_order");
    }
    assert!(
        i64::from(cutter.cuts()) * 2 > ROUNDS,
        "only {} were cut",
        cutter.cuts()
    );
    let mut wire = Wire::connect(desk.address())?;
    wire.be_patient();
    let fills = history(&mut wire, "executions")?;
    assert_eq!(i64::try_from(fills.len())?, ROUNDS, "each once");
    Ok(())
}
