//! A deliberately naive account: money out, money in, and what is held. It knows no cost, no share and no position.

use rust_decimal::Decimal;
use std::collections::BTreeMap;
use tickwire_engine::{Event, Fact, Input, MarketInput};
use tickwire_protocol::id::{AccountId, Symbol};
use tickwire_protocol::market::Quote;
use tickwire_protocol::order::Side;

/// Every account by its cash flow, and every market by the last quote that was sent.
#[derive(Default)]
pub struct NaiveLedger {
    quotes: BTreeMap<Symbol, Quote>,
    accounts: BTreeMap<AccountId, NaiveAccount>,
}

#[derive(Default)]
struct NaiveAccount {
    /// `deposits − buys + sells − fees`.
    cash_flow: Decimal,
    held: BTreeMap<Symbol, Decimal>,
}

impl NaiveLedger {
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
            Fact::Executed(execution) => {
                let signed = match execution.side {
                    Side::Buy => execution.quantity.get(),
                    Side::Sell => -execution.quantity.get(),
                };
                account.cash_flow -= signed * execution.price.get() + execution.fee.get();
                *account.held.entry(execution.symbol).or_default() += signed;
            }
            Fact::Funded(funding) => account.cash_flow += funding.amount.get(),
            Fact::OrderChanged(_)
            | Fact::DayOpened { .. }
            | Fact::LeverageSet { .. }
            | Fact::RiskChanged(_)
            | Fact::EquityMarked { .. }
            | Fact::EquityRebased { .. }
            | Fact::AlertRuleChanged(_)
            | Fact::Alerted(_)
            | Fact::Done { .. } => {}
        }
    }

    /// `cash flow + Σ held × mark`, marked at the bid for what is held and at the ask for what is owed.
    pub fn equity(&self, account: AccountId) -> Decimal {
        let account = &self.accounts[&account];
        let value = account.held.iter().map(|(symbol, &held)| {
            let quote = self.quotes[symbol];
            held * if held > Decimal::ZERO {
                quote.bid.get()
            } else {
                quote.ask.get()
            }
        });
        account.cash_flow + value.sum::<Decimal>()
    }

    /// What is held of an instrument; below zero where it is owed.
    pub fn held(&self, account: AccountId, symbol: Symbol) -> Decimal {
        self.accounts[&account]
            .held
            .get(&symbol)
            .copied()
            .unwrap_or_default()
    }
}
