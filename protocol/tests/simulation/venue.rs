//! The model of the desk's server beside its connections: a journal that survives a kill, and a process that does not.
//!
//! An event is decided, then committed to the journal, then published, then answered, each a moment after the other; a
//! kill may come between any two of them.

use crate::content::{self, EVERYBODY, LOSSLESS, OF_ACCOUNT};
use crate::sabotage::Sabotage;
use crate::samples;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::command::Command;
use tickwire_protocol::frame::Frame;
use tickwire_protocol::id::{ClientOrderId, Epoch, OrderId, Seq, Symbol};
use tickwire_protocol::message::{Body, CandleUpdate, Candles, Instruments, Message};
use tickwire_protocol::session::server::{Board, NotKept};
use tickwire_protocol::topic::{Topic, TopicClass};

/// One event of the journal.
#[derive(Clone, Debug)]
pub struct Entry {
    pub serial: i64,
    /// Which wish of a desk led to it.
    pub wish: Option<u64>,
    pub name: Option<ClientOrderId>,
}

/// What a log has published since the process started, as far back as it is kept.
#[derive(Debug, Default)]
struct Log {
    head: Seq,
    frames: VecDeque<Arc<Frame>>,
}

#[derive(Debug)]
pub struct Venue {
    pub accounts: usize,
    /// Messages that each log keeps.
    pub retention: usize,
    pub sabotage: Option<Sabotage>,
    /// The journal: what a kill leaves behind.
    pub epoch: Epoch,
    pub journal: BTreeMap<(usize, Topic), Vec<Entry>>,
    /// Orders by their owner's id, as the journal has them.
    orders: BTreeMap<(usize, ClientOrderId), OrderId>,
    /// What every history has ever told, in its order: the truth that desks are held against.
    pub lineages: BTreeMap<(usize, Topic, Epoch), Vec<(u64, i64)>>,
    /// The process: all that is gone after a kill.
    pub life: u32,
    logs: BTreeMap<(usize, Topic), Log>,
    slots: BTreeMap<(usize, Topic), (Seq, Arc<Frame>)>,
    candles: BTreeMap<i64, (i64, Seq)>,
    candles_at: Seq,
    /// Counts events and values for ever.
    numbered: u64,
}

impl Venue {
    pub fn new(accounts: usize, retention: usize, sabotage: Option<Sabotage>) -> Venue {
        let mut venue = Venue {
            accounts,
            retention,
            sabotage,
            epoch: Epoch(1),
            journal: BTreeMap::new(),
            orders: BTreeMap::new(),
            lineages: BTreeMap::new(),
            life: 0,
            logs: BTreeMap::new(),
            slots: BTreeMap::new(),
            candles: BTreeMap::new(),
            candles_at: Seq(0),
            numbered: 0,
        };
        venue.start();
        venue
    }

    /// A new process: logs as the journal has them, every value anew.
    pub fn start(&mut self) {
        self.life += 1;
        let logs = std::mem::take(&mut self.logs);
        for account in 0..self.accounts {
            for topic in LOSSLESS {
                if self.sabotage == Some(Sabotage::ForgetsWhatWasNotPublished) && topic != Topic::Logs {
                    let seen = logs.get(&(account, topic)).map_or(Seq(0), |log| log.head);
                    self.forget_after(account, topic, usize::try_from(seen.0).unwrap());
                }
                self.publish(account, topic);
            }
        }
        self.slots.clear();
        for account in 0..self.accounts {
            OF_ACCOUNT.into_iter().for_each(|topic| self.set(account, topic));
        }
        self.candles_at = Seq(1);
        self.candles.values_mut().for_each(|(_, at)| *at = Seq(1));
        for topic in content::of_market() {
            self.set(EVERYBODY, topic);
        }
    }

    /// The process is gone. Where it published before it was sure of the journal, the newest entries go with it.
    pub fn kill(&mut self) {
        if self.sabotage == Some(Sabotage::PublishesBeforeItIsJournaled) {
            for account in 0..self.accounts {
                for topic in LOSSLESS {
                    let kept = self.journal.get(&(account, topic)).map_or(0, Vec::len);
                    self.forget_after(account, topic, kept.saturating_sub(2));
                }
            }
        }
    }

