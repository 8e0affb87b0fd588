//! What the operator chose: flags, then `TICKWIRE_*` in the environment, then `tickwire.toml`, then the defaults.
//!
//! Whatever is not understood stops the start with one clear line; nothing is guessed.

pub mod auth;
mod folder;
mod streams;
pub mod venue;
pub mod walls;

use crate::config::auth::{AuthConfig, PublicOrigin};
pub use crate::config::folder::DataFolder;
use crate::config::venue::{Fill, Limit};
use crate::exchange::config::{MarketConfig, ReplayConfig, ReplayForm, SimConfig, Speed};
use crate::journal::{JournalConfig, MAX_MB_MIN};
use clap::{Args, ValueEnum};
use ipnet::IpNet;
use serde::{Deserialize, Deserializer, de};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use tickwire_protocol::limits::Limits;
use tickwire_protocol::market::VenueRules;
use tickwire_protocol::money::{Amount, Ratio};
use tickwire_protocol::risk::RiskLimits;

/// The file looked for in the working folder where `--config` names none.
const DEFAULT_FILE: &str = "tickwire.toml";

/// Names in the environment that belong to the tools around the server.
const FOREIGN_VARIABLES: [&str; 2] = ["TICKWIRE_BIN", "TICKWIRE_CHROMIUM"];

/// Everything that `tickwire serve` is told.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where and how to listen.
    pub http: HttpConfig,
    /// Who may come in.
    pub auth: AuthConfig,
    /// Where the journal lives.
    pub data_dir: PathBuf,
    /// How it is kept.
    pub journal: JournalConfig,
    /// Where market data come from.
    pub market: MarketConfig,
    /// What a new paper account starts with.
    pub starting_balance: Amount,
    /// How the paper venue fills orders.
    pub venue: VenueRules,
    /// What the risk guard of a new account watches.
    pub risk: RiskLimits,
    /// What perpetuals pay at each funding, where it is not what the market says.
    pub funding_rate: Option<Ratio>,
    /// Bounds and timers of connections.
    pub limits: Limits,
    /// Certificates, proxies, rates of strangers and users, and how a shutdown goes.
    pub walls: walls::WallsConfig,
    /// Logs.
    pub telemetry: TelemetryConfig,
}

/// Where and how to listen.
#[derive(Clone, Debug)]
pub struct HttpConfig {
    /// The address.
    pub listen: SocketAddr,
    /// Host names that it is reached by, beside IP addresses and localhost.
    pub allowed_hosts: Vec<String>,
    /// WebSocket connections at once.
    pub connections_max: u32,
}

/// Logs.
#[derive(Clone, Debug)]
pub struct TelemetryConfig {
    /// Which ones, as a filter.
    pub log: String,
    /// In what form.
    pub log_format: LogFormat,
}

/// Where market data come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Market {
    /// Real recorded data, shipped with the desk.
    Replay,
    /// A seeded synthetic market, for load tests.
    Sim,
}

/// How the recording is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// One-minute candles of six markets, with ticks derived inside each.
    Candles,
    /// Every trade, quote and depth change of two markets, as it came.
    Tape,
}

/// Whose account is traded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AccountKind {
    /// The embedded paper account.
    Paper,
}

/// Who may come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Auth {
    /// Whoever reaches the address.
    None,
    /// Users with a login, each with an account of their own.
    Required,
}

