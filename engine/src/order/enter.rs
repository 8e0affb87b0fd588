//! What becomes of an order when it reaches the market: placed, arrived, triggered or amended.
//!
//! A market order is filled wholly at the best prices there are: it walks the book where one is known and in step with the
//! quote; otherwise it pays the quote and the configured slippage, rounded to the tick against it. A limit order takes what
//! is offered at its price or better, at the quote where no book is known, and rests with what is left. A reduce-only order
//! fills at most what is held on the other side.

use super::fill::{Filling, plan};
use super::{Desk, refusal, reserve, waits_for_trigger};
use crate::account::Account;
use crate::bounds::ORDER_VALUE_MAX;
use crate::event::Fact;
use crate::market::{Levels, Market};
use rust_decimal::Decimal;
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::error::Refusal;
use tickwire_protocol::money::{Amount, Price, Quantity};
use tickwire_protocol::order::{Order, OrderReason, OrderStatus, OrderType, Side, TimeInForce};

/// What became of an order.
#[derive(Debug)]
pub(crate) struct Entered {
    /// What happened beyond its having been accepted or triggered.
    pub facts: Vec<Fact>,
    /// How it stands after that.
    pub order: Order,
}

impl Entered {
    fn unchanged(order: &Order) -> Entered {
        Entered {
            facts: Vec::new(),
            order: order.clone(),
        }
    }

    fn cancelled(order: &Order, reason: OrderReason, at: TimestampMs) -> Entered {
        let order = Order {
            status: OrderStatus::Cancelled,
            reason: Some(reason),
            arrives_at: None,
            updated_at: at,
            ..order.clone()
        };
        Entered {
            facts: vec![Fact::OrderChanged(order.clone())],
            order,
        }
    }
}

impl Desk<'_> {
    /// What becomes of an order that is in the market now. A refusal says why it cannot be carried out.
    pub fn enter(
        &self,
        account: &Account,
        market: &Market,
        order: &Order,
        at: TimestampMs,
    ) -> Result<Entered, Refusal> {
        if waits_for_trigger(order) {
            return Ok(Entered::unchanged(order));
        }
        let symbol = market.symbol();
        let quote = self.markets.tradable_quote(symbol, at);
        let quantity = self.fillable(account, order)?;
        let fills = match (order.price, quote) {
            (None, Err(why)) => return Err(refusal::no_price(symbol, why)),
            (None, Ok(quote)) => {
                let levels = self.markets.levels(symbol, order.side, quote);
                self.market_fills(market, order.side, &levels, quantity)
            }
            (Some(_), Err(why)) if is_immediate(order) => return Err(refusal::no_price(symbol, why)),
            // It rests, and the first quote decides.
            (Some(_), Err(_)) => return Ok(Entered::unchanged(order)),
            (Some(limit), Ok(quote)) => {
                let levels = self.markets.levels(symbol, order.side, quote);
                if order.post_only && !levels.fills_within(quantity, limit).is_empty() {
                    return Err(refusal::would_take(order.side, limit, levels.touch()));
                }
                levels.fills_within(quantity, limit)
            }
        };
        let offered: Quantity = fills.iter().map(|&(_, quantity)| quantity).sum();
        if order.time_in_force == TimeInForce::Fok && offered < order.remaining() {
            return Ok(Entered::cancelled(order, OrderReason::FillOrKill, at));
        }
        if fills.is_empty() {
            return Ok(match order.time_in_force {
                TimeInForce::Ioc => Entered::cancelled(order, OrderReason::ImmediateOrCancel, at),
                _ => Entered::unchanged(order),
            });
        }
        self.take(account, market, order, &fills, at)
    }

    fn take(
        &self,
        account: &Account,
        market: &Market,
        order: &Order,
        fills: &[(Price, Quantity)],
        at: TimestampMs,
    ) -> Result<Entered, Refusal> {
        let value: Amount = fills.iter().map(|&(price, quantity)| price.times(quantity)).sum();
        if value > ORDER_VALUE_MAX && !order.reduce_only {
            return Err(refusal::worth_too_much(self.currency));
        }
        let instrument = market.instrument();
        let opens = reserve::reducible(account, order.symbol, order.side) < order.remaining();
        if order.order_type == OrderType::Market && opens && value < instrument.min_notional {
            return Err(refusal::below_min_notional(value, instrument));
        }
        let filling = Filling {
            desk: self,
            account,
            market,
            order,
            is_maker: false,
            at,
        };
        let mut filled = plan(filling, fills)?;
        let rest = if filled.order.status == OrderStatus::Filled {
            None
        } else if order.price.is_none() {
            Some(OrderReason::NothingToReduce)
        } else if order.time_in_force == TimeInForce::Ioc {
            Some(OrderReason::ImmediateOrCancel)
        } else {
            None
        };
        if let Some(reason) = rest {
            filled.order.status = OrderStatus::Cancelled;
            filled.order.reason = Some(reason);
        }
        let order = filled.order.clone();
        let last_order = self.state.last_order.0.max(order.id.0);
        Ok(Entered {
            facts: filled.into_facts(account, market, at, last_order),
            order,
        })
    }

    /// How much of an order can fill: all that is left, or of a reduce-only order what there is to reduce.
    pub(super) fn fillable(&self, account: &Account, order: &Order) -> Result<Quantity, Refusal> {
        if !order.reduce_only {
            return Ok(order.remaining());
        }
        let reducible = reserve::reducible(account, order.symbol, order.side);
        if reducible.is_zero() {
            return Err(refusal::nothing_to_reduce(order.symbol, order.side));
        }
        Ok(order.remaining().min(reducible))
    }

    /// What a market order gets: the book, or the quote and the slippage.
    pub(super) fn market_fills(
        &self,
        market: &Market,
        side: Side,
        levels: &Levels<'_>,
        quantity: Quantity,
    ) -> Vec<(Price, Quantity)> {
        let bps = self.rules.slippage_bps;
        if levels.has_book() || !bps.is_positive() {
            return levels.fills(quantity);
        }
        let touch = levels.touch().get();
        let slip = touch * bps.get() / Decimal::from(10_000);
        let tick_size = market.instrument().tick_size;
        let price = match side {
            Side::Buy => super::price::up(Price::new(touch + slip), tick_size),
            Side::Sell => super::price::down(Price::new(touch - slip), tick_size).max(tick_size),
        };
        vec![(price, quantity)]
    }
}

fn is_immediate(order: &Order) -> bool {
    matches!(order.time_in_force, TimeInForce::Ioc | TimeInForce::Fok)
}
