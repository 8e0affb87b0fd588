//! The engine: takes inputs one by one, decides, folds what it decided into its state, and tells what was touched.
//!
//! The state of accounts changes by [`Engine::apply`] of events alone, so the fold of the journal is the state. What is
//! known of markets is not part of it: feeds tell it again after a restart.

mod alerts;
mod delisted;
mod flatten;
mod guard;
mod margin;
mod orders;
#[cfg(test)]
mod tests;
mod watch;

use crate::account::AccountView;
use crate::batch::{Batch, Record, Touched};
use crate::bounds::{self, AMOUNT_MAX, ORDER_VALUE_MAX};
use crate::config::{ConfigError, EngineConfig};
use crate::event::{Event, Fact};
use crate::grouped::Grouped;
use crate::input::{Action, Input, MarketInput, Request};
use crate::market::{DAY_MS, MarketView, TickEffect};
use crate::order::Desk;
use crate::state::{FoldError, State};
use crate::working::Working;
use margin::MarginWatch;
use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::command::{Instruction, Report};
use tickwire_protocol::error::{ErrorCode, Refusal};
use tickwire_protocol::id::{AccountId, Seq, Symbol};
use tickwire_protocol::market::{Tick, VenueRules};
use tickwire_protocol::money::{AMOUNT_SCALE, Amount};
use tickwire_protocol::risk::RiskLimits;
use watch::Watch;

/// The answer to a request.
pub type Answer = Result<Done, Refusal>;

/// A request was carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Done {
    /// The account is open.
    AccountOpened {
        /// Whether it was open before, so that nothing happened now.
        duplicate: bool,
    },
    /// The instruction was carried out.
    Reported(Report),
}

/// What one input led to.
#[derive(Clone, Debug, Default)]
pub struct Decision {
    /// Events to journal, and what changed.
    pub batch: Batch,
    /// The answer, where the input was a request.
    pub answer: Option<Answer>,
}

/// Why an engine cannot be recovered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecoverError {
    /// The configuration cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// An event does not follow from those before it.
    #[error("event {number} does not follow from those before it: {error}")]
    Fold {
        /// Its place among the events given, from 1 on.
        number: u64,
        /// Why.
        error: FoldError,
    },
}

/// Accounts and markets of the desk.
#[derive(Clone, Debug)]
pub struct Engine {
    currency: String,
    rules: VenueRules,
    /// The limits of the risk guard that an account is opened with.
    default_limits: RiskLimits,
    markets: MarketView,
    state: State,
    /// The open orders, by what touches them. Follows from the state.
    working: Working,
    /// Accounts with a position or a leg of one, by instrument: those whose value changes with its marks. Follows from the
    /// state.
    holders: BTreeMap<Symbol, BTreeSet<AccountId>>,
    /// Whom a tick concerns. Follows from the state.
    watch: Watch,
    /// What margins need beside the state.
    margin: MarginWatch,
    /// When the next day begins for any account: the one comparison that a tick costs.
    day_due_at: TimestampMs,
    /// Whether an account waits for its positions to be quoted before its day opens.
    day_is_waiting: bool,
    /// Whether the orders of instruments that are not configured any more are gone.
    has_looked_for_delisted: bool,
}

impl Engine {
    /// A desk without accounts, of whose markets nothing is known yet.
    pub fn new(config: EngineConfig) -> Result<Engine, ConfigError> {
        config.check()?;
        let markets = MarketView::new(&config.instruments);
        Ok(Engine {
            working: Working::new(config.instruments.len()),
            watch: Watch::new(&markets),
            markets,
            currency: config.currency,
            rules: config.rules,
            default_limits: config.risk,
            state: State::default(),
            holders: BTreeMap::new(),
            margin: MarginWatch::default(),
            day_due_at: TimestampMs(i64::MAX),
            day_is_waiting: false,
            has_looked_for_delisted: false,
        })
    }

    /// The engine that these events, in their order, were decided by.
    pub fn recover<I>(config: EngineConfig, events: I) -> Result<Engine, RecoverError>
    where
        I: IntoIterator,
        I::Item: Borrow<Event>,
    {
        let mut engine = Engine::new(config)?;
        for (number, event) in (1..).zip(events) {
            engine
                .apply(event.borrow())
                .map_err(|error| RecoverError::Fold { number, error })?;
        }
        Ok(engine)
    }