/// In what form logs are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Options of `tickwire serve`. Each is also a variable `TICKWIRE_…` and a key of `tickwire.toml`.
#[derive(Clone, Debug, Default, Args, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ServeArgs {
    /// File to read options from [default: tickwire.toml in the working folder, where there is one]
    #[arg(long, env = "TICKWIRE_CONFIG", value_name = "FILE")]
    #[serde(skip)]
    pub config: Option<PathBuf>,
    /// Address to serve the desk on; port 0 takes a free one, and the start line names it [default: 127.0.0.1:8000]
    #[arg(long, env = "TICKWIRE_LISTEN", value_name = "ADDR:PORT")]
    pub listen: Option<SocketAddr>,
    /// Folder of the journal, made where it is missing [default: data]
    #[arg(long, env = "TICKWIRE_DATA_DIR", value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Megabytes that the journal may take, at least 8, of which 4 are a reserve for an orderly pause; more than that
    /// pauses trading [default: what the disk has]
    #[arg(long, env = "TICKWIRE_JOURNAL_MAX_MB", value_name = "MB")]
    pub journal_max_mb: Option<u32>,
    /// Entries of the journal after which a snapshot of the state is made, so that a start folds only those after it
    /// [default: 20000]
    #[arg(long, env = "TICKWIRE_SNAPSHOT_EVERY", value_name = "N")]
    pub snapshot_every: Option<u64>,
    /// Days that what happened in an account can be told to clients that come back, at least 1 [default: 7]
    #[arg(long, env = "TICKWIRE_RETENTION_DAYS", value_name = "DAYS")]
    pub retention_days: Option<u32>,
    /// Messages of each of its topics that can be; the last 4096 are kept in any case [default: 100000]
    #[arg(long, env = "TICKWIRE_RETENTION_ENTRIES", value_name = "N")]
    pub retention_entries: Option<u64>,
    /// How often a state channel is told at most, such as ticker=250: 100 to 10000 ms. May be given more than once
    /// [default: 50 ms]
    #[arg(
        long,
        env = "TICKWIRE_CHANNEL_INTERVAL",
        value_name = "CHANNEL=MS",
        value_delimiter = ','
    )]
    pub channel_interval: Option<Vec<String>>,
    /// Where market data come from [default: replay]
    #[arg(long, env = "TICKWIRE_MARKET", value_enum)]
    pub market: Option<Market>,
    /// How the recording is told: candles of six spot markets, or the tape of two [default: candles]
    #[arg(long, env = "TICKWIRE_REPLAY_FORM", value_enum)]
    pub replay_form: Option<Form>,
    /// How many times faster than real time the recording runs [default: 1]
    #[arg(
        long,
        env = "TICKWIRE_REPLAY_SPEED",
        value_name = "N",
        allow_negative_numbers = true
    )]
    #[serde(deserialize_with = "exact_number", default)]
    pub replay_speed: Option<Ratio>,
    /// What the synthetic market is drawn from: the same seed gives the same market [default: 1]
    #[arg(long, env = "TICKWIRE_SIM_SEED", value_name = "N")]
    pub sim_seed: Option<u64>,
    /// Spot instruments of the synthetic market, 1 to 1000; perpetuals of the first two come on top [default: 6]
    #[arg(long, env = "TICKWIRE_SIM_SYMBOLS", value_name = "N")]
    pub sim_symbols: Option<u32>,
    /// Ticks per second of the synthetic market over all spot instruments, 1 to 100000 [default: 50]
    #[arg(long, env = "TICKWIRE_SIM_TICKS_PER_SECOND", value_name = "N")]
    pub sim_ticks_per_second: Option<u32>,
    /// Whose account is traded [default: paper]
    #[arg(long, env = "TICKWIRE_ACCOUNT", value_enum)]
    pub account: Option<AccountKind>,
    /// What a new paper account starts with, in USDT; an account that exists keeps what it has [default: 10000]
    #[arg(
        long,
        env = "TICKWIRE_STARTING_BALANCE",
        value_name = "AMOUNT",
        allow_negative_numbers = true
    )]
    #[serde(deserialize_with = "exact_number", default)]
    pub starting_balance: Option<Amount>,
    /// When a resting limit order is filled: once the market trades through its price, or at its touch [default: through]
    #[arg(long, env = "TICKWIRE_LIMIT_FILL", value_enum)]
    pub limit_fill: Option<Fill>,
    /// What market and stop orders pay beyond the best price where the book is not known, in hundredths of a percent,
    /// 0 to 1000 [default: 1]
    #[arg(
        long,
        env = "TICKWIRE_SLIPPAGE_BPS",
        value_name = "N",
        allow_negative_numbers = true
    )]
    #[serde(deserialize_with = "exact_number", default)]
    pub slippage_bps: Option<Ratio>,
    /// Milliseconds that an order is on its way to the paper venue, 0 to 60000 [default: 0]
    #[arg(long, env = "TICKWIRE_LATENCY_MS", value_name = "MS")]
    pub latency_ms: Option<u32>,
    /// What perpetuals pay at each funding, longs to shorts; below 0 shorts pay longs [default: what the market says,
    /// 0.0001 for the embedded ones]
    #[arg(
        long,
        env = "TICKWIRE_FUNDING_RATE",
        value_name = "RATE",
        allow_negative_numbers = true
    )]
    #[serde(deserialize_with = "exact_number", default)]
    pub funding_rate: Option<Ratio>,
    /// Pause openings at this loss from the peak of equity, in percent of it, or off. This and the other limits are those
    /// of a new account; one that exists keeps its own [default: 10]
    #[arg(long, env = "TICKWIRE_RISK_SOFT_DRAWDOWN", value_name = "PERCENT")]
    #[serde(deserialize_with = "exact_number", default)]
    pub risk_soft_drawdown: Option<Limit<Ratio>>,
    /// Close everything and stop at this loss from the peak of equity, in percent of it, or off [default: 20]
    #[arg(long, env = "TICKWIRE_RISK_HARD_DRAWDOWN", value_name = "PERCENT")]
    #[serde(deserialize_with = "exact_number", default)]
    pub risk_hard_drawdown: Option<Limit<Ratio>>,
    /// Pause openings at this loss since 00:00 UTC, in percent of the equity then, or off [default: 5]
    #[arg(long, env = "TICKWIRE_RISK_SOFT_DAILY_LOSS", value_name = "PERCENT")]
    #[serde(deserialize_with = "exact_number", default)]
    pub risk_soft_daily_loss: Option<Limit<Ratio>>,
    /// Close everything and stop at this loss since 00:00 UTC, in percent of the equity then, or off [default: 10]
    #[arg(long, env = "TICKWIRE_RISK_HARD_DAILY_LOSS", value_name = "PERCENT")]
    #[serde(deserialize_with = "exact_number", default)]
    pub risk_hard_daily_loss: Option<Limit<Ratio>>,
    /// Refuse what would take the value of all positions and opening orders above this, in USDT, or off [default: off]
    #[arg(long, env = "TICKWIRE_RISK_MAX_EXPOSURE", value_name = "AMOUNT")]
    #[serde(deserialize_with = "exact_number", default)]
    pub risk_max_exposure: Option<Limit<Amount>>,
    /// Refuse what would take one position and its opening orders above this, in USDT, or off [default: off]
    #[arg(long, env = "TICKWIRE_RISK_MAX_POSITION", value_name = "AMOUNT")]
    #[serde(deserialize_with = "exact_number", default)]
    pub risk_max_position: Option<Limit<Amount>>,
    /// Refuse more new orders than this within any minute, or off [default: off]
    #[arg(long, env = "TICKWIRE_RISK_MAX_ORDERS_PER_MINUTE", value_name = "N")]
    #[serde(deserialize_with = "exact_number", default)]
    pub risk_max_orders_per_minute: Option<Limit<u32>>,
    /// Who may come in: anybody, or users with a login, whom tickwire user adds [default: none]
    #[arg(long, env = "TICKWIRE_AUTH", value_enum)]
    pub auth: Option<Auth>,
    /// Minutes that a login is good for before its client must renew it, 0.05 to 1440 [default: 15]
    #[arg(
        long,
        env = "TICKWIRE_ACCESS_TOKEN_MINUTES",
        value_name = "N",
        allow_negative_numbers = true
    )]
    #[serde(deserialize_with = "exact_number", default)]
    pub access_token_minutes: Option<Ratio>,
    /// The address that browsers know the desk by, as behind a proxy, e.g. https://desk.example: its host is allowed, and
    /// with https cookies are sent over TLS only
    #[arg(long, env = "TICKWIRE_PUBLIC_ORIGIN", value_name = "URL")]
    pub public_origin: Option<PublicOrigin>,
    /// Serve without a login on an address that other machines reach: anybody there can trade this account
    #[arg(
        long,
        env = "TICKWIRE_ALLOW_REMOTE_WITHOUT_AUTH",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true"
    )]
    pub allow_remote_without_auth: Option<bool>,
    /// A further host name that the desk is reached by, as behind a proxy; IP addresses and localhost need none. May be
    /// given more than once
    #[arg(
        long,
        env = "TICKWIRE_ALLOWED_HOST",
        value_name = "NAME",
        value_delimiter = ','
    )]
    pub allowed_host: Option<Vec<String>>,
    /// WebSocket connections at once [default: 10000]
    #[arg(long, env = "TICKWIRE_CONNECTIONS_MAX", value_name = "N")]
    pub connections_max: Option<u32>,
    /// Connections per second that one address may open for long, and three times as many at once; programs on the desk's
    /// own machine may open a hundred times that [default: 10]
    #[arg(long, env = "TICKWIRE_HANDSHAKES_PER_SECOND", value_name = "N")]
    pub handshakes_per_second: Option<u32>,
    /// Commands per second of one user over all connections for long, and three times as many at once, or off
    /// [default: 60 with --auth required, else off, as everybody shares one account]
    #[arg(long, env = "TICKWIRE_COMMANDS_PER_USER", value_name = "N")]
    #[serde(deserialize_with = "exact_number", default)]
    pub commands_per_user: Option<Limit<u32>>,
    /// Connections of one user at once, or off [default: 64 with --auth required, else off, as everybody shares one account]
    #[arg(long, env = "TICKWIRE_CONNECTIONS_PER_USER", value_name = "N")]
    #[serde(deserialize_with = "exact_number", default)]
    pub connections_per_user: Option<Limit<u32>>,
    /// File with the certificate to serve HTTPS and WSS with, and those that vouch for it, in PEM; read again on SIGHUP
    /// and when it changes
    #[arg(long, env = "TICKWIRE_TLS_CERT", value_name = "FILE")]
    pub tls_cert: Option<PathBuf>,
    /// File with the private key of the certificate, in PEM
    #[arg(long, env = "TICKWIRE_TLS_KEY", value_name = "FILE")]
    pub tls_key: Option<PathBuf>,
    /// Network of proxies whose X-Forwarded-For and X-Forwarded-Proto are believed, such as 127.0.0.1/32. May be given
    /// more than once
    #[arg(
        long,
        env = "TICKWIRE_TRUSTED_PROXY",
        value_name = "CIDR",
        value_delimiter = ','
    )]
    pub trusted_proxy: Option<Vec<IpNet>>,
    /// Seconds that a shutdown waits for clients to leave, 0 to 300; they are let go one after the other [default: 3]
    #[arg(long, env = "TICKWIRE_DRAIN_SECONDS", value_name = "N")]
    pub drain_seconds: Option<u32>,
    /// Which logs to write to stderr, as a filter [default: info]
    #[arg(long, env = "TICKWIRE_LOG", value_name = "FILTER")]
    pub log: Option<String>,
    /// In what form logs are written [default: text]
    #[arg(long, env = "TICKWIRE_LOG_FORMAT", value_enum)]
    pub log_format: Option<LogFormat>,
}

