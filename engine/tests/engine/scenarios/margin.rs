//! Perpetuals: marks, leverage, margins, liquidation.

use crate::script::{TestDesk, check};
use tickwire_engine::{Event, Fact};
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::id::{AccountId, OrderId, Symbol};
use tickwire_protocol::order::{Order, OrderReason, OrderStatus, OrderType, Side};

#[test]
fn a_perpetual_is_marked_at_its_middle_within_one_percent_of_spot() {
    check(
        "its own middle without an index, clamped with one; a long and a short have the same mark",
        "deposit 1000 | quote BTCUSDT-PERP 110/110.2 | buy 1 BTCUSDT-PERP | show | quote BTCUSDT 100/100 | show
         | quote BTCUSDT 108.9/109.1 | show | quote BTCUSDT-PERP 50/50 | show",
        "acct-1 opened with 1000
         day opened with 1000
         order-1 buy 1 BTCUSDT-PERP
         exec-1 pos-1 buy 1 @ 110.2 fee 0.0551
         order-1 filled 1 @ 110.2 fee 0.0551
         equity 999.8449 cash 999.9449 used 11.02 available 988.8249 today -0.1551
         pos-1 buy 1 BTCUSDT-PERP @ 110.2 mark 110.1 pnl -0.1 (-0.09 %)
         equity 990.7449 cash 999.9449 used 11.02 available 979.7249 today -9.2551
         pos-1 buy 1 BTCUSDT-PERP @ 110.2 mark 101.0 pnl -9.2 (-8.35 %)
         equity 999.8449 cash 999.9449 used 11.02 available 988.8249 today -0.1551
         pos-1 buy 1 BTCUSDT-PERP @ 110.2 mark 110.1 pnl -0.1 (-0.09 %)
         equity 997.6449 cash 999.9449 used 11.02 available 986.6249 today -2.3551
         pos-1 buy 1 BTCUSDT-PERP @ 110.2 mark 107.9 pnl -2.3 (-2.09 %)",
    );
}

#[test]
fn a_thin_book_liquidates_nobody() {
    check(
        "somebody sells the book down to 10, but spot stands",
        "deposit 100 | quote BTCUSDT 100/100 | quote BTCUSDT-PERP 100/100 | buy 5 BTCUSDT-PERP
         | quote BTCUSDT-PERP 10/10 | margins | quote BTCUSDT-PERP 100/100 | margins",
        "acct-1 opened with 100
         day opened with 100
         order-1 buy 5 BTCUSDT-PERP
         exec-1 pos-1 buy 5 @ 100.0 fee 0.25
         order-1 filled 5 @ 100 fee 0.25
         equity 94.75 used 50 maintenance 2.475 available 44.75
         pos-1 x10 margin 50 maintenance 2.475 liquidation 80.4 funding 0
         equity 99.75 used 50 maintenance 2.5 available 49.75
         pos-1 x10 margin 50 maintenance 2.5 liquidation 80.4 funding 0",
    );
}

#[test]
fn a_long_is_liquidated_at_the_price_shown_and_not_a_tick_before() {
    check(
        "(500 - 99.75) / (5 x 0.995) = 80.45…",
        "deposit 100 | quote BTCUSDT 100/100 | quote BTCUSDT-PERP 100/100 | buy 5 BTCUSDT-PERP | margins | show
         | quote BTCUSDT 80.5/80.5 | quote BTCUSDT-PERP 80.5/80.5 | margins
         | quote BTCUSDT 80.4/80.4 | quote BTCUSDT-PERP 80.4/80.4 | show",
        "
         acct-1 opened with 100
         day opened with 100
         order-1 buy 5 BTCUSDT-PERP
         exec-1 pos-1 buy 5 @ 100.0 fee 0.25
         order-1 filled 5 @ 100 fee 0.25
         equity 99.75 used 50 maintenance 2.5 available 49.75
         pos-1 x10 margin 50 maintenance 2.5 liquidation 80.4 funding 0
         equity 99.75 cash 99.75 used 50 available 49.75 today -0.25
         pos-1 buy 5 BTCUSDT-PERP @ 100 mark 100.0 pnl 0 (0.00 %)
         alert The maintenance margin is 89.44 % of the equity: at 100 % positions are liquidated. Reduce a position.
         equity 2.25 used 50 maintenance 2.0125 available 0
         pos-1 x10 margin 50 maintenance 2.0125 liquidation 80.4 funding 0
         order-2 sell 5 BTCUSDT-PERP
         exec-2 pos-1 sell 5 @ 80.4 fee 0.201 pnl -98
         order-2 filled 5 @ 80.4 fee 0.201 LIQUIDATION
         alert BTCUSDT-PERP was liquidated: sell 5 at 80.4, with a fee of 0.201 USDT.
         risk SoftPause by Liquidation
         alert Equity came down to the maintenance margin, so positions are liquidated. New position openings stopped. All positions were liquidated.
         alert The maintenance margin is 0 % of the equity again.
         equity 1.549 cash 1.549 used 0 available 1.549 today -98.451",
    );
}