    /// The engine of a snapshot of the state. What follows from the state is made anew; of the markets nothing is known
    /// until feeds tell it, as after any restart.
    pub fn restore(config: EngineConfig, state: State) -> Result<Engine, RecoverError> {
        let mut engine = Engine::new(config)?;
        engine.working = Working::of(&state, &engine.markets);
        for (&id, account) in &state.accounts {
            engine.day_due_at = engine.day_due_at.min(next_day(account.day.at));
            for position in account.holdings() {
                engine.holders.entry(position.symbol).or_default().insert(id);
            }
        }
        engine.state = state;
        engine.margin_restored();
        engine.guard_restored();
        Ok(engine)
    }

    /// Takes in an input. See [`Engine::handle_into`], which reuses its buffers.
    pub fn handle(&mut self, input: Input) -> Decision {
        let mut batch = Batch::default();
        let answer = self.handle_into(input, &mut batch);
        Decision { batch, answer }
    }

    /// Takes in an input: adds to `batch` what it led to, and answers where it is a request.
    /// The state has changed when this returns; publish it only once the batch's events are in the journal.
    pub fn handle_into(&mut self, input: Input, batch: &mut Batch) -> Option<Answer> {
        match input {
            Input::Market(MarketInput::Ticks(ticks)) => ticks.iter().for_each(|tick| self.tick(tick, batch)),
            Input::Market(market) => self.market(market, batch),
            Input::Request(request) => {
                self.cancel_delisted(request.at, batch);
                self.fund(request.at, batch);
                self.open_days(request.at, batch);
                let (account, at) = (request.account, request.at);
                let answer = self.request(request, batch);
                self.margin_after_request(account, at, batch);
                self.guard_after_request(account, at, answer.is_ok(), batch);
                return Some(answer);
            }
            Input::Timer(at) => {
                self.cancel_delisted(at, batch);
                self.fund(at, batch);
                self.open_days(at, batch);
                self.orders_after_time(at, batch);
                self.margin_after_time(at, batch);
                self.guard_after_time(at, batch);
            }
            Input::Notice { notice, at } => {
                self.cancel_delisted(at, batch);
                self.guard_after_notice(&notice, at, batch);
            }
        }
        None
    }

    /// Takes in what a feed tells without acting on it: the market is seen and accounts stay as they are. This is for
    /// when nothing can be journaled; what prices would have led to happens at the first one that is handled again.
    pub fn observe(&mut self, input: MarketInput, batch: &mut Batch) {
        match input {
            MarketInput::Link { state, at } => self.markets.link_changed(state, at),
            MarketInput::Ticks(ticks) => ticks.iter().for_each(|tick| {
                self.take_in(tick, batch);
            }),
            told @ (MarketInput::History { .. } | MarketInput::Depth(_)) => self.market(told, batch),
        }
    }

    /// Takes in one tick.
    pub fn tick(&mut self, tick: &Tick, batch: &mut Batch) {
        self.cancel_delisted(tick.received_at, batch);
        // Before the tick: funding is of what was held until now, a day opens with what the account was worth then.
        self.funding_before_tick(tick, batch);
        if tick.received_at >= self.day_due_at {
            self.open_days(tick.received_at, batch);
        }
        let Some((number, effect)) = self.take_in(tick, batch) else {
            return;
        };
        self.funding_after_tick(tick, batch);
        self.orders_after_tick(number, tick, batch);
        self.margin_after_tick(number, tick, effect, batch);
        self.guard_after_tick(number, tick, effect, batch);
    }

    /// Takes in an event of the journal on recovery; those that the engine decides it takes in itself.
    /// Gives the event's place in its lossless topic, where it has one. On an error nothing is changed.
    pub fn apply(&mut self, event: &Event) -> Result<Option<Seq>, FoldError> {
        let seq = self.fold(event)?;
        // The guard has looked at whom this happened to: what came of it is the next event.
        self.watch.stirred.clear();
        Ok(seq)
    }

