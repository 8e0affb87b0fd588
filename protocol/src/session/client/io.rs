//! What goes into a desk's end of the conversation and what comes out of it.

use crate::clock::TimestampMs;
use crate::id::{CommandId, Seq};
use crate::message::{Ack, ConnectionEstablished, ErrorBody, Message, ResetReason};
use crate::topic::Topic;

/// Something for the machine.
#[derive(Debug)]
pub enum Input<'a> {
    /// Connect, now and whenever the connection is lost.
    Start,
    /// The socket is open.
    Opened,
    /// A text frame arrived.
    Frame(&'a str),
    /// The socket is closed, or could not be opened.
    Closed {
        /// The close code; 1006 where there was none.
        code: u16,
    },
    /// The network is back, or somebody looks again: do not wait, and do not trust a silent link.
    Wake,
    /// The network is gone, says the browser.
    Offline,
    /// Whether nobody looks: timers are throttled then, so that silence proves nothing.
    Hidden(bool),
    /// Time has passed.
    Timeout,
}

/// Something for the pump to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Open a new socket. What the last one still says is of no interest.
    Dial,
    /// Drop the socket, without waiting for its close.
    HangUp,
    /// Send a text frame.
    Send(String),
    /// Tell the desk.
    Event(Event),
}

/// What the desk is told.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The link is in another state.
    Link(Link),
    /// The server's greeting on a new connection.
    Greeted(Box<ConnectionEstablished>),
    /// A message to apply; every lossless one comes once and in order.
    Message(Box<Message>),
    /// A command has its answer.
    Answered {
        /// The command.
        id: CommandId,
        /// What became of it.
        result: Result<Ack, ErrorBody>,
    },
    /// Messages of a lossless topic are lost for good; the server said so. The next message that is a
    /// [`snapshot_of`](Message::snapshot_of) the topic takes the place of what the desk has of it.
    Lost(Loss),
}

/// What was lost of a lossless topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loss {
    /// The topic.
    pub topic: Topic,
    /// Why.
    pub reason: ResetReason,
    /// The first message that does not come.
    pub lost_from: Seq,
}

/// The state of the link between desk and server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// Not yet connected for the first time.
    Connecting,
    /// Connected again or for the first time; not every topic has spoken yet.
    Resyncing {
        /// Since when.
        since: TimestampMs,
    },
    /// Connected, and every topic is up to date.
    Live,
    /// Connected, but nothing has come for too long.
    Lagging {
        /// When the last frame came.
        since: TimestampMs,
    },
    /// The connection is lost.
    Reconnecting {
        /// Which attempt comes next, or is being made.
        attempt: u32,
        /// When it is made.
        next_try_at: TimestampMs,
    },
    /// The browser says that there is no network.
    Offline,
    /// The server said not to come back.
    Closed {
        /// Its close code.
        code: u16,
    },
}
