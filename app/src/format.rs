//! Numbers as a trader reads them: exact decimals in, text out. Nothing here knows a float, a locale or a signal.
//!
//! Digits are grouped by three, padded to the instrument's scale so that columns align, and never written with an
//! exponent. Minus is the real sign (U+2212): as wide as plus in tabular figures, and read out by screen readers.

use rust_decimal::{Decimal, RoundingStrategy};
use tickwire_protocol::clock::TimestampMs;

/// What stands for a value that is not known: never a zero.
pub const UNKNOWN: &str = "—";

/// Decimal places of money in the account's currency.
pub const MONEY_SCALE: u32 = 2;

const MINUS: char = '\u{2212}';

/// `61234.5` at scale 2 is `61,234.50`.
pub fn number(value: Decimal, scale: u32) -> String {
    written(value, scale, false)
}

/// Like [`number`], with a plus in front of what is above zero: for profits, losses and changes.
pub fn signed(value: Decimal, scale: u32) -> String {
    written(value, scale, true)
}

/// A percentage to two places with its sign: `+0.29 %` without the blank.
pub fn percent(value: Decimal) -> String {
    let mut text = signed(value, 2);
    text.push('%');
    text
}

/// A fee rate as a percentage without a sign: 0.001 is `0.1%`.
pub fn rate(value: Decimal) -> String {
    let mut text = (value * Decimal::ONE_HUNDRED).normalize().to_string();
    text.push('%');
    text
}

/// Money whose first digits may lie behind the cents, such as a fee: two places from one on, four below.
pub fn small_money(value: Decimal) -> String {
    let scale = if value.is_zero() || value.abs() >= Decimal::ONE {
        MONEY_SCALE
    } else {
        4
    };
    number(value, scale)
}

/// A quantity with as many places as it has, grouped: `0.1`, `1,200`.
pub fn quantity(value: Decimal) -> String {
    let value = value.normalize();
    number(value, value.scale())
}

/// A moment in UTC as `12-10 09:00:00`: the year is that of the desk's other words.
pub fn moment(at: TimestampMs) -> String {
    let iso = at.to_string();
    iso.get(5..).unwrap_or_default().replace('T', " ")
}

/// A volume, shortened from ten thousand on: `12.35K`, `1.20M`, `3.40B`.
pub fn volume(value: Decimal) -> String {
    const STEPS: [(i64, char); 3] = [(1_000_000_000, 'B'), (1_000_000, 'M'), (1_000, 'K')];
    if value.abs() < Decimal::from(10_000) {
        return number(value, 2);
    }
    for (unit, letter) in STEPS {
        if value.abs() >= Decimal::from(unit) {
            let mut text = number(value / Decimal::from(unit), 2);
            text.push(letter);
            return text;
        }
    }
    number(value, 2)
}

fn written(value: Decimal, scale: u32, plus: bool) -> String {
    let mut rounded = value
        .abs()
        .round_dp_with_strategy(scale, RoundingStrategy::MidpointNearestEven);
    rounded.rescale(scale);
    let digits = rounded.to_string();
    let (whole, fraction) = digits.split_once('.').unwrap_or((&digits, ""));
    let mut text = String::with_capacity(digits.len() + whole.len() / 3 + 3);
    // What rounds to zero has no sign: "-0.00" would be a loss of nothing.
    if !rounded.is_zero() {
        if value.is_sign_negative() {
            text.push(MINUS);
        } else if plus {
            text.push('+');
        }
    }
    for (place, digit) in whole.char_indices() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if !fraction.is_empty() {
        text.push('.');
        text.push_str(fraction);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn d(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn prices_are_grouped_and_padded_to_the_tick() {
        for (value, scale, expected) in [
            ("61234.5", 2, "61,234.50"),
            ("0.00001234", 8, "0.00001234"),
            ("1234567", 0, "1,234,567"),
            ("999", 2, "999.00"),
            ("100000.005", 2, "100,000.00"),
            ("-1234.5", 1, "\u{2212}1,234.5"),
            ("0", 2, "0.00"),
            ("0.0000001", 8, "0.00000010"),
        ] {
            assert_eq!(number(d(value), scale), expected);
        }
    }

    #[test]
    fn signs_stand_on_profits_and_never_on_zero() {
        assert_eq!(signed(d("25.05"), 2), "+25.05");
        assert_eq!(signed(d("-25.05"), 2), "\u{2212}25.05");
        assert_eq!(signed(d("0"), 2), "0.00");
        assert_eq!(signed(d("-0.004"), 2), "0.00");
        assert_eq!(percent(d("0.29")), "+0.29%");
    }

    #[test]
    fn rates_volumes_quantities_and_fees_have_their_own_forms() {
        assert_eq!(rate(d("0.001")), "0.1%");
        assert_eq!(rate(d("0.00055")), "0.055%");
        assert_eq!(volume(d("9999.5")), "9,999.50");
        assert_eq!(volume(d("12345.67")), "12.35K");
        assert_eq!(volume(d("1200000")), "1.20M");
        assert_eq!(volume(d("3400000000")), "3.40B");
        assert_eq!(quantity(d("0.1000")), "0.1");
        assert_eq!(quantity(d("1200")), "1,200");
        assert_eq!(small_money(d("0.0664735")), "0.0665");
        assert_eq!(small_money(d("6.1234")), "6.12");
        assert_eq!(small_money(d("0")), "0.00");
        assert_eq!(moment(TimestampMs(1_765_357_200_000)), "12-10 09:00:00");
    }
}
