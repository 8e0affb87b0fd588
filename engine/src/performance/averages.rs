//! Shares, factors and averages of counted things.

use rust_decimal::Decimal;
use tickwire_protocol::money::{AMOUNT_SCALE, Amount, Ratio};

/// `part / whole` in percent, to two places; absent where there is no whole.
pub fn share(part: u64, whole: u64) -> Option<Ratio> {
    let amount = |count: u64| Amount::new(Decimal::from(count));
    (whole > 0).then(|| amount(part).percent_of(amount(whole)))
}

/// `sum / count`, to the eight places of an amount; absent where nothing was counted.
pub fn average(sum: Amount, count: u64) -> Option<Amount> {
    let quotient = sum.get().checked_div(Decimal::from(count))?;
    Some(Amount::new(quotient.round_dp(AMOUNT_SCALE)).normalized())
}

/// `profits / losses`, to four places; absent where nothing was lost.
pub fn factor(profits: Amount, losses: Amount) -> Option<Ratio> {
    Some(Ratio::new(profits.get().checked_div(losses.get())?).rounded(4))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_nothing_to_be_reckoned_from_is_absent() {
        assert_eq!(share(0, 0), None);
        assert_eq!(average(Amount::ZERO, 0), None);
        assert_eq!(factor("5".parse().unwrap(), Amount::ZERO), None);
        assert_eq!(share(2, 3).unwrap().to_string(), "66.67");
        assert_eq!(
            average("-10".parse().unwrap(), 3).unwrap().to_string(),
            "-3.33333333"
        );
        assert_eq!(
            factor("10".parse().unwrap(), "4".parse().unwrap())
                .unwrap()
                .to_string(),
            "2.5000"
        );
    }
}
