//! Leverage, funding, liquidation and cash-and-carry positions.
//!
//! Funding comes before anything else that an input does, so that it finds what was held at the funding time. It is found
//! by one comparison per input: `funding_due_at` is never after the next funding time of any position held.
//!
//! Liquidation comes after it: with each tick that moves the marks of an account, and after each request and each funding
//! of it. All orders are cancelled, then positions are closed at market, the one that must be backed by most first, until
//! the account is worth more than what is left must be backed by. What has no price to close at is tried again at the next
//! tick of any market. Who is worth less than nothing after a gap owes it: equity stays below zero.
//!
//! A liquidation pauses trading, in the same step: whatever decides to open, a person or a program, has to look at what
//! happened first. What a resumed account that is still to be liquidated gets is another pause.

use super::Engine;
use super::flatten::Held;
use crate::account::Account;
use crate::account::margin::maintenance_margin;
use crate::batch::Batch;
use crate::bounds;
use crate::event::{Event, Fact};
use crate::margin::funding;
use crate::market::TickEffect;
use crate::position::Position;
use std::cmp::Reverse;
use std::collections::BTreeSet;
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::command::{Instruction, Report};
use tickwire_protocol::error::{ErrorCode, Refusal};
use tickwire_protocol::id::AccountId;
use tickwire_protocol::market::{Perpetual, Tick};
use tickwire_protocol::money::{Amount, Price};
use tickwire_protocol::order::{Funding, OrderReason};

/// What the engine remembers of margins beside the state. All of it follows from the state, or is found again by looking.
#[derive(Clone, Debug)]
pub(super) struct MarginWatch {
    /// Before this no funding is due. In the beginning it is not known, and the first input looks.
    funding_due_at: TimestampMs,
    /// Whether a position waits for its mark price to be funded.
    funding_waits: bool,
    /// Accounts to look at that no mark would lead to: those just funded or filled, and those that could not be closed.
    to_check: BTreeSet<AccountId>,
}

impl Default for MarginWatch {
    fn default() -> MarginWatch {
        MarginWatch {
            funding_due_at: TimestampMs(i64::MIN),
            funding_waits: false,
            to_check: BTreeSet::new(),
        }
    }
}

impl Engine {
    pub(super) fn instruct_margin(
        &mut self,
        account: AccountId,
        at: TimestampMs,
        instruction: &Instruction,
        batch: &mut Batch,
    ) -> Result<Report, Refusal> {
        let desk = self.desk();
        if let Some(report) = desk.repeated(account, instruction) {
            return Ok(report);
        }
        desk.may_instruct(account, at, instruction)?;
        let decided = match instruction {
            Instruction::SetLeverage(set) => desk.set_leverage(account, set)?,
            Instruction::OpenCarry(open) => desk.open_carry(account, at, open)?,
            Instruction::CloseCarry(close) => desk.close_carry(account, at, close)?,
            other => {
                return Err(Refusal::new(
                    ErrorCode::UnknownAction,
                    format!("{} is nothing that margins know of", other.action()),
                ));
            }
        };
        self.carry_out(account, at, decided.facts, batch);
        Ok(decided.report)
    }

    /// The market with this number ticked: whether anybody is liquidated.
    pub(super) fn margin_after_tick(
        &mut self,
        number: usize,
        tick: &Tick,
        effect: TickEffect,
        batch: &mut Batch,
    ) {
        if !effect.marks && self.margin.to_check.is_empty() {
            return;
        }
        let mut accounts = std::mem::take(&mut self.margin.to_check);
        if effect.marks {
            accounts.extend(self.watch.holders(number));
        }
        for account in accounts {
            self.liquidate_if_due(account, tick.received_at, batch);
        }
    }

    /// An account did something: whether it can carry what it holds now, and so can those that were funded before it.
    pub(super) fn margin_after_request(&mut self, account: AccountId, at: TimestampMs, batch: &mut Batch) {
        self.margin.to_check.insert(account);
        self.margin_after_time(at, batch);
    }

    /// Time has passed: whether anybody is liquidated after funding.
    pub(super) fn margin_after_time(&mut self, at: TimestampMs, batch: &mut Batch) {
        for account in std::mem::take(&mut self.margin.to_check) {
            self.liquidate_if_due(account, at, batch);
        }
    }

    /// Keeps what follows from the state in step with it.
    pub(super) fn margin_applied(&mut self, event: &Event) {
        if let Fact::Executed(execution) = &event.fact {
            self.margin.to_check.insert(event.account);
            let market = self.markets.get(execution.symbol);
            if let Some(perpetual) = market.and_then(|market| market.instrument().perpetual) {
                let next = funding::next_after(execution.timestamp, perpetual.funding_interval_ms);
                self.margin.funding_due_at = self.margin.funding_due_at.min(next);
            }
        }
    }

    /// The state was not folded but read: whoever holds anything may be one whose liquidation waits for a price.
    pub(super) fn margin_restored(&mut self) {
        self.margin.to_check = self.holders.values().flatten().copied().collect();
    }

