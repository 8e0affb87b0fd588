//! The deepest loss and the curve: they tell of what was worst, and of where it all began.

use crate::script::check;

#[test]
fn a_loss_that_is_deeper_than_any_before_is_marked_when_it_comes() {
    check(
        "not a minute later, when it may be gone; a tenth of a percent at once, less than that once a second, less than a \
         hundredth never",
        "deposit 1000 | loud | quote ETHUSDT 100/100 | buy 5 ETHUSDT | quote ETHUSDT 96/96 | soon | quote ETHUSDT 95.9/95.9
         | soon | quote ETHUSDT 95.7/95.7 | quote ETHUSDT 95.69/95.69 | quote ETHUSDT 95.68/95.68 | quote ETHUSDT 99/99
         | quote ETHUSDT 96/96 | curve | worth | quote ETHUSDT 120/120 | quote ETHUSDT 118/118 | curve",
        "acct-1 opened with 1000
         day opened with 1000
         order-1 buy 5 ETHUSDT
         exec-1 pos-1 buy 5 @ 100.00 fee 0
         order-1 filled 5 @ 100 fee 0
         equity 980
         equity 978.5
         equity 978.4
         at most 2.16 % down: 09:00:01 1000, 09:00:07 978.4
         worth 980 peak 1000 drawdown 2.00 % day 1000 loss 2.00 %
         equity 1100
         at most 2.16 % down: 09:00:01 1000, 09:00:12 1100",
    );
}

#[test]
fn a_stop_ends_with_what_it_made_of_the_account() {
    check(
        "slippage and fee of the way out are part of the deepest loss",
        "rules slippage 100 | deposit 1000 | limits hard_dd=5 | quote BTCUSDT 100/100 | buy 4 BTCUSDT | quote BTCUSDT 86/86
         | worth | curve",
        "acct-1 opened with 1000
         day opened with 1000
         risk Normal by None
         order-1 buy 4 BTCUSDT
         exec-1 pos-1 buy 4 @ 101.00 fee 0.404
         order-1 filled 4 @ 101 fee 0.404
         risk HardStop by Drawdown
         alert The loss of 6.04 % from the peak of 1,000.00 USDT reached the limit of 5 %. All orders cancelled and all positions closed. Nothing is opened until a person resumes.
         order-2 sell 4 BTCUSDT
         exec-2 pos-1 sell 4 @ 85.14 fee 0.34056 pnl -63.44
         order-2 filled 4 @ 85.14 fee 0.34056 HARD_STOP
         worth 935.81544 peak 1000 drawdown 6.41 % day 1000 loss 6.41 %
         at most 6.41 % down: 09:00:02 1000, 09:00:06 935.81544",
    );
}

#[test]
fn a_stop_by_hand_marks_it_too() {
    check(
        "and the curve begins with the deposit, though all of it happened within a minute",
        "rules slippage 100 | deposit 1000 | quote BTCUSDT 100/100 | buy 4 BTCUSDT | stop | worth | curve | restart | curve",
        "acct-1 opened with 1000
         day opened with 1000
         order-1 buy 4 BTCUSDT
         exec-1 pos-1 buy 4 @ 101.00 fee 0.404
         order-1 filled 4 @ 101 fee 0.404
         risk HardStop by Manual
         alert Trading was stopped by hand. All orders cancelled and all positions closed. Nothing is opened until a person resumes.
         order-2 sell 4 BTCUSDT
         exec-2 pos-1 sell 4 @ 99.00 fee 0.396 pnl -8
         order-2 filled 4 @ 99 fee 0.396 HARD_STOP
         worth 991.2 peak 1000 drawdown 0.88 % day 1000 loss 0.88 %
         at most 0.88 % down: 09:00:02 1000, 09:00:05 991.2
         at most 0.88 % down: 09:00:02 1000, 09:00:05 991.2",
    );
}
