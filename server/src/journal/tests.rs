//! The journal against what happens to files: restarts, damage of every kind, snapshots that are none, a full disk.

use super::*;
use crate::journal::{Encoded, JournalReader};
use tickwire_engine::event::{Event, Fact};

/// An entry that opens an account of its own, so that any run of them folds.
fn entry(seq: u64) -> Entry {
    part(seq, seq, true)
}

fn part(seq: u64, decision: u64, ends: bool) -> Entry {
    let fact = Fact::AccountOpened {
        deposit: "10000.50".parse().unwrap(),
    };
    let event = Event {
        account: AccountId(seq),
        at: TimestampMs(1_702_210_800_000),
        fact,
    };
    Entry {
        seq: Seq(seq),
        topic_seq: None,
        decision: Seq(decision),
        ends,
        event,
    }
}

fn open(folder: &Path) -> Result<SqliteJournal, JournalError> {
    SqliteJournal::open(folder, None, TimestampMs(5_000))
}

/// Opens and recovers, and gives the entries that are there, by the accounts that they open.
fn recovered(folder: &Path) -> Result<(SqliteJournal, Recovered, Vec<u64>), JournalError> {
    let mut journal = open(folder)?;
    let recovered = journal.recover()?;
    let accounts = recovered.state.accounts.keys().map(|id| id.0).collect();
    Ok((journal, recovered, accounts))
}

/// A journal of entries 1 to `count`, closed again.
fn written(count: u64) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = open(folder.path()).unwrap();
    for seq in 1..=count {
        journal.append(&[entry(seq)]).unwrap();
    }
    folder
}

/// Does something to the file behind the journal's back.
fn tamper(folder: &Path, sql: &str) {
    let database = Connection::open(folder.join(FILE)).unwrap();
    database.execute_batch(sql).unwrap();
}

#[test]
fn what_was_appended_is_there_after_reopening() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = open(folder.path()).unwrap();
    journal.append(&[entry(1), entry(2)]).unwrap();
    let first = journal.history();
    drop(journal);
    let (mut journal, recovered, accounts) = recovered(folder.path()).unwrap();
    assert_eq!((accounts, recovered.cut, recovered.folded), (vec![1, 2], 0, 2));
    assert_eq!(journal.head(), Seq(2));
    assert_eq!(journal.history().epoch, first.epoch);
    assert_ne!(journal.history().boot, first.boot);
    journal.append(&[entry(3)]).unwrap();
    drop(journal);
    assert_eq!(super::tests::recovered(folder.path()).unwrap().2, [1, 2, 3]);
}

#[test]
fn a_failed_append_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = open(folder.path()).unwrap();
    journal.append(&[entry(1)]).unwrap();
    assert!(journal.append(&[entry(2), entry(1)]).is_err());
    assert_eq!(journal.head(), Seq(1));
    journal.append(&[entry(2)]).unwrap();
    drop(journal);
    assert_eq!(recovered(folder.path()).unwrap().2, [1, 2]);
}

#[test]
fn damage_in_the_midst_stops_the_start_and_changes_nothing() {
    for sql in [
        "UPDATE entries SET event = replace(event, '10000', '90000') WHERE seq = 3",
        "UPDATE entries SET event = '{' WHERE seq = 3",
        "UPDATE entries SET at_ms = at_ms + 1 WHERE seq = 3",
        "UPDATE entries SET decision = 2 WHERE seq = 3",
        "UPDATE entries SET ends = 0 WHERE seq = 3",
        "UPDATE entries SET chain = x'00' WHERE seq = 3",
        "DELETE FROM entries WHERE seq = 3",
        // Swapped with the next one.
        "UPDATE entries SET seq = 100 WHERE seq = 3; UPDATE entries SET seq = 3 WHERE seq = 4;
         UPDATE entries SET seq = 4 WHERE seq = 100",
    ] {
        let folder = written(8);
        tamper(folder.path(), sql);
        let refused = recovered(folder.path());
        assert!(
            matches!(refused, Err(JournalError::Damaged { seq: Seq(3), .. })),
            "{sql}: {refused:?}"
        );
        let left: i64 = Connection::open(folder.path().join(FILE))
            .unwrap()
            .query_row("SELECT count(*) FROM entries", [], |row| row.get(0))
            .unwrap();
        assert!(left >= 7, "{sql}");
    }
}

