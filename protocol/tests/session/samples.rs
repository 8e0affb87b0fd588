//! Small bodies and frames; `version` is the one thing in them that tests look at.

use std::collections::BTreeMap;
use tickwire_protocol::account::{Balance, Dashboard, Portfolio};
use tickwire_protocol::alert::Alert;
use tickwire_protocol::alert::{AlertKind, Severity};
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::id::{
    AccountId, AlertId, ClientOrderId, Epoch, ExecutionId, OrderId, PositionId, Symbol,
};
use tickwire_protocol::limits::Limits;
use tickwire_protocol::log::{LogLevel, LogLine};
use tickwire_protocol::market::{Candle, Interval};
use tickwire_protocol::message::*;
use tickwire_protocol::money::{Amount, Price, Quantity, Ratio};
use tickwire_protocol::order::{Execution, Order, OrderStatus, OrderType, Side};
use tickwire_protocol::performance::{Equity, Performance};
use tickwire_protocol::risk::{Risk, RiskCause, RiskLimits, RiskStatus};
use tickwire_protocol::topic::Topic;

pub fn btc() -> Symbol {
    Symbol::new("BTCUSDT").unwrap()
}

pub fn ticker() -> Topic {
    Topic::Ticker(btc())
}

pub fn candles() -> Topic {
    Topic::Candles(btc(), Interval::M1)
}

pub fn greeting(limits: Limits, epoch: Epoch, now: TimestampMs) -> ConnectionEstablished {
    ConnectionEstablished {
        protocol: 1,
        server: "0.1.0".to_owned(),
        session: "c-1".to_owned(),
        epoch,
        server_time: now,
        account: AccountId(1),
        account_kind: "paper".to_owned(),
        market: "replay".to_owned(),
        limits,
        user: None,
        message: "Connected".to_owned(),
    }
}

pub fn order(number: u64, client_order_id: Option<ClientOrderId>, now: TimestampMs) -> Order {
    let quantity = "0.01".parse().unwrap();
    Order {
        client_order_id,
        filled_quantity: quantity,
        status: OrderStatus::Filled,
        ..Order::accepted(
            OrderId(number),
            btc(),
            Side::Buy,
            OrderType::Market,
            quantity,
            now,
        )
    }
}

pub fn order_update(order: Order) -> Body {
    Body::OrderUpdate(OrderUpdate {
        order_type: OrderType::Market,
        order,
    })
}

pub fn execution_update(order: &Order) -> Body {
    Body::ExecutionUpdate(Data {
        data: Execution {
            id: ExecutionId(order.id.0),
            order_id: order.id,
            client_order_id: order.client_order_id.clone(),
            position_id: PositionId(1),
            is_carry: false,
            symbol: order.symbol,
            side: order.side,
            quantity: order.quantity,
            price: Price::ZERO,
            fee: Amount::ZERO,
            fee_currency: "USDT".to_owned(),
            is_maker: false,
            realized_pnl: Amount::ZERO,
            timestamp: order.updated_at,
        },
    })
}

/// A message of a lossless topic that no order makes.
pub fn event_body(topic: Topic, now: TimestampMs) -> Body {
    match topic {
        Topic::Risk => Body::RiskStatusUpdate(Data { data: risk(now) }),
        Topic::Alerts => Body::Alert(Data {
            data: Alert {
                id: AlertId(1),
                kind: AlertKind::Feed,
                severity: Severity::Warning,
                message: "the feed stalled".to_owned(),
                symbol: None,
                price: None,
                order_id: None,
                timestamp: now,
            },
        }),
        Topic::Logs => Body::SystemLog(Data {
            data: LogLine {
                level: LogLevel::Info,
                module: "engine_task".to_owned(),
                message: "started".to_owned(),
                timestamp: now,
            },
        }),
        Topic::Executions => execution_update(&order(1, None, now)),
        _ => order_update(order(1, None, now)),
    }
}

pub fn risk(now: TimestampMs) -> Risk {
    Risk {
        status: RiskStatus::Normal,
        message: "Trading is open.".to_owned(),
        drawdown_pct: Ratio::ZERO,
        daily_loss_pct: Ratio::ZERO,
        cause: RiskCause::None,
        limits: RiskLimits::default(),
        since: now,
    }
}

