//! Amending, cancelling, closing, turning, flattening; retries; orders on their way.

use crate::script::check;

#[test]
fn an_amended_price_goes_to_the_end_of_the_queue_and_less_quantity_does_not() {
    check(
        "an amended price goes to the end of the queue and less quantity does not",
        "deposit 10000 | quote ETHUSDT 100/101 | buy 2 ETHUSDT limit 98 | buy 2 ETHUSDT limit 99 | \
         buy 2 ETHUSDT limit 99 | amend order-2 quantity 1 | amend order-1 price 99 | \
         trade ETHUSDT 1x98.5 | trade ETHUSDT 1x98.5 | amend order-3 quantity 3 | trade ETHUSDT 1x98.5 | \
         orders",
        "acct-1 opened with 10000
         day opened with 10000
         order-1 buy 2 ETHUSDT limit 98.00
         order-2 buy 2 ETHUSDT limit 99.00
         order-3 buy 2 ETHUSDT limit 99.00
         order-2 buy 1 ETHUSDT limit 99.00
         order-1 buy 2 ETHUSDT limit 99.00
         exec-1 pos-1 buy 1 @ 99.00 fee 0 maker
         order-2 filled 1 @ 99 fee 0
         exec-2 pos-1 buy 1 @ 99.00 fee 0 maker
         order-3 part 1 of 2 @ 99 fee 0
         order-3 part 1 of 3 @ 99 fee 0
         exec-3 pos-1 buy 1 @ 99.00 fee 0 maker
         order-1 part 1 of 2 @ 99 fee 0
         2 open, 297 tied up
         order-1 part 1 of 2 @ 99 fee 0
         order-3 part 1 of 3 @ 99 fee 0",
    );
}

#[test]
fn amending_into_the_market_takes_at_once() {
    check(
        "amending into the market takes at once",
        "deposit 10000 | quote ETHUSDT 100/101 | buy 2 ETHUSDT limit 98 | amend order-1 price 102",
        "acct-1 opened with 10000
         day opened with 10000
         order-1 buy 2 ETHUSDT limit 98.00
         order-1 buy 2 ETHUSDT limit 102.00
         exec-1 pos-1 buy 2 @ 101.00 fee 0
         order-1 filled 2 @ 101 fee 0",
    );
}

#[test]
fn an_amendment_that_comes_after_the_fill_finds_the_order_gone() {
    check(
        "an amendment that comes after the fill finds the order gone",
        "deposit 10000 | quote ETHUSDT 100/101 | buy 2 ETHUSDT limit 99 | trade ETHUSDT 5x98 | \
         amend order-1 price 98 | cancel order-1 | cancel order-7",
        "acct-1 opened with 10000
         day opened with 10000
         order-1 buy 2 ETHUSDT limit 99.00
         exec-1 pos-1 buy 2 @ 99.00 fee 0 maker
         order-1 filled 2 @ 99 fee 0
         ORDER_NOT_FOUND: order-1 is filled already, with 2 of 2 filled: nothing is left to change
         ORDER_NOT_FOUND: order-1 is filled already, with 2 of 2 filled: nothing is left to change
         ORDER_NOT_FOUND: no open order order-7: get_orders lists those that are",
    );
}

#[test]
fn an_amended_quantity_stays_above_what_is_filled() {
    check(
        "an amended quantity stays above what is filled",
        "deposit 10000 | quote ETHUSDT 100/101 | buy 3 ETHUSDT limit 99 | trade ETHUSDT 2x98 | \
         amend order-1 quantity 2 | amend order-1 quantity 2.5 | trade ETHUSDT 2x98",
        "acct-1 opened with 10000
         day opened with 10000
         order-1 buy 3 ETHUSDT limit 99.00
         exec-1 pos-1 buy 2 @ 99.00 fee 0 maker
         order-1 part 2 of 3 @ 99 fee 0
         INVALID_QUANTITY: 2 is filled already, so the quantity must be above that, not 2
         order-1 part 2 of 2.5 @ 99 fee 0
         exec-2 pos-1 buy 0.5 @ 99.00 fee 0 maker
         order-1 filled 2.5 @ 99 fee 0",
    );
}

