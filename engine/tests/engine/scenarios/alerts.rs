//! Alerts: prices that owners wait for, and what the desk says by itself. Each fires once.

use crate::script::check;

#[test]
fn a_price_alert_fires_with_the_first_trade_that_meets_it_and_once() {
    check(
        "quotes fire none; the price itself is enough",
        "deposit 1000 | trade BTCUSDT 1x100 | alert BTCUSDT above 110 note sell | alert BTCUSDT below 90 | alerts
         | quote BTCUSDT 120/121 | trade BTCUSDT 1x109.99 | trade BTCUSDT 1x110 | trade BTCUSDT 1x109 | trade BTCUSDT 1x111
         | trade BTCUSDT 1x90.01 | trade BTCUSDT 1x89 | trade BTCUSDT 1x80 | alerts",
        "acct-1 opened with 1000
         day opened with 1000
         alert-1 Active
         alert-2 Active
         waiting: alert-1 alert-2
         alert-1 Fired
         alert BTCUSDT crossed above 110.00: it trades at 110.00. Note: sell
         alert-2 Fired
         alert BTCUSDT crossed below 90.00: it trades at 89.00.
         waiting:",
    );
}

#[test]
fn a_move_is_measured_from_the_price_when_the_alert_was_set() {
    check(
        "either way, and one gap fires all that it passes, in the order they were set",
        "deposit 1000 | trade BTCUSDT 1x200 | alert BTCUSDT move 5% | alert BTCUSDT move 10% | alert BTCUSDT below 150
         | trade BTCUSDT 1x209.99 | trade BTCUSDT 1x190.01 | trade BTCUSDT 1x190 | alert BTCUSDT move 150% | alert BTCUSDT move 5%
         | trade BTCUSDT 1x140 | alerts",
        "acct-1 opened with 1000
         day opened with 1000
         alert-1 Active
         alert-2 Active
         alert-3 Active
         alert-1 Fired
         alert BTCUSDT moved -5.00 % from 200.00 to 190.00.
         alert-4 Active
         alert-5 Active
         alert-2 Fired
         alert BTCUSDT moved -30.00 % from 200.00 to 140.00.
         alert-3 Fired
         alert BTCUSDT crossed below 150.00: it trades at 140.00.
         alert-5 Fired
         alert BTCUSDT moved -26.32 % from 190.00 to 140.00.
         waiting: alert-4",
    );
}

#[test]
fn alerts_wait_over_a_restart_and_do_not_fire_again_after_one() {
    check(
        "one that fired stays fired, one that waits fires",
        "deposit 1000 | account 2 | deposit 1000 | trade BTCUSDT 1x100 | alert BTCUSDT above 110 as a | account 1
         | alert BTCUSDT above 120 | trade BTCUSDT 1x115 | restart | trade BTCUSDT 1x125 | restart | trade BTCUSDT 1x130
         | account 2 | alert BTCUSDT above 110 as a | alerts",
        "
         acct-1 opened with 1000
         day opened with 1000
         acct-2 opened with 1000
         day opened with 1000
         alert-1 Active
         alert-2 Active
         alert-1 Fired
         alert BTCUSDT crossed above 110.00: it trades at 115.00.
         alert-2 Fired
         alert BTCUSDT crossed above 120.00: it trades at 125.00.
         done already
         waiting:",
    );
}

#[test]
fn alerts_that_make_no_sense_are_refused() {
    check(
        "each with what to do",
        "deposit 1000 | alert BTCUSDT above 110 | alert XRPUSDT above 1 | trade BTCUSDT 1x100 | alert BTCUSDT above 100
         | alert BTCUSDT above 90 | alert BTCUSDT below 110 | alert BTCUSDT above 110.001 | alert BTCUSDT above 0
         | alert BTCUSDT above x | alert BTCUSDT move x | alert BTCUSDT move 0% | alert BTCUSDT move 1000.01%
         | alert BTCUSDT move 0.001% | unalert alert-1 | alert BTCUSDT above 110 as a | alert BTCUSDT above 120 as a
         | unalert alert-1 | unalert alert-1 | alert BTCUSDT above 110 as a | trade BTCUSDT 1x200 | alerts",
        "
         acct-1 opened with 1000
         day opened with 1000
         NO_PRICE: BTCUSDT has not traded yet: try again in a moment
         UNKNOWN_SYMBOL: no instrument XRPUSDT here; there are BTCUSDT, ETHUSDT, DOGEUSDT, BTCUSDT-PERP, ETHUSDT-PERP: get_instruments lists all
         INVALID_PRICE: BTCUSDT is already at 100: its last price is 100.00
         INVALID_PRICE: BTCUSDT is already above 90: its last price is 100.00
         INVALID_PRICE: BTCUSDT is already below 110: its last price is 100.00
         INVALID_PRICE: 110.001 is no price of BTCUSDT: it must be a multiple of 0.01, above zero
         INVALID_PRICE: 0 is no price of BTCUSDT: it must be a multiple of 0.01, above zero
         INVALID_FIELD: an alert that waits for a price to be crossed has a price and no percent
         INVALID_FIELD: an alert that waits for a move has a percent and no price
         INVALID_FIELD: the percent must be above 0 and at most 1000, with at most two decimal places, not 0
         INVALID_FIELD: the percent must be above 0 and at most 1000, with at most two decimal places, not 1000.01
         INVALID_FIELD: the percent must be above 0 and at most 1000, with at most two decimal places, not 0.001
         NOT_FOUND: no alert alert-1 waits: it has fired, was cancelled, or never was; get_alerts lists them
         alert-1 Active
         done already
         alert-1 Cancelled
         NOT_FOUND: no alert alert-1 waits: it has fired, was cancelled, or never was; get_alerts lists them
         done already
         waiting:",
    );
}

#[test]
fn an_outage_of_the_feed_is_told_once_to_whoever_waits_for_prices() {
    check(
        "by its state or its silence; what came back is told to whom it was told that it went",
        "loud | deposit 1000 | account 2 | deposit 1000 | quote ETHUSDT 100/100 | buy 1 ETHUSDT | link stalled | link down
         | timer | restart | timer | link down | link live | quote ETHUSDT 100/100 | wait 9s | timer | wait 11s | timer
         | timer | close ETHUSDT | quote ETHUSDT 100/100 | timer | timer",
        "acct-1 opened with 1000
         day opened with 1000
         acct-2 opened with 1000
         day opened with 1000
         order-1 buy 1 ETHUSDT
         exec-1 pos-1 buy 1 @ 100.00 fee 0
         order-1 filled 1 @ 100 fee 0
         alert The market data feed has stalled: nothing is filled or stopped out until it is back.
         alert The market data feed is back.
         alert The market data feed has been silent for 22 s: nothing is filled or stopped out until it is back.
         NO_PRICE: the last price of ETHUSDT is 24 s old, too old to fill at: try again when it moves
         alert The market data feed is back.",
    );
}
