//! Hooks: what a widget wants to know, as signals. Each subscribes to its topics on mount and lets go of them with its
//! component; several users of a topic share one subscription.

use crate::age::{self, Age};
use crate::derived::{derived, react};
use leptos::prelude::*;
use tickwire_protocol::account::{Balance, Dashboard, Portfolio};
use tickwire_protocol::id::Symbol;
use tickwire_protocol::market::Interval;
use tickwire_protocol::message::{FeedStatus, MarketUpdate};
use tickwire_protocol::topic::Topic;

use super::lists::Lists;
use super::series::Series;
use super::store::{PositionRow, Store};
use super::use_realtime;

/// The market of an instrument, which may change.
pub fn use_ticker(symbol: Memo<Option<Symbol>>) -> Memo<Option<MarketUpdate>> {
    use_changing_topic(derived(move || symbol.get().map(Topic::Ticker)));
    let store = use_realtime().store;
    derived(move || symbol.get().and_then(|symbol| store.ticker(symbol).get()))
}

/// The store, with the tickers of all instruments subscribed to.
pub fn use_tickers() -> Store {
    let realtime = use_realtime();
    let held = StoredValue::new(Vec::new());
    react(move || {
        let wanted: Vec<Topic> = realtime
            .store
            .instruments
            .with(|all| all.iter().map(|one| Topic::Ticker(one.symbol)).collect());
        wanted.iter().for_each(|topic| realtime.subscribe(*topic));
        for topic in held
            .try_update_value(|held| std::mem::replace(held, wanted))
            .into_iter()
            .flatten()
        {
            realtime.unsubscribe(topic);
        }
    });
    on_cleanup(move || {
        for topic in held.try_get_value().into_iter().flatten() {
            realtime.unsubscribe(topic);
        }
    });
    realtime.store
}

/// Open positions, each with a signal of its own.
pub fn use_positions() -> RwSignal<Vec<PositionRow>> {
    use_topic(Topic::Positions);
    use_realtime().store.positions
}

/// What the account has made, holds and looks like at a glance.
#[derive(Clone, Copy, Debug)]
pub struct UsePortfolio {
    /// What it has made.
    pub portfolio: RwSignal<Option<Portfolio>>,
    /// What it holds.
    pub balance: RwSignal<Option<Balance>>,
    /// At a glance.
    pub dashboard: RwSignal<Option<Dashboard>>,
}

/// The account.
pub fn use_portfolio() -> UsePortfolio {
    for topic in [Topic::Portfolio, Topic::Balance, Topic::Dashboard] {
        use_topic(topic);
    }
    let store = use_realtime().store;
    UsePortfolio {
        portfolio: store.portfolio.value,
        balance: store.balance.value,
        dashboard: store.dashboard.value,
    }
}

/// The store, with the account's orders and fills coming in.
pub fn use_executions() -> Store {
    for topic in [Topic::Orders, Topic::Executions] {
        use_topic(topic);
    }
    use_realtime().store
}

/// The lists of the desk, with what happens coming in.
pub fn use_lists(topic: Topic) -> Lists {
    use_topic(topic);
    use_realtime().store.lists
}

/// The store, with some topics coming in.
pub fn use_topics(topics: &[Topic]) -> Store {
    topics.iter().for_each(|topic| use_topic(*topic));
    use_realtime().store
}

/// The age of what is told when it happens: a quiet list is not old while the link is live.
pub fn use_account_age() -> Memo<Age> {
    let realtime = use_realtime();
    let heard = realtime.store.portfolio.at;
    derived(move || age::of_market(realtime.status.moment(), heard.get(), None))
}

/// The state of the market data feed, as the server sees it.
pub fn use_feed() -> Memo<Option<FeedStatus>> {
    use_topic(Topic::Status);
    let status = use_realtime().store.status.value;
    derived(move || status.with(|status| status.as_ref().map(|status| status.feed.clone())))
}

/// The candles of an instrument and interval, which may both change. The signal inside is replaced when they do.
pub fn use_candles(symbol: Memo<Option<Symbol>>, interval: RwSignal<Interval>) -> Memo<Option<Candles>> {
    let realtime = use_realtime();
    let key = derived(move || symbol.get().map(|symbol| (symbol, interval.get())));
    let candles = Memo::new(move |before: Option<&Option<Candles>>| {
        if let Some(before) = before.and_then(Option::as_ref) {
            realtime.store.forget_series(before.symbol, before.interval);
        }
        key.get().map(|(symbol, interval)| Candles {
            symbol,
            interval,
            series: realtime.store.series(symbol, interval),
        })
    });
    // The store must have a place for the snapshot before it comes.
    use_changing_topic(derived(move || {
        candles.with(|one| one.as_ref().map(|one| Topic::Candles(one.symbol, one.interval)))
    }));
    candles
}

/// Candles of one instrument and interval.
#[derive(Clone, Debug)]
pub struct Candles {
    /// The instrument.
    pub symbol: Symbol,
    /// The length of each.
    pub interval: Interval,
    /// The candles.
    pub series: ArcRwSignal<Series>,
}

impl PartialEq for Candles {
    fn eq(&self, other: &Candles) -> bool {
        (self.symbol, self.interval) == (other.symbol, other.interval)
    }
}

/// Holds a subscription for as long as the component lives.
fn use_topic(topic: Topic) {
    let realtime = use_realtime();
    react(move || realtime.subscribe(topic));
    on_cleanup(move || realtime.unsubscribe(topic));
}

/// Holds a subscription to whatever topic is wanted, for as long as the component lives.
fn use_changing_topic(wanted: Memo<Option<Topic>>) {
    let realtime = use_realtime();
    let held = StoredValue::new(None);
    react(move || {
        let wanted = wanted.get();
        let before = held.get_value();
        if wanted != before {
            held.set_value(wanted);
            // The new one first: a topic that both want is never let go of in between.
            wanted.into_iter().for_each(|topic| realtime.subscribe(topic));
            before.into_iter().for_each(|topic| realtime.unsubscribe(topic));
        }
    });
    on_cleanup(move || {
        if let Some(topic) = held.try_get_value().flatten() {
            realtime.unsubscribe(topic);
        }
    });
}
