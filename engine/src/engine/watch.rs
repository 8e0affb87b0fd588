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

#[cfg(test)]
mod tests {
    use crate::config::EngineConfig;
    use crate::engine::Engine;
    use crate::input::{Action, Input, MarketInput, Request};
    use tickwire_protocol::alert::{AlertCondition, CreateAlert};
    use tickwire_protocol::clock::TimestampMs;
    use tickwire_protocol::command::{Instruction, PlaceOrder};
    use tickwire_protocol::id::{AccountId, Symbol};
    use tickwire_protocol::market::{Instrument, Perpetual, Quote, Tick, Trade, VenueRules};
    use tickwire_protocol::message::LinkState;
    use tickwire_protocol::order::Side;
    use tickwire_protocol::risk::RiskLimits;

    const ACCOUNT: AccountId = AccountId(1);
    const AT: TimestampMs = TimestampMs(1_765_357_200_000);

    fn symbol(name: &str) -> Symbol {
        Symbol::new(name).unwrap()
    }

    fn instrument(name: &str, perpetual: Option<Perpetual>) -> Instrument {
        Instrument {
            symbol: symbol(name),
            base: "BTC".to_owned(),
            quote: "USDT".to_owned(),
            tick_size: "0.01".parse().unwrap(),
            step_size: "0.01".parse().unwrap(),
            min_quantity: "0.01".parse().unwrap(),
            max_quantity: "100".parse().unwrap(),
            min_notional: "1".parse().unwrap(),
            taker_fee_rate: "0".parse().unwrap(),
            maker_fee_rate: "0".parse().unwrap(),
            perpetual,
        }
    }

    /// An account that holds a perpetual whose spot instrument is the first of the markets, and waits for two prices.
    fn engine() -> Engine {
        let perpetual = Perpetual {
            spot: symbol("BTCUSDT"),
            max_leverage: 10,
            default_leverage: 1,
            maintenance_margin_rate: "0.005".parse().unwrap(),
            funding_interval_ms: 28_800_000,
            funding_rate: "0.0001".parse().unwrap(),
        };
        let mut engine = Engine::new(EngineConfig {
            instruments: vec![
                instrument("BTCUSDT", None),
                instrument("BTCUSDT.P", Some(perpetual)),
            ],
            currency: "USDT".to_owned(),
            rules: VenueRules::default(),
            risk: RiskLimits::default(),
        })
        .unwrap();
        let state = LinkState::Live;
        engine.handle(Input::Market(MarketInput::Link { state, at: AT }));
        let deposit = "1000".parse().unwrap();
        request(&mut engine, Action::OpenAccount { deposit });
        for name in ["BTCUSDT", "BTCUSDT.P"] {
            let tick = Tick {
                symbol: symbol(name),
                quote: Quote {
                    bid: "100".parse().unwrap(),
                    ask: "100".parse().unwrap(),
                },
                trade: Some(Trade {
                    price: "100".parse().unwrap(),
                    quantity: "1".parse().unwrap(),
                    taker_side: Side::Buy,
                }),
                exchange_time: AT,
                received_at: AT,
            };
            engine.handle(Input::Market(MarketInput::Ticks(vec![tick])));
        }
        order(&mut engine, Side::Buy);
        for (condition, price, percent) in [
            (AlertCondition::CrossAbove, "110".parse().ok(), None),
            (AlertCondition::PercentMove, None, "5".parse().ok()),
        ] {
            let alert = CreateAlert {
                client_order_id: None,
                symbol: symbol("BTCUSDT"),
                condition,
                price,
                percent,
                note: None,
            };
            request(&mut engine, Action::Instruct(Instruction::CreateAlert(alert)));
        }
        engine
    }

    fn order(engine: &mut Engine, side: Side) {
        let order = PlaceOrder::market(symbol("BTCUSDT.P"), side, "1".parse().unwrap());
        request(engine, Action::Instruct(Instruction::PlaceOrder(order)));
    }

    fn request(engine: &mut Engine, action: Action) {
        let request = Request {
            account: ACCOUNT,
            at: AT,
            action,
        };
        engine.handle(Input::Request(request)).answer.unwrap().unwrap();
    }

    #[test]
    fn a_perpetual_is_revalued_by_its_spot_instrument_too_and_by_nothing_once_it_is_closed() {
        let mut engine = engine();
        for number in [0, 1] {
            assert!(engine.watch.holders(number).contains(&ACCOUNT), "{number}");
        }
        order(&mut engine, Side::Sell);
        for number in [0, 1] {
            assert!(engine.watch.holders(number).is_empty(), "{number}");
        }
    }

    #[test]
    fn what_follows_from_a_restored_state_is_what_followed_from_its_events() {
        let folded = engine();
        let mut restored = folded.clone();
        restored.watch.clear();
        assert_ne!(restored.watch, folded.watch);
        restored.guard_restored();
        assert_eq!(restored.watch, folded.watch);
        let fired = folded.watch.fired(0, "110".parse().unwrap());
        assert_eq!(fired.len(), 2);
        assert_eq!(folded.watch.fired(0, "104.99".parse().unwrap()).len(), 0);
        assert_eq!(folded.watch.fired(0, "95".parse().unwrap()).len(), 1);
    }
}
