//! The task that moves frames between a socket and the client machine of the protocol, and what the machine hands out
//! into the program's channel. It holds no rules of the conversation.

use crate::clock::Clock;
use crate::connection::{Connection, DialError, Dialer, Heard};
use crate::desk::Desk;
use crate::events::{Event, Told};
use crate::refused::Refused;
use crate::token::{NoToken, Token, TokenFuture};
use std::collections::{HashMap, VecDeque};
use std::pin::Pin;
use std::time::{Duration, Instant};
use tickwire_protocol::access::AccessToken;
use tickwire_protocol::command::{Authenticate, Command};
use tickwire_protocol::id::CommandId;
use tickwire_protocol::message::{Ack, Body, ErrorBody, Message};
use tickwire_protocol::session::client::{Client, Event as Said, Input, Link, Output};
use tickwire_protocol::topic::{Topic, TopicClass};
use tokio::sync::{mpsc, oneshot, watch};

/// Orders of the program that wait to be taken in.
const ORDERS: usize = 64;

/// Commands under way; a further one waits in the channel. The machine itself refuses above 64.
const UNDER_WAY_MAX: usize = 60;

/// Events kept beyond the channel's capacity as long as a command waits for the answer behind them.
const KEPT_FOR_AN_ANSWER: usize = 1_024;

/// After this long without reading the machine is told that silence proves nothing.
const PAUSE_IS_LONG: Duration = Duration::from_secs(1);

/// After this long a source of tokens that had no other one is asked again.
const ASKED_AGAIN: Duration = Duration::from_secs(2);

/// A wait without a deadline; it ends with the next order.
const IDLE: Duration = Duration::from_secs(3_600);

/// The answer to a command: what was done, and the message that came with it.
pub(crate) type Answer = Result<(Ack, Option<Box<Message>>), Refused>;

/// What the program wants.
#[derive(Debug)]
pub(crate) enum Order {
    Subscribe(Topic),
    Unsubscribe(Topic),
    Request {
        command: Box<Command>,
        wants_data: bool,
        answer: oneshot::Sender<Answer>,
    },
}

/// Somebody who waits for an answer.
struct Waiter {
    wants_data: bool,
    data: Option<Box<Message>>,
    answer: oneshot::Sender<Answer>,
}

type Dialing = Pin<Box<dyn Future<Output = Result<Connection, DialError>> + Send>>;

/// What woke the task.
enum Step {
    Order(Option<Order>),
    Stop(oneshot::Sender<()>),
    Heard(Heard),
    Dialed(Box<Result<Connection, DialError>>),
    /// A token to renew the login with, or none.
    Provided(Result<Token, NoToken>),
    /// An event went to the program.
    Told,
    /// Nobody listens to events any more.
    Unheard,
    Time,
}

/// The task's state.
pub(crate) struct Driver {
    client: Client,
    clock: Clock,
    dialer: Dialer,
    orders: mpsc::Receiver<Order>,
    stop: mpsc::Receiver<oneshot::Sender<()>>,
    told: mpsc::Sender<Told>,
    outbox: VecDeque<Told>,
    link: watch::Sender<Link>,
    waiters: HashMap<CommandId, Waiter>,
    connection: Option<Connection>,
    dialing: Option<Dialing>,
    /// A token on its way that is to renew the login of the connection.
    renewing: Option<TokenFuture>,
    /// Messages of lossless topics since the greeting.
    caught_up: u64,
    /// Whether messages may have been missed since the program last was up to date.
    may_have_missed: bool,
    ever_live: bool,
    closed: bool,
    has_handles: bool,
    is_heard: bool,
    /// Since when the connection is not read, because the program has not taken what there is.
    paused: Option<Instant>,
    told_of_pause: bool,
}

impl Driver {
    /// The task, the handle of it, and what it tells. `resumes` is whether it goes on from where an earlier one was.
    pub fn new(
        client: Client,
        clock: Clock,
        dialer: Dialer,
        seed: u64,
        capacity: usize,
        resumes: bool,
    ) -> (Driver, Desk, mpsc::Receiver<Told>) {
        let (orders, inbox) = mpsc::channel(ORDERS);
        let (stop, stopped) = mpsc::channel(1);
        let (told, listener) = mpsc::channel(capacity);
        let (link, watched) = watch::channel(client.link());
        let driver = Driver {
            client,
            clock,
            dialer,
            orders: inbox,
            stop: stopped,
            told,
            outbox: VecDeque::new(),
            link,
            waiters: HashMap::new(),
            connection: None,
            dialing: None,
            renewing: None,
            caught_up: 0,
            may_have_missed: resumes,
            ever_live: false,
            closed: false,
            has_handles: true,
            is_heard: true,
            paused: None,
            told_of_pause: false,
        };
        (driver, Desk::new(orders, stop, watched, seed), listener)
    }

