//! The orders of an account: all that are open, the last that are final, and a receipt of each that the owner named.
//!
//! A receipt is what the answer to a retry needs, not the order. Receipts of open orders are kept as long as these are
//! open; of those that are final the newest [`RECEIPTS_MAX`] are, some 100 bytes each. A retry that comes after a hundred
//! thousand other orders have ended is no retry any more.
//!
//! What follows from the open orders (groups, reduce-only orders, what they tie up) is kept in step with every change and
//! made anew when a snapshot is read.

use super::RECENT_MAX;
use crate::order::reserve::{Tied, tied};
use crate::state::FoldError;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use tickwire_protocol::id::{ClientOrderId, GroupId, OrderId, PositionId, Seq, Symbol};
use tickwire_protocol::order::{Order, OrderReason, OrderStatus, Side};

/// Receipts kept of orders that are final.
pub const RECEIPTS_MAX: usize = 100_000;

/// The orders of an account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Stored")]
pub struct Orders {
    open: BTreeMap<OrderId, Working>,
    closed: VecDeque<Order>,
    receipts: BTreeMap<ClientOrderId, Receipt>,
    #[serde(skip)]
    derived: Derived,
}

/// What a snapshot holds of [`Orders`].
#[derive(Deserialize)]
struct Stored {
    open: BTreeMap<OrderId, Working>,
    closed: VecDeque<Order>,
    receipts: BTreeMap<ClientOrderId, Receipt>,
}

/// An open order, and its place in the queue at its price.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Working {
    order: Order,
    /// The message of the orders topic since which it stands in the queue: whoever is older is served first.
    since: Seq,
}

/// What is remembered of an instruction by the id that its owner gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The venue's id of the order; absent where no order came of it.
    pub order_id: Option<OrderId>,
    /// Where the order stands.
    pub status: OrderStatus,
    /// Why it stands there.
    pub reason: Option<OrderReason>,
    /// The message of the orders topic that told of it last.
    pub at: Seq,
    /// The cash-and-carry position that it is a leg of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carry: Option<PositionId>,
}

/// Follows from the rest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Derived {
    groups: BTreeMap<GroupId, BTreeSet<OrderId>>,
    reduce_only: BTreeMap<(Symbol, Side), BTreeSet<OrderId>>,
    carries: BTreeMap<PositionId, BTreeSet<OrderId>>,
    by_symbol: BTreeMap<Symbol, BTreeSet<OrderId>>,
    tied: BTreeMap<(Symbol, Side), Tied>,
    /// Receipts that may be forgotten, oldest first.
    forgettable: BTreeSet<(Seq, ClientOrderId)>,
}

impl From<Stored> for Orders {
    fn from(stored: Stored) -> Orders {
        let mut derived = Derived::default();
        for working in stored.open.values() {
            derived.add(&working.order);
        }
        for (id, receipt) in &stored.receipts {
            if receipt.status.is_final() {
                derived.forgettable.insert((receipt.at, id.clone()));
            }
        }
        Orders {
            open: stored.open,
            closed: stored.closed,
            receipts: stored.receipts,
            derived,
        }
    }
}

impl Derived {
    fn add(&mut self, order: &Order) {
        let market = (order.symbol, order.side);
        if let Some(group) = order.group {
            self.groups.entry(group.id).or_default().insert(order.id);
        }
        if order.reduce_only {
            self.reduce_only.entry(market).or_default().insert(order.id);
        }
        if let Some(carry) = order.carry {
            self.carries.entry(carry).or_default().insert(order.id);
        }
        self.by_symbol.entry(order.symbol).or_default().insert(order.id);
        if let Some(more) = tied(order) {
            self.tied.entry(market).or_default().add(more);
        }
    }

    fn remove(&mut self, order: &Order) {
        let market = (order.symbol, order.side);
        if let Some(group) = order.group {
            take(&mut self.groups, &group.id, order.id);
        }
        if order.reduce_only {
            take(&mut self.reduce_only, &market, order.id);
        }
        if let Some(carry) = order.carry {
            take(&mut self.carries, &carry, order.id);
        }
        take(&mut self.by_symbol, &order.symbol, order.id);
        if let Some(less) = tied(order)
            && let Some(sum) = self.tied.get_mut(&market)
        {
            sum.remove(less);
            if sum.is_nothing() {
                self.tied.remove(&market);
            }
        }
    }
}

fn take<K: Ord>(sets: &mut BTreeMap<K, BTreeSet<OrderId>>, key: &K, id: OrderId) {
    if let Some(set) = sets.get_mut(key) {
        set.remove(&id);
        if set.is_empty() {
            sets.remove(key);
        }
    }
}

impl Orders {
    /// An open order.
    pub fn open(&self, id: OrderId) -> Option<&Order> {
        self.open.get(&id).map(|working| &working.order)
    }

    /// All open orders, oldest first.
    pub fn all_open(&self) -> impl Iterator<Item = &Order> {
        self.open.values().map(|working| &working.order)
    }

    /// How many orders are open.
    pub fn open_count(&self) -> usize {
        self.open.len()
    }

