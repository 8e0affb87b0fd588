//! Messages of lossless topics that are no longer at hand: read from where they are kept, some at a time, away from the
//! board and its lock, and by few readers at once however many clients come back.
//!
//! Whoever publishes them lends a way to read them ([`Archive`]). What was read last stays for a while: clients that were
//! away together want the same, and it is read and encoded once for all of them.

use super::{Publication, message};
use std::collections::VecDeque;
use std::fmt::Debug;
use std::sync::{Arc, Mutex, PoisonError};
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::frame::Frame;
use tickwire_protocol::id::{AccountId, Epoch, Seq};
use tickwire_protocol::message::{Body, Data};
use tickwire_protocol::session::server::{Fetch, NotKept};
use tickwire_protocol::topic::Topic;
use tokio::sync::Semaphore;
use tracing::error;

/// Messages that are read at once.
pub const PIECE: u64 = 128;

/// Pieces that stay for others.
const PIECES_KEPT: usize = 32;

/// Reads under way at once.
const READERS: usize = 2;

/// How the floors of age are looked at again.
const FLOORS_EVERY: std::time::Duration = std::time::Duration::from_secs(600);

/// Where old messages are kept. Its methods block.
pub trait Archive: Debug + Send + Sync {
    /// The messages of an account's lossless topic after one place and up to another, in order.
    ///
    /// # Errors
    ///
    /// In words for the operator, where they cannot be read.
    fn read(
        &self,
        account: AccountId,
        topic: Topic,
        after: Seq,
        until: Seq,
    ) -> Result<Vec<Publication>, String>;

    /// The last place of a topic up to `head` that is older than `moment`; 0 where none is.
    ///
    /// # Errors
    ///
    /// In words for the operator, where that cannot be read.
    fn older_than(
        &self,
        account: AccountId,
        topic: Topic,
        head: Seq,
        moment: TimestampMs,
    ) -> Result<Seq, String>;
}

/// How long messages are kept for those who come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Days.
    pub days: u32,
    /// Messages of each topic of an account.
    pub entries: u64,
}

/// A whole piece, by its history, whose it is, and the place before it.
type Kept = ((Epoch, Option<AccountId>, Topic, Seq), Vec<Arc<Frame>>);

/// The way to old messages.
#[derive(Debug)]
pub(super) struct Older {
    archive: Arc<dyn Archive>,
    pub(super) retention: Retention,
    epoch: Epoch,
    readers: Semaphore,
    pieces: Mutex<VecDeque<Kept>>,
}

impl Older {
    pub(super) fn new(archive: Arc<dyn Archive>, retention: Retention, epoch: Epoch) -> Older {
        Older {
            archive,
            retention,
            epoch,
            readers: Semaphore::new(READERS),
            pieces: Mutex::default(),
        }
    }

    /// Messages from the first one wanted on, at most a piece of them. Those of the server's log are of the history
    /// `lines_epoch`, and everybody's.
    pub(super) async fn fetch(
        &self,
        account: AccountId,
        fetch: Fetch,
        lines_epoch: Epoch,
    ) -> Result<Vec<Arc<Frame>>, NotKept> {
        let (epoch, owner) = match fetch.topic {
            Topic::Logs => (lines_epoch, None),
            _ => (self.epoch, Some(account)),
        };
        let before = Seq(fetch.after.0 / PIECE * PIECE);
        let end = Seq(before.0 + PIECE);
        let wanted = |frames: &[Arc<Frame>]| -> Vec<Arc<Frame>> {
            let is_wanted = |frame: &&Arc<Frame>| {
                let seq = frame.message().head.seq;
                seq > Some(fetch.after) && seq <= Some(fetch.until)
            };
            frames.iter().filter(is_wanted).cloned().collect()
        };
        // Whoever waited here finds what the one before has read.
        let _reads = self.readers.acquire().await.map_err(|_| NotKept)?;
        let key = (epoch, owner, fetch.topic, before);
        if let Some((_, frames)) = self.pieces().iter().find(|(known, _)| *known == key) {
            return Ok(wanted(frames));
        }
        let archive = Arc::clone(&self.archive);
        let until = end.min(fetch.until);
        let read = tokio::task::spawn_blocking(move || archive.read(account, fetch.topic, before, until));
        let publications = match read.await {
            Ok(Ok(publications)) => publications,
            Ok(Err(reason)) => {
                error!(target: "tickwire::journal", reason, topic = %fetch.topic, "old messages cannot be read; a client is told that they are lost");
                return Err(NotKept);
            }
            Err(_) => return Err(NotKept),
        };
        let frames: Vec<Arc<Frame>> = publications
            .into_iter()
            .filter_map(|publication| frame(epoch, publication))
            .collect();
        let answer = wanted(&frames);
        // One that is not whole yet will have more.
        if until == end {
            let mut pieces = self.pieces();
            if pieces.len() == PIECES_KEPT {
                pieces.pop_front();
            }
            pieces.push_back((key, frames));
        }
        Ok(answer)
    }

