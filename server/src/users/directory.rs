//! What is known of users and their sessions without asking the file: enough to say who a token belongs to.

use super::store::{Session, Store, StoreError, User};
use super::tokens::{Claims, Refresh};
use super::{Identity, Refused, SessionId, UserId};
use std::collections::BTreeMap;
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::id::AccountId;

/// A browser that renews in two tabs at once shows the same refresh token twice: within this long that is no theft.
pub const TWICE_MS: u64 = 10_000;

/// Users and sessions as the file had them.
#[derive(Debug, Default)]
pub struct Directory {
    users: BTreeMap<UserId, User>,
    sessions: BTreeMap<SessionId, Session>,
}

impl Directory {
    /// Reads all of it.
    pub fn read(store: &mut Store) -> Result<Directory, StoreError> {
        let users = store.users()?;
        let sessions = store.sessions()?;
        Ok(Directory {
            users: users.into_iter().map(|user| (user.id, user)).collect(),
            sessions: sessions
                .into_iter()
                .map(|session| (session.id, session))
                .collect(),
        })
    }

    /// The accounts of all users.
    pub fn accounts(&self) -> impl Iterator<Item = AccountId> {
        self.users.values().map(|user| user.account)
    }

    /// Who these claims are of, where their login still stands.
    pub fn identity(&self, claims: &Claims) -> Option<Identity> {
        let user = self.standing(claims.user(), claims.session(), claims.generation)?;
        Some(identity(user, claims.session(), claims.expires()))
    }

    /// Whether the login still stands.
    pub fn stands(&self, identity: &Identity) -> bool {
        self.standing(identity.user, identity.session, identity.generation)
            .is_some_and(|user| user.role == identity.role)
    }

    /// Who a refresh token is of, for a login that is good until `expires`.
    pub fn holder(
        &self,
        refresh: &Refresh,
        now: TimestampMs,
        expires: TimestampMs,
    ) -> Result<Identity, Refused> {
        let session = self.sessions.get(&refresh.session).ok_or(Refused::Ended)?;
        let hash = refresh.hash();
        let is_current = hash == session.token;
        let is_twin = session.previous == Some(hash) && now.since(session.rotated_at) < TWICE_MS;
        if !is_current && !is_twin {
            return Err(Refused::Invalid);
        }
        if now >= session.expires_at {
            return Err(Refused::Expired);
        }
        let user = self
            .standing(session.user, session.id, session.generation)
            .ok_or(Refused::Ended)?;
        Ok(identity(user, session.id, expires))
    }

    fn standing(&self, user: UserId, session: SessionId, generation: i64) -> Option<&User> {
        let user = self.users.get(&user)?;
        let session = self.sessions.get(&session)?;
        let stands = !user.is_disabled
            && user.generation == generation
            && session.user == user.id
            && session.generation == generation;
        stands.then_some(user)
    }
}

/// A user who was let in by a session.
pub fn identity(user: &User, session: SessionId, expires: TimestampMs) -> Identity {
    Identity {
        user: user.id,
        name: user.name.as_str().into(),
        role: user.role,
        account: user.account,
        expires: Some(expires),
        session,
        generation: user.generation,
    }
}