    fn forget_after(&mut self, account: usize, topic: Topic, kept: usize) {
        let epoch = self.epoch_of(topic);
        if let Some(entries) = self.journal.get_mut(&(account, topic)) {
            entries.truncate(kept);
        }
        if let Some(lineage) = self.lineages.get_mut(&(account, topic, epoch)) {
            lineage.truncate(kept);
        }
    }

    /// The end of the journal is damaged and was cut off: another history goes on from there.
    pub fn damage(&mut self, events: u64) {
        let last = i64::try_from(self.numbered.saturating_sub(events)).unwrap() * 256;
        let old = self.epoch;
        if self.sabotage != Some(Sabotage::KeepsTheEpochOfALostHistory) {
            self.epoch = Epoch(self.epoch.0 + 1);
        }
        for ((account, topic), entries) in &mut self.journal {
            entries.retain(|entry| entry.serial <= last);
            let mut lineage = self
                .lineages
                .get(&(*account, *topic, old))
                .cloned()
                .unwrap_or_default();
            lineage.truncate(entries.len());
            self.lineages.insert((*account, *topic, self.epoch), lineage);
        }
        let journal = &self.journal;
        self.orders.retain(|(account, name), _| {
            let orders = journal.get(&(*account, Topic::Orders));
            orders.is_some_and(|entries| entries.iter().any(|entry| entry.name.as_ref() == Some(name)))
        });
    }

    /// Commits an event to the journal. The log of the server is in no journal, and begins anew with each process.
    pub fn commit(&mut self, account: usize, topic: Topic, wish: Option<u64>, name: Option<ClientOrderId>) {
        self.numbered += 1;
        let serial = content::serial(self.numbered, topic, account);
        let row = content::row(topic, self.numbered);
        let epoch = self.epoch_of(topic);
        self.lineages
            .entry((account, topic, epoch))
            .or_default()
            .push((row, serial));
        if topic != Topic::Logs {
            let entry = Entry { serial, wish, name };
            self.journal.entry((account, topic)).or_default().push(entry);
        }
    }

    /// Carries out an order, once for its name: the order, and whether it was there before.
    pub fn order(&mut self, account: usize, wish: u64, name: &ClientOrderId) -> (OrderId, bool) {
        let key = (account, name.clone());
        if self.sabotage != Some(Sabotage::CarriesOutARetryAgain)
            && let Some(order) = self.orders.get(&key)
        {
            return (*order, true);
        }
        self.commit(account, Topic::Orders, Some(wish), Some(name.clone()));
        self.commit(account, Topic::Executions, None, None);
        let order = OrderId(self.numbered);
        self.orders.insert(key, order);
        (order, false)
    }

    /// How often the journal says that a wish was carried out.
    pub fn carried_out(&self, account: usize, wish: u64) -> usize {
        let orders = self.journal.get(&(account, Topic::Orders));
        orders.map_or(0, |entries| {
            entries.iter().filter(|entry| entry.wish == Some(wish)).count()
        })
    }

    /// Committed and not yet published.
    pub fn unpublished(&self, account: usize, topic: Topic) -> usize {
        let journaled = self.journal.get(&(account, topic)).map_or(0, Vec::len);
        let head = self.logs.get(&(account, topic)).map_or(Seq(0), |log| log.head);
        journaled.saturating_sub(usize::try_from(head.0).unwrap())
    }

    /// Publishes all that is committed.
    pub fn publish(&mut self, account: usize, topic: Topic) {
        let epoch = self.epoch_of(topic);
        let told = self.lineages.get(&(account, topic, epoch));
        let told = told.map(Vec::as_slice).unwrap_or_default();
        let log = self.logs.entry((account, topic)).or_default();
        let published = usize::try_from(log.head.0).unwrap();
        for (place, (row, serial)) in told.iter().enumerate().skip(published) {
            log.head = log.head.next();
            // Long gone before anybody could read it.
            if told.len() - place > self.retention {
                continue;
            }
            let name = match topic {
                Topic::Orders => self.journal[&(account, topic)][place].name.clone(),
                _ => None,
            };
            let body = content::event(topic, *row, *serial, name);
            let message = Message::of(topic, epoch, log.head, TimestampMs(*serial), body);
            log.frames.push_back(Arc::new(Frame::new(message)));
            if log.frames.len() > self.retention {
                log.frames.pop_front();
            }
        }
    }