/// What was chosen cannot be. The text is one line and says what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(String);

impl ServeArgs {
    /// Reads the file, fills in the defaults, and checks the whole.
    pub fn resolve(self) -> Result<Config, ConfigError> {
        self.with_file()?.finish()
    }

    /// These options, and those of the file where these say nothing.
    fn with_file(self) -> Result<ServeArgs, ConfigError> {
        let file = match &self.config {
            Some(path) => read_file(path)?,
            None if Path::new(DEFAULT_FILE).exists() => read_file(Path::new(DEFAULT_FILE))?,
            None => ServeArgs::default(),
        };
        Ok(self.or(file))
    }

    fn folder(&self) -> PathBuf {
        self.data_dir.clone().unwrap_or_else(|| PathBuf::from("data"))
    }

    /// These options, and those of `fallback` where these say nothing.
    fn or(self, fallback: ServeArgs) -> ServeArgs {
        ServeArgs {
            config: self.config,
            listen: self.listen.or(fallback.listen),
            data_dir: self.data_dir.or(fallback.data_dir),
            journal_max_mb: self.journal_max_mb.or(fallback.journal_max_mb),
            snapshot_every: self.snapshot_every.or(fallback.snapshot_every),
            retention_days: self.retention_days.or(fallback.retention_days),
            retention_entries: self.retention_entries.or(fallback.retention_entries),
            channel_interval: self.channel_interval.or(fallback.channel_interval),
            market: self.market.or(fallback.market),
            replay_form: self.replay_form.or(fallback.replay_form),
            replay_speed: self.replay_speed.or(fallback.replay_speed),
            sim_seed: self.sim_seed.or(fallback.sim_seed),
            sim_symbols: self.sim_symbols.or(fallback.sim_symbols),
            sim_ticks_per_second: self.sim_ticks_per_second.or(fallback.sim_ticks_per_second),
            account: self.account.or(fallback.account),
            starting_balance: self.starting_balance.or(fallback.starting_balance),
            limit_fill: self.limit_fill.or(fallback.limit_fill),
            slippage_bps: self.slippage_bps.or(fallback.slippage_bps),
            latency_ms: self.latency_ms.or(fallback.latency_ms),
            funding_rate: self.funding_rate.or(fallback.funding_rate),
            risk_soft_drawdown: self.risk_soft_drawdown.or(fallback.risk_soft_drawdown),
            risk_hard_drawdown: self.risk_hard_drawdown.or(fallback.risk_hard_drawdown),
            risk_soft_daily_loss: self.risk_soft_daily_loss.or(fallback.risk_soft_daily_loss),
            risk_hard_daily_loss: self.risk_hard_daily_loss.or(fallback.risk_hard_daily_loss),
            risk_max_exposure: self.risk_max_exposure.or(fallback.risk_max_exposure),
            risk_max_position: self.risk_max_position.or(fallback.risk_max_position),
            risk_max_orders_per_minute: self
                .risk_max_orders_per_minute
                .or(fallback.risk_max_orders_per_minute),
            auth: self.auth.or(fallback.auth),
            access_token_minutes: self.access_token_minutes.or(fallback.access_token_minutes),
            public_origin: self.public_origin.or(fallback.public_origin),
            allow_remote_without_auth: self
                .allow_remote_without_auth
                .or(fallback.allow_remote_without_auth),
            allowed_host: self.allowed_host.or(fallback.allowed_host),
            connections_max: self.connections_max.or(fallback.connections_max),
            handshakes_per_second: self.handshakes_per_second.or(fallback.handshakes_per_second),
            commands_per_user: self.commands_per_user.or(fallback.commands_per_user),
            connections_per_user: self.connections_per_user.or(fallback.connections_per_user),
            tls_cert: self.tls_cert.or(fallback.tls_cert),
            tls_key: self.tls_key.or(fallback.tls_key),
            trusted_proxy: self.trusted_proxy.or(fallback.trusted_proxy),
            drain_seconds: self.drain_seconds.or(fallback.drain_seconds),
            log: self.log.or(fallback.log),
            log_format: self.log_format.or(fallback.log_format),
        }
    }

