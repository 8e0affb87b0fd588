//! The file of the users: SQLite beside the journal, readable by its owner alone. The server and `tickwire user` may have it
//! open at the same time; each change is one transaction.

mod programs;

pub use programs::ProgramToken;

use super::tokens::{SECRET_BYTES, TokenHash};
use super::{SessionId, UserId};
use crate::private::keep_private;
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tickwire_protocol::access::Role;
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::id::AccountId;

/// The name of the file in the data folder.
pub const FILE: &str = "users.db";

/// Marks the file as one of this program's users (`TIKU`).
const APPLICATION: i64 = 0x5449_4b55;

/// The version of the tables below.
const SCHEMA: i64 = 2;

/// How long a writer waits for another process.
const BUSY: Duration = Duration::from_secs(5);

/// Logins of one user at once; one more ends the one that was not renewed for the longest.
const SESSIONS_MAX: i64 = 64;

/// Users of one desk.
const USERS_MAX: i64 = 1_000;

/// The first account of a user. The one before it is that of a desk without logins.
const FIRST_ACCOUNT: u64 = 2;

const TABLES: &str = "
    CREATE TABLE facts (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT;
    CREATE TABLE users (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL UNIQUE COLLATE NOCASE,
        role TEXT NOT NULL,
        hash TEXT NOT NULL,
        account INTEGER NOT NULL UNIQUE,
        disabled INTEGER NOT NULL DEFAULT 0,
        generation INTEGER NOT NULL DEFAULT 1,
        created_ms INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE sessions (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        user INTEGER NOT NULL REFERENCES users (id),
        generation INTEGER NOT NULL,
        token BLOB NOT NULL,
        previous BLOB,
        rotated_ms INTEGER NOT NULL,
        expires_ms INTEGER NOT NULL,
        label TEXT
    ) STRICT;
    CREATE INDEX sessions_of_user ON sessions (user);
    CREATE TABLE spent (
        token BLOB PRIMARY KEY,
        session INTEGER NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
        expires_ms INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX spent_of_session ON spent (session);
";

/// What version 2 added: a session with a label is a program's token, which nothing renews.
const SINCE_1: &str = "ALTER TABLE sessions ADD COLUMN label TEXT";

/// Somebody who may come in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Named so for ever.
    pub id: UserId,
    /// What the user is called; upper and lower case are one.
    pub name: String,
    /// What the user may do.
    pub role: Role,
    /// The user's own account.
    pub account: AccountId,
    /// Whether the user may not come in.
    pub is_disabled: bool,
    /// Raised with everything that ends all logins.
    pub generation: i64,
    /// When the user was added.
    pub created_at: TimestampMs,
}

/// A login that can be renewed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Named so for ever.
    pub id: SessionId,
    /// Whose.
    pub user: UserId,
    /// The generation of the user then.
    pub generation: i64,
    /// The hash of the refresh token that is good.
    pub token: TokenHash,
    /// That of the one before.
    pub previous: Option<TokenHash>,
    /// When the one took the place of the other.
    pub rotated_at: TimestampMs,
    /// When the refresh token expires.
    pub expires_at: TimestampMs,
}

/// Why the users cannot be read or changed. The text is one line and says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The folder or the file cannot be used.
    #[error("the users in {} cannot be opened: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// There is no such file, and what was asked makes none.
    #[error(
        "there is no {}; name the folder of the desk's data with --data-dir, or add a first user with tickwire user add NAME",
        path.display()
    )]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// The file is none of users, or of a newer version.
    #[error("{0}")]
    Foreign(String),
    /// The database failed.
    #[error("the users cannot be read or changed: {0}")]
    Database(#[from] rusqlite::Error),
    /// What is asked for cannot be.
    #[error("{0}")]
    Refused(String),
    /// The system gave no random numbers.
    #[error("the system gives no random numbers: {0}")]
    Random(String),
}

/// The open file.
pub struct Store {
    database: Connection,
    version: i64,
}

