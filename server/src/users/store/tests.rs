//! Users and logins in their file: what is unique, what is bounded, and what ends what.

use super::*;

const NOW: TimestampMs = TimestampMs(1_700_000_000_000);

fn store() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    (folder, store)
}

fn begin(store: &mut Store, user: &User, token: u8, at: i64) -> SessionId {
    store
        .begin_session(user, NOW + at, NOW + at + 1_000, |_| [token; 32])
        .unwrap()
}

#[test]
fn each_user_has_an_account_of_its_own_that_is_never_given_again() {
    let (folder, mut store) = store();
    let ann = store.add_user("ann", Role::Trader, "h1", NOW).unwrap();
    let bob = store.add_user("Bob", Role::Viewer, "h2", NOW).unwrap();
    assert_eq!((ann.account, bob.account), (AccountId(2), AccountId(3)));
    store.set_disabled("bob", true).unwrap();
    drop(store);
    let mut store = Store::open(folder.path()).unwrap();
    let cat = store.add_user("cat", Role::Trader, "h3", NOW).unwrap();
    assert_eq!(cat.account, AccountId(4));
    let error = store.add_user("BOB", Role::Trader, "h4", NOW).unwrap_err();
    assert!(error.to_string().contains("already"), "{error}");
    let (found, hash) = store.user_named("bOB").unwrap().unwrap();
    assert_eq!(
        (found.id, found.role, found.is_disabled, hash.as_str()),
        (bob.id, Role::Viewer, true, "h2")
    );
    assert!(store.set_password("dan", "h").is_err());
    for name in ["", "-x", "a b", "a/b", "ä", "x".repeat(33).as_str()] {
        assert!(store.add_user(name, Role::Trader, "h", NOW).is_err(), "{name}");
    }
}

#[test]
fn a_new_password_and_a_disabled_user_end_every_login() {
    let (_folder, mut store) = store();
    let ann = store.add_user("ann", Role::Trader, "h1", NOW).unwrap();
    let bob = store.add_user("bob", Role::Trader, "h2", NOW).unwrap();
    begin(&mut store, &ann, 1, 0);
    let kept = begin(&mut store, &bob, 2, 0);
    store.set_password("ann", "h3").unwrap();
    let left: Vec<_> = store
        .sessions()
        .unwrap()
        .iter()
        .map(|session| session.id)
        .collect();
    assert_eq!(left, [kept]);
    let (found, hash) = store.user_named("ann").unwrap().unwrap();
    assert_eq!((found.generation, hash.as_str()), (ann.generation + 1, "h3"));
    store.set_disabled("bob", true).unwrap();
    assert!(store.sessions().unwrap().is_empty());
    assert_eq!(
        store.user_named("bob").unwrap().unwrap().0.generation,
        bob.generation + 1
    );
}

#[test]
fn a_refresh_token_is_good_once() {
    let (_folder, mut store) = store();
    let ann = store.add_user("ann", Role::Trader, "h1", NOW).unwrap();
    let session = begin(&mut store, &ann, 1, 0);
    assert!(store.rotate(session, (&[1; 32], &[2; 32]), NOW, NOW + 5).unwrap());
    assert!(!store.rotate(session, (&[1; 32], &[3; 32]), NOW, NOW + 5).unwrap());
    assert!(store.is_spent(session, &[1; 32]).unwrap());
    assert!(!store.is_spent(session, &[2; 32]).unwrap());
    let renewed = store.rotate(session, (&[2; 32], &[3; 32]), NOW + 5, NOW + 5);
    assert!(renewed.unwrap() && !store.is_spent(session, &[1; 32]).unwrap());
    let known = store.sessions().unwrap().remove(0);
    assert_eq!(
        (known.token, known.previous, known.expires_at),
        ([3; 32], Some([2; 32]), NOW + 5)
    );
    store.end_session(session).unwrap();
    assert!(
        !store.is_spent(session, &[2; 32]).unwrap(),
        "it goes with its login"
    );
    let next = begin(&mut store, &ann, 9, 0);
    assert!(next > session, "no login has the name of another");
}

#[test]
fn logins_of_a_user_are_bounded_and_those_that_are_over_go() {
    let (_folder, mut store) = store();
    let ann = store.add_user("ann", Role::Trader, "h1", NOW).unwrap();
    let first = begin(&mut store, &ann, 1, 0);
    for at in 1..=SESSIONS_MAX {
        begin(&mut store, &ann, 1, at);
    }
    let sessions = store.sessions().unwrap();
    assert_eq!(sessions.len() as i64, SESSIONS_MAX);
    assert!(sessions.iter().all(|session| session.id != first));
    begin(&mut store, &ann, 1, 10_000);
    assert_eq!(store.sessions().unwrap().len(), 1);
}

#[test]
fn what_another_process_changes_is_news_once() {
    let (folder, mut store) = store();
    store.has_news().unwrap();
    assert!(!store.has_news().unwrap());
    let mut other = Store::open(folder.path()).unwrap();
    other.add_user("ann", Role::Trader, "h1", NOW).unwrap();
    assert!(store.has_news().unwrap());
    assert!(!store.has_news().unwrap());
    assert_eq!(store.key().unwrap(), other.key().unwrap());
    assert_eq!(store.id().unwrap(), other.id().unwrap());
    assert_ne!(store.key().unwrap(), [0; SECRET_BYTES]);
}

#[cfg(unix)]
#[test]
fn only_its_owner_reads_the_file() {
    use std::os::unix::fs::PermissionsExt as _;
    let (folder, store) = store();
    let path = folder.path().join(FILE);
    let mode = || fs::metadata(&path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(), 0o600);
    drop(store);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let _store = Store::open(folder.path()).unwrap();
    assert_eq!(mode(), 0o600);
}