    fn finish(self) -> Result<Config, ConfigError> {
        let listen = self
            .listen
            .unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8000)));
        let auth = self.auth_config()?;
        let is_open = !auth.is_required && self.allow_remote_without_auth != Some(true);
        if !listen.ip().is_loopback() && is_open {
            return Err(ConfigError(format!(
                "listening on {listen} would let anybody who reaches it trade, for there is no login; say --auth required, \
                 or listen on 127.0.0.1, or say --allow-remote-without-auth"
            )));
        }
        let starting_balance = match self.starting_balance {
            Some(amount) if !amount.is_positive() => {
                return Err(ConfigError(format!(
                    "--starting-balance must be above 0, not {amount}"
                )));
            }
            Some(amount) => amount,
            None => Amount::new(10_000.into()),
        };
        let connections_max = self.connections_max.unwrap_or(10_000);
        if connections_max == 0 {
            return Err(ConfigError("--connections-max must be at least 1".to_owned()));
        }
        let market = self.market_config()?;
        let (venue, risk, funding_rate) = (self.venue_rules()?, self.risk_limits()?, self.funding_rate()?);
        let (journal, walls) = (self.with_retention(self.journal_config()?)?, self.walls_config()?);
        let (limits, data_dir) = (self.limits()?, self.folder());
        let mut allowed_hosts = self.allowed_host.unwrap_or_default();
        allowed_hosts.extend(auth.public_origin.as_ref().map(|origin| origin.host().to_owned()));
        Ok(Config {
            auth,
            http: HttpConfig {
                listen,
                allowed_hosts,
                connections_max,
            },
            data_dir,
            journal,
            market,
            starting_balance,
            venue,
            risk,
            funding_rate,
            limits,
            walls,
            telemetry: TelemetryConfig {
                log: self.log.unwrap_or_else(|| "info".to_owned()),
                log_format: self.log_format.unwrap_or(LogFormat::Text),
            },
        })
    }
}

