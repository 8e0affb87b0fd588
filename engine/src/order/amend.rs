//! Orders to change. An order keeps its id; another price, or more quantity, takes it to the end of the queue.
//!
//! A change that makes a limit order marketable has it take at once. Where orders are some time on their way to the venue,
//! a changed one is on its way anew, and nothing fills or triggers it meanwhile.

use super::{Decided, Desk, cancel, draft, quantity, refusal, trail, waits_for_trigger};
use crate::event::Fact;
use crate::market::Market;
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::command::{AmendOrder, Report};
use tickwire_protocol::error::Refusal;
use tickwire_protocol::id::AccountId;
use tickwire_protocol::order::{GroupRole, Order, OrderType};

impl Desk<'_> {
    /// Decides on an order to change.
    pub fn amend(
        &self,
        account: AccountId,
        at: TimestampMs,
        wanted: &AmendOrder,
    ) -> Result<Decided, Refusal> {
        let account = self.account(account)?;
        let before = cancel::find(account, wanted.order_id, wanted.client_order_id.as_ref())?;
        if let Some(carry) = before.carry {
            return Err(refusal::leg_of_carry(before.id, carry));
        }
        let market = self.market(before.symbol)?;
        let changed = changed(before, wanted, market)?;
        let has_legs = before
            .group
            .is_some_and(|group| account.orders.group(group.id).any(|other| other.id != before.id));
        if (wanted.take_profit.is_some() || wanted.stop_loss.is_some()) && has_legs {
            return Err(refusal::exits_are_orders(before.id));
        }
        let order = Order {
            updated_at: at,
            ..self.checked(account, market, changed, at)?
        };
        let order = follow_anew(order, before, market);
        if is_same(before, &order) {
            return Ok(Decided {
                facts: Vec::new(),
                report: amended(before),
            });
        }
        let entered = self.enter(account, market, &order, at)?;
        if self.rules.latency_ms > 0 {
            let order = self.sent(order, at);
            let report = amended(&order);
            return Ok(Decided {
                facts: vec![Fact::OrderChanged(order)],
                report,
            });
        }
        let report = amended(&entered.order);
        let mut facts = vec![Fact::OrderChanged(order)];
        facts.extend(entered.facts);
        Ok(Decided { facts, report })
    }
}

fn amended(order: &Order) -> Report {
    Report {
        order_id: Some(order.id),
        client_order_id: order.client_order_id.clone(),
        status: Some(order.status),
        reason: order.reason,
        ..Report::default()
    }
}

/// The order with the fields that are told, where it may have them.
fn changed(before: &Order, wanted: &AmendOrder, market: &Market) -> Result<Order, Refusal> {
    let order_type = before.order_type;
    let is_trailing = order_type == OrderType::TrailingStop;
    let waits = waits_for_trigger(before);
    let trails = wanted.trail_distance.is_some() || wanted.trail_percent.is_some();
    if wanted.price.is_some() && !order_type.has_price() {
        return Err(refusal::field_unknown(order_type, "price"));
    }
    if wanted.trigger_price.is_some() && !order_type.has_trigger() {
        return Err(refusal::field_unknown(order_type, "trigger_price"));
    }
    if trails && !is_trailing {
        return Err(refusal::field_unknown(order_type, "trail_distance"));
    }
    if wanted.trail_distance.is_some() && wanted.trail_percent.is_some() {
        return Err(refusal::one_trail(2));
    }
    if (wanted.trigger_price.is_some() || trails) && !waits {
        return Err(refusal::triggered_already(before.id));
    }
    draft::trail_percent(wanted.trail_percent)?;
    let is_entry = before.group.is_some_and(|group| group.role == GroupRole::Entry);
    if (wanted.take_profit.is_some() || wanted.stop_loss.is_some()) && !is_entry {
        return Err(refusal::no_bracket(before.id));
    }
    draft::exits(wanted.take_profit.as_ref(), wanted.stop_loss.as_ref())?;
    let mut order = before.clone();
    if let Some(wanted) = wanted.quantity {
        if before.group.is_some_and(|group| group.role != GroupRole::Entry) {
            return Err(refusal::leg_quantity(before.id));
        }
        let instrument = market.instrument();
        let wanted = if before.reduce_only {
            quantity::of_any_size(wanted, instrument)?
        } else {
            quantity::of_one_order(wanted, instrument)?
        };
        if wanted <= before.filled_quantity {
            return Err(refusal::quantity_filled(wanted, before.filled_quantity));
        }
        order.quantity = wanted;
    }
    order.price = wanted.price.or(order.price);
    order.trigger_price = wanted.trigger_price.or(order.trigger_price);
    if trails {
        order.trail_distance = wanted.trail_distance;
        order.trail_percent = wanted.trail_percent;
    }
    order.take_profit = wanted.take_profit.or(order.take_profit);
    order.stop_loss = wanted.stop_loss.or(order.stop_loss);
    Ok(order)
}

/// A trailing stop whose distance changed stands behind the same peak.
fn follow_anew(order: Order, before: &Order, market: &Market) -> Order {
    let is_same =
        order.trail_distance == before.trail_distance && order.trail_percent == before.trail_percent;
    match order.peak_price {
        Some(peak) if !is_same => Order {
            is_dormant: order.is_dormant,
            ..trail::following(order, peak, market.instrument().tick_size)
        },
        _ => order,
    }
}

fn is_same(before: &Order, after: &Order) -> bool {
    let after = Order {
        updated_at: before.updated_at,
        ..after.clone()
    };
    *before == after
}
