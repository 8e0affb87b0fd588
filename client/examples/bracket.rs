//! Places a bracket: a limit order to buy below the market, which a take-profit and a stop-loss protect once it fills.
//! Waits until the topic `orders` tells of it, and prints it.
//!
//! ```text
//! cargo run -p tickwire-client --example bracket -- BTCUSDT 0.01 --name my-bracket
//! ```
//!
//! Run it twice with the same `--name`: it is placed once.
#![expect(clippy::print_stdout, reason = "it is what the example is for")]

use anyhow::{Context as _, Result, bail};
use clap::Parser;
use rust_decimal::Decimal;
use tickwire_client::protocol::command::{GetOrders, PlaceOrder};
use tickwire_client::protocol::id::{ClientOrderId, OrderId, Symbol};
use tickwire_client::protocol::message::Body;
use tickwire_client::protocol::money::{Price, Quantity};
use tickwire_client::protocol::order::{Exit, Order, OrderType, Side};
use tickwire_client::protocol::topic::Topic;
use tickwire_client::{Desk, Event, Events};

/// Places a bracket.
#[derive(Debug, Parser)]
struct Args {
    /// The market
    symbol: Symbol,
    /// How much to buy
    quantity: Quantity,
    /// The desk
    #[arg(long, default_value = "ws://127.0.0.1:8000")]
    url: String,
    /// How far below the market to buy, in percent; the exits are as far from there
    #[arg(long, default_value = "1")]
    distance: Decimal,
    /// Names the order: it is placed once, however often this runs
    #[arg(long)]
    name: Option<ClientOrderId>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let args = Args::parse();
    let (desk, mut events) = Desk::builder(&args.url)
        .topics([Topic::Ticker(args.symbol), Topic::Orders])
        .start()?;
    let market = price(&mut events, args.symbol).await?;
    let instruments = desk.instruments().await?.instruments;
    let instrument = instruments
        .iter()
        .find(|instrument| instrument.symbol == args.symbol)
        .with_context(|| format!("the desk does not trade {}", args.symbol))?;
    let away = |percent: Decimal| {
        let price = market.get() * (Decimal::ONE + percent / Decimal::ONE_HUNDRED);
        Price::new(price).rounded(instrument.price_scale())
    };
    let exit = |trigger: Price| Exit {
        trigger_price: Some(trigger),
        ..Exit::default()
    };
    let order = PlaceOrder {
        client_order_id: args.name,
        order_type: OrderType::Limit,
        price: Some(away(-args.distance)),
        take_profit: Some(exit(away(args.distance))),
        stop_loss: Some(exit(away(-args.distance * Decimal::TWO))),
        ..PlaceOrder::market(args.symbol, Side::Buy, args.quantity)
    };
    let ack = desk.place_order(order).await?;
    let id = ack
        .report
        .order_id
        .context("an order that was placed has an id")?;
    let order = if ack.report.duplicate == Some(true) {
        println!("{id} was placed before under this name");
        let orders = desk.orders(GetOrders::default()).await?.orders;
        orders
            .into_iter()
            .find(|order| order.id == id)
            .context("it is among the last orders")?
    } else {
        told(&mut events, id).await?
    };
    let shown = |exit: Option<Exit>| {
        exit.and_then(|exit| exit.trigger_price)
            .map(|price| price.to_string())
    };
    println!(
        "{id} ({}) {:?}: buys {} {} at {}, takes the profit at {}, stops the loss at {}",
        order
            .client_order_id
            .map(|name| name.to_string())
            .unwrap_or_default(),
        order.status,
        order.quantity,
        order.symbol,
        order.price.unwrap_or_default(),
        shown(order.take_profit).unwrap_or_default(),
        shown(order.stop_loss).unwrap_or_default(),
    );
    desk.shutdown().await;
    Ok(())
}

/// The first price of a market.
async fn price(events: &mut Events, symbol: Symbol) -> Result<Price> {
    while let Some(event) = events.next().await {
        match event {
            Event::Message(message) => match message.body {
                Body::MarketUpdate(market) if market.symbol == symbol => return Ok(market.price),
                _ => {}
            },
            // Every topic has spoken, and this one had nothing to say.
            Event::Live => bail!("there is no price of {symbol}"),
            Event::DialFailed(error) => bail!(error),
            _ => {}
        }
    }
    bail!("the desk is gone")
}

/// What the topic tells of an order first.
async fn told(events: &mut Events, id: OrderId) -> Result<Order> {
    while let Some(event) = events.next().await {
        if let Event::Message(message) = event
            && let Body::OrderUpdate(update) = message.body
            && update.order.id == id
        {
            return Ok(update.order);
        }
    }
    bail!("the desk is gone")
}
