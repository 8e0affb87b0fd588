//! The language of the scenarios. Steps are separated by `|` and take a second each; what comes of them is a line each.
//!
//! ```text
//! deposit 10000                       open the account            account 2          go on as this account
//! quote BTCUSDT 99.9/100              bid and ask                 trade BTCUSDT 3x100
//! depth BTCUSDT 1x99 / 1x100 2x101    all levels                  link down          the feed's state
//! buy 1 BTCUSDT [reduce] [as my-1]    a market order; see `wanted` for the other types
//! oco sell 1 BTCUSDT tp =110 sl 90    a pair                      close BTCUSDT [50%] [as my-2]
//! amend order-1 price 99              cancel order-1 | my-1       cancel-all [BTCUSDT]
//! reverse BTCUSDT [as my-3]           flatten [as my-4]           orders              those that are open
//! tick BTCUSDT 99/100 3x99            a quote and a trade at once rules touch | slippage 10 | latency 500
//! wait 90s | wait 2h                  time passes                 timer              time is told
//! delist ETHUSDT                      restart without it          relist      restart with all that there was
//! step BTCUSDT-PERP 0.01              restart with another step of its quantities
//! restart                             recover from the events     show               the account, valued
//! ticker BTCUSDT                      24-hour figures             candles BTCUSDT 5m
//! loud                                marks of equity and what is said of the feed are told too
//! leverage BTCUSDT-PERP 20            set it                      margins            the account, as its margins have it
//! carry 1 BTCUSDT [as my-3]           buy spot, sell the perpetual
//! uncarry pos-1 [as my-4]             close both legs             until 16:00:00     time passes until the step is then
//! ```

mod guard;

use crate::wanted;
use std::fmt::Write as _;
use tickwire_engine::{
    Action, Batch, Depth, Done, Engine, EngineConfig, Event, Fact, Input, MarketInput, Request,
};
use tickwire_protocol::alert::AlertKind;
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::command::{
    CancelAllOrders, CloseCarry, ClosePosition, FlattenAll, Instruction, OpenCarry, Report, ReversePosition,
    SetLeverage,
};
use tickwire_protocol::id::{AccountId, Symbol};
use tickwire_protocol::market::{Instrument, LimitFill, Perpetual, Quote, Tick, Trade, VenueRules};
use tickwire_protocol::message::LinkState;
use tickwire_protocol::order::Side;
use tickwire_protocol::risk::RiskLimits;

/// Runs a script and compares what comes of it, line by line.
#[track_caller]
pub fn check(name: &str, script: &str, expected: &str) {
    let mut desk = TestDesk::new();
    for step in script.split('|') {
        desk.step(step.trim());
    }
    desk.assert_fold();
    let expected: Vec<&str> = expected
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    let actual: Vec<&str> = desk.said.lines().collect();
    assert!(
        actual == expected,
        "{name}\n--- actual ---\n{}\n--- expected ---\n{}",
        desk.said,
        expected.join("\n")
    );
}

/// An engine with three spot instruments, two perpetuals and a live feed, at 09:00 on a Wednesday.
pub struct TestDesk {
    pub engine: Engine,
    pub events: Vec<Event>,
    pub said: String,
    now: TimestampMs,
    account: AccountId,
    rules: VenueRules,
    instruments: Vec<Instrument>,
    /// Whether marks of equity and alerts about the feed are told.
    is_loud: bool,
}

