//! The risk guard, margins, funding and orders where they meet.

use crate::script::check;

#[test]
fn after_a_restart_the_guard_waits_for_the_index_price_too() {
    check(
        "the index keeps the mark at 99",
        "deposit 100 | quote BTCUSDT 100/100 | quote BTCUSDT-PERP 100/100 | buy 5 BTCUSDT-PERP | limits hard_dd=20 | restart
         | link live | quote BTCUSDT-PERP 10/10 | guard | quote BTCUSDT 100/100 | guard",
        "acct-1 opened with 100
         day opened with 100
         order-1 buy 5 BTCUSDT-PERP
         exec-1 pos-1 buy 5 @ 100.0 fee 0.25
         order-1 filled 5 @ 100 fee 0.25
         risk Normal by None
         Normal by None at 0 % and 0 %: Trading is open.
         Normal by None at 0 % and 0 %: Trading is open.",
    );
}

#[test]
fn who_is_funded_by_the_clock_of_another_is_looked_at_at_once() {
    check(
        "a refused order of account 2 comes first after the funding time: the loss of 0.03 % stops account 1",
        "deposit 1000 | quote BTCUSDT 100/100 | quote BTCUSDT-PERP 100/100 | buy 5 BTCUSDT-PERP | limits hard_day=0.03
         | account 2 | deposit 100 | until 15:59:59 | quote BTCUSDT-PERP 100/100 | close BTCUSDT",
        "acct-1 opened with 1000
         day opened with 1000
         order-1 buy 5 BTCUSDT-PERP
         exec-1 pos-1 buy 5 @ 100.0 fee 0.25
         order-1 filled 5 @ 100 fee 0.25
         risk Normal by None
         acct-2 opened with 100
         day opened with 100
         pos-1 funding -0.05 @ 100.0 rate 0.0001 of 16:00:00
         risk HardStop by DailyLoss
         alert The loss of 0.03 % from the day's beginning of 1,000.00 USDT reached the limit of 0.03 %. All orders cancelled and all positions closed. Nothing is opened until a person resumes.
         order-2 sell 5 BTCUSDT-PERP
         exec-2 pos-1 sell 5 @ 100.0 fee 0.25
         order-2 filled 5 @ 100 fee 0.25 HARD_STOP
         NO_POSITION: no open position in BTCUSDT to close: get_positions lists those that are open",
    );
}

#[test]
fn both_legs_of_a_carry_count_against_the_exposure_together() {
    check(
        "200 of 199, then of 200; each leg alone counts against its own instrument",
        "deposit 1000 | quote BTCUSDT 100/100 | quote BTCUSDT-PERP 100/100 | limits exposure=199 | carry 1 BTCUSDT
         | limits exposure=200 position=99 | carry 1 BTCUSDT | limits exposure=200 position=100 | carry 1 BTCUSDT",
        "acct-1 opened with 1000
         day opened with 1000
         risk Normal by None
         RISK_LIMIT: the exposure would be worth 200.00 USDT (0.00 held, 0.00 in open orders, 200.00 more), above the max_exposure of 199.00 USDT: order less, or close something first
         risk Normal by None
         RISK_LIMIT: the position in BTCUSDT would be worth 100.00 USDT (0.00 held, 0.00 in open orders, 100.00 more), above the max_position_value of 99.00 USDT: order less, or close something first
         risk Normal by None
         order-1 buy 1 BTCUSDT of pos-1
         exec-1 pos-1 buy 1 @ 100.00 fee 0.1
         order-1 filled 1 @ 100 fee 0.1
         order-2 sell 1 BTCUSDT-PERP of pos-1
         exec-2 pos-1 sell 1 @ 100.0 fee 0.05
         order-2 filled 1 @ 100 fee 0.05",
    );
}
