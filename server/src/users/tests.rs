//! From a name and a password to an identity, and what ends it.

use super::store::User;
use super::*;
use crate::users::tokens::Claims;
use std::net::{IpAddr, Ipv4Addr};

const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const PASSWORD: &str = "correct horse";
const ACCESS_MS: i64 = 60_000;

struct House {
    folder: tempfile::TempDir,
    users: Users,
}

fn house() -> House {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(folder.path()).unwrap();
    let hash = password::hash(PASSWORD).unwrap();
    store
        .add_user("ann", Role::Trader, &hash, TimestampMs(1))
        .unwrap();
    store
        .add_user("bob", Role::Viewer, &hash, TimestampMs(1))
        .unwrap();
    let users = Users::open(folder.path(), ACCESS_MS).unwrap();
    House { folder, users }
}

impl House {
    async fn login(&self, name: &str) -> Pair {
        let done = self.users.login(name.to_owned(), PASSWORD.to_owned(), ADDRESS);
        done.await.unwrap()
    }

    /// What `tickwire user` does meanwhile.
    fn elsewhere(&self, change: impl FnOnce(&mut Store)) {
        change(&mut Store::open(self.folder.path()).unwrap());
        self.users.look_again().unwrap();
    }

    fn user(&self, name: &str) -> User {
        self.users.store().user_named(name).unwrap().unwrap().0
    }
}

fn headers(name: header::HeaderName, value: &str) -> HeaderMap {
    HeaderMap::from_iter([(name, value.parse().unwrap())])
}

#[tokio::test]
async fn a_login_is_shown_in_any_of_its_places() {
    let house = house();
    let pair = house.login("ANN").await;
    let access = pair.access.reveal();
    let refresh = pair.refresh.as_ref().unwrap().reveal();
    let door = Access::Users(house.users.clone());
    let nothing = HeaderMap::new();
    let cookie = |value: String| headers(header::COOKIE, &value);
    for (what, headers, query) in [
        (
            "header",
            headers(header::AUTHORIZATION, &format!("bearer {access}")),
            None,
        ),
        ("query", nothing.clone(), Some(format!("x=1&token={access}"))),
        ("cookie", cookie(format!("tickwire_access={access}")), None),
        (
            "sleeper",
            cookie(format!("tickwire_access=old; tickwire_refresh={refresh}")),
            None,
        ),
        ("refresh", cookie(format!("tickwire_refresh={refresh}")), None),
    ] {
        let shown = door.authenticate(&headers, query.as_deref()).unwrap();
        assert_eq!(
            (&*shown.name, shown.role, shown.account),
            ("ann", Role::Trader, AccountId(2)),
            "{what}"
        );
    }
    for (headers, query, refused) in [
        (nothing.clone(), None, Refused::Missing),
        (nothing.clone(), Some("token=x"), Refused::Invalid),
        (
            headers(header::AUTHORIZATION, "Basic YTpi"),
            None,
            Refused::Invalid,
        ),
        (
            headers(header::AUTHORIZATION, "Bearer x.y.z"),
            None,
            Refused::Invalid,
        ),
        (
            headers(header::AUTHORIZATION, &format!("Bearer {refresh}")),
            None,
            Refused::Invalid,
        ),
        (cookie("tickwire_access=x".to_owned()), None, Refused::Invalid),
        (
            cookie(format!("tickwire_access={refresh}")),
            None,
            Refused::Invalid,
        ),
    ] {
        assert_eq!(door.authenticate(&headers, query), Err(refused));
    }
}

#[tokio::test]
async fn unknown_names_wrong_passwords_and_disabled_users_are_told_the_same() {
    let house = house();
    house.elsewhere(|store| store.set_disabled("bob", true).unwrap());
    for (name, password) in [
        ("ann", "wrong horse"),
        ("nobody", PASSWORD),
        ("bob", PASSWORD),
        ("", ""),
    ] {
        let refused = house
            .users
            .login(name.to_owned(), password.to_owned(), ADDRESS)
            .await;
        assert_eq!(refused.map(|_| ()), Err(LoginRefused::Wrong), "{name}");
    }
    house.elsewhere(|store| store.set_disabled("bob", false).unwrap());
    assert_eq!(house.login("bob").await.identity.role, Role::Viewer);
}