    fn fold(&mut self, event: &Event) -> Result<Option<Seq>, FoldError> {
        let seq = self.state.apply(event)?;
        match &event.fact {
            Fact::AccountOpened { .. } | Fact::DayOpened { .. } => {
                self.day_due_at = self.day_due_at.min(next_day(event.at));
            }
            Fact::Executed(execution) => {
                let account = self.state.accounts.get(&event.account);
                let holds = account.is_some_and(|account| account.holds(execution.symbol));
                let holders = self.holders.entry(execution.symbol).or_default();
                if holds {
                    holders.insert(event.account);
                } else {
                    holders.remove(&event.account);
                }
            }
            Fact::OrderChanged(_)
            | Fact::Funded(_)
            | Fact::LeverageSet { .. }
            | Fact::RiskChanged(_)
            | Fact::EquityMarked { .. }
            | Fact::EquityRebased { .. }
            | Fact::AlertRuleChanged(_)
            | Fact::Alerted(_)
            | Fact::Done { .. } => {}
        }
        self.orders_applied(event);
        self.margin_applied(event);
        self.guard_applied(event);
        Ok(seq)
    }

    /// The state of all accounts. It serialises deterministically.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// What is known of the markets.
    pub fn markets(&self) -> &MarketView {
        &self.markets
    }

    /// The index of the open orders.
    pub fn working(&self) -> &Working {
        &self.working
    }

    /// The currency of all accounts.
    pub fn currency(&self) -> &str {
        &self.currency
    }