    /// Runs until the desk is shut down, closed by the server for good, or forgotten by the program. Who waits for an
    /// answer then learns so by its channel.
    pub async fn run(mut self) {
        self.feed(Input::Start);
        loop {
            if (self.closed && self.outbox.is_empty()) || (!self.has_handles && !self.is_heard) {
                return;
            }
            let may_read = self.may_read();
            self.mind_the_pause(may_read);
            match self.step(may_read).await {
                Step::Order(Some(order)) => self.obey(order),
                Step::Order(None) => self.has_handles = false,
                Step::Stop(done) => {
                    if let Some(connection) = self.connection.take() {
                        connection.close().await;
                    }
                    drop(self);
                    drop(done);
                    return;
                }
                Step::Heard(Heard::Text(text)) => self.feed(Input::Frame(&text)),
                Step::Heard(Heard::Closed(code)) => {
                    self.hang_up();
                    self.feed(Input::Closed { code });
                }
                Step::Dialed(dialed) => self.dialed(*dialed),
                Step::Provided(token) => self.renew(token),
                Step::Told => {}
                Step::Unheard => {
                    self.is_heard = false;
                    self.outbox.clear();
                }
                Step::Time => self.feed(Input::Timeout),
            }
        }
    }

    async fn step(&mut self, may_read: bool) -> Step {
        let wait = self.wait();
        let takes_orders = self.has_handles && self.client.pending() < UNDER_WAY_MAX;
        let Driver {
            orders,
            stop,
            told,
            outbox,
            connection,
            dialing,
            renewing,
            is_heard,
            has_handles,
            ..
        } = self;
        tokio::select! {
            Some(done) = stop.recv(), if *has_handles => Step::Stop(done),
            order = orders.recv(), if takes_orders => Step::Order(order),
            () = told.closed(), if *is_heard => Step::Unheard,
            room = told.reserve(), if !outbox.is_empty() => {
                if let (Ok(room), Some(event)) = (room, outbox.pop_front()) {
                    room.send(event);
                }
                Step::Told
            }
            heard = hear(connection, may_read) => Step::Heard(heard),
            dialed = opened(dialing) => {
                *dialing = None;
                Step::Dialed(Box::new(dialed))
            }
            token = provided(renewing) => {
                *renewing = None;
                Step::Provided(token)
            }
            () = tokio::time::sleep(wait) => Step::Time,
        }
    }

    /// Whether the program has taken what there is, or waits for an answer that is still to be read.
    fn may_read(&self) -> bool {
        let kept = if self.waiters.is_empty() {
            1
        } else {
            KEPT_FOR_AN_ANSWER
        };
        self.outbox.len() < kept
    }

    /// A link that is not read is silent, and not dead for that.
    fn mind_the_pause(&mut self, may_read: bool) {
        if may_read {
            self.paused = None;
            if std::mem::take(&mut self.told_of_pause) {
                self.feed(Input::Hidden(false));
            }
            return;
        }
        let since = *self.paused.get_or_insert_with(Instant::now);
        if !self.told_of_pause && since.elapsed() >= PAUSE_IS_LONG {
            self.told_of_pause = true;
            self.feed(Input::Hidden(true));
        }
    }

