//! The latest value of every state topic, the recent messages of every lossless one, and the view of them that one
//! account has.

mod lines;

use super::candles::CandleSeries;
use super::log::Log;
use super::mirror::{Mirror, OPEN_ROWS, ROWS, Seed};
use super::{Publication, message};
use std::collections::HashMap;
use std::sync::Arc;
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::command::Command;
use tickwire_protocol::frame::Frame;
use tickwire_protocol::id::{AccountId, Epoch, Seq, Symbol};
use tickwire_protocol::market::{Instrument, Interval, VenueRules};
use tickwire_protocol::message::{Body, Data, Head, Instruments, Message, OrderUpdate, PositionUpdate};
use tickwire_protocol::risk::RiskStatus;
use tickwire_protocol::session::server::{Board, NotKept};
use tickwire_protocol::topic::{Topic, TopicClass};

/// Everything that connections read.
#[derive(Debug)]
pub struct BoardState {
    log_epoch: Epoch,
    state_epoch: Epoch,
    /// The history of the server's log, which is in no journal.
    lines_epoch: Epoch,
    /// Lines after this place can be had from elsewhere; `None` where none can.
    lines_floor: Option<Seq>,
    /// `None` is what everybody may see.
    slots: HashMap<(Option<AccountId>, Topic), (Seq, Arc<Frame>)>,
    logs: HashMap<(Option<AccountId>, Topic), Log>,
    mirrors: HashMap<AccountId, Mirror>,
    candles: HashMap<(Symbol, Interval), CandleSeries>,
    symbols: Vec<Symbol>,
    instruments: Arc<Frame>,
    /// Messages of each topic of an account that can be had from elsewhere when they are no longer at hand.
    kept: u64,
}

/// Lines of an answer to a question after the server's log.
const LOG_ROWS: usize = 200;

impl BoardState {
    /// An empty board for these instruments.
    pub fn new(instruments: Vec<Instrument>, log_epoch: Epoch, state_epoch: Epoch) -> BoardState {
        let symbols: Vec<Symbol> = instruments.iter().map(|instrument| instrument.symbol).collect();
        let series = |symbol: &Symbol| {
            let symbol = *symbol;
            Interval::ALL.map(|interval| ((symbol, interval), CandleSeries::new(symbol, interval)))
        };
        let candles = symbols.iter().flat_map(series).collect();
        BoardState {
            log_epoch,
            state_epoch,
            // Until somebody says otherwise, another one in each life of each journal, which are seconds apart.
            lines_epoch: Epoch(log_epoch.0.wrapping_add(state_epoch.0)),
            lines_floor: None,
            slots: HashMap::new(),
            logs: HashMap::new(),
            mirrors: HashMap::new(),
            candles,
            symbols,
            instruments: listed(instruments, None),
            kept: 0,
        }
    }

    /// Tells with the instruments how the paper venue fills orders.
    pub fn set_rules(&mut self, rules: VenueRules) {
        if let Body::Instruments(list) = &self.instruments.message().body {
            self.instruments = listed(list.instruments.clone(), Some(rules));
        }
    }

    /// Has so many messages of each topic be had from elsewhere.
    pub fn keep(&mut self, entries: u64) {
        self.kept = entries;
    }

    /// The epoch of lossless topics.
    pub fn log_epoch(&self) -> Epoch {
        self.log_epoch
    }

    /// The lossless topics of all accounts, and their last places.
    pub fn owned_heads(&self) -> Vec<(AccountId, Topic, Seq)> {
        let owned = |((owner, topic), log): (&(Option<AccountId>, Topic), &Log)| {
            Some(((*owner)?, *topic, log.head()))
        };
        self.logs.iter().filter_map(owned).collect()
    }

    /// Messages of a topic up to this place are too old to be kept.
    pub fn set_floor(&mut self, account: AccountId, topic: Topic, floor: Seq) {
        if let Some(log) = self.logs.get_mut(&(Some(account), topic)) {
            log.set_floor(floor);
        }
    }

