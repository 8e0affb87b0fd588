//! A load that lasts: many clients that read tickers, an account and its lossless topics, some of which come back each
//! second, beside somebody who trades. It shares the machine with the server, so it looks at frames and does not decode them.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, ensure};
use futures::{SinkExt as _, StreamExt as _};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio_tungstenite::tungstenite::protocol::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::desk::Setup;
use crate::draw::Draw;
use crate::metrics::Scrape;
use crate::order::{Market, side_of, trade_many};
use crate::wire::Wire;

const THREADS: usize = 2;

/// Markets of the synthetic feed, and ticks of each in a second: far more than any client asks for.
const MARKETS: u32 = 10;

/// See [`MARKETS`].
const TICKS_OF_A_MARKET: u32 = 100;

/// What a client gets in a second beside tickers: three state topics of the account, and three messages for each order.
const BESIDE_TICKERS: f64 = 6.0;

/// A ticker is asked for at most this often in a second.
const TICKER_RATE_MAX: f64 = 10.0;

/// From one order to the next.
const ORDER_EVERY: Duration = Duration::from_secs(1);

/// A client that lost its connection is away for up to this long.
const AWAY_MS_MAX: u64 = 1_000;

/// Every client comes back once in so many seconds: one in a hundred each second.
const LIFE_SECONDS: u32 = 100;

/// A connection that cannot be made is tried again after this.
const TRY_AGAIN: Duration = Duration::from_millis(250);

/// Long enough for everybody to hear of the last order, on any machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Latencies are counted by the millisecond up to this.
const LATENCY_MS_MAX: usize = 10_000;

/// The lossless topics that are followed.
const LOSSLESS: [&str; 2] = ["orders", "executions"];

/// How much load, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// Connections.
    pub clients: u32,
    /// How long, once all are connected.
    pub time: Duration,
    /// Messages of topics that are to reach all of them together in a second.
    pub deliveries: u32,
    /// Orders that are placed before anybody comes. What the server keeps at hand of each topic is bounded; whoever looks at
    /// its memory wants that full.
    pub orders_before: u32,
}

/// What came of it.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Messages of topics that were read while it lasted, per second.
    pub deliveries: f64,
    /// Of those the lossless ones.
    pub lossless: u64,
    /// Connections that were lost on purpose while it lasted.
    pub reconnects: u64,
    /// Connections that could not be made or were lost otherwise; nothing of the kind should be.
    pub broken: u64,
    /// Topics that went on where their client stood.
    pub resumed: u64,
    /// Topics that could not.
    pub reset: u64,
    /// Messages of lossless topics that did not come.
    pub lost: u64,
    /// Messages of lossless topics that came again.
    pub repeated: u64,
    /// Values of state topics that were older than the one before.
    pub gone_back: u64,
    /// Orders that were placed meanwhile.
    pub orders: u64,
    /// From the publication of a ticker to the client: median and 99th percentile in milliseconds.
    pub latency_ms: (u64, u64),
    /// From the feed's word to the socket as the server measures it, its rest between two values included: upper bounds of
    /// the buckets of median and 99th percentile, in seconds.
    pub delivery_seconds: (f64, f64),
    /// Memory of the server in kilobytes, each second.
    pub resident_kb: Vec<u64>,
    /// Processor time of the server, in seconds for each second.
    pub cores: f64,
}

impl Outcome {
    /// Memory of the server in kilobytes: the medians of the fifth and of the last tenth of the time.
    pub fn resident_medians_kb(&self) -> Option<(u64, u64)> {
        let tenth = self.resident_kb.len() / 10;
        let fifth = median(self.resident_kb.get(tenth * 4..tenth * 5)?)?;
        let last = median(self.resident_kb.get(tenth * 9..)?)?;
        Some((fifth, last))
    }
}

fn median(numbers: &[u64]) -> Option<u64> {
    let mut sorted = numbers.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied()
}