impl ServeArgs {
    fn journal_config(&self) -> Result<JournalConfig, ConfigError> {
        if self.journal_max_mb.is_some_and(|max_mb| max_mb < MAX_MB_MIN) {
            return Err(ConfigError(format!(
                "--journal-max-mb must be at least {MAX_MB_MIN}"
            )));
        }
        let usual = JournalConfig::default();
        let snapshot_every = self.snapshot_every.unwrap_or(usual.snapshot_every);
        if snapshot_every == 0 {
            return Err(ConfigError("--snapshot-every must be at least 1".to_owned()));
        }
        Ok(JournalConfig {
            max_mb: self.journal_max_mb,
            snapshot_every,
            ..usual
        })
    }

    fn market_config(&self) -> Result<MarketConfig, ConfigError> {
        let refused = |error: crate::exchange::config::ConfigError| ConfigError(error.to_string());
        let form = match self.replay_form.unwrap_or(Form::Candles) {
            Form::Candles => ReplayForm::Candles,
            Form::Tape => ReplayForm::Tape,
        };
        let speed = match self.replay_speed {
            Some(speed) => Speed::try_from(speed.get()).map_err(refused)?,
            None => Speed::REAL_TIME,
        };
        let usual = SimConfig::default();
        let replay = MarketConfig::Replay(ReplayConfig { form, speed });
        let sim = MarketConfig::Sim(SimConfig {
            seed: self.sim_seed.unwrap_or(usual.seed),
            symbols: self.sim_symbols.unwrap_or(usual.symbols),
            ticks_per_second: self.sim_ticks_per_second.unwrap_or(usual.ticks_per_second),
        });
        // A bad value is refused also where the market does not ask for it: it was meant for something.
        replay.check().and_then(|()| sim.check()).map_err(refused)?;
        Ok(match self.market.unwrap_or(Market::Replay) {
            Market::Replay => replay,
            Market::Sim => sim,
        })
    }
}

