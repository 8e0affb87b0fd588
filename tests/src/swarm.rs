//! Many desks at once: the client state machine of tickwire-protocol a thousand times over, on two threads.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Result, bail};
use futures::{SinkExt as _, StreamExt as _};
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::id::{Epoch, Seq};
use tickwire_protocol::session::client::{Client, Event, Input, Link, Output};
use tickwire_protocol::topic::Topic;
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio_tungstenite::tungstenite::protocol::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

const THREADS: usize = 2;
const DIAL_TIME_MAX: Duration = Duration::from_secs(5);

/// What a desk went through.
#[derive(Clone, Debug, Default)]
pub struct Lived {
    /// Whether it is live now.
    pub is_live: bool,
    /// Connections that were greeted.
    pub greetings: u32,
    /// The window that the last greeting gave, and the delays drawn first after each loss of a connection, in
    /// milliseconds: what the desk wanted, whatever the machine made of it.
    pub window_ms: u64,
    /// See `window_ms`.
    pub first_delays: Vec<(u64, u64)>,
    /// The last place of the followed topic.
    pub place: Option<(Epoch, Seq)>,
    /// Its messages.
    pub messages: u64,
    /// Messages that were not the next one.
    pub out_of_order: u64,
    /// Losses that were told.
    pub lost: u64,
}

/// Running desks. Dropping it ends them.
#[derive(Debug)]
pub struct Swarm {
    runtime: Option<Runtime>,
    lives: Vec<Arc<Mutex<Lived>>>,
}

impl Swarm {
    /// Starts so many desks that follow `followed` and want `others`.
    pub fn start(address: SocketAddr, desks: u64, followed: Topic, others: &[Topic]) -> Result<Swarm> {
        // Two sockets for each, one of which may be closing.
        rlimit::increase_nofile_limit(desks * 2 + 256)?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(THREADS)
            .enable_all()
            .build()?;
        let mut lives = Vec::new();
        for desk in 0..desks {
            let mut client = Client::new(desk * 7919 + 1);
            client.subscribe(followed);
            others.iter().for_each(|topic| client.subscribe(*topic));
            let lived = Arc::new(Mutex::new(Lived::default()));
            lives.push(Arc::clone(&lived));
            let life = Life {
                client,
                address,
                followed,
                socket: None,
                lived,
            };
            runtime.spawn(life.live());
        }
        Ok(Swarm {
            runtime: Some(runtime),
            lives,
        })
    }

    /// What each has gone through so far.
    pub fn lived(&self) -> Vec<Lived> {
        let look = |lived: &Arc<Mutex<Lived>>| lived.lock().unwrap_or_else(PoisonError::into_inner).clone();
        self.lives.iter().map(look).collect()
    }

    /// Waits until something is true of each.
    pub fn wait_until(&self, within: Duration, what: &str, is_so: impl Fn(&Lived) -> bool) -> Result<()> {
        let deadline = Instant::now() + within;
        loop {
            let lived = self.lived();
            let missing = lived.iter().filter(|lived| !is_so(lived)).count();
            if missing == 0 {
                return Ok(());
            }
            if Instant::now() > deadline {
                let one = lived.iter().find(|lived| !is_so(lived));
                bail!(
                    "{missing} of {} are not {what} after {within:?}, such as {one:?}",
                    lived.len()
                );
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Swarm {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

struct Life {
    client: Client,
    address: SocketAddr,
    followed: Topic,
    socket: Option<WebSocketStream<TcpStream>>,
    lived: Arc<Mutex<Lived>>,
}

impl Life {
    async fn live(mut self) {
        self.client.handle(now(), Input::Start);
        loop {
            while let Some(output) = self.client.poll() {
                self.carry_out(output).await;
            }
            let wait = self.client.next_deadline().map_or(1_000, |at| at.since(now()));
            let wait = Duration::from_millis(wait.min(1_000));
            let frame = match &mut self.socket {
                Some(socket) => tokio::time::timeout(wait, socket.next()).await,
                None => {
                    tokio::time::sleep(wait).await;
                    self.client.handle(now(), Input::Timeout);
                    continue;
                }
            };
            match frame {
                Err(_) => self.client.handle(now(), Input::Timeout),
                Ok(Some(Ok(Message::Text(text)))) => self.client.handle(now(), Input::Frame(&text)),
                Ok(Some(Ok(Message::Close(frame)))) => {
                    self.lost(frame.map_or(1005, |frame| u16::from(frame.code)));
                }
                Ok(Some(Ok(_))) => {}
                Ok(Some(Err(_)) | None) => self.lost(1006),
            }
            if self.client.next_deadline().is_some_and(|at| now() >= at) {
                self.client.handle(now(), Input::Timeout);
            }
        }
    }

    fn lost(&mut self, code: u16) {
        self.socket = None;
        self.client.handle(now(), Input::Closed { code });
    }

    async fn carry_out(&mut self, output: Output) {
        match output {
            Output::Dial => {
                self.socket = None;
                let dialed = tokio::time::timeout(DIAL_TIME_MAX, dial(self.address)).await;
                match dialed {
                    Ok(Ok(socket)) => {
                        self.socket = Some(socket);
                        self.client.handle(now(), Input::Opened);
                    }
                    _ => self.client.handle(now(), Input::Closed { code: 1006 }),
                }
            }
            Output::HangUp => self.socket = None,
            Output::Send(text) => {
                // What cannot be sent is found out by reading.
                if let Some(socket) = &mut self.socket {
                    let _ = tokio::time::timeout(DIAL_TIME_MAX, socket.send(Message::text(text))).await;
                }
            }
            Output::Event(event) => self.note(event),
        }
    }

    fn note(&self, event: Event) {
        let mut lived = self.lived.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::Greeted(greeting) => {
                lived.greetings += 1;
                lived.window_ms = greeting.limits.reconnect_window_ms;
            }
            Event::Link(link) => {
                if let (true, Link::Reconnecting { next_try_at, .. }) = (lived.is_live, link) {
                    let window_ms = lived.window_ms;
                    lived.first_delays.push((next_try_at.since(now()), window_ms));
                }
                lived.is_live = link == Link::Live;
            }
            Event::Lost(_) => lived.lost += 1,
            Event::Message(message) if message.head.topic == Some(self.followed) => {
                let place = message.head.ep.zip(message.head.seq);
                let is_next = match (lived.place, place) {
                    (Some((known_ep, known)), Some((ep, seq))) => ep == known_ep && seq == known.next(),
                    _ => true,
                };
                lived.out_of_order += u64::from(!is_next);
                lived.messages += 1;
                lived.place = place;
            }
            _ => {}
        }
    }
}

async fn dial(address: SocketAddr) -> Result<WebSocketStream<TcpStream>> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (socket, _) = client_async(format!("ws://{address}/api/ws/realtime"), stream).await?;
    Ok(socket)
}

fn now() -> TimestampMs {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    TimestampMs(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
