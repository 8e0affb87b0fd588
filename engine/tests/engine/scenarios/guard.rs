//! The risk guard: when it pauses and stops, what that does, and who lifts it.

use crate::script::check;

#[test]
fn a_drawdown_pauses_and_then_stops() {
    check(
        "the limit is reached exactly, not before; what reduces is still taken",
        "deposit 1000 | limits soft_dd=5 hard_dd=10 | quote ETHUSDT 100/100 | buy 5 ETHUSDT | quote ETHUSDT 90.01/90.01
         | guard | quote ETHUSDT 90/90 | worth | buy 1 ETHUSDT | sell 6 ETHUSDT | sell 1 ETHUSDT | sell 1 ETHUSDT reduce
         | quote ETHUSDT 77/77 | buy 1 ETHUSDT | quote ETHUSDT 76/76 | worth | show",
        "acct-1 opened with 1000
         day opened with 1000
         risk Normal by None
         order-1 buy 5 ETHUSDT
         exec-1 pos-1 buy 5 @ 100.00 fee 0
         order-1 filled 5 @ 100 fee 0
         Normal by None at 0 % and 0 %: Trading is open.
         risk SoftPause by Drawdown
         alert The loss of 5.00 % from the peak of 1,000.00 USDT reached the limit of 5 %. New position openings stopped. Existing positions remain open.
         worth 950 peak 1000 drawdown 5.00 % day 1000 loss 5.00 %
         RISK_PAUSED: New position openings stopped. Existing positions remain open. Positions may be reduced and closed; resume_trading with the confirmation RESUME opens trading again
         RISK_PAUSED: New position openings stopped. Existing positions remain open. Positions may be reduced and closed; resume_trading with the confirmation RESUME opens trading again
         order-2 sell 1 ETHUSDT
         exec-2 pos-1 sell 1 @ 90.00 fee 0 pnl -10
         order-2 filled 1 @ 90 fee 0
         order-3 sell 1 ETHUSDT
         exec-3 pos-1 sell 1 @ 90.00 fee 0 pnl -10
         order-3 filled 1 @ 90 fee 0
         RISK_PAUSED: New position openings stopped. Existing positions remain open. Positions may be reduced and closed; resume_trading with the confirmation RESUME opens trading again
         worth 908 peak 1000 drawdown 9.20 % day 1000 loss 9.20 %
         equity 908 cash 980 used 300 available 608 today -92
         pos-1 buy 3 ETHUSDT @ 100 mark 76.00 pnl -72 (-24.00 %)",
    );
}

#[test]
fn one_gap_goes_straight_to_the_stop() {
    check(
        "no pause in between",
        "deposit 1000 | limits soft_dd=5 hard_dd=10 | quote ETHUSDT 100/100 | sell 5 ETHUSDT | quote ETHUSDT 150/150 | show",
        "
         acct-1 opened with 1000
         day opened with 1000
         risk Normal by None
         order-1 sell 5 ETHUSDT
         exec-1 pos-1 sell 5 @ 100.00 fee 0
         order-1 filled 5 @ 100 fee 0
         risk HardStop by Drawdown
         alert The loss of 25.00 % from the peak of 1,000.00 USDT reached the limit of 10 %. All orders cancelled and all positions closed. Nothing is opened until a person resumes.
         order-2 buy 5 ETHUSDT
         exec-2 pos-1 buy 5 @ 150.00 fee 0 pnl -250
         order-2 filled 5 @ 150 fee 0 HARD_STOP
         equity 750 cash 750 used 0 available 750 today -250",
    );
}

