//! There is no way around the risk guard: any sequence of commands, ticks, outages and restarts is thrown at it, and a
//! model that knows nothing but what is held watches.

use crate::script::config;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet};
use tickwire_engine::{Action, Batch, Engine, Event, Fact, Input, MarketInput, Notice, Request};
use tickwire_protocol::alert::{AlertCondition, AlertStatus, CreateAlert};
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::command::{
    AmendOrder, CancelAlert, CancelAllOrders, CloseCarry, ClosePosition, FlattenAll, Instruction, OpenCarry,
    OrderRef, PlaceOco, PlaceOrder, RESUME_WORD, ResumeTrading, ReversePosition, SetLeverage,
};
use tickwire_protocol::id::{AccountId, AlertId, OrderId, PositionId, Symbol};
use tickwire_protocol::market::{Quote, Tick, Trade};
use tickwire_protocol::message::LinkState;
use tickwire_protocol::money::{Price, Quantity, Ratio};
use tickwire_protocol::order::{Exit, Order, OrderReason, OrderStatus, OrderType, Side, TimeInForce};
use tickwire_protocol::risk::{RiskLimits, RiskStatus};

const ACCOUNTS: [AccountId; 2] = [AccountId(1), AccountId(2)];
const NAMES: [&str; 3] = ["BTCUSDT", "ETHUSDT", "DOGEUSDT"];

#[derive(Clone, Debug)]
enum Happening {
    /// A quote and perhaps a trade, in hundredths.
    Tick {
        market: usize,
        bid: i64,
        spread: i64,
        trades: bool,
    },
    Instruct {
        account: usize,
        instruction: Box<Instruction>,
    },
    /// An order that rests, whatever accepts it.
    Rest {
        account: usize,
        market: usize,
        side: Side,
        steps: i64,
    },
    Link {
        state: LinkState,
    },
    Notice,
    Wait {
        ms: i64,
    },
    Restart,
}

fn symbol(market: usize) -> Symbol {
    Symbol::new(NAMES[market]).unwrap()
}

fn price() -> impl Strategy<Value = Price> {
    (5000i64..15_000).prop_map(|number| Price::new(Decimal::new(number, 2)))
}

fn quantity() -> impl Strategy<Value = Quantity> {
    (1i64..12).prop_map(|number| Quantity::new(Decimal::from(number)))
}

fn side() -> impl Strategy<Value = Side> {
    prop_oneof![Just(Side::Buy), Just(Side::Sell)]
}

fn market() -> impl Strategy<Value = Symbol> {
    (0usize..3).prop_map(symbol)
}

fn exit() -> impl Strategy<Value = Exit> {
    (proptest::option::of(price()), proptest::option::of(price())).prop_map(|(price, trigger_price)| Exit {
        price,
        trigger_price,
        ..Exit::default()
    })
}

fn order() -> impl Strategy<Value = PlaceOrder> {
    let kind = prop_oneof![
        3 => Just(OrderType::Market),
        4 => proptest::sample::select(OrderType::ALL.to_vec()),
    ];
    let brackets = (
        proptest::option::weighted(0.2, exit()),
        proptest::option::weighted(0.2, exit()),
    );
    (
        (market(), side(), quantity(), kind),
        (price(), price(), any::<bool>()),
        proptest::bool::weighted(0.2),
        brackets,
    )
        .prop_map(
            |((symbol, side, quantity, order_type), (price, trigger, ioc), reduce_only, (profit, loss))| {
                let is_trailing = order_type == OrderType::TrailingStop;
                PlaceOrder {
                    order_type,
                    price: order_type.has_price().then_some(price),
                    trigger_price: order_type.has_trigger().then_some(trigger),
                    trail_percent: is_trailing.then(|| Ratio::new(Decimal::from(5))),
                    time_in_force: if ioc && order_type == OrderType::Limit {
                        TimeInForce::Ioc
                    } else {
                        TimeInForce::Gtc
                    },
                    reduce_only,
                    take_profit: profit,
                    stop_loss: loss,
                    ..PlaceOrder::market(symbol, side, quantity)
                }
            },
        )
}

fn limits() -> impl Strategy<Value = RiskLimits> {
    let percent =
        || proptest::option::of((1i64..4000).prop_map(|percent| Ratio::new(Decimal::new(percent, 2))));
    (percent(), percent(), percent(), percent()).prop_map(|(soft, hard, soft_day, hard_day)| RiskLimits {
        soft_drawdown_pct: soft,
        hard_drawdown_pct: hard,
        soft_daily_loss_pct: soft_day,
        hard_daily_loss_pct: hard_day,
        ..RiskLimits::default()
    })
}