pub const LOSSLESS: [Topic; 5] = [
    Topic::Orders,
    Topic::Executions,
    Topic::Risk,
    Topic::Alerts,
    Topic::Logs,
];

/// The answer that holds what there is of a lossless topic, of no place yet.
pub fn snapshot_body(topic: Topic) -> Body {
    match topic {
        Topic::Orders => Body::Orders(Orders {
            orders: Vec::new(),
            more: false,
        }),
        Topic::Executions => Body::Executions(Executions {
            executions: Vec::new(),
            funding: Vec::new(),
            more: false,
        }),
        Topic::Risk => Body::RiskStatusUpdate(Data {
            data: risk(TimestampMs(0)),
        }),
        Topic::Alerts => Body::Alerts(Alerts {
            rules: Vec::new(),
            alerts: Vec::new(),
        }),
        Topic::Logs => Body::Logs(Logs { lines: Vec::new() }),
        _ => panic!("{topic} has no snapshot of this kind"),
    }
}

/// The value of a state topic that is not told by candles.
pub fn state_body(topic: Topic) -> Body {
    let zero = Amount::ZERO;
    match topic {
        Topic::Ticker(symbol) => Body::MarketUpdate(MarketUpdate {
            symbol,
            price: Price::ZERO,
            price_change: Price::ZERO,
            price_change_percent: "0.00".parse().unwrap(),
            high: Price::ZERO,
            low: Price::ZERO,
            volume: Quantity::ZERO,
            bid: Price::ZERO,
            ask: Price::ZERO,
            received_at: TimestampMs(0),
            published_at: TimestampMs(0),
            mark_price: None,
            funding_rate: None,
            next_funding_at: None,
        }),
        Topic::Positions => Body::PositionUpdate(PositionUpdate {
            positions: Vec::new(),
            snapshot: true,
        }),
        Topic::Portfolio => Body::PortfolioUpdate(PortfolioUpdate {
            portfolio: Portfolio {
                balance: zero,
                total_pnl: zero,
                positions_count: 0,
                realized_pnl: zero,
                unrealized_pnl: zero,
                fees: zero,
                funding: zero,
                deposits: zero,
            },
        }),
        Topic::Balance => Body::AccountBalanceUpdated(Data {
            data: Balance {
                total_balance: zero,
                available_balance: zero,
                position_value: zero,
                unrealized_pnl: zero,
                currency: "USDT".to_owned(),
                margin_balance: zero,
                used_margin: zero,
                order_margin: zero,
                maintenance_margin: zero,
                leverage: BTreeMap::new(),
            },
        }),
        Topic::Dashboard => Body::DashboardUpdate(Data {
            data: Dashboard {
                total_value: zero,
                daily_pnl: zero,
                open_positions: 0,
                win_rate: None,
            },
        }),
        Topic::Status => Body::StatusUpdate(Data {
            data: Status {
                feed: FeedStatus {
                    name: "replay".to_owned(),
                    state: LinkState::Live,
                    last_tick_at: None,
                    latency_ms: None,
                },
                journal: JournalState::Live,
                active_connections: 1,
            },
        }),
        Topic::Equity => Body::EquityUpdate(Data {
            data: Equity {
                total_equity: zero,
                peak_equity: zero,
                current_equity: zero,
                unrealized_pnl: zero,
                drawdown_pct: Ratio::ZERO,
                day_equity: zero,
                daily_loss_pct: Ratio::ZERO,
                margin_ratio_pct: Ratio::ZERO,
            },
        }),
        Topic::Performance => Body::PerformanceUpdate(Data {
            data: Performance::default(),
        }),
        Topic::Candles(..)
        | Topic::Orders
        | Topic::Executions
        | Topic::Risk
        | Topic::Alerts
        | Topic::Logs => panic!("{topic} has no single value"),
    }
}

/// A candle whose volume is the version that wrote it.
pub fn candle(time: i64, version: u64) -> Candle {
    let volume = version.to_string().parse().unwrap();
    Candle::opened_by(TimestampMs(time), Price::ZERO, volume)
}
