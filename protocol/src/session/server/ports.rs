//! What a connection's machine and its surroundings hand each other: what it reads, what it is told, what it asks for.

use super::lossless::Fetch;
use crate::command::{Command, Instruction, Report};
use crate::error::{CloseReason, Refusal};
use crate::frame::Frame;
use crate::id::{CommandId, Epoch, Seq, Symbol};
use crate::message::Outcome;
use crate::topic::Topic;
use bytes::Bytes;
use std::sync::Arc;

/// What a connection can read of the desk: latest values, logs, and which instruments there are. It is bound to the
/// connection's account, so that no topic of another account can be named through it.
pub trait Board {
    /// What brings a reader of a state topic up to date who has seen everything up to `since`, or nothing at all:
    /// then a snapshot. Nothing where there is nothing newer.
    fn state(&self, topic: Topic, since: Option<Seq>) -> Option<Arc<Frame>>;

    /// The last place of a topic.
    fn head(&self, topic: Topic) -> (Epoch, Seq);

    /// Messages of a lossless topic after `after`, at most `max`, in order and without a gap.
    fn events(&self, topic: Topic, after: Seq, max: usize) -> Result<Vec<Arc<Frame>>, NotKept>;

    /// Whether messages of a lossless topic after `after` that are not at hand are kept elsewhere, so that they can be
    /// [fetched](Outgoing::Fetch).
    fn keeps(&self, topic: Topic, after: Seq) -> bool {
        let _ = (topic, after);
        false
    }

    /// Whether the instrument exists.
    fn has_symbol(&self, symbol: Symbol) -> bool;

    /// An answer to a question after data that are no state topic's. Nothing where there is no such thing. Rows are
    /// bounded by the question's `limit`, which is within the connection's limits, and are never without a bound.
    ///
    /// | question | answer |
    /// | --- | --- |
    /// | `GetInstruments` | `Instruments` |
    /// | `GetCandles` | `CandleUpdate` |
    /// | `GetOrders` | `Orders` |
    /// | `GetOrderStatus` | `OrderUpdate` |
    /// | `GetPosition` | `PositionUpdate` of one position, with `snapshot` false |
    /// | `GetExecutions` | `Executions` |
    /// | `GetRisk` | `RiskStatusUpdate` |
    /// | `GetAlerts` | `Alerts` |
    /// | `GetLogs` | `Logs` |
    ///
    /// None of them has a `topic`. Orders, executions, risk, alerts and logs have `ep` and `seq` of [`Board::head`]: all
    /// that the topic has told until there is in them, so that a reader goes on after that place.
    fn answer(&self, question: &Command) -> Option<Arc<Frame>>;
}

/// The message after the given place is kept no longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotKept;

/// Something for the machine.
#[derive(Debug)]
pub enum Incoming<'a> {
    /// A text frame.
    Text(&'a str),
    /// A binary frame, which the JSON encoding has none of.
    Binary,
    /// A ping or pong of the WebSocket itself: a sign of life.
    Alive,
    /// The engine's answer to the request handed out.
    Answered(EngineAnswer),
    /// What came of [`Outgoing::Fetch`]: messages without a gap from the first one wanted on, as many as are convenient.
    Fetched(Result<Vec<Arc<Frame>>, NotKept>),
}

/// What the engine made of an instruction, or why it did nothing.
pub type EngineAnswer = Result<Report, (Refusal, Outcome)>;

/// Something for the pump to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outgoing {
    /// Send a text frame made for this client.
    Text(Bytes),
    /// Send a frame that others get too. It is encoded by whoever sends it first, with no lock held.
    Frame(Arc<Frame>),
    /// Send a frame that others get too, as the answer to this command.
    Answer(Arc<Frame>, CommandId),
    /// Send what changed from one value of a state topic to the next. Others may get the same.
    Changes {
        /// The value that this client was sent last.
        base: Arc<Frame>,
        /// The new one.
        frame: Arc<Frame>,
    },
    /// Send a ping of the WebSocket itself.
    Ping,
    /// Fetch older messages and come back with [`Incoming::Fetched`]. There is one of these under way at most.
    Fetch(Fetch),
    /// Hand an instruction to the engine and come back with [`Incoming::Answered`].
    Engine(Box<Instruction>),
    /// Close the connection.
    Close(CloseReason),
}

impl Outgoing {
    /// The text to send, where there is one.
    pub fn text(&self) -> Option<Bytes> {
        match self {
            Outgoing::Text(text) => Some(text.clone()),
            Outgoing::Frame(frame) => Some(frame.text()),
            Outgoing::Answer(frame, id) => Some(frame.text_answering(id)),
            Outgoing::Changes { base, frame } => Some(frame.changes_since(base)),
            Outgoing::Ping | Outgoing::Fetch(_) | Outgoing::Engine(_) | Outgoing::Close(_) => None,
        }
    }
}
