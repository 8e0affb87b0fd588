//! What simulated messages carry. Every event and every value has a number of its own, and the number says which topic it
//! is of and whose it is: a frame that reaches the wrong account, or tells another story than the journal's, gives itself
//! away.

use crate::samples;
use std::collections::BTreeMap;
use tickwire_protocol::alert::{Alert, AlertKind, Severity};
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::id::{AlertId, ClientOrderId, Symbol};
use tickwire_protocol::log::{LogLevel, LogLine};
use tickwire_protocol::market::Interval;
use tickwire_protocol::message::{Alerts, Body, Data, Executions, Logs, Orders};
use tickwire_protocol::order::Execution;
use tickwire_protocol::topic::Topic;

/// Rows that the events of a topic change: an event takes the place of an earlier one of its row.
pub const ROWS: u64 = 8;

/// The owner of what belongs to everybody.
pub const EVERYBODY: usize = 7;

pub const LOSSLESS: [Topic; 5] = samples::LOSSLESS;

/// What changes an account's state topics.
pub const OF_ACCOUNT: [Topic; 4] = [
    Topic::Positions,
    Topic::Portfolio,
    Topic::Balance,
    Topic::Dashboard,
];

pub fn eth() -> Symbol {
    Symbol::new("ETHUSDT").unwrap()
}

/// What changes for everybody.
pub fn of_market() -> [Topic; 3] {
    [samples::ticker(), Topic::Ticker(eth()), candles()]
}

pub fn candles() -> Topic {
    Topic::Candles(samples::btc(), Interval::M1)
}

fn code(topic: Topic) -> i64 {
    let place = LOSSLESS
        .iter()
        .chain(&OF_ACCOUNT)
        .position(|known| *known == topic);
    let place = place.unwrap_or_else(|| match topic {
        Topic::Candles(..) => 20,
        Topic::Ticker(symbol) if symbol == eth() => 21,
        Topic::Ticker(_) => 22,
        other => panic!("{other} is not simulated"),
    });
    i64::try_from(place).unwrap()
}

/// The number of an event or a value: the `n`th of all, of this topic, of this account.
pub fn serial(n: u64, topic: Topic, owner: usize) -> i64 {
    i64::try_from(n).unwrap() * 256 + code(topic) * 8 + i64::try_from(owner).unwrap()
}

/// Panics where a number is not of this topic and of this account.
pub fn assert_belongs(serial: i64, topic: Topic, account: usize) {
    let owner = match topic {
        Topic::Ticker(_) | Topic::Candles(..) => EVERYBODY,
        _ => account,
    };
    assert_eq!(
        (serial / 8 % 32, serial % 8),
        (code(topic), i64::try_from(owner).unwrap()),
        "I9: a frame of {topic} reached account {account} that is not its own"
    );
}

/// The event that gives a row of a lossless topic its next state.
pub fn event(topic: Topic, row: u64, serial: i64, name: Option<ClientOrderId>) -> Body {
    match topic {
        Topic::Orders => samples::order_update(samples::order(row, name, TimestampMs(serial))),
        Topic::Executions => Body::ExecutionUpdate(Data {
            data: execution(row, serial),
        }),
        Topic::Risk => Body::RiskStatusUpdate(Data {
            data: samples::risk(TimestampMs(serial)),
        }),
        Topic::Alerts => Body::Alert(Data {
            data: alert(row, serial),
        }),
        Topic::Logs => Body::SystemLog(Data {
            data: line(row, serial),
        }),
        other => panic!("{other} has no events"),
    }
}

/// All rows of a lossless topic, as the answer to the question after them.
pub fn snapshot(topic: Topic, rows: &BTreeMap<u64, i64>) -> Body {
    let each = rows.iter().map(|(row, serial)| (*row, *serial));
    match topic {
        Topic::Orders => Body::Orders(Orders {
            orders: each
                .map(|(row, serial)| samples::order(row, None, TimestampMs(serial)))
                .collect(),
            more: false,
        }),
        Topic::Executions => Body::Executions(Executions {
            executions: each.map(|(row, serial)| execution(row, serial)).collect(),
            funding: Vec::new(),
            more: false,
        }),
        Topic::Risk => Body::RiskStatusUpdate(Data {
            data: samples::risk(TimestampMs(rows.values().next().copied().unwrap_or(0))),
        }),
        Topic::Alerts => Body::Alerts(Alerts {
            rules: Vec::new(),
            alerts: each.map(|(row, serial)| alert(row, serial)).collect(),
        }),
        Topic::Logs => Body::Logs(Logs {
            lines: each.map(|(row, serial)| line(row, serial)).collect(),
        }),
        other => panic!("{other} has no snapshot of this kind"),
    }
}

/// The rows that a message of a lossless topic, or a snapshot of one, tells of.
pub fn rows(body: &Body) -> Vec<(u64, i64)> {
    let of_line = |line: &LogLine| {
        let (row, serial) = line.message.split_once(' ').unwrap();
        (row.parse().unwrap(), serial.parse().unwrap())
    };
    match body {
        Body::OrderUpdate(update) => vec![(update.order.id.0, update.order.updated_at.0)],
        Body::Orders(orders) => orders
            .orders
            .iter()
            .map(|order| (order.id.0, order.updated_at.0))
            .collect(),
        Body::ExecutionUpdate(update) => vec![(update.data.id.0, update.data.timestamp.0)],
        Body::Executions(answer) => answer
            .executions
            .iter()
            .map(|execution| (execution.id.0, execution.timestamp.0))
            .collect(),
        Body::RiskStatusUpdate(update) if update.data.since.0 == 0 => Vec::new(),
        Body::RiskStatusUpdate(update) => vec![(0, update.data.since.0)],
        Body::Alert(alert) => vec![(alert.data.id.0, alert.data.timestamp.0)],
        Body::Alerts(answer) => answer
            .alerts
            .iter()
            .map(|alert| (alert.id.0, alert.timestamp.0))
            .collect(),
        Body::SystemLog(log) => vec![of_line(&log.data)],
        Body::Logs(logs) => logs.lines.iter().map(of_line).collect(),
        _ => Vec::new(),
    }
}

/// The row that the `n`th event is about. The risk guard has one row only.
pub fn row(topic: Topic, n: u64) -> u64 {
    if topic == Topic::Risk { 0 } else { n % ROWS }
}

fn execution(row: u64, serial: i64) -> Execution {
    match samples::execution_update(&samples::order(row, None, TimestampMs(serial))) {
        Body::ExecutionUpdate(update) => update.data,
        other => panic!("{} is no execution", other.kind()),
    }
}

fn alert(row: u64, serial: i64) -> Alert {
    Alert {
        id: AlertId(row),
        kind: AlertKind::Feed,
        severity: Severity::Info,
        message: "the feed is back".to_owned(),
        symbol: None,
        price: None,
        order_id: None,
        timestamp: TimestampMs(serial),
    }
}

fn line(row: u64, serial: i64) -> LogLine {
    LogLine {
        level: LogLevel::Info,
        module: "simulation".to_owned(),
        message: format!("{row} {serial}"),
        timestamp: TimestampMs(0),
    }
}
