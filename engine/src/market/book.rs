//! The order book of a market, as far as the feed shows it.
//!
//! A taker walks it level by level. It is only walked where it is in step with the quote, that is, has a level at the
//! quote's very price: otherwise it is older or newer than the quote, and its quantities say nothing about now.
//! Beyond the last known level there is no quantity to go by: what is left fills at the last level's price.

use crate::bounds;
use crate::input::Depth;
use std::collections::BTreeMap;
use tickwire_protocol::market::Quote;
use tickwire_protocol::money::{Price, Quantity};
use tickwire_protocol::order::Side;

/// Levels kept on each side; also bounds the executions of one order.
pub const LEVELS_MAX: usize = 200;

/// Bids and asks by price.
#[derive(Clone, Debug, Default)]
pub struct Book {
    bids: BTreeMap<Price, Quantity>,
    asks: BTreeMap<Price, Quantity>,
}

impl Book {
    /// Buyers, best (highest) first.
    pub fn bids(&self) -> impl Iterator<Item = (Price, Quantity)> {
        self.bids
            .iter()
            .rev()
            .map(|(&price, &quantity)| (price, quantity))
    }

    /// Sellers, best (lowest) first.
    pub fn asks(&self) -> impl Iterator<Item = (Price, Quantity)> {
        self.asks.iter().map(|(&price, &quantity)| (price, quantity))
    }

    /// What a taker of `side` can trade against.
    pub fn levels(&self, side: Side, quote: Quote) -> Levels<'_> {
        let mut levels = Levels::empty(side, quote);
        let (own, touch) = match side {
            Side::Buy => (&self.asks, quote.ask),
            Side::Sell => (&self.bids, quote.bid),
        };
        levels.book = Some(own).filter(|own| own.contains_key(&touch));
        levels
    }

    /// Takes in a change; gives the number of levels dropped as out of bounds.
    pub(super) fn change(&mut self, depth: &Depth, price_places_max: u32) -> u64 {
        if depth.snapshot {
            self.bids.clear();
            self.asks.clear();
        }
        let dropped = change_side(&mut self.bids, &depth.bids, price_places_max)
            + change_side(&mut self.asks, &depth.asks, price_places_max);
        while self.bids.len() > LEVELS_MAX {
            self.bids.pop_first();
        }
        while self.asks.len() > LEVELS_MAX {
            self.asks.pop_last();
        }
        dropped
    }
}

fn change_side(
    side: &mut BTreeMap<Price, Quantity>,
    changes: &[(Price, Quantity)],
    price_places_max: u32,
) -> u64 {
    let mut dropped = 0;
    for &(price, quantity) in changes {
        if !bounds::is_price(price, price_places_max) {
            dropped += 1;
        } else if quantity.is_zero() {
            side.remove(&price);
        } else if bounds::is_quantity(quantity) {
            side.insert(price, quantity);
        } else {
            dropped += 1;
        }
    }
    dropped
}

/// What a taker can trade against, best first.
#[derive(Clone, Copy, Debug)]
pub struct Levels<'a> {
    side: Side,
    touch: Price,
    book: Option<&'a BTreeMap<Price, Quantity>>,
}

