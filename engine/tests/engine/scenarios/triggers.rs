//! Stops, take-profits and trailing stops.

use crate::script::check;

#[test]
fn a_stop_fires_at_its_trigger_and_pays_the_quote() {
    check(
        "a stop fires at its trigger and pays the quote",
        "deposit 10000 | quote BTCUSDT 100/100 | trade BTCUSDT 1x100 | buy 1 BTCUSDT | \
         sell 1 BTCUSDT stop 95 reduce | tick BTCUSDT 94.9/95.1 1x95.01 | tick BTCUSDT 94.8/95 1x95",
        "acct-1 opened with 10000
         day opened with 10000
         order-1 buy 1 BTCUSDT
         exec-1 pos-1 buy 1 @ 100.00 fee 0.1
         order-1 filled 1 @ 100 fee 0.1
         order-2 sell 1 BTCUSDT stop 95.00
         order-2 triggered
         exec-2 pos-1 sell 1 @ 94.80 fee 0.0948 pnl -5.2
         order-2 filled 1 @ 94.8 fee 0.0948",
    );
}

#[test]
fn a_gap_through_a_stop_fills_at_the_new_price() {
    check(
        "a gap through a stop fills at the new price",
        "deposit 10000 | quote BTCUSDT 100/100 | trade BTCUSDT 1x100 | buy 1 BTCUSDT | \
         sell 1 BTCUSDT stop 95 reduce | link down | link live | tick BTCUSDT 80/81 1x80.5",
        "acct-1 opened with 10000
         day opened with 10000
         order-1 buy 1 BTCUSDT
         exec-1 pos-1 buy 1 @ 100.00 fee 0.1
         order-1 filled 1 @ 100 fee 0.1
         order-2 sell 1 BTCUSDT stop 95.00
         order-2 triggered
         exec-2 pos-1 sell 1 @ 80.00 fee 0.08 pnl -20
         order-2 filled 1 @ 80 fee 0.08",
    );
}

#[test]
fn a_stop_waits_for_the_first_price_when_the_quote_is_gone() {
    check(
        "a stop waits for the first price when the quote is gone",
        "deposit 10000 | quote BTCUSDT 100/100 | trade BTCUSDT 1x100 | buy 1 BTCUSDT | \
         sell 1 BTCUSDT stop 95 reduce | link stalled | link live | tick BTCUSDT 95/80 1x90 | orders | \
         quote BTCUSDT 89/90",
        "acct-1 opened with 10000
         day opened with 10000
         order-1 buy 1 BTCUSDT
         exec-1 pos-1 buy 1 @ 100.00 fee 0.1
         order-1 filled 1 @ 100 fee 0.1
         order-2 sell 1 BTCUSDT stop 95.00
         order-2 triggered
         1 open, 0 tied up
         order-2 triggered
         exec-2 pos-1 sell 1 @ 89.00 fee 0.089 pnl -11
         order-2 filled 1 @ 89 fee 0.089",
    );
}

#[test]
fn a_triggered_stop_limit_rests_at_its_price() {
    check(
        "a triggered stop limit rests at its price",
        "deposit 10000 | quote BTCUSDT 100/100 | trade BTCUSDT 1x100 | buy 1 BTCUSDT | \
         sell 1 BTCUSDT stop 95 limit 94 reduce | tick BTCUSDT 90/91 1x90 | orders | \
         amend order-2 trigger 80 | tick BTCUSDT 94.01/95 1x94",
        "acct-1 opened with 10000
         day opened with 10000
         order-1 buy 1 BTCUSDT
         exec-1 pos-1 buy 1 @ 100.00 fee 0.1
         order-1 filled 1 @ 100 fee 0.1
         order-2 sell 1 BTCUSDT stop 95.00 limit 94.00
         order-2 triggered
         1 open, 0 tied up
         order-2 triggered
         INVALID_FIELD: order-2 was triggered already: its price and quantity can be changed, its trigger cannot
         exec-2 pos-1 sell 1 @ 94.00 fee 0 pnl -6 maker
         order-2 filled 1 @ 94 fee 0",
    );
}

