//! Somebody who trades: a connection that hears of everything lossless, and looks up what came of an order.

use std::ops::{Deref, DerefMut};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use rust_decimal::Decimal;
use serde_json::Value;

use crate::desk::Desk;
use crate::order::Market;
use crate::wire::{Frame, Wire};

/// Tries of a command whose prices the market may have overtaken.
const TRIES: usize = 25;

/// How long it is waited for the market to come to an order before the order is taken to the market.
const NEAR_ENOUGH: Duration = Duration::from_millis(300);

/// The lossless topics of an account.
pub const TOPICS: [&str; 4] = ["orders", "executions", "risk", "alerts"];

/// One connection of a trader.
#[derive(Debug)]
pub struct Trader {
    wire: Wire,
}

impl Deref for Trader {
    type Target = Wire;
    fn deref(&self) -> &Wire {
        &self.wire
    }
}

impl DerefMut for Trader {
    fn deref_mut(&mut self) -> &mut Wire {
        &mut self.wire
    }
}

impl Trader {
    /// Connects and subscribes to all that is told of the account.
    pub fn connect(desk: &Desk) -> Result<Trader> {
        let mut wire = Wire::connect(desk.address())?;
        wire.be_patient();
        wire.subscribe(&TOPICS)?;
        Ok(Trader { wire })
    }

    /// The first frame that is wanted, among those that came already and those to come.
    pub fn told(&mut self, what: &str, wanted: impl Fn(&Frame) -> bool) -> Result<Frame> {
        match self.wire.log.iter().find(|frame| wanted(frame)) {
            Some(frame) => Ok(frame.clone()),
            None => self.wire.wait_for(what, wanted),
        }
    }

    /// The `ORDER_UPDATE` that told that an order with this id, of either kind, got this status.
    pub fn order(&mut self, id: &str, status: &str) -> Result<Frame> {
        self.told(&format!("ORDER_UPDATE: {id} {status}"), |frame| {
            let order = &frame.json["order"];
            frame.topic() == "orders"
                && (order["id"] == id || order["client_order_id"] == id)
                && order["status"] == status
        })
    }

    /// All `ORDER_UPDATE`s of the topic so far of an order, by either id.
    pub fn updates(&self, id: &str) -> Vec<&Frame> {
        let of_it = |frame: &&Frame| {
            let order = &frame.json["order"];
            frame.topic() == "orders" && (order["id"] == id || order["client_order_id"] == id)
        };
        self.wire.log.iter().filter(of_it).collect()
    }

    /// All `EXECUTION_UPDATE`s of an order, once they add up to this quantity.
    pub fn fills(&mut self, order_id: &str, quantity: Decimal) -> Result<Vec<Frame>> {
        let of_it =
            |frame: &&Frame| frame.topic() == "executions" && frame.json["data"]["order_id"] == order_id;
        loop {
            let fills: Vec<Frame> = self.wire.log.iter().filter(of_it).cloned().collect();
            let sum: Decimal = fills.iter().map(|fill| fill.number("/data/quantity")).sum();
            ensure!(sum <= quantity, "{order_id} is filled by {sum} of {quantity}");
            if sum == quantity {
                return Ok(fills);
            }
            self.wire.wait_for("another fill", |frame| of_it(&frame))?;
        }
    }

    /// Sends a command that depends on where the market is, with a fresh price each time, until it is carried out. It is
    /// refused where the market was faster (`INVALID_PRICE`, `WOULD_TAKE`).
    pub fn acked_at(&mut self, symbol: &str, mut command: impl FnMut(&Market) -> String) -> Result<Frame> {
        let mut last = String::new();
        let market = Market::of(&mut self.wire, symbol)?;
        for _ in 0..TRIES {
            let now = market.now(&mut self.wire)?;
            let answer = self.wire.ask(&command(&now))?;
            if answer.kind() == "ACK" {
                return Ok(answer);
            }
            let code = answer.json["code"].as_str().unwrap_or_default();
            ensure!(["INVALID_PRICE", "WOULD_TAKE"].contains(&code), "{}", answer.text);
            last = answer.text;
        }
        anyhow::bail!("the market was always faster: {last}")
    }

