//! Positions: adding, halving, turning; costs that do not divide; margin.

use crate::script::check;

#[test]
fn long_then_half_closed() {
    check(
        "the half that is closed is realised, the rest keeps its entry price",
        "deposit 10000 | quote BTCUSDT 99.9/100 | buy 1 BTCUSDT | quote BTCUSDT 110/110.1 | close BTCUSDT 50% | show",
        "acct-1 opened with 10000
         day opened with 10000
         order-1 buy 1 BTCUSDT
         exec-1 pos-1 buy 1 @ 100.00 fee 0.1
         order-1 filled 1 @ 100 fee 0.1
         order-2 sell 0.5 BTCUSDT
         exec-2 pos-1 sell 0.5 @ 110.00 fee 0.055 pnl 5
         order-2 filled 0.5 @ 110 fee 0.055
         equity 10009.845 cash 10004.845 used 50 available 9954.845 today 9.845
         pos-1 buy 0.5 BTCUSDT @ 100 mark 110.00 pnl 5 (10.00 %)",
    );
}

#[test]
fn a_cost_that_does_not_divide_loses_nothing() {
    check(
        "a third of 100.01 twice, and then the rest: together -0.01 less nothing",
        "deposit 1000 | quote ETHUSDT 33.33/33.33 | buy 1 ETHUSDT | quote ETHUSDT 33.34/33.34 | buy 2 ETHUSDT
         | close ETHUSDT 33.34% | sell 1 ETHUSDT | close ETHUSDT | show",
        "acct-1 opened with 1000
         day opened with 1000
         order-1 buy 1 ETHUSDT
         exec-1 pos-1 buy 1 @ 33.33 fee 0
         order-1 filled 1 @ 33.33 fee 0
         order-2 buy 2 ETHUSDT
         exec-2 pos-1 buy 2 @ 33.34 fee 0
         order-2 filled 2 @ 33.34 fee 0
         order-3 sell 1 ETHUSDT
         exec-3 pos-1 sell 1 @ 33.34 fee 0 pnl 0.00333333
         order-3 filled 1 @ 33.34 fee 0
         order-4 sell 1 ETHUSDT
         exec-4 pos-1 sell 1 @ 33.34 fee 0 pnl 0.00333334
         order-4 filled 1 @ 33.34 fee 0
         order-5 sell 1 ETHUSDT
         exec-5 pos-1 sell 1 @ 33.34 fee 0 pnl 0.00333333
         order-5 filled 1 @ 33.34 fee 0
         equity 1000.01 cash 1000.01 used 0 available 1000.01 today 0.01",
    );
}

#[test]
fn an_average_that_has_no_end_closes_without_a_rest() {
    check(
        "100.01 / 3 = 33.33666…; closing all of it at once realises the exact difference",
        "deposit 1000 | quote ETHUSDT 33.33/33.33 | buy 1 ETHUSDT | quote ETHUSDT 33.34/33.34 | buy 2 ETHUSDT
         | quote ETHUSDT 40/40 | show | close ETHUSDT | show",
        "acct-1 opened with 1000
         day opened with 1000
         order-1 buy 1 ETHUSDT
         exec-1 pos-1 buy 1 @ 33.33 fee 0
         order-1 filled 1 @ 33.33 fee 0
         order-2 buy 2 ETHUSDT
         exec-2 pos-1 buy 2 @ 33.34 fee 0
         order-2 filled 2 @ 33.34 fee 0
         equity 1019.99 cash 1000 used 100.01 available 899.99 today 19.99
         pos-1 buy 3 ETHUSDT @ 33.336667 mark 40.00 pnl 19.99 (19.99 %)
         order-3 sell 3 ETHUSDT
         exec-3 pos-1 sell 3 @ 40.00 fee 0 pnl 19.99
         order-3 filled 3 @ 40 fee 0
         equity 1019.99 cash 1019.99 used 0 available 1019.99 today 19.99",
    );
}

#[test]
fn a_short_is_marked_at_the_ask() {
    check(
        "it could be closed at the ask",
        "deposit 1000 | quote BTCUSDT 100/101 | sell 2 BTCUSDT | show | quote BTCUSDT 89/90 | show",
        "acct-1 opened with 1000
         day opened with 1000
         order-1 sell 2 BTCUSDT
         exec-1 pos-1 sell 2 @ 100.00 fee 0.2
         order-1 filled 2 @ 100 fee 0.2
         equity 997.8 cash 999.8 used 200 available 797.8 today -2.2
         pos-1 sell 2 BTCUSDT @ 100 mark 101.00 pnl -2 (-1.00 %)
         equity 1019.8 cash 999.8 used 200 available 799.8 today 19.8
         pos-1 sell 2 BTCUSDT @ 100 mark 90.00 pnl 20 (10.00 %)",
    );
}

