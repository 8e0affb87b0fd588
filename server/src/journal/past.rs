//! Old entries, read from the journal of a running server beside its own writing: by connections of their own that only
//! read, so that neither the engine's threads nor anybody's lock is in their way.

use super::scan;
use super::sqlite::FILE;
use super::{Entry, JournalError};
use rusqlite::{Connection, OpenFlags};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::id::{AccountId, Seq};
use tickwire_protocol::topic::Topic;

/// How long a read waits for the writer's rare moments alone with the file.
const BUSY: Duration = Duration::from_secs(5);

/// The way to what a journal has of the past.
#[derive(Clone, Debug)]
pub struct JournalPast {
    file: PathBuf,
}

impl JournalPast {
    /// The past of the journal in `folder`, which a server of this process has open.
    pub fn new(folder: &Path) -> JournalPast {
        JournalPast {
            file: folder.join(FILE),
        }
    }

    /// The entries of an account's lossless topic after one place and up to another, oldest first, each checked against
    /// the one before it in the journal. It blocks.
    ///
    /// # Errors
    ///
    /// Where the journal cannot be read, or an entry is not as it was written.
    pub fn of_topic(
        &self,
        account: AccountId,
        topic: Topic,
        after: Seq,
        until: Seq,
    ) -> Result<Vec<Entry>, JournalError> {
        scan::entries_of_topic(&self.open()?, account, topic, (after, until))
    }

    /// The last place of an account's lossless topic, up to `head`, that is older than `moment`; 0 where none is. It
    /// blocks, and looks at some twenty entries, however many there are.
    ///
    /// # Errors
    ///
    /// Where the journal cannot be read.
    pub fn older_than(
        &self,
        account: AccountId,
        topic: Topic,
        head: Seq,
        moment: TimestampMs,
    ) -> Result<Seq, JournalError> {
        let database = self.open()?;
        // Everything up to `older` is older, nothing from `newer` on.
        let (mut older, mut newer) = (0, head.0.saturating_add(1));
        while newer - older > 1 {
            let middle = older + (newer - older) / 2;
            let at = scan::time_of_topic(&database, account, topic, Seq(middle))?;
            if at.is_none_or(|at| at < moment) {
                older = middle;
            } else {
                newer = middle;
            }
        }
        Ok(Seq(older))
    }

    fn open(&self) -> Result<Connection, JournalError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let database = Connection::open_with_flags(&self.file, flags)?;
        database.busy_timeout(BUSY)?;
        Ok(database)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::SqliteJournal;
    use tickwire_engine::event::{Event, Fact};
    use tickwire_protocol::risk::{Risk, RiskCause, RiskLimits, RiskStatus};

    const MINE: AccountId = AccountId(1);

    /// Entry `seq`, which is the place `topic_seq` of an account's topic `risk`, a minute after the one before.
    fn entry(seq: u64, account: AccountId, topic_seq: u64) -> Entry {
        let at = TimestampMs(i64::try_from(topic_seq).unwrap() * 60_000);
        let risk = Risk {
            status: RiskStatus::Normal,
            message: "Trading is open.".to_owned(),
            drawdown_pct: "0".parse().unwrap(),
            daily_loss_pct: "0".parse().unwrap(),
            cause: RiskCause::None,
            limits: RiskLimits::default(),
            since: at,
        };
        Entry {
            seq: Seq(seq),
            topic_seq: Some(Seq(topic_seq)),
            decision: Seq(seq),
            ends: true,
            event: Event {
                account,
                at,
                fact: Fact::RiskChanged(risk),
            },
        }
    }

    fn places(entries: &[Entry]) -> Vec<u64> {
        entries
            .iter()
            .filter_map(|entry| Some(entry.topic_seq?.0))
            .collect()
    }

    #[test]
    fn the_past_is_read_beside_the_writer_and_of_one_account_alone() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = SqliteJournal::open(folder.path(), None, TimestampMs(0)).unwrap();
        let past = JournalPast::new(folder.path());
        for n in 1..=300 {
            journal
                .append(&[entry(2 * n - 1, MINE, n), entry(2 * n, AccountId(2), n)])
                .unwrap();
            if n % 100 == 0 {
                let all = past.of_topic(MINE, Topic::Risk, Seq(0), Seq(u64::MAX)).unwrap();
                assert_eq!(
                    places(&all),
                    (1..=n).collect::<Vec<u64>>(),
                    "what is committed is seen"
                );
            }
        }
        let some = past.of_topic(MINE, Topic::Risk, Seq(120), Seq(250)).unwrap();
        assert_eq!(places(&some), (121..=250).collect::<Vec<u64>>());
        assert!(some.iter().all(|entry| entry.event.account == MINE));
        assert!(
            past.of_topic(MINE, Topic::Orders, Seq(0), Seq(300))
                .unwrap()
                .is_empty()
        );
        assert!(
            past.of_topic(AccountId(3), Topic::Risk, Seq(0), Seq(300))
                .unwrap()
                .is_empty()
        );
    }

    #[test]
    fn the_first_place_of_an_age_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = SqliteJournal::open(folder.path(), None, TimestampMs(0)).unwrap();
        let entries: Vec<Entry> = (1..=100).map(|n| entry(n, MINE, n)).collect();
        journal.append(&entries).unwrap();
        let past = JournalPast::new(folder.path());
        for (minutes, expected) in [
            (0, 0),
            (1, 0),
            (2, 1),
            (50, 49),
            (100, 99),
            (101, 100),
            (9_999, 100),
        ] {
            let moment = TimestampMs(minutes * 60_000);
            let older = past.older_than(MINE, Topic::Risk, Seq(100), moment).unwrap();
            assert_eq!(older, Seq(expected), "{minutes}");
        }
        assert_eq!(
            past.older_than(MINE, Topic::Risk, Seq(0), TimestampMs(0))
                .unwrap(),
            Seq(0)
        );
    }

    #[test]
    fn an_entry_that_is_not_as_it_was_written_is_not_told() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = SqliteJournal::open(folder.path(), None, TimestampMs(0)).unwrap();
        let entries: Vec<Entry> = (1..=9).map(|n| entry(n, MINE, n)).collect();
        journal.append(&entries).unwrap();
        let database = Connection::open(folder.path().join(FILE)).unwrap();
        database
            .execute_batch("UPDATE entries SET event = replace(event, 'open', 'shut') WHERE seq = 5")
            .unwrap();
        let past = JournalPast::new(folder.path());
        assert!(past.of_topic(MINE, Topic::Risk, Seq(0), Seq(4)).is_ok());
        let refused = past.of_topic(MINE, Topic::Risk, Seq(3), Seq(9));
        assert!(
            matches!(refused, Err(JournalError::Damaged { seq: Seq(5), .. })),
            "{refused:?}"
        );
    }
}
