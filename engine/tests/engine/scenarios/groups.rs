//! OCO pairs and brackets.

use crate::script::check;

#[test]
fn one_leg_of_a_pair_cancels_the_other_in_the_same_step() {
    check(
        "one leg of a pair cancels the other in the same step",
        "deposit 10000 | quote ETHUSDT 100/100 | trade ETHUSDT 1x100 | buy 2 ETHUSDT | \
         oco sell 2 ETHUSDT tp =110 sl 90 reduce as my-1 | \
         oco sell 2 ETHUSDT tp =110 sl 90 reduce as my-1 | trade ETHUSDT 9x111 | show",
        "acct-1 opened with 10000
         day opened with 10000
         order-1 buy 2 ETHUSDT
         exec-1 pos-1 buy 2 @ 100.00 fee 0
         order-1 filled 2 @ 100 fee 0
         order-2 sell 2 ETHUSDT limit 110.00 tp of group-1
         order-3 sell 2 ETHUSDT stop 90.00 sl of group-1
         order-2 again
         exec-2 pos-1 sell 2 @ 110.00 fee 0 pnl 20 maker
         order-2 filled 2 @ 110 fee 0
         order-3 cancelled SIBLING_FILLED
         equity 10020 cash 10020 used 0 available 10020 today 20",
    );
}

#[test]
fn a_part_filled_of_one_leg_is_taken_off_the_other() {
    check(
        "a part filled of one leg is taken off the other",
        "deposit 10000 | quote ETHUSDT 100/100 | trade ETHUSDT 1x100 | buy 2 ETHUSDT | \
         oco sell 2 ETHUSDT tp =110 sl 90 reduce | trade ETHUSDT 0.5x111 | tick ETHUSDT 89/89 1x89 | show",
        "acct-1 opened with 10000
         day opened with 10000
         order-1 buy 2 ETHUSDT
         exec-1 pos-1 buy 2 @ 100.00 fee 0
         order-1 filled 2 @ 100 fee 0
         order-2 sell 2 ETHUSDT limit 110.00 tp of group-1
         order-3 sell 2 ETHUSDT stop 90.00 sl of group-1
         exec-2 pos-1 sell 0.5 @ 110.00 fee 0 pnl 5 maker
         order-2 part 0.5 of 2 @ 110 fee 0
         order-3 sell 1.5 ETHUSDT stop 90.00 sl of group-1
         order-3 triggered
         order-2 cancelled 0.5 of 2 @ 110 SIBLING_FILLED
         exec-3 pos-1 sell 1.5 @ 89.00 fee 0 pnl -16.5
         order-3 filled 1.5 @ 89 fee 0
         equity 9988.5 cash 9988.5 used 0 available 9988.5 today -11.5",
    );
}

#[test]
fn when_one_tick_touches_both_legs_the_stop_wins() {
    check(
        "when one tick touches both legs the stop wins",
        "deposit 10000 | quote ETHUSDT 100/100 | trade ETHUSDT 1x100 | buy 2 ETHUSDT | \
         oco sell 2 ETHUSDT tp =110 sl 90 reduce | tick ETHUSDT 111/112 5x89",
        "acct-1 opened with 10000
         day opened with 10000
         order-1 buy 2 ETHUSDT
         exec-1 pos-1 buy 2 @ 100.00 fee 0
         order-1 filled 2 @ 100 fee 0
         order-2 sell 2 ETHUSDT limit 110.00 tp of group-1
         order-3 sell 2 ETHUSDT stop 90.00 sl of group-1
         order-3 triggered
         order-2 cancelled SIBLING_FILLED
         exec-2 pos-1 sell 2 @ 111.00 fee 0 pnl 22
         order-3 filled 2 @ 111 fee 0",
    );
}

#[test]
fn a_triggered_stop_limit_leg_rests_alone() {
    check(
        "a triggered stop limit leg rests alone",
        "deposit 10000 | quote ETHUSDT 100/100 | trade ETHUSDT 1x100 | buy 2 ETHUSDT | \
         oco sell 2 ETHUSDT tp 110 sl 90=89.5 reduce | tick ETHUSDT 88/89 1x88 | orders",
        "acct-1 opened with 10000
         day opened with 10000
         order-1 buy 2 ETHUSDT
         exec-1 pos-1 buy 2 @ 100.00 fee 0
         order-1 filled 2 @ 100 fee 0
         order-2 sell 2 ETHUSDT take 110.00 tp of group-1
         order-3 sell 2 ETHUSDT stop 90.00 limit 89.50 sl of group-1
         order-3 triggered
         order-2 cancelled SIBLING_FILLED
         1 open, 0 tied up
         order-3 triggered",
    );
}

