//! What a desk shows at the door, and what it makes of being refused. The other side is a WebSocket server that says only
//! what these tests need, since a desk that wants a token is none that everybody can start.
#![allow(clippy::unwrap_used, reason = "a test fails where it stands")]

use futures::{SinkExt as _, StreamExt as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tickwire_client::protocol::limits::Limits;
use tickwire_client::{Desk, DialError, Event, Events, StartError, Token};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::StatusCode;

const PATIENCE: Duration = Duration::from_secs(20);

async fn listener() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    (listener, url)
}

/// Takes one connection, and returns what its handshake had in these headers.
#[expect(clippy::result_large_err, reason = "the type is the library's")]
async fn accept(
    listener: &TcpListener,
    refuse_with: Option<StatusCode>,
) -> (Option<WebSocketStream<TcpStream>>, [String; 2]) {
    let (stream, _) = listener.accept().await.unwrap();
    let mut shown = [String::new(), String::new()];
    let look = |request: &Request, mut response: Response| {
        let text = |name: &str| {
            let value = request.headers().get(name).and_then(|value| value.to_str().ok());
            value.unwrap_or_default().to_owned()
        };
        shown = [text("authorization"), text("sec-websocket-protocol")];
        if let Some(status) = refuse_with {
            let mut refused = ErrorResponse::new(None);
            *refused.status_mut() = status;
            return Err(refused);
        }
        let name = tickwire_client::protocol::SUBPROTOCOL_JSON.parse().unwrap();
        response.headers_mut().insert("sec-websocket-protocol", name);
        Ok(response)
    };
    let socket = tokio_tungstenite::accept_hdr_async(stream, look).await.ok();
    (socket, shown)
}

fn greeting() -> Message {
    let limits = serde_json::to_string(&Limits::default()).unwrap();
    Message::text(format!(
        r#"{{"type":"CONNECTION_ESTABLISHED","protocol":1,"server":"x","session":"c-1","epoch":1,"server_time":1,"account":"acct-1",
        "account_kind":"paper","market":"sim","limits":{limits},"message":"Connected","timestamp":1}}"#
    ))
}

async fn wait_for<T>(events: &mut Events, mut wanted: impl FnMut(&Event) -> Option<T>) -> T {
    let found = async {
        loop {
            let event = events.next().await.expect("the desk lives");
            if let Some(found) = wanted(&event) {
                return found;
            }
        }
    };
    tokio::time::timeout(PATIENCE, found)
        .await
        .expect("it comes in time")
}

#[tokio::test]
async fn a_token_is_asked_for_at_every_dial_and_shown_in_its_header() {
    let (listener, url) = listener().await;
    let asked = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&asked);
    let provide = move || {
        let number = counter.fetch_add(1, Ordering::SeqCst) + 1;
        async move { Ok::<_, std::io::Error>(Token::new(format!("t{number}"))) }
    };
    let (_desk, mut events) = Desk::builder(&url).token_from(provide).start().unwrap();
    for number in 1..=3 {
        let (socket, [token, subprotocol]) = accept(&listener, None).await;
        assert_eq!(token, format!("Bearer t{number}"));
        assert_eq!(subprotocol, "tickwire.v1.json");
        let mut socket = socket.unwrap();
        socket.send(greeting()).await.unwrap();
        wait_for(&mut events, |event| {
            matches!(event, Event::Greeted(_)).then_some(())
        })
        .await;
        drop(socket);
        wait_for(&mut events, |event| {
            matches!(event, Event::Lost { .. }).then_some(())
        })
        .await;
    }
    // The next dial may be under way already.
    assert!((3..=4).contains(&asked.load(Ordering::SeqCst)));
}

#[tokio::test]
async fn who_is_refused_stays_away_and_says_so() {
    let (listener, url) = listener().await;
    let (desk, mut events) = Desk::builder(&url).token(Token::new("wrong")).start().unwrap();
    let door = tokio::spawn(async move {
        accept(&listener, Some(StatusCode::UNAUTHORIZED)).await;
        // Whoever came again would get in.
        tokio::time::timeout(Duration::from_secs(3), listener.accept())
            .await
            .is_ok()
    });
    let status = wait_for(&mut events, |event| match event {
        Event::DialFailed(DialError::Refused { status }) => Some(*status),
        _ => None,
    })
    .await;
    assert_eq!(status, 401);
    let code = wait_for(&mut events, |event| match event {
        Event::Closed { code } => Some(*code),
        _ => None,
    })
    .await;
    assert_eq!(code, 1008);
    assert!(events.next().await.is_none(), "nothing follows");
    assert_eq!(desk.live().await.unwrap_err().code, Some(1008));
    let refused = desk.instruments().await.unwrap_err();
    assert_eq!(
        refused.outcome,
        Some(tickwire_client::protocol::message::Outcome::NotExecuted)
    );
    assert!(!door.await.unwrap(), "it came again");
}

