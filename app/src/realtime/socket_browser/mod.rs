//! The browser's socket: it moves frames between a WebSocket and the protocol's client machine, and what the machine
//! hands out into the store, once an animation frame. It holds no rules of the conversation.
//!
//! Every signal of a batch is written in one task; effects run after it and before the browser paints, so that a batch
//! is one repaint. A hidden page has no animation frames: the tick empties its inbox instead.

mod clock;
mod connection;
mod login;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use leptos::prelude::*;
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::command::{Authenticate, Command, GetExecutions, GetOrders};
use tickwire_protocol::id::CommandId;
use tickwire_protocol::message::Body;
use tickwire_protocol::session::client::{Client, Event, Input, Link, Output};
use tickwire_protocol::topic::{Topic, TopicClass};

use clock::{now, random_seed};
use connection::{ABNORMAL, Connection, Heard};

use super::inbox::Inbox;
use super::lists::ROWS_MAX;
use super::paint::PaintTimes;
use super::store::set_changed;
use super::{Answer, Status, Store, apply};

/// Ages, latencies and what a hidden page missed are looked at this often.
const TICK: Duration = Duration::from_secs(1);

/// What has waited longer than this got no animation frame.
const FRAME_OVERDUE_MS: u64 = 500;

/// A live link that subscribes to one topic more resyncs for a blink: no news unless it takes longer.
const RESYNC_NEWS_MS: u64 = 500;

/// A handle on the one pump of the page.
#[derive(Clone, Copy)]
pub struct Socket(StoredValue<Rc<Pump>, LocalStorage>);

impl Socket {
    /// A socket that is not connected.
    pub fn new(store: Store, status: Status, taken_at: TimestampMs) -> Socket {
        Socket(StoredValue::new_local(Rc::new(Pump::new(
            store, status, taken_at,
        ))))
    }

    /// Connects, and stays connected for as long as the page lives.
    pub fn start(&self) {
        self.0.get_value().start();
    }

    /// Wants a topic.
    pub fn subscribe(&self, topic: Topic) {
        let pump = self.0.get_value();
        pump.client.borrow_mut().subscribe(topic);
        pump.drain();
    }

    /// Wants it no longer.
    pub fn unsubscribe(&self, topic: Topic) {
        let pump = self.0.get_value();
        pump.client.borrow_mut().unsubscribe(topic);
        pump.drain();
    }

    /// Sends a command, now or as soon as there is a connection.
    pub fn request(&self, command: Command) -> Answer {
        let pump = self.0.get_value();
        let answer = Answer::default();
        let id = pump.client.borrow_mut().request(now(), command);
        pump.answers.borrow_mut().insert(id, answer.clone());
        pump.drain();
        answer
    }
}

struct Pump {
    client: RefCell<Client>,
    inbox: RefCell<Inbox>,
    answers: RefCell<BTreeMap<CommandId, Answer>>,
    socket: RefCell<Option<Connection>>,
    /// Counts connections: what an older one still says is not listened to.
    connection: Cell<u32>,
    /// The state of the link, and since when, until it is told together with the data that it speaks of.
    link_news: Cell<Option<(Link, TimestampMs)>>,
    alarm: Cell<Option<(TimestampMs, TimeoutHandle)>>,
    frame_asked: Cell<bool>,
    /// Whether the page was hidden since the last batch, so that its delay says nothing.
    was_hidden: Cell<bool>,
    paint: RefCell<PaintTimes>,
    /// Messages of lossless topics that came since the greeting and before the link was live again.
    caught_up: Cell<u32>,
    store: Store,
    status: Status,
    taken_at: TimestampMs,
}

impl Pump {
    fn new(store: Store, status: Status, taken_at: TimestampMs) -> Pump {
        Pump {
            client: RefCell::new(Client::new(random_seed()).with_partials()),
            inbox: RefCell::default(),
            answers: RefCell::default(),
            socket: RefCell::default(),
            connection: Cell::new(0),
            link_news: Cell::new(None),
            alarm: Cell::new(None),
            frame_asked: Cell::new(false),
            was_hidden: Cell::new(false),
            paint: RefCell::default(),
            caught_up: Cell::new(0),
            store,
            status,
            taken_at,
        }
    }

