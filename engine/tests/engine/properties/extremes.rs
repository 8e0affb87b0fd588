//! Any input whatever, and any event whatever: nothing panics, and what is refused changes nothing.

use crate::script::config;
use proptest::prelude::*;
use rust_decimal::Decimal;
use tickwire_engine::{Action, Batch, Depth, Engine, Event, Fact, Input, MarketInput, Request};
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::command::{
    CloseCarry, ClosePosition, Instruction, OpenCarry, PlaceOrder, SetLeverage,
};
use tickwire_protocol::id::{AccountId, ExecutionId, OrderId, PositionId, Symbol};
use tickwire_protocol::market::{Candle, Interval, Quote, Tick, Trade};
use tickwire_protocol::message::LinkState;
use tickwire_protocol::money::{Amount, Price, Quantity, Ratio};
use tickwire_protocol::order::{Execution, Funding, Order, OrderStatus, OrderType, Side};

/// Any decimal, but often one that gets through the checks, and often one at their edge.
fn decimal() -> impl Strategy<Value = Decimal> {
    let edges = [
        "0",
        "0.00000001",
        "0.000000000001",
        "0.001",
        "1",
        "100",
        "1e10",
        "1e12",
        "1e15",
        "1e16",
        "-1",
    ];
    prop_oneof![
        2 => (any::<u32>(), any::<u32>(), any::<u32>(), any::<bool>(), 0u32..29)
            .prop_map(|(lo, mid, hi, negative, scale)| Decimal::from_parts(lo, mid, hi, negative, scale)),
        4 => proptest::sample::select(edges.to_vec()).prop_map(|text| {
            text.parse().or_else(|_| Decimal::from_scientific(text)).unwrap()
        }),
        1 => Just(Decimal::MAX),
        1 => Just(Decimal::MIN),
        4 => (1i64..1_000_000, 0u32..4).prop_map(|(number, scale)| Decimal::new(number, scale)),
    ]
}

fn time() -> impl Strategy<Value = TimestampMs> {
    let edges = [
        i64::MIN,
        -1,
        0,
        59_999,
        253_402_300_799_999,
        253_402_300_800_000,
        i64::MAX,
    ];
    prop_oneof![
        1 => proptest::sample::select(edges.to_vec()),
        1 => any::<i64>(),
        6 => 1_765_357_200_000i64..1_765_357_210_000,
    ]
    .prop_map(TimestampMs)
}

fn symbol() -> impl Strategy<Value = Symbol> {
    let names = [
        "BTCUSDT",
        "BTCUSDT",
        "BTCUSDT-PERP",
        "BTCUSDT-PERP",
        "ETHUSDT",
        "DOGEUSDT",
        "DOGEUSDT",
        "XRPUSDT",
    ];
    proptest::sample::select(names.to_vec()).prop_map(|name| Symbol::new(name).unwrap())
}

fn side() -> impl Strategy<Value = Side> {
    prop_oneof![Just(Side::Buy), Just(Side::Sell)]
}

fn account() -> impl Strategy<Value = AccountId> {
    prop_oneof![1 => Just(AccountId(0)), 8 => Just(AccountId(1))]
}

fn tick() -> impl Strategy<Value = Tick> {
    let usual = (1i64..100_000).prop_map(|price| (Decimal::new(price, 2), Decimal::new(price + 1, 2)));
    let quote = prop_oneof![
        (decimal(), decimal()),
        decimal().prop_map(|price| (price, price)),
        usual
    ]
    .prop_map(|(bid, ask)| Quote {
        bid: Price::new(bid),
        ask: Price::new(ask),
    });
    let trade = (decimal(), decimal(), side()).prop_map(|(price, quantity, taker_side)| Trade {
        price: Price::new(price),
        quantity: Quantity::new(quantity),
        taker_side,
    });
    (symbol(), quote, proptest::option::of(trade), time(), time()).prop_map(
        |(symbol, quote, trade, exchange_time, received_at)| Tick {
            symbol,
            quote,
            trade,
            exchange_time,
            received_at,
        },
    )
}

