//! The commands of xtask: one file each, one row each in [`COMMANDS`].

mod asyncapi;
mod bench;
mod build;
mod check;
mod fuzz;
mod run;
mod soak;
mod test;

use anyhow::Result;

/// One command as the terminal shows it and as `main` calls it.
pub struct Command {
    /// The word after `cargo xtask`.
    pub name: &'static str,
    /// Its arguments, as the usage text shows them.
    pub arguments: &'static str,
    /// What it does, in one line.
    pub about: &'static str,
    /// Runs it with the arguments that followed its name.
    pub run: fn(&[String]) -> Result<()>,
}

const COMMANDS: &[Command] = &[
    Command {
        name: "run",
        arguments: "[--dev] [-- ARGS]",
        about: "build, then serve the desk (ARGS go to `tickwire serve`)",
        run: run::run,
    },
    Command {
        name: "build",
        arguments: "[--dev]",
        about: "build the site and the binary that carries it; --dev: unoptimised, assets read from disk",
        run: build::run,
    },
    Command {
        name: "check",
        arguments: "",
        about: "formatting, clippy for the server and for the browser, the tidy test",
        run: check::run,
    },
    Command {
        name: "asyncapi",
        arguments: "",
        about: "generate protocol/asyncapi.json, the document of the protocol, from its types",
        run: asyncapi::run,
    },
    Command {
        name: "bench",
        arguments: "[desk | engine | journal]",
        about: "how fast it is: the desk from outside, the engine from inside, a start with a million entries (all where none is named)",
        run: bench::run,
    },
    Command {
        name: "fuzz",
        arguments: "[--seconds N]",
        about: "spoilt frames for decoders and the command path, N seconds for each target (60 where none is said)",
        run: fuzz::run,
    },
    Command {
        name: "soak",
        arguments: "[--clients N] [--minutes N] [--deliveries N]",
        about: "1,000 clients for 10 minutes at 20,000 deliveries a second: nothing lost, memory flat",
        run: soak::run,
    },
    Command {
        name: "test",
        arguments: "",
        about: "every test: unit, property, black-box, Playwright in Chromium",
        run: test::run,
    },
];

/// The command of that name.
pub fn find(name: &str) -> Option<&'static Command> {
    COMMANDS.iter().find(|command| command.name == name)
}

/// The help text.
pub fn usage() -> String {
    let mut text = String::from("Usage: cargo xtask <command>\n\n");
    for Command {
        name,
        arguments,
        about,
        ..
    } in COMMANDS
    {
        text += &format!("  {:<24} {about}\n", format!("{name} {arguments}"));
    }
    text
}

/// Sums up stages that all ran: says what each failed one said, and fails if any did.
fn sum_up<const N: usize>(stages: [(&str, Result<()>); N]) -> Result<()> {
    let mut failed = Vec::new();
    for (name, outcome) in stages {
        if let Err(error) = outcome {
            eprintln!("\n{name} failed: {error:#}");
            failed.push(name);
        }
    }
    anyhow::ensure!(failed.is_empty(), "{} (see above)", failed.join(" and "));
    Ok(())
}

/// Refuses what a command does not know; returns whether `--dev` was given.
fn parse_dev(args: &[String]) -> Result<bool> {
    match args {
        [] => Ok(false),
        [flag] if flag == "--dev" => Ok(true),
        _ => anyhow::bail!("unknown arguments {args:?}\nremedy: see `cargo xtask help`"),
    }
}