    /// Takes an order to the market until it has this status: amends it by the fields that `amend` gives for where the
    /// market is, as often as the market has gone elsewhere. Gives the frame that told of the status.
    pub fn chase(
        &mut self,
        symbol: &str,
        id: &str,
        status: &str,
        mut amend: impl FnMut(&Market) -> String,
    ) -> Result<Frame> {
        let market = Market::of(&mut self.wire, symbol)?;
        for _ in 0..TRIES * 2 {
            self.wire.read_for(NEAR_ENOUGH)?;
            let is_it =
                |frame: &&Frame| frame.json["order"]["id"] == id && frame.json["order"]["status"] == status;
            if let Some(frame) = self.wire.log.iter().find(is_it) {
                return Ok(frame.clone());
            }
            let fields = amend(&market.now(&mut self.wire)?);
            // Refused where the market is there already, or where the order has just ended.
            self.wire.ask(&format!(
                r#"{{"action":"amend_order","order_id":"{id}",{fields}}}"#
            ))?;
        }
        anyhow::bail!("{id} never was {status}")
    }

    /// Sends a command that is to be refused with this code, and gives the sentence.
    pub fn refused(&mut self, command: &str, code: &str) -> Result<String> {
        let answer = self.wire.ask(command)?;
        ensure!(
            answer.kind() == "ERROR" && answer.json["code"] == code && answer.json["outcome"] != "executed",
            "{command} is not refused with {code}: {}",
            answer.text
        );
        let message = answer.json["message"].as_str().context("a sentence")?;
        Ok(message.to_owned())
    }

    /// What the desk says of an order when it is asked.
    pub fn status(&mut self, order_id: &str) -> Result<Frame> {
        let question = format!(r#"{{"action":"get_order_status","order_id":"{order_id}"}}"#);
        self.wire.answer(&question, "ORDER_UPDATE")
    }

    /// The open positions.
    pub fn positions(&mut self) -> Result<Frame> {
        self.wire
            .answer(r#"{"action":"get_positions"}"#, "POSITION_UPDATE")
    }

    /// How much of an instrument is held, below zero for a short position.
    pub fn held(&mut self, symbol: &str) -> Result<Decimal> {
        let positions = self.positions()?;
        let rows = positions.json["positions"].as_array().context("a list")?;
        let row = rows
            .iter()
            .position(|row| row["symbol"] == symbol && row["strategy"].is_null());
        let Some(row) = row else { return Ok(Decimal::ZERO) };
        let quantity = positions.number(&format!("/positions/{row}/quantity"));
        Ok(if rows[row]["type"] == "sell" {
            -quantity
        } else {
            quantity
        })
    }

    /// The orders that are open, by their ids.
    pub fn open_orders(&mut self) -> Result<Vec<String>> {
        let orders = self
            .wire
            .answer(r#"{"action":"get_orders","open_only":true}"#, "ORDERS")?;
        let rows = orders.json["orders"].as_array().context("a list")?;
        Ok(rows
            .iter()
            .filter_map(|order| order["id"].as_str().map(str::to_owned))
            .collect())
    }

    /// Where the risk guard stands.
    pub fn risk(&mut self) -> Result<Value> {
        let risk = self
            .wire
            .answer(r#"{"action":"get_risk"}"#, "RISK_STATUS_UPDATE")?;
        Ok(risk.json["data"].clone())
    }
}

/// The id of the order that an `ACK` names.
pub fn order_id(ack: &Frame) -> Result<String> {
    let id = ack.json["order_id"].as_str();
    Ok(id.with_context(|| ack.text.clone())?.to_owned())
}

/// The ids of all orders that an `ACK` names.
pub fn order_ids(ack: &Frame) -> Vec<String> {
    let ids = ack.json["order_ids"].as_array().into_iter().flatten();
    ids.filter_map(|id| id.as_str().map(str::to_owned)).collect()
}