#[test]
fn what_an_order_has_not_cannot_be_amended() {
    check(
        "what an order has not cannot be amended",
        "deposit 10000 | quote ETHUSDT 100/100 | trade ETHUSDT 1x100 | buy 1 ETHUSDT limit 90 | \
         amend order-1 trigger 80 | amend order-1 trail 2 | amend order-1 tp 120 | \
         buy 1 ETHUSDT tp 110 sl 90 | amend order-3 quantity 2 | amend order-3 trigger 99 | \
         amend order-3 trigger 111 | amend order-1 price 90",
        "acct-1 opened with 10000
         day opened with 10000
         order-1 buy 1 ETHUSDT limit 90.00
         INVALID_FIELD: a limit order has no `trigger_price`: leave it out
         INVALID_FIELD: a limit order has no `trail_distance`: leave it out
         INVALID_FIELD: order-1 is no entry of a bracket: place an OCO to protect what it fills
         order-2 buy 1 ETHUSDT entry of group-1
         exec-1 pos-1 buy 1 @ 100.00 fee 0
         order-2 filled 1 @ 100 fee 0
         order-3 sell 1 ETHUSDT take 110.00 tp of group-1
         order-4 sell 1 ETHUSDT stop 90.00 sl of group-1
         INVALID_FIELD: the quantity of order-3 follows its group: amend the entry, or cancel the pair and place another
         INVALID_PRICE: `trigger_price` 99 would be reached at once, the price is 100: choose one above that
         order-3 sell 1 ETHUSDT take 111.00 tp of group-1",
    );
}

#[test]
fn a_trailing_distance_can_be_amended() {
    check(
        "a trailing distance can be amended",
        "deposit 10000 | quote ETHUSDT 100/100 | trade ETHUSDT 1x100 | buy 1 ETHUSDT | \
         sell 1 ETHUSDT trail 5 reduce | trade ETHUSDT 1x120 | amend order-2 trail 10% | \
         trade ETHUSDT 1x121",
        "acct-1 opened with 10000
         day opened with 10000
         order-1 buy 1 ETHUSDT
         exec-1 pos-1 buy 1 @ 100.00 fee 0
         order-1 filled 1 @ 100 fee 0
         order-2 sell 1 ETHUSDT peak 100 stop 95
         order-2 sell 1 ETHUSDT peak 120.00 stop 115
         order-2 sell 1 ETHUSDT peak 120.00 stop 108
         order-2 sell 1 ETHUSDT peak 121.00 stop 108.9",
    );
}

#[test]
fn exits_of_an_entry_can_be_amended_until_it_fills() {
    check(
        "exits of an entry can be amended until it fills",
        "deposit 10000 | quote ETHUSDT 100/101 | trade ETHUSDT 1x100 | \
         buy 2 ETHUSDT limit 99 sl 90 as my-1 | amend my-1 sl 95 tp =120 | trade ETHUSDT 1x98 | \
         amend my-1 sl 90 | orders",
        "acct-1 opened with 10000
         day opened with 10000
         order-1 buy 2 ETHUSDT limit 99.00 entry of group-1
         order-1 buy 2 ETHUSDT limit 99.00 entry of group-1
         exec-1 pos-1 buy 1 @ 99.00 fee 0 maker
         order-1 part 1 of 2 @ 99 fee 0
         order-2 sell 1 ETHUSDT limit 120.00 tp of group-1
         order-3 sell 1 ETHUSDT stop 95.00 sl of group-1
         INVALID_FIELD: what order-1 has filled is protected by orders of its own: amend these
         3 open, 99 tied up
         order-1 part 1 of 2 @ 99 fee 0
         order-2 sell 1 ETHUSDT limit 120.00 tp of group-1
         order-3 sell 1 ETHUSDT stop 95.00 sl of group-1",
    );
}

#[test]
fn orders_are_cancelled_by_instrument_or_all() {
    check(
        "orders are cancelled by instrument or all",
        "deposit 10000 | quote ETHUSDT 100/100 | quote BTCUSDT 100/100 | buy 1 ETHUSDT limit 90 | \
         buy 1 BTCUSDT limit 90 as my-2 | buy 1 ETHUSDT limit 91 | cancel-all ETHUSD | cancel-all ETHUSDT | \
         cancel my-2 | buy 1 ETHUSDT limit 91 | cancel-all | orders",
        "acct-1 opened with 10000
         day opened with 10000
         order-1 buy 1 ETHUSDT limit 90.00
         order-2 buy 1 BTCUSDT limit 90.00
         order-3 buy 1 ETHUSDT limit 91.00
         UNKNOWN_SYMBOL: no instrument ETHUSD here; there are BTCUSDT, ETHUSDT, DOGEUSDT, BTCUSDT-PERP, ETHUSDT-PERP: get_instruments lists all
         order-1 cancelled USER
         order-3 cancelled USER
         order-2 cancelled USER
         order-4 buy 1 ETHUSDT limit 91.00
         order-4 cancelled USER
         0 open, 0 tied up",
    );
}