impl Levels<'_> {
    /// The quote alone, for a taker of `side`.
    pub fn empty(side: Side, quote: Quote) -> Levels<'static> {
        let touch = match side {
            Side::Buy => quote.ask,
            Side::Sell => quote.bid,
        };
        Levels {
            side,
            touch,
            book: None,
        }
    }

    /// The price of the first fill.
    pub fn touch(&self) -> Price {
        self.touch
    }

    /// Whether there is more to go by than the quote.
    pub fn has_book(&self) -> bool {
        self.book.is_some()
    }

    /// The fills of a limit order at `limit`: what is offered at it or better, and no more than is known to be. Where
    /// there is no book the quote stands for any quantity.
    pub fn fills_within(&self, quantity: Quantity, limit: Price) -> Vec<(Price, Quantity)> {
        let is_within = |price: Price| match self.side {
            Side::Buy => price <= limit,
            Side::Sell => price >= limit,
        };
        if !is_within(self.touch) {
            return Vec::new();
        }
        let Some(book) = self.book else {
            return vec![(self.touch, quantity)];
        };
        let levels: Box<dyn Iterator<Item = (&Price, &Quantity)>> = match self.side {
            Side::Buy => Box::new(book.range(self.touch..)),
            Side::Sell => Box::new(book.range(..=self.touch).rev()),
        };
        let (mut fills, mut rest) = (Vec::new(), quantity);
        for (&price, &available) in levels.take_while(|(price, _)| is_within(**price)) {
            if rest.is_zero() {
                break;
            }
            let taken = rest.min(available);
            fills.push((price, taken));
            rest -= taken;
        }
        fills
    }

    /// How much the book shows at `limit` or better; nothing where there is no book, so that nobody knows.
    pub fn shown_within(&self, limit: Price) -> Option<Quantity> {
        let book = self.book?;
        let shown = match self.side {
            Side::Buy if limit < self.touch => Quantity::ZERO,
            Side::Sell if limit > self.touch => Quantity::ZERO,
            Side::Buy => book
                .range(self.touch..=limit)
                .map(|(_, &quantity)| quantity)
                .sum(),
            Side::Sell => book
                .range(limit..=self.touch)
                .map(|(_, &quantity)| quantity)
                .sum(),
        };
        Some(shown)
    }

    /// Splits `quantity` into fills, best price first. Their quantities sum up to it.
    pub fn fills(&self, quantity: Quantity) -> Vec<(Price, Quantity)> {
        let mut fills: Vec<(Price, Quantity)> = Vec::new();
        let mut rest = quantity;
        let levels: Box<dyn Iterator<Item = (&Price, &Quantity)>> = match (self.book, self.side) {
            (None, _) => Box::new(std::iter::empty()),
            (Some(asks), Side::Buy) => Box::new(asks.range(self.touch..)),
            (Some(bids), Side::Sell) => Box::new(bids.range(..=self.touch).rev()),
        };
        for (&price, &available) in levels {
            if rest.is_zero() {
                break;
            }
            let taken = rest.min(available);
            fills.push((price, taken));
            rest -= taken;
        }
        match fills.last_mut() {
            Some((_, last)) => *last += rest,
            None => fills.push((self.touch, rest)),
        }
        fills
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tickwire_protocol::clock::TimestampMs;
    use tickwire_protocol::id::Symbol;

    fn levels(text: &str) -> Vec<(Price, Quantity)> {
        text.split_whitespace()
            .map(|level| level.split_once('x').expect("QUANTITYxPRICE"))
            .map(|(quantity, price)| (price.parse().unwrap(), quantity.parse().unwrap()))
            .collect()
    }

    fn depth(snapshot: bool, bids: &str, asks: &str) -> Depth {
        let symbol = Symbol::new("BTCUSDT").unwrap();
        Depth {
            symbol,
            snapshot,
            bids: levels(bids),
            asks: levels(asks),
            exchange_time: TimestampMs(0),
        }
    }

    #[track_caller]
    fn check(book: &Book, side: Side, quantity: &str, expected: &str) {
        let quote = Quote {
            bid: "99".parse().unwrap(),
            ask: "100".parse().unwrap(),
        };
        let fills = book.levels(side, quote).fills(quantity.parse().unwrap());
        assert_eq!(fills, levels(expected));
    }

    #[test]
    fn takers_walk_the_levels_and_fill_the_rest_at_the_last() {
        let mut book = Book::default();
        assert_eq!(book.change(&depth(true, "1x99 2x98", "1x100 2x101 5x103"), 2), 0);
        check(&book, Side::Buy, "1", "1x100");
        check(&book, Side::Buy, "2.5", "1x100 1.5x101");
        check(&book, Side::Buy, "10", "1x100 2x101 7x103");
        check(&book, Side::Sell, "4", "1x99 3x98");
    }

    #[test]
    fn changes_replace_and_remove_levels() {
        let mut book = Book::default();
        book.change(&depth(true, "", "1x100 2x101"), 2);
        book.change(&depth(false, "", "3x100 0x101 1x102"), 2);
        check(&book, Side::Buy, "4", "3x100 1x102");
        assert_eq!(
            book.change(&depth(false, "", "1x100.001 -1x105 1x-1"), 2),
            3,
            "out of bounds"
        );
    }

    #[test]
    fn a_book_out_of_step_with_the_quote_is_not_walked() {
        let mut book = Book::default();
        book.change(&depth(true, "1x97", "1x101 1x102"), 2);
        check(&book, Side::Buy, "5", "5x100");
        check(&book, Side::Sell, "5", "5x99");
        book.change(&depth(false, "", "1x99.5 1x100"), 2);
        check(&book, Side::Buy, "3", "1x100 1x101 1x102");
    }

    #[test]
    fn the_worst_levels_beyond_the_bound_are_forgotten() {
        let mut book = Book::default();
        let asks: Vec<String> = (100..500).map(|price| format!("1x{price}")).collect();
        book.change(&depth(true, "", &asks.join(" ")), 2);
        assert_eq!(book.asks().count(), LEVELS_MAX);
        assert_eq!(
            book.asks().next(),
            Some(("100".parse().unwrap(), "1".parse().unwrap()))
        );
    }
}
