//! Bounds on every number that enters, chosen so that no arithmetic behind them overflows or loses a digit.
//!
//! A [`Decimal`] holds an integer below 7.9 × 10²⁸ and a scale. Sums and products that fit into
//! that are exact; beyond it they are rounded, and beyond 7.9 × 10²⁸ whole units they panic. So:
//!
//! - places of a price plus places of a quantity ≤ 12, hence every cost has at most 12 places;
//! - amounts lie within ±10¹⁵, so that with 12 places they are integers below 10²⁷: sums of dozens of them are exact;
//! - price ≤ 10¹⁰ and quantity ≤ 10¹², so that their product (≤ 10²²) never panics. Where it is above
//!   [`AMOUNT_MAX`] it may have lost digits, but then it is refused (orders) or capped (valuations), never booked;
//! - `cost.share(part, whole)` multiplies at most 10¹⁵ by 10¹², below 7.9 × 10²⁸.
//!
//! What a market tells beyond these bounds is dropped and counted; what an owner wants beyond them is refused; an event
//! beyond them is a fold error.

use rust_decimal::Decimal;
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::money::{Amount, Price, Quantity};

/// Decimal places of a price plus those of a quantity, at most. Also what a frame can carry.
pub const PLACES_MAX: u32 = 12;

/// Decimal places of a quantity, at most.
pub const QUANTITY_PLACES_MAX: u32 = 8;

/// The highest price.
pub const PRICE_MAX: Price = Price::new(whole(10_000_000_000));

/// The largest quantity of an order, a trade or a position.
pub const QUANTITY_MAX: Quantity = Quantity::new(whole(1_000_000_000_000));

/// The largest volume of one minute.
pub const VOLUME_MAX: Quantity = Quantity::new(whole(1_000_000_000_000_000));

/// The largest value of one order, and of a first deposit.
pub const ORDER_VALUE_MAX: Amount = Amount::new(whole(1_000_000_000_000));

/// The largest amount that an account may hold, owe or have made.
pub const AMOUNT_MAX: Amount = Amount::new(whole(1_000_000_000_000_000));

/// The last millisecond of the year 9999.
pub const TIME_MAX: TimestampMs = TimestampMs(253_402_300_799_999);

/// The highest number of a numbered id: the largest integer that every JSON reader keeps exactly.
pub const ID_MAX: u64 = 1 << 53;

const fn whole(number: u64) -> Decimal {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the two halves of the number are what is wanted"
    )]
    Decimal::from_parts(number as u32, (number >> 32) as u32, 0, false, 0)
}

/// Decimal places that matter. Strips zeros only where there are more than `enough`, because stripping is slow.
fn places(number: Decimal, enough: u32) -> u32 {
    if number.scale() <= enough {
        number.scale()
    } else {
        number.normalize().scale()
    }
}

/// Whether it is a price: above zero, not above [`PRICE_MAX`], with at most `places_max` places.
pub fn is_price(price: Price, places_max: u32) -> bool {
    price.is_positive() && price <= PRICE_MAX && places(price.get(), places_max) <= places_max
}

/// Whether it is a quantity: above zero, not above [`QUANTITY_MAX`], with at most [`QUANTITY_PLACES_MAX`] places.
pub fn is_quantity(quantity: Quantity) -> bool {
    quantity.is_positive()
        && quantity <= QUANTITY_MAX
        && places(quantity.get(), QUANTITY_PLACES_MAX) <= QUANTITY_PLACES_MAX
}

/// Whether it can be the volume of a minute: not below zero, not above [`VOLUME_MAX`].
pub fn is_volume(volume: Quantity) -> bool {
    !volume.is_negative()
        && volume <= VOLUME_MAX
        && places(volume.get(), QUANTITY_PLACES_MAX) <= QUANTITY_PLACES_MAX
}

/// Whether it is an amount that an account can be booked with: within ±[`AMOUNT_MAX`], at most [`PLACES_MAX`] places.
pub fn is_amount(amount: Amount) -> bool {
    amount.abs() <= AMOUNT_MAX && places(amount.get(), PLACES_MAX) <= PLACES_MAX
}

/// Whether the moment lies between 1970 and 9999, where calendar and candle arithmetic cannot overflow.
pub fn is_time(at: TimestampMs) -> bool {
    TimestampMs(0) <= at && at <= TIME_MAX
}

/// What `quantity` is worth at `price`, capped at [`AMOUNT_MAX`]; exact below it. Both must be within their bounds.
pub fn value(price: Price, quantity: Quantity) -> Amount {
    price.times(quantity).min(AMOUNT_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bounds_are_what_their_docs_say() {
        assert_eq!(AMOUNT_MAX.to_string(), "1000000000000000");
        assert_eq!(PRICE_MAX.to_string(), "10000000000");
        assert_eq!(TIME_MAX.to_string(), "9999-12-31T23:59:59");
    }

    #[test]
    fn the_largest_product_and_share_do_not_panic_and_the_largest_exact_one_is_exact() {
        assert_eq!(value(PRICE_MAX, QUANTITY_MAX), AMOUNT_MAX);
        let (one, most) = (Quantity::new(Decimal::ONE), QUANTITY_MAX);
        assert!(AMOUNT_MAX.share(most - one, most) < AMOUNT_MAX);
        let price: Price = "999.9999".parse().unwrap();
        let quantity: Quantity = "999999999999.99999999".parse().unwrap();
        assert_eq!(value(price, quantity).to_string(), "999999899999999.999990000001");
    }

    #[test]
    fn trailing_zeros_do_not_count_as_places() {
        assert!(is_price("43250.50000000".parse().unwrap(), 2));
        assert!(!is_price("43250.505".parse().unwrap(), 2));
        assert!(is_quantity("0.00000001".parse().unwrap()));
        assert!(!is_quantity("0.000000001".parse().unwrap()));
    }
}
