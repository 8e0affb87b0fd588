//! What an account has made of its trades, and what its equity says of them.

use crate::script::check;

#[test]
fn a_trade_is_a_position_from_its_opening_until_it_is_flat() {
    check(
        "net of all its fees, whatever its parts made; a turn ends one and begins another",
        "deposit 10000 | trades | quote BTCUSDT 100/100 | buy 2 BTCUSDT | quote BTCUSDT 110/110 | sell 1 BTCUSDT | trades
         | quote BTCUSDT 90/90 | sell 3 BTCUSDT | trades | quote ETHUSDT 50/50 | buy 1 ETHUSDT | close ETHUSDT | wait 16h
         | quote BTCUSDT 80/80 | close BTCUSDT | restart | trades",
        "acct-1 opened with 10000
         day opened with 10000
         0 trades 0 won 0 lost net 0 fees 0 funding 0
         rate none factor none expectancy none
         average none and none largest 0 and 0
         order-1 buy 2 BTCUSDT
         exec-1 pos-1 buy 2 @ 100.00 fee 0.2
         order-1 filled 2 @ 100 fee 0.2
         order-2 sell 1 BTCUSDT
         exec-2 pos-1 sell 1 @ 110.00 fee 0.11 pnl 10
         order-2 filled 1 @ 110 fee 0.11
         0 trades 0 won 0 lost net 0 fees 0.31 funding 0
         rate none factor none expectancy none
         average none and none largest 0 and 0
         order-3 sell 3 BTCUSDT
         exec-3 pos-1 sell 1 @ 90.00 fee 0.09 pnl -10
         exec-4 pos-2 sell 2 @ 90.00 fee 0.18
         order-3 filled 3 @ 90 fee 0.27
         1 trades 0 won 1 lost net -0.4 fees 0.58 funding 0
         rate 0.00 factor 0.0000 expectancy -0.4
         average none and 0.4 largest 0 and 0.4
         BTCUSDT 1 trades 0 won net -0.4 fees 0.4
         2025-12-10 1 trades 0 won net -0.4 fees 0.4
         order-4 buy 1 ETHUSDT
         exec-5 pos-3 buy 1 @ 50.00 fee 0
         order-4 filled 1 @ 50 fee 0
         order-5 sell 1 ETHUSDT
         exec-6 pos-3 sell 1 @ 50.00 fee 0
         order-5 filled 1 @ 50 fee 0
         day opened with 9999.42
         order-6 buy 2 BTCUSDT
         exec-7 pos-2 buy 2 @ 80.00 fee 0.16 pnl 20
         order-6 filled 2 @ 80 fee 0.16
         3 trades 1 won 1 lost net 19.26 fees 0.74 funding 0
         rate 33.33 factor 49.1500 expectancy 6.42
         average 19.66 and 0.4 largest 19.66 and 0.4
         BTCUSDT 2 trades 1 won net 19.26 fees 0.74
         ETHUSDT 1 trades 0 won net 0 fees 0
         2025-12-10 2 trades 0 won net -0.4 fees 0.4
         2025-12-11 1 trades 1 won net 19.66 fees 0.34",
    );
}
