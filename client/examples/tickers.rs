//! Prints the tickers of some markets as they change.
//!
//! ```text
//! cargo run -p tickwire-client --example tickers -- BTCUSDT ETHUSDT
//! ```
#![expect(clippy::print_stdout, reason = "it is what the example is for")]

use anyhow::Result;
use clap::Parser;
use tickwire_client::protocol::id::Symbol;
use tickwire_client::protocol::message::Body;
use tickwire_client::protocol::topic::Topic;
use tickwire_client::{Desk, Event};

/// Prints tickers as they change.
#[derive(Debug, Parser)]
struct Args {
    /// The markets
    #[arg(default_value = "BTCUSDT")]
    symbols: Vec<Symbol>,
    /// The desk
    #[arg(long, default_value = "ws://127.0.0.1:8000")]
    url: String,
    /// Stop after this many lines
    #[arg(long)]
    count: Option<u64>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let args = Args::parse();
    let (desk, mut events) = Desk::builder(&args.url)
        .topics(args.symbols.iter().copied().map(Topic::Ticker))
        .start()?;
    let mut left = args.count;
    while left != Some(0) {
        match events.next().await {
            Some(Event::Message(message)) => {
                if let Body::MarketUpdate(market) = message.body {
                    println!(
                        "{:<14} {:>14} {:>7} %   bid {} ask {}",
                        market.symbol,
                        market.price.to_string(),
                        market.price_change_percent.to_string(),
                        market.bid,
                        market.ask
                    );
                    left = left.map(|left| left - 1);
                }
            }
            Some(Event::DialFailed(error)) => println!("{error}"),
            Some(Event::Lost { retry_in_ms, .. }) => {
                println!("lost the desk; trying again in {retry_in_ms} ms")
            }
            Some(Event::Closed { code }) => anyhow::bail!("the desk will not have us: {code}"),
            Some(_) => {}
            None => break,
        }
    }
    desk.shutdown().await;
    Ok(())
}