/// Puts a desk of its own under the load, and tells of it each ten seconds.
pub fn run(load: &Load, mut tell: impl FnMut(&str)) -> Result<Outcome> {
    ensure!(load.clients > 0, "at least one client");
    // Two sockets for each client, one of which may be closing; the server inherits the limit.
    rlimit::increase_nofile_limit(u64::from(load.clients) * 2 + 256)?;
    let desk = Setup::sim(MARKETS, MARKETS * TICKS_OF_A_MARKET)
        .arg("--starting-balance", "1000000")
        .start()?;
    let mut trader = Wire::connect(desk.address())?;
    trader.be_patient();
    let names = Market::names(&mut trader)?;
    let market = Market::of(&mut trader, names.first().context("a market")?)?;
    trade_many(|| Wire::connect(desk.address()), &market, load.orders_before)?;
    let tally = Arc::new(Tally::new());
    let crowd = Crowd::start(desk.address(), load, &names, &tally)?;
    crowd.wait(load, "connected", |seat| seat.is_live.load(Ordering::Relaxed))?;
    tell(&format!("{} clients are connected", load.clients));

    let before = Scrape::of(desk.address())?;
    let counted = tally.counted();
    let cpu = desk.cpu_seconds()?;
    let begun = Instant::now();
    tally.is_measured.store(true, Ordering::Relaxed);
    let mut outcome = Outcome::default();
    let mut next_order = begun;
    let mut next_look = begun;
    while begun.elapsed() < load.time {
        if Instant::now() >= next_order {
            trader.acked(&market.order(side_of(outcome.orders), market.worth(50)))?;
            outcome.orders += 1;
            next_order += ORDER_EVERY;
        }
        if Instant::now() >= next_look {
            outcome.resident_kb.push(desk.resident_kb()?);
            next_look += Duration::from_secs(1);
            if outcome.resident_kb.len() % 10 == 0 {
                let seconds = begun.elapsed().as_secs_f64();
                let count = (tally.counted() - counted) as f64 / seconds;
                let mb = desk.resident_kb()? / 1024;
                tell(&format!(
                    "{seconds:.0} s: {count:.0} deliveries/s, {mb} MB, {} reconnects",
                    tally.cuts.load(Ordering::Relaxed)
                ));
            }
        }
        trader.read_for(Duration::from_millis(50))?;
        trader.log.clear();
    }
    tally.is_measured.store(false, Ordering::Relaxed);
    let seconds = begun.elapsed().as_secs_f64();
    outcome.deliveries = (tally.counted() - counted) as f64 / seconds;
    outcome.cores = (desk.cpu_seconds()? - cpu) / seconds;
    let after = Scrape::of(desk.address())?;
    let of_delivery = |share| after.quantile_since(&before, "tickwire_delivery_seconds", share);
    outcome.delivery_seconds = (of_delivery(0.5), of_delivery(0.99));

    // Whoever is away comes back, and hears of the last order too.
    let heads = trader.subscribe(&LOSSLESS)?;
    let heads = LOSSLESS.map(|topic| {
        let frame = heads.iter().find(|frame| frame.topic() == topic);
        frame.map_or(0, crate::wire::Frame::seq)
    });
    crowd.wait(load, "at the last order", |seat| {
        let places = seat.places.iter().map(|place| place.load(Ordering::Relaxed));
        places.zip(&heads).all(|(place, head)| place >= *head)
    })?;
    drop(crowd);
    let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    outcome.lossless = count(&tally.lossless);
    outcome.reconnects = count(&tally.cuts);
    outcome.broken = count(&tally.broken);
    outcome.resumed = count(&tally.resumed);
    outcome.reset = count(&tally.reset);
    outcome.lost = count(&tally.lost);
    outcome.repeated = count(&tally.repeated);
    outcome.gone_back = count(&tally.gone_back);
    outcome.latency_ms = (tally.latency_ms(0.5), tally.latency_ms(0.99));
    Ok(outcome)
}

/// What all clients count together.
struct Tally {
    is_measured: AtomicBool,
    delivered: AtomicU64,
    lossless: AtomicU64,
    cuts: AtomicU64,
    broken: AtomicU64,
    resumed: AtomicU64,
    reset: AtomicU64,
    lost: AtomicU64,
    repeated: AtomicU64,
    gone_back: AtomicU64,
    latencies: Vec<AtomicU64>,
}

impl Tally {
    fn new() -> Tally {
        Tally {
            is_measured: AtomicBool::new(false),
            delivered: AtomicU64::new(0),
            lossless: AtomicU64::new(0),
            cuts: AtomicU64::new(0),
            broken: AtomicU64::new(0),
            resumed: AtomicU64::new(0),
            reset: AtomicU64::new(0),
            lost: AtomicU64::new(0),
            repeated: AtomicU64::new(0),
            gone_back: AtomicU64::new(0),
            latencies: (0..=LATENCY_MS_MAX).map(|_| AtomicU64::new(0)).collect(),
        }
    }

    fn counted(&self) -> u64 {
        self.delivered.load(Ordering::Relaxed)
    }

    fn latency_ms(&self, share: f64) -> u64 {
        let counts: Vec<u64> = self
            .latencies
            .iter()
            .map(|count| count.load(Ordering::Relaxed))
            .collect();
        let wanted = counts.iter().sum::<u64>() as f64 * share;
        let mut seen = 0;
        let place = counts.iter().position(|count| {
            seen += count;
            seen as f64 >= wanted
        });
        place.unwrap_or(LATENCY_MS_MAX) as u64
    }
}