    /// The open orders in one instrument, oldest first.
    pub fn open_in(&self, symbol: Symbol) -> impl Iterator<Item = &Order> {
        let ids = self.derived.by_symbol.get(&symbol).into_iter().flatten();
        ids.filter_map(|&id| self.open(id))
    }

    /// The open orders of a group, oldest first.
    pub fn group(&self, id: GroupId) -> impl Iterator<Item = &Order> {
        let ids = self.derived.groups.get(&id).into_iter().flatten();
        ids.filter_map(|&id| self.open(id))
    }

    /// The open orders that are legs of a cash-and-carry position, the spot's first.
    pub fn of_carry(&self, id: PositionId) -> impl Iterator<Item = &Order> {
        let ids = self.derived.carries.get(&id).into_iter().flatten();
        ids.filter_map(|&id| self.open(id))
    }

    /// The instruments that there are open orders in.
    pub fn symbols(&self) -> impl Iterator<Item = Symbol> {
        self.derived.by_symbol.keys().copied()
    }

    /// The open reduce-only orders of one side in one instrument, oldest first.
    pub fn reduce_only(&self, symbol: Symbol, side: Side) -> impl Iterator<Item = &Order> {
        let ids = self
            .derived
            .reduce_only
            .get(&(symbol, side))
            .into_iter()
            .flatten();
        ids.filter_map(|&id| self.open(id))
    }

    /// What open orders would buy and sell, by instrument and side, as far as they may open a position.
    pub fn tied(&self) -> impl Iterator<Item = (Symbol, Side, Tied)> {
        self.derived
            .tied
            .iter()
            .map(|(&(symbol, side), &sum)| (symbol, side, sum))
    }

    /// The same of one side of one instrument.
    pub fn tied_in(&self, symbol: Symbol, side: Side) -> Tied {
        self.derived
            .tied
            .get(&(symbol, side))
            .copied()
            .unwrap_or_default()
    }

    /// The last [`RECENT_MAX`] orders that became final, in the order in which they did.
    pub fn closed(&self) -> impl DoubleEndedIterator<Item = &Order> {
        self.closed.iter()
    }

    /// What is remembered of the instruction that its owner named so.
    pub fn receipt(&self, client_order_id: &ClientOrderId) -> Option<Receipt> {
        self.receipts.get(client_order_id).copied()
    }

    /// The message of the orders topic since which an open order stands in the queue at its price.
    pub(crate) fn since(&self, id: OrderId) -> Option<Seq> {
        self.open.get(&id).map(|working| working.since)
    }

    /// An order is as told from now on, by this message of the orders topic. `is_new`: its id was never given before.
    pub(crate) fn change(&mut self, order: &Order, is_new: bool, seq: Seq) -> Result<(), FoldError> {
        let before = self.open.get(&order.id);
        if !is_new && before.is_none() {
            return Err(FoldError::WrongOrder(order.id));
        }
        if !crate::order::is_sound(order) {
            return Err(FoldError::OutOfBounds);
        }
        if let Some(client_order_id) = &order.client_order_id {
            let known = self.receipts.get(client_order_id);
            if known.is_some_and(|known| known.order_id != Some(order.id)) {
                return Err(FoldError::WrongOrder(order.id));
            }
            let receipt = Receipt {
                order_id: Some(order.id),
                status: order.status,
                reason: order.reason,
                at: seq,
                carry: order.carry,
            };
            self.remember(client_order_id, receipt);
        }
        let before = self.open.remove(&order.id);
        if let Some(before) = &before {
            self.derived.remove(&before.order);
        }
        if !order.status.is_final() {
            let since = before
                .filter(|before| keeps_its_place(&before.order, order))
                .map_or(seq, |before| before.since);
            self.derived.add(order);
            let order = order.clone();
            self.open.insert(order.id, Working { order, since });
            return Ok(());
        }
        if self.closed.len() == RECENT_MAX {
            self.closed.pop_front();
        }
        self.closed.push_back(order.clone());
        Ok(())
    }

    /// An instruction that placed no order was carried out under this id.
    pub(crate) fn done(&mut self, client_order_id: &ClientOrderId, seq: Seq) {
        let receipt = Receipt {
            order_id: None,
            status: OrderStatus::Filled,
            reason: None,
            at: seq,
            carry: None,
        };
        self.remember(client_order_id, receipt);
    }

    fn remember(&mut self, client_order_id: &ClientOrderId, receipt: Receipt) {
        self.receipts.insert(client_order_id.clone(), receipt);
        if receipt.status.is_final() {
            self.derived
                .forgettable
                .insert((receipt.at, client_order_id.clone()));
        }
        if self.derived.forgettable.len() > RECEIPTS_MAX
            && let Some((_, oldest)) = self.derived.forgettable.pop_first()
        {
            self.receipts.remove(&oldest);
        }
    }
}

/// Whether an order keeps its place in the queue: another price, more quantity, or having been triggered loses it.
fn keeps_its_place(before: &Order, after: &Order) -> bool {
    let is_triggered = |order: &Order| order.status != OrderStatus::New;
    before.price == after.price
        && before.trigger_price == after.trigger_price
        && after.quantity <= before.quantity
        && (is_triggered(before) || after.status != OrderStatus::Triggered)
        && before.arrives_at == after.arrives_at
}