#[cfg(unix)]
#[test]
fn only_its_owner_reads_the_journal_unless_the_operator_said_otherwise() {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let base = tempfile::tempdir().unwrap();
    let folder = base.path().join("data");
    let names = || {
        let files = std::fs::read_dir(&folder).unwrap();
        let mut names: Vec<String> = files
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    };
    let mut journal = open(&folder).unwrap();
    journal.append(&[entry(1), entry(2)]).unwrap();
    assert_eq!(mode(&folder), 0o700);
    let all = names();
    for file in [
        FILE,
        LOCK_FILE,
        "journal.db-wal",
        "journal.db-shm",
        "journal.reserve",
    ] {
        assert!(all.contains(&file.to_owned()), "{file} is not there: {all:?}");
    }
    for file in &all {
        assert_eq!(mode(&folder.join(file)), 0o600, "{file}");
    }
    drop(journal);

    // What is cut off is kept for the same eyes.
    tamper(&folder, "UPDATE entries SET chain = zeroblob(8) WHERE seq = 2");
    let (journal, recovered, _) = recovered(&folder).unwrap();
    assert_eq!(recovered.cut, 1);
    assert_eq!(mode(&folder.join("damaged-5000.jsonl")), 0o600);
    drop(journal);

    let set = |file: &str, to| {
        std::fs::set_permissions(folder.join(file), std::fs::Permissions::from_mode(to)).unwrap();
    };
    set("", 0o755);
    set(FILE, 0o640);
    set(LOCK_FILE, 0o640);
    let _journal = open(&folder).unwrap();
    let kept = [FILE, LOCK_FILE, "journal.db-wal"].map(|file| mode(&folder.join(file)));
    assert_eq!((mode(&folder), kept), (0o755, [0o640; 3]));
}

#[test]
fn a_damaged_end_is_cut_off_and_kept_in_a_file() {
    for (sql, kept, cut, moved) in [
        (
            "UPDATE entries SET event = replace(event, '1', '7') WHERE seq = 8",
            7,
            1,
            1,
        ),
        ("UPDATE entries SET event = 'x' WHERE seq >= 6", 5, 3, 3),
        ("UPDATE entries SET chain = x'' WHERE seq = 8", 7, 1, 1),
        // Put in at the end.
        (
            "INSERT INTO entries SELECT 9, 9, at_ms, topic, topic_seq, event, 9, ends, chain FROM entries WHERE seq = 8",
            8,
            1,
            1,
        ),
        // Gone, and missed by the number that is kept beside the entries.
        ("DELETE FROM entries WHERE seq >= 7", 6, 2, 0),
        (
            "DELETE FROM entries WHERE seq = 7; UPDATE entries SET event = 'x' WHERE seq = 8",
            6,
            2,
            1,
        ),
    ] {
        let folder = written(8);
        tamper(folder.path(), sql);
        let epoch = JournalReader::open(folder.path()).unwrap().epoch().unwrap();
        let (mut journal, recovered, accounts) = recovered(folder.path()).unwrap();
        assert_eq!(accounts, (1..=kept).collect::<Vec<_>>(), "{sql}");
        assert_eq!((journal.head(), recovered.cut), (Seq(kept), cut), "{sql}");
        assert!(journal.history().epoch > epoch, "{sql}: numbers are given again");
        let file = std::fs::read_to_string(folder.path().join("damaged-5000.jsonl")).unwrap();
        assert_eq!(file.lines().count(), moved, "{sql}");
        for line in file.lines() {
            assert!(serde_json::from_str::<serde_json::Value>(line).is_ok(), "{line}");
        }
        // It goes on as a journal of its own, and the next start finds nothing to complain of.
        journal.append(&[entry(kept + 1)]).unwrap();
        let epoch = journal.history().epoch;
        drop(journal);
        let (journal, again, accounts) = super::tests::recovered(folder.path()).unwrap();
        assert_eq!((again.cut, journal.history().epoch), (0, epoch));
        assert_eq!(accounts, (1..=kept + 1).collect::<Vec<_>>());
    }
}

#[test]
fn too_much_is_never_cut_off_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let entries: Vec<_> = (1..=1_100).map(entry).collect();
    open(folder.path()).unwrap().append(&entries).unwrap();
    tamper(folder.path(), "UPDATE entries SET chain = x'00' WHERE seq > 50");
    let refused = recovered(folder.path());
    assert!(
        matches!(refused, Err(JournalError::Damaged { seq: Seq(51), .. })),
        "{refused:?}"
    );
}

