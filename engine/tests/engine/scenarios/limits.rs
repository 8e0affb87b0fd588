//! Limit orders: taking, resting, filled by trades and quotes, post-only, time in force.

use crate::script::check;

#[test]
fn a_limit_rests_and_is_filled_at_its_own_price_when_the_market_trades_through_it() {
    check(
        "a limit rests and is filled at its own price when the market trades through it",
        "deposit 10000 | quote BTCUSDT 100/101 | buy 2 BTCUSDT limit 99 | orders | trade BTCUSDT 5x99 | \
         trade BTCUSDT 5x98.99 | show",
        "acct-1 opened with 10000
         day opened with 10000
         order-1 buy 2 BTCUSDT limit 99.00
         1 open, 198.198 tied up
         order-1 buy 2 BTCUSDT limit 99.00
         exec-1 pos-1 buy 2 @ 99.00 fee 0 maker
         order-1 filled 2 @ 99 fee 0
         equity 10002 cash 10000 used 198 available 9802 today 2
         pos-1 buy 2 BTCUSDT @ 99 mark 100.00 pnl 2 (1.01 %)",
    );
}

#[test]
fn with_touch_a_trade_at_the_price_fills() {
    check(
        "with touch a trade at the price fills",
        "deposit 10000 | rules touch | quote BTCUSDT 100/101 | buy 2 BTCUSDT limit 99 | \
         trade BTCUSDT 5x99",
        "acct-1 opened with 10000
         day opened with 10000
         order-1 buy 2 BTCUSDT limit 99.00
         exec-1 pos-1 buy 2 @ 99.00 fee 0 maker
         order-1 filled 2 @ 99 fee 0",
    );
}

#[test]
fn a_quote_that_crosses_fills_all_of_it() {
    check(
        "a quote that crosses fills all of it",
        "deposit 10000 | quote BTCUSDT 100/101 | sell 2 BTCUSDT limit 102 | quote BTCUSDT 102/103 | \
         quote BTCUSDT 102.01/103",
        "acct-1 opened with 10000
         day opened with 10000
         order-1 sell 2 BTCUSDT limit 102.00
         exec-1 pos-1 sell 2 @ 102.00 fee 0 maker
         order-1 filled 2 @ 102 fee 0",
    );
}

#[test]
fn traded_volume_is_shared_by_price_and_then_by_age() {
    check(
        "traded volume is shared by price and then by age",
        "deposit 10000 | quote BTCUSDT 100/101 | buy 2 BTCUSDT limit 98 | buy 2 BTCUSDT limit 99 | \
         buy 2 BTCUSDT limit 99 | trade BTCUSDT 3x97 | trade BTCUSDT 2.0005x97 | orders",
        "acct-1 opened with 10000
         day opened with 10000
         order-1 buy 2 BTCUSDT limit 98.00
         order-2 buy 2 BTCUSDT limit 99.00
         order-3 buy 2 BTCUSDT limit 99.00
         exec-1 pos-1 buy 2 @ 99.00 fee 0 maker
         order-2 filled 2 @ 99 fee 0
         exec-2 pos-1 buy 1 @ 99.00 fee 0 maker
         order-3 part 1 of 2 @ 99 fee 0
         exec-3 pos-1 buy 1 @ 99.00 fee 0 maker
         order-3 filled 2 @ 99 fee 0
         exec-4 pos-1 buy 1 @ 98.00 fee 0 maker
         order-1 part 1 of 2 @ 98 fee 0
         1 open, 98.098 tied up
         order-1 part 1 of 2 @ 98 fee 0",
    );
}

#[test]
fn each_account_is_served_from_the_whole_volume() {
    check(
        "each account is served from the whole volume",
        "deposit 10000 | quote BTCUSDT 100/101 | buy 2 BTCUSDT limit 99 | account 2 | deposit 10000 | \
         buy 2 BTCUSDT limit 99 | trade BTCUSDT 2x98",
        "acct-1 opened with 10000
         day opened with 10000
         order-1 buy 2 BTCUSDT limit 99.00
         acct-2 opened with 10000
         day opened with 10000
         order-2 buy 2 BTCUSDT limit 99.00
         exec-1 pos-1 buy 2 @ 99.00 fee 0 maker
         order-1 filled 2 @ 99 fee 0
         exec-2 pos-2 buy 2 @ 99.00 fee 0 maker
         order-2 filled 2 @ 99 fee 0",
    );
}

