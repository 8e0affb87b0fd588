//! The Tickwire server: everything that touches the world, one module a stage, in the order that data flow.
//!
//! ```text
//! exchange -> engine_task -> journal -> hub -> socket -> (the browser)
//! ```
//!
//! # Layout
//!
//! - [`exchange`]: sources of market data, each behind the trait `Feed`
//! - [`queue`]: the one bounded queue into the engine, for ticks, commands and time
//! - [`engine_task`]: owns the engine; decides, has it journaled, then publishes and answers, in this order
//! - [`journal`]: remembers every event before anybody hears of it
//! - [`hub`]: the latest values and recent messages, for everybody to read
//! - [`socket`]: one pump for each WebSocket; sees hub and queue only
//! - [`http`]: pages rendered on the server, assets, logins, health, metrics
//! - [`users`]: who may come in, and which account is theirs
//! - [`walls`], [`tls`], [`drain`]: what every connection passes on its way in, and how all of them leave
//! - [`cli`]: what an operator asks of a journal, and does about users, on the command line
//! - [`syslog`]: keeps the lines of the log that the page shows, and publishes them
//! - [`config`], [`telemetry`], [`metrics`], [`clock`], [`private`]: what the operator chose, logs, counts, the one clock, files of
//!   the owner alone
//!
//! [`run`] puts the parts together; `main.rs` is only a menu.

pub mod cli;
pub mod clock;
pub mod config;
pub mod drain;
pub mod engine_task;
pub mod exchange;
pub mod http;
pub mod hub;
pub mod journal;
pub mod metrics;
pub mod private;
pub mod queue;
pub mod socket;
pub mod syslog;
pub mod telemetry;
pub mod tls;
pub mod users;
pub mod walls;

use crate::config::Config;
use crate::config::venue::with_funding_rate;
use crate::drain::{Drain, Plan};
use crate::engine_task::EngineTask;
use crate::exchange::config::{MarketConfig, ReplayForm, Speed};
use crate::http::assets::SiteAssets;
use crate::http::boot::DeskView;
use crate::http::health::Desk;
use crate::http::metrics::{QueueDepth, Sources};
use crate::http::patience::Patient;
use crate::hub::{Hub, Retention};
use crate::journal::{JournalError, JournalPast, JournalWatch, SqliteJournal};
use crate::queue::{CommandSender, FeedSender, Job};
use crate::socket::Realtime;
use crate::syslog::{Life, SystemLog, WithLines};
use crate::telemetry::page::PageLines;
use crate::tls::{Door, Peer, Tls};
use crate::users::accounts::Accounts;
use crate::users::store::StoreError;
use crate::users::{Access, Users};
use crate::walls::{Crowd, Walls};
use std::future::{Future, IntoFuture};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::id::AccountId;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tracing::{error, info, warn};

/// The account that everybody acts for as long as nobody has to log in.
const SHARED_ACCOUNT: AccountId = AccountId(1);

/// The fact of the journal that names the file of its users.
const USERS_FACT: &str = "users";

/// The currency of every account.
const CURRENCY: &str = "USDT";

/// How often the engine is told that time has passed. Everything that is due every second or so is due in between.
const TIMER_INTERVAL: Duration = Duration::from_millis(100);

/// How long the start waits for the first prices, so that the first page has them.
const FIRST_PRICES: Duration = Duration::from_secs(5);

/// File descriptors for everything but WebSockets: pages being fetched, the journal, the listener.
const DESCRIPTORS_BESIDE: u64 = 128;

/// Of these, sockets of whoever fetches pages or begins a handshake.
const SOCKETS_BESIDE: u64 = 96;

/// How much longer than for sockets a shutdown waits for other requests.
const DRAIN_BESIDE: Duration = Duration::from_secs(2);

