//! What an account has made of its trades, and what its equity says of them.

use crate::script::{check, config};
use serde_json::Value;
use tickwire_engine::account::RECENT_MAX;
use tickwire_engine::market::DAY_MS;
use tickwire_engine::{Engine, Event, Fact};
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::id::{AccountId, ExecutionId, OrderId, PositionId, Symbol};
use tickwire_protocol::money::{Amount, Price, Quantity};
use tickwire_protocol::order::{Execution, Order, OrderStatus, OrderType, Side};
use tickwire_protocol::performance::Performance;

const ACCOUNT: AccountId = AccountId(1);

/// 2025-12-10, 09:00 UTC.
const OPENED_AT: TimestampMs = TimestampMs(1_765_357_200_000);

/// Figures by an independent library: see reference.py beside the file.
fn reference(kind: &str) -> Vec<Value> {
    let reference: Value = serde_json::from_str(include_str!("../../performance/reference.json")).unwrap();
    reference[kind].as_array().unwrap().clone()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// What an account has made that these facts happened to.
fn performance(facts: impl IntoIterator<Item = (TimestampMs, Fact)>) -> Performance {
    let deposit: Amount = "10000".parse().unwrap();
    let opened = (OPENED_AT, Fact::AccountOpened { deposit });
    let events = std::iter::once(opened).chain(facts).map(|(at, fact)| Event {
        account: ACCOUNT,
        at,
        fact,
    });
    let events: Vec<Event> = events.collect();
    let engine = Engine::recover(config(), &events).unwrap();
    engine.account(ACCOUNT).unwrap().performance()
}

/// A fill that opens or closes one BTC, with its order around it.
fn fill(number: u64, position: u64, side: Side, price: Price, pnl: Amount) -> [Fact; 3] {
    let symbol = Symbol::new("BTCUSDT").unwrap();
    let quantity: Quantity = "1".parse().unwrap();
    let order = Order::accepted(
        OrderId(number),
        symbol,
        side,
        OrderType::Market,
        quantity,
        OPENED_AT,
    );
    let execution = Execution {
        id: ExecutionId(number),
        order_id: OrderId(number),
        client_order_id: None,
        position_id: PositionId(position),
        is_carry: false,
        symbol,
        side,
        quantity,
        price,
        fee: Amount::ZERO,
        fee_currency: "USDT".to_owned(),
        is_maker: false,
        realized_pnl: pnl,
        timestamp: OPENED_AT,
    };
    let filled = Order {
        status: OrderStatus::Filled,
        filled_quantity: quantity,
        ..order.clone()
    };
    [
        Fact::OrderChanged(order),
        Fact::Executed(execution),
        Fact::OrderChanged(filled),
    ]
}

#[test]
fn ratios_and_drawdown_are_those_of_an_independent_library() {
    let series = reference("days");
    assert_eq!(series.len(), 4);
    for series in series {
        let name = text(&series["name"]);
        let equities = series["equity"].as_array().unwrap();
        let facts = equities.iter().zip(1..).map(|(equity, day)| {
            let midnight = TimestampMs((OPENED_AT.0 / DAY_MS + day) * DAY_MS);
            let equity = text(equity).parse().unwrap();
            (midnight + 250, Fact::DayOpened { equity })
        });
        let found = performance(facts);
        assert_eq!(
            found.sharpe.unwrap().to_string(),
            text(&series["sharpe"]),
            "{name}"
        );
        assert_eq!(
            found.sortino.unwrap().to_string(),
            text(&series["sortino"]),
            "{name}"
        );
        // Rounded down, so that it never tells of a limit that was not reached.
        let expected = text(&series["max_drawdown_pct"]);
        let expected = &expected[..expected.find('.').unwrap() + 3];
        assert_eq!(found.max_drawdown_pct.to_string(), expected, "{name}");
    }
}

#[test]
fn the_figures_of_trades_are_those_of_an_independent_reckoning() {
    let series = reference("trades");
    assert_eq!(series.len(), 2);
    for series in series {
        let name = text(&series["name"]);
        let mut facts = Vec::new();
        let base: Price = "1000".parse().unwrap();
        for (net, trade) in series["net"].as_array().unwrap().iter().zip(1..) {
            let net: Amount = text(net).parse().unwrap();
            facts.extend(fill(2 * trade - 1, trade, Side::Buy, base, Amount::ZERO));
            let price = Price::new(base.get() + net.get());
            facts.extend(fill(2 * trade, trade, Side::Sell, price, net));
        }
        assert!(facts.len() < 6 * RECENT_MAX);
        let found = performance(facts.into_iter().map(|fact| (OPENED_AT, fact)));
        let rounded = |amount: Option<Amount>| amount.unwrap().rounded(8).to_string();
        for (figure, value) in [
            ("win_rate", found.win_rate.unwrap().to_string()),
            ("profit_factor", found.profit_factor.unwrap().to_string()),
            ("expectancy", rounded(found.expectancy)),
            ("average_win", rounded(found.average_win)),
            ("average_loss", rounded(found.average_loss)),
            ("largest_win", found.largest_win.rounded(2).to_string()),
            ("largest_loss", found.largest_loss.rounded(2).to_string()),
            ("net_pnl", found.net_pnl.rounded(2).to_string()),
        ] {
            assert_eq!(value, text(&series[figure]), "{name}: {figure}");
        }
        assert_eq!(found.trades, found.wins + found.losses, "{name}");
    }
}

#[test]
fn the_day_of_the_opening_and_days_after_a_gap_have_no_return() {
    let opened = |day: i64, equity: &str| {
        let midnight = TimestampMs((OPENED_AT.0 / DAY_MS + day) * DAY_MS);
        let equity = equity.parse().unwrap();
        (midnight, Fact::DayOpened { equity })
    };
    let deposit = "10000".parse().unwrap();
    let first = (OPENED_AT, Fact::DayOpened { equity: deposit });
    let days = [
        first.clone(),
        opened(1, "20000"),
        opened(2, "22000"),
        opened(3, "20900"),
    ];
    let found = performance(days.clone());
    // Returns of 10 % and −5 %: mean 2.5 %, deviations √(2 × 7.5²) % and √(5² / 2) %.
    assert_eq!(found.sharpe.unwrap().to_string(), "4.5031");
    assert_eq!(found.sortino.unwrap().to_string(), "13.5093");
    let gap = [opened(6, "100000"), opened(7, "110000"), opened(8, "104500")];
    let same = performance(days.into_iter().chain(gap));
    assert_eq!(same.sortino, found.sortino);
    let single = performance([first, opened(1, "20000"), opened(2, "22000")]);
    assert_eq!((single.sharpe, single.sortino), (None, None));
}

#[test]
fn a_trade_is_a_position_from_its_opening_until_it_is_flat() {
    check(
        "net of all its fees, whatever its parts made; a turn ends one and begins another",
        "deposit 10000 | trades | quote BTCUSDT 100/100 | buy 2 BTCUSDT | quote BTCUSDT 110/110 | sell 1 BTCUSDT | trades
         | quote BTCUSDT 90/90 | sell 3 BTCUSDT | trades | quote ETHUSDT 50/50 | buy 1 ETHUSDT | close ETHUSDT | wait 16h
         | quote BTCUSDT 80/80 | close BTCUSDT | restart | trades",
        "acct-1 opened with 10000
         day opened with 10000
         0 trades 0 won 0 lost net 0 fees 0 funding 0
         rate none factor none expectancy none
         average none and none largest 0 and 0
         order-1 buy 2 BTCUSDT
         exec-1 pos-1 buy 2 @ 100.00 fee 0.2
         order-1 filled 2 @ 100 fee 0.2
         order-2 sell 1 BTCUSDT
         exec-2 pos-1 sell 1 @ 110.00 fee 0.11 pnl 10
         order-2 filled 1 @ 110 fee 0.11
         0 trades 0 won 0 lost net 0 fees 0.31 funding 0
         rate none factor none expectancy none
         average none and none largest 0 and 0
         order-3 sell 3 BTCUSDT
         exec-3 pos-1 sell 1 @ 90.00 fee 0.09 pnl -10
         exec-4 pos-2 sell 2 @ 90.00 fee 0.18
         order-3 filled 3 @ 90 fee 0.27
         1 trades 0 won 1 lost net -0.4 fees 0.58 funding 0
         rate 0.00 factor 0.0000 expectancy -0.4
         average none and 0.4 largest 0 and 0.4
         BTCUSDT 1 trades 0 won net -0.4 fees 0.4
         2025-12-10 1 trades 0 won net -0.4 fees 0.4
         order-4 buy 1 ETHUSDT
         exec-5 pos-3 buy 1 @ 50.00 fee 0
         order-4 filled 1 @ 50 fee 0
         order-5 sell 1 ETHUSDT
         exec-6 pos-3 sell 1 @ 50.00 fee 0
         order-5 filled 1 @ 50 fee 0
         day opened with 9999.42
         order-6 buy 2 BTCUSDT
         exec-7 pos-2 buy 2 @ 80.00 fee 0.16 pnl 20
         order-6 filled 2 @ 80 fee 0.16
         3 trades 1 won 1 lost net 19.26 fees 0.74 funding 0
         rate 33.33 factor 49.1500 expectancy 6.42
         average 19.66 and 0.4 largest 19.66 and 0.4
         BTCUSDT 2 trades 1 won net 19.26 fees 0.74
         ETHUSDT 1 trades 0 won net 0 fees 0
         2025-12-10 2 trades 0 won net -0.4 fees 0.4
         2025-12-11 1 trades 1 won net 19.66 fees 0.34",
    );
}