#[test]
fn a_short_is_liquidated_at_the_price_shown_and_not_a_tick_before() {
    check(
        "(500 + 99.75) / (5 x 1.005) = 119.35…",
        "deposit 100 | quote BTCUSDT 100/100 | quote BTCUSDT-PERP 100/100 | sell 5 BTCUSDT-PERP | margins
         | quote BTCUSDT 119.3/119.3 | quote BTCUSDT-PERP 119.3/119.3 | margins
         | quote BTCUSDT 119.4/119.4 | quote BTCUSDT-PERP 119.4/119.4 | show",
        "
         acct-1 opened with 100
         day opened with 100
         order-1 sell 5 BTCUSDT-PERP
         exec-1 pos-1 sell 5 @ 100.0 fee 0.25
         order-1 filled 5 @ 100 fee 0.25
         equity 99.75 used 50 maintenance 2.5 available 49.75
         pos-1 x10 margin 50 maintenance 2.5 liquidation 119.4 funding 0
         alert The maintenance margin is 91.77 % of the equity: at 100 % positions are liquidated. Reduce a position.
         equity 3.25 used 50 maintenance 2.9825 available 0
         pos-1 x10 margin 50 maintenance 2.9825 liquidation 119.4 funding 0
         order-2 buy 5 BTCUSDT-PERP
         exec-2 pos-1 buy 5 @ 119.4 fee 0.2985 pnl -97
         order-2 filled 5 @ 119.4 fee 0.2985 LIQUIDATION
         alert BTCUSDT-PERP was liquidated: buy 5 at 119.4, with a fee of 0.2985 USDT.
         risk SoftPause by Liquidation
         alert Equity came down to the maintenance margin, so positions are liquidated. New position openings stopped. All positions were liquidated.
         alert The maintenance margin is 0 % of the equity again.
         equity 2.4515 cash 2.4515 used 0 available 2.4515 today -97.5485",
    );
}

#[test]
fn spot_alone_moves_the_mark_of_a_perpetual() {
    check(
        "the clamp follows the index, and whoever holds the perpetual is looked at",
        "deposit 100 | quote BTCUSDT 100/100 | quote BTCUSDT-PERP 100/100 | buy 5 BTCUSDT-PERP
         | quote BTCUSDT 79/79 | show",
        "
         acct-1 opened with 100
         day opened with 100
         order-1 buy 5 BTCUSDT-PERP
         exec-1 pos-1 buy 5 @ 100.0 fee 0.25
         order-1 filled 5 @ 100 fee 0.25
         order-2 sell 5 BTCUSDT-PERP
         exec-2 pos-1 sell 5 @ 100.0 fee 0.25
         order-2 filled 5 @ 100 fee 0.25 LIQUIDATION
         alert BTCUSDT-PERP was liquidated: sell 5 at 100, with a fee of 0.25 USDT.
         risk SoftPause by Liquidation
         alert Equity came down to the maintenance margin, so positions are liquidated. New position openings stopped. All positions were liquidated.
         equity 99.5 cash 99.5 used 0 available 99.5 today -0.5",
    );
}

