//! Users of a desk with logins: added as an operator adds them, and let in as a program is.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::desk::{Desk, Setup, clean};
use crate::http::{self, Answer};
use crate::trial::Ending;
use crate::wire::{Handshake, Wire};

/// The password of every user here.
pub const PASSWORD: &str = "correct horse battery";

/// Runs `tickwire user …` on a data folder, with this on standard input.
pub fn user(data_dir: &Path, args: &[&str], input: &str) -> Result<Ending> {
    let data_dir = data_dir.to_string_lossy();
    let args = [args, &["--data-dir", &data_dir]].concat();
    user_in(&std::env::temp_dir(), &args, &[], input)
}

/// Runs `tickwire user …` in a working folder, with these variables.
pub fn user_in(folder: &Path, args: &[&str], variables: &[(&str, &str)], input: &str) -> Result<Ending> {
    let mut child = clean(&crate::binary::path()?)
        .arg("user")
        .args(args)
        .envs(variables.iter().copied())
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let mut stdin = child.stdin.take().context("stdin is piped")?;
    // One that reads nothing may be gone by now.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    let output = child.wait_with_output()?;
    Ok(Ending {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}

/// Runs it, and it works.
pub fn done(data_dir: &Path, args: &[&str], input: &str) -> Result<String> {
    let ending = user(data_dir, args, input)?;
    ensure!(ending.code == Some(0), "user {args:?}: {}", ending.stderr);
    Ok(ending.stdout)
}

/// Adds a user.
pub fn add(desk: &Desk, name: &str, role: &str) -> Result<()> {
    done(
        &desk.data_dir(),
        &["add", name, "--role", role],
        &format!("{PASSWORD}\n"),
    )
    .map(drop)
}

/// A desk that requires a login, without users yet.
pub fn required(setup: Setup) -> Result<Desk> {
    setup.arg("--auth", "required").start()
}

/// What a program is handed for a name and a password, once a running desk knows them.
pub fn tokens(desk: &Desk, name: &str) -> Result<Value> {
    let body = json!({"name": name, "password": PASSWORD}).to_string();
    let answer = post(desk.address(), "/api/auth/token", &[JSON], &body)?;
    ensure!(
        answer.status == 200,
        "{name}: {} {}",
        answer.status,
        answer.text()
    );
    Ok(serde_json::from_str(&answer.text())?)
}

/// The access token alone.
pub fn token(desk: &Desk, name: &str) -> Result<String> {
    let tokens = tokens(desk, name)?;
    Ok(tokens["access_token"].as_str().context("a token")?.to_owned())
}

/// The header of a JSON body.
pub const JSON: (&str, &str) = ("content-type", "application/json");

/// A connection that shows a token in its header.
pub fn connect(desk: &Desk, token: &str) -> Result<Wire> {
    let bearer = format!("Bearer {token}");
    match Wire::handshake(desk.address(), &[("authorization", &bearer)])? {
        Handshake::Accepted(mut wire, _) => {
            wire.be_patient();
            Ok(*wire)
        }
        Handshake::Refused(status) => anyhow::bail!("refused with {status}"),
    }
}

/// Sends a POST with these headers.
pub fn post(address: SocketAddr, path: &str, headers: &[(&str, &str)], body: &str) -> Result<Answer> {
    let mut stream = TcpStream::connect(address)?;
    // A password takes a moment to hash, and another one when many do.
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    let mut request = format!(
        "POST {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-length: {}\r\n",
        body.len()
    );
    for (name, value) in headers {
        request += &format!("{name}: {value}\r\n");
    }
    stream.write_all(format!("{request}\r\n{body}").as_bytes())?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    http::parse(bytes)
}

/// The cookies that an answer sets, as a browser sends them back.
pub fn cookies(answer: &Answer) -> String {
    let set = answer.headers_named("set-cookie");
    let pairs = set.filter_map(|cookie| cookie.split(';').next());
    pairs.collect::<Vec<_>>().join("; ")
}
