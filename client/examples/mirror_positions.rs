//! Keeps a copy of the open positions, and a record of all executions without a gap, also over its own restarts: the
//! places that it has reached are kept in a file.
//!
//! ```text
//! cargo run -p tickwire-client --example mirror_positions -- --keep places.txt
//! ```
#![expect(clippy::print_stdout, reason = "it is what the example is for")]

use anyhow::{Context as _, Result, bail};
use clap::Parser;
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use tickwire_client::protocol::account::Position;
use tickwire_client::protocol::id::PositionId;
use tickwire_client::protocol::message::Body;
use tickwire_client::protocol::money::Quantity;
use tickwire_client::protocol::topic::Topic;
use tickwire_client::{Desk, Event, Places};

/// Mirrors positions and executions.
#[derive(Debug, Parser)]
struct Args {
    /// The desk
    #[arg(long, default_value = "ws://127.0.0.1:8000")]
    url: String,
    /// Where to keep the places reached, so that the next run goes on from them
    #[arg(long)]
    keep: Option<PathBuf>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let args = Args::parse();
    let places = args.keep.as_deref().map_or(Ok(Places::new()), kept)?;
    let (desk, mut events) = Desk::builder(&args.url)
        .topics([Topic::Positions, Topic::Executions])
        .resume(places)
        .start()?;
    let mut mirror: BTreeMap<PositionId, Quantity> = BTreeMap::new();
    loop {
        let event = tokio::select! {
            event = events.next() => event,
            _ = tokio::signal::ctrl_c() => break,
        };
        match event {
            Some(Event::Message(message)) => match message.body {
                // It always has all open positions, so it takes the place of what was there.
                Body::PositionUpdate(update) if update.snapshot => show(&mut mirror, &update.positions),
                Body::ExecutionUpdate(update) => {
                    let fill = update.data;
                    println!(
                        "{} {} {} {} at {}",
                        fill.id,
                        fill.side.as_str(),
                        fill.quantity,
                        fill.symbol,
                        fill.price
                    );
                }
                // After a loss: the executions as they are now.
                Body::Executions(all) => println!("the last {} executions", all.executions.len()),
                _ => {}
            },
            Some(Event::Resumed { messages }) => println!("back: {messages} messages had been missed"),
            Some(Event::Reset(loss)) => println!("{} from {} on are lost", loss.topic, loss.lost_from),
            Some(Event::Live) => println!("live"),
            Some(Event::Lost { .. }) => println!("lost the desk; trying again"),
            Some(Event::DialFailed(error)) => println!("{error}"),
            Some(Event::Closed { code }) => bail!("the desk will not have us: {code}"),
            Some(_) => {}
            None => break,
        }
        // What was printed is done with. Were it a database, the places would be kept in the same transaction.
        if let Some(file) = &args.keep {
            std::fs::write(file, events.places().to_string())
                .with_context(|| format!("cannot write {}", file.display()))?;
        }
    }
    desk.shutdown().await;
    Ok(())
}

fn kept(file: &Path) -> Result<Places> {
    match std::fs::read_to_string(file) {
        Ok(text) => Ok(text.parse()?),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Places::new()),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", file.display())),
    }
}

/// Prints what was opened, changed or closed.
fn show(mirror: &mut BTreeMap<PositionId, Quantity>, positions: &[Position]) {
    let now: BTreeMap<PositionId, Quantity> = positions
        .iter()
        .map(|position| (position.id, position.quantity))
        .collect();
    for position in positions {
        if mirror.get(&position.id) != Some(&position.quantity) {
            println!(
                "{} {} {} {} entered at {}",
                position.id,
                position.side.as_str(),
                position.quantity,
                position.symbol,
                position.entry_price
            );
        }
    }
    for id in mirror.keys().filter(|id| !now.contains_key(id)) {
        println!("{id} closed");
    }
    *mirror = now;
}
