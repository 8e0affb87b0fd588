//! The log that the page shows, kept: each line is on disk before anybody sees it, so that a client that was away gets the
//! lines that it missed, also over a crash.
//!
//! Lines come from [`crate::telemetry::page`], are written into a file of their own ([`store`]) by a thread that may wait
//! for the disk, and then published. Neither the engine nor a connection waits for that. Where they cannot be written they
//! are shown all the same, in a history of its own: places that are on no disk must never be given again in the one that
//! is.

mod store;

pub use store::{FILE, Life, Obtained, Past, Store, StoreError};

use crate::clock;
use crate::hub::{Archive, Hub, Publication, Retention};
use crate::telemetry::page::PageLines;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::id::{AccountId, Epoch, Seq};
use tickwire_protocol::log::LogLine;
use tickwire_protocol::topic::Topic;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};
use tracing::{error, info, warn};

/// Between two writes, so that a talkative server makes few of them.
const REST: Duration = Duration::from_millis(100);

/// How often lines that could not be written are tried again.
const RETRY: Duration = Duration::from_secs(60);

/// How long a shutdown waits for the last lines.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// The log of a desk.
#[derive(Debug)]
pub struct SystemLog {
    folder: PathBuf,
    life: Life,
    retention: Retention,
    epoch: Epoch,
    head: Seq,
    /// The last lines of earlier lives, until the hub has them.
    earlier: Vec<(Seq, LogLine)>,
    keeper: Keeper,
}

#[derive(Debug)]
enum Keeper {
    /// Lines are written into it first.
    File(Store),
    /// They cannot be written, which is tried again from this moment on.
    Nobody { retry_at: Instant },
}

impl SystemLog {
    /// Takes up the log of a data folder. A file that cannot be used is said in the log, and keeps nobody from starting.
    /// To be called right after the journal was opened: a life of the one without the other is taken for a break.
    pub fn open(folder: &Path, life: Life, retention: Retention) -> SystemLog {
        let fresh = draw_epoch();
        let mut log = SystemLog {
            folder: folder.to_owned(),
            life,
            retention,
            epoch: fresh,
            head: Seq(0),
            earlier: Vec::new(),
            keeper: Keeper::Nobody {
                retry_at: Instant::now() + RETRY,
            },
        };
        match Store::obtain(folder, life, fresh) {
            Ok(Obtained {
                store,
                lines,
                put_aside,
            }) => {
                (log.epoch, log.head, log.earlier) = (store.epoch(), store.head(), lines);
                log.keeper = Keeper::File(store);
                if let Some(reason) = put_aside {
                    warn!(target: "tickwire::server", reason, "the kept log was damaged, and is put aside as {}", store::DAMAGED);
                }
            }
            Err(reason) => {
                warn!(target: "tickwire::server", %reason, "the log is not kept: its lines are shown, and gone after a restart");
            }
        }
        log
    }

    /// Has the hub tell what there is, then keeps and publishes lines as they come, until it is told to finish.
    pub fn start(mut self, lines: PageLines, hub: Hub) -> Telling {
        self.begin(&hub);
        let (stop, stopped) = oneshot::channel();
        Telling {
            stop,
            task: tokio::spawn(tell(self, lines, hub, stopped)),
        }
    }

    fn begin(&mut self, hub: &Hub) {
        let floor = match &self.keeper {
            Keeper::File(store) => Some(store.floor()),
            Keeper::Nobody { .. } => None,
        };
        hub.begin_lines(self.epoch, floor, std::mem::take(&mut self.earlier));
    }

    /// Keeps lines, then publishes them. It blocks.
    fn take(&mut self, lines: Vec<LogLine>, hub: &Hub, now: Instant) {
        if matches!(self.keeper, Keeper::Nobody { retry_at } if retry_at <= now) {
            self.try_again(hub, now);
        }
        if let Keeper::File(store) = &mut self.keeper
            && let Err(reason) = store.append(&lines)
        {
            // What a client was told of this history ends with the last line that is surely on disk.
            self.epoch = draw_epoch();
            self.keeper = Keeper::Nobody {
                retry_at: now + RETRY,
            };
            hub.rename_lines(self.epoch);
            // Once, for the line itself is not written either.
            warn!(target: "tickwire::server", %reason, "the log is kept no longer: its lines are shown, and gone after a restart");
        }
        let mut published = Vec::with_capacity(lines.len());
        for line in lines {
            self.head = self.head.next();
            let seq = self.head;
            published.push(Publication::Line { seq, line });
        }
        hub.publish(published);
        // What cannot be trimmed now is trimmed later; what cannot be written at all is found with the next line.
        if let Keeper::File(store) = &mut self.keeper
            && matches!(store.trim(self.retention, clock::now()), Ok(true))
        {
            hub.set_lines_floor(Some(store.floor()));
        }
    }

