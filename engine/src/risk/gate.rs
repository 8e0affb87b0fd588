//! The gate that everything passes which opens a position or adds to one, at its acceptance and at its fill.

use crate::account::view::valuation;
use crate::account::{Account, AccountView};
use crate::grouped::Grouped;
use crate::order::{Desk, reserve};
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::command::{Instruction, RESUME_WORD};
use tickwire_protocol::error::{ErrorCode, Refusal};
use tickwire_protocol::id::{AccountId, Symbol};
use tickwire_protocol::money::{Amount, Quantity};
use tickwire_protocol::order::{Order, Side};
use tickwire_protocol::risk::RiskStatus;

impl Desk<'_> {
    /// Whether the account may open or add to positions by these values, all of them at once: asked before whatever opens
    /// without closing anything first.
    pub(crate) fn may_open(&self, account: &Account, openings: &[(Symbol, Amount)]) -> Result<(), Refusal> {
        self.gate(account, openings, None)
    }

    /// The same for an order: what is held on the other side is not counted, because the order closes that before it opens
    /// anything; and where the order is open already, its own value is not counted twice.
    pub(crate) fn may_open_by(
        &self,
        account: &Account,
        order: &Order,
        opening_value: Amount,
    ) -> Result<(), Refusal> {
        self.gate(account, &[(order.symbol, opening_value)], Some(order))
    }

    fn gate(
        &self,
        account: &Account,
        openings: &[(Symbol, Amount)],
        order: Option<&Order>,
    ) -> Result<(), Refusal> {
        may_trade(account)?;
        let limits = &account.risk.limits;
        if limits.max_exposure.is_none() && limits.max_position_value.is_none() {
            return Ok(());
        }
        let closed = order.and_then(|order| {
            let held = account.positions.get(&order.symbol)?;
            (held.side != order.side).then(|| valuation(held, self.markets).value)
        });
        let closed = closed.unwrap_or_default();
        if let Some(limit) = limits.max_exposure {
            let view = AccountView {
                account,
                markets: self.markets,
                currency: self.currency,
            };
            let held = view.exposure() - closed;
            let ordered = reserve::opening_values_without(account, order);
            let opening = openings.iter().map(|&(_, value)| value).sum();
            if held + ordered + opening > limit {
                return Err(self.beyond("exposure", "max_exposure", [held, ordered, opening], limit));
            }
        }
        let Some(limit) = limits.max_position_value else {
            return Ok(());
        };
        for &(symbol, opening) in openings {
            let of_symbol = account.holdings().filter(|position| position.symbol == symbol);
            let held: Amount = of_symbol
                .map(|position| valuation(position, self.markets).value)
                .sum();
            let held = held - closed;
            let ordered = reserve::opening_value_without(account, symbol, order);
            if held + ordered + opening > limit {
                let what = format!("position in {symbol}");
                return Err(self.beyond(&what, "max_position_value", [held, ordered, opening], limit));
            }
        }
        Ok(())
    }

    fn beyond(
        &self,
        what: &str,
        field: &str,
        [held, ordered, opening]: [Amount; 3],
        limit: Amount,
    ) -> Refusal {
        let currency = self.currency;
        let (sum, limit) = (Grouped(held + ordered + opening), Grouped(limit));
        let (held, ordered, opening) = (Grouped(held), Grouped(ordered), Grouped(opening));
        let message = format!(
            "the {what} would be worth {sum} {currency} ({held} held, {ordered} in open orders, {opening} more), \
             above the {field} of {limit} {currency}: order less, or close something first"
        );
        Refusal::new(ErrorCode::RiskLimit, message)
    }

    /// Whether the account may do this now, as far as its status and the number of its orders go: asked before anything
    /// else is looked at, so that no kind of order is forgotten. What is known to reduce always may.
    pub(crate) fn may_instruct(
        &self,
        account: AccountId,
        at: TimestampMs,
        instruction: &Instruction,
    ) -> Result<(), Refusal> {
        let Some(account) = self.state.accounts.get(&account) else {
            return Ok(());
        };
        let orders = match instruction {
            Instruction::PlaceOrder(order) => {
                let reduces =
                    order.reduce_only || is_covered(account, order.symbol, order.side, order.quantity);
                usize::from(!reduces)
            }
            Instruction::PlaceOco(pair) => {
                let reduces = pair.reduce_only || is_covered(account, pair.symbol, pair.side, pair.quantity);
                if reduces { 0 } else { 2 }
            }
            Instruction::ReversePosition(_) => 1,
            Instruction::OpenCarry(_) => 2,
            _ => 0,
        };
        if orders == 0 {
            return Ok(());
        }
        may_trade(account)?;
        self.may_place(account, orders, at)
    }

    /// Whether the account may place so many orders that open now, by their number within a minute.
    pub(crate) fn may_place(&self, account: &Account, orders: usize, at: TimestampMs) -> Result<(), Refusal> {
        let Some(limit) = account.risk.limits.max_orders_per_minute else {
            return Ok(());
        };
        let placed = account.rate.within_minute(at);
        if placed + orders <= limit as usize {
            return Ok(());
        }
        if orders > limit as usize {
            let message = format!(
                "this counts as {orders} orders, one for each of its two, and max_orders_per_minute is {limit}: place single \
                 orders, or raise the limit"
            );
            return Err(Refusal::new(ErrorCode::RiskLimit, message));
        }
        let too_many = placed + orders - limit as usize;
        let seconds = account.rate.eases_in_ms(too_many, at).div_ceil(1000);
        let (were, this) = match (placed, orders) {
            (1, 1) => ("order was", String::new()),
            (1, more) => ("order was", format!(", this counts as {more}")),
            (_, 1) => ("orders were", String::new()),
            (_, more) => ("orders were", format!(", this counts as {more}")),
        };
        let message = format!(
            "{placed} {were} placed within the last minute{this}, and max_orders_per_minute is {limit}: wait {seconds} s; \
             orders that reduce a position are still taken"
        );
        Err(Refusal::new(ErrorCode::RiskLimit, message))
    }
}

/// Whether the risk guard lets the account open anything.
fn may_trade(account: &Account) -> Result<(), Refusal> {
    let code = match account.risk.status {
        RiskStatus::Normal => return Ok(()),
        RiskStatus::SoftPause => ErrorCode::RiskPaused,
        RiskStatus::HardStop => ErrorCode::RiskStopped,
    };
    let message = format!(
        "{} Positions may be reduced and closed; resume_trading with the confirmation {RESUME_WORD} opens trading again",
        account.risk.message
    );
    Err(Refusal::new(code, message))
}

/// Whether what is left of an order could only reduce, as things stand.
pub(crate) fn reduces(account: &Account, order: &Order) -> bool {
    // The legs of a cash-and-carry position net with nothing.
    let nets = order.carry.is_none();
    order.reduce_only || nets && is_covered(account, order.symbol, order.side, order.remaining())
}

/// Whether the position on the other side is at least as large.
fn is_covered(account: &Account, symbol: Symbol, side: Side, quantity: Quantity) -> bool {
    let held = account.positions.get(&symbol).filter(|held| held.side != side);
    held.is_some_and(|held| quantity <= held.quantity)
}
