//! Which `tickwire` the scenarios run: the release binary that `cargo xtask test` built and names in `TICKWIRE_BIN`;
//! under a plain `cargo test`, a debug binary, built here when it is not up to date.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use anyhow::{Context as _, Result, bail};

/// The binary that `TICKWIRE_BIN` names. It carries the site; the debug binary of a plain `cargo test` need not.
pub fn released() -> Option<PathBuf> {
    std::env::var_os("TICKWIRE_BIN").map(PathBuf::from)
}

/// The binary to test.
pub fn path() -> Result<PathBuf> {
    static BUILT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    if let Some(released) = released() {
        return Ok(released);
    }
    BUILT
        .get_or_init(|| build().map_err(|error| format!("{error:#}")))
        .clone()
        .map_err(anyhow::Error::msg)
}

/// The root of the repository.
pub fn root() -> PathBuf {
    let tests = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    Path::new(&tests).parent().map(Path::to_owned).unwrap_or_default()
}

fn build() -> Result<PathBuf> {
    built(["--package", "tickwire-server", "--bin", "tickwire"])
}

/// An example of tickwire-client, built where it is not up to date.
pub fn example(name: &str) -> Result<PathBuf> {
    built(["--package", "tickwire-client", "--example", name])
}

fn built(what: [&str; 4]) -> Result<PathBuf> {
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .arg("build")
        .args(what)
        .arg("--message-format=json")
        .current_dir(root())
        .stderr(Stdio::inherit())
        .output()
        .context("cannot start cargo")?;
    if !output.status.success() {
        bail!("{} does not build: see cargo's words above", what[3]);
    }
    let messages = String::from_utf8_lossy(&output.stdout);
    let executable = messages.lines().rev().find_map(|line| {
        let (_, rest) = line.split_once("\"executable\":\"")?;
        rest.split_once('"').map(|(path, _)| path.replace("\\\\", "\\"))
    });
    executable.map(PathBuf::from).context("cargo named no executable")
}
