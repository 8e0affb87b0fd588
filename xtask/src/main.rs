//! Every job of this repository, in Rust: `cargo xtask <command>`.
//!
//! # Layout
//!
//! - [`command`]: one file per command and the table that lists them; to add one is one file and one row.
//! - [`site`]: what the browser gets: wasm, css, chart library, compression, the size budget.
//! - [`toolchain`], [`npm`], [`browser`], [`python`]: what a fresh machine may lack; each installs it or names the remedy.
//! - [`process`], [`progress`], [`workspace`]: child processes, visible stages, paths.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line program answers on its terminal"
)]

mod browser;
mod command;
mod npm;
mod process;
mod progress;
mod python;
mod site;
mod toolchain;
mod workspace;

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let name = args.next().unwrap_or_default();
    let args: Vec<String> = args.collect();

    let Some(command) = command::find(&name) else {
        let known_help = ["help", "--help", "-h"].contains(&name.as_str());
        print!("{}", command::usage());
        return if known_help {
            ExitCode::SUCCESS
        } else {
            ExitCode::from(2)
        };
    };
    match (command.run)(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nxtask {name} failed: {error:#}");
            ExitCode::FAILURE
        }
    }
}
