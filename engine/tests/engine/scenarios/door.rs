//! What is refused at the door, with which sentence.

use crate::script::check;

#[test]
fn prices_must_fit() {
    check(
        "prices must fit",
        "deposit 1000 | quote ETHUSDT 100/100 | trade ETHUSDT 1x100 | buy 1 ETHUSDT limit 90.001 | \
         buy 1 ETHUSDT limit 0 | buy 1 ETHUSDT limit 9.99 | sell 1 ETHUSDT limit 1000.01 | \
         buy 1 ETHUSDT stop 100 | sell 1 ETHUSDT stop 100 | buy 1 ETHUSDT take 100 | \
         sell 1 ETHUSDT trail 5 from 100 | sell 1 ETHUSDT trail 100 | sell 1 ETHUSDT trail 0% | \
         oco sell 1 ETHUSDT tp =100 sl 90 | oco sell 1 ETHUSDT tp =110 sl 101 | \
         buy 1 ETHUSDT limit 95 tp 94 | buy 1 ETHUSDT limit 95 sl 96",
        "acct-1 opened with 1000
         day opened with 1000
         INVALID_PRICE: `price` 90.001 is no multiple of ETHUSDT's tick of 0.01: the nearest that fits is 90
         INVALID_PRICE: `price` must be above 0 and at most 10000000000, not 0
         INVALID_PRICE: `price` 9.99 is more than 10 times away from the market at 100: is a digit wrong?
         INVALID_PRICE: `price` 1000.01 is more than 10 times away from the market at 100: is a digit wrong?
         INVALID_PRICE: `trigger_price` 100 would be reached at once, the price is 100: choose one above that
         INVALID_PRICE: `trigger_price` 100 would be reached at once, the price is 100: choose one below that
         INVALID_PRICE: `trigger_price` 100 would be reached at once, the price is 100: choose one below that
         INVALID_PRICE: `activation_price` 100 would be reached at once, the price is 100: choose one above that
         INVALID_PRICE: `trail_distance` 100 is not below the price of 100 that it is to follow: choose a smaller one
         INVALID_FIELD: `trail_percent` must be above 0 and below 100, with at most two places, not 0
         INVALID_PRICE: `take_profit.price` 100 would be reached at once, the market is at 100: choose one above that
         INVALID_PRICE: `stop_loss.trigger_price` 101 would be reached at once, the market is at 100: choose one below that
         INVALID_PRICE: `take_profit.trigger_price` 94 would be reached at once, the entry's limit is 95.00: choose one above that
         INVALID_PRICE: `stop_loss.trigger_price` 96 would be reached at once, the entry's limit is 95.00: choose one below that",
    );
}

#[test]
fn fields_must_fit_the_type() {
    check(
        "fields must fit the type",
        "deposit 1000 | quote ETHUSDT 100/100 | trade ETHUSDT 1x100 | buy 1 ETHUSDT post | \
         buy 1 ETHUSDT fok | buy 1 ETHUSDT limit 90 ioc post | buy 1 ETHUSDT from 90 | \
         buy 1 ETHUSDT until 5s | buy 1 ETHUSDT limit 90 until 0s | oco sell 1 ETHUSDT tp ~5 sl 90 | \
         oco sell 1 ETHUSDT tp =110 sl =90 | oco sell 1 ETHUSDT tp =110 sl 90 ioc | \
         buy 1 ETHUSDT reduce tp 110",
        "acct-1 opened with 1000
         day opened with 1000
         INVALID_FIELD: a market order has no `post_only`: leave it out
         INVALID_FIELD: a market order has no `time_in_force`: leave it out
         INVALID_FIELD: `post_only` only rests, IOC never does: leave one of the two out
         INVALID_FIELD: a market order has no `activation_price`: leave it out
         INVALID_FIELD: a market order has no `time_in_force`: leave it out
         INVALID_FIELD: `expires_at` 1765357209000 must lie after now, which is 1765357209000 here, and before the year 10000
         INVALID_FIELD: `take_profit` needs `price`, `trigger_price` or both, and nothing to trail by
         INVALID_FIELD: `stop_loss` needs `trigger_price`, with or without `price`, or one of `trail_distance` and `trail_percent`
         INVALID_FIELD: a pair rests, IOC never does: choose GTC or GTD
         INVALID_FIELD: `take_profit` and `stop_loss` protect what an order opens, a reduce_only one opens nothing: place an OCO instead",
    );
}

#[test]
fn values_must_fit() {
    check(
        "values must fit",
        "deposit 1000 | quote ETHUSDT 100/100 | trade ETHUSDT 1x100 | buy 0.05 ETHUSDT limit 90 | \
         buy 12 ETHUSDT limit 90 | sell 1 ETHUSDT limit 110 reduce | buy 1 DOGEUSDT stop 1 | \
         sell 1 ETHUSDT stop 90 reduce",
        "acct-1 opened with 1000
         day opened with 1000
         BELOW_MIN_NOTIONAL: the order is worth 4.50 USDT, below the least of 5.00 USDT for ETHUSDT: order more
         INSUFFICIENT_BALANCE: needs 1,080.00 USDT with the fee, 1,000.00 available: order less, or close a position first
         NO_POSITION: no long position in ETHUSDT that a sell could reduce: leave reduce_only out to open one
         NO_PRICE: DOGEUSDT is not quoted yet: try again in a moment
         NO_POSITION: no long position in ETHUSDT that a sell could reduce: leave reduce_only out to open one",
    );
}
