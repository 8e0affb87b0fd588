//! What the operator chose of logins: whether they are required, how long they last, and the desk's address to browsers.

use super::{Auth, ConfigError, ServeArgs};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::{Deserialize, Deserializer, de};
use std::fmt;
use std::str::FromStr;

/// What access tokens are worth where nothing is said.
const ACCESS_MS: i64 = 15 * 60_000;

/// The least: three seconds, for tests of what happens at the end.
const ACCESS_MS_MIN: i64 = 3_000;

/// The most: a day.
const ACCESS_MS_MAX: i64 = 24 * 3_600_000;

/// Who may come in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthConfig {
    /// Whether only users with a login.
    pub is_required: bool,
    /// Milliseconds that an access token is good for.
    pub access_ms: i64,
    /// The address that browsers know the desk by.
    pub public_origin: Option<PublicOrigin>,
}

impl AuthConfig {
    /// Whether cookies are to be sent over TLS only.
    pub fn cookies_are_secure(&self) -> bool {
        self.public_origin.as_ref().is_some_and(PublicOrigin::is_secure)
    }
}

/// An origin: `http` or `https`, a host, and a port where it is not the usual one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicOrigin(String);

impl PublicOrigin {
    /// As browsers write it in `Origin`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether browsers come by TLS.
    pub fn is_secure(&self) -> bool {
        self.0.starts_with("https://")
    }

    /// The host alone.
    pub fn host(&self) -> &str {
        host_of(self.0.split_once("://").map_or("", |(_, authority)| authority))
    }
}

/// The host of an authority, `host` or `host:port`.
pub fn host_of(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
        _ => authority,
    }
}

/// The text is no origin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must look like https://desk.example or http://desk.example:8000, without a path")]
pub struct NoOrigin;

impl FromStr for PublicOrigin {
    type Err = NoOrigin;
    fn from_str(text: &str) -> Result<PublicOrigin, NoOrigin> {
        let text = text.trim_end_matches('/').to_ascii_lowercase();
        let (scheme, authority) = text.split_once("://").ok_or(NoOrigin)?;
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._:[]".contains(c);
        let is_origin = ["http", "https"].contains(&scheme) && authority.chars().all(is_plain);
        let usual = if scheme == "https" { ":443" } else { ":80" };
        let origin = PublicOrigin(text.strip_suffix(usual).unwrap_or(&text).to_owned());
        if is_origin && !origin.host().is_empty() {
            return Ok(origin);
        }
        Err(NoOrigin)
    }
}

impl fmt::Display for PublicOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for PublicOrigin {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<PublicOrigin, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

impl ServeArgs {
    pub(super) fn auth_config(&self) -> Result<AuthConfig, ConfigError> {
        let access_ms = match self.access_token_minutes {
            None => ACCESS_MS,
            Some(minutes) => {
                let ms = (minutes.get() * Decimal::from(60_000)).to_i64();
                ms.filter(|ms| (ACCESS_MS_MIN..=ACCESS_MS_MAX).contains(ms))
                    .ok_or_else(|| {
                        ConfigError(format!(
                            "--access-token-minutes must be 0.05 to 1440, not {minutes}"
                        ))
                    })?
            }
        };
        Ok(AuthConfig {
            is_required: self.auth == Some(Auth::Required),
            access_ms,
            public_origin: self.public_origin.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_a_scheme_and_a_host() {
        let host = |text: &str| {
            text.parse::<PublicOrigin>()
                .map(|origin| origin.host().to_owned())
        };
        assert_eq!(host("https://Desk.Example/").as_deref(), Ok("desk.example"));
        assert_eq!(host("http://desk.example:8000").as_deref(), Ok("desk.example"));
        assert_eq!(host("https://[::1]:8443").as_deref(), Ok("[::1]"));
        let usual: PublicOrigin = "https://desk.example:443".parse().unwrap();
        assert_eq!(usual.as_str(), "https://desk.example");
        for wrong in [
            "desk.example",
            "ftp://desk.example",
            "https://",
            "https://a/b",
            "https://u@h",
            "https://:8000",
            "",
        ] {
            assert_eq!(host(wrong), Err(NoOrigin), "{wrong}");
        }
    }

    #[test]
    fn a_login_lasts_minutes_and_cookies_are_secure_behind_tls() {
        let config = |minutes: &str, origin: &str| {
            let args = ServeArgs {
                access_token_minutes: Some(minutes.parse().unwrap()),
                public_origin: Some(origin.parse().unwrap()),
                ..ServeArgs::default()
            };
            args.auth_config()
        };
        let secure = config("0.5", "https://desk.example").unwrap();
        assert_eq!(
            (secure.access_ms, secure.is_required, secure.cookies_are_secure()),
            (30_000, false, true)
        );
        assert!(
            !config("0.05", "http://desk.example")
                .unwrap()
                .cookies_are_secure()
        );
        for wrong in ["0", "-1", "0.04", "1440.1", "99999"] {
            assert!(config(wrong, "http://desk.example").is_err(), "{wrong}");
        }
    }
}
