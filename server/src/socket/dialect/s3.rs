//! S3: the private stream of a venue. `op` frames are answered one by one; then `{topic, creationTime, data: […]}`, every
//! number and every time but `creationTime` as text.

use super::Translator;
use super::incoming::Request;
use super::write::{Names, Text, capitalised, trimmed};
use rust_decimal::Decimal;
use serde::Serialize;
use tickwire_protocol::account::{Position, PositionStatus};
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::error::ErrorCode;
use tickwire_protocol::id::{ClientOrderId, OrderId};
use tickwire_protocol::json::to_json;
use tickwire_protocol::message::{Body, ErrorBody, Message};
use tickwire_protocol::money::{Price, Quantity};
use tickwire_protocol::order::{
    Execution, Funding, Order, OrderReason, OrderStatus, OrderType, Side, TimeInForce,
};
use tickwire_protocol::topic::Topic;

pub(super) const CHANNELS: &[(&str, Topic)] = &[
    ("order", Topic::Orders),
    ("position", Topic::Positions),
    ("execution", Topic::Executions),
];

/// Rows of one frame: a snapshot of many orders is cut into frames of a size that clients take.
const ROWS_MAX: usize = 50;

/// Places that a rate is reckoned to.
const RATE_SCALE: u32 = 8;

#[derive(Serialize)]
struct Frame<'a, T> {
    topic: &'static str,
    #[serde(rename = "creationTime")]
    creation_time: TimestampMs,
    data: &'a [T],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OrderRow {
    order_id: OrderId,
    order_link_id: String,
    symbol: String,
    side: &'static str,
    order_type: &'static str,
    order_status: &'static str,
    qty: Text<Quantity>,
    price: Text<Price>,
    avg_price: Text<Decimal>,
    leaves_qty: Text<Quantity>,
    leaves_value: Text<Decimal>,
    cum_exec_qty: Text<Quantity>,
    cum_exec_value: Text<Decimal>,
    cum_exec_fee: Text<Decimal>,
    time_in_force: &'static str,
    create_type: &'static str,
    updated_time: Text<i64>,
    category: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    trigger_price: Option<Text<Price>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stop_order_type: Option<&'static str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    reduce_only: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reject_reason: Option<OrderReason>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PositionRow {
    symbol: String,
    side: &'static str,
    size: Text<Quantity>,
    avg_price: Text<Price>,
    position_value: Text<Decimal>,
    unrealised_pnl: Text<Decimal>,
    cum_realised_pnl: Text<Decimal>,
    leverage: Text<u32>,
    mark_price: Text<Price>,
    liq_price: String,
    bust_price: &'static str,
    position_status: &'static str,
    created_time: Text<i64>,
    updated_time: Text<i64>,
    category: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ExecutionRow {
    exec_id: String,
    order_id: String,
    order_link_id: String,
    symbol: String,
    side: &'static str,
    exec_price: Text<Price>,
    exec_qty: Text<Quantity>,
    exec_type: &'static str,
    exec_value: Text<Decimal>,
    exec_fee: Text<Decimal>,
    exec_time: Text<i64>,
    is_maker: bool,
    fee_rate: Text<Decimal>,
    category: &'static str,
}

#[derive(Serialize)]
struct Reply<'a> {
    success: bool,
    ret_msg: &'a str,
    conn_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    req_id: Option<&'a str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    op: &'a str,
}

#[derive(Serialize)]
struct PongReply<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    req_id: Option<&'a str>,
    op: &'static str,
    args: [Text<i64>; 1],
    conn_id: &'a str,
}

impl Translator {
    pub(super) fn in_s3(&mut self, message: &Message) -> Vec<String> {
        let at = message.head.timestamp;
        let names = &self.names;
        match &message.body {
            Body::OrderUpdate(told) => frames("order", at, &[order(&told.order, names)]),
            // What was lost on the way.
            Body::Orders(told) => {
                let rows: Vec<_> = told.orders.iter().map(|row| order(row, names)).collect();
                frames("order", at, &rows)
            }
            Body::ExecutionUpdate(told) => frames("execution", at, &[execution(&told.data, names)]),
            Body::FundingUpdate(told) => frames("execution", at, &[funding(&told.data, names)]),
            Body::Executions(told) => {
                let fills = told.executions.iter().rev().map(|row| execution(row, names));
                let payments = told.funding.iter().rev().map(|row| funding(row, names));
                frames("execution", at, &fills.chain(payments).collect::<Vec<_>>())
            }
            Body::PositionUpdate(told) => {
                let changed = match message.head.topic {
                    Some(_) => self.positions.changes(&told.positions),
                    None => told.positions.clone(),
                };
                let rows: Vec<_> = changed.iter().flat_map(|row| legs(row, &self.names)).collect();
                frames("position", at, &rows)
            }
            _ => Vec::new(),
        }
    }
}

