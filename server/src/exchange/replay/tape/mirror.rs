//! How a frame is told in a loop: prices on the instrument's own scale, and in every other loop mirrored. Where prices are
//! mirrored what rose falls, so buyers and sellers change places too.

use tickwire_protocol::market::{Quote, Trade};
use tickwire_protocol::money::{Price, Quantity};

use crate::exchange::binance::message::{self, Level};
use crate::exchange::grid::Grid;

/// The way prices are told in one loop of one symbol.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mirror {
    grid: Grid,
    /// What mirrored prices are taken from; nothing where they are told as recorded.
    sum: Option<Price>,
}

/// Bids and asks.
type Sides = (Vec<Level>, Vec<Level>);

impl Mirror {
    /// As recorded, or mirrored about half of `sum`.
    pub fn new(grid: Grid, sum: Option<Price>) -> Mirror {
        Mirror { grid, sum }
    }

    /// The best prices.
    pub fn quote(self, quote: Quote) -> Quote {
        match self.sum {
            None => Quote {
                bid: self.price(quote.bid),
                ask: self.price(quote.ask),
            },
            Some(_) => Quote {
                bid: self.price(quote.ask),
                ask: self.price(quote.bid),
            },
        }
    }

    /// A trade.
    pub fn trade(self, trade: &message::Trade) -> Trade {
        let taker_side = trade.taker_side();
        Trade {
            price: self.price(trade.price),
            quantity: self.quantity(trade.quantity),
            taker_side: if self.sum.is_some() {
                taker_side.opposite()
            } else {
                taker_side
            },
        }
    }

    /// Levels of a book. Those that would be at or below zero are left out: far asks have no mirror.
    pub fn sides(self, bids: Vec<Level>, asks: Vec<Level>) -> Sides {
        let (bids, asks) = if self.sum.is_some() {
            (asks, bids)
        } else {
            (bids, asks)
        };
        (self.levels(bids), self.levels(asks))
    }

    fn levels(self, levels: Vec<Level>) -> Vec<Level> {
        let told = levels
            .into_iter()
            .map(|(price, quantity)| (self.price(price), self.quantity(quantity)));
        told.filter(|(price, _)| price.is_positive()).collect()
    }

    fn price(self, price: Price) -> Price {
        self.sum
            .map_or(price, |sum| sum - price)
            .rounded(self.grid.price_scale)
    }

    fn quantity(self, quantity: Quantity) -> Quantity {
        quantity.rounded(self.grid.quantity_scale)
    }
}