/// Why the server did not start, or stopped. The text is one line and says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// An option cannot be.
    #[error(transparent)]
    Config(#[from] config::ConfigError),
    /// Logs cannot be written as asked.
    #[error("{0}")]
    Telemetry(String),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}; choose another address with --listen")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The journal cannot be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The users cannot be had.
    #[error(transparent)]
    Users(#[from] StoreError),
    /// The market data cannot be had.
    #[error(transparent)]
    Feed(#[from] exchange::FeedError),
    /// The engine cannot be set up, or has ended.
    #[error("the engine cannot run: {0}")]
    Engine(String),
    /// The certificate cannot be served.
    #[error(transparent)]
    Tls(#[from] tls::TlsError),
    /// Serving failed.
    #[error("the server failed: {0}")]
    Serve(#[from] std::io::Error),
}

/// Serves the desk on `listener` until `shutdown` resolves, then tells every client, journals what is under way, and
/// returns. Calls `ready` once pages have prices. Lines of the log are published as they come.
pub async fn run(
    config: Config,
    listener: TcpListener,
    lines: PageLines,
    ready: impl FnOnce(),
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), StartError> {
    let connections_max = connections_max(config.http.connections_max);
    let tls = config.walls.tls.as_ref().map(Tls::load).transpose()?;
    let now = clock::now();
    let mut journal = SqliteJournal::open(&config.data_dir, config.journal.max_mb, now)?;
    let life = Life {
        boot: journal.history().boot,
        has_users: config.auth.is_required,
    };
    let retention = Retention {
        days: config.journal.retention_days,
        entries: config.journal.retention_entries,
    };
    let system_log = SystemLog::open(&config.data_dir, life, retention);
    let recovered = journal.recover()?;
    let watch = JournalWatch::default();
    watch.set_cut(recovered.cut);
    let history = journal.history();
    let anchor = market_anchor(&journal, &config.market, now)?;
    let feed = exchange::open(&config.market, now, anchor)?;
    let market = feed.name().to_owned();
    let access = access(&config, &journal)?;
    let accounts = match &access {
        Access::Open { account } => vec![*account],
        Access::Users(users) => users.accounts(),
    };
    let instruments = with_funding_rate(feed.instruments(), config.funding_rate);
    let hub = Hub::new(instruments.clone(), history.epoch, history.boot).with_rules(config.venue);
    let telling = system_log.start(lines, hub.clone());
    let (queue, jobs) = mpsc::channel::<Job>(queue::CAPACITY);
    let task = EngineTask {
        instruments,
        currency: CURRENCY.to_owned(),
        rules: config.venue,
        risk: config.risk,
        accounts: accounts.clone(),
        starting_balance: config.starting_balance,
        feed_name: market.clone(),
        snapshot_every: config.journal.snapshot_every,
        hub: hub.clone(),
        watch: watch.clone(),
    };
    let threads = engine_task::start(task, recovered, journal, jobs)?;
    let past = JournalPast::new(&config.data_dir);
    hub.lend_archive(WithLines::new(past, &config.data_dir), retention);
    let aging = tokio::spawn(hub.clone().keep_floors(clock::now));
    info!(target: "tickwire::server", market, data_dir = %config.data_dir.display(), "starting");

    let (stop, stopped) = watch::channel(false);
    let feeding = tokio::spawn(feed.run(FeedSender::new(queue.clone()), stopped.clone()));
    let ticking = tokio::spawn(tell_time(queue.clone(), stopped.clone()));

    let desk = DeskView {
        hub: hub.clone(),
        account_kind: "paper".to_owned(),
        market: market.clone(),
    };
    let users_door = users::door::Door {
        access: access.clone(),
        accounts: Accounts::new(
            CommandSender::new(queue.clone()),
            config.starting_balance,
            accounts,
        ),
        public_origin: config.auth.public_origin.clone(),
        cookies_are_secure: config.auth.cookies_are_secure(),
    };
    let following = access.users().map(|users| tokio::spawn(users.clone().follow()));
    let last_word = queue.clone();
    let (drain, patience) = (Drain::default(), config.walls.drain);
    let window_min = Duration::from_millis(config.limits.reconnect_window_ms);
    let sockets_max = usize::try_from(u64::from(connections_max) + SOCKETS_BESIDE).unwrap_or(usize::MAX);
    let proxies = config.walls.trusted_proxies.clone();
    let crowd = Crowd::new(sockets_max, proxies, hub.metrics().clone());
    let walls = Walls::new(config.walls, drain.clone(), hub.metrics().clone());
    let realtime = Realtime {
        hub: hub.clone(),
        commands: CommandSender::new(queue),
        limits: config.limits,
        connections_max,
        door: users_door.clone(),
        account_kind: "paper".to_owned(),
        market,
        epoch: history.epoch,
        boot: history.boot,
        walls: walls.clone(),
        connection_ids: Arc::new(AtomicU64::new(0)),
    };
    let depth = realtime.commands.clone();
    let sources = Sources {
        desk: Desk {
            hub: hub.clone(),
            journal: watch,
            drain: drain.clone(),
        },
        queue: QueueDepth::of(move || depth.depth()),
        data_dir: config.data_dir,
    };
    let sockets = walls::guarded(socket::router(realtime), walls.clone());
    let router = http::router(SiteAssets::load(), desk, sources, users_door).merge(sockets);
    let router = http::guard::guarded(router, config.http.allowed_hosts);
    let router = walls::identified(router, walls, tls.is_some());

    if !first_prices(&hub).await {
        warn!(target: "tickwire::server", "no prices yet; serving all the same");
    }
    ready();
    let told = hub.clone();
    let mut ended = threads.ended.clone();
    let broken = threads.ended.clone();
    let drained = async move {
        tokio::select! {
            () = shutdown => info!(target: "tickwire::server", "shutting down"),
            _ = ended.wait_for(|ended| *ended) => error!(target: "tickwire::server", critical = true, "the engine has ended; shutting down"),
        }
        // Sockets are not requests: axum would wait for nobody, so the drain is ours.
        let plan = Plan::new(Instant::now(), told.connections(), patience, window_min);
        drain.begin(plan);
        while told.connections() > 0 && Instant::now() < plan.ends() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        // The market goes on for as long as somebody looks at it.
        let _ = stop.send(true);
    };
    let door = Patient::new(Door::open(listener, tls.as_ref(), crowd)?);
    let renewing = tls.map(|tls| tokio::spawn(tls.keep_fresh()));
    let mut abandoned = stopped;
    let too_long = async move {
        // Somebody who keeps a request open for ever must not keep the server alive.
        let _ = abandoned.wait_for(|stop| *stop).await;
        tokio::time::sleep(DRAIN_BESIDE).await;
    };
    tokio::select! {
        served = axum::serve(door, router.into_make_service_with_connect_info::<Peer>()).with_graceful_shutdown(drained).into_future() => served?,
        () = too_long => warn!(target: "tickwire::server", "a request was still open"),
    }
    let _ = tokio::join!(feeding, ticking);
    let broken = *broken.borrow();
    // Everything taken in before this is decided, journaled and answered; then the engine and the journal end.
    let _ = last_word.send(Job::Stop).await;
    let _ = tokio::task::spawn_blocking(move || threads.join()).await;
    if broken {
        telling.finish().await;
        // A service manager starts it again; everything that was acknowledged is in the journal.
        return Err(StartError::Engine(
            "it ended of itself; see the log above".to_owned(),
        ));
    }
    aging.abort();
    if let Some(renewing) = renewing {
        renewing.abort();
    }
    if let Some(following) = following {
        following.abort();
    }
    info!(target: "tickwire::server", "stopped");
    telling.finish().await;
    Ok(())
}

/// As many connections as the operator wants and the system has file descriptors for, after asking it for more.
fn connections_max(wanted: u32) -> u32 {
    let needed = u64::from(wanted) + DESCRIPTORS_BESIDE;
    let granted = rlimit::increase_nofile_limit(needed).unwrap_or(needed);
    if granted >= needed {
        return wanted;
    }
    let possible = u32::try_from(granted.saturating_sub(DESCRIPTORS_BESIDE))
        .unwrap_or(wanted)
        .max(1);
    warn!(target: "tickwire::server",
        wanted,
        possible, "too few file descriptors for all connections; raise the limit (ulimit -n)"
    );
    possible
}

/// Who may come in. The users of one desk are not those of another: their accounts would be mixed up.
fn access(config: &Config, journal: &SqliteJournal) -> Result<Access, StartError> {
    if !config.auth.is_required {
        return Ok(Access::Open {
            account: SHARED_ACCOUNT,
        });
    }
    let users = Users::open(&config.data_dir, config.auth.access_ms)?;
    let (id, known) = (users.store_id()?, journal.fact(USERS_FACT)?);
    match known {
        None => journal.keep_fact(USERS_FACT, id)?,
        Some(known) if known != id => {
            return Err(StoreError::Foreign(format!(
                "{} is another file than the one that this journal's accounts belong to; restore that one, or begin with \
                 another --data-dir",
                users::store::FILE
            ))
            .into());
        }
        Some(_) => {}
    }
    if users.accounts().is_empty() {
        warn!(target: "tickwire::auth", "nobody can log in yet; tickwire user add NAME adds a user");
    }
    let is_secure = config.walls.tls.is_some() || config.auth.cookies_are_secure();
    if !config.http.listen.ip().is_loopback() && !is_secure {
        warn!(
            target: "tickwire::auth",
            "passwords and tokens cross the network in the clear; give the desk a certificate with --tls-cert and --tls-key, \
             or put TLS before it and say --public-origin https://…"
        );
    }
    Ok(Access::Users(users))
}

/// The moment that a recording is laid to end at. In real time it is that of the first start with this data folder, so
/// that the market goes on across restarts as a real one would.
fn market_anchor(
    journal: &SqliteJournal,
    market: &MarketConfig,
    now: TimestampMs,
) -> Result<TimestampMs, JournalError> {
    let fact = match market {
        MarketConfig::Replay(replay) if replay.speed == Speed::REAL_TIME => match replay.form {
            ReplayForm::Candles => "anchor_candles",
            ReplayForm::Tape => "anchor_tape",
        },
        MarketConfig::Replay(_) | MarketConfig::Sim(_) => return Ok(now),
    };
    match journal.fact(fact)? {
        // A clock that went back is no reason to start in the market's past.
        Some(anchor) if anchor <= now.0 => Ok(TimestampMs(anchor)),
        _ => {
            journal.keep_fact(fact, now.0)?;
            Ok(now)
        }
    }
}

async fn tell_time(queue: mpsc::Sender<Job>, mut stop: watch::Receiver<bool>) {
    let mut interval = tokio::time::interval(TIMER_INTERVAL);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = interval.tick() => {
                if queue.send(Job::Timer(clock::now())).await.is_err() {
                    return;
                }
            }
            _ = stop.changed() => return,
        }
    }
}

/// Waits until the feed is live and every instrument has a price, or for too long.
async fn first_prices(hub: &Hub) -> bool {
    let mut news = hub.news();
    let priced = async {
        while !hub.is_priced() {
            if news.changed().await.is_err() {
                return;
            }
        }
    };
    tokio::time::timeout(FIRST_PRICES, priced).await.is_ok()
}
