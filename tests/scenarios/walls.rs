//! The outer walls: who knocks too often, who has too many connections, who asks too much; and what a page may do.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, Result};
use tickwire_tests::desk::{Desk, Setup};
use tickwire_tests::http::{Answer, get};
use tickwire_tests::metrics::{Scrape, wait_until};
use tickwire_tests::wire::{Frame, Handshake, PATIENCE, Wire};

/// A handshake as a proxy hands it on, and its status.
fn knock(address: SocketAddr, sender: &str) -> Result<u16> {
    match Wire::handshake(address, &[("x-forwarded-for", sender)])? {
        Handshake::Accepted(..) => Ok(101),
        Handshake::Refused(status) => Ok(status),
    }
}

fn greeting(wire: &mut Wire) -> Result<Frame> {
    wire.wait_for_kind("CONNECTION_ESTABLISHED")
}

#[test]
fn who_knocks_too_often_waits_and_others_do_not() -> Result<()> {
    let desk = Setup::new()
        .arg("--trusted-proxy", "127.0.0.0/8")
        .arg("--handshakes-per-second", "1")
        .start()?;
    let address = desk.address();
    let refused = (0..200).find_map(|_| match knock(address, "192.0.2.1") {
        Ok(101) => None,
        other => Some(other),
    });
    assert_eq!(refused.context("never refused")??, 429);
    let upgrade = [
        ("x-forwarded-for", "192.0.2.1"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];
    // Whoever goes on knocking is told when it helps.
    let told = (0..200)
        .map(|_| get(address, "/api/ws/realtime", &upgrade))
        .find(|answer| answer.as_ref().map_or(true, |answer| answer.status == 429))
        .context("never refused again")??;
    assert_eq!(told.header("retry-after"), "1");
    assert_eq!(knock(address, "192.0.2.2")?, 101, "another address");
    assert_eq!(
        knock(address, "1.2.3.4, 192.0.2.3")?,
        101,
        "what a client writes itself is not believed"
    );
    assert!(Scrape::of(address)?.number("tickwire_handshakes_refused_total{reason=\"rate_limited\"}") >= 2.0);

    let Handshake::Accepted(mut wire, _) = Wire::handshake(address, &[("x-forwarded-for", "192.0.2.4")])?
    else {
        anyhow::bail!("a newcomer is refused");
    };
    let limits = &greeting(&mut wire)?.json["limits"];
    assert_eq!(
        (&limits["handshakes_per_second"], &limits["handshake_burst"]),
        (&1.into(), &3.into())
    );
    Ok(())
}

#[test]
fn nobody_writes_himself_another_address() -> Result<()> {
    // No proxy is trusted, so all of these are the machine's own, which may knock a hundred times as often.
    let desk = Setup::new().arg("--handshakes-per-second", "1").start()?;
    for _ in 0..20 {
        assert_eq!(knock(desk.address(), "192.0.2.1")?, 101);
    }
    let mut wire = Wire::connect(desk.address())?;
    assert_eq!(greeting(&mut wire)?.json["limits"]["handshakes_per_second"], 100);
    Ok(())
}

#[test]
fn a_user_has_as_many_connections_as_told_and_gets_them_back() -> Result<()> {
    let desk = Setup::new().arg("--connections-per-user", "3").start()?;
    let mut wires = (0..3)
        .map(|_| Wire::connect(desk.address()))
        .collect::<Result<Vec<_>>>()?;
    assert_eq!(greeting(&mut wires[0])?.json["limits"]["user_connections_max"], 3);
    for wire in &mut wires {
        wire.ping()?;
    }
    let mut fourth = Wire::connect(desk.address())?;
    assert_eq!(
        fourth.closed(PATIENCE)?,
        (4009, "too_many_connections".to_owned())
    );
    wires.pop().context("one leaves")?.cut();
    wait_until(desk.address(), "tickwire_connections", |open| open == 2.0)?;
    Wire::connect(desk.address())?.ping()?;
    wires[0].ping()
}

#[test]
fn commands_of_a_user_are_counted_over_all_connections_and_told_when_to_come_again() -> Result<()> {
    let desk = Setup::new().arg("--commands-per-user", "2").start()?;
    let mut wires = [Wire::connect(desk.address())?, Wire::connect(desk.address())?];
    let limits = greeting(&mut wires[1])?.json["limits"].clone();
    assert_eq!(
        (&limits["user_commands_per_second"], &limits["user_command_burst"]),
        (&2.into(), &6.into())
    );
    // Each connection alone is far below its own 60 at once.
    for number in 0..20 {
        for wire in &mut wires {
            wire.send(&format!(r#"{{"action":"get_risk","id":"r{number}"}}"#))?;
        }
    }
    let refusal = wires[0].wait_for_kind("ERROR")?;
    assert_eq!(refusal.json["code"], "RATE_LIMITED");
    assert!(
        refusal.json["id"].is_string(),
        "nobody waits for it: {}",
        refusal.text
    );
    let wait = refusal.json["retry_after_ms"]
        .as_u64()
        .context("when to come again")?;
    assert!((1..=501).contains(&wait), "{wait}");
    wires[1].be_patient();
    wires[1].ping()?;
    assert!(Scrape::of(desk.address())?.number("tickwire_commands_limited_total") >= 1.0);
    Ok(())
}

#[test]
fn without_users_nobody_shares_a_bound() -> Result<()> {
    let desk = Desk::start()?;
    let mut wire = Wire::connect(desk.address())?;
    let limits = greeting(&mut wire)?.json["limits"].clone();
    for bound in [
        "user_commands_per_second",
        "user_command_burst",
        "user_connections_max",
    ] {
        assert!(limits[bound].is_null(), "{bound}");
    }
    assert_eq!(limits["handshakes_per_second"], 1_000);
    Ok(())
}

fn nonce(page: &Answer) -> Result<String> {
    let policy = page.header("content-security-policy");
    let (_, rest) = policy.split_once("'nonce-").context("a nonce in the policy")?;
    Ok(rest.split('\'').next().unwrap_or_default().to_owned())
}

/// The tags that open a script, without their angles.
fn scripts(html: &str) -> Vec<&str> {
    let openings = html.match_indices("<script").map(|(at, _)| &html[at + 1..]);
    openings.filter_map(|rest| rest.split('>').next()).collect()
}

#[test]
fn inline_scripts_run_by_a_nonce_that_is_never_the_same() -> Result<()> {
    let desk = Desk::start()?;
    let mut nonces = Vec::new();
    for path in ["/", "/", "/nowhere"] {
        let page = get(desk.address(), path, &[])?;
        let nonce = nonce(&page)?;
        assert!(nonce.len() >= 20, "{nonce}");
        let html = page.text();
        let inline: Vec<&str> = scripts(&html)
            .into_iter()
            .filter(|tag| !tag.contains("src="))
            .collect();
        assert!(!inline.is_empty(), "{path} has inline scripts");
        for tag in inline {
            assert!(tag.contains(&format!("nonce=\"{nonce}\"")), "{path}: {tag}");
        }
        assert!(
            !html.contains(" style=\""),
            "{path}: the policy refuses styles in the HTML"
        );
        assert!(
            !html.contains(" onclick=") && !html.contains("javascript:"),
            "{path}"
        );
        let policy = page.header("content-security-policy");
        let host = desk.address();
        for directive in [
            "default-src 'none'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
            "'wasm-unsafe-eval'",
            &format!("connect-src 'self' ws://{host} wss://{host}"),
        ] {
            assert!(policy.contains(directive), "{directive} in {policy}");
        }
        for never in ["unsafe-inline", "'unsafe-eval'", "*"] {
            assert!(!policy.contains(never), "{never} in {policy}");
        }
        nonces.push(nonce);
    }
    nonces.sort();
    nonces.dedup();
    assert_eq!(nonces.len(), 3, "{nonces:?}");
    Ok(())
}

#[test]
fn every_response_keeps_others_out() -> Result<()> {
    let desk = Desk::start()?;
    for path in [
        "/",
        "/health",
        "/health/ready",
        "/metrics",
        "/api/ws/realtime",
        "/pkg/x",
        "/nowhere",
    ] {
        let answer = get(desk.address(), path, &[])?;
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("x-frame-options", "DENY"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(answer.header(name), value, "{name} of {path}");
        }
        assert!(
            answer.header("permissions-policy").contains("camera=()"),
            "{path}"
        );
        assert!(
            answer
                .header("content-security-policy")
                .contains("default-src 'none'"),
            "{path}"
        );
    }
    Ok(())
}

#[test]
fn the_walls_hold_up_nobody_who_is_in() -> Result<()> {
    let desk = Setup::new()
        .arg("--handshakes-per-second", "1")
        .arg("--trusted-proxy", "127.0.0.1/32")
        .start()?;
    let Handshake::Accepted(mut wire, _) =
        Wire::handshake(desk.address(), &[("x-forwarded-for", "192.0.2.1")])?
    else {
        anyhow::bail!("the first is refused");
    };
    for _ in 0..50 {
        let _ = knock(desk.address(), "192.0.2.1")?;
    }
    wire.ping()?;
    wire.read_for(Duration::from_millis(200))?;
    wire.ping()
}
