//! Clients of the older systems, as processes: the text of their documents, run by Node and Python (`tests/dialects`).

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};

use crate::binary::root;

/// Long enough to start an interpreter on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// What it takes to run them.
const NODE_REMEDY: &str = "install Node.js 20.10 or newer (it has WebSockets) and put `node` on the PATH";
const PYTHON_REMEDY: &str = "install Python 3.9 or newer with pip, and put `python3` on the PATH";

/// A running client. Dropping it ends the process.
#[derive(Debug)]
pub struct Client {
    child: Child,
    said: Receiver<String>,
    /// Every line on its standard output so far, in order.
    pub log: Vec<String>,
}

impl Client {
    /// The JavaScript client of a document.
    pub fn javascript(dialect: &str, address: SocketAddr) -> Result<Client> {
        Self::javascript_as(dialect, address, &[])
    }

    /// The same with a token, where the document has `your-auth-token`.
    pub fn javascript_as(dialect: &str, address: SocketAddr, token: &[&str]) -> Result<Client> {
        let mut node = Command::new("node");
        node.args(websocket_flag()?)
            .arg(folder().join("play.js"))
            .args([&format!("ws://{address}"), dialect])
            .args(token);
        Self::start(node, NODE_REMEDY)
    }

    /// The Python client of a document.
    pub fn python(dialect: &str, address: SocketAddr) -> Result<Client> {
        Self::python_as(dialect, address, &[])
    }

    /// The same with a token, where the document has `your-auth-token` or `your_api_key`.
    pub fn python_as(dialect: &str, address: SocketAddr, token: &[&str]) -> Result<Client> {
        let mut python = Command::new("python3");
        python
            .arg(folder().join("play.py"))
            .args([&format!("ws://{address}"), dialect])
            .args(token)
            .env("PYTHONPATH", packages()?)
            .env("PYTHONUNBUFFERED", "1")
            .env("PYTHONIOENCODING", "utf-8");
        Self::start(python, PYTHON_REMEDY)
    }

    fn start(mut command: Command, remedy: &str) -> Result<Client> {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {:?}; {remedy}", command.get_program()))?;
        let stdout = child.stdout.take().context("stdout is piped")?;
        let (tell, said) = channel();
        std::thread::spawn(move || {
            let lines = BufReader::new(stdout).lines().map_while(Result::ok);
            lines
                .map(|line| tell.send(line))
                .take_while(Result::is_ok)
                .count()
        });
        Ok(Client {
            child,
            said,
            log: Vec::new(),
        })
    }

    /// The first line from now on that is wanted.
    pub fn wait_for(&mut self, what: &str, wanted: impl Fn(&str) -> bool) -> Result<String> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let rest = deadline.saturating_duration_since(Instant::now());
            let Ok(line) = self.said.recv_timeout(rest) else {
                let tail: Vec<&String> = self.log.iter().rev().take(20).collect();
                bail!("the client said nothing of {what}; its last lines, newest first: {tail:#?}");
            };
            self.log.push(line.clone());
            if wanted(&line) {
                return Ok(line);
            }
        }
    }

    /// The first line from now on that has all of these words in it.
    pub fn wait_for_words(&mut self, words: &[&str]) -> Result<String> {
        self.wait_for(&format!("{words:?}"), |line| {
            words.iter().all(|word| line.contains(word))
        })
    }

    /// Waits until it has ended of itself, with success.
    pub fn ended_well(&mut self) -> Result<()> {
        // The end of its output comes before its own.
        while let Ok(line) = self.said.recv_timeout(PATIENCE) {
            self.log.push(line);
        }
        let status = self.child.wait()?;
        ensure!(
            status.success(),
            "the client ended with {status}: {:#?}",
            self.log
        );
        Ok(())
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // Already gone is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Where the documents' clients are.
pub fn folder() -> PathBuf {
    root().join("tests/dialects")
}

/// The flag by which an older Node has WebSockets, where it needs one.
fn websocket_flag() -> Result<Option<&'static str>> {
    let asked = Command::new("node")
        .args(["-p", "typeof WebSocket"])
        .output()
        .with_context(|| format!("cannot start node; {NODE_REMEDY}"))?;
    let has_it = String::from_utf8_lossy(&asked.stdout).trim() == "function";
    Ok((!has_it).then_some("--experimental-websocket"))
}

/// The folder of the Python packages; installed at the first call where `cargo xtask test` did not do so.
fn packages() -> Result<PathBuf> {
    static INSTALLED: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let install = || -> Result<PathBuf> {
        let into = root().join("target/python");
        let status = Command::new("python3")
            .args([folder().join("install.py").as_os_str(), OsStr::new(&into)])
            .status()
            .with_context(|| format!("cannot start python3; {PYTHON_REMEDY}"))?;
        ensure!(status.success(), "see the words of install.py above");
        Ok(into)
    };
    INSTALLED
        .get_or_init(|| install().map_err(|error| format!("{error:#}")))
        .clone()
        .map_err(anyhow::Error::msg)
}
