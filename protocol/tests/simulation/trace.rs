//! The last things that happened, for whoever looks into a failure, and a sum over all of them.

use std::collections::VecDeque;
use std::fmt;
use tickwire_protocol::session::client::Event;

const KEPT: usize = 60;

#[derive(Debug)]
pub struct Trace {
    last: VecDeque<(i64, &'static str, u64, u64)>,
    /// A sum over everything noted: two runs of one seed have the same.
    pub sum: u64,
}

impl Trace {
    pub fn new() -> Trace {
        Trace {
            last: VecDeque::with_capacity(KEPT),
            sum: 0xCBF2_9CE4_8422_2325,
        }
    }

    pub fn note(&mut self, now: i64, what: &'static str, who: impl TryInto<u64>) {
        self.put(now, what, who.try_into().unwrap_or(u64::MAX), 0);
    }

    fn put(&mut self, now: i64, what: &'static str, who: u64, detail: u64) {
        for part in [
            now.unsigned_abs(),
            u64::try_from(what.len()).unwrap(),
            who,
            detail,
        ] {
            self.sum = (self.sum ^ part).wrapping_mul(0x0100_0000_01B3);
        }
        if self.last.len() == KEPT {
            self.last.pop_front();
        }
        self.last.push_back((now, what, who, detail));
    }

    pub fn event(&mut self, now: i64, desk: usize, event: &Event) {
        let (what, detail) = match event {
            Event::Link(_) => ("link of desk", 0),
            Event::Greeted(_) => ("greeted desk", 0),
            Event::Message(message) => ("message to desk", message.head.timestamp.0.unsigned_abs()),
            Event::Answered { .. } => ("answer to desk", 0),
            Event::Lost(_) => ("loss told to desk", 0),
        };
        self.put(now, what, u64::try_from(desk).unwrap(), detail);
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (now, what, who, detail) in &self.last {
            writeln!(f, "  {now} {what} {who} ({detail})")?;
        }
        Ok(())
    }
}