#[test]
fn a_gap_leaves_a_debt() {
    check(
        "the loss beyond the margin stays with the account",
        "deposit 100 | quote BTCUSDT 100/100 | quote BTCUSDT-PERP 100/100 | buy 5 BTCUSDT-PERP
         | quote BTCUSDT-PERP 50/50 | quote BTCUSDT 50/50 | show | buy 0.1 BTCUSDT-PERP | resume RESUME
         | buy 0.1 BTCUSDT-PERP",
        "
         acct-1 opened with 100
         day opened with 100
         order-1 buy 5 BTCUSDT-PERP
         exec-1 pos-1 buy 5 @ 100.0 fee 0.25
         order-1 filled 5 @ 100 fee 0.25
         order-2 sell 5 BTCUSDT-PERP
         exec-2 pos-1 sell 5 @ 50.0 fee 0.125 pnl -250
         order-2 filled 5 @ 50 fee 0.125 LIQUIDATION
         alert BTCUSDT-PERP was liquidated: sell 5 at 50, with a fee of 0.125 USDT.
         risk SoftPause by Liquidation
         alert Equity came down to the maintenance margin, so positions are liquidated. New position openings stopped. All positions were liquidated.
         equity -150.375 cash -150.375 used 0 available 0 today -250.375
         RISK_PAUSED: New position openings stopped. All positions were liquidated. Positions may be reduced and closed; resume_trading with the confirmation RESUME opens trading again
         risk Normal by None
         measured from -150.375
         alert Trading is open. Drawdown and daily loss are measured from -150.38 USDT on.
         INSUFFICIENT_BALANCE: needs 0.5025 USDT with the fee, 0.00 available: order less, or close a position first",
    );
}

#[test]
fn a_spot_short_is_liquidated_before_its_collateral_is_gone() {
    check(
        "(100 + 199.9945) / 1.05 = 285.70…; what is bought needs no backing and has no such price",
        "deposit 200 | quote ETHUSDT 100/100 | sell 1 ETHUSDT | quote DOGEUSDT 1/1 | buy 5 DOGEUSDT | margins
         | close DOGEUSDT | margins | quote ETHUSDT 285.70/285.70 | margins | quote ETHUSDT 285.71/285.71 | show",
        "
         acct-1 opened with 200
         day opened with 200
         order-1 sell 1 ETHUSDT
         exec-1 pos-1 sell 1 @ 100.00 fee 0
         order-1 filled 1 @ 100 fee 0
         order-2 buy 5 DOGEUSDT
         exec-2 pos-2 buy 5 @ 1.00000 fee 0.00275
         order-2 filled 5 @ 1 fee 0.00275
         equity 199.99725 used 105 maintenance 5 available 94.99725
         pos-1 x1 margin 100 maintenance 5 liquidation 285.72 funding 0
         pos-2 x1 margin 5 maintenance 0 liquidation none funding 0
         order-3 sell 5 DOGEUSDT
         exec-3 pos-2 sell 5 @ 1.00000 fee 0.00275
         order-3 filled 5 @ 1 fee 0.00275
         equity 199.9945 used 100 maintenance 5 available 99.9945
         pos-1 x1 margin 100 maintenance 5 liquidation 285.71 funding 0
         alert The maintenance margin is 99.93 % of the equity: at 100 % positions are liquidated. Reduce a position.
         equity 14.2945 used 100 maintenance 14.285 available 0
         pos-1 x1 margin 100 maintenance 14.285 liquidation 285.71 funding 0
         order-4 buy 1 ETHUSDT
         exec-4 pos-1 buy 1 @ 285.71 fee 0 pnl -185.71
         order-4 filled 1 @ 285.71 fee 0 LIQUIDATION
         alert ETHUSDT was liquidated: buy 1 at 285.71, with a fee of 0 USDT.
         risk SoftPause by Liquidation
         alert Equity came down to the maintenance margin, so positions are liquidated. New position openings stopped. All positions were liquidated.
         alert The maintenance margin is 0 % of the equity again.
         equity 14.2845 cash 14.2845 used 0 available 14.2845 today -185.7155",
    );
}

