//! S4: `{type, data, timestamp}`, a `type` for each channel; the dashboard's figures are written for people.

use super::write::iso;
use rust_decimal::{Decimal, RoundingStrategy};
use serde::Serialize;
use tickwire_protocol::account::Dashboard;
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::error::ErrorCode;
use tickwire_protocol::json::to_json;
use tickwire_protocol::message::{Body, ErrorBody};
use tickwire_protocol::money::{Amount, Ratio};
use tickwire_protocol::topic::Topic;

pub(super) const CHANNELS: &[(&str, Topic)] = &[
    ("dashboard", Topic::Dashboard),
    ("trades", Topic::Executions),
    ("positions", Topic::Positions),
    ("performance", Topic::Performance),
    ("alerts", Topic::Alerts),
];

/// The figure before there is anything to reckon it from.
const NONE_YET: &str = "n/a";

#[derive(Serialize)]
struct Frame<T> {
    r#type: &'static str,
    data: T,
    timestamp: String,
}

#[derive(Serialize)]
struct DashboardRow {
    total_value: String,
    daily_pnl: String,
    open_positions: u32,
    win_rate: String,
}

#[derive(Serialize)]
struct ErrorRow<'a> {
    code: ErrorCode,
    message: &'a str,
}

#[derive(Serialize)]
struct Empty {}

pub(super) fn frames(body: &Body, at: TimestampMs) -> Vec<String> {
    match body {
        Body::DashboardUpdate(told) => vec![frame("dashboard_update", dashboard(&told.data), at)],
        Body::PositionUpdate(told) => vec![frame("positions_update", &told.positions, at)],
        Body::PerformanceUpdate(told) => vec![frame("performance_update", &told.data, at)],
        Body::ExecutionUpdate(told) => vec![frame("trades_update", &told.data, at)],
        Body::Alert(told) => vec![frame("alerts_update", &told.data, at)],
        // What was lost on the way comes the newest first.
        Body::Executions(told) => {
            let rows = told.executions.iter().rev();
            rows.map(|row| frame("trades_update", row, at)).collect()
        }
        Body::Alerts(told) => {
            let rows = told.alerts.iter().rev();
            rows.map(|row| frame("alerts_update", row, at)).collect()
        }
        _ => Vec::new(),
    }
}

fn frame<T: Serialize>(kind: &'static str, data: T, at: TimestampMs) -> String {
    to_json(&Frame {
        r#type: kind,
        data,
        timestamp: iso(at),
    })
}

fn dashboard(dashboard: &Dashboard) -> DashboardRow {
    DashboardRow {
        total_value: dollars(dashboard.total_value),
        daily_pnl: dollars(dashboard.daily_pnl),
        open_positions: dashboard.open_positions,
        win_rate: dashboard.win_rate.map_or_else(|| NONE_YET.to_owned(), percent),
    }
}

/// `$50,000.00`, `-$12.25`.
fn dollars(amount: Amount) -> String {
    let rounded = rounded(amount.get(), 2);
    let sign = if rounded.is_sign_negative() && !rounded.is_zero() {
        "-"
    } else {
        ""
    };
    let digits = rounded.abs().to_string();
    let (whole, cents) = digits.split_once('.').unwrap_or((&digits, "00"));
    let mut grouped = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{sign}${grouped}.{cents}")
}

/// `58.3%`.
fn percent(ratio: Ratio) -> String {
    format!("{}%", rounded(ratio.get(), 1))
}

fn rounded(number: Decimal, places: u32) -> Decimal {
    let mut number = number.round_dp_with_strategy(places, RoundingStrategy::MidpointAwayFromZero);
    number.rescale(places);
    number
}

pub(super) fn pong(at: TimestampMs) -> String {
    frame("pong", Empty {}, at)
}

pub(super) fn refused(error: &ErrorBody, at: TimestampMs) -> String {
    let row = ErrorRow {
        code: error.code,
        message: &error.message,
    };
    frame("error", row, at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_written_for_people() {
        let cases = [
            ("0", "$0.00"),
            ("-0.004", "$0.00"),
            ("999.995", "$1,000.00"),
            ("1234567.8", "$1,234,567.80"),
            ("-12.25", "-$12.25"),
        ];
        for (amount, written) in cases {
            assert_eq!(dollars(amount.parse().unwrap()), written);
        }
    }
}
