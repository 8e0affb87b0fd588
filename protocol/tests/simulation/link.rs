//! One connection: what its two ends have written and not yet read. It delivers in order, and may be cut in either
//! direction; between connections there is no order.

use crate::desk::Down;
use std::collections::{BTreeMap, VecDeque};
use tickwire_protocol::id::{Epoch, Seq};
use tickwire_protocol::message::{Body, Message};
use tickwire_protocol::session::server::{Outgoing, Server};
use tickwire_protocol::topic::{Topic, TopicClass};

/// Bytes that the network and the desk's system hold of what the desk has not read.
const WINDOW_BYTES: usize = 16 * 1024;

/// What waits of one connection in the server's process: one turn, since no further one is taken meanwhile.
pub const TURN_FRAMES_MAX: usize = 300;
pub const TURN_BYTES_MAX: usize = 256 * 1024;

/// What comes to the server over a connection.
#[derive(Debug)]
pub enum Up {
    Text(String),
    /// The pong that a WebSocket's end sends by itself.
    Alive,
}

#[derive(Debug)]
pub struct Conn {
    pub desk: usize,
    pub server: Option<Server>,
    pub inbox: VecDeque<Up>,
    /// Written by the server, and not yet taken by the network.
    pub outbox: VecDeque<Down>,
    pub writing_since: Option<i64>,
    /// Bytes that the network has taken and the desk has not read.
    in_flight: usize,
    /// When the server wants its next turn, by its clock.
    pub due: i64,
    /// Nothing gets through to the desk, or to the server.
    pub cut: [bool; 2],
    /// When the last thing to the desk, and to the server, arrives: nothing overtakes.
    arrives: [i64; 2],
    /// Frames of the last turn that began with nothing waiting, each of which may come twice.
    pub turn_frames: usize,
    /// The last place that the server has told of each lossless topic.
    told: BTreeMap<Topic, (Epoch, Seq)>,
}

impl Conn {
    pub fn new(desk: usize) -> Conn {
        Conn {
            desk,
            server: None,
            inbox: VecDeque::new(),
            outbox: VecDeque::new(),
            writing_since: None,
            in_flight: 0,
            due: 0,
            cut: [false; 2],
            arrives: [0; 2],
            turn_frames: 0,
            told: BTreeMap::new(),
        }
    }

    pub fn is_open_down(&self) -> bool {
        !self.cut[0]
    }

    pub fn is_open_up(&self) -> bool {
        !self.cut[1]
    }

    pub fn arrival(&mut self, direction: usize, at: i64) -> i64 {
        let at = at.max(self.arrives[direction]);
        self.arrives[direction] = at;
        at
    }

    pub fn is_writing(&self) -> bool {
        !self.outbox.is_empty()
    }

    pub fn is_stalled_since(&self, now: i64, stall_ms: u64) -> bool {
        let since = self.writing_since.filter(|_| self.server.is_some());
        since.is_some_and(|since| now - since >= i64::try_from(stall_ms).unwrap())
    }

    /// The moment of its next turn, in true time.
    pub fn due_at(&self, server_skew: i64) -> Option<i64> {
        self.server.as_ref()?;
        Some(match self.writing_since {
            // Nothing is asked while a write is under way; when it has lasted too long the connection ends.
            Some(since) => since + 10_000,
            None => self.due.saturating_sub(server_skew),
        })
    }

    /// What the server machine says must be without a gap or a repetition by itself: a client heals much, and would hide it.
    pub fn check_sent(&mut self, outgoing: &Outgoing) {
        match outgoing {
            Outgoing::Text(text) => {
                let message = Message::decode(std::str::from_utf8(text).unwrap()).unwrap();
                let (Some(topic), Some(ep), Some(seq)) =
                    (message.head.topic, message.head.ep, message.head.seq)
                else {
                    return;
                };
                if matches!(message.body, Body::Subscribed(_) | Body::Reset(_)) {
                    self.told.insert(topic, (ep, seq));
                }
            }
            Outgoing::Frame(frame) => {
                let head = &frame.message().head;
                if let (Some(topic), Some(ep), Some(seq)) = (head.topic, head.ep, head.seq)
                    && topic.class() == TopicClass::Lossless
                {
                    let last = self.told.insert(topic, (ep, seq));
                    let expected = last.map(|(ep, last)| (ep, last.next()));
                    assert_eq!(
                        Some((ep, seq)),
                        expected,
                        "I2: the server leaves out or repeats {topic}"
                    );
                }
            }
            _ => {}
        }
    }

    /// The next frame that fits into the window.
    pub fn next_to_send(&mut self) -> Option<Down> {
        if self.in_flight >= WINDOW_BYTES {
            return None;
        }
        let down = self.outbox.pop_front()?;
        self.in_flight += bytes(&down);
        Some(down)
    }

    /// The desk has read a frame, which makes room for more.
    pub fn was_read(&mut self, down: &Down) {
        self.in_flight = self.in_flight.saturating_sub(bytes(down));
    }

    pub fn assert_bounded(&self) {
        let waiting: usize = match self.outbox.len() {
            0 => return,
            _ => self.outbox.iter().map(bytes).sum(),
        };
        assert!(
            waiting <= TURN_BYTES_MAX && self.outbox.len() <= self.turn_frames,
            "I4: {waiting} bytes in {} frames wait for one reader",
            self.outbox.len()
        );
    }
}

fn bytes(down: &Down) -> usize {
    match down {
        Down::Text(text) => text.len(),
        Down::Ping | Down::Closed(_) => 2,
    }
}
