//! A desk's end of the conversation, over any number of connections: dials, greets, subscribes, follows every topic's
//! sequence, notices a dead link, and dials again without losing what was asked for.
//!
//! The pump feeds it what happens ([`Input`]), then drains [`Client::poll`] until nothing is left, and comes back at
//! [`Client::next_deadline`] at the latest. Time is the pump's clock in Unix milliseconds; it should never step.

mod io;
mod life;
mod partials;
mod places;
mod topics;

pub use io::{Event, Input, Link, Loss, Output};

use super::backoff::Backoff;
use super::offset::ClockOffset;
use crate::clock::TimestampMs;
use crate::command::{Command, Envelope};
use crate::error::{ErrorCode, Refusal};
use crate::id::{ClientOrderId, CommandId, Epoch, Seq};
use crate::message::{Ack, Body, ErrorBody, Message, Outcome};
use crate::topic::Topic;
use life::{ASKED_AGAIN_MS, LAG_AFTER_MS};
use partials::Partials;
use std::collections::{BTreeMap, VecDeque};
use topics::{Interest, retry_delay_ms};

/// Commands that may wait for their answer; a further one is refused at once.
const PENDING_MAX: usize = 64;

/// A command without an answer after this long is given up: its outcome is unknown.
const ANSWER_TIMEOUT_MS: i64 = 15_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Idle,
    Dialing { deadline: TimestampMs },
    Open { since: TimestampMs, greeted: bool },
    Waiting { until: TimestampMs },
    Closed { code: u16 },
}

#[derive(Clone, Debug)]
struct Pending {
    id: CommandId,
    command: Command,
    deadline: TimestampMs,
    /// When it was asked for.
    asked_at: TimestampMs,
    /// Whether any server may have read it.
    sent: bool,
    /// When to send it again, because it came too fast.
    again_at: Option<TimestampMs>,
}

impl Pending {
    /// Whether it may be carried out some time after it was asked for: changes of what is there, and questions.
    fn comes_to_the_same_late(&self) -> bool {
        match &self.command {
            Command::Instruct(instruction) => {
                instruction.may_be_repeated() && instruction.client_order_id().is_none()
            }
            _ => true,
        }
    }

    /// When it is given up at the latest, on a link that is connected or not.
    fn given_up_at(&self, is_connected: bool) -> TimestampMs {
        if self.sent && !is_connected && self.comes_to_the_same_late() {
            return self.deadline.max(self.asked_at + ASKED_AGAIN_MS);
        }
        self.deadline
    }
}

/// A desk's end of the conversation.
#[derive(Debug)]
pub struct Client {
    phase: Phase,
    /// What is wanted, by topic.
    topics: BTreeMap<Topic, Interest>,
    /// Where lossless topics are to start that nobody wants yet.
    starts: BTreeMap<Topic, (Epoch, Seq)>,
    pending: VecDeque<Pending>,
    outputs: VecDeque<Output>,
    backoff: Backoff,
    reconnect_window_ms: u64,
    dead_after_ms: u64,
    next_id: u64,
    id_prefix: String,
    offset: ClockOffset,
    next_ping: TimestampMs,
    last_heard: TimestampMs,
    probe_deadline: Option<TimestampMs>,
    announced: Option<(u64, u64)>,
    /// When to ask again for the topics that were asked for too fast.
    retry_at: Option<TimestampMs>,
    /// A loss that was just said and counts once the next frame is here, which is the snapshot.
    held: Option<(Loss, (Epoch, Seq))>,
    /// The whole values that changes are applied to, where the desk wants only those.
    partials: Option<Partials>,
    /// The command that slows a hidden desk down, or speeds it up again, until it is answered.
    rate_asked: Option<CommandId>,
    hidden: bool,
    offline: bool,
    ever_open: bool,
    told: Link,
    gaps: u64,
}

impl Client {
    /// A desk that has not started. `seed` must differ between desks: reconnect delays and ids are drawn from it.
    pub fn new(seed: u64) -> Client {
        Client {
            phase: Phase::Idle,
            topics: BTreeMap::new(),
            starts: BTreeMap::new(),
            pending: VecDeque::new(),
            outputs: VecDeque::new(),
            backoff: Backoff::new(seed, 250),
            reconnect_window_ms: 250,
            dead_after_ms: 12_000,
            next_id: 0,
            id_prefix: format!("{seed:x}"),
            offset: ClockOffset::default(),
            next_ping: TimestampMs(0),
            last_heard: TimestampMs(0),
            probe_deadline: None,
            announced: None,
            retry_at: None,
            held: None,
            partials: None,
            rate_asked: None,
            hidden: false,
            offline: false,
            ever_open: false,
            told: Link::Connecting,
            gaps: 0,
        }
    }

