//! The life of a desk's connection: dialing, opening, greeting, losing it, and finding out that it is dead.

use super::topics::{Interest, retry_delay_ms};
use super::{ANSWER_TIMEOUT_MS, Client, Event, Link, Output, Pending, Phase, to_i64};
use crate::clock::TimestampMs;
use crate::command::{Command, Envelope, Ping, SetRate};
use crate::error::{ErrorCode, Refusal, may_reconnect};
use crate::message::{ConnectionEstablished, ErrorBody, Outcome};

/// The clock and the round trip are looked at this often.
const PING_INTERVAL_MS: i64 = 3_000;

/// Silence after which the link is asked for a sign of life.
const PROBE_AFTER_MS: u64 = 6_500;

/// A link that was asked for a sign of life and gave none for this long is given up.
const PROBE_MS: i64 = 2_000;

/// A dial that has not opened after this long is given up.
const DIAL_TIMEOUT_MS: i64 = 5_000;

/// A dial that is no older than this is not given up when somebody looks again.
const DIAL_FRESH_MS: i64 = 1_000;

/// A connection must hold this long before the next outage counts as a new one.
const STABLE_AFTER_MS: u64 = 10_000;

/// A command that comes to the same however late it is carried out is asked again within this time of a lost connection.
pub(super) const ASKED_AGAIN_MS: i64 = 60_000;

/// Milliseconds between two values of each state topic while nobody looks.
const HIDDEN_INTERVAL_MS: u32 = 1_000;

/// No frame for this long on a link that has one every second: it lags.
pub(super) const LAG_AFTER_MS: u64 = 2_500;

impl Client {
    pub(super) fn dial(&mut self, now: TimestampMs) {
        self.phase = Phase::Dialing {
            deadline: now + DIAL_TIMEOUT_MS,
        };
        self.outputs.push_back(Output::Dial);
    }

    pub(super) fn opened(&mut self, now: TimestampMs) {
        if !matches!(self.phase, Phase::Dialing { .. }) {
            return;
        }
        self.phase = Phase::Open {
            since: now,
            greeted: false,
        };
        self.ever_open = true;
        self.offline = false;
        self.last_heard = now;
        self.probe_deadline = None;
        self.announced = None;
        self.retry_at = None;
        self.offset.clear();
        self.next_ping = now;
        self.topics.values_mut().for_each(Interest::begin_connection);
        self.rate_asked = None;
        if let Some(partials) = &mut self.partials {
            partials.clear();
        }
    }

    pub(super) fn greeted(&mut self, now: TimestampMs, greeting: ConnectionEstablished) {
        let Phase::Open {
            since,
            greeted: false,
        } = self.phase
        else {
            return;
        };
        self.phase = Phase::Open { since, greeted: true };
        self.dead_after_ms = greeting.limits.client_dead_ms;
        self.reconnect_window_ms = greeting.limits.reconnect_window_ms;
        self.backoff.set_window(self.reconnect_window_ms);
        self.outputs
            .push_back(Output::Event(Event::Greeted(Box::new(greeting))));
        if self.hidden {
            self.ask_for_rate();
        }
        self.subscribe_wanted();
        self.doubt_what_is_not_repeated();
        // What was asked on the last connection and never answered is asked again; orders carry the id that makes
        // this harmless, and what carries none comes to the same when it is done twice.
        for place in 0..self.pending.len() {
            let pending = &mut self.pending[place];
            if pending.sent {
                pending.deadline = pending.deadline.max(now + ANSWER_TIMEOUT_MS);
            }
            self.send_pending(place);
        }
    }

    /// What must not be done twice is not sent twice, whatever became of it.
    fn doubt_what_is_not_repeated(&mut self) {
        let once = |pending: &Pending| {
            let Command::Instruct(instruction) = &pending.command else {
                return false;
            };
            pending.sent && !instruction.may_be_repeated()
        };
        while let Some(pending) = self
            .pending
            .iter()
            .position(once)
            .and_then(|place| self.pending.remove(place))
        {
            let message = "the connection was lost before the answer came; look at the risk status before sending it again";
            self.refuse(
                pending.id,
                Refusal::new(ErrorCode::Unavailable, message),
                Outcome::Unknown,
            );
        }
    }

