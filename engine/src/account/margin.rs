//! What an account ties up, what it must be backed by and what it can still use, at the marks of now.
//!
//! A cash-and-carry position ties up what both legs do, its spot's cost and its perpetual's `cost / leverage`; what one leg
//! loses counts against what the other makes.

use super::view::valuation;
use super::{Account, Ledger};
use crate::margin;
use crate::market::MarketView;
use crate::order::reserve::order_margin;
use crate::position::Position;
use tickwire_protocol::market::Instrument;
use tickwire_protocol::money::Amount;

/// The leverage of an instrument: that which the owner has set, at most what the perpetual allows; 1 for spot.
pub fn leverage(account: &Account, instrument: &Instrument) -> u32 {
    instrument.perpetual.map_or(1, |perpetual| {
        let set = account.leverage.get(&instrument.symbol).copied();
        set.unwrap_or(perpetual.default_leverage)
            .min(perpetual.max_leverage)
            .max(1)
    })
}

/// The leverage that a position is held at; 1 where its instrument is no longer configured.
pub fn held_at(account: &Account, position: &Position, markets: &MarketView) -> u32 {
    let market = markets.get(position.symbol);
    market.map_or(1, |market| leverage(account, market.instrument()))
}

/// What a position ties up.
pub fn initial_margin(account: &Account, position: &Position, markets: &MarketView) -> Amount {
    margin::initial(position.cost, held_at(account, position, markets))
}

/// What a position must be backed by.
pub fn maintenance_margin(position: &Position, markets: &MarketView) -> Amount {
    let instrument = markets.get(position.symbol).map(|market| market.instrument());
    let rate = margin::maintenance_rate(instrument, position.side);
    margin::maintenance(valuation(position, markets).value, rate)
}

/// Profit or loss of what is open in a position, before fees.
pub fn unrealized_pnl(position: &Position, markets: &MarketView) -> Amount {
    position.unrealized_pnl(valuation(position, markets).value)
}

/// What is left beside the positions: `cash − Σ initial margins + Σ min(0, unrealised)`; below zero where they tie up more
/// than there is.
/// Each position's unrealised loss counts, no position's unrealised gain does: a gain that could vanish with the next tick
/// secures nothing. `positions` are those that net, cash-and-carry positions are the account's.
pub fn beside_positions<'a>(
    account: &Account,
    ledger: &Ledger,
    positions: impl Iterator<Item = &'a Position>,
    markets: &MarketView,
) -> Amount {
    let tied_up = |margin: Amount, pnl: Amount| margin - pnl.min(Amount::ZERO);
    let netting: Amount = positions
        .map(|position| {
            let margin = initial_margin(account, position, markets);
            tied_up(margin, unrealized_pnl(position, markets))
        })
        .sum();
    let carries: Amount = account
        .carries
        .values()
        .map(|carry| {
            let margin = carry
                .legs()
                .map(|leg| initial_margin(account, leg, markets))
                .sum();
            tied_up(margin, carry.legs().map(|leg| unrealized_pnl(leg, markets)).sum())
        })
        .sum();
    ledger.cash() - netting - carries
}

/// What is left beside positions and open orders; below zero where they tie up more than there is.
pub fn free<'a>(
    account: &Account,
    ledger: &Ledger,
    positions: impl Iterator<Item = &'a Position>,
    markets: &MarketView,
) -> Amount {
    beside_positions(account, ledger, positions, markets) - order_margin(account, markets)
}

/// What can still be used to open positions: [`free`], never below zero.
pub fn available<'a>(
    account: &Account,
    ledger: &Ledger,
    positions: impl Iterator<Item = &'a Position>,
    markets: &MarketView,
) -> Amount {
    free(account, ledger, positions, markets).max(Amount::ZERO)
}
