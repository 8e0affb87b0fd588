//! What an order would come to: cost, fee, margin, what is left, and where it would be liquidated, by the formulas of the
//! engine. The server reckons for itself; this only says it before the click.

use rust_decimal::{Decimal, RoundingStrategy};
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::market::{Instrument, VenueRules};
use tickwire_protocol::money::{Amount, Price, Quantity, Ratio};
use tickwire_protocol::order::Side;

/// A position that an order may add to or reduce.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// Which way it goes.
    pub side: Side,
    /// How much.
    pub quantity: Quantity,
    /// Its average price.
    pub entry: Price,
    /// What the account must be worth for it.
    pub maintenance: Amount,
}

/// What an order is judged by.
#[derive(Clone, Debug, PartialEq)]
pub struct World {
    /// The instrument's rules.
    pub rules: Instrument,
    /// How the venue fills.
    pub venue: VenueRules,
    /// What buyers pay.
    pub bid: Price,
    /// What sellers ask.
    pub ask: Price,
    /// The last price.
    pub last: Price,
    /// What positions are valued by.
    pub mark: Price,
    /// What can be used.
    pub available: Amount,
    /// What the account is worth.
    pub equity: Amount,
    /// What it must be worth for all its positions.
    pub maintenance: Amount,
    /// The position in the instrument.
    pub held: Option<Held>,
    /// The leverage of the instrument; 1 for spot.
    pub leverage: u32,
    /// Why the risk guard opens nothing.
    pub risk: Option<String>,
    /// The server's clock.
    pub now: TimestampMs,
}

/// What an order would come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outlook {
    /// The price that it would be filled at.
    pub price: Price,
    /// Price times quantity.
    pub cost: Amount,
    /// Whether it would rest, and so pay the maker's fee.
    pub is_maker: bool,
    /// The fee on the cost.
    pub fee: Amount,
    /// What it would tie up: the cost of what it opens / leverage.
    pub margin: Amount,
    /// What the account could still use afterwards; below zero where it cannot pay.
    pub available_after: Amount,
    /// The mark price at which the account would be liquidated, if all other prices stood still.
    pub liquidation: Option<Price>,
}

impl World {
    /// The best price for a side to take.
    pub fn touch(&self, side: Side) -> Price {
        match side {
            Side::Buy => self.ask,
            Side::Sell => self.bid,
        }
    }

    /// A price that is paid beyond: a price and the venue's slippage, rounded to the tick away from the order's favour.
    pub fn slipped(&self, side: Side, price: Price) -> Price {
        let part = price.get() * self.venue.slippage_bps.get() / Decimal::from(10_000);
        let tick = self.rules.tick_size.get();
        let (moved, way) = match side {
            Side::Buy => (price.get() + part, RoundingStrategy::ToPositiveInfinity),
            Side::Sell => (price.get() - part, RoundingStrategy::ToNegativeInfinity),
        };
        let ticks = moved.checked_div(tick).unwrap_or_default();
        Price::new(ticks.round_dp_with_strategy(0, way) * tick)
    }

    /// The part of an order that reduces a position which goes the other way.
    pub fn reduced(&self, side: Side, quantity: Quantity) -> Quantity {
        match self.held {
            Some(held) if held.side != side => held.quantity.min(quantity),
            _ => Quantity::ZERO,
        }
    }

    /// The fee rate.
    pub fn fee_rate(&self, is_maker: bool) -> Ratio {
        if is_maker {
            self.rules.maker_fee_rate
        } else {
            self.rules.taker_fee_rate
        }
    }

    /// What value ties up: value / leverage.
    pub fn margin_of(&self, value: Amount) -> Amount {
        Amount::new(value.get() / Decimal::from(self.leverage.max(1)))
    }

    /// What an order of `quantity` at `price` would come to.
    pub fn outlook(&self, side: Side, quantity: Quantity, price: Price, is_maker: bool) -> Outlook {
        let cost = price.times(quantity);
        let fee = cost.times(self.fee_rate(is_maker));
        let reduced = self.reduced(side, quantity);
        let margin = self.margin_of(price.times(quantity - reduced));
        let freed = self.held.map_or(Amount::ZERO, |held| {
            let entry = held.entry.times(reduced);
            let gain = signed(held.side, price.times(reduced) - entry);
            // An open loss is taken off what is available already, so closing at a loss frees the whole margin.
            self.margin_of(entry) + gain.max(Amount::ZERO)
        });
        Outlook {
            price,
            cost,
            is_maker,
            fee,
            margin,
            available_after: self.available + freed - margin - fee,
            liquidation: self.liquidation(side, quantity, price, fee),
        }
    }

