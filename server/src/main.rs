//! The binary `tickwire`: a menu of subcommands, each of which calls the library.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line program answers on stdout and stderr"
)]

use clap::error::ErrorKind;
use clap::{Parser, Subcommand};
use std::process::ExitCode;
use tickwire_server::cli::{JournalCommand, UserCommand};
use tickwire_server::config::{ServeArgs, check_environment};
use tickwire_server::{StartError, telemetry};
use tokio::net::TcpListener;

/// Tickwire: a self-hosted, real-time trading desk in one binary.
#[derive(Debug, Parser)]
#[command(name = "tickwire", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the desk.
    Serve(Box<ServeArgs>),
    /// Look into the journal of a desk that does not run (or into a copy of its folder): verify, export or replay it.
    #[command(subcommand)]
    Journal(JournalCommand),
    /// Add, list, disable and enable the users of a desk; set their passwords and roles; make tokens for their programs.
    #[command(subcommand)]
    User(UserCommand),
    /// Print the licences of the desk and of the market data that it carries, and where those come from.
    Licenses,
}

/// What must travel with the binary, which carries the data that it speaks of.
const LICENSES: [&str; 3] = [
    include_str!("../../LICENSE-MIT"),
    include_str!("../../LICENSE-APACHE"),
    include_str!("../data/PROVENANCE.md"),
];

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return refuse_arguments(&error),
    };
    let done = match cli.command {
        Command::Serve(args) => serve(*args).map_err(|error| error.to_string()),
        Command::Journal(command) => {
            let mut out = std::io::stdout().lock();
            tickwire_server::cli::journal(command, &mut out).map_err(|error| error.to_string())
        }
        Command::User(command) => {
            let (mut out, mut notes) = (std::io::stdout().lock(), std::io::stderr().lock());
            tickwire_server::cli::user(command, &mut out, &mut notes).map_err(|error| error.to_string())
        }
        Command::Licenses => {
            LICENSES.iter().for_each(|text| println!("{text}\n"));
            Ok(())
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("tickwire: {reason}");
            ExitCode::FAILURE
        }
    }
}

/// Help goes out whole; a mistake is told in one line.
fn refuse_arguments(error: &clap::Error) -> ExitCode {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        print!("{error}");
        return ExitCode::SUCCESS;
    }
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        eprint!("{error}");
        return ExitCode::from(2);
    }
    let text = error.to_string();
    let reason: Vec<&str> = text
        .lines()
        .take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more information"))
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    eprintln!(
        "tickwire: {}; see tickwire {} --help",
        reason.join(" ").trim_start_matches("error: "),
        // Clap's own mistakes do not say which subcommand they are of.
        match std::env::args().nth(1).as_deref() {
            Some("journal") => "journal",
            Some("user") => "user",
            _ => "serve",
        }
    );
    ExitCode::from(2)
}

#[tokio::main]
async fn serve(args: ServeArgs) -> Result<(), StartError> {
    check_environment(std::env::vars_os().filter_map(|(name, _)| name.into_string().ok()))?;
    let config = args.resolve()?;
    // Listened for from now on, so that a signal during the start is not lost.
    let interrupted = tokio::spawn(interrupted());
    let lines =
        telemetry::start(&config.telemetry, config.auth.is_required).map_err(StartError::Telemetry)?;
    let listen = config.http.listen;
    let listener = TcpListener::bind(listen)
        .await
        .map_err(|source| StartError::Listen {
            address: listen,
            source,
        })?;
    let address = listener.local_addr().map_err(|source| StartError::Listen {
        address: listen,
        source,
    })?;
    let scheme = if config.walls.tls.is_some() {
        "https"
    } else {
        "http"
    };
    let ready = move || println!("Tickwire is ready on {scheme}://{address}");
    tickwire_server::run(config, listener, lines, ready, async { drop(interrupted.await) }).await
}

/// Resolves when the operator (Ctrl-C) or the service manager (SIGTERM) asks the server to stop.
async fn interrupted() {
    let ctrl_c = async {
        if let Err(error) = tokio::signal::ctrl_c().await {
            tracing::warn!(target: "tickwire::server", %error, "Ctrl-C cannot be caught; stop the server with SIGTERM");
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        () = ctrl_c => {}
        () = terminated() => {}
    }
}

#[cfg(unix)]
async fn terminated() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            terminate.recv().await;
        }
        Err(error) => {
            tracing::warn!(target: "tickwire::server", %error, "SIGTERM cannot be caught; stop the server with Ctrl-C");
            std::future::pending().await
        }
    }
}

#[cfg(not(unix))]
async fn terminated() {
    std::future::pending().await
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        super::Cli::command().debug_assert();
    }
}