#[tokio::test]
async fn what_is_changed_elsewhere_ends_a_login_at_the_next_look() {
    for (what, change) in [
        (
            "password",
            (|store| store.set_password("ann", "x").unwrap()) as fn(&mut Store),
        ),
        ("disabled", |store| store.set_disabled("ann", true).unwrap()),
        ("disabled and enabled", |store| {
            store.set_disabled("ann", true).unwrap();
            store.set_disabled("ann", false).unwrap();
        }),
    ] {
        let house = house();
        let (ann, bob) = (house.login("ann").await, house.login("bob").await);
        let authority = house.users.authority(&ann.identity);
        assert!(authority.stands());
        house.elsewhere(change);
        assert!(!authority.stands(), "{what}");
        let now = clock::now();
        assert_eq!(
            house.users.verify(&ann.access, now),
            Err(Refused::Ended),
            "{what}"
        );
        let renewed = house.users.renew(ann.refresh.unwrap(), true, ADDRESS).await;
        assert_eq!(renewed.map(|_| ()), Err(LoginRefused::NotRenewed), "{what}");
        assert!(
            house.users.verify(&bob.access, now).is_ok(),
            "{what}: the other's stays"
        );
    }
}

#[tokio::test]
async fn a_token_of_another_generation_is_worth_nothing() {
    let house = house();
    let pair = house.login("ann").await;
    let (user, now) = (house.user("ann"), clock::now());
    let made = |generation| {
        let claims = Claims::new(user.id, pair.identity.session, generation, now, ACCESS_MS);
        house.users.inner.keys.sign(&claims).unwrap()
    };
    assert!(house.users.verify(&made(user.generation), now).is_ok());
    for generation in [user.generation - 1, user.generation + 1] {
        assert_eq!(house.users.verify(&made(generation), now), Err(Refused::Ended));
    }
    let bobs = Claims::new(house.user("bob").id, pair.identity.session, 1, now, ACCESS_MS);
    let bobs = house.users.inner.keys.sign(&bobs).unwrap();
    assert_eq!(
        house.users.verify(&bobs, now),
        Err(Refused::Ended),
        "that login is ann's"
    );
}

#[tokio::test]
async fn a_refresh_token_that_comes_again_ends_its_login_alone() {
    let house = house();
    let (first, other) = (house.login("ann").await, house.login("ann").await);
    let spent = first.refresh.unwrap();
    let next = house.users.renew(spent.clone(), false, ADDRESS).await.unwrap();
    let now = clock::now();
    assert!(house.users.verify(&next.access, now).is_ok());
    let again = house.users.renew(spent, false, ADDRESS).await;
    assert_eq!(again.map(|_| ()), Err(LoginRefused::NotRenewed));
    assert_eq!(house.users.verify(&next.access, now), Err(Refused::Ended));
    let stolen = house.users.renew(next.refresh.unwrap(), false, ADDRESS).await;
    assert_eq!(stolen.map(|_| ()), Err(LoginRefused::NotRenewed));
    assert!(
        house.users.verify(&other.access, now).is_ok(),
        "another login of the same user"
    );
    // Nobody ends a login by guessing: what was never given out is no reuse.
    let guessed = Refresh::new(other.identity.session, &[7; tokens::SECRET_BYTES]);
    assert!(house.users.renew(guessed, false, ADDRESS).await.is_err());
    assert!(house.users.verify(&other.access, now).is_ok());
}

