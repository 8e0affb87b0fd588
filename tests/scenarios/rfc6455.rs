//! The WebSocket itself, case by case, in the order and under the numbers of the Autobahn test suite. This endpoint does not
//! echo: where Autobahn waits for its message, a command waits for its answer. Sections M and H are additions: masks, and
//! the opening handshake.

mod closing;
mod framing;
mod handshake;
mod utf8;

use std::net::SocketAddr;

use anyhow::{Result, ensure};
use tickwire_tests::desk::Desk;
use tickwire_tests::raw::{Raw, opcode, whole};

/// One case: what is written, one write after the other, and what has to come of it.
#[derive(Debug)]
pub struct Case {
    /// As Autobahn counts.
    pub number: String,
    /// What each write brings to the socket.
    pub writes: Vec<Vec<u8>>,
    /// What has to come.
    pub expected: Expected,
}

/// What has to come of a case.
#[derive(Debug)]
pub enum Expected {
    /// These answers, in this order, and the connection lives.
    Lives(Vec<String>),
    /// These answers, then a close frame with one of these codes, then the end.
    Closed(Vec<String>, &'static [u16]),
}

impl Case {
    fn lives(number: &str, writes: Vec<Vec<u8>>, answers: &[&str]) -> Case {
        Case {
            number: number.to_owned(),
            writes,
            expected: Expected::Lives(answers.iter().map(|&answer| answer.to_owned()).collect()),
        }
    }

    fn closed(number: &str, writes: Vec<Vec<u8>>, answers: &[&str], codes: &'static [u16]) -> Case {
        Case {
            number: number.to_owned(),
            writes,
            expected: Expected::Closed(answers.iter().map(|&answer| answer.to_owned()).collect(), codes),
        }
    }

    /// Plays the case on a connection of its own; an error says what came instead.
    fn play(&self, address: SocketAddr) -> Result<()> {
        /// Asked after everything else, so that its answer shows that no other comes.
        const LAST: &str = "PONG 999";
        let mut raw = Raw::connect(address)?;
        for bytes in &self.writes {
            raw.write(bytes);
        }
        let mut answers = Vec::new();
        match &self.expected {
            Expected::Lives(expected) => {
                raw.write(&whole(opcode::TEXT, &ping(999, "")));
                while answers.last().is_none_or(|last| last != LAST) {
                    let Some(seen) = raw.frame()? else {
                        anyhow::bail!("the connection ended after {answers:?}");
                    };
                    ensure!(
                        seen.opcode != opcode::CLOSE,
                        "closed with {:?}",
                        seen.close_code()
                    );
                    answers.extend(seen.answer()?);
                }
                answers.pop();
                ensure!(answers == *expected, "answered by {answers:?}, not {expected:?}");
            }
            Expected::Closed(expected, codes) => {
                let mut code = None;
                while let Some(seen) = raw.frame()? {
                    ensure!(code.is_none(), "the server goes on after its close: {seen:?}");
                    answers.extend(seen.answer()?);
                    code = seen.close_code();
                    if code.is_some() {
                        raw.write(&whole(opcode::CLOSE, &[]));
                    }
                }
                ensure!(answers == *expected, "answered by {answers:?}, not {expected:?}");
                let is_right = code.is_some_and(|code| codes.contains(&code));
                ensure!(is_right, "closed with {code:?}, not {codes:?}");
            }
        }
        Ok(())
    }
}

/// A command that is answered by `PONG T0`, as long as it is told to be.
fn ping(t0: u32, pad: &str) -> Vec<u8> {
    format!(r#"{{"action":"ping","t0":{t0},"pad":"{pad}"}}"#).into_bytes()
}

/// The same, of exactly this many bytes.
fn ping_of(t0: u32, length: usize) -> Vec<u8> {
    let pad = length - ping(t0, "").len();
    ping(t0, &"*".repeat(pad))
}

/// The same bytes in writes of so many each.
fn chopped(bytes: &[u8], length: usize) -> Vec<Vec<u8>> {
    bytes.chunks(length).map(<[u8]>::to_vec).collect()
}

fn play_all(cases: &[Case], least: usize) -> Result<()> {
    let desk = Desk::start()?;
    let mut numbers: Vec<&str> = cases.iter().map(|case| case.number.as_str()).collect();
    numbers.sort_unstable();
    numbers.dedup();
    ensure!(numbers.len() == cases.len(), "a number is given twice");
    ensure!(cases.len() >= least, "only {} cases", cases.len());
    let wrong: Vec<String> = cases
        .iter()
        .filter_map(|case| {
            let error = case.play(desk.address()).err()?;
            Some(format!("{}: {error:#}", case.number))
        })
        .collect();
    ensure!(
        wrong.is_empty(),
        "{} of {} cases:\n{}",
        wrong.len(),
        cases.len(),
        wrong.join("\n")
    );
    // And the desk goes on for everybody else.
    tickwire_tests::wire::Wire::connect(desk.address())?.ping()
}
