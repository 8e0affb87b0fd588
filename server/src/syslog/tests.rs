//! Lines on their way: into the file first, then to everybody; and without the file.

use super::*;
use rusqlite::Connection;
use tickwire_protocol::log::LogLevel;
use tickwire_protocol::session::server::{Board as _, Fetch};

const ANYBODY: AccountId = AccountId(1);
const ALL: Retention = Retention {
    days: 7,
    entries: 100_000,
};

fn line(number: u64) -> LogLine {
    LogLine {
        level: LogLevel::Info,
        module: "engine".to_owned(),
        message: format!("line {number}"),
        timestamp: clock::now(),
    }
}

fn lines(numbers: std::ops::RangeInclusive<u64>) -> Vec<LogLine> {
    numbers.map(line).collect()
}

/// A life of a desk: its log, and who shows it.
fn life(folder: &Path, boot: u32) -> (SystemLog, Hub) {
    let life = Life {
        boot: Epoch(boot),
        has_users: false,
    };
    let hub = Hub::new(Vec::new(), Epoch(1), Epoch(boot));
    let mut log = SystemLog::open(folder, life, ALL);
    log.begin(&hub);
    (log, hub)
}

fn head(hub: &Hub) -> (Epoch, Seq) {
    hub.with_board(ANYBODY, |board| board.head(Topic::Logs))
}

fn words(hub: &Hub) -> Vec<(u64, String)> {
    let lines = hub.lines().into_iter();
    lines.map(|(seq, line)| (seq.0, line.message)).collect()
}

fn expected(numbers: std::ops::RangeInclusive<u64>) -> Vec<(u64, String)> {
    numbers.map(|number| (number, format!("line {number}"))).collect()
}

#[tokio::test]
async fn what_anybody_saw_is_there_after_a_crash_and_no_place_is_given_twice() {
    let folder = tempfile::tempdir().unwrap();
    let (mut log, hub) = life(folder.path(), 1);
    log.take(lines(1..=3), &hub, Instant::now());
    log.take(lines(4..=5), &hub, Instant::now());
    let (epoch, _) = head(&hub);
    assert_eq!(words(&hub), expected(1..=5));
    // A crash closes nothing.
    std::mem::forget(log);
    let (mut log, hub) = life(folder.path(), 2);
    assert_eq!(head(&hub), (epoch, Seq(5)));
    assert_eq!(words(&hub), expected(1..=5));
    log.take(lines(6..=6), &hub, Instant::now());
    assert_eq!(head(&hub), (epoch, Seq(6)));
    assert_eq!(words(&hub), expected(1..=6));
}

#[tokio::test]
async fn nothing_is_published_that_is_not_in_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let (mut log, hub) = life(folder.path(), 1);
    for number in 1..=20 {
        log.take(lines(number..=number), &hub, Instant::now());
        let (_, head) = head(&hub);
        assert_eq!(Past::new(folder.path()).read(Seq(0), head).unwrap(), hub.lines());
    }
}

