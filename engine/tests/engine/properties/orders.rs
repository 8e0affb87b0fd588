//! Orders on busy days: groups, the index, fills, recovery.

use super::busy::{MARKETS, busy_day, configured, resync, rules};
use super::day::ACCOUNTS;
use super::deeds::is_of_the_desk;
use super::ledger::NaiveLedger;
use super::watch::{Watch, left_behind};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use std::collections::{BTreeMap, BTreeSet};
use tickwire_engine::{Action, Batch, Done, Engine, Event, Fact, Input, MarketInput, State};
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::error::ErrorCode;
use tickwire_protocol::market::VenueRules;
use tickwire_protocol::message::LinkState;
use tickwire_protocol::order::{GroupRole, OrderStatus, OrderType};

/// When an input is taken in, where it says so.
fn when(input: &Input) -> Option<TimestampMs> {
    match input {
        Input::Request(request) => Some(request.at),
        Input::Timer(at) | Input::Notice { at, .. } => Some(*at),
        Input::Market(MarketInput::Link { at, .. }) => Some(*at),
        Input::Market(MarketInput::Ticks(ticks)) => ticks.iter().map(|tick| tick.received_at).max(),
        Input::Market(MarketInput::History { .. } | MarketInput::Depth(_)) => None,
    }
}

fn json(state: &State) -> String {
    serde_json::to_string(state).unwrap()
}

fn run(rules: VenueRules, inputs: &[Input]) -> (Engine, Vec<Event>) {
    let mut engine = Engine::new(configured(rules)).unwrap();
    let mut batch = Batch::default();
    for input in inputs {
        engine.handle_into(input.clone(), &mut batch);
    }
    let events = batch.records.into_iter().map(|record| record.event).collect();
    (engine, events)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn no_order_is_ever_where_it_should_not_be(rules in rules(), inputs in busy_day()) {
        let mut engine = Engine::new(configured(rules)).unwrap();
        let (mut watch, mut naive) = (Watch::default(), NaiveLedger::new());
        for input in &inputs {
            let before = engine.state().clone();
            let decision = engine.handle(input.clone());
            naive.input(input);
            if let Some(Err(refusal)) = &decision.answer {
                prop_assert!(refusal.code != ErrorCode::Internal && !refusal.message.contains("bounds"), "{refusal}");
                prop_assert!(decision.batch.records.iter().all(|record| is_of_the_desk(&record.event.fact)));
            }
            for record in &decision.batch.records {
                naive.event(&record.event);
                watch.event(&record.event)?;
            }
            watch.settled(&engine)?;
            for id in ACCOUNTS.into_iter().filter(|id| engine.state().accounts.contains_key(id)) {
                let (portfolio, balance) = (engine.account(id).unwrap().portfolio(), engine.account(id).unwrap().balance());
                prop_assert_eq!(portfolio.balance, portfolio.deposits + portfolio.total_pnl);
                prop_assert!(!balance.order_margin.is_negative() && !balance.available_balance.is_negative());
                if inputs.len() > 2 + MARKETS {
                    prop_assert_eq!(portfolio.balance.get(), naive.equity(id));
                }
            }
            if let Input::Market(MarketInput::Ticks(ticks)) = input {
                for (id, account) in &before.accounts {
                    let left = left_behind(account, &engine.state().accounts[id], &ticks[0], rules.limit_fill);
                    prop_assert!(left.is_empty(), "{:?} leaves behind {left:?}", ticks[0]);
                }
            }
            let restored = Engine::restore(configured(rules), engine.state().clone()).unwrap();
            prop_assert_eq!(restored.working(), engine.working());
        }
    }

    #[test]
    fn a_busy_day_is_decided_once_and_for_all(rules in rules(), inputs in busy_day()) {
        let ((first, events), (second, again)) = (run(rules, &inputs), run(rules, &inputs));
        prop_assert_eq!(&events, &again);
        prop_assert_eq!(json(first.state()), json(second.state()));
        let folded = Engine::recover(configured(rules), &events).unwrap();
        prop_assert_eq!(json(folded.state()), json(first.state()));
        prop_assert_eq!(folded.working(), first.working());
    }

    #[test]
    fn a_snapshot_goes_on_as_the_original(rules in rules(), inputs in busy_day(), percent in 0usize..100) {
        let cut = inputs.len() * percent / 100;
        let (mut live, _) = run(rules, &inputs[..cut]);
        // What one knows of the markets the other has to be told; it has nothing to say to that.
        let at = inputs[..cut].iter().filter_map(when).max().unwrap_or(TimestampMs(1_765_357_200_000)) + 1;
        let gap = Input::Market(MarketInput::Link { state: LinkState::Reconnecting, at });
        for input in std::iter::once(&gap).chain(&resync(at)) {
            live.handle(input.clone());
        }
        let read: State = serde_json::from_str(&json(live.state())).unwrap();
        prop_assert_eq!(&read, live.state());
        prop_assert_eq!(json(&read), json(live.state()));
        let mut restored = Engine::restore(configured(rules), read).unwrap();
        for input in resync(at) {
            let told = restored.handle(input);
            prop_assert!(told.batch.records.is_empty(), "{:?}", told.batch.records);
        }
        for input in &inputs[cut..] {
            let (one, other) = (live.handle(input.clone()), restored.handle(input.clone()));
            prop_assert_eq!(live.touched_accounts(&other.batch.touched), restored.touched_accounts(&other.batch.touched));
            prop_assert_eq!(one.batch.records, other.batch.records);
            prop_assert_eq!(one.answer, other.answer);
        }
        prop_assert_eq!(json(restored.state()), json(live.state()));
        prop_assert_eq!(restored.working(), live.working());
    }

    #[test]
    fn one_id_is_one_instruction(rules in rules(), inputs in busy_day()) {
        let mut engine = Engine::new(configured(rules)).unwrap();
        let mut done = BTreeMap::new();
        for input in inputs {
            let named = match &input {
                Input::Request(request) => match &request.action {
                    Action::Instruct(instruction) => instruction.client_order_id().cloned(),
                    Action::OpenAccount { .. } => None,
                }
                .map(|name| (request.account, name)),
                _ => None,
            };
            let decision = engine.handle(input);
            let (Some(named), Some(Ok(Done::Reported(now)))) = (named, decision.answer) else { continue };
            match done.get(&named) {
                Some(first) => {
                    prop_assert_eq!((&now.order_id, now.duplicate), (first, Some(true)));
                    prop_assert!(decision.batch.records.iter().all(|record| is_of_the_desk(&record.event.fact)));
                }
                None => {
                    prop_assert_eq!(now.duplicate, Some(false));
                    done.insert(named, now.order_id);
                }
            }
        }
    }
}

