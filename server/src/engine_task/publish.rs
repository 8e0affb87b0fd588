//! What the engine's state looks like to those who watch it: publications for what a step touched, and for what must
//! not be silent for long.

use crate::hub::{Publication, Seed};
use crate::journal::Entry;
use std::collections::BTreeMap;
use tickwire_engine::Engine;
use tickwire_engine::account::AccountView;
use tickwire_engine::batch::{Touched, TouchedMarket};
use tickwire_engine::event::Fact;
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::id::{AccountId, Seq};
use tickwire_protocol::market::{Interval, Ticker};
use tickwire_protocol::message::{
    Body, Data, FeedStatus, JournalState, LinkState, MarketUpdate, OrderUpdate, PortfolioUpdate,
    PositionUpdate, Status,
};
use tickwire_protocol::topic::Topic;

/// The longest silences that the protocol promises are 1 s (positions), 2 s (portfolio, equity) and 3 s (balance); what is published a little sooner than that
/// is also delivered in time.
const POSITIONS_SILENCE_MS: u64 = 750;
const PORTFOLIO_SILENCE_MS: u64 = 1_750;
const BALANCE_SILENCE_MS: u64 = 2_750;

/// The status is told anew this often, when nothing of it changes.
const STATUS_SILENCE_MS: u64 = 1_000;

/// A feed that says it is live and tells nothing for this long is stalled.
const FEED_STALLED_MS: u64 = 10_000;

/// Candles of a history that are handed to the hub.
const HISTORY: usize = 3_000;

/// Makes publications, and remembers when it last made which.
#[derive(Debug)]
pub struct Publisher {
    feed_name: String,
    positions_at: TimestampMs,
    portfolio_at: TimestampMs,
    balance_at: TimestampMs,
    status_at: TimestampMs,
    told: Option<(LinkState, JournalState, u32)>,
    /// What the performance last told of each account follows from.
    performances: BTreeMap<AccountId, PerformanceMark>,
}

/// What performance follows from: a fill or a funding payment moves the first, a point of the equity curve the second,
/// a new day the third. It is long, and so told only when one of them has moved.
type PerformanceMark = (Seq, TimestampMs, TimestampMs);

impl Publisher {
    /// Refreshes the topics of all accounts; the feed is called `feed_name` in the status.
    pub fn new(feed_name: String) -> Publisher {
        let never = TimestampMs(0);
        Publisher {
            feed_name,
            positions_at: never,
            portfolio_at: never,
            balance_at: never,
            status_at: never,
            told: None,
            performances: BTreeMap::new(),
        }
    }

    /// Tickers and candles of the markets touched.
    pub fn markets(&self, engine: &Engine, touched: &Touched, now: TimestampMs, out: &mut Vec<Publication>) {
        for market in touched.markets() {
            let ticker = engine.markets().ticker(market.symbol);
            let timestamp = ticker.as_ref().map_or(now, |ticker| ticker.exchange_time);
            candles(engine, market, timestamp, out);
            if let Some(ticker) = ticker {
                out.push(Publication::State {
                    account: None,
                    topic: Topic::Ticker(market.symbol),
                    timestamp,
                    body: Body::MarketUpdate(market_update(&ticker, now)),
                });
            }
        }
    }

    /// Everything that the owner of an account sees of it. Its performance only where that may have changed.
    pub fn account(&mut self, engine: &Engine, id: AccountId, now: TimestampMs) -> Vec<Publication> {
        let Some(view) = engine.account(id) else {
            return Vec::new();
        };
        let account = view.account;
        let mark = (account.executions_head, account.equity.last_at, account.day.at);
        let news = self.performances.insert(id, mark) != Some(mark);
        [
            Topic::Positions,
            Topic::Portfolio,
            Topic::Balance,
            Topic::Dashboard,
            Topic::Equity,
        ]
        .into_iter()
        .chain(news.then_some(Topic::Performance))
        .filter_map(|topic| account_topic(&view, topic, now))
        .collect()
    }

    /// What has been silent for almost as long as it may.
    pub fn overdue(&mut self, engine: &Engine, now: TimestampMs) -> Vec<Publication> {
        let mut topics = Vec::new();
        if now.since(self.positions_at) >= POSITIONS_SILENCE_MS {
            self.positions_at = now;
            topics.push(Topic::Positions);
        }
        if now.since(self.portfolio_at) >= PORTFOLIO_SILENCE_MS {
            self.portfolio_at = now;
            topics.extend([Topic::Portfolio, Topic::Equity]);
        }
        if now.since(self.balance_at) >= BALANCE_SILENCE_MS {
            self.balance_at = now;
            topics.extend([Topic::Balance, Topic::Dashboard]);
        }
        if topics.is_empty() {
            return Vec::new();
        }
        let accounts = engine.state().accounts.keys();
        let views = accounts.filter_map(|&account| engine.account(account));
        views
            .flat_map(|view| {
                let topics = topics.iter();
                let told = topics.filter_map(|&topic| account_topic(&view, topic, now));
                told.collect::<Vec<_>>()
            })
            .collect()
    }

