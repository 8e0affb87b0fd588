//! The model of the engine: what it executed survives every restart, and a `client_order_id` is executed once.

use crate::board::ModelBoard;
use crate::samples;
use std::collections::BTreeMap;
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::command::{Instruction, Report};
use tickwire_protocol::id::ClientOrderId;
use tickwire_protocol::order::Order;
use tickwire_protocol::session::server::EngineAnswer;
use tickwire_protocol::topic::Topic;

#[derive(Debug, Default)]
pub struct ModelEngine {
    /// Orders by the owner's id.
    orders: BTreeMap<ClientOrderId, Order>,
    /// How often each was executed.
    pub executed: BTreeMap<ClientOrderId, u32>,
    /// How often each instruction without a name was carried out.
    pub unnamed: BTreeMap<&'static str, u32>,
    numbered: u64,
}

impl ModelEngine {
    /// Carries out an order and publishes what came of it.
    pub fn execute(
        &mut self,
        now: TimestampMs,
        instruction: &Instruction,
        board: &mut ModelBoard,
    ) -> EngineAnswer {
        let client_order_id = instruction.client_order_id().cloned();
        let Some(key) = client_order_id.clone() else {
            // What has no name comes to the same when it is done twice, or is not sent twice.
            *self.unnamed.entry(instruction.action()).or_default() += 1;
            board.log(Topic::Risk, now, samples::event_body(Topic::Risk, now));
            return Ok(Report::default());
        };
        if let Some(order) = self.orders.get(&key) {
            return Ok(placed(order, true));
        }
        self.numbered += 1;
        let order = samples::order(self.numbered, client_order_id, now);
        *self.executed.entry(key.clone()).or_default() += 1;
        self.orders.insert(key, order.clone());
        board.log(Topic::Orders, now, samples::order_update(order.clone()));
        board.log(Topic::Executions, now, samples::execution_update(&order));
        board.set(Topic::Positions);
        board.set(Topic::Balance);
        Ok(placed(&order, false))
    }
}

fn placed(order: &Order, duplicate: bool) -> Report {
    Report {
        order_id: Some(order.id),
        client_order_id: order.client_order_id.clone(),
        status: Some(order.status),
        duplicate: Some(duplicate),
        ..Report::default()
    }
}
