//! A client on a thread of its own that reads all the time: the one that must not notice what others do.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};

use crate::wire::{Frame, Wire};

/// A client that reads until it is told to stop.
#[derive(Debug)]
pub struct Watcher {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Result<Wire>>,
    since: Instant,
}

/// What a watcher saw.
#[derive(Debug)]
pub struct Watched {
    /// When it began and ended.
    pub during: (Instant, Instant),
    /// Every frame.
    pub frames: Vec<Frame>,
}

impl Watcher {
    /// Connects, subscribes and reads on.
    pub fn start(address: SocketAddr, topics: &[&str]) -> Result<Watcher> {
        let mut wire = Wire::connect(address)?;
        wire.subscribe(topics)?;
        let stop = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&stop);
        let since = Instant::now();
        let thread = std::thread::spawn(move || {
            while !told.load(Ordering::Relaxed) && wire.end.is_none() {
                wire.next_within(Duration::from_millis(50))?;
            }
            Ok(wire)
        });
        Ok(Watcher { stop, thread, since })
    }

    /// Stops reading and says what was seen. A connection that ended meanwhile is an error.
    pub fn stop(self) -> Result<Watched> {
        let until = Instant::now();
        self.stop.store(true, Ordering::Relaxed);
        let wire = self
            .thread
            .join()
            .map_err(|_| anyhow!("the watcher panicked"))??;
        anyhow::ensure!(
            wire.end.is_none(),
            "the watcher's connection ended: {:?}",
            wire.end
        );
        Ok(Watched {
            during: (self.since, until),
            frames: wire.log,
        })
    }
}

impl Watched {
    /// The longest silence of frames of this type, from the first moment to the last.
    pub fn longest_silence(&self, kind: &str) -> Duration {
        longest_silence(&self.frames, kind, self.during)
    }
}

/// The longest time without a frame of this type.
pub fn longest_silence(frames: &[Frame], kind: &str, (since, until): (Instant, Instant)) -> Duration {
    let mut before = since;
    let mut longest = Duration::ZERO;
    let times = frames
        .iter()
        .filter(|frame| frame.kind() == kind)
        .map(|frame| frame.at);
    for at in times.filter(|at| *at >= since).chain([until]) {
        longest = longest.max(at.saturating_duration_since(before));
        before = at;
    }
    longest
}