#[tokio::test]
async fn two_tabs_may_renew_at_once_and_no_later() {
    let house = house();
    let pair = house.login("ann").await;
    let shared = pair.refresh.unwrap();
    let now = clock::now();
    let first = house.users.renew_at(&shared, true, now).unwrap();
    let second = house.users.renew_at(&shared, true, now + 9_000).unwrap();
    assert!(first.refresh.is_some() && second.refresh.is_none());
    assert!(house.users.verify(&second.access, now).is_ok());
    let late = house.users.renew_at(&shared, true, now + 10_000);
    assert_eq!(late.map(|_| ()), Err(LoginRefused::NotRenewed));
    assert_eq!(house.users.verify(&first.access, now), Err(Refused::Ended));
}

#[tokio::test]
async fn a_login_goes_on_over_a_restart_and_ends_by_a_logout_or_after_a_month() {
    let House { folder, users } = house();
    let pair = users
        .login("ann".to_owned(), PASSWORD.to_owned(), ADDRESS)
        .await
        .unwrap();
    drop(users);
    let users = Users::open(folder.path(), ACCESS_MS).unwrap();
    let now = clock::now();
    let identity = users.verify(&pair.access, now).unwrap();
    let refresh = pair.refresh.unwrap();
    let month = login::REFRESH_MS + 1_000;
    assert!(users.renew_at(&refresh, false, now + month).is_err());
    users.logout(identity).await.unwrap();
    assert_eq!(users.verify(&pair.access, now), Err(Refused::Ended));
    assert!(users.renew_at(&refresh, false, now).is_err());
}

#[tokio::test]
async fn a_login_is_put_off_where_the_line_is_long_and_one_from_home_is_not() {
    let house = house();
    let elsewhere = IpAddr::from([192, 0, 2, 1]);
    let login = |address| house.users.login("ann".to_owned(), PASSWORD.to_owned(), address);
    house.login("ann").await;
    let crowd: Vec<_> = std::iter::from_fn(|| house.users.inner.line.enter(false)).collect();
    // More often than the throttle lets anybody try: what is put off is no try.
    for _ in 0..50 {
        let put_off = login(elsewhere).await.map(|_| ());
        assert_eq!(put_off, Err(LoginRefused::Busy(2)));
    }
    assert!(login(ADDRESS).await.is_ok(), "from where it logged in before");
    drop(crowd);
    assert!(login(elsewhere).await.is_ok());
}

#[tokio::test]
async fn strangers_who_try_a_name_do_not_keep_it_out_where_it_came_from() {
    let house = house();
    let (home, other) = (IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2]));
    let first = house.login("ann").await;
    house
        .users
        .renew(first.refresh.unwrap(), true, home)
        .await
        .unwrap();
    for last in 0..=255 {
        let stranger = IpAddr::from([198, 51, 100, last]);
        let _ = house.users.inner.throttle.check("Ann", stranger);
    }
    let login = |address| house.users.login("ann".to_owned(), PASSWORD.to_owned(), address);
    let kept_out = login(other).await.map(|_| ());
    assert!(matches!(kept_out, Err(LoginRefused::TooMany(_))), "{kept_out:?}");
    for known in [ADDRESS, home] {
        assert!(login(known).await.is_ok(), "{known}");
    }
}

#[tokio::test]
async fn a_connection_is_renewed_by_its_own_user_alone() {
    let house = house();
    let (ann, bob) = (house.login("ann").await, house.login("bob").await);
    let grant = house.users.grant(&ann.identity);
    let expires = ann.identity.expires.unwrap();
    assert_eq!(grant.expires_at, expires);
    assert_eq!(grant.announce_at, expires - 30_000, "half of a short life");
    assert_eq!(grant.close_at, expires + 25_000);
    let mut authority = house.users.authority(&ann.identity);
    let now = clock::now();
    let refused = authority.renew(&bob.access, now).unwrap_err();
    assert_eq!(refused.code, ErrorCode::Unauthorized);
    let newer = house.login("ann").await;
    assert_eq!(authority.renew(&newer.access, now).unwrap().role, Role::Trader);
    house.users.logout(ann.identity).await.unwrap();
    assert!(authority.stands(), "it goes on by the newer login");
    house.users.logout(newer.identity).await.unwrap();
    assert!(!authority.stands());
}