    pub(super) fn send_pending(&mut self, place: usize) {
        if let Some(pending) = self.pending.get_mut(place) {
            pending.sent = true;
            pending.again_at = None;
            let envelope = Envelope::new(pending.id.clone(), pending.command.clone());
            self.send(&envelope);
        }
    }

    pub(super) fn closed(&mut self, now: TimestampMs, code: u16) {
        match self.phase {
            Phase::Idle | Phase::Waiting { .. } | Phase::Closed { .. } => {}
            Phase::Dialing { .. } | Phase::Open { .. } if !may_reconnect(code) => {
                self.phase = Phase::Closed { code };
            }
            Phase::Dialing { .. } | Phase::Open { .. } => self.wait(now),
        }
    }

    fn wait(&mut self, now: TimestampMs) {
        if let Phase::Open { since, greeted: true } = self.phase
            && now.since(since) >= STABLE_AFTER_MS
        {
            self.backoff.reset(self.reconnect_window_ms);
        }
        let delay = match self.announced.take() {
            Some(window) => self.backoff.announced_delay_ms(window),
            None => self.backoff.next_delay_ms(),
        };
        self.phase = Phase::Waiting {
            until: now + to_i64(delay),
        };
    }

    pub(super) fn hidden(&mut self, now: TimestampMs, hidden: bool) {
        let shown_again = self.hidden && !hidden;
        let is_news = self.hidden != hidden;
        self.hidden = hidden;
        if is_news && matches!(self.phase, Phase::Open { greeted: true, .. }) {
            self.ask_for_rate();
        }
        if hidden {
            // Its deadline may be looked at long after the answer could have been read.
            self.probe_deadline = None;
        } else if shown_again {
            self.wake(now);
        }
    }

    /// Nobody reads the numbers of a hidden page, so they may come more rarely; and at once when it is shown again.
    fn ask_for_rate(&mut self) {
        let id = self.fresh_id();
        self.rate_asked = Some(id.clone());
        let interval_ms = self.hidden.then_some(HIDDEN_INTERVAL_MS);
        self.send(&Envelope::new(id, Command::SetRate(SetRate { interval_ms })));
    }

    /// A server that does not know the command sends everything: no reason to insist. One that was asked too fast is
    /// asked again.
    pub(super) fn rate_answered(&mut self, now: TimestampMs, error: Option<ErrorBody>) {
        match error.filter(|error| error.code == ErrorCode::RateLimited) {
            Some(error) => self.retry_at = Some(now + retry_delay_ms(&error)),
            None => self.rate_asked = None,
        }
    }

    pub(super) fn wake(&mut self, now: TimestampMs) {
        self.offline = false;
        match self.phase {
            Phase::Waiting { .. } => self.dial(now),
            // A dial that was made into a network that was not there would be waited for in vain.
            Phase::Dialing { deadline } if now >= deadline - (DIAL_TIMEOUT_MS - DIAL_FRESH_MS) => {
                self.outputs.push_back(Output::HangUp);
                self.dial(now);
            }
            Phase::Open { greeted: true, .. } => self.probe(now),
            _ => {}
        }
    }

    /// The browser says that the network is gone. An open link may live all the same, as one to this very machine does,
    /// or be dead without a word: it is asked.
    pub(super) fn network_gone(&mut self, now: TimestampMs) {
        self.offline = true;
        if matches!(self.phase, Phase::Open { greeted: true, .. }) && !self.hidden {
            self.probe(now);
        }
    }

    fn probe(&mut self, now: TimestampMs) {
        if self.probe_deadline.is_none() {
            self.ping(now);
            self.probe_deadline = Some(now + PROBE_MS);
        }
    }

    fn ping(&mut self, now: TimestampMs) {
        self.next_ping = now + PING_INTERVAL_MS;
        self.send(&Envelope {
            id: None,
            command: Command::Ping(Ping { t0: now.0 }),
        });
    }

    /// Silence after which the link is probed: early enough to be given up in the time that the server named.
    fn probe_after_ms(&self) -> u64 {
        let reserve = u64::try_from(PING_INTERVAL_MS + PROBE_MS).unwrap_or(0);
        PROBE_AFTER_MS.min(self.dead_after_ms.saturating_sub(reserve))
    }

