//! One WebSocket, from its opening to its end. It is closed when it is dropped.

use std::cell::RefCell;
use std::future::poll_fn;
use std::rc::{Rc, Weak};
use std::task::Poll;

use futures::{SinkExt as _, StreamExt as _};
use gloo_net::websocket::{Message, State, WebSocketError, futures::WebSocket};
use leptos::prelude::location;
use leptos::task::spawn_local;
use tickwire_protocol::{REALTIME_PATH, SUBPROTOCOL_JSON};

/// The close code of a connection that broke.
pub const ABNORMAL: u16 = 1006;

/// What a connection says.
pub enum Heard {
    /// It is open.
    Opened,
    /// A text frame.
    Text(String),
    /// It is over, with its close code; nothing follows.
    Closed(u16),
}

/// The sending end.
pub struct Connection(Rc<RefCell<WebSocket>>);

impl Connection {
    /// Opens one to the server that the page came from. `hear` answers whether it wants to hear more.
    pub fn open(hear: impl Fn(Heard) -> bool + 'static) -> Option<Connection> {
        let socket = WebSocket::open_with_protocol(&url(), SUBPROTOCOL_JSON).ok()?;
        let socket = Rc::new(RefCell::new(socket));
        // Listening must not keep it open, so it holds the socket only while it looks.
        spawn_local(listen(Rc::downgrade(&socket), Box::new(hear)));
        Some(Connection(socket))
    }

    /// Sends a text frame.
    pub fn send(&self, text: String) {
        // A socket that cannot take it is closing, and its close event says so.
        let _ = self.0.borrow_mut().start_send_unpin(Message::Text(text));
    }
}

async fn listen(socket: Weak<RefCell<WebSocket>>, hear: Box<dyn Fn(Heard) -> bool>) {
    let open = poll_fn(|cx| match socket.upgrade() {
        Some(socket) => {
            let mut socket = socket.borrow_mut();
            let ready = socket.poll_ready_unpin(cx);
            ready.map(|_| matches!(socket.state(), State::Open))
        }
        None => Poll::Ready(false),
    });
    if open.await && !hear(Heard::Opened) {
        return;
    }
    loop {
        let next = poll_fn(|cx| match socket.upgrade() {
            Some(socket) => socket.borrow_mut().poll_next_unpin(cx),
            None => Poll::Ready(None),
        });
        let heard = match next.await {
            Some(Ok(Message::Text(text))) => Heard::Text(text),
            // The protocol has no binary frames yet, and a close follows an error.
            Some(Ok(Message::Bytes(_)) | Err(WebSocketError::ConnectionError)) => continue,
            Some(Err(WebSocketError::ConnectionClose(close))) => Heard::Closed(close.code),
            Some(Err(_)) | None => Heard::Closed(ABNORMAL),
        };
        let is_over = matches!(heard, Heard::Closed(_));
        if !hear(heard) || is_over {
            return;
        }
    }
}

fn url() -> String {
    let location = location();
    let scheme = if location.protocol().is_ok_and(|protocol| protocol == "https:") {
        "wss://"
    } else {
        "ws://"
    };
    [scheme, &location.host().unwrap_or_default(), REALTIME_PATH].concat()
}