impl Store {
    /// Opens the users of a data folder, and makes the file where there is none.
    pub fn open(data_dir: &Path) -> Result<Store, StoreError> {
        let path = data_dir.join(FILE);
        let failed = |source| StoreError::File {
            path: path.clone(),
            source,
        };
        crate::private::folder(data_dir).map_err(failed)?;
        keep_private(&path).map_err(failed)?;
        let mut database = Connection::open(&path)?;
        database.busy_timeout(BUSY)?;
        database.execute_batch("PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL;")?;
        prepare(&mut database, &path)?;
        Ok(Store { database, version: 0 })
    }

    /// Opens the users of a data folder where there are any: makes no folder and no file.
    pub fn open_existing(data_dir: &Path) -> Result<Store, StoreError> {
        let path = data_dir.join(FILE);
        match fs::metadata(&path) {
            Ok(_) => Store::open(data_dir),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(StoreError::Missing { path }),
            Err(source) => Err(StoreError::File { path, source }),
        }
    }

    /// Whether another process changed anything since this was last asked.
    pub fn has_news(&mut self) -> Result<bool, StoreError> {
        let version = self
            .database
            .pragma_query_value(None, "data_version", |row| row.get(0))?;
        Ok(std::mem::replace(&mut self.version, version) != version)
    }

    /// The key of access tokens.
    pub fn key(&self) -> Result<[u8; SECRET_BYTES], StoreError> {
        let key: Vec<u8> = self.fact("key")?;
        key.try_into()
            .map_err(|_| StoreError::Foreign(format!("the key in {FILE} is damaged; restore the file")))
    }

    /// What tells this file from every other.
    pub fn id(&self) -> Result<i64, StoreError> {
        let id: Vec<u8> = self.fact("id")?;
        let id = id
            .try_into()
            .map_err(|_| StoreError::Foreign(format!("the id in {FILE} is damaged; restore the file")))?;
        Ok(i64::from_le_bytes(id))
    }

    fn fact(&self, name: &str) -> Result<Vec<u8>, StoreError> {
        let question = "SELECT value FROM facts WHERE name = ?";
        Ok(self.database.query_row(question, [name], |row| row.get(0))?)
    }

    /// Everybody, in the order in which they were added.
    pub fn users(&self) -> Result<Vec<User>, StoreError> {
        let mut question = self.database.prepare_cached(
            "SELECT id, name, role, account, disabled, generation, created_ms FROM users ORDER BY id",
        )?;
        let users = question.query_map([], user)?;
        Ok(users.collect::<Result<_, _>>()?)
    }

    /// One of them, and the hash of the password.
    pub fn user_named(&self, name: &str) -> Result<Option<(User, String)>, StoreError> {
        let mut question = self.database.prepare_cached(
            "SELECT id, name, role, account, disabled, generation, created_ms, hash FROM users WHERE name = ?",
        )?;
        let found = question.query_row([name], |row| Ok((user(row)?, row.get(7)?)));
        Ok(found.optional()?)
    }

