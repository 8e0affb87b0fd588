//! Pacing, on tokio's paused clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use tickwire_protocol::id::Symbol;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::*;
use crate::exchange::grid::{Grid, MINUTE_MS, QuoteTicks};

/// An outlet whose clock is tokio's, plus jumps.
#[derive(Clone)]
pub(in crate::exchange) struct TestOutlet {
    inputs: mpsc::Sender<MarketInput>,
    started: Instant,
    origin: TimestampMs,
    jumped_ms: Arc<AtomicI64>,
}

impl TestOutlet {
    pub fn new(origin: TimestampMs, room: usize) -> (TestOutlet, mpsc::Receiver<MarketInput>) {
        let (inputs, receiver) = mpsc::channel(room);
        let jumped_ms = Arc::new(AtomicI64::new(0));
        (
            TestOutlet {
                inputs,
                started: Instant::now(),
                origin,
                jumped_ms,
            },
            receiver,
        )
    }

    pub fn jump(&self, ms: i64) {
        self.jumped_ms.fetch_add(ms, Ordering::Relaxed);
    }
}

impl Outlet for TestOutlet {
    async fn send(&self, input: MarketInput) -> Result<(), Closed> {
        self.inputs.send(input).await.map_err(|_| Closed)
    }

    fn now(&self) -> TimestampMs {
        let elapsed = i64::try_from(self.started.elapsed().as_millis()).unwrap();
        self.origin + elapsed + self.jumped_ms.load(Ordering::Relaxed)
    }
}

/// Quotes one symbol every `every_ms`.
struct Metronome {
    every_ms: i64,
    next: TimestampMs,
}

impl Metronome {
    fn beat(at: TimestampMs, received_at: TimestampMs) -> Tick {
        let grid = Grid {
            price_scale: 2,
            quantity_scale: 2,
        };
        Tick {
            symbol: Symbol::new("AUSDT").unwrap(),
            quote: grid.quote(QuoteTicks { bid: 99, ask: 100 }),
            trade: None,
            exchange_time: at,
            received_at,
        }
    }
}

impl Market for Metronome {
    fn name(&self) -> &'static str {
        "metronome"
    }
    fn instruments(&self) -> Vec<Instrument> {
        vec![
            Grid {
                price_scale: 2,
                quantity_scale: 2,
            }
            .instrument(Symbol::new("AUSDT").unwrap(), 10),
        ]
    }
    fn take_up(&mut self, now: TimestampMs) {
        self.next = now + self.every_ms;
    }
    fn history(&self, _index: usize) -> MarketInput {
        MarketInput::History {
            symbol: Symbol::new("AUSDT").unwrap(),
            candles: Vec::new(),
        }
    }
    fn opening(&self, now: TimestampMs, batch: &mut Batch) {
        batch.tick(Metronome::beat(now, now));
    }
    fn next_due(&self) -> TimestampMs {
        self.next
    }
    fn advance(&mut self, now: TimestampMs, batch: &mut Batch) {
        while self.next <= now && !batch.is_full() {
            batch.tick(Metronome::beat(self.next, now));
            self.next = self.next + self.every_ms;
        }
    }
}

const NOON: TimestampMs = TimestampMs(1_765_368_000_000);

/// What comes within `ms` of tokio's time.
async fn within(receiver: &mut mpsc::Receiver<MarketInput>, ms: u64) -> Vec<MarketInput> {
    let end = Instant::now() + Duration::from_millis(ms);
    let mut inputs = Vec::new();
    while let Ok(Some(input)) = tokio::time::timeout_at(end, receiver.recv()).await {
        inputs.push(input);
    }
    inputs
}

pub(in crate::exchange) fn ticks(inputs: &[MarketInput]) -> Vec<Tick> {
    let ticks = inputs.iter().filter_map(|input| match input {
        MarketInput::Ticks(ticks) => Some(ticks.as_slice()),
        _ => None,
    });
    ticks.flatten().copied().collect()
}