#[test]
fn a_triggered_stop_limit_that_is_marketable_takes() {
    check(
        "a triggered stop limit that is marketable takes",
        "deposit 10000 | quote BTCUSDT 100/100 | trade BTCUSDT 1x100 | buy 1 BTCUSDT stop 105 limit 106 | \
         tick BTCUSDT 104/105 1x105",
        "acct-1 opened with 10000
         day opened with 10000
         order-1 buy 1 BTCUSDT stop 105.00 limit 106.00
         order-1 triggered
         exec-1 pos-1 buy 1 @ 105.00 fee 0.105
         order-1 filled 1 @ 105 fee 0.105",
    );
}

#[test]
fn a_post_only_stop_limit_that_would_take_is_rejected_when_triggered() {
    check(
        "a post only stop limit that would take is rejected when triggered",
        "deposit 10000 | quote BTCUSDT 100/100 | trade BTCUSDT 1x100 | \
         buy 1 BTCUSDT stop 105 limit 106 post | tick BTCUSDT 104/105 1x105",
        "acct-1 opened with 10000
         day opened with 10000
         order-1 buy 1 BTCUSDT stop 105.00 limit 106.00
         order-1 triggered
         order-1 rejected WOULD_TAKE",
    );
}

#[test]
fn a_take_profit_fires_on_the_good_side() {
    check(
        "a take profit fires on the good side",
        "deposit 10000 | quote BTCUSDT 100/100 | trade BTCUSDT 1x100 | buy 1 BTCUSDT | \
         sell 1 BTCUSDT take 110 reduce | tick BTCUSDT 110/111 1x109.99 | tick BTCUSDT 110/111 1x110",
        "acct-1 opened with 10000
         day opened with 10000
         order-1 buy 1 BTCUSDT
         exec-1 pos-1 buy 1 @ 100.00 fee 0.1
         order-1 filled 1 @ 100 fee 0.1
         order-2 sell 1 BTCUSDT take 110.00
         order-2 triggered
         exec-2 pos-1 sell 1 @ 110.00 fee 0.11 pnl 10
         order-2 filled 1 @ 110 fee 0.11",
    );
}

#[test]
fn a_take_profit_limit_rests_once_triggered() {
    check(
        "a take profit limit rests once triggered",
        "deposit 10000 | quote BTCUSDT 100/100 | trade BTCUSDT 1x100 | buy 1 BTCUSDT take 90 limit 89 | \
         tick BTCUSDT 89.5/90.5 1x90 | tick BTCUSDT 88/89.5 4x88.5",
        "acct-1 opened with 10000
         day opened with 10000
         order-1 buy 1 BTCUSDT take 90.00 limit 89.00
         order-1 triggered
         exec-1 pos-1 buy 1 @ 89.00 fee 0 maker
         order-1 filled 1 @ 89 fee 0",
    );
}

#[test]
fn triggered_orders_pay_the_slippage_too() {
    check(
        "triggered orders pay the slippage too",
        "deposit 10000 | rules slippage 10 | quote BTCUSDT 100/100.01 | trade BTCUSDT 1x100 | \
         buy 1 BTCUSDT | sell 1 BTCUSDT stop 95 reduce | tick BTCUSDT 94.99/95 1x94.99",
        "acct-1 opened with 10000
         day opened with 10000
         order-1 buy 1 BTCUSDT
         exec-1 pos-1 buy 1 @ 100.12 fee 0.10012
         order-1 filled 1 @ 100.12 fee 0.10012
         order-2 sell 1 BTCUSDT stop 95.00
         order-2 triggered
         exec-2 pos-1 sell 1 @ 94.89 fee 0.09489 pnl -5.23
         order-2 filled 1 @ 94.89 fee 0.09489",
    );
}

#[test]
fn a_trigger_that_cannot_be_paid_for_is_rejected() {
    check(
        "a trigger that cannot be paid for is rejected",
        "deposit 1000 | quote ETHUSDT 100/100 | trade ETHUSDT 1x100 | buy 9 ETHUSDT stop 105 | \
         tick ETHUSDT 149/150 1x150 | orders",
        "acct-1 opened with 1000
         day opened with 1000
         order-1 buy 9 ETHUSDT stop 105.00
         order-1 triggered
         order-1 rejected INSUFFICIENT_BALANCE
         0 open, 0 tied up",
    );
}

