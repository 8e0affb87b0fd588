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

#[test]
fn a_hard_stop_takes_all_kinds_of_orders_and_a_carry_with_it() {
    check(
        "a bracket with its legs, a pair, a triggered stop-limit that rests, a carry",
        "deposit 10000 | tick BTCUSDT 100/100 1x100 | tick BTCUSDT-PERP 100/100 1x100 | carry 1 BTCUSDT
         | buy 1 BTCUSDT tp =110 sl 90 | oco sell 1 BTCUSDT tp =120 sl 80 | buy 1 BTCUSDT stop 101 limit 100.5
         | tick BTCUSDT 101/101 1x101 | orders | stop | orders | show",
        "acct-1 opened with 10000
         day opened with 10000
         order-1 buy 1 BTCUSDT of pos-1
         exec-1 pos-1 buy 1 @ 100.00 fee 0.1
         order-1 filled 1 @ 100 fee 0.1
         order-2 sell 1 BTCUSDT-PERP of pos-1
         exec-2 pos-1 sell 1 @ 100.0 fee 0.05
         order-2 filled 1 @ 100 fee 0.05
         order-3 buy 1 BTCUSDT entry of group-1
         exec-3 pos-2 buy 1 @ 100.00 fee 0.1
         order-3 filled 1 @ 100 fee 0.1
         order-4 sell 1 BTCUSDT limit 110.00 tp of group-1
         order-5 sell 1 BTCUSDT stop 90.00 sl of group-1
         order-6 sell 1 BTCUSDT limit 120.00 tp of group-2
         order-7 sell 1 BTCUSDT stop 80.00 sl of group-2
         order-8 buy 1 BTCUSDT stop 101.00 limit 100.50
         order-8 triggered
         5 open, 100.6005 tied up
         order-4 sell 1 BTCUSDT limit 110.00 tp of group-1
         order-5 sell 1 BTCUSDT stop 90.00 sl of group-1
         order-6 sell 1 BTCUSDT limit 120.00 tp of group-2
         order-7 sell 1 BTCUSDT stop 80.00 sl of group-2
         order-8 triggered
         risk HardStop by Manual
         alert Trading was stopped by hand. All orders cancelled and all positions closed. Nothing is opened until a person resumes.
         order-4 cancelled HARD_STOP
         order-5 cancelled HARD_STOP
         order-6 cancelled HARD_STOP
         order-7 cancelled HARD_STOP
         order-8 cancelled HARD_STOP
         order-9 sell 1 BTCUSDT of pos-1
         exec-4 pos-1 sell 1 @ 101.00 fee 0.101 pnl 1
         order-9 filled 1 @ 101 fee 0.101 HARD_STOP
         order-10 buy 1 BTCUSDT-PERP of pos-1
         exec-5 pos-1 buy 1 @ 100.0 fee 0.05
         order-10 filled 1 @ 100 fee 0.05 HARD_STOP
         order-11 sell 1 BTCUSDT
         exec-6 pos-2 sell 1 @ 101.00 fee 0.101 pnl 1
         order-11 filled 1 @ 101 fee 0.101 HARD_STOP
         0 open, 0 tied up
         equity 10001.498 cash 10001.498 used 0 available 10001.498 today 1.498",
    );
}

#[test]
fn a_stop_overtakes_orders_on_their_way() {
    check(
        "neither the order nor the amendment that was sent before it arrives",
        "rules latency 1500 | deposit 1000 | tick BTCUSDT 100/100 1x100 | buy 1 BTCUSDT | stop | wait 3s
         | tick BTCUSDT 100/100 1x100 | orders | resume RESUME | buy 1 BTCUSDT limit 90 | wait 3s | tick BTCUSDT 100/100 1x100
         | amend order-2 price 99 | pause | wait 3s | tick BTCUSDT 98/98 1x98 | orders",
        "acct-1 opened with 1000
         day opened with 1000
         order-1 buy 1 BTCUSDT on its way
         risk HardStop by Manual
         alert Trading was stopped by hand. All orders cancelled and all positions closed. Nothing is opened until a person resumes.
         order-1 cancelled HARD_STOP
         0 open, 0 tied up
         risk Normal by None
         measured from 1000
         alert Trading is open. Drawdown and daily loss are measured from 1,000.00 USDT on.
         order-2 buy 1 BTCUSDT limit 90.00 on its way
         order-2 buy 1 BTCUSDT limit 90.00
         order-2 buy 1 BTCUSDT limit 99.00 on its way
         risk SoftPause by Manual
         alert Trading was paused by hand. New position openings stopped. Existing positions remain open.
         order-2 cancelled RISK_PAUSED
         0 open, 0 tied up",
    );
}