    /// Settles all funding times up to `at`, oldest first. A position whose perpetual or its index price is not quoted yet,
    /// as right after a restart, waits for that.
    pub(super) fn fund(&mut self, at: TimestampMs, batch: &mut Batch) {
        let is_due = at >= self.margin.funding_due_at || self.margin.funding_waits;
        if !is_due || !bounds::is_time(at) {
            return;
        }
        let mut payments: Vec<(AccountId, Funding)> = Vec::new();
        let mut next_due_at = TimestampMs(i64::MAX);
        let mut waits = false;
        for (&id, account) in &self.state.accounts {
            for (position, is_carry) in funded_holdings(account) {
                let Some((perpetual, mark)) = self.perpetual(position) else {
                    continue;
                };
                let interval_ms = perpetual.funding_interval_ms;
                let since = position.funded_until();
                next_due_at = next_due_at.min(funding::next_after(since.max(at), interval_ms));
                let mut times = funding::times(since, at, interval_ms).peekable();
                let Some(mark_price) = mark else {
                    waits |= times.peek().is_some();
                    continue;
                };
                let rate = perpetual.funding_rate;
                let amount = funding::amount(position.side, position.quantity, mark_price, rate);
                payments.extend(times.map(|timestamp| {
                    let funding = Funding {
                        position_id: position.id,
                        is_carry,
                        symbol: position.symbol,
                        side: position.side,
                        quantity: position.quantity.normalized(),
                        mark_price,
                        rate,
                        amount,
                        timestamp,
                    };
                    (id, funding)
                }));
            }
        }
        self.margin.funding_due_at = next_due_at;
        self.margin.funding_waits = waits;
        payments.sort_by_key(|(account, funding)| (funding.timestamp, *account, funding.position_id));
        for (account, mut funding) in payments {
            // What would take the account beyond the bounds of its arithmetic is settled with nothing.
            let owner = self.state.accounts.get(&account);
            if owner.is_none_or(|owner| owner.after_funding(&funding).is_err()) {
                funding.amount = Amount::ZERO;
            }
            let fact = Fact::Funded(funding);
            self.record(Event { account, at, fact }, batch);
            self.margin.to_check.insert(account);
        }
    }

    /// After a tick: a perpetual that funding waited for may be marked now.
    pub(super) fn funding_after_tick(&mut self, tick: &Tick, batch: &mut Batch) {
        if self.margin.funding_waits {
            self.fund(tick.received_at, batch);
        }
    }

    /// Before a tick: one comparison.
    pub(super) fn funding_before_tick(&mut self, tick: &Tick, batch: &mut Batch) {
        if tick.received_at >= self.margin.funding_due_at {
            self.fund(tick.received_at, batch);
        }
    }

    /// The perpetual that a position is in, and its mark price where all of that is known.
    fn perpetual(&self, position: &Position) -> Option<(Perpetual, Option<Price>)> {
        let market = self.markets.get(position.symbol)?;
        let mark = market.mark_price().filter(|_| market.is_marked());
        let mark = mark.map(|mark| market.canonical(mark));
        Some((market.instrument().perpetual?, mark))
    }

    /// Liquidates the account where its equity has come down to what its positions must be backed by.
    fn liquidate_if_due(&mut self, account: AccountId, at: TimestampMs, batch: &mut Batch) {
        if !self.is_to_be_liquidated(account) {
            return;
        }
        let reason = OrderReason::Liquidation;
        self.cancel_orders(account, at, None, reason, batch);
        for held in self.most_backed_first(account) {
            if !self.is_worth_too_little(account) {
                break;
            }
            self.close_one(account, at, held, reason, None, batch);
        }
        self.pause_after_liquidation(account, at, batch);
        if self.is_to_be_liquidated(account) {
            self.margin.to_check.insert(account);
        }
    }

    fn is_to_be_liquidated(&self, account: AccountId) -> bool {
        self.account(account)
            .is_some_and(|view| view.is_to_be_liquidated())
    }

    /// The same in the course of a liquidation: with nothing left that must be backed, a debt is still paid by selling the
    /// spot that is held.
    fn is_worth_too_little(&self, account: AccountId) -> bool {
        self.account(account)
            .is_some_and(|view| view.equity() <= view.maintenance_margin())
    }

    /// All that an account holds, what must be backed by most first, older before newer.
    fn most_backed_first(&self, account: AccountId) -> Vec<Held> {
        let Some(owner) = self.state.accounts.get(&account) else {
            return Vec::new();
        };
        let margin = |position: &Position| maintenance_margin(position, &self.markets);
        let netting = owner.positions.values().map(|position| {
            let held = Held::Position(position.symbol);
            (Reverse(margin(position)), position.id, held)
        });
        let carries = owner.carries.iter().map(|(&id, carry)| {
            let margin: Amount = carry.legs().map(margin).sum();
            (Reverse(margin), id, Held::Carry(id))
        });
        let mut held: Vec<_> = netting.chain(carries).collect();
        held.sort_by_key(|&(margin, id, _)| (margin, id));
        held.into_iter().map(|(_, _, held)| held).collect()
    }
}

/// All that may be funded: the positions that net, and the legs of cash-and-carry positions.
fn funded_holdings(account: &Account) -> impl Iterator<Item = (&Position, bool)> {
    let netting = account.positions.values().map(|position| (position, false));
    netting.chain(account.legs().map(|leg| (leg, true)))
}
