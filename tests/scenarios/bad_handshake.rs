//! What is no handshake, or one that must not be: a 4xx, and the server goes on.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, Result};
use tickwire_tests::desk::Desk;
use tickwire_tests::http::get;
use tickwire_tests::wire::{Handshake, PATIENCE, Wire};

const REALTIME: &str = "/api/ws/realtime";

/// Writes bytes, reads what comes until the server ends it, and returns that.
fn raw(address: SocketAddr, bytes: &[u8]) -> Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(bytes)?;
    stream.shutdown(std::net::Shutdown::Write)?;
    let mut answer = Vec::new();
    // A reset is an answer too.
    let _ = stream.read_to_end(&mut answer);
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// Writes a request and reads the head of the answer.
fn head(address: SocketAddr, request: &str) -> Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    let mut byte = [0];
    while !answer.ends_with(b"\r\n\r\n") && stream.read(&mut byte)? == 1 {
        answer.extend(byte);
    }
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

fn refused(address: SocketAddr, headers: &[(&str, &str)]) -> Result<u16> {
    match Wire::handshake(address, headers)? {
        Handshake::Refused(status) => Ok(status),
        Handshake::Accepted(..) => anyhow::bail!("accepted with {headers:?}"),
    }
}

fn subprotocol(address: SocketAddr, offered: &str) -> Result<Option<String>> {
    match Wire::handshake(address, &[("sec-websocket-protocol", offered)])? {
        Handshake::Refused(status) => anyhow::bail!("{offered} was refused with {status}"),
        Handshake::Accepted(_, response) => {
            let chosen = response.headers().get("sec-websocket-protocol");
            Ok(chosen
                .map(|value| value.to_str().map(str::to_owned))
                .transpose()?)
        }
    }
}

#[test]
fn a_plain_request_at_the_endpoint_is_a_client_error() -> Result<()> {
    let desk = Desk::start()?;
    for headers in [
        &[][..],
        &[("upgrade", "websocket")],
        &[("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")],
    ] {
        let status = get(desk.address(), REALTIME, headers)?.status;
        assert!((400..500).contains(&status), "{status} for {headers:?}");
        assert_ne!(status, 404, "the path is there");
    }
    let post = head(
        desk.address(),
        "POST /api/ws/realtime HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0\r\n\r\n",
    )?;
    assert!(post.starts_with("HTTP/1.1 405"), "{post}");
    Ok(())
}

#[test]
fn an_old_version_of_websocket_is_refused() -> Result<()> {
    let desk = Desk::start()?;
    let status = refused(desk.address(), &[("sec-websocket-version", "8")])?;
    assert!((400..500).contains(&status), "{status}");
    Ok(())
}

#[test]
fn garbage_instead_of_http_is_survived() -> Result<()> {
    let desk = Desk::start()?;
    let long_line = format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(1_000_000));
    let many_headers = format!("GET / HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(100_000));
    let cases: [&[u8]; 6] = [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"hello\r\n\r\n",
        b"GET\r\n\r\n",
        b"\x00\x00\x00\x00",
        long_line.as_bytes(),
        many_headers.as_bytes(),
    ];
    for bytes in cases {
        // What is written after the server has given up may fail.
        if let Ok(answer) = raw(desk.address(), bytes) {
            let good = answer.is_empty() || answer.starts_with("HTTP/1.1 4");
            assert!(good, "{:?}: {answer}", &bytes[..bytes.len().min(40)]);
        }
    }
    Wire::connect(desk.address())?.ping()
}

#[test]
fn a_foreign_page_may_not_open_a_connection() -> Result<()> {
    let desk = Desk::start()?;
    let port = desk.address().port();
    for origin in [
        "http://evil.example",
        "https://evil.example",
        "null",
        &format!("http://evil.example:{port}"),
        &format!("http://127.0.0.1.evil.example:{port}"),
        "http://127.0.0.1:1",
    ] {
        assert_eq!(refused(desk.address(), &[("origin", origin)])?, 403, "{origin}");
    }
    Ok(())
}

#[test]
fn a_page_that_rebinds_its_name_to_this_machine_is_foreign_too() -> Result<()> {
    let desk = Desk::start()?;
    let host = format!("evil.example:{}", desk.address().port());
    let origin = format!("http://{host}");
    let status = refused(desk.address(), &[("host", &host), ("origin", &origin)])?;
    assert!((400..500).contains(&status), "{status}");
    Ok(())
}

#[test]
fn the_desks_own_page_and_clients_without_a_page_may() -> Result<()> {
    let desk = Desk::start()?;
    let port = desk.address().port();
    for host in ["127.0.0.1", "localhost"] {
        let host = format!("{host}:{port}");
        let headers = [("host", host.as_str()), ("origin", &format!("http://{host}"))];
        match Wire::handshake(desk.address(), &headers)? {
            Handshake::Accepted(mut wire, _) => wire.ping()?,
            Handshake::Refused(status) => anyhow::bail!("{host} was refused with {status}"),
        }
    }
    Ok(())
}

#[test]
fn the_subprotocol_is_chosen_from_those_offered() -> Result<()> {
    let desk = Desk::start()?;
    assert_eq!(
        subprotocol(desk.address(), "tickwire.v1.json")?.as_deref(),
        Some("tickwire.v1.json")
    );
    let several = subprotocol(desk.address(), "tickwire.v9.cbor, tickwire.v1.json")?;
    assert_eq!(several.as_deref(), Some("tickwire.v1.json"));
    Ok(())
}

#[test]
fn a_client_that_speaks_no_subprotocol_of_ours_is_refused_before_the_upgrade() -> Result<()> {
    let desk = Desk::start()?;
    // By hand: a client library takes an upgrade without its subprotocol for an error of its own.
    let address = desk.address();
    let answer = head(
        address,
        &format!(
            "GET {REALTIME} HTTP/1.1\r\nhost: {address}\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
             sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             sec-websocket-protocol: graphql-ws\r\n\r\n"
        ),
    )?;
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    Ok(())
}

#[test]
fn a_request_that_never_ends_holds_up_nobody() -> Result<()> {
    let desk = Desk::start()?;
    let mut held = Vec::new();
    for _ in 0..50 {
        let mut stream = TcpStream::connect(desk.address())?;
        stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\nx-slow: ")?;
        held.push(stream);
    }
    let mut wire = Wire::connect(desk.address())?;
    wire.ping()?;
    assert_eq!(get(desk.address(), "/health", &[])?.status, 200);
    wire.read_for(Duration::from_millis(300))?;
    held.first_mut()
        .context("some are held")?
        .write_all(b"on and on")?;
    wire.ping()
}
