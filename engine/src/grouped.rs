//! Amounts as people read them in the sentence of a refusal: `1,250.00`.

use std::fmt;
use tickwire_protocol::money::Amount;

/// Shows an amount with thousands separators, exactly, with at least two decimal places.
#[derive(Clone, Copy, Debug)]
pub struct Grouped(pub Amount);

impl fmt::Display for Grouped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let amount = self.0.normalized();
        let text = if amount.get().scale() < 2 {
            amount.rounded(2)
        } else {
            amount
        }
        .abs()
        .to_string();
        let (whole, fraction) = text.split_once('.').unwrap_or((&text, "00"));
        if amount.is_negative() {
            f.write_str("-")?;
        }
        for (i, digit) in whole.chars().enumerate() {
            if i > 0 && (whole.len() - i).is_multiple_of(3) {
                f.write_str(",")?;
            }
            write!(f, "{digit}")?;
        }
        write!(f, ".{fraction}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_grouped_and_have_two_places_or_more() {
        for (amount, text) in [
            ("0", "0.00"),
            ("999.9", "999.90"),
            ("1250", "1,250.00"),
            ("-1234567.125", "-1,234,567.125"),
            ("100000.10000", "100,000.10"),
            ("1e15", "1,000,000,000,000,000.00"),
        ] {
            assert_eq!(Grouped(amount.parse().unwrap()).to_string(), text);
        }
    }
}
