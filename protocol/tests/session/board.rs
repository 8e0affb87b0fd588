//! The model of the desk's board: latest values with their versions, candles by change, logs with a bounded retention.
//!
//! The `timestamp` of every state message is a version that only ever grows, over restarts too.

use crate::samples;
use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::command::Command;
use tickwire_protocol::frame::Frame;
use tickwire_protocol::id::{Epoch, OrderId, Seq, Symbol};
use tickwire_protocol::message::{Body, CandleUpdate, Candles, Instruments, Message};
use tickwire_protocol::session::server::{Board, Fetch, NotKept};
use tickwire_protocol::topic::{Topic, TopicClass};

/// Messages that are fetched at once.
const PIECE: usize = 50;

#[derive(Debug, Default)]
struct Log {
    frames: VecDeque<Arc<Frame>>,
    head: Seq,
}

#[derive(Debug)]
pub struct ModelBoard {
    pub log_epoch: Epoch,
    pub state_epoch: Epoch,
    /// Messages that each log keeps at hand.
    pub retention: usize,
    /// Messages that can be fetched.
    pub kept: u64,
    all: BTreeMap<Topic, Vec<Arc<Frame>>>,
    slots: BTreeMap<Topic, (Seq, Arc<Frame>)>,
    logs: BTreeMap<Topic, Log>,
    /// Candles by their time, with the version and the place of their last change.
    candles: BTreeMap<i64, (u64, Seq)>,
    candles_at: Seq,
    /// Counts all changes of state for ever.
    pub version: u64,
    symbols: Vec<Symbol>,
    /// The questions that it was asked.
    pub asked: RefCell<Vec<Command>>,
}

impl ModelBoard {
    pub fn new(retention: usize) -> ModelBoard {
        ModelBoard {
            log_epoch: Epoch(1),
            state_epoch: Epoch(1),
            retention,
            kept: 0,
            all: BTreeMap::new(),
            slots: BTreeMap::new(),
            logs: BTreeMap::new(),
            candles: BTreeMap::new(),
            candles_at: Seq(0),
            version: 0,
            symbols: vec![samples::btc()],
            asked: RefCell::default(),
        }
    }

    /// Gives a state topic its next value.
    pub fn set(&mut self, topic: Topic) {
        self.version += 1;
        if let Topic::Candles(..) = topic {
            self.candles_at = self.candles_at.next();
            // A new candle every fifth change, else the newest one changes.
            let time = i64::try_from(self.version / 5).unwrap() * 60_000;
            self.candles.insert(time, (self.version, self.candles_at));
            return;
        }
        let seq = self.slots.get(&topic).map_or(Seq(0), |(seq, _)| *seq).next();
        let at = TimestampMs(i64::try_from(self.version).unwrap());
        let message = Message::of(topic, self.state_epoch, seq, at, samples::state_body(topic));
        self.slots.insert(topic, (seq, Arc::new(Frame::new(message))));
    }

    /// Adds the next message to the log of a lossless topic.
    pub fn log(&mut self, topic: Topic, now: TimestampMs, body: Body) {
        let log = self.logs.entry(topic).or_default();
        log.head = log.head.next();
        let message = Message::of(topic, self.log_epoch, log.head, now, body);
        let frame = Arc::new(Frame::new(message));
        self.all.entry(topic).or_default().push(Arc::clone(&frame));
        log.frames.push_back(frame);
        if log.frames.len() > self.retention {
            log.frames.pop_front();
        }
    }

    /// The server starts anew: places of state topics begin again under a new epoch, logs go on.
    pub fn restart(&mut self) {
        self.state_epoch = Epoch(self.state_epoch.0 + 1);
        let topics: Vec<Topic> = self.slots.keys().copied().collect();
        self.slots.clear();
        for topic in topics {
            self.set(topic);
        }
        self.candles_at = Seq(1);
        self.candles.values_mut().for_each(|(_, at)| *at = Seq(1));
    }

    /// The journal is lost: another history begins.
    pub fn lose_logs(&mut self) {
        self.log_epoch = Epoch(self.log_epoch.0 + 1);
        self.logs.clear();
        self.all.clear();
    }

    /// What is fetched: a piece of what is kept.
    pub fn fetch(&self, fetch: &Fetch) -> Result<Vec<Arc<Frame>>, NotKept> {
        if !self.keeps(fetch.topic, fetch.after) {
            return Err(NotKept);
        }
        let wanted = |frame: &&Arc<Frame>| {
            let seq = frame.message().head.seq;
            seq > Some(fetch.after) && seq <= Some(fetch.until)
        };
        let all = self.all.get(&fetch.topic).into_iter().flatten();
        Ok(all.filter(wanted).take(PIECE).cloned().collect())
    }

