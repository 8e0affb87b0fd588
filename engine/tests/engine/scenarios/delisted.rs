//! Instruments that are traded here no more after a restart: their orders go with the first input, their positions stay.

use crate::script::{TestDesk, check, config};
use tickwire_engine::{Action, Engine, EngineConfig, Fact, Input, MarketInput, Notice, Request};
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::command::Instruction;
use tickwire_protocol::id::{AccountId, Symbol};
use tickwire_protocol::market::{Quote, Tick};
use tickwire_protocol::message::LinkState;
use tickwire_protocol::order::{OrderReason, OrderStatus};

#[test]
fn open_orders_of_a_market_that_is_gone_are_cancelled_and_its_position_stays() {
    check(
        "groups as a whole, dated ones before they expire; the other market trades on",
        "deposit 1000 | tick DOGEUSDT 1/1 1x1 | tick ETHUSDT 100/100 1x100 | buy 10 DOGEUSDT tp =2 sl 0.5
         | oco sell 5 DOGEUSDT tp =3 sl 0.4 | buy 20 DOGEUSDT limit 0.9 as a | sell 10 DOGEUSDT trail 0.1 until 1s
         | buy 1 ETHUSDT limit 90 | delist DOGEUSDT | timer | timer | orders | show | link live | quote ETHUSDT 89/89 | timer
         | buy 20 DOGEUSDT as a | close DOGEUSDT | buy 1 DOGEUSDT | cancel a | show",
        "acct-1 opened with 1000
         day opened with 1000
         order-1 buy 10 DOGEUSDT entry of group-1
         exec-1 pos-1 buy 10 @ 1.00000 fee 0.0055
         order-1 filled 10 @ 1 fee 0.0055
         order-2 sell 10 DOGEUSDT limit 2.00000 tp of group-1
         order-3 sell 10 DOGEUSDT stop 0.50000 sl of group-1
         order-4 sell 5 DOGEUSDT limit 3.00000 tp of group-2
         order-5 sell 5 DOGEUSDT stop 0.40000 sl of group-2
         order-6 buy 20 DOGEUSDT limit 0.90000
         order-7 sell 10 DOGEUSDT peak 1 stop 0.9
         order-8 buy 1 ETHUSDT limit 90.00
         order-2 cancelled DELISTED
         order-3 cancelled DELISTED
         order-4 cancelled DELISTED
         order-5 cancelled DELISTED
         order-6 cancelled DELISTED
         order-7 cancelled DELISTED
         alert DOGEUSDT is traded here no more, so 6 open orders were cancelled. The position in it stays, valued at its cost, until its market is configured again.
         1 open, 90 tied up
         order-8 buy 1 ETHUSDT limit 90.00
         equity 999.9945 cash 999.9945 used 10 available 899.9945 today -0.0055
         pos-1 buy 10 DOGEUSDT @ 1 mark 1 pnl 0 (0.00 %)
         exec-2 pos-2 buy 1 @ 90.00 fee 0 maker
         order-8 filled 1 @ 90 fee 0
         order-6 again
         UNKNOWN_SYMBOL: no instrument DOGEUSDT here; there are BTCUSDT, ETHUSDT, BTCUSDT-PERP, ETHUSDT-PERP: get_instruments lists all
         UNKNOWN_SYMBOL: no instrument DOGEUSDT here; there are BTCUSDT, ETHUSDT, BTCUSDT-PERP, ETHUSDT-PERP: get_instruments lists all
         ORDER_NOT_FOUND: order-6 is cancelled already, with 0 of 20 filled: nothing is left to change
         equity 998.9945 cash 999.9945 used 100 available 898.9945 today -1.0055
         pos-1 buy 10 DOGEUSDT @ 1 mark 1 pnl 0 (0.00 %)
         pos-2 buy 1 ETHUSDT @ 90 mark 89.00 pnl -1 (-1.11 %)",
    );
}

#[test]
fn flattening_leaves_what_cannot_be_traded_here() {
    check(
        "and closes all else; with its market the position comes back to life",
        "deposit 1000 | quote DOGEUSDT 1/1 | quote ETHUSDT 100/100 | quote ETHUSDT-PERP 100/100 | buy 10 DOGEUSDT
         | buy 1 ETHUSDT | delist DOGEUSDT | link live | quote ETHUSDT 110/110 | flatten as f | flatten as f | show
         | relist | link live | quote DOGEUSDT 2/2 | show | close DOGEUSDT | show",
        "acct-1 opened with 1000
         day opened with 1000
         order-1 buy 10 DOGEUSDT
         exec-1 pos-1 buy 10 @ 1.00000 fee 0.0055
         order-1 filled 10 @ 1 fee 0.0055
         order-2 buy 1 ETHUSDT
         exec-2 pos-2 buy 1 @ 100.00 fee 0
         order-2 filled 1 @ 100 fee 0
         order-3 sell 1 ETHUSDT
         exec-3 pos-2 sell 1 @ 110.00 fee 0 pnl 10
         order-3 filled 1 @ 110 fee 0
         order-3 again
         equity 1009.9945 cash 1009.9945 used 10 available 999.9945 today 9.9945
         pos-1 buy 10 DOGEUSDT @ 1 mark 1 pnl 0 (0.00 %)
         equity 1019.9945 cash 1009.9945 used 10 available 999.9945 today 19.9945
         pos-1 buy 10 DOGEUSDT @ 1 mark 2.00000 pnl 10 (100.00 %)
         order-4 sell 10 DOGEUSDT
         exec-4 pos-1 sell 10 @ 2.00000 fee 0.011 pnl 10
         order-4 filled 10 @ 2 fee 0.011
         equity 1019.9835 cash 1019.9835 used 0 available 1019.9835 today 19.9835",
    );
}

