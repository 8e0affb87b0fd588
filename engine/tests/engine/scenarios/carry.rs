//! Cash-and-carry positions: both legs or none, apart from all that nets.

use crate::script::check;

#[test]
fn opened_funded_and_closed() {
    check(
        "what spot loses the perpetual makes, and the short earns the funding",
        "deposit 1000 | quote BTCUSDT 100/100.1 | quote BTCUSDT-PERP 100.4/100.6 | carry 2 BTCUSDT | show | margins
         | quote BTCUSDT 90/90.1 | quote BTCUSDT-PERP 90/90.2 | show | until 16:00:00 | timer | margins
         | quote BTCUSDT 90/90.1 | quote BTCUSDT-PERP 90/90.2 | uncarry pos-1 | show",
        "acct-1 opened with 1000
         day opened with 1000
         order-1 buy 2 BTCUSDT of pos-1
         exec-1 pos-1 buy 2 @ 100.10 fee 0.2002
         order-1 filled 2 @ 100.1 fee 0.2002
         order-2 sell 2 BTCUSDT-PERP of pos-1
         exec-2 pos-1 sell 2 @ 100.4 fee 0.1004
         order-2 filled 2 @ 100.4 fee 0.1004
         equity 999.2994 cash 999.6994 used 220.28 available 779.0194 today -0.7006
         pos-1 buy 2 BTCUSDT @ 100.1 mark 100.00 pnl -0.4 (-0.20 %)
         equity 999.2994 used 220.28 maintenance 1.005 available 779.0194
         pos-1 x10 margin 220.28 maintenance 1.005 liquidation none funding 0
         equity 1000.0994 cash 999.6994 used 220.28 available 779.4194 today 0.0994
         pos-1 buy 2 BTCUSDT @ 100.1 mark 90.00 pnl 0.4 (0.20 %)
         pos-1 funding 0.01802 @ 90.1 rate 0.0001 of 16:00:00
         equity 1000.11742 used 220.28 maintenance 0.901 available 779.43742
         pos-1 x10 margin 220.28 maintenance 0.901 liquidation none funding 0.01802
         order-3 sell 2 BTCUSDT of pos-1
         exec-3 pos-1 sell 2 @ 90.00 fee 0.18 pnl -20.2
         order-3 filled 2 @ 90 fee 0.18
         order-4 buy 2 BTCUSDT-PERP of pos-1
         exec-4 pos-1 buy 2 @ 90.2 fee 0.0902 pnl 20.4
         order-4 filled 2 @ 90.2 fee 0.0902
         equity 999.64722 cash 999.64722 used 0 available 999.64722 today -0.35278",
    );
}

