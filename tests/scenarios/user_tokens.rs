//! Tokens for programs that cannot renew one, such as clients of older systems; and roles that change while they are in use.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use serde_json::json;
use tickwire_tests::desk::{Desk, Setup};
use tickwire_tests::older::Client;
use tickwire_tests::order::Market;
use tickwire_tests::users::{add, connect, done, required, token, user};
use tickwire_tests::wire::{Frame, PATIENCE, Wire};

/// What a client of `s2` says when its connection is there, and when it is gone.
const CONFIRMED: &str = "Connection confirmed:";
const DISCONNECTED: &str = "Disconnected from WebSocket server";

/// Makes a token of a user, and gives it as a script would get it: the one line of standard output.
fn program_token(desk: &Desk, name: &str, label: &str) -> Result<String> {
    let told = done(
        &desk.data_dir(),
        &["token", name, "--days", "30", "--label", label],
        "",
    )?;
    let token = told.strip_suffix('\n').context("a line")?;
    ensure!(
        !token.contains(char::is_whitespace) && token.split('.').count() == 3,
        "nothing but the token: {told}"
    );
    Ok(token.to_owned())
}

/// The id of the token with this label, as the list has it.
fn id_of(desk: &Desk, name: &str, label: &str) -> Result<String> {
    let list = done(&desk.data_dir(), &["tokens", name], "")?;
    let row = list
        .lines()
        .map(|line| line.split('\t').collect::<Vec<_>>())
        .find(|row| row.last() == Some(&label))
        .with_context(|| format!("{label} in {list}"))?;
    ensure!(
        row.len() == 4 && row[1] < row[2],
        "id, created, ends, label: {row:?}"
    );
    Ok(row[0].to_owned())
}

/// A connection in a dialect, by a token in its address. A running desk takes notice of a new token within a second.
fn by_address(desk: &Desk, path: &str, token: &str) -> Result<Wire> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let mut wire = Wire::connect_at(desk.address(), &format!("{path}token={token}"))?;
        let first = wire.next_within(PATIENCE)?;
        if first.is_some() || Instant::now() > deadline {
            return Ok(wire);
        }
    }
}

/// Reads to the end of a connection of an older client that was not let in: it was told by the close code, and by no frame.
fn turned_away(wire: &mut Wire) -> Result<()> {
    let end = wire.closed(PATIENCE)?;
    ensure!(end == (1008, "login_required".to_owned()), "{end:?}");
    ensure!(wire.log.is_empty(), "{:?}", wire.log);
    Ok(())
}

#[test]
fn an_older_client_goes_on_and_comes_back_for_as_long_as_its_token_is_good() -> Result<()> {
    let mut desk = required(Setup::sim(2, 20).arg("--access-token-minutes", "0.1"))?;
    add(&desk, "ann", "trader")?;
    let lasting = program_token(&desk, "ann", "old dashboard")?;
    // Once this one was let in, the running desk knows the token.
    by_address(&desk, "/ws?", &lasting)?.wait_for_kind("risk_status_update")?;
    let mut steady = Client::javascript_as("s2", desk.address(), &[&lasting])?;
    steady.wait_for_words(&[CONFIRMED])?;
    let short = token(&desk, "ann")?;
    let mut brief = by_address(&desk, "/ws?", &short)?;
    // The dialect has no words to renew it with, and none to be told of its end with.
    assert_eq!(
        brief.closed(Duration::from_secs(30))?,
        (4004, "auth_expired".to_owned())
    );
    let kinds: Vec<&str> = brief.log.iter().map(Frame::kind).collect();
    assert!(
        kinds.contains(&"connection_established") && !kinds.contains(&"AUTH_EXPIRING"),
        "{kinds:?}"
    );
    turned_away(&mut Wire::connect_at(
        desk.address(),
        &format!("/ws?token={short}"),
    )?)?;

    // The other one has outlived it by now, and is told of the account.
    let mut ann = connect(&desk, &lasting)?;
    let names = Market::names(&mut ann)?;
    let market = Market::of(&mut ann, names.first().context("a market")?)?;
    ann.acked(&market.order("buy", market.worth(100)))?;
    steady.wait_for_words(&["Position update:"])?;
    assert!(!steady.log.iter().any(|line| line.contains(DISCONNECTED)));

    // Over a crash of the desk, and with the same words.
    desk.kill_and_restart()?;
    steady.wait_for_words(&[DISCONNECTED])?;
    let mut again = Client::javascript_as("s2", desk.address(), &[&lasting])?;
    again.wait_for_words(&[CONFIRMED])?;
    again.wait_for_words(&["Position update:"])?;

    let id = id_of(&desk, "ann", "old dashboard")?;
    let mut wire = by_address(&desk, "/ws?dialect=s4&", &lasting)?;
    assert!(done(&desk.data_dir(), &["revoke", "ann", &id], "")?.contains("has ended"));
    assert_eq!(wire.closed(PATIENCE)?, (4506, "login_ended".to_owned()));
    again.wait_for_words(&[DISCONNECTED])?;
    for path in ["/ws?", "/ws?dialect=s0&", "/ws?dialect=s4&", "/v5/private?"] {
        let path = format!("{path}token={lasting}");
        turned_away(&mut Wire::connect_at(desk.address(), &path)?)?;
    }
    let list = user(&desk.data_dir(), &["tokens", "ann"], "")?;
    assert!(
        list.stdout.is_empty() && list.stderr.contains("no tokens"),
        "{list:?}"
    );
    assert!(!desk.words().contains(&lasting), "it is never logged");
    Ok(())
}