pub fn config() -> EngineConfig {
    let instrument = |symbol: &str, tick: &str, step: &str, max: &str, least: &str, fee: &str| Instrument {
        symbol: Symbol::new(symbol).unwrap(),
        base: symbol.split_once("USDT").unwrap().0.to_owned(),
        quote: "USDT".to_owned(),
        tick_size: tick.parse().unwrap(),
        step_size: step.parse().unwrap(),
        min_quantity: step.parse().unwrap(),
        max_quantity: max.parse().unwrap(),
        min_notional: least.parse().unwrap(),
        taker_fee_rate: fee.parse().unwrap(),
        maker_fee_rate: "0".parse().unwrap(),
        perpetual: None,
    };
    let perpetual = |spot: &str, most: u32, usual: u32, maintenance: &str, rate: &str| Perpetual {
        spot: Symbol::new(spot).unwrap(),
        max_leverage: most,
        default_leverage: usual,
        maintenance_margin_rate: maintenance.parse().unwrap(),
        funding_interval_ms: 28_800_000,
        funding_rate: rate.parse().unwrap(),
    };
    EngineConfig {
        instruments: vec![
            instrument("BTCUSDT", "0.01", "0.001", "100", "5", "0.001"),
            instrument("ETHUSDT", "0.01", "0.01", "1000", "5", "0"),
            instrument("DOGEUSDT", "0.00001", "1", "1000000", "1", "0.00055"),
            Instrument {
                perpetual: Some(perpetual("BTCUSDT", 50, 10, "0.005", "0.0001")),
                ..instrument("BTCUSDT-PERP", "0.1", "0.001", "100", "5", "0.0005")
            },
            Instrument {
                perpetual: Some(perpetual("ETHUSDT", 20, 5, "0.0123", "-0.0003")),
                ..instrument("ETHUSDT-PERP", "0.01", "0.01", "1000", "5", "0")
            },
        ],
        currency: "USDT".to_owned(),
        rules: VenueRules::default(),
        risk: RiskLimits::default(),
    }
}

fn symbol(text: &str) -> Symbol {
    Symbol::new(text).unwrap()
}

fn pairs<A: std::str::FromStr, B: std::str::FromStr>(words: &[&str]) -> Vec<(B, A)> {
    let pair = |word: &&str| {
        let (quantity, price) = word.split_once('x')?;
        Some((price.parse().ok()?, quantity.parse().ok()?))
    };
    words
        .iter()
        .map(|word| pair(word).expect("QUANTITYxPRICE"))
        .collect()
}

impl TestDesk {
    pub fn new() -> TestDesk {
        let mut desk = TestDesk {
            engine: Engine::new(config()).unwrap(),
            events: Vec::new(),
            said: String::new(),
            now: TimestampMs(1_765_357_200_000),
            account: AccountId(1),
            rules: VenueRules::default(),
            instruments: config().instruments,
            is_loud: false,
        };
        desk.link(LinkState::Live);
        desk
    }

    pub fn step(&mut self, step: &str) {
        self.now = self.now + 1000;
        let words: Vec<&str> = step.split_whitespace().collect();
        match words.as_slice() {
            ["deposit", amount] => self.request(Action::OpenAccount {
                deposit: amount.parse().unwrap(),
            }),
            ["account", number] => self.account = AccountId(number.parse().unwrap()),
            ["quote", name, quote] => self.quote(name, quote),
            ["trade", name, trade] => self.trade(name, trade),
            ["depth", name, levels @ ..] => self.depth(name, levels),
            ["link", state] => self.link(match *state {
                "live" => LinkState::Live,
                "stalled" => LinkState::Stalled,
                "down" => LinkState::Down,
                other => panic!("no link state {other}"),
            }),
            ["tick", name, quote, trade] => self.both(name, quote, trade),
            ["buy" | "sell", ..] => self.instruct(Instruction::PlaceOrder(wanted::order(&words, self.now))),
            ["oco", rest @ ..] => self.instruct(Instruction::PlaceOco(wanted::pair(rest, self.now))),
            ["amend", id, changes @ ..] => self.instruct(Instruction::AmendOrder(wanted::amend(id, changes))),
            ["cancel", id] => self.instruct(Instruction::CancelOrder(wanted::order_ref(id))),
            ["cancel-all", names @ ..] => {
                let symbol = names.first().map(|name| symbol(name));
                self.instruct(Instruction::CancelAllOrders(CancelAllOrders { symbol }));
            }
            ["reverse", name, options @ ..] => self.instruct(Instruction::ReversePosition(ReversePosition {
                client_order_id: wanted::named(options),
                symbol: symbol(name),
            })),
            ["flatten", options @ ..] => self.instruct(Instruction::FlattenAll(FlattenAll {
                client_order_id: wanted::named(options),
            })),
            ["close", name, options @ ..] => self.close(name, options),
            ["leverage", name, leverage] => self.instruct(Instruction::SetLeverage(SetLeverage {
                symbol: symbol(name),
                leverage: leverage.parse().unwrap(),
            })),
            ["carry", quantity, name, options @ ..] => self.instruct(Instruction::OpenCarry(OpenCarry {
                client_order_id: wanted::named(options),
                symbol: symbol(name),
                quantity: quantity.parse().unwrap(),
            })),
            ["uncarry", position, options @ ..] => self.instruct(Instruction::CloseCarry(CloseCarry {
                client_order_id: wanted::named(options),
                position_id: position.parse().unwrap(),
            })),
            ["margins"] => self.margins(),
            ["until", clock] => self.now = self.next(clock) - 1000,
            ["orders"] => self.orders(),
            ["rules", rules @ ..] => self.change_rules(rules),
            ["wait", time] => self.now = self.now + duration_ms(time) - 1000,
            ["timer"] => self.input(Input::Timer(self.now)),
            ["delist", name] => self.relist(|all| all.retain(|one| one.symbol != symbol(name))),
            ["relist"] => self.relist(|all| *all = config().instruments),
            ["step", name, step] => self.relist(|all| {
                let one = all.iter_mut().find(|one| one.symbol == symbol(name)).unwrap();
                (one.step_size, one.min_quantity) = (step.parse().unwrap(), step.parse().unwrap());
            }),
            ["restart"] => self.engine = self.recovered(),
            ["show"] => self.show(),
            ["ticker", name] => self.ticker(name),
            ["candles", name, interval] => self.candles(name, interval),
            ["loud"] => self.is_loud = true,
            other => assert!(self.guard_step(other), "no step {other:?}"),
        }
    }