    /// An account, valued at the marks of now.
    pub fn account(&self, id: AccountId) -> Option<AccountView<'_>> {
        let account = self.state.accounts.get(&id)?;
        Some(AccountView {
            account,
            markets: &self.markets,
            currency: &self.currency,
        })
    }

    /// The accounts whose positions, portfolio, balance or dashboard may have changed: those that events happened to, and
    /// those that hold what was newly marked. Asked once for a batch, so that a tick needs not go through all holders.
    pub fn touched_accounts(&self, touched: &Touched) -> BTreeSet<AccountId> {
        let mut accounts = touched.accounts().clone();
        for market in touched.markets().iter().filter(|market| market.marks) {
            accounts.extend(self.holders.get(&market.symbol).into_iter().flatten());
        }
        accounts
    }

    /// Lets the market that ticked know. Gives its number, and what the tick changed; nothing where it was dropped.
    fn take_in(&mut self, tick: &Tick, batch: &mut Batch) -> Option<(usize, TickEffect)> {
        let effect = self
            .markets
            .number(tick.symbol)
            .and_then(|number| Some((number, self.markets.tick(number, tick)?)));
        let Some((number, effect)) = effect else {
            batch.dropped += 1;
            return None;
        };
        let touched = batch.touched.market(number, tick.symbol);
        touched.marks |= effect.marks;
        if let Some(minute) = effect.candle {
            touched.candle(minute);
        }
        if effect.marks {
            let touched = &mut batch.touched;
            self.markets.remark(number, |perpetual, symbol| {
                touched.market(perpetual, symbol).marks = true
            });
        }
        Some((number, effect))
    }

    fn market(&mut self, input: MarketInput, batch: &mut Batch) {
        match input {
            MarketInput::Link { state, at } => {
                self.markets.link_changed(state, at);
                self.cancel_delisted(at, batch);
                self.open_days(at, batch);
                self.look_at_feed(at, batch);
            }
            MarketInput::History { symbol, candles } => match self.markets.number(symbol) {
                Some(number) => {
                    batch.dropped += self.markets.history(number, candles);
                    let touched = batch.touched.market(number, symbol);
                    touched.history = true;
                    touched.candle(TimestampMs(0));
                }
                None => batch.dropped += 1,
            },
            MarketInput::Depth(depth) => match self.markets.number(depth.symbol) {
                Some(number) => batch.dropped += self.markets.depth(number, &depth),
                None => batch.dropped += 1,
            },
            MarketInput::Ticks(ticks) => ticks.iter().for_each(|tick| self.tick(tick, batch)),
        }
    }

    fn request(&mut self, request: Request, batch: &mut Batch) -> Answer {
        let Request { account, at, action } = request;
        let report = match action {
            Action::OpenAccount { deposit } => return self.open_account(account, at, deposit, batch),
            Action::Instruct(instruction) => match &instruction {
                Instruction::PlaceOrder(_)
                | Instruction::PlaceOco(_)
                | Instruction::AmendOrder(_)
                | Instruction::CancelOrder(_)
                | Instruction::CancelAllOrders(_)
                | Instruction::ClosePosition(_)
                | Instruction::ReversePosition(_)
                | Instruction::FlattenAll(_) => self.instruct_orders(account, at, &instruction, batch)?,
                Instruction::SetLeverage(_) | Instruction::OpenCarry(_) | Instruction::CloseCarry(_) => {
                    self.instruct_margin(account, at, &instruction, batch)?
                }
                Instruction::SetRiskLimits(_)
                | Instruction::PauseTrading
                | Instruction::StopTrading
                | Instruction::ResumeTrading(_)
                | Instruction::CreateAlert(_)
                | Instruction::CancelAlert(_) => self.instruct_guard(account, at, &instruction, batch)?,
            },
        };
        Ok(Done::Reported(report))
    }

    fn open_account(
        &mut self,
        account: AccountId,
        at: TimestampMs,
        deposit: Amount,
        batch: &mut Batch,
    ) -> Answer {
        if self.state.accounts.contains_key(&account) {
            return Ok(Done::AccountOpened { duplicate: true });
        }
        let deposit = deposit.normalized();
        if !deposit.is_positive() || deposit > ORDER_VALUE_MAX || deposit.get().scale() > AMOUNT_SCALE {
            let most = Grouped(ORDER_VALUE_MAX);
            let message = format!(
                "the deposit must be above zero, at most {most} {}, and have at most {AMOUNT_SCALE} decimal places",
                self.currency
            );
            return Err(Refusal::new(ErrorCode::InvalidField, message));
        }
        debug_assert!(
            ORDER_VALUE_MAX < AMOUNT_MAX,
            "a deposit leaves room for what is made of it"
        );
        self.record(
            Event {
                account,
                at,
                fact: Fact::AccountOpened { deposit },
            },
            batch,
        );
        self.record(
            Event {
                account,
                at,
                fact: Fact::DayOpened { equity: deposit },
            },
            batch,
        );
        self.guard_opened(account, at, batch);
        Ok(Done::AccountOpened { duplicate: false })
    }

    /// Opens the day of each account whose last one was opened on an earlier UTC date. An account whose positions are not
    /// all quoted yet, as right after a restart, waits for that: its equity is not known.
    fn open_days(&mut self, at: TimestampMs, batch: &mut Batch) {
        let is_due = at >= self.day_due_at || self.day_is_waiting;
        if !is_due || !bounds::is_time(at) {
            return;
        }
        self.day_is_waiting = false;
        let mut openings = Vec::new();
        for (&id, account) in &self.state.accounts {
            if day_number(account.day.at) >= day_number(at) {
                continue;
            }
            let view = AccountView {
                account,
                markets: &self.markets,
                currency: &self.currency,
            };
            if view.is_marked() {
                openings.push((id, view.equity_in_bounds()));
            } else {
                self.day_is_waiting = true;
            }
        }
        self.day_due_at = next_day(at);
        for (account, equity) in openings {
            self.record(
                Event {
                    account,
                    at,
                    fact: Fact::DayOpened { equity },
                },
                batch,
            );
        }
    }

    /// All that a decision may look at.
    fn desk(&self) -> Desk<'_> {
        Desk {
            state: &self.state,
            markets: &self.markets,
            currency: &self.currency,
            rules: &self.rules,
        }
    }

    fn record(&mut self, event: Event, batch: &mut Batch) {
        // Decisions are made with the functions of the fold on copies of the state, so they fold.
        let seq = self
            .fold(&event)
            .expect("what was decided follows from the state it was decided on");
        debug_assert!(
            self.is_within_guard(&event),
            "the risk guard was gone around: {event:?}"
        );
        batch.touched.account(event.account);
        let alert = self.alert_about(&event);
        batch.records.push(Record { event, seq });
        if let Some(alert) = alert {
            self.record(alert, batch);
        }
    }
}

fn day_number(at: TimestampMs) -> i64 {
    at.0.div_euclid(DAY_MS)
}

fn next_day(at: TimestampMs) -> TimestampMs {
    TimestampMs(day_number(at).saturating_add(1).saturating_mul(DAY_MS))
}