#[test]
fn a_trailing_stop_follows_and_never_goes_back() {
    check(
        "a trailing stop follows and never goes back",
        "deposit 10000 | quote BTCUSDT 100/100 | trade BTCUSDT 1x100 | buy 1 BTCUSDT | \
         sell 1 BTCUSDT trail 5 reduce | trade BTCUSDT 1x103 | trade BTCUSDT 1x101 | \
         trade BTCUSDT 1x104.5 | tick BTCUSDT 99.4/99.6 1x99.51 | tick BTCUSDT 99.4/99.6 1x99.5",
        "acct-1 opened with 10000
         day opened with 10000
         order-1 buy 1 BTCUSDT
         exec-1 pos-1 buy 1 @ 100.00 fee 0.1
         order-1 filled 1 @ 100 fee 0.1
         order-2 sell 1 BTCUSDT peak 100 stop 95
         order-2 sell 1 BTCUSDT peak 103.00 stop 98
         order-2 sell 1 BTCUSDT peak 104.50 stop 99.5
         order-2 triggered
         exec-2 pos-1 sell 1 @ 99.40 fee 0.0994 pnl -0.6
         order-2 filled 1 @ 99.4 fee 0.0994",
    );
}

#[test]
fn a_trailing_percent_is_rounded_so_that_it_never_fires_early() {
    check(
        "a trailing percent is rounded so that it never fires early",
        "deposit 10000 | quote BTCUSDT 100/100 | trade BTCUSDT 1x99.99 | sell 1 BTCUSDT trail 3.33% | \
         buy 1 BTCUSDT trail 3.33% | orders",
        "acct-1 opened with 10000
         day opened with 10000
         order-1 sell 1 BTCUSDT peak 99.99 stop 96.66
         order-2 buy 1 BTCUSDT peak 99.99 stop 103.32
         2 open, 200.17998 tied up
         order-1 sell 1 BTCUSDT peak 99.99 stop 96.66
         order-2 buy 1 BTCUSDT peak 99.99 stop 103.32",
    );
}

#[test]
fn a_trailing_stop_sleeps_until_its_activation_price() {
    check(
        "a trailing stop sleeps until its activation price",
        "deposit 10000 | quote BTCUSDT 100/100 | trade BTCUSDT 1x100 | buy 1 BTCUSDT | \
         sell 1 BTCUSDT trail 5 from 110 reduce | trade BTCUSDT 1x90 | trade BTCUSDT 1x112 | \
         tick BTCUSDT 107/107 1x107",
        "acct-1 opened with 10000
         day opened with 10000
         order-1 buy 1 BTCUSDT
         exec-1 pos-1 buy 1 @ 100.00 fee 0.1
         order-1 filled 1 @ 100 fee 0.1
         order-2 sell 1 BTCUSDT peak 110.00 stop 105 dormant
         order-2 sell 1 BTCUSDT peak 112.00 stop 107
         order-2 triggered
         exec-2 pos-1 sell 1 @ 107.00 fee 0.107 pnl 7
         order-2 filled 1 @ 107 fee 0.107",
    );
}

#[test]
fn a_trailing_stop_lives_through_a_restart() {
    check(
        "a trailing stop lives through a restart",
        "deposit 10000 | quote BTCUSDT 100/100 | trade BTCUSDT 1x100 | buy 1 BTCUSDT | \
         sell 1 BTCUSDT trail 5 reduce | trade BTCUSDT 1x120 | restart | orders | link live | \
         tick BTCUSDT 114/115 1x114.5",
        "acct-1 opened with 10000
         day opened with 10000
         order-1 buy 1 BTCUSDT
         exec-1 pos-1 buy 1 @ 100.00 fee 0.1
         order-1 filled 1 @ 100 fee 0.1
         order-2 sell 1 BTCUSDT peak 100 stop 95
         order-2 sell 1 BTCUSDT peak 120.00 stop 115
         1 open, 0 tied up
         order-2 sell 1 BTCUSDT peak 120.00 stop 115
         order-2 triggered
         exec-2 pos-1 sell 1 @ 114.00 fee 0.114 pnl 14
         order-2 filled 1 @ 114 fee 0.114",
    );
}

