//! What can be subscribed to, and the kind of each topic, which is the heart of the protocol.

use crate::error::{ErrorCode, Refusal};
use crate::id::Symbol;
use crate::market::Interval;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// How a topic's messages are delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TopicClass {
    /// Only the latest value matters: a slow client gets fewer, never older values.
    State,
    /// Every message counts: each has the next `seq` of the topic, and none is left out.
    Lossless,
}

/// A stream of messages of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// Price and 24-hour figures of one instrument.
    Ticker(Symbol),
    /// Candles of one instrument and interval: history first, then each change.
    Candles(Symbol, Interval),
    /// The account's open positions.
    Positions,
    /// What the account has made.
    Portfolio,
    /// What the account holds and can use.
    Balance,
    /// The account at a glance.
    Dashboard,
    /// What the account is worth, and how far below its peak.
    Equity,
    /// What the account has made of its trades.
    Performance,
    /// The state of the server's own parts: market data feed and journal.
    Status,
    /// Every change of every order of the account.
    Orders,
    /// Every fill of the account, and every funding payment.
    Executions,
    /// Every change of the account's risk guard.
    Risk,
    /// Everything that the desk says to the account, and every change of its price alerts.
    Alerts,
    /// Every line of the server's log from INFO up.
    Logs,
}

impl Topic {
    /// Topics that take no parameter.
    pub const PLAIN: [Topic; 12] = [
        Topic::Positions,
        Topic::Portfolio,
        Topic::Balance,
        Topic::Dashboard,
        Topic::Equity,
        Topic::Performance,
        Topic::Status,
        Topic::Orders,
        Topic::Executions,
        Topic::Risk,
        Topic::Alerts,
        Topic::Logs,
    ];

    /// Topics that every connection gets without asking.
    pub const UNASKED: [Topic; 3] = [Topic::Positions, Topic::Portfolio, Topic::Balance];

    /// How its messages are delivered.
    pub const fn class(self) -> TopicClass {
        match self {
            Topic::Orders | Topic::Executions | Topic::Risk | Topic::Alerts | Topic::Logs => {
                TopicClass::Lossless
            }
            _ => TopicClass::State,
        }
    }

    /// The channels of state topics: what their rates are set by.
    pub const CHANNELS: [&'static str; 9] = [
        "ticker",
        "candles",
        "positions",
        "portfolio",
        "balance",
        "dashboard",
        "equity",
        "performance",
        "status",
    ];

    /// The name of the topic without what follows it: topics of all instruments are one channel.
    pub const fn channel(self) -> &'static str {
        match self {
            Topic::Ticker(_) => "ticker",
            Topic::Candles(..) => "candles",
            Topic::Positions => "positions",
            Topic::Portfolio => "portfolio",
            Topic::Balance => "balance",
            Topic::Dashboard => "dashboard",
            Topic::Equity => "equity",
            Topic::Performance => "performance",
            Topic::Status => "status",
            Topic::Orders => "orders",
            Topic::Executions => "executions",
            Topic::Risk => "risk",
            Topic::Alerts => "alerts",
            Topic::Logs => "logs",
        }
    }

    /// The instrument, for topics of a market.
    pub const fn symbol(self) -> Option<Symbol> {
        match self {
            Topic::Ticker(symbol) | Topic::Candles(symbol, _) => Some(symbol),
            _ => None,
        }
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Topic::Ticker(symbol) => write!(f, "ticker:{symbol}"),
            Topic::Candles(symbol, interval) => write!(f, "candles:{symbol}:{interval}"),
            plain => f.write_str(plain.channel()),
        }
    }
}

impl FromStr for Topic {
    type Err = Refusal;

    /// Reads a topic's name; whether its instrument exists is for the server to say.
    fn from_str(text: &str) -> Result<Topic, Refusal> {
        let unknown = || {
            let shown: String = text.chars().take(40).collect();
            Refusal::new(
                ErrorCode::UnknownTopic,
                format!(
                    "no topic {shown:?}; topics are ticker:SYMBOL, candles:SYMBOL:INTERVAL, positions, portfolio, \
                     balance, dashboard, equity, performance, status, orders, executions, risk, alerts, logs"
                ),
            )
        };
        let symbol = |text: &str| {
            Symbol::new(text).map_err(|e| Refusal::new(ErrorCode::UnknownSymbol, format!("the symbol {e}")))
        };
        let mut parts = text.split(':');
        let topic = match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some("ticker"), Some(name), None, None) => Topic::Ticker(symbol(name)?),
            (Some("candles"), Some(name), Some(interval), None) => {
                let interval = interval
                    .parse()
                    .map_err(|e| Refusal::new(ErrorCode::InvalidField, format!("the interval {e}")))?;
                Topic::Candles(symbol(name)?, interval)
            }
            (Some("positions"), None, None, None) => Topic::Positions,
            (Some("portfolio"), None, None, None) => Topic::Portfolio,
            (Some("balance"), None, None, None) => Topic::Balance,
            (Some("dashboard"), None, None, None) => Topic::Dashboard,
            (Some("equity"), None, None, None) => Topic::Equity,
            (Some("performance"), None, None, None) => Topic::Performance,
            (Some("risk"), None, None, None) => Topic::Risk,
            (Some("alerts"), None, None, None) => Topic::Alerts,
            (Some("logs"), None, None, None) => Topic::Logs,
            (Some("status"), None, None, None) => Topic::Status,
            (Some("orders"), None, None, None) => Topic::Orders,
            // `trades` is the older systems' name.
            (Some("executions" | "trades"), None, None, None) => Topic::Executions,
            _ => return Err(unknown()),
        };
        Ok(topic)
    }
}

impl Serialize for Topic {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Topic {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Topic, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        let btc = Symbol::new("BTCUSDT").unwrap();
        let mut topics = vec![Topic::Ticker(btc)];
        topics.extend(Interval::ALL.map(|interval| Topic::Candles(btc, interval)));
        topics.extend(Topic::PLAIN);
        for topic in topics {
            assert_eq!(topic.to_string().parse::<Topic>().unwrap(), topic);
        }
    }

    #[test]
    fn what_is_no_topic_says_so() {
        for (text, code) in [
            ("", ErrorCode::UnknownTopic),
            ("ticker", ErrorCode::UnknownTopic),
            ("ticker:BTCUSDT:1m", ErrorCode::UnknownTopic),
            ("positions:x", ErrorCode::UnknownTopic),
            ("ticker:btc usdt", ErrorCode::UnknownSymbol),
            ("candles:BTCUSDT:2m", ErrorCode::InvalidField),
        ] {
            assert_eq!(text.parse::<Topic>().unwrap_err().code, code, "{text:?}");
        }
    }
}