#[tokio::test]
async fn lines_that_cannot_be_written_are_shown_in_a_history_of_their_own_and_kept_once_they_can() {
    let folder = tempfile::tempdir().unwrap();
    let (mut log, hub) = life(folder.path(), 1);
    let begun = Instant::now();
    log.take(lines(1..=2), &hub, begun);
    let (first, _) = head(&hub);
    let blocker = Connection::open(folder.path().join(FILE)).unwrap();
    blocker.execute_batch("BEGIN IMMEDIATE").unwrap();
    log.take(lines(3..=3), &hub, begun);
    let (second, _) = head(&hub);
    assert_ne!(first, second);
    assert!(!log.is_kept());
    // Not tried with each line.
    log.take(lines(4..=4), &hub, begun + RETRY - Duration::from_secs(1));
    assert!(!log.is_kept());
    assert_eq!(words(&hub), expected(1..=4));
    assert!(!hub.with_board(ANYBODY, |board| board.keeps(Topic::Logs, Seq(4))));

    // A crash now: the first history goes on where it was surely on disk.
    drop(blocker);
    let copy = tempfile::tempdir().unwrap();
    std::fs::copy(folder.path().join(FILE), copy.path().join(FILE)).unwrap();
    let (_, other) = life(copy.path(), 2);
    assert_eq!((head(&other), words(&other)), ((first, Seq(2)), expected(1..=2)));

    // Or room again: the second goes on, on disk.
    log.take(lines(5..=5), &hub, begun + RETRY);
    assert!(log.is_kept());
    assert_eq!(head(&hub), (second, Seq(5)));
    assert!(hub.with_board(ANYBODY, |board| board.keeps(Topic::Logs, Seq(0))));
    drop(log);
    let (_, hub) = life(folder.path(), 2);
    assert_eq!((head(&hub), words(&hub)), ((second, Seq(5)), expected(1..=5)));
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_keeps_nobody_from_the_log() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join(FILE)).unwrap();
    let (mut log, hub) = life(folder.path(), 1);
    log.take(lines(1..=2), &hub, Instant::now());
    assert_eq!(words(&hub), expected(1..=2));
    let (epoch, _) = head(&hub);
    std::fs::remove_dir(folder.path().join(FILE)).unwrap();
    let (mut next, other) = life(folder.path(), 2);
    assert!(head(&other).0 != epoch && next.is_kept());
    next.take(lines(1..=1), &other, Instant::now());
    assert_eq!(words(&other), expected(1..=1));
}

#[tokio::test]
async fn lines_that_are_no_longer_at_hand_are_read_from_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let (mut log, hub) = life(folder.path(), 1);
    let others = Nothing;
    hub.lend_archive(WithLines::new(others, folder.path()), ALL);
    log.take(lines(1..=5_000), &hub, Instant::now());
    let (epoch, until) = head(&hub);
    let mut after = Seq(3);
    while after < Seq(904) {
        assert!(hub.with_board(ANYBODY, |board| board.events(Topic::Logs, after, 1).is_err()));
        assert!(hub.with_board(ANYBODY, |board| board.keeps(Topic::Logs, after)));
        let fetch = Fetch {
            topic: Topic::Logs,
            after,
            until,
        };
        // Of whom it is asked for makes no difference: it is everybody's.
        for account in [1, 2] {
            let frames = hub.older(AccountId(account), fetch).await.unwrap();
            let mut next = after;
            for frame in &frames {
                let head = &frame.message().head;
                next = next.next();
                assert_eq!(
                    (head.topic, head.ep, head.seq),
                    (Some(Topic::Logs), Some(epoch), Some(next))
                );
            }
            if account == 2 {
                after = next;
            }
        }
    }
}

#[tokio::test]
async fn the_last_lines_are_kept_when_it_is_told_to_finish() {
    use tracing_subscriber::layer::SubscriberExt as _;
    let folder = tempfile::tempdir().unwrap();
    let (log, hub) = life(folder.path(), 1);
    let (layer, lines) = crate::telemetry::page::channel();
    let telling = log.start(lines, hub.clone());
    let subscriber = tracing_subscriber::registry().with(layer);
    tracing::subscriber::with_default(subscriber, || {
        (0..50).for_each(|number| info!(target: "tickwire::server", number, "last"));
    });
    telling.finish().await;
    let (_, next) = life(folder.path(), 2);
    assert_eq!(words(&next).len(), 50);
    assert_eq!(words(&next), words(&hub));
}

/// No archive of accounts.
#[derive(Debug)]
struct Nothing;

impl Archive for Nothing {
    fn read(&self, _: AccountId, _: Topic, _: Seq, _: Seq) -> Result<Vec<Publication>, String> {
        Err("nothing here".to_owned())
    }

    fn older_than(&self, _: AccountId, _: Topic, _: Seq, _: TimestampMs) -> Result<Seq, String> {
        Err("nothing here".to_owned())
    }
}
