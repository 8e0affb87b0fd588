//! Funding: who holds at the very moment, what was missed, and what waits for a mark.

use crate::script::check;

#[test]
fn who_holds_at_the_funding_time_pays_and_who_opens_at_it_does_not() {
    check(
        "long pays 1 x 100 x 0.0001, the short gets it; of the two orders at 16:00:00.000 the close still pays",
        "deposit 1000 | account 2 | deposit 1000 | quote BTCUSDT 100/100 | quote BTCUSDT-PERP 100/100
         | buy 1 BTCUSDT-PERP | account 1 | sell 2 BTCUSDT-PERP | until 15:59:59 | quote BTCUSDT-PERP 100/100
         | close BTCUSDT-PERP | buy 1 BTCUSDT-PERP | timer | show",
        "acct-1 opened with 1000
         day opened with 1000
         acct-2 opened with 1000
         day opened with 1000
         order-1 buy 1 BTCUSDT-PERP
         exec-1 pos-1 buy 1 @ 100.0 fee 0.05
         order-1 filled 1 @ 100 fee 0.05
         order-2 sell 2 BTCUSDT-PERP
         exec-2 pos-2 sell 2 @ 100.0 fee 0.1
         order-2 filled 2 @ 100 fee 0.1
         pos-2 funding 0.02 @ 100.0 rate 0.0001 of 16:00:00
         pos-1 funding -0.01 @ 100.0 rate 0.0001 of 16:00:00
         order-3 buy 2 BTCUSDT-PERP
         exec-3 pos-2 buy 2 @ 100.0 fee 0.1
         order-3 filled 2 @ 100 fee 0.1
         order-4 buy 1 BTCUSDT-PERP
         exec-4 pos-3 buy 1 @ 100.0 fee 0.05
         order-4 filled 1 @ 100 fee 0.05
         equity 999.77 cash 999.77 used 10 available 989.77 today -0.23
         pos-3 buy 1 BTCUSDT-PERP @ 100 mark 100.0 pnl 0 (0.00 %)",
    );
}

#[test]
fn a_position_opened_at_the_funding_time_pays_at_the_next_one() {
    check(
        "held from 16:00:00.000 on",
        "deposit 1000 | quote ETHUSDT 100/100 | quote ETHUSDT-PERP 100/100 | until 15:59:59 | quote ETHUSDT-PERP 100/100
         | buy 1 ETHUSDT-PERP | timer | wait 8h | timer | timer | margins",
        "acct-1 opened with 1000
         day opened with 1000
         order-1 buy 1 ETHUSDT-PERP
         exec-1 pos-1 buy 1 @ 100.00 fee 0
         order-1 filled 1 @ 100 fee 0
         pos-1 funding 0.03 @ 100.00 rate -0.0003 of 00:00:00
         day opened with 1000.03
         equity 1000.03 used 20 maintenance 1.23 available 980.03
         pos-1 x5 margin 20 maintenance 1.23 liquidation none funding 0.03",
    );
}

#[test]
fn a_tick_at_the_funding_time_comes_after_it() {
    check(
        "funded at 100, not at 100.5; midnight's funding belongs to the day that ends",
        "deposit 1000 | quote BTCUSDT 100/100 | quote BTCUSDT-PERP 100/100 | buy 1 BTCUSDT-PERP | until 00:00:00
         | quote BTCUSDT-PERP 100.5/100.5 | show",
        "acct-1 opened with 1000
         day opened with 1000
         order-1 buy 1 BTCUSDT-PERP
         exec-1 pos-1 buy 1 @ 100.0 fee 0.05
         order-1 filled 1 @ 100 fee 0.05
         pos-1 funding -0.01 @ 100.0 rate 0.0001 of 16:00:00
         pos-1 funding -0.01 @ 100.0 rate 0.0001 of 00:00:00
         day opened with 999.93
         equity 1000.43 cash 999.93 used 10 available 989.93 today 0.5
         pos-1 buy 1 BTCUSDT-PERP @ 100 mark 100.5 pnl 0.5 (0.50 %)",
    );
}

