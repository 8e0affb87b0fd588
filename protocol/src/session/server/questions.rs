//! Questions after data that are no state topic's: checked here, answered by the board.

use super::{Board, Server, known};
use crate::command::{Command, GetExecutions, GetOrders, OrderRef};
use crate::error::{ErrorCode, Refusal};
use crate::id::CommandId;
use crate::limits::Limits;
use crate::topic::Topic;

impl Server {
    pub(super) fn question(
        &mut self,
        id: &Option<CommandId>,
        question: Command,
        board: &dyn Board,
    ) -> Result<(), Refusal> {
        let rows_max = self.limits.rows_max;
        let symbol = match &question {
            Command::GetCandles(body) => {
                within(body.limit, self.limits.candles_max)?;
                Some(body.symbol)
            }
            Command::GetOrders(GetOrders { symbol, limit, .. })
            | Command::GetExecutions(GetExecutions { symbol, limit }) => {
                within(*limit, rows_max)?;
                *symbol
            }
            Command::GetPosition(symbol) => Some(*symbol),
            _ => None,
        };
        if let Some(symbol) = symbol {
            known(board, symbol)?;
        }
        let frame = board.answer(&question);
        match &question {
            Command::GetOrderStatus(order) if frame.is_none() => Err(no_order(order)),
            Command::GetPosition(symbol) if frame.is_none() => {
                let message = format!("no position in {symbol} is open, and none was closed lately");
                Err(Refusal::new(ErrorCode::NoPosition, message))
            }
            _ => self.answer_with(id, frame),
        }
    }
}

/// The question whose answer takes the place of what a reader of the topic has, after messages of it were lost.
pub(super) fn after_a_loss(topic: Topic, limits: &Limits) -> Option<Command> {
    let limit = Some(limits.rows_max);
    match topic {
        Topic::Orders => Some(Command::GetOrders(GetOrders {
            limit,
            ..GetOrders::default()
        })),
        Topic::Executions => Some(Command::GetExecutions(GetExecutions { symbol: None, limit })),
        Topic::Risk => Some(Command::GetRisk),
        Topic::Alerts => Some(Command::GetAlerts),
        Topic::Logs => Some(Command::GetLogs),
        _ => None,
    }
}

fn within(limit: Option<u32>, max: u32) -> Result<(), Refusal> {
    match limit {
        Some(limit) if limit == 0 || limit > max => Err(Refusal::new(
            ErrorCode::InvalidField,
            format!("`limit` must be 1 to {max}, not {limit}"),
        )),
        _ => Ok(()),
    }
}

fn no_order(order: &OrderRef) -> Refusal {
    let name = match (&order.order_id, &order.client_order_id) {
        (Some(id), _) => id.to_string(),
        (None, Some(id)) => format!("with the client_order_id {:?}", id.as_str()),
        (None, None) => "without a name".to_owned(),
    };
    let message = format!("no order {name} is known here; get_orders lists those that are");
    Refusal::new(ErrorCode::OrderNotFound, message)
}