#[test]
fn turning_closes_one_position_and_opens_another() {
    check(
        "one order, two executions with a fee each",
        "deposit 1000 | quote BTCUSDT 100/100 | buy 1 BTCUSDT | quote BTCUSDT 110/110 | sell 3 BTCUSDT | show",
        "acct-1 opened with 1000
         day opened with 1000
         order-1 buy 1 BTCUSDT
         exec-1 pos-1 buy 1 @ 100.00 fee 0.1
         order-1 filled 1 @ 100 fee 0.1
         order-2 sell 3 BTCUSDT
         exec-2 pos-1 sell 1 @ 110.00 fee 0.11 pnl 10
         exec-3 pos-2 sell 2 @ 110.00 fee 0.22
         order-2 filled 3 @ 110 fee 0.33
         equity 1009.57 cash 1009.57 used 220 available 789.57 today 9.57
         pos-2 sell 2 BTCUSDT @ 110 mark 110.00 pnl 0 (0.00 %)",
    );
}

#[test]
fn a_turn_is_paid_for_by_what_the_close_frees() {
    check(
        "all in, then all in on the other side; a step more is refused and changes nothing",
        "deposit 1000 | quote ETHUSDT 100/100 | buy 10 ETHUSDT | show | sell 20.01 ETHUSDT | sell 20 ETHUSDT | show",
        "acct-1 opened with 1000
         day opened with 1000
         order-1 buy 10 ETHUSDT
         exec-1 pos-1 buy 10 @ 100.00 fee 0
         order-1 filled 10 @ 100 fee 0
         equity 1000 cash 1000 used 1000 available 0 today 0
         pos-1 buy 10 ETHUSDT @ 100 mark 100.00 pnl 0 (0.00 %)
         INSUFFICIENT_BALANCE: needs 1,001.00 USDT with the fee, 1,000.00 available: order less, or close a position first
         order-2 sell 20 ETHUSDT
         exec-2 pos-1 sell 10 @ 100.00 fee 0
         exec-3 pos-2 sell 10 @ 100.00 fee 0
         order-2 filled 20 @ 100 fee 0
         equity 1000 cash 1000 used 1000 available 0 today 0
         pos-2 sell 10 ETHUSDT @ 100 mark 100.00 pnl 0 (0.00 %)",
    );
}

#[test]
fn losses_bind_what_is_available_and_gains_free_nothing() {
    check(
        "a gain of 50 in one and a loss of 100 in the other: the loss alone counts",
        "deposit 1000 | quote ETHUSDT 100/100 | quote BTCUSDT 100/100 | quote DOGEUSDT 1/1
         | buy 2 ETHUSDT | buy 2 BTCUSDT | quote ETHUSDT 125/125 | quote BTCUSDT 50/50 | show
         | buy 500 DOGEUSDT",
        "acct-1 opened with 1000
         day opened with 1000
         order-1 buy 2 ETHUSDT
         exec-1 pos-1 buy 2 @ 100.00 fee 0
         order-1 filled 2 @ 100 fee 0
         order-2 buy 2 BTCUSDT
         exec-2 pos-2 buy 2 @ 100.00 fee 0.2
         order-2 filled 2 @ 100 fee 0.2
         equity 949.8 cash 999.8 used 400 available 499.8 today -50.2
         pos-1 buy 2 ETHUSDT @ 100 mark 125.00 pnl 50 (25.00 %)
         pos-2 buy 2 BTCUSDT @ 100 mark 50.00 pnl -100 (-50.00 %)
         INSUFFICIENT_BALANCE: needs 500.275 USDT with the fee, 499.80 available: order less, or close a position first",
    );
}

#[test]
fn reducing_is_always_allowed() {
    check(
        "a short is closed although a thin book takes cash below zero",
        "deposit 100.1 | quote BTCUSDT 100/100 | sell 1 BTCUSDT | quote BTCUSDT 189/190 | show
         | depth BTCUSDT 1x189 / 0.001x190 1x400 | close BTCUSDT | show",
        "
         acct-1 opened with 100.1
         day opened with 100.1
         order-1 sell 1 BTCUSDT
         exec-1 pos-1 sell 1 @ 100.00 fee 0.1
         order-1 filled 1 @ 100 fee 0.1
         alert The maintenance margin is 95.00 % of the equity: at 100 % positions are liquidated. Reduce a position.
         equity 10 cash 100 used 100 available 0 today -90.1
         pos-1 sell 1 BTCUSDT @ 100 mark 190.00 pnl -90 (-90.00 %)
         order-2 buy 1 BTCUSDT
         exec-2 pos-1 buy 0.001 @ 190.00 fee 0.00019 pnl -0.09
         exec-3 pos-1 buy 0.999 @ 400.00 fee 0.3996 pnl -299.7
         order-2 filled 1 @ 399.79 fee 0.39979
         alert The maintenance margin is 0 % of the equity again.
         equity -200.18979 cash -200.18979 used 0 available 0 today -300.28979",
    );
}

#[test]
fn reduce_only_never_turns() {
    check(
        "it is capped at what is held",
        "deposit 1000 | quote ETHUSDT 100/100 | buy 1 ETHUSDT | sell 5 ETHUSDT reduce | show",
        "acct-1 opened with 1000
         day opened with 1000
         order-1 buy 1 ETHUSDT
         exec-1 pos-1 buy 1 @ 100.00 fee 0
         order-1 filled 1 @ 100 fee 0
         order-2 sell 1 ETHUSDT
         exec-2 pos-1 sell 1 @ 100.00 fee 0
         order-2 filled 1 @ 100 fee 0
         equity 1000 cash 1000 used 0 available 1000 today 0",
    );
}