#[test]
fn a_trailing_buy_follows_down() {
    check(
        "a trailing buy follows down",
        "deposit 10000 | quote BTCUSDT 100/100 | trade BTCUSDT 1x100 | sell 1 BTCUSDT | \
         buy 1 BTCUSDT trail 5 reduce | trade BTCUSDT 1x90 | trade BTCUSDT 1x94.99 | \
         tick BTCUSDT 95/95.5 1x95",
        "acct-1 opened with 10000
         day opened with 10000
         order-1 sell 1 BTCUSDT
         exec-1 pos-1 sell 1 @ 100.00 fee 0.1
         order-1 filled 1 @ 100 fee 0.1
         order-2 buy 1 BTCUSDT peak 100 stop 105
         order-2 buy 1 BTCUSDT peak 90.00 stop 95
         order-2 triggered
         exec-2 pos-1 buy 1 @ 95.50 fee 0.0955 pnl 4.5
         order-2 filled 1 @ 95.5 fee 0.0955",
    );
}

#[test]
fn reduce_only_fills_at_most_what_is_held() {
    check(
        "reduce only fills at most what is held",
        "deposit 10000 | quote ETHUSDT 100/100 | trade ETHUSDT 1x100 | buy 3 ETHUSDT | \
         sell 5 ETHUSDT stop 95 reduce | sell 4 ETHUSDT limit 110 reduce | trade ETHUSDT 1x111 | \
         trade ETHUSDT 1x94 | orders | show",
        "acct-1 opened with 10000
         day opened with 10000
         order-1 buy 3 ETHUSDT
         exec-1 pos-1 buy 3 @ 100.00 fee 0
         order-1 filled 3 @ 100 fee 0
         order-2 sell 5 ETHUSDT stop 95.00
         order-3 sell 4 ETHUSDT limit 110.00
         exec-2 pos-1 sell 1 @ 110.00 fee 0 pnl 10 maker
         order-3 part 1 of 4 @ 110 fee 0
         order-2 triggered
         exec-3 pos-1 sell 2 @ 100.00 fee 0
         order-2 cancelled 2 of 5 @ 100 NOTHING_TO_REDUCE
         order-3 cancelled 1 of 4 @ 110 NOTHING_TO_REDUCE
         0 open, 0 tied up
         equity 10010 cash 10010 used 0 available 10010 today 10",
    );
}

#[test]
fn what_has_nothing_left_to_reduce_goes_with_the_position() {
    check(
        "what has nothing left to reduce goes with the position",
        "deposit 10000 | quote ETHUSDT 100/100 | trade ETHUSDT 1x100 | buy 3 ETHUSDT | \
         sell 3 ETHUSDT stop 95 reduce | sell 1 ETHUSDT | orders | reverse ETHUSDT | orders",
        "acct-1 opened with 10000
         day opened with 10000
         order-1 buy 3 ETHUSDT
         exec-1 pos-1 buy 3 @ 100.00 fee 0
         order-1 filled 3 @ 100 fee 0
         order-2 sell 3 ETHUSDT stop 95.00
         order-3 sell 1 ETHUSDT
         exec-2 pos-1 sell 1 @ 100.00 fee 0
         order-3 filled 1 @ 100 fee 0
         1 open, 0 tied up
         order-2 sell 3 ETHUSDT stop 95.00
         order-4 sell 4 ETHUSDT
         exec-3 pos-1 sell 2 @ 100.00 fee 0
         exec-4 pos-2 sell 2 @ 100.00 fee 0
         order-4 filled 4 @ 100 fee 0
         order-2 cancelled NOTHING_TO_REDUCE
         0 open, 0 tied up",
    );
}