#[test]
fn a_daily_loss_is_measured_from_the_beginning_of_the_day() {
    check(
        "yesterday's loss does not count, the latch stays over midnight",
        "deposit 1000 | limits soft_day=5 hard_day=10 | quote ETHUSDT 100/100 | buy 5 ETHUSDT | quote ETHUSDT 92/92
         | wait 16h | timer | worth | quote ETHUSDT 84/84 | guard | quote ETHUSDT 82.4/82.4 | wait 24h | timer | guard
         | quote ETHUSDT 70/70 | guard | show",
        "acct-1 opened with 1000
         day opened with 1000
         risk Normal by None
         order-1 buy 5 ETHUSDT
         exec-1 pos-1 buy 5 @ 100.00 fee 0
         order-1 filled 5 @ 100 fee 0
         day opened with 960
         worth 960 peak 1000 drawdown 4.00 % day 960 loss 0.00 %
         Normal by None at 0 % and 0 %: Trading is open.
         risk SoftPause by DailyLoss
         alert The loss of 5.00 % from the day's beginning of 960.00 USDT reached the limit of 5 %. New position openings stopped. Existing positions remain open.
         day opened with 912
         SoftPause by DailyLoss at 8.80 % and 5.00 %: New position openings stopped. Existing positions remain open.
         SoftPause by DailyLoss at 8.80 % and 5.00 %: New position openings stopped. Existing positions remain open.
         equity 850 cash 1000 used 500 available 350 today -62
         pos-1 buy 5 ETHUSDT @ 100 mark 70.00 pnl -150 (-30.00 %)",
    );
}

#[test]
fn a_pause_cancels_what_would_open_and_leaves_what_reduces() {
    check(
        "a sell within the long stays, though nobody called it reduce-only",
        "deposit 1000 | quote ETHUSDT 100/100 | buy 2 ETHUSDT | rest buy 1 ETHUSDT @ 90 | rest sell 2 ETHUSDT @ 120
         | rest sell 2.01 ETHUSDT @ 130 | rest sell 9 ETHUSDT @ 140 reduce | rest sell 1 BTCUSDT @ 150 | pause | resting
         | pause | guard",
        "
         acct-1 opened with 1000
         day opened with 1000
         order-1 buy 2 ETHUSDT
         exec-1 pos-1 buy 2 @ 100.00 fee 0
         order-1 filled 2 @ 100 fee 0
         order-2 buy 1 ETHUSDT limit 90
         order-3 sell 2 ETHUSDT limit 120
         order-4 sell 2.01 ETHUSDT limit 130
         order-5 sell 9 ETHUSDT limit 140
         order-6 sell 1 BTCUSDT limit 150
         risk SoftPause by Manual
         alert Trading was paused by hand. New position openings stopped. Existing positions remain open.
         order-2 cancelled RISK_PAUSED
         order-4 cancelled RISK_PAUSED
         order-6 cancelled RISK_PAUSED
         open: order-3 order-5
         SoftPause by Manual at 0.00 % and 0.00 %: New position openings stopped. Existing positions remain open.",
    );
}

#[test]
fn a_stop_takes_everything_back() {
    check(
        "orders first, then positions, and again what is there later",
        "deposit 1000 | quote ETHUSDT 100/100 | quote BTCUSDT 100/100 | buy 2 ETHUSDT | sell 1 BTCUSDT
         | rest buy 1 ETHUSDT @ 90 | rest sell 2 ETHUSDT @ 120 reduce | stop | show | resting | buy 1 ETHUSDT
         | rest sell 1 BTCUSDT @ 150 | timer | resting | stop | pause | guard",
        "
         acct-1 opened with 1000
         day opened with 1000
         order-1 buy 2 ETHUSDT
         exec-1 pos-1 buy 2 @ 100.00 fee 0
         order-1 filled 2 @ 100 fee 0
         order-2 sell 1 BTCUSDT
         exec-2 pos-2 sell 1 @ 100.00 fee 0.1
         order-2 filled 1 @ 100 fee 0.1
         order-3 buy 1 ETHUSDT limit 90
         order-4 sell 2 ETHUSDT limit 120
         risk HardStop by Manual
         alert Trading was stopped by hand. All orders cancelled and all positions closed. Nothing is opened until a person resumes.
         order-3 cancelled HARD_STOP
         order-4 cancelled HARD_STOP
         order-5 buy 1 BTCUSDT
         exec-3 pos-2 buy 1 @ 100.00 fee 0.1
         order-5 filled 1 @ 100 fee 0.1 HARD_STOP
         order-6 sell 2 ETHUSDT
         exec-4 pos-1 sell 2 @ 100.00 fee 0
         order-6 filled 2 @ 100 fee 0 HARD_STOP
         equity 999.8 cash 999.8 used 0 available 999.8 today -0.2
         open:
         RISK_STOPPED: All orders cancelled and all positions closed. Nothing is opened until a person resumes. Positions may be reduced and closed; resume_trading with the confirmation RESUME opens trading again
         order-7 sell 1 BTCUSDT limit 150
         order-7 cancelled HARD_STOP
         open:
         HardStop by Manual at 0.01 % and 0.01 %: All orders cancelled and all positions closed. Nothing is opened until a person resumes.",
    );
}