#[test]
fn missed_funding_is_settled_once_after_a_restart() {
    check(
        "three times at the first mark known, then never again",
        "deposit 1000 | quote BTCUSDT 100/100 | quote BTCUSDT-PERP 100/100 | buy 1 BTCUSDT-PERP | restart | wait 24h
         | timer | link live | quote BTCUSDT 110/110 | quote BTCUSDT-PERP 110/110 | timer | restart | link live
         | quote BTCUSDT-PERP 120/120 | timer | wait 8h | timer | quote BTCUSDT 120/120 | timer | margins",
        "acct-1 opened with 1000
         day opened with 1000
         order-1 buy 1 BTCUSDT-PERP
         exec-1 pos-1 buy 1 @ 100.0 fee 0.05
         order-1 filled 1 @ 100 fee 0.05
         pos-1 funding -0.011 @ 110.0 rate 0.0001 of 16:00:00
         pos-1 funding -0.011 @ 110.0 rate 0.0001 of 00:00:00
         pos-1 funding -0.011 @ 110.0 rate 0.0001 of 08:00:00
         day opened with 1009.917
         pos-1 funding -0.012 @ 120.0 rate 0.0001 of 16:00:00
         equity 1019.905 used 10 maintenance 0.6 available 989.905
         pos-1 x10 margin 10 maintenance 0.6 liquidation none funding -0.045",
    );
}

#[test]
fn funding_may_bring_liquidation() {
    check(
        "0.00875 is left over what must be backed, two fundings take 0.00985",
        "deposit 1.03 | quote BTCUSDT 98.5/100 | quote BTCUSDT-PERP 100/100 | leverage BTCUSDT-PERP 50
         | buy 0.5 BTCUSDT-PERP | quote BTCUSDT-PERP 98.5/98.5 | margins | until 16:00:00 | timer | margins
         | until 23:59:59 | quote BTCUSDT-PERP 98.5/98.5 | timer | show",
        "
         acct-1 opened with 1.03
         day opened with 1.03
         BTCUSDT-PERP at leverage 50
         order-1 buy 0.5 BTCUSDT-PERP
         exec-1 pos-1 buy 0.5 @ 100.0 fee 0.025
         order-1 filled 0.5 @ 100 fee 0.025
         alert The maintenance margin is 96.57 % of the equity: at 100 % positions are liquidated. Reduce a position.
         equity 0.255 used 1 maintenance 0.24625 available 0
         pos-1 x50 margin 1 maintenance 0.24625 liquidation 98.4 funding 0
         pos-1 funding -0.004925 @ 98.5 rate 0.0001 of 16:00:00
         equity 0.250075 used 1 maintenance 0.24625 available 0
         pos-1 x50 margin 1 maintenance 0.24625 liquidation 98.4 funding -0.004925
         pos-1 funding -0.004925 @ 98.5 rate 0.0001 of 00:00:00
         day opened with 0.24515
         order-2 sell 0.5 BTCUSDT-PERP
         exec-2 pos-1 sell 0.5 @ 98.5 fee 0.024625 pnl -0.75
         order-2 filled 0.5 @ 98.5 fee 0.024625 LIQUIDATION
         alert BTCUSDT-PERP was liquidated: sell 0.5 at 98.5, with a fee of 0.024625 USDT.
         risk SoftPause by Liquidation
         alert Equity came down to the maintenance margin, so positions are liquidated. New position openings stopped. All positions were liquidated.
         alert The maintenance margin is 0 % of the equity again.
         equity 0.220525 cash 0.220525 used 0 available 0.220525 today -0.024625",
    );
}

#[test]
fn the_ticker_tells_mark_rate_and_time() {
    check(
        "spot has none of them",
        "quote BTCUSDT 100/100 | trade BTCUSDT 1x100 | ticker BTCUSDT | quote BTCUSDT-PERP 103/103
         | trade BTCUSDT-PERP 1x103 | ticker BTCUSDT-PERP",
        "100 0 (0.00 %) high 100 low 100 volume 1
         103 0 (0.00 %) high 103 low 103 volume 1 mark 101.0 funding 0.0001 at 16:00:00",
    );
}
