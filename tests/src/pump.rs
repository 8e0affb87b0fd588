//! A thread that moves bytes between a socket and the client state machine of tickwire-protocol: the desk of the browser
//! without the browser.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, bail};
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::command::Command;
use tickwire_protocol::session::client::{Client, Event, Input, Output};
use tickwire_protocol::topic::Topic;
use tokio_tungstenite::tungstenite::protocol::{Message, WebSocket};
use tokio_tungstenite::tungstenite::{Error, client};

/// A wait is cut into pieces of this, so that orders from the scenario are soon heard.
const PIECE: Duration = Duration::from_millis(5);

const DIAL_TIME_MAX: Duration = Duration::from_secs(2);

/// A desk that reconnects by itself.
#[derive(Debug)]
pub struct Pump {
    orders: Sender<Order>,
    events: Receiver<(Instant, Event)>,
}

#[derive(Debug)]
enum Order {
    Subscribe(Topic),
    Request(Box<Command>),
}

impl Pump {
    /// Starts a desk that wants these topics. Dropping it ends it.
    pub fn start(address: SocketAddr, seed: u64, topics: &[Topic]) -> Pump {
        let (orders, inbox) = channel();
        let (outbox, events) = channel();
        let mut life = Life {
            client: Client::new(seed),
            address,
            socket: None,
            outbox,
        };
        for topic in topics {
            life.client.subscribe(*topic);
        }
        std::thread::spawn(move || life.live(&inbox));
        Pump { orders, events }
    }

    /// Wants one topic more.
    pub fn subscribe(&self, topic: Topic) -> Result<()> {
        Ok(self.orders.send(Order::Subscribe(topic))?)
    }

    /// Sends a command, now or when there is a connection.
    pub fn request(&self, command: Command) -> Result<()> {
        Ok(self.orders.send(Order::Request(Box::new(command)))?)
    }

    /// Waits for an event, and returns it, when it came, and all that came before it.
    pub fn wait_for(
        &self,
        within: Duration,
        what: &str,
        mut wanted: impl FnMut(&Event) -> bool,
    ) -> Result<(Instant, Vec<Event>)> {
        let deadline = Instant::now() + within;
        let mut seen = Vec::new();
        loop {
            let rest = deadline.saturating_duration_since(Instant::now());
            let Ok((at, event)) = self.events.recv_timeout(rest) else {
                bail!("no {what} within {within:?}; there came {seen:#?}");
            };
            let found = wanted(&event);
            seen.push(event);
            if found {
                return Ok((at, seen));
            }
        }
    }
}

struct Life {
    client: Client,
    address: SocketAddr,
    socket: Option<WebSocket<TcpStream>>,
    outbox: Sender<(Instant, Event)>,
}

impl Life {
    fn live(mut self, inbox: &Receiver<Order>) {
        self.client.handle(now(), Input::Start);
        loop {
            loop {
                match inbox.try_recv() {
                    Ok(Order::Subscribe(topic)) => self.client.subscribe(topic),
                    Ok(Order::Request(command)) => {
                        self.client.request(now(), *command);
                    }
                    Err(TryRecvError::Empty) => break,
                    Err(TryRecvError::Disconnected) => return,
                }
            }
            while let Some(output) = self.client.poll() {
                if self.carry_out(output).is_err() {
                    return;
                }
            }
            self.read();
            if self
                .client
                .next_deadline()
                .is_some_and(|deadline| now() >= deadline)
            {
                self.client.handle(now(), Input::Timeout);
            }
        }
    }

    fn carry_out(&mut self, output: Output) -> Result<()> {
        match output {
            Output::Dial => {
                self.socket = None;
                match self.dial() {
                    Ok(socket) => {
                        self.socket = Some(socket);
                        self.client.handle(now(), Input::Opened);
                    }
                    Err(_) => self.client.handle(now(), Input::Closed { code: 1006 }),
                }
            }
            Output::HangUp => self.socket = None,
            Output::Send(text) => {
                // What cannot be sent is found out by reading.
                if let Some(socket) = &mut self.socket {
                    let _ = socket.send(Message::text(text));
                }
            }
            Output::Event(event) => self
                .outbox
                .send((Instant::now(), event))
                .ok()
                .context("somebody listens")?,
        }
        Ok(())
    }

    fn dial(&self) -> Result<WebSocket<TcpStream>> {
        let stream = TcpStream::connect_timeout(&self.address, DIAL_TIME_MAX)?;
        stream.set_read_timeout(Some(DIAL_TIME_MAX))?;
        stream.set_nodelay(true)?;
        let (mut socket, _) = client(format!("ws://{}/api/ws/realtime", self.address), stream)
            .map_err(|error| anyhow::anyhow!("{error}"))?;
        socket.get_mut().set_read_timeout(Some(PIECE))?;
        Ok(socket)
    }

    fn read(&mut self) {
        let Some(socket) = &mut self.socket else {
            return std::thread::sleep(PIECE);
        };
        match socket.read() {
            Ok(Message::Text(text)) => self.client.handle(now(), Input::Frame(&text)),
            Ok(Message::Close(frame)) => {
                let code = frame.map_or(1005, |frame| u16::from(frame.code));
                self.socket = None;
                self.client.handle(now(), Input::Closed { code });
            }
            Ok(_) => {}
            Err(Error::Io(error)) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(_) => {
                self.socket = None;
                self.client.handle(now(), Input::Closed { code: 1006 });
            }
        }
    }
}

fn now() -> TimestampMs {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    TimestampMs(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
