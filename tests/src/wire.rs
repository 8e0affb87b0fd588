//! A WebSocket client that sees every frame as it came. It blocks, with a deadline on everything.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, bail};
use rust_decimal::Decimal;
use serde_json::Value;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::handshake::client::Response;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};
use tokio_tungstenite::tungstenite::protocol::{Message, WebSocket};
use tokio_tungstenite::tungstenite::{Error, HandshakeError, client};

use crate::exact;

/// Long enough for a busy machine; nothing that works takes as long.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// Where the desk's own protocol is spoken.
const REALTIME: &str = "/api/ws/realtime";

/// A text frame.
#[derive(Clone, Debug)]
pub struct Frame {
    /// When it was read.
    pub at: Instant,
    /// As it came.
    pub text: String,
    /// The same, parsed; its numbers are floats.
    pub json: Value,
}

impl Frame {
    /// Its `type`.
    pub fn kind(&self) -> &str {
        self.json["type"].as_str().unwrap_or_default()
    }

    /// Its `topic`.
    pub fn topic(&self) -> &str {
        self.json["topic"].as_str().unwrap_or_default()
    }

    /// Its place in its topic; 0 where it has none.
    pub fn seq(&self) -> u64 {
        self.json["seq"].as_u64().unwrap_or_default()
    }

    /// The number at a JSON pointer, exactly as printed.
    #[track_caller]
    pub fn number(&self, pointer: &str) -> Decimal {
        match exact::number(&self.text, pointer) {
            Ok(number) => number,
            Err(error) => panic!("{error:#}"),
        }
    }
}

/// What a refused or accepted handshake said.
#[derive(Debug)]
pub enum Handshake {
    /// A WebSocket now.
    Accepted(Box<Wire>, Box<Response>),
    /// An HTTP answer with this status.
    Refused(u16),
}

/// One connection.
#[derive(Debug)]
pub struct Wire {
    socket: WebSocket<TcpStream>,
    /// Every text frame so far, in order.
    pub log: Vec<Frame>,
    /// How the connection ended: close code and reason; 1006 where there was no close frame.
    pub end: Option<(u16, String)>,
    next_id: u32,
    is_patient: bool,
}

impl Wire {
    /// Connects as the client of seed S1 does: no subprotocol, no further word.
    pub fn connect(address: SocketAddr) -> Result<Wire> {
        Self::connect_over(TcpStream::connect(address)?)
    }

    /// Connects over a socket that takes in little, so that not reading it soon blocks the server.
    pub fn connect_narrow(address: SocketAddr) -> Result<Wire> {
        const RECEIVE_BYTES: u32 = 4096;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .build()?;
        let stream = runtime.block_on(async {
            let socket = tokio::net::TcpSocket::new_v4()?;
            socket.set_recv_buffer_size(RECEIVE_BYTES)?;
            socket.connect(address).await?.into_std()
        })?;
        stream.set_nonblocking(false)?;
        Self::connect_over(stream)
    }

    /// Connects at another path than the desk's own, query included.
    pub fn connect_at(address: SocketAddr, path: &str) -> Result<Wire> {
        accepted(Self::handshake_over(TcpStream::connect(address)?, path, &[])?)
    }

    fn connect_over(stream: TcpStream) -> Result<Wire> {
        accepted(Self::handshake_over(stream, REALTIME, &[])?)
    }

    /// Tries to connect with these headers beside, or in place of, the usual ones.
    pub fn handshake(address: SocketAddr, headers: &[(&str, &str)]) -> Result<Handshake> {
        Self::handshake_over(TcpStream::connect(address)?, REALTIME, headers)
    }

    /// Tries to connect to the socket's address with this query.
    pub fn handshake_at(address: SocketAddr, query: &str) -> Result<Handshake> {
        let path = format!("{REALTIME}{query}");
        Self::handshake_over(TcpStream::connect(address)?, &path, &[])
    }

