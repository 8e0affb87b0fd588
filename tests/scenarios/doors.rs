//! The doors: nobody keeps others out by taking all the room, by guessing at their names, or by a page in the clear.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use anyhow::{Context as _, Result};
use serde_json::json;
use tickwire_tests::desk::Setup;
use tickwire_tests::elsewhere::{ELSEWHERE, connect};
use tickwire_tests::http::{self, Answer, get};
use tickwire_tests::metrics::{Scrape, wait_until};
use tickwire_tests::users::{JSON, PASSWORD, add, post, required};
use tickwire_tests::wire::{Handshake, PATIENCE, Wire};

const TOO_MANY: &str = "tickwire_handshakes_refused_total{reason=\"too_many_sockets\"}";

/// A socket that has asked for something and stays, where the desk has room for it.
fn stays(from: [u8; 4], desk: SocketAddr) -> Result<Option<TcpStream>> {
    let mut stream = connect(from, desk)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let request = format!("GET /health/live HTTP/1.1\r\nhost: {desk}\r\n\r\n");
    let mut answer = [0; 12];
    // One too many is closed as it comes: writing may fail or not, and nothing is read.
    let read = stream
        .write_all(request.as_bytes())
        .and_then(|()| stream.read_exact(&mut answer));
    Ok((read.is_ok() && &answer == b"HTTP/1.1 200").then_some(stream))
}