    /// The last place of a topic that is too old to be kept.
    pub(super) fn floor(
        &self,
        account: AccountId,
        topic: Topic,
        head: Seq,
        now: TimestampMs,
    ) -> Result<Seq, String> {
        let kept_ms = i64::from(self.retention.days) * 24 * 3_600_000;
        let moment = TimestampMs(now.0.saturating_sub(kept_ms));
        self.archive.older_than(account, topic, head, moment)
    }

    fn pieces(&self) -> std::sync::MutexGuard<'_, VecDeque<Kept>> {
        self.pieces.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A message that an archive gave, in the history that it is of.
fn frame(epoch: Epoch, publication: Publication) -> Option<Arc<Frame>> {
    let (topic, seq, timestamp, body) = match publication {
        Publication::Event {
            topic,
            seq,
            timestamp,
            body,
            ..
        } => (topic, seq, timestamp, body),
        Publication::Line { seq, line } => {
            let timestamp = line.timestamp;
            (Topic::Logs, seq, timestamp, Body::SystemLog(Data { data: line }))
        }
        _ => return None,
    };
    Some(Arc::new(Frame::new(message(topic, epoch, seq, timestamp, body))))
}

impl super::Hub {
    /// Lends the hub a way to old messages, which are told to those who come back as long as `retention` says.
    pub fn lend_archive(&self, archive: Arc<dyn Archive>, retention: Retention) {
        let epoch = {
            let mut board = self.write();
            board.keep(retention.entries);
            board.log_epoch()
        };
        let _ = self.shared.older.set(Older::new(archive, retention, epoch));
    }

    /// Old messages of an account's topic, from the first one wanted on.
    ///
    /// # Errors
    ///
    /// [`NotKept`] where they are kept no longer, or cannot be read.
    pub async fn older(&self, account: AccountId, fetch: Fetch) -> Result<Vec<Arc<Frame>>, NotKept> {
        match self.shared.older.get() {
            Some(older) => older.fetch(account, fetch, self.lines_epoch()).await,
            None => Err(NotKept),
        }
    }

    /// Finds anew which messages have become too old to be kept. It blocks.
    pub fn find_floors(&self, now: TimestampMs) {
        let Some(older) = self.shared.older.get() else {
            return;
        };
        let heads = self.read().owned_heads();
        for (account, topic, head) in heads {
            match older.floor(account, topic, head, now) {
                Ok(floor) => self.write().set_floor(account, topic, floor),
                Err(reason) => {
                    error!(target: "tickwire::journal", reason, %topic, "the age of old messages cannot be read")
                }
            }
        }
    }

