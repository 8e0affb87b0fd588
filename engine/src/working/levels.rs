//! The open orders of one market by the prices that touch them.

use super::{Key, Place};
use std::collections::BTreeSet;
use tickwire_protocol::market::{LimitFill, Quote};
use tickwire_protocol::money::Price;

type Level = (Price, Key);

/// The open orders of one market by the prices that touch them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Levels {
    buys: BTreeSet<Level>,
    sells: BTreeSet<Level>,
    rising: BTreeSet<Level>,
    falling: BTreeSet<Level>,
    /// Trailing sells by their peak: a last price above it moves them.
    peaks_of_sells: BTreeSet<Level>,
    /// Trailing buys by their peak: a last price below it moves them.
    peaks_of_buys: BTreeSet<Level>,
    dormant_sells: BTreeSet<Level>,
    dormant_buys: BTreeSet<Level>,
    unpriced: BTreeSet<Key>,
    next: Thresholds,
}

/// The next prices at which anything happens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Thresholds {
    /// Whether an order waits for any price at all.
    pub any: bool,
    /// The highest limit of a buy.
    pub buy: Option<Price>,
    /// The lowest limit of a sell.
    pub sell: Option<Price>,
    /// A last price at or above it triggers, activates or moves something.
    pub rise: Option<Price>,
    /// A last price at or below it triggers, activates or moves something.
    pub fall: Option<Price>,
}

/// The resting limit orders that a tick touches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Touched {
    /// The order.
    pub key: Key,
    /// Its limit price.
    pub price: Price,
    /// Whether the opposite quote crosses it.
    pub is_crossed: bool,
    /// Whether a trade went through it. One of both is so.
    pub is_traded: bool,
}

impl Levels {
    /// The next prices at which anything happens.
    pub fn thresholds(&self) -> &Thresholds {
        &self.next
    }

    /// Whether a tick may touch any order.
    pub fn is_touched(&self, quote: Quote, last: Option<Price>) -> bool {
        let next = &self.next;
        if next.any {
            return true;
        }
        next.buy
            .is_some_and(|buy| quote.ask <= buy || last.is_some_and(|last| last <= buy))
            || next
                .sell
                .is_some_and(|sell| quote.bid >= sell || last.is_some_and(|last| last >= sell))
            || last.is_some_and(|last| {
                next.rise.is_some_and(|rise| last >= rise) || next.fall.is_some_and(|fall| last <= fall)
            })
    }

    /// Orders that wait for any price.
    pub fn unpriced(&self) -> Vec<Key> {
        self.unpriced.iter().copied().collect()
    }

    /// Orders whose trigger this last price reaches.
    pub fn triggered(&self, last: Price) -> Vec<Key> {
        let rising = self.rising.iter().take_while(|(price, _)| *price <= last);
        let falling = self.falling.iter().rev().take_while(|(price, _)| *price >= last);
        rising.chain(falling).map(|&(_, key)| key).collect()
    }

    /// Trailing stops that this last price moves.
    pub fn moved(&self, last: Price) -> Vec<Key> {
        let sells = self.peaks_of_sells.iter().take_while(|(peak, _)| *peak < last);
        let buys = self
            .peaks_of_buys
            .iter()
            .rev()
            .take_while(|(peak, _)| *peak > last);
        sells.chain(buys).map(|&(_, key)| key).collect()
    }

    /// Dormant trailing stops that this last price wakes.
    pub fn woken(&self, last: Price) -> Vec<Key> {
        let sells = self.dormant_sells.iter().take_while(|(price, _)| *price <= last);
        let buys = self
            .dormant_buys
            .iter()
            .rev()
            .take_while(|(price, _)| *price >= last);
        sells.chain(buys).map(|&(_, key)| key).collect()
    }

    /// Limit orders that the quote crosses or a trade at `last` goes through, the best price first within each account,
    /// and at one price the oldest.
    pub fn crossed(&self, quote: Option<Quote>, last: Option<Price>, rule: LimitFill) -> Vec<Touched> {
        let is_beyond = |better: bool, equal: bool| better || (equal && rule == LimitFill::Touch);
        let buy = |limit: Price, other: Price| is_beyond(other < limit, other == limit);
        let sell = |limit: Price, other: Price| is_beyond(other > limit, other == limit);
        let mut touched = Vec::new();
        for &(price, key) in self.buys.iter().rev() {
            let is_crossed = quote.is_some_and(|quote| buy(price, quote.ask));
            let is_traded = last.is_some_and(|last| buy(price, last));
            if !is_crossed && !is_traded {
                break;
            }
            touched.push(Touched {
                key,
                price,
                is_crossed,
                is_traded,
            });
        }
        touched.sort_by_key(|touched| (touched.key.account, std::cmp::Reverse(touched.price), touched.key));
        let buys = touched.len();
        for &(price, key) in &self.sells {
            let is_crossed = quote.is_some_and(|quote| sell(price, quote.bid));
            let is_traded = last.is_some_and(|last| sell(price, last));
            if !is_crossed && !is_traded {
                break;
            }
            touched.push(Touched {
                key,
                price,
                is_crossed,
                is_traded,
            });
        }
        touched[buys..].sort_by_key(|touched| (touched.key.account, touched.price, touched.key));
        touched
    }

    pub(super) fn insert(&mut self, key: Key, buys: bool, place: Place) {
        self.put(key, buys, place, |set, level| {
            set.insert(level);
        });
        if matches!(place, Place::Price) {
            self.unpriced.insert(key);
        }
        self.renew();
    }

    pub(super) fn remove(&mut self, key: Key, buys: bool, place: Place) {
        self.put(key, buys, place, |set, level| {
            set.remove(&level);
        });
        if matches!(place, Place::Price) {
            self.unpriced.remove(&key);
        }
        self.renew();
    }

    fn put(&mut self, key: Key, buys: bool, place: Place, change: fn(&mut BTreeSet<Level>, Level)) {
        match place {
            Place::Limit(price) if buys => change(&mut self.buys, (price, key)),
            Place::Limit(price) => change(&mut self.sells, (price, key)),
            Place::Trigger { price, rises: true } => change(&mut self.rising, (price, key)),
            Place::Trigger { price, rises: false } => change(&mut self.falling, (price, key)),
            Place::Trailing { peak, stop } if buys => {
                change(&mut self.peaks_of_buys, (peak, key));
                change(&mut self.rising, (stop, key));
            }
            Place::Trailing { peak, stop } => {
                change(&mut self.peaks_of_sells, (peak, key));
                change(&mut self.falling, (stop, key));
            }
            Place::Dormant(price) if buys => change(&mut self.dormant_buys, (price, key)),
            Place::Dormant(price) => change(&mut self.dormant_sells, (price, key)),
            Place::Price | Place::Way(_) => {}
        }
    }

    fn renew(&mut self) {
        let first = |set: &BTreeSet<Level>| set.first().map(|&(price, _)| price);
        let last = |set: &BTreeSet<Level>| set.last().map(|&(price, _)| price);
        let least = |prices: [Option<Price>; 3]| prices.into_iter().flatten().min();
        let most = |prices: [Option<Price>; 3]| prices.into_iter().flatten().max();
        self.next = Thresholds {
            any: !self.unpriced.is_empty(),
            buy: last(&self.buys),
            sell: first(&self.sells),
            rise: least([
                first(&self.rising),
                first(&self.peaks_of_sells),
                first(&self.dormant_sells),
            ]),
            fall: most([
                last(&self.falling),
                last(&self.peaks_of_buys),
                last(&self.dormant_buys),
            ]),
        };
    }
}