#[test]
fn it_nets_with_nothing() {
    check(
        "orders in its instruments have positions of their own, and closing those leaves it alone",
        "deposit 10000 | quote ETHUSDT 100/100 | quote ETHUSDT-PERP 100/100 | carry 1 ETHUSDT-PERP | sell 1 ETHUSDT
         | buy 3 ETHUSDT-PERP | carry 2 ETHUSDT | show | close ETHUSDT | close ETHUSDT-PERP | uncarry pos-1 | show",
        "acct-1 opened with 10000
         day opened with 10000
         order-1 buy 1 ETHUSDT of pos-1
         exec-1 pos-1 buy 1 @ 100.00 fee 0
         order-1 filled 1 @ 100 fee 0
         order-2 sell 1 ETHUSDT-PERP of pos-1
         exec-2 pos-1 sell 1 @ 100.00 fee 0
         order-2 filled 1 @ 100 fee 0
         order-3 sell 1 ETHUSDT
         exec-3 pos-2 sell 1 @ 100.00 fee 0
         order-3 filled 1 @ 100 fee 0
         order-4 buy 3 ETHUSDT-PERP
         exec-4 pos-3 buy 3 @ 100.00 fee 0
         order-4 filled 3 @ 100 fee 0
         order-5 buy 2 ETHUSDT of pos-4
         exec-5 pos-4 buy 2 @ 100.00 fee 0
         order-5 filled 2 @ 100 fee 0
         order-6 sell 2 ETHUSDT-PERP of pos-4
         exec-6 pos-4 sell 2 @ 100.00 fee 0
         order-6 filled 2 @ 100 fee 0
         equity 10000 cash 10000 used 520 available 9480 today 0
         pos-1 buy 1 ETHUSDT @ 100 mark 100.00 pnl 0 (0.00 %)
         pos-2 sell 1 ETHUSDT @ 100 mark 100.00 pnl 0 (0.00 %)
         pos-3 buy 3 ETHUSDT-PERP @ 100 mark 100.00 pnl 0 (0.00 %)
         pos-4 buy 2 ETHUSDT @ 100 mark 100.00 pnl 0 (0.00 %)
         order-7 buy 1 ETHUSDT
         exec-7 pos-2 buy 1 @ 100.00 fee 0
         order-7 filled 1 @ 100 fee 0
         order-8 sell 3 ETHUSDT-PERP
         exec-8 pos-3 sell 3 @ 100.00 fee 0
         order-8 filled 3 @ 100 fee 0
         order-9 sell 1 ETHUSDT of pos-1
         exec-9 pos-1 sell 1 @ 100.00 fee 0
         order-9 filled 1 @ 100 fee 0
         order-10 buy 1 ETHUSDT-PERP of pos-1
         exec-10 pos-1 buy 1 @ 100.00 fee 0
         order-10 filled 1 @ 100 fee 0
         equity 10000 cash 10000 used 240 available 9760 today 0
         pos-4 buy 2 ETHUSDT @ 100 mark 100.00 pnl 0 (0.00 %)",
    );
}

#[test]
fn a_retry_carries_once() {
    check(
        "the answer tells order and position again",
        "deposit 1000 | quote ETHUSDT 100/100 | quote ETHUSDT-PERP 100/100 | carry 1 ETHUSDT as a | carry 1 ETHUSDT as a
         | restart | carry 5 ETHUSDT as a | link live | quote ETHUSDT 100/100 | quote ETHUSDT-PERP 100/100
         | uncarry pos-1 as b | uncarry pos-1 as b | uncarry pos-1 as c",
        "acct-1 opened with 1000
         day opened with 1000
         order-1 buy 1 ETHUSDT of pos-1
         exec-1 pos-1 buy 1 @ 100.00 fee 0
         order-1 filled 1 @ 100 fee 0
         order-2 sell 1 ETHUSDT-PERP of pos-1
         exec-2 pos-1 sell 1 @ 100.00 fee 0
         order-2 filled 1 @ 100 fee 0
         order-1 of pos-1 again
         order-1 of pos-1 again
         order-3 sell 1 ETHUSDT of pos-1
         exec-3 pos-1 sell 1 @ 100.00 fee 0
         order-3 filled 1 @ 100 fee 0
         order-4 buy 1 ETHUSDT-PERP of pos-1
         exec-4 pos-1 buy 1 @ 100.00 fee 0
         order-4 filled 1 @ 100 fee 0
         order-3 of pos-1 again
         NOT_FOUND: no open cash-and-carry position pos-1: get_positions lists those that are open",
    );
}