#[test]
fn a_stop_without_a_price_goes_on_when_there_is_one() {
    check(
        "the latch and the cancels at once, each position as soon as it is quoted, over a restart",
        "deposit 1000 | quote ETHUSDT 100/100 | quote BTCUSDT 100/100 | buy 2 ETHUSDT | buy 1 BTCUSDT
         | rest buy 1 ETHUSDT @ 90 | link down | stop | resting | timer | restart | link live | timer
         | quote ETHUSDT 99/99 | timer | quote BTCUSDT 98/98 | show",
        "
         acct-1 opened with 1000
         day opened with 1000
         order-1 buy 2 ETHUSDT
         exec-1 pos-1 buy 2 @ 100.00 fee 0
         order-1 filled 2 @ 100 fee 0
         order-2 buy 1 BTCUSDT
         exec-2 pos-2 buy 1 @ 100.00 fee 0.1
         order-2 filled 1 @ 100 fee 0.1
         order-3 buy 1 ETHUSDT limit 90
         risk HardStop by Manual
         alert Trading was stopped by hand. All orders cancelled. Positions that have no price yet are closed at the first one. Nothing is opened until a person resumes.
         order-3 cancelled HARD_STOP
         open:
         order-4 sell 2 ETHUSDT
         exec-3 pos-1 sell 2 @ 99.00 fee 0 pnl -2
         order-4 filled 2 @ 99 fee 0 HARD_STOP
         order-5 sell 1 BTCUSDT
         exec-4 pos-2 sell 1 @ 98.00 fee 0.098 pnl -2
         order-5 filled 1 @ 98 fee 0.098 HARD_STOP
         equity 995.802 cash 995.802 used 0 available 995.802 today -4.198",
    );
}

#[test]
fn a_stop_survives_a_restart_and_only_the_word_lifts_it() {
    check(
        "nothing opens, what reduces does, and the losses until then count no more",
        "deposit 1000 | limits hard_dd=10 | quote ETHUSDT 100/100 | buy 5 ETHUSDT | quote ETHUSDT 70/70 | restart | link live
         | quote ETHUSDT 70/70 | buy 1 ETHUSDT | limits hard_dd=90 | guard | resume resume | resume YES | buy 1 ETHUSDT
         | resume RESUME | worth | guard | resume RESUME | limits hard_dd=10
         | quote ETHUSDT 71/71 | buy 1 ETHUSDT | worth",
        "
         acct-1 opened with 1000
         day opened with 1000
         risk Normal by None
         order-1 buy 5 ETHUSDT
         exec-1 pos-1 buy 5 @ 100.00 fee 0
         order-1 filled 5 @ 100 fee 0
         risk HardStop by Drawdown
         alert The loss of 15.00 % from the peak of 1,000.00 USDT reached the limit of 10 %. All orders cancelled and all positions closed. Nothing is opened until a person resumes.
         order-2 sell 5 ETHUSDT
         exec-2 pos-1 sell 5 @ 70.00 fee 0 pnl -150
         order-2 filled 5 @ 70 fee 0 HARD_STOP
         RISK_STOPPED: All orders cancelled and all positions closed. Nothing is opened until a person resumes. Positions may be reduced and closed; resume_trading with the confirmation RESUME opens trading again
         risk HardStop by Drawdown
         HardStop by Drawdown at 15.00 % and 15.00 %: All orders cancelled and all positions closed. Nothing is opened until a person resumes.
         CONFIRMATION_REQUIRED: to open trading again, confirm must be the word RESUME
         CONFIRMATION_REQUIRED: to open trading again, confirm must be the word RESUME
         RISK_STOPPED: All orders cancelled and all positions closed. Nothing is opened until a person resumes. Positions may be reduced and closed; resume_trading with the confirmation RESUME opens trading again
         risk Normal by None
         measured from 850
         alert Trading is open. Drawdown and daily loss are measured from 850.00 USDT on.
         worth 850 peak 850 drawdown 0.00 % day 850 loss 0.00 %
         Normal by None at 0 % and 0 %: Trading is open.
         risk Normal by None
         order-3 buy 1 ETHUSDT
         exec-3 pos-2 buy 1 @ 71.00 fee 0
         order-3 filled 1 @ 71 fee 0
         worth 850 peak 850 drawdown 0.00 % day 850 loss 0.00 %",
    );
}

