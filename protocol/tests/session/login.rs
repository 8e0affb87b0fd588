//! The login of a connection: its end is announced, it is renewed without a break, and who may only see does not act.

use crate::board::ModelBoard;
use crate::samples;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tickwire_protocol::access::{AccessToken, Role};
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::command::{Command, Envelope, Instruction};
use tickwire_protocol::error::{CloseReason, ErrorCode, Refusal};
use tickwire_protocol::id::Epoch;
use tickwire_protocol::limits::Limits;
use tickwire_protocol::message::{Body, Message, Outcome};
use tickwire_protocol::session::server::{Authority, Grant, Incoming, Outgoing, Server};

/// Milliseconds between the announcement of a login's end, the end, and the close.
const STEP: i64 = 3_000;

/// Grants what a token says: `role@time`, the time at which the end is announced.
#[derive(Debug)]
struct Gate(Arc<AtomicBool>);

fn grant(role: Role, announce_at: i64) -> Grant {
    Grant {
        role,
        announce_at: TimestampMs(announce_at),
        expires_at: TimestampMs(announce_at + STEP),
        close_at: TimestampMs(announce_at + 2 * STEP),
    }
}

impl Authority for Gate {
    fn renew(&mut self, token: &AccessToken, _: TimestampMs) -> Result<Grant, Refusal> {
        let parts = token.reveal().split_once('@');
        let (role, at) = parts.ok_or_else(|| Refusal::new(ErrorCode::Unauthorized, "no"))?;
        let role = if role == "viewer" {
            Role::Viewer
        } else {
            Role::Trader
        };
        Ok(grant(role, at.parse().unwrap()))
    }

