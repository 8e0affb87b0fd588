//! What clients of a dialect say, and how they are answered.

use super::*;
use tickwire_protocol::error::{ErrorCode, Refusal};
use tickwire_protocol::message::ErrorBody;

fn error(code: ErrorCode, message: &str) -> Body {
    Body::Error(ErrorBody::from(Refusal::new(code, message)))
}

#[test]
fn channels_are_read_wherever_older_clients_put_them() {
    let cases = [
        (
            Dialect::S0,
            r#"{"type": "subscribe", "channels": ["balance", "positions"]}"#,
            r#""topics":["balance","positions"]"#,
        ),
        (
            Dialect::S2,
            r#"{"type":"subscribe","channels":["position_update","positions","risk"]}"#,
            r#""topics":["positions","risk"]"#,
        ),
        (
            Dialect::S3,
            r#"{"op":"subscribe","args":["order","execution"]}"#,
            r#""topics":["orders","executions"]"#,
        ),
        (
            Dialect::S4,
            r#"{"type":"subscribe","data":{"channels":["trades"]},"timestamp":"2024-01-15T10:30:00.000Z"}"#,
            r#""topics":["executions"]"#,
        ),
        (
            Dialect::S4,
            r#"{"type":"subscribe","data":{"channel":"alerts"},"timestamp":""}"#,
            r#""topics":["alerts"]"#,
        ),
        (
            Dialect::S4,
            r#"{"type":"subscribe","data":"dashboard"}"#,
            r#""topics":["dashboard"]"#,
        ),
    ];
    for (dialect, text, topics) in cases {
        let (command, _) = answered(&mut translator(dialect), text);
        assert!(command.contains(r#""action":"subscribe""#), "{command}");
        assert!(command.contains(topics), "{command}");
    }
}

#[test]
fn whoever_names_channels_gets_those_only() {
    let mut s4 = translator(Dialect::S4);
    assert!(!s4.told(&dashboard()).is_empty(), "all of them until then");
    answered(&mut s4, r#"{"type":"subscribe","data":["positions"]}"#);
    assert!(s4.told(&dashboard()).is_empty());
    assert!(!s4.told(&positions(JANUARY, Vec::new())).is_empty());
    answered(&mut s4, r#"{"type":"subscribe","data":["dashboard"]}"#);
    assert!(!s4.told(&dashboard()).is_empty());
    answered(&mut s4, r#"{"type":"unsubscribe","data":["positions"]}"#);
    assert!(s4.told(&positions(JANUARY, Vec::new())).is_empty());
    let mut s3 = translator(Dialect::S3);
    assert!(
        s3.told(&positions(JANUARY, vec![carry()])).is_empty(),
        "silent until asked"
    );
    let mut s0 = translator(Dialect::S0);
    answered(&mut s0, r#"{"type":"unsubscribe","channels":["positions"]}"#);
    assert!(s0.told(&positions(JANUARY, Vec::new())).is_empty());
    assert!(!s0.told(&of(Topic::Balance, JANUARY, balance())).is_empty());
}

#[test]
fn a_client_that_subscribes_again_is_told_the_positions_again() {
    let mut s3 = translator(Dialect::S3);
    let subscribe = r#"{"op":"subscribe","args":["position"]}"#;
    let open = positions(JANUARY, vec![carry()]);
    answered(&mut s3, subscribe);
    assert_eq!(s3.told(&open).len(), 1);
    assert!(s3.told(&open).is_empty());
    answered(&mut s3, subscribe);
    assert_eq!(s3.told(&open).len(), 1);
}

#[test]
fn each_kind_is_answered_in_its_own_words() {
    let cases = [
        (Dialect::S0, "ping", "pong"),
        (Dialect::S0, r#"{"type":"ping"}"#, r#"{"type":"pong"}"#),
        (
            Dialect::S2,
            r#"{"type":"ping"}"#,
            r#"{"type":"pong","timestamp":"2024-01-15T10:30:00.000Z"}"#,
        ),
        (
            Dialect::S3,
            r#"{"op":"ping","req_id":"r1"}"#,
            r#"{"req_id":"r1","op":"pong","args":["1705314600000"],"conn_id":"c-3-17"}"#,
        ),
        (
            Dialect::S3,
            r#"{"op":"auth","args":["key",1662350400000,"signature"]}"#,
            r#"{"success":true,"ret_msg":"","conn_id":"c-3-17","op":"auth"}"#,
        ),
        (
            Dialect::S3,
            r#"{"req_id":"s","op":"subscribe","args":["order"]}"#,
            r#"{"success":true,"ret_msg":"","conn_id":"c-3-17","req_id":"s","op":"subscribe"}"#,
        ),
        (
            Dialect::S3,
            r#"{"op":"subscribe","args":["wallet"]}"#,
            r#"{"success":false,"ret_msg":"UNKNOWN_TOPIC: no channel \"wallet\"; channels are order, position, execution","conn_id":"c-3-17","op":"subscribe"}"#,
        ),
        (
            Dialect::S4,
            r#"{"type":"ping","data":null,"timestamp":"x"}"#,
            r#"{"type":"pong","data":{},"timestamp":"2024-01-15T10:30:00.000Z"}"#,
        ),
        (
            Dialect::S4,
            r#"{"type":"subscribe"}"#,
            r#"{"type":"error","data":{"code":"UNKNOWN_TOPIC","message":"no channel is named; channels are dashboard, trades, positions, performance, alerts"},"timestamp":"2024-01-15T10:30:00.000Z"}"#,
        ),
        (
            Dialect::S2,
            r#"{"type":"subscribe","channels":["x"]}"#,
            r#"{"type":"error","timestamp":"2024-01-15T10:30:00.000Z","data":{"code":"UNKNOWN_TOPIC","message":"no channel \"x\"; channels are position_update, equity_update, risk_status_update, system_log"}}"#,
        ),
        (
            Dialect::S0,
            r#"{"type":"subscribe","channels":[]}"#,
            r#"{"type":"error","code":"UNKNOWN_TOPIC","message":"no channel is named; channels are balance, positions, status"}"#,
        ),
    ];
    for (dialect, asked, said) in cases {
        let mut translator = translator(dialect);
        assert_eq!(answered(&mut translator, asked).1, [said], "{asked}");
        assert!(translator.pending.is_empty(), "{asked}");
    }
}

#[test]
fn a_login_goes_no_further_than_the_translator() {
    let mut s3 = translator(Dialect::S3);
    let auth = r#"{"op":"auth","args":["the-key",1662350400000,"the-signature"]}"#;
    let (command, said) = answered(&mut s3, auth);
    let kept = format!("{command}{said:?}{s3:?}");
    assert!(
        !kept.contains("the-key") && !kept.contains("the-signature"),
        "{kept}"
    );
}

#[test]
fn what_is_none_of_the_dialects_goes_on_to_the_desk() {
    let mut s2 = translator(Dialect::S2);
    let long = format!(r#"{{"type":"subscribe","channels":["{}"]}}"#, "x".repeat(20_000));
    for text in [
        r#"{"action":"place_order","id":"1","symbol":"BTCUSDT"}"#,
        r#"{"type":"get_positions"}"#,
        "{",
        "[1]",
        "",
        r#"{"type":7}"#,
        &long,
    ] {
        assert_eq!(s2.incoming(text, 16_384), text);
    }
    // The desk's answer to a command under an id of the client's is the desk's own.
    let ack = Message::plain(
        Some(CommandId::new("1").unwrap()),
        JANUARY,
        Body::Ack(Ack::default()),
    );
    let text = ack.encode();
    let said = s2.outgoing(&Outgoing::Text(text.clone().into()));
    assert_eq!(said, [text]);
    // A refusal without an id is told as the dialect tells one.
    let refused = Message::plain(None, JANUARY, error(ErrorCode::BadJson, "no JSON"));
    assert_eq!(
        s2.outgoing(&Outgoing::Text(refused.encode().into())),
        [
            r#"{"type":"error","timestamp":"2024-01-15T10:30:00.000Z","data":{"code":"BAD_JSON","message":"no JSON"}}"#
        ]
    );
}

#[test]
fn a_refused_frame_changes_nothing_and_is_told() {
    let mut s4 = translator(Dialect::S4);
    let command = s4.incoming(r#"{"type":"subscribe","data":["alerts"]}"#, 16_384);
    let id = Envelope::decode(&command).unwrap().id;
    let refused = Message::plain(id, JANUARY, error(ErrorCode::RateLimited, "too fast"));
    let [said] = s4
        .outgoing(&Outgoing::Text(refused.encode().into()))
        .try_into()
        .unwrap();
    assert!(said.contains(r#""code":"RATE_LIMITED""#), "{said}");
    assert!(s4.pending.is_empty());
    assert!(!s4.told(&dashboard()).is_empty(), "all channels still");
}

#[test]
fn the_opening_asks_for_what_the_older_server_flowed_unasked() {
    let commands = |dialect| {
        let mut translator = translator(dialect);
        let commands = translator.opening().into_iter();
        commands
            .map(|text| {
                let command = Envelope::decode(&text).unwrap().command;
                match command {
                    Command::Subscribe(body) => {
                        let names = body.topics.iter().map(Topic::to_string);
                        names.collect::<Vec<_>>().join(" ")
                    }
                    command => command.action().to_owned(),
                }
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(
        commands(Dialect::S0),
        ["get_balance", "get_dashboard", "dashboard"]
    );
    assert_eq!(commands(Dialect::S2), ["get_risk", "equity risk logs"]);
    assert!(commands(Dialect::S3).is_empty());
    assert_eq!(commands(Dialect::S4), ["dashboard performance executions alerts"]);
    // What is not there yet is no error: the topic tells it later.
    let mut s0 = translator(Dialect::S0);
    let id = Envelope::decode(&s0.opening()[0]).unwrap().id;
    let refused = Message::plain(id, JANUARY, error(ErrorCode::Unavailable, "not yet"));
    assert!(s0.outgoing(&Outgoing::Text(refused.encode().into())).is_empty());
}

#[test]
fn the_dialect_is_that_of_the_path_or_the_one_asked_for() {
    let chosen = |query: &str| Dialect::chosen(Some(Dialect::S2), Some(query));
    assert_eq!(Dialect::chosen(None, None), Ok(None));
    assert_eq!(chosen("token=your-auth-token"), Ok(Some(Dialect::S2)));
    assert_eq!(chosen("token=x&dialect=s4"), Ok(Some(Dialect::S4)));
    assert_eq!(chosen("dialect=s1"), Ok(None));
    assert_eq!(chosen("dialect=s0"), Ok(Some(Dialect::S0)));
    assert_eq!(chosen("dialect=s3"), Ok(Some(Dialect::S3)));
    for unknown in ["dialect=s5", "dialect=", "dialect=S2"] {
        assert_eq!(chosen(unknown), Err(UnknownDialect), "{unknown}");
    }
}