#[test]
fn resuming_with_the_loss_still_open_does_not_stop_again_at_once() {
    check(
        "peak and day are measured from now on, the day's profit is not",
        "deposit 1000 | limits soft_dd=5 soft_day=5 | quote ETHUSDT 100/100 | buy 5 ETHUSDT | quote ETHUSDT 80/80
         | resume RESUME | quote ETHUSDT 79/79 | timer | guard | worth | show | quote ETHUSDT 71/71 | worth",
        "acct-1 opened with 1000
         day opened with 1000
         risk Normal by None
         order-1 buy 5 ETHUSDT
         exec-1 pos-1 buy 5 @ 100.00 fee 0
         order-1 filled 5 @ 100 fee 0
         risk SoftPause by Drawdown
         alert The loss of 10.00 % from the peak of 1,000.00 USDT reached the limit of 5 %. New position openings stopped. Existing positions remain open.
         risk Normal by None
         measured from 900
         alert Trading is open. Drawdown and daily loss are measured from 900.00 USDT on.
         Normal by None at 0 % and 0 %: Trading is open.
         worth 895 peak 900 drawdown 0.55 % day 900 loss 0.55 %
         equity 895 cash 1000 used 500 available 395 today -105
         pos-1 buy 5 ETHUSDT @ 100 mark 79.00 pnl -105 (-21.00 %)
         risk SoftPause by Drawdown
         alert The loss of 5.00 % from the peak of 900.00 USDT reached the limit of 5 %. New position openings stopped. Existing positions remain open.
         worth 855 peak 900 drawdown 5.00 % day 900 loss 5.00 %",
    );
}

#[test]
fn nobody_resumes_what_cannot_be_valued() {
    check(
        "after a restart the positions have no price yet, and the guard waits for one too",
        "deposit 1000 | limits soft_dd=5 | quote ETHUSDT 100/100 | buy 5 ETHUSDT | pause | restart | timer | resume RESUME
         | link live | quote ETHUSDT 101/101 | resume RESUME | worth",
        "acct-1 opened with 1000
         day opened with 1000
         risk Normal by None
         order-1 buy 5 ETHUSDT
         exec-1 pos-1 buy 5 @ 100.00 fee 0
         order-1 filled 5 @ 100 fee 0
         risk SoftPause by Manual
         alert Trading was paused by hand. New position openings stopped. Existing positions remain open.
         NO_PRICE: not all positions are quoted yet, so what to measure losses from is not known: try again in a moment
         risk Normal by None
         measured from 1005
         alert Trading is open. Drawdown and daily loss are measured from 1,005.00 USDT on.
         worth 1005 peak 1005 drawdown 0.00 % day 1005 loss 0.00 %",
    );
}