#[tokio::test]
async fn a_token_that_cannot_be_had_is_tried_again() {
    let (listener, url) = listener().await;
    let asked = Arc::new(AtomicU32::new(0));
    let provide = move || {
        let first = asked.fetch_add(1, Ordering::SeqCst) == 0;
        async move {
            if first {
                return Err(std::io::Error::other("the vault is shut"));
            }
            Ok(Token::new("good"))
        }
    };
    let (_desk, mut events) = Desk::builder(&url).token_from(provide).start().unwrap();
    let words = wait_for(&mut events, |event| match event {
        Event::DialFailed(error) => Some(error.to_string()),
        _ => None,
    })
    .await;
    assert_eq!(words, "no token: the vault is shut");
    let (_, [token, _]) = accept(&listener, None).await;
    assert_eq!(token, "Bearer good");
}

/// A server that sends without end, to a program that takes nothing.
#[tokio::test]
async fn a_program_that_takes_nothing_stops_the_reading() {
    const MOST: usize = 400 * 1024 * 1024;
    let (listener, url) = listener().await;
    let (_desk, mut events) = Desk::builder(&url).capacity(8).start().unwrap();
    let (socket, _) = accept(&listener, None).await;
    let mut socket = socket.unwrap();
    socket.send(greeting()).await.unwrap();
    let note = "x".repeat(8_000);
    let line = format!(r#"{{"type":"INSTRUMENTS","instruments":[],"note":"{note}","timestamp":1}}"#);
    let mut sent = 0;
    while sent < MOST {
        let one = socket.send(Message::text(line.clone()));
        match tokio::time::timeout(Duration::from_secs(2), one).await {
            Ok(done) => done.unwrap(),
            Err(_) => break,
        }
        sent += line.len();
    }
    assert!(sent < MOST, "all of {sent} bytes were taken in");
    // And it goes on where it stopped.
    let (mut read, _writer) = (
        0,
        tokio::spawn(async move { socket.flush().await.map(|()| socket) }),
    );
    while read < sent {
        read += wait_for(&mut events, |event| {
            matches!(event, Event::Message(_)).then_some(line.len())
        })
        .await;
    }
}

#[tokio::test]
async fn shutting_down_says_goodbye_and_ends_the_events() {
    let (listener, url) = listener().await;
    let (desk, mut events) = Desk::connect(&url).unwrap();
    let (socket, _) = accept(&listener, None).await;
    let mut socket = socket.unwrap();
    socket.send(greeting()).await.unwrap();
    wait_for(&mut events, |event| {
        matches!(event, Event::Greeted(_)).then_some(())
    })
    .await;
    let heard = tokio::spawn(async move {
        while let Some(Ok(message)) = socket.next().await {
            if let Message::Close(frame) = message {
                return frame.map(|frame| u16::from(frame.code));
            }
        }
        None
    });
    // A command without an answer is told so, and not left waiting.
    let asking = desk.clone();
    let question = tokio::spawn(async move { asking.instruments().await });
    tokio::time::sleep(Duration::from_millis(100)).await;
    tokio::time::timeout(PATIENCE, desk.shutdown()).await.unwrap();
    assert_eq!(heard.await.unwrap(), Some(1000));
    assert!(question.await.unwrap().is_err());
    let rest = async { while events.next().await.is_some() {} };
    tokio::time::timeout(PATIENCE, rest).await.unwrap();
    // Once more does no harm.
    desk.shutdown().await;
}

#[test]
fn outside_of_a_runtime_it_is_an_error_and_no_panic() {
    assert_eq!(
        Desk::connect("ws://127.0.0.1:1").unwrap_err(),
        StartError::NoRuntime
    );
}
