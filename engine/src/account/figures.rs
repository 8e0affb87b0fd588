//! What an account is worth, what it has made of its trades, and the account at a glance.

use super::AccountView;
use crate::performance::{annualized, average, daily_returns, factor, share, sharpe, sortino};
use crate::risk::loss_pct;
use rust_decimal::Decimal;
use tickwire_protocol::account::Dashboard;
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::money::{Amount, Ratio};
use tickwire_protocol::order::Side;
use tickwire_protocol::performance::{DayTally, Equity, Performance, SymbolTally};

/// Points of the equity curve that are told, at most.
const CURVE_POINTS_MAX: usize = 400;

impl AccountView<'_> {
    /// The account at a glance.
    pub fn dashboard(&self) -> Dashboard {
        let equity = self.equity();
        let trades = &self.account.trades.all;
        Dashboard {
            total_value: equity.normalized(),
            daily_pnl: (equity - self.account.day.equity).normalized(),
            open_positions: self.positions_count(),
            win_rate: share(trades.wins, trades.trades),
        }
    }

    /// What the account is worth, and how far below its peak that is.
    pub fn equity_row(&self) -> Equity {
        let track = &self.account.equity;
        let equity = self.equity_in_bounds();
        Equity {
            total_equity: equity,
            // Between two marks the peak may be a little higher than the events say.
            peak_equity: track.peak.max(equity).normalized(),
            current_equity: equity,
            unrealized_pnl: self.unrealized_pnl().normalized(),
            drawdown_pct: loss_pct(track.peak, equity),
            day_equity: track.day_base.normalized(),
            daily_loss_pct: loss_pct(track.day_base, equity),
            margin_ratio_pct: self.margin_ratio_pct(equity),
        }
    }

    /// What the account has made of its trades.
    pub fn performance(&self) -> Performance {
        let (track, trades) = (&self.account.equity, &self.account.trades);
        let ledger = &self.account.ledger;
        let returns = daily_returns(track.days());
        let all = &trades.all;
        Performance {
            trades: all.trades,
            wins: all.wins,
            losses: trades.losses,
            win_rate: share(all.wins, all.trades),
            profit_factor: factor(trades.profits, trades.lost),
            expectancy: average(trades.profits - trades.lost, all.trades),
            average_win: average(trades.profits, all.wins),
            average_loss: average(trades.lost, trades.losses),
            largest_win: trades.largest_win.normalized(),
            largest_loss: trades.largest_loss.normalized(),
            net_pnl: all.net_pnl.normalized(),
            fees: ledger.fees.normalized(),
            funding: ledger.funding.normalized(),
            max_drawdown_pct: track.max_drawdown_pct,
            sharpe: sharpe(&returns).and_then(annualized),
            sortino: sortino(&returns).and_then(annualized),
            by_symbol: trades
                .by_symbol()
                .map(|(symbol, tally)| SymbolTally {
                    symbol,
                    trades: tally.trades,
                    wins: tally.wins,
                    net_pnl: tally.net_pnl.normalized(),
                    fees: tally.fees.normalized(),
                })
                .collect(),
            by_day: trades
                .by_day()
                .map(|(begin, tally)| DayTally {
                    day: date(begin),
                    trades: tally.trades,
                    wins: tally.wins,
                    net_pnl: tally.net_pnl.normalized(),
                    fees: tally.fees.normalized(),
                })
                .collect(),
            equity_curve: track.curve.thinned(CURVE_POINTS_MAX),
        }
    }

    /// `Σ maintenance margin / equity` in percent, to two places; 100 where there is no equity left to measure it by.
    pub(crate) fn margin_ratio_pct(&self, equity: Amount) -> Ratio {
        if !self.may_be_liquidated() {
            return Ratio::ZERO;
        }
        let maintenance = self.balance().maintenance_margin;
        if !maintenance.is_positive() {
            Ratio::ZERO
        } else if equity.is_positive() {
            maintenance.percent_of(equity)
        } else {
            Ratio::new(Decimal::ONE_HUNDRED).rounded(2)
        }
    }

    /// Whether anything is held that needs maintenance margin: spot that is bought needs none.
    fn may_be_liquidated(&self) -> bool {
        self.account.holdings().any(|position| {
            let market = self.markets.get(position.symbol);
            position.side == Side::Sell
                || market.is_some_and(|market| market.instrument().perpetual.is_some())
        })
    }
}

/// A UTC date as in `2025-12-10`.
fn date(at: TimestampMs) -> String {
    let (year, month, day) = at.utc_date();
    format!("{year:04}-{month:02}-{day:02}")
}