fn add(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

/// Where a client stands.
#[derive(Default)]
struct Seat {
    is_live: AtomicBool,
    places: [AtomicU64; LOSSLESS.len()],
}

/// The clients. Dropping it ends them.
struct Crowd {
    runtime: Option<Runtime>,
    seats: Vec<Arc<Seat>>,
}

impl Crowd {
    fn start(address: SocketAddr, load: &Load, names: &[String], tally: &Arc<Tally>) -> Result<Crowd> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(THREADS)
            .enable_all()
            .build()?;
        // A little more than asked for: a value waits for a tick after its rest, and some clients are away.
        let rate = f64::from(load.deliveries) / f64::from(load.clients) * 1.05 - BESIDE_TICKERS;
        let rate = rate.max(1.0);
        let tickers = (rate / TICKER_RATE_MAX).ceil().clamp(1.0, names.len() as f64);
        let interval_ms =
            (1000.0 * tickers / rate - 500.0 / f64::from(TICKS_OF_A_MARKET)).clamp(100.0, 10_000.0);
        let mut seats = Vec::new();
        for number in 0..load.clients {
            let seat = Arc::new(Seat::default());
            seats.push(Arc::clone(&seat));
            let of_it = (0..tickers as usize).map(|place| &names[(number as usize + place) % names.len()]);
            let topics: Vec<String> = of_it.map(|name| format!("\"ticker:{name}\"")).collect();
            let life = Life {
                address,
                tickers: topics.join(","),
                interval_ms: interval_ms as u32,
                // The first lives are of every length, so that the same number ends each second.
                first_life: Duration::from_millis(
                    u64::from(number) * u64::from(LIFE_SECONDS) * 1000 / u64::from(load.clients),
                ),
                begins_in: Duration::from_millis(u64::from(number) * 3),
                draw: Draw::new(u64::from(number)),
                stood: Vec::new(),
                epoch: 0,
                has_place: [false; LOSSLESS.len()],
                seat,
                tally: Arc::clone(tally),
            };
            runtime.spawn(life.live());
        }
        Ok(Crowd {
            runtime: Some(runtime),
            seats,
        })
    }

    fn wait(&self, load: &Load, what: &str, is_so: impl Fn(&Seat) -> bool) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let missing = self.seats.iter().filter(|seat| !is_so(seat)).count();
            if missing == 0 {
                return Ok(());
            }
            ensure!(
                Instant::now() < deadline,
                "{missing} of {} clients are not {what} after {PATIENCE:?}",
                load.clients
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

type Socket = WebSocketStream<TcpStream>;

struct Life {
    address: SocketAddr,
    /// The tickers that it wants, as the members of a JSON list.
    tickers: String,
    interval_ms: u32,
    first_life: Duration,
    begins_in: Duration,
    draw: Draw,
    /// The last place of each state topic, over all connections: the server is the same all the time.
    stood: Vec<(String, u64, u64)>,
    /// The epoch of the lossless topics, which they share; 0 until each has its first place.
    epoch: u64,
    /// Which of them have their first place.
    has_place: [bool; LOSSLESS.len()],
    seat: Arc<Seat>,
    tally: Arc<Tally>,
}

impl Life {
    async fn live(mut self) {
        tokio::time::sleep(self.begins_in).await;
        let mut life = self.first_life;
        loop {
            match self.connect().await {
                Ok(socket) => {
                    if self.follow(socket, life).await {
                        add(&self.tally.cuts);
                    } else {
                        add(&self.tally.broken);
                    }
                    life = Duration::from_secs(u64::from(LIFE_SECONDS));
                    let away = Duration::from_millis(self.draw.below(AWAY_MS_MAX));
                    tokio::time::sleep(away).await;
                }
                Err(_) => {
                    add(&self.tally.broken);
                    tokio::time::sleep(TRY_AGAIN).await;
                }
            }
        }
    }

    async fn connect(&self) -> Result<Socket> {
        let stream = TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        let (mut socket, _) = client_async(format!("ws://{}/api/ws/realtime", self.address), stream).await?;
        let mut resume = String::new();
        if self.epoch > 0 {
            let place = |(topic, place): (&str, &AtomicU64)| {
                let seq = place.load(Ordering::Relaxed);
                format!("{{\"topic\":\"{topic}\",\"ep\":{},\"seq\":{seq}}}", self.epoch)
            };
            let places: Vec<String> = LOSSLESS.into_iter().zip(&self.seat.places).map(place).collect();
            resume = format!(",\"resume\":[{}]", places.join(","));
        }
        for subscription in [
            format!("\"topics\":[\"{}\"]{resume}", LOSSLESS.join("\",\"")),
            format!(
                "\"topics\":[{}],\"interval_ms\":{}",
                self.tickers, self.interval_ms
            ),
            "\"topics\":[\"positions\",\"portfolio\",\"balance\"],\"interval_ms\":1000".to_owned(),
        ] {
            let command = format!("{{\"action\":\"subscribe\",{subscription}}}");
            socket.send(Message::text(command)).await?;
        }
        Ok(socket)
    }

    /// Reads until the time is over and cuts the connection. Says whether it held until then.
    async fn follow(&mut self, mut socket: Socket, life: Duration) -> bool {
        let over = tokio::time::sleep(life);
        tokio::pin!(over);
        loop {
            tokio::select! {
                frame = socket.next() => match frame {
                    Some(Ok(Message::Text(text))) => self.take_in(&text),
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return false,
                    Some(Ok(_)) => {}
                },
                () = &mut over => {
                    if self.tally.is_measured.load(Ordering::Relaxed) {
                        return true;
                    }
                    // Nobody is cut before and after.
                    over.as_mut().reset(tokio::time::Instant::now() + Duration::from_secs(1));
                }
            }
        }
    }

    fn take_in(&mut self, text: &str) {
        let Some((topic, ep, seq)) = head(text) else {
            return;
        };
        let kind = kind(text);
        if let Some(place) = LOSSLESS.iter().position(|known| *known == topic) {
            let at = &self.seat.places[place];
            match kind {
                "SUBSCRIBED" => {
                    if !self.has_place[place] {
                        at.store(seq, Ordering::Relaxed);
                        self.has_place[place] = true;
                        if self.has_place == [true; LOSSLESS.len()] {
                            self.epoch = ep;
                            self.seat.is_live.store(true, Ordering::Relaxed);
                        }
                    }
                }
                "RESUMED" => add(&self.tally.resumed),
                "RESET" => {
                    add(&self.tally.reset);
                    at.store(seq, Ordering::Relaxed);
                }
                _ => {
                    let last = at.swap(seq, Ordering::Relaxed);
                    if seq <= last {
                        add(&self.tally.repeated);
                    } else {
                        self.tally.lost.fetch_add(seq - last - 1, Ordering::Relaxed);
                    }
                    add(&self.tally.lossless);
                    add(&self.tally.delivered);
                }
            }
            return;
        }
        if kind == "SUBSCRIBED" {
            return;
        }
        add(&self.tally.delivered);
        match self.stood.iter_mut().find(|(known, ..)| known == topic) {
            Some((_, known_ep, known)) => {
                if (ep, seq) < (*known_ep, *known) {
                    add(&self.tally.gone_back);
                }
                (*known_ep, *known) = (ep, seq);
            }
            None => self.stood.push((topic.to_owned(), ep, seq)),
        }
        if kind == "MARKET_UPDATE"
            && self.tally.is_measured.load(Ordering::Relaxed)
            && let Some(published) = number_after(text, "\"published_at\":")
        {
            let took = usize::try_from(now_ms().saturating_sub(published)).unwrap_or(LATENCY_MS_MAX);
            add(&self.tally.latencies[took.min(LATENCY_MS_MAX)]);
        }
    }
}

/// Topic, epoch and place, which stand at the end of a frame.
fn head(text: &str) -> Option<(&str, u64, u64)> {
    let at = text.rfind("\"topic\":\"")?;
    let (topic, _) = text[at + 9..].split_once('"')?;
    let rest = &text[at..];
    Some((
        topic,
        number_after(rest, "\"ep\":")?,
        number_after(rest, "\"seq\":")?,
    ))
}

/// The type, which stands at the beginning of a frame.
fn kind(text: &str) -> &str {
    let rest = text.strip_prefix("{\"type\":\"").unwrap_or_default();
    rest.split_once('"').map_or("", |(kind, _)| kind)
}

fn number_after(text: &str, key: &str) -> Option<u64> {
    let rest = &text[text.rfind(key)? + key.len()..];
    let digits = rest.len()
        - rest
            .trim_start_matches(|digit: char| digit.is_ascii_digit())
            .len();
    rest[..digits].parse().ok()
}

fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_read_without_being_decoded() {
        let text = r#"{"type":"MARKET_UPDATE","symbol":"A","published_at":17,"timestamp":1,"topic":"ticker:A","ep":3,"seq":104}"#;
        assert_eq!(head(text), Some(("ticker:A", 3, 104)));
        assert_eq!(
            (kind(text), number_after(text, "\"published_at\":")),
            ("MARKET_UPDATE", Some(17))
        );
        assert_eq!(
            head(r#"{"type":"HEARTBEAT","heads":{"orders":[7,4]},"timestamp":1}"#),
            None
        );
    }

    #[test]
    fn memory_is_compared_by_the_medians_of_two_tenths() {
        let outcome = Outcome {
            resident_kb: (0..100).collect(),
            ..Outcome::default()
        };
        assert_eq!(outcome.resident_medians_kb(), Some((45, 95)));
        assert_eq!(Outcome::default().resident_medians_kb(), None);
    }
}