    /// Does so again and again.
    pub async fn keep_floors(self, now: fn() -> TimestampMs) {
        loop {
            let hub = self.clone();
            let _ = tokio::task::spawn_blocking(move || hub.find_floors(now())).await;
            tokio::time::sleep(FLOORS_EVERY).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::{Hub, RETENTION};
    use std::sync::atomic::{AtomicU32, Ordering};
    use tickwire_protocol::message::Unsubscribed;
    use tickwire_protocol::session::server::Board;

    const MINE: AccountId = AccountId(1);
    const DAY: i64 = 24 * 3_600_000;

    /// Everything up to 20,000, one a minute; it counts how often it is read.
    #[derive(Debug, Default)]
    struct Shelf {
        reads: AtomicU32,
        at_once: AtomicU32,
        most_at_once: AtomicU32,
    }

    fn event(account: AccountId, seq: u64) -> Publication {
        Publication::Event {
            account,
            topic: Topic::Orders,
            seq: Seq(seq),
            timestamp: TimestampMs(i64::try_from(seq).unwrap() * 60_000),
            body: Body::Unsubscribed(Unsubscribed {}),
        }
    }

    impl Archive for Shelf {
        fn read(
            &self,
            account: AccountId,
            _: Topic,
            after: Seq,
            until: Seq,
        ) -> Result<Vec<Publication>, String> {
            self.reads.fetch_add(1, Ordering::SeqCst);
            let at_once = self.at_once.fetch_add(1, Ordering::SeqCst) + 1;
            self.most_at_once.fetch_max(at_once, Ordering::SeqCst);
            std::thread::sleep(std::time::Duration::from_millis(2));
            self.at_once.fetch_sub(1, Ordering::SeqCst);
            if account != MINE {
                return Err("this account has none".to_owned());
            }
            Ok((after.0 + 1..=until.0).map(|seq| event(account, seq)).collect())
        }

        fn older_than(&self, _: AccountId, _: Topic, head: Seq, moment: TimestampMs) -> Result<Seq, String> {
            let minutes = u64::try_from((moment.0 + 59_999) / 60_000).unwrap_or(0);
            Ok(Seq(minutes.saturating_sub(1).min(head.0)))
        }
    }

    fn hub(published: u64, retention: Retention) -> (Hub, Arc<Shelf>) {
        let hub = Hub::new(Vec::new(), Epoch(5), Epoch(2));
        let shelf = Arc::new(Shelf::default());
        hub.lend_archive(Arc::clone(&shelf) as Arc<dyn Archive>, retention);
        hub.publish((1..=published).map(|seq| event(MINE, seq)));
        (hub, shelf)
    }

    const ALL: Retention = Retention {
        days: 10_000,
        entries: u64::MAX,
    };

    #[tokio::test]
    async fn everything_before_what_is_at_hand_is_read_in_pieces() {
        let (hub, shelf) = hub(6_000, ALL);
        let first_at_hand = 6_000 - RETENTION as u64;
        let mut seen = Vec::new();
        let mut after = Seq(10);
        while after.0 < first_at_hand {
            let kept = hub.with_board(MINE, |board| {
                assert!(board.events(Topic::Orders, after, 1).is_err());
                board.keeps(Topic::Orders, after)
            });
            assert!(kept);
            let fetch = Fetch {
                topic: Topic::Orders,
                after,
                until: Seq(6_000),
            };
            let frames = hub.older(MINE, fetch).await.unwrap();
            assert!(frames.len() as u64 <= PIECE);
            for frame in frames {
                let head = &frame.message().head;
                assert_eq!((head.topic, head.ep), (Some(Topic::Orders), Some(Epoch(5))));
                after = head.seq.unwrap();
                seen.push(after.0);
            }
        }
        assert_eq!(seen, (11..=after.0).collect::<Vec<u64>>());
        assert_eq!(
            u64::from(shelf.reads.load(Ordering::SeqCst)),
            after.0.div_ceil(PIECE)
        );
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_thousand_who_come_back_together_read_once_and_two_at_a_time() {
        let (hub, shelf) = hub(6_000, ALL);
        let all = (0..1_000_u64).map(|client| {
            let hub = hub.clone();
            tokio::spawn(async move {
                let fetch = Fetch {
                    topic: Topic::Orders,
                    after: Seq(128 * 3 + client % 500),
                    until: Seq(6_000),
                };
                let frames = hub.older(MINE, fetch).await.unwrap();
                assert_eq!(frames[0].message().head.seq, Some(fetch.after.next()));
            })
        });
        for one in all.collect::<Vec<_>>() {
            one.await.unwrap();
        }
        // Two may begin with the same piece at the same moment.
        let reads = shelf.reads.load(Ordering::SeqCst);
        assert!((4..=8).contains(&reads), "{reads}");
        assert!(shelf.most_at_once.load(Ordering::SeqCst) <= 2);
    }

    #[tokio::test]
    async fn the_end_of_what_is_told_is_not_passed_and_grows() {
        let (hub, _) = hub(200, ALL);
        for until in [Seq(150), Seq(180), Seq(200)] {
            let fetch = Fetch {
                topic: Topic::Orders,
                after: Seq(130),
                until,
            };
            let frames = hub.older(MINE, fetch).await.unwrap();
            assert_eq!(frames.last().unwrap().message().head.seq, Some(until));
        }
    }

    #[tokio::test]
    async fn what_cannot_be_read_is_not_kept() {
        let (hub, _) = hub(200, ALL);
        let fetch = Fetch {
            topic: Topic::Orders,
            after: Seq(1),
            until: Seq(200),
        };
        assert_eq!(hub.older(AccountId(2), fetch).await, Err(NotKept));
        let bare = Hub::new(Vec::new(), Epoch(5), Epoch(2));
        assert_eq!(bare.older(MINE, fetch).await, Err(NotKept));
    }

    #[tokio::test]
    async fn what_is_too_old_or_too_much_is_kept_no_longer() {
        let keeps =
            |hub: &Hub, after: u64| hub.with_board(MINE, |board| board.keeps(Topic::Orders, Seq(after)));
        let (hub, _) = hub(
            10_000,
            Retention {
                days: 1,
                entries: 8_000,
            },
        );
        assert!(keeps(&hub, 2_000) && !keeps(&hub, 1_999));
        hub.find_floors(TimestampMs(10_000 * 60_000));
        // 1,440 minutes a day: the first one kept is number 8,560.
        assert!(keeps(&hub, 8_559) && !keeps(&hub, 8_558));
        hub.find_floors(TimestampMs(10_000 * 60_000 + DAY));
        assert!(!keeps(&hub, 9_998));
        hub.with_board(MINE, |board| {
            assert!(!board.keeps(Topic::Logs, Seq(0)), "nobody lent its lines");
            assert!(
                !board.keeps(Topic::Executions, Seq(0)),
                "nothing was told of these"
            );
        });
        hub.with_board(AccountId(2), |board| {
            assert!(!board.keeps(Topic::Orders, Seq(9_999)))
        });
    }
}
