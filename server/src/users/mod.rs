//! Users: who may come in, what they may do, and which account is theirs.
//!
//! They are kept in a file of their own beside the journal ([`store`]). A login is answered by two secrets ([`tokens`]): a
//! short-lived access token, which is verified without the file, and a refresh token, which is worth one renewal. What
//! both hang on is a session and the generation of its user: a logout ends the session, a new password or a disabled user
//! raises the generation, and either is noticed here within a second, also where another process did it.
//!
//! [`Access::authenticate`] is the one door: every handshake and every page asks it who is there.

pub mod accounts;
pub mod cookies;
mod directory;
pub mod door;
mod line;
pub mod login;
pub mod password;
pub mod store;
pub mod throttle;
pub mod tokens;

pub use login::{LoginRefused, Pair};

use crate::clock;
use crate::users::directory::Directory;
use crate::users::line::Line;
use crate::users::password::Hasher;
use crate::users::store::{Store, StoreError};
use crate::users::throttle::Throttle;
use crate::users::tokens::{Keys, Refresh};
use axum::http::{HeaderMap, header};
use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;
use tickwire_protocol::access::{AccessToken, Role, SignedIn};
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::error::{ErrorCode, Refusal};
use tickwire_protocol::id::AccountId;
use tickwire_protocol::session::server::{Authority, Grant};
use tracing::warn;

/// Lines about who logs in have this target. They are for the operator alone: the page's log leaves them out.
pub const AUDIT: &str = "tickwire::auth";

/// How often the file is looked at for what another process changed.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// The end of a login is announced this long before, or half of its life where that is shorter.
const ANNOUNCE_MS: i64 = 60_000;

/// A connection outlives its login by this, or by half of its life where that is shorter.
const GRACE_MS: i64 = 25_000;

/// Names a user for ever. None is given twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserId(pub i64);

/// Names a login for ever. None is given twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub i64);

/// Somebody who was let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Who; 0 where nobody has to log in.
    pub user: UserId,
    /// The user's name; empty where nobody has to log in.
    pub name: Arc<str>,
    /// What the user may do.
    pub role: Role,
    /// The account that is the user's.
    pub account: AccountId,
    /// Until when; absent where nobody has to log in.
    pub expires: Option<TimestampMs>,
    session: SessionId,
    generation: i64,
}

impl Identity {
    /// What the greeting tells of it; nothing where nobody has to log in.
    pub fn signed_in(&self) -> Option<SignedIn> {
        let expires_at = self.expires?;
        Some(SignedIn {
            name: self.name.to_string(),
            role: self.role,
            expires_at,
        })
    }
}

/// Why somebody was not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Nothing shows who is there.
    #[error("a login is required: send an access token, from POST /api/auth/token")]
    Missing,
    /// What was shown is no token of this desk.
    #[error("the token is none of this desk's; get one from POST /api/auth/token")]
    Invalid,
    /// It was one, and its time is over.
    #[error("the token has expired; renew it by POST /api/auth/refresh")]
    Expired,
    /// It was one, and the login that it belongs to was ended.
    #[error("this login was ended; log in again")]
    Ended,
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Refusal {
        Refusal::new(ErrorCode::Unauthorized, refused.to_string())
    }
}

/// Who may come in: everybody, for one account that all share, or users with a login, each for an account of their own.
#[derive(Clone, Debug)]
pub enum Access {
    /// Nobody has to log in.
    Open {
        /// The account that everybody acts for.
        account: AccountId,
    },
    /// Only users come in.
    Users(Users),
}

impl Access {
    /// Who is there, by the headers of a request and the query of its address: `Authorization: Bearer`, then `?token=`,
    /// then the cookies of the login page. No database is asked.
    pub fn authenticate(&self, headers: &HeaderMap, query: Option<&str>) -> Result<Identity, Refused> {
        match self {
            Access::Open { account } => Ok(Identity {
                user: UserId(0),
                name: "".into(),
                role: Role::Trader,
                account: *account,
                expires: None,
                session: SessionId(0),
                generation: 0,
            }),
            Access::Users(users) => users.authenticate(headers, query, clock::now()),
        }
    }

    /// The users, where a login is required.
    pub fn users(&self) -> Option<&Users> {
        match self {
            Access::Open { .. } => None,
            Access::Users(users) => Some(users),
        }
    }
}

/// A handle to the users; clones are the same users.
#[derive(Clone)]
pub struct Users {
    inner: Arc<Inner>,
}

struct Inner {
    store: Mutex<Store>,
    directory: RwLock<Directory>,
    keys: Keys,
    hasher: Hasher,
    line: Line,
    throttle: Throttle,
    access_ms: i64,
}

impl fmt::Debug for Users {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Users(…)")
    }
}

impl Users {
    /// The users of a data folder. Access tokens are worth `access_ms` milliseconds.
    pub fn open(data_dir: &Path, access_ms: i64) -> Result<Users, StoreError> {
        let mut store = Store::open(data_dir)?;
        let directory = Directory::read(&mut store)?;
        let keys = Keys::new(&store.key()?);
        Ok(Users {
            inner: Arc::new(Inner {
                store: Mutex::new(store),
                directory: RwLock::new(directory),
                keys,
                hasher: Hasher::new()?,
                line: Line::new(),
                throttle: Throttle::new(),
                access_ms,
            }),
        })
    }

