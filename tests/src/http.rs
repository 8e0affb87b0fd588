//! One HTTP request as bytes on a socket: the tests decide each header, and no client adds its own.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, Result};

const ANSWER_TIME_MAX: Duration = Duration::from_secs(10);

/// What the server answered.
#[derive(Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    headers: Vec<(String, String)>,
    /// The body as it came over the wire: still compressed, still chunked.
    pub body: Vec<u8>,
}

impl Answer {
    /// The value of a header, by its lower-case name; empty when it is absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map_or("", |(_, value)| value)
    }

    /// The values of a header that may come several times.
    pub fn headers_named(&self, name: &str) -> impl Iterator<Item = &str> {
        let named = self.headers.iter().filter(move |(known, _)| known == name);
        named.map(|(_, value)| value.as_str())
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

impl Answer {
    /// The text of a body that came in chunks, and came whole: its last chunk says so.
    pub fn unchunked(&self) -> Result<String> {
        let mut rest = self.body.as_slice();
        let mut whole = Vec::new();
        loop {
            let end = rest.windows(2).position(|two| two == b"\r\n");
            let end = end.context("the body breaks off")?;
            let length = usize::from_str_radix(std::str::from_utf8(&rest[..end])?, 16)?;
            if length == 0 {
                return Ok(String::from_utf8(whole)?);
            }
            let chunk = rest
                .get(end + 2..end + 2 + length)
                .context("a chunk breaks off")?;
            whole.extend_from_slice(chunk);
            rest = rest.get(end + 4 + length..).context("a chunk has no end")?;
        }
    }
}

/// Sends a GET with these headers and reads the answer to its end.
pub fn get(address: SocketAddr, path: &str, headers: &[(&str, &str)]) -> Result<Answer> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(ANSWER_TIME_MAX))?;
    let mut request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n");
    for (name, value) in headers {
        request += &format!("{name}: {value}\r\n");
    }
    stream.write_all(format!("{request}\r\n").as_bytes())?;

    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    parse(bytes)
}

/// An answer as it came.
pub fn parse(mut bytes: Vec<u8>) -> Result<Answer> {
    let split = bytes
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .context("no end of the headers")?;
    let head = String::from_utf8_lossy(&bytes[..split]).into_owned();
    let mut lines = head.lines();
    let status = lines
        .next()
        .and_then(|line| line.split(' ').nth(1))
        .context("no status line")?
        .parse()?;
    let headers = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    Ok(Answer {
        status,
        headers,
        body: bytes.split_off(split + 4),
    })
}
