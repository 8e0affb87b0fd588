//! Positions to close and to turn while orders take their time to the venue: what is sized when it is sent is sent once.

use crate::script::check;

#[test]
fn a_position_is_not_turned_twice() {
    check(
        "neither turned nor closed again until the first has arrived, or is cancelled; a retry is answered as ever",
        "rules latency 5000 | deposit 1000 | quote ETHUSDT 100/100 | buy 1 ETHUSDT | wait 5s | quote ETHUSDT 100/100
         | reverse ETHUSDT as a | reverse ETHUSDT as b | reverse ETHUSDT as a | close ETHUSDT | close ETHUSDT 50% | wait 5s
         | quote ETHUSDT 100/100 | show | close ETHUSDT | reverse ETHUSDT | cancel order-3 | reverse ETHUSDT as b | wait 5s
         | quote ETHUSDT 100/100 | show",
        "acct-1 opened with 1000
         day opened with 1000
         order-1 buy 1 ETHUSDT on its way
         exec-1 pos-1 buy 1 @ 100.00 fee 0
         order-1 filled 1 @ 100 fee 0
         order-2 sell 2 ETHUSDT on its way
         TOO_MANY_OPEN: the market order order-2 in ETHUSDT is on its way, and what it leaves of the position is not known yet: wait for it, or cancel it first
         order-2 again
         TOO_MANY_OPEN: the market order order-2 in ETHUSDT is on its way, and what it leaves of the position is not known yet: wait for it, or cancel it first
         TOO_MANY_OPEN: the market order order-2 in ETHUSDT is on its way, and what it leaves of the position is not known yet: wait for it, or cancel it first
         exec-2 pos-1 sell 1 @ 100.00 fee 0
         exec-3 pos-2 sell 1 @ 100.00 fee 0
         order-2 filled 2 @ 100 fee 0
         equity 1000 cash 1000 used 100 available 900 today 0
         pos-2 sell 1 ETHUSDT @ 100 mark 100.00 pnl 0 (0.00 %)
         order-3 buy 1 ETHUSDT on its way
         TOO_MANY_OPEN: the market order order-3 in ETHUSDT is on its way, and what it leaves of the position is not known yet: wait for it, or cancel it first
         order-3 cancelled USER
         order-4 buy 2 ETHUSDT on its way
         exec-4 pos-2 buy 1 @ 100.00 fee 0
         exec-5 pos-3 buy 1 @ 100.00 fee 0
         order-4 filled 2 @ 100 fee 0
         equity 1000 cash 1000 used 100 available 900 today 0
         pos-3 buy 1 ETHUSDT @ 100 mark 100.00 pnl 0 (0.00 %)",
    );
}

#[test]
fn nor_closed_twice_and_flattening_overtakes() {
    check(
        "half and half of the same, an order that adds, a limit that is no market order; then all at once",
        "rules latency 5000 | deposit 1000 | quote ETHUSDT 100/100 | buy 2 ETHUSDT | wait 5s | quote ETHUSDT 100/100
         | close ETHUSDT 50% | close ETHUSDT 50% | wait 5s | quote ETHUSDT 100/100 | buy 1 ETHUSDT | reverse ETHUSDT
         | wait 5s | quote ETHUSDT 100/100 | sell 1 ETHUSDT limit 120 | close ETHUSDT 50% | flatten | close ETHUSDT | wait 5s
         | quote ETHUSDT 100/100 | show",
        "acct-1 opened with 1000
         day opened with 1000
         order-1 buy 2 ETHUSDT on its way
         exec-1 pos-1 buy 2 @ 100.00 fee 0
         order-1 filled 2 @ 100 fee 0
         order-2 sell 1 ETHUSDT on its way
         TOO_MANY_OPEN: the market order order-2 in ETHUSDT is on its way, and what it leaves of the position is not known yet: wait for it, or cancel it first
         exec-2 pos-1 sell 1 @ 100.00 fee 0
         order-2 filled 1 @ 100 fee 0
         order-3 buy 1 ETHUSDT on its way
         TOO_MANY_OPEN: the market order order-3 in ETHUSDT is on its way, and what it leaves of the position is not known yet: wait for it, or cancel it first
         exec-3 pos-1 buy 1 @ 100.00 fee 0
         order-3 filled 1 @ 100 fee 0
         order-4 sell 1 ETHUSDT limit 120.00 on its way
         order-5 sell 1 ETHUSDT on its way
         order-4 cancelled USER
         order-5 cancelled USER
         order-6 sell 2 ETHUSDT
         exec-4 pos-1 sell 2 @ 100.00 fee 0
         order-6 filled 2 @ 100 fee 0
         NO_POSITION: no open position in ETHUSDT to close: get_positions lists those that are open
         equity 1000 cash 1000 used 0 available 1000 today 0",
    );
}

#[test]
fn another_instrument_or_account_does_not_wait() {
    check(
        "what is on its way in one market says nothing of another; without latency nothing is on its way",
        "rules latency 5000 | deposit 1000 | quote ETHUSDT 100/100 | quote BTCUSDT 100/100 | buy 1 ETHUSDT | buy 1 BTCUSDT
         | account 2 | deposit 1000 | buy 1 ETHUSDT | wait 5s | quote ETHUSDT 100/100 | quote BTCUSDT 100/100
         | close ETHUSDT | account 1 | close ETHUSDT | close BTCUSDT | wait 5s | quote ETHUSDT 100/100
         | quote BTCUSDT 100/100 | show",
        "acct-1 opened with 1000
         day opened with 1000
         order-1 buy 1 ETHUSDT on its way
         order-2 buy 1 BTCUSDT on its way
         acct-2 opened with 1000
         day opened with 1000
         order-3 buy 1 ETHUSDT on its way
         exec-1 pos-1 buy 1 @ 100.00 fee 0
         order-1 filled 1 @ 100 fee 0
         exec-2 pos-2 buy 1 @ 100.00 fee 0.1
         order-2 filled 1 @ 100 fee 0.1
         exec-3 pos-3 buy 1 @ 100.00 fee 0
         order-3 filled 1 @ 100 fee 0
         order-4 sell 1 ETHUSDT on its way
         order-5 sell 1 ETHUSDT on its way
         order-6 sell 1 BTCUSDT on its way
         exec-4 pos-3 sell 1 @ 100.00 fee 0
         order-4 filled 1 @ 100 fee 0
         exec-5 pos-1 sell 1 @ 100.00 fee 0
         order-5 filled 1 @ 100 fee 0
         exec-6 pos-2 sell 1 @ 100.00 fee 0.1
         order-6 filled 1 @ 100 fee 0.1
         equity 999.8 cash 999.8 used 0 available 999.8 today -0.2",
    );
}