#[tokio::test(start_paused = true)]
async fn history_comes_first_then_the_link_then_ticks_when_they_are_due() {
    let (outlet, mut receiver) = TestOutlet::new(NOON, 64);
    let (_stop, stopped) = watch::channel(false);
    tokio::spawn(run(
        Metronome {
            every_ms: 400,
            next: NOON,
        },
        outlet,
        stopped,
    ));
    let inputs = within(&mut receiver, 2_050).await;
    assert!(matches!(inputs[0], MarketInput::History { .. }));
    assert_eq!(
        inputs[1],
        MarketInput::Link {
            state: LinkState::Live,
            at: NOON
        }
    );
    let times: Vec<i64> = ticks(&inputs[2..])
        .iter()
        .map(|tick| tick.exchange_time.0 - NOON.0)
        .collect();
    assert_eq!(times, [0, 400, 800, 1_200, 1_600, 2_000]);
    assert!(
        ticks(&inputs)
            .iter()
            .all(|tick| tick.received_at.since(tick.exchange_time) <= 2)
    );
}

#[tokio::test(start_paused = true)]
async fn it_ends_at_once_when_stopped_also_while_the_queue_is_full() {
    let (outlet, receiver) = TestOutlet::new(NOON, 1);
    let (stop, stopped) = watch::channel(false);
    let task = tokio::spawn(run(
        Metronome {
            every_ms: 60_000,
            next: NOON,
        },
        outlet,
        stopped,
    ));
    tokio::time::sleep(Duration::from_secs(1)).await;
    let before = Instant::now();
    stop.send(true).unwrap();
    task.await.unwrap();
    assert_eq!(before.elapsed(), Duration::ZERO);
    drop(receiver);
}

#[tokio::test(start_paused = true)]
async fn it_ends_when_nobody_listens_or_nobody_can_stop_it() {
    let (_stop, stopped) = watch::channel(false);
    let (outlet, receiver) = TestOutlet::new(NOON, 64);
    let task = tokio::spawn(run(
        Metronome {
            every_ms: 100,
            next: NOON,
        },
        outlet,
        stopped,
    ));
    drop(receiver);
    tokio::time::timeout(Duration::from_secs(1), task)
        .await
        .unwrap()
        .unwrap();

    let (stop, stopped) = watch::channel(false);
    let (outlet, _receiver) = TestOutlet::new(NOON, 64);
    let task = tokio::spawn(run(
        Metronome {
            every_ms: 100,
            next: NOON,
        },
        outlet,
        stopped,
    ));
    drop(stop);
    tokio::time::timeout(Duration::from_secs(1), task)
        .await
        .unwrap()
        .unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_jump_of_the_clock_either_way_is_answered_with_a_fresh_history() {
    for jump_ms in [8 * 60 * MINUTE_MS, -8 * 60 * MINUTE_MS] {
        let (outlet, mut receiver) = TestOutlet::new(NOON, 4_096);
        let (_stop, stopped) = watch::channel(false);
        tokio::spawn(run(
            Metronome {
                every_ms: 100,
                next: NOON,
            },
            outlet.clone(),
            stopped,
        ));
        within(&mut receiver, 1_000).await;
        outlet.jump(jump_ms);
        let inputs = within(&mut receiver, 1_000).await;
        let histories = inputs
            .iter()
            .filter(|input| matches!(input, MarketInput::History { .. }))
            .count();
        assert_eq!(histories, 1);
        let ticks = ticks(&inputs);
        assert!(ticks.len() <= 12, "{} ticks: the night was replayed", ticks.len());
        assert!(ticks.last().unwrap().exchange_time.0.abs_diff(outlet.now().0) <= 200);
    }
}

#[tokio::test(start_paused = true)]
async fn a_short_delay_is_caught_up_in_bounded_batches_without_losing_a_tick() {
    let (outlet, mut receiver) = TestOutlet::new(NOON, 4_096);
    let (_stop, stopped) = watch::channel(false);
    tokio::spawn(run(
        Metronome {
            every_ms: 1,
            next: NOON,
        },
        outlet.clone(),
        stopped,
    ));
    within(&mut receiver, 100).await;
    outlet.jump(LAG_MS_MAX - 1_000);
    let inputs = within(&mut receiver, 100).await;
    assert!(
        inputs
            .iter()
            .all(|input| matches!(input, MarketInput::Ticks(ticks) if ticks.len() <= TICKS_PER_BATCH))
    );
    let times: Vec<i64> = ticks(&inputs).iter().map(|tick| tick.exchange_time.0).collect();
    assert!(times.windows(2).all(|pair| pair[1] == pair[0] + 1));
    assert!(times.len() >= 4_000);
}
