//! Cash-and-carry positions at a venue that takes its time: both legs are on their way together.

use crate::script::check;

#[test]
fn both_legs_arrive_together_and_get_the_prices_of_then() {
    check(
        "sent at 100, filled at 101 and 102; a retry is none, nor is a second way to close it",
        "rules latency 2500 | deposit 1000 | quote BTCUSDT 100/100 | quote BTCUSDT-PERP 100/100 | quote ETHUSDT 100/100
         | carry 1 BTCUSDT as a | quote BTCUSDT-PERP 102/102 | carry 1 BTCUSDT as a | quote BTCUSDT 101/101 | show
         | uncarry pos-1 as b | uncarry pos-1 as c | wait 2s | timer | uncarry pos-1 as b | trades | show",
        "acct-1 opened with 1000
         day opened with 1000
         order-1 buy 1 BTCUSDT on its way of pos-1
         order-2 sell 1 BTCUSDT-PERP on its way of pos-1
         order-1 of pos-1 again
         exec-1 pos-1 buy 1 @ 101.00 fee 0.101
         order-1 filled 1 @ 101 fee 0.101
         exec-2 pos-1 sell 1 @ 102.0 fee 0.051
         order-2 filled 1 @ 102 fee 0.051
         equity 999.848 cash 999.848 used 111.2 available 888.648 today -0.152
         pos-1 buy 1 BTCUSDT @ 101 mark 101.00 pnl 0 (0.00 %)
         order-3 sell 1 BTCUSDT on its way of pos-1
         order-4 buy 1 BTCUSDT-PERP on its way of pos-1
         TOO_MANY_OPEN: pos-1 is being closed already: wait for order-3, or cancel it first
         exec-3 pos-1 sell 1 @ 101.00 fee 0.101
         order-3 filled 1 @ 101 fee 0.101
         exec-4 pos-1 buy 1 @ 102.0 fee 0.051
         order-4 filled 1 @ 102 fee 0.051
         order-3 of pos-1 again
         1 trades 0 won 1 lost net -0.304 fees 0.304 funding 0
         rate 0.00 factor 0.0000 expectancy -0.304
         average none and 0.304 largest 0 and 0.304
         BTCUSDT 1 trades 0 won net -0.202 fees 0.202
         BTCUSDT-PERP 1 trades 0 won net -0.102 fees 0.102
         2025-12-10 1 trades 0 won net -0.304 fees 0.304
         equity 999.696 cash 999.696 used 0 available 999.696 today -0.304",
    );
}

#[test]
fn a_position_opened_meanwhile_has_an_id_of_its_own() {
    check(
        "pos-1 is the carry's, though the other is there first",
        "rules latency 1500 | deposit 1000 | quote ETHUSDT 100/100 | quote ETHUSDT-PERP 100/100 | buy 1 ETHUSDT | soon
         | carry 1 ETHUSDT | restart | link live | quote ETHUSDT 100/100 | quote ETHUSDT-PERP 100/100 | show",
        "acct-1 opened with 1000
         day opened with 1000
         order-1 buy 1 ETHUSDT on its way
         order-2 buy 1 ETHUSDT on its way of pos-1
         order-3 sell 1 ETHUSDT-PERP on its way of pos-1
         exec-1 pos-2 buy 1 @ 100.00 fee 0
         order-1 filled 1 @ 100 fee 0
         exec-2 pos-1 buy 1 @ 100.00 fee 0
         order-2 filled 1 @ 100 fee 0
         exec-3 pos-1 sell 1 @ 100.00 fee 0
         order-3 filled 1 @ 100 fee 0
         equity 1000 cash 1000 used 220 available 780 today 0
         pos-1 buy 1 ETHUSDT @ 100 mark 100.00 pnl 0 (0.00 %)
         pos-2 buy 1 ETHUSDT @ 100 mark 100.00 pnl 0 (0.00 %)",
    );
}

#[test]
fn the_gate_is_asked_again_when_they_arrive() {
    check(
        "a limit that came meanwhile; a pause takes both at once; a stop takes both, and closes what is held at once",
        "rules latency 2500 | deposit 1000 | quote ETHUSDT 100/100 | quote ETHUSDT-PERP 100/100 | carry 1 ETHUSDT
         | limits exposure=150 | wait 1s | timer | limits | carry 1 ETHUSDT | pause | resume RESUME | carry 1 ETHUSDT
         | wait 1s | timer | quote ETHUSDT 100/100 | quote ETHUSDT-PERP 100/100 | uncarry pos-3 | stop | show",
        "acct-1 opened with 1000
         day opened with 1000
         order-1 buy 1 ETHUSDT on its way of pos-1
         order-2 sell 1 ETHUSDT-PERP on its way of pos-1
         risk Normal by None
         order-1 rejected RISK_LIMIT
         alert order-1 (market, buy 1 ETHUSDT) was withdrawn when its moment came: it would have exceeded a risk limit.
         order-2 cancelled SIBLING_CANCELLED
         risk Normal by None
         order-3 buy 1 ETHUSDT on its way of pos-2
         order-4 sell 1 ETHUSDT-PERP on its way of pos-2
         risk SoftPause by Manual
         alert Trading was paused by hand. New position openings stopped. Existing positions remain open.
         order-3 cancelled RISK_PAUSED
         order-4 cancelled RISK_PAUSED
         risk Normal by None
         measured from 1000
         alert Trading is open. Drawdown and daily loss are measured from 1,000.00 USDT on.
         order-5 buy 1 ETHUSDT on its way of pos-3
         order-6 sell 1 ETHUSDT-PERP on its way of pos-3
         exec-1 pos-3 buy 1 @ 100.00 fee 0
         order-5 filled 1 @ 100 fee 0
         exec-2 pos-3 sell 1 @ 100.00 fee 0
         order-6 filled 1 @ 100 fee 0
         order-7 sell 1 ETHUSDT on its way of pos-3
         order-8 buy 1 ETHUSDT-PERP on its way of pos-3
         risk HardStop by Manual
         alert Trading was stopped by hand. All orders cancelled and all positions closed. Nothing is opened until a person resumes.
         order-7 cancelled HARD_STOP
         order-8 cancelled HARD_STOP
         order-9 sell 1 ETHUSDT of pos-3
         exec-3 pos-3 sell 1 @ 100.00 fee 0
         order-9 filled 1 @ 100 fee 0 HARD_STOP
         order-10 buy 1 ETHUSDT-PERP of pos-3
         exec-4 pos-3 buy 1 @ 100.00 fee 0
         order-10 filled 1 @ 100 fee 0 HARD_STOP
         equity 1000 cash 1000 used 0 available 1000 today 0",
    );
}

