//! Logging in, renewing a login, and ending it. Each asks the file, so each runs where it may block.

use super::directory::identity;
use super::store::StoreError;
use super::tokens::{Claims, Refresh, SECRET_BYTES};
use super::{Identity, Users};
use crate::clock;
use std::net::IpAddr;
use tickwire_protocol::access::AccessToken;
use tickwire_protocol::clock::TimestampMs;
use tracing::{info, warn};

/// A refresh token that is not used for this long is good no more.
pub const REFRESH_MS: i64 = 30 * 24 * 3_600 * 1_000;

/// Seconds after which a login is tried again that found the line too long.
const LINE_SECONDS: u64 = 2;

/// What a login is answered with.
#[derive(Clone, Debug)]
pub struct Pair {
    /// Who.
    pub identity: Identity,
    /// Good for minutes.
    pub access: AccessToken,
    /// Good for one renewal; absent for the second of two tabs that renew at once, whose browser has it already.
    pub refresh: Option<Refresh>,
}

/// Why a login or its renewal was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoginRefused {
    /// The name or the password is wrong, or the user is disabled: which of them is nobody's business.
    #[error("the name or the password is wrong")]
    Wrong,
    /// It was tried too often.
    #[error("too many tries; wait {0} s, then try again")]
    TooMany(u64),
    /// So many log in at this moment that it would have to wait for long.
    #[error("too many people log in at this moment; wait {0} s, then try again")]
    Busy(u64),
    /// The refresh token is not good.
    #[error("the login cannot be renewed; log in again")]
    NotRenewed,
    /// The users cannot be read or written.
    #[error("logins do not work at the moment; the server's log says why")]
    Unavailable,
}

impl From<StoreError> for LoginRefused {
    fn from(error: StoreError) -> LoginRefused {
        warn!(target: "tickwire::auth", %error, "a login failed");
        LoginRefused::Unavailable
    }
}

impl Users {
    /// Lets somebody in who knows a name and its password.
    pub async fn login(&self, name: String, password: String, address: IpAddr) -> Result<Pair, LoginRefused> {
        let inner = &self.inner;
        // Before the try is counted, for what is put off was none.
        let Some(place) = inner.line.enter(inner.throttle.knows(&name, address)) else {
            info!(target: "tickwire::auth", %address, "login put off: the line is too long");
            return Err(LoginRefused::Busy(LINE_SECONDS));
        };
        if let Err(wait) = inner.throttle.check(&name, address) {
            info!(target: "tickwire::auth", %address, "login throttled");
            return Err(LoginRefused::TooMany(wait.as_secs() + 1));
        }
        // Bounded, and in order: many who try at once wait for each other, and nobody else does.
        let turn = place.turn().await.ok_or(LoginRefused::Unavailable)?;
        let users = self.clone();
        let done = tokio::task::spawn_blocking(move || {
            // Whoever goes away meanwhile is hashed for all the same, and counts until that is done.
            let _turn = turn;
            users.log_in(&name, &password, address)
        });
        done.await.unwrap_or(Err(LoginRefused::Unavailable))
    }

    /// Takes note that this user came in from there, by a password or by a token: strangers who try the name elsewhere do
    /// not keep it out from there.
    fn came_from(&self, name: &str, address: IpAddr) {
        self.inner.throttle.remember(name, address);
    }

    fn log_in(&self, name: &str, password: &str, address: IpAddr) -> Result<Pair, LoginRefused> {
        let found = self.store().user_named(name)?;
        let hash = found.as_ref().map(|(_, hash)| hash.as_str());
        let is_right = self.inner.hasher.is_right(password, hash);
        let Some((user, _)) = found.filter(|(user, _)| is_right && !user.is_disabled) else {
            // What was typed is not logged: people type passwords where names go.
            info!(target: "tickwire::auth", %address, "login refused");
            return Err(LoginRefused::Wrong);
        };
        let now = clock::now();
        let secret = random()?;
        let mut store = self.store();
        let session = store.begin_session(&user, now, now + REFRESH_MS, |session| {
            Refresh::new(session, &secret).hash()
        })?;
        self.take_in(&mut store)?;
        drop(store);
        self.came_from(&user.name, address);
        info!(target: "tickwire::auth", user = %user.name, %address, "logged in");
        self.pair(
            identity(&user, session, now),
            Some(Refresh::new(session, &secret)),
            now,
        )
    }

    /// Renews a login. A refresh token that was used before ends it, for one of two holders has stolen it; a browser
    /// (`is_browser`) has some seconds in which its tabs may use it twice.
    pub async fn renew(
        &self,
        refresh: Refresh,
        is_browser: bool,
        address: IpAddr,
    ) -> Result<Pair, LoginRefused> {
        let users = self.clone();
        let done =
            tokio::task::spawn_blocking(move || users.renew_at(&refresh, is_browser, clock::now())).await;
        let pair = done.unwrap_or(Err(LoginRefused::Unavailable))?;
        self.came_from(&pair.identity.name, address);
        Ok(pair)
    }

    pub(super) fn renew_at(
        &self,
        refresh: &Refresh,
        is_browser: bool,
        now: TimestampMs,
    ) -> Result<Pair, LoginRefused> {
        let hash = refresh.hash();
        let mut store = self.store();
        let session = refresh.session;
        let held = self.with_directory(|directory| directory.holder(refresh, now, now));
        let Ok(held) = held else {
            if store.is_spent(session, &hash)? {
                warn!(target: "tickwire::auth", session = session.0, "a refresh token was used twice; its login is ended");
                store.end_session(session)?;
                self.take_in(&mut store)?;
            }
            return Err(LoginRefused::NotRenewed);
        };
        let next = Refresh::new(session, &random()?);
        let was_good = store.rotate(session, (&hash, &next.hash()), now, now + REFRESH_MS)?;
        if !was_good && !is_browser {
            warn!(target: "tickwire::auth", session = session.0, "a refresh token was used twice; its login is ended");
            store.end_session(session)?;
        }
        self.take_in(&mut store)?;
        drop(store);
        match (was_good, is_browser) {
            (true, _) => self.pair(held, Some(next), now),
            (false, true) => self.pair(held, None, now),
            (false, false) => Err(LoginRefused::NotRenewed),
        }
    }

    /// Ends a login: its tokens are worth nothing from now on, and its connections are closed.
    pub async fn logout(&self, identity: Identity) -> Result<(), LoginRefused> {
        let users = self.clone();
        let done = tokio::task::spawn_blocking(move || {
            let mut store = users.store();
            store.end_session(identity.session)?;
            users.take_in(&mut store)?;
            info!(target: "tickwire::auth", user = %identity.name, "logged out");
            Ok(())
        });
        done.await.unwrap_or(Err(LoginRefused::Unavailable))
    }

    fn pair(
        &self,
        identity: Identity,
        refresh: Option<Refresh>,
        now: TimestampMs,
    ) -> Result<Pair, LoginRefused> {
        let claims = Claims::new(
            identity.user,
            identity.session,
            identity.generation,
            now,
            self.inner.access_ms,
        );
        let access = self.inner.keys.sign(&claims).ok_or(LoginRefused::Unavailable)?;
        Ok(Pair {
            identity: Identity {
                expires: Some(claims.expires()),
                ..identity
            },
            access,
            refresh,
        })
    }
}

fn random() -> Result<[u8; SECRET_BYTES], StoreError> {
    let mut secret = [0; SECRET_BYTES];
    super::store::fill(&mut secret)?;
    Ok(secret)
}
