//! A WebSocket client that writes its frames byte by byte, right or wrong, and looks at the server's frames as they are.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

use crate::wire::PATIENCE;

/// Opcodes of RFC 6455, section 5.2.
pub mod opcode {
    /// Goes on with the message begun.
    pub const CONTINUATION: u8 = 0;
    /// Begins a message of text.
    pub const TEXT: u8 = 1;
    /// Begins a message of bytes.
    pub const BINARY: u8 = 2;
    /// Ends the connection.
    pub const CLOSE: u8 = 8;
    /// Asks for a pong.
    pub const PING: u8 = 9;
    /// Answers a ping.
    pub const PONG: u8 = 10;
}

const MASK: [u8; 4] = [0x37, 0xFA, 0x21, 0x3D];

/// How often a handshake that came too fast is tried again.
const TRIES: u32 = 100;

/// The first two bytes of a frame, its length, and its payload.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// FIN, the reserved bits and the opcode.
    pub first: u8,
    /// Whether the payload is masked, as a client's has to be.
    pub masked: bool,
}

/// The last frame of a message.
pub fn whole(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let first = 0x80 | opcode;
    bytes(Shape { first, masked: true }, payload)
}

/// A frame that more follow.
pub fn part(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let first = opcode;
    bytes(Shape { first, masked: true }, payload)
}

/// A frame of any shape.
pub fn bytes(shape: Shape, payload: &[u8]) -> Vec<u8> {
    let mask_bit = if shape.masked { 0x80 } else { 0 };
    let mut bytes = vec![shape.first];
    match (u8::try_from(payload.len()), u16::try_from(payload.len())) {
        (Ok(short), _) if short < 126 => bytes.push(mask_bit | short),
        (_, Ok(medium)) => {
            bytes.push(mask_bit | 126);
            bytes.extend(medium.to_be_bytes());
        }
        _ => {
            bytes.push(mask_bit | 127);
            bytes.extend((payload.len() as u64).to_be_bytes());
        }
    }
    if shape.masked {
        bytes.extend(MASK);
        bytes.extend(
            payload
                .iter()
                .zip(MASK.iter().cycle())
                .map(|(byte, mask)| byte ^ mask),
        );
    } else {
        bytes.extend(payload);
    }
    bytes
}

/// One frame of the server, which has to be one by the standard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The opcode.
    pub opcode: u8,
    /// The payload.
    pub payload: Vec<u8>,
}

/// One connection.
#[derive(Debug)]
pub struct Raw {
    stream: TcpStream,
    /// The head of the server's answer to the handshake.
    pub head: String,
    buffer: Vec<u8>,
}

impl Raw {
    /// Connects as any client does.
    pub fn connect(address: SocketAddr) -> Result<Raw> {
        for _ in 0..TRIES {
            let raw = Raw::request(address, &upgrade(address, ""))?;
            if raw.head.starts_with("HTTP/1.1 101") {
                return Ok(raw);
            }
            ensure!(
                ["HTTP/1.1 429", "HTTP/1.1 503"]
                    .iter()
                    .any(|busy| raw.head.starts_with(busy)),
                "the handshake was refused: {}",
                raw.head
            );
            // A server that counts handshakes wants a pause after so many.
            std::thread::sleep(Duration::from_millis(100));
        }
        bail!("no handshake within {TRIES} tries")
    }