#[tokio::test]
async fn logins_are_throttled_before_a_password_is_looked_at() {
    let house = house();
    let mut refused = None;
    for _ in 0..20 {
        let done = house
            .users
            .login("ann".to_owned(), "wrong".to_owned(), ADDRESS)
            .await;
        if let Err(LoginRefused::TooMany(seconds)) = done {
            refused = Some(seconds);
            break;
        }
    }
    assert!(
        refused.is_some_and(|seconds| (1..=16).contains(&seconds)),
        "{refused:?}"
    );
    let right = house
        .users
        .login("ann".to_owned(), PASSWORD.to_owned(), ADDRESS)
        .await;
    assert!(
        matches!(right, Err(LoginRefused::TooMany(_))),
        "the right one waits too"
    );
}

/// What an operator does about a token meanwhile, given its id.
type Change = fn(&mut Store, SessionId);

#[tokio::test]
async fn a_programs_token_is_good_for_days_and_ends_with_the_logins_or_alone() {
    const DAY_MS: i64 = 24 * 3_600_000;
    let changes: [(&str, Change); 3] = [
        ("password", |store, _| store.set_password("ann", "x").unwrap()),
        ("disabled and enabled", |store, _| {
            store.set_disabled("ann", true).unwrap();
            store.set_disabled("ann", false).unwrap();
        }),
        ("revoked", |store, id| store.revoke_token("ann", id).unwrap()),
    ];
    for (what, change) in changes {
        let house = house();
        let now = clock::now();
        let issue = || {
            let mut store = Store::open(house.folder.path()).unwrap();
            store.issue_token("ann", what, 30, now).unwrap()
        };
        let ((token, made), (other, _)) = (issue(), issue());
        assert_eq!(
            house.users.verify(&token, now),
            Err(Refused::Ended),
            "not known yet"
        );
        house.users.look_again().unwrap();
        let late = now + 30 * DAY_MS - 2_000;
        let identity = house.users.verify(&token, late).unwrap();
        assert_eq!((&*identity.name, identity.role), ("ann", Role::Trader));
        assert!(identity.expires.is_some_and(|at| at.since(late) <= 3_000));
        let over = house.users.verify(&token, now + 30 * DAY_MS + 1_000);
        assert_eq!(over, Err(Refused::Expired));
        // Nothing renews it, and whoever tries to does not end it.
        for guess in [[0; 32], [7; 32]] {
            let guessed = Refresh::new(made.id, &guess);
            assert!(house.users.renew_at(&guessed, false, now).is_err());
        }
        let authority = house.users.authority(&identity);
        assert!(authority.stands(), "{what}");
        house.elsewhere(|store| change(store, made.id));
        assert!(!authority.stands(), "{what}");
        assert_eq!(house.users.verify(&token, now), Err(Refused::Ended), "{what}");
        assert_eq!(
            house.users.verify(&other, now).is_ok(),
            what == "revoked",
            "{what}"
        );
    }
}

#[tokio::test]
async fn another_role_closes_connections_and_their_tokens_come_back_with_it() {
    let house = house();
    let (ann, bob) = (house.login("ann").await, house.login("bob").await);
    let authorities = [&ann, &bob].map(|pair| house.users.authority(&pair.identity));
    house.elsewhere(|store| store.set_role("ann", Role::Viewer).unwrap());
    assert!(!authorities[0].stands() && authorities[1].stands());
    let now = clock::now();
    let again = house.users.verify(&ann.access, now).unwrap();
    assert_eq!(again.role, Role::Viewer);
    assert!(house.users.authority(&again).stands());
    let renewed = house
        .users
        .renew(ann.refresh.unwrap(), false, ADDRESS)
        .await
        .unwrap();
    assert_eq!(renewed.identity.role, Role::Viewer);
}
