//! Whom a tick concerns: accounts that it revalues, and price alerts that it may fire. Follows from the state.

use crate::market::MarketView;
use std::collections::{BTreeMap, BTreeSet};
use tickwire_protocol::alert::{AlertCondition, AlertRule, AlertStatus};
use tickwire_protocol::id::{AccountId, AlertId, Symbol};
use tickwire_protocol::money::Price;

/// An index of the state by market.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Watch {
    markets: Vec<MarketWatch>,
    /// Accounts that something happened to within the input that is being taken in; empty between inputs.
    pub stirred: BTreeSet<AccountId>,
}

/// What waits for one market.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct MarketWatch {
    /// Instruments whose positions are worth something else when it ticks: itself, and the perpetuals that follow it.
    revalues: Vec<Symbol>,
    /// Accounts that hold any of those.
    holders: BTreeSet<AccountId>,
    /// Alerts that fire at this last price or above.
    above: BTreeMap<Price, BTreeSet<(AccountId, AlertId)>>,
    /// Alerts that fire at this last price or below.
    below: BTreeMap<Price, BTreeSet<(AccountId, AlertId)>>,
}

impl Watch {
    pub fn new(markets: &MarketView) -> Watch {
        let follows = |spot: Symbol| {
            markets.iter().filter_map(move |market| {
                let perpetual = market.instrument().perpetual.as_ref()?;
                (perpetual.spot == spot && market.symbol() != spot).then_some(market.symbol())
            })
        };
        let watch = |symbol: Symbol| MarketWatch {
            revalues: std::iter::once(symbol).chain(follows(symbol)).collect(),
            ..MarketWatch::default()
        };
        Watch {
            markets: markets.iter().map(|market| watch(market.symbol())).collect(),
            stirred: BTreeSet::new(),
        }
    }

    /// Forgets everything that follows from the state.
    pub fn clear(&mut self) {
        for market in &mut self.markets {
            market.holders.clear();
            market.above.clear();
            market.below.clear();
        }
        self.stirred.clear();
    }

    /// Accounts that are worth something else when the market ticks.
    pub fn holders(&self, number: usize) -> &BTreeSet<AccountId> {
        &self.markets[number].holders
    }

    /// The account holds other things than before: what is told by `holds`.
    pub fn holdings_changed(&mut self, account: AccountId, symbol: Symbol, holds: impl Fn(Symbol) -> bool) {
        for market in self
            .markets
            .iter_mut()
            .filter(|market| market.revalues.contains(&symbol))
        {
            if market.revalues.iter().any(|symbol| holds(*symbol)) {
                market.holders.insert(account);
            } else {
                market.holders.remove(&account);
            }
        }
    }

    /// A price alert of a market changed.
    pub fn alert_changed(&mut self, number: usize, account: AccountId, rule: &AlertRule) {
        let market = &mut self.markets[number];
        let (above, below) = thresholds(rule);
        let is_active = rule.status == AlertStatus::Active;
        for (threshold, index) in [(above, &mut market.above), (below, &mut market.below)] {
            let Some(threshold) = threshold else { continue };
            let waiting = index.entry(threshold).or_default();
            if is_active {
                waiting.insert((account, rule.id));
            } else {
                waiting.remove(&(account, rule.id));
            }
            if waiting.is_empty() {
                index.remove(&threshold);
            }
        }
    }

    /// The alerts that this last price fires, in the order of their ids.
    pub fn fired(&self, number: usize, last: Price) -> BTreeSet<(AccountId, AlertId)> {
        let market = &self.markets[number];
        let above = market.above.range(..=last).flat_map(|(_, waiting)| waiting);
        let below = market.below.range(last..).flat_map(|(_, waiting)| waiting);
        above.chain(below).copied().collect()
    }
}

/// The last prices at or above which, and at or below which, a price alert fires.
fn thresholds(rule: &AlertRule) -> (Option<Price>, Option<Price>) {
    match rule.condition {
        AlertCondition::CrossAbove => (rule.price, None),
        AlertCondition::CrossBelow => (None, rule.price),
        AlertCondition::PercentMove => match rule.percent {
            Some(percent) => {
                // At most ten digits before the point and twelve after it, times seven: exact.
                let reference = rule.reference_price.get();
                let step = reference * percent.get() / rust_decimal::Decimal::ONE_HUNDRED;
                (
                    Some(Price::new(reference + step)),
                    Some(Price::new(reference - step)),
                )
            }
            None => (None, None),
        },
    }
}
