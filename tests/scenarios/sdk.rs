//! tickwire-client against the real server: its examples as anybody would run them, and what it promises to programs.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde_json::json;
use tickwire_client::protocol::command::{GetOrders, PlaceOrder};
use tickwire_client::protocol::error::ErrorCode;
use tickwire_client::protocol::id::Symbol;
use tickwire_client::protocol::message::{Body, Outcome};
use tickwire_client::protocol::order::Side;
use tickwire_client::protocol::topic::Topic;
use tickwire_client::{Desk as Program, Event, Events, Places, Token};
use tickwire_protocol::ASYNCAPI;
use tickwire_tests::desk::{Desk, Setup, clean};
use tickwire_tests::order::{Market, history};
use tickwire_tests::users::{JSON, add, post, required, token, tokens};
use tickwire_tests::wire::{PATIENCE, Wire};
use tickwire_tests::{binary, http};

/// An example that runs. Dropping it kills it.
struct Example {
    child: Child,
    lines: Receiver<String>,
    said: Vec<String>,
}

impl Example {
    fn run(name: &str, address: SocketAddr, args: &[&str]) -> Result<Example> {
        let mut child = clean(&binary::example(name)?)
            .args(args)
            .args(["--url", &format!("ws://{address}")])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        let stdout = child.stdout.take().context("stdout is piped")?;
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Ok(Example {
            child,
            lines,
            said: Vec::new(),
        })
    }

    /// Waits for a line that has this in it.
    fn says(&mut self, part: &str) -> Result<String> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let rest = deadline.saturating_duration_since(Instant::now());
            let Ok(line) = self.lines.recv_timeout(rest) else {
                bail!("no line with {part:?}; it said {:#?}", self.said);
            };
            self.said.push(line.clone());
            if line.contains(part) {
                return Ok(line);
            }
        }
    }

    /// Waits for its end, and returns all lines of an example that succeeded.
    fn ends(mut self) -> Result<Vec<String>> {
        let status = self.child.wait()?;
        self.said.extend(self.lines.iter());
        anyhow::ensure!(status.success(), "{status}: {:#?}", self.said);
        Ok(std::mem::take(&mut self.said))
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        // Already gone is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until places are kept in a file, other than those before.
fn places(file: &str, before: &str) -> Result<String> {
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        match std::fs::read_to_string(file) {
            Ok(text) if text.contains("executions=") && text != before => return Ok(text),
            _ => std::thread::sleep(Duration::from_millis(5)),
        }
    }
    bail!("no places other than {before:?} in {file}")
}

fn url(desk: &Desk) -> String {
    format!("ws://{}", desk.address())
}

fn btc() -> Symbol {
    Symbol::new("BTCUSDT").unwrap()
}

/// Waits for an event, and returns what was made of it.
async fn wait_for<T>(
    events: &mut Events,
    what: &str,
    mut wanted: impl FnMut(Event) -> Option<T>,
) -> Result<T> {
    let found = async {
        while let Some(event) = events.next().await {
            if let Some(found) = wanted(event) {
                return Some(found);
            }
        }
        None
    };
    let found = tokio::time::timeout(PATIENCE, found).await;
    found
        .with_context(|| format!("no {what}"))?
        .with_context(|| format!("the end, and no {what}"))
}

fn is_live(event: &Event) -> Option<()> {
    matches!(event, Event::Live).then_some(())
}

#[test]
fn the_example_tickers_prints_prices() -> Result<()> {
    let desk = Desk::start()?;
    let example = Example::run("tickers", desk.address(), &["BTCUSDT", "ETHUSDT", "--count", "6"])?;
    let lines = example.ends()?;
    assert_eq!(lines.len(), 6, "{lines:#?}");
    for symbol in ["BTCUSDT", "ETHUSDT"] {
        let line = lines
            .iter()
            .find(|line| line.starts_with(symbol))
            .context(symbol)?;
        let price = line.split_whitespace().nth(1).context("a price")?;
        assert!(
            price.parse::<rust_decimal::Decimal>()? > rust_decimal::Decimal::ONE,
            "{line}"
        );
    }
    Ok(())
}