    fn wait(&self) -> Duration {
        let deadline = self.client.next_deadline();
        let wait = deadline.map_or(IDLE, |at| Duration::from_millis(at.since(self.clock.now())));
        match self.paused {
            Some(since) if !self.told_of_pause => wait.min(PAUSE_IS_LONG.saturating_sub(since.elapsed())),
            _ => wait,
        }
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::Subscribe(topic) => self.client.subscribe(topic),
            Order::Unsubscribe(topic) => self.client.unsubscribe(topic),
            Order::Request {
                command,
                wants_data,
                answer,
            } => {
                let id = self.client.request(self.clock.now(), *command);
                let waiter = Waiter {
                    wants_data,
                    data: None,
                    answer,
                };
                self.waiters.insert(id, waiter);
            }
        }
        self.drain();
    }

    fn dialed(&mut self, dialed: Result<Connection, DialError>) {
        match dialed {
            Ok(connection) => {
                self.connection = Some(connection);
                self.feed(Input::Opened);
            }
            Err(error) => {
                let code = error.close_code();
                self.tell(Event::DialFailed(error));
                self.feed(Input::Closed { code });
            }
        }
    }

    fn feed(&mut self, input: Input<'_>) {
        self.client.handle(self.clock.now(), input);
        self.drain();
    }

    /// A login is that of its connection: with the one the other needs no renewal.
    fn hang_up(&mut self) {
        self.connection = None;
        self.renewing = None;
    }

    /// Has a token asked for that renews the login, now or after a pause.
    fn ask_for_token(&mut self, pause: Duration) {
        if self.connection.is_none() {
            return;
        }
        // Without a source of tokens there is nothing to renew it with.
        if let Some(tokens) = self.dialer.tokens.clone() {
            self.renewing = Some(Box::pin(async move {
                tokio::time::sleep(pause).await;
                tokens.token().await
            }));
        }
    }

    fn renew(&mut self, token: Result<Token, NoToken>) {
        let Some(connection) = &mut self.connection else {
            return;
        };
        match token {
            // It would end as soon. Who hands out tokens may keep one to its end, so there may be another later.
            Ok(token) if connection.has_shown(&token) => self.ask_for_token(ASKED_AGAIN),
            Ok(token) => {
                let shown = AccessToken::new(token.as_str());
                connection.shows(token);
                // Nobody waits for the answer: a refusal leaves the login as it was, and its end closes the connection.
                let command = Command::Authenticate(Authenticate { token: shown });
                self.client.request(self.clock.now(), command);
                self.drain();
            }
            Err(error) => {
                self.tell(Event::NotRenewed(error));
                self.ask_for_token(ASKED_AGAIN);
            }
        }
    }

    /// Does what the machine asks for.
    fn drain(&mut self) {
        while let Some(output) = self.client.poll() {
            match output {
                Output::Dial => {
                    self.hang_up();
                    self.dialing = Some(Box::pin(self.dialer.clone().dial()));
                }
                Output::HangUp => {
                    self.hang_up();
                    self.dialing = None;
                }
                Output::Send(text) => {
                    if let Some(connection) = &mut self.connection {
                        connection.send(text);
                    }
                }
                Output::Event(said) => self.take(said),
            }
        }
    }

    fn take(&mut self, said: Said) {
        match said {
            Said::Greeted(greeting) => {
                self.caught_up = 0;
                self.tell(Event::Greeted(greeting));
            }
            Said::Message(message) => self.take_message(message),
            Said::Answered { id, result } => self.answer(&id, result),
            Said::Lost(loss) => self.tell(Event::Reset(loss)),
            Said::Link(link) => self.take_link(link),
        }
    }

    fn take_message(&mut self, message: Box<Message>) {
        if let Some(waiter) = message.head.id.as_ref().and_then(|id| self.waiters.get_mut(id))
            && waiter.wants_data
        {
            waiter.data = Some(message);
            return;
        }
        if matches!(message.body, Body::AuthExpiring(_)) {
            self.ask_for_token(Duration::ZERO);
        }
        let topic = message.head.topic;
        if topic.is_some_and(|topic| topic.class() == TopicClass::Lossless) {
            self.caught_up += 1;
        }
        self.tell(Event::Message(message));
    }

    fn answer(&mut self, id: &CommandId, result: Result<Ack, ErrorBody>) {
        if let Some(waiter) = self.waiters.remove(id) {
            let answer = match result {
                Ok(ack) => Ok((ack, waiter.data)),
                Err(error) => Err(Refused::from(error)),
            };
            // Whoever asked may not wait any more.
            let _ = waiter.answer.send(answer);
        }
    }

    fn take_link(&mut self, link: Link) {
        match link {
            Link::Live => {
                let places = self.client.places().collect();
                self.push(Told::Places(places));
                self.ever_live = true;
                if std::mem::take(&mut self.may_have_missed) {
                    let messages = self.caught_up;
                    self.tell(Event::Resumed { messages });
                }
                self.tell(Event::Live);
            }
            Link::Lagging { .. } => self.tell(Event::Lagging),
            Link::Reconnecting { attempt, next_try_at } => {
                self.may_have_missed |= self.ever_live;
                let retry_in_ms = next_try_at.since(self.clock.now());
                self.tell(Event::Lost { attempt, retry_in_ms });
            }
            Link::Closed { code } => {
                self.closed = true;
                self.tell(Event::Closed { code });
            }
            Link::Connecting | Link::Resyncing { .. } | Link::Offline => {}
        }
        self.link.send_replace(link);
    }

    fn tell(&mut self, event: Event) {
        self.push(Told::Event(event));
    }

    fn push(&mut self, told: Told) {
        if self.is_heard {
            self.outbox.push_back(told);
        }
    }
}

async fn hear(connection: &mut Option<Connection>, may_read: bool) -> Heard {
    match connection {
        Some(connection) => connection.hear(may_read).await,
        None => std::future::pending().await,
    }
}

async fn opened(dialing: &mut Option<Dialing>) -> Result<Connection, DialError> {
    match dialing {
        Some(dialing) => dialing.await,
        None => std::future::pending().await,
    }
}

async fn provided(renewing: &mut Option<TokenFuture>) -> Result<Token, NoToken> {
    match renewing {
        Some(renewing) => renewing.await,
        None => std::future::pending().await,
    }
}
