//! The desk's live half: one socket, one store, hooks on top.
//!
//! frame → [`socket`] (the protocol's sans-I/O client) → [`inbox`] → once an animation frame: [`apply()`] → [`store`] →
//! hooks → widgets. The server renders from the same store, filled with the frames that the page is born with.

mod apply;
mod hooks;
pub mod inbox;
pub mod lists;
pub mod paint;
#[cfg(test)]
pub mod sample;
pub mod series;
#[cfg_attr(feature = "hydrate", path = "socket_browser/mod.rs")]
#[cfg_attr(not(feature = "hydrate"), path = "socket_inert.rs")]
mod socket;
mod status;
pub mod store;
pub mod toasts;

pub use apply::apply;
pub use hooks::{
    Candles, use_account_age, use_candles, use_executions, use_feed, use_lists, use_portfolio, use_positions,
    use_ticker, use_tickers, use_topics,
};
pub use paint::PaintSummary;
pub use status::Status;
pub use store::Store;

use leptos::prelude::*;
use tickwire_protocol::command::Command;
use tickwire_protocol::message::{Ack, ErrorBody, Message};
use tickwire_protocol::session::client::Link;
use tickwire_protocol::topic::Topic;

use crate::boot::use_boot;
use socket::Socket;

/// What became of a command: nothing yet, done, or refused with the reason.
pub type Answer = ArcRwSignal<Option<Result<Ack, ErrorBody>>>;

/// The desk's connection, as [`use_realtime`] returns it.
#[derive(Clone, Copy)]
pub struct UseRealtime {
    /// The replica of the server's state.
    pub store: Store,
    /// Link, clocks and measurements.
    pub status: Status,
    /// Whether the reader may act, and not only see.
    pub may_act: bool,
    socket: Socket,
}

impl UseRealtime {
    /// Sends a command. The answer comes, if only as "outcome unknown": within 15 seconds, or within a minute where the
    /// link was lost and it is asked again.
    pub fn send(&self, command: Command) -> Answer {
        self.socket.request(command)
    }

    /// Wants a topic; several users of one topic make one subscription.
    pub fn subscribe(&self, topic: Topic) {
        self.socket.subscribe(topic);
    }

    /// Wants it no longer.
    pub fn unsubscribe(&self, topic: Topic) {
        self.socket.unsubscribe(topic);
    }

    /// Whether what is shown is what the server has now.
    pub fn is_live(&self) -> bool {
        self.status.link.get() == Link::Live
    }
}

/// Makes the desk's connection available to every component: filled from the page's birth, live once the page is.
/// Called once, by `App`, after `provide_boot`.
pub fn provide_realtime() {
    let boot = use_boot();
    let store = Store::new();
    // What this release cannot read, a newer server wrote; the rest is worth showing.
    for message in boot.frames.iter().filter_map(|frame| Message::decode(frame).ok()) {
        apply(&store, message);
    }
    let status = Status::new(boot.taken_at);
    let socket = Socket::new(store, status, boot.taken_at);
    Effect::new(move |_| socket.start());
    provide_context(UseRealtime {
        store,
        status,
        may_act: boot.may_act(),
        socket,
    });
}

/// The desk's connection: its link and clocks, its store, and a way to send commands.
pub fn use_realtime() -> UseRealtime {
    expect_context::<UseRealtime>()
}