#[test]
fn the_example_bracket_places_one_however_often_it_runs() -> Result<()> {
    let mut desk = Desk::start()?;
    let args = ["BTCUSDT", "0.01", "--name", "sdk-bracket"];
    let lines = Example::run("bracket", desk.address(), &args)?.ends()?;
    assert!(
        lines[0].contains("(sdk-bracket) New: buys 0.01 BTCUSDT at"),
        "{lines:#?}"
    );
    desk.kill_and_restart()?;
    let again = Example::run("bracket", desk.address(), &args)?.ends()?;
    assert!(
        again[0].ends_with("was placed before under this name"),
        "{again:#?}"
    );
    assert_eq!(again[1], lines[0], "the same order");

    let mut wire = Wire::connect(desk.address())?;
    let orders = wire.answer(r#"{"action":"get_orders"}"#, "ORDERS")?;
    let rows = orders.json["orders"].as_array().context("a list")?;
    assert_eq!(rows.len(), 1, "{}", orders.text);
    assert_eq!(rows[0]["client_order_id"], "sdk-bracket");
    assert_eq!(rows[0]["group"]["kind"], "BRACKET");
    assert_eq!(rows[0]["group"]["role"], "ENTRY");
    for exit in ["take_profit", "stop_loss"] {
        assert!(rows[0][exit]["trigger_price"].is_number(), "{}", orders.text);
    }
    Ok(())
}

#[test]
fn the_example_mirror_positions_goes_on_where_it_was_killed() -> Result<()> {
    binary::example("mirror_positions")?;
    let desk = Desk::start()?;
    let folder = tempfile::tempdir()?;
    let kept = folder.path().join("places.txt");
    let kept = kept.to_str().context("a path of letters")?;
    let mut wire = Wire::connect(desk.address())?;
    let market = Market::of(&mut wire, "BTCUSDT")?;
    let buy = |wire: &mut Wire| wire.acked(&market.order("buy", market.worth(20)));

    let mut example = Example::run("mirror_positions", desk.address(), &["--keep", kept])?;
    example.says("live")?;
    let before = places(kept, "")?;
    buy(&mut wire)?;
    let first = example.says("exec-")?;
    assert!(first.contains("buy") && first.contains("BTCUSDT"), "{first}");
    places(kept, &before)?;
    drop(example);
    for _ in 0..3 {
        buy(&mut wire)?;
    }
    let mut example = Example::run("mirror_positions", desk.address(), &["--keep", kept])?;
    example.says("back: 3 messages had been missed")?;
    let fill = |line: &&String| line.starts_with("exec-");
    let missed: Vec<&String> = example.said.iter().filter(fill).collect();
    assert_eq!(missed.len(), 3, "{:#?}", example.said);
    assert!(!missed.contains(&&first), "one came twice");
    Ok(())
}

#[tokio::test]
async fn an_order_given_during_an_outage_is_placed_once_and_nothing_is_missed() -> Result<()> {
    let mut desk = Desk::start()?;
    let market = Market::of(&mut Wire::connect(desk.address())?, "BTCUSDT")?;
    let (program, mut events) = Program::builder(&url(&desk))
        .topics([Topic::Orders, Topic::Executions])
        .start()?;
    tokio::time::timeout(PATIENCE, program.live()).await??;
    let order = || PlaceOrder::market(btc(), Side::Buy, market.worth(50).to_string().parse().unwrap());
    let ack = program.place_order(order()).await?;
    assert_eq!(ack.outcome, Some(Outcome::Executed));
    assert!(ack.report.client_order_id.is_some(), "it was named");

    desk.kill()?;
    wait_for(&mut events, "Lost", |event| {
        matches!(event, Event::Lost { .. }).then_some(())
    })
    .await?;
    let ordering = program.clone();
    let given = order();
    let answer = tokio::spawn(async move { ordering.place_order(given).await });
    tokio::time::sleep(Duration::from_millis(300)).await;
    desk.restart()?;
    assert_eq!(answer.await??.outcome, Some(Outcome::Executed));
    wait_for(&mut events, "Resumed", |event| {
        matches!(event, Event::Resumed { .. }).then_some(())
    })
    .await?;
    wait_for(&mut events, "Live", |event| is_live(&event)).await?;
    let mut wire = Wire::connect(desk.address())?;
    assert_eq!(history(&mut wire, "executions")?.len(), 2);

    // A refusal says what became of the order, and what it was called.
    let mut much = order();
    much.quantity = market.worth(1_000_000_000).to_string().parse()?;
    let refused = program.place_order(much).await.unwrap_err();
    assert_eq!(refused.outcome, Some(Outcome::NotExecuted), "{refused}");
    assert!(refused.client_order_id.is_some());
    program.shutdown().await;
    Ok(())
}

#[tokio::test]
async fn a_program_that_comes_again_gets_what_it_missed_and_one_from_elsewhere_is_reset() -> Result<()> {
    let mut desk = Desk::start()?;
    let url = url(&desk);
    let follow = |places: Places| Program::builder(&url).topic(Topic::Orders).resume(places).start();
    let mut wire = Wire::connect(desk.address())?;
    let market = Market::of(&mut wire, "BTCUSDT")?;
    let (program, mut events) = follow(Places::new())?;
    wait_for(&mut events, "Live", |event| is_live(&event)).await?;
    // Nothing has come yet, and the place is known all the same.
    assert!(
        events.places().get(Topic::Orders).is_some(),
        "{}",
        events.places()
    );
    let kept = events.places().to_string();
    program.shutdown().await;

    wire.acked(&market.order_named("while-away", "buy", market.worth(20)))?;
    desk.kill_and_restart()?;
    let (program, mut events) = follow(kept.parse()?)?;
    let missed = wait_for(&mut events, "the order", |event| match event {
        Event::Message(message) => match message.body {
            Body::OrderUpdate(update) => update.order.client_order_id,
            _ => None,
        },
        _ => None,
    });
    assert_eq!(missed.await?.as_str(), "while-away");
    wait_for(&mut events, "Live", |event| is_live(&event)).await?;
    assert_ne!(events.places().to_string(), kept);
    let orders = program.orders(GetOrders::default()).await?;
    assert_eq!(orders.orders.len(), 1);
    program.shutdown().await;

    let (program, mut events) = follow("orders=4000000000.1".parse()?)?;
    let loss = wait_for(&mut events, "Reset", |event| match event {
        Event::Reset(loss) => Some(loss),
        _ => None,
    });
    assert_eq!(loss.await?.topic, Topic::Orders);
    let Some(Event::Message(snapshot)) = events.next().await else {
        bail!("no snapshot after the reset");
    };
    assert!(matches!(snapshot.body, Body::Orders(ref all) if all.orders.len() == 1));
    program.shutdown().await;
    Ok(())
}

#[tokio::test]
async fn a_program_that_takes_nothing_for_a_while_loses_nothing() -> Result<()> {
    /// As many as a connection may send at once.
    const ORDERS: usize = 50;
    let desk = Desk::start()?;
    let mut wire = Wire::connect(desk.address())?;
    let market = Market::of(&mut wire, "BTCUSDT")?;
    let (program, mut events) = Program::builder(&url(&desk))
        .topics([Topic::Executions, Topic::Ticker(btc())])
        .capacity(4)
        .start()?;
    wait_for(&mut events, "Live", |event| is_live(&event)).await?;
    for _ in 0..ORDERS {
        wire.acked(&market.order("buy", market.worth(10)))?;
    }
    let mut places = Vec::new();
    while places.len() < ORDERS {
        let place = wait_for(&mut events, "an execution", |event| match event {
            Event::Message(message) if message.head.topic == Some(Topic::Executions) => message.head.seq,
            _ => None,
        });
        places.push(place.await?.0);
    }
    assert!(places.windows(2).all(|pair| pair[1] == pair[0] + 1), "{places:?}");
    program.shutdown().await;
    Ok(())
}

#[tokio::test]
async fn whoever_drops_the_events_can_still_command() -> Result<()> {
    let desk = Desk::start()?;
    let (program, events) = Program::builder(&url(&desk))
        .topic(Topic::Ticker(btc()))
        .start()?;
    drop(events);
    for _ in 0..3 {
        assert!(!program.instruments().await?.instruments.is_empty());
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    let refused = program.orders(GetOrders {
        limit: Some(0),
        ..GetOrders::default()
    });
    assert_eq!(refused.await.unwrap_err().code, ErrorCode::InvalidField);
    program.shutdown().await;
    Ok(())
}

/// A program's source of tokens: what a login gave, then what its refresh tokens give.
struct Purse {
    address: SocketAddr,
    login: serde_json::Value,
    times: u32,
}

impl Purse {
    /// The next one. The second time there is none.
    fn next(&mut self) -> std::io::Result<Token> {
        let failed = |text: &str| Err(std::io::Error::other(text.to_owned()));
        self.times += 1;
        match self.times {
            1 => {}
            2 => return failed("the purse was not at hand"),
            _ => {
                let body = json!({"refresh_token": self.login["refresh_token"]}).to_string();
                let answer = post(self.address, "/api/auth/refresh", &[JSON], &body);
                let answer = answer.map_err(std::io::Error::other)?;
                self.login = serde_json::from_str(&answer.text())?;
            }
        }
        match self.login["access_token"].as_str() {
            Some(token) => Ok(Token::new(token)),
            None => failed("the desk gave no token"),
        }
    }
}

/// A desk whose logins are announced to end after 3 seconds and are closed after 9.
fn forgetful() -> Result<Desk> {
    required(Setup::sim(2, 20).arg("--access-token-minutes", "0.1"))
}

#[tokio::test]
async fn a_login_that_ends_is_renewed_on_the_same_connection() -> Result<()> {
    let desk = forgetful()?;
    add(&desk, "ann", "trader")?;
    let purse = Purse {
        address: desk.address(),
        login: tokens(&desk, "ann")?,
        times: 0,
    };
    let purse = Arc::new(Mutex::new(purse));
    let source = move || {
        let purse = Arc::clone(&purse);
        let next = move || purse.lock().unwrap().next();
        async { tokio::task::spawn_blocking(next).await.unwrap() }
    };
    let (program, mut events) = Program::builder(&url(&desk))
        .token_from(source)
        .topic(Topic::Orders)
        .start()?;
    wait_for(&mut events, "Live", |event| is_live(&event)).await?;
    // A login that nobody renewed would be closed before its end is announced a second time.
    let (mut announced, mut failed) = (0, 0);
    while announced < 3 {
        let said = wait_for(&mut events, "AUTH_EXPIRING", |event| match event {
            Event::Message(message) if matches!(message.body, Body::AuthExpiring(_)) => Some(Ok(1)),
            Event::NotRenewed(error) => Some(Ok(0)).filter(|_| error.to_string().contains("purse")),
            Event::Lost { .. } | Event::Greeted(_) | Event::Closed { .. } => Some(Err(format!("{event:?}"))),
            _ => None,
        });
        match said.await? {
            Ok(1) => announced += 1,
            Ok(_) => failed += 1,
            Err(event) => bail!("{event} after {announced} announcements"),
        }
    }
    assert_eq!(failed, 1, "a source that fails is asked again");
    assert!(!program.instruments().await?.instruments.is_empty());
    program.shutdown().await;
    Ok(())
}

#[tokio::test]
async fn a_token_that_ends_is_not_shown_for_its_own_renewal() -> Result<()> {
    let desk = forgetful()?;
    add(&desk, "ann", "trader")?;
    let (program, mut events) = Program::builder(&url(&desk))
        .token(Token::new(token(&desk, "ann")?))
        .start()?;
    let (mut announced, mut lost) = (0, 0);
    let code = loop {
        let event = tokio::time::timeout(2 * PATIENCE, events.next()).await?;
        match event.context("the end without a word")? {
            Event::Message(message) if matches!(message.body, Body::AuthExpiring(_)) => announced += 1,
            Event::Lost { .. } => lost += 1,
            Event::Closed { code } => break code,
            _ => {}
        }
    };
    // Shown again it would be granted the same end, which would be announced again.
    assert_eq!((announced, lost, code), (1, 1, 1008));
    program.shutdown().await;
    Ok(())
}

#[test]
fn the_server_has_the_document_of_its_protocol() -> Result<()> {
    let desk = Desk::start()?;
    let page = http::get(desk.address(), "/api/ws/asyncapi.json", &[])?;
    assert_eq!(
        (page.status, page.header("content-type")),
        (200, "application/json")
    );
    assert_eq!(page.header("cache-control"), "no-cache");
    assert_eq!(page.text(), ASYNCAPI);
    let known = [("if-none-match", page.header("etag"))];
    let again = http::get(desk.address(), "/api/ws/asyncapi.json", &known)?;
    assert_eq!((again.status, again.body.len()), (304, 0));
    let other = http::get(
        desk.address(),
        "/api/ws/asyncapi.json",
        &[("if-none-match", "\"x\"")],
    )?;
    assert_eq!(other.status, 200);
    let document: serde_json::Value = serde_json::from_str(&page.text())?;
    assert_eq!(document["asyncapi"], json!("3.0.0"));
    Ok(())
}
