//! Exact money: decimals in newtypes, from the wire to the screen. There is no binary floating point in here.
//!
//! On the wire they are JSON numbers, printed from the decimal digit by digit, so nothing is lost whatever their length.

use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};
use serde_json::value::RawValue;
use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub, SubAssign};
use std::str::FromStr;

/// Decimal places that fees and split costs are rounded to; finer than any quote currency's own unit.
pub const AMOUNT_SCALE: u32 = 8;

/// The largest number that a frame may hold: beyond it no product of two amounts is sure to be exact.
const MAGNITUDE_MAX: i64 = 1_000_000_000_000_000;

/// Most decimal places that a number in a frame may have.
const SCALE_MAX: u32 = 12;

/// Why a text is not a number that can be used as money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// The text is no decimal number.
    #[error("must be a plain decimal number such as 0.01")]
    NotANumber,
    /// The number is too large or has too many decimal places.
    #[error("must lie within ±1,000,000,000,000,000 and have at most 12 decimal places")]
    OutOfRange,
}

/// Reads a decimal exactly, in plain or scientific notation, within the bounds that keep arithmetic exact.
pub fn parse_decimal(text: &str) -> Result<Decimal, MoneyError> {
    // The library reads `1_000` too.
    if text.contains('_') {
        return Err(MoneyError::NotANumber);
    }
    let number = if text.contains(['e', 'E']) {
        Decimal::from_scientific(text).map_err(|_| MoneyError::NotANumber)?
    } else {
        Decimal::from_str_exact(text).map_err(|_| MoneyError::NotANumber)?
    };
    if number.abs() > Decimal::from(MAGNITUDE_MAX) || number.normalize().scale() > SCALE_MAX {
        return Err(MoneyError::OutOfRange);
    }
    Ok(number)
}

fn serialize_decimal<S: Serializer>(number: Decimal, serializer: S) -> Result<S::Ok, S::Error> {
    // A raw value is the one way to print an exact number through serde_json without its arbitrary_precision
    // feature, which breaks tagged enums.
    let raw = RawValue::from_string(number.to_string()).map_err(ser::Error::custom)?;
    raw.serialize(serializer)
}

/// What a decimal is called when it is read: a reader that knows the name hands over the digits as they are written.
pub(crate) const EXACT: &str = "ExactDecimal";

fn deserialize_decimal<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Decimal, D::Error> {
    deserializer.deserialize_newtype_struct(EXACT, DecimalVisitor)
}

struct DecimalVisitor;

impl<'de> de::Visitor<'de> for DecimalVisitor {
    type Value = Decimal;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Decimal, E> {
        parse_decimal(text).map_err(de::Error::custom)
    }

    /// From serde_json, which hands over exact digits as a raw value only.
    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Decimal, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        let text = raw.get();
        // Numbers may also come as text, as exchanges and older clients send them.
        parse_decimal(
            text.strip_prefix('"')
                .and_then(|t| t.strip_suffix('"'))
                .unwrap_or(text),
        )
        .map_err(de::Error::custom)
    }
}

/// A newtype around an exact decimal, with the arithmetic that makes sense for it.
macro_rules! decimal {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Decimal);

        impl $name {
            /// Zero.
            pub const ZERO: $name = $name(Decimal::ZERO);

            /// Wraps a decimal.
            pub const fn new(number: Decimal) -> $name {
                $name(number)
            }

            /// The decimal inside.
            pub const fn get(self) -> Decimal {
                self.0
            }

            /// Whether it is zero.
            pub fn is_zero(self) -> bool {
                self.0.is_zero()
            }

            /// Whether it is above zero.
            pub fn is_positive(self) -> bool {
                self.0 > Decimal::ZERO
            }

            /// Whether it is below zero.
            pub fn is_negative(self) -> bool {
                self.0 < Decimal::ZERO
            }

            /// The magnitude.
            pub fn abs(self) -> $name {
                $name(self.0.abs())
            }

            /// Whether it is a whole multiple of `unit`; nothing is a multiple of zero.
            pub fn is_multiple_of(self, unit: $name) -> bool {
                self.0.checked_rem(unit.0).is_some_and(|rest| rest.is_zero())
            }

            /// Rounded to `scale` decimal places, halves to even, and padded with zeros to exactly that many.
            pub fn rounded(self, scale: u32) -> $name {
                let mut number = self.0.round_dp_with_strategy(scale, RoundingStrategy::MidpointNearestEven);
                number.rescale(scale);
                $name(number)
            }

            /// Without trailing zeros.
            pub fn normalized(self) -> $name {
                $name(self.0.normalize())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", self.0)
            }
        }

        impl FromStr for $name {
            type Err = MoneyError;
            fn from_str(text: &str) -> Result<$name, MoneyError> {
                parse_decimal(text).map($name)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serialize_decimal(self.0, serializer)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<$name, D::Error> {
                deserialize_decimal(deserializer).map($name)
            }
        }

        impl Add for $name {
            type Output = $name;
            fn add(self, other: $name) -> $name {
                $name(self.0 + other.0)
            }
        }

        impl Sub for $name {
            type Output = $name;
            fn sub(self, other: $name) -> $name {
                $name(self.0 - other.0)
            }
        }

        impl AddAssign for $name {
            fn add_assign(&mut self, other: $name) {
                self.0 += other.0;
            }
        }

        impl SubAssign for $name {
            fn sub_assign(&mut self, other: $name) {
                self.0 -= other.0;
            }
        }

        impl Neg for $name {
            type Output = $name;
            fn neg(self) -> $name {
                $name(-self.0)
            }
        }

        impl Sum for $name {
            fn sum<I: Iterator<Item = $name>>(items: I) -> $name {
                items.fold($name::ZERO, Add::add)
            }
        }
    };
}

