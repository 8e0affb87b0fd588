//! What may have happened inside a candle: trades and quotes that add up to exactly that candle.
//!
//! The path starts at the open, goes by way of one extreme and the other to the close, and never leaves the range of the
//! candle; its trades' quantities sum to the candle's volume. A rising candle mostly visits its low first, a falling one
//! its high, as real ones do. Each trade happens at the ask where the price rose and at the bid where it fell, so that
//! price and quote tell one story. The path is a function of the candle and the generator's seed, and of nothing else.

use tickwire_protocol::order::Side;

use crate::exchange::grid::{Bar, MINUTE_MS, QuoteTicks};
use crate::exchange::random::Random;
use crate::exchange::spread::Spread;

/// Trades of a minute at the replay's own speed: with the changes of quotes between them 2 to 5 ticks per second.
const TRADES_MAX: i64 = 220;

/// Open, one extreme, the other, close.
const TRADES_MIN: i64 = 4;

/// A change of quotes follows every third trade or so.
const QUOTE_ONLY_ONE_IN: u64 = 3;

/// Below this many trades per minute, quotes change with trades only: what is spared is spared there first.
const QUOTE_ONLY_TRADES_MIN: i64 = 40;

/// How lively a minute is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Activity {
    trades_max: i64,
}

impl Activity {
    /// A lively desk.
    #[cfg(test)]
    pub const NORMAL: Activity = Activity {
        trades_max: TRADES_MAX,
    };

    /// As lively as normal, with at most so many trades per minute; four are always left.
    pub fn at_most(trades_per_minute: i64) -> Activity {
        Activity {
            trades_max: trades_per_minute.clamp(TRADES_MIN, TRADES_MAX),
        }
    }
}

/// One moment of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PathTick {
    /// Milliseconds since the start of the minute: 1 to 59,999, each moment later than the one before.
    pub at_ms: i64,
    /// The trade, where there is one.
    pub trade: Option<PathTrade>,
    /// The best prices after it; the last trade's price lies on or between them.
    pub quote: QuoteTicks,
}

/// A trade of a path, in ticks and steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PathTrade {
    /// Its price.
    pub price: i64,
    /// Its quantity.
    pub quantity: i64,
    /// The side that took liquidity.
    pub taker_side: Side,
}

/// Makes up the path of a candle.
pub(super) fn path(bar: &Bar, mut random: Random, activity: Activity) -> Vec<PathTick> {
    let most = activity.trades_max.min(bar.volume).max(TRADES_MIN);
    let count = random.between((most * 9 / 20).max(TRADES_MIN), most);
    let prices = prices(bar, count, &mut random);
    // A candle is refused at loading where it has less volume than four steps.
    let quantities = random.split(bar.volume.max(count), prices.len(), 3);
    let quote_only = activity.trades_max >= QUOTE_ONLY_TRADES_MIN;

    let mut book = Spread::new(bar.open, &mut random);
    let mut ticks = Vec::with_capacity(prices.len() * 3 / 2);
    for (price, quantity) in prices.into_iter().zip(quantities) {
        let (quote, taker_side) = book.trade(price, &mut random);
        ticks.push(PathTick {
            at_ms: 0,
            trade: Some(PathTrade {
                price,
                quantity,
                taker_side,
            }),
            quote,
        });
        if quote_only && random.one_in(QUOTE_ONLY_ONE_IN) {
            let changed = book.requote(&mut random);
            ticks.extend(changed.map(|quote| PathTick {
                at_ms: 0,
                trade: None,
                quote,
            }));
        }
    }
    let pauses = random.split(MINUTE_MS, ticks.len() + 1, 2);
    let mut at_ms = 0;
    for (tick, pause) in ticks.iter_mut().zip(pauses) {
        at_ms += pause;
        tick.at_ms = at_ms;
    }
    ticks
}

/// `count` prices, at least four: open, …, one extreme, …, the other, …, close.
fn prices(bar: &Bar, count: i64, random: &mut Random) -> Vec<i64> {
    let rises = match bar.close - bar.open {
        0 => random.one_in(2),
        change => change > 0,
    };
    let usual = !random.one_in(5);
    let stops = if rises == usual {
        [bar.low, bar.high]
    } else {
        [bar.high, bar.low]
    };
    let stops = [bar.open, stops[0], stops[1], bar.close];

    // Each leg has one move for certain; the rest go to the longer legs, and a few to where nothing has to be crossed.
    let range = bar.high - bar.low;
    let lengths = [0, 1, 2].map(|leg: usize| (stops[leg + 1] - stops[leg]).abs() + range / 8 + 1);
    let spare = count - TRADES_MIN;
    let whole: i64 = lengths.iter().sum();
    let first = spare * lengths[0] / whole;
    let second = spare * lengths[1] / whole;
    let moves = [1 + first, 1 + second, 1 + spare - first - second];

    let mut prices = Vec::with_capacity(usize::try_from(count).unwrap_or_default());
    let mut at = bar.open;
    prices.push(at);
    for (leg, moves) in moves.into_iter().enumerate() {
        let target = stops[leg + 1];
        for left in (1..=moves).rev() {
            at = if left == 1 {
                target
            } else {
                step(at, target, left, bar, random)
            };
            prices.push(at);
        }
    }
    prices
}

/// One move of a leg that has `left` moves to its target: mostly towards it, sometimes none, never out of the range.
fn step(at: i64, target: i64, left: i64, bar: &Bar, random: &mut Random) -> i64 {
    if random.one_in(3) {
        return at;
    }
    let noise = (bar.high - bar.low) / 16 + 1;
    // What rounding leaves of a tick is drawn for, or legs shorter than their moves would stand still to the last.
    let away = target - at;
    let drift = away / left + i64::from(random.between(1, left) <= away.abs() % left) * away.signum();
    (at + drift + random.between(-noise, noise)).clamp(bar.low, bar.high)
}

#[cfg(test)]
mod tests;