#[test]
fn leverage_is_set_within_bounds_and_means() {
    check(
        "what ties up less is always allowed",
        "deposit 100 | quote ETHUSDT 100/100 | quote ETHUSDT-PERP 100/100 | leverage ETHUSDT-PERP 0
         | leverage ETHUSDT-PERP 21 | leverage ETHUSDT 2 | leverage ETHUSDT 1 | leverage XRPUSDT 2
         | buy 4 ETHUSDT-PERP | margins | leverage ETHUSDT-PERP 3 | leverage ETHUSDT-PERP 4 | leverage ETHUSDT-PERP 4
         | margins | quote ETHUSDT 90/90 | quote ETHUSDT-PERP 90/90 | leverage ETHUSDT-PERP 3
         | leverage ETHUSDT-PERP 20 | margins | restart | quote ETHUSDT 90/90 | quote ETHUSDT-PERP 90/90 | margins",
        "acct-1 opened with 100
         day opened with 100
         INVALID_LEVERAGE: the leverage of ETHUSDT-PERP must lie within 1 and 20, not 0
         INVALID_LEVERAGE: the leverage of ETHUSDT-PERP must lie within 1 and 20, not 21
         INVALID_LEVERAGE: the leverage of ETHUSDT is 1, not 2: only perpetuals have another
         UNKNOWN_SYMBOL: no instrument XRPUSDT here; there are BTCUSDT, ETHUSDT, DOGEUSDT, BTCUSDT-PERP, ETHUSDT-PERP: get_instruments lists all
         order-1 buy 4 ETHUSDT-PERP
         exec-1 pos-1 buy 4 @ 100.00 fee 0
         order-1 filled 4 @ 100 fee 0
         equity 100 used 80 maintenance 4.92 available 20
         pos-1 x5 margin 80 maintenance 4.92 liquidation 75.93 funding 0
         INVALID_LEVERAGE: leverage 3 for ETHUSDT-PERP would tie up 53.33333334 USDT more, 20.00 available: choose a higher one, or close a position first
         ETHUSDT-PERP at leverage 4
         equity 100 used 100 maintenance 4.92 available 0
         pos-1 x4 margin 100 maintenance 4.92 liquidation 75.93 funding 0
         INVALID_LEVERAGE: leverage 3 for ETHUSDT-PERP would tie up 33.33333334 USDT more, 0.00 available: choose a higher one, or close a position first
         ETHUSDT-PERP at leverage 20
         equity 60 used 20 maintenance 4.428 available 40
         pos-1 x20 margin 20 maintenance 4.428 liquidation 75.93 funding 0
         equity 60 used 20 maintenance 4.428 available 40
         pos-1 x20 margin 20 maintenance 4.428 liquidation 75.93 funding 0",
    );
}

#[test]
fn an_order_needs_its_margin_and_fee() {
    check(
        "1 x 100 / 10 and the fee of 0.05",
        "deposit 10.049 | quote BTCUSDT 100/100 | quote BTCUSDT-PERP 100/100 | buy 1 BTCUSDT-PERP
         | leverage BTCUSDT-PERP 11 | buy 1 BTCUSDT-PERP | margins",
        "acct-1 opened with 10.049
         day opened with 10.049
         INSUFFICIENT_BALANCE: needs 10.05 USDT with the fee, 10.049 available: order less, or close a position first
         BTCUSDT-PERP at leverage 11
         order-1 buy 1 BTCUSDT-PERP
         exec-1 pos-1 buy 1 @ 100.0 fee 0.05
         order-1 filled 1 @ 100 fee 0.05
         equity 9.999 used 9.0909091 maintenance 0.5 available 0.9080909
         pos-1 x11 margin 9.0909091 maintenance 0.5 liquidation 90.4 funding 0",
    );
}

#[test]
fn margins_that_do_not_divide_are_rounded_up() {
    check(
        "33.33333334 is tied up",
        "deposit 1000 | leverage ETHUSDT-PERP 3 | quote ETHUSDT 100/100 | quote ETHUSDT-PERP 100/100
         | buy 1 ETHUSDT-PERP | margins",
        "acct-1 opened with 1000
         day opened with 1000
         ETHUSDT-PERP at leverage 3
         order-1 buy 1 ETHUSDT-PERP
         exec-1 pos-1 buy 1 @ 100.00 fee 0
         order-1 filled 1 @ 100 fee 0
         equity 1000 used 33.33333334 maintenance 1.23 available 966.66666666
         pos-1 x3 margin 33.33333334 maintenance 1.23 liquidation none funding 0",
    );
}

