//! The desk is killed a hundred times under load, at moments drawn by seed: each time all that was acknowledged is there,
//! the state is the fold of the journal, and no leg of a group is left alone.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use tickwire_tests::desk::{Desk, Setup};
use tickwire_tests::draw::Draw;
use tickwire_tests::journal::{entries, replayed};
use tickwire_tests::order::Market;
use tickwire_tests::wire::{Frame, Wire};

/// Lives of one desk; there are two desks.
const LIVES: u64 = 50;

/// Commands of one connection: fewer than it may send at once.
const COMMANDS: u64 = 50;

/// Acknowledged orders that are sent a second time after each restart.
const RETRIED: usize = 3;

/// Makes one command of its kind, under a name.
type Maker = fn(&Market, &str, &mut Draw) -> String;

/// Commands of each kind that a desk must have carried out, or the run proves nothing of that kind.
const CARRIED_OUT_LEAST: u32 = 3;

/// One maker for each kind of command that changes an account. What a desk refuses is load as well.
const MAKERS: &[Maker] = &[
    |market, name, draw| market.order_named(name, "buy", market.worth(10 + draw.any().cast_signed() % 5)),
    |market, name, draw| market.order_named(name, "sell", market.worth(10 + draw.any().cast_signed() % 5)),
    // Closes what is held, and turns it.
    |market, name, _| market.order_named(name, "sell", market.worth(40)),
    |market, name, _| priced(market, name, "buy", "limit", r#""price""#, 97),
    |market, name, _| priced(market, name, "sell", "limit", r#""price""#, 103),
    |market, name, _| priced(market, name, "sell", "stop_market", r#""trigger_price""#, 96),
    |market, name, _| {
        let (high, low) = (at(market, 104), at(market, 95));
        let quantity = market.worth(12);
        format!(
            r#"{{"action":"place_oco","client_order_id":"{name}","symbol":"{}","side":"sell","quantity":{quantity},"take_profit":{{"price":{high}}},"stop_loss":{{"trigger_price":{low}}}}}"#,
            market.symbol
        )
    },
    |market, name, _| {
        let (high, low) = (at(market, 104), at(market, 95));
        market.order_named(name, "buy", market.worth(15)).replacen(
            '{',
            &format!(r#"{{"take_profit":{{"price":{high}}},"stop_loss":{{"trigger_price":{low}}},"#),
            1,
        )
    },
    // The same, resting: its legs come with a fill, if ever.
    |market, name, _| {
        let (high, low) = (at(market, 104), at(market, 95));
        priced(market, name, "buy", "limit", r#""price""#, 98).replacen(
            '{',
            &format!(r#"{{"take_profit":{{"price":{high}}},"stop_loss":{{"trigger_price":{low}}},"#),
            1,
        )
    },
    |market, name, _| {
        market.order_of(
            name,
            "sell",
            "trailing_stop",
            market.worth(12),
            r#""trail_percent":4.5,"#,
        )
    },
    // One that soon triggers.
    |market, name, _| {
        let distance = market.tick * rust_decimal::Decimal::TWO;
        market.order_of(
            name,
            "buy",
            "trailing_stop",
            market.worth(12),
            &format!(r#""trail_distance":{distance},"#),
        )
    },
    |market, name, _| {
        let (symbol, quantity) = (&market.symbol, market.worth(20));
        format!(
            r#"{{"action":"open_carry","client_order_id":"{name}","symbol":"{symbol}","quantity":{quantity}}}"#
        )
    },
    |market, name, _| {
        let high = at(market, 130);
        format!(
            r#"{{"action":"create_alert","client_order_id":"{name}","symbol":"{}","condition":"cross_above","price":{high}}}"#,
            market.symbol
        )
    },
    |_, _, draw| {
        let most = 500_000 + draw.below(1_000);
        format!(
            r#"{{"action":"set_risk_limits","soft_drawdown_pct":50,"hard_drawdown_pct":60,"soft_daily_loss_pct":null,"hard_daily_loss_pct":null,"max_exposure":{most},"max_position_value":null,"max_orders_per_minute":null}}"#
        )
    },
    |market, _, draw| {
        let times = 1 + draw.below(20);
        format!(
            r#"{{"action":"set_leverage","symbol":"{}-PERP","leverage":{times}}}"#,
            market.symbol
        )
    },
    |market, name, _| {
        format!(
            r#"{{"action":"reverse_position","client_order_id":"{name}","symbol":"{}"}}"#,
            market.symbol
        )
    },
    |_, _, draw| match draw.below(4) {
        0 => r#"{"action":"flatten_all"}"#.to_owned(),
        _ => r#"{"action":"cancel_all_orders"}"#.to_owned(),
    },
    |market, name, _| {
        format!(
            r#"{{"action":"close_position","client_order_id":"{name}","symbol":"{}","percent":50}}"#,
            market.symbol
        )
    },
];

/// So many percent of the price, without places: a multiple of any tick size.
fn at(market: &Market, percent: i64) -> rust_decimal::Decimal {
    (market.price * rust_decimal::Decimal::new(percent, 2)).trunc()
}

fn priced(market: &Market, name: &str, side: &str, kind: &str, field: &str, percent: i64) -> String {
    market.order_named(name, side, market.worth(12)).replace(
        r#""order_type":"market""#,
        &format!(r#""order_type":"{kind}",{field}:{}"#, at(market, percent)),
    )
}

/// What clients were told before the kills.
#[derive(Default)]
struct Told {
    /// Owner's id to command and order id, of every ACK of an order.
    acks: BTreeMap<String, (String, String)>,
    /// Every message of a lossless topic, by topic and place.
    events: BTreeMap<(String, u64), Value>,
    /// How many commands of each kind were acknowledged, by their place among the makers.
    carried_out: BTreeMap<usize, u32>,
}

/// What was sent under a name: its kind, by its place among the makers, and the command.
type Sent = BTreeMap<String, (usize, String)>;

impl Told {
    fn take_in(&mut self, log: &[Frame], sent: &Sent) {
        for frame in log {
            match frame.kind() {
                "ACK" => {
                    let Some(name) = frame.json["id"].as_str() else {
                        continue;
                    };
                    let Some((kind, command)) = sent.get(name) else {
                        continue;
                    };
                    *self.carried_out.entry(*kind).or_default() += 1;
                    let id = frame.json["order_id"]
                        .as_str()
                        .or(frame.json["alert_id"].as_str());
                    if let (true, Some(id)) = (command.contains(name), id) {
                        self.acks
                            .insert(name.to_owned(), (command.clone(), id.to_owned()));
                    }
                }
                "ORDER_UPDATE" => {
                    let place = (frame.topic().to_owned(), frame.seq());
                    self.events.insert(place, frame.json["order"].clone());
                }
                "EXECUTION_UPDATE" | "RISK_STATUS_UPDATE" | "ALERT" | "ALERT_RULE_UPDATE"
                    if !frame.topic().is_empty() =>
                {
                    let place = (frame.topic().to_owned(), frame.seq());
                    self.events.insert(place, frame.json["data"].clone());
                }
                _ => {}
            }
        }
    }
}

/// Sends commands of all kinds over some connections and kills the desk in the midst.
fn trade_until_killed(
    desk: &mut Desk,
    market: &Market,
    life: u64,
    draw: &mut Draw,
    told: &mut Told,
) -> Result<()> {
    let mut wires = Vec::new();
    for _ in 0..2 {
        let mut wire = Wire::connect(desk.address())?;
        wire.subscribe(&["orders", "executions", "risk", "alerts"])?;
        wires.push(wire);
    }
    let killed_at = Instant::now() + Duration::from_millis(5 + draw.below(70));
    let mut sent = Sent::new();
    'load: for number in 0..COMMANDS {
        for (place, wire) in wires.iter_mut().enumerate() {
            let name = format!("l{life}-w{place}-{number}");
            let kind = usize::try_from(draw.below(MAKERS.len() as u64))?;
            let command = MAKERS[kind](market, &name, draw);
            wire.send(&command.replacen('{', &format!("{{\"id\":\"{name}\","), 1))?;
            sent.insert(name, (kind, command));
            wire.next_within(Duration::from_micros(draw.below(2_000)))?;
            if Instant::now() >= killed_at {
                break 'load;
            }
        }
    }
    std::thread::sleep(killed_at.saturating_duration_since(Instant::now()));
    desk.kill()?;
    for wire in &mut wires {
        // What was written to the socket before the kill was told.
        wire.read_for(Duration::from_millis(200))?;
        told.take_in(&wire.log, &sent);
    }
    Ok(())
}

/// What the journal on disk has of what was told, and of groups. Gives how many groups of each kind it looked at.
fn assert_kept(desk: &Desk, told: &Told) -> Result<BTreeMap<String, usize>> {
    let mut orders: BTreeMap<String, Value> = BTreeMap::new();
    let mut rules: BTreeMap<String, Value> = BTreeMap::new();
    let mut names = BTreeMap::new();
    let mut places = BTreeMap::new();
    for entry in entries(&desk.data_dir())? {
        let facts = entry["event"]["fact"].as_object().context("a fact")?;
        for (kind, fact) in facts {
            if let (Some(topic), Some(seq)) = (entry["topic"].as_str(), entry["topic_seq"].as_u64()) {
                places.insert((topic.to_owned(), seq), fact.clone());
            }
            if kind == "order_changed" {
                let id = fact["id"].as_str().context("an id")?.to_owned();
                if let Some(name) = fact["client_order_id"].as_str() {
                    let first = names.entry(name.to_owned()).or_insert_with(|| id.clone());
                    ensure!(*first == id, "{name} is two orders: {first} and {id}");
                }
                orders.insert(id, fact.clone());
            }
            if kind == "alert_rule_changed" {
                let id = fact["id"].as_str().context("an id")?.to_owned();
                rules.insert(id, fact.clone());
            }
        }
    }
    for (name, (command, id)) in &told.acks {
        assert!(
            orders.contains_key(id) || rules.contains_key(id),
            "{name} was acknowledged as {id}: {command}"
        );
        if let Some(found) = names.get(name) {
            assert_eq!(found, id, "{name}: {command}");
        }
    }
    for (place, before) in &told.events {
        assert_eq!(places.get(place), Some(before), "{place:?} was told");
    }
    Ok(assert_no_orphans(&orders))
}

/// Of an OCO pair both wait or none does; the exits of a bracket whose entry has ended unfilled do not wait.
fn assert_no_orphans(orders: &BTreeMap<String, Value>) -> BTreeMap<String, usize> {
    let is_final = |order: &Value| {
        ["FILLED", "CANCELLED", "REJECTED", "EXPIRED"].contains(&order["status"].as_str().unwrap_or_default())
    };
    let mut groups: BTreeMap<String, Vec<&Value>> = BTreeMap::new();
    for order in orders.values().filter(|order| order["group"].is_object()) {
        groups
            .entry(order["group"]["id"].to_string())
            .or_default()
            .push(order);
    }
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for (group, orders) in groups {
        let is_entry = |order: &&&Value| order["group"]["role"] == "ENTRY";
        let exits: Vec<_> = orders.iter().filter(|order| !is_entry(order)).collect();
        let waiting = exits.iter().filter(|order| !is_final(order)).count();
        assert!(
            waiting == 0 || waiting == exits.len(),
            "{group}: {waiting} of {} exits wait: {orders:?}",
            exits.len()
        );
        let kind = orders[0]["group"]["kind"].as_str().unwrap_or_default();
        let state = if waiting > 0 {
            "waits"
        } else if exits.is_empty() {
            "has no exits"
        } else {
            "is over"
        };
        *seen.entry(format!("{kind} {state}")).or_default() += 1;
    }
    seen
}

/// The entries and the hash that the running server says it started from.
fn restored(desk: &Desk) -> Result<(u64, String)> {
    let words = desk.words();
    let line = words.lines().rev().find(|line| line.contains("\"state_hash\""));
    let line: Value = serde_json::from_str(line.context("the start tells its hash")?)?;
    let hash = line["fields"]["state_hash"].as_str().context("a hash")?;
    Ok((
        line["fields"]["entries"].as_u64().context("a number")?,
        hash.to_owned(),
    ))
}

fn kill_again_and_again(seed: u64) -> Result<()> {
    let mut desk = Setup::sim(2, 400)
        .arg("--starting-balance", "1000000")
        .arg("--limit-fill", "touch")
        .arg("--snapshot-every", "50")
        .arg("--log", "warn,tickwire::engine=debug")
        .arg("--log-format", "json")
        .start()?;
    let mut first = Wire::connect(desk.address())?;
    let symbol = Market::names(&mut first)?
        .first()
        .context("an instrument")?
        .clone();
    let market = Market::of(&mut first, &symbol)?;
    first.cut();
    let mut draw = Draw::new(seed);
    let mut told = Told::default();
    let mut groups: BTreeMap<String, usize> = BTreeMap::new();
    for life in 0..LIVES {
        trade_until_killed(&mut desk, &market, life, &mut draw, &mut told)
            .with_context(|| format!("life {life} of seed {seed}"))?;
        let folded = replayed(&desk.data_dir())?;
        if life % 10 == 9 || life + 1 == LIVES {
            for (kind, count) in assert_kept(&desk, &told)? {
                *groups.entry(kind).or_default() += count;
            }
        }
        desk.restart()?;
        assert_eq!(restored(&desk)?, folded, "life {life} of seed {seed}");
        let mut wire = Wire::connect(desk.address())?;
        let of_life = format!("l{life}-");
        let acked = told.acks.iter().filter(|(name, _)| name.starts_with(&of_life));
        for (name, (command, id)) in acked.take(RETRIED) {
            let again = wire.acked(command)?;
            let named = again.json["order_id"]
                .as_str()
                .or(again.json["alert_id"].as_str());
            assert_eq!(
                (&Value::from(named), &again.json["duplicate"]),
                (&Value::from(id.as_str()), &Value::from(true)),
                "{name} of seed {seed}: {}",
                again.text
            );
        }
    }
    assert!(
        told.acks.len() as u64 > LIVES,
        "{} orders were acknowledged: no load",
        told.acks.len()
    );
    for kind in 0..MAKERS.len() {
        let times = told.carried_out.get(&kind).copied().unwrap_or_default();
        assert!(
            times >= CARRIED_OUT_LEAST,
            "commands of kind {kind} were carried out {times} times: {:?}",
            told.carried_out
        );
    }
    // Whether a pair still waits in the moment of a kill is luck, so that is counted and not asked for.
    for kind in ["OCO is over", "BRACKET is over", "BRACKET has no exits"] {
        assert!(
            groups.contains_key(kind),
            "no group like this was seen: {kind}; {groups:?}"
        );
    }
    Ok(())
}

#[test]
fn fifty_kills_lose_nothing_that_was_acknowledged() -> Result<()> {
    kill_again_and_again(1)
}

#[test]
fn fifty_other_kills_lose_nothing_either() -> Result<()> {
    kill_again_and_again(2)
}
