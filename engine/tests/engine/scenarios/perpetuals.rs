//! Perpetuals in the scenarios of spot: protected by exits, carried in other steps, funded after a long time.

use crate::script::{TestDesk, check};
use tickwire_engine::Fact;
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::money::Amount;

#[test]
fn a_bracket_protects_a_long_that_is_levered() {
    check(
        "the stop-loss triggers with the last trade, though the mark would not have moved",
        "deposit 100 | leverage BTCUSDT-PERP 20 | quote BTCUSDT 100/100 | tick BTCUSDT-PERP 100/100 1x100
         | buy 5 BTCUSDT-PERP tp =110 sl 95 | margins | orders | tick BTCUSDT-PERP 94.9/95.1 1x95 | show",
        "acct-1 opened with 100
         day opened with 100
         BTCUSDT-PERP at leverage 20
         order-1 buy 5 BTCUSDT-PERP entry of group-1
         exec-1 pos-1 buy 5 @ 100.0 fee 0.25
         order-1 filled 5 @ 100 fee 0.25
         order-2 sell 5 BTCUSDT-PERP limit 110.0 tp of group-1
         order-3 sell 5 BTCUSDT-PERP stop 95.0 sl of group-1
         equity 99.75 used 25 maintenance 2.5 available 74.75
         pos-1 x20 margin 25 maintenance 2.5 liquidation 80.4 funding 0
         2 open, 0 tied up
         order-2 sell 5 BTCUSDT-PERP limit 110.0 tp of group-1
         order-3 sell 5 BTCUSDT-PERP stop 95.0 sl of group-1
         order-3 triggered
         order-2 cancelled SIBLING_FILLED
         exec-2 pos-1 sell 5 @ 94.9 fee 0.23725 pnl -25.5
         order-3 filled 5 @ 94.9 fee 0.23725
         equity 74.01275 cash 74.01275 used 0 available 74.01275 today -25.98725",
    );
}

#[test]
fn a_bracket_takes_the_profit_of_a_short() {
    check(
        "the take-profit rests and is the maker; what was funded meanwhile is kept",
        "deposit 100 | quote BTCUSDT 100/100 | tick BTCUSDT-PERP 100/100 1x100 | sell 2 BTCUSDT-PERP tp =90 sl 105
         | until 16:00:00 | timer | tick BTCUSDT-PERP 89.8/89.9 1x89.9 | trades",
        "acct-1 opened with 100
         day opened with 100
         order-1 sell 2 BTCUSDT-PERP entry of group-1
         exec-1 pos-1 sell 2 @ 100.0 fee 0.1
         order-1 filled 2 @ 100 fee 0.1
         order-2 buy 2 BTCUSDT-PERP limit 90.0 tp of group-1
         order-3 buy 2 BTCUSDT-PERP stop 105.0 sl of group-1
         pos-1 funding 0.02 @ 100.0 rate 0.0001 of 16:00:00
         exec-2 pos-1 buy 2 @ 90.0 fee 0 pnl 20 maker
         order-2 filled 2 @ 90 fee 0
         order-3 cancelled SIBLING_FILLED
         1 trades 1 won 0 lost net 19.92 fees 0.1 funding 0.02
         rate 100.00 factor none expectancy 19.92
         average 19.92 and none largest 19.92 and 0
         BTCUSDT-PERP 1 trades 1 won net 19.92 fees 0.1
         2025-12-10 1 trades 1 won net 19.92 fees 0.1",
    );
}

#[test]
fn a_carry_fits_the_steps_of_both_legs() {
    check(
        "0.001 of spot, 0.01 of the perpetual",
        "step BTCUSDT-PERP 0.01 | link live | deposit 1000 | quote BTCUSDT 1000/1000 | quote BTCUSDT-PERP 1000/1000
         | carry 0.005 BTCUSDT | carry 0.015 BTCUSDT | carry 0.0201 BTCUSDT-PERP | carry 0.02 BTCUSDT-PERP",
        "acct-1 opened with 1000
         day opened with 1000
         INVALID_QUANTITY: 0.005 BTC is below the least quantity of BTCUSDT-PERP: order at least 0.01
         INVALID_QUANTITY: 0.015 BTC is no multiple of BTCUSDT-PERP's step of 0.01: the nearest that fits is 0.02
         INVALID_QUANTITY: 0.0201 BTC is no multiple of BTCUSDT's step of 0.001: the nearest that fits is 0.02
         order-1 buy 0.02 BTCUSDT of pos-1
         exec-1 pos-1 buy 0.02 @ 1000.00 fee 0.02
         order-1 filled 0.02 @ 1000 fee 0.02
         order-2 sell 0.02 BTCUSDT-PERP of pos-1
         exec-2 pos-1 sell 0.02 @ 1000.0 fee 0.01
         order-2 filled 0.02 @ 1000 fee 0.01",
    );
}