/// Random days are only worth something where they get.
#[test]
fn busy_days_reach_what_they_are_to_show() {
    let mut times: BTreeMap<String, u32> = BTreeMap::new();
    let mut runner = TestRunner::deterministic();
    for _ in 0..250 {
        let (rules, inputs) = (rules(), busy_day()).new_tree(&mut runner).unwrap().current();
        let mut engine = Engine::new(configured(rules)).unwrap();
        for input in inputs {
            let decision = engine.handle(input);
            let mut reached = BTreeSet::new();
            if let Some(Err(refusal)) = &decision.answer {
                reached.insert(refusal.code.to_string());
            }
            for record in &decision.batch.records {
                match &record.event.fact {
                    Fact::OrderChanged(order) => {
                        let role = order.group.map(|group| group.role);
                        reached.insert(format!("{:?}", order.status));
                        if let Some(reason) = order.reason {
                            reached.insert(format!("{reason:?}"));
                        }
                        if order.carry.is_some() && order.status == OrderStatus::Filled {
                            reached.insert(format!("carry, closed: {}", order.reduce_only));
                        }
                        if order.status == OrderStatus::Filled {
                            reached.insert(format!("{:?} filled", order.order_type));
                        }
                        if order.order_type == OrderType::TrailingStop
                            && order.status == OrderStatus::New
                            && order.created_at < order.updated_at
                        {
                            reached.insert("followed".to_owned());
                        }
                        if order.status == OrderStatus::PartiallyFilled && role == Some(GroupRole::Entry) {
                            reached.insert("entry filled in part".to_owned());
                        }
                        if order.status == OrderStatus::PartiallyFilled && role == Some(GroupRole::TakeProfit)
                        {
                            reached.insert("leg filled in part".to_owned());
                        }
                    }
                    Fact::Executed(execution) if execution.is_maker => {
                        reached.insert("maker".to_owned());
                    }
                    Fact::Done { .. } => {
                        reached.insert("done".to_owned());
                    }
                    Fact::Funded(funded) => {
                        reached.insert(format!("funded, of a carry: {}", funded.is_carry));
                    }
                    Fact::RiskChanged(risk) => {
                        reached.insert(format!("{:?} by {:?}", risk.status, risk.cause));
                    }
                    Fact::AlertRuleChanged(rule) => {
                        reached.insert(format!("alert {:?}", rule.status));
                    }
                    Fact::LeverageSet { .. } => {
                        reached.insert("leverage".to_owned());
                    }
                    _ => {}
                }
            }
            for what in reached {
                *times.entry(what).or_default() += 1;
            }
        }
    }
    let mut expected: Vec<String> = OrderType::ALL
        .iter()
        .map(|kind| format!("{kind:?} filled"))
        .collect();
    let others = [
        "New",
        "Triggered",
        "PartiallyFilled",
        "Cancelled",
        "Rejected",
        "Expired",
        "User",
        "ImmediateOrCancel",
        "FillOrKill",
        "TimeRanOut",
        "SiblingFilled",
        "SiblingCancelled",
        "NothingToReduce",
        "InsufficientBalance",
        "RiskPaused",
        "RiskLimit",
        "HardStop",
        "Liquidation",
        "SoftPause by Liquidation",
        "SoftPause by Drawdown",
        "HardStop by Drawdown",
        "SoftPause by DailyLoss",
        "HardStop by DailyLoss",
        "HardStop by Manual",
        "Normal by None",
        "funded, of a carry: false",
        "funded, of a carry: true",
        "carry, closed: false",
        "carry, closed: true",
        "alert Fired",
        "leverage",
        "followed",
        "maker",
        "entry filled in part",
        "leg filled in part",
        "INVALID_PRICE",
        "INVALID_FIELD",
        "WOULD_TAKE",
        "ORDER_NOT_FOUND",
        "INSUFFICIENT_BALANCE",
        "NO_POSITION",
    ];
    expected.extend(others.map(str::to_owned));
    for what in expected {
        assert!(
            times.get(&what).is_some_and(|times| *times >= 3),
            "{what}: {times:#?}"
        );
    }
}