    /// The mark price `m` at which equity meets maintenance margin after the fill, all other prices standing still:
    /// `equity − fee ∓ q × (price − mark) + Q × (m − mark) = others + |Q| × m × rate`, where `Q` is the position then,
    /// below zero for a short. None for spot, and where no price above zero fits.
    fn liquidation(&self, side: Side, quantity: Quantity, price: Price, fee: Amount) -> Option<Price> {
        let perpetual = self.rules.perpetual?;
        let held = self.held.map_or(Decimal::ZERO, |held| {
            signed(held.side, Amount::new(held.quantity.get())).get()
        });
        let change = signed(side, Amount::new(quantity.get())).get();
        let after = held + change;
        let others = self.maintenance - self.held.map_or(Amount::ZERO, |held| held.maintenance);
        let mark = self.mark.get();
        let equity = (self.equity - fee).get() - change * (price.get() - mark);
        let slope = after - after.abs() * perpetual.maintenance_margin_rate.get();
        let at = (others.get() - equity + after * mark).checked_div(slope)?;
        (at > Decimal::ZERO).then(|| Price::new(at).rounded(self.rules.price_scale()))
    }

    /// What an exit at `price` would make of what the order filled, after the fees of both.
    pub fn result(
        &self,
        side: Side,
        quantity: Quantity,
        entry: &Outlook,
        exit: Price,
        is_maker: bool,
    ) -> Amount {
        let value = exit.times(quantity);
        signed(side, value - entry.cost) - entry.fee - value.times(self.fee_rate(is_maker))
    }

    /// The quantity that `percent` of what is available buys at `price`, the fee included, rounded down to the step.
    pub fn share_of_available(&self, percent: i64, price: Price) -> Quantity {
        let fee = price.get() * self.rules.taker_fee_rate.get();
        let unit = self.margin_of(Amount::new(price.get())).get() + fee;
        let budget = self.available.get() * Decimal::new(percent, 2);
        let quantity = budget.checked_div(unit).unwrap_or_default();
        floor_to_step(quantity, &self.rules).min(self.rules.max_quantity)
    }
}

/// An amount of a long as it is, of a short with its sign turned.
pub fn signed(side: Side, amount: Amount) -> Amount {
    match side {
        Side::Buy => amount,
        Side::Sell => -amount,
    }
}

/// The number so many units further, never below zero: what the arrow keys do.
pub fn stepped(number: Decimal, units: i64, unit: Decimal) -> Decimal {
    let moved = (number + unit * Decimal::from(units)).max(Decimal::ZERO);
    floor_to(moved, unit)
}

/// A quantity that the instrument trades: rounded down to its step.
pub fn floor_to_step(quantity: Decimal, rules: &Instrument) -> Quantity {
    Quantity::new(floor_to(quantity, rules.step_size.get()))
}

