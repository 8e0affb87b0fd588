//! A desk: a real client machine, what it has been told so far, and everything that must hold of that, checked as it comes.

use crate::content;
use crate::venue::Venue;
use bytes::Bytes;
use std::collections::{BTreeMap, VecDeque};
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::id::{CommandId, Epoch, Seq};
use tickwire_protocol::message::{Ack, Body, ErrorBody, Message, Outcome, ResetReason};
use tickwire_protocol::session::client::{Client, Event, Link, Loss};
use tickwire_protocol::topic::{Topic, TopicClass};

/// Commands that a client may have under way.
const PENDING_MAX: usize = 64;

/// What comes to a desk over its connection.
#[derive(Clone, Debug)]
pub enum Down {
    Text(Bytes),
    Ping,
    Closed(u16),
}

/// A lossless topic as the desk has it.
#[derive(Debug, Default)]
struct Followed {
    at: Option<(Epoch, Seq)>,
    rows: BTreeMap<u64, i64>,
    /// A loss was told, and what takes the place of all there was has not come yet.
    awaits_snapshot: bool,
}

#[derive(Debug)]
pub struct Desk {
    pub client: Client,
    pub account: usize,
    pub conn: Option<u32>,
    /// What the desk's clock reads above the true time.
    pub skew: i64,
    pub latency: (i64, i64),
    /// Nothing gets through to or from it until then.
    pub dark_until: i64,
    /// It takes in nothing until then; what arrives waits.
    pub reads_from: i64,
    /// No timer of it fires until then.
    pub asleep_until: i64,
    /// What it needs for each frame.
    pub pace: i64,
    pub inbox: VecDeque<(u32, Down)>,
    pub wanted: Vec<Topic>,
    pub dials: u32,
    pub losses: u32,
    pub values: u64,
    pub applied: u64,
    pub duplicates: u32,
    lossless: BTreeMap<Topic, Followed>,
    versions: BTreeMap<Topic, i64>,
    candles: BTreeMap<i64, i64>,
    /// Commands without an answer, and the wish that each is, where it is an order.
    asked: BTreeMap<CommandId, Option<u64>>,
}

impl Desk {
    pub fn new(seed: u64, account: usize) -> Desk {
        Desk {
            client: Client::new(seed),
            account,
            conn: None,
            skew: 0,
            latency: (1, 20),
            dark_until: 0,
            reads_from: 0,
            asleep_until: 0,
            pace: 0,
            inbox: VecDeque::new(),
            wanted: Vec::new(),
            dials: 0,
            losses: 0,
            values: 0,
            applied: 0,
            duplicates: 0,
            lossless: BTreeMap::new(),
            versions: BTreeMap::new(),
            candles: BTreeMap::new(),
            asked: BTreeMap::new(),
        }
    }

    pub fn now(&self, true_now: i64) -> TimestampMs {
        TimestampMs(true_now + self.skew)
    }

    /// Has a topic's rows as of a place from elsewhere, as the page has them inside its HTML, and goes on from there.
    pub fn begin_at(&mut self, venue: &Venue, topic: Topic, ep: Epoch, seq: Seq) {
        let rows = venue.rows_at(self.account, topic, ep, seq);
        self.lossless.insert(
            topic,
            Followed {
                at: Some((ep, seq)),
                rows,
                awaits_snapshot: false,
            },
        );
        self.client.start_from(topic, ep, seq);
    }

    /// Where it stands in a lossless topic.
    pub fn place(&self, topic: Topic) -> Option<(Epoch, Seq)> {
        self.lossless.get(&topic)?.at
    }

    /// Wants a state topic no longer, so that nothing is known of it.
    pub fn forget(&mut self, topic: Topic) {
        if let Topic::Candles(..) = topic {
            self.candles.clear();
        }
    }

    /// Remembers a command until it is answered.
    pub fn asks(&mut self, id: CommandId, wish: Option<u64>) {
        let before = self.asked.insert(id.clone(), wish);
        assert!(before.is_none(), "I8: two commands have the id {id}");
    }

    /// Takes in what its client says. `is_damaged` where the journal may have lost what was acknowledged, `keeps_all` where
    /// every event of an account is kept.
    pub fn take(&mut self, venue: &Venue, event: Event, is_damaged: bool, keeps_all: bool) {
        match event {
            Event::Link(_) | Event::Greeted(_) => {}
            Event::Answered { id, result } => self.answered(venue, &id, &result, is_damaged),
            Event::Lost(loss) => self.lost(&loss, is_damaged, keeps_all),
            Event::Message(message) => self.message(venue, *message),
        }
    }

    fn answered(&mut self, venue: &Venue, id: &CommandId, result: &Result<Ack, ErrorBody>, is_damaged: bool) {
        let Some(wish) = self.asked.remove(id) else {
            panic!("I8: {id} was answered and never asked, or answered twice");
        };
        let Some(wish) = wish else {
            return;
        };
        let times = venue.carried_out(self.account, wish);
        match result {
            Ok(ack) => {
                self.duplicates += u32::from(ack.report.duplicate == Some(true));
                assert!(
                    times == 1 || is_damaged,
                    "I1: wish {wish} was acknowledged and is {times} times in the journal"
                );
            }
            Err(error) if error.outcome == Some(Outcome::NotExecuted) => {
                assert_eq!(times, 0, "wish {wish} is said not to be carried out");
            }
            Err(_) => {}
        }
    }

    fn lost(&mut self, loss: &Loss, is_damaged: bool, keeps_all: bool) {
        self.losses += 1;
        // The log of the server begins anew with every process; everything else is lost for a reason.
        match loss.reason {
            _ if loss.topic == Topic::Logs => {}
            ResetReason::Ahead => panic!("I1: {} was told and is not in the journal", loss.topic),
            ResetReason::Epoch => assert!(is_damaged, "{} lost its history for nothing", loss.topic),
            ResetReason::Retention => assert!(!keeps_all, "{} is all kept and yet lost", loss.topic),
        }
        let followed = self.lossless.entry(loss.topic).or_default();
        followed.awaits_snapshot = true;
    }

