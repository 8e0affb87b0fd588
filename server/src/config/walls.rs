//! What the operator chose of the outer walls: certificates, proxies, rates, and how long a shutdown may take.

use super::venue::Limit;
use super::{Auth, ConfigError, ServeArgs};
use ipnet::IpNet;
use std::path::PathBuf;
use std::time::Duration;

/// The longest drain. Longer is a mistake: service managers kill long before.
const DRAIN_SECONDS_MAX: u32 = 300;

/// Commands per second of a user who has logged in, where nothing is said: three connections at their own rate.
const COMMANDS_PER_USER: u32 = 60;

/// Connections of a user who has logged in, where nothing is said: screens, programs, and those that are on their way out.
const CONNECTIONS_PER_USER: u32 = 64;

/// Certificate and key, as files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate and those that vouch for it, in PEM.
    pub cert: PathBuf,
    /// Its private key, in PEM.
    pub key: PathBuf,
}

/// The outer walls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WallsConfig {
    /// Where the desk itself speaks TLS.
    pub tls: Option<TlsFiles>,
    /// Proxies whose word is believed about who a client is.
    pub trusted_proxies: Vec<IpNet>,
    /// Handshakes per second from one address for long.
    pub handshakes_per_second: u32,
    /// Commands per second of one user over all connections for long; `None` where they are not bounded.
    pub commands_per_user: Option<u32>,
    /// Connections of one user at once; `None` where they are not bounded.
    pub connections_per_user: Option<u32>,
    /// How long a shutdown waits for clients to leave.
    pub drain: Duration,
}

impl Default for WallsConfig {
    fn default() -> WallsConfig {
        WallsConfig {
            tls: None,
            trusted_proxies: Vec::new(),
            handshakes_per_second: 10,
            commands_per_user: None,
            connections_per_user: None,
            drain: Duration::from_secs(3),
        }
    }
}

impl ServeArgs {
    /// The walls as asked for. Users who log in are bounded unless that is off; where everybody shares one account, it is
    /// nobody's user, and is bounded only where that is asked for.
    pub(super) fn walls_config(&self) -> Result<WallsConfig, ConfigError> {
        let usual = WallsConfig::default();
        let at_least_one = |name: &str, number: Option<u32>| match number {
            Some(0) => Err(ConfigError(format!("{name} must be at least 1, or off"))),
            number => Ok(number),
        };
        let has_users = self.auth == Some(Auth::Required);
        let bound = |limit: Option<Limit<u32>>, of_users: u32| match limit {
            Some(limit) => limit.value(),
            None => has_users.then_some(of_users),
        };
        let commands = bound(self.commands_per_user, COMMANDS_PER_USER);
        let connections = bound(self.connections_per_user, CONNECTIONS_PER_USER);
        let tls = match (self.tls_cert.clone(), self.tls_key.clone()) {
            (Some(cert), Some(key)) => Some(TlsFiles { cert, key }),
            (None, None) => None,
            (Some(_), None) => {
                return Err(ConfigError(
                    "--tls-cert needs --tls-key, the private key of the certificate".to_owned(),
                ));
            }
            (None, Some(_)) => {
                return Err(ConfigError(
                    "--tls-key needs --tls-cert, its certificate".to_owned(),
                ));
            }
        };
        let seconds = match self.drain_seconds {
            Some(seconds) if seconds > DRAIN_SECONDS_MAX => {
                return Err(ConfigError(format!(
                    "--drain-seconds must be 0 to {DRAIN_SECONDS_MAX}, not {seconds}"
                )));
            }
            Some(seconds) => Duration::from_secs(seconds.into()),
            None => usual.drain,
        };
        let handshakes = at_least_one("--handshakes-per-second", self.handshakes_per_second)?;
        Ok(WallsConfig {
            tls,
            trusted_proxies: self.trusted_proxy.clone().unwrap_or_default(),
            handshakes_per_second: handshakes.unwrap_or(usual.handshakes_per_second),
            commands_per_user: at_least_one("--commands-per-user", commands)?,
            connections_per_user: at_least_one("--connections-per-user", connections)?,
            drain: seconds,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_is_refused_with_the_name_of_the_option() {
        let refused = |args: ServeArgs| args.walls_config().unwrap_err().to_string();
        let path = || Some(PathBuf::from("x.pem"));
        let cases = [
            (
                ServeArgs {
                    tls_cert: path(),
                    ..ServeArgs::default()
                },
                "--tls-key",
            ),
            (
                ServeArgs {
                    tls_key: path(),
                    ..ServeArgs::default()
                },
                "--tls-cert",
            ),
            (
                ServeArgs {
                    drain_seconds: Some(301),
                    ..ServeArgs::default()
                },
                "--drain-seconds",
            ),
            (
                ServeArgs {
                    handshakes_per_second: Some(0),
                    ..ServeArgs::default()
                },
                "--handshakes-per-second",
            ),
            (
                ServeArgs {
                    commands_per_user: Some(Limit::At(0)),
                    ..ServeArgs::default()
                },
                "--commands-per-user",
            ),
            (
                ServeArgs {
                    connections_per_user: Some(Limit::At(0)),
                    ..ServeArgs::default()
                },
                "--connections-per-user",
            ),
        ];
        for (args, name) in cases {
            let text = refused(args);
            assert!(text.contains(name) && !text.contains('\n'), "{text}");
        }
        assert_eq!(ServeArgs::default().walls_config(), Ok(WallsConfig::default()));
        let off = ServeArgs {
            commands_per_user: Some(Limit::Off),
            ..ServeArgs::default()
        };
        assert_eq!(off.walls_config().unwrap().commands_per_user, None);
    }

    #[test]
    fn users_are_bounded_unless_told_otherwise_and_one_shared_account_is_not() {
        let bounds = |auth: Option<Auth>, commands: Option<Limit<u32>>| {
            let args = ServeArgs {
                auth,
                commands_per_user: commands,
                ..ServeArgs::default()
            };
            let walls = args.walls_config().unwrap();
            (walls.commands_per_user, walls.connections_per_user)
        };
        let users = Some(Auth::Required);
        assert_eq!(bounds(users, None), (Some(60), Some(64)));
        assert_eq!(bounds(users, Some(Limit::Off)), (None, Some(64)));
        assert_eq!(bounds(users, Some(Limit::At(7))), (Some(7), Some(64)));
        assert_eq!(bounds(Some(Auth::None), None), (None, None));
        assert_eq!(bounds(None, Some(Limit::At(7))), (Some(7), None));
    }
}