    fn tick(&mut self, name: &str, quote: Quote, trade: Option<Trade>) {
        let tick = Tick {
            symbol: symbol(name),
            quote,
            trade,
            exchange_time: self.now - 20,
            received_at: self.now,
        };
        self.input(Input::Market(MarketInput::Ticks(vec![tick])));
    }

    fn quote(&mut self, name: &str, quote: &str) {
        let (bid, ask) = quote.split_once('/').expect("BID/ASK");
        self.tick(
            name,
            Quote {
                bid: bid.parse().unwrap(),
                ask: ask.parse().unwrap(),
            },
            None,
        );
    }

    /// A quote and a trade in one tick.
    fn both(&mut self, name: &str, quote: &str, trade: &str) {
        let (bid, ask) = quote.split_once('/').expect("BID/ASK");
        let (price, quantity) = pairs(&[trade])[0];
        let quote = Quote {
            bid: bid.parse().unwrap(),
            ask: ask.parse().unwrap(),
        };
        let taker_side = Side::Buy;
        self.tick(
            name,
            quote,
            Some(Trade {
                price,
                quantity,
                taker_side,
            }),
        );
    }

    /// The venue goes by other rules from now on, as after a restart with another configuration.
    fn change_rules(&mut self, rules: &[&str]) {
        match rules {
            ["touch"] => self.rules.limit_fill = LimitFill::Touch,
            ["slippage", bps] => self.rules.slippage_bps = bps.parse().unwrap(),
            ["latency", ms] => self.rules.latency_ms = ms.parse().unwrap(),
            other => panic!("no rules {other:?}"),
        }
        self.engine = self.recovered();
        self.link(LinkState::Live);
    }

    fn recovered(&self) -> Engine {
        Engine::recover(self.config(), &self.events).unwrap()
    }

    fn config(&self) -> EngineConfig {
        EngineConfig {
            rules: self.rules,
            instruments: self.instruments.clone(),
            ..config()
        }
    }

    /// Other instruments are traded from now on, as after a restart with another configuration.
    fn relist(&mut self, change: impl FnOnce(&mut Vec<Instrument>)) {
        change(&mut self.instruments);
        self.engine = self.recovered();
    }

    fn orders(&mut self) {
        let account = &self.engine.state().accounts[&self.account];
        let lines: Vec<String> = account.orders.all_open().map(wanted::describe).collect();
        let margin = self.engine.account(self.account).unwrap().balance().order_margin;
        self.say(&format!("{} open, {margin} tied up", lines.len()));
        for line in lines {
            self.say(&line);
        }
    }

    fn trade(&mut self, name: &str, trade: &str) {
        let (price, quantity) = pairs(&[trade])[0];
        let quote = self
            .engine
            .markets()
            .get(symbol(name))
            .unwrap()
            .quoted()
            .map(|quoted| quoted.quote);
        let quote = quote.unwrap_or(Quote {
            bid: price,
            ask: price,
        });
        self.tick(
            name,
            quote,
            Some(Trade {
                price,
                quantity,
                taker_side: Side::Buy,
            }),
        );
    }