    /// What tells this file of users from every other.
    pub fn store_id(&self) -> Result<i64, StoreError> {
        self.store().id()
    }

    /// The accounts of all users, in their order.
    pub fn accounts(&self) -> Vec<AccountId> {
        self.with_directory(|directory| directory.accounts().collect())
    }

    /// Takes in what other processes change, for as long as it runs. Where that cannot be read, what was known holds.
    pub async fn follow(self) {
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            let users = self.clone();
            let looked = tokio::task::spawn_blocking(move || users.look_again()).await;
            if let Ok(Err(error)) = looked {
                warn!(target: "tickwire::auth", %error, "the users cannot be read; those known before go on");
            }
            self.inner.throttle.forget_idle();
        }
    }

    fn look_again(&self) -> Result<(), StoreError> {
        let mut store = self.store();
        if store.has_news()? {
            self.take_in(&mut store)?;
        }
        Ok(())
    }

    fn take_in(&self, store: &mut Store) -> Result<(), StoreError> {
        let directory = Directory::read(store)?;
        *self
            .inner
            .directory
            .write()
            .unwrap_or_else(PoisonError::into_inner) = directory;
        Ok(())
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        self.inner.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with_directory<R>(&self, look: impl FnOnce(&Directory) -> R) -> R {
        look(
            &self
                .inner
                .directory
                .read()
                .unwrap_or_else(PoisonError::into_inner),
        )
    }

    fn authenticate(
        &self,
        headers: &HeaderMap,
        query: Option<&str>,
        now: TimestampMs,
    ) -> Result<Identity, Refused> {
        if let Some(shown) = bearer(headers) {
            return self.verify(&shown?, now);
        }
        if let Some(token) = query.and_then(token_of_query) {
            return self.verify(&token, now);
        }
        // A page that slept has an access token of yesterday and a refresh token that is good: that shows as much.
        let access = cookies::value(headers, cookies::ACCESS).map(AccessToken::new);
        let shown = access.map(|token| self.verify(&token, now));
        match shown {
            Some(Ok(identity)) => Ok(identity),
            other => match cookies::value(headers, cookies::REFRESH).and_then(Refresh::read) {
                Some(refresh) => self.holder_of(&refresh, now),
                None => other.unwrap_or(Err(Refused::Missing)),
            },
        }
    }

    /// Whether a request of a browser carries an access token that is good, so that its login need not be renewed.
    pub fn has_good_access(&self, headers: &HeaderMap) -> bool {
        let access = cookies::value(headers, cookies::ACCESS).map(AccessToken::new);
        access.is_some_and(|token| self.verify(&token, clock::now()).is_ok())
    }

    /// Milliseconds that an access token is good for.
    pub fn access_ms(&self) -> i64 {
        self.inner.access_ms
    }

    /// Whose an access token is, where it is good.
    pub fn verify(&self, token: &AccessToken, now: TimestampMs) -> Result<Identity, Refused> {
        let claims = self.inner.keys.verify(token, now)?;
        self.with_directory(|directory| directory.identity(&claims))
            .ok_or(Refused::Ended)
    }

    /// Whose a refresh token is. It is not spent by that, for nothing is given for it.
    fn holder_of(&self, refresh: &Refresh, now: TimestampMs) -> Result<Identity, Refused> {
        self.with_directory(|directory| directory.holder(refresh, now, now + self.inner.access_ms))
    }

    fn stands(&self, identity: &Identity) -> bool {
        self.with_directory(|directory| directory.stands(identity))
    }

    /// What a login grants to its connection.
    pub fn grant(&self, identity: &Identity) -> Grant {
        let half = self.inner.access_ms / 2;
        let expires_at = identity.expires.unwrap_or(TimestampMs(i64::MAX / 2));
        Grant {
            role: identity.role,
            announce_at: expires_at - ANNOUNCE_MS.min(half),
            expires_at,
            close_at: expires_at + GRACE_MS.min(half),
        }
    }

    /// What a connection of this user asks about its login.
    pub fn authority(&self, identity: &Identity) -> Box<dyn Authority> {
        Box::new(UserAuthority {
            users: self.clone(),
            identity: identity.clone(),
        })
    }
}

/// The login of one connection.
#[derive(Debug)]
struct UserAuthority {
    users: Users,
    identity: Identity,
}

impl Authority for UserAuthority {
    fn renew(&mut self, token: &AccessToken, now: TimestampMs) -> Result<Grant, Refusal> {
        let shown = self.users.verify(token, now)?;
        if shown.user != self.identity.user {
            let message = "that token is another user's; open a connection of its own for it";
            return Err(Refusal::new(ErrorCode::Unauthorized, message));
        }
        self.identity = shown;
        Ok(self.users.grant(&self.identity))
    }

    fn stands(&self) -> bool {
        self.users.stands(&self.identity)
    }
}

/// The token of an `Authorization` header; nothing where there is none, an error where it is of another kind.
fn bearer(headers: &HeaderMap) -> Option<Result<AccessToken, Refused>> {
    let value = headers.get(header::AUTHORIZATION)?;
    let token = value.to_str().ok().and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    });
    Some(token.map(AccessToken::new).ok_or(Refused::Invalid))
}

fn token_of_query(query: &str) -> Option<AccessToken> {
    form_urlencoded::parse(query.as_bytes())
        .find(|(name, _)| name == "token")
        .map(|(_, token)| AccessToken::new(token))
}

#[cfg(test)]
mod tests;
