//! The exits of brackets and pairs: on which side of what they must lie, and how they are told.

use crate::script::check;

#[test]
fn a_stop_loss_between_the_market_and_a_marketable_limit_is_refused() {
    check(
        "the entry would fill at the market, where the stop-loss is reached already; below both it is taken",
        "deposit 1000 | quote ETHUSDT 100/100 | trade ETHUSDT 1x100 | buy 1 ETHUSDT limit 110 sl 105
         | buy 1 ETHUSDT limit 110 sl 100 | sell 1 ETHUSDT limit 90 sl 95 | sell 1 ETHUSDT limit 90 sl 100
         | buy 1 ETHUSDT limit 110 tp =105 sl 99 | buy 1 ETHUSDT limit 95 sl 96 | sell 1 ETHUSDT limit 105 sl 104
         | buy 1 ETHUSDT limit 110 tp =111 sl 99 | trade ETHUSDT 1x100 | orders",
        "acct-1 opened with 1000
         day opened with 1000
         INVALID_PRICE: `stop_loss.trigger_price` 105 would be reached at once, the market is at 100: choose one below that
         INVALID_PRICE: `stop_loss.trigger_price` 100 would be reached at once, the market is at 100: choose one below that
         INVALID_PRICE: `stop_loss.trigger_price` 95 would be reached at once, the market is at 100: choose one above that
         INVALID_PRICE: `stop_loss.trigger_price` 100 would be reached at once, the market is at 100: choose one above that
         INVALID_PRICE: `take_profit.price` 105 would be reached at once, the entry's limit is 110.00: choose one above that
         INVALID_PRICE: `stop_loss.trigger_price` 96 would be reached at once, the entry's limit is 95.00: choose one below that
         INVALID_PRICE: `stop_loss.trigger_price` 104 would be reached at once, the entry's limit is 105.00: choose one above that
         order-1 buy 1 ETHUSDT limit 110.00 entry of group-1
         exec-1 pos-1 buy 1 @ 100.00 fee 0
         order-1 filled 1 @ 100 fee 0
         order-2 sell 1 ETHUSDT limit 111.00 tp of group-1
         order-3 sell 1 ETHUSDT stop 99.00 sl of group-1
         2 open, 0 tied up
         order-2 sell 1 ETHUSDT limit 111.00 tp of group-1
         order-3 sell 1 ETHUSDT stop 99.00 sl of group-1",
    );
}

#[test]
fn an_entry_with_a_trigger_is_measured_where_it_is_triggered() {
    check(
        "112 would be reached at 110; once it is triggered the market counts",
        "deposit 1000 | quote ETHUSDT 100/100 | trade ETHUSDT 1x100 | buy 1 ETHUSDT stop 110 limit 115 sl 112
         | buy 1 ETHUSDT stop 110 sl 110 | buy 1 ETHUSDT stop 110 limit 108 tp =109 sl 105 | tick ETHUSDT 111/112 1x111
         | amend order-1 sl 107 | amend order-1 price 115 sl 111 | amend order-1 sl 106 | orders",
        "acct-1 opened with 1000
         day opened with 1000
         INVALID_PRICE: `stop_loss.trigger_price` 112 would be reached at once, the entry's trigger is 110.00: choose one below that
         INVALID_PRICE: `stop_loss.trigger_price` 110 would be reached at once, the entry's trigger is 110.00: choose one below that
         order-1 buy 1 ETHUSDT stop 110.00 limit 108.00 entry of group-1
         order-1 triggered
         order-1 triggered
         INVALID_PRICE: `take_profit.price` 109.00 would be reached at once, the entry's limit is 115.00: choose one above that
         order-1 triggered
         1 open, 108 tied up
         order-1 triggered",
    );
}

#[test]
fn amending_an_entry_to_take_is_measured_at_the_market_too() {
    check(
        "95 to 105 takes at 100: the stop-loss must lie below that",
        "deposit 1000 | quote ETHUSDT 100/100 | trade ETHUSDT 1x100 | buy 1 ETHUSDT limit 95 sl 90
         | amend order-1 price 105 sl 102 | amend order-1 sl 96 | amend order-1 price 105 sl 99",
        "acct-1 opened with 1000
         day opened with 1000
         order-1 buy 1 ETHUSDT limit 95.00 entry of group-1
         INVALID_PRICE: `stop_loss.trigger_price` 102 would be reached at once, the market is at 100: choose one below that
         INVALID_PRICE: `stop_loss.trigger_price` 96 would be reached at once, the entry's limit is 95.00: choose one below that
         order-1 buy 1 ETHUSDT limit 105.00 entry of group-1
         exec-1 pos-1 buy 1 @ 100.00 fee 0
         order-1 filled 1 @ 100 fee 0
         order-2 sell 1 ETHUSDT stop 99.00 sl of group-1",
    );
}

#[test]
fn a_refusal_names_the_exit_and_what_it_is_measured_by() {
    check(
        "pairs and brackets by the fields of their exits, a leg that is amended by its own",
        "deposit 1000 | quote ETHUSDT 100/100 | trade ETHUSDT 1x100 | buy 2 ETHUSDT | oco sell 1 ETHUSDT tp =99 sl 90
         | oco sell 1 ETHUSDT tp =110 sl 101 | oco sell 1 ETHUSDT tp =110 sl 90.001 | oco sell 1 ETHUSDT tp =1001 sl 90
         | buy 1 ETHUSDT limit 95 sl ~95 | buy 1 ETHUSDT tp 99 | oco sell 1 ETHUSDT tp =110 sl 90 | amend order-2 price 99
         | amend order-3 trigger 101",
        "acct-1 opened with 1000
         day opened with 1000
         order-1 buy 2 ETHUSDT
         exec-1 pos-1 buy 2 @ 100.00 fee 0
         order-1 filled 2 @ 100 fee 0
         INVALID_PRICE: `take_profit.price` 99 would be reached at once, the market is at 100: choose one above that
         INVALID_PRICE: `stop_loss.trigger_price` 101 would be reached at once, the market is at 100: choose one below that
         INVALID_PRICE: `stop_loss.trigger_price` 90.001 is no multiple of ETHUSDT's tick of 0.01: the nearest that fits is 90
         INVALID_PRICE: `take_profit.price` 1001 is more than 10 times away from the market at 100: is a digit wrong?
         INVALID_PRICE: `stop_loss.trail_distance` 95 is not below the price of 95.00 that it is to follow: choose a smaller one
         INVALID_PRICE: `take_profit.trigger_price` 99 would be reached at once, the market is at 100: choose one above that
         order-2 sell 1 ETHUSDT limit 110.00 tp of group-1
         order-3 sell 1 ETHUSDT stop 90.00 sl of group-1
         INVALID_PRICE: `price` 99 would be reached at once, the price is 100: choose one above that
         INVALID_PRICE: `trigger_price` 101 would be reached at once, the price is 100: choose one below that",
    );
}