    /// Begins what is known of an account with what the engine's state has of it. The messages of its lossless topics
    /// that are there already stay where they reach up to the heads told.
    pub fn seed(&mut self, account: AccountId, seed: Seed) {
        for (topic, head) in &seed.heads {
            self.logs.entry((Some(account), *topic)).or_default().begin(*head);
        }
        let mut mirror = Mirror::of(seed);
        if let Some((_, positions)) = self.slots.get(&(Some(account), Topic::Positions)) {
            mirror.take(&positions.message().body, positions.message().head.timestamp);
        }
        self.mirrors.insert(account, mirror);
    }

    /// Adds to the messages of a lossless topic one that a seed tells the effect of.
    pub fn refill(&mut self, publication: Publication) {
        if let Publication::Event {
            account,
            topic,
            seq,
            timestamp,
            body,
        } = publication
        {
            self.push(Some(account), topic, seq, timestamp, body);
        }
    }

    fn push(&mut self, owner: Option<AccountId>, topic: Topic, seq: Seq, timestamp: TimestampMs, body: Body) {
        let frame = Frame::new(message(topic, self.epoch_of(topic), seq, timestamp, body));
        let log = self.logs.entry((owner, topic)).or_default();
        log.push(seq, Arc::new(frame));
    }

    /// The history that a topic counts in.
    fn epoch_of(&self, topic: Topic) -> Epoch {
        match topic.class() {
            TopicClass::Lossless if topic == Topic::Logs => self.lines_epoch,
            TopicClass::Lossless => self.log_epoch,
            TopicClass::State => self.state_epoch,
        }
    }

    /// Takes in one publication. `taken_in` is when the feed told of it, where it is the feed's word.
    pub fn publish(&mut self, publication: Publication, taken_in: u64) {
        match publication {
            Publication::State {
                account,
                topic,
                timestamp,
                body,
            } => {
                if topic == Topic::Positions
                    && let Some(account) = account
                {
                    let mirror = self.mirrors.entry(account).or_default();
                    mirror.take(&body, timestamp);
                }
                let slot = self.slots.get(&(account, topic));
                let seq = slot.map_or(Seq(0), |(seq, _)| *seq).next();
                let frame =
                    Frame::new(message(topic, self.state_epoch, seq, timestamp, body)).taken_in_at(taken_in);
                self.slots.insert((account, topic), (seq, Arc::new(frame)));
            }
            Publication::Event {
                account,
                topic,
                seq,
                timestamp,
                body,
            } => {
                let mirror = self.mirrors.entry(account).or_default();
                mirror.take(&body, timestamp);
                self.push(Some(account), topic, seq, timestamp, body);
            }
            Publication::Line { seq, line } => self.add_line(seq, line),
            Publication::CandleHistory {
                symbol,
                interval,
                candles,
            } => {
                if let Some(series) = self.candles.get_mut(&(symbol, interval)) {
                    series.replace(candles);
                }
            }
            Publication::Candles {
                symbol,
                interval,
                timestamp,
                changed,
            } => {
                if let Some(series) = self.candles.get_mut(&(symbol, interval)) {
                    series.change(changed, timestamp);
                }
            }
        }
    }

    /// Accounts by where their risk guard stands: normal, paused, stopped.
    pub fn risk_counts(&self) -> [u64; 3] {
        let mut counts = [0; 3];
        for risk in self.mirrors.values().filter_map(Mirror::risk) {
            let place = match risk.status {
                RiskStatus::Normal => 0,
                RiskStatus::SoftPause => 1,
                RiskStatus::HardStop => 2,
            };
            counts[place] += 1;
        }
        counts
    }

    /// Whether every instrument has a price.
    pub fn is_priced(&self) -> bool {
        self.symbols
            .iter()
            .all(|symbol| self.slots.contains_key(&(None, Topic::Ticker(*symbol))))
    }

    /// The board as the owner of `account` may see it.
    pub fn view(&self, account: AccountId) -> BoardView<'_> {
        BoardView { state: self, account }
    }
}

/// The board as the owner of one account may see it: no topic of another account can be named through it.
#[derive(Clone, Copy, Debug)]
pub struct BoardView<'a> {
    state: &'a BoardState,
    account: AccountId,
}

