//! Plays a market that knows what happens when: waits until something is due, sends it, and takes the market up anew
//! where the clock has jumped. The only place of the embedded feeds that sleeps.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use tickwire_engine::input::{Depth, MarketInput};
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::market::{Instrument, Tick};
use tickwire_protocol::message::LinkState;
use tokio::sync::watch;

use crate::exchange::Feed;
use crate::queue::FeedSender;

/// Ticks of one input, at most: what the engine works through without anyone noticing.
pub(super) const TICKS_PER_BATCH: usize = 1_024;

/// Depth changes of one round, at most.
const DEPTHS_PER_BATCH: usize = 64;

/// The longest sleep. Sleeps are measured on a clock that stands still while a laptop does, so a longer one would miss
/// for how long the laptop slept.
const SLEEP_MS_MAX: i64 = 250;

/// A market that is further behind the clock than this, or ahead of it, is not played through to where it should be but
/// taken up there: nobody wants to see the ticks of a night in a second, and stops that fire on them.
pub(super) const LAG_MS_MAX: i64 = 5_000;

/// What a market has to say in one round.
#[derive(Debug, Default)]
pub(super) struct Batch {
    inputs: Vec<MarketInput>,
    ticks: Vec<Tick>,
    is_half: bool,
    is_closed: bool,
}

impl Batch {
    /// One that is full at half of what others take.
    pub fn half() -> Batch {
        Batch {
            is_half: true,
            ..Batch::default()
        }
    }

    /// Counts as full from now on.
    pub fn close(&mut self) {
        self.is_closed = true;
    }

    /// Adds a tick.
    pub fn tick(&mut self, tick: Tick) {
        self.ticks.push(tick);
    }

    /// Adds a change of a book, after the ticks so far.
    pub fn depth(&mut self, depth: Depth) {
        self.close_ticks();
        self.inputs.push(MarketInput::Depth(depth));
    }

    /// Whether the rest must wait for the next round.
    pub fn is_full(&self) -> bool {
        let share = if self.is_half { 2 } else { 1 };
        self.is_closed
            || self.ticks.len() >= TICKS_PER_BATCH / share
            || self.inputs.len() >= DEPTHS_PER_BATCH / share
    }

    /// All of it, in order; the batch is empty after.
    pub fn take(&mut self) -> Vec<MarketInput> {
        self.close_ticks();
        self.is_closed = false;
        std::mem::take(&mut self.inputs)
    }

    fn close_ticks(&mut self) {
        if !self.ticks.is_empty() {
            self.inputs
                .push(MarketInput::Ticks(std::mem::take(&mut self.ticks)));
        }
    }
}

/// A market that can be asked what happens by when. All times are the server's; a market that runs at another speed
/// translates. It never waits and never reads a clock.
pub(super) trait Market: Send + 'static {
    /// The name of the feed.
    fn name(&self) -> &'static str;

    /// The instruments, in the order that [`Market::history`] counts them.
    fn instruments(&self) -> Vec<Instrument>;

    /// Takes the market up as it stands at `now`; what lies before is history.
    fn take_up(&mut self, now: TimestampMs);

    /// The candles of one instrument up to where the market was taken up.
    fn history(&self, index: usize) -> MarketInput;

    /// What is known of the market where it was taken up: the best prices, and the books where there are any.
    fn opening(&self, now: TimestampMs, batch: &mut Batch);

    /// When something happens next.
    fn next_due(&self) -> TimestampMs;

    /// Adds what happens until `now`, as far as the batch has room.
    fn advance(&mut self, now: TimestampMs, batch: &mut Batch);

    /// Milliseconds between rounds, at least: a fast market is told in larger batches instead of more of them.
    fn round_ms(&self) -> i64 {
        1
    }
}

/// Where a market's inputs go, and the server's clock. [`FeedSender`] but for tests.
pub(super) trait Outlet: Send + Sync + 'static {
    /// Waits for room.
    fn send(&self, input: MarketInput) -> impl Future<Output = Result<(), Closed>> + Send;

    /// The server's time.
    fn now(&self) -> TimestampMs;
}

/// Nobody takes inputs any more.
#[derive(Debug)]
pub(super) struct Closed;

impl Outlet for FeedSender {
    async fn send(&self, input: MarketInput) -> Result<(), Closed> {
        FeedSender::send(self, input).await.map_err(|_| Closed)
    }

    fn now(&self) -> TimestampMs {
        FeedSender::now(self)
    }
}

/// The feed of a market.
pub(super) struct Driven<M> {
    market: M,
}

impl<M: Market> Driven<M> {
    /// The feed of `market`.
    pub fn new(market: M) -> Driven<M> {
        Driven { market }
    }
}

impl<M: Market> Feed for Driven<M> {
    fn name(&self) -> &'static str {
        self.market.name()
    }

    fn instruments(&self) -> Vec<Instrument> {
        self.market.instruments()
    }

    fn run(
        self: Box<Self>,
        queue: FeedSender,
        stop: watch::Receiver<bool>,
    ) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(run(self.market, queue, stop))
    }
}

/// Plays `market` until it is stopped or the outlet closes.
pub(super) async fn run<M: Market, O: Outlet>(market: M, outlet: O, mut stop: watch::Receiver<bool>) {
    tokio::select! {
        biased;
        // Also where the sender is gone: then nobody could stop the feed any more.
        _ = stop.wait_for(|stopped| *stopped) => {}
        played = play(market, outlet) => {
            let Err(Closed) = played;
        }
    }
}

async fn play<M: Market, O: Outlet>(mut market: M, outlet: O) -> Result<Infallible, Closed> {
    let mut batch = Batch::default();
    let mut then = outlet.now();
    start(&mut market, &outlet, &mut batch, then).await?;
    loop {
        let now = outlet.now();
        let due = market.next_due();
        let jumped_back = then.since(now) > LAG_MS_MAX.unsigned_abs();
        if jumped_back || now.since(due) > LAG_MS_MAX.unsigned_abs() {
            tracing::info!(target: "tickwire::exchange", feed = market.name(), %now, %due, "the clock jumped: market taken up anew");
            start(&mut market, &outlet, &mut batch, now).await?;
            then = now;
            continue;
        }
        then = now;
        let mut wait_ms = due.0.saturating_sub(now.0);
        if wait_ms <= 0 {
            market.advance(now, &mut batch);
            let full = batch.is_full();
            for input in batch.take() {
                outlet.send(input).await?;
            }
            if full {
                // Behind already: no sleep, but others get their turn also where the outlet always has room.
                tokio::task::yield_now().await;
                continue;
            }
            wait_ms = market
                .next_due()
                .0
                .saturating_sub(outlet.now().0)
                .max(market.round_ms());
        }
        let sleep_ms = wait_ms.clamp(1, SLEEP_MS_MAX).unsigned_abs();
        tokio::time::sleep(Duration::from_millis(sleep_ms)).await;
    }
}

async fn start<M: Market, O: Outlet>(
    market: &mut M,
    outlet: &O,
    batch: &mut Batch,
    now: TimestampMs,
) -> Result<(), Closed> {
    market.take_up(now);
    for index in 0..market.instruments().len() {
        outlet.send(market.history(index)).await?;
    }
    outlet
        .send(MarketInput::Link {
            state: LinkState::Live,
            at: now,
        })
        .await?;
    market.opening(now, batch);
    for input in batch.take() {
        outlet.send(input).await?;
    }
    Ok(())
}

#[cfg(test)]
pub(super) mod tests;
