//! `cargo xtask asyncapi`: the document of the protocol, generated anew from its types.

use std::fs;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};

use crate::{process, workspace};

/// The command.
pub fn run(args: &[String]) -> Result<()> {
    ensure!(
        args.is_empty(),
        "unknown arguments {args:?}\nremedy: see `cargo xtask help`"
    );
    let mut cargo: Command = process::cargo([
        "run",
        "--quiet",
        "--package",
        "tickwire-protocol",
        "--features",
        "schema",
        "--example",
        "asyncapi",
    ]);
    let output = cargo
        .stderr(Stdio::inherit())
        .output()
        .context("cannot start cargo")?;
    ensure!(
        output.status.success(),
        "the document cannot be generated\nremedy: correct what the compiler names above"
    );
    let path = workspace::root().join("protocol").join("asyncapi.json");
    fs::write(&path, output.stdout).with_context(|| format!("cannot write {}", path.display()))?;
    println!("Wrote {}", workspace::shown(&path));
    Ok(())
}