impl BoardView<'_> {
    /// The instruments.
    pub fn symbols(&self) -> &[Symbol] {
        &self.state.symbols
    }

    /// The instruments and their rules, as the frame that tells of them.
    pub fn instruments(&self) -> Arc<Frame> {
        Arc::clone(&self.state.instruments)
    }

    /// Whose a topic is that this view shows; `None` for what everybody may see.
    fn owner(&self, topic: Topic) -> Option<AccountId> {
        match topic {
            Topic::Ticker(_) | Topic::Candles(..) | Topic::Status | Topic::Logs => None,
            Topic::Positions
            | Topic::Portfolio
            | Topic::Balance
            | Topic::Dashboard
            | Topic::Equity
            | Topic::Performance
            | Topic::Orders
            | Topic::Executions
            | Topic::Risk
            | Topic::Alerts => Some(self.account),
        }
    }

    fn slot(&self, topic: Topic) -> Option<&(Seq, Arc<Frame>)> {
        self.state.slots.get(&(self.owner(topic), topic))
    }

    fn log(&self, topic: Topic) -> Option<&Log> {
        self.state.logs.get(&(self.owner(topic), topic))
    }

    fn mirror(&self) -> Option<&Mirror> {
        self.state.mirrors.get(&self.account)
    }

    /// An answer as of the last place of a lossless topic. It names the place and not the topic, so that no reader takes
    /// it for the message at that place.
    fn as_of(&self, topic: Topic, timestamp: TimestampMs, body: Body) -> Arc<Frame> {
        let (ep, seq) = self.head(topic);
        let head = Head {
            timestamp,
            ep: Some(ep),
            seq: Some(seq),
            ..Head::default()
        };
        Arc::new(Frame::new(Message { head, body }))
    }

    /// Open orders (all, where there are not more than a thousand) and the last `ended` final ones, as a page is born with them.
    pub fn recent_orders(&self, ended: usize) -> Option<Arc<Frame>> {
        let mirror = self.mirror()?;
        let orders = mirror.recent_orders(None, OPEN_ROWS, |_| Some(ended));
        Some(self.as_of(Topic::Orders, mirror.changed_at(), Body::Orders(orders)))
    }

    /// An answer from what the account has at hand.
    fn mirrored(&self, question: &Command) -> Option<Arc<Frame>> {
        let mirror = self.mirror()?;
        let at = mirror.changed_at();
        Some(match question {
            Command::GetOrders(wanted) => {
                let orders = mirror.orders(wanted.symbol, wanted.open_only, rows(wanted.limit));
                self.as_of(Topic::Orders, at, Body::Orders(orders))
            }
            Command::GetOrderStatus(named) => {
                let order = mirror.order_named(named)?;
                let body = Body::OrderUpdate(OrderUpdate {
                    order_type: order.order_type,
                    order: order.clone(),
                });
                self.as_of(Topic::Orders, order.updated_at, body)
            }
            Command::GetExecutions(wanted) => {
                let executions = mirror.executions(wanted, rows(wanted.limit).unwrap_or(ROWS));
                self.as_of(Topic::Executions, at, Body::Executions(executions))
            }
            Command::GetRisk => {
                let data = mirror.risk()?.clone();
                self.as_of(Topic::Risk, data.since, Body::RiskStatusUpdate(Data { data }))
            }
            Command::GetAlerts => self.as_of(Topic::Alerts, at, Body::Alerts(mirror.alerts())),
            Command::GetPosition(symbol) => {
                let positions = mirror.position(*symbol);
                let marked_at = positions.first()?.marked_at;
                let update = PositionUpdate {
                    positions,
                    snapshot: false,
                };
                Arc::new(Frame::new(Message::plain(
                    None,
                    marked_at,
                    Body::PositionUpdate(update),
                )))
            }
            _ => return None,
        })
    }
}

/// A limit that a question names.
fn rows(limit: Option<u32>) -> Option<usize> {
    limit.map(|limit| usize::try_from(limit).unwrap_or(usize::MAX))
}

fn listed(instruments: Vec<Instrument>, rules: Option<VenueRules>) -> Arc<Frame> {
    let body = Body::Instruments(Instruments { instruments, rules });
    Arc::new(Frame::new(Message::plain(None, TimestampMs(0), body)))
}

