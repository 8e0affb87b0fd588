//! Prices and quantities as whole ticks and steps: what paths are computed in, exactly and fast.

use rust_decimal::Decimal;
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::id::Symbol;
use tickwire_protocol::market::{Candle, Instrument, Quote};
use tickwire_protocol::money::{Amount, Price, Quantity, Ratio};

/// The length of the candles that histories are made of.
pub(super) const MINUTE_MS: i64 = 60_000;

/// The quote currency of every embedded market.
const QUOTE: &str = "USDT";

/// Decimal places of an instrument's prices and quantities. Its tick and its step are one in the last of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Grid {
    /// Of prices.
    pub price_scale: u32,
    /// Of quantities.
    pub quantity_scale: u32,
}

impl Grid {
    /// The price of so many ticks.
    pub fn price(self, ticks: i64) -> Price {
        Price::new(Decimal::new(ticks, self.price_scale))
    }

    /// The quantity of so many steps.
    pub fn quantity(self, steps: i64) -> Quantity {
        Quantity::new(Decimal::new(steps, self.quantity_scale))
    }

    /// Bid and ask of so many ticks.
    pub fn quote(self, quote: QuoteTicks) -> Quote {
        Quote {
            bid: self.price(quote.bid),
            ask: self.price(quote.ask),
        }
    }

    /// The ticks of a price; nothing where it lies between two.
    pub fn ticks(self, price: Price) -> Option<i64> {
        whole(price.get(), self.price_scale)
    }

    /// The steps of a quantity; nothing where it lies between two.
    pub fn steps(self, quantity: Quantity) -> Option<i64> {
        whole(quantity.get(), self.quantity_scale)
    }

    /// The rules of an instrument on this grid, with the fees of Binance spot (0.1 % either way) and its least notional
    /// of 5 USDT. `base` is the symbol without its quote currency.
    pub fn instrument(self, symbol: Symbol, quantity_max: i64) -> Instrument {
        let fee_rate = Ratio::new(Decimal::new(1, 3));
        Instrument {
            symbol,
            base: symbol.as_str().trim_end_matches(QUOTE).to_owned(),
            quote: QUOTE.to_owned(),
            tick_size: self.price(1),
            step_size: self.quantity(1),
            min_quantity: self.quantity(1),
            max_quantity: Quantity::new(Decimal::from(quantity_max)),
            min_notional: Amount::new(Decimal::from(5)),
            taker_fee_rate: fee_rate,
            maker_fee_rate: fee_rate,
            perpetual: None,
        }
    }
}

fn whole(number: Decimal, scale: u32) -> Option<i64> {
    let mut number = number.normalize();
    if number.scale() > scale {
        return None;
    }
    number.rescale(scale);
    // Decimal saturates a rescale that it has no room for.
    (number.scale() == scale).then(|| i64::try_from(number.mantissa()).ok())?
}

/// The best prices, in ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct QuoteTicks {
    /// What buyers pay.
    pub bid: i64,
    /// What sellers ask.
    pub ask: i64,
}

/// A candle in ticks and steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bar {
    /// First price.
    pub open: i64,
    /// Highest price.
    pub high: i64,
    /// Lowest price.
    pub low: i64,
    /// Last price.
    pub close: i64,
    /// Base volume.
    pub volume: i64,
}

impl Bar {
    /// The bar that a first trade opens.
    pub fn opened_by(price: i64, volume: i64) -> Bar {
        Bar {
            open: price,
            high: price,
            low: price,
            close: price,
            volume,
        }
    }

    /// Takes in a further trade.
    pub fn add(&mut self, price: i64, volume: i64) {
        self.high = self.high.max(price);
        self.low = self.low.min(price);
        self.close = price;
        self.volume += volume;
    }

    /// The bar of some trades, where there are any.
    pub fn of(trades: impl IntoIterator<Item = (i64, i64)>) -> Option<Bar> {
        let mut bar: Option<Bar> = None;
        for (price, volume) in trades {
            match &mut bar {
                Some(bar) => bar.add(price, volume),
                None => bar = Some(Bar::opened_by(price, volume)),
            }
        }
        bar
    }

    /// The bar with every price moved by `offset`.
    pub fn shifted(self, offset: i64) -> Bar {
        Bar {
            open: self.open + offset,
            high: self.high + offset,
            low: self.low + offset,
            close: self.close + offset,
            volume: self.volume,
        }
    }

    /// The bar with every price `p` turned into `sum - p`: what rose falls, the high is the low.
    pub fn mirrored(self, sum: i64) -> Bar {
        Bar {
            open: sum - self.open,
            high: sum - self.low,
            low: sum - self.high,
            close: sum - self.close,
            volume: self.volume,
        }
    }

    /// The candle that starts at `time`.
    pub fn candle(self, grid: Grid, time: TimestampMs) -> Candle {
        Candle {
            time,
            open: grid.price(self.open),
            high: grid.price(self.high),
            low: grid.price(self.low),
            close: grid.price(self.close),
            volume: grid.quantity(self.volume),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRID: Grid = Grid {
        price_scale: 2,
        quantity_scale: 3,
    };

    #[test]
    fn what_is_on_the_grid_goes_through_ticks_unchanged() {
        for (text, ticks) in [
            ("17208.86", 1_720_886),
            ("17205", 1_720_500),
            ("0.01", 1),
            ("5.10000000", 510),
        ] {
            let price: Price = text.parse().unwrap();
            assert_eq!(GRID.ticks(price), Some(ticks));
            assert_eq!(GRID.price(ticks), price);
        }
        assert_eq!(GRID.price(1_720_500).to_string(), "17205.00");
        assert_eq!(GRID.ticks("0.005".parse().unwrap()), None);
        assert_eq!(
            GRID.ticks("1000000000000000".parse().unwrap()),
            Some(100_000_000_000_000_000)
        );
        assert_eq!(
            Grid {
                price_scale: 12,
                quantity_scale: 0
            }
            .ticks("1000000000000000".parse().unwrap()),
            None
        );
    }

    #[test]
    fn a_bar_mirrored_twice_is_itself() {
        let bar = Bar::of([(10, 1), (7, 2), (15, 3), (12, 4)]).unwrap();
        assert_eq!(
            bar,
            Bar {
                open: 10,
                high: 15,
                low: 7,
                close: 12,
                volume: 10
            }
        );
        assert_eq!(
            bar.mirrored(30),
            Bar {
                open: 20,
                high: 23,
                low: 15,
                close: 18,
                volume: 10
            }
        );
        assert_eq!(bar.mirrored(30).mirrored(30), bar);
        assert_eq!(bar.shifted(5).shifted(-5), bar);
    }
}
