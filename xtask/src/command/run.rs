//! `cargo xtask run`: build, then serve the desk until Ctrl-C.

use anyhow::Result;

use crate::command::{build, parse_dev};
use crate::process;
use crate::progress::Progress;
use crate::workspace::Mode;

/// The command. What follows `--` goes to `tickwire serve`.
pub fn run(args: &[String]) -> Result<()> {
    let (own, served) = match args.iter().position(|arg| arg == "--") {
        Some(split) => (&args[..split], &args[split + 1..]),
        None => (args, &[][..]),
    };
    let mode = if parse_dev(own)? { Mode::Dev } else { Mode::Release };

    println!("Building the desk. The first build takes some minutes; later ones do only what changed.");
    let binary = build::build(&Progress::start(), mode)?;

    println!("\nStarting tickwire serve {}", served.join(" "));
    let mut serve = std::process::Command::new(binary);
    serve.arg("serve").args(served);
    process::run(
        &mut serve,
        "see the line above; `--listen 127.0.0.1:0` takes a free port",
    )
}
