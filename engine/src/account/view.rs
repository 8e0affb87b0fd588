//! An account as its owner sees it, valued at what the markets say now: the rows of the protocol's account topics.
//!
//! A spot position is worth what it could be closed at now: its quantity at the bid for a long, at the ask for a short; one
//! in a perpetual its quantity at the [mark price](crate::margin::mark). Before the
//! market is quoted (right after a restart) it is worth its cost, and its mark is as old as the position itself.

use super::margin::{available, held_at, initial_margin, maintenance_margin, unrealized_pnl};
use super::{Account, Carry};
use crate::bounds::{self, AMOUNT_MAX, PLACES_MAX};
use crate::margin::liquidation::Exposure;
use crate::margin::maintenance_rate;
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
            .chain(
                self.account
                    .carries
                    .values()
                    .filter_map(|carry| self.carry(carry)),
            )
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
            leverage: held_at(self.account, position, self.markets),
            initial_margin: initial_margin(self.account, position, self.markets).normalized(),
            maintenance_margin: maintenance_margin(position, self.markets),
            liquidation_price: self.liquidation_price(position),
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

    /// One row for both legs.
    fn carry(&self, carry: &Carry) -> Option<row::Position> {
        let (spot, perp) = (carry.spot(), carry.perp());
        let first = self.position(spot.or(perp)?);
        let sum = |of: &dyn Fn(&Position) -> Amount| carry.legs().map(of).sum::<Amount>().normalized();
        let pnl = sum(&|leg| unrealized_pnl(leg, self.markets));
        let funding = sum(&|leg| leg.funding);
        let entry_price = |leg: &Position| self.position(leg).entry_price;
        Some(row::Position {
            current_pnl: pnl,
            pnl_pct: pnl.percent_of(spot.or(perp)?.cost),
            realized_pnl: sum(&|leg| leg.realized_pnl),
            fees: sum(&|leg| leg.fees),
            funding,
            leverage: perp.map_or(1, |perp| held_at(self.account, perp, self.markets)),
            initial_margin: sum(&|leg| initial_margin(self.account, leg, self.markets)),
            maintenance_margin: sum(&|leg| maintenance_margin(leg, self.markets)),
            // It depends on how far the marks of the legs part, not on one of them.
            liquidation_price: None,
            strategy: Some(row::Strategy::CashAndCarry),
            position_id: Some(first.id),
            perp_symbol: perp.map(|perp| perp.symbol),
            spot_entry_price: spot.map(entry_price),
            perp_entry_price: perp.map(entry_price),
            spot_quantity: spot.map(|spot| spot.quantity.normalized()),
            perp_quantity: perp.map(|perp| perp.quantity.normalized()),
            unrealized_pnl: Some(pnl),
            funding_collected: Some(funding),
            ..first
        })
    }

    /// The mark at which the account would be liquidated if all others stood still. Only accounts that must be backed by
    /// anything are, so there is none for spot bought alone.
    fn liquidation_price(&self, position: &Position) -> Option<Price> {
        let market = self.markets.get(position.symbol)?;
        let rate = maintenance_rate(Some(market.instrument()), position.side);
        let others = self.maintenance_margin() - maintenance_margin(position, self.markets);
        if rate.is_zero() && others.is_zero() {
            return None;
        }
        let exposure = Exposure {
            side: position.side,
            quantity: position.quantity,
            cost: position.cost,
            rate,
            rest: self.equity() - unrealized_pnl(position, self.markets) - others,
        };
        let price = exposure.liquidation_price(market.instrument().tick_size)?;
        Some(market.canonical(price))
    }

    /// What the account must be worth for nothing to be liquidated: `Σ maintenance margins`.
    pub fn maintenance_margin(&self) -> Amount {
        let holdings = self.account.holdings();
        holdings
            .map(|position| maintenance_margin(position, self.markets))
            .sum()
    }

    /// Value of all that is held at the marks: both legs of a cash-and-carry position count.
    pub fn exposure(&self) -> Amount {
        let holdings = self.account.holdings();
        holdings
            .map(|position| valuation(position, self.markets).value)
            .sum()
    }

    /// Whether the account is to be liquidated: its equity has come down to what its positions must be backed by. It is not
    /// judged by marks that are not all known.
    pub fn is_to_be_liquidated(&self) -> bool {
        let margin = self.maintenance_margin();
        margin.is_positive() && self.equity() <= margin && self.is_marked()
    }

    /// What the account would hold if all positions were closed at their mark prices, before the fees of that:
    /// `cash + unrealised`.
    pub fn equity(&self) -> Amount {
        self.account.ledger.cash() + self.unrealized_pnl()
    }

    /// Profit or loss of what is open, before fees.
    pub fn unrealized_pnl(&self) -> Amount {
        self.account
            .holdings()
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
        let account = self.account;
        let used_margin: Amount = account
            .holdings()
            .map(|position| initial_margin(account, position, self.markets))
            .sum();
        let available = available(account, &account.ledger, account.positions.values(), self.markets);
        row::Balance {
            total_balance: self.account.ledger.cash().normalized(),
            available_balance: available.normalized(),
            position_value: self.exposure().normalized(),
            unrealized_pnl: self.unrealized_pnl().normalized(),
            currency: self.currency.to_owned(),
            margin_balance: self.equity().normalized(),
            used_margin: used_margin.normalized(),
            order_margin: reserve::order_margin(account, self.markets).normalized(),
            maintenance_margin: self.maintenance_margin().normalized(),
            leverage: self.account.leverage.clone(),
        }
    }

    /// The last place of each of the account's lossless topics.
    pub fn heads(&self) -> [(Topic, Seq); 4] {
        self.account.heads()
    }

    /// Whether all that the positions are valued by is known: the quotes of their markets, and the index prices of
    /// perpetuals. One that is no longer configured is not waited for.
    pub(crate) fn is_marked(&self) -> bool {
        let is_marked = |p: &Position| self.markets.get(p.symbol).is_none_or(|m| m.is_marked());
        self.account.holdings().all(is_marked)
    }

    /// Equity as an event can carry it. Beyond the bound only where a market's price left all reason.
    pub(crate) fn equity_in_bounds(&self) -> Amount {
        self.equity().clamp(-AMOUNT_MAX, AMOUNT_MAX).normalized()
    }

    pub(super) fn positions_count(&self) -> u32 {
        u32::try_from(self.account.positions.len() + self.account.carries.len()).unwrap_or(u32::MAX)
    }
}
