//! Access tokens for programs that cannot renew one: a session each, so that what ends logins ends them too, but good for
//! days, and never renewed.

use super::{Store, StoreError, fill, unknown};
use crate::users::SessionId;
use crate::users::tokens::{Claims, Keys, TokenHash};
use rusqlite::params;
use tickwire_protocol::access::AccessToken;
use tickwire_protocol::clock::TimestampMs;

/// Tokens of one user at once.
const TOKENS_MAX: i64 = 32;

/// The longest label, in characters.
const LABEL_MAX: usize = 64;

/// Milliseconds of a day.
const DAY_MS: i64 = 24 * 3_600_000;

/// A token that was given out; the secret itself is kept nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProgramToken {
    /// What it is revoked by.
    pub id: SessionId,
    /// What it is for, in the operator's words; may be empty.
    pub label: String,
    /// When it was given out.
    pub created_at: TimestampMs,
    /// When it ends.
    pub expires_at: TimestampMs,
}

impl Store {
    /// Makes a token of a user that is good for so many days. It is given here and never again.
    pub fn issue_token(
        &mut self,
        name: &str,
        label: &str,
        days: u16,
        now: TimestampMs,
    ) -> Result<(AccessToken, ProgramToken), StoreError> {
        check_label(label)?;
        let keys = Keys::new(&self.key()?);
        let (user, _) = self.user_named(name)?.ok_or_else(|| unknown(name))?;
        if user.is_disabled {
            return Err(StoreError::Refused(format!(
                "{name} is disabled; tickwire user enable {name} lets the user in again"
            )));
        }
        // A session has a refresh token. Nobody has the one that this would be the hash of, so nothing renews it.
        let mut unknown_token: TokenHash = [0; 32];
        fill(&mut unknown_token)?;
        let life_ms = i64::from(days) * DAY_MS;
        let transaction = self.database.transaction()?;
        transaction.execute("DELETE FROM sessions WHERE expires_ms <= ?", [now.0])?;
        let count: i64 = transaction.query_row(
            "SELECT count(*) FROM sessions WHERE user = ? AND label IS NOT NULL",
            [user.id.0],
            |row| row.get(0),
        )?;
        if count >= TOKENS_MAX {
            return Err(StoreError::Refused(format!(
                "{name} has {TOKENS_MAX} tokens already; tickwire user tokens {name} lists them, and tickwire user revoke \
                 {name} ID ends one"
            )));
        }
        transaction.execute(
            "INSERT INTO sessions (user, generation, token, rotated_ms, expires_ms, label) VALUES (?, ?, ?, ?, ?, ?)",
            params![user.id.0, user.generation, unknown_token, now.0, now.0 + life_ms, label],
        )?;
        let id = SessionId(transaction.last_insert_rowid());
        let claims = Claims::new(user.id, id, user.generation, now, life_ms);
        let token = keys.sign(&claims).ok_or_else(|| {
            StoreError::Refused("the token cannot be signed; nothing was changed".to_owned())
        })?;
        transaction.commit()?;
        let issued = ProgramToken {
            id,
            label: label.to_owned(),
            created_at: now,
            expires_at: claims.expires(),
        };
        Ok((token, issued))
    }

    /// The tokens of a user that are good, the oldest first.
    pub fn program_tokens(&self, name: &str, now: TimestampMs) -> Result<Vec<ProgramToken>, StoreError> {
        let (user, _) = self.user_named(name)?.ok_or_else(|| unknown(name))?;
        let mut question = self.database.prepare_cached(
            "SELECT id, label, rotated_ms, expires_ms FROM sessions \
             WHERE user = ? AND label IS NOT NULL AND expires_ms > ? ORDER BY id",
        )?;
        let tokens = question.query_map([user.id.0, now.0], |row| {
            Ok(ProgramToken {
                id: SessionId(row.get(0)?),
                label: row.get(1)?,
                // Nothing renews it, so its first day is its last renewal.
                created_at: TimestampMs(row.get(2)?),
                expires_at: TimestampMs(row.get(3)?),
            })
        })?;
        Ok(tokens.collect::<Result<_, _>>()?)
    }

    /// Ends a token of a user; the user's logins and other tokens stay.
    pub fn revoke_token(&mut self, name: &str, id: SessionId) -> Result<(), StoreError> {
        let (user, _) = self.user_named(name)?.ok_or_else(|| unknown(name))?;
        let ended = self.database.execute(
            "DELETE FROM sessions WHERE id = ? AND user = ? AND label IS NOT NULL",
            [id.0, user.id.0],
        )?;
        match ended {
            0 => Err(StoreError::Refused(format!(
                "{name} has no token {}; tickwire user tokens {name} lists those that there are",
                id.0
            ))),
            _ => Ok(()),
        }
    }
}

/// Refuses labels that would spoil a list.
fn check_label(label: &str) -> Result<(), StoreError> {
    if label.chars().count() <= LABEL_MAX && !label.chars().any(char::is_control) {
        return Ok(());
    }
    Err(StoreError::Refused(format!(
        "a label has up to {LABEL_MAX} printable characters"
    )))
}
