//! Section H: the opening handshake (RFC 6455, section 4), and what is offered with it.

use anyhow::{Result, ensure};
use tickwire_tests::desk::Desk;
use tickwire_tests::http;
use tickwire_tests::raw::{Raw, opcode, upgrade, whole};

use super::ping;

/// The answer to the standard's own example of a key.
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

#[test]
fn a_handshake_is_answered_by_the_letter() -> Result<()> {
    let desk = Desk::start()?;
    let address = desk.address();
    let plain = upgrade(address, "");
    let accepted = [
        ("H.1 as usual", plain.clone()),
        (
            "H.2 names in small letters",
            plain
                .replace("Sec-WebSocket", "sec-websocket")
                .replace("Upgrade:", "upgrade:"),
        ),
        (
            "H.3 names in capitals",
            plain.replace("Sec-WebSocket", "SEC-WEBSOCKET"),
        ),
        (
            "H.4 `Connection` is a list",
            plain.replace("Connection: Upgrade", "Connection: keep-alive, Upgrade"),
        ),
        (
            "H.5 values in other letters",
            plain
                .replace("websocket\r\n", "WebSocket\r\n")
                .replace("n: Upgrade", "n: upgrade"),
        ),
        (
            "H.6 an extension is offered",
            upgrade(
                address,
                "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n",
            ),
        ),
        (
            "H.7 headers that nobody knows",
            upgrade(address, "X-Whatever: 1\r\nCookie: a=b\r\n"),
        ),
    ];
    for (what, request) in accepted {
        let mut raw = Raw::request(address, &request)?;
        let head = raw.head.to_ascii_lowercase();
        ensure!(raw.head.starts_with("HTTP/1.1 101"), "{what}: {}", raw.head);
        ensure!(raw.head.contains(ACCEPT), "{what}: {}", raw.head);
        ensure!(head.contains("upgrade: websocket"), "{what}: {}", raw.head);
        ensure!(head.contains("connection: upgrade"), "{what}: {}", raw.head);
        // Nothing is negotiated that is not spoken.
        ensure!(!head.contains("extensions"), "{what}: {}", raw.head);
        ensure!(!head.contains("sec-websocket-protocol"), "{what}: {}", raw.head);
        raw.write(&whole(opcode::TEXT, &ping(1, "")));
        let mut answers = Vec::new();
        while answers.is_empty() {
            let Some(seen) = raw.frame()? else {
                anyhow::bail!("{what}: the connection ended");
            };
            answers.extend(seen.answer()?);
        }
        ensure!(answers == ["PONG 1"], "{what}: {answers:?}");
    }
    Ok(())
}

#[test]
fn what_is_no_handshake_is_a_client_error() -> Result<()> {
    let desk = Desk::start()?;
    let plain = upgrade(desk.address(), "");
    let key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    let host = format!("Host: {}\r\n", desk.address());
    let refused = [
        ("H.8 no key", plain.replace(key, "")),
        (
            "H.9 no version",
            plain.replace("Sec-WebSocket-Version: 13\r\n", ""),
        ),
        (
            "H.10 an older version",
            plain.replace("Version: 13", "Version: 8"),
        ),
        (
            "H.11 a version to come",
            plain.replace("Version: 13", "Version: 14"),
        ),
        (
            "H.12 a version that is no number",
            plain.replace("Version: 13", "Version: new"),
        ),
        ("H.13 no `Upgrade`", plain.replace("Upgrade: websocket\r\n", "")),
        (
            "H.14 another protocol",
            plain.replace("Upgrade: websocket", "Upgrade: h2c"),
        ),
        (
            "H.15 no `Connection`",
            plain.replace("Connection: Upgrade\r\n", ""),
        ),
        (
            "H.16 a connection that is not upgraded",
            plain.replace("Connection: Upgrade", "Connection: close"),
        ),
        (
            "H.17 POST",
            plain
                .replace("GET ", "POST ")
                .replace("\r\n\r\n", "\r\nContent-Length: 0\r\n\r\n"),
        ),
        ("H.18 HTTP/1.0", plain.replace("HTTP/1.1", "HTTP/1.0")),
        (
            "H.19 another path",
            plain.replace("/api/ws/realtime", "/api/ws/nowhere"),
        ),
        (
            "H.20 a subprotocol of others",
            plain.replace("\r\n\r\n", "\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n"),
        ),
        (
            "H.21 a foreign origin",
            plain.replace("\r\n\r\n", "\r\nOrigin: https://evil.example\r\n\r\n"),
        ),
        ("H.22 no host", plain.replace(&host, "")),
        (
            "H.23 a host twice",
            plain.replace(&host, &[host.as_str(), &host].concat()),
        ),
        (
            "H.24 another host beside the right one",
            plain.replace(&host, &[host.as_str(), "Host: evil.example\r\n"].concat()),
        ),
        (
            "H.25 a host of another desk",
            plain.replace(&host, "Host: evil.example\r\n"),
        ),
    ];
    for (what, request) in refused {
        let raw = Raw::request(desk.address(), &request)?;
        let status = raw.head.split(' ').nth(1).unwrap_or_default();
        ensure!(status.starts_with('4'), "{what}: {}", raw.head);
    }
    // What is refused for its host is told what to send.
    let twice = http::get(desk.address(), "/api/ws/realtime", &[("host", "localhost")])?;
    ensure!(
        twice.status == 400 && twice.text().contains("send Host once"),
        "{twice:?}"
    );
    let without = Raw::request(desk.address(), &plain.replace(&host, ""))?;
    ensure!(without.head.starts_with("HTTP/1.1 400"), "{}", without.head);
    Ok(())
}