    /// Gives a state topic its next value.
    pub fn set(&mut self, owner: usize, topic: Topic) {
        self.numbered += 1;
        let version = content::serial(self.numbered, topic, owner);
        if let Topic::Candles(..) = topic {
            self.candles_at = self.candles_at.next();
            // A new candle now and then, else one of the newest changes.
            let time = i64::try_from(self.numbered / 150).unwrap() * 60_000;
            self.candles.insert(time, (version, self.candles_at));
            if self.candles.len() > 40 {
                self.candles.pop_first();
            }
            return;
        }
        let seq = self
            .slots
            .get(&(owner, topic))
            .map_or(Seq(0), |(seq, _)| *seq)
            .next();
        if self.sabotage == Some(Sabotage::PublishesAnOldValueLast) && seq.0.is_multiple_of(5) {
            return self.set_old(owner, topic, seq, version);
        }
        self.put(owner, topic, seq, version);
    }

    fn set_old(&mut self, owner: usize, topic: Topic, seq: Seq, version: i64) {
        self.put(owner, topic, seq, version - 256 * 64);
    }

    fn put(&mut self, owner: usize, topic: Topic, seq: Seq, version: i64) {
        let (epoch, body) = (Epoch(self.life), samples::state_body(topic));
        let message = Message::of(topic, epoch, seq, TimestampMs(version), body);
        self.slots
            .insert((owner, topic), (seq, Arc::new(Frame::new(message))));
    }

    /// Candles lose their oldest when there are many, which no desk is told of; so those that both have are compared.
    pub fn candles(&self) -> BTreeMap<i64, i64> {
        self.candles
            .iter()
            .map(|(time, (version, _))| (*time, *version))
            .collect()
    }

    pub fn version(&self, account: usize, topic: Topic) -> Option<i64> {
        let (_, frame) = self.slots.get(&(owner(account, topic), topic))?;
        Some(frame.message().head.timestamp.0)
    }

    /// The history that a lossless topic counts in now.
    pub fn epoch_of(&self, topic: Topic) -> Epoch {
        match topic {
            Topic::Logs => Epoch(1_000 + self.life),
            _ => self.epoch,
        }
    }

    /// The rows of a lossless topic after this place of this history.
    pub fn rows_at(&self, account: usize, topic: Topic, ep: Epoch, seq: Seq) -> BTreeMap<u64, i64> {
        let told = self.lineages.get(&(account, topic, ep));
        let told = told.map(Vec::as_slice).unwrap_or_default();
        let upto = usize::try_from(seq.0).unwrap().min(told.len());
        let mut rows = BTreeMap::new();
        for (row, serial) in told[..upto].iter().rev() {
            rows.entry(*row).or_insert(*serial);
            if rows.len() == usize::try_from(content::ROWS).unwrap() {
                break;
            }
        }
        rows
    }
}

fn owner(account: usize, topic: Topic) -> usize {
    match topic {
        Topic::Ticker(_) => EVERYBODY,
        _ => account,
    }
}

/// What a connection of one account reads of the venue.
pub struct Seat<'a> {
    pub venue: &'a Venue,
    pub account: usize,
}

