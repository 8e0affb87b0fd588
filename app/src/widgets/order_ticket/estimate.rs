//! What an order would cost and whether it can be placed: the instrument's rules and the account's means as pure
//! arithmetic. The server judges for itself; this only saves the round trip and says it before the click.

use rust_decimal::Decimal;
use tickwire_protocol::market::Instrument;
use tickwire_protocol::money::{Amount, Price, Quantity};
use tickwire_protocol::order::Side;

use crate::format;

/// A position that an order may reduce.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// Which way it goes.
    pub side: Side,
    /// How much.
    pub quantity: Quantity,
    /// Its average price.
    pub entry: Price,
}

/// What an order would come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Estimate {
    /// The price that it would be filled at.
    pub price: Price,
    /// Price times quantity.
    pub cost: Amount,
    /// The taker's fee on it.
    pub fee: Amount,
    /// What the account could still use afterwards; below zero where it cannot pay.
    pub available_after: Amount,
}

/// Reads a quantity as people type it: `0.1`, `0,1`, `1,234.5`, with blanks. Nothing typed is `None`.
pub fn parse_quantity(text: &str) -> Result<Option<Quantity>, String> {
    let plain: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    if plain.is_empty() {
        return Ok(None);
    }
    let commas = plain.matches(',').count();
    let plain = match (commas, plain.contains('.')) {
        (1, false) => plain.replace(',', "."),
        _ => plain.replace(',', ""),
    };
    let is_plain = plain.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let number = is_plain.then(|| plain.parse::<Quantity>().ok()).flatten();
    number
        .map(Some)
        .ok_or_else(|| "The quantity must be a number such as 0.1.".to_owned())
}

/// What an order of `quantity` would come to at `price`, given what can be used and what is held.
pub fn estimate(
    side: Side,
    quantity: Quantity,
    price: Price,
    rules: &Instrument,
    available: Amount,
    held: Option<Held>,
) -> Estimate {
    let cost = price.times(quantity);
    let fee = cost.times(rules.taker_fee_rate);
    let reduced = reduced(side, quantity, held);
    let opened = price.times(quantity - reduced);
    let freed = held.map_or(Amount::ZERO, |held| {
        let entry = held.entry.times(reduced);
        let value = price.times(reduced);
        let worth = match held.side {
            Side::Buy => value,
            Side::Sell => entry + entry - value,
        };
        // An open loss is taken off what is available already, so closing at a loss frees the whole entry value.
        worth.max(entry)
    });
    Estimate {
        price,
        cost,
        fee,
        available_after: available + freed - opened - fee,
    }
}

/// What is against an order, as a sentence that names the rule and the value allowed.
pub fn check(
    side: Side,
    quantity: Quantity,
    estimate: &Estimate,
    rules: &Instrument,
    available: Amount,
    held: Option<Held>,
) -> Result<(), String> {
    let base = &rules.base;
    let amount = |quantity: Quantity| [&format::quantity(quantity.get()), " ", base].concat();
    if quantity < rules.min_quantity {
        return Err(["The least quantity is ", &amount(rules.min_quantity), "."].concat());
    }
    if quantity > rules.max_quantity {
        return Err(["The largest quantity is ", &amount(rules.max_quantity), "."].concat());
    }
    if !quantity.is_multiple_of(rules.step_size) {
        return Err([
            "The quantity must be a multiple of ",
            &amount(rules.step_size),
            ".",
        ]
        .concat());
    }
    let only_reduces = reduced(side, quantity, held) == quantity;
    if only_reduces {
        return Ok(());
    }
    let money = |amount: Amount| format::number(amount.get(), format::MONEY_SCALE);
    if estimate.cost < rules.min_notional {
        let least = [&money(rules.min_notional), " ", &rules.quote].concat();
        return Err([
            "An order must be worth at least ",
            &least,
            "; this one is worth ",
            &money(estimate.cost),
            ".",
        ]
        .concat());
    }
    if estimate.available_after.is_negative() {
        let needed = available - estimate.available_after;
        let needs = ["This needs ", &money(needed), " ", &rules.quote].concat();
        return Err([&needs, " with the fee; ", &money(available), " is available."].concat());
    }
    Ok(())
}

/// The part of an order that reduces a position that goes the other way.
fn reduced(side: Side, quantity: Quantity, held: Option<Held>) -> Quantity {
    match held {
        Some(held) if held.side != side => held.quantity.min(quantity),
        _ => Quantity::ZERO,
    }
}

/// The quantity that `percent` of what is available buys at `price`, the fee included, rounded down to the step.
pub fn share_of_available(percent: i64, available: Amount, price: Price, rules: &Instrument) -> Quantity {
    let unit = price.get() * (Decimal::ONE + rules.taker_fee_rate.get());
    let budget = available.get() * Decimal::new(percent, 2);
    let quantity = budget.checked_div(unit).unwrap_or_default();
    floor_to_step(Quantity::new(quantity), rules).min(rules.max_quantity)
}