#[test]
fn nothing_is_carried_under_a_pause_but_what_is_carried_may_go() {
    check(
        "opening is refused, reversing too; closing, flattening and a smaller leverage are not",
        "deposit 1000 | quote BTCUSDT 100/100 | quote BTCUSDT-PERP 100/100 | carry 1 BTCUSDT | buy 1 BTCUSDT-PERP | pause
         | carry 1 BTCUSDT | reverse BTCUSDT-PERP | leverage BTCUSDT-PERP 5 | uncarry pos-1 | flatten | trades",
        "acct-1 opened with 1000
         day opened with 1000
         order-1 buy 1 BTCUSDT of pos-1
         exec-1 pos-1 buy 1 @ 100.00 fee 0.1
         order-1 filled 1 @ 100 fee 0.1
         order-2 sell 1 BTCUSDT-PERP of pos-1
         exec-2 pos-1 sell 1 @ 100.0 fee 0.05
         order-2 filled 1 @ 100 fee 0.05
         order-3 buy 1 BTCUSDT-PERP
         exec-3 pos-2 buy 1 @ 100.0 fee 0.05
         order-3 filled 1 @ 100 fee 0.05
         risk SoftPause by Manual
         alert Trading was paused by hand. New position openings stopped. Existing positions remain open.
         RISK_PAUSED: New position openings stopped. Existing positions remain open. Positions may be reduced and closed; resume_trading with the confirmation RESUME opens trading again
         RISK_PAUSED: New position openings stopped. Existing positions remain open. Positions may be reduced and closed; resume_trading with the confirmation RESUME opens trading again
         BTCUSDT-PERP at leverage 5
         order-4 sell 1 BTCUSDT of pos-1
         exec-4 pos-1 sell 1 @ 100.00 fee 0.1
         order-4 filled 1 @ 100 fee 0.1
         order-5 buy 1 BTCUSDT-PERP of pos-1
         exec-5 pos-1 buy 1 @ 100.0 fee 0.05
         order-5 filled 1 @ 100 fee 0.05
         order-6 sell 1 BTCUSDT-PERP
         exec-6 pos-2 sell 1 @ 100.0 fee 0.05
         order-6 filled 1 @ 100 fee 0.05
         2 trades 0 won 2 lost net -0.4 fees 0.4 funding 0
         rate 0.00 factor 0.0000 expectancy -0.2
         average none and 0.2 largest 0 and 0.3
         BTCUSDT 1 trades 0 won net -0.2 fees 0.2
         BTCUSDT-PERP 2 trades 0 won net -0.2 fees 0.2
         2025-12-10 2 trades 0 won net -0.4 fees 0.4",
    );
}

