//! Random days are only worth something where they get: each kind of outcome must be reached many times.

use super::day::day;
use super::extremes::{inputs, rich};
use crate::script::config;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use std::collections::BTreeMap;
use tickwire_engine::{Batch, Done, Engine, Fact, Input};
use tickwire_protocol::order::{OrderReason, OrderStatus, Side};

const DAYS: usize = 300;
const EXTREMES: usize = 300;

fn reached(mut engine: Engine, inputs: Vec<Input>, times: &mut BTreeMap<String, u32>) {
    let mut reach = |what: String| *times.entry(what).or_default() += 1;
    let mut batch = Batch::default();
    for input in inputs {
        batch.clear();
        match engine.handle_into(input, &mut batch) {
            Some(Err(refusal)) => reach(refusal.code.to_string()),
            Some(Ok(Done::Reported(report))) if report.duplicate == Some(true) => reach("retry".to_owned()),
            _ => {}
        }
        let facts = || batch.records.iter().map(|record| &record.event.fact);
        for fact in facts() {
            match fact {
                Fact::Funded(funding) if funding.is_carry => reach("funding of a carry".to_owned()),
                Fact::Funded(_) => reach("funding".to_owned()),
                Fact::LeverageSet { .. } => reach("leverage".to_owned()),
                Fact::OrderChanged(order) if order.status == OrderStatus::Filled => {
                    match (order.reason, order.carry, order.side, order.reduce_only) {
                        (Some(OrderReason::Liquidation), None, ..) => reach("liquidation".to_owned()),
                        (Some(OrderReason::Liquidation), Some(_), Side::Sell, _) => {
                            reach("liquidation of a carry".to_owned());
                        }
                        (None, Some(_), Side::Buy, false) => reach("carry".to_owned()),
                        (None, Some(_), Side::Sell, true) => reach("carry closed".to_owned()),
                        _ => {}
                    }
                }
                _ => {}
            }
        }
        for id in engine.state().accounts.keys() {
            let view = engine.account(*id).unwrap();
            for row in view.positions() {
                if row.liquidation_price.is_some() {
                    reach("liquidation price".to_owned());
                }
            }
            if view.equity().is_negative() {
                reach("debt".to_owned());
            }
        }
        let fills: Vec<_> = facts()
            .filter_map(|fact| {
                if let Fact::Executed(e) = fact {
                    Some(e)
                } else {
                    None
                }
            })
            .collect();
        let Some(last) = fills.last() else { continue };
        reach("fill".to_owned());
        if fills.len() > 2 {
            reach("walk through a book".to_owned());
        }
        if fills[0].position_id != last.position_id {
            reach("turn".to_owned());
        }
        if !last.realized_pnl.is_zero() {
            let account = &engine.state().accounts[&batch.records[0].event.account];
            let is_partial = account
                .positions
                .get(&last.symbol)
                .is_some_and(|held| held.id == last.position_id);
            reach(if is_partial { "partial close" } else { "full close" }.to_owned());
        }
        if facts().any(|fact| matches!(fact, Fact::DayOpened { .. })) {
            reach("day that a request opens".to_owned());
        }
    }
}

#[track_caller]
fn assert_reached(times: &BTreeMap<String, u32>, least: u32, expected: &[&str]) {
    for what in expected {
        assert!(
            times.get(*what).is_some_and(|times| *times >= least),
            "{what}: {times:#?}"
        );
    }
}

#[test]
fn random_days_reach_what_they_are_to_show() {
    let mut times = BTreeMap::new();
    let mut runner = TestRunner::deterministic();
    for _ in 0..DAYS {
        let inputs = day().new_tree(&mut runner).unwrap().current();
        reached(Engine::new(config()).unwrap(), inputs, &mut times);
    }
    let expected = [
        "fill",
        "walk through a book",
        "turn",
        "partial close",
        "full close",
        "retry",
        "INSUFFICIENT_BALANCE",
        "NO_POSITION",
        "NO_PRICE",
        "BELOW_MIN_NOTIONAL",
        "INVALID_LEVERAGE",
        "leverage",
        "funding",
        "funding of a carry",
        "liquidation",
        "liquidation price",
        "carry",
        "carry closed",
        "debt",
    ];
    assert_reached(&times, 10, &expected);
    // Only when everything has to go.
    assert_reached(&times, 3, &["liquidation of a carry"]);
}

#[test]
fn extreme_inputs_get_as_far_as_fills() {
    let mut times = BTreeMap::new();
    let mut runner = TestRunner::deterministic();
    for _ in 0..EXTREMES {
        let inputs = inputs().new_tree(&mut runner).unwrap().current();
        reached(rich(), inputs, &mut times);
    }
    assert_reached(
        &times,
        10,
        &[
            "fill",
            "turn",
            "partial close",
            "INVALID_QUANTITY",
            "INVALID_FIELD",
            "UNKNOWN_SYMBOL",
            "leverage",
            "carry",
            "funding",
        ],
    );
}