    fn start(self: &Rc<Self>) {
        // Until the server has greeted, its clock is taken to be that of the page's birth.
        self.status.offset_ms.set(self.taken_at.0 - now().0);
        self.tick();
        let pump = Rc::clone(self);
        set_interval(move || pump.tick(), TICK);
        self.on_window("online", |pump| pump.feed(Input::Wake));
        self.on_window("offline", |pump| pump.feed(Input::Offline));
        self.on_window("pageshow", |pump| pump.feed(Input::Wake));
        self.on_window("visibilitychange", |pump| {
            pump.was_hidden.set(true);
            pump.feed(Input::Hidden(document().hidden()));
        });
        let pump = Rc::clone(self);
        login::on_renewal(move |token| {
            let command = Command::Authenticate(Authenticate { token });
            let _ = pump.client.borrow_mut().request(now(), command);
            pump.drain();
        });
        // What happens between the page's birth and the subscription is told then.
        for (topic, ep, seq) in self.store.lists.places() {
            self.client.borrow_mut().start_from(topic, ep, seq);
        }
        self.feed(Input::Start);
    }

    fn on_window(self: &Rc<Self>, event: &'static str, react: impl Fn(&Rc<Pump>) + 'static) {
        let pump = Rc::clone(self);
        // The page has one pump for life, so the listener is never taken away.
        let _ = window_event_listener_untyped(event, move |_| react(&pump));
    }

    fn feed(self: &Rc<Self>, input: Input<'_>) {
        self.client.borrow_mut().handle(now(), input);
        self.drain();
    }

    /// Does what the machine asks for, and sets the alarm for its next deadline.
    fn drain(self: &Rc<Self>) {
        loop {
            let Some(output) = self.client.borrow_mut().poll() else {
                break;
            };
            match output {
                Output::Dial => self.dial(),
                Output::HangUp => drop(self.socket.take()),
                Output::Send(text) => self.write(text),
                Output::Event(event) => self.take(event),
            }
        }
        self.set_alarm();
    }

    fn take(self: &Rc<Self>, event: Event) {
        match event {
            Event::Message(message) if matches!(message.body, Body::AuthExpiring(_)) => {
                login::ask_for_renewal();
                return;
            }
            Event::Message(message) => {
                let topic = message.head.topic;
                if topic.is_some_and(|topic| topic.class() == TopicClass::Lossless) {
                    self.caught_up.set(self.caught_up.get() + 1);
                }
                self.inbox.borrow_mut().push(*message, now());
            }
            Event::Link(link) => {
                if link == Link::Live {
                    self.status.caught_up.set(self.caught_up.get());
                }
                if let Link::Closed { code } = link
                    && login::has_ended(code)
                {
                    login::leave();
                }
                self.link_news.set(Some((link, now())));
            }
            Event::Greeted(greeting) => {
                self.status.offset_ms.set(greeting.server_time.0 - now().0);
                self.status.server_release.set(Some(greeting.server));
                self.caught_up.set(0);
                if self.store.instruments.with_untracked(Vec::is_empty) {
                    let _ = self.client.borrow_mut().request(now(), Command::GetInstruments);
                }
                if self.status.followed_since.get_untracked().is_none() {
                    self.status.followed_since.set(Some(greeting.server_time));
                }
                return;
            }
            Event::Answered { id, result } => {
                if let Some(answer) = self.answers.borrow_mut().remove(&id) {
                    answer.set(Some(result));
                }
                return;
            }
            // The lists as they are now follow unasked.
            Event::Lost(_) => {
                self.status.losses.update(|losses| *losses += 1);
                return;
            }
        }
        if !self.frame_asked.replace(true) {
            let pump = Rc::clone(self);
            request_animation_frame(move || {
                pump.frame_asked.set(false);
                pump.flush();
            });
        }
    }

    /// Asks for the lists as they are now: when events came faster than the page could take them in.
    fn ask_for_lists(&self) {
        let limit = u32::try_from(ROWS_MAX).ok();
        // Without a limit they come with all open ones.
        let orders = GetOrders::default();
        let executions = GetExecutions {
            limit,
            ..GetExecutions::default()
        };
        let mut client = self.client.borrow_mut();
        for command in [
            Command::GetOrders(orders),
            Command::GetExecutions(executions),
            Command::GetRisk,
            Command::GetAlerts,
            Command::GetLogs,
        ] {
            // Nobody waits for the acknowledgement: what matters is the list.
            let _ = client.request(now(), command);
        }
    }