#[test]
fn a_position_is_turned_by_one_order() {
    check(
        "a position is turned by one order",
        "deposit 1000 | quote ETHUSDT 100/100 | buy 4 ETHUSDT | reverse ETHUSDT as my-1 | \
         reverse ETHUSDT as my-1 | show",
        "acct-1 opened with 1000
         day opened with 1000
         order-1 buy 4 ETHUSDT
         exec-1 pos-1 buy 4 @ 100.00 fee 0
         order-1 filled 4 @ 100 fee 0
         order-2 sell 8 ETHUSDT
         exec-2 pos-1 sell 4 @ 100.00 fee 0
         exec-3 pos-2 sell 4 @ 100.00 fee 0
         order-2 filled 8 @ 100 fee 0
         order-2 again
         equity 1000 cash 1000 used 400 available 600 today 0
         pos-2 sell 4 ETHUSDT @ 100 mark 100.00 pnl 0 (0.00 %)",
    );
}

#[test]
fn everything_is_flattened_or_nothing() {
    check(
        "everything is flattened or nothing",
        "deposit 10000 | quote ETHUSDT 100/100 | quote BTCUSDT 100/100 | buy 1 ETHUSDT | \
         buy 1 BTCUSDT limit 90 | sell 1 BTCUSDT | link down | flatten as my-1 | link live | \
         quote ETHUSDT 100/100 | flatten as my-1 | quote BTCUSDT 100/100 | flatten as my-1 | \
         flatten as my-1 | flatten as my-2 | flatten as my-2 | orders",
        "acct-1 opened with 10000
         day opened with 10000
         order-1 buy 1 ETHUSDT
         exec-1 pos-1 buy 1 @ 100.00 fee 0
         order-1 filled 1 @ 100 fee 0
         order-2 buy 1 BTCUSDT limit 90.00
         order-3 sell 1 BTCUSDT
         exec-2 pos-2 sell 1 @ 100.00 fee 0.1
         order-3 filled 1 @ 100 fee 0.1
         NO_PRICE: the market data feed is down, so BTCUSDT has no price to fill at: try again when it is live
         NO_PRICE: BTCUSDT is not quoted yet: try again in a moment
         order-2 cancelled USER
         order-4 buy 1 BTCUSDT
         exec-3 pos-2 buy 1 @ 100.00 fee 0.1
         order-4 filled 1 @ 100 fee 0.1
         order-5 sell 1 ETHUSDT
         exec-4 pos-1 sell 1 @ 100.00 fee 0
         order-5 filled 1 @ 100 fee 0
         order-4 again
         my-2 done
         done already
         0 open, 0 tied up",
    );
}

#[test]
fn an_id_used_for_something_else_is_still_the_first_thing() {
    check(
        "an id used for something else is still the first thing",
        "deposit 10000 | quote ETHUSDT 100/100 | trade ETHUSDT 1x100 | buy 1 ETHUSDT limit 90 as my-1 | \
         sell 2 ETHUSDT as my-1 | oco sell 1 ETHUSDT tp =110 sl 90 as my-1 | flatten as my-1 | \
         reverse ETHUSDT as my-1",
        "acct-1 opened with 10000
         day opened with 10000
         order-1 buy 1 ETHUSDT limit 90.00
         order-1 again
         order-1 again
         order-1 again
         order-1 again",
    );
}

#[test]
fn orders_take_their_time_to_the_venue() {
    check(
        "orders take their time to the venue",
        "deposit 10000 | rules latency 1500 | quote ETHUSDT 100/100 | trade ETHUSDT 1x100 | buy 1 ETHUSDT | \
         quote ETHUSDT 102/102 | quote ETHUSDT 103/103 | buy 1 ETHUSDT limit 99 | trade ETHUSDT 1x90 | \
         trade ETHUSDT 1x100 | orders",
        "acct-1 opened with 10000
         day opened with 10000
         order-1 buy 1 ETHUSDT on its way
         exec-1 pos-1 buy 1 @ 103.00 fee 0
         order-1 filled 1 @ 103 fee 0
         order-2 buy 1 ETHUSDT limit 99.00 on its way
         order-2 buy 1 ETHUSDT limit 99.00
         1 open, 99 tied up
         order-2 buy 1 ETHUSDT limit 99.00",
    );
}