    fn handshake_over(stream: TcpStream, path: &str, headers: &[(&str, &str)]) -> Result<Handshake> {
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        let mut request = format!("ws://{}{path}", stream.peer_addr()?).into_client_request()?;
        for (name, value) in headers {
            let name = HeaderName::from_bytes(name.as_bytes())?;
            request.headers_mut().insert(name, HeaderValue::from_str(value)?);
        }
        match client(request, stream) {
            Ok((socket, response)) => {
                let wire = Wire {
                    socket,
                    log: Vec::new(),
                    end: None,
                    next_id: 0,
                    is_patient: false,
                };
                Ok(Handshake::Accepted(Box::new(wire), Box::new(response)))
            }
            Err(HandshakeError::Failure(Error::Http(response))) => {
                Ok(Handshake::Refused(response.status().as_u16()))
            }
            Err(error) => Err(anyhow!("the handshake failed: {error}")),
        }
    }

    /// Sends a text frame.
    pub fn send(&mut self, text: &str) -> Result<()> {
        self.send_message(Message::text(text))
    }

    /// Sends any message.
    pub fn send_message(&mut self, message: Message) -> Result<()> {
        self.socket.send(message).context("the frame cannot be sent")
    }

    /// Writes bytes past the WebSocket layer.
    pub fn send_bytes(&mut self, bytes: &[u8]) -> Result<()> {
        let stream = self.socket.get_mut();
        stream.write_all(bytes)?;
        Ok(stream.flush()?)
    }

    /// The next frame, or none where none came in time or the connection ended.
    pub fn next_within(&mut self, within: Duration) -> Result<Option<Frame>> {
        let deadline = Instant::now() + within;
        while self.end.is_none() {
            let rest = deadline.saturating_duration_since(Instant::now());
            if rest.is_zero() {
                return Ok(None);
            }
            self.socket.get_mut().set_read_timeout(Some(rest))?;
            match self.socket.read() {
                Ok(Message::Text(text)) => {
                    let frame = Frame {
                        at: Instant::now(),
                        json: serde_json::from_str(&text)
                            .with_context(|| format!("the server sent what is no JSON: {text}"))?,
                        text: text.to_string(),
                    };
                    self.log.push(frame.clone());
                    return Ok(Some(frame));
                }
                Ok(Message::Binary(_)) => bail!("the server sent a binary frame"),
                Ok(Message::Close(frame)) => {
                    let end = frame.map(|frame| (u16::from(frame.code), frame.reason.to_string()));
                    self.end = Some(end.unwrap_or((1005, String::new())));
                    // The answer to the close is written by reading on, where the other end still listens.
                    let _ = self.socket.flush();
                }
                Ok(_) => {}
                Err(Error::Io(error))
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                Err(error) => self.end = Some((1006, error.to_string())),
            }
        }
        Ok(None)
    }

    /// The first frame from now on that is wanted. What comes before it stays in the log.
    pub fn wait_for(&mut self, what: &str, wanted: impl Fn(&Frame) -> bool) -> Result<Frame> {
        self.wait_within(PATIENCE, what, wanted)
    }

    /// The first frame from now on that is wanted, at most `within` from now.
    pub fn wait_within(
        &mut self,
        within: Duration,
        what: &str,
        wanted: impl Fn(&Frame) -> bool,
    ) -> Result<Frame> {
        let deadline = Instant::now() + within;
        let before = self.log.len();
        while let Some(frame) = self.next_within(deadline.saturating_duration_since(Instant::now()))? {
            if wanted(&frame) {
                return Ok(frame);
            }
        }
        let seen: Vec<&str> = self.log[before..].iter().map(Frame::kind).collect();
        bail!(
            "no {what} within {within:?}; the end is {:?}; there came {seen:?}",
            self.end
        )
    }

    /// The first frame of this type from now on.
    pub fn wait_for_kind(&mut self, kind: &str) -> Result<Frame> {
        self.wait_for(kind, |frame| frame.kind() == kind)
    }

    /// Reads everything for a while.
    pub fn read_for(&mut self, time: Duration) -> Result<&[Frame]> {
        let deadline = Instant::now() + time;
        let before = self.log.len();
        while self
            .next_within(deadline.saturating_duration_since(Instant::now()))?
            .is_some()
        {}
        Ok(&self.log[before..])
    }

    /// Sends commands that came too fast for the desk again, when it says, instead of reporting the refusal.
    pub fn be_patient(&mut self) {
        self.is_patient = true;
    }