impl Board for BoardView<'_> {
    fn state(&self, topic: Topic, since: Option<Seq>) -> Option<Arc<Frame>> {
        if let Topic::Candles(symbol, interval) = topic {
            return self
                .state
                .candles
                .get(&(symbol, interval))?
                .update(since, self.state.state_epoch);
        }
        let (seq, frame) = self.slot(topic)?;
        since.is_none_or(|seen| seen < *seq).then(|| Arc::clone(frame))
    }

    fn head(&self, topic: Topic) -> (Epoch, Seq) {
        let seq = match (topic.class(), topic) {
            (TopicClass::Lossless, _) => self.log(topic).map_or(Seq(0), Log::head),
            (TopicClass::State, Topic::Candles(symbol, interval)) => {
                let series = self.state.candles.get(&(symbol, interval));
                series.map_or(Seq(0), CandleSeries::version)
            }
            (TopicClass::State, _) => self.slot(topic).map_or(Seq(0), |(seq, _)| *seq),
        };
        (self.state.epoch_of(topic), seq)
    }

    fn events(&self, topic: Topic, after: Seq, max: usize) -> Result<Vec<Arc<Frame>>, NotKept> {
        match self.log(topic) {
            Some(log) => log.after(after, max),
            None => Ok(Vec::new()),
        }
    }

    fn keeps(&self, topic: Topic, after: Seq) -> bool {
        if topic == Topic::Logs {
            return self.keeps_lines(after);
        }
        let log = self.owner(topic).and(self.log(topic));
        log.is_some_and(|log| log.keeps(after, self.state.kept))
    }

    fn has_symbol(&self, symbol: Symbol) -> bool {
        self.state.candles.contains_key(&(symbol, Interval::M1))
    }

    fn answer(&self, question: &Command) -> Option<Arc<Frame>> {
        match question {
            Command::GetInstruments => Some(self.instruments()),
            Command::GetCandles(wanted) => {
                let series = self.state.candles.get(&(wanted.symbol, wanted.interval))?;
                Some(series.before(
                    wanted.before,
                    rows(wanted.limit).unwrap_or(super::candles::SNAPSHOT),
                    self.state.state_epoch,
                ))
            }
            Command::GetLogs => Some(self.recent_lines(LOG_ROWS)),
            _ => self.mirrored(question),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::Hub;
    use tickwire_protocol::account::Dashboard;
    use tickwire_protocol::log::LogLine;
    use tickwire_protocol::message::Data;

    fn dashboard(account: u64, positions: u32) -> Publication {
        let data = Dashboard {
            total_value: "1".parse().unwrap(),
            daily_pnl: "0".parse().unwrap(),
            open_positions: positions,
            win_rate: None,
        };
        Publication::State {
            account: Some(AccountId(account)),
            topic: Topic::Dashboard,
            timestamp: TimestampMs(1),
            body: Body::DashboardUpdate(Data { data }),
        }
    }

    #[test]
    fn a_slot_holds_the_newest_value_only_and_encodes_nothing_unread() {
        let hub = Hub::new(Vec::new(), Epoch(1), Epoch(2));
        for positions in 0..100 {
            hub.publish([dashboard(1, positions)]);
        }
        hub.with_board(AccountId(1), |board| {
            let frame = board.state(Topic::Dashboard, Some(Seq(5))).unwrap();
            assert!(!frame.is_encoded());
            assert_eq!(frame.message().head.seq, Some(Seq(100)));
            assert!(board.state(Topic::Dashboard, Some(Seq(100))).is_none());
            assert_eq!(board.head(Topic::Dashboard), (Epoch(2), Seq(100)));
        });
    }

    #[test]
    fn one_account_never_sees_another() {
        let hub = Hub::new(Vec::new(), Epoch(1), Epoch(2));
        hub.publish([dashboard(1, 7)]);
        hub.with_board(AccountId(2), |board| {
            assert!(board.state(Topic::Dashboard, None).is_none());
            assert_eq!(board.head(Topic::Orders), (Epoch(1), Seq(0)));
        });
    }

    fn line(seq: u64, message: &str) -> Publication {
        let line = LogLine {
            level: tickwire_protocol::log::LogLevel::Info,
            module: "server".to_owned(),
            message: message.to_owned(),
            timestamp: TimestampMs(3),
        };
        Publication::Line { seq: Seq(seq), line }
    }

    #[test]
    fn the_log_is_everybodys_and_has_a_history_of_its_own() {
        let hub = Hub::new(Vec::new(), Epoch(10), Epoch(2));
        hub.publish([line(1, "one"), line(2, "two"), line(3, "three")]);
        for account in [1, 2] {
            hub.with_board(AccountId(account), |board| {
                assert_eq!(board.head(Topic::Logs), (Epoch(12), Seq(3)));
                let missed = board.events(Topic::Logs, Seq(1), 10).unwrap();
                let heads: Vec<_> = missed.iter().map(|frame| frame.message().head.clone()).collect();
                assert_eq!(heads.len(), 2);
                assert_eq!(
                    (heads[0].topic, heads[0].ep, heads[0].seq),
                    (Some(Topic::Logs), Some(Epoch(12)), Some(Seq(2)))
                );
                let answer = board.answer(&Command::GetLogs).unwrap();
                let head = &answer.message().head;
                assert_eq!(
                    (head.topic, head.ep, head.seq),
                    (None, Some(Epoch(12)), Some(Seq(3)))
                );
                let Body::Logs(told) = &answer.message().body else {
                    panic!("lines")
                };
                let words: Vec<&str> = told.lines.iter().map(|line| line.message.as_str()).collect();
                assert_eq!(words, ["three", "two", "one"]);
                assert!(!answer.is_encoded());
            });
        }
        // It goes on at the same places in another history, and only what is there can be had.
        hub.rename_lines(Epoch(77));
        hub.with_board(AccountId(1), |board| {
            assert_eq!(board.head(Topic::Logs), (Epoch(77), Seq(3)));
            let all = board.events(Topic::Logs, Seq(0), 10).unwrap();
            let place = |frame: &Arc<Frame>| (frame.message().head.ep, frame.message().head.seq);
            let expected = [1, 2, 3].map(|seq| (Some(Epoch(77)), Some(Seq(seq))));
            assert_eq!(all.iter().map(place).collect::<Vec<_>>(), expected);
            assert_eq!(board.head(Topic::Orders).0, Epoch(10), "the journal's is another");
            assert!(!board.keeps(Topic::Logs, Seq(3)));
        });
        let next_life = Hub::new(Vec::new(), Epoch(10), Epoch(3));
        let kept = hub.lines().split_off(1);
        next_life.begin_lines(Epoch(77), Some(Seq(0)), kept);
        next_life.with_board(AccountId(1), |board| {
            assert_eq!(board.head(Topic::Logs), (Epoch(77), Seq(3)));
            assert_eq!(board.events(Topic::Logs, Seq(1), 10).unwrap().len(), 2);
            assert!(board.events(Topic::Logs, Seq(0), 10).is_err() && board.keeps(Topic::Logs, Seq(0)));
            assert!(!board.keeps(Topic::Logs, Seq(4)), "nobody has been told of it");
        });
        next_life.set_lines_floor(Some(Seq(1)));
        next_life.with_board(AccountId(1), |board| assert!(!board.keeps(Topic::Logs, Seq(0))));
    }

    #[test]
    fn the_rules_of_the_venue_are_told_with_the_instruments() {
        let rules = VenueRules {
            latency_ms: 7,
            ..VenueRules::default()
        };
        let hub = Hub::new(Vec::new(), Epoch(1), Epoch(2)).with_rules(rules);
        hub.with_board(AccountId(1), |board| {
            let told = board.instruments();
            let Body::Instruments(list) = &told.message().body else {
                panic!("instruments")
            };
            assert_eq!(list.rules, Some(rules));
        });
    }

    #[test]
    fn connections_are_counted_and_bounded() {
        let hub = Hub::new(Vec::new(), Epoch(1), Epoch(2));
        let first = hub.admit(2).unwrap();
        let _second = hub.admit(2).unwrap();
        assert!(hub.admit(2).is_none());
        drop(first);
        assert_eq!(hub.connections(), 1);
        assert!(hub.admit(2).is_some());
    }
}
