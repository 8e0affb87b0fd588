//! Market orders: prices, books, fees, retries.

use crate::script::check;

#[test]
fn a_buy_pays_the_ask_and_a_sell_gets_the_bid() {
    check(
        "round trip at an unchanged quote costs the spread and two fees",
        "deposit 10000 | quote BTCUSDT 99.9/100 | buy 2 BTCUSDT | sell 2 BTCUSDT | show",
        "acct-1 opened with 10000
         day opened with 10000
         order-1 buy 2 BTCUSDT
         exec-1 pos-1 buy 2 @ 100.00 fee 0.2
         order-1 filled 2 @ 100 fee 0.2
         order-2 sell 2 BTCUSDT
         exec-2 pos-1 sell 2 @ 99.90 fee 0.1998 pnl -0.2
         order-2 filled 2 @ 99.9 fee 0.1998
         equity 9999.4002 cash 9999.4002 used 0 available 9999.4002 today -0.5998",
    );
}

#[test]
fn a_known_book_is_walked_level_by_level() {
    check(
        "three executions, the last beyond the known depth",
        "deposit 10000 | quote BTCUSDT 99/100 | depth BTCUSDT 1x99 / 1x100 2x101 1x102 | buy 6 BTCUSDT | show",
        "acct-1 opened with 10000
         day opened with 10000
         order-1 buy 6 BTCUSDT
         exec-1 pos-1 buy 1 @ 100.00 fee 0.1
         exec-2 pos-1 buy 2 @ 101.00 fee 0.202
         exec-3 pos-1 buy 3 @ 102.00 fee 0.306
         order-1 filled 6 @ 101.333333 fee 0.608
         equity 9985.392 cash 9999.392 used 608 available 9377.392 today -14.608
         pos-1 buy 6 BTCUSDT @ 101.333333 mark 99.00 pnl -14 (-2.30 %)",
    );
}

#[test]
fn a_book_out_of_step_with_the_quote_is_not_walked() {
    check(
        "the quote moved after the last depth",
        "deposit 10000 | depth BTCUSDT 1x99 / 1x100 2x101 | quote BTCUSDT 89/90 | buy 3 BTCUSDT",
        "acct-1 opened with 10000
         day opened with 10000
         order-1 buy 3 BTCUSDT
         exec-1 pos-1 buy 3 @ 90.00 fee 0.27
         order-1 filled 3 @ 90 fee 0.27",
    );
}

#[test]
fn a_book_from_before_an_interruption_is_not_walked() {
    check(
        "the feed was down in between, so the levels may be gone",
        "deposit 10000 | quote BTCUSDT 99/100 | depth BTCUSDT 1x99 / 1x100 2x101 | link down | link live
         | quote BTCUSDT 99/100 | buy 3 BTCUSDT",
        "acct-1 opened with 10000
         day opened with 10000
         order-1 buy 3 BTCUSDT
         exec-1 pos-1 buy 3 @ 100.00 fee 0.3
         order-1 filled 3 @ 100 fee 0.3",
    );
}

#[test]
fn a_retry_places_nothing_and_gets_the_first_answer() {
    check(
        "the same client order id, whatever else it says and whatever happened since",
        "deposit 1000 | quote BTCUSDT 99/100 | buy 1 BTCUSDT as a | buy 1 BTCUSDT as a | sell 9 ETHUSDT as a
         | close BTCUSDT as a | link down | buy 1 BTCUSDT as a | link live | quote BTCUSDT 99/100
         | close BTCUSDT as b | close BTCUSDT as b | restart | buy 1 BTCUSDT as a",
        "acct-1 opened with 1000
         day opened with 1000
         order-1 buy 1 BTCUSDT
         exec-1 pos-1 buy 1 @ 100.00 fee 0.1
         order-1 filled 1 @ 100 fee 0.1
         order-1 again
         order-1 again
         order-1 again
         order-1 again
         order-2 sell 1 BTCUSDT
         exec-2 pos-1 sell 1 @ 99.00 fee 0.099 pnl -1
         order-2 filled 1 @ 99 fee 0.099
         order-2 again
         order-1 again",
    );
}

#[test]
fn client_order_ids_are_the_accounts_own() {
    check(
        "two accounts use the same one; ids count over both",
        "deposit 1000 | quote ETHUSDT 99/100 | buy 1 ETHUSDT as a | account 2 | deposit 500 | buy 1 ETHUSDT as a | show",
        "acct-1 opened with 1000
         day opened with 1000
         order-1 buy 1 ETHUSDT
         exec-1 pos-1 buy 1 @ 100.00 fee 0
         order-1 filled 1 @ 100 fee 0
         acct-2 opened with 500
         day opened with 500
         order-2 buy 1 ETHUSDT
         exec-2 pos-2 buy 1 @ 100.00 fee 0
         order-2 filled 1 @ 100 fee 0
         equity 499 cash 500 used 100 available 399 today -1
         pos-2 buy 1 ETHUSDT @ 100 mark 99.00 pnl -1 (-1.00 %)",
    );
}