    /// Writes a request, and reads the head of the answer.
    pub fn request(address: SocketAddr, request: &str) -> Result<Raw> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(request.as_bytes())?;
        let mut raw = Raw {
            stream,
            head: String::new(),
            buffer: Vec::new(),
        };
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(end) = raw.buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                let head: Vec<u8> = raw.buffer.drain(..end + 4).collect();
                raw.head = String::from_utf8_lossy(&head).into_owned();
                return Ok(raw);
            }
            ensure!(raw.fill(deadline)?, "the answer has no end");
        }
    }

    /// Writes bytes. A server that has closed already takes no more, which is no error here.
    pub fn write(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes).and_then(|()| self.stream.flush());
    }

    /// The next frame; none where the server has ended the connection.
    pub fn frame(&mut self) -> Result<Option<Seen>> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some((seen, length)) = read_frame(&self.buffer)? {
                self.buffer.drain(..length);
                return Ok(Some(seen));
            }
            if !self.fill(deadline)? {
                return Ok(None);
            }
        }
    }

    /// Reads what there is; false at the end.
    fn fill(&mut self, deadline: Instant) -> Result<bool> {
        let mut piece = [0; 16 * 1024];
        loop {
            ensure!(Instant::now() < deadline, "nothing came within {PATIENCE:?}");
            return match self.stream.read(&mut piece) {
                Ok(0) => Ok(false),
                Ok(length) => {
                    self.buffer.extend_from_slice(&piece[..length]);
                    Ok(true)
                }
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => continue,
                // A reset is an end too.
                Err(_) => Ok(false),
            };
        }
    }
}

/// The request that a client makes, with further header lines, each with its end.
pub fn upgrade(address: SocketAddr, headers: &str) -> String {
    format!(
        "GET /api/ws/realtime HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{headers}\r\n"
    )
}

/// The frame at the start of the bytes and its length, where it is there wholly.
fn read_frame(bytes: &[u8]) -> Result<Option<(Seen, usize)>> {
    let [first, second, rest @ ..] = bytes else {
        return Ok(None);
    };
    ensure!(first & 0x70 == 0, "the server set a reserved bit: {first:#x}");
    ensure!(second & 0x80 == 0, "the server masked a frame");
    let opcode = first & 0x0F;
    ensure!(first & 0x80 != 0, "the server sent a message in pieces");
    ensure!(
        matches!(opcode, opcode::TEXT | opcode::CLOSE | opcode::PING | opcode::PONG),
        "the server sent the opcode {opcode}"
    );
    let (length, head) = match second & 0x7F {
        126 => match rest {
            [a, b, ..] => (usize::from(u16::from_be_bytes([*a, *b])), 4),
            _ => return Ok(None),
        },
        127 => match rest.first_chunk::<8>() {
            Some(length) => (usize::try_from(u64::from_be_bytes(*length))?, 10),
            None => return Ok(None),
        },
        short => (usize::from(short), 2),
    };
    ensure!(
        opcode < opcode::CLOSE || length < 126,
        "the server sent a control frame of {length} bytes"
    );
    let Some(payload) = bytes.get(head..head + length) else {
        return Ok(None);
    };
    let seen = Seen {
        opcode,
        payload: payload.to_vec(),
    };
    Ok(Some((seen, head + length)))
}

impl Seen {
    /// What this answers, in a word: `pong:HEX`, `ERROR CODE`, `PONG T0`. None for what flows anyway.
    pub fn answer(&self) -> Result<Option<String>> {
        match self.opcode {
            opcode::PONG => {
                let hex: String = self.payload.iter().map(|byte| format!("{byte:02x}")).collect();
                Ok(Some(format!("pong:{hex}")))
            }
            opcode::TEXT => {
                let json: Value = serde_json::from_slice(&self.payload).context("the server sent no JSON")?;
                Ok(match json["type"].as_str() {
                    Some("ERROR") => Some(format!("ERROR {}", json["code"].as_str().unwrap_or_default())),
                    Some("PONG") => Some(format!("PONG {}", json["t0"])),
                    _ => None,
                })
            }
            _ => Ok(None),
        }
    }

    /// The close code; 1005 where there is none.
    pub fn close_code(&self) -> Option<u16> {
        let code = self.payload.first_chunk::<2>();
        (self.opcode == opcode::CLOSE).then(|| code.map_or(1005, |code| u16::from_be_bytes(*code)))
    }
}
