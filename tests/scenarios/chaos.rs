//! Several clients trade through a network that does its worst, while the server is killed and started again: in the end
//! each has the journal's own log, to the letter, and each order that any of them named exists once.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use rust_decimal::Decimal;
use tickwire_protocol::alert::{AlertCondition, CreateAlert};
use tickwire_protocol::command::{Instruction, PlaceOrder};
use tickwire_protocol::id::{ClientOrderId, Epoch, Symbol};
use tickwire_protocol::money::{Price, Quantity};
use tickwire_protocol::order::{OrderType, Side, TimeInForce};
use tickwire_protocol::risk::RiskLimits;
use tickwire_protocol::topic::Topic;
use tickwire_tests::desk::{Desk, Setup};
use tickwire_tests::draw::Draw;
use tickwire_tests::faults::{Fault, Kind, Proxy, Way, plan};
use tickwire_tests::journal;
use tickwire_tests::keeper::{Keeper, Kept, Maker, told};
use tickwire_tests::order::{Market, history};
use tickwire_tests::wire::Wire;

const SPOT: &str = "SIM001USDT";

const CLIENTS: usize = 6;

/// Faults of each client. Twelve different ones there are, so each of them happens to four clients.
const FAULTS_EACH: usize = 8;

const KILLS: usize = 3;

/// Alerts of one client: all of theirs together are fewer than an account may have.
const ALERTS_EACH: u64 = 20;

/// Long enough for two slow cores; the run ends when all is done.
const PATIENCE: Duration = Duration::from_secs(180);

/// One who is live is up to date: what it has not heard of within this, it never hears of.
const HEARD_WITHIN: Duration = Duration::from_secs(30);

/// What the journal has.
const LOSSLESS: [Topic; 4] = [Topic::Orders, Topic::Executions, Topic::Risk, Topic::Alerts];

/// What a client wants done, by number: a bit of everything that lossless topics tell of.
fn maker(client: usize, market: &Market) -> Result<Maker> {
    let symbol = Symbol::new(SPOT)?;
    let quantity: Quantity = market.worth(20).to_string().parse()?;
    let (far_below, far_above): (Price, Price) = (
        market.away(-500).to_string().parse()?,
        market.away(3_000).to_string().parse()?,
    );
    let (base, step) = (Decimal::from(500_000), Decimal::ONE);
    Ok(Box::new(move |number| {
        let name = Some(ClientOrderId::new(&format!("chaos-{client}-{number}")).unwrap());
        let market = |side| PlaceOrder {
            client_order_id: name.clone(),
            ..PlaceOrder::market(symbol, side, quantity)
        };
        match number % 8 {
            3 => Instruction::PlaceOrder(PlaceOrder {
                order_type: OrderType::Limit,
                price: Some(far_below),
                time_in_force: TimeInForce::Ioc,
                ..market(Side::Buy)
            }),
            5 if number / 8 < ALERTS_EACH => Instruction::CreateAlert(CreateAlert {
                client_order_id: name,
                symbol,
                condition: AlertCondition::CrossAbove,
                price: Some(far_above),
                percent: None,
                note: None,
            }),
            // Told by the topic of the risk guard; without a name, and never sent again.
            7 => Instruction::SetRiskLimits(RiskLimits {
                max_exposure: (base + step * Decimal::from(number)).to_string().parse().ok(),
                ..RiskLimits::default()
            }),
            even if even % 2 == 0 => Instruction::PlaceOrder(market(Side::Buy)),
            _ => Instruction::PlaceOrder(market(Side::Sell)),
        }
    }))
}

