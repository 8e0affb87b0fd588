//! A deliberately naive account: money out, money in, and what is held. It knows no share of a cost and no position: what
//! is held of an instrument has a sign, and its cost is what flowed out for it less what was made of it.

use crate::script::config;
use rust_decimal::{Decimal, RoundingStrategy};
use std::collections::BTreeMap;
use tickwire_engine::{Event, Fact, Input, MarketInput};
use tickwire_protocol::id::{AccountId, PositionId, Symbol};
use tickwire_protocol::market::{Instrument, Quote};
use tickwire_protocol::order::{Execution, Funding, Order, OrderReason, OrderStatus, Side};

/// What nets: an instrument, apart for each cash-and-carry position.
pub type Key = (Symbol, Option<PositionId>);

/// Every account by its cash flow, and every market by the last quote that was sent.
pub struct NaiveLedger {
    instruments: BTreeMap<Symbol, Instrument>,
    quotes: BTreeMap<Symbol, Quote>,
    accounts: BTreeMap<AccountId, NaiveAccount>,
    /// The time of the last input that has one.
    now_ms: i64,
}

#[derive(Default)]
struct NaiveAccount {
    /// `deposits − buys + sells − fees + funding`.
    cash_flow: Decimal,
    funding: Decimal,
    held: BTreeMap<Key, Held>,
    leverage: BTreeMap<Symbol, u32>,
}

#[derive(Default)]
struct Held {
    /// Below zero where it is owed.
    quantity: Decimal,
    /// `sells − buys`.
    flow: Decimal,
    realized: Decimal,
}

impl Held {
    /// Its cost: below zero for what was bought, above zero for what was sold.
    fn cost(&self) -> Decimal {
        self.flow - self.realized
    }
}

/// What is reckoned of an account at once.
#[derive(Debug, PartialEq, Eq)]
pub struct Sums {
    pub cash: Decimal,
    pub value: Decimal,
    pub unrealized: Decimal,
    pub used: Decimal,
    pub maintenance: Decimal,
    pub available: Decimal,
    pub funding: Decimal,
}

fn rounded_up(number: Decimal) -> Decimal {
    number.round_dp_with_strategy(8, RoundingStrategy::AwayFromZero)
}

impl NaiveLedger {
    pub fn new() -> NaiveLedger {
        let instruments = config().instruments.into_iter().map(|i| (i.symbol, i));
        NaiveLedger {
            instruments: instruments.collect(),
            quotes: BTreeMap::new(),
            accounts: BTreeMap::new(),
            now_ms: 0,
        }
    }

    /// The funding that must come of an input before anything else does: whatever is held when the clock passes a multiple
    /// of eight hours.
    pub fn funding_before(&mut self, input: &Input) -> Vec<(AccountId, Key, i64, Decimal)> {
        let now_ms = match input {
            Input::Timer(at) => at.0,
            Input::Request(request) => request.at.0,
            Input::Market(MarketInput::Ticks(ticks)) => ticks[0].received_at.0,
            Input::Market(_) | Input::Notice { .. } => return Vec::new(),
        };
        let mut due = Vec::new();
        for time_ms in (self.now_ms / 28_800_000 + 1)..=(now_ms / 28_800_000) {
            for (&id, account) in &self.accounts {
                for (&key, held) in &account.held {
                    if let Some(perpetual) = self.instruments[&key.0].perpetual {
                        let flow =
                            -held.quantity * self.mark(key.0, held.quantity) * perpetual.funding_rate.get();
                        let amount = flow.round_dp_with_strategy(8, RoundingStrategy::MidpointNearestEven);
                        due.push((id, key, time_ms * 28_800_000, amount));
                    }
                }
            }
        }
        self.now_ms = self.now_ms.max(now_ms);
        due
    }

    /// The same of the events that came of it.
    pub fn told(account: AccountId, funding: &Funding) -> (AccountId, Key, i64, Decimal) {
        let carry = Some(funding.position_id).filter(|_| funding.is_carry);
        let (time, amount) = (funding.timestamp.0, funding.amount.get());
        (account, (funding.symbol, carry), time, amount)
    }

    pub fn input(&mut self, input: &Input) {
        if let Input::Market(MarketInput::Ticks(ticks)) = input {
            self.quotes
                .extend(ticks.iter().map(|tick| (tick.symbol, tick.quote)));
        }
    }

    pub fn event(&mut self, event: &Event) {
        let account = self.accounts.entry(event.account).or_default();
        match &event.fact {
            Fact::AccountOpened { deposit } => account.cash_flow += deposit.get(),
            Fact::Executed(execution) => account.executed(execution),
            Fact::Funded(funding) => {
                account.cash_flow += funding.amount.get();
                account.funding += funding.amount.get();
            }
            Fact::LeverageSet { symbol, leverage } => {
                account.leverage.insert(*symbol, *leverage);
            }
            Fact::OrderChanged(order) => {
                if begins_liquidation(order) {
                    let sums = self.sums(event.account);
                    let equity = self.equity(event.account);
                    assert!(equity <= sums.maintenance, "liquidated with {equity}: {sums:?}");
                }
            }
            Fact::DayOpened { .. }
            | Fact::RiskChanged(_)
            | Fact::EquityMarked { .. }
            | Fact::EquityRebased { .. }
            | Fact::AlertRuleChanged(_)
            | Fact::Alerted(_)
            | Fact::Done { .. } => {}
        }
    }

