//! S2: one position a frame, decimals as text, times in ISO 8601; positions have a spot and a perpetual leg.

use super::Translator;
use super::write::{Names, Text, fraction, iso};
use rust_decimal::Decimal;
use serde::Serialize;
use tickwire_protocol::account::{Position, PositionStatus};
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::error::ErrorCode;
use tickwire_protocol::json::to_json;
use tickwire_protocol::log::{LogLevel, LogLine};
use tickwire_protocol::message::{Body, ErrorBody, Message};
use tickwire_protocol::money::{Amount, Price, Quantity};
use tickwire_protocol::order::Side;
use tickwire_protocol::performance::Equity;
use tickwire_protocol::risk::{Risk, RiskStatus};
use tickwire_protocol::topic::Topic;

pub(super) const CHANNELS: &[(&str, Topic)] = &[
    ("position_update", Topic::Positions),
    ("equity_update", Topic::Equity),
    ("risk_status_update", Topic::Risk),
    ("system_log", Topic::Logs),
    ("positions", Topic::Positions),
    ("equity", Topic::Equity),
    ("risk", Topic::Risk),
    ("logs", Topic::Logs),
];

#[derive(Serialize)]
struct Frame<T> {
    r#type: &'static str,
    timestamp: String,
    data: T,
}

#[derive(Serialize)]
struct Greeting<'a> {
    r#type: &'static str,
    timestamp: String,
    message: &'a str,
}

#[derive(Serialize)]
struct PositionRow {
    position_id: String,
    symbol: String,
    status: PositionStatus,
    spot_entry_price: Text<Price>,
    perp_entry_price: Text<Price>,
    spot_quantity: Text<Quantity>,
    perp_quantity: Text<Quantity>,
    unrealized_pnl: Text<Amount>,
    funding_collected: Text<Amount>,
    /// Which way a position of one leg goes: the older server knew but those of two.
    #[serde(skip_serializing_if = "Option::is_none")]
    side: Option<Side>,
}

#[derive(Serialize)]
struct EquityRow {
    total_equity: Text<Amount>,
    peak_equity: Text<Amount>,
    current_equity: Text<Amount>,
}

#[derive(Serialize)]
struct RiskRow<'a> {
    status: RiskStatus,
    message: &'a str,
    drawdown_pct: Text<Decimal>,
    daily_loss_pct: Text<Decimal>,
}

#[derive(Serialize)]
struct LogRow<'a> {
    level: LogLevel,
    module: &'a str,
    message: &'a str,
    timestamp: String,
}

#[derive(Serialize)]
struct ErrorRow<'a> {
    code: ErrorCode,
    message: &'a str,
}

#[derive(Serialize)]
struct Bare {
    r#type: &'static str,
    timestamp: String,
}

impl Translator {
    pub(super) fn in_s2(&mut self, message: &Message) -> Vec<String> {
        let at = message.head.timestamp;
        match &message.body {
            Body::PositionUpdate(told) => {
                let rows = match message.head.topic {
                    Some(_) => self.positions.changes(&told.positions),
                    None => told.positions.clone(),
                };
                let frame = |row: &Position| frame("position_update", at, position(row, &self.names));
                rows.iter().map(frame).collect()
            }
            Body::EquityUpdate(told) => {
                let figures = (told.data.total_equity, told.data.peak_equity);
                if self.equity.replace(figures) == Some(figures) {
                    return Vec::new();
                }
                vec![frame("equity_update", at, equity(&told.data))]
            }
            Body::RiskStatusUpdate(told) => vec![frame("risk_status_update", at, risk(&told.data))],
            Body::SystemLog(told) => vec![line(&told.data, at)],
            // Lines that were lost on the way, the newest first.
            Body::Logs(told) => told.lines.iter().rev().map(|row| line(row, at)).collect(),
            _ => Vec::new(),
        }
    }
}

fn frame<T: Serialize>(kind: &'static str, at: TimestampMs, data: T) -> String {
    to_json(&Frame {
        r#type: kind,
        timestamp: iso(at),
        data,
    })
}

fn line(line: &LogLine, at: TimestampMs) -> String {
    let row = LogRow {
        level: line.level,
        module: &line.module,
        message: &line.message,
        timestamp: iso(line.timestamp),
    };
    frame("system_log", at, row)
}

fn position(position: &Position, names: &Names) -> PositionRow {
    let is_carry = position.strategy.is_some();
    let is_perpetual = !is_carry && names.is_perpetual(position.symbol);
    let own = (position.entry_price, position.quantity);
    let none = (Price::ZERO, Quantity::ZERO);
    let (spot, perp) = if is_perpetual { (none, own) } else { (own, none) };
    PositionRow {
        position_id: position.id.to_string(),
        symbol: names.pair(position.symbol),
        status: position.status,
        spot_entry_price: Text(position.spot_entry_price.unwrap_or(spot.0)),
        perp_entry_price: Text(position.perp_entry_price.unwrap_or(perp.0)),
        spot_quantity: Text(position.spot_quantity.unwrap_or(spot.1)),
        perp_quantity: Text(position.perp_quantity.unwrap_or(perp.1)),
        unrealized_pnl: Text(position.unrealized_pnl.unwrap_or(position.current_pnl)),
        funding_collected: Text(position.funding_collected.unwrap_or(position.funding)),
        side: (!is_carry).then_some(position.side),
    }
}

fn equity(equity: &Equity) -> EquityRow {
    EquityRow {
        total_equity: Text(equity.total_equity),
        peak_equity: Text(equity.peak_equity),
        current_equity: Text(equity.current_equity),
    }
}

fn risk(risk: &Risk) -> RiskRow<'_> {
    RiskRow {
        status: risk.status,
        message: &risk.message,
        drawdown_pct: fraction(risk.drawdown_pct),
        daily_loss_pct: fraction(risk.daily_loss_pct),
    }
}

pub(super) fn greeting(message: &str, at: TimestampMs) -> String {
    to_json(&Greeting {
        r#type: "connection_established",
        timestamp: iso(at),
        message,
    })
}

pub(super) fn pong(at: TimestampMs) -> String {
    to_json(&Bare {
        r#type: "pong",
        timestamp: iso(at),
    })
}

pub(super) fn refused(error: &ErrorBody, at: TimestampMs) -> String {
    let row = ErrorRow {
        code: error.code,
        message: &error.message,
    };
    frame("error", at, row)
}
