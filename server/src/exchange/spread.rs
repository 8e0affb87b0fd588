//! Best prices around trades that are made up, such that price, taker and quote tell one story.

use tickwire_protocol::order::Side;

use crate::exchange::grid::QuoteTicks;
use crate::exchange::random::Random;

/// A spread is at most one tick and this fraction of the price: 0.2 basis points.
const WIDTH_OF_PRICE: i64 = 50_000;

/// The best prices around the last trade of one symbol, in ticks.
#[derive(Clone, Debug)]
pub(super) struct Spread {
    width: i64,
    width_max: i64,
    last: i64,
    taker_side: Side,
    quote: QuoteTicks,
}

impl Spread {
    /// Around `price`, as if that had been traded.
    pub fn new(price: i64, random: &mut Random) -> Spread {
        let width_max = 1 + price / WIDTH_OF_PRICE;
        let taker_side = if random.one_in(2) { Side::Buy } else { Side::Sell };
        let width = draw_width(width_max, random);
        let quote = QuoteTicks {
            bid: price,
            ask: price + width,
        };
        Spread {
            width,
            width_max,
            last: price,
            taker_side,
            quote,
        }
    }

    /// The best prices.
    pub fn quote(&self) -> QuoteTicks {
        self.quote
    }

    /// A trade at `price`: of a buyer where the price rose, of a seller where it fell, of the same where it stayed. A buyer
    /// trades at the ask, a seller at the bid.
    pub fn trade(&mut self, price: i64, random: &mut Random) -> (QuoteTicks, Side) {
        if price > self.last {
            self.taker_side = Side::Buy;
        } else if price < self.last {
            self.taker_side = Side::Sell;
        }
        if random.one_in(4) {
            self.width = draw_width(self.width_max, random);
        }
        self.last = price;
        self.quote = match self.taker_side {
            Side::Buy => QuoteTicks {
                bid: price - self.width,
                ask: price,
            },
            Side::Sell => QuoteTicks {
                bid: price,
                ask: price + self.width,
            },
        };
        (self.quote, self.taker_side)
    }

    /// Somebody places or cancels at the top of the book: it moves, with the last price still on or between its sides.
    /// Nothing where it came out as it was.
    pub fn requote(&mut self, random: &mut Random) -> Option<QuoteTicks> {
        let before = self.quote;
        self.width = draw_width(self.width_max, random);
        let bid = self.last - random.between(0, self.width);
        self.quote = QuoteTicks {
            bid,
            ask: bid + self.width,
        };
        (self.quote != before).then_some(self.quote)
    }
}

/// From one tick up, narrow ones far more often.
fn draw_width(most: i64, random: &mut Random) -> i64 {
    let first = random.between(1, most);
    let second = random.between(1, most);
    first.min(second)
}
