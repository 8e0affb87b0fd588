//! Bytes that are no proper WebSocket, or too much of it: closed by the standard's or our own code, and noticed by nobody
//! else.

use std::time::Duration;

use anyhow::Result;
use tickwire_tests::desk::{Desk, Setup};
use tickwire_tests::watcher::Watcher;
use tickwire_tests::wire::{PATIENCE, Wire};

/// What a client that does nothing wrong may notice of one that does, on a busy machine: nearly nothing.
const SILENCE_MAX: Duration = Duration::from_millis(1_000);

/// A text or binary frame as bytes, masked by zeros as a client may.
fn raw_frame(first_byte: u8, length: u64, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first_byte];
    match u16::try_from(length) {
        Ok(short) if short < 126 => bytes.push(0x80 | u8::try_from(short).unwrap_or(0)),
        Ok(medium) => {
            bytes.push(0x80 | 126);
            bytes.extend(medium.to_be_bytes());
        }
        Err(_) => {
            bytes.push(0x80 | 127);
            bytes.extend(length.to_be_bytes());
        }
    }
    bytes.extend([0; 4]);
    bytes.extend(payload);
    bytes
}

const TEXT: u8 = 0x81;

#[test]
fn what_breaks_the_websocket_itself_is_closed_as_a_protocol_error_and_nobody_notices() -> Result<()> {
    let desk = Setup::sim(1, 200).start()?;
    let mut first = Wire::connect(desk.address())?;
    let topic = format!("ticker:{}", tickwire_tests::order::Market::names(&mut first)?[0]);
    let watcher = Watcher::start(desk.address(), &[&topic])?;
    let mut ends = Vec::new();
    for (what, bytes) in [
        ("a reserved bit", &b"\xc1\x82\0\0\0\0{}"[..]),
        ("no mask", b"\x81\x02{}"),
        ("an unknown opcode", b"\x83\x80\0\0\0\0"),
        ("a continuation of nothing", b"\x80\x82\0\0\0\0{}"),
    ] {
        let mut wire = Wire::connect(desk.address())?;
        wire.wait_for_kind("CONNECTION_ESTABLISHED")?;
        wire.send_bytes(bytes)?;
        ends.push((what, wire.closed(PATIENCE)?.0));
    }
    let silence = watcher.stop()?.longest_silence("MARKET_UPDATE");
    assert!(silence < SILENCE_MAX, "{silence:?}");
    assert!(
        ends.iter().all(|(_, code)| *code == 1002),
        "1006 is no close frame: {ends:?}"
    );
    Ok(())
}

#[test]
fn a_frame_of_ten_megabytes_is_closed_as_too_big_and_nobody_notices() -> Result<()> {
    const LENGTH: u64 = 10 * 1024 * 1024;
    let desk = Setup::sim(1, 200).start()?;
    let mut first = Wire::connect(desk.address())?;
    let topic = format!("ticker:{}", tickwire_tests::order::Market::names(&mut first)?[0]);
    let watcher = Watcher::start(desk.address(), &[&topic])?;
    for first_byte in [TEXT, 0x82] {
        let mut wire = Wire::connect(desk.address())?;
        wire.wait_for_kind("CONNECTION_ESTABLISHED")?;
        wire.send_bytes(&raw_frame(first_byte, LENGTH, &[b'x'; 4_096]))?;
        let (code, reason) = wire.closed(PATIENCE)?;
        assert!(matches!(code, 4508 | 1009), "{code} {reason}");
    }
    // The whole of it; where the end was written before all was read, the system may swallow the close frame.
    let mut wire = Wire::connect(desk.address())?;
    // The server need not take all of it.
    let _ = wire.send_bytes(&raw_frame(TEXT, LENGTH, &vec![b'x'; usize::try_from(LENGTH)?]));
    wire.closed(PATIENCE)?;

    // A message in many small pieces is no way around the limit.
    let mut wire = Wire::connect(desk.address())?;
    let piece = vec![b'x'; 8 * 1024];
    let mut sent = wire.send_bytes(&raw_frame(0x01, 8 * 1024, &piece));
    for _ in 0..1_000 {
        sent = sent.and_then(|()| wire.send_bytes(&raw_frame(0x00, 8 * 1024, &piece)));
    }
    let (code, reason) = wire.closed(PATIENCE)?;
    assert!(matches!(code, 4508 | 1009 | 1006), "{code} {reason}");

    let watched = watcher.stop()?;
    let silence = watched.longest_silence("MARKET_UPDATE");
    assert!(silence < SILENCE_MAX, "{silence:?}");
    Ok(())
}

#[test]
fn a_message_in_two_pieces_is_one_command() -> Result<()> {
    let desk = Desk::start()?;
    let mut wire = Wire::connect(desk.address())?;
    wire.send_bytes(&raw_frame(0x01, 20, br#"{"action":"ping","id"#))?;
    wire.read_for(Duration::from_millis(100))?;
    wire.send_bytes(&raw_frame(0x80, 12, br#"":"p","t0":1"#))?;
    wire.read_for(Duration::from_millis(300))?;
    assert!(
        wire.log.iter().any(|frame| frame.kind() == "ERROR"),
        "unfinished JSON is an error"
    );
    wire.send_bytes(&raw_frame(0x01, 20, br#"{"action":"ping","id"#))?;
    wire.send_bytes(&raw_frame(0x80, 13, br#"":"p","t0":1}"#))?;
    assert_eq!(wire.wait_for_kind("PONG")?.json["id"], "p");
    Ok(())
}

#[test]
fn clients_that_stop_half_way_disturb_nobody() -> Result<()> {
    let desk = Setup::sim(1, 200).start()?;
    let mut first = Wire::connect(desk.address())?;
    let topic = format!("ticker:{}", tickwire_tests::order::Market::names(&mut first)?[0]);
    let watcher = Watcher::start(desk.address(), &[&topic])?;
    let mut held = Vec::new();
    for place in 0..20_usize {
        let mut wire = Wire::connect_narrow(desk.address())?;
        wire.subscribe(&[&topic])?;
        let frame = raw_frame(TEXT, 26, br#"{"action":"get_positions"}"#);
        wire.send_bytes(&frame[..1 + place % (frame.len() - 1)])?;
        held.push(wire);
    }
    let silent: Vec<_> = (0..20)
        .map(|_| std::net::TcpStream::connect(desk.address()))
        .collect::<Result<_, _>>()?;
    std::thread::sleep(Duration::from_secs(3));
    let mut other = Wire::connect(desk.address())?;
    other.ping()?;
    // A cut in the middle of a frame is no trouble either.
    held.into_iter().for_each(Wire::cut);
    drop(silent);
    other.ping()?;
    let watched = watcher.stop()?;
    let silence = watched.longest_silence("MARKET_UPDATE");
    assert!(silence < SILENCE_MAX, "{silence:?}");
    Ok(())
}
