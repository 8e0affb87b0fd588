//! Accounts on random days: conservation, determinism, folding, retries, isolation.

use super::day::{ACCOUNTS, day};
use super::ledger::{NaiveLedger, Sums};
use crate::script::config;
use proptest::prelude::*;
use std::collections::BTreeMap;
use tickwire_engine::{Action, Batch, Done, Engine, Event, Fact, Input, MarketInput, State};
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::error::ErrorCode;
use tickwire_protocol::id::AccountId;
use tickwire_protocol::money::Amount;
use tickwire_protocol::order::{OrderStatus, Side};

fn run(inputs: &[Input]) -> (Engine, Vec<Event>) {
    let mut engine = Engine::new(config()).unwrap();
    let mut batch = Batch::default();
    for input in inputs {
        engine.handle_into(input.clone(), &mut batch);
    }
    (
        engine,
        batch.records.into_iter().map(|record| record.event).collect(),
    )
}

/// What feeds tell after a restart: the last quote of each market, and all books. An older quote would liquidate what was
/// opened after it.
fn told_again(inputs: &[Input]) -> Vec<&Input> {
    let ticked = |input: &Input| match input {
        Input::Market(MarketInput::Ticks(ticks)) => Some(ticks[0].symbol),
        _ => None,
    };
    let is_last = |(place, input): &(usize, &Input)| {
        ticked(input).is_none_or(|symbol| {
            inputs[place + 1..]
                .iter()
                .all(|later| ticked(later) != Some(symbol))
        })
    };
    let market = inputs.iter().enumerate().filter(is_last);
    market
        .map(|(_, input)| input)
        .filter(|input| matches!(input, Input::Market(_)))
        .collect()
}

fn json(state: &State) -> String {
    serde_json::to_string(state).unwrap()
}

fn assert_conserved(engine: &Engine, naive: &NaiveLedger, id: AccountId) -> Result<(), TestCaseError> {
    let view = engine.account(id).unwrap();
    let (portfolio, balance) = (view.portfolio(), view.balance());
    // Invariant 5, in its two forms.
    let (cash, open) = (balance.total_balance, balance.unrealized_pnl);
    prop_assert_eq!(
        cash + open + portfolio.fees,
        portfolio.deposits + portfolio.realized_pnl + portfolio.funding + open
    );
    prop_assert_eq!(portfolio.balance, portfolio.deposits + portfolio.total_pnl);
    prop_assert_eq!(portfolio.balance, balance.margin_balance);
    // And against an account that knows nothing of positions.
    prop_assert_eq!(portfolio.balance.get(), naive.equity(id));
    let sums = Sums {
        cash: balance.total_balance.get(),
        value: balance.position_value.get(),
        unrealized: balance.unrealized_pnl.get(),
        used: balance.used_margin.get(),
        maintenance: balance.maintenance_margin.get(),
        available: balance.available_balance.get(),
        funding: portfolio.funding.get(),
    };
    prop_assert_eq!(sums, naive.sums(id));
    let rows = view.positions();
    prop_assert_eq!(rows.len(), naive.count(id));
    prop_assert_eq!(rows.len(), portfolio.positions_count as usize);
    let tied_up: Amount = rows.iter().map(|row| row.initial_margin).sum();
    let backing: Amount = rows.iter().map(|row| row.maintenance_margin).sum();
    prop_assert_eq!(
        (tied_up, backing),
        (balance.used_margin, balance.maintenance_margin)
    );
    for position in rows {
        let signed = match position.side {
            Side::Buy => position.quantity.get(),
            Side::Sell => -position.quantity.get(),
        };
        let key = (position.symbol, position.position_id);
        prop_assert_eq!(signed, naive.held(id, key));
        if let Some((perp_symbol, quantity)) = position.perp_symbol.zip(position.perp_quantity) {
            prop_assert_eq!(quantity, position.quantity);
            prop_assert_eq!(-signed, naive.held(id, (perp_symbol, position.position_id)));
        }
        if let Some(price) = position.liquidation_price {
            // At the price shown it happens, one tick better it does not.
            let tick = config()
                .instruments
                .iter()
                .find(|i| i.symbol == position.symbol)
                .unwrap()
                .tick_size;
            let better = match position.side {
                Side::Buy => price + tick,
                Side::Sell => price - tick,
            };
            prop_assert!(naive.is_liquidated_at(id, key, price.get()), "{position:?}");
            prop_assert!(!naive.is_liquidated_at(id, key, better.get()), "{position:?}");
        }
    }
    Ok(())
}

