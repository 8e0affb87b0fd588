//! Somebody who trades whatever happens to the connection, and keeps every lossless message as it came: the client state
//! machine of tickwire-protocol on a thread of its own. What is left open by a lost connection is sent again until the
//! desk has said what came of it; a desk that says not to come back is met anew, from the last places.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io::ErrorKind;
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Result, anyhow, bail};
use serde_json::value::RawValue;
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::command::{Command, Instruction};
use tickwire_protocol::id::{CommandId, Epoch, Seq};
use tickwire_protocol::message::{Ack, ErrorBody, Message, Outcome};
use tickwire_protocol::session::client::{Client, Event, Input, Link, Output};
use tickwire_protocol::topic::{Topic, TopicClass};
use tokio_tungstenite::tungstenite::protocol::{Message as Frame, WebSocket};
use tokio_tungstenite::tungstenite::{Error, client};

/// A wait is cut into pieces of this.
const PIECE: Duration = Duration::from_millis(5);

const DIAL_TIME_MAX: Duration = Duration::from_secs(2);

/// Instructions without an answer that one may have; with more it waits.
const OPEN_MAX: usize = 8;

/// From one instruction to the next: well below the rate that the desk allows a connection.
const PACE: Duration = Duration::from_millis(100);

/// Makes the instruction of this number.
pub type Maker = Box<dyn FnMut(u64) -> Instruction + Send>;

/// What one was told, and what it gave.
#[derive(Clone, Debug, Default)]
pub struct Kept {
    /// Of each lossless topic every message in the order in which it was handed out: its place, and the text of what it
    /// tells as it came.
    pub messages: BTreeMap<Topic, Vec<(u64, String)>>,
    /// Every epoch that those had.
    pub epochs: BTreeSet<Epoch>,
    /// Every instruction that has a name, and the id that the desk gave to what came of it.
    pub named: BTreeMap<String, Option<String>>,
    /// Instructions without a final answer.
    pub open: usize,
    /// Instructions that were sent again because nothing or nothing final was known of them.
    pub again: u64,
    /// What was refused for good, which nothing should be.
    pub refused: Vec<String>,
    /// Names that were answered twice with different ids.
    pub contradicted: Vec<String>,
    /// Losses that were told.
    pub lost: u64,
    /// Gaps that were found; each was asked for again.
    pub gaps: u64,
    /// Connections that were greeted.
    pub greetings: u32,
    /// How often the desk said not to come back.
    pub turned_away: u32,
    /// Whether it is live now.
    pub is_live: bool,
}

/// One such client. Dropping it ends it.
#[derive(Debug)]
pub struct Keeper {
    kept: Arc<Mutex<Kept>>,
    is_trading: Arc<AtomicBool>,
    has_ended: Arc<AtomicBool>,
}

impl Keeper {
    /// Starts one that follows `topics`, the lossless ones from their beginning in `epoch`, and trades.
    pub fn start(address: SocketAddr, seed: u64, epoch: Epoch, topics: &[Topic], maker: Maker) -> Keeper {
        let keeper = Keeper {
            kept: Arc::default(),
            is_trading: Arc::new(AtomicBool::new(true)),
            has_ended: Arc::default(),
        };
        let starts = topics
            .iter()
            .filter(|topic| topic.class() == TopicClass::Lossless)
            .map(|topic| (*topic, epoch, Seq(0)));
        let life = Life {
            client: begun(seed, topics, starts),
            seed,
            topics: topics.to_vec(),
            gaps_before: 0,
            address,
            socket: None,
            frame: String::new(),
            maker,
            made: 0,
            next_at: Instant::now(),
            open: BTreeMap::new(),
            again: VecDeque::new(),
            kept: Arc::clone(&keeper.kept),
            is_trading: Arc::clone(&keeper.is_trading),
            has_ended: Arc::clone(&keeper.has_ended),
        };
        std::thread::spawn(move || life.live());
        keeper
    }

    /// Gives no new instruction; what is open is pursued.
    pub fn rest(&self) {
        self.is_trading.store(false, Ordering::SeqCst);
    }