fn instruction() -> impl Strategy<Value = Instruction> {
    let order_id = || (1u64..60).prop_map(OrderId);
    let reference = order_id().prop_map(|id| OrderRef {
        order_id: Some(id),
        client_order_id: None,
    });
    let word = prop_oneof![4 => Just(RESUME_WORD), 1 => Just("resume"), 1 => Just("")];
    let alert = (market(), price(), any::<bool>()).prop_map(|(symbol, price, above)| CreateAlert {
        client_order_id: None,
        symbol,
        condition: if above {
            AlertCondition::CrossAbove
        } else {
            AlertCondition::CrossBelow
        },
        price: Some(price),
        percent: None,
        note: None,
    });
    prop_oneof![
        14 => order().prop_map(Instruction::PlaceOrder),
        2 => (market(), side(), quantity(), exit(), exit(), any::<bool>()).prop_map(
            |(symbol, side, quantity, take_profit, stop_loss, reduce_only)| Instruction::PlaceOco(PlaceOco {
                client_order_id: None, symbol, side, quantity, take_profit, stop_loss, reduce_only,
                time_in_force: TimeInForce::Gtc, expires_at: None,
            })
        ),
        2 => (order_id(), proptest::option::of(price()), proptest::option::of(quantity())).prop_map(
            |(order_id, price, quantity)| Instruction::AmendOrder(AmendOrder {
                order_id: Some(order_id), price, quantity, ..AmendOrder::default()
            })
        ),
        1 => reference.prop_map(Instruction::CancelOrder),
        1 => Just(Instruction::CancelAllOrders(CancelAllOrders::default())),
        2 => market().prop_map(|symbol| Instruction::ClosePosition(ClosePosition {
            client_order_id: None, symbol, percent: None
        })),
        2 => market().prop_map(|symbol| Instruction::ReversePosition(ReversePosition { client_order_id: None, symbol })),
        1 => Just(Instruction::FlattenAll(FlattenAll::default())),
        1 => (market(), 1u32..10).prop_map(|(symbol, leverage)| Instruction::SetLeverage(SetLeverage { symbol, leverage })),
        1 => (market(), quantity()).prop_map(|(symbol, quantity)| Instruction::OpenCarry(OpenCarry {
            client_order_id: None, symbol, quantity
        })),
        1 => (1u64..20).prop_map(|id| Instruction::CloseCarry(CloseCarry {
            client_order_id: None, position_id: PositionId(id)
        })),
        2 => limits().prop_map(Instruction::SetRiskLimits),
        1 => Just(Instruction::PauseTrading),
        1 => Just(Instruction::StopTrading),
        4 => word.prop_map(|word| Instruction::ResumeTrading(ResumeTrading { confirm: word.to_owned() })),
        2 => alert.prop_map(Instruction::CreateAlert),
        1 => (1u64..20).prop_map(|id| Instruction::CancelAlert(CancelAlert { alert_id: AlertId(id) })),
    ]
}

fn happening() -> impl Strategy<Value = Happening> {
    let state =
        prop_oneof![3 => Just(LinkState::Live), 1 => Just(LinkState::Down), 1 => Just(LinkState::Stalled)];
    prop_oneof![
        24 => (0usize..3, 6000i64..14_000, 0i64..30, any::<bool>())
            .prop_map(|(market, bid, spread, trades)| Happening::Tick { market, bid, spread, trades }),
        28 => (0usize..2, instruction())
            .prop_map(|(account, instruction)| Happening::Instruct { account, instruction: Box::new(instruction) }),
        8 => (0usize..2, 0usize..3, side(), 1i64..5)
            .prop_map(|(account, market, side, steps)| Happening::Rest { account, market, side, steps }),
        1 => state.prop_map(|state| Happening::Link { state }),
        1 => Just(Happening::Notice),
        5 => (0i64..90_000).prop_map(|ms| Happening::Wait { ms }),
        2 => Just(Happening::Restart),
    ]
}

fn happenings() -> impl Strategy<Value = Vec<Happening>> {
    proptest::collection::vec(happening(), 1..120)
}