#[test]
fn refused_as_a_whole() {
    check(
        "neither leg is filled",
        "deposit 130 | quote ETHUSDT 100/100 | carry 1 ETHUSDT | quote ETHUSDT-PERP 110/110 | carry 0.001 ETHUSDT
         | carry 0.04 ETHUSDT | carry 2 ETHUSDT | carry 1 DOGEUSDT | carry 1 XRPUSDT | uncarry pos-7 | carry 1.08 ETHUSDT
         | show | carry 1.06 ETHUSDT | show | link down | uncarry pos-1",
        "acct-1 opened with 130
         day opened with 130
         NO_PRICE: ETHUSDT-PERP is not quoted yet: try again in a moment
         INVALID_QUANTITY: 0.001 ETH is below the least quantity of ETHUSDT: order at least 0.01
         BELOW_MIN_NOTIONAL: the order is worth 4.00 USDT, below the least of 5.00 USDT for ETHUSDT: order more
         INSUFFICIENT_BALANCE: both legs need 244.00 USDT with their fees, 130.00 available: order less, or close a position first
         INVALID_FIELD: no perpetual follows DOGEUSDT, so it cannot be carried: get_instruments lists those that do
         UNKNOWN_SYMBOL: no instrument XRPUSDT here; there are BTCUSDT, ETHUSDT, DOGEUSDT, BTCUSDT-PERP, ETHUSDT-PERP: get_instruments lists all
         NOT_FOUND: no open cash-and-carry position pos-7: get_positions lists those that are open
         INSUFFICIENT_BALANCE: both legs need 131.76 USDT with their fees, 130.00 available: order less, or close a position first
         equity 130 cash 130 used 0 available 130 today 0
         order-1 buy 1.06 ETHUSDT of pos-1
         exec-1 pos-1 buy 1.06 @ 100.00 fee 0
         order-1 filled 1.06 @ 100 fee 0
         order-2 sell 1.06 ETHUSDT-PERP of pos-1
         exec-2 pos-1 sell 1.06 @ 110.00 fee 0
         order-2 filled 1.06 @ 110 fee 0
         equity 139.54 cash 130 used 129.32 available 0.68 today 9.54
         pos-1 buy 1.06 ETHUSDT @ 100 mark 100.00 pnl 9.54 (9.00 %)
         NO_PRICE: the market data feed is down, so ETHUSDT has no price to fill at: try again when it is live",
    );
}

#[test]
fn both_legs_walk_their_books() {
    check(
        "an execution for each level, all of one position",
        "deposit 1000 | quote ETHUSDT 100/100 | quote ETHUSDT-PERP 100/100 | depth ETHUSDT 1x100 / 1x100 1x101
         | depth ETHUSDT-PERP 1x100 2x99 / 1x100 | carry 2 ETHUSDT | show",
        "acct-1 opened with 1000
         day opened with 1000
         order-1 buy 2 ETHUSDT of pos-1
         exec-1 pos-1 buy 1 @ 100.00 fee 0
         exec-2 pos-1 buy 1 @ 101.00 fee 0
         order-1 filled 2 @ 100.5 fee 0
         order-2 sell 2 ETHUSDT-PERP of pos-1
         exec-3 pos-1 sell 1 @ 100.00 fee 0
         exec-4 pos-1 sell 1 @ 99.00 fee 0
         order-2 filled 2 @ 99.5 fee 0
         equity 998 cash 1000 used 240.8 available 757.2 today -2
         pos-1 buy 2 ETHUSDT @ 100.5 mark 100.00 pnl -2 (-1.00 %)",
    );
}

#[test]
fn a_liquidation_closes_both_legs_at_once() {
    check(
        "a large long takes the account down, the carry goes with it after the long",
        "deposit 300 | quote ETHUSDT 100/100 | quote ETHUSDT-PERP 100/100 | quote BTCUSDT 100/100
         | quote BTCUSDT-PERP 100/100 | leverage BTCUSDT-PERP 50 | carry 1 ETHUSDT | buy 30 BTCUSDT-PERP | margins
         | quote BTCUSDT-PERP 89/89 | quote BTCUSDT 89/89 | show",
        "
         acct-1 opened with 300
         day opened with 300
         BTCUSDT-PERP at leverage 50
         order-1 buy 1 ETHUSDT of pos-1
         exec-1 pos-1 buy 1 @ 100.00 fee 0
         order-1 filled 1 @ 100 fee 0
         order-2 sell 1 ETHUSDT-PERP of pos-1
         exec-2 pos-1 sell 1 @ 100.00 fee 0
         order-2 filled 1 @ 100 fee 0
         order-3 buy 30 BTCUSDT-PERP
         exec-3 pos-2 buy 30 @ 100.0 fee 1.5
         order-3 filled 30 @ 100 fee 1.5
         equity 298.5 used 180 maintenance 16.23 available 118.5
         pos-1 x5 margin 120 maintenance 1.23 liquidation none funding 0
         pos-2 x50 margin 60 maintenance 15 liquidation 90.5 funding 0
         order-4 sell 30 BTCUSDT-PERP
         exec-4 pos-2 sell 30 @ 89.0 fee 1.335 pnl -330
         order-4 filled 30 @ 89 fee 1.335 LIQUIDATION
         alert BTCUSDT-PERP was liquidated: sell 30 at 89, with a fee of 1.335 USDT.
         order-5 sell 1 ETHUSDT of pos-1
         exec-5 pos-1 sell 1 @ 100.00 fee 0
         order-5 filled 1 @ 100 fee 0 LIQUIDATION
         alert ETHUSDT was liquidated: sell 1 at 100, with a fee of 0 USDT.
         order-6 buy 1 ETHUSDT-PERP of pos-1
         exec-6 pos-1 buy 1 @ 100.00 fee 0
         order-6 filled 1 @ 100 fee 0 LIQUIDATION
         alert ETHUSDT-PERP was liquidated: buy 1 at 100, with a fee of 0 USDT.
         risk SoftPause by Liquidation
         alert Equity came down to the maintenance margin, so positions are liquidated. New position openings stopped. All positions were liquidated.
         equity -32.835 cash -32.835 used 0 available 0 today -332.835",
    );
}

