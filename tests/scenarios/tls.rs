//! HTTPS and WSS by certificate files, with clients that verify: served, renewed, and refused with a clear line.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use tempfile::TempDir;
use tickwire_tests::desk::{Desk, Setup};
use tickwire_tests::elsewhere;
use tickwire_tests::trial::run;
use tickwire_tests::wire::PATIENCE;
use tokio_tungstenite::tungstenite::client;
use tokio_tungstenite::tungstenite::protocol::{Message, WebSocket};

type Tls = StreamOwned<ClientConnection, TcpStream>;

/// An authority of one's own, and the folder of the certificate that it gave the desk.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: TempDir,
}

impl Authority {
    fn new() -> Result<Authority> {
        let mut params = CertificateParams::new(Vec::new())?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Ok(Authority {
            issuer: CertifiedIssuer::self_signed(params, KeyPair::generate()?)?,
            folder: tempfile::tempdir()?,
        })
    }

    /// Writes a new certificate for this machine, and its key.
    fn certify(&self) -> Result<()> {
        let key = KeyPair::generate()?;
        let params = CertificateParams::new(vec!["localhost".to_owned(), "127.0.0.1".to_owned()])?;
        let cert = params.signed_by(&key, &self.issuer)?;
        // The key first: a desk that looks in between finds a pair that does not fit, and keeps what it has.
        std::fs::write(self.path("key.pem"), key.serialize_pem())?;
        Ok(std::fs::write(self.path("cert.pem"), cert.pem())?)
    }

    fn path(&self, file: &str) -> String {
        self.folder.path().join(file).display().to_string()
    }

    fn start(&self) -> Result<Desk> {
        self.start_with(|setup| setup)
    }

    fn start_with(&self, more: impl FnOnce(Setup) -> Setup) -> Result<Desk> {
        self.certify()?;
        let setup = Setup::new()
            .arg("--tls-cert", &self.path("cert.pem"))
            .arg("--tls-key", &self.path("key.pem"));
        more(setup).start()
    }

    /// A client that trusts this authority and no other.
    fn connect(&self, address: SocketAddr) -> Result<Tls> {
        let mut roots = RootCertStore::empty();
        roots.add(self.issuer.der().clone())?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from("localhost")?;
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut tls = StreamOwned::new(ClientConnection::new(Arc::new(config), name)?, stream);
        tls.conn.complete_io(&mut tls.sock)?;
        Ok(tls)
    }

    fn served(&self, address: SocketAddr) -> Result<CertificateDer<'static>> {
        let tls = self.connect(address)?;
        let chain = tls.conn.peer_certificates().context("a certificate")?;
        Ok(chain.first().context("one")?.clone().into_owned())
    }
}

fn get(tls: &mut Tls, path: &str) -> Result<String> {
    get_as(tls, "localhost", path)
}

