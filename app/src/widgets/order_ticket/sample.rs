//! A spot market and a perpetual at 50,000, for the tests of the ticket.

use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::id::Symbol;
use tickwire_protocol::market::{Instrument, Perpetual, VenueRules};
use tickwire_protocol::message::{Body, Message};
use tickwire_protocol::money::{Amount, Price, Quantity};

use super::estimate::World;

/// A quantity.
pub fn q(text: &str) -> Quantity {
    text.parse().unwrap()
}

/// A price.
pub fn p(text: &str) -> Price {
    text.parse().unwrap()
}

/// An amount.
pub fn a(text: &str) -> Amount {
    text.parse().unwrap()
}

/// The rules of a spot market: ticks of 0.1, steps of 0.001, 5 USDT at least.
pub fn rules() -> Instrument {
    match Message::decode(crate::realtime::sample::FRAMES[0]).unwrap().body {
        Body::Instruments(mut body) => body.instruments.remove(0),
        _ => panic!("the first sample frame has the instruments"),
    }
}

/// The spot market with this much available: 49,999.9 to 50,000.1, taker 0.1 %, maker 0.02 %, no slippage.
pub fn spot(available: &str) -> World {
    World {
        rules: Instrument {
            maker_fee_rate: "0.0002".parse().unwrap(),
            ..rules()
        },
        venue: VenueRules::default(),
        bid: p("49999.9"),
        ask: p("50000.1"),
        last: p("50000"),
        mark: p("50000"),
        available: a(available),
        equity: a(available),
        maintenance: Amount::ZERO,
        held: None,
        leverage: 1,
        risk: None,
        now: TimestampMs(1_765_357_200_000),
    }
}

/// The same as a perpetual with a maintenance margin of 0.5 %.
pub fn perpetual(available: &str, leverage: u32) -> World {
    let mut world = spot(available);
    world.rules.perpetual = Some(Perpetual {
        spot: Symbol::new("ETHUSDT").unwrap(),
        max_leverage: 50,
        default_leverage: 5,
        maintenance_margin_rate: "0.005".parse().unwrap(),
        funding_interval_ms: 28_800_000,
        funding_rate: "0.0001".parse().unwrap(),
    });
    world.leverage = leverage;
    world
}