/// The desk, all its events, and a model of what it may do.
struct Trial {
    engine: Engine,
    events: Vec<Event>,
    now: TimestampMs,
    /// What is held by account and instrument, carry positions for themselves; below zero where it is owed.
    held: BTreeMap<(AccountId, Symbol, bool), Decimal>,
    status: BTreeMap<AccountId, RiskStatus>,
    /// Price alerts that have fired or were cancelled.
    ended: BTreeSet<AlertId>,
    times: BTreeMap<&'static str, u32>,
}

impl Trial {
    fn new() -> Trial {
        let mut trial = Trial {
            engine: Engine::new(config()).unwrap(),
            events: Vec::new(),
            now: TimestampMs(1_765_357_200_000),
            held: BTreeMap::new(),
            status: ACCOUNTS.map(|account| (account, RiskStatus::Normal)).into(),
            ended: BTreeSet::new(),
            times: BTreeMap::new(),
        };
        for account in ACCOUNTS {
            let action = Action::OpenAccount {
                deposit: "2000".parse().unwrap(),
            };
            trial.request(account, action).unwrap();
        }
        trial.live().unwrap();
        for market in 0..3 {
            trial.tick(market, 10_000, 1, true).unwrap();
        }
        trial
    }

    fn happens(&mut self, happening: &Happening) -> Result<(), TestCaseError> {
        self.now = self.now + 300;
        match happening.clone() {
            Happening::Tick {
                market,
                bid,
                spread,
                trades,
            } => self.tick(market, bid, spread, trades),
            Happening::Instruct { account, instruction } => {
                self.request(ACCOUNTS[account], Action::Instruct(*instruction))
            }
            Happening::Rest {
                account,
                market,
                side,
                steps,
            } => self.rest(ACCOUNTS[account], market, side, steps),
            Happening::Link { state } => self.input(Input::Market(MarketInput::Link { state, at: self.now })),
            Happening::Notice => self.input(Input::Notice {
                notice: Notice::JournalShort,
                at: self.now,
            }),
            Happening::Wait { ms } => {
                self.now = self.now + ms;
                self.input(Input::Timer(self.now))
            }
            Happening::Restart => {
                let recovered = Engine::recover(config(), &self.events).unwrap();
                prop_assert_eq!(json(&recovered), json(&self.engine));
                self.engine = recovered;
                self.count("restart");
                self.live()
            }
        }
    }

    fn live(&mut self) -> Result<(), TestCaseError> {
        let state = LinkState::Live;
        self.input(Input::Market(MarketInput::Link { state, at: self.now }))
    }

    fn request(&mut self, account: AccountId, action: Action) -> Result<(), TestCaseError> {
        self.input(Input::Request(Request {
            account,
            at: self.now,
            action,
        }))
    }

    fn tick(&mut self, market: usize, bid: i64, spread: i64, trades: bool) -> Result<(), TestCaseError> {
        let price = |number| Price::new(Decimal::new(number, 2));
        let trade = Trade {
            price: price(bid),
            quantity: "1".parse().unwrap(),
            taker_side: Side::Buy,
        };
        let tick = Tick {
            symbol: symbol(market),
            quote: Quote {
                bid: price(bid),
                ask: price(bid + spread),
            },
            trade: trades.then_some(trade),
            exchange_time: self.now,
            received_at: self.now,
        };
        self.input(Input::Market(MarketInput::Ticks(vec![tick])))
    }

    fn rest(
        &mut self,
        account: AccountId,
        market: usize,
        side: Side,
        steps: i64,
    ) -> Result<(), TestCaseError> {
        if self.status[&account] != RiskStatus::Normal {
            return Ok(());
        }
        let id = OrderId(self.engine.state().last_order.0 + 1);
        let quantity = Quantity::new(Decimal::from(steps));
        let order = Order {
            price: Some("100".parse().unwrap()),
            ..Order::accepted(id, symbol(market), side, OrderType::Limit, quantity, self.now)
        };
        let event = Event {
            account,
            at: self.now,
            fact: Fact::OrderChanged(order),
        };
        self.engine.apply(&event).unwrap();
        self.events.push(event);
        Ok(())
    }

