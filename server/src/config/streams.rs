//! Options of the streams to clients: how long messages are kept, and how often state topics are told.

use super::{ConfigError, ServeArgs};
use crate::journal::JournalConfig;
use std::collections::BTreeMap;
use tickwire_protocol::command::INTERVAL_MS;
use tickwire_protocol::limits::Limits;
use tickwire_protocol::topic::Topic;

impl ServeArgs {
    /// How long the journal's messages are kept for those who come back, beside what `usual` says.
    pub(super) fn with_retention(&self, usual: JournalConfig) -> Result<JournalConfig, ConfigError> {
        let kept = JournalConfig {
            retention_days: self.retention_days.unwrap_or(usual.retention_days),
            retention_entries: self.retention_entries.unwrap_or(usual.retention_entries),
            ..usual
        };
        if kept.retention_days == 0 {
            return Err(ConfigError("--retention-days must be at least 1".to_owned()));
        }
        Ok(kept)
    }

    /// Bounds and timers of connections.
    pub(super) fn limits(&self) -> Result<Limits, ConfigError> {
        let mut channel_interval_ms = BTreeMap::new();
        for setting in self.channel_interval.iter().flatten() {
            let (channel, ms) = read_interval(setting)?;
            if channel_interval_ms.insert(channel.to_owned(), ms).is_some() {
                return Err(ConfigError(format!("--channel-interval names {channel} twice")));
            }
        }
        Ok(Limits {
            channel_interval_ms,
            ..Limits::default()
        })
    }
}

/// `ticker=250`.
fn read_interval(setting: &str) -> Result<(&str, u32), ConfigError> {
    let (least, most) = INTERVAL_MS;
    let refused = |reason: String| ConfigError(format!("--channel-interval {setting:?}: {reason}"));
    let Some((channel, ms)) = setting.split_once('=') else {
        return Err(refused("write it as ticker=250".to_owned()));
    };
    if !Topic::CHANNELS.contains(&channel) {
        let known = Topic::CHANNELS.join(", ");
        return Err(refused(format!(
            "no channel {channel:?} has a rate; those that do are {known}"
        )));
    }
    match ms.parse() {
        Ok(ms) if (least..=most).contains(&ms) => Ok((channel, ms)),
        _ => Err(refused(format!("{ms:?} must be {least} to {most} milliseconds"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(settings: &[&str]) -> Result<Limits, ConfigError> {
        let args = ServeArgs {
            channel_interval: Some(settings.iter().map(|setting| (*setting).to_owned()).collect()),
            ..ServeArgs::default()
        };
        args.limits()
    }

    #[test]
    fn channels_have_rates_of_their_own_within_bounds() {
        let told = limits(&["ticker=250", "positions=10000"]).unwrap();
        assert_eq!(told.interval_ms(Topic::Positions), 10_000);
        assert_eq!(told.interval_ms(Topic::Balance), 50);
        for bad in [
            "ticker",
            "ticker=99",
            "ticker=10001",
            "ticker=fast",
            "orders=200",
            "=200",
            "TICKER=200",
        ] {
            let error = limits(&[bad]).unwrap_err().to_string();
            assert!(error.contains(bad), "{error}");
        }
        assert!(limits(&["ticker=250", "ticker=300"]).is_err());
    }

    #[test]
    fn messages_are_kept_for_a_week_or_as_long_as_is_said() {
        let usual = ServeArgs::default()
            .with_retention(JournalConfig::default())
            .unwrap();
        assert_eq!((usual.retention_days, usual.retention_entries), (7, 100_000));
        let args = ServeArgs {
            retention_days: Some(0),
            ..ServeArgs::default()
        };
        assert!(args.with_retention(JournalConfig::default()).is_err());
    }
}
