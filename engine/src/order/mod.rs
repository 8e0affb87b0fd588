//! Orders: what an owner wants, checked, decided, and told as facts. Nothing in here changes anything.
//!
//! An order type is a file with an `execute` that takes a `Ticket`. A ticket can only be had from the checks in here,
//! so no order type can be reached around them. Every refusal is in `refusal`, as a code and a sentence.

mod carry;
mod close;
mod market;
mod quantity;
mod refusal;
pub(crate) mod reserve;

use crate::account::Account;
use crate::event::Fact;
use crate::market::{Market, MarketView};
use crate::state::State;
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::command::{ClosePosition, Instruction, PlaceOrder, Report};
use tickwire_protocol::error::{ErrorCode, Refusal};
use tickwire_protocol::id::{AccountId, ClientOrderId, Symbol};
use tickwire_protocol::market::VenueRules;
use tickwire_protocol::money::Quantity;
use tickwire_protocol::order::{Order, OrderType, Side};

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

/// An order that passed the checks that need no price.
#[derive(Debug)]
struct Ticket<'a> {
    account: &'a Account,
    at: TimestampMs,
    client_order_id: Option<&'a ClientOrderId>,
    market: &'a Market,
    side: Side,
    quantity: Quantity,
    reduce_only: bool,
}

impl<'a> Desk<'a> {
    /// Decides on an instruction.
    pub fn instruct(
        &self,
        account: AccountId,
        at: TimestampMs,
        instruction: &Instruction,
    ) -> Result<Decided, Refusal> {
        match instruction {
            Instruction::PlaceOrder(order) => self.place(account, at, order),
            Instruction::ClosePosition(close) => self.close(account, at, close),
            other => Err(Refusal::new(
                ErrorCode::Unavailable,
                format!("{} is not there yet", other.action()),
            )),
        }
    }

    /// Decides on an order to place.
    pub fn place(&self, account: AccountId, at: TimestampMs, order: &PlaceOrder) -> Result<Decided, Refusal> {
        let account = self.account(account)?;
        // Before all other checks: a retry gets the answer to its first attempt, whatever has changed since.
        if let Some(decided) = duplicate(account, order.client_order_id.as_ref()) {
            return Ok(decided);
        }
        let market = self.market(order.symbol)?;
        let quantity = if order.reduce_only {
            let wanted = quantity::of_any_size(order.quantity, market.instrument())?;
            let held = account
                .positions
                .get(&order.symbol)
                .filter(|position| position.side != order.side);
            let held = held.ok_or_else(|| refusal::nothing_to_reduce(order.symbol, order.side))?;
            wanted.min(held.quantity)
        } else {
            quantity::of_one_order(order.quantity, market.instrument())?
        };
        let ticket = Ticket {
            account,
            at,
            client_order_id: order.client_order_id.as_ref(),
            market,
            side: order.side,
            quantity,
            reduce_only: order.reduce_only,
        };
        match order.order_type {
            OrderType::Market => market::execute(self, &ticket),
            other => Err(Refusal::new(
                ErrorCode::Unavailable,
                format!("{} is not there yet", other.as_str()),
            )),
        }
    }

    /// Decides on a position to close.
    pub fn close(
        &self,
        account: AccountId,
        at: TimestampMs,
        close: &ClosePosition,
    ) -> Result<Decided, Refusal> {
        let account = self.account(account)?;
        if let Some(decided) = duplicate(account, close.client_order_id.as_ref()) {
            return Ok(decided);
        }
        let market = self.market(close.symbol)?;
        let held = account
            .positions
            .get(&close.symbol)
            .ok_or_else(|| refusal::no_position(close.symbol))?;
        let ticket = Ticket {
            account,
            at,
            client_order_id: close.client_order_id.as_ref(),
            market,
            side: held.side.opposite(),
            quantity: close::quantity(held, close.percent, market.instrument())?,
            reduce_only: true,
        };
        market::execute(self, &ticket)
    }

    fn account(&self, id: AccountId) -> Result<&'a Account, Refusal> {
        self.state
            .accounts
            .get(&id)
            .ok_or_else(|| refusal::unknown_account(id))
    }

    fn market(&self, symbol: Symbol) -> Result<&'a Market, Refusal> {
        self.markets
            .get(symbol)
            .ok_or_else(|| refusal::unknown_symbol(symbol, self.markets))
    }
}

fn duplicate(account: &Account, client_order_id: Option<&ClientOrderId>) -> Option<Decided> {
    let client_order_id = client_order_id?;
    let receipt = account.orders.receipt(client_order_id)?;
    let report = Report {
        order_id: Some(receipt.order_id),
        client_order_id: Some(client_order_id.clone()),
        status: Some(receipt.status),
        duplicate: Some(true),
        position_id: receipt.carry,
        ..Report::default()
    };
    Some(Decided {
        facts: Vec::new(),
        report,
    })
}

/// What is reported of an order that was just placed.
fn placed(order: &Order) -> Report {
    Report {
        order_id: Some(order.id),
        client_order_id: order.client_order_id.clone(),
        status: Some(order.status),
        duplicate: Some(false),
        ..Report::default()
    }
}