    /// The same desk, which has state topics tell only what changed, and puts the whole values together itself: what it
    /// hands out is the same, what travels is less.
    pub fn with_partials(mut self) -> Client {
        self.partials = Some(Partials::new());
        self
    }

    /// Wants a topic; several users of one topic make one subscription.
    pub fn subscribe(&mut self, topic: Topic) {
        let start = self.starts.remove(&topic);
        let interest = self.topics.entry(topic).or_default();
        interest.users += 1;
        interest.start_at(start);
        if interest.users == 1 && self.is_greeted() {
            self.send_subscribe(&[topic]);
        }
    }

    /// Wants a topic no longer; the last user's word ends the subscription.
    pub fn unsubscribe(&mut self, topic: Topic) {
        let Some(interest) = self.topics.get_mut(&topic) else {
            return;
        };
        interest.users = interest.users.saturating_sub(1);
        if interest.users == 0 {
            self.topics.remove(&topic);
            if let Some(partials) = &mut self.partials {
                partials.forget(topic);
            }
            if self.is_greeted() {
                let id = self.fresh_id();
                self.send(&Envelope::new(id, Command::Unsubscribe(vec![topic])));
            }
        }
    }

    /// Sends a command, now or as soon as there is a connection, and returns its id. Orders get a `client_order_id`
    /// where they have none, so that sending them again after a lost connection places nothing twice.
    pub fn request(&mut self, now: TimestampMs, mut command: Command) -> CommandId {
        let id = self.fresh_id();
        if let Command::Instruct(instruction) = &mut command
            && let Some(slot) = instruction.client_order_id_mut()
            && slot.is_none()
        {
            *slot = ClientOrderId::new(&format!("{}-{}", self.id_prefix, self.next_id)).ok();
        }
        if self.pending.len() >= PENDING_MAX {
            let message = "too many commands wait for their answer; wait for some of them";
            self.refuse(
                id.clone(),
                Refusal::new(ErrorCode::RateLimited, message),
                Outcome::NotExecuted,
            );
            return id;
        }
        let deadline = now + ANSWER_TIMEOUT_MS;
        self.pending.push_back(Pending {
            id: id.clone(),
            command,
            deadline,
            asked_at: now,
            sent: false,
            again_at: None,
        });
        if self.is_greeted() {
            self.send_pending(self.pending.len() - 1);
        }
        id
    }

    /// Takes in what happened.
    pub fn handle(&mut self, now: TimestampMs, input: Input<'_>) {
        match input {
            Input::Start => {
                if self.phase == Phase::Idle {
                    self.dial(now);
                }
            }
            Input::Opened => self.opened(now),
            Input::Frame(text) => self.frame(now, text),
            Input::Closed { code } => self.closed(now, code),
            Input::Wake => self.wake(now),
            Input::Offline => self.network_gone(now),
            Input::Hidden(hidden) => self.hidden(now, hidden),
            Input::Timeout => {}
        }
        self.deadlines(now);
        self.tell_link(now);
    }

    /// The next thing to do, until there is none.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When to come back with [`Input::Timeout`] at the latest.
    pub fn next_deadline(&self) -> Option<TimestampMs> {
        let of_phase = match self.phase {
            Phase::Idle | Phase::Closed { .. } => None,
            Phase::Dialing { deadline } => Some(deadline),
            Phase::Waiting { until } => Some(until),
            Phase::Open { greeted: false, .. } => {
                (!self.hidden).then_some(self.last_heard + to_i64(self.dead_after_ms))
            }
            Phase::Open { greeted: true, .. } => {
                let lag = (self.told == Link::Live).then_some(self.last_heard + to_i64(LAG_AFTER_MS));
                let again = self.pending.iter().filter_map(|pending| pending.again_at).min();
                [
                    lag,
                    self.probe_deadline,
                    self.retry_at,
                    again,
                    Some(self.next_ping),
                ]
                .into_iter()
                .flatten()
                .min()
            }
        };
        let is_connected = self.is_greeted();
        of_phase
            .into_iter()
            .chain(
                self.pending
                    .iter()
                    .map(|pending| pending.given_up_at(is_connected)),
            )
            .min()
    }