#[test]
fn a_cut_never_splits_a_decision() {
    let decisions = [entry(1), part(2, 2, false), part(3, 2, false), part(4, 2, true)];
    for damaged in 2..=4 {
        let folder = tempfile::tempdir().unwrap();
        open(folder.path()).unwrap().append(&decisions).unwrap();
        tamper(
            folder.path(),
            &format!("UPDATE entries SET event = 'x' WHERE seq = {damaged}"),
        );
        let (_, recovered, accounts) = recovered(folder.path()).unwrap();
        assert_eq!((accounts, recovered.cut), (vec![1], 3), "entry {damaged}");
    }
    let folder = tempfile::tempdir().unwrap();
    open(folder.path()).unwrap().append(&decisions).unwrap();
    tamper(
        folder.path(),
        "DELETE FROM entries WHERE seq = 4; UPDATE facts SET value = 3 WHERE name = 'head'",
    );
    assert_eq!(recovered(folder.path()).unwrap().2, [1]);
}

#[test]
fn a_start_folds_only_what_comes_after_the_newest_sound_snapshot() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = open(folder.path()).unwrap();
    let mut state = State::default();
    for seq in 1..=20 {
        let entry = entry(seq);
        fold(&mut state, &entry).unwrap();
        journal.append(&[entry]).unwrap();
        if seq % 4 == 0 {
            journal.store(&Encoded::new(Seq(seq), &state).unwrap()).unwrap();
        }
    }
    journal.append(&[entry(21)]).unwrap();
    fold(&mut state, &entry(21)).unwrap();
    drop(journal);
    let folded = |sql: &str| {
        tamper(folder.path(), sql);
        let (_, recovered, _) = recovered(folder.path()).unwrap();
        assert_eq!(recovered.state, state, "{sql}");
        recovered.folded
    };
    assert_eq!(folded(""), 1);
    let kept: Vec<u64> = JournalReader::open(folder.path())
        .unwrap()
        .snapshots()
        .unwrap()
        .iter()
        .map(|snapshot| snapshot.seq.0)
        .collect();
    assert_eq!(kept, [20, 16, 12]);
    assert_eq!(folded("UPDATE snapshots SET state = x'00' WHERE seq = 20"), 5);
    assert_eq!(folded("UPDATE snapshots SET chain = x'00' WHERE seq = 16"), 9);
    assert_eq!(
        folded("UPDATE snapshots SET hash = zeroblob(32) WHERE seq = 12"),
        21
    );
}

#[test]
fn a_snapshot_hides_no_damage_at_the_end_and_does_not_outlive_a_cut() {
    let folder = written(8);
    let (mut journal, told, _) = recovered(folder.path()).unwrap();
    journal
        .store(&Encoded::new(Seq(8), &told.state).unwrap())
        .unwrap();
    drop(journal);
    tamper(folder.path(), "UPDATE entries SET event = 'x' WHERE seq = 8");
    let (journal, cut, accounts) = recovered(folder.path()).unwrap();
    assert_eq!((cut.cut, accounts.len()), (1, 7));
    drop(journal);
    let reader = JournalReader::open(folder.path()).unwrap();
    assert!(reader.snapshots().unwrap().is_empty());
}

#[test]
fn a_journal_of_schema_1_is_brought_to_this_one_with_all_its_entries() {
    let folder = tempfile::tempdir().unwrap();
    tamper(
        folder.path(),
        "CREATE TABLE entries (seq INTEGER PRIMARY KEY, account INTEGER NOT NULL, at_ms INTEGER NOT NULL, topic TEXT,
             topic_seq INTEGER, event TEXT NOT NULL) STRICT;
         CREATE UNIQUE INDEX entries_of_topic ON entries (account, topic, topic_seq) WHERE topic IS NOT NULL;
         CREATE TABLE facts (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
         INSERT INTO facts VALUES ('epoch', 77), ('boot', 3);
         PRAGMA application_id = 1414089559; PRAGMA user_version = 1;",
    );
    // Entries 2 and 3 are of one moment.
    let times = [10, 20, 20, 30];
    for (seq, at) in (1..).zip(times) {
        let mut event = entry(seq).event;
        event.at = TimestampMs(at);
        let event = serde_json::to_string(&event).unwrap();
        tamper(
            folder.path(),
            &format!("INSERT INTO entries VALUES ({seq}, {seq}, {at}, NULL, NULL, '{event}')"),
        );
    }
    assert!(matches!(
        JournalReader::open(folder.path()),
        Err(JournalError::Schema { found: 1, .. })
    ));
    let (journal, recovered, accounts) = recovered(folder.path()).unwrap();
    assert_eq!((accounts, recovered.cut), (vec![1, 2, 3, 4], 0));
    assert_eq!(journal.history().epoch, Epoch(77), "clients resume as before");
    drop(journal);
    let mut decisions = Vec::new();
    JournalReader::open(folder.path())
        .unwrap()
        .scan(None, |entry| {
            decisions.push((entry.seq.0, entry.decision.0, entry.ends));
            Ok(())
        })
        .unwrap();
    assert_eq!(
        decisions,
        [(1, 1, true), (2, 2, false), (3, 2, true), (4, 4, true)]
    );
    tamper(folder.path(), "UPDATE entries SET at_ms = 11 WHERE seq = 1");
    assert!(
        super::tests::recovered(folder.path()).is_err(),
        "it has checksums now"
    );
}