fn get_as(tls: &mut Tls, host: &str, path: &str) -> Result<String> {
    let request = format!("GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
    tls.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    // Some servers end the TCP connection without TLS's own goodbye.
    let _ = tls.read_to_end(&mut answer);
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

fn socket(tls: Tls, address: SocketAddr) -> Result<WebSocket<Tls>> {
    let port = address.port();
    let (socket, _) = client(format!("wss://localhost:{port}/api/ws/realtime"), tls)
        .map_err(|error| anyhow!("no handshake: {error}"))?;
    Ok(socket)
}

/// Asks for a sign of life and waits for it.
fn ping(socket: &mut WebSocket<Tls>) -> Result<()> {
    socket.send(Message::text(r#"{"action":"ping","t0":1}"#))?;
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        if let Message::Text(text) = socket.read()?
            && text.contains("\"type\":\"PONG\"")
        {
            return Ok(());
        }
    }
    Err(anyhow!("no PONG"))
}

#[test]
fn pages_and_sockets_are_served_to_clients_that_verify() -> Result<()> {
    let authority = Authority::new()?;
    let desk = authority.start()?;
    let address = desk.address();
    let health = get(&mut authority.connect(address)?, "/health")?;
    assert!(health.starts_with("HTTP/1.1 200"), "{health}");
    let page = get(&mut authority.connect(address)?, "/")?;
    assert!(page.contains("<title>Tickwire</title>"));
    let mut wire = socket(authority.connect(address)?, address)?;
    let greeting = wire.read()?.into_text()?;
    assert!(greeting.contains("CONNECTION_ESTABLISHED"), "{greeting}");
    ping(&mut wire)?;

    let stranger = Authority::new()?;
    assert!(stranger.connect(address).is_err(), "signed by somebody else");
    let mut plain = TcpStream::connect(address)?;
    plain.set_read_timeout(Some(PATIENCE))?;
    plain.write_all(b"GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n")?;
    let mut answer = Vec::new();
    let _ = plain.read_to_end(&mut answer);
    assert!(
        !String::from_utf8_lossy(&answer).contains("200 OK"),
        "nothing is told in the clear"
    );
    ping(&mut wire)
}

#[test]
fn who_does_not_finish_the_handshake_holds_up_nobody() -> Result<()> {
    let authority = Authority::new()?;
    let desk = authority.start_with(|setup| setup.arg("--connections-max", "50"))?;
    let address = desk.address();
    // More than the desk has room for at all, and some of the client's own address.
    let silent = (0..300)
        .map(|_| elsewhere::connect(elsewhere::ELSEWHERE, address))
        .chain((0..20).map(|_| Ok(TcpStream::connect(address)?)));
    let mut held = Vec::new();
    for stream in silent {
        let mut stream = stream?;
        // One too many is closed as it comes.
        let _ = stream.write_all(b"\x16\x03\x01");
        held.push(stream);
    }
    ping(&mut socket(authority.connect(address)?, address)?)
}

#[test]
fn over_tls_only_a_page_of_tls_is_the_desks_own_and_browsers_come_back_by_it() -> Result<()> {
    let authority = Authority::new()?;
    let desk = authority.start_with(|setup| setup.arg("--allowed-host", "desk.example"))?;
    let address = desk.address();
    let upgraded = |scheme: &str| -> Result<String> {
        let host = format!("localhost:{}", address.port());
        let request = format!(
            "GET /api/ws/realtime HTTP/1.1\r\nhost: {host}\r\norigin: {scheme}://{host}\r\nconnection: upgrade\r\n\
             upgrade: websocket\r\nsec-websocket-version: 13\r\n\
             sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        let mut tls = authority.connect(address)?;
        tls.write_all(request.as_bytes())?;
        let mut status = [0; 12];
        tls.read_exact(&mut status)?;
        Ok(String::from_utf8_lossy(&status).into_owned())
    };
    assert_eq!(upgraded("https")?, "HTTP/1.1 101");
    for scheme in ["http", "ftp"] {
        assert_eq!(upgraded(scheme)?, "HTTP/1.1 403", "{scheme}");
    }
    let told = |host: &str| -> Result<bool> {
        let answer = get_as(&mut authority.connect(address)?, host, "/health")?;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        Ok(answer.contains("strict-transport-security: max-age="))
    };
    assert!(told("desk.example")?);
    assert!(!told("localhost")?, "other programs are on localhost too");
    Ok(())
}

#[test]
fn a_new_certificate_is_served_when_asked_and_open_connections_live_on() -> Result<()> {
    let authority = Authority::new()?;
    let desk = authority.start()?;
    let address = desk.address();
    let before = authority.served(address)?;
    let mut wire = socket(authority.connect(address)?, address)?;
    ping(&mut wire)?;

    // A broken one is not taken up.
    std::fs::write(authority.path("cert.pem"), "no certificate")?;
    desk.signal("HUP")?;
    let told = |desk: &Desk| desk.words().contains("the certificate served so far stays");
    let deadline = Instant::now() + PATIENCE;
    while !told(&desk) && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(told(&desk), "{}", desk.words());
    assert_eq!(authority.served(address)?, before);

    authority.certify()?;
    desk.signal("HUP")?;
    let deadline = Instant::now() + PATIENCE;
    while authority.served(address)? == before {
        anyhow::ensure!(Instant::now() < deadline, "still the old one: {}", desk.words());
        std::thread::sleep(Duration::from_millis(20));
    }
    ping(&mut wire)
}

#[test]
fn a_changed_file_is_found_without_being_asked() -> Result<()> {
    let authority = Authority::new()?;
    let desk = authority.start()?;
    let before = authority.served(desk.address())?;
    authority.certify()?;
    let deadline = Instant::now() + Duration::from_secs(30);
    while authority.served(desk.address())? == before {
        anyhow::ensure!(Instant::now() < deadline, "still the old one");
        std::thread::sleep(Duration::from_millis(200));
    }
    Ok(())
}

/// Starts with these files, and returns the one line that says why not.
fn refused(folder: &Path, cert: &str, key: &str) -> Result<String> {
    let args = [
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--tls-cert",
        cert,
        "--tls-key",
        key,
    ];
    let ending = run(folder, &args, &[])?;
    anyhow::ensure!(ending.code.is_some_and(|code| code != 0), "it started");
    let line = ending.stderr.trim().to_owned();
    anyhow::ensure!(line.lines().count() == 1, "one line, not {line}");
    Ok(line)
}

#[test]
fn files_that_cannot_be_served_stop_the_start_with_a_clear_line() -> Result<()> {
    let (authority, other) = (Authority::new()?, Authority::new()?);
    authority.certify()?;
    other.certify()?;
    let folder = authority.folder.path();
    let (cert, key) = (authority.path("cert.pem"), authority.path("key.pem"));
    let missing = refused(folder, &authority.path("none.pem"), &key)?;
    assert!(missing.contains("none.pem"), "{missing}");
    let mixed = refused(folder, &cert, &other.path("key.pem"))?;
    assert!(mixed.contains("does not belong"), "{mixed}");
    let no_key = refused(folder, &cert, &cert)?;
    assert!(no_key.contains("key") && no_key.contains("cert.pem"), "{no_key}");
    let alone = run(
        folder,
        &["serve", "--listen", "127.0.0.1:0", "--tls-cert", &cert],
        &[],
    )?;
    assert!(alone.stderr.contains("--tls-key"), "{}", alone.stderr);
    Ok(())
}
