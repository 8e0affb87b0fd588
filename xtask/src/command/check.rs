//! `cargo xtask check`: what a reviewer should not have to say.

use anyhow::{Result, ensure};

use crate::command::sum_up;
use crate::progress::Progress;
use crate::{process, toolchain};

/// The command. Every stage runs, whatever the ones before it found.
pub fn run(args: &[String]) -> Result<()> {
    ensure!(
        args.is_empty(),
        "unknown arguments {args:?}\nremedy: see `cargo xtask help`"
    );
    let progress = Progress::start();
    sum_up([
        ("formatting", progress.stage("formatting", formatting)),
        ("native clippy", progress.stage("clippy: native", native_clippy)),
        (
            "browser clippy",
            progress.stage("clippy: browser", browser_clippy),
        ),
        ("tidy", progress.stage("tidy: the rules of the tree", tidy)),
    ])
}

fn formatting() -> Result<()> {
    process::run(
        &mut process::cargo(["fmt", "--all", "--check"]),
        "run `cargo fmt --all`",
    )
}

fn native_clippy() -> Result<()> {
    let mut clippy = process::cargo(["clippy", "--all-targets", "--", "--deny", "warnings"]);
    process::run(&mut clippy, "correct what clippy names above")
}

fn browser_clippy() -> Result<()> {
    toolchain::ensure_wasm_target()?;
    let mut clippy = process::cargo([
        "clippy",
        "--package",
        "tickwire-frontend",
        "--target",
        toolchain::WASM_TARGET,
    ]);
    process::run(
        clippy.args(["--", "--deny", "warnings"]),
        "correct what clippy names above",
    )
}

fn tidy() -> Result<()> {
    let mut tidy = process::cargo(["test", "--quiet", "--package", "tickwire-tests", "--test", "tidy"]);
    process::run(&mut tidy, "each line above names a file and its rule")
}