#[test]
fn a_file_of_something_else_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let foreign = Connection::open(folder.path().join(FILE)).unwrap();
    foreign.execute_batch("CREATE TABLE others (a)").unwrap();
    drop(foreign);
    assert!(matches!(Store::open(folder.path()), Err(StoreError::Foreign(_))));
}

#[test]
fn tokens_of_programs_are_listed_bounded_and_not_pushed_out_by_logins() {
    let (_folder, mut store) = store();
    let ann = store.add_user("ann", Role::Trader, "h1", NOW).unwrap();
    store.add_user("bob", Role::Trader, "h2", NOW).unwrap();
    let (_, first) = store.issue_token("ANN", "old dashboard", 30, NOW).unwrap();
    let (_, second) = store.issue_token("ann", "", 1, NOW).unwrap();
    assert_eq!(first.expires_at, NOW + 30 * 24 * 3_600_000);
    assert_eq!(
        store.program_tokens("ann", NOW).unwrap(),
        [first.clone(), second.clone()]
    );
    assert!(store.program_tokens("bob", NOW).unwrap().is_empty());
    for at in 0..SESSIONS_MAX + 5 {
        begin(&mut store, &ann, 1, at);
    }
    assert_eq!(store.sessions().unwrap().len() as i64, SESSIONS_MAX + 2);
    // A day later the second is over, and goes.
    let tomorrow = NOW + 24 * 3_600_000;
    let left = store.program_tokens("ann", tomorrow).unwrap();
    assert_eq!(left, std::slice::from_ref(&first));
    let mut made = 1;
    let refused = loop {
        match store.issue_token("ann", "more", 1, tomorrow) {
            Ok(_) => made += 1,
            Err(refused) => break refused.to_string(),
        }
    };
    assert!(
        made == 32 && refused.contains("revoke ann ID"),
        "{made}: {refused}"
    );
    store.issue_token("bob", "his own", 1, tomorrow).unwrap();
    for label in ["two\tparts", "two\nlines", "x".repeat(65).as_str()] {
        assert!(store.issue_token("bob", label, 1, NOW).is_err(), "{label}");
    }
    assert!(store.issue_token("nobody", "", 1, NOW).is_err());
}

#[test]
fn a_token_is_revoked_by_its_user_and_id_and_a_login_is_none() {
    let (_folder, mut store) = store();
    let ann = store.add_user("ann", Role::Trader, "h1", NOW).unwrap();
    store.add_user("bob", Role::Trader, "h2", NOW).unwrap();
    let login = begin(&mut store, &ann, 1, 0);
    let (_, token) = store.issue_token("ann", "a", 30, NOW).unwrap();
    let (_, kept) = store.issue_token("ann", "b", 30, NOW).unwrap();
    for (name, id) in [("bob", token.id), ("ann", login), ("ann", SessionId(99))] {
        let refused = store.revoke_token(name, id).unwrap_err().to_string();
        assert!(refused.contains("has no token"), "{refused}");
    }
    store.revoke_token("ann", token.id).unwrap();
    assert_eq!(store.program_tokens("ann", NOW).unwrap(), [kept]);
    assert_eq!(store.sessions().unwrap().len(), 2, "the login stays");
    store.set_disabled("ann", true).unwrap();
    assert!(store.sessions().unwrap().is_empty());
    let refused = store.issue_token("ann", "", 1, NOW).unwrap_err().to_string();
    assert!(refused.contains("enable ann"), "{refused}");
}

#[test]
fn another_role_ends_no_login() {
    let (_folder, mut store) = store();
    let ann = store.add_user("ann", Role::Trader, "h1", NOW).unwrap();
    begin(&mut store, &ann, 1, 0);
    store.set_role("ANN", Role::Viewer).unwrap();
    let (found, _) = store.user_named("ann").unwrap().unwrap();
    assert_eq!((found.role, found.generation), (Role::Viewer, ann.generation));
    assert_eq!(store.sessions().unwrap().len(), 1);
    let refused = store.set_role("nobody", Role::Viewer).unwrap_err().to_string();
    assert!(refused.contains("no user nobody"), "{refused}");
}

#[test]
fn a_file_of_version_1_keeps_its_users_and_logins() {
    let (folder, mut store) = store();
    let ann = store.add_user("ann", Role::Trader, "h1", NOW).unwrap();
    let login = begin(&mut store, &ann, 1, 0);
    let key = store.key().unwrap();
    let back = "ALTER TABLE sessions DROP COLUMN label; PRAGMA user_version = 1;";
    store.database.execute_batch(back).unwrap();
    drop(store);
    let mut store = Store::open_existing(folder.path()).unwrap();
    assert_eq!(store.key().unwrap(), key);
    assert_eq!(store.user_named("ann").unwrap().unwrap().0, ann);
    let sessions = store.sessions().unwrap();
    assert_eq!((sessions.len(), sessions[0].id), (1, login));
    assert!(
        store.program_tokens("ann", NOW).unwrap().is_empty(),
        "a login is none"
    );
    store.issue_token("ann", "", 1, NOW).unwrap();
    drop(store);
    assert_eq!(Store::open(folder.path()).unwrap().sessions().unwrap().len(), 2);
}

#[test]
fn what_is_asked_of_no_file_makes_none() {
    let folder = tempfile::tempdir().unwrap();
    let typo = folder.path().join("dtaa");
    let Err(missing) = Store::open_existing(&typo) else {
        panic!("there is none");
    };
    assert!(
        missing.to_string().contains("dtaa/users.db") && missing.to_string().contains("--data-dir"),
        "{missing}"
    );
    assert!(!typo.exists());
    Store::open(&typo).unwrap();
    assert!(Store::open_existing(&typo).is_ok());
}
