//! Orders in scenarios: instruments as the desk tells them, and quantities that are worth a given amount.

use anyhow::{Context as _, Result};
use rust_decimal::Decimal;

use crate::wire::{Frame, Wire};

/// The rules of one instrument, and a recent price.
#[derive(Clone, Debug)]
pub struct Market {
    /// Its name.
    pub symbol: String,
    /// Prices are whole multiples of this.
    pub tick: Decimal,
    /// Quantities are whole multiples of this.
    pub step: Decimal,
    /// The largest quantity of one order.
    pub most: Decimal,
    /// The least value of one order.
    pub least_value: Decimal,
    /// The rate of the fee of a market order.
    pub fee_rate: Decimal,
    /// A recent price.
    pub price: Decimal,
}

impl Market {
    /// Asks the desk for an instrument.
    pub fn of(wire: &mut Wire, symbol: &str) -> Result<Market> {
        let list = wire.answer(r#"{"action":"get_instruments"}"#, "INSTRUMENTS")?;
        let rows = list.json["instruments"]
            .as_array()
            .context("a list of instruments")?;
        let place = rows
            .iter()
            .position(|row| row["symbol"] == symbol)
            .with_context(|| format!("{symbol} is there"))?;
        let field = |name: &str| list.number(&format!("/instruments/{place}/{name}"));
        let ticker = ticker(wire, symbol)?;
        Ok(Market {
            symbol: symbol.to_owned(),
            tick: field("tick_size"),
            step: field("step_size"),
            most: field("max_quantity"),
            least_value: field("min_notional"),
            fee_rate: field("taker_fee_rate"),
            price: ticker.number("/price"),
        })
    }

    /// The same at the price of now.
    pub fn now(&self, wire: &mut Wire) -> Result<Market> {
        let price = ticker(wire, &self.symbol)?.number("/price");
        Ok(Market {
            price,
            ..self.clone()
        })
    }

    /// So many ticks above the price, below it where negative.
    pub fn beside(&self, ticks: i64) -> Decimal {
        self.price + self.tick * Decimal::from(ticks)
    }

    /// The names of all spot instruments of the desk.
    pub fn names(wire: &mut Wire) -> Result<Vec<String>> {
        Self::names_where(wire, |row| row["perpetual"].is_null())
    }

    /// The names of all perpetuals of the desk.
    pub fn perpetuals(wire: &mut Wire) -> Result<Vec<String>> {
        Self::names_where(wire, |row| row["perpetual"].is_object())
    }

    fn names_where(wire: &mut Wire, wanted: impl Fn(&serde_json::Value) -> bool) -> Result<Vec<String>> {
        let list = wire.answer(r#"{"action":"get_instruments"}"#, "INSTRUMENTS")?;
        let rows = list.json["instruments"]
            .as_array()
            .context("a list of instruments")?;
        Ok(rows
            .iter()
            .filter(|row| wanted(row))
            .filter_map(|row| row["symbol"].as_str().map(str::to_owned))
            .collect())
    }

    /// A quantity worth about this much: a whole number of steps, rounded up.
    pub fn worth(&self, value: i64) -> Decimal {
        (Decimal::from(value) / self.price / self.step).ceil() * self.step
    }

    /// So many hundredths of a percent above the price (below it where negative), as a multiple of the tick.
    pub fn away(&self, bps: i64) -> Decimal {
        let price = self.price * (Decimal::ONE + Decimal::new(bps, 4));
        (price / self.tick).round() * self.tick
    }

    /// An order of any kind as a command without an id, under a name; `rest` are its further fields, such as
    /// `"price":1,`.
    pub fn order_of(&self, name: &str, side: &str, kind: &str, quantity: Decimal, rest: &str) -> String {
        let symbol = &self.symbol;
        format!(
            r#"{{"action":"place_order","client_order_id":"{name}","symbol":"{symbol}","side":"{side}","order_type":"{kind}",{rest}"quantity":{quantity}}}"#
        )
    }

    /// A market order as a command without an id.
    pub fn order(&self, side: &str, quantity: Decimal) -> String {
        let symbol = &self.symbol;
        format!(
            r#"{{"action":"place_order","symbol":"{symbol}","side":"{side}","order_type":"market","quantity":{quantity}}}"#
        )
    }

    /// The same with the owner's id of it.
    pub fn order_named(&self, name: &str, side: &str, quantity: Decimal) -> String {
        self.order(side, quantity)
            .replacen('{', &format!("{{\"client_order_id\":\"{name}\","), 1)
    }
}

/// One buys what the next one sells.
pub fn side_of(order: u64) -> &'static str {
    if order.is_multiple_of(2) { "buy" } else { "sell" }
}

/// Places market orders as fast as they are taken, by so many connections that each is well below its rate of commands.
pub fn trade_many(connect: impl Fn() -> Result<Wire>, market: &Market, orders: u32) -> Result<()> {
    let traders = (0..orders.min(64)).map(|_| connect());
    let mut traders = traders.collect::<Result<Vec<Wire>>>()?;
    for number in 0..u64::from(orders) {
        let place = usize::try_from(number)? % traders.len();
        traders[place].acked(&market.order(side_of(number), market.worth(50)))?;
        traders[place].log.clear();
    }
    Ok(())
}

/// What a market's ticker says now.
fn ticker(wire: &mut Wire, symbol: &str) -> Result<Frame> {
    let before = wire.log.len();
    wire.acked(&format!(r#"{{"action":"subscribe_ticker","symbol":"{symbol}"}}"#))?;
    let of_it = |frame: &Frame| frame.kind() == "MARKET_UPDATE" && frame.json["symbol"] == symbol;
    let ticker = match wire.log[before..].iter().find(|frame| of_it(frame)).cloned() {
        Some(ticker) => ticker,
        None => wire.wait_for("MARKET_UPDATE", of_it)?,
    };
    wire.acked(&format!(
        r#"{{"action":"unsubscribe_ticker","symbol":"{symbol}"}}"#
    ))?;
    Ok(ticker)
}

/// The whole history of a lossless topic, from its first message to its last as of now, checked to be gapless.
pub fn history(wire: &mut Wire, topic: &str) -> Result<Vec<Frame>> {
    let told = wire.subscribe(&[topic])?;
    let ep = told.first().context("SUBSCRIBED came")?.json["ep"].clone();
    resumed(wire, topic, &ep, 0)
}

/// What comes of a lossless topic when it is resumed after a place, up to its last message as of now.
pub fn resumed(wire: &mut Wire, topic: &str, ep: &serde_json::Value, seq: u64) -> Result<Vec<Frame>> {
    let resume = serde_json::json!([{"topic": topic, "ep": ep, "seq": seq}]);
    let command = serde_json::json!({"action": "subscribe", "topics": [topic], "resume": resume});
    let before = wire.log.len();
    wire.acked(&command.to_string())?;
    let of_topic = |frame: &Frame| frame.topic() == topic;
    let place = wire.log[before..]
        .iter()
        .position(|frame| of_topic(frame) && frame.kind() == "RESUMED")
        .with_context(|| format!("RESUMED of {topic} after {seq} came before the ACK"))?;
    let said = wire.log[before + place].clone();
    anyhow::ensure!(
        said.json["from"] == seq + 1,
        "it goes on elsewhere: {}",
        said.text
    );
    let head = said.json["head"].as_u64().context("RESUMED names the head")?;
    let data =
        |frame: &Frame| of_topic(frame) && (frame.kind().ends_with("_UPDATE") || frame.kind() == "ALERT");
    // What came before is left over from an earlier subscription.
    let mut frames: Vec<Frame> = wire.log[before + place..]
        .iter()
        .filter(|frame| data(frame))
        .cloned()
        .collect();
    while frames.last().map_or(seq, Frame::seq) < head {
        frames.push(wire.wait_for(&format!("{topic} up to {head}"), data)?);
    }
    for (frame, place) in frames.iter().zip(seq + 1..) {
        anyhow::ensure!(frame.seq() == place, "place {place} of {topic} is {}", frame.text);
    }
    Ok(frames)
}
