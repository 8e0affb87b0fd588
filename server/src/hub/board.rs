//! The latest value of every state topic, the recent messages of every lossless one, and the view of them that one
//! account has.

use super::candles::CandleSeries;
use super::log::Log;
use super::{Publication, message};
use std::collections::HashMap;
use std::sync::Arc;
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::command::Command;
use tickwire_protocol::frame::Frame;
use tickwire_protocol::id::{AccountId, Epoch, Seq, Symbol};
use tickwire_protocol::market::{Instrument, Interval};
use tickwire_protocol::message::{Body, Instruments, Message};
use tickwire_protocol::session::server::{Board, NotKept};
use tickwire_protocol::topic::{Topic, TopicClass};

/// Everything that connections read.
#[derive(Debug)]
pub struct BoardState {
    log_epoch: Epoch,
    state_epoch: Epoch,
    /// `None` is what everybody may see.
    slots: HashMap<(Option<AccountId>, Topic), (Seq, Arc<Frame>)>,
    logs: HashMap<(AccountId, Topic), Log>,
    candles: HashMap<(Symbol, Interval), CandleSeries>,
    symbols: Vec<Symbol>,
    instruments: Arc<Frame>,
}

impl BoardState {
    /// An empty board for these instruments.
    pub fn new(instruments: Vec<Instrument>, log_epoch: Epoch, state_epoch: Epoch) -> BoardState {
        let symbols: Vec<Symbol> = instruments.iter().map(|instrument| instrument.symbol).collect();
        let series = |symbol: &Symbol| {
            let symbol = *symbol;
            Interval::ALL.map(|interval| ((symbol, interval), CandleSeries::new(symbol, interval)))
        };
        let candles = symbols.iter().flat_map(series).collect();
        let list = Message::plain(
            None,
            TimestampMs(0),
            Body::Instruments(Instruments {
                instruments,
                rules: None,
            }),
        );
        BoardState {
            log_epoch,
            state_epoch,
            slots: HashMap::new(),
            logs: HashMap::new(),
            candles,
            symbols,
            instruments: Arc::new(Frame::new(list)),
        }
    }

    /// Takes in one publication.
    pub fn publish(&mut self, publication: Publication) {
        match publication {
            Publication::State {
                account,
                topic,
                timestamp,
                body,
            } => {
                let slot = self.slots.get(&(account, topic));
                let seq = slot.map_or(Seq(0), |(seq, _)| *seq).next();
                let frame = Frame::new(message(topic, self.state_epoch, seq, timestamp, body));
                self.slots.insert((account, topic), (seq, Arc::new(frame)));
            }
            Publication::Event {
                account,
                topic,
                seq,
                timestamp,
                body,
            } => {
                let frame = Frame::new(message(topic, self.log_epoch, seq, timestamp, body));
                self.logs
                    .entry((account, topic))
                    .or_default()
                    .push(seq, Arc::new(frame));
            }
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

    fn slot(&self, topic: Topic) -> Option<&(Seq, Arc<Frame>)> {
        let owner = match topic {
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
        };
        self.state.slots.get(&(owner, topic))
    }
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
        match (topic.class(), topic) {
            (TopicClass::Lossless, _) => {
                let log = self.state.logs.get(&(self.account, topic));
                (self.state.log_epoch, log.map_or(Seq(0), Log::head))
            }
            (TopicClass::State, Topic::Candles(symbol, interval)) => {
                let series = self.state.candles.get(&(symbol, interval));
                (
                    self.state.state_epoch,
                    series.map_or(Seq(0), CandleSeries::version),
                )
            }
            (TopicClass::State, _) => (
                self.state.state_epoch,
                self.slot(topic).map_or(Seq(0), |(seq, _)| *seq),
            ),
        }
    }

    fn events(&self, topic: Topic, after: Seq, max: usize) -> Result<Vec<Arc<Frame>>, NotKept> {
        match self.state.logs.get(&(self.account, topic)) {
            Some(log) => log.after(after, max),
            None => Ok(Vec::new()),
        }
    }

    fn has_symbol(&self, symbol: Symbol) -> bool {
        self.state.candles.contains_key(&(symbol, Interval::M1))
    }

    fn answer(&self, question: &Command) -> Option<Arc<Frame>> {
        match question {
            Command::GetInstruments => Some(self.instruments()),
            Command::GetCandles(wanted) => {
                let series = self.state.candles.get(&(wanted.symbol, wanted.interval))?;
                let limit = wanted.limit.and_then(|limit| usize::try_from(limit).ok());
                Some(series.before(
                    wanted.before,
                    limit.unwrap_or(super::candles::SNAPSHOT),
                    self.state.state_epoch,
                ))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::Hub;
    use tickwire_protocol::account::Dashboard;
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