    /// Adds somebody, with an account of their own.
    pub fn add_user(
        &mut self,
        name: &str,
        role: Role,
        hash: &str,
        now: TimestampMs,
    ) -> Result<User, StoreError> {
        check_name(name)?;
        let transaction = self.database.transaction()?;
        let (count, last): (i64, Option<i64>) =
            transaction.query_row("SELECT count(*), max(account) FROM users", [], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?;
        if count >= USERS_MAX {
            return Err(StoreError::Refused(format!("a desk may have {USERS_MAX} users")));
        }
        // Users are disabled and never taken away, so the highest account was the last one given.
        let account = last.map_or(FIRST_ACCOUNT, |last| last.unsigned_abs() + 1);
        let added = transaction.execute(
            "INSERT INTO users (name, role, hash, account, created_ms) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            params![name, role.as_str(), hash, account.cast_signed(), now.0],
        )?;
        if added == 0 {
            return Err(StoreError::Refused(format!(
                "there is a user {name} already; tickwire user passwd {name} sets another password"
            )));
        }
        transaction.commit()?;
        let found = self.user_named(name)?;
        found
            .map(|(user, _)| user)
            .ok_or_else(|| StoreError::Refused(format!("the user {name} is gone again")))
    }

    /// Sets another password, and ends all logins.
    pub fn set_password(&mut self, name: &str, hash: &str) -> Result<(), StoreError> {
        self.change(
            name,
            "UPDATE users SET hash = ?2, generation = generation + 1 WHERE name = ?1",
            hash,
        )
    }

    /// Lets somebody in no longer, which ends all logins, or again.
    pub fn set_disabled(&mut self, name: &str, is_disabled: bool) -> Result<(), StoreError> {
        let change =
            "UPDATE users SET disabled = CAST(?2 AS INTEGER), generation = generation + 1 WHERE name = ?1";
        self.change(name, change, if is_disabled { "1" } else { "0" })
    }

    /// Gives somebody another role. Logins stay; connections that were let in with the one before are closed.
    pub fn set_role(&mut self, name: &str, role: Role) -> Result<(), StoreError> {
        let change = "UPDATE users SET role = ?2 WHERE name = ?1";
        match self.database.execute(change, [name, role.as_str()])? {
            0 => Err(unknown(name)),
            _ => Ok(()),
        }
    }

    fn change(&mut self, name: &str, change: &str, value: &str) -> Result<(), StoreError> {
        let transaction = self.database.transaction()?;
        if transaction.execute(change, [name, value])? == 0 {
            return Err(unknown(name));
        }
        transaction.execute(
            "DELETE FROM sessions WHERE user = (SELECT id FROM users WHERE name = ?)",
            [name],
        )?;
        Ok(transaction.commit()?)
    }

    /// Every login that can be renewed, and every token of a program.
    pub fn sessions(&self) -> Result<Vec<Session>, StoreError> {
        let mut question = self.database.prepare_cached(
            "SELECT id, user, generation, token, previous, rotated_ms, expires_ms FROM sessions ORDER BY id",
        )?;
        let sessions = question.query_map([], |row| {
            Ok(Session {
                id: SessionId(row.get(0)?),
                user: UserId(row.get(1)?),
                generation: row.get(2)?,
                token: row.get(3)?,
                previous: row.get(4)?,
                rotated_at: TimestampMs(row.get(5)?),
                expires_at: TimestampMs(row.get(6)?),
            })
        })?;
        Ok(sessions.collect::<Result<_, _>>()?)
    }

    /// Begins a login of a user, and forgets those that are over. Its refresh token has the hash that `token` gives for
    /// the name of the login.
    pub fn begin_session(
        &mut self,
        user: &User,
        now: TimestampMs,
        expires_at: TimestampMs,
        token: impl FnOnce(SessionId) -> TokenHash,
    ) -> Result<SessionId, StoreError> {
        let transaction = self.database.transaction()?;
        transaction.execute("DELETE FROM sessions WHERE expires_ms <= ?", [now.0])?;
        transaction.execute(
            "DELETE FROM sessions WHERE user = ?1 AND label IS NULL AND id NOT IN (SELECT id FROM sessions \
             WHERE user = ?1 AND label IS NULL ORDER BY rotated_ms DESC, id DESC LIMIT ?2)",
            [user.id.0, SESSIONS_MAX - 1],
        )?;
        transaction.execute(
            "INSERT INTO sessions (user, generation, token, rotated_ms, expires_ms) VALUES (?, ?, x'', ?, ?)",
            [user.id.0, user.generation, now.0, expires_at.0],
        )?;
        let id = SessionId(transaction.last_insert_rowid());
        transaction.execute(
            "UPDATE sessions SET token = ? WHERE id = ?",
            params![token(id), id.0],
        )?;
        transaction.commit()?;
        Ok(id)
    }

    /// Puts a refresh token in the place of another, which is spent by that. Says whether the other was good.
    pub fn rotate(
        &mut self,
        session: SessionId,
        (old, new): (&TokenHash, &TokenHash),
        now: TimestampMs,
        expires_at: TimestampMs,
    ) -> Result<bool, StoreError> {
        let transaction = self.database.transaction()?;
        let changed = transaction.execute(
            "UPDATE sessions SET token = ?1, previous = ?2, rotated_ms = ?3, expires_ms = ?4 \
             WHERE id = ?5 AND token = ?2",
            params![new, old, now.0, expires_at.0, session.0],
        )?;
        if changed == 1 {
            // It is remembered for as long as it would have been good: a month of renewals at the most.
            transaction.execute("DELETE FROM spent WHERE expires_ms <= ?", [now.0])?;
            transaction.execute(
                "INSERT INTO spent (token, session, expires_ms) VALUES (?, ?, ?)",
                params![old, session.0, expires_at.0],
            )?;
        }
        transaction.commit()?;
        Ok(changed == 1)
    }

    /// Whether a refresh token was one of this login, and is spent.
    pub fn is_spent(&self, session: SessionId, token: &TokenHash) -> Result<bool, StoreError> {
        let question = "SELECT count(*) FROM spent WHERE token = ? AND session = ?";
        let count: i64 = self
            .database
            .query_row(question, params![token, session.0], |row| row.get(0))?;
        Ok(count > 0)
    }

    /// Ends a login.
    pub fn end_session(&mut self, session: SessionId) -> Result<(), StoreError> {
        self.database
            .execute("DELETE FROM sessions WHERE id = ?", [session.0])?;
        Ok(())
    }
}

/// Nobody is called so.
pub fn unknown(name: &str) -> StoreError {
    StoreError::Refused(format!(
        "there is no user {name}; tickwire user list shows those that there are"
    ))
}

/// Refuses names that would be mistaken for others.
pub fn check_name(name: &str) -> Result<(), StoreError> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._@-".contains(&byte);
    let starts_well = name
        .bytes()
        .next()
        .is_some_and(|byte| byte.is_ascii_alphanumeric());
    if starts_well && name.len() <= 32 && name.bytes().all(is_plain) {
        return Ok(());
    }
    Err(StoreError::Refused(
        "a user's name has 1 to 32 of a-z, A-Z, 0-9, '.', '_', '@' and '-', and begins with a letter or digit".to_owned(),
    ))
}