#[test]
fn limits_are_measured_at_once_and_must_make_sense() {
    check(
        "tighter ones trip, the same ones are no news, bad ones change nothing",
        "deposit 1000 | limits | limits | quote ETHUSDT 100/100 | buy 5 ETHUSDT | quote ETHUSDT 90/90
         | limits soft_dd=6 hard_dd=5.99 | limits soft_day=0 | limits exposure=0 | limits rate=0 | limits soft_dd=5",
        "acct-1 opened with 1000
         day opened with 1000
         risk Normal by None
         order-1 buy 5 ETHUSDT
         exec-1 pos-1 buy 5 @ 100.00 fee 0
         order-1 filled 5 @ 100 fee 0
         INVALID_FIELD: drawdown: the soft limit of 6 % must not be above the hard one of 5.99 %, which would come first
         INVALID_FIELD: soft_daily_loss_pct must be above 0 and at most 100 %, with at most two decimal places, not 0
         INVALID_FIELD: max_exposure must be above zero and at most 1000000000000000, with at most 8 decimal places, not 0
         INVALID_FIELD: max_orders_per_minute must be 1 to 6000, not 0
         risk Normal by None
         risk SoftPause by Drawdown
         alert The loss of 5.00 % from the peak of 1,000.00 USDT reached the limit of 5 %. New position openings stopped. Existing positions remain open.",
    );
}

#[test]
fn exposure_and_positions_are_limited_with_what_is_ordered() {
    check(
        "held, ordered and wanted count; what a turn closes does not; what reduces passes",
        "deposit 10000 | quote ETHUSDT 100/100 | quote BTCUSDT 100/100 | limits exposure=1000 position=600 | buy 4 ETHUSDT
         | rest buy 1 ETHUSDT @ 90 | buy 2 ETHUSDT | buy 1.1 ETHUSDT | buy 1 ETHUSDT | buy 4.5 BTCUSDT | buy 4 BTCUSDT
         | sell 11 ETHUSDT | sell 10.1 ETHUSDT | quote ETHUSDT 200/200 | buy 0.05 BTCUSDT | buy 5 ETHUSDT",
        "
         acct-1 opened with 10000
         day opened with 10000
         risk Normal by None
         order-1 buy 4 ETHUSDT
         exec-1 pos-1 buy 4 @ 100.00 fee 0
         order-1 filled 4 @ 100 fee 0
         order-2 buy 1 ETHUSDT limit 90
         RISK_LIMIT: the position in ETHUSDT would be worth 690.00 USDT (400.00 held, 90.00 in open orders, 200.00 more), above the max_position_value of 600.00 USDT: order less, or close something first
         order-3 buy 1.1 ETHUSDT
         exec-2 pos-1 buy 1.1 @ 100.00 fee 0
         order-3 filled 1.1 @ 100 fee 0
         RISK_LIMIT: the position in ETHUSDT would be worth 700.00 USDT (510.00 held, 90.00 in open orders, 100.00 more), above the max_position_value of 600.00 USDT: order less, or close something first
         RISK_LIMIT: the exposure would be worth 1,050.00 USDT (510.00 held, 90.00 in open orders, 450.00 more), above the max_exposure of 1,000.00 USDT: order less, or close something first
         order-4 buy 4 BTCUSDT
         exec-3 pos-2 buy 4 @ 100.00 fee 0.4
         order-4 filled 4 @ 100 fee 0.4
         RISK_LIMIT: the exposure would be worth 1,080.00 USDT (400.00 held, 90.00 in open orders, 590.00 more), above the max_exposure of 1,000.00 USDT: order less, or close something first
         order-5 sell 10.1 ETHUSDT
         exec-4 pos-1 sell 5.1 @ 100.00 fee 0
         exec-5 pos-3 sell 5 @ 100.00 fee 0
         order-5 filled 10.1 @ 100 fee 0
         RISK_LIMIT: the exposure would be worth 1,405.00 USDT (1,400.00 held, 0.00 in open orders, 5.00 more), above the max_exposure of 1,000.00 USDT: order less, or close something first
         order-6 buy 5 ETHUSDT
         exec-6 pos-3 buy 5 @ 200.00 fee 0 pnl -500
         order-6 filled 5 @ 200 fee 0",
    );
}

