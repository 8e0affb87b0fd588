//! What is refused, with which sentence; nothing happens besides.

use crate::script::check;

/// Runs the script after a deposit of 1,000 and quotes of 100/100, and expects nothing but refusals.
#[track_caller]
fn refused(script: &str, expected: &str) {
    let opened = "acct-1 opened with 1000\nday opened with 1000\n";
    let script = format!("deposit 1000 | quote BTCUSDT 100/100 | quote ETHUSDT 100/100 | {script}");
    check("refused", &script, &format!("{opened}{expected}"));
}

#[test]
fn unknown_symbols_name_known_ones() {
    refused(
        "buy 1 XRPUSDT | close XRPUSDT",
        "UNKNOWN_SYMBOL: no instrument XRPUSDT here; there are BTCUSDT, ETHUSDT, DOGEUSDT, BTCUSDT-PERP, ETHUSDT-PERP: get_instruments lists all
         UNKNOWN_SYMBOL: no instrument XRPUSDT here; there are BTCUSDT, ETHUSDT, DOGEUSDT, BTCUSDT-PERP, ETHUSDT-PERP: get_instruments lists all",
    );
}

#[test]
fn quantities_must_fit() {
    refused(
        "buy 0.0015 BTCUSDT | buy 101 BTCUSDT",
        "INVALID_QUANTITY: 0.0015 BTC is no multiple of BTCUSDT's step of 0.001: the nearest that fits is 0.002
         INVALID_QUANTITY: 101 BTC is above the largest quantity of one BTCUSDT order: order at most 100",
    );
}

#[test]
fn small_orders_may_close_but_not_open() {
    refused(
        "buy 0.049 BTCUSDT",
        "BELOW_MIN_NOTIONAL: the order is worth 4.90 USDT, below the least of 5.00 USDT for BTCUSDT: order more",
    );
    check(
        "a position that lost nearly all its value can be closed",
        "deposit 100 | quote ETHUSDT 100/100 | buy 0.05 ETHUSDT | quote ETHUSDT 1/1 | sell 0.05 ETHUSDT",
        "acct-1 opened with 100
         day opened with 100
         order-1 buy 0.05 ETHUSDT
         exec-1 pos-1 buy 0.05 @ 100.00 fee 0
         order-1 filled 0.05 @ 100 fee 0
         order-2 sell 0.05 ETHUSDT
         exec-2 pos-1 sell 0.05 @ 1.00 fee 0 pnl -4.95
         order-2 filled 0.05 @ 1 fee 0",
    );
}

#[test]
fn what_cannot_be_paid_for_is_refused_with_the_fee_in_it() {
    refused(
        "buy 10 BTCUSDT",
        "INSUFFICIENT_BALANCE: needs 1,001.00 USDT with the fee, 1,000.00 available: order less, or close a position first",
    );
}

#[test]
fn nothing_is_filled_without_an_honest_price() {
    refused(
        "buy 1 DOGEUSDT | link down | buy 1 BTCUSDT | link live | buy 1 BTCUSDT",
        "NO_PRICE: DOGEUSDT is not quoted yet: try again in a moment
         NO_PRICE: the market data feed is down, so BTCUSDT has no price to fill at: try again when it is live
         NO_PRICE: BTCUSDT is not quoted yet: try again in a moment",
    );
    refused(
        "wait 12s | buy 1 BTCUSDT",
        "NO_PRICE: the last price of BTCUSDT is 14 s old, too old to fill at: try again when it moves",
    );
    refused(
        "wait 58s | quote ETHUSDT 100/100 | buy 1 BTCUSDT",
        "NO_PRICE: the last price of BTCUSDT is 61 s old, too old to fill at: try again when it moves",
    );
}

#[test]
fn a_quiet_market_of_a_live_feed_is_filled() {
    check(
        "the feed ticks elsewhere",
        "deposit 1000 | quote ETHUSDT 100/100 | wait 40s | quote BTCUSDT 100/100 | buy 1 ETHUSDT",
        "acct-1 opened with 1000
         day opened with 1000
         order-1 buy 1 ETHUSDT
         exec-1 pos-1 buy 1 @ 100.00 fee 0
         order-1 filled 1 @ 100 fee 0",
    );
}

#[test]
fn without_a_position_there_is_nothing_to_close_or_reduce() {
    refused(
        "close BTCUSDT | close BTCUSDT 50% | sell 1 BTCUSDT reduce",
        "NO_POSITION: no open position in BTCUSDT to close: get_positions lists those that are open
         NO_POSITION: no open position in BTCUSDT to close: get_positions lists those that are open
         NO_POSITION: no long position in BTCUSDT that a sell could reduce: leave reduce_only out to open one",
    );
    check(
        "reduce-only on the position's own side",
        "deposit 1000 | quote ETHUSDT 100/100 | buy 1 ETHUSDT | buy 1 ETHUSDT reduce",
        "acct-1 opened with 1000
         day opened with 1000
         order-1 buy 1 ETHUSDT
         exec-1 pos-1 buy 1 @ 100.00 fee 0
         order-1 filled 1 @ 100 fee 0
         NO_POSITION: no short position in ETHUSDT that a buy could reduce: leave reduce_only out to open one",
    );
}

#[test]
fn accounts_are_opened_once_with_a_sound_deposit() {
    check(
        "deposits",
        "buy 1 BTCUSDT | deposit 0 | deposit 1e13 | deposit 0.000000001 | deposit 10.50 | deposit 20 | show",
        "INTERNAL: the account acct-1 is not open here; nothing was done
         INVALID_FIELD: the deposit must be above zero, at most 1,000,000,000,000.00 USDT, and have at most 8 decimal places
         INVALID_FIELD: the deposit must be above zero, at most 1,000,000,000,000.00 USDT, and have at most 8 decimal places
         INVALID_FIELD: the deposit must be above zero, at most 1,000,000,000,000.00 USDT, and have at most 8 decimal places
         acct-1 opened with 10.5
         day opened with 10.5
         open already
         equity 10.5 cash 10.5 used 0 available 10.5 today 0",
    );
}
