//! `cargo xtask build`: the site, then the server that carries it.

use std::path::PathBuf;

use anyhow::Result;

use crate::progress::Progress;
use crate::workspace::Mode;
use crate::{command, npm, process, site, toolchain, workspace};

/// The command.
pub fn run(args: &[String]) -> Result<()> {
    let mode = if command::parse_dev(args)? {
        Mode::Dev
    } else {
        Mode::Release
    };
    let binary = build(&Progress::start(), mode)?;
    println!("\nBuilt {}", workspace::shown(&binary));
    Ok(())
}

/// Builds everything and returns the path of the server binary. What did not change is not done again.
pub fn build(progress: &Progress, mode: Mode) -> Result<PathBuf> {
    progress.stage("toolchain: wasm target, node, npm packages", || {
        toolchain::ensure_wasm_target()?;
        toolchain::require_node()?;
        npm::install()
    })?;
    progress.stage("browser half: compile to wasm", || site::wasm::compile(mode))?;
    progress.stage("site: bind, collect, compress", || site::assemble(mode))?;
    progress.stage("server: compile, with the site inside", || compile_server(mode))
}

fn compile_server(mode: Mode) -> Result<PathBuf> {
    let mut cargo = process::cargo(["build", "--package", "tickwire-server", "--bin", "tickwire"]);
    if mode == Mode::Release {
        cargo.arg("--release");
    }
    process::run(&mut cargo, "correct what the compiler names above")?;
    Ok(workspace::target_dir()
        .join(mode.native_profile_dir())
        .join(format!("tickwire{}", std::env::consts::EXE_SUFFIX)))
}
