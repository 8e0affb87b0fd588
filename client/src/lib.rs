//! A Tickwire desk for programs.
//!
//! One [`Desk`] is one connection that stays: it dials, greets, follows topics, notices a dead link, dials again with
//! jitter, and goes on where it was. What a program sees is a stream of [`Event`]s:
//!
//! - **State** topics (tickers, candles, positions, balance, …) give their newest value; none that is older follows.
//! - **Lossless** topics (orders, executions, risk, alerts, logs) give every message once and in order, over any number of
//!   reconnects, or an [`Event::Reset`] that says what is lost, followed by a snapshot.
//! - **Commands** are answered: [`Desk::place_order`] carries a `client_order_id`, so that it is placed once, whatever
//!   happens to the connection on the way.
//!
//! ```no_run
//! use tickwire_client::protocol::message::Body;
//! use tickwire_client::protocol::topic::Topic;
//! use tickwire_client::{Desk, Event};
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let (desk, mut events) = Desk::builder("ws://127.0.0.1:8000")
//!     .topic("ticker:BTCUSDT".parse()?)
//!     .topic(Topic::Orders)
//!     .start()?;
//! while let Some(event) = events.next().await {
//!     match event {
//!         Event::Message(message) => match message.body {
//!             Body::MarketUpdate(ticker) => println!("{} {}", ticker.symbol, ticker.price),
//!             Body::OrderUpdate(update) => println!("{} {:?}", update.order.id, update.order.status),
//!             _ => {}
//!         },
//!         Event::Resumed { messages } => println!("back, {messages} messages had been missed"),
//!         Event::Closed { code } => println!("the desk does not want us: {code}"),
//!         _ => {}
//!     }
//! }
//! desk.shutdown().await;
//! # Ok(())
//! # }
//! ```
//!
//! # Back-pressure
//!
//! Events wait in a bounded channel. When it is full the connection is read no further: the server then keeps only the
//! newest value of state topics, and the place reached in lossless ones, so a slow program loses nothing and costs little.
//! As long as a command waits for its answer a few more events are kept, so that the answer behind them is found; do not
//! leave events unread for longer while you wait for answers.
//!
//! # Over the end of the process
//!
//! [`Events::places`] are the places of all events that [`Events::next`] has returned. Keep their text, and hand it to
//! [`Builder::resume`] of the next process: it gets exactly what came in between.
//!
//! # Features
//!
//! - `tls`: `wss://` URLs, by rustls. Without it only `ws://` is spoken.
#![forbid(unsafe_code)]

mod address;
mod builder;
mod clock;
mod connection;
mod desk;
mod driver;
mod events;
mod places;
mod refused;
mod token;

/// The examples of the README compile.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

pub use builder::{Builder, StartError};
pub use connection::DialError;
pub use desk::{Closed, Desk};
pub use events::{Event, Events};
pub use places::{Places, PlacesError};
pub use refused::Refused;
pub use token::Token;

#[cfg(feature = "tls")]
pub use rustls;
/// The vocabulary: ids, exact money, commands, messages, topics.
pub use tickwire_protocol as protocol;
pub use tickwire_protocol::session::client::{Link, Loss};