    /// What it has been told so far.
    pub fn kept(&self) -> Kept {
        held(&self.kept).clone()
    }

    /// Waits until something is true of what it was told.
    pub fn wait_until(&self, within: Duration, what: &str, is_so: impl Fn(&Kept) -> bool) -> Result<()> {
        let deadline = Instant::now() + within;
        while !is_so(&held(&self.kept)) {
            if Instant::now() > deadline {
                let kept = self.kept();
                let places: Vec<_> = kept
                    .messages
                    .iter()
                    .map(|(topic, all)| (topic, all.last()))
                    .collect();
                bail!(
                    "not {what} after {within:?}: live {}, {} open, refused {:?}, at {places:?}",
                    kept.is_live,
                    kept.open,
                    kept.refused
                );
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.has_ended.store(true, Ordering::SeqCst);
    }
}

fn held(kept: &Mutex<Kept>) -> MutexGuard<'_, Kept> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A client machine that wants these topics, from these places.
fn begun(seed: u64, topics: &[Topic], places: impl Iterator<Item = (Topic, Epoch, Seq)>) -> Client {
    let mut client = Client::new(seed);
    for (topic, ep, seq) in places {
        client.start_from(topic, ep, seq);
    }
    topics.iter().for_each(|topic| client.subscribe(*topic));
    client.handle(now(), Input::Start);
    client
}

struct Life {
    client: Client,
    seed: u64,
    topics: Vec<Topic>,
    /// Gaps that earlier client machines found.
    gaps_before: u64,
    address: SocketAddr,
    socket: Option<WebSocket<TcpStream>>,
    /// The last frame, as it came.
    frame: String,
    maker: Maker,
    made: u64,
    next_at: Instant,
    open: BTreeMap<CommandId, Instruction>,
    again: VecDeque<Instruction>,
    kept: Arc<Mutex<Kept>>,
    is_trading: Arc<AtomicBool>,
    has_ended: Arc<AtomicBool>,
}

impl Life {
    fn live(mut self) {
        while !self.has_ended.load(Ordering::SeqCst) {
            self.trade();
            self.drain();
            if let Link::Closed { .. } = self.client.link() {
                self.begin_again();
            }
            self.read();
            self.drain();
            if self.client.next_deadline().is_some_and(|at| now() >= at) {
                self.client.handle(now(), Input::Timeout);
            }
            let mut kept = held(&self.kept);
            kept.open = self.open.len() + self.again.len();
            kept.gaps = self.gaps_before + self.client.gaps();
            kept.is_live = self.client.link() == Link::Live;
        }
    }

    fn trade(&mut self) {
        let may_begin = self.is_trading.load(Ordering::SeqCst);
        if self.open.len() >= OPEN_MAX || Instant::now() < self.next_at {
            return;
        }
        let instruction = match self.again.pop_front() {
            Some(instruction) => instruction,
            None if may_begin => {
                let instruction = (self.maker)(self.made);
                self.made += 1;
                if let Some(name) = instruction.client_order_id() {
                    held(&self.kept).named.insert(name.to_string(), None);
                }
                instruction
            }
            None => return,
        };
        self.next_at = Instant::now() + PACE;
        self.request(instruction);
    }

    fn request(&mut self, instruction: Instruction) {
        let id = self.client.request(now(), Command::Instruct(instruction.clone()));
        self.open.insert(id, instruction);
    }

    /// As the same program started again: it knows its places and what it was waiting for, and nothing else.
    fn begin_again(&mut self) {
        held(&self.kept).turned_away += 1;
        self.socket = None;
        self.seed = self.seed.wrapping_add(7_919);
        self.gaps_before += self.client.gaps();
        let places: Vec<_> = self.client.places().collect();
        self.client = begun(self.seed, &self.topics, places.into_iter());
        let open = std::mem::take(&mut self.open);
        self.again
            .extend(open.into_values().filter(Instruction::may_be_repeated));
    }

    fn drain(&mut self) {
        while let Some(output) = self.client.poll() {
            match output {
                Output::Dial => {
                    self.socket = dial(self.address).ok();
                    let opened = match self.socket {
                        Some(_) => Input::Opened,
                        None => Input::Closed { code: 1006 },
                    };
                    self.client.handle(now(), opened);
                }
                Output::HangUp => self.socket = None,
                Output::Send(text) => {
                    // What cannot be sent is found out by reading.
                    if let Some(socket) = &mut self.socket {
                        let _ = socket.send(Frame::text(text));
                    }
                }
                Output::Event(event) => self.note(event),
            }
        }
    }

    fn note(&mut self, event: Event) {
        match event {
            Event::Greeted(_) => held(&self.kept).greetings += 1,
            Event::Lost(_) => held(&self.kept).lost += 1,
            Event::Message(message) => self.keep(&message),
            Event::Answered { id, result } => self.answered(&id, result),
            Event::Link(_) => {}
        }
    }

    fn keep(&self, message: &Message) {
        let topic = message.head.topic;
        let Some(topic) = topic.filter(|topic| topic.class() == TopicClass::Lossless) else {
            return;
        };
        let mut kept = held(&self.kept);
        kept.epochs.extend(message.head.ep);
        let place = message.head.seq.map_or(0, |seq| seq.0);
        let told = told(&self.frame).unwrap_or_default();
        kept.messages.entry(topic).or_default().push((place, told));
    }

    fn answered(&mut self, id: &CommandId, result: Result<Ack, ErrorBody>) {
        let Some(instruction) = self.open.remove(id) else {
            return;
        };
        let name = instruction.client_order_id().map(ToString::to_string);
        let mut kept = held(&self.kept);
        match (result, name) {
            (Ok(ack), Some(name)) => {
                let order = ack.report.order_id.map(|id| id.to_string());
                let id = order.or(ack.report.alert_id.map(|id| id.to_string()));
                let known = kept.named.insert(name.clone(), id.clone()).flatten();
                if known.is_some() && known != id {
                    kept.contradicted.push(format!("{name}: {known:?} and {id:?}"));
                }
            }
            // It has no name, so it is given up where nobody knows what became of it.
            (_, None) => {}
            (Err(error), Some(_)) if error.retryable || error.outcome == Some(Outcome::Unknown) => {
                kept.again += 1;
                self.again.push_back(instruction);
            }
            (Err(error), Some(name)) => {
                kept.refused
                    .push(format!("{name}: {:?} {}", error.code, error.message));
            }
        }
    }

    fn read(&mut self) {
        let Some(socket) = &mut self.socket else {
            return std::thread::sleep(PIECE);
        };
        match socket.read() {
            Ok(Frame::Text(text)) => {
                text.as_str().clone_into(&mut self.frame);
                self.client.handle(now(), Input::Frame(&self.frame));
            }
            Ok(Frame::Close(frame)) => {
                let code = frame.map_or(1005, |frame| u16::from(frame.code));
                self.lost(code);
            }
            Ok(_) => {}
            Err(Error::Io(error)) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(_) => self.lost(1006),
        }
    }

    fn lost(&mut self, code: u16) {
        self.socket = None;
        self.client.handle(now(), Input::Closed { code });
    }
}

/// What a frame of a lossless topic tells, as it is written there.
pub fn told(frame: &str) -> Option<String> {
    let parts: BTreeMap<String, Box<RawValue>> = serde_json::from_str(frame).ok()?;
    let told = parts.get("order").or_else(|| parts.get("data"))?;
    Some(told.get().to_owned())
}

fn dial(address: SocketAddr) -> Result<WebSocket<TcpStream>> {
    let stream = TcpStream::connect_timeout(&address, DIAL_TIME_MAX)?;
    stream.set_read_timeout(Some(DIAL_TIME_MAX))?;
    stream.set_write_timeout(Some(DIAL_TIME_MAX))?;
    stream.set_nodelay(true)?;
    let (mut socket, _) =
        client(format!("ws://{address}/api/ws/realtime"), stream).map_err(|error| anyhow!("{error}"))?;
    socket.get_mut().set_read_timeout(Some(PIECE))?;
    Ok(socket)
}

fn now() -> TimestampMs {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    TimestampMs(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