impl Seat<'_> {
    /// Whose log is read: its own, where nobody sabotages that.
    fn reads(&self) -> usize {
        match self.venue.sabotage {
            Some(Sabotage::MixesUpAccounts) if self.venue.life.is_multiple_of(2) => 0,
            _ => self.account,
        }
    }

    fn candle_update(&self, topic: Topic, since: Option<Seq>) -> Option<Arc<Frame>> {
        let (venue, Topic::Candles(symbol, interval)) = (self.venue, topic) else {
            return None;
        };
        if since.is_some_and(|since| since >= venue.candles_at) {
            return None;
        }
        let changed = venue.candles.iter().filter(|(_, (_, at))| match venue.sabotage {
            // The newest candle alone, however much changed since.
            Some(Sabotage::SendsTheLastChangeOnly) if since.is_some() => *at == venue.candles_at,
            _ => since.is_none_or(|since| *at > since),
        });
        let body = CandleUpdate {
            snapshot: since.is_none(),
            data: Candles {
                symbol,
                interval,
                candles: changed
                    .map(|(time, (version, _))| samples::candle(*time, version.unsigned_abs()))
                    .collect(),
            },
        };
        let newest = venue.candles.values().map(|(version, _)| *version).max()?;
        let epoch = Epoch(venue.life);
        let message = Message::of(
            topic,
            epoch,
            venue.candles_at,
            TimestampMs(newest),
            Body::CandleUpdate(body),
        );
        Some(Arc::new(Frame::new(message)))
    }
}

impl Board for Seat<'_> {
    fn state(&self, topic: Topic, since: Option<Seq>) -> Option<Arc<Frame>> {
        if let Topic::Candles(..) = topic {
            return self.candle_update(topic, since);
        }
        let (seq, frame) = self.venue.slots.get(&(owner(self.account, topic), topic))?;
        let is_news = match (self.venue.sabotage, since) {
            // As if each value were sent at most once in three.
            (Some(Sabotage::DropsTheNewestValue), Some(since)) => since.0 + 2 < seq.0,
            _ => since.is_none_or(|since| since < *seq),
        };
        is_news.then(|| Arc::clone(frame))
    }

    fn head(&self, topic: Topic) -> (Epoch, Seq) {
        let venue = self.venue;
        match (topic.class(), topic) {
            (TopicClass::Lossless, _) => {
                let log = venue.logs.get(&(self.reads(), topic));
                (venue.epoch_of(topic), log.map_or(Seq(0), |log| log.head))
            }
            (TopicClass::State, Topic::Candles(..)) => (Epoch(venue.life), venue.candles_at),
            (TopicClass::State, _) => {
                let slot = venue.slots.get(&(owner(self.account, topic), topic));
                (Epoch(venue.life), slot.map_or(Seq(0), |(seq, _)| *seq))
            }
        }
    }

    fn events(&self, topic: Topic, after: Seq, max: usize) -> Result<Vec<Arc<Frame>>, NotKept> {
        let Some(log) = self.venue.logs.get(&(self.reads(), topic)) else {
            return Ok(Vec::new());
        };
        let missing = usize::try_from(log.head.0.saturating_sub(after.0)).unwrap();
        let start = match log.frames.len().checked_sub(missing) {
            Some(start) => start,
            None if self.venue.sabotage == Some(Sabotage::SkipsWhatIsNotKept) => 0,
            None => return Err(NotKept),
        };
        Ok(log.frames.range(start..).take(max).cloned().collect())
    }

    fn has_symbol(&self, symbol: Symbol) -> bool {
        symbol == samples::btc() || symbol == content::eth()
    }

    fn answer(&self, question: &Command) -> Option<Arc<Frame>> {
        let topic = match question {
            Command::GetOrders(_) => Topic::Orders,
            Command::GetExecutions(_) => Topic::Executions,
            Command::GetRisk => Topic::Risk,
            Command::GetAlerts => Topic::Alerts,
            Command::GetLogs => Topic::Logs,
            _ => {
                let body = Body::Instruments(Instruments {
                    instruments: Vec::new(),
                    rules: None,
                });
                return Some(Arc::new(Frame::new(Message::plain(None, TimestampMs(0), body))));
            }
        };
        let (ep, seq) = self.head(topic);
        let told_to = match self.venue.sabotage {
            // Read before the place was, so that what came in between is in neither.
            Some(Sabotage::ReadsTheSnapshotTooEarly) => Seq(seq.0.saturating_sub(1)),
            _ => seq,
        };
        let rows = self.venue.rows_at(self.account, topic, ep, told_to);
        let mut message = Message::plain(None, TimestampMs(0), content::snapshot(topic, &rows));
        message.head.ep = Some(ep);
        message.head.seq = Some(seq);
        Some(Arc::new(Frame::new(message)))
    }
}
