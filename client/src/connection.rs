//! One WebSocket, from its dial to its end. It is closed when it is dropped.

use crate::address::Address;
use crate::token::{NoToken, Token, TokenProvider};
use futures::{SinkExt as _, StreamExt as _};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tickwire_protocol::SUBPROTOCOL_JSON;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::http::{HeaderValue, header};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

/// The close code of a connection that broke.
const ABNORMAL: u16 = 1006;

/// The close code that stands for a handshake that was refused for good.
const POLICY: u16 = 1008;

/// The close code of a connection that was closed without one.
const NO_CODE: u16 = 1005;

/// No message of a desk is larger than this.
const MESSAGE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// How long a farewell may take.
const FAREWELL_MAX: Duration = Duration::from_secs(2);

/// Why a connection could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DialError {
    /// The program's own source of tokens failed.
    #[error("no token: {0}")]
    Token(#[source] NoToken),
    /// The server answered the handshake with this status.
    #[error("the desk refused the handshake with HTTP {status}")]
    Refused {
        /// The HTTP status. 401 and 403: who you are is unknown, or not allowed here.
        status: u16,
    },
    /// There is no desk at the address, or no way to it.
    #[error("the desk cannot be reached: {0}")]
    Unreachable(String),
}

impl DialError {
    /// The close code that the client machine takes it for.
    pub(crate) fn close_code(&self) -> u16 {
        match self {
            // What was asked is wrong, and will be at the next dial too. The others have to do with the moment.
            DialError::Refused { status: 400..=499 } if !self.is_of_the_moment() => POLICY,
            _ => ABNORMAL,
        }
    }

    fn is_of_the_moment(&self) -> bool {
        matches!(
            self,
            DialError::Refused {
                status: 408 | 425 | 429
            }
        )
    }
}

impl From<Error> for DialError {
    fn from(error: Error) -> DialError {
        match error {
            Error::Http(response) => DialError::Refused {
                status: response.status().as_u16(),
            },
            error => DialError::Unreachable(error.to_string()),
        }
    }
}

/// Opens connections to one desk.
#[derive(Clone, Debug)]
pub(crate) struct Dialer {
    pub address: Address,
    pub tokens: Option<TokenProvider>,
    #[cfg(feature = "tls")]
    pub tls: Option<std::sync::Arc<rustls::ClientConfig>>,
}

impl Dialer {
    pub async fn dial(self) -> Result<Connection, DialError> {
        let token = match &self.tokens {
            Some(tokens) => Some(tokens.token().await.map_err(DialError::Token)?),
            None => None,
        };
        let request = self.request(token.as_ref())?;
        let config = WebSocketConfig::default()
            .max_message_size(Some(MESSAGE_BYTES_MAX))
            .max_frame_size(Some(MESSAGE_BYTES_MAX));
        let (socket, _) = self.open(request, config).await?;
        Ok(Connection {
            socket,
            outgoing: VecDeque::new(),
            unflushed: false,
            broken: false,
            shown: token,
        })
    }

    fn request(&self, token: Option<&Token>) -> Result<Request, DialError> {
        let mut request = self.address.uri().into_client_request()?;
        let headers = request.headers_mut();
        headers.insert(
            header::SEC_WEBSOCKET_PROTOCOL,
            HeaderValue::from_static(SUBPROTOCOL_JSON),
        );
        if let Some(token) = token {
            let text = format!("Bearer {}", token.as_str());
            // The error says nothing of the text.
            let mut value = HeaderValue::try_from(text).map_err(|error| DialError::Token(Box::new(error)))?;
            value.set_sensitive(true);
            headers.insert(header::AUTHORIZATION, value);
        }
        Ok(request)
    }

    #[cfg(not(feature = "tls"))]
    async fn open(&self, request: Request, config: WebSocketConfig) -> Result<Opened, Error> {
        tokio_tungstenite::connect_async_with_config(request, Some(config), true).await
    }

    #[cfg(feature = "tls")]
    async fn open(&self, request: Request, config: WebSocketConfig) -> Result<Opened, Error> {
        let connector = match (&self.tls, self.address.uri().scheme_str()) {
            (_, Some("ws")) => tokio_tungstenite::Connector::Plain,
            (Some(config), _) => tokio_tungstenite::Connector::Rustls(config.clone()),
            (None, _) => tokio_tungstenite::Connector::Rustls(trusting_webpki()?),
        };
        tokio_tungstenite::connect_async_tls_with_config(request, Some(config), true, Some(connector)).await
    }
}

type Opened = (
    WebSocketStream<MaybeTlsStream<TcpStream>>,
    tokio_tungstenite::tungstenite::handshake::client::Response,
);