fn frames<T: Serialize>(topic: &'static str, creation_time: TimestampMs, rows: &[T]) -> Vec<String> {
    rows.chunks(ROWS_MAX)
        .map(|data| {
            to_json(&Frame {
                topic,
                creation_time,
                data,
            })
        })
        .collect()
}

fn order(order: &Order, names: &Names) -> OrderRow {
    let (symbol, category) = names.in_category(order.symbol);
    let leaves = match order.status.is_final() {
        true => Quantity::ZERO,
        false => order.remaining(),
    };
    let price = order.price.unwrap_or_default();
    OrderRow {
        order_id: order.id,
        order_link_id: link(order.client_order_id.as_ref()),
        symbol,
        side: capitalised(order.side),
        order_type: if order.order_type.has_price() {
            "Limit"
        } else {
            "Market"
        },
        order_status: status(order),
        qty: Text(order.quantity),
        price: Text(price),
        avg_price: trimmed(order.average_price.unwrap_or_default().get()),
        leaves_qty: Text(leaves),
        leaves_value: trimmed(price.times(leaves).get()),
        cum_exec_qty: Text(order.filled_quantity),
        cum_exec_value: trimmed(order.filled_value.get()),
        cum_exec_fee: trimmed(order.fee.get()),
        time_in_force: time_in_force(order),
        create_type: match order.reason {
            Some(OrderReason::Liquidation) if order.status == OrderStatus::Filled => "CreateByLiq",
            _ => "CreateByUser",
        },
        updated_time: Text(order.updated_at.0),
        category,
        trigger_price: order.trigger_price.or(order.current_stop_price).map(Text),
        stop_order_type: match order.order_type {
            OrderType::Market | OrderType::Limit => None,
            OrderType::StopMarket | OrderType::StopLimit => Some("Stop"),
            OrderType::TakeProfitMarket | OrderType::TakeProfitLimit => Some("TakeProfit"),
            OrderType::TrailingStop => Some("TrailingStop"),
        },
        reduce_only: order.reduce_only,
        reject_reason: order.reason,
    }
}

fn status(order: &Order) -> &'static str {
    let waits = order.order_type.has_trigger() || order.order_type == OrderType::TrailingStop;
    match order.status {
        OrderStatus::New if waits => "Untriggered",
        OrderStatus::New => "New",
        OrderStatus::Triggered => "Triggered",
        OrderStatus::PartiallyFilled => "PartiallyFilled",
        OrderStatus::Filled => "Filled",
        // The venue has no word for an order whose time ran out.
        OrderStatus::Cancelled | OrderStatus::Expired => "Cancelled",
        OrderStatus::Rejected => "Rejected",
    }
}

fn time_in_force(order: &Order) -> &'static str {
    match order.time_in_force {
        _ if order.post_only => "PostOnly",
        _ if order.order_type == OrderType::Market => "IOC",
        TimeInForce::Gtc | TimeInForce::Gtd => "GTC",
        TimeInForce::Ioc => "IOC",
        TimeInForce::Fok => "FOK",
    }
}

fn link(id: Option<&ClientOrderId>) -> String {
    id.map_or_else(String::new, ToString::to_string)
}

/// A position as the venue has it: each leg of a cash-and-carry position is a row of its own.
fn legs(position: &Position, names: &Names) -> Vec<PositionRow> {
    let spot = row(position, names);
    let (Some(perp_symbol), Some(perp_price), Some(perp_quantity)) = (
        position.perp_symbol,
        position.perp_entry_price,
        position.perp_quantity,
    ) else {
        return vec![spot];
    };
    // The legs' profits are told as one; the spot leg's follows from its mark, the other's is the rest.
    let spot_pnl =
        position.current_price.times(position.quantity) - position.entry_price.times(position.quantity);
    let perp = Position {
        symbol: perp_symbol,
        side: Side::Sell,
        entry_price: perp_price,
        quantity: perp_quantity,
        current_pnl: position.current_pnl - spot_pnl,
        ..position.clone()
    };
    let spot = Position {
        current_pnl: spot_pnl,
        realized_pnl: Default::default(),
        fees: Default::default(),
        funding: Default::default(),
        ..position.clone()
    };
    vec![row(&spot, names), row(&perp, names)]
}

