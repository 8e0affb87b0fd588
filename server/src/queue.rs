//! The one bounded queue into the engine: what feeds tell, what owners want, and the passing of time, in one order.

use crate::clock;
use crate::metrics::micros;
use tickwire_engine::input::{Action, MarketInput};
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::id::AccountId;
use tickwire_protocol::session::server::EngineAnswer;
use tokio::sync::{mpsc, oneshot};

/// Jobs that may wait. A feed that finds the queue full waits, so the market is behind rather than the memory full; at
/// a thousand batches a second this is four seconds.
pub const CAPACITY: usize = 4096;

/// Something for the engine task.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "a job is moved twice in its life; a box for each would be made for every command"
)]
pub enum Job {
    /// A feed tells something.
    Market {
        /// What.
        input: MarketInput,
        /// When it was taken in, by [`micros`].
        taken_in: u64,
    },
    /// An owner wants something.
    Command {
        /// Whose account.
        account: AccountId,
        /// When it was taken in.
        at: TimestampMs,
        /// What.
        action: Action,
        /// Where the answer goes, once it is durable.
        reply: oneshot::Sender<EngineAnswer>,
    },
    /// Time has passed.
    Timer(TimestampMs),
    /// Nothing more comes: finish what was taken in, then end.
    Stop,
}

/// The engine task is gone: the server shuts down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the engine's queue is closed")]
pub struct QueueClosed;

/// Where a feed puts what it takes in.
#[derive(Clone, Debug)]
pub struct FeedSender(mpsc::Sender<Job>);

impl FeedSender {
    /// The feed's end of the queue.
    pub fn new(queue: mpsc::Sender<Job>) -> FeedSender {
        FeedSender(queue)
    }

    /// Hands an input over, waiting for room.
    pub async fn send(&self, input: MarketInput) -> Result<(), QueueClosed> {
        let taken_in = micros();
        let job = Job::Market { input, taken_in };
        self.0.send(job).await.map_err(|_| QueueClosed)
    }

    /// The server's clock, for the time that something was taken in.
    pub fn now(&self) -> TimestampMs {
        clock::now()
    }
}

/// Where connections put what their owners want.
#[derive(Clone, Debug)]
pub struct CommandSender(mpsc::Sender<Job>);

impl CommandSender {
    /// The connections' end of the queue.
    pub fn new(queue: mpsc::Sender<Job>) -> CommandSender {
        CommandSender(queue)
    }

    /// How many jobs wait, and how many may.
    pub fn depth(&self) -> (usize, usize) {
        let room = self.0.max_capacity();
        (room.saturating_sub(self.0.capacity()), room)
    }

    /// Hands a command over, waiting for room, and returns where its answer comes.
    pub async fn send(
        &self,
        account: AccountId,
        action: Action,
    ) -> Result<oneshot::Receiver<EngineAnswer>, QueueClosed> {
        let (reply, answer) = oneshot::channel();
        let job = Job::Command {
            account,
            at: clock::now(),
            action,
            reply,
        };
        self.0.send(job).await.map_err(|_| QueueClosed)?;
        Ok(answer)
    }
}