/// Kills the desk and starts it again whenever another part of the plan is done, until all of it is.
fn let_it_happen(desk: &mut Desk, proxies: &[Proxy], draw: &mut Draw) -> Result<()> {
    let planned = CLIENTS * FAULTS_EACH;
    let deadline = Instant::now() + PATIENCE;
    let mut kills = 0;
    loop {
        let happened: usize = proxies.iter().map(|proxy| proxy.happened().len()).sum();
        if kills < KILLS && happened >= planned * (kills + 1) / (KILLS + 1) {
            std::thread::sleep(Duration::from_millis(draw.below(300)));
            desk.kill()?;
            std::thread::sleep(Duration::from_millis(draw.below(600)));
            desk.restart()?;
            kills += 1;
        }
        if proxies.iter().all(Proxy::is_through) {
            ensure!(kills == KILLS, "killed {kills} times");
            return Ok(());
        }
        ensure!(
            Instant::now() < deadline,
            "{happened} of {planned} faults happened within {PATIENCE:?}"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The log of each topic as one who starts from nothing is told it.
fn told_anew(desk: &Desk) -> Result<BTreeMap<String, Vec<(u64, String)>>> {
    let mut wire = Wire::connect(desk.address())?;
    let mut logs = BTreeMap::new();
    for topic in LOSSLESS {
        let frames = history(&mut wire, &topic.to_string())?;
        let log: Option<Vec<_>> = frames
            .iter()
            .map(|frame| Some((frame.seq(), told(&frame.text)?)))
            .collect();
        logs.insert(topic.to_string(), log.context("each tells something")?);
    }
    Ok(logs)
}

/// The same once nothing is added any more: a command that nobody waits for may have been the last to arrive.
fn told_when_quiet(desk: &Desk) -> Result<BTreeMap<String, Vec<(u64, String)>>> {
    let deadline = Instant::now() + PATIENCE;
    let mut logs = told_anew(desk)?;
    loop {
        std::thread::sleep(Duration::from_millis(500));
        let later = told_anew(desk)?;
        if later == logs {
            return Ok(logs);
        }
        ensure!(Instant::now() < deadline, "the desk never is quiet");
        logs = later;
    }
}

/// The first place where two logs differ, in words.
fn difference(one: &[(u64, String)], other: &[(u64, String)]) -> String {
    let place = one.iter().zip(other).position(|(a, b)| a != b);
    let place = place.unwrap_or(one.len().min(other.len()));
    format!(
        "{} and {} messages; at {place} {:?} and {:?}",
        one.len(),
        other.len(),
        one.get(place),
        other.get(place)
    )
}

/// Each name that was given is one order, or one alert, of the journal: the one that its answer named.
fn assert_once(kept: &[Kept], logs: &BTreeMap<String, Vec<(u64, String)>>) -> Result<()> {
    let mut ids: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (_, text) in ["orders", "alerts"].iter().flat_map(|topic| &logs[*topic]) {
        let told: serde_json::Value = serde_json::from_str(text)?;
        if let (Some(name), Some(id)) = (told["client_order_id"].as_str(), told["id"].as_str()) {
            ids.entry(name.to_owned()).or_default().insert(id.to_owned());
        }
    }
    let mut given = 0;
    for (name, answered) in kept.iter().flat_map(|kept| &kept.named) {
        let answered = answered
            .clone()
            .with_context(|| format!("{name} has its answer"))?;
        assert_eq!(ids.get(name), Some(&BTreeSet::from([answered])), "{name}");
        given += 1;
    }
    assert_eq!(given, ids.len(), "nobody else gave orders");
    Ok(())
}

#[test]
fn every_client_ends_with_the_journal_s_own_log_whatever_its_network_did() -> Result<()> {
    let seed = match std::env::var("TICKWIRE_CHAOS_SEED") {
        Ok(seed) => seed.parse().context("TICKWIRE_CHAOS_SEED is a number")?,
        Err(_) => 1,
    };
    eprintln!("TICKWIRE_CHAOS_SEED={seed} makes these faults again");
    let mut desk = Setup::sim(2, 100).arg("--starting-balance", "1000000").start()?;
    let mut wire = Wire::connect(desk.address())?;
    wire.be_patient();
    let epoch = wire.subscribe(&["orders"])?[0].json["ep"].as_u64();
    let epoch = Epoch(u32::try_from(epoch.context("an epoch")?)?);
    let market = Market::of(&mut wire, SPOT)?;
    wire.cut();

    let mut topics = vec![Topic::Ticker(Symbol::new(SPOT)?)];
    topics.extend(LOSSLESS);
    let mut proxies = Vec::new();
    let mut keepers = Vec::new();
    for client in 0..CLIENTS {
        let proxy = Proxy::start(desk.address(), plan(seed, client, FAULTS_EACH))?;
        let seed = seed.wrapping_mul(31).wrapping_add(client as u64);
        let maker = maker(client, &market)?;
        keepers.push(Keeper::start(proxy.address(), seed, epoch, &topics, maker));
        proxies.push(proxy);
    }
    let_it_happen(&mut desk, &proxies, &mut Draw::new(seed))?;

    // All is quiet: what was given is answered, and everybody has heard of it.
    keepers.iter().for_each(Keeper::rest);
    for keeper in &keepers {
        keeper.wait_until(PATIENCE, "answered", |kept| kept.is_live && kept.open == 0)?;
    }
    let logs = told_when_quiet(&desk)?;
    for keeper in &keepers {
        keeper.wait_until(HEARD_WITHIN, "at the last message of each topic", |kept| {
            let last =
                |log: Option<&Vec<(u64, String)>>| log.and_then(|log| log.last()).map_or(0, |last| last.0);
            LOSSLESS
                .iter()
                .all(|topic| last(kept.messages.get(topic)) >= last(logs.get(&topic.to_string())))
        })?;
    }
    desk.kill()?;

    let mut happened: BTreeMap<(Kind, Way), u32> = BTreeMap::new();
    for Fault { kind, way, .. } in proxies.iter().flat_map(Proxy::happened) {
        *happened.entry((kind, way)).or_default() += 1;
    }
    for kind in Kind::ALL {
        for way in Way::ALL {
            assert!(
                happened.contains_key(&(kind, way)),
                "{kind:?} {way:?}: {happened:?}"
            );
        }
    }
    let kept: Vec<Kept> = keepers.iter().map(Keeper::kept).collect();
    let inside = journal::topics(&desk.data_dir())?;
    for topic in LOSSLESS {
        let (inside, anew) = (&inside[&topic.to_string()], &logs[&topic.to_string()]);
        assert!(inside.len() > 20, "{topic} has {} messages", inside.len());
        assert!(anew == inside, "{topic} told anew: {}", difference(anew, inside));
        for (client, kept) in kept.iter().enumerate() {
            let log = &kept.messages[&topic];
            assert!(
                log == inside,
                "{topic} of client {client}: {}",
                difference(log, inside)
            );
        }
    }
    for (client, kept) in kept.iter().enumerate() {
        assert_eq!(
            (kept.lost, &kept.refused, &kept.contradicted),
            (0, &Vec::new(), &Vec::new()),
            "client {client}"
        );
        assert_eq!(kept.epochs, BTreeSet::from([epoch]), "client {client}");
        assert!(
            kept.greetings as usize > KILLS,
            "client {client} was greeted {} times",
            kept.greetings
        );
        eprintln!(
            "client {client}: {} connections, {} times turned away, {} gaps healed, {} sent again, {} named",
            kept.greetings,
            kept.turned_away,
            kept.gaps,
            kept.again,
            kept.named.len()
        );
    }
    assert_once(&kept, &inside)
}
