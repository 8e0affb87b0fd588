//! `cargo xtask bench`: figures, never verdicts. Machines are noisy, so compare what one run printed.

use anyhow::{Result, bail};

use crate::command::build;
use crate::process;
use crate::progress::Progress;
use crate::workspace::Mode;

/// The command.
pub fn run(args: &[String]) -> Result<()> {
    let named = |name: &str| args.is_empty() || args.iter().any(|one| one == name);
    let (desk, engine, journal) = (named("desk"), named("engine"), named("journal"));
    match args {
        [] => {}
        [one] if ["desk", "engine", "journal"].contains(&one.as_str()) => {}
        _ => bail!("unknown arguments {args:?}\nremedy: see `cargo xtask help`"),
    };
    let progress = Progress::start();
    if engine {
        progress.stage("engine: ticks, triggers and commands on one core", || {
            process::run(
                &mut process::cargo(["bench", "-p", "tickwire-engine", "--bench", "engine"]),
                "see the compiler's words above",
            )
        })?;
    }
    if journal {
        progress.stage("journal: a start with a million entries", || {
            process::run(
                &mut process::cargo([
                    "bench",
                    "-p",
                    "tickwire-server",
                    "--bench",
                    "recovery",
                    "--",
                    "1000",
                ]),
                "see the compiler's words above",
            )
        })?;
    }
    if desk {
        let binary = build::build(&progress, Mode::Release)?;
        progress.stage("desk: memory and latency from outside", || {
            process::run(
                process::cargo(["bench", "-p", "tickwire-tests", "--bench", "desk"])
                    .env("TICKWIRE_BIN", binary),
                "see the failed step above",
            )
        })?;
    }
    Ok(())
}