#[test]
fn a_migration_that_cannot_be_finished_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    tamper(
        folder.path(),
        "CREATE TABLE entries (seq INTEGER PRIMARY KEY, account INTEGER NOT NULL, at_ms INTEGER NOT NULL, topic TEXT,
             topic_seq INTEGER, event TEXT NOT NULL) STRICT;
         CREATE TABLE facts (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
         INSERT INTO entries VALUES (1, 1, 0, NULL, NULL, '{}'), (3, 1, 0, NULL, NULL, '{}');
         PRAGMA application_id = 1414089559; PRAGMA user_version = 1;",
    );
    for _ in 0..2 {
        let refused = open(folder.path());
        assert!(
            matches!(refused, Err(JournalError::Damaged { seq: Seq(3), .. })),
            "{refused:?}"
        );
    }
}

#[test]
fn a_full_journal_lives_on_its_reserve_and_then_refuses() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = SqliteJournal::open(folder.path(), Some(8), TimestampMs(5_000)).unwrap();
    let reserve = folder.path().join("journal.reserve");
    assert!(!journal.is_short() && reserve.exists());
    let mut seq = 0;
    let mut fill = |journal: &mut SqliteJournal| {
        loop {
            let entries: Vec<_> = (seq + 1..=seq + 500).map(entry).collect();
            match journal.append(&entries) {
                Ok(()) => seq += 500,
                Err(error) => {
                    assert!(matches!(error, JournalError::Full(_)), "{error:?}");
                    return seq;
                }
            }
        }
    };
    let before = fill(&mut journal);
    assert!(before > 500);
    assert!(journal.release_reserve().unwrap() && journal.is_short() && !reserve.exists());
    let after = fill(&mut journal);
    assert!(after > before, "the reserve is room");
    assert!(!journal.release_reserve().unwrap(), "there is no second one");
    assert!(!journal.restore_reserve().unwrap(), "there is no room for it");
    drop(journal);

    // A start finds it as it was, and a higher cap sets it free.
    let journal = SqliteJournal::open(folder.path(), Some(8), TimestampMs(5_000)).unwrap();
    assert!(journal.is_short());
    drop(journal);
    let mut journal = SqliteJournal::open(folder.path(), Some(16), TimestampMs(5_000)).unwrap();
    assert_eq!(journal.recover().unwrap().state.accounts.len() as u64, after);
    assert!(!journal.is_short() && reserve.exists());
    journal.append(&[entry(after + 1)]).unwrap();
}

#[test]
fn one_journal_has_one_writer_and_no_reader_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let _held = open(folder.path()).unwrap();
    let second = open(folder.path());
    assert!(matches!(second, Err(JournalError::InUse { .. })), "{second:?}");
    let reader = JournalReader::open(folder.path());
    assert!(matches!(reader, Err(JournalError::InUse { .. })), "{reader:?}");
}

#[test]
fn a_database_of_another_program_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    tamper(folder.path(), "CREATE TABLE theirs (x); PRAGMA user_version = 1;");
    let opened = open(folder.path());
    assert!(matches!(opened, Err(JournalError::Foreign { .. })), "{opened:?}");
    let opened = JournalReader::open(folder.path());
    assert!(matches!(opened, Err(JournalError::Foreign { .. })), "{opened:?}");
}

#[test]
fn a_journal_of_another_version_is_left_alone() {
    let folder = written(1);
    tamper(folder.path(), "PRAGMA user_version = 99");
    let newer = open(folder.path());
    assert!(
        matches!(newer, Err(JournalError::Schema { found: 99, .. })),
        "{newer:?}"
    );
}
