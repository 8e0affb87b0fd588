//! What clients of a dialect say, and how they are answered.

use super::*;
use tickwire_protocol::error::{ErrorCode, Refusal};
use tickwire_protocol::message::{AuthOk, ErrorBody, Subscribed, Unsubscribed};

fn error(code: ErrorCode, message: &str) -> Body {
    Body::Error(ErrorBody::from(Refusal::new(code, message)))
}

#[test]
fn channels_are_read_wherever_older_clients_put_them() {
    let cases = [
        (
            Dialect::S0,
            r#"{"type": "subscribe", "channels": ["balance", "positions"]}"#,
            vec![Topic::Positions, Topic::Balance],
        ),
        (
            Dialect::S2,
            r#"{"type":"subscribe","channels":["position_update","positions","risk"]}"#,
            vec![Topic::Positions, Topic::Risk],
        ),
        (
            Dialect::S3,
            r#"{"op":"subscribe","args":["order","execution"]}"#,
            vec![Topic::Orders, Topic::Executions],
        ),
        (
            Dialect::S4,
            r#"{"type":"subscribe","data":{"channels":["trades"]},"timestamp":"2024-01-15T10:30:00.000Z"}"#,
            vec![Topic::Executions],
        ),
        (
            Dialect::S4,
            r#"{"type":"subscribe","data":{"channel":"alerts"},"timestamp":""}"#,
            vec![Topic::Alerts],
        ),
        (
            Dialect::S4,
            r#"{"type":"subscribe","data":"dashboard"}"#,
            vec![Topic::Dashboard],
        ),
    ];
    for (dialect, text, topics) in cases {
        let mut translator = translator(dialect);
        let (command, _) = answered(&mut translator, text);
        for topic in &topics {
            assert!(command.contains(&format!("\"{topic}\"")), "{command}");
        }
        assert_eq!(translator.wanted, Some(BTreeSet::from_iter(topics)), "{text}");
    }
}

#[test]
fn a_lossless_topic_that_flows_is_not_started_anew() {
    let mut s4 = translator(Dialect::S4);
    let said = |s4: &mut Translator, body| {
        let message = of(Topic::Executions, JANUARY, body);
        assert!(s4.outgoing(&Outgoing::Text(message.encode().into())).is_empty());
    };
    s4.opening();
    let class = TopicClass::Lossless;
    said(&mut s4, Body::Subscribed(Subscribed { class }));
    let asked = r#"{"type":"subscribe","data":["trades","dashboard"]}"#;
    let (command, _) = answered(&mut s4, asked);
    assert!(command.contains(r#""topics":["dashboard"]"#), "{command}");
    said(&mut s4, Body::Unsubscribed(Unsubscribed {}));
    let (command, _) = answered(&mut s4, asked);
    assert!(
        command.contains(r#""topics":["executions","dashboard"]"#),
        "{command}"
    );
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
fn a_token_in_the_place_of_the_venues_key_is_a_login_of_the_desks() {
    let auth = r#"{"op":"auth","req_id":"a","args":["ey.to.ken",1662350400000,"signature"]}"#;
    for (body, said) in [
        (
            Body::AuthOk(AuthOk { expires_at: None }),
            r#"{"success":true,"ret_msg":"","conn_id":"c-3-17","req_id":"a","op":"auth"}"#,
        ),
        (
            error(ErrorCode::Unauthorized, "no"),
            r#"{"success":false,"ret_msg":"UNAUTHORIZED: no","conn_id":"c-3-17","req_id":"a","op":"auth"}"#,
        ),
    ] {
        let mut s3 = translator(Dialect::S3);
        let command = s3.incoming(auth, 16_384);
        let envelope = Envelope::decode(&command).unwrap();
        let Command::Authenticate(shown) = envelope.command else {
            panic!("{command}");
        };
        assert_eq!(shown.token.reveal(), "ey.to.ken");
        let answer = Message::plain(envelope.id, JANUARY, body);
        assert_eq!(s3.outgoing(&Outgoing::Text(answer.encode().into())), [said]);
        assert!(s3.pending.is_empty() && !format!("{s3:?}").contains("to.ken"));
    }
    for other in [
        r#"{"op":"auth","args":["key",1,"s"]}"#,
        r#"{"op":"auth","args":[1,2]}"#,
        r#"{"op":"auth","args":[]}"#,
        r#"{"op":"auth"}"#,
    ] {
        assert_eq!(Dialect::S3.command(other), Some(Command::Pong), "{other}");
    }
    let elsewhere = r#"{"type":"auth","op":"auth","args":["ey.to.ken"]}"#;
    assert_eq!(Dialect::S2.command(elsewhere), None);
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