    fn dial(self: &Rc<Self>) {
        let number = self.connection.get().wrapping_add(1);
        self.connection.set(number);
        let pump = Rc::clone(self);
        let opened = Connection::open(move |heard| pump.hear(number, heard));
        let failed = opened.is_none();
        self.socket.replace(opened);
        if failed {
            self.feed(Input::Closed { code: ABNORMAL });
        }
    }

    /// Takes in what a connection says; false where it is no longer listened to.
    fn hear(self: &Rc<Self>, connection: u32, heard: Heard) -> bool {
        if self.connection.get() != connection || self.socket.borrow().is_none() {
            return false;
        }
        match heard {
            Heard::Opened => self.feed(Input::Opened),
            Heard::Text(text) => self.feed(Input::Frame(&text)),
            Heard::Closed(code) => {
                drop(self.socket.take());
                self.feed(Input::Closed { code });
                return false;
            }
        }
        true
    }

    fn write(&self, text: String) {
        if let Some(connection) = self.socket.borrow().as_ref() {
            connection.send(text);
        }
    }

    /// Puts all that has arrived into the store.
    fn flush(self: &Rc<Self>) {
        self.tell_link();
        let Some((messages, first_at)) = self.inbox.borrow_mut().take() else {
            return;
        };
        self.status.batch_at.set(now());
        let server_now = self.server_now();
        for message in messages {
            self.store.toasts.announce(&message, server_now);
            apply(&self.store, message);
        }
        if !self.was_hidden.replace(document().hidden()) {
            let pump = Rc::clone(self);
            request_animation_frame(move || {
                if !pump.was_hidden.get() {
                    let ms = u32::try_from(now().since(first_at)).unwrap_or(u32::MAX);
                    pump.paint.borrow_mut().add(ms);
                }
            });
        }
    }

    fn server_now(&self) -> TimestampMs {
        now() + self.status.offset_ms.get_untracked()
    }

    fn tell_link(&self) {
        let Some((link, since)) = self.link_news.take() else {
            return;
        };
        let was_live = self.status.link.get_untracked() == Link::Live;
        let is_blink = matches!(link, Link::Resyncing { .. }) && now().since(since) < RESYNC_NEWS_MS;
        if was_live && is_blink {
            self.link_news.set(Some((link, since)));
            return;
        }
        set_changed(self.status.link, link);
        self.status.now.set(Some(now()));
    }

    /// Once a second: the clock, the measurements, and what got no animation frame.
    fn tick(self: &Rc<Self>) {
        self.feed(Input::Timeout);
        {
            let client = self.client.borrow();
            if let Some((offset_ms, _)) = client.clock_offset() {
                set_changed(self.status.offset_ms, offset_ms);
            }
            set_changed(self.status.rtt_ms, client.rtt_ms());
            set_changed(self.status.gaps, client.gaps());
        }
        set_changed(self.status.paint, self.paint.borrow().summary());
        self.store.toasts.expire(self.server_now());
        if self.inbox.borrow_mut().take_overflow() || self.store.lists.wants_open() {
            self.ask_for_lists();
            self.drain();
        }
        let overdue = self
            .inbox
            .borrow()
            .waits_since()
            .is_some_and(|at| now().since(at) > FRAME_OVERDUE_MS);
        if overdue || self.link_news.get().is_some() {
            self.flush();
        }
        self.status.now.set(Some(now()));
    }

    fn set_alarm(self: &Rc<Self>) {
        let Some(deadline) = self.client.borrow().next_deadline() else {
            return;
        };
        match self.alarm.get() {
            // Early is harmless: the machine looks at the time itself.
            Some((at, _)) if at <= deadline => return,
            Some((_, handle)) => handle.clear(),
            None => {}
        }
        let wait = Duration::from_millis(deadline.since(now()));
        let pump = Rc::clone(self);
        let ring = move || {
            pump.alarm.set(None);
            pump.feed(Input::Timeout);
        };
        self.alarm.set(
            set_timeout_with_handle(ring, wait)
                .ok()
                .map(|handle| (deadline, handle)),
        );
    }
}
