//! What has happened, in the words of a table's cells. Pure.

use tickwire_protocol::alert::{AlertCondition, AlertRule, Severity};
use tickwire_protocol::id::Symbol;
use tickwire_protocol::log::LogLevel;
use tickwire_protocol::money::{Amount, Price};
use tickwire_protocol::order::{
    Execution, Funding, GroupKind, GroupRole, Order, OrderReason, OrderStatus, OrderType, Side, TimeInForce,
};

use crate::format;
use crate::realtime::lists::Entry;

/// A row in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// What css colours it by: a side, a severity, `up` or `down`.
    pub tone: &'static str,
    /// Its cells, in the order of the columns.
    pub cells: Vec<String>,
}

/// The row of an entry; `scale` knows the decimal places of an instrument's prices.
pub fn row_of(entry: &Entry, scale: impl Fn(Symbol) -> u32) -> Row {
    match entry {
        Entry::Order(order) => Row {
            tone: order.side.as_str(),
            cells: vec![
                format::moment(order.updated_at),
                order.symbol.to_string(),
                side_word(order.side).to_owned(),
                type_words(order),
                order_price(order, scale(order.symbol)),
                filled(order),
                average(order, scale(order.symbol)),
                status_words(order),
            ],
        },
        Entry::Fill(fill) => fill_row(fill, scale(fill.symbol)),
        Entry::Funding(paid) => funding_row(paid, scale(paid.symbol)),
        Entry::Alert(alert) => Row {
            tone: severity_word(alert.severity),
            cells: vec![
                format::moment(alert.timestamp),
                severity_word(alert.severity).to_owned(),
                alert.message.clone(),
            ],
        },
        Entry::Log(_, line) => Row {
            tone: level_word(line.level),
            cells: vec![
                format::moment(line.timestamp),
                level_word(line.level).to_owned(),
                line.module.clone(),
                line.message.clone(),
            ],
        },
        Entry::Symbol(tally) => tally_row(
            tally.symbol.to_string(),
            tally.trades,
            tally.wins,
            tally.net_pnl,
            tally.fees,
        ),
        Entry::Open(..) | Entry::Rule(_) | Entry::Toast(_) => Row {
            tone: "",
            cells: Vec::new(),
        },
        Entry::Day(tally) => tally_row(
            tally.day.clone(),
            tally.trades,
            tally.wins,
            tally.net_pnl,
            tally.fees,
        ),
    }
}

fn fill_row(fill: &Execution, scale: u32) -> Row {
    let made = match fill.realized_pnl.is_zero() {
        true => String::new(),
        false => money(fill.realized_pnl),
    };
    let role = if fill.is_maker { "Maker" } else { "Taker" };
    Row {
        tone: fill.side.as_str(),
        cells: vec![
            format::moment(fill.timestamp),
            fill.symbol.to_string(),
            side_word(fill.side).to_owned(),
            format::quantity(fill.quantity.get()),
            price(fill.price, scale),
            format::small_money(fill.fee.get()),
            if fill.is_carry { "Carry, taker" } else { role }.to_owned(),
            made,
        ],
    }
}

fn funding_row(paid: &Funding, scale: u32) -> Row {
    Row {
        tone: "funding",
        cells: vec![
            format::moment(paid.timestamp),
            paid.symbol.to_string(),
            match paid.side {
                Side::Buy => "Long",
                Side::Sell => "Short",
            }
            .to_owned(),
            format::quantity(paid.quantity.get()),
            price(paid.mark_price, scale),
            String::new(),
            ["Funding ", &format::rate(paid.rate.get())].concat(),
            signed_small(paid.amount),
        ],
    }
}

fn tally_row(name: String, trades: u64, wins: u64, net: Amount, fees: Amount) -> Row {
    Row {
        tone: crate::widgets::direction::direction_of(Some(net.get())),
        cells: vec![
            name,
            trades.to_string(),
            wins.to_string(),
            format::small_money(fees.get()),
            money(net),
        ],
    }
}

fn money(amount: Amount) -> String {
    format::signed(amount.get(), format::MONEY_SCALE)
}

fn signed_small(amount: Amount) -> String {
    let text = format::small_money(amount.get());
    if amount.is_positive() {
        "+".to_owned() + &text
    } else {
        text
    }
}

fn price(price: Price, scale: u32) -> String {
    format::number(price.get(), scale)
}

fn maybe(value: Option<Price>, scale: u32) -> String {
    value.map_or_else(String::new, |value| price(value, scale))
}

/// `BUY` or `SELL`.
pub fn side_word(side: Side) -> &'static str {
    match side {
        Side::Buy => "BUY",
        Side::Sell => "SELL",
    }
}