    fn depth(&mut self, name: &str, levels: &[&str]) {
        let (bids, asks) = levels.split_at(levels.iter().position(|word| *word == "/").expect("BIDS / ASKS"));
        let (bids, asks) = (pairs(bids), pairs(&asks[1..]));
        let depth = Depth {
            symbol: symbol(name),
            snapshot: true,
            bids,
            asks,
            exchange_time: self.now,
        };
        self.input(Input::Market(MarketInput::Depth(depth)));
    }

    fn link(&mut self, state: LinkState) {
        self.input(Input::Market(MarketInput::Link { state, at: self.now }));
    }

    fn close(&mut self, name: &str, options: &[&str]) {
        let named = options
            .iter()
            .position(|word| *word == "as")
            .map(|i| options[i + 1].parse().unwrap());
        let percent = options
            .first()
            .and_then(|word| word.strip_suffix('%'))
            .map(|text| text.parse().unwrap());
        let close = ClosePosition {
            client_order_id: named,
            symbol: symbol(name),
            percent,
        };
        self.request(Action::Instruct(Instruction::ClosePosition(close)));
    }

    fn instruct(&mut self, instruction: Instruction) {
        self.request(Action::Instruct(instruction));
    }

    /// The next moment at which it is so late, in UTC, that a step can take place at it.
    fn next(&self, clock: &str) -> TimestampMs {
        let parts: Vec<i64> = clock.split(':').map(|part| part.parse().unwrap()).collect();
        let [hours, minutes, seconds] = parts[..] else {
            panic!("HH:MM:SS")
        };
        let time_ms = ((hours * 60 + minutes) * 60 + seconds) * 1000;
        let today = self.now.floor_to(86_400_000) + time_ms;
        if today >= self.now {
            today
        } else {
            today + 86_400_000
        }
    }

    fn request(&mut self, action: Action) {
        self.input(Input::Request(Request {
            account: self.account,
            at: self.now,
            action,
        }));
    }

    fn input(&mut self, input: Input) {
        let mut batch = Batch::default();
        let answer = self.engine.handle_into(input, &mut batch);
        for record in batch.records {
            self.tell(&record.event);
            self.events.push(record.event);
        }
        match answer {
            Some(Err(refusal)) => self.say(&refusal.to_string()),
            Some(Ok(Done::Reported(Report {
                order_id: Some(order_id),
                position_id: Some(position_id),
                duplicate: Some(true),
                ..
            }))) => self.say(&format!("{order_id} of {position_id} again")),
            Some(Ok(Done::Reported(Report {
                order_id: Some(order_id),
                duplicate: Some(true),
                ..
            }))) => self.say(&format!("{order_id} again")),
            Some(Ok(Done::Reported(Report {
                order_id: None,
                duplicate: Some(true),
                ..
            }))) => self.say("done already"),
            Some(Ok(Done::AccountOpened { duplicate: true })) => self.say("open already"),
            _ => {}
        }
    }

    fn tell(&mut self, event: &Event) {
        let line = match &event.fact {
            Fact::AccountOpened { deposit } => format!("{} opened with {deposit}", event.account),
            Fact::DayOpened { equity } => format!("day opened with {equity}"),
            Fact::OrderChanged(order) => wanted::describe(order),
            Fact::Executed(e) => {
                let pnl = if e.realized_pnl.is_zero() {
                    String::new()
                } else {
                    format!(" pnl {}", e.realized_pnl)
                };
                let side = e.side.as_str();
                let pnl = if e.is_maker { format!("{pnl} maker") } else { pnl };
                format!(
                    "  {} {} {side} {} @ {} fee {}{pnl}",
                    e.id, e.position_id, e.quantity, e.price, e.fee
                )
            }
            Fact::Funded(f) => format!(
                "  {} funding {} @ {} rate {} of {}",
                f.position_id,
                f.amount,
                f.mark_price,
                f.rate,
                f.timestamp.utc_clock()
            ),
            Fact::LeverageSet { symbol, leverage } => format!("{symbol} at leverage {leverage}"),
            Fact::RiskChanged(risk) => format!("risk {:?} by {:?}", risk.status, risk.cause),
            Fact::EquityMarked { .. } if !self.is_loud => return,
            Fact::EquityMarked { equity } => format!("equity {equity}"),
            Fact::EquityRebased { equity } => format!("measured from {equity}"),
            Fact::AlertRuleChanged(rule) => format!("{} {:?}", rule.id, rule.status),
            Fact::Alerted(alert) if alert.kind == AlertKind::Feed && !self.is_loud => return,
            Fact::Alerted(alert) => format!("alert {}", alert.message),
            Fact::Done { client_order_id } => format!("{client_order_id} done"),
        };
        self.say(line.trim());
    }