#[test]
fn the_number_of_orders_is_limited_within_any_minute() {
    check(
        "what reduces and what is a retry passes; a minute later there is room again",
        "deposit 10000 | quote ETHUSDT 100/100 | limits rate=2 | buy 1 ETHUSDT as a | buy 1 ETHUSDT | buy 1 ETHUSDT
         | buy 1 ETHUSDT as a | sell 0.5 ETHUSDT | sell 0.5 ETHUSDT reduce | close ETHUSDT | restart | link live
         | quote ETHUSDT 100/100 | buy 1 ETHUSDT | wait 50s | quote ETHUSDT 100/100 | buy 1 ETHUSDT | buy 1 ETHUSDT",
        "acct-1 opened with 10000
         day opened with 10000
         risk Normal by None
         order-1 buy 1 ETHUSDT
         exec-1 pos-1 buy 1 @ 100.00 fee 0
         order-1 filled 1 @ 100 fee 0
         order-2 buy 1 ETHUSDT
         exec-2 pos-1 buy 1 @ 100.00 fee 0
         order-2 filled 1 @ 100 fee 0
         RISK_LIMIT: 2 orders were placed within the last minute, and max_orders_per_minute is 2: wait 58 s; orders that reduce a position are still taken
         order-1 again
         order-3 sell 0.5 ETHUSDT
         exec-3 pos-1 sell 0.5 @ 100.00 fee 0
         order-3 filled 0.5 @ 100 fee 0
         order-4 sell 0.5 ETHUSDT
         exec-4 pos-1 sell 0.5 @ 100.00 fee 0
         order-4 filled 0.5 @ 100 fee 0
         order-5 sell 1 ETHUSDT
         exec-5 pos-1 sell 1 @ 100.00 fee 0
         order-5 filled 1 @ 100 fee 0
         RISK_LIMIT: 2 orders were placed within the last minute, and max_orders_per_minute is 2: wait 50 s; orders that reduce a position are still taken
         order-6 buy 1 ETHUSDT
         exec-6 pos-2 buy 1 @ 100.00 fee 0
         order-6 filled 1 @ 100 fee 0
         order-7 buy 1 ETHUSDT
         exec-7 pos-2 buy 1 @ 100.00 fee 0
         order-7 filled 1 @ 100 fee 0",
    );
}

#[test]
fn who_orders_too_often_is_told_how_long_to_wait() {
    check(
        "until as many are a minute old as are too many; what is more than the limit by itself need not wait",
        "deposit 10000 | quote ETHUSDT 100/100 | limits rate=3 | buy 1 ETHUSDT limit 50 | wait 10s | buy 1 ETHUSDT limit 50
         | wait 20s | buy 1 ETHUSDT limit 50 | buy 1 ETHUSDT limit 50 | oco buy 1 ETHUSDT tp =60 sl 150
         | limits rate=1 | buy 1 ETHUSDT limit 50 | oco buy 1 ETHUSDT tp =60 sl 150 | carry 1 ETHUSDT
         | limits rate=3 | wait 39s | oco buy 1 ETHUSDT tp =60 sl 150 | quote ETHUSDT 100/100
         | oco buy 1 ETHUSDT tp =60 sl 150",
        "acct-1 opened with 10000
         day opened with 10000
         risk Normal by None
         order-1 buy 1 ETHUSDT limit 50.00
         order-2 buy 1 ETHUSDT limit 50.00
         order-3 buy 1 ETHUSDT limit 50.00
         RISK_LIMIT: 3 orders were placed within the last minute, and max_orders_per_minute is 3: wait 27 s; orders that reduce a position are still taken
         RISK_LIMIT: 3 orders were placed within the last minute, this counts as 2, and max_orders_per_minute is 3: wait 37 s; orders that reduce a position are still taken
         risk Normal by None
         RISK_LIMIT: 3 orders were placed within the last minute, and max_orders_per_minute is 1: wait 56 s; orders that reduce a position are still taken
         RISK_LIMIT: this counts as 2 orders, one for each of its two, and max_orders_per_minute is 1: place single orders, or raise the limit
         RISK_LIMIT: this counts as 2 orders, one for each of its two, and max_orders_per_minute is 1: place single orders, or raise the limit
         risk Normal by None
         order-4 buy 1 ETHUSDT limit 60.00 tp of group-1
         order-5 buy 1 ETHUSDT stop 150.00 sl of group-1
         RISK_LIMIT: 3 orders were placed within the last minute, this counts as 2, and max_orders_per_minute is 3: wait 58 s; orders that reduce a position are still taken",
    );
}

