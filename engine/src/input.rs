//! Everything that can happen to the engine: what markets do, what owners of accounts want, and the passing of time.

use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::command::Instruction;
use tickwire_protocol::id::{AccountId, Symbol};
use tickwire_protocol::market::{Candle, Tick};
use tickwire_protocol::message::LinkState;
use tickwire_protocol::money::{Amount, Price, Quantity};

/// One input. The engine is a function of its inputs in their order, and of nothing else.
#[derive(Clone, Debug, PartialEq)]
#[expect(
    clippy::large_enum_variant,
    reason = "a bounded queue of them is all there is"
)]
pub enum Input {
    /// A market did something.
    Market(MarketInput),
    /// An owner wants something.
    Request(Request),
    /// Time has passed: days begin, and what depends on the clock is looked at.
    Timer(TimestampMs),
    /// Something happened to the desk itself.
    Notice {
        /// What.
        notice: Notice,
        /// When.
        at: TimestampMs,
    },
}

/// What a feed tells of its markets.
#[derive(Clone, Debug, PartialEq)]
pub enum MarketInput {
    /// The state of the feed itself changed.
    Link {
        /// What it is now.
        state: LinkState,
        /// Since when.
        at: TimestampMs,
    },
    /// The one-minute candles of a market up to now, oldest first; the last may be unfinished. Replaces what was known.
    History {
        /// The market.
        symbol: Symbol,
        /// Its candles.
        candles: Vec<Candle>,
    },
    /// Trades and quotes, in order.
    Ticks(Vec<Tick>),
    /// The order book changed.
    Depth(Depth),
}

/// A change of an order book, or all of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Depth {
    /// The market.
    pub symbol: Symbol,
    /// Whether the levels are all that the venue shows; otherwise they replace the levels of the same price.
    pub snapshot: bool,
    /// `(price, quantity)` of buyers; a quantity of zero removes the level.
    pub bids: Vec<(Price, Quantity)>,
    /// `(price, quantity)` of sellers; a quantity of zero removes the level.
    pub asks: Vec<(Price, Quantity)>,
    /// The venue's own time of the change.
    pub exchange_time: TimestampMs,
}

/// What an owner wants, for which account, and when the server took it in.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// The account; the server names it, never the client.
    pub account: AccountId,
    /// When.
    pub at: TimestampMs,
    /// What.
    pub action: Action,
}

/// What can happen to the desk itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// The journal is short of room: all accounts pause, and are told.
    JournalShort,
    /// The end of the journal was damaged, and was cut off at the start: all accounts are told.
    JournalCut {
        /// Entries that were lost.
        entries: u64,
    },
}

/// What can be wanted.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "part of an input")]
pub enum Action {
    /// Open the account with a first deposit; nothing happens where it is open already.
    OpenAccount {
        /// What is paid in.
        deposit: Amount,
    },
    /// Do what a command says.
    Instruct(Instruction),
}
