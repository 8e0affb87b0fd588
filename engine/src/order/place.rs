//! Orders to place, positions to close and to turn.

use super::sides::MARKET;
use super::{Decided, Desk, close, draft, placed, refusal};
use crate::account::Account;
use crate::bounds::QUANTITY_MAX;
use crate::event::Fact;
use crate::market::Market;
use crate::position::Position;
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::command::{ClosePosition, PlaceOco, PlaceOrder, Report, ReversePosition};
use tickwire_protocol::error::Refusal;
use tickwire_protocol::id::{AccountId, ClientOrderId, GroupId, OrderId, Symbol};
use tickwire_protocol::money::Quantity;
use tickwire_protocol::order::{Order, OrderReason, OrderType, Side};

impl Desk<'_> {
    /// Decides on an order to place.
    pub fn place(
        &self,
        account: AccountId,
        at: TimestampMs,
        wanted: &PlaceOrder,
    ) -> Result<Decided, Refusal> {
        let account = self.account(account)?;
        let market = self.market(wanted.symbol)?;
        let order = draft::order(self.next_order(), self.next_group(), wanted, at)?;
        let order = self.admit(account, market, order, at)?;
        self.accept(account, market, order, at)
    }

    /// Decides on a pair to place. Both orders rest, or neither is accepted.
    pub fn place_pair(
        &self,
        account: AccountId,
        at: TimestampMs,
        wanted: &PlaceOco,
    ) -> Result<Decided, Refusal> {
        let account = self.account(account)?;
        let market = self.market(wanted.symbol)?;
        let legs = draft::pair(self.next_order(), self.next_group(), wanted, at)?;
        let mut facts = Vec::with_capacity(legs.len());
        let mut ids = Vec::with_capacity(legs.len());
        let mut report = Report::default();
        for leg in legs {
            let leg = self.admit(account, market, leg, at)?;
            // The take-profit must rest: as a limit order on the wrong side of the quote it would be filled at once.
            self.must_rest(market, &leg, at)?;
            let leg = self.sent(leg, at);
            ids.push(leg.id);
            if ids.len() == 1 {
                report = placed(&leg);
            }
            facts.push(Fact::OrderChanged(leg));
        }
        report.order_ids = ids;
        Ok(Decided { facts, report })
    }

    /// Decides on a position to close.
    pub fn close(
        &self,
        account: AccountId,
        at: TimestampMs,
        wanted: &ClosePosition,
    ) -> Result<Decided, Refusal> {
        let account = self.account(account)?;
        let market = self.market(wanted.symbol)?;
        let held = self.settled(account, wanted.symbol)?;
        let order = Order {
            reduce_only: true,
            ..self.market_order(
                wanted.client_order_id.as_ref(),
                market,
                held.side.opposite(),
                close::quantity(held, wanted.percent, market.instrument())?,
                at,
            )
        };
        self.accept(account, market, order, at)
    }

    /// Decides on a position to turn: one order closes it and opens as much on the other side.
    pub fn reverse(
        &self,
        account: AccountId,
        at: TimestampMs,
        wanted: &ReversePosition,
    ) -> Result<Decided, Refusal> {
        let account = self.account(account)?;
        let market = self.market(wanted.symbol)?;
        let held = self.settled(account, wanted.symbol)?;
        let most = market.instrument().max_quantity;
        if held.quantity > most || held.quantity + held.quantity > QUANTITY_MAX {
            return Err(refusal::quantity_above(held.quantity, market.instrument()));
        }
        let quantity = (held.quantity + held.quantity).normalized();
        let order = self.market_order(
            wanted.client_order_id.as_ref(),
            market,
            held.side.opposite(),
            quantity,
            at,
        );
        self.accept(account, market, order, at)
    }

    /// Decides on a position that the desk itself closes: at once, without the way of an owner's order.
    pub fn close_out(
        &self,
        account: AccountId,
        at: TimestampMs,
        wanted: &ClosePosition,
        reason: OrderReason,
    ) -> Result<Decided, Refusal> {
        let account = self.account(account)?;
        let market = self.market(wanted.symbol)?;
        let held = held(account, wanted.symbol)?;
        let (side, quantity) = (held.side.opposite(), held.quantity.normalized());
        let order = Order {
            reduce_only: true,
            reason: Some(reason).filter(|reason| *reason != OrderReason::User),
            ..self.market_order(wanted.client_order_id.as_ref(), market, side, quantity, at)
        };
        self.enter_new(account, market, order, at)
    }

    fn market_order(
        &self,
        client_order_id: Option<&ClientOrderId>,
        market: &Market,
        side: Side,
        quantity: Quantity,
        at: TimestampMs,
    ) -> Order {
        Order {
            client_order_id: client_order_id.cloned(),
            ..Order::accepted(
                self.next_order(),
                market.symbol(),
                side,
                OrderType::Market,
                quantity,
                at,
            )
        }
    }

    /// Takes an order: it reaches the market now, or is on its way to it.
    fn accept(
        &self,
        account: &Account,
        market: &Market,
        order: Order,
        at: TimestampMs,
    ) -> Result<Decided, Refusal> {
        if self.rules.latency_ms == 0 {
            return self.enter_new(account, market, order, at);
        }
        // What it would come to now must be possible, as far as one can tell.
        self.enter(account, market, &order, at)?;
        let order = self.sent(order, at);
        let report = placed(&order);
        Ok(Decided {
            facts: vec![Fact::OrderChanged(order)],
            report,
        })
    }

    fn enter_new(
        &self,
        account: &Account,
        market: &Market,
        order: Order,
        at: TimestampMs,
    ) -> Result<Decided, Refusal> {
        let entered = self.enter(account, market, &order, at)?;
        let report = placed(&entered.order);
        let mut facts = Vec::with_capacity(entered.facts.len() + 1);
        facts.push(Fact::OrderChanged(order));
        facts.extend(entered.facts);
        Ok(Decided { facts, report })
    }

    /// An order that is on its way to the venue, where it has one.
    pub(super) fn sent(&self, order: Order, at: TimestampMs) -> Order {
        match self.rules.latency_ms {
            0 => order,
            latency_ms => Order {
                arrives_at: Some(at + i64::from(latency_ms)),
                ..order
            },
        }
    }

    /// The position in an instrument, where no market order is on its way that will change it: what closes or turns it is
    /// sized when it is sent, and two of them would do so twice.
    fn settled<'a>(&self, account: &'a Account, symbol: Symbol) -> Result<&'a Position, Refusal> {
        let held = held(account, symbol)?;
        let is_on_its_way = |order: &&Order| {
            order.order_type == OrderType::Market && order.arrives_at.is_some() && order.carry.is_none()
        };
        let mut orders = account
            .orders
            .open_in(symbol)
            .filter(|_| self.rules.latency_ms > 0);
        match orders.find(is_on_its_way) {
            Some(order) => Err(refusal::is_on_its_way(symbol, order.id)),
            None => Ok(held),
        }
    }

    fn must_rest(&self, market: &Market, order: &Order, at: TimestampMs) -> Result<(), Refusal> {
        let Some(price) = order.price.filter(|_| order.order_type == OrderType::Limit) else {
            return Ok(());
        };
        let Ok(quote) = self.markets.tradable_quote(market.symbol(), at) else {
            return Ok(());
        };
        let levels = self.markets.levels(market.symbol(), order.side, quote);
        if levels.fills_within(order.quantity, price).is_empty() {
            Ok(())
        } else {
            Err(refusal::would_trigger(
                "take_profit.price",
                price,
                MARKET,
                levels.touch(),
                order.side == Side::Sell,
            ))
        }
    }

    fn next_order(&self) -> OrderId {
        OrderId(self.state.last_order.0.saturating_add(1))
    }

    fn next_group(&self) -> GroupId {
        GroupId(self.state.last_group.0.saturating_add(1))
    }
}

/// The position in an instrument.
fn held(account: &Account, symbol: Symbol) -> Result<&Position, Refusal> {
    account.positions.get(&symbol).ok_or_else(|| {
        let has_leg = |position: &&Position| position.symbol == symbol;
        refusal::no_position(symbol, account.legs().find(has_leg).map(|leg| leg.id))
    })
}