#[test]
fn one_address_that_keeps_its_sockets_leaves_room_to_others() -> Result<()> {
    let desk = Setup::new().arg("--connections-max", "50").start()?;
    let address = desk.address();
    let mut held = Vec::new();
    for _ in 0..200 {
        held.extend(stays(ELSEWHERE, address)?);
    }
    // 50 connections and 96 sockets beside, of which 32 are left to others.
    assert_eq!(held.len(), 114);
    let mut wire = Wire::connect(address)?;
    wire.ping()?;
    assert_eq!(get(address, "/health", &[])?.status, 200);
    assert_eq!(Scrape::of(address)?.number(TOO_MANY), 86.0);
    let words = desk.words();
    assert_eq!(
        words.matches("has as many sockets open as it may").count(),
        1,
        "told once, not each time: {words}"
    );

    // Room is made by those that go.
    drop(held);
    let mut last = None;
    for _ in 0..200 {
        last = stays(ELSEWHERE, address)?;
        if last.is_some() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    last.context("they have gone")?;
    wire.ping()
}

#[test]
fn a_trusted_proxy_has_all_the_room_there_is() -> Result<()> {
    let desk = Setup::new()
        .arg("--connections-max", "1")
        .arg("--trusted-proxy", "127.0.0.2/32")
        .start()?;
    let mut held = Vec::new();
    for _ in 0..110 {
        held.extend(stays(ELSEWHERE, desk.address())?);
    }
    assert_eq!(held.len(), 97);
    drop(held);
    wait_until_open(desk.address())?;
    Ok(())
}

/// Waits until the desk answers whoever comes.
fn wait_until_open(desk: SocketAddr) -> Result<()> {
    for _ in 0..200 {
        if stays([127, 0, 0, 1], desk)?.is_some() {
            return wait_until(desk, TOO_MANY, |refused| refused >= 13.0).map(drop);
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    anyhow::bail!("the desk has no room")
}

/// A handshake through a proxy that speaks TLS, of a page of this origin.
fn over_tls(desk: SocketAddr, origin: &str) -> Result<u16> {
    let headers = [("x-forwarded-proto", "https"), ("origin", origin)];
    Ok(match Wire::handshake(desk, &headers)? {
        Handshake::Accepted(..) => 101,
        Handshake::Refused(status) => status,
    })
}

#[test]
fn behind_tls_only_a_page_that_came_over_tls_is_the_desks_own() -> Result<()> {
    let desk = required(Setup::sim(2, 20).arg("--trusted-proxy", "127.0.0.1/32"))?;
    let address = desk.address();
    let own = format!("https://{address}");
    assert_eq!(over_tls(address, &own)?, 101);
    for scheme in ["http", "ftp", "ws"] {
        let foreign = format!("{scheme}://{address}");
        assert_eq!(over_tls(address, &foreign)?, 403, "{foreign}");
        for path in ["/login", "/api/auth/token"] {
            let headers = [JSON, ("x-forwarded-proto", "https"), ("origin", foreign.as_str())];
            assert_eq!(
                post(address, path, &headers, "{}")?.status,
                403,
                "{path} {foreign}"
            );
        }
    }
    let headers = [JSON, ("x-forwarded-proto", "https"), ("origin", own.as_str())];
    assert_eq!(post(address, "/api/auth/token", &headers, "{}")?.status, 400);
    // In the clear there is no better page.
    let plain = [("origin", format!("http://{address}"))];
    let plain = Wire::handshake(address, &[("origin", plain[0].1.as_str())])?;
    assert!(matches!(plain, Handshake::Accepted(..)));
    Ok(())
}

/// What is answered to a request for this host, through a proxy that speaks this.
fn asked_as(desk: SocketAddr, host: &str, scheme: &str) -> Result<Answer> {
    let mut stream = TcpStream::connect(desk)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let request = format!(
        "GET /health HTTP/1.1\r\nhost: {host}\r\nx-forwarded-proto: {scheme}\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes())?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    http::parse(bytes)
}

#[test]
fn a_browser_that_came_by_tls_is_told_to_come_by_nothing_else() -> Result<()> {
    const TOLD: &str = "strict-transport-security";
    let behind = Setup::new()
        .arg("--trusted-proxy", "127.0.0.1/32")
        .arg("--allowed-host", "desk.example")
        .start()?;
    let answer = asked_as(behind.address(), "desk.example", "https")?;
    assert_eq!((answer.status, answer.header(TOLD)), (200, "max-age=2592000"));
    for (host, scheme) in [
        ("desk.example", "http"),
        ("desk.example:8443", "https"),
        ("localhost", "https"),
        ("127.0.0.1", "https"),
    ] {
        let answer = asked_as(behind.address(), host, scheme)?;
        assert_eq!((answer.status, answer.header(TOLD)), (200, ""), "{host} {scheme}");
    }
    // Of a proxy that nobody named this is not believed.
    let unnamed = Setup::new().arg("--allowed-host", "desk.example").start()?;
    assert_eq!(
        asked_as(unnamed.address(), "desk.example", "https")?.header(TOLD),
        ""
    );
    Ok(())
}

#[test]
fn strangers_who_guess_at_a_name_do_not_lock_it_out_where_it_logs_in() -> Result<()> {
    let desk = required(Setup::sim(2, 20).arg("--trusted-proxy", "127.0.0.1/32"))?;
    add(&desk, "ann", "trader")?;
    let login = |from: &str, password: &str| {
        let body = json!({"name": "ann", "password": password}).to_string();
        post(
            desk.address(),
            "/api/auth/token",
            &[JSON, ("x-forwarded-for", from)],
            &body,
        )
    };
    assert_eq!(login("2001:db8::1", PASSWORD)?.status, 200);
    // Guesses come back every five seconds, so that on a slow machine it takes a few more than 40.
    let locked = (0..=255).find_map(|host| match login(&format!("192.0.2.{host}"), "guess guess") {
        Ok(answer) if answer.status == 401 => None,
        other => Some(other),
    });
    assert_eq!(locked.context("guesses are bounded")??.status, 429);
    let elsewhere = (0..20).find_map(|host| match login(&format!("198.51.100.{host}"), PASSWORD) {
        Ok(answer) if answer.status == 200 => None,
        other => Some(other),
    });
    let elsewhere = elsewhere.context("the name is locked where it never was")??;
    assert_eq!(elsewhere.status, 429, "{}", elsewhere.text());
    let home = login("2001:db8::2", PASSWORD)?;
    assert_eq!(home.status, 200, "the same household: {}", home.text());
    // A network of IPv6 is one address, whatever it calls itself.
    let guessed = (0..30).find_map(
        |host| match login(&format!("2001:db8::a:{host}"), "guess guess") {
            Ok(answer) if answer.status == 401 => None,
            other => Some(other),
        },
    );
    assert_eq!(guessed.context("those are bounded too")??.status, 429);
    Ok(())
}