#[test]
fn what_they_need_must_still_be_there() {
    check(
        "120 of 130 when they are sent, 10 less when they arrive",
        "rules latency 2500 | deposit 130 | quote ETHUSDT 100/100 | quote ETHUSDT-PERP 100/100 | carry 1 ETHUSDT
         | buy 0.2 ETHUSDT limit 99 | quote ETHUSDT 98/98 | timer | show",
        "acct-1 opened with 130
         day opened with 130
         order-1 buy 1 ETHUSDT on its way of pos-1
         order-2 sell 1 ETHUSDT-PERP on its way of pos-1
         order-3 buy 0.2 ETHUSDT limit 99.00 on its way
         order-1 rejected INSUFFICIENT_BALANCE
         alert order-1 (market, buy 1 ETHUSDT) was withdrawn when its moment came: the account could not pay for it.
         order-2 cancelled SIBLING_CANCELLED
         equity 130 cash 130 used 0 available 110.2 today 0",
    );
}

#[test]
fn who_cancels_one_leg_cancels_both() {
    check(
        "by id, by the instrument of either, or all; and neither is amended alone",
        "rules latency 9000 | deposit 1000 | quote ETHUSDT 100/100 | quote ETHUSDT-PERP 100/100 | carry 1 ETHUSDT
         | amend order-2 quantity 2 | cancel order-2 | carry 1 ETHUSDT | cancel-all ETHUSDT | carry 1 ETHUSDT | cancel-all
         | orders | wait 9s | timer | show",
        "acct-1 opened with 1000
         day opened with 1000
         order-1 buy 1 ETHUSDT on its way of pos-1
         order-2 sell 1 ETHUSDT-PERP on its way of pos-1
         INVALID_FIELD: order-2 is one leg of pos-1, and both are equal: cancel it, which cancels both, and open or close it anew
         order-2 cancelled USER
         order-1 cancelled SIBLING_CANCELLED
         order-3 buy 1 ETHUSDT on its way of pos-2
         order-4 sell 1 ETHUSDT-PERP on its way of pos-2
         order-3 cancelled USER
         order-4 cancelled SIBLING_CANCELLED
         order-5 buy 1 ETHUSDT on its way of pos-3
         order-6 sell 1 ETHUSDT-PERP on its way of pos-3
         order-5 cancelled USER
         order-6 cancelled USER
         0 open, 0 tied up
         equity 1000 cash 1000 used 0 available 1000 today 0",
    );
}

#[test]
fn without_a_price_for_both_they_wait() {
    check(
        "neither leg goes alone",
        "rules latency 1500 | deposit 1000 | quote ETHUSDT 100/100 | quote ETHUSDT-PERP 100/100 | carry 1 ETHUSDT | link down
         | timer | link live | quote ETHUSDT 101/101 | orders | quote ETHUSDT-PERP 102/102 | orders",
        "acct-1 opened with 1000
         day opened with 1000
         order-1 buy 1 ETHUSDT on its way of pos-1
         order-2 sell 1 ETHUSDT-PERP on its way of pos-1
         2 open, 0 tied up
         order-1 buy 1 ETHUSDT on its way of pos-1
         order-2 sell 1 ETHUSDT-PERP on its way of pos-1
         exec-1 pos-1 buy 1 @ 101.00 fee 0
         order-1 filled 1 @ 101 fee 0
         exec-2 pos-1 sell 1 @ 102.00 fee 0
         order-2 filled 1 @ 102 fee 0
         0 open, 0 tied up",
    );
}

#[test]
fn the_pair_counts_against_the_number_of_orders() {
    check(
        "two of three when it is sent, and none when it arrives",
        "rules latency 1500 | deposit 1000 | quote ETHUSDT 100/100 | quote ETHUSDT-PERP 100/100 | limits rate=3
         | sell 1 ETHUSDT | carry 0.5 ETHUSDT | timer | quote ETHUSDT 100/100 | quote ETHUSDT-PERP 100/100 | buy 2 ETHUSDT",
        "acct-1 opened with 1000
         day opened with 1000
         risk Normal by None
         order-1 sell 1 ETHUSDT on its way
         order-2 buy 0.5 ETHUSDT on its way of pos-1
         order-3 sell 0.5 ETHUSDT-PERP on its way of pos-1
         exec-1 pos-2 sell 1 @ 100.00 fee 0
         order-1 filled 1 @ 100 fee 0
         exec-2 pos-1 buy 0.5 @ 100.00 fee 0
         order-2 filled 0.5 @ 100 fee 0
         exec-3 pos-1 sell 0.5 @ 100.00 fee 0
         order-3 filled 0.5 @ 100 fee 0
         RISK_LIMIT: 3 orders were placed within the last minute, and max_orders_per_minute is 3: wait 55 s; orders that reduce a position are still taken",
    );
}