#[test]
fn cancelling_one_leg_cancels_the_pair() {
    check(
        "cancelling one leg cancels the pair",
        "deposit 10000 | quote ETHUSDT 100/100 | trade ETHUSDT 1x100 | oco buy 2 ETHUSDT tp =90 sl 110 | \
         orders | cancel order-2 | orders",
        "acct-1 opened with 10000
         day opened with 10000
         order-1 buy 2 ETHUSDT limit 90.00 tp of group-1
         order-2 buy 2 ETHUSDT stop 110.00 sl of group-1
         2 open, 220 tied up
         order-1 buy 2 ETHUSDT limit 90.00 tp of group-1
         order-2 buy 2 ETHUSDT stop 110.00 sl of group-1
         order-2 cancelled USER
         order-1 cancelled SIBLING_CANCELLED
         0 open, 0 tied up",
    );
}

#[test]
fn a_pair_expires_as_one() {
    check(
        "a pair expires as one",
        "deposit 10000 | quote ETHUSDT 100/100 | trade ETHUSDT 1x100 | \
         oco buy 2 ETHUSDT tp =90 sl 110 until 2s | timer | timer",
        "acct-1 opened with 10000
         day opened with 10000
         order-1 buy 2 ETHUSDT limit 90.00 tp of group-1
         order-2 buy 2 ETHUSDT stop 110.00 sl of group-1
         order-1 expired TIME_RAN_OUT
         order-2 expired TIME_RAN_OUT",
    );
}

#[test]
fn a_market_bracket_is_protected_at_once() {
    check(
        "a market bracket is protected at once",
        "deposit 10000 | quote ETHUSDT 100/100 | trade ETHUSDT 1x100 | \
         buy 2 ETHUSDT tp =110 sl ~5 as my-1 | trade ETHUSDT 1x108 | trade ETHUSDT 1x103 | orders",
        "acct-1 opened with 10000
         day opened with 10000
         order-1 buy 2 ETHUSDT entry of group-1
         exec-1 pos-1 buy 2 @ 100.00 fee 0
         order-1 filled 2 @ 100 fee 0
         order-2 sell 2 ETHUSDT limit 110.00 tp of group-1
         order-3 sell 2 ETHUSDT peak 100 stop 95 sl of group-1
         order-3 sell 2 ETHUSDT peak 108.00 stop 103 sl of group-1
         order-3 triggered
         order-2 cancelled SIBLING_FILLED
         exec-2 pos-1 sell 2 @ 100.00 fee 0
         order-3 filled 2 @ 100 fee 0
         0 open, 0 tied up",
    );
}

#[test]
fn the_legs_of_a_bracket_are_sized_to_what_has_filled() {
    check(
        "the legs of a bracket are sized to what has filled",
        "deposit 10000 | quote ETHUSDT 100/101 | trade ETHUSDT 1x100 | \
         buy 3 ETHUSDT limit 99 tp 110 sl 90 | trade ETHUSDT 1x98 | trade ETHUSDT 1x98 | orders | \
         cancel order-1 | orders | tick ETHUSDT 90/91 1x90",
        "acct-1 opened with 10000
         day opened with 10000
         order-1 buy 3 ETHUSDT limit 99.00 entry of group-1
         exec-1 pos-1 buy 1 @ 99.00 fee 0 maker
         order-1 part 1 of 3 @ 99 fee 0
         order-2 sell 1 ETHUSDT take 110.00 tp of group-1
         order-3 sell 1 ETHUSDT stop 90.00 sl of group-1
         exec-2 pos-1 buy 1 @ 99.00 fee 0 maker
         order-1 part 2 of 3 @ 99 fee 0
         order-2 sell 2 ETHUSDT take 110.00 tp of group-1
         order-3 sell 2 ETHUSDT stop 90.00 sl of group-1
         3 open, 99 tied up
         order-1 part 2 of 3 @ 99 fee 0
         order-2 sell 2 ETHUSDT take 110.00 tp of group-1
         order-3 sell 2 ETHUSDT stop 90.00 sl of group-1
         order-1 cancelled 2 of 3 @ 99 USER
         2 open, 0 tied up
         order-2 sell 2 ETHUSDT take 110.00 tp of group-1
         order-3 sell 2 ETHUSDT stop 90.00 sl of group-1
         order-3 triggered
         order-2 cancelled SIBLING_FILLED
         exec-3 pos-1 sell 2 @ 90.00 fee 0 pnl -18
         order-3 filled 2 @ 90 fee 0",
    );
}