#[test]
fn spot_and_perpetual_do_not_net() {
    check(
        "each is a position of its own",
        "deposit 1000 | quote ETHUSDT 100/100 | quote ETHUSDT-PERP 100/100 | buy 2 ETHUSDT | sell 2 ETHUSDT-PERP
         | show | close ETHUSDT 50% | show | buy 3 ETHUSDT-PERP | show",
        "acct-1 opened with 1000
         day opened with 1000
         order-1 buy 2 ETHUSDT
         exec-1 pos-1 buy 2 @ 100.00 fee 0
         order-1 filled 2 @ 100 fee 0
         order-2 sell 2 ETHUSDT-PERP
         exec-2 pos-2 sell 2 @ 100.00 fee 0
         order-2 filled 2 @ 100 fee 0
         equity 1000 cash 1000 used 240 available 760 today 0
         pos-1 buy 2 ETHUSDT @ 100 mark 100.00 pnl 0 (0.00 %)
         pos-2 sell 2 ETHUSDT-PERP @ 100 mark 100.00 pnl 0 (0.00 %)
         order-3 sell 1 ETHUSDT
         exec-3 pos-1 sell 1 @ 100.00 fee 0
         order-3 filled 1 @ 100 fee 0
         equity 1000 cash 1000 used 140 available 860 today 0
         pos-1 buy 1 ETHUSDT @ 100 mark 100.00 pnl 0 (0.00 %)
         pos-2 sell 2 ETHUSDT-PERP @ 100 mark 100.00 pnl 0 (0.00 %)
         order-4 buy 3 ETHUSDT-PERP
         exec-4 pos-2 buy 2 @ 100.00 fee 0
         exec-5 pos-3 buy 1 @ 100.00 fee 0
         order-4 filled 3 @ 100 fee 0
         equity 1000 cash 1000 used 120 available 880 today 0
         pos-1 buy 1 ETHUSDT @ 100 mark 100.00 pnl 0 (0.00 %)
         pos-3 buy 1 ETHUSDT-PERP @ 100 mark 100.00 pnl 0 (0.00 %)",
    );
}

#[test]
fn liquidation_begins_with_what_must_be_backed_by_most_and_ends_as_soon_as_it_can() {
    check(
        "the perpetual goes, the smaller short in spot stays",
        "deposit 110 | quote ETHUSDT 10/10 | quote BTCUSDT 100/100 | quote BTCUSDT-PERP 100/100
         | leverage BTCUSDT-PERP 50 | sell 1 ETHUSDT | buy 30 BTCUSDT-PERP | margins | quote BTCUSDT 96.9/96.9
         | quote BTCUSDT-PERP 96.9/96.9 | margins | quote BTCUSDT-PERP 96.8/96.8 | margins",
        "
         acct-1 opened with 110
         day opened with 110
         BTCUSDT-PERP at leverage 50
         order-1 sell 1 ETHUSDT
         exec-1 pos-1 sell 1 @ 10.00 fee 0
         order-1 filled 1 @ 10 fee 0
         order-2 buy 30 BTCUSDT-PERP
         exec-2 pos-2 buy 30 @ 100.0 fee 1.5
         order-2 filled 30 @ 100 fee 1.5
         equity 108.5 used 70 maintenance 15.5 available 38.5
         pos-1 x1 margin 10 maintenance 0.5 liquidation 98.58 funding 0
         pos-2 x50 margin 60 maintenance 15 liquidation 96.8 funding 0
         alert The maintenance margin is 97.00 % of the equity: at 100 % positions are liquidated. Reduce a position.
         equity 15.5 used 70 maintenance 15.035 available 0
         pos-1 x1 margin 10 maintenance 0.5 liquidation 10.45 funding 0
         pos-2 x50 margin 60 maintenance 14.535 liquidation 96.8 funding 0
         order-3 sell 30 BTCUSDT-PERP
         exec-3 pos-2 sell 30 @ 96.8 fee 1.452 pnl -96
         order-3 filled 30 @ 96.8 fee 1.452 LIQUIDATION
         alert BTCUSDT-PERP was liquidated: sell 30 at 96.8, with a fee of 1.452 USDT.
         risk SoftPause by Liquidation
         alert Equity came down to the maintenance margin, so positions are liquidated. New position openings stopped. Positions were liquidated until the account could back the rest, which remains open.
         alert The maintenance margin is 4.53 % of the equity again.
         equity 11.048 used 10 maintenance 0.5 available 1.048
         pos-1 x1 margin 10 maintenance 0.5 liquidation 20.05 funding 0",
    );
}

