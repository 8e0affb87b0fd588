//! Tools that a fresh machine may lack.

use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::{process, workspace};

/// What the browser half is compiled for.
pub const WASM_TARGET: &str = "wasm32-unknown-unknown";

const NODE_MAJOR_MIN: u32 = 20;
const NODE_REMEDY: &str =
    "install Node 20 or later, with npm (https://nodejs.org, or your distribution's packages)";

/// Adds the wasm target to the toolchain when it is missing.
pub fn ensure_wasm_target() -> Result<()> {
    let sysroot = process::output(
        Command::new("rustc")
            .args(["--print", "sysroot"])
            .current_dir(workspace::root()),
    )
    .context("cannot run rustc\nremedy: install Rust by https://rustup.rs")?;
    if std::path::Path::new(&sysroot)
        .join("lib/rustlib")
        .join(WASM_TARGET)
        .join("lib")
        .is_dir()
    {
        return Ok(());
    }
    println!("    adding the Rust target {WASM_TARGET}");
    let mut rustup = Command::new("rustup");
    rustup
        .args(["target", "add", WASM_TARGET])
        .current_dir(workspace::root());
    process::run(
        &mut rustup,
        "install Rust by https://rustup.rs, or your distribution's wasm32 standard library",
    )
}

/// Checks that node is there and new enough.
pub fn require_node() -> Result<()> {
    let version = process::output(Command::new("node").arg("--version"))
        .with_context(|| format!("node does not run\nremedy: {NODE_REMEDY}"))?;
    let major = version
        .trim_start_matches('v')
        .split('.')
        .next()
        .and_then(|major| major.parse::<u32>().ok());
    if major.is_none_or(|major| major < NODE_MAJOR_MIN) {
        bail!("node {version} is too old\nremedy: {NODE_REMEDY}");
    }
    Ok(())
}
