//! Answers to commands, sound or not: whom they go to, and in which order. The frames that are no commands are in
//! `malformed.table`.

use std::time::Duration;

use anyhow::Result;
use tickwire_tests::desk::Desk;
use tickwire_tests::wire::Wire;

#[test]
fn an_error_carries_the_id_of_the_command_that_it_answers() -> Result<()> {
    let desk = Desk::start()?;
    let mut wire = Wire::connect(desk.address())?;
    for (command, code) in [
        (r#"{"action":"make_me_rich"}"#, "UNKNOWN_ACTION"),
        (r#"{"action":"subscribe","topics":["nonsense"]}"#, "UNKNOWN_TOPIC"),
        (r#"{"action":"place_order","symbol":"BTCUSDT"}"#, "INVALID_FIELD"),
    ] {
        assert_eq!(wire.ask(command)?.json["code"], code);
    }
    Ok(())
}

#[test]
fn every_command_with_an_id_ends_in_one_answer_after_its_data() -> Result<()> {
    let desk = Desk::start()?;
    let mut wire = Wire::connect(desk.address())?;
    let commands = [
        (r#""action":"get_positions""#, &["POSITION_UPDATE", "ACK"][..]),
        (r#""action":"get_portfolio""#, &["PORTFOLIO_UPDATE", "ACK"]),
        (r#""action":"get_instruments""#, &["INSTRUMENTS", "ACK"]),
        (
            r#""action":"get_candles","symbol":"BTCUSDT","interval":"1h""#,
            &["CANDLE_UPDATE", "ACK"],
        ),
        (r#""action":"ping","t0":5"#, &["PONG"]),
        (r#""action":"pong""#, &["ACK"]),
        (
            r#""action":"subscribe","topics":["orders","status"]"#,
            &["SUBSCRIBED", "SUBSCRIBED", "ACK"],
        ),
        (
            r#""action":"unsubscribe","topics":["orders","executions"]"#,
            &["UNSUBSCRIBED", "ACK"],
        ),
        (
            r#""action":"subscribe_ticker","symbol":"BTCUSDT""#,
            &["SUBSCRIBED", "ACK"],
        ),
        (
            r#""action":"unsubscribe_ticker","symbol":"BTCUSDT""#,
            &["UNSUBSCRIBED", "ACK"],
        ),
        (r#""action":"unsubscribe_ticker","symbol":"BTCUSDT""#, &["ACK"]),
        (
            r#""action":"place_order","symbol":"ADAUSDT","side":"buy","order_type":"market","quantity":100"#,
            &["ACK"],
        ),
        (r#""action":"close_position","symbol":"ADAUSDT""#, &["ACK"]),
        (r#""action":"close_position","symbol":"ADAUSDT""#, &["ERROR"]),
        (r#""action":"nonsense""#, &["ERROR"]),
    ];
    // All at once: they are carried out one after the other all the same.
    for (place, (command, _)) in commands.iter().enumerate() {
        wire.send(&format!(r#"{{"id":"n{place}",{command}}}"#))?;
    }
    wire.read_for(Duration::from_millis(1_500))?;
    let mut last = 0;
    for (place, (command, kinds)) in commands.iter().enumerate() {
        let id = format!("n{place}");
        let answers = || {
            wire.log
                .iter()
                .enumerate()
                .filter(|(_, frame)| frame.json["id"] == id.as_str())
        };
        let seen: Vec<&str> = answers().map(|(_, frame)| frame.kind()).collect();
        assert_eq!(seen, *kinds, "{command}");
        let end = answers().map(|(at, _)| at).max().unwrap();
        assert!(end > last, "{command} is answered out of turn");
        last = end;
    }
    Ok(())
}

#[test]
fn a_subscription_that_is_refused_in_part_is_refused_whole() -> Result<()> {
    let desk = Desk::start()?;
    let mut wire = Wire::connect(desk.address())?;
    let answer = wire.ask(r#"{"action":"subscribe","topics":["ticker:BTCUSDT","ticker:NOSUCH"]}"#)?;
    assert_eq!(answer.json["code"], "UNKNOWN_SYMBOL");
    wire.read_for(Duration::from_secs(2))?;
    assert!(
        !wire
            .log
            .iter()
            .any(|frame| matches!(frame.kind(), "SUBSCRIBED" | "MARKET_UPDATE"))
    );
    Ok(())
}
