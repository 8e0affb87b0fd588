//! An independent eye on the orders of a day: it reads the facts one by one, believes nothing, and says what is wrong.

use proptest::prelude::*;
use std::collections::BTreeMap;
use tickwire_engine::account::Account;
use tickwire_engine::{Engine, Event, Fact};
use tickwire_protocol::id::{AccountId, GroupId, OrderId, Symbol};
use tickwire_protocol::market::{LimitFill, Tick};
use tickwire_protocol::money::{Amount, Quantity};
use tickwire_protocol::order::{GroupKind, GroupRole, Order, OrderStatus, OrderType, Side, TimeInForce};

/// What the facts have told so far.
#[derive(Default)]
pub struct Watch {
    orders: BTreeMap<OrderId, Told>,
    held: BTreeMap<(AccountId, Symbol), Quantity>,
    /// How much the entry of a bracket has opened, and its legs have closed.
    protected: BTreeMap<GroupId, Quantity>,
}

#[derive(Clone)]
struct Told {
    order: Order,
    quantity: Quantity,
    value: Amount,
    fee: Amount,
}

fn signed(side: Side, quantity: Quantity) -> Quantity {
    match side {
        Side::Buy => quantity,
        Side::Sell => -quantity,
    }
}

fn waits(order: &Order) -> bool {
    let has_trigger = order.order_type.has_trigger() || order.order_type == OrderType::TrailingStop;
    order.status == OrderStatus::New && has_trigger
}

