//! Orders: what an owner wants, checked, decided, and told as facts. Nothing in here changes anything.
//!
//! The way of an order: [`draft`] reads its fields, [`door`] admits it by its prices' [`sides`] and more, [`enter`] says
//! what becomes of it when it reaches the market, [`fill`] plans its fills, and [`group`] says what the orders that it
//! stands and falls with do. What wakes resting orders is the engine's [`working`](crate::working) index. Every refusal is
//! in [`refusal`], as a code and a sentence.

mod amend;
mod cancel;
mod carry;
mod close;
pub mod door;
mod draft;
mod enter;
mod fill;
pub(crate) mod group;
mod place;
pub mod price;
mod quantity;
mod refusal;
pub mod reserve;
pub(crate) mod rest;
mod sides;
pub(crate) mod trail;

use crate::account::{Account, Receipt};
use crate::bounds::{self, PLACES_MAX};
use crate::event::Fact;
use crate::market::{Market, MarketView};
use crate::state::State;
use tickwire_protocol::command::{Instruction, Report};
use tickwire_protocol::error::{ErrorCode, Refusal};
use tickwire_protocol::id::{AccountId, OrderId, Symbol};
use tickwire_protocol::market::VenueRules;
use tickwire_protocol::order::{GroupKind, Order, OrderReason, OrderStatus, OrderType};

/// What was decided: the facts to fold, in order, and the answer to the owner.
#[derive(Debug)]
pub(crate) struct Decided {
    pub facts: Vec<Fact>,
    pub report: Report,
}

/// All that a decision may look at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Desk<'a> {
    pub state: &'a State,
    pub markets: &'a MarketView,
    pub currency: &'a str,
    pub rules: &'a VenueRules,
}

impl<'a> Desk<'a> {
    pub(crate) fn account(&self, id: AccountId) -> Result<&'a Account, Refusal> {
        self.state
            .accounts
            .get(&id)
            .ok_or_else(|| refusal::unknown_account(id))
    }

    pub(crate) fn market(&self, symbol: Symbol) -> Result<&'a Market, Refusal> {
        self.markets
            .get(symbol)
            .ok_or_else(|| refusal::unknown_symbol(symbol, self.markets))
    }
}

/// Whether an order's trigger has yet to be reached.
pub(crate) fn waits_for_trigger(order: &Order) -> bool {
    let has_trigger = order.order_type.has_trigger() || order.order_type == OrderType::TrailingStop;
    has_trigger && order.status == OrderStatus::New
}

/// Whether the numbers of an order are within the bounds that keep sums over all orders exact.
pub(crate) fn is_sound(order: &Order) -> bool {
    let quantity = order.quantity;
    if !bounds::is_quantity(quantity)
        || order.filled_quantity.is_negative()
        || order.filled_quantity > quantity
        || !(order.filled_quantity.is_zero() || bounds::is_quantity(order.filled_quantity))
    {
        return false;
    }
    let prices = [
        order.price,
        order.trigger_price,
        order.trail_distance,
        order.activation_price,
        order.peak_price,
        order.current_stop_price,
    ];
    prices
        .into_iter()
        .flatten()
        .all(|price| bounds::is_price(price, PLACES_MAX))
}

/// What a refusal means for an order that had been accepted.
pub(crate) fn reason_of(refusal: &Refusal) -> OrderReason {
    match refusal.code {
        ErrorCode::WouldTake => OrderReason::WouldTake,
        ErrorCode::InsufficientBalance => OrderReason::InsufficientBalance,
        ErrorCode::NoPosition => OrderReason::NothingToReduce,
        ErrorCode::RiskPaused => OrderReason::RiskPaused,
        ErrorCode::RiskStopped => OrderReason::HardStop,
        ErrorCode::RiskLimit => OrderReason::RiskLimit,
        _ => OrderReason::Other,
    }
}

impl Desk<'_> {
    /// The answer to an instruction that was carried out before under the same id, and does nothing now. It comes before
    /// all checks: a retry gets the answer to its first attempt, whatever has changed since.
    pub(crate) fn repeated(&self, account: AccountId, instruction: &Instruction) -> Option<Report> {
        let client_order_id = instruction.client_order_id()?;
        let account = self.state.accounts.get(&account)?;
        let receipt = account.orders.receipt(client_order_id)?;
        Some(Report {
            order_id: receipt.order_id,
            order_ids: placed_together(account, &receipt),
            client_order_id: Some(client_order_id.clone()),
            status: receipt.order_id.map(|_| receipt.status),
            reason: receipt.order_id.and(receipt.reason),
            duplicate: Some(true),
            position_id: receipt.carry,
            ..Report::default()
        })
    }
}

/// The orders that were placed in one step with the one of a receipt, which is the first of them: the legs of a
/// cash-and-carry position, or a pair as long as the desk remembers that it was one. Such orders have ids that follow one
/// another.
fn placed_together(account: &Account, receipt: &Receipt) -> Vec<OrderId> {
    let Some(id) = receipt.order_id else {
        return Vec::new();
    };
    let is_of_pair = || {
        let closed = || account.orders.closed().rev().find(|order| order.id == id);
        let order = account.orders.open(id).or_else(closed);
        let group = order.and_then(|order| order.group);
        group.is_some_and(|group| group.kind == GroupKind::Oco)
    };
    if receipt.carry.is_some() || is_of_pair() {
        vec![id, OrderId(id.0 + 1)]
    } else {
        Vec::new()
    }
}

/// What is reported of an order that was just placed.
fn placed(order: &Order) -> Report {
    Report {
        order_id: Some(order.id),
        client_order_id: order.client_order_id.clone(),
        status: Some(order.status),
        reason: order.reason,
        duplicate: Some(false),
        ..Report::default()
    }
}
