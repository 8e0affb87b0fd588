//! Child processes. Each runs with the terminal of xtask; each failure carries the remedy that its caller names.

use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::workspace;

/// Runs a command to its end; anything but success is an error that names the remedy.
pub fn run(command: &mut Command, remedy: &str) -> Result<()> {
    let status = command
        .status()
        .with_context(|| format!("cannot start {}\nremedy: {remedy}", shown(command)))?;
    if !status.success() {
        bail!("{} ended with {status}\nremedy: {remedy}", shown(command));
    }
    Ok(())
}

/// What a command prints, when it succeeds.
pub fn output(command: &mut Command) -> Option<String> {
    let output = command.output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Cargo, of the toolchain that runs xtask.
pub fn cargo<const N: usize>(args: [&str; N]) -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(args).current_dir(workspace::root());
    // `cargo run` describes xtask in these; build scripts that watch them would run again for nothing.
    for (name, _) in std::env::vars_os() {
        let leaked = name.to_str().is_some_and(|name| {
            name.starts_with("CARGO_PKG_")
                || name.starts_with("CARGO_MANIFEST_")
                || name == "CARGO_CRATE_NAME"
        });
        if leaked {
            cargo.env_remove(name);
        }
    }
    cargo
}

/// npm, in the root.
pub fn npm<const N: usize>(args: [&str; N]) -> Command {
    script("npm", &args)
}

/// A program of an installed npm package; never fetches one.
pub fn npx<const N: usize>(args: [&str; N]) -> Command {
    let mut npx = script("npx", &["--no-install"]);
    npx.args(args);
    npx
}

/// npm's programs are `.cmd` files on Windows.
fn script(name: &str, args: &[&str]) -> Command {
    let mut command = Command::new(if cfg!(windows) {
        format!("{name}.cmd")
    } else {
        name.to_owned()
    });
    command.args(args).current_dir(workspace::root());
    command
}

fn shown(command: &Command) -> String {
    let program = std::path::Path::new(command.get_program());
    let name = program
        .file_name()
        .unwrap_or(command.get_program())
        .to_string_lossy();
    let args = command.get_args().map(|arg| arg.to_string_lossy());
    format!(
        "`{}`",
        std::iter::once(name).chain(args).collect::<Vec<_>>().join(" ")
    )
}