decimal!(
    /// A price: quote currency per unit of the base.
    Price
);
decimal!(
    /// A quantity of the base currency. Signed only where a doc comment says so.
    Quantity
);
decimal!(
    /// An amount of the account's (quote) currency: a balance, a cost, a fee, a profit or a loss.
    Amount
);
decimal!(
    /// A pure number: a fee rate, a ratio, a percentage (the field's doc says which).
    Ratio
);

impl Price {
    /// What `quantity` costs at this price; exact.
    pub fn times(self, quantity: Quantity) -> Amount {
        Amount(self.0 * quantity.0)
    }
}

impl Amount {
    /// The amount times a rate, rounded to [`AMOUNT_SCALE`].
    pub fn times(self, rate: Ratio) -> Amount {
        Amount(round_amount(self.0 * rate.0))
    }

    /// The share of this amount that `part` of `whole` carries, rounded to [`AMOUNT_SCALE`]; all of it where they
    /// are equal. The caller keeps the rest by subtraction, so that nothing is lost to rounding.
    pub fn share(self, part: Quantity, whole: Quantity) -> Amount {
        if part == whole {
            return self;
        }
        match (self.0 * part.0).checked_div(whole.0) {
            Some(share) => Amount(round_amount(share)),
            None => Amount::ZERO,
        }
    }

    /// The price per unit, for display: rounded to `scale` places. Zero where the quantity is zero.
    pub fn per(self, quantity: Quantity, scale: u32) -> Price {
        Price(self.0.checked_div(quantity.0).unwrap_or_default()).rounded(scale)
    }

    /// `self` as a percentage of `base`, to two places. Zero where the base is zero.
    pub fn percent_of(self, base: Amount) -> Ratio {
        Ratio(
            (self.0 * Decimal::ONE_HUNDRED)
                .checked_div(base.0)
                .unwrap_or_default(),
        )
        .rounded(2)
    }
}

impl Price {
    /// `self - before` as a percentage of `before`, to two places. Zero where `before` is zero.
    pub fn percent_change_from(self, before: Price) -> Ratio {
        Amount(self.0 - before.0).percent_of(Amount(before.0))
    }
}

fn round_amount(number: Decimal) -> Decimal {
    number.round_dp_with_strategy(AMOUNT_SCALE, RoundingStrategy::MidpointNearestEven)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn amount(text: &str) -> Amount {
        text.parse().unwrap()
    }

    #[test]
    fn numbers_are_printed_from_the_decimal_and_read_exactly() {
        for (given, printed) in [
            ("43250.50", "43250.50"),
            ("0.1", "0.1"),
            ("-0.0664735", "-0.0664735"),
            ("123456789012345.678", "123456789012345.678"),
            ("1e-7", "0.0000001"),
            ("\"50000\"", "50000"),
        ] {
            let price: Price = serde_json::from_str(given).unwrap();
            assert_eq!(serde_json::to_string(&price).unwrap(), printed);
        }
    }

    #[test]
    fn what_is_no_usable_number_is_refused() {
        for bad in [
            "\"NaN\"",
            "\"\"",
            "\"1,5\"",
            "null",
            "true",
            "[1]",
            "1e40",
            "1e-20",
            "\"0x10\"",
            "\"Infinity\"",
        ] {
            assert!(serde_json::from_str::<Quantity>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_share_and_its_rest_make_the_whole() {
        let cost = amount("100.00000001");
        let (part, whole) = ("1".parse().unwrap(), "3".parse().unwrap());
        let share = cost.share(part, whole);
        assert_eq!(share, amount("33.33333334"));
        assert_eq!(share + (cost - share), cost);
        assert_eq!(cost.share(whole, whole), cost);
        assert_eq!(cost.share(part, Quantity::ZERO), Amount::ZERO);
    }

    #[test]
    fn percentages_have_two_places() {
        let price = |text: &str| text.parse::<Price>().unwrap();
        assert_eq!(
            price("43250.50")
                .percent_change_from(price("43125.20"))
                .to_string(),
            "0.29"
        );
        assert_eq!(price("1").percent_change_from(Price::ZERO).to_string(), "0.00");
    }

    proptest! {
        #[test]
        fn any_decimal_survives_the_wire(mantissa in -999_999_999_999_999i64..=999_999_999_999_999, scale in 0u32..=12) {
            let number = Amount::new(Decimal::new(mantissa, scale));
            let text = serde_json::to_string(&number).unwrap();
            prop_assert_eq!(serde_json::from_str::<Amount>(&text).unwrap(), number);
        }
    }
}