#[test]
fn a_marketable_limit_takes_up_to_its_price_and_rests_with_what_is_left() {
    check(
        "a marketable limit takes up to its price and rests with what is left",
        "deposit 10000 | quote BTCUSDT 99/100 | depth BTCUSDT 1x99 / 1x100 2x101 5x103 | \
         buy 5 BTCUSDT limit 102 | orders | quote BTCUSDT 99/101.5 | show",
        "acct-1 opened with 10000
         day opened with 10000
         order-1 buy 5 BTCUSDT limit 102.00
         exec-1 pos-1 buy 1 @ 100.00 fee 0.1
         exec-2 pos-1 buy 2 @ 101.00 fee 0.202
         order-1 part 3 of 5 @ 100.666667 fee 0.302
         1 open, 204.204 tied up
         order-1 part 3 of 5 @ 100.666667 fee 0.302
         exec-3 pos-1 buy 2 @ 102.00 fee 0 maker
         order-1 filled 5 @ 101.2 fee 0.302
         equity 9988.698 cash 9999.698 used 506 available 9482.698 today -11.302
         pos-1 buy 5 BTCUSDT @ 101.2 mark 99.00 pnl -11 (-2.17 %)",
    );
}

#[test]
fn an_immediate_limit_cancels_what_it_does_not_get() {
    check(
        "an immediate limit cancels what it does not get",
        "deposit 10000 | quote BTCUSDT 99/100 | depth BTCUSDT 1x99 / 1x100 2x101 5x103 | \
         buy 5 BTCUSDT limit 102 ioc as my-1 | buy 5 BTCUSDT limit 102 ioc as my-1 | \
         buy 1 BTCUSDT limit 98 ioc | orders",
        "acct-1 opened with 10000
         day opened with 10000
         order-1 buy 5 BTCUSDT limit 102.00
         exec-1 pos-1 buy 1 @ 100.00 fee 0.1
         exec-2 pos-1 buy 2 @ 101.00 fee 0.202
         order-1 cancelled 3 of 5 @ 100.666667 IMMEDIATE_OR_CANCEL
         order-1 again
         order-2 buy 1 BTCUSDT limit 98.00
         order-2 cancelled IMMEDIATE_OR_CANCEL
         0 open, 0 tied up",
    );
}

#[test]
fn fill_or_kill_fills_wholly_or_not_at_all() {
    check(
        "fill or kill fills wholly or not at all",
        "deposit 10000 | quote BTCUSDT 99/100 | depth BTCUSDT 1x99 / 1x100 2x101 5x103 | \
         buy 5 BTCUSDT limit 102 fok | buy 3 BTCUSDT limit 102 fok",
        "acct-1 opened with 10000
         day opened with 10000
         order-1 buy 5 BTCUSDT limit 102.00
         order-1 cancelled FILL_OR_KILL
         order-2 buy 3 BTCUSDT limit 102.00
         exec-1 pos-1 buy 1 @ 100.00 fee 0.1
         exec-2 pos-1 buy 2 @ 101.00 fee 0.202
         order-2 filled 3 @ 100.666667 fee 0.302",
    );
}

#[test]
fn a_post_only_that_would_take_is_refused() {
    check(
        "a post only that would take is refused",
        "deposit 10000 | quote BTCUSDT 99/100 | buy 1 BTCUSDT limit 100 post | \
         buy 1 BTCUSDT limit 99.99 post | trade BTCUSDT 1x99",
        "acct-1 opened with 10000
         day opened with 10000
         WOULD_TAKE: a post-only buy at 100.00 would be filled at 100 at once: choose a price below that, or leave post_only out
         order-1 buy 1 BTCUSDT limit 99.99
         exec-1 pos-1 buy 1 @ 99.99 fee 0 maker
         order-1 filled 1 @ 99.99 fee 0",
    );
}

#[test]
fn a_dated_order_expires_in_the_very_millisecond() {
    check(
        "a dated order expires in the very millisecond",
        "deposit 10000 | quote BTCUSDT 99/100 | buy 1 BTCUSDT limit 98 until 2999ms | timer | timer | \
         timer | orders",
        "acct-1 opened with 10000
         day opened with 10000
         order-1 buy 1 BTCUSDT limit 98.00
         order-1 expired TIME_RAN_OUT
         0 open, 0 tied up",
    );
}

#[test]
fn a_dated_order_expires_before_the_tick_of_its_last_millisecond_fills_it() {
    check(
        "a dated order expires before the tick of its last millisecond fills it",
        "deposit 10000 | quote BTCUSDT 99/100 | buy 1 BTCUSDT limit 98 until 1000ms | trade BTCUSDT 1x97 | \
         orders",
        "acct-1 opened with 10000
         day opened with 10000
         order-1 buy 1 BTCUSDT limit 98.00
         order-1 expired TIME_RAN_OUT
         0 open, 0 tied up",
    );
}