fn floor_to(number: Decimal, unit: Decimal) -> Decimal {
    let unit = unit.normalize();
    let mut whole = number.checked_div(unit).unwrap_or_default().trunc() * unit;
    whole.rescale(unit.scale());
    whole
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::widgets::order_ticket::sample::{a, p, perpetual, q, spot};

    fn held(side: Side, quantity: &str, entry: &str) -> Option<Held> {
        Some(Held {
            side,
            quantity: q(quantity),
            entry: p(entry),
            maintenance: Amount::ZERO,
        })
    }

    #[test]
    fn an_order_costs_its_value_and_the_fee() {
        let of = spot("10000").outlook(Side::Buy, q("0.1"), p("50000"), false);
        assert_eq!(
            (of.cost, of.fee, of.margin, of.available_after, of.liquidation),
            (a("5000"), a("5"), a("5000"), a("4995"), None)
        );
    }

    #[test]
    fn closing_frees_what_the_position_ties_up_and_its_profit() {
        let mut world = spot("0");
        world.held = held(Side::Buy, "0.1", "40000");
        let long = world.outlook(Side::Sell, q("0.1"), p("50000"), false);
        assert_eq!((long.margin, long.available_after), (a("0"), a("4995")));
        world.held = held(Side::Sell, "0.1", "40000");
        let short = world.outlook(Side::Buy, q("0.1"), p("50000"), false);
        // The short has lost 1,000, which is not available any more before it is closed either.
        assert_eq!(short.available_after, a("3995"));
    }

    #[test]
    fn turning_a_position_ties_up_only_what_lies_beyond() {
        let mut world = spot("1000");
        world.held = held(Side::Buy, "0.1", "50000");
        let of = world.outlook(Side::Sell, q("0.15"), p("50000"), true);
        // Frees 5,000, ties up 2,500, and pays the maker's 0.02 % on 7,500.
        assert_eq!((of.margin, of.available_after), (a("2500"), a("3498.50")));
    }

    #[test]
    fn a_perpetual_ties_up_its_share_by_leverage() {
        let of = perpetual("1000", 10).outlook(Side::Buy, q("0.1"), p("50000"), false);
        assert_eq!(
            (of.cost, of.fee, of.margin, of.available_after),
            (a("5000"), a("5"), a("500"), a("495"))
        );
    }

    #[test]
    fn a_perpetual_is_liquidated_where_equity_meets_maintenance() {
        // Long 0.1 at 50,000 with an equity of 995 after the fee: 995 + 0.1 (m − 50,000) = 0.1 m × 0.005.
        let long = perpetual("1000", 10).outlook(Side::Buy, q("0.1"), p("50000"), false);
        assert_eq!(long.liquidation, Some(p("40251.3")));
        let short = perpetual("1000", 10).outlook(Side::Sell, q("0.1"), p("50000"), false);
        assert_eq!(short.liquidation, Some(p("59651.7")));
        // More than the position is worth: a long cannot be liquidated, a short can.
        let rich = perpetual("100000", 10);
        assert_eq!(
            rich.outlook(Side::Buy, q("0.1"), p("50000"), false).liquidation,
            None
        );
        assert!(
            rich.outlook(Side::Sell, q("0.1"), p("50000"), false)
                .liquidation
                .is_some()
        );
    }

    #[test]
    fn liquidation_is_that_of_the_whole_position_and_counts_what_others_need() {
        let mut world = perpetual("1000", 10);
        world.held = held(Side::Buy, "0.1", "50000");
        let flat = world.outlook(Side::Sell, q("0.1"), p("50000"), false);
        assert_eq!(flat.liquidation, None, "nothing is left to liquidate");
        let more = world.outlook(Side::Buy, q("0.1"), p("50000"), false).liquidation;
        assert_eq!(more, Some(p("45251.3")));
        world.maintenance = a("100");
        let others = world.outlook(Side::Buy, q("0.1"), p("50000"), false).liquidation;
        assert_eq!(others, Some(p("45753.8")), "100 more must be left");
        if let Some(held) = &mut world.held {
            held.maintenance = a("100");
        }
        let own = world.outlook(Side::Buy, q("0.1"), p("50000"), false).liquidation;
        assert_eq!(own, more, "its own need is reckoned anew");
    }

    #[test]
    fn a_bad_fill_brings_liquidation_nearer() {
        let world = perpetual("1000", 10);
        let at_mark = world.outlook(Side::Buy, q("0.1"), p("50000"), false).liquidation;
        let above = world.outlook(Side::Buy, q("0.1"), p("50100"), false).liquidation;
        assert!(above > at_mark);
    }

    #[test]
    fn slippage_is_paid_in_whole_ticks() {
        let mut world = spot("0");
        world.venue.slippage_bps = "1".parse().unwrap();
        for (side, price, expected) in [
            (Side::Buy, "50000", "50005.0"),
            (Side::Sell, "50000", "49995.0"),
            (Side::Buy, "50000.1", "50005.2"),
            (Side::Sell, "50000.1", "49995.0"),
        ] {
            assert_eq!(world.slipped(side, p(price)), p(expected), "{side:?} {price}");
        }
        world.venue.slippage_bps = Ratio::ZERO;
        assert_eq!(world.slipped(Side::Buy, p("50000.1")), p("50000.1"));
    }

    #[test]
    fn exits_are_reckoned_after_the_fees_of_both_orders() {
        let world = spot("10000");
        let long = world.outlook(Side::Buy, q("0.1"), p("50000"), false);
        assert_eq!(
            world.result(Side::Buy, q("0.1"), &long, p("51000"), true),
            a("93.98")
        );
        assert_eq!(
            world.result(Side::Buy, q("0.1"), &long, p("49000"), false),
            a("-109.9")
        );
        let short = world.outlook(Side::Sell, q("0.1"), p("50000"), false);
        assert_eq!(
            world.result(Side::Sell, q("0.1"), &short, p("49000"), true),
            a("94.02")
        );
    }

    #[test]
    fn all_of_the_balance_can_be_spent_and_no_more() {
        for (world, expected) in [(spot("10000"), "0.199"), (perpetual("10000", 10), "1.98")] {
            let quantity = world.share_of_available(100, p("50000"));
            assert_eq!(quantity, q(expected));
            let of = |quantity| {
                world
                    .outlook(Side::Buy, quantity, p("50000"), false)
                    .available_after
            };
            assert!(!of(quantity).is_negative());
            assert!(of(quantity + world.rules.step_size).is_negative());
        }
        assert_eq!(spot("0").share_of_available(25, p("50000")), q("0"));
    }

    #[test]
    fn arrows_move_by_whole_units_and_stop_at_zero() {
        let step = |number: &str, units| stepped(number.parse().unwrap(), units, "0.0010".parse().unwrap());
        assert_eq!(step("0.1", 1).to_string(), "0.101");
        assert_eq!(step("0.0015", 10).to_string(), "0.011");
        assert_eq!(step("0.001", -10).to_string(), "0.000");
    }
}