#[test]
fn what_was_sent_is_checked_again_when_it_arrives() {
    check(
        "what was sent is checked again when it arrives",
        "deposit 1000 | rules latency 1500 | quote ETHUSDT 100/100 | trade ETHUSDT 1x100 | buy 9 ETHUSDT | \
         quote ETHUSDT 150/150 | timer | buy 1 ETHUSDT limit 149 post | quote ETHUSDT 140/140 | timer",
        "
         acct-1 opened with 1000
         day opened with 1000
         order-1 buy 9 ETHUSDT on its way
         order-1 rejected INSUFFICIENT_BALANCE
         alert order-1 (market, buy 9 ETHUSDT) was withdrawn when its moment came: the account could not pay for it.
         order-2 buy 1 ETHUSDT limit 149.00 on its way
         order-2 rejected WOULD_TAKE
         alert order-2 (limit, buy 1 ETHUSDT) was withdrawn when its moment came: it was post-only and would have been filled at once.",
    );
}

#[test]
fn slippage_is_rounded_against_the_trader() {
    check(
        "slippage is rounded against the trader",
        "deposit 10000 | rules slippage 10 | quote BTCUSDT 99.99/100.01 | buy 1 BTCUSDT | sell 1 BTCUSDT | \
         depth BTCUSDT 1x99.99 / 1x100.01 | buy 1 BTCUSDT",
        "acct-1 opened with 10000
         day opened with 10000
         order-1 buy 1 BTCUSDT
         exec-1 pos-1 buy 1 @ 100.12 fee 0.10012
         order-1 filled 1 @ 100.12 fee 0.10012
         order-2 sell 1 BTCUSDT
         exec-2 pos-1 sell 1 @ 99.89 fee 0.09989 pnl -0.23
         order-2 filled 1 @ 99.89 fee 0.09989
         order-3 buy 1 BTCUSDT
         exec-3 pos-2 buy 1 @ 100.01 fee 0.10001
         order-3 filled 1 @ 100.01 fee 0.10001",
    );
}

#[test]
fn an_order_can_always_be_made_smaller() {
    check(
        "its account has lost what would pay for it",
        "deposit 1000 | quote ETHUSDT 100/100 | buy 4 ETHUSDT | buy 6 ETHUSDT limit 99 | quote ETHUSDT 50/100 | \
         amend order-2 price 99.5 | amend order-2 quantity 5 | orders",
        "acct-1 opened with 1000
         day opened with 1000
         order-1 buy 4 ETHUSDT
         exec-1 pos-1 buy 4 @ 100.00 fee 0
         order-1 filled 4 @ 100 fee 0
         order-2 buy 6 ETHUSDT limit 99.00
         INSUFFICIENT_BALANCE: needs 597.00 USDT with the fee, 400.00 available: order less, or close a position first
         order-2 buy 5 ETHUSDT limit 99.00
         1 open, 495 tied up
         order-2 buy 5 ETHUSDT limit 99.00",
    );
}

#[test]
fn an_order_on_its_way_can_be_cancelled_and_an_amended_one_travels_anew() {
    check(
        "1.5 s to the venue, a step is 1 s",
        "deposit 1000 | rules latency 1500 | quote ETHUSDT 100/101 | buy 1 ETHUSDT | cancel order-1 | timer | timer | \
         buy 1 ETHUSDT limit 99 | timer | timer | amend order-2 price 100 | trade ETHUSDT 5x90 | timer | trade ETHUSDT 5x90",
        "acct-1 opened with 1000
         day opened with 1000
         order-1 buy 1 ETHUSDT on its way
         order-1 cancelled USER
         order-2 buy 1 ETHUSDT limit 99.00 on its way
         order-2 buy 1 ETHUSDT limit 99.00
         order-2 buy 1 ETHUSDT limit 100.00 on its way
         order-2 buy 1 ETHUSDT limit 100.00
         exec-1 pos-1 buy 1 @ 100.00 fee 0 maker
         order-2 filled 1 @ 100 fee 0",
    );
}

#[test]
fn a_turn_that_cannot_be_paid_for_is_refused_whole() {
    check(
        "the loss of the close leaves too little for as much on the other side",
        "deposit 1000 | quote ETHUSDT 100/100 | sell 9 ETHUSDT | quote ETHUSDT 105/106 | reverse ETHUSDT | \
         reverse BTCUSDT | show",
        "acct-1 opened with 1000
         day opened with 1000
         order-1 sell 9 ETHUSDT
         exec-1 pos-1 sell 9 @ 100.00 fee 0
         order-1 filled 9 @ 100 fee 0
         INSUFFICIENT_BALANCE: needs 954.00 USDT with the fee, 946.00 available: order less, or close a position first
         NO_POSITION: no open position in BTCUSDT to close: get_positions lists those that are open
         equity 946 cash 1000 used 900 available 46 today -54
         pos-1 sell 9 ETHUSDT @ 100 mark 106.00 pnl -54 (-6.00 %)",
    );
}