    fn message(&mut self, venue: &Venue, message: Message) {
        if message.head.id.is_some() {
            return self.answer(venue, &message);
        }
        if let Some((topic, ep, seq)) = message.snapshot_of() {
            return self.snapshot(venue, &message, topic, ep, seq);
        }
        let (Some(topic), Some(ep), Some(seq)) = (message.head.topic, message.head.ep, message.head.seq)
        else {
            return;
        };
        let serial = message.head.timestamp.0;
        content::assert_belongs(serial, topic, self.account);
        match topic.class() {
            TopicClass::Lossless => self.event(venue, &message, topic, ep, seq),
            TopicClass::State => self.value(message, topic, serial),
        }
    }

    /// An answer holds the rows as of its place.
    fn answer(&self, venue: &Venue, message: &Message) {
        if let Some((topic, ep, seq)) = message.snapshot_of() {
            let rows: BTreeMap<u64, i64> = content::rows(&message.body).into_iter().collect();
            for serial in rows.values() {
                content::assert_belongs(*serial, topic, self.account);
            }
            assert_eq!(
                rows,
                venue.rows_at(self.account, topic, ep, seq),
                "the answer about {topic} is not as of its place"
            );
        }
    }

    fn snapshot(&mut self, venue: &Venue, message: &Message, topic: Topic, ep: Epoch, seq: Seq) {
        self.answer(venue, message);
        let followed = self.lossless.entry(topic).or_default();
        assert!(
            std::mem::take(&mut followed.awaits_snapshot),
            "nothing of {topic} was lost"
        );
        followed.at = Some((ep, seq));
        followed.rows = content::rows(&message.body).into_iter().collect();
    }

    fn event(&mut self, venue: &Venue, message: &Message, topic: Topic, ep: Epoch, seq: Seq) {
        let followed = self.lossless.entry(topic).or_default();
        assert!(!followed.awaits_snapshot, "{topic} goes on without its snapshot");
        if let Some((last_ep, last)) = followed.at {
            assert_eq!(
                (ep, seq),
                (last_ep, last.next()),
                "I2: {topic} has a gap, or repeats itself"
            );
        }
        let told = venue.lineages.get(&(self.account, topic, ep));
        let place = usize::try_from(seq.0).unwrap() - 1;
        let truth = told.and_then(|told| told.get(place)).copied();
        let (row, serial) = content::rows(&message.body)[0];
        content::assert_belongs(serial, topic, self.account);
        assert_eq!(
            Some((row, serial)),
            truth,
            "I1: {topic} {ep:?} {seq:?} is not what the journal has"
        );
        if let Body::OrderUpdate(update) = &message.body
            && let Some(name) = &update.order.client_order_id
        {
            let owner = format!("own{}-", self.account);
            // The others were named by a client itself.
            let is_own = name.as_str().starts_with(&owner) || !name.as_str().starts_with("own");
            assert!(is_own, "I9: {name} reached account {}", self.account);
        }
        followed.at = Some((ep, seq));
        followed.rows.insert(row, serial);
        self.applied += 1;
    }

    fn value(&mut self, message: Message, topic: Topic, version: i64) {
        let before = self.versions.insert(topic, version).unwrap_or(0);
        assert!(
            version >= before,
            "I3: {topic} goes back from {before} to {version}"
        );
        self.values += 1;
        if let Body::CandleUpdate(update) = message.body {
            if update.snapshot {
                self.candles.clear();
            }
            for candle in update.data.candles {
                let version = candle.volume.to_string().parse().unwrap();
                self.candles.insert(candle.time.0, version);
            }
        }
    }

    /// What must hold at any moment.
    pub fn assert_sound(&self) {
        assert!(
            self.client.pending() <= PENDING_MAX,
            "I4: {} commands under way",
            self.client.pending()
        );
    }

    /// What must hold once nothing is under way and the network is well.
    pub fn assert_settled(&self, venue: &Venue) {
        assert_eq!(
            self.client.link(),
            Link::Live,
            "a well network ends in a live desk"
        );
        assert!(self.client.pending() == 0, "I8: a command waits for ever");
        assert!(self.asked.is_empty(), "I8: no answer to {:?}", self.asked);
        for (topic, followed) in &self.lossless {
            let ep = venue.epoch_of(*topic);
            let told = venue
                .lineages
                .get(&(self.account, *topic, ep))
                .map_or(0, Vec::len);
            let head = Seq(u64::try_from(told).unwrap());
            assert!(!followed.awaits_snapshot, "a loss of {topic} has no snapshot");
            assert_eq!(
                followed.at,
                Some((ep, head)),
                "I2: the tail of {topic} is missing"
            );
            let truth = venue.rows_at(self.account, *topic, ep, head);
            assert_eq!(followed.rows, truth, "I3: {topic} is not the server's");
        }
        for topic in &self.wanted {
            if let Topic::Candles(..) = topic {
                self.assert_candles(venue);
            } else {
                assert_eq!(
                    self.versions.get(topic).copied(),
                    venue.version(self.account, *topic),
                    "I3: {topic} is not the server's"
                );
            }
        }
    }

    fn assert_candles(&self, venue: &Venue) {
        let truth = venue.candles();
        let oldest = truth.keys().next().copied().unwrap_or(0);
        let kept: BTreeMap<i64, i64> = self.candles.range(oldest..).map(|(t, v)| (*t, *v)).collect();
        assert_eq!(kept, truth, "I3: candles are not the server's");
    }
}
