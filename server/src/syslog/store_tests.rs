//! The file of the lines: what goes on, what begins anew, and what is not touched.

use super::*;
use rusqlite::Connection;

const FIRST: Life = Life {
    boot: Epoch(1),
    has_users: false,
};
const SECOND: Life = Life {
    boot: Epoch(2),
    has_users: false,
};
const ALL: Retention = Retention {
    days: 7,
    entries: 100_000,
};

fn line(number: u64) -> LogLine {
    LogLine {
        level: [
            LogLevel::Info,
            LogLevel::Warning,
            LogLevel::Error,
            LogLevel::Critical,
        ][usize::try_from(number % 4).unwrap()],
        module: "engine".to_owned(),
        message: format!("line {number}, größer"),
        timestamp: TimestampMs(i64::try_from(number).unwrap() * 60_000),
    }
}

fn lines(numbers: std::ops::RangeInclusive<u64>) -> Vec<LogLine> {
    numbers.map(line).collect()
}

fn placed(numbers: std::ops::RangeInclusive<u64>) -> Vec<(Seq, LogLine)> {
    numbers.map(|number| (Seq(number), line(number))).collect()
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

/// A log of one life with these many lines.
fn kept(folder: &Path, count: u64) {
    let mut store = Store::open(folder, FIRST, Epoch(7)).unwrap();
    store.append(&lines(1..=count)).unwrap();
}

fn change(folder: &Path, sql: &str) {
    let database = Connection::open(folder.join(FILE)).unwrap();
    database.execute_batch(sql).unwrap();
}

#[test]
fn the_next_life_goes_on_where_the_last_one_ended() {
    let folder = folder();
    kept(folder.path(), 5);
    let mut store = Store::open(folder.path(), SECOND, Epoch(8)).unwrap();
    assert_eq!(
        (store.epoch(), store.head(), store.floor()),
        (Epoch(7), Seq(5), Seq(0))
    );
    assert_eq!(store.newest(100).unwrap(), placed(1..=5));
    assert_eq!(store.newest(2).unwrap(), placed(4..=5));
    store.append(&[]).unwrap();
    store.append(&lines(6..=7)).unwrap();
    assert_eq!(store.newest(3).unwrap(), placed(5..=7));
}

#[test]
fn what_another_life_left_keeps_its_lines_under_another_name() {
    for boot in [1, 3, 900] {
        let folder = folder();
        kept(folder.path(), 5);
        let life = Life {
            boot: Epoch(boot),
            ..FIRST
        };
        let store = Store::open(folder.path(), life, Epoch(8)).unwrap();
        assert_eq!((store.epoch(), store.head()), (Epoch(8), Seq(5)), "{boot}");
        assert_eq!(store.newest(100).unwrap(), placed(1..=5));
        drop(store);
        let next = Life {
            boot: Epoch(boot + 1),
            ..FIRST
        };
        let store = Store::open(folder.path(), next, Epoch(9)).unwrap();
        assert_eq!(store.epoch(), Epoch(8), "it has that name from now on");
    }
}

#[test]
fn users_are_not_told_what_a_desk_without_them_wrote() {
    let folder = folder();
    kept(folder.path(), 5);
    let with_users = |boot| Life {
        boot: Epoch(boot),
        has_users: true,
    };
    let mut store = Store::open(folder.path(), with_users(2), Epoch(8)).unwrap();
    assert_eq!((store.epoch(), store.head()), (Epoch(8), Seq(0)));
    store.append(&lines(1..=2)).unwrap();
    drop(store);
    let store = Store::open(folder.path(), with_users(3), Epoch(9)).unwrap();
    assert_eq!(
        (store.epoch(), store.head()),
        (Epoch(8), Seq(2)),
        "their own goes on"
    );
}

#[test]
fn a_damaged_file_is_put_aside_and_another_begun() {
    type Damage = fn(&Path);
    let damages: [(&str, Damage); 5] = [
        ("no database", |folder| {
            fs::write(folder.join(FILE), "x".repeat(9_000)).unwrap()
        }),
        ("a page that is gone", |folder| {
            let mut bytes = fs::read(folder.join(FILE)).unwrap();
            let end = bytes.len();
            bytes[end - 4_096..].fill(0xa5);
            fs::write(folder.join(FILE), bytes).unwrap();
        }),
        ("a line that is missing", |folder| {
            change(folder, "DELETE FROM lines WHERE seq = 3")
        }),
        ("no such level", |folder| {
            change(folder, "UPDATE lines SET level = 'LOUD' WHERE seq = 3")
        }),
        ("no table", |folder| change(folder, "DROP TABLE lines")),
    ];
    for (what, damage) in damages {
        let folder = folder();
        kept(folder.path(), 900);
        damage(folder.path());
        let Obtained {
            mut store, put_aside, ..
        } = Store::obtain(folder.path(), SECOND, Epoch(8)).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert!(put_aside.is_some(), "{what}");
        assert_eq!((store.epoch(), store.head()), (Epoch(8), Seq(0)), "{what}");
        assert!(folder.path().join(DAMAGED).exists());
        store.append(&lines(1..=1)).unwrap();
        drop(store);
        let third = Life {
            boot: Epoch(3),
            ..FIRST
        };
        let Obtained { store, put_aside, .. } = Store::obtain(folder.path(), third, Epoch(9)).unwrap();
        assert_eq!(
            (put_aside, store.epoch(), store.head()),
            (None, Epoch(8), Seq(1)),
            "{what}"
        );
    }
}

#[test]
fn what_is_not_ours_is_left_as_it_is() {
    let folder = folder();
    let file = folder.path().join(FILE);
    change(folder.path(), "CREATE TABLE theirs (x)");
    let before = fs::read(&file).unwrap();
    let refused = Store::obtain(folder.path(), FIRST, Epoch(1));
    assert!(matches!(refused, Err(StoreError::Foreign)), "{refused:?}");
    assert_eq!(fs::read(&file).unwrap(), before);

    fs::remove_file(&file).unwrap();
    kept(folder.path(), 1);
    change(folder.path(), "PRAGMA user_version = 2");
    let refused = Store::obtain(folder.path(), SECOND, Epoch(1));
    assert!(
        matches!(refused, Err(StoreError::Foreign)),
        "of a newer version: {refused:?}"
    );

    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    let refused = Store::obtain(folder.path(), FIRST, Epoch(1));
    assert!(matches!(refused, Err(StoreError::File(_))), "{refused:?}");
}

#[cfg(unix)]
#[test]
fn only_its_owner_reads_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = folder();
    let mut store = Store::open(folder.path(), FIRST, Epoch(7)).unwrap();
    store.append(&lines(1..=1)).unwrap();
    for file in [FILE, "logs.db-wal", "logs.db-shm"] {
        let mode = fs::metadata(folder.path().join(file))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
}

#[test]
fn it_forgets_what_is_too_old_or_too_much_but_not_what_is_at_hand() {
    let minutes = |count: i64| TimestampMs(count * 60_000);
    let cases = [
        (ALL, minutes(10_000), 0),
        (
            Retention {
                entries: 6_000,
                ..ALL
            },
            minutes(10_000),
            4_000,
        ),
        (Retention { entries: 10, ..ALL }, minutes(10_000), 5_904),
        // A day has 1,440 minutes.
        (Retention { days: 1, ..ALL }, minutes(5_000), 3_559),
        (ALL, minutes(100_000_000), 5_904),
    ];
    for (retention, now, floor) in cases {
        let folder = folder();
        let mut store = Store::open(folder.path(), FIRST, Epoch(7)).unwrap();
        store.append(&lines(1..=10_000)).unwrap();
        assert_eq!(store.trim(retention, now).unwrap(), floor > 0);
        assert_eq!(store.floor(), Seq(floor), "{retention:?} {now:?}");
        let past = Past::new(folder.path());
        assert_eq!(past.read(Seq(floor), Seq(floor + 3)).unwrap().len(), 3);
        if floor > 0 {
            assert!(past.read(Seq(floor - 1), Seq(floor + 3)).is_err());
        }
        store.append(&lines(10_001..=10_001)).unwrap();
        assert!(
            !store.trim(retention, minutes(200_000_000)).unwrap(),
            "not with every line"
        );
        drop(store);
        let store = Store::open(folder.path(), SECOND, Epoch(8)).unwrap();
        assert_eq!((store.floor(), store.head()), (Seq(floor), Seq(10_001)));
    }
}

#[test]
fn its_file_does_not_grow_beyond_its_bound() {
    let folder = folder();
    let mut store = Store::open(folder.path(), FIRST, Epoch(7)).unwrap();
    let long = LogLine {
        message: "ä".repeat(1_000),
        timestamp: TimestampMs(0),
        ..line(1)
    };
    let some = vec![long; 6_000];
    for _ in 0..10 {
        store.append(&some).unwrap();
        store.trim(ALL, TimestampMs(0)).unwrap();
    }
    assert!(store.floor() > Seq(0));
    assert!(store.bytes().unwrap() <= BYTES_MAX);
    assert!(fs::metadata(folder.path().join(FILE)).unwrap().len() < BYTES_MAX + BYTES_MAX / 2);
}

#[test]
fn another_history_takes_the_place_of_the_first_at_its_own_places() {
    let folder = folder();
    kept(folder.path(), 5);
    let mut store = Store::open(folder.path(), FIRST, Epoch(8)).unwrap();
    store.begin(FIRST, Epoch(9), &placed(900..=950)).unwrap();
    store.append(&lines(951..=952)).unwrap();
    drop(store);
    let store = Store::open(folder.path(), SECOND, Epoch(10)).unwrap();
    assert_eq!(
        (store.epoch(), store.floor(), store.head()),
        (Epoch(9), Seq(899), Seq(952))
    );
    assert_eq!(store.newest(4_096).unwrap(), placed(900..=952));
}

#[test]
fn the_past_is_read_beside_the_writer() {
    let folder = folder();
    let mut store = Store::open(folder.path(), FIRST, Epoch(7)).unwrap();
    let past = Past::new(folder.path());
    for number in 1..=50 {
        store.append(&lines(number..=number)).unwrap();
        assert_eq!(past.read(Seq(0), Seq(number)).unwrap(), placed(1..=number));
    }
    assert!(past.read(Seq(40), Seq(51)).is_err(), "one that is not there yet");
}
