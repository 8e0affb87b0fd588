//! What a desk tells its program.

use crate::connection::DialError;
use crate::places::Places;
use futures::Stream;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tickwire_protocol::message::{ConnectionEstablished, Message};
use tickwire_protocol::session::client::Loss;
use tokio::sync::mpsc;

/// Something that happened.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event {
    /// The server's greeting, on each new connection.
    Greeted(Box<ConnectionEstablished>),
    /// A message to apply. Those of a lossless topic come once and in order; snapshots come after a [`Event::Reset`].
    Message(Box<Message>),
    /// Every topic is up to date.
    Live,
    /// The connection is open, but nothing has come for some seconds.
    Lagging,
    /// The connection is lost, or could not be opened. It is dialled again by itself.
    Lost {
        /// How many attempts there were since the connection last held.
        attempt: u32,
        /// How long until the next one, in milliseconds.
        retry_in_ms: u64,
    },
    /// A dial failed; [`Event::Lost`] or [`Event::Closed`] follows.
    DialFailed(DialError),
    /// The login of the connection ends soon, and the program's own source of tokens failed. It is asked again every two
    /// seconds; without another token the desk closes the connection in its time.
    NotRenewed(Box<dyn std::error::Error + Send + Sync>),
    /// After a loss, or a start from [places that were kept](crate::Builder::resume), every topic is up to date again; [`Event::Live`] follows.
    Resumed {
        /// Messages of lossless topics that came since the greeting: what had been missed.
        messages: u64,
    },
    /// Messages of a lossless topic are lost for good. The next message is a snapshot that takes the place of what the
    /// program has of the topic.
    Reset(Loss),
    /// The server will not have this program back. Nothing follows.
    Closed {
        /// The close code; 1008 where the handshake was refused.
        code: u16,
    },
}

/// What comes through the channel.
#[derive(Debug)]
pub(crate) enum Told {
    Event(Event),
    /// Where all topics stand at this moment, those without messages too.
    Places(Places),
}

/// The events of a desk, in order. Dropping it discards what comes, and leaves the [`Desk`](crate::Desk) to send commands.
///
/// It is a [`Stream`] too.
#[derive(Debug)]
pub struct Events {
    told: mpsc::Receiver<Told>,
    places: Places,
}

impl Events {
    pub(crate) fn new(told: mpsc::Receiver<Told>, places: Places) -> Events {
        Events { told, places }
    }

    /// The next event; `None` once the desk was shut down or [closed](Event::Closed). Nothing is lost when it is
    /// cancelled.
    pub async fn next(&mut self) -> Option<Event> {
        std::future::poll_fn(|cx| self.poll(cx)).await
    }

    /// The places after all events that [`Events::next`] has returned: what [`Builder::resume`](crate::Builder::resume)
    /// goes on from, once they were applied.
    pub fn places(&self) -> &Places {
        &self.places
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        loop {
            match ready!(self.told.poll_recv(cx)) {
                Some(Told::Places(places)) => self.places.take_over(places),
                Some(Told::Event(event)) => {
                    if let Event::Message(message) = &event {
                        self.places.apply(message);
                    }
                    return Poll::Ready(Some(event));
                }
                None => return Poll::Ready(None),
            }
        }
    }
}

impl Stream for Events {
    type Item = Event;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        self.poll(cx)
    }
}