    /// The state of the server's own parts, where it changed or was not told for long.
    pub fn status(
        &mut self,
        engine: &Engine,
        connections: u32,
        journal: JournalState,
        now: TimestampMs,
    ) -> Option<Publication> {
        let link = engine.markets().link();
        let silence_ms = link.last_tick_at.map(|last| now.since(last));
        let feed = match (link.state, silence_ms) {
            (LinkState::Live, Some(silence_ms)) if silence_ms >= FEED_STALLED_MS => LinkState::Stalled,
            (state, _) => state,
        };
        let news = self.told != Some((feed, journal, connections));
        if !news && now.since(self.status_at) < STATUS_SILENCE_MS {
            return None;
        }
        self.told = Some((feed, journal, connections));
        self.status_at = now;
        let latency_ms = engine
            .markets()
            .iter()
            .filter_map(|market| market.ticker())
            .max_by_key(|ticker| ticker.received_at)
            .map(|ticker| ticker.received_at.0 - ticker.exchange_time.0);
        let feed = FeedStatus {
            name: self.feed_name.clone(),
            state: feed,
            last_tick_at: link.last_tick_at,
            latency_ms,
        };
        let data = Status {
            feed,
            journal,
            active_connections: connections,
        };
        Some(Publication::State {
            account: None,
            topic: Topic::Status,
            timestamp: now,
            body: Body::StatusUpdate(Data { data }),
        })
    }
}

/// The message of a lossless topic that tells of an entry, where there is one.
pub fn event(entry: &Entry) -> Option<Publication> {
    let topic = entry.event.fact.topic()?;
    let seq = entry.topic_seq?;
    let body = match &entry.event.fact {
        Fact::OrderChanged(order) => Body::OrderUpdate(OrderUpdate {
            order_type: order.order_type,
            order: order.clone(),
        }),
        Fact::Executed(execution) => Body::ExecutionUpdate(Data {
            data: execution.clone(),
        }),
        Fact::Funded(funding) => Body::FundingUpdate(Data {
            data: funding.clone(),
        }),
        Fact::RiskChanged(risk) => Body::RiskStatusUpdate(Data { data: risk.clone() }),
        Fact::AlertRuleChanged(rule) => Body::AlertRuleUpdate(Data { data: rule.clone() }),
        Fact::Alerted(alert) => Body::Alert(Data { data: alert.clone() }),
        Fact::AccountOpened { .. }
        | Fact::DayOpened { .. }
        | Fact::LeverageSet { .. }
        | Fact::EquityMarked { .. }
        | Fact::Done { .. }
        | Fact::EquityRebased { .. } => return None,
    };
    Some(Publication::Event {
        account: entry.event.account,
        topic,
        seq,
        timestamp: entry.event.at,
        body,
    })
}

/// What the hub begins an account with: what the engine's state has of it.
pub fn seed(view: &AccountView<'_>, now: TimestampMs) -> Seed {
    let account = view.account;
    Seed {
        at: now,
        open_orders: account.orders.all_open().cloned().collect(),
        final_orders: account.orders.closed().cloned().collect(),
        executions: account.executions.iter().cloned().collect(),
        funding: account.funding.iter().cloned().collect(),
        risk: Some(account.risk.clone()),
        rules: account.alerts.rules().cloned().collect(),
        alerts: account.alerts.given().cloned().collect(),
        heads: view.heads().to_vec(),
    }
}

fn account_topic(view: &AccountView<'_>, topic: Topic, now: TimestampMs) -> Option<Publication> {
    let body = match topic {
        Topic::Positions => Body::PositionUpdate(PositionUpdate {
            positions: view.positions(),
            snapshot: true,
        }),
        Topic::Portfolio => Body::PortfolioUpdate(PortfolioUpdate {
            portfolio: view.portfolio(),
        }),
        Topic::Balance => Body::AccountBalanceUpdated(Data { data: view.balance() }),
        Topic::Dashboard => Body::DashboardUpdate(Data {
            data: view.dashboard(),
        }),
        Topic::Equity => Body::EquityUpdate(Data {
            data: view.equity_row(),
        }),
        Topic::Performance => Body::PerformanceUpdate(Data {
            data: view.performance(),
        }),
        _ => return None,
    };
    Some(Publication::State {
        account: Some(view.account.id),
        topic,
        timestamp: now,
        body,
    })
}

fn candles(engine: &Engine, market: &TouchedMarket, timestamp: TimestampMs, out: &mut Vec<Publication>) {
    let Some(from) = market.candles_from else {
        return;
    };
    let symbol = market.symbol;
    for interval in Interval::ALL {
        if market.history {
            let candles = engine.markets().candles(symbol, interval, None, HISTORY);
            out.push(Publication::CandleHistory {
                symbol,
                interval,
                candles,
            });
        } else {
            let changed = engine.markets().candles_from(symbol, interval, from);
            out.push(Publication::Candles {
                symbol,
                interval,
                timestamp,
                changed,
            });
        }
    }
}

fn market_update(ticker: &Ticker, now: TimestampMs) -> MarketUpdate {
    MarketUpdate {
        symbol: ticker.symbol,
        price: ticker.price,
        price_change: ticker.change,
        price_change_percent: ticker.change_percent,
        high: ticker.high,
        low: ticker.low,
        volume: ticker.volume,
        bid: ticker.quote.bid,
        ask: ticker.quote.ask,
        received_at: ticker.received_at,
        published_at: now,
        mark_price: ticker.mark_price,
        funding_rate: ticker.funding_rate,
        next_funding_at: ticker.next_funding_at,
    }
}