impl Watch {
    pub fn event(&mut self, event: &Event) -> Result<(), TestCaseError> {
        match &event.fact {
            Fact::OrderChanged(order) => self.order(order),
            Fact::Executed(execution) => {
                if execution.is_carry {
                    let told = self.orders.get_mut(&execution.order_id);
                    let told = told.expect("an order was told before it fills");
                    prop_assert!(told.order.carry == Some(execution.position_id));
                    told.quantity += execution.quantity;
                    told.value += execution.price.times(execution.quantity);
                    told.fee += execution.fee;
                    return Ok(());
                }
                let key = (event.account, execution.symbol);
                let before = self.held.get(&key).copied().unwrap_or_default();
                let change = signed(execution.side, execution.quantity);
                let told = self
                    .orders
                    .get_mut(&execution.order_id)
                    .expect("an order was told before it fills");
                let order = &told.order;
                prop_assert!(!order.status.is_final(), "{order:?} fills after its end");
                prop_assert!(
                    order.arrives_at.is_none() || !execution.is_maker,
                    "{order:?} fills on its way"
                );
                prop_assert!(!waits(order), "{order:?} fills before its trigger");
                prop_assert_eq!(order.side, execution.side);
                if let Some(limit) = order.price {
                    let is_worse = match order.side {
                        Side::Buy => execution.price > limit,
                        Side::Sell => execution.price < limit,
                    };
                    prop_assert!(!is_worse, "{execution:?} is worse than {order:?}");
                }
                prop_assert!(!order.post_only || execution.is_maker, "{order:?} takes");
                let is_opening = !before.is_negative() && execution.side == Side::Buy
                    || !before.is_positive() && execution.side == Side::Sell;
                prop_assert!(!order.reduce_only || !is_opening, "{order:?} opens");
                prop_assert!(
                    is_opening || execution.quantity <= before.abs(),
                    "one execution turns"
                );
                told.quantity += execution.quantity;
                told.value += execution.price.times(execution.quantity);
                told.fee += execution.fee;
                self.held.insert(key, before + change);
                if let Some(group) = order.group.filter(|group| group.kind == GroupKind::Bracket) {
                    let protected = self.protected.entry(group.id).or_default();
                    match group.role {
                        GroupRole::Entry if is_opening => *protected += execution.quantity,
                        GroupRole::Entry => {}
                        GroupRole::TakeProfit | GroupRole::StopLoss => *protected -= execution.quantity,
                    }
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn order(&mut self, order: &Order) -> Result<(), TestCaseError> {
        let told = self.orders.entry(order.id).or_insert_with(|| Told {
            order: order.clone(),
            quantity: Quantity::ZERO,
            value: Amount::ZERO,
            fee: Amount::ZERO,
        });
        prop_assert!(
            !told.order.status.is_final() || told.order == *order,
            "{order:?} lives after its end"
        );
        prop_assert_eq!(order.filled_quantity, told.quantity);
        prop_assert_eq!(order.filled_value, told.value);
        prop_assert_eq!(order.fee, told.fee);
        prop_assert!(order.filled_quantity <= order.quantity);
        prop_assert_eq!(
            order.status == OrderStatus::Filled,
            order.remaining().is_zero(),
            "{:?}",
            order
        );
        let is_trailing = order.order_type == OrderType::TrailingStop;
        prop_assert_eq!(order.peak_price.is_some(), is_trailing);
        prop_assert_eq!(order.current_stop_price.is_some(), is_trailing);
        if let (Some(before), Some(now), true) = (
            told.order.current_stop_price,
            order.current_stop_price,
            is_trailing,
        ) && told.order.trail_distance == order.trail_distance
            && told.order.trail_percent == order.trail_percent
            && !told.order.is_dormant
        {
            prop_assert!(
                if order.side == Side::Sell {
                    now >= before
                } else {
                    now <= before
                },
                "a stop goes back"
            );
        }
        told.order = order.clone();
        Ok(())
    }

    /// After all facts of an input: the groups are whole, and nothing is open that should not be.
    pub fn settled(&self, engine: &Engine) -> Result<(), TestCaseError> {
        for account in engine.state().accounts.values() {
            for order in account.orders.all_open() {
                prop_assert_eq!(Some(order), self.orders.get(&order.id).map(|told| &told.order));
                self.open(account, order)?;
            }
        }
        Ok(())
    }

    fn open(&self, account: &Account, order: &Order) -> Result<(), TestCaseError> {
        let is_immediate = matches!(order.time_in_force, TimeInForce::Ioc | TimeInForce::Fok);
        prop_assert!(
            !is_immediate
                || waits(order)
                || order.arrives_at.is_some()
                || order.status == OrderStatus::Triggered
        );
        if let Some(carry) = order.carry {
            prop_assert!(order.status == OrderStatus::New && order.filled_quantity.is_zero());
            let legs: Vec<&Order> = account
                .orders
                .all_open()
                .filter(|other| other.carry == Some(carry))
                .collect();
            prop_assert_eq!(legs.len(), 2, "{:?} is a leg without the other", order);
            prop_assert!(legs[0].quantity == legs[1].quantity && legs[0].side != legs[1].side);
            prop_assert!(order.arrives_at.is_some() && legs[0].arrives_at == legs[1].arrives_at);
            return Ok(());
        }
        if order.reduce_only {
            let held = self
                .held
                .get(&(account.id, order.symbol))
                .copied()
                .unwrap_or_default();
            prop_assert!(
                signed(order.side, held).is_negative(),
                "{order:?} has nothing to reduce of {held}"
            );
        }
        let Some(group) = order.group else { return Ok(()) };
        let others: Vec<&Order> = account
            .orders
            .all_open()
            .filter(|other| other.id != order.id && other.group.is_some_and(|other| other.id == group.id))
            .collect();
        if group.role == GroupRole::Entry {
            let protected = self.protected.get(&group.id).copied().unwrap_or_default();
            prop_assert!(
                !others.is_empty() || protected.is_zero(),
                "{order:?} has opened {protected} without legs"
            );
            return Ok(());
        }
        let is_triggered = !waits(order) && order.order_type != OrderType::Limit;
        if is_triggered {
            prop_assert!(
                others.is_empty(),
                "{order:?} was triggered, and {others:?} are open"
            );
            return Ok(());
        }
        let legs: Vec<&&Order> = others
            .iter()
            .filter(|other| other.group.is_some_and(|group| group.role != GroupRole::Entry))
            .collect();
        prop_assert!(
            legs.iter().all(|leg| leg.remaining() == order.remaining()),
            "{order:?} and {legs:?} differ"
        );
        let expected = match group.kind {
            GroupKind::Oco => 1,
            GroupKind::Bracket => {
                let entry = self
                    .orders
                    .values()
                    .map(|told| &told.order)
                    .find(|entry| {
                        entry
                            .group
                            .is_some_and(|g| g.id == group.id && g.role == GroupRole::Entry)
                    })
                    .expect("a leg has an entry");
                let protected = self.protected[&group.id];
                prop_assert_eq!(
                    order.remaining(),
                    protected,
                    "{:?} does not cover what was opened",
                    order
                );
                usize::from(entry.take_profit.is_some() && entry.stop_loss.is_some())
            }
        };
        prop_assert_eq!(legs.len(), expected, "{:?} is an orphan", order);
        Ok(())
    }
}

/// Orders that a tick should have touched, but that are as they were before it: none.
pub fn left_behind(before: &Account, after: &Account, tick: &Tick, rule: LimitFill) -> Vec<Order> {
    let last = tick.trade.map(|trade| trade.price);
    let is_missed = |order: &&Order| {
        if order.arrives_at.is_some() || order.symbol != tick.symbol {
            return false;
        }
        let rises = match order.side {
            Side::Buy => [
                OrderType::StopMarket,
                OrderType::StopLimit,
                OrderType::TrailingStop,
            ]
            .contains(&order.order_type),
            Side::Sell => {
                [OrderType::TakeProfitMarket, OrderType::TakeProfitLimit].contains(&order.order_type)
            }
        };
        if waits(order) {
            let level = if order.is_dormant {
                None
            } else {
                order.trigger_price.or(order.current_stop_price)
            };
            return level
                .zip(last)
                .is_some_and(|(level, last)| if rises { last >= level } else { last <= level });
        }
        let Some(limit) = order.price else { return true };
        let (is_better, is_equal) = match order.side {
            Side::Buy => (tick.quote.ask < limit, tick.quote.ask == limit),
            Side::Sell => (tick.quote.bid > limit, tick.quote.bid == limit),
        };
        // What the book shows may all go to an order that comes before it.
        let is_before = |other: &Order| {
            let is_as_good = match order.side {
                Side::Buy => other.price >= order.price,
                Side::Sell => other.price.is_some() && other.price <= order.price,
            };
            let is_same = (other.symbol, other.side) == (order.symbol, order.side) && other.id != order.id;
            is_same && is_as_good && after.orders.open(other.id) != Some(other)
        };
        let is_crossed = is_better || (is_equal && rule == LimitFill::Touch);
        is_crossed && !before.orders.all_open().any(is_before)
    };
    before
        .orders
        .all_open()
        .filter(is_missed)
        .filter(|order| after.orders.open(order.id) == Some(order))
        .cloned()
        .collect()
}