/// The provider is named, because a program may have another one too, and then there is no default.
#[cfg(feature = "tls")]
fn trusting_webpki() -> Result<std::sync::Arc<rustls::ClientConfig>, Error> {
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let roots = rustls::RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::Io(std::io::Error::other(error)))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(std::sync::Arc::new(config))
}

/// What a connection says.
#[derive(Debug)]
pub(crate) enum Heard {
    /// A text frame.
    Text(Utf8Bytes),
    /// It is over, with its close code.
    Closed(u16),
}

/// An open connection.
#[derive(Debug)]
pub(crate) struct Connection {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    outgoing: VecDeque<String>,
    unflushed: bool,
    /// Nothing can be written any more; what can still be read says why.
    broken: bool,
    /// The token that it was opened or last renewed with.
    shown: Option<Token>,
}

impl Connection {
    /// Whether its login is that of this token.
    pub fn has_shown(&self, token: &Token) -> bool {
        let shown = self.shown.as_ref();
        shown.is_some_and(|shown| shown.as_str() == token.as_str())
    }

    /// Its login is that of this token from now on.
    pub fn shows(&mut self, token: Token) {
        self.shown = Some(token);
    }

    /// Takes a text frame to send.
    pub fn send(&mut self, text: String) {
        self.outgoing.push_back(text);
    }

    /// Writes what there is to write, and reads the next frame where that is wanted. Nothing is lost when it is cancelled.
    pub async fn hear(&mut self, may_read: bool) -> Heard {
        poll_fn(|cx| {
            self.write(cx);
            if may_read { self.read(cx) } else { Poll::Pending }
        })
        .await
    }

    fn write(&mut self, cx: &mut Context<'_>) {
        if !self.broken && self.try_write(cx).is_err() {
            self.broken = true;
            self.outgoing.clear();
        }
    }

    fn try_write(&mut self, cx: &mut Context<'_>) -> Result<(), Error> {
        while !self.outgoing.is_empty() {
            match self.socket.poll_ready_unpin(cx)? {
                Poll::Ready(()) => {}
                Poll::Pending => break,
            }
            if let Some(text) = self.outgoing.pop_front() {
                self.socket.start_send_unpin(Message::text(text))?;
                self.unflushed = true;
            }
        }
        if self.unflushed && self.socket.poll_flush_unpin(cx)?.is_ready() {
            self.unflushed = false;
        }
        Ok(())
    }

    fn read(&mut self, cx: &mut Context<'_>) -> Poll<Heard> {
        loop {
            match ready!(self.socket.poll_next_unpin(cx)) {
                Some(Ok(Message::Text(text))) => return Poll::Ready(Heard::Text(text)),
                Some(Ok(Message::Close(frame))) => {
                    let code = frame.map_or(NO_CODE, |frame| frame.code.into());
                    return Poll::Ready(Heard::Closed(code));
                }
                // Pings are answered by the library; the protocol has no binary frames.
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Poll::Ready(Heard::Closed(ABNORMAL)),
            }
        }
    }

    /// Sends what waits, says goodbye, and waits a moment for the answer.
    pub async fn close(mut self) {
        let farewell = async {
            for text in std::mem::take(&mut self.outgoing) {
                self.socket.feed(Message::text(text)).await?;
            }
            let frame = CloseFrame {
                code: CloseCode::Normal,
                reason: Utf8Bytes::from_static("bye"),
            };
            self.socket.close(Some(frame)).await?;
            while self.socket.next().await.is_some_and(|said| said.is_ok()) {}
            Ok::<_, Error>(())
        };
        // Whether the other side heard it changes nothing any more.
        let _ = tokio::time::timeout(FAREWELL_MAX, farewell).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_next_dial_would_be_refused_for_too_is_final() {
        for (status, code) in [
            (401, POLICY),
            (403, POLICY),
            (421, POLICY),
            (429, ABNORMAL),
            (503, ABNORMAL),
        ] {
            assert_eq!(DialError::Refused { status }.close_code(), code, "{status}");
        }
        assert_eq!(DialError::Unreachable(String::new()).close_code(), ABNORMAL);
    }

    #[test]
    fn a_token_is_in_its_header_and_in_no_error() {
        let dialer = |token: &str| {
            let dialer = Dialer {
                address: Address::new("ws://desk").unwrap(),
                tokens: None,
                #[cfg(feature = "tls")]
                tls: None,
            };
            dialer.request(Some(&Token::new(token)))
        };
        let request = dialer("abc").unwrap();
        assert_eq!(request.headers()[header::AUTHORIZATION], "Bearer abc");
        assert!(!format!("{request:?}").contains("abc"));
        let error = dialer("secret\n").unwrap_err();
        assert!(!format!("{error} {error:?}").contains("secret"));
    }
}