    pub fn version_of(&self, topic: Topic) -> Option<i64> {
        self.slots
            .get(&topic)
            .map(|(_, frame)| frame.message().head.timestamp.0)
    }

    pub fn candle_versions(&self) -> BTreeMap<i64, u64> {
        self.candles
            .iter()
            .map(|(time, (version, _))| (*time, *version))
            .collect()
    }

    fn candle_update(&self, topic: Topic, since: Option<Seq>) -> Option<Arc<Frame>> {
        let Topic::Candles(symbol, interval) = topic else {
            return None;
        };
        if self.candles.is_empty() || since.is_some_and(|since| since >= self.candles_at) {
            return None;
        }
        let changed = self
            .candles
            .iter()
            .filter(|(_, (_, at))| since.is_none_or(|since| *at > since));
        let candles = changed
            .map(|(time, (version, _))| samples::candle(*time, *version))
            .collect();
        let body = CandleUpdate {
            snapshot: since.is_none(),
            data: Candles {
                symbol,
                interval,
                candles,
            },
        };
        let at = TimestampMs(i64::try_from(self.version).unwrap());
        let message = Message::of(
            topic,
            self.state_epoch,
            self.candles_at,
            at,
            Body::CandleUpdate(body),
        );
        Some(Arc::new(Frame::new(message)))
    }
}

impl Board for ModelBoard {
    fn state(&self, topic: Topic, since: Option<Seq>) -> Option<Arc<Frame>> {
        if let Topic::Candles(..) = topic {
            return self.candle_update(topic, since);
        }
        let (seq, frame) = self.slots.get(&topic)?;
        since.is_none_or(|since| since < *seq).then(|| Arc::clone(frame))
    }

    fn head(&self, topic: Topic) -> (Epoch, Seq) {
        match (topic.class(), topic) {
            (TopicClass::Lossless, _) => (
                self.log_epoch,
                self.logs.get(&topic).map_or(Seq(0), |log| log.head),
            ),
            (TopicClass::State, Topic::Candles(..)) => (self.state_epoch, self.candles_at),
            (TopicClass::State, _) => (
                self.state_epoch,
                self.slots.get(&topic).map_or(Seq(0), |(seq, _)| *seq),
            ),
        }
    }

    fn events(&self, topic: Topic, after: Seq, max: usize) -> Result<Vec<Arc<Frame>>, NotKept> {
        let Some(log) = self.logs.get(&topic) else {
            return Ok(Vec::new());
        };
        let missing = usize::try_from(log.head.0.saturating_sub(after.0)).unwrap();
        let start = log.frames.len().checked_sub(missing).ok_or(NotKept)?;
        Ok(log.frames.range(start..).take(max).cloned().collect())
    }

    fn keeps(&self, topic: Topic, after: Seq) -> bool {
        self.head(topic).1.0 - after.0 <= self.kept
    }

    fn has_symbol(&self, symbol: Symbol) -> bool {
        self.symbols.contains(&symbol)
    }

    fn answer(&self, question: &Command) -> Option<Arc<Frame>> {
        self.asked.borrow_mut().push(question.clone());
        let topic = match question {
            Command::GetOrders(_) => Some(Topic::Orders),
            Command::GetExecutions(_) => Some(Topic::Executions),
            Command::GetRisk => Some(Topic::Risk),
            Command::GetAlerts => Some(Topic::Alerts),
            Command::GetLogs => Some(Topic::Logs),
            _ => None,
        };
        let body = match (topic, question) {
            (Some(topic), _) => samples::snapshot_body(topic),
            (None, Command::GetInstruments) => Body::Instruments(Instruments {
                instruments: Vec::new(),
                rules: None,
            }),
            // Of all orders it knows the one.
            (None, Command::GetOrderStatus(order)) if order.order_id == Some(OrderId(1)) => {
                samples::order_update(samples::order(1, None, TimestampMs(0)))
            }
            _ => return None,
        };
        let mut message = Message::plain(None, TimestampMs(0), body);
        if let Some(topic) = topic {
            let (ep, seq) = self.head(topic);
            message.head.ep = Some(ep);
            message.head.seq = Some(seq);
        }
        Some(Arc::new(Frame::new(message)))
    }
}