#[test]
fn the_venues_client_logs_in_by_its_own_first_frame() -> Result<()> {
    let desk = required(Setup::sim(2, 20))?;
    for name in ["ann", "bob"] {
        add(&desk, name, "trader")?;
    }
    let key = program_token(&desk, "ann", "bot")?;
    let mut ann = connect(&desk, &token(&desk, "ann")?)?;
    let names = Market::names(&mut ann)?;
    let market = Market::of(&mut ann, names.first().context("a market")?)?;
    let of_bob = token(&desk, "bob")?;
    // Both tokens are known once this one is let in: they were made before it.
    by_address(&desk, "/ws?", &key)?.wait_for_kind("risk_status_update")?;

    // The client of the document, with the token as its key.
    let mut client = Client::python_as("s3", desk.address(), &[&key])?;
    client.wait_for_words(&["answer", r#""op": "subscribe""#, r#""success": true"#])?;
    ann.acked(&market.order_named("mine", "buy", market.worth(100)))?;
    client.ended_well()?;
    assert!(client.log.iter().any(|line| line.starts_with("Fill: ")));

    // A venue's key is no way in, nor is anything else.
    let auth = |key: &str| {
        json!({"op": "auth", "req_id": "a", "args": [key, 1_662_350_400_000_i64, "s"]}).to_string()
    };
    let mut turned = key.clone();
    turned.truncate(key.len() - 4);
    turned.push_str("AAAA");
    for first in [
        auth("a-key-of-the-venue"),
        auth(&turned),
        auth(""),
        r#"{"op":"auth"}"#.to_owned(),
        r#"{"op":"subscribe","args":["order"]}"#.to_owned(),
        r#"{"op":"ping"}"#.to_owned(),
        "garbage".to_owned(),
    ] {
        let mut wire = Wire::connect_at(desk.address(), "/v5/private")?;
        wire.send(&first)?;
        turned_away(&mut wire).with_context(|| first.clone())?;
    }
    // Other dialects have no such frame, and are turned away at once.
    turned_away(&mut Wire::connect_at(desk.address(), "/ws")?)?;

    // Who is in already may show a venue's key, which is nothing to the desk, but no token of somebody else.
    let mut wire = Wire::connect_at(desk.address(), &format!("/v5/private?token={key}"))?;
    for (shown, success) in [
        ("a-key-of-the-venue", true),
        (&turned, false),
        (&of_bob, false),
        (&key, true),
    ] {
        wire.send(&auth(shown))?;
        let answer = wire.wait_for("an answer", |frame| frame.json["req_id"] == "a")?;
        assert_eq!(answer.json["success"], success, "{shown}: {}", answer.text);
    }
    wire.send(r#"{"op":"subscribe","args":["position"]}"#)?;
    let told = wire.wait_for("the position", |frame| frame.topic() == "position")?;
    assert_eq!(told.json["data"][0]["symbol"], market.symbol.as_str());
    let words = desk.words();
    for secret in [&key, &turned, &of_bob] {
        assert!(!words.contains(secret.as_str()), "it is never logged");
    }
    Ok(())
}

#[test]
fn a_demoted_trader_acts_no_more_on_any_connection() -> Result<()> {
    let desk = required(Setup::sim(2, 20))?;
    for name in ["ann", "bob"] {
        add(&desk, name, "trader")?;
    }
    let lasting = program_token(&desk, "ann", "bot")?;
    let mut older = by_address(&desk, "/ws?dialect=s4&", &lasting)?;
    let mut bystander = connect(&desk, &token(&desk, "bob")?)?;
    let access = token(&desk, "ann")?;
    let mut wire = connect(&desk, &access)?;
    let pause = r#"{"action":"pause_trading"}"#;
    let resume = r#"{"action":"resume_trading","confirm":"RESUME"}"#;
    for acting in [&mut wire, &mut older] {
        acting.acked(pause)?;
        acting.acked(resume)?;
    }

    let said = done(&desk.data_dir(), &["role", "ann", "viewer"], "")?;
    assert_eq!(said, "ann is a viewer\n");
    for open in [&mut wire, &mut older] {
        assert_eq!(open.closed(PATIENCE)?, (4506, "login_ended".to_owned()));
        // What is sent into it comes too late.
        let _ = open.send(pause);
    }
    // The logins themselves still stand, and have the new role.
    let mut wire = connect(&desk, &access)?;
    let told = wire.wait_for_kind("CONNECTION_ESTABLISHED")?;
    assert_eq!(told.json["user"]["role"], "viewer");
    let mut older = by_address(&desk, "/ws?dialect=s4&", &lasting)?;
    for seeing in [&mut wire, &mut older] {
        let answer = seeing.ask(pause)?;
        assert_eq!(answer.json["code"], "FORBIDDEN", "{}", answer.text);
    }
    let risk = wire.answer(r#"{"action":"get_risk"}"#, "RISK_STATUS_UPDATE")?;
    assert_eq!(risk.json["data"]["status"], "normal", "{}", risk.text);
    let list = done(&desk.data_dir(), &["list"], "")?;
    assert!(list.starts_with("ann\tviewer\t"), "{list}");

    done(&desk.data_dir(), &["role", "ann", "trader"], "")?;
    assert_eq!(wire.closed(PATIENCE)?, (4506, "login_ended".to_owned()));
    connect(&desk, &access)?.acked(pause)?;
    bystander.ping()?;
    Ok(())
}

#[test]
fn what_cannot_be_is_refused_in_one_line() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let data = folder.path();
    done(data, &["add", "ann"], "correct horse battery\n")?;
    done(data, &["add", "bob"], "correct horse battery\n")?;
    done(data, &["disable", "bob"], "")?;
    let label = "x".repeat(65);
    for (args, told) in [
        (vec!["token", "ann"], "--days"),
        (vec!["token", "ann", "--days", "0"], "1..=366"),
        (vec!["token", "ann", "--days", "367"], "1..=366"),
        (vec!["token", "ann", "--days", "1", "--label", &label], "64"),
        (vec!["token", "nobody", "--days", "1"], "no user nobody"),
        (vec!["token", "bob", "--days", "1"], "enable bob"),
        (vec!["tokens", "nobody"], "no user nobody"),
        (vec!["revoke", "ann", "1"], "no token 1"),
        (vec!["revoke", "ann", "x"], "ID"),
        (vec!["role", "ann", "king"], "viewer"),
        (vec!["role", "nobody", "viewer"], "no user nobody"),
    ] {
        let ending = user(data, &args, "")?;
        assert!(ending.code.is_some_and(|code| code != 0), "{args:?}");
        assert!(
            ending.stdout.is_empty() && ending.stderr.contains(told),
            "{args:?}: {}",
            ending.stderr
        );
        assert_eq!(ending.stderr.lines().count(), 1, "{}", ending.stderr);
    }
    Ok(())
}