/// The quantity so many steps further, never below zero: what the arrow keys do.
pub fn stepped(quantity: Quantity, steps: i64, rules: &Instrument) -> Quantity {
    let moved = quantity.get() + rules.step_size.get() * Decimal::from(steps);
    floor_to_step(Quantity::new(moved.max(Decimal::ZERO)), rules)
}

fn floor_to_step(quantity: Quantity, rules: &Instrument) -> Quantity {
    let step = rules.step_size.get();
    let whole = quantity.get().checked_div(step).unwrap_or_default().trunc();
    Quantity::new(whole * step).rounded(rules.quantity_scale())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tickwire_protocol::message::{Body, Message};

    fn rules() -> Instrument {
        match Message::decode(crate::realtime::sample::FRAMES[0]).unwrap().body {
            Body::Instruments(mut body) => body.instruments.remove(0),
            _ => panic!("the first sample frame has the instruments"),
        }
    }

    fn q(text: &str) -> Quantity {
        text.parse().unwrap()
    }

    fn a(text: &str) -> Amount {
        text.parse().unwrap()
    }

    fn verdict(side: Side, quantity: &str, available: &str, held: Option<Held>) -> Result<(), String> {
        let (rules, price, available) = (rules(), "50000".parse().unwrap(), a(available));
        let estimate = estimate(side, q(quantity), price, &rules, available, held);
        check(side, q(quantity), &estimate, &rules, available, held)
    }

    #[test]
    fn quantities_are_read_with_comma_or_point() {
        for (text, expected) in [
            ("0.1", "0.1"),
            ("0,1", "0.1"),
            (" 1 234.5 ", "1234.5"),
            ("1,234.5", "1234.5"),
            (".5", "0.5"),
        ] {
            assert_eq!(parse_quantity(text).unwrap().unwrap(), q(expected), "{text}");
        }
        assert_eq!(parse_quantity("  "), Ok(None));
        for text in ["-1", "1e3", "abc", "1.2.3", "."] {
            assert!(parse_quantity(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_order_costs_its_value_and_the_fee() {
        let rules = rules();
        let of = estimate(
            Side::Buy,
            q("0.1"),
            "50000".parse().unwrap(),
            &rules,
            a("10000"),
            None,
        );
        assert_eq!(
            (of.cost, of.fee, of.available_after),
            (a("5000"), a("5"), a("4995"))
        );
    }

    #[test]
    fn closing_frees_what_the_position_ties_up_and_its_profit() {
        let price = "50000".parse().unwrap();
        let held = |side| {
            Some(Held {
                side,
                quantity: q("0.1"),
                entry: "40000".parse().unwrap(),
            })
        };
        let long = estimate(Side::Sell, q("0.1"), price, &rules(), a("0"), held(Side::Buy));
        assert_eq!(long.available_after, a("4995"));
        let short = estimate(Side::Buy, q("0.1"), price, &rules(), a("0"), held(Side::Sell));
        // The short has lost 1,000, which is not available any more before it is closed either.
        assert_eq!(short.available_after, a("3995"));
    }

    #[test]
    fn rules_are_named_with_the_value_allowed() {
        for (quantity, available, expected) in [
            ("0", "10000", "The least quantity is 0.001 BTC."),
            ("101", "10000", "The largest quantity is 100 BTC."),
            ("0.0015", "10000", "The quantity must be a multiple of 0.001 BTC."),
            (
                "1",
                "10000",
                "This needs 50,050.00 USDT with the fee; 10,000.00 is available.",
            ),
        ] {
            assert_eq!(
                verdict(Side::Buy, quantity, available, None).unwrap_err(),
                expected
            );
        }
        assert_eq!(verdict(Side::Buy, "0.1", "10000", None), Ok(()));
        let held = Some(Held {
            side: Side::Buy,
            quantity: q("2"),
            entry: "50000".parse().unwrap(),
        });
        assert_eq!(
            verdict(Side::Sell, "2", "0", held),
            Ok(()),
            "closing needs no balance"
        );
    }

    #[test]
    fn all_of_the_balance_can_be_spent_and_no_more() {
        let quantity = share_of_available(100, a("10000"), "50000".parse().unwrap(), &rules());
        assert_eq!(quantity, q("0.199"));
        assert_eq!(verdict(Side::Buy, &quantity.to_string(), "10000", None), Ok(()));
        assert_eq!(
            share_of_available(25, a("0"), "50000".parse().unwrap(), &rules()),
            q("0")
        );
    }

    #[test]
    fn arrows_move_by_whole_steps_and_stop_at_zero() {
        assert_eq!(stepped(q("0.1"), 1, &rules()).to_string(), "0.101");
        assert_eq!(stepped(q("0.0015"), 10, &rules()).to_string(), "0.011");
        assert_eq!(stepped(q("0.001"), -10, &rules()).to_string(), "0.000");
    }
}