#[test]
fn both_legs_of_a_carry_pay_fees_when_they_open_and_when_they_close() {
    check(
        "0.1 % of 200 and of 220 for spot, 0.05 % of 202 and of 218 for the perpetual",
        "deposit 1000 | quote BTCUSDT 100/100 | quote BTCUSDT-PERP 101/101 | carry 2 BTCUSDT | quote BTCUSDT 110/110
         | quote BTCUSDT-PERP 109/109 | uncarry pos-1 | trades | show",
        "acct-1 opened with 1000
         day opened with 1000
         order-1 buy 2 BTCUSDT of pos-1
         exec-1 pos-1 buy 2 @ 100.00 fee 0.2
         order-1 filled 2 @ 100 fee 0.2
         order-2 sell 2 BTCUSDT-PERP of pos-1
         exec-2 pos-1 sell 2 @ 101.0 fee 0.101
         order-2 filled 2 @ 101 fee 0.101
         order-3 sell 2 BTCUSDT of pos-1
         exec-3 pos-1 sell 2 @ 110.00 fee 0.22 pnl 20
         order-3 filled 2 @ 110 fee 0.22
         order-4 buy 2 BTCUSDT-PERP of pos-1
         exec-4 pos-1 buy 2 @ 109.0 fee 0.109 pnl -16
         order-4 filled 2 @ 109 fee 0.109
         1 trades 1 won 0 lost net 3.37 fees 0.63 funding 0
         rate 100.00 factor none expectancy 3.37
         average 3.37 and none largest 3.37 and 0
         BTCUSDT 1 trades 1 won net 19.58 fees 0.42
         BTCUSDT-PERP 1 trades 0 won net -16.21 fees 0.21
         2025-12-10 1 trades 1 won net 3.37 fees 0.63
         equity 1003.37 cash 1003.37 used 0 available 1003.37 today 3.37",
    );
}

/// The desk was stopped for 40 days: 120 funding times, of which the last 90 are paid, once.
#[test]
fn of_many_funding_times_missed_the_last_ninety_are_paid() {
    let mut desk = TestDesk::new();
    for step in [
        "deposit 1000",
        "quote BTCUSDT 100/100",
        "quote BTCUSDT-PERP 100/100",
        "buy 1 BTCUSDT-PERP",
        "restart",
        "wait 960h",
        "link live",
        "quote BTCUSDT 110/110",
        "quote BTCUSDT-PERP 110/110",
        "restart",
        "link live",
        "quote BTCUSDT 110/110",
        "quote BTCUSDT-PERP 110/110",
        "timer",
    ] {
        desk.step(step);
    }
    let paid: Vec<(TimestampMs, Amount)> = desk
        .events
        .iter()
        .filter_map(|event| match &event.fact {
            Fact::Funded(funding) => Some((funding.timestamp, funding.amount)),
            _ => None,
        })
        .collect();
    assert_eq!(paid.len(), 90);
    assert!(
        paid.iter()
            .all(|(_, amount)| *amount == "-0.011".parse().unwrap())
    );
    assert!(paid.windows(2).all(|two| two[0].0 + 28_800_000 == two[1].0));
    // 40 days after 09:00 the last funding time was at 08:00.
    let last = TimestampMs(1_765_357_200_000 + 960 * 3_600_000 - 3_600_000);
    assert_eq!(paid.last().map(|(time, _)| *time), Some(last));
    let balance = desk
        .engine
        .account(desk.events[0].account)
        .unwrap()
        .portfolio()
        .funding;
    assert_eq!(balance, "-0.99".parse().unwrap());
    desk.assert_fold();
}