fn user(row: &Row<'_>) -> rusqlite::Result<User> {
    let role: String = row.get(2)?;
    let account: i64 = row.get(3)?;
    Ok(User {
        id: UserId(row.get(0)?),
        name: row.get(1)?,
        role: match role.as_str() {
            "trader" => Role::Trader,
            // What is not known may see, and nothing else.
            _ => Role::Viewer,
        },
        account: AccountId(account.unsigned_abs()),
        is_disabled: row.get(4)?,
        generation: row.get(5)?,
        created_at: TimestampMs(row.get(6)?),
    })
}

fn prepare(database: &mut Connection, path: &Path) -> Result<(), StoreError> {
    // Two processes may make it at once: the second waits, and then finds it made.
    let transaction = database.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let fact = |name| transaction.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let (application, version) = (fact("application_id")?, fact("user_version")?);
    let tables: i64 = transaction.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    match (application, version) {
        (APPLICATION, SCHEMA) => return Ok(()),
        (APPLICATION, 1) => {
            transaction.execute_batch(SINCE_1)?;
            transaction.pragma_update(None, "user_version", SCHEMA)?;
            return Ok(transaction.commit()?);
        }
        (0, 0) if tables == 0 => {}
        (APPLICATION, newer) => {
            return Err(StoreError::Foreign(format!(
                "{} is of version {newer}, and this tickwire knows {SCHEMA}; use a newer tickwire",
                path.display()
            )));
        }
        _ => {
            return Err(StoreError::Foreign(format!(
                "{} is no file of users; move it away, or choose another folder with --data-dir",
                path.display()
            )));
        }
    }
    let (mut key, mut id) = ([0; SECRET_BYTES], [0; 8]);
    fill(&mut key)?;
    fill(&mut id)?;
    transaction.execute_batch(TABLES)?;
    transaction.execute(
        "INSERT INTO facts (name, value) VALUES ('key', ?), ('id', ?)",
        params![key, id],
    )?;
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.pragma_update(None, "user_version", SCHEMA)?;
    Ok(transaction.commit()?)
}

/// Fills bytes with random ones of the system's.
pub fn fill(bytes: &mut [u8]) -> Result<(), StoreError> {
    getrandom::fill(bytes).map_err(|error| StoreError::Random(error.to_string()))
}

#[cfg(test)]
mod tests;