/// The order's type, and its part in a group: `Stop market · SL`.
pub fn type_words(order: &Order) -> String {
    let kind = match order.order_type {
        OrderType::Market => "Market",
        OrderType::Limit => "Limit",
        OrderType::StopMarket => "Stop market",
        OrderType::StopLimit => "Stop limit",
        OrderType::TakeProfitMarket => "Take profit",
        OrderType::TakeProfitLimit => "Take profit limit",
        OrderType::TrailingStop => "Trailing stop",
    };
    let part = match order.group.map(|group| (group.kind, group.role)) {
        Some((GroupKind::Oco, GroupRole::TakeProfit)) => " · OCO TP",
        Some((GroupKind::Oco, _)) => " · OCO SL",
        Some((GroupKind::Bracket, GroupRole::Entry)) => " · Bracket",
        Some((GroupKind::Bracket, GroupRole::TakeProfit)) => " · TP",
        Some((GroupKind::Bracket, GroupRole::StopLoss)) => " · SL",
        None if order.carry.is_some() => " · Carry",
        None => "",
    };
    [kind, part].concat()
}

/// The limit price; `Market` where there is none.
pub fn order_price(order: &Order, scale: u32) -> String {
    match order.price {
        Some(limit) => price(limit, scale),
        None => "Market".to_owned(),
    }
}

/// The price that triggers it. Of a trailing stop: where it stands, and the best price that it follows.
pub fn trigger(order: &Order, scale: u32) -> String {
    if order.order_type != OrderType::TrailingStop {
        return maybe(order.trigger_price, scale);
    }
    if order.is_dormant {
        return ["follows from ", &maybe(order.activation_price, scale)].concat();
    }
    [
        &maybe(order.current_stop_price, scale),
        " · peak ",
        &maybe(order.peak_price, scale),
    ]
    .concat()
}

/// How much is filled of how much.
pub fn filled(order: &Order) -> String {
    [
        &format::quantity(order.filled_quantity.get()),
        " / ",
        &format::quantity(order.quantity.get()),
    ]
    .concat()
}

fn average(order: &Order, scale: u32) -> String {
    maybe(order.average_price, scale)
}

/// How long it works, and what it may do.
pub fn flags(order: &Order) -> String {
    let mut text = match (order.time_in_force, order.expires_at) {
        (TimeInForce::Gtd, Some(at)) => "until ".to_owned() + &format::moment(at),
        (TimeInForce::Gtd, None) => "GTD".to_owned(),
        (TimeInForce::Gtc, _) => "GTC".to_owned(),
        (TimeInForce::Ioc, _) => "IOC".to_owned(),
        (TimeInForce::Fok, _) => "FOK".to_owned(),
    };
    if order.reduce_only {
        text.push_str(" · reduce-only");
    }
    if order.post_only {
        text.push_str(" · post-only");
    }
    text
}

/// Where the order stands, and why.
pub fn status_words(order: &Order) -> String {
    let waits = order.order_type.has_trigger() || order.order_type == OrderType::TrailingStop;
    let status = match order.status {
        OrderStatus::New if order.is_dormant => "Dormant",
        OrderStatus::New if waits => "Waits for trigger",
        OrderStatus::New => "Working",
        OrderStatus::Triggered => "Triggered",
        OrderStatus::PartiallyFilled => "Partly filled",
        OrderStatus::Filled => "Filled",
        OrderStatus::Cancelled => "Cancelled",
        OrderStatus::Rejected => "Rejected",
        OrderStatus::Expired => "Expired",
    };
    let reason = match order.reason {
        None | Some(OrderReason::Other) => return status.to_owned(),
        Some(OrderReason::User) => "by you",
        Some(OrderReason::ImmediateOrCancel) => "the rest could not be filled at once",
        Some(OrderReason::FillOrKill) => "not all of it could be filled at once",
        Some(OrderReason::TimeRanOut) => "its time ran out",
        Some(OrderReason::SiblingFilled) => "the other leg was filled",
        Some(OrderReason::SiblingCancelled) => "the other leg was cancelled",
        Some(OrderReason::NothingToReduce) => "nothing left to reduce",
        Some(OrderReason::WouldTake) => "post-only, and it would have been filled at once",
        Some(OrderReason::InsufficientBalance) => "not enough balance",
        Some(OrderReason::RiskPaused) => "the risk guard pauses openings",
        Some(OrderReason::HardStop) => "hard stop",
        Some(OrderReason::RiskLimit) => "a risk limit would have been exceeded",
        Some(OrderReason::Liquidation) => "liquidation",
        Some(OrderReason::Delisted) => "no longer traded here",
    };
    [status, ": ", reason].concat()
}

/// When a price alert fires: `crosses above 61,000.0`.
pub fn rule_words(rule: &AlertRule, scale: u32) -> String {
    match rule.condition {
        AlertCondition::CrossAbove => ["rises to ", &maybe(rule.price, scale)].concat(),
        AlertCondition::CrossBelow => ["falls to ", &maybe(rule.price, scale)].concat(),
        AlertCondition::PercentMove => [
            "moves ",
            &rule
                .percent
                .map_or_else(String::new, |percent| format::quantity(percent.get())),
            "% from ",
            &price(rule.reference_price, scale),
        ]
        .concat(),
    }
}

/// How much an alert matters, in a word.
pub fn severity_word(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "info",
        Severity::Warning => "warning",
        Severity::Critical => "critical",
    }
}

/// How much a log line matters, in a word.
pub fn level_word(level: LogLevel) -> &'static str {
    match level {
        LogLevel::Info => "info",
        LogLevel::Warning => "warning",
        LogLevel::Error => "error",
        LogLevel::Critical => "critical",
    }
}