#[test]
fn a_leg_that_ends_takes_the_rest_of_the_entry_with_it() {
    check(
        "a leg that ends takes the rest of the entry with it",
        "deposit 10000 | quote ETHUSDT 100/101 | trade ETHUSDT 1x100 | \
         buy 3 ETHUSDT limit 99 tp =100 sl 90 | trade ETHUSDT 1x98 | trade ETHUSDT 4x100.5 | orders",
        "acct-1 opened with 10000
         day opened with 10000
         order-1 buy 3 ETHUSDT limit 99.00 entry of group-1
         exec-1 pos-1 buy 1 @ 99.00 fee 0 maker
         order-1 part 1 of 3 @ 99 fee 0
         order-2 sell 1 ETHUSDT limit 100.00 tp of group-1
         order-3 sell 1 ETHUSDT stop 90.00 sl of group-1
         exec-2 pos-1 sell 1 @ 100.00 fee 0 pnl 1 maker
         order-2 filled 1 @ 100 fee 0
         order-1 cancelled 1 of 3 @ 99 SIBLING_FILLED
         order-3 cancelled SIBLING_FILLED
         0 open, 0 tied up",
    );
}

#[test]
fn cancelling_a_leg_cancels_the_whole_bracket() {
    check(
        "cancelling a leg cancels the whole bracket",
        "deposit 10000 | quote ETHUSDT 100/101 | trade ETHUSDT 1x100 | \
         buy 3 ETHUSDT limit 99 tp 110 sl 90 | trade ETHUSDT 1x98 | cancel order-3 | orders",
        "acct-1 opened with 10000
         day opened with 10000
         order-1 buy 3 ETHUSDT limit 99.00 entry of group-1
         exec-1 pos-1 buy 1 @ 99.00 fee 0 maker
         order-1 part 1 of 3 @ 99 fee 0
         order-2 sell 1 ETHUSDT take 110.00 tp of group-1
         order-3 sell 1 ETHUSDT stop 90.00 sl of group-1
         order-3 cancelled USER
         order-1 cancelled 1 of 3 @ 99 SIBLING_CANCELLED
         order-2 cancelled SIBLING_CANCELLED
         0 open, 0 tied up",
    );
}

#[test]
fn a_bracket_may_have_one_leg() {
    check(
        "a bracket may have one leg",
        "deposit 10000 | quote ETHUSDT 100/100 | trade ETHUSDT 1x100 | buy 2 ETHUSDT sl 95=94.5 | \
         close ETHUSDT 50% | close ETHUSDT | orders",
        "acct-1 opened with 10000
         day opened with 10000
         order-1 buy 2 ETHUSDT entry of group-1
         exec-1 pos-1 buy 2 @ 100.00 fee 0
         order-1 filled 2 @ 100 fee 0
         order-2 sell 2 ETHUSDT stop 95.00 limit 94.50 sl of group-1
         order-3 sell 1 ETHUSDT
         exec-2 pos-1 sell 1 @ 100.00 fee 0
         order-3 filled 1 @ 100 fee 0
         order-4 sell 1 ETHUSDT
         exec-3 pos-1 sell 1 @ 100.00 fee 0
         order-4 filled 1 @ 100 fee 0
         order-2 cancelled NOTHING_TO_REDUCE
         0 open, 0 tied up",
    );
}

#[test]
fn a_bracket_protects_what_it_opens_not_what_it_closes() {
    check(
        "a bracket protects what it opens not what it closes",
        "deposit 10000 | quote ETHUSDT 100/100 | trade ETHUSDT 1x100 | sell 2 ETHUSDT | \
         buy 3 ETHUSDT tp 110 sl 90 | orders",
        "acct-1 opened with 10000
         day opened with 10000
         order-1 sell 2 ETHUSDT
         exec-1 pos-1 sell 2 @ 100.00 fee 0
         order-1 filled 2 @ 100 fee 0
         order-2 buy 3 ETHUSDT entry of group-1
         exec-2 pos-1 buy 2 @ 100.00 fee 0
         exec-3 pos-2 buy 1 @ 100.00 fee 0
         order-2 filled 3 @ 100 fee 0
         order-3 sell 1 ETHUSDT take 110.00 tp of group-1
         order-4 sell 1 ETHUSDT stop 90.00 sl of group-1
         2 open, 0 tied up
         order-3 sell 1 ETHUSDT take 110.00 tp of group-1
         order-4 sell 1 ETHUSDT stop 90.00 sl of group-1",
    );
}

#[test]
fn a_stop_entry_fills_and_is_protected() {
    check(
        "a stop entry fills and is protected",
        "deposit 10000 | quote ETHUSDT 100/100 | trade ETHUSDT 1x100 | \
         buy 2 ETHUSDT stop 105 tp 115 sl 100 | tick ETHUSDT 105/105 1x105 | orders",
        "acct-1 opened with 10000
         day opened with 10000
         order-1 buy 2 ETHUSDT stop 105.00 entry of group-1
         order-1 triggered
         exec-1 pos-1 buy 2 @ 105.00 fee 0
         order-1 filled 2 @ 105 fee 0
         order-2 sell 2 ETHUSDT take 115.00 tp of group-1
         order-3 sell 2 ETHUSDT stop 100.00 sl of group-1
         2 open, 0 tied up
         order-2 sell 2 ETHUSDT take 115.00 tp of group-1
         order-3 sell 2 ETHUSDT stop 100.00 sl of group-1",
    );
}