    pub(super) fn deadlines(&mut self, now: TimestampMs) {
        match self.phase {
            Phase::Dialing { deadline } if now >= deadline => {
                self.outputs.push_back(Output::HangUp);
                self.wait(now);
            }
            Phase::Waiting { until } if now >= until => self.dial(now),
            Phase::Open { greeted, .. } => {
                let silence = now.since(self.last_heard);
                // A greeted link is given up only after it was asked: frames may wait behind a timer that is late.
                let mute = !greeted && !self.hidden && silence >= self.dead_after_ms;
                if mute || self.probe_deadline.is_some_and(|deadline| now >= deadline) {
                    self.outputs.push_back(Output::HangUp);
                    self.wait(now);
                } else if greeted {
                    self.open_deadlines(now, silence);
                }
            }
            _ => {}
        }
        self.give_up_pending(now);
    }

    fn open_deadlines(&mut self, now: TimestampMs, silence: u64) {
        if now >= self.next_ping {
            self.ping(now);
            if silence >= self.probe_after_ms() && !self.hidden && self.probe_deadline.is_none() {
                self.probe_deadline = Some(now + PROBE_MS);
            }
        }
        // Somebody waits for an answer: that the link is silent is looked into at once.
        if silence >= LAG_AFTER_MS && !self.pending.is_empty() && !self.hidden {
            self.probe(now);
        }
        if self.retry_at.is_some_and(|at| now >= at) {
            self.retry_at = None;
            if self.rate_asked.is_some() {
                self.ask_for_rate();
            }
            self.subscribe_wanted();
        }
        for place in 0..self.pending.len() {
            if self.pending[place].again_at.is_some_and(|at| now >= at) {
                self.send_pending(place);
            }
        }
    }

    fn give_up_pending(&mut self, now: TimestampMs) {
        let is_connected = self.is_greeted();
        let is_over = |pending: &Pending| now >= pending.given_up_at(is_connected);
        while let Some(place) = self.pending.iter().position(is_over) {
            let Some(pending) = self.pending.remove(place) else {
                return;
            };
            let (message, outcome) = if pending.sent {
                (
                    "no answer came in time; whether it was carried out is not known",
                    Outcome::Unknown,
                )
            } else {
                (
                    "no connection came in time; it was not sent",
                    Outcome::NotExecuted,
                )
            };
            self.refuse(pending.id, Refusal::new(ErrorCode::Unavailable, message), outcome);
        }
    }

    pub(super) fn tell_link(&mut self, now: TimestampMs) {
        let link = self.link_at(now);
        // The moment of a dial that is under way is of no interest, so it makes no news.
        let same = match (link, self.told) {
            (Link::Reconnecting { attempt: a, .. }, Link::Reconnecting { attempt: b, .. }) => {
                a == b && matches!(self.phase, Phase::Dialing { .. })
            }
            (a, b) => a == b,
        };
        if !same {
            self.told = link;
            self.outputs.push_back(Output::Event(Event::Link(link)));
        }
    }

    fn link_at(&self, now: TimestampMs) -> Link {
        match self.phase {
            Phase::Idle => Link::Connecting,
            Phase::Closed { code } => Link::Closed { code },
            _ if self.offline && !matches!(self.phase, Phase::Open { .. }) => Link::Offline,
            Phase::Dialing { .. } if !self.ever_open && self.backoff.attempt() == 0 => Link::Connecting,
            Phase::Dialing { .. } => Link::Reconnecting {
                attempt: self.backoff.attempt(),
                next_try_at: now,
            },
            Phase::Waiting { until } => Link::Reconnecting {
                attempt: self.backoff.attempt(),
                next_try_at: until,
            },
            Phase::Open { since, greeted } => {
                if now.since(self.last_heard) >= LAG_AFTER_MS {
                    Link::Lagging {
                        since: self.last_heard,
                    }
                } else if greeted && self.topics.values().all(Interest::is_settled) {
                    Link::Live
                } else {
                    Link::Resyncing { since }
                }
            }
        }
    }
}
