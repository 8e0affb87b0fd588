//! An account as its owner sees it, valued at what the markets say now: the rows of the protocol's account topics.
//!
//! A position is worth what it could be closed at now: its quantity at the bid for a long, at the ask for a short. Before
//! the market is quoted (right after a restart) it is worth its cost, and its mark is as old as the position itself.

use super::Account;
use crate::account::Ledger;
use crate::bounds::{self, AMOUNT_MAX, PLACES_MAX};
use crate::market::MarketView;
use crate::order::reserve;
use crate::position::Position;
use tickwire_protocol::account as row;
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::id::Seq;
use tickwire_protocol::money::{Amount, Price};
use tickwire_protocol::topic::Topic;

/// What a position is worth, and by which price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Valuation {
    /// The mark price.
    pub price: Price,
    /// Value at the mark price, never below zero, capped at [`AMOUNT_MAX`].
    pub value: Amount,
    /// When the mark price was taken in.
    pub marked_at: TimestampMs,
}

/// Values a position.
pub fn valuation(position: &Position, markets: &MarketView) -> Valuation {
    let market = markets.get(position.symbol);
    match market.and_then(|market| market.mark(position.side).map(|mark| (market, mark))) {
        Some((market, (price, marked_at))) => {
            let price = market.canonical(price);
            Valuation {
                price,
                value: bounds::value(price, position.quantity),
                marked_at,
            }
        }
        None => {
            let places = market.map_or(PLACES_MAX, |market| market.instrument().price_scale());
            let price = position.entry_price(places);
            Valuation {
                price,
                value: position.cost,
                marked_at: position.opened_at,
            }
        }
    }
}

/// Profit or loss of what is open, before fees.
fn unrealized_pnl(position: &Position, markets: &MarketView) -> Amount {
    position.unrealized_pnl(valuation(position, markets).value)
}

/// What can still be used to open positions:
/// `cash − Σ cost + Σ min(0, unrealised)`, never below zero. Each position's unrealised loss counts, no position's
/// unrealised gain does: a gain that could vanish with the next tick secures nothing.
pub fn available<'a>(
    ledger: &Ledger,
    positions: impl Iterator<Item = &'a Position>,
    markets: &MarketView,
) -> Amount {
    let tied_up: Amount = positions
        .map(|position| position.cost - unrealized_pnl(position, markets).min(Amount::ZERO))
        .sum();
    (ledger.cash() - tied_up).max(Amount::ZERO)
}

/// An account and the markets that value it.
#[derive(Clone, Copy, Debug)]
pub struct AccountView<'a> {
    /// The account.
    pub account: &'a Account,
    pub(crate) markets: &'a MarketView,
    pub(crate) currency: &'a str,
}

impl AccountView<'_> {
    /// All open positions, oldest first.
    pub fn positions(&self) -> Vec<row::Position> {
        let mut positions: Vec<row::Position> = self
            .account
            .positions
            .values()
            .map(|p| self.position(p))
            .collect();
        positions.sort_by_key(|position| position.id);
        positions
    }

    fn position(&self, position: &Position) -> row::Position {
        let Valuation {
            price,
            value,
            marked_at,
        } = valuation(position, self.markets);
        let places = self
            .markets
            .get(position.symbol)
            .map_or(PLACES_MAX, |m| m.instrument().price_scale());
        let pnl = position.unrealized_pnl(value);
        row::Position {
            id: position.id,
            symbol: position.symbol,
            side: position.side,
            quantity: position.quantity.normalized(),
            entry_price: position.entry_price(places),
            current_price: price,
            current_pnl: pnl.normalized(),
            timestamp: position.opened_at,
            status: row::PositionStatus::Open,
            pnl_pct: pnl.percent_of(position.cost),
            notional: value.normalized(),
            realized_pnl: position.realized_pnl.normalized(),
            fees: position.fees.normalized(),
            marked_at,
            leverage: 1,
            initial_margin: position.cost.normalized(),
            maintenance_margin: Amount::ZERO,
            liquidation_price: None,
            funding: position.funding.normalized(),
            strategy: None,
            position_id: None,
            perp_symbol: None,
            spot_entry_price: None,
            perp_entry_price: None,
            spot_quantity: None,
            perp_quantity: None,
            unrealized_pnl: None,
            funding_collected: None,
        }
    }

    /// What the account would hold if all positions were closed at their mark prices, before the fees of that:
    /// `cash + unrealised`.
    pub fn equity(&self) -> Amount {
        self.account.ledger.cash() + self.unrealized_pnl()
    }

    /// Profit or loss of what is open, before fees.
    pub fn unrealized_pnl(&self) -> Amount {
        self.account
            .positions
            .values()
            .map(|position| unrealized_pnl(position, self.markets))
            .sum()
    }

    /// `balance = deposits + total_pnl`, `total_pnl = realised + unrealised + funding − fees`.
    pub fn portfolio(&self) -> row::Portfolio {
        let ledger = &self.account.ledger;
        let unrealized_pnl = self.unrealized_pnl();
        let total_pnl = ledger.realized_pnl + unrealized_pnl + ledger.funding - ledger.fees;
        row::Portfolio {
            balance: (ledger.deposits + total_pnl).normalized(),
            total_pnl: total_pnl.normalized(),
            positions_count: self.positions_count(),
            realized_pnl: ledger.realized_pnl.normalized(),
            unrealized_pnl: unrealized_pnl.normalized(),
            fees: ledger.fees.normalized(),
            funding: ledger.funding.normalized(),
            deposits: ledger.deposits.normalized(),
        }
    }

    /// What the account holds and what it can still use.
    pub fn balance(&self) -> row::Balance {
        let positions = || self.account.positions.values();
        let position_value: Amount = positions().map(|p| valuation(p, self.markets).value).sum();
        let used_margin: Amount = positions().map(|position| position.cost).sum();
        let order_margin = reserve::order_margin(self.account, self.markets);
        let free = available(&self.account.ledger, positions(), self.markets) - order_margin;
        row::Balance {
            total_balance: self.account.ledger.cash().normalized(),
            available_balance: free.max(Amount::ZERO).normalized(),
            position_value: position_value.normalized(),
            unrealized_pnl: self.unrealized_pnl().normalized(),
            currency: self.currency.to_owned(),
            margin_balance: self.equity().normalized(),
            used_margin: used_margin.normalized(),
            order_margin: order_margin.normalized(),
            maintenance_margin: Amount::ZERO,
            leverage: self.account.leverage.clone(),
        }
    }

    /// The last place of each of the account's lossless topics.
    pub fn heads(&self) -> [(Topic, Seq); 4] {
        self.account.heads()
    }

    /// Whether every position can be valued: its market is quoted, or no longer there to be waited for.
    pub(crate) fn is_marked(&self) -> bool {
        let is_marked = |p: &Position| self.markets.get(p.symbol).is_none_or(|m| m.quoted().is_some());
        self.account.positions.values().all(is_marked)
    }

    /// Equity as an event can carry it. Beyond the bound only where a market's price left all reason.
    pub(crate) fn equity_in_bounds(&self) -> Amount {
        self.equity().clamp(-AMOUNT_MAX, AMOUNT_MAX).normalized()
    }

    pub(super) fn positions_count(&self) -> u32 {
        u32::try_from(self.account.positions.len()).unwrap_or(u32::MAX)
    }
}