#[test]
fn a_debt_is_paid_by_selling_spot() {
    check(
        "spot needs no backing, but backs all else",
        "deposit 150 | quote DOGEUSDT 1/1 | buy 50 DOGEUSDT | quote BTCUSDT 100/100 | quote BTCUSDT-PERP 100/100
         | buy 5 BTCUSDT-PERP | quote BTCUSDT-PERP 50/50 | quote BTCUSDT 50/50 | show",
        "
         acct-1 opened with 150
         day opened with 150
         order-1 buy 50 DOGEUSDT
         exec-1 pos-1 buy 50 @ 1.00000 fee 0.0275
         order-1 filled 50 @ 1 fee 0.0275
         order-2 buy 5 BTCUSDT-PERP
         exec-2 pos-2 buy 5 @ 100.0 fee 0.25
         order-2 filled 5 @ 100 fee 0.25
         order-3 sell 5 BTCUSDT-PERP
         exec-3 pos-2 sell 5 @ 50.0 fee 0.125 pnl -250
         order-3 filled 5 @ 50 fee 0.125 LIQUIDATION
         alert BTCUSDT-PERP was liquidated: sell 5 at 50, with a fee of 0.125 USDT.
         order-4 sell 50 DOGEUSDT
         exec-4 pos-1 sell 50 @ 1.00000 fee 0.0275
         order-4 filled 50 @ 1 fee 0.0275 LIQUIDATION
         alert DOGEUSDT was liquidated: sell 50 at 1, with a fee of 0.0275 USDT.
         risk SoftPause by Liquidation
         alert Equity came down to the maintenance margin, so positions are liquidated. New position openings stopped. All positions were liquidated.
         equity -100.43 cash -100.43 used 0 available 0 today -250.43",
    );
}

#[test]
fn a_liquidation_without_a_price_is_tried_again() {
    check(
        "BTCUSDT-PERP was silent for over a minute when spot took its mark down",
        "deposit 100 | quote BTCUSDT 100/100 | quote BTCUSDT-PERP 100/100 | buy 5 BTCUSDT-PERP | wait 61s
         | quote BTCUSDT 70/70 | show | timer | quote ETHUSDT 1/1 | quote BTCUSDT-PERP 100/100 | show",
        "
         acct-1 opened with 100
         day opened with 100
         order-1 buy 5 BTCUSDT-PERP
         exec-1 pos-1 buy 5 @ 100.0 fee 0.25
         order-1 filled 5 @ 100 fee 0.25
         risk SoftPause by Liquidation
         alert Equity came down to the maintenance margin, so positions are liquidated. New position openings stopped. Positions that have no price yet are liquidated at the first one.
         alert The maintenance margin is 100.00 % of the equity: at 100 % positions are liquidated. Reduce a position.
         equity -46.75 cash 99.75 used 50 available 0 today -146.75
         pos-1 buy 5 BTCUSDT-PERP @ 100 mark 70.7 pnl -146.5 (-29.30 %)
         order-2 sell 5 BTCUSDT-PERP
         exec-2 pos-1 sell 5 @ 100.0 fee 0.25
         order-2 filled 5 @ 100 fee 0.25 LIQUIDATION
         alert BTCUSDT-PERP was liquidated: sell 5 at 100, with a fee of 0.25 USDT.
         risk SoftPause by Liquidation
         alert Equity came down to the maintenance margin, so positions are liquidated. New position openings stopped. All positions were liquidated.
         alert The maintenance margin is 0 % of the equity again.
         equity 99.5 cash 99.5 used 0 available 99.5 today -0.5",
    );
}

#[test]
fn after_a_restart_nobody_is_liquidated_before_all_marks_are_known() {
    check(
        "the index keeps the mark at 99",
        "deposit 100 | quote BTCUSDT 100/100 | quote BTCUSDT-PERP 100/100 | buy 5 BTCUSDT-PERP | restart | link live
         | quote BTCUSDT-PERP 10/10 | margins | quote BTCUSDT 100/100 | margins | restart | link live
         | quote BTCUSDT 70/70 | quote BTCUSDT-PERP 70/70 | show",
        "
         acct-1 opened with 100
         day opened with 100
         order-1 buy 5 BTCUSDT-PERP
         exec-1 pos-1 buy 5 @ 100.0 fee 0.25
         order-1 filled 5 @ 100 fee 0.25
         equity -350.25 used 50 maintenance 0.25 available 0
         pos-1 x10 margin 50 maintenance 0.25 liquidation 80.4 funding 0
         equity 94.75 used 50 maintenance 2.475 available 44.75
         pos-1 x10 margin 50 maintenance 2.475 liquidation 80.4 funding 0
         order-2 sell 5 BTCUSDT-PERP
         exec-2 pos-1 sell 5 @ 70.0 fee 0.175 pnl -150
         order-2 filled 5 @ 70 fee 0.175 LIQUIDATION
         alert BTCUSDT-PERP was liquidated: sell 5 at 70, with a fee of 0.175 USDT.
         risk SoftPause by Liquidation
         alert Equity came down to the maintenance margin, so positions are liquidated. New position openings stopped. All positions were liquidated.
         equity -50.425 cash -50.425 used 0 available 0 today -150.425",
    );
}