    fn input(&mut self, input: Input) -> Result<(), TestCaseError> {
        let resumes = match &input {
            Input::Request(request) => match &request.action {
                Action::Instruct(Instruction::ResumeTrading(resume)) if resume.confirm == RESUME_WORD => {
                    Some(request.account)
                }
                _ => None,
            },
            _ => None,
        };
        let is_timer = matches!(input, Input::Timer(_));
        let mut batch = Batch::default();
        self.engine.handle_into(input, &mut batch);
        for record in batch.records {
            self.watch(&record.event, resumes)?;
            self.events.push(record.event);
        }
        for (&account, &status) in &self.status {
            let Some(view) = self.engine.account(account) else {
                continue;
            };
            prop_assert_eq!(view.account.risk.status, status);
            if status != RiskStatus::HardStop {
                continue;
            }
            prop_assert_eq!(
                view.account.orders.all_open().count(),
                0,
                "an order is open after a stop"
            );
            for &symbol in view.account.positions.keys().filter(|_| is_timer) {
                let quote = self.engine.markets().tradable_quote(symbol, self.now);
                prop_assert!(quote.is_err(), "{symbol} could be closed and was not");
            }
        }
        Ok(())
    }

    fn watch(&mut self, event: &Event, resumes: Option<AccountId>) -> Result<(), TestCaseError> {
        let account = event.account;
        let status = self.status[&account];
        match &event.fact {
            Fact::RiskChanged(risk) => {
                prop_assert!(
                    risk.status >= status || (resumes == Some(account) && risk.status == RiskStatus::Normal),
                    "{status:?} was lifted: {risk:?}"
                );
                match risk.status {
                    RiskStatus::Normal if status != RiskStatus::Normal => self.count("resumed"),
                    RiskStatus::SoftPause if status != risk.status => self.count("paused"),
                    RiskStatus::HardStop if status != risk.status => self.count("stopped"),
                    _ => {}
                }
                self.status.insert(account, risk.status);
            }
            Fact::Executed(execution) => {
                let held = self
                    .held
                    .entry((account, execution.symbol, execution.is_carry))
                    .or_default();
                let before = *held;
                if status == RiskStatus::HardStop {
                    *self.times.entry("closed by a stop").or_default() += 1;
                }
                match execution.side {
                    Side::Buy => *held += execution.quantity.get(),
                    Side::Sell => *held -= execution.quantity.get(),
                }
                let after = *held;
                let is_smaller = after.abs() < before.abs();
                let is_turned = !after.is_zero() && after.is_sign_negative() != before.is_sign_negative();
                prop_assert!(
                    status == RiskStatus::Normal || (is_smaller && !is_turned),
                    "{status:?}: {before} became {after} by {execution:?}"
                );
            }
            Fact::OrderChanged(order) if order.reason == Some(OrderReason::HardStop) => {
                prop_assert_eq!(status, RiskStatus::HardStop, "{:?} before the stop", order);
                if order.status == OrderStatus::Cancelled {
                    self.count("cancelled by a stop");
                }
            }
            Fact::OrderChanged(order) if order.reason == Some(OrderReason::RiskPaused) => {
                prop_assert_eq!(status, RiskStatus::SoftPause, "{:?} before the pause", order);
                self.count("cancelled by a pause");
            }
            Fact::AlertRuleChanged(rule) => {
                prop_assert!(!self.ended.contains(&rule.id), "{} ends twice", rule.id);
                if rule.status != AlertStatus::Active {
                    self.ended.insert(rule.id);
                    self.count("alert ended");
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn count(&mut self, what: &'static str) {
        *self.times.entry(what).or_default() += 1;
    }
}

fn json(engine: &Engine) -> String {
    serde_json::to_string(engine.state()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn nothing_opens_while_the_guard_pauses_or_stops(happenings in happenings()) {
        let mut trial = Trial::new();
        for happening in &happenings {
            trial.happens(happening)?;
        }
    }
}

#[test]
fn the_trials_reach_what_they_are_to_show() {
    let mut runner = TestRunner::deterministic();
    let mut times: BTreeMap<&str, u32> = BTreeMap::new();
    for _ in 0..100 {
        let mut trial = Trial::new();
        for happening in happenings().new_tree(&mut runner).unwrap().current() {
            trial.happens(&happening).unwrap();
        }
        for (what, count) in trial.times {
            *times.entry(what).or_default() += count;
        }
    }
    for what in [
        "paused",
        "stopped",
        "resumed",
        "restart",
        "cancelled by a pause",
        "cancelled by a stop",
        "closed by a stop",
        "alert ended",
    ] {
        assert!(
            times.get(what).is_some_and(|times| *times >= 20),
            "{what}: {times:?}"
        );
    }
}