/// Refuses variables that look like options and are none: a typing error must not go unnoticed.
pub fn check_environment(names: impl Iterator<Item = String>) -> Result<(), ConfigError> {
    let command = ServeArgs::augment_args(clap::Command::new("serve"));
    let known: Vec<_> = command
        .get_arguments()
        .filter_map(|argument| argument.get_env()?.to_str())
        .collect();
    // Kubernetes describes a service called tickwire by such names to every container beside it.
    let is_ours = |name: &String| {
        name.starts_with("TICKWIRE_")
            && !name.starts_with("TICKWIRE_PORT")
            && !name.starts_with("TICKWIRE_SERVICE_")
    };
    for name in names.filter(is_ours) {
        if !known.contains(&name.as_str()) && !FOREIGN_VARIABLES.contains(&name.as_str()) {
            return Err(ConfigError(format!(
                "the environment has {name}, which is no option; see tickwire serve --help, or unset it"
            )));
        }
    }
    Ok(())
}

/// Reads a number of the file exactly: money's own form is that of JSON frames, which TOML is not.
fn exact_number<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: std::fmt::Display>,
{
    let text = match toml::Value::deserialize(deserializer)? {
        toml::Value::String(text) => text,
        toml::Value::Integer(number) => number.to_string(),
        toml::Value::Float(number) => number.to_string(),
        other => {
            return Err(de::Error::custom(format!(
                "expected a number, found {}",
                other.type_str()
            )));
        }
    };
    text.parse()
        .map(Some)
        .map_err(|error| de::Error::custom(format!("{text:?} {error}")))
}

fn read_file(path: &Path) -> Result<ServeArgs, ConfigError> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| ConfigError(format!("the file {} cannot be read: {error}", path.display())))?;
    toml::from_str(&text).map_err(|error| {
        let before = error.span().map_or(0, |span| span.start.min(text.len()));
        let line = text.as_bytes()[..before]
            .iter()
            .filter(|byte| **byte == b'\n')
            .count()
            + 1;
        let reason = error.message().replace('\n', " ");
        ConfigError(format!("the file {}, line {line}: {reason}", path.display()))
    })
}

#[cfg(test)]
mod tests;