#[test]
fn both_legs_pay_the_slippage_of_market_orders() {
    check(
        "10 hundredths of a percent, against each leg",
        "rules slippage 10 | deposit 1000 | quote ETHUSDT 100/100 | quote ETHUSDT-PERP 100/100 | carry 1 ETHUSDT",
        "acct-1 opened with 1000
         day opened with 1000
         order-1 buy 1 ETHUSDT of pos-1
         exec-1 pos-1 buy 1 @ 100.10 fee 0
         order-1 filled 1 @ 100.1 fee 0
         order-2 sell 1 ETHUSDT-PERP of pos-1
         exec-2 pos-1 sell 1 @ 99.90 fee 0
         order-2 filled 1 @ 99.9 fee 0",
    );
}

#[test]
fn flattening_closes_both_legs_too() {
    check(
        "cash-and-carry positions first; the first order bears the name",
        "deposit 1000 | quote ETHUSDT 100/100 | quote ETHUSDT-PERP 100/100 | carry 1 ETHUSDT | buy 1 ETHUSDT | flatten as f
         | flatten as f | show",
        "acct-1 opened with 1000
         day opened with 1000
         order-1 buy 1 ETHUSDT of pos-1
         exec-1 pos-1 buy 1 @ 100.00 fee 0
         order-1 filled 1 @ 100 fee 0
         order-2 sell 1 ETHUSDT-PERP of pos-1
         exec-2 pos-1 sell 1 @ 100.00 fee 0
         order-2 filled 1 @ 100 fee 0
         order-3 buy 1 ETHUSDT
         exec-3 pos-2 buy 1 @ 100.00 fee 0
         order-3 filled 1 @ 100 fee 0
         order-4 sell 1 ETHUSDT of pos-1
         exec-4 pos-1 sell 1 @ 100.00 fee 0
         order-4 filled 1 @ 100 fee 0
         order-5 buy 1 ETHUSDT-PERP of pos-1
         exec-5 pos-1 buy 1 @ 100.00 fee 0
         order-5 filled 1 @ 100 fee 0
         order-6 sell 1 ETHUSDT
         exec-6 pos-2 sell 1 @ 100.00 fee 0
         order-6 filled 1 @ 100 fee 0
         order-4 of pos-1 again
         equity 1000 cash 1000 used 0 available 1000 today 0",
    );
}

#[test]
fn the_fees_of_both_legs_are_part_of_what_it_needs() {
    check(
        "100 + 0.1 and 10 + 0.05",
        "deposit 110.14 | quote BTCUSDT 100/100 | quote BTCUSDT-PERP 100/100 | carry 1 BTCUSDT",
        "acct-1 opened with 110.14
         day opened with 110.14
         INSUFFICIENT_BALANCE: both legs need 110.15 USDT with their fees, 110.14 available: order less, or close a position first",
    );
}