    /// Writes down what is at hand, so that the history that clients are in goes on on disk.
    fn try_again(&mut self, hub: &Hub, now: Instant) {
        let kept =
            Store::obtain(&self.folder, self.life, self.epoch).and_then(|Obtained { mut store, .. }| {
                store.begin(self.life, self.epoch, &hub.lines())?;
                Ok(store)
            });
        match kept {
            Ok(store) => {
                hub.set_lines_floor(Some(store.floor()));
                self.keeper = Keeper::File(store);
                info!(target: "tickwire::server", "the log is kept again");
            }
            // It was said when it began.
            Err(_) => {
                self.keeper = Keeper::Nobody {
                    retry_at: now + RETRY,
                }
            }
        }
    }

    fn is_kept(&self) -> bool {
        matches!(self.keeper, Keeper::File(_))
    }
}

/// Publishes lines. What is logged in here comes back as a line: nothing may be, but what happens once.
async fn tell(mut log: SystemLog, mut lines: PageLines, hub: Hub, mut stopped: oneshot::Receiver<()>) {
    loop {
        let (some, is_last) = tokio::select! {
            some = lines.next() => match some {
                Some(some) => (some, false),
                None => return,
            },
            () = sleep(RETRY), if !log.is_kept() => (Vec::new(), false),
            _ = &mut stopped => (lines.rest(), true),
        };
        let hub = hub.clone();
        let taken = tokio::task::spawn_blocking(move || {
            log.take(some, &hub, Instant::now());
            log
        });
        log = match taken.await {
            Ok(log) => log,
            Err(reason) => {
                error!(target: "tickwire::server", %reason, "the log is shown no longer");
                return;
            }
        };
        if is_last {
            return;
        }
        // Whoever stops meanwhile is heard right after.
        sleep(REST).await;
    }
}

/// Lines being kept and published.
#[derive(Debug)]
pub struct Telling {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Telling {
    /// Keeps what was logged until now, and ends. A disk that hangs is not waited for.
    pub async fn finish(self) {
        let _ = self.stop.send(());
        let _ = timeout(LAST_WORDS, self.task).await;
    }
}

/// A history's name that no other has had: clients know the old ones.
fn draw_epoch() -> Epoch {
    // A system without random numbers has a clock.
    let seconds = || u32::try_from(clock::now().0 / 1_000).unwrap_or(1);
    Epoch(getrandom::u32().unwrap_or_else(|_| seconds()).max(1))
}

/// Old messages of accounts, and old lines.
#[derive(Debug)]
pub struct WithLines<A> {
    accounts: A,
    lines: Past,
}

impl<A: Archive + 'static> WithLines<A> {
    /// What `accounts` has, and the lines of the log in `folder`.
    pub fn new(accounts: A, folder: &Path) -> Arc<WithLines<A>> {
        Arc::new(WithLines {
            accounts,
            lines: Past::new(folder),
        })
    }
}

impl<A: Archive> Archive for WithLines<A> {
    fn read(
        &self,
        account: AccountId,
        topic: Topic,
        after: Seq,
        until: Seq,
    ) -> Result<Vec<Publication>, String> {
        if topic != Topic::Logs {
            return self.accounts.read(account, topic, after, until);
        }
        let lines = self
            .lines
            .read(after, until)
            .map_err(|reason| reason.to_string())?;
        let publication = |(seq, line)| Publication::Line { seq, line };
        Ok(lines.into_iter().map(publication).collect())
    }

    fn older_than(
        &self,
        account: AccountId,
        topic: Topic,
        head: Seq,
        moment: TimestampMs,
    ) -> Result<Seq, String> {
        self.accounts.older_than(account, topic, head, moment)
    }
}

#[cfg(test)]
mod tests;