#[test]
fn a_limit_fills_at_its_price_after_a_gap() {
    check(
        "a limit fills at its price after a gap",
        "deposit 10000 | quote BTCUSDT 99/100 | buy 1 BTCUSDT limit 98 | link down | trade BTCUSDT 1x90 | \
         link live | quote BTCUSDT 80/81 | show",
        "acct-1 opened with 10000
         day opened with 10000
         order-1 buy 1 BTCUSDT limit 98.00
         exec-1 pos-1 buy 1 @ 98.00 fee 0 maker
         order-1 filled 1 @ 98 fee 0
         equity 9982 cash 10000 used 98 available 9884 today -18
         pos-1 buy 1 BTCUSDT @ 98 mark 80.00 pnl -18 (-18.37 %)",
    );
}

#[test]
fn a_resting_order_that_cannot_be_paid_for_any_more_is_cancelled() {
    check(
        "a resting order that cannot be paid for any more is cancelled",
        "deposit 1000 | quote ETHUSDT 100/100 | quote BTCUSDT 100/101 | buy 4 ETHUSDT | \
         buy 6 ETHUSDT limit 99 | quote ETHUSDT 50/100 | trade ETHUSDT 10x98 | show",
        "
         acct-1 opened with 1000
         day opened with 1000
         order-1 buy 4 ETHUSDT
         exec-1 pos-1 buy 4 @ 100.00 fee 0
         order-1 filled 4 @ 100 fee 0
         order-2 buy 6 ETHUSDT limit 99.00
         order-2 cancelled INSUFFICIENT_BALANCE
         alert order-2 (limit, buy 6 ETHUSDT) was withdrawn when its moment came: the account could not pay for it.
         equity 800 cash 1000 used 400 available 400 today -200
         pos-1 buy 4 ETHUSDT @ 100 mark 50.00 pnl -200 (-50.00 %)",
    );
}

#[test]
fn open_orders_tie_up_what_they_would_cost() {
    check(
        "open orders tie up what they would cost",
        "deposit 1000 | quote BTCUSDT 100/100 | buy 5 BTCUSDT limit 90 | show | buy 6 BTCUSDT limit 95 | \
         buy 5 BTCUSDT limit 95 | orders | cancel order-1 | show",
        "acct-1 opened with 1000
         day opened with 1000
         order-1 buy 5 BTCUSDT limit 90.00
         equity 1000 cash 1000 used 0 available 549.55 today 0
         INSUFFICIENT_BALANCE: needs 570.57 USDT with the fee, 549.55 available: order less, or close a position first
         order-2 buy 5 BTCUSDT limit 95.00
         2 open, 925.925 tied up
         order-1 buy 5 BTCUSDT limit 90.00
         order-2 buy 5 BTCUSDT limit 95.00
         order-1 cancelled USER
         equity 1000 cash 1000 used 0 available 524.525 today 0",
    );
}

#[test]
fn closing_orders_tie_up_nothing() {
    check(
        "closing orders tie up nothing",
        "deposit 1000 | quote ETHUSDT 100/100 | buy 9 ETHUSDT | sell 9 ETHUSDT limit 110 | orders | \
         sell 2 ETHUSDT limit 110 | sell 0.5 ETHUSDT limit 110 | orders",
        "acct-1 opened with 1000
         day opened with 1000
         order-1 buy 9 ETHUSDT
         exec-1 pos-1 buy 9 @ 100.00 fee 0
         order-1 filled 9 @ 100 fee 0
         order-2 sell 9 ETHUSDT limit 110.00
         1 open, 0 tied up
         order-2 sell 9 ETHUSDT limit 110.00
         order-3 sell 2 ETHUSDT limit 110.00
         order-4 sell 0.5 ETHUSDT limit 110.00
         3 open, 275 tied up
         order-2 sell 9 ETHUSDT limit 110.00
         order-3 sell 2 ETHUSDT limit 110.00
         order-4 sell 0.5 ETHUSDT limit 110.00",
    );
}

#[test]
fn what_resting_orders_tie_up_is_not_there_for_others() {
    check(
        "450 of 1,000 are promised",
        "deposit 1000 | quote ETHUSDT 100/100 | buy 5 ETHUSDT limit 90 | buy 6 ETHUSDT",
        "acct-1 opened with 1000
         day opened with 1000
         order-1 buy 5 ETHUSDT limit 90.00
         INSUFFICIENT_BALANCE: needs 600.00 USDT with the fee, 550.00 available: order less, or close a position first",
    );
}