    /// Whether an answer means that the command is to be sent again; waits for the moment.
    fn is_to_be_repeated(&self, answer: &Frame) -> bool {
        let is_too_fast = self.is_patient && answer.json["code"] == "RATE_LIMITED";
        if is_too_fast {
            let wait_ms = answer.json["retry_after_ms"].as_u64().unwrap_or_default();
            std::thread::sleep(Duration::from_millis(wait_ms + 1));
        }
        is_too_fast
    }

    /// Sends a command with an id put in, and waits for its ACK or ERROR. `command` is the object without it.
    pub fn ask(&mut self, command: &str) -> Result<Frame> {
        loop {
            self.next_id += 1;
            let id = format!("c{}", self.next_id);
            let text = with_id(command, &id)?;
            self.send(&text)?;
            let answer = self.wait_for(&format!("answer to {text}"), |frame| {
                matches!(frame.kind(), "ACK" | "ERROR") && frame.json["id"] == id.as_str()
            })?;
            if !self.is_to_be_repeated(&answer) {
                return Ok(answer);
            }
        }
    }

    /// Sends a command that is to be carried out.
    pub fn acked(&mut self, command: &str) -> Result<Frame> {
        let answer = self.ask(command)?;
        anyhow::ensure!(answer.kind() == "ACK", "{command} was refused: {}", answer.text);
        Ok(answer)
    }

    /// Sends a question and waits for the data that carry its id.
    pub fn answer(&mut self, question: &str, kind: &str) -> Result<Frame> {
        loop {
            self.next_id += 1;
            let id = format!("q{}", self.next_id);
            self.send(&with_id(question, &id)?)?;
            let answer = self.wait_for(&format!("{kind} for {question}"), |frame| {
                frame.json["id"] == id.as_str()
                    && matches!(frame.kind(), found if found == kind || found == "ERROR")
            })?;
            if self.is_to_be_repeated(&answer) {
                continue;
            }
            anyhow::ensure!(answer.kind() == kind, "{question} was refused: {}", answer.text);
            return Ok(answer);
        }
    }

    /// Subscribes to topics, and returns what each SUBSCRIBED said.
    pub fn subscribe(&mut self, topics: &[&str]) -> Result<Vec<Frame>> {
        let before = self.log.len();
        self.acked(&serde_json::json!({"action": "subscribe", "topics": topics}).to_string())?;
        let said = self.log[before..]
            .iter()
            .filter(|frame| frame.kind() == "SUBSCRIBED");
        Ok(said.cloned().collect())
    }

    /// Asks for a sign of life and waits for it.
    pub fn ping(&mut self) -> Result<()> {
        self.answer(r#"{"action":"ping","t0":1}"#, "PONG").map(drop)
    }

    /// Waits until the server has closed the connection, and returns its close code and reason.
    pub fn closed(&mut self, within: Duration) -> Result<(u16, String)> {
        self.read_for(within)?;
        self.end
            .clone()
            .with_context(|| format!("still open after {within:?}"))
    }

    /// Reads to the end of the connection past the WebSocket layer, so that nothing is answered, not even a ping.
    pub fn rest_unanswered(&mut self) -> Result<Vec<u8>> {
        let stream = self.socket.get_mut();
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Reads one byte each `pause` past the WebSocket layer, until it is told to stop.
    pub fn drip(&mut self, pause: Duration, stop: &AtomicBool) -> Result<()> {
        let stream = self.socket.get_mut();
        stream.set_read_timeout(Some(pause))?;
        while !stop.load(Ordering::Relaxed) {
            // An end of the connection is heard of only behind all that is still to be read.
            let _ = stream.read(&mut [0]);
            std::thread::sleep(pause);
        }
        Ok(())
    }

    /// Ends the connection without a word, as a cut cable does not and a killed client does.
    pub fn cut(self) {
        drop(self);
    }
}

fn accepted(handshake: Handshake) -> Result<Wire> {
    match handshake {
        Handshake::Accepted(wire, _) => Ok(*wire),
        Handshake::Refused(status) => bail!("the handshake was refused with {status}"),
    }
}

fn with_id(command: &str, id: &str) -> Result<String> {
    let rest = command.strip_prefix('{').context("a command is an object")?;
    Ok(format!("{{\"id\":\"{id}\",{rest}"))
}