#[test]
fn a_carry_on_its_way_ends_with_the_market_of_one_leg() {
    check(
        "both orders go, and a carry that is held stays whole",
        "rules latency 5000 | deposit 1000 | quote ETHUSDT 100/100 | quote ETHUSDT-PERP 100/100 | carry 1 ETHUSDT | wait 5s
         | quote ETHUSDT 100/100 | quote ETHUSDT-PERP 100/100 | carry 2 ETHUSDT | delist ETHUSDT-PERP | link live | orders
         | uncarry pos-1 | quote ETHUSDT 90/90 | show | stop | timer | flatten",
        "acct-1 opened with 1000
         day opened with 1000
         order-1 buy 1 ETHUSDT on its way of pos-1
         order-2 sell 1 ETHUSDT-PERP on its way of pos-1
         exec-1 pos-1 buy 1 @ 100.00 fee 0
         order-1 filled 1 @ 100 fee 0
         exec-2 pos-1 sell 1 @ 100.00 fee 0
         order-2 filled 1 @ 100 fee 0
         order-3 buy 2 ETHUSDT on its way of pos-2
         order-4 sell 2 ETHUSDT-PERP on its way of pos-2
         order-4 cancelled DELISTED
         order-3 cancelled SIBLING_CANCELLED
         alert ETHUSDT-PERP is traded here no more, so 2 open orders were cancelled. The position in it stays, valued at its cost, until its market is configured again.
         0 open, 0 tied up
         NO_PRICE: ETHUSDT is not quoted yet: try again in a moment
         equity 990 cash 1000 used 200 available 790 today -10
         pos-1 buy 1 ETHUSDT @ 100 mark 90.00 pnl -10 (-10.00 %)
         risk HardStop by Manual
         alert Trading was stopped by hand. All orders cancelled. Positions that have no price yet are closed at the first one. Nothing is opened until a person resumes.",
    );
}

/// The first input of each kind that has a time finds them, after a fold and after a snapshot.
#[test]
fn the_first_input_with_a_time_finds_them() {
    let mut desk = TestDesk::new();
    for step in ["deposit 1000", "quote DOGEUSDT 1/1", "buy 10 DOGEUSDT limit 0.9"] {
        desk.step(step);
    }
    let mut instruments = config().instruments;
    instruments.retain(|instrument| instrument.symbol.as_str() != "DOGEUSDT");
    let config = EngineConfig {
        instruments,
        ..config()
    };
    let at = TimestampMs(1_765_357_300_000);
    let quote = Quote {
        bid: "1".parse().unwrap(),
        ask: "1".parse().unwrap(),
    };
    let tick = Tick {
        symbol: Symbol::new("BTCUSDT").unwrap(),
        quote,
        trade: None,
        exchange_time: at,
        received_at: at,
    };
    let inputs = [
        Input::Timer(at),
        Input::Market(MarketInput::Ticks(vec![tick])),
        Input::Market(MarketInput::Link {
            state: LinkState::Connecting,
            at,
        }),
        Input::Notice {
            notice: Notice::JournalShort,
            at,
        },
        Input::Request(Request {
            account: AccountId(7),
            at,
            action: Action::Instruct(Instruction::PauseTrading),
        }),
    ];
    for input in inputs {
        let folded = Engine::recover(config.clone(), &desk.events).unwrap();
        let restored = Engine::restore(config.clone(), desk.engine.state().clone()).unwrap();
        for mut engine in [folded, restored] {
            let decision = engine.handle(input.clone());
            let first = decision.batch.records.first().map(|record| &record.event.fact);
            let Some(Fact::OrderChanged(order)) = first else {
                panic!("{input:?} led to {first:?}")
            };
            assert_eq!(
                (order.status, order.reason),
                (OrderStatus::Cancelled, Some(OrderReason::Delisted))
            );
            assert_eq!(engine.state().accounts[&AccountId(1)].orders.open_count(), 0);
            let again = engine.handle(Input::Timer(at + 1));
            let changes = again.batch.records.iter();
            assert!(
                !changes
                    .map(|record| &record.event.fact)
                    .any(|fact| matches!(fact, Fact::OrderChanged(_)))
            );
        }
    }
}
