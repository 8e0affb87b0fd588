//! S0: `initial_balance` and `initial_status`, then balance and positions again and again; numbers are numbers.

use super::Translator;
use super::write::capitalised;
use serde::Serialize;
use tickwire_protocol::account::{Balance, Dashboard, Position};
use tickwire_protocol::error::ErrorCode;
use tickwire_protocol::id::Symbol;
use tickwire_protocol::json::to_json;
use tickwire_protocol::message::{Body, ErrorBody};
use tickwire_protocol::money::{Amount, Price, Quantity, Ratio};
use tickwire_protocol::topic::Topic;

pub(super) const CHANNELS: &[(&str, Topic)] = &[
    ("balance", Topic::Balance),
    ("positions", Topic::Positions),
    ("status", Topic::Dashboard),
];

#[derive(Serialize)]
struct BalanceFrame<'a> {
    r#type: &'static str,
    balance: BalanceRow<'a>,
}

#[derive(Serialize)]
struct BalanceRow<'a> {
    total_balance: Amount,
    available_balance: Amount,
    position_value: Amount,
    unrealized_pnl: Amount,
    currency: &'a str,
    margin_balance: Amount,
}

#[derive(Serialize)]
struct StatusFrame<'a> {
    r#type: &'static str,
    status: &'a Dashboard,
}

#[derive(Serialize)]
struct PositionsFrame {
    r#type: &'static str,
    positions: Vec<PositionRow>,
}

#[derive(Serialize)]
struct PositionRow {
    symbol: Symbol,
    side: &'static str,
    size: Quantity,
    entry_price: Price,
    mark_price: Price,
    pnl: Amount,
    pnl_pct: Ratio,
}

#[derive(Serialize)]
struct ErrorFrame<'a> {
    r#type: &'static str,
    code: ErrorCode,
    message: &'a str,
}

#[derive(Serialize)]
struct Bare {
    r#type: &'static str,
}

impl Translator {
    pub(super) fn in_s0(&mut self, body: &Body) -> Vec<String> {
        match body {
            Body::AccountBalanceUpdated(told) => {
                let first = !std::mem::replace(&mut self.balance_told, true);
                let kind = if first {
                    "initial_balance"
                } else {
                    "account_balance_updated"
                };
                vec![balance(kind, &told.data)]
            }
            // The older server told it once.
            Body::DashboardUpdate(told) if !self.status_told => {
                self.status_told = true;
                vec![to_json(&StatusFrame {
                    r#type: "initial_status",
                    status: &told.data,
                })]
            }
            Body::PositionUpdate(told) => vec![to_json(&PositionsFrame {
                r#type: "positions_updated",
                positions: told.positions.iter().map(row).collect(),
            })],
            _ => Vec::new(),
        }
    }
}

fn balance(kind: &'static str, balance: &Balance) -> String {
    to_json(&BalanceFrame {
        r#type: kind,
        balance: BalanceRow {
            total_balance: balance.total_balance,
            available_balance: balance.available_balance,
            position_value: balance.position_value,
            unrealized_pnl: balance.unrealized_pnl,
            currency: &balance.currency,
            margin_balance: balance.margin_balance,
        },
    })
}

fn row(position: &Position) -> PositionRow {
    PositionRow {
        symbol: position.symbol,
        side: capitalised(position.side),
        size: position.quantity,
        entry_price: position.entry_price,
        mark_price: position.current_price,
        pnl: position.current_pnl,
        pnl_pct: position.pnl_pct,
    }
}

pub(super) fn pong() -> String {
    to_json(&Bare { r#type: "pong" })
}

pub(super) fn refused(error: &ErrorBody) -> String {
    to_json(&ErrorFrame {
        r#type: "error",
        code: error.code,
        message: &error.message,
    })
}
