//! Returns, and what they are worth for the risk taken: Sharpe and Sortino ratios.
//!
//! Returns are reckoned in hundredths of a percent, so that the squares of small ones keep their digits; a ratio of two
//! of them does not depend on the unit. What leaves the range of a decimal gives no ratio.

use rust_decimal::Decimal;
use tickwire_protocol::money::{Amount, Ratio};

/// The unit that returns are reckoned in: one hundredth of a percent.
const UNITS: Decimal = Decimal::from_parts(10_000, 0, 0, false, 0);

/// Days of a year, on which a market that never closes trades.
const DAYS_PER_YEAR: Decimal = Decimal::from_parts(365, 0, 0, false, 0);

/// Decimal places of a ratio.
const RATIO_PLACES: u32 = 4;

/// The returns of whole days, in hundredths of a percent: `equity at the end / equity at the beginning − 1`, from the
/// numbers of days and the equity with which each began. A day that is not followed by the next one, or began with
/// nothing, has none.
pub fn daily_returns(days: impl Iterator<Item = (i64, Amount)>) -> Vec<Decimal> {
    let mut returns = Vec::new();
    let mut before: Option<(i64, Amount)> = None;
    for (day, equity) in days {
        if let Some((day_before, began)) = before
            && day_before.checked_add(1) == Some(day)
            && began.is_positive()
        {
            let gain = (equity - began).get();
            let gain = gain
                .checked_mul(UNITS)
                .and_then(|gain| gain.checked_div(began.get()));
            returns.extend(gain);
        }
        before = Some((day, equity));
    }
    returns
}

/// The Sharpe ratio of one period: `mean / sample standard deviation`. The riskless rate is taken as zero. Absent for
/// fewer than two returns, and where they do not differ.
/// Source: W. F. Sharpe, "The Sharpe Ratio", The Journal of Portfolio Management 21 (1994), ex post.
pub fn sharpe(returns: &[Decimal]) -> Option<Decimal> {
    let count = Decimal::from(returns.len());
    let mean = mean(returns)?;
    let squares = sum(returns.iter().map(|r| square(r.checked_sub(mean)?)))?;
    let deviation = square_root(squares.checked_div(count - Decimal::ONE)?)?;
    mean.checked_div(deviation)
}

/// The Sortino ratio of one period: `mean / downside deviation` with `√(Σ min(r, 0)² / n)`. The target is zero. Absent for
/// fewer than two returns, and where none is below zero.
/// Source: T. N. Rollinger and S. T. Hoffman, "Sortino: A 'Sharper' Ratio", Red Rock Capital (2013).
pub fn sortino(returns: &[Decimal]) -> Option<Decimal> {
    let count = Decimal::from(returns.len());
    if returns.len() < 2 {
        return None;
    }
    let squares = sum(returns.iter().map(|r| square((*r).min(Decimal::ZERO))))?;
    let deviation = square_root(squares.checked_div(count)?)?;
    mean(returns)?.checked_div(deviation)
}

/// A ratio of days as one of years: times √365, to four places.
pub fn annualized(daily: Decimal) -> Option<Ratio> {
    let yearly = daily.checked_mul(square_root(DAYS_PER_YEAR)?)?;
    Some(Ratio::new(yearly).rounded(RATIO_PLACES))
}

/// The square root by Newton's method, to the last digits of a decimal; absent below zero.
pub fn square_root(number: Decimal) -> Option<Decimal> {
    if number < Decimal::ZERO {
        return None;
    }
    if number.is_zero() {
        return Some(Decimal::ZERO);
    }
    // From above the root each step goes down, until rounding stops it.
    let mut root = number.max(Decimal::ONE);
    loop {
        let next = root.checked_add(number.checked_div(root)?)? / Decimal::TWO;
        if next >= root {
            return Some(root);
        }
        root = next;
    }
}

fn mean(numbers: &[Decimal]) -> Option<Decimal> {
    sum(numbers.iter().copied().map(Some))?.checked_div(Decimal::from(numbers.len()))
}

fn square(number: Decimal) -> Option<Decimal> {
    number.checked_mul(number)
}

fn sum(mut numbers: impl Iterator<Item = Option<Decimal>>) -> Option<Decimal> {
    numbers.try_fold(Decimal::ZERO, |sum, number| sum.checked_add(number?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Decimal {
        text.parse().or_else(|_| Decimal::from_scientific(text)).unwrap()
    }

    fn numbers(texts: &[&str]) -> Vec<Decimal> {
        texts.iter().map(|text| number(text)).collect()
    }

    fn rounded(number: Option<Decimal>, places: u32) -> String {
        number.unwrap().round_dp(places).to_string()
    }

    /// The worked example of T. N. Rollinger and S. T. Hoffman, "Sortino: A 'Sharper' Ratio", Red Rock Capital (2013):
    /// eight annual returns, a target of 0 %, a ratio of 4.417.
    #[test]
    fn the_sortino_ratio_is_that_of_the_published_example() {
        let returns = numbers(&["17", "15", "23", "-5", "12", "9", "13", "-4"]);
        assert_eq!(rounded(sortino(&returns), 3), "4.417");
    }

    /// `mixed_returns` of the tests of the library empyrical (Quantopian), whose expected Sharpe and Sortino ratios are
    /// annualised by √252: 1.7238613961706866 and 2.605531251673693.
    #[test]
    fn the_ratios_are_those_of_the_published_tests_of_empyrical() {
        let returns = numbers(&["1", "10", "-4", "2", "3", "2", "1", "-10"]);
        let year = square_root(Decimal::from(252)).unwrap();
        assert_eq!(rounded(sharpe(&returns).map(|r| r * year), 12), "1.723861396171");
        assert_eq!(rounded(sortino(&returns).map(|r| r * year), 12), "2.605531251674");
    }

    #[test]
    fn ratios_that_have_nothing_to_be_reckoned_from_are_absent() {
        for returns in [&[][..], &["1"], &["-1"]] {
            assert_eq!(sharpe(&numbers(returns)), None, "{returns:?}");
            assert_eq!(sortino(&numbers(returns)), None, "{returns:?}");
        }
        assert_eq!(sharpe(&numbers(&["1", "1"])), None, "no deviation");
        assert_eq!(sortino(&numbers(&["1", "0"])), None, "no loss");
        assert_eq!(sharpe(&numbers(&["1e27", "-1e27"])), None, "out of range");
    }

    #[test]
    fn returns_are_of_whole_days_that_follow_each_other() {
        let days = [(1, "100"), (2, "110"), (4, "121"), (5, "0"), (6, "50"), (7, "75")];
        let days = days
            .into_iter()
            .map(|(day, equity)| (day, equity.parse().unwrap()));
        assert_eq!(daily_returns(days), numbers(&["1000", "-10000", "5000"]));
    }

    #[test]
    fn roots_are_exact_to_their_last_digits() {
        assert_eq!(square_root("-1".parse().unwrap()), None);
        for (text, root) in [
            ("0", "0"),
            ("1", "1"),
            ("2", "1.41421356237309504880"),
            ("365", "19.10497317454280017917"),
            ("0.0000000004", "0.00002"),
            ("1e24", "1000000000000"),
        ] {
            let found = square_root(number(text)).unwrap().round_dp(20).normalize();
            assert_eq!(found, number(root));
        }
    }
}
