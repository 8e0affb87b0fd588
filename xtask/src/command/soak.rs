//! `cargo xtask soak`: a crowd of clients for minutes, of whom some come back each second. Nothing may be lost, and the
//! memory of the server may not grow.

use anyhow::{Context as _, Result, bail, ensure};

use crate::command::build;
use crate::process;
use crate::progress::Progress;
use crate::workspace::Mode;

/// The command.
pub fn run(args: &[String]) -> Result<()> {
    check(args)?;
    let progress = Progress::start();
    let binary = build::build(&progress, Mode::Release)?;
    progress.stage("soak: a crowd of clients, and what it does to the server", || {
        let mut soak = process::cargo(["bench", "-p", "tickwire-tests", "--bench", "soak", "--"]);
        soak.args(args).env("TICKWIRE_BIN", binary);
        process::run(&mut soak, "the last line above says what was not as it must be")
    })
}

/// Refuses what the soak would refuse, before minutes are spent on the build.
fn check(args: &[String]) -> Result<()> {
    for pair in args.chunks(2) {
        match pair {
            [flag, number] if ["--clients", "--minutes", "--deliveries"].contains(&flag.as_str()) => {
                let number: u32 = number.parse().with_context(|| {
                    format!("`{flag} {number}` is no number\nremedy: see `cargo xtask help`")
                })?;
                ensure!(
                    number > 0,
                    "`{flag}` must be above zero\nremedy: see `cargo xtask help`"
                );
            }
            _ => bail!("unknown arguments {args:?}\nremedy: see `cargo xtask help`"),
        }
    }
    Ok(())
}