#[test]
fn sentences_of_the_guard_round_amounts_as_others_do() {
    check(
        "a peak of 1,000.12345678 is 1,000.12",
        "deposit 1000.12345678 | quote ETHUSDT 100/100 | buy 5 ETHUSDT | quote ETHUSDT 90/90 | limits soft_dd=4",
        "acct-1 opened with 1000.12345678
         day opened with 1000.12345678
         order-1 buy 5 ETHUSDT
         exec-1 pos-1 buy 5 @ 100.00 fee 0
         order-1 filled 5 @ 100 fee 0
         risk Normal by None
         risk SoftPause by Drawdown
         alert The loss of 4.99 % from the peak of 1,000.12 USDT reached the limit of 4 %. New position openings stopped. Existing positions remain open.",
    );
}

#[test]
fn a_journal_that_is_short_pauses_everybody_once() {
    check(
        "and a damaged one is told",
        "deposit 1000 | account 2 | deposit 5 | journal short | journal short | guard | journal cut 3",
        "acct-1 opened with 1000
         day opened with 1000
         acct-2 opened with 5
         day opened with 5
         alert The journal is short of room, so nothing new is opened: free room on its disk, then resume trading.
         risk SoftPause by Journal
         alert The journal is short of room. New position openings stopped. Existing positions remain open.
         alert The journal is short of room, so nothing new is opened: free room on its disk, then resume trading.
         risk SoftPause by Journal
         alert The journal is short of room. New position openings stopped. Existing positions remain open.
         SoftPause by Journal at 0.00 % and 0.00 %: New position openings stopped. Existing positions remain open.
         alert The end of the journal was damaged: 3 entries were lost. Check orders and positions against your own records.
         alert The end of the journal was damaged: 3 entries were lost. Check orders and positions against your own records.",
    );
}

#[test]
fn peaks_are_marked_once_a_second_or_at_once_when_they_are_much_higher() {
    check(
        "and the curve once a minute, where there is anything new",
        "loud | deposit 1000 | quote ETHUSDT 100/100 | buy 1 ETHUSDT | quote ETHUSDT 100.5/100.5 | soon
         | quote ETHUSDT 101/101 | soon | quote ETHUSDT 101.6/101.6 | quote ETHUSDT 101.7/101.7 | quote ETHUSDT 101/101 | timer | wait 1m | timer
         | timer | wait 1m | timer | quote ETHUSDT 101.5/101.5 | close ETHUSDT | wait 1m | timer | wait 1m | timer | worth",
        "acct-1 opened with 1000
         day opened with 1000
         order-1 buy 1 ETHUSDT
         exec-1 pos-1 buy 1 @ 100.00 fee 0
         order-1 filled 1 @ 100 fee 0
         equity 1000.5
         equity 1001.6
         equity 1001.7
         equity 1001
         alert The market data feed has been silent for 62 s: nothing is filled or stopped out until it is back.
         order-2 sell 1 ETHUSDT
         exec-2 pos-1 sell 1 @ 101.50 fee 0 pnl 1.5
         order-2 filled 1 @ 101.5 fee 0
         equity 1001.5
         worth 1001.5 peak 1001.7 drawdown 0.01 % day 1000 loss 0.00 %",
    );
}

#[test]
fn amounts_in_what_is_said_are_rounded_to_cents() {
    check(
        "999.8765 are told as 999.88, and measured from exactly",
        "deposit 999.8765 | pause | resume RESUME | worth",
        "acct-1 opened with 999.8765
         day opened with 999.8765
         risk SoftPause by Manual
         alert Trading was paused by hand. New position openings stopped. Existing positions remain open.
         risk Normal by None
         measured from 999.8765
         alert Trading is open. Drawdown and daily loss are measured from 999.88 USDT on.
         worth 999.8765 peak 999.8765 drawdown 0.00 % day 999.8765 loss 0.00 %",
    );
}
