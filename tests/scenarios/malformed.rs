//! A table of frames that no client should send, over the socket: each is answered by its code, the connections live, and
//! nothing of them is left anywhere.

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use tickwire_tests::desk::Desk;
use tickwire_tests::journal;
use tickwire_tests::wire::Wire;
use tokio_tungstenite::tungstenite::protocol::Message;

const TABLE: &str = include_str!("malformed.table");

/// Frames of one connection: within the burst that any client has.
const FRAMES_A_CONNECTION: usize = 50;

/// An answer does not repeat the question.
const ANSWER_BYTES_MAX: usize = 1_000;

/// A line of the table.
#[derive(Debug)]
struct Row {
    number: usize,
    codes: Vec<&'static str>,
    frame: Vec<u8>,
}

/// What is between two angle brackets: a few bytes, as often as is said.
fn bytes(spelt: &str) -> Result<Vec<u8>> {
    let (hex, times) = spelt.split_once('*').unwrap_or((spelt, "1"));
    let hex: String = hex.split_whitespace().collect();
    let piece: Vec<u8> = (0..hex.len())
        .step_by(2)
        .map(|at| {
            Ok(u8::from_str_radix(
                hex.get(at..at + 2).context("two digits a byte")?,
                16,
            )?)
        })
        .collect::<Result<_>>()?;
    Ok(piece.repeat(times.parse()?))
}

fn rows() -> Result<Vec<Row>> {
    let lines = (1..).zip(TABLE.lines());
    lines
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
        .map(|(number, line)| {
            let (codes, spelt) = line.split_once(' ').context("a code, a space, a frame")?;
            let mut frame = Vec::new();
            for (place, piece) in spelt.split('⟨').enumerate() {
                let plain = match piece.split_once('⟩') {
                    Some((special, plain)) if place > 0 => {
                        frame.extend(bytes(special)?);
                        plain
                    }
                    _ => piece,
                };
                frame.extend(plain.as_bytes());
            }
            Ok(Row {
                number,
                codes: codes.split('|').collect(),
                frame,
            })
        })
        .collect::<Result<_>>()
}

/// Sends one frame and looks at its answer; says what is wrong with it.
fn fault(wire: &mut Wire, row: &Row) -> Result<Option<String>> {
    let message = if row.codes == ["BAD_FRAME"] {
        Message::binary(row.frame.clone())
    } else {
        Message::text(String::from_utf8(row.frame.clone())?)
    };
    wire.send_message(message)?;
    let answer = wire.wait_for(&format!("ERROR for line {}", row.number), |frame| {
        matches!(frame.kind(), "ERROR" | "ACK")
    })?;
    let code = answer.json["code"].as_str().unwrap_or("no code");
    let sentence = answer.json["message"].as_str().unwrap_or_default();
    let is_right = row.codes.contains(&code)
        && sentence.len() > 10
        && answer.json.get("id").is_some()
        && answer.text.len() <= ANSWER_BYTES_MAX;
    Ok((!is_right).then(|| format!("line {}: {} instead of {:?}", row.number, answer.text, row.codes)))
}

/// Deals the rows out to a few connections, each of which has to be as good as new afterwards.
fn send_all<'a>(desk: &Desk, rows: impl Iterator<Item = &'a Row>) -> Result<Vec<String>> {
    let rows: Vec<&Row> = rows.collect();
    let mut faults = Vec::new();
    for some in rows.chunks(FRAMES_A_CONNECTION) {
        let mut wire = Wire::connect(desk.address())?;
        for row in some {
            faults.extend(fault(&mut wire, row)?);
        }
        wire.ping()?;
    }
    Ok(faults)
}

/// What the journal has of orders, alerts, limits and the rest: everything but what opened the account.
fn deeds(desk: &Desk) -> Result<Vec<Value>> {
    journal::entries(&desk.data_dir())
}

#[test]
fn every_malformed_frame_is_answered_by_its_code_and_leaves_no_trace() -> Result<()> {
    let rows = rows()?;
    ensure!(rows.len() >= 200, "only {} frames", rows.len());
    let mut frames: Vec<&[u8]> = rows.iter().map(|row| row.frame.as_slice()).collect();
    frames.sort_unstable();
    frames.dedup();
    ensure!(frames.len() == rows.len(), "a frame is in the table twice");

    let mut desk = Desk::start()?;
    Wire::connect(desk.address())?.ping()?;
    let mut faults = send_all(&desk, rows.iter())?;
    // In another order, so that no answer owes anything to the frame before it.
    faults.extend(send_all(&desk, rows.iter().rev())?);
    ensure!(
        faults.is_empty(),
        "{} answers of {}:\n{}",
        faults.len(),
        2 * rows.len(),
        faults.join("\n")
    );

    let mut wire = Wire::connect(desk.address())?;
    wire.acked(
        r#"{"action":"place_order","client_order_id":"sound","symbol":"ADAUSDT","side":"buy","order_type":"market","quantity":100}"#,
    )?;
    let orders = wire.answer(r#"{"action":"get_orders"}"#, "ORDERS")?;
    let orders = orders.json["orders"].as_array().context("a list")?.clone();
    ensure!(orders.len() == 1, "{orders:?}");
    desk.kill()?;
    let with = deeds(&desk)?;

    // A desk that was never sent any of it has the same journal, but for the times and prices in it.
    let mut other = Desk::start()?;
    let mut wire = Wire::connect(other.address())?;
    wire.acked(
        r#"{"action":"place_order","client_order_id":"sound","symbol":"ADAUSDT","side":"buy","order_type":"market","quantity":100}"#,
    )?;
    other.kill()?;
    let without = deeds(&other)?;
    ensure!(
        with.len() == without.len(),
        "{} entries, where {} are of the sound order: {with:#?}",
        with.len(),
        without.len()
    );
    Ok(())
}