    /// Spot: the bid for what is held and the ask for what is owed. A perpetual: its middle, within one percent of spot's.
    fn mark(&self, symbol: Symbol, quantity: Decimal) -> Decimal {
        let middle = |symbol| {
            let quote: &Quote = &self.quotes[&symbol];
            (quote.bid.get() + quote.ask.get()) / Decimal::TWO
        };
        let instrument = &self.instruments[&symbol];
        let Some(perpetual) = instrument.perpetual else {
            let quote = &self.quotes[&symbol];
            return if quantity > Decimal::ZERO {
                quote.bid.get()
            } else {
                quote.ask.get()
            };
        };
        let (own, index) = (middle(symbol), middle(perpetual.spot));
        let percent = index / Decimal::ONE_HUNDRED;
        let tick = instrument.tick_size.get();
        (own.max(index - percent).min(index + percent) / tick).round() * tick
    }

    /// `cash flow + Σ held × mark`.
    pub fn equity(&self, account: AccountId) -> Decimal {
        let account = &self.accounts[&account];
        let values = account.held.iter();
        let values = values.map(|(key, held)| held.quantity * self.mark(key.0, held.quantity));
        account.cash_flow + values.sum::<Decimal>()
    }

    fn maintenance(&self, symbol: Symbol, quantity: Decimal, mark: Decimal) -> Decimal {
        let rate = match self.instruments[&symbol].perpetual {
            Some(perpetual) => perpetual.maintenance_margin_rate.get(),
            None if quantity < Decimal::ZERO => Decimal::new(5, 2),
            None => Decimal::ZERO,
        };
        rounded_up(quantity.abs() * mark * rate)
    }

    /// Whether the account would be liquidated if this one were marked at a price.
    pub fn is_liquidated_at(&self, id: AccountId, key: Key, price: Decimal) -> bool {
        let (quantity, sums) = (self.held(id, key), self.sums(id));
        let mark = self.mark(key.0, quantity);
        let equity = self.equity(id) + quantity * (price - mark);
        let maintenance = sums.maintenance - self.maintenance(key.0, quantity, mark)
            + self.maintenance(key.0, quantity, price);
        equity <= maintenance
    }

    pub fn sums(&self, id: AccountId) -> Sums {
        let account = &self.accounts[&id];
        let mut sums = Sums {
            cash: account.cash_flow,
            value: Decimal::ZERO,
            unrealized: Decimal::ZERO,
            used: Decimal::ZERO,
            maintenance: Decimal::ZERO,
            available: Decimal::ZERO,
            funding: account.funding,
        };
        // A loss counts, a gain does not; the legs of a cash-and-carry position make up for each other.
        let mut secured: BTreeMap<Result<Symbol, PositionId>, Decimal> = BTreeMap::new();
        for (&(symbol, carry), held) in &account.held {
            let mark = self.mark(symbol, held.quantity);
            let leverage = self.instruments[&symbol].perpetual.map_or(1, |perpetual| {
                account
                    .leverage
                    .get(&symbol)
                    .copied()
                    .unwrap_or(perpetual.default_leverage)
            });
            let cost = held.cost().abs();
            let tied_up = if leverage == 1 {
                cost
            } else {
                rounded_up(cost / Decimal::from(leverage))
            };
            let pnl = held.quantity * mark + held.cost();
            sums.cash -= held.cost();
            sums.value += held.quantity.abs() * mark;
            sums.unrealized += pnl;
            sums.used += tied_up;
            sums.maintenance += self.maintenance(symbol, held.quantity, mark);
            *secured.entry(carry.map_or(Ok(symbol), Err)).or_default() += pnl;
        }
        let losses: Decimal = secured.values().map(|pnl| pnl.min(&Decimal::ZERO)).sum();
        sums.available = (sums.cash - sums.used + losses).max(Decimal::ZERO);
        sums
    }

    /// What is held; below zero where it is owed.
    pub fn held(&self, account: AccountId, key: Key) -> Decimal {
        self.accounts[&account]
            .held
            .get(&key)
            .map_or(Decimal::ZERO, |held| held.quantity)
    }

    /// How many things the account holds: a cash-and-carry position is one.
    pub fn count(&self, account: AccountId) -> usize {
        let keys = self.accounts[&account].held.keys();
        let spot = |key: &&Key| key.1.is_none() || self.instruments[&key.0].perpetual.is_none();
        keys.filter(spot).count()
    }

    /// What the account holds.
    pub fn symbols(&self, account: AccountId) -> impl Iterator<Item = Symbol> + '_ {
        self.accounts[&account].held.keys().map(|key| key.0)
    }
}

impl NaiveAccount {
    fn executed(&mut self, execution: &Execution) {
        let signed = match execution.side {
            Side::Buy => execution.quantity.get(),
            Side::Sell => -execution.quantity.get(),
        };
        let flow = -signed * execution.price.get();
        self.cash_flow += flow - execution.fee.get();
        let carry = Some(execution.position_id).filter(|_| execution.is_carry);
        let key = (execution.symbol, carry);
        let held = self.held.entry(key).or_default();
        held.quantity += signed;
        held.flow += flow;
        held.realized += execution.realized_pnl.get();
        if held.quantity.is_zero() {
            assert_eq!(held.flow, held.realized, "all that was made is realised");
            self.held.remove(&key);
        }
    }
}

/// The first order of each closing that a liquidation does. The perpetual's leg of a cash-and-carry position comes with
/// the other.
fn begins_liquidation(order: &Order) -> bool {
    order.status == OrderStatus::New
        && order.reason == Some(OrderReason::Liquidation)
        && (order.carry.is_none() || order.side == Side::Sell)
}