fn row(position: &Position, names: &Names) -> PositionRow {
    let (symbol, category) = names.in_category(position.symbol);
    let is_open = position.status == PositionStatus::Open;
    let size = if is_open {
        position.quantity
    } else {
        Quantity::ZERO
    };
    let pnl = if is_open {
        position.current_pnl.get()
    } else {
        Decimal::ZERO
    };
    let made = position.realized_pnl + position.funding - position.fees;
    PositionRow {
        symbol,
        side: if is_open { capitalised(position.side) } else { "" },
        size: Text(size),
        avg_price: Text(if is_open {
            position.entry_price
        } else {
            Price::ZERO
        }),
        position_value: trimmed(position.entry_price.times(size).get()),
        unrealised_pnl: trimmed(pnl),
        cum_realised_pnl: trimmed(made.get()),
        leverage: Text(position.leverage),
        mark_price: Text(position.current_price),
        liq_price: position
            .liquidation_price
            .filter(|_| is_open)
            .map_or_else(String::new, |price| price.to_string()),
        bust_price: "",
        position_status: "Normal",
        created_time: Text(position.timestamp.0),
        updated_time: Text(position.marked_at.0),
        category,
    }
}

fn execution(execution: &Execution, names: &Names) -> ExecutionRow {
    let (symbol, category) = names.in_category(execution.symbol);
    let value = execution.price.times(execution.quantity).get();
    let rate = execution.fee.get().checked_div(value).unwrap_or_default();
    ExecutionRow {
        exec_id: execution.id.to_string(),
        order_id: execution.order_id.to_string(),
        order_link_id: link(execution.client_order_id.as_ref()),
        symbol,
        side: capitalised(execution.side),
        exec_price: Text(execution.price),
        exec_qty: Text(execution.quantity),
        exec_type: "Trade",
        exec_value: trimmed(value),
        exec_fee: trimmed(execution.fee.get()),
        exec_time: Text(execution.timestamp.0),
        is_maker: execution.is_maker,
        fee_rate: trimmed(rate.round_dp(RATE_SCALE)),
        category,
    }
}

/// The venue tells funding as an execution without an order, whose fee is what was paid.
fn funding(funding: &Funding, names: &Names) -> ExecutionRow {
    let (symbol, category) = names.in_category(funding.symbol);
    ExecutionRow {
        exec_id: format!("{}-funding-{}", funding.position_id, funding.timestamp.0),
        order_id: String::new(),
        order_link_id: String::new(),
        symbol,
        side: capitalised(funding.side),
        exec_price: Text(funding.mark_price),
        exec_qty: Text(funding.quantity),
        exec_type: "Funding",
        exec_value: trimmed(funding.mark_price.times(funding.quantity).get()),
        exec_fee: trimmed((-funding.amount).get()),
        exec_time: Text(funding.timestamp.0),
        is_maker: false,
        fee_rate: trimmed(funding.rate.get()),
        category,
    }
}

pub(super) fn confirmed(request: &Request, session: &str) -> String {
    to_json(&Reply {
        success: true,
        ret_msg: "",
        conn_id: session,
        req_id: request.id.as_deref(),
        op: &request.op,
    })
}

pub(super) fn pong(request: &Request, session: &str, at: TimestampMs) -> String {
    to_json(&PongReply {
        req_id: request.id.as_deref(),
        op: "pong",
        args: [Text(at.0)],
        conn_id: session,
    })
}

pub(super) fn refused(error: &ErrorBody, request: &Request, session: &str) -> String {
    let code: ErrorCode = error.code;
    to_json(&Reply {
        success: false,
        ret_msg: &format!("{code}: {}", error.message),
        conn_id: session,
        req_id: request.id.as_deref(),
        op: &request.op,
    })
}