#[test]
fn funding_liquidation_and_hard_stop_come_in_this_order_in_one_tick() {
    check(
        "the tick after the funding time takes the mark down with spot's",
        "deposit 100 | quote BTCUSDT 100/100 | quote BTCUSDT-PERP 100/100 | buy 5 BTCUSDT-PERP | limits soft_dd=1 hard_dd=50
         | sell 2 BTCUSDT-PERP limit 150 | pause | until 15:59:59 | quote BTCUSDT-PERP 80/80 | quote BTCUSDT 80/80 | guard | show",
        "acct-1 opened with 100
         day opened with 100
         order-1 buy 5 BTCUSDT-PERP
         exec-1 pos-1 buy 5 @ 100.0 fee 0.25
         order-1 filled 5 @ 100 fee 0.25
         risk Normal by None
         order-2 sell 2 BTCUSDT-PERP limit 150.0
         risk SoftPause by Manual
         alert Trading was paused by hand. New position openings stopped. Existing positions remain open.
         pos-1 funding -0.0495 @ 99.0 rate 0.0001 of 16:00:00
         order-2 cancelled LIQUIDATION
         order-3 sell 5 BTCUSDT-PERP
         exec-2 pos-1 sell 5 @ 80.0 fee 0.2 pnl -100
         order-3 filled 5 @ 80 fee 0.2 LIQUIDATION
         alert BTCUSDT-PERP was liquidated: sell 5 at 80, with a fee of 0.2 USDT.
         risk SoftPause by Liquidation
         alert Equity came down to the maintenance margin, so positions are liquidated. New position openings stopped. All positions were liquidated.
         risk HardStop by Drawdown
         alert The loss of 100.49 % from the peak of 100.00 USDT reached the limit of 50 %. All orders cancelled and all positions closed. Nothing is opened until a person resumes.
         HardStop by Drawdown at 100.49 % and 100.49 %: All orders cancelled and all positions closed. Nothing is opened until a person resumes.
         equity -0.4995 cash -0.4995 used 0 available 0 today -100.4995",
    );
}

#[test]
fn a_bracket_that_fills_in_part_in_the_tick_that_pauses_keeps_its_legs() {
    check(
        "half of the entry fills, the price pauses, the rest of the entry goes, the legs protect what is there",
        "deposit 1000 | limits soft_dd=0.05 | tick BTCUSDT 100/100.1 1x100 | buy 2 BTCUSDT limit 99 tp =110 sl 90
         | tick BTCUSDT 98/99.5 1x98.5 | orders | guard",
        "acct-1 opened with 1000
         day opened with 1000
         risk Normal by None
         order-1 buy 2 BTCUSDT limit 99.00 entry of group-1
         exec-1 pos-1 buy 1 @ 99.00 fee 0 maker
         order-1 part 1 of 2 @ 99 fee 0
         order-2 sell 1 BTCUSDT limit 110.00 tp of group-1
         order-3 sell 1 BTCUSDT stop 90.00 sl of group-1
         risk SoftPause by Drawdown
         alert The loss of 0.10 % from the peak of 1,000.00 USDT reached the limit of 0.05 %. New position openings stopped. Existing positions remain open.
         order-1 cancelled 1 of 2 @ 99 RISK_PAUSED
         2 open, 0 tied up
         order-2 sell 1 BTCUSDT limit 110.00 tp of group-1
         order-3 sell 1 BTCUSDT stop 90.00 sl of group-1
         SoftPause by Drawdown at 0.10 % and 0.10 %: New position openings stopped. Existing positions remain open.",
    );
}

#[test]
fn a_stop_without_a_price_is_carried_out_after_a_power_cut() {
    check(
        "the stop was told before the desk went down, its closing comes with the first price",
        "deposit 1000 | tick BTCUSDT 100/100 1x100 | buy 1 BTCUSDT | link down | stop | restart | link live
         | quote ETHUSDT 10/10 | quote BTCUSDT 95/95 | show",
        "acct-1 opened with 1000
         day opened with 1000
         order-1 buy 1 BTCUSDT
         exec-1 pos-1 buy 1 @ 100.00 fee 0.1
         order-1 filled 1 @ 100 fee 0.1
         risk HardStop by Manual
         alert Trading was stopped by hand. All orders cancelled. Positions that have no price yet are closed at the first one. Nothing is opened until a person resumes.
         order-2 sell 1 BTCUSDT
         exec-2 pos-1 sell 1 @ 95.00 fee 0.095 pnl -5
         order-2 filled 1 @ 95 fee 0.095 HARD_STOP
         equity 994.805 cash 994.805 used 0 available 994.805 today -5.195",
    );
}