    /// The state of the link, as last told.
    pub fn link(&self) -> Link {
        self.told
    }

    /// The last round trip in milliseconds.
    pub fn rtt_ms(&self) -> Option<i64> {
        self.offset.rtt_ms()
    }

    /// What to add to the desk's clock to get the server's, and how far off that may be, in milliseconds.
    pub fn clock_offset(&self) -> Option<(i64, i64)> {
        self.offset.estimate()
    }

    /// Gaps found in lossless topics since the start; each was asked for again.
    pub fn gaps(&self) -> u64 {
        self.gaps
    }

    /// Commands that wait for their answer.
    pub fn pending(&self) -> usize {
        self.pending.len()
    }

    /// When a frame last came.
    pub fn last_heard(&self) -> TimestampMs {
        self.last_heard
    }

    fn is_greeted(&self) -> bool {
        matches!(self.phase, Phase::Open { greeted: true, .. })
    }

    fn fresh_id(&mut self) -> CommandId {
        self.next_id += 1;
        CommandId::new(&self.next_id.to_string()).expect("a number has 1 to 20 digits")
    }

    fn send(&mut self, envelope: &Envelope) {
        self.outputs.push_back(Output::Send(envelope.encode()));
    }

    fn refuse(&mut self, id: CommandId, refusal: Refusal, outcome: Outcome) {
        let error = ErrorBody {
            outcome: Some(outcome),
            ..ErrorBody::from(refusal)
        };
        self.outputs.push_back(Output::Event(Event::Answered {
            id,
            result: Err(error),
        }));
    }

    fn frame(&mut self, now: TimestampMs, text: &str) {
        if !matches!(self.phase, Phase::Open { .. }) {
            return;
        }
        self.last_heard = now;
        self.probe_deadline = None;
        let Some(text) = self.whole(text) else {
            return;
        };
        // What cannot be read is no reason to lose the rest; a newer server may say more than this desk knows.
        let Ok(message) = Message::decode(&text) else {
            return;
        };
        if let Some(partials) = &mut self.partials {
            partials.keep(&message, &text);
        }
        self.lose_what_is_held();
        match message.body {
            Body::ConnectionEstablished(greeting) => self.greeted(now, greeting),
            Body::Pong(pong) => {
                self.offset.add(&pong, now);
                let ack = Ack {
                    action: "ping".to_owned(),
                    ..Ack::default()
                };
                self.answered(now, message.head.id, Ok(ack));
            }
            Body::AuthOk(_) => {
                let ack = Ack {
                    action: "authenticate".to_owned(),
                    ..Ack::default()
                };
                self.answered(now, message.head.id, Ok(ack));
            }
            Body::Heartbeat(beat) => self.heads(&beat.heads),
            Body::GoingAway(away) => self.announced = Some(away.reconnect_ms),
            Body::Ack(ack) => self.answered(now, message.head.id, Ok(ack)),
            Body::Error(error) => self.answered(now, message.head.id, Err(error)),
            Body::Subscribed(_) => self.subscribed(&message),
            Body::Reset(reset) => self.reset(&message, reset),
            Body::Resumed(resumed) => self.resumed(&message, resumed),
            Body::Unsubscribed(_) | Body::Unknown(_) => {}
            _ => self.data(message),
        }
    }

    fn answered(&mut self, now: TimestampMs, id: Option<CommandId>, result: Result<Ack, ErrorBody>) {
        let Some(id) = id else {
            return;
        };
        if self.rate_asked.as_ref() == Some(&id) {
            self.rate_answered(now, result.err());
            return;
        }
        let Some(place) = self.pending.iter().position(|pending| pending.id == id) else {
            if let Err(error) = result {
                self.subscribe_refused(now, &id, &error);
            }
            return;
        };
        match result {
            // It was not looked at. An earlier sending of it may have been, so this is no answer that ends it.
            Err(error) if error.code == ErrorCode::RateLimited => {
                self.pending[place].again_at = Some(now + retry_delay_ms(&error));
            }
            result => {
                self.pending.remove(place);
                self.outputs
                    .push_back(Output::Event(Event::Answered { id, result }));
            }
        }
    }
}

fn to_i64(ms: u64) -> i64 {
    i64::try_from(ms).unwrap_or(i64::MAX)
}