    fn show(&mut self) {
        let view = self.engine.account(self.account).unwrap();
        let (balance, dashboard) = (view.balance(), view.dashboard());
        let mut text = format!(
            "equity {} cash {} used {} available {} today {}\n",
            view.portfolio().balance,
            balance.total_balance,
            balance.used_margin,
            balance.available_balance,
            dashboard.daily_pnl
        );
        for p in view.positions() {
            let (side, pnl) = (p.side.as_str(), p.current_pnl);
            let _ = writeln!(
                text,
                "{} {side} {} {} @ {} mark {} pnl {pnl} ({} %)",
                p.id, p.quantity, p.symbol, p.entry_price, p.current_price, p.pnl_pct
            );
        }
        self.said.push_str(&text);
    }

    fn margins(&mut self) {
        let view = self.engine.account(self.account).unwrap();
        let balance = view.balance();
        let mut text = format!(
            "equity {} used {} maintenance {} available {}\n",
            balance.margin_balance,
            balance.used_margin,
            balance.maintenance_margin,
            balance.available_balance
        );
        for p in view.positions() {
            let liquidation = p.liquidation_price.map_or("none".to_owned(), |p| p.to_string());
            let _ = writeln!(
                text,
                "{} x{} margin {} maintenance {} liquidation {liquidation} funding {}",
                p.id, p.leverage, p.initial_margin, p.maintenance_margin, p.funding
            );
        }
        self.said.push_str(&text);
    }

    fn ticker(&mut self, name: &str) {
        let line = match self.engine.markets().ticker(symbol(name)) {
            None => "no ticker".to_owned(),
            Some(t) => format!(
                "{} {} ({} %) high {} low {} volume {}{}",
                t.price,
                t.change,
                t.change_percent,
                t.high,
                t.low,
                t.volume,
                match (t.mark_price, t.funding_rate, t.next_funding_at) {
                    (Some(mark), Some(rate), Some(at)) =>
                        format!(" mark {mark} funding {rate} at {}", at.utc_clock()),
                    (None, None, None) => String::new(),
                    other => panic!("a perpetual by halves: {other:?}"),
                }
            ),
        };
        self.say(&line);
    }

    fn candles(&mut self, name: &str, interval: &str) {
        for c in self
            .engine
            .markets()
            .candles(symbol(name), interval.parse().unwrap(), None, 100)
        {
            let clock = c.time.utc_clock();
            self.say(&format!(
                "{clock} {} {} {} {} x {}",
                c.open, c.high, c.low, c.close, c.volume
            ));
        }
    }

    fn say(&mut self, line: &str) {
        self.said.push_str(line);
        self.said.push('\n');
    }

    /// The state is the fold of the events, byte for byte, also after they were written and read.
    #[track_caller]
    pub fn assert_fold(&self) {
        let texts: Vec<String> = self
            .events
            .iter()
            .map(|event| serde_json::to_string(event).unwrap())
            .collect();
        let events: Vec<Event> = texts
            .iter()
            .map(|text| serde_json::from_str(text).unwrap())
            .collect();
        assert_eq!(events, self.events);
        let folded = Engine::recover(self.config(), events).unwrap();
        let json = |engine: &Engine| serde_json::to_string_pretty(engine.state()).unwrap();
        assert_eq!(json(&folded), json(&self.engine));
        assert_eq!(folded.working(), self.engine.working());
        // A snapshot holds all of it, and what follows from it is made anew.
        let snapshot = serde_json::from_str(&json(&self.engine)).unwrap();
        assert_eq!(&snapshot, self.engine.state());
        let restored = Engine::restore(self.config(), snapshot).unwrap();
        assert_eq!(restored.working(), self.engine.working());
    }
}

fn duration_ms(text: &str) -> i64 {
    let (number, unit) = text.split_at(text.len() - 1);
    let unit_ms = match unit {
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        other => panic!("no unit {other}"),
    };
    number.parse::<i64>().unwrap() * unit_ms
}