#[test]
fn a_resting_order_is_measured_by_the_limits_of_when_it_fills() {
    check(
        "the limit came down to 50 after the order was accepted",
        "deposit 1000 | tick BTCUSDT 100/100 1x100 | buy 1 BTCUSDT limit 90 | limits position=50 | tick BTCUSDT 89/89 1x89
         | orders",
        "acct-1 opened with 1000
         day opened with 1000
         order-1 buy 1 BTCUSDT limit 90.00
         risk Normal by None
         order-1 cancelled RISK_LIMIT
         alert order-1 (limit, buy 1 BTCUSDT) was withdrawn when its moment came: it would have exceeded a risk limit.
         0 open, 0 tied up",
    );
}

#[test]
fn a_carry_is_one_trade_once_both_legs_are_closed() {
    check(
        "spot makes 10, the perpetual loses 9, fees are 0.1 + 0.05 + 0.11 + 0.0545: 0.6855 net",
        "deposit 1000 | quote BTCUSDT 100/100 | quote BTCUSDT-PERP 100/100 | carry 1 BTCUSDT | quote BTCUSDT 110/110
         | quote BTCUSDT-PERP 109/109 | uncarry pos-1 | trades",
        "acct-1 opened with 1000
         day opened with 1000
         order-1 buy 1 BTCUSDT of pos-1
         exec-1 pos-1 buy 1 @ 100.00 fee 0.1
         order-1 filled 1 @ 100 fee 0.1
         order-2 sell 1 BTCUSDT-PERP of pos-1
         exec-2 pos-1 sell 1 @ 100.0 fee 0.05
         order-2 filled 1 @ 100 fee 0.05
         order-3 sell 1 BTCUSDT of pos-1
         exec-3 pos-1 sell 1 @ 110.00 fee 0.11 pnl 10
         order-3 filled 1 @ 110 fee 0.11
         order-4 buy 1 BTCUSDT-PERP of pos-1
         exec-4 pos-1 buy 1 @ 109.0 fee 0.0545 pnl -9
         order-4 filled 1 @ 109 fee 0.0545
         1 trades 1 won 0 lost net 0.6855 fees 0.3145 funding 0
         rate 100.00 factor none expectancy 0.6855
         average 0.6855 and none largest 0.6855 and 0
         BTCUSDT 1 trades 1 won net 9.79 fees 0.21
         BTCUSDT-PERP 1 trades 0 won net -9.1045 fees 0.1045
         2025-12-10 1 trades 1 won net 0.6855 fees 0.3145",
    );
}

#[test]
fn a_higher_leverage_frees_what_a_short_ties_up() {
    check(
        "a short of 500 ties up 50 at 10, 10 at 50, and 500 at 1, which is too much beside an order of 600",
        "deposit 1000 | quote BTCUSDT 100/100 | tick BTCUSDT-PERP 100/100 1x100 | sell 5 BTCUSDT-PERP | margins
         | leverage BTCUSDT-PERP 50 | margins | buy 6 BTCUSDT limit 99 | leverage BTCUSDT-PERP 1 | leverage BTCUSDT-PERP 2",
        "acct-1 opened with 1000
         day opened with 1000
         order-1 sell 5 BTCUSDT-PERP
         exec-1 pos-1 sell 5 @ 100.0 fee 0.25
         order-1 filled 5 @ 100 fee 0.25
         equity 999.75 used 50 maintenance 2.5 available 949.75
         pos-1 x10 margin 50 maintenance 2.5 liquidation 298.5 funding 0
         BTCUSDT-PERP at leverage 50
         equity 999.75 used 10 maintenance 2.5 available 989.75
         pos-1 x50 margin 10 maintenance 2.5 liquidation 298.5 funding 0
         order-2 buy 6 BTCUSDT limit 99.00
         INVALID_LEVERAGE: leverage 1 for BTCUSDT-PERP would tie up 490.00 USDT more, 395.156 available: choose a higher one, or close a position first
         BTCUSDT-PERP at leverage 2",
    );
}