#[test]
fn nothing_fills_or_triggers_while_the_feed_is_down() {
    check(
        "trades that come in although the feed is told to be down",
        "deposit 1000 | quote ETHUSDT 100/100 | trade ETHUSDT 1x100 | buy 1 ETHUSDT limit 90 | buy 1 ETHUSDT take 95 | \
         link down | trade ETHUSDT 9x80 | orders",
        "acct-1 opened with 1000
         day opened with 1000
         order-1 buy 1 ETHUSDT limit 90.00
         order-2 buy 1 ETHUSDT take 95.00
         2 open, 185 tied up
         order-1 buy 1 ETHUSDT limit 90.00
         order-2 buy 1 ETHUSDT take 95.00",
    );
}

#[test]
fn a_quote_that_crosses_gives_no_more_than_its_book_shows() {
    check(
        "4 shown below 100, 5 at it; the better price first, then what is left of it; then nothing is known and all fills",
        "deposit 10000 | quote ETHUSDT 110/111 | buy 6 ETHUSDT limit 99.5 | buy 8 ETHUSDT limit 100 | sell 3 ETHUSDT limit 120
         | depth ETHUSDT 1x98 / 1x99 3x99.5 5x100 | quote ETHUSDT 98/99 | quote ETHUSDT 98/99 | orders
         | quote ETHUSDT 97/98.9 | orders",
        "acct-1 opened with 10000
         day opened with 10000
         order-1 buy 6 ETHUSDT limit 99.50
         order-2 buy 8 ETHUSDT limit 100.00
         order-3 sell 3 ETHUSDT limit 120.00
         exec-1 pos-1 buy 8 @ 100.00 fee 0 maker
         order-2 filled 8 @ 100 fee 0
         exec-2 pos-1 buy 4 @ 99.50 fee 0 maker
         order-1 part 4 of 6 @ 99.5 fee 0
         2 open, 199 tied up
         order-1 part 4 of 6 @ 99.5 fee 0
         order-3 sell 3 ETHUSDT limit 120.00
         exec-3 pos-1 buy 2 @ 99.50 fee 0 maker
         order-1 filled 6 @ 99.5 fee 0
         1 open, 0 tied up
         order-3 sell 3 ETHUSDT limit 120.00",
    );
}

#[test]
fn what_is_traded_comes_beside_what_the_book_shows() {
    check(
        "1 shown and 2 traded for both orders together; 0.0005 of a book's level is no step",
        "deposit 10000 | quote BTCUSDT 110/111 | buy 2 BTCUSDT limit 100 | buy 2 BTCUSDT limit 99.5
         | depth BTCUSDT 1x98 / 1.0005x99 | tick BTCUSDT 98/99 2x99 | orders | tick BTCUSDT 98/101 9x99 | show",
        "acct-1 opened with 10000
         day opened with 10000
         order-1 buy 2 BTCUSDT limit 100.00
         order-2 buy 2 BTCUSDT limit 99.50
         exec-1 pos-1 buy 2 @ 100.00 fee 0 maker
         order-1 filled 2 @ 100 fee 0
         exec-2 pos-1 buy 1 @ 99.50 fee 0 maker
         order-2 part 1 of 2 @ 99.5 fee 0
         1 open, 99.5995 tied up
         order-2 part 1 of 2 @ 99.5 fee 0
         exec-3 pos-1 buy 1 @ 99.50 fee 0 maker
         order-2 filled 2 @ 99.5 fee 0
         equity 9993 cash 10000 used 399 available 9594 today -7
         pos-1 buy 4 BTCUSDT @ 99.75 mark 98.00 pnl -7 (-1.75 %)",
    );
}

#[test]
fn a_sell_gets_what_the_bids_show() {
    check(
        "3 at 101 or above, for each account",
        "deposit 10000 | quote ETHUSDT 99/100 | sell 5 ETHUSDT limit 101 | account 2 | deposit 10000 | sell 2 ETHUSDT limit 101
         | depth ETHUSDT 1x102 2x101 9x100 / 1x103 | quote ETHUSDT 102/103 | orders | account 1 | orders",
        "acct-1 opened with 10000
         day opened with 10000
         order-1 sell 5 ETHUSDT limit 101.00
         acct-2 opened with 10000
         day opened with 10000
         order-2 sell 2 ETHUSDT limit 101.00
         exec-1 pos-1 sell 3 @ 101.00 fee 0 maker
         order-1 part 3 of 5 @ 101 fee 0
         exec-2 pos-2 sell 2 @ 101.00 fee 0 maker
         order-2 filled 2 @ 101 fee 0
         0 open, 0 tied up
         1 open, 202 tied up
         order-1 part 3 of 5 @ 101 fee 0",
    );
}