fn candle() -> impl Strategy<Value = Candle> {
    (time(), [decimal(), decimal(), decimal(), decimal()], decimal()).prop_map(|(time, prices, volume)| {
        let [open, high, low, close] = prices.map(Price::new);
        Candle {
            time: TimestampMs(time.0 / 60_000 * 60_000),
            open,
            high,
            low,
            close,
            volume: Quantity::new(volume),
        }
    })
}

fn market() -> impl Strategy<Value = MarketInput> {
    let levels = || {
        let level =
            (decimal(), decimal()).prop_map(|(price, quantity)| (Price::new(price), Quantity::new(quantity)));
        proptest::collection::vec(level, 0..4)
    };
    prop_oneof![
        6 => proptest::collection::vec(tick(), 1..4).prop_map(MarketInput::Ticks),
        1 => time().prop_map(|at| MarketInput::Link { state: LinkState::Live, at }),
        1 => (symbol(), proptest::collection::vec(candle(), 0..4))
            .prop_map(|(symbol, candles)| MarketInput::History { symbol, candles }),
        2 => (symbol(), any::<bool>(), levels(), levels(), time()).prop_map(|(symbol, snapshot, bids, asks, at)| {
            MarketInput::Depth(Depth { symbol, snapshot, bids, asks, exchange_time: at })
        }),
    ]
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        1 => decimal().prop_map(|deposit| Action::OpenAccount { deposit: Amount::new(deposit) }),
        6 => (symbol(), side(), quantity(), proptest::bool::weighted(0.2)).prop_map(|(symbol, side, quantity, reduce_only)| {
            let order = PlaceOrder { reduce_only, ..PlaceOrder::market(symbol, side, Quantity::new(quantity)) };
            Action::Instruct(Instruction::PlaceOrder(order))
        }),
        1 => (symbol(), any::<u32>(), 0u32..60, any::<bool>()).prop_map(|(symbol, any, usual, is_usual)| {
            let leverage = if is_usual { usual } else { any };
            Action::Instruct(Instruction::SetLeverage(SetLeverage { symbol, leverage }))
        }),
        3 => (symbol(), quantity()).prop_map(|(symbol, quantity)| {
            let open = OpenCarry { client_order_id: None, symbol, quantity: Quantity::new(quantity) };
            Action::Instruct(Instruction::OpenCarry(open))
        }),
        2 => prop_oneof![1u64..6, any::<u64>()].prop_map(|id| {
            let close = CloseCarry { client_order_id: None, position_id: PositionId(id) };
            Action::Instruct(Instruction::CloseCarry(close))
        }),
        2 => (symbol(), proptest::option::of(decimal())).prop_map(|(symbol, percent)| {
            let close = ClosePosition { client_order_id: None, symbol, percent: percent.map(Ratio::new) };
            Action::Instruct(Instruction::ClosePosition(close))
        }),
    ]
}

fn input() -> impl Strategy<Value = Input> {
    prop_oneof![
        4 => market().prop_map(Input::Market),
        5 => (account(), time(), action())
            .prop_map(|(account, at, action)| Input::Request(Request { account, at, action })),
        1 => time().prop_map(Input::Timer),
    ]
}