/// After a tick nobody is worth too little for what they hold, unless something of it cannot be sold now.
fn assert_liquidated(
    engine: &Engine,
    naive: &NaiveLedger,
    id: AccountId,
    at: TimestampMs,
) -> Result<(), TestCaseError> {
    let (equity, maintenance) = (naive.equity(id), naive.sums(id).maintenance);
    let is_stuck = naive
        .symbols(id)
        .any(|symbol| engine.markets().tradable_quote(symbol, at).is_err());
    prop_assert!(
        maintenance.is_zero() || equity > maintenance || is_stuck,
        "{equity} <= {maintenance}"
    );
    Ok(())
}

/// What is opened was paid for: right after it, cash covers what all that is held ties up.
fn assert_margin(engine: &Engine, id: AccountId) -> Result<(), TestCaseError> {
    let balance = engine.account(id).unwrap().balance();
    let (cash, used) = (balance.total_balance, balance.used_margin);
    prop_assert!(cash >= used, "{cash} < {used}");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn cash_is_conserved_to_the_last_digit(inputs in day()) {
        let mut engine = Engine::new(config()).unwrap();
        let mut naive = NaiveLedger::new();
        for input in &inputs {
            let before = engine.state().clone();
            let mut funding = naive.funding_before(input);
            let decision = engine.handle(input.clone());
            naive.input(input);
            let mut told: Vec<_> = decision.batch.records.iter().map(|record| &record.event).filter_map(|event| match &event.fact {
                Fact::Funded(funded) => Some(NaiveLedger::told(event.account, funded)),
                _ => None,
            }).collect();
            funding.sort();
            told.sort();
            prop_assert_eq!(told, funding);
            if let Some(Err(refusal)) = &decision.answer {
                // Neither at fault nor out of bounds: these days are ordinary.
                prop_assert!(refusal.code != ErrorCode::Internal && !refusal.message.contains("bounds"), "{refusal}");
            }
            decision.batch.records.iter().for_each(|record| naive.event(&record.event));
            for id in ACCOUNTS.into_iter().filter(|id| engine.state().accounts.contains_key(id)) {
                assert_conserved(&engine, &naive, id)?;
                if let Input::Market(MarketInput::Ticks(ticks)) = input {
                    assert_liquidated(&engine, &naive, id, ticks[0].received_at)?;
                }
            }
            if let Some(Event { account, fact: Fact::Executed(last), .. }) =
                decision.batch.records.iter().rev().map(|record| &record.event).find(|e| matches!(e.fact, Fact::Executed(_)))
            {
                let held = before.accounts[account].positions.get(&last.symbol);
                let opens = engine.state().accounts[account].positions.get(&last.symbol).is_some_and(|after| {
                    after.side == last.side && held.is_none_or(|held| held.side != after.side || held.quantity < after.quantity)
                });
                if opens {
                    assert_margin(&engine, *account)?;
                }
            }
        }
    }

    #[test]
    fn the_same_inputs_give_the_same_events(inputs in day()) {
        let (first, second) = (run(&inputs), run(&inputs));
        prop_assert_eq!(&first.1, &second.1);
        prop_assert_eq!(json(first.0.state()), json(second.0.state()));
    }

    #[test]
    fn the_state_is_the_fold_of_the_events_byte_for_byte(inputs in day(), percent in 0usize..100) {
        let (live, events) = run(&inputs);
        let folded = Engine::recover(config(), &events).unwrap();
        prop_assert_eq!(json(folded.state()), json(live.state()));
        let read: Vec<Event> = events
            .iter()
            .map(|event| serde_json::from_str(&serde_json::to_string(event).unwrap()).unwrap())
            .collect();
        prop_assert_eq!(&read, &events);
        let folded = Engine::recover(config(), read).unwrap();
        prop_assert_eq!(json(folded.state()), json(live.state()));

        // A restart anywhere, with the markets told again, goes on as if it had not been.
        let cut = inputs.len() * percent / 100;
        let (_, until) = run(&inputs[..cut]);
        let mut restarted = Engine::new(config()).unwrap();
        let mut batch = Batch::default();
        for input in told_again(&inputs[..cut]) {
            restarted.handle_into(input.clone(), &mut batch);
        }
        prop_assert!(batch.records.is_empty());
        // The markets first: an account would act on prices that are long gone.
        for event in &until {
            restarted.apply(event).unwrap();
        }
        for input in &inputs[cut..] {
            restarted.handle_into(input.clone(), &mut batch);
        }
        prop_assert_eq!(json(restarted.state()), json(live.state()));
    }

    #[test]
    fn a_snapshot_goes_on_as_if_nothing_had_been(inputs in day(), percent in 0usize..100) {
        let (live, _) = run(&inputs);
        let cut = inputs.len() * percent / 100;
        let (until, _) = run(&inputs[..cut]);
        let state: State = serde_json::from_str(&json(until.state())).unwrap();
        prop_assert_eq!(&state, until.state());
        prop_assert_eq!(json(&state), json(until.state()));
        let mut restored = Engine::restore(config(), state).unwrap();
        let mut batch = Batch::default();
        for input in &inputs[..cut] {
            if let Input::Market(market) = input {
                restored.observe(market.clone(), &mut batch);
            }
        }
        // What is only observed decides nothing, and lets the market be known all the same.
        prop_assert!(batch.records.is_empty());
        prop_assert_eq!(json(restored.state()), json(until.state()));
        batch.clear();
        let mut as_live = Batch::default();
        let mut until = until;
        for input in &inputs[cut..] {
            restored.handle_into(input.clone(), &mut batch);
            until.handle_into(input.clone(), &mut as_live);
            prop_assert_eq!(
                restored.touched_accounts(&batch.touched),
                until.touched_accounts(&as_live.touched)
            );
        }
        prop_assert_eq!(json(restored.state()), json(live.state()));
    }

    #[test]
    fn a_client_order_id_places_one_order(inputs in day()) {
        let mut engine = Engine::new(config()).unwrap();
        let mut placed = BTreeMap::new();
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
            let orders = decision.batch.records.iter().filter(|record| match &record.event.fact {
                Fact::OrderChanged(order) => order.client_order_id.as_ref() == Some(&named.1),
                Fact::Executed(execution) => execution.client_order_id.as_ref() == Some(&named.1),
                _ => false,
            }).count();
            prop_assert_eq!(now.status, Some(OrderStatus::Filled));
            match placed.get(&named) {
                Some(first) => prop_assert_eq!((now.order_id, now.duplicate, orders), (Some(*first), Some(true), 0)),
                None => {
                    prop_assert!(now.duplicate == Some(false) && orders >= 3);
                    placed.insert(named, now.order_id.expect("an order was placed"));
                }
            }
        }
    }

    #[test]
    fn an_event_changes_the_state_of_its_account_alone(inputs in day()) {
        let (_, events) = run(&inputs);
        let mut state = State::default();
        for event in &events {
            let before = state.clone();
            state.apply(event).unwrap();
            for (id, account) in before.accounts.iter().filter(|(id, _)| **id != event.account) {
                prop_assert_eq!(account, &state.accounts[id]);
            }
        }
    }

    #[test]
    fn ids_and_places_count_without_gaps(inputs in day()) {
        let mut engine = Engine::new(config()).unwrap();
        let mut batch = Batch::default();
        inputs.into_iter().for_each(|input| drop(engine.handle_into(input, &mut batch)));
        let mut places = BTreeMap::new();
        let mut executions = 0;
        for record in &batch.records {
            prop_assert_eq!(record.event.fact.topic().is_some(), record.seq.is_some());
            if let Some((topic, seq)) = record.event.fact.topic().zip(record.seq) {
                let last = places.entry((record.event.account, topic)).or_insert(0);
                *last += 1;
                prop_assert_eq!(seq.0, *last);
            }
            if let Fact::Executed(execution) = &record.event.fact {
                executions += 1;
                prop_assert_eq!(execution.id.0, executions);
            }
        }
        for id in ACCOUNTS {
            for (topic, seq) in engine.account(id).unwrap().heads() {
                prop_assert_eq!(seq.0, places.get(&(id, topic)).copied().unwrap_or(0));
            }
        }
    }
}