#[test]
fn a_liquidation_cancels_all_orders_before_it_closes_anything() {
    let mut desk = TestDesk::new();
    for step in [
        "deposit 100",
        "quote BTCUSDT 100/100",
        "quote BTCUSDT-PERP 100/100",
        "buy 5 BTCUSDT-PERP",
    ] {
        desk.step(step);
    }
    let resting = Order {
        price: Some("1".parse().unwrap()),
        ..Order::accepted(
            OrderId(2),
            Symbol::new("DOGEUSDT").unwrap(),
            Side::Buy,
            OrderType::Limit,
            "7".parse().unwrap(),
            TimestampMs(1_765_357_205_000),
        )
    };
    let placed = Event {
        account: AccountId(1),
        at: resting.created_at,
        fact: Fact::OrderChanged(resting),
    };
    desk.engine.apply(&placed).unwrap();
    desk.events.push(placed);
    let before = desk.events.len();
    desk.step("quote BTCUSDT 70/70");
    let orders: Vec<_> = desk.events[before..]
        .iter()
        .filter_map(|event| match &event.fact {
            Fact::OrderChanged(order) => Some((order.id, order.status, order.reason)),
            _ => None,
        })
        .collect();
    let reason = Some(OrderReason::Liquidation);
    assert_eq!(
        orders,
        [
            (OrderId(2), OrderStatus::Cancelled, reason),
            (OrderId(3), OrderStatus::New, reason),
            (OrderId(3), OrderStatus::Filled, reason),
        ]
    );
    desk.assert_fold();
}

#[test]
fn an_account_that_is_short_of_margin_may_raise_its_leverage() {
    check(
        "80 tied up and 80 lost of 100: a lower leverage is refused, a higher one helps",
        "deposit 100 | quote ETHUSDT 100/100 | quote ETHUSDT-PERP 100/100 | buy 4 ETHUSDT-PERP | quote ETHUSDT 80/80
         | quote ETHUSDT-PERP 80/80 | leverage ETHUSDT-PERP 4 | leverage ETHUSDT-PERP 6",
        "acct-1 opened with 100
         day opened with 100
         order-1 buy 4 ETHUSDT-PERP
         exec-1 pos-1 buy 4 @ 100.00 fee 0
         order-1 filled 4 @ 100 fee 0
         INVALID_LEVERAGE: leverage 4 for ETHUSDT-PERP would tie up 20.00 USDT more, 0.00 available: choose a higher one, or close a position first
         ETHUSDT-PERP at leverage 6",
    );
}

#[test]
fn an_equity_that_just_equals_the_maintenance_margin_is_too_little() {
    check(
        "50.615 - 50 = 0.0123 x 50",
        "deposit 50.615 | quote ETHUSDT 100/100 | quote ETHUSDT-PERP 100/100 | buy 1 ETHUSDT-PERP | margins
         | quote ETHUSDT 50/50 | quote ETHUSDT-PERP 50/50",
        "
         acct-1 opened with 50.615
         day opened with 50.615
         order-1 buy 1 ETHUSDT-PERP
         exec-1 pos-1 buy 1 @ 100.00 fee 0
         order-1 filled 1 @ 100 fee 0
         equity 50.615 used 20 maintenance 1.23 available 30.615
         pos-1 x5 margin 20 maintenance 1.23 liquidation 50.00 funding 0
         order-2 sell 1 ETHUSDT-PERP
         exec-2 pos-1 sell 1 @ 50.00 fee 0 pnl -50
         order-2 filled 1 @ 50 fee 0 LIQUIDATION
         alert ETHUSDT-PERP was liquidated: sell 1 at 50, with a fee of 0 USDT.
         risk SoftPause by Liquidation
         alert Equity came down to the maintenance margin, so positions are liquidated. New position openings stopped. All positions were liquidated.",
    );
}
