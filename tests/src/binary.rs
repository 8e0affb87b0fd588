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
    let built = build_all(&["--package", "tickwire-server", "--bin", "tickwire"])?;
    built.into_iter().next_back().context("cargo named no executable")
}

/// An example of tickwire-client. The first call builds all of them, which may take a minute: a test that holds a
/// connection meanwhile is closed as idle, so it asks for its example first.
pub fn example(name: &str) -> Result<PathBuf> {
    static BUILT: OnceLock<Result<Vec<PathBuf>, String>> = OnceLock::new();
    BUILT
        .get_or_init(|| {
            build_all(&["--package", "tickwire-client", "--examples"]).map_err(|error| format!("{error:#}"))
        })
        .clone()
        .map_err(anyhow::Error::msg)?
        .into_iter()
        .find(|path| path.file_stem().is_some_and(|stem| stem == name))
        .with_context(|| format!("tickwire-client has no example {name}"))
}

/// Builds, and returns the executables.
fn build_all(what: &[&str]) -> Result<Vec<PathBuf>> {
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .arg("build")
        .args(what)
        .arg("--message-format=json")
        .current_dir(root())
        .stderr(Stdio::inherit())
        .output()
        .context("cannot start cargo")?;
    if !output.status.success() {
        bail!("cargo build {what:?} fails: see its words above");
    }
    let messages = String::from_utf8_lossy(&output.stdout);
    let executables = messages.lines().filter_map(|line| {
        let (_, rest) = line.split_once("\"executable\":\"")?;
        rest.split_once('"')
            .map(|(path, _)| PathBuf::from(path.replace("\\\\", "\\")))
    });
    Ok(executables.collect())
}