fn event() -> impl Strategy<Value = Event> {
    let id = || prop_oneof![4 => 0u64..5, 1 => any::<u64>()];
    let execution = (
        (id(), id(), id()),
        symbol(),
        side(),
        [decimal(), decimal(), decimal(), decimal()],
        (time(), proptest::bool::weighted(0.3)),
    )
        .prop_map(
            |((id, order, position), symbol, side, [quantity, price, fee, pnl], (timestamp, is_carry))| {
                Fact::Executed(Execution {
                    id: ExecutionId(id),
                    order_id: OrderId(order),
                    client_order_id: None,
                    position_id: PositionId(position),
                    is_carry,
                    symbol,
                    side,
                    quantity: Quantity::new(quantity),
                    price: Price::new(price),
                    fee: Amount::new(fee),
                    fee_currency: "USDT".to_owned(),
                    is_maker: false,
                    realized_pnl: Amount::new(pnl),
                    timestamp,
                })
            },
        );
    let order = (id(), symbol(), decimal(), any::<bool>()).prop_map(|(id, symbol, quantity, is_final)| {
        Fact::OrderChanged(Order {
            status: if is_final {
                OrderStatus::Filled
            } else {
                OrderStatus::New
            },
            ..Order::accepted(
                OrderId(id),
                symbol,
                Side::Buy,
                OrderType::Market,
                Quantity::new(quantity),
                TimestampMs(0),
            )
        })
    });
    let funding = (id(), symbol(), [decimal(), decimal()], time(), any::<bool>()).prop_map(
        |(position, symbol, [quantity, amount], timestamp, is_carry)| {
            Fact::Funded(Funding {
                position_id: PositionId(position),
                is_carry,
                symbol,
                side: Side::Buy,
                quantity: Quantity::new(quantity),
                mark_price: Price::ZERO,
                rate: Ratio::ZERO,
                amount: Amount::new(amount),
                timestamp,
            })
        },
    );
    let leverage =
        (symbol(), any::<u32>()).prop_map(|(symbol, leverage)| Fact::LeverageSet { symbol, leverage });
    let fact = prop_oneof![
        2 => funding,
        1 => leverage,
        1 => decimal().prop_map(|deposit| Fact::AccountOpened { deposit: Amount::new(deposit) }),
        1 => decimal().prop_map(|equity| Fact::DayOpened { equity: Amount::new(equity) }),
        3 => order,
        6 => execution,
    ];
    (account(), time(), fact).prop_map(|(account, at, fact)| Event { account, at, fact })
}

/// A day of anything.
pub fn inputs() -> impl Strategy<Value = Vec<Input>> {
    proptest::collection::vec(input(), 1..80)
}

/// A quantity to order: half of them fit every instrument.
fn quantity() -> impl Strategy<Value = Decimal> {
    prop_oneof![decimal(), (1i64..60).prop_map(Decimal::from)]
}

/// Looks at all that can be looked at.
fn look(engine: &Engine) {
    for &id in engine.state().accounts.keys() {
        let view = engine.account(id).unwrap();
        drop((
            view.positions(),
            view.portfolio(),
            view.balance(),
            view.dashboard(),
            view.equity_row(),
            view.performance(),
        ));
        serde_json::to_string(&(
            view.positions(),
            view.portfolio(),
            view.balance(),
            view.dashboard(),
            view.equity_row(),
            view.performance(),
        ))
        .unwrap();
    }
    for symbol in config().instruments.iter().map(|instrument| instrument.symbol) {
        engine.markets().ticker(symbol);
        for interval in Interval::ALL {
            engine
                .markets()
                .candles(symbol, interval, Some(TimestampMs(i64::MAX)), usize::MAX);
            engine
                .markets()
                .candles_from(symbol, interval, TimestampMs(i64::MIN));
        }
    }
}

/// The largest deposits, so that orders get far.
pub fn rich() -> Engine {
    let mut engine = Engine::new(config()).unwrap();
    let at = TimestampMs(1_765_357_200_000);
    engine.handle(Input::Market(MarketInput::Link {
        state: LinkState::Live,
        at,
    }));
    let action = Action::OpenAccount {
        deposit: "1e12".parse().unwrap(),
    };
    engine.handle(Input::Request(Request {
        account: AccountId(1),
        at,
        action,
    }));
    engine
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn no_input_panics(inputs in inputs()) {
        let mut engine = rich();
        let mut batch = Batch::default();
        for input in inputs {
            let records = batch.records.len();
            let before = engine.state().clone();
            let answer = engine.handle_into(input, &mut batch);
            if batch.records.len() == records {
                prop_assert_eq!(engine.state(), &before);
            }
            if let Some(Err(refusal)) = answer {
                prop_assert!(refusal.message.len() > 20);
            }
            look(&engine);
        }
        for record in &batch.records {
            let text = serde_json::to_string(&record.event).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Event>(&text).unwrap(), &record.event);
        }
    }

    #[test]
    fn no_event_panics(events in proptest::collection::vec(event(), 1..40), inputs in proptest::collection::vec(input(), 1..20)) {
        let mut engine = rich();
        for event in events {
            let before = engine.state().clone();
            if engine.apply(&event).is_err() {
                prop_assert_eq!(engine.state(), &before);
            }
            look(&engine);
        }
        for input in inputs {
            engine.handle(input);
            look(&engine);
        }
    }
}
