//! Passwords: argon2id, with the parameters in each hash, so that they can be raised without a word to anybody.

use super::store::{StoreError, fill};
use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use std::fmt;

/// A password has at least this many characters.
pub const LENGTH_MIN: usize = 8;

/// And at most this many bytes, so that nobody has the server hash a megabyte.
pub const LENGTH_MAX: usize = 1_024;

/// Verifies passwords; a name that nobody has takes as long as any other.
pub struct Hasher {
    /// The hash of a password that nobody knows.
    of_nobody: String,
}

impl fmt::Debug for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hasher(…)")
    }
}

impl Hasher {
    /// A hasher.
    pub fn new() -> Result<Hasher, StoreError> {
        let mut unknown = [0; 32];
        fill(&mut unknown)?;
        Ok(Hasher {
            of_nobody: hash_bytes(&unknown)?,
        })
    }

    /// Whether this is the password that has this hash. Without a hash it is not, which takes as long to find out. It
    /// takes some hundredths of a second and 19 MB.
    pub fn is_right(&self, password: &str, hash: Option<&str>) -> bool {
        let right = PasswordHash::new(hash.unwrap_or(&self.of_nobody)).is_ok_and(|hash| {
            Argon2::default()
                .verify_password(password.as_bytes(), &hash)
                .is_ok()
        });
        right && hash.is_some()
    }
}

/// The hash of a password that a user chose; refused where it is too short or too long.
pub fn hash(password: &str) -> Result<String, StoreError> {
    if password.chars().count() < LENGTH_MIN || password.len() > LENGTH_MAX {
        return Err(StoreError::Refused(format!(
            "a password has at least {LENGTH_MIN} characters, and at most {LENGTH_MAX} bytes"
        )));
    }
    hash_bytes(password.as_bytes())
}

fn hash_bytes(password: &[u8]) -> Result<String, StoreError> {
    // Argon2id, 19 MiB, two passes, with a salt of the system's.
    let hash = Argon2::default().hash_password(password);
    hash.map(|hash| hash.to_string())
        .map_err(|error| StoreError::Refused(format!("the password cannot be hashed: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_password_that_was_hashed_is_right() {
        let hasher = Hasher::new().unwrap();
        let hashed = hash("correct horse").unwrap();
        assert!(hashed.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hashed}");
        assert!(hasher.is_right("correct horse", Some(&hashed)));
        assert!(!hasher.is_right("correct horsf", Some(&hashed)));
        assert!(!hasher.is_right("", Some(&hashed)));
        assert!(!hasher.is_right("correct horse", None));
        assert!(!hasher.is_right("correct horse", Some("no hash")));
        assert_ne!(
            hash("correct horse").unwrap(),
            hashed,
            "each has a salt of its own"
        );
    }

    #[test]
    fn a_password_is_neither_short_nor_endless() {
        assert!(hash("1234567").is_err());
        assert!(hash("äöüßäöüß").is_ok());
        assert!(hash(&"x".repeat(LENGTH_MAX + 1)).is_err());
    }
}