    fn stands(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

struct Guest {
    server: Server,
    board: ModelBoard,
    stands: Arc<AtomicBool>,
    now: i64,
}

impl Guest {
    fn new(login: Option<Grant>) -> Guest {
        let greeting = samples::greeting(Limits::default(), Epoch(1), TimestampMs(0));
        let mut server = Server::new(greeting, TimestampMs(0));
        let stands = Arc::new(AtomicBool::new(true));
        if let Some(grant) = login {
            server = server.with_login(grant, Box::new(Gate(Arc::clone(&stands))));
        }
        let mut guest = Guest {
            server,
            board: ModelBoard::new(10),
            stands,
            now: 0,
        };
        guest.poll();
        guest
    }

    /// What is sent, and when the pump comes back.
    fn poll_due(&mut self) -> (Vec<Outgoing>, i64) {
        let mut out = Vec::new();
        let due = self.server.poll(TimestampMs(self.now), &self.board, &mut out);
        (out, due.0)
    }

    fn poll(&mut self) -> Vec<Outgoing> {
        self.poll_due().0
    }

    fn say(&mut self, text: &str) -> Vec<Outgoing> {
        let now = TimestampMs(self.now);
        self.server.handle(now, Incoming::Text(text), &self.board);
        self.poll()
    }

    /// Answers of one frame.
    fn ask(&mut self, text: &str) -> Body {
        let out = self.say(text);
        let texts = out.iter().filter_map(Outgoing::text);
        let mut messages = texts.map(|text| Message::decode(std::str::from_utf8(&text).unwrap()).unwrap());
        messages.find(|message| message.head.id.is_some()).unwrap().body
    }
}

fn kinds(out: &[Outgoing]) -> Vec<String> {
    let kind = |text: bytes::Bytes| {
        let message = Message::decode(std::str::from_utf8(&text).unwrap()).unwrap();
        message.body.kind().to_owned()
    };
    out.iter().filter_map(Outgoing::text).map(kind).collect()
}

fn closes(out: &[Outgoing]) -> Option<CloseReason> {
    out.iter().find_map(|outgoing| match outgoing {
        Outgoing::Close(reason) => Some(*reason),
        _ => None,
    })
}

#[test]
fn the_end_of_a_login_is_announced_once_and_then_closes_in_time() {
    let mut guest = Guest::new(Some(grant(Role::Trader, 10_000)));
    let mut told = Vec::new();
    loop {
        let (out, due) = guest.poll_due();
        if kinds(&out).contains(&"AUTH_EXPIRING".to_owned()) {
            told.push(guest.now);
        }
        if let Some(reason) = closes(&out) {
            assert_eq!((reason, guest.now), (CloseReason::AuthExpired, 10_000 + 2 * STEP));
            break;
        }
        assert!(
            due > guest.now && due <= guest.now + 1_000,
            "a revoked login is found within a second"
        );
        guest.now = due;
        // The client is alive all the time.
        guest
            .server
            .handle(TimestampMs(due), Incoming::Alive, &guest.board);
    }
    assert_eq!(told, [10_000]);
    assert_eq!(
        (CloseReason::AuthExpired.code(), CloseReason::LoginEnded.code()),
        (4004, 4506)
    );
}

#[test]
fn a_renewed_login_goes_on_and_is_announced_anew() {
    let mut guest = Guest::new(Some(grant(Role::Trader, 1_000)));
    guest.now = 1_000;
    assert!(kinds(&guest.poll()).contains(&"AUTH_EXPIRING".to_owned()));
    let Body::AuthOk(told) = guest.ask(r#"{"action":"authenticate","id":"1","token":"trader@9000"}"#) else {
        panic!("AUTH_OK");
    };
    assert_eq!(told.expires_at, Some(TimestampMs(9_000 + STEP)));
    guest.now = 8_999;
    let out = guest.poll();
    assert!(closes(&out).is_none() && !kinds(&out).contains(&"AUTH_EXPIRING".to_owned()));
    guest.now = 9_000;
    assert!(kinds(&guest.poll()).contains(&"AUTH_EXPIRING".to_owned()));
}

#[test]
fn a_token_that_ends_no_later_is_not_announced_again() {
    let mut guest = Guest::new(Some(grant(Role::Trader, 1_000)));
    guest.now = 1_000;
    assert!(kinds(&guest.poll()).contains(&"AUTH_EXPIRING".to_owned()));
    // As many as a connection may send at once.
    for now in 1_000..1_050 {
        guest.now = now;
        let out = guest.say(r#"{"action":"authenticate","id":"1","token":"trader@1000"}"#);
        assert_eq!(kinds(&out), ["AUTH_OK"]);
    }
    guest.now = 1_000 + 2 * STEP;
    assert_eq!(closes(&guest.poll()), Some(CloseReason::AuthExpired));
}

#[test]
fn a_token_that_is_refused_changes_nothing() {
    let mut guest = Guest::new(Some(grant(Role::Trader, 1_000)));
    let Body::Error(error) = guest.ask(r#"{"action":"authenticate","id":"1","token":"bad"}"#) else {
        panic!("ERROR");
    };
    assert_eq!(error.code, ErrorCode::Unauthorized);
    guest.now = 1_000 + 2 * STEP;
    assert_eq!(closes(&guest.poll()), Some(CloseReason::AuthExpired));
}

#[test]
fn a_login_that_was_ended_closes() {
    let mut guest = Guest::new(Some(grant(Role::Trader, 100_000)));
    guest.now = 500;
    assert_eq!(closes(&guest.poll()), None);
    guest.stands.store(false, Ordering::Relaxed);
    assert_eq!(closes(&guest.poll()), Some(CloseReason::LoginEnded));
}

#[test]
fn a_viewer_sees_and_cannot_act_until_the_role_is_another() {
    let mut guest = Guest::new(Some(grant(Role::Viewer, 100_000)));
    for action in Instruction::ACTIONS {
        // As much as each needs to be read at all.
        let text = sample(action);
        let command = Envelope::decode(&text).unwrap().command;
        assert!(matches!(command, Command::Instruct(_)), "{action}");
        let Body::Error(error) = guest.ask(&text) else {
            panic!("{action} is refused");
        };
        assert_eq!(error.code, ErrorCode::Forbidden, "{action}");
        assert_eq!(error.outcome, Some(Outcome::NotExecuted), "{action}");
        // The bucket of commands fills again.
        guest.now += 1_000;
    }
    assert!(!matches!(
        guest.ask(r#"{"action":"subscribe","id":"s","topics":["orders"]}"#),
        Body::Error(_)
    ));
    guest.ask(r#"{"action":"authenticate","id":"1","token":"trader@200000"}"#);
    let out = guest.say(&sample("pause_trading"));
    assert!(out.iter().any(|outgoing| matches!(outgoing, Outgoing::Engine(_))));
}

fn sample(action: &str) -> String {
    let exit = r#"{"price":1}"#;
    let stop = r#"{"trigger_price":1}"#;
    let fields = match action {
        "place_order" => r#","symbol":"BTCUSDT","side":"buy","order_type":"market","quantity":1"#.to_owned(),
        "place_oco" => {
            format!(
                r#","symbol":"BTCUSDT","side":"sell","quantity":1,"take_profit":{exit},"stop_loss":{stop}"#
            )
        }
        "amend_order" => r#","order_id":"order-1","quantity":1"#.to_owned(),
        "cancel_order" => r#","order_id":"order-1""#.to_owned(),
        "close_position" | "reverse_position" => r#","symbol":"BTCUSDT""#.to_owned(),
        "set_leverage" => r#","symbol":"BTCUSDT-PERP","leverage":2"#.to_owned(),
        "open_carry" => r#","symbol":"BTCUSDT-PERP","quantity":1"#.to_owned(),
        "close_carry" => r#","position_id":"pos-1""#.to_owned(),
        "set_risk_limits" => {
            let limits = "soft_drawdown_pct hard_drawdown_pct soft_daily_loss_pct hard_daily_loss_pct max_exposure \
                          max_position_value max_orders_per_minute";
            limits
                .split(' ')
                .map(|name| format!(r#","{name}":null"#))
                .collect()
        }
        "resume_trading" => r#","confirm":"RESUME""#.to_owned(),
        "create_alert" => r#","symbol":"BTCUSDT","condition":"cross_above","price":1"#.to_owned(),
        "cancel_alert" => r#","alert_id":"alert-1""#.to_owned(),
        _ => String::new(),
    };
    format!(r#"{{"action":"{action}","id":"x"{fields}}}"#)
}

#[test]
fn where_nobody_has_to_log_in_a_token_is_as_good_as_none() {
    let mut guest = Guest::new(None);
    let Body::AuthOk(told) = guest.ask(r#"{"action":"authenticate","id":"1","token":"whatever"}"#) else {
        panic!("AUTH_OK");
    };
    assert_eq!(told.expires_at, None);
    let out = guest.say(&sample("pause_trading"));
    assert!(out.iter().any(|outgoing| matches!(outgoing, Outgoing::Engine(_))));
}
