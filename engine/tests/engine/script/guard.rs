//! Steps about the risk guard, alerts and figures.
//!
//! ```text
//! limits soft_dd=5 hard_dd=10 soft_day=3 hard_day=6 exposure=500 position=300 rate=3
//! pause | stop | resume RESUME        by hand                     journal short | journal cut 3
//! rest buy 1 BTCUSDT @ 90 [reduce]    an open limit order         resting     those that are open
//! alert BTCUSDT above 110 [as a]      a price alert               alert BTCUSDT move 5%
//! unalert alert-1                     withdraws it                alerts      those that wait
//! worth                               equity, peak, losses        guard       where the guard stands
//! trades                              the figures of its trades   soon        the next step comes after 100 ms
//! curve                               the deepest loss, and what the account was worth over time
//! ```

use super::{TestDesk, symbol};
use tickwire_engine::{Event, Fact, Input, Notice};
use tickwire_protocol::alert::{AlertCondition, CreateAlert};
use tickwire_protocol::command::{CancelAlert, Instruction, ResumeTrading};
use tickwire_protocol::id::OrderId;
use tickwire_protocol::order::{Order, OrderType, Side};
use tickwire_protocol::risk::RiskLimits;

impl TestDesk {
    /// Whether it is such a step.
    pub(super) fn guard_step(&mut self, words: &[&str]) -> bool {
        match words {
            ["limits", limits @ ..] => self.instruct(Instruction::SetRiskLimits(parsed(limits))),
            ["pause"] => self.instruct(Instruction::PauseTrading),
            ["stop"] => self.instruct(Instruction::StopTrading),
            ["resume", word] => self.instruct(Instruction::ResumeTrading(ResumeTrading {
                confirm: (*word).to_owned(),
            })),
            ["journal", "short"] => self.notice(Notice::JournalShort),
            ["journal", "cut", entries] => self.notice(Notice::JournalCut {
                entries: entries.parse().unwrap(),
            }),
            ["rest", side, quantity, name, "@", price, options @ ..] => {
                self.rest(side, quantity, name, price, options);
            }
            ["resting"] => self.open_orders(),
            ["alert", name, condition, level, options @ ..] => {
                self.alert(name, condition, level, options);
            }
            ["unalert", id] => self.instruct(Instruction::CancelAlert(CancelAlert {
                alert_id: id.parse().unwrap(),
            })),
            ["alerts"] => self.waiting_alerts(),
            ["worth"] => self.worth(),
            ["guard"] => self.guard(),
            ["soon"] => self.now = self.now - 1900,
            ["trades"] => self.trades(),
            ["curve"] => self.curve(),
            _ => return false,
        }
        true
    }

    fn notice(&mut self, notice: Notice) {
        self.input(Input::Notice { notice, at: self.now });
    }

    /// An open order as the fold knows it, whatever accepts it.
    fn rest(&mut self, side: &str, quantity: &str, name: &str, price: &str, options: &[&str]) {
        let side = if side == "buy" { Side::Buy } else { Side::Sell };
        let id = OrderId(self.engine.state().last_order.0 + 1);
        let order = Order {
            price: Some(price.parse().unwrap()),
            reduce_only: options.contains(&"reduce"),
            ..Order::accepted(
                id,
                symbol(name),
                side,
                OrderType::Limit,
                quantity.parse().unwrap(),
                self.now,
            )
        };
        let event = Event {
            account: self.account,
            at: self.now,
            fact: Fact::OrderChanged(order),
        };
        self.engine.apply(&event).unwrap();
        self.tell(&event);
        self.events.push(event);
    }

    fn open_orders(&mut self) {
        let view = self.engine.account(self.account).unwrap();
        let ids: Vec<String> = view
            .account
            .orders
            .all_open()
            .map(|order| order.id.to_string())
            .collect();
        self.say(format!("open: {}", ids.join(" ")).trim_end());
    }

    fn alert(&mut self, name: &str, condition: &str, level: &str, options: &[&str]) {
        let (condition, price, percent) = match condition {
            "above" => (AlertCondition::CrossAbove, level.parse().ok(), None),
            "below" => (AlertCondition::CrossBelow, level.parse().ok(), None),
            "move" => (
                AlertCondition::PercentMove,
                None,
                level.trim_end_matches('%').parse().ok(),
            ),
            other => panic!("no condition {other}"),
        };
        let after = |word: &str| {
            let place = options.iter().position(|option| *option == word)?;
            Some(options[place + 1].to_owned())
        };
        self.instruct(Instruction::CreateAlert(CreateAlert {
            client_order_id: after("as").map(|name| name.parse().unwrap()),
            symbol: symbol(name),
            condition,
            price,
            percent,
            note: after("note"),
        }));
    }

    fn waiting_alerts(&mut self) {
        let view = self.engine.account(self.account).unwrap();
        let ids: Vec<String> = view
            .account
            .alerts
            .rules()
            .map(|rule| rule.id.to_string())
            .collect();
        self.say(format!("waiting: {}", ids.join(" ")).trim_end());
    }

    fn worth(&mut self) {
        let row = self.engine.account(self.account).unwrap().equity_row();
        self.say(&format!(
            "worth {} peak {} drawdown {} % day {} loss {} %",
            row.total_equity, row.peak_equity, row.drawdown_pct, row.day_equity, row.daily_loss_pct
        ));
    }

    fn guard(&mut self) {
        let risk = &self.engine.account(self.account).unwrap().account.risk;
        let line = format!(
            "{:?} by {:?} at {} % and {} %: {}",
            risk.status, risk.cause, risk.drawdown_pct, risk.daily_loss_pct, risk.message
        );
        self.say(&line);
    }

    fn curve(&mut self) {
        let performance = self.engine.account(self.account).unwrap().performance();
        let points = performance.equity_curve.iter();
        let points: Vec<String> = points
            .map(|point| format!("{} {}", point.time.utc_clock(), point.equity))
            .collect();
        self.say(&format!(
            "at most {} % down: {}",
            performance.max_drawdown_pct,
            points.join(", ")
        ));
    }

    fn trades(&mut self) {
        let p = self.engine.account(self.account).unwrap().performance();
        let ratio = |ratio: Option<_>| {
            ratio.map_or("none".to_owned(), |ratio: tickwire_protocol::money::Ratio| {
                ratio.to_string()
            })
        };
        let amount = |amount: Option<_>| {
            amount.map_or("none".to_owned(), |amount: tickwire_protocol::money::Amount| {
                amount.to_string()
            })
        };
        let lines = [
            format!(
                "{} trades {} won {} lost net {} fees {} funding {}",
                p.trades, p.wins, p.losses, p.net_pnl, p.fees, p.funding
            ),
            format!(
                "rate {} factor {} expectancy {}",
                ratio(p.win_rate),
                ratio(p.profit_factor),
                amount(p.expectancy)
            ),
            format!(
                "average {} and {} largest {} and {}",
                amount(p.average_win),
                amount(p.average_loss),
                p.largest_win,
                p.largest_loss
            ),
        ];
        let symbols = p.by_symbol.iter().map(|t| {
            format!(
                "{} {} trades {} won net {} fees {}",
                t.symbol, t.trades, t.wins, t.net_pnl, t.fees
            )
        });
        let days = p.by_day.iter().map(|t| {
            format!(
                "{} {} trades {} won net {} fees {}",
                t.day, t.trades, t.wins, t.net_pnl, t.fees
            )
        });
        let lines: Vec<String> = lines.into_iter().chain(symbols).chain(days).collect();
        lines.iter().for_each(|line| self.say(line));
    }
}

fn parsed(words: &[&str]) -> RiskLimits {
    let mut limits = RiskLimits::default();
    for word in words {
        let (name, value) = word.split_once('=').expect("NAME=VALUE");
        match name {
            "soft_dd" => limits.soft_drawdown_pct = value.parse().ok(),
            "hard_dd" => limits.hard_drawdown_pct = value.parse().ok(),
            "soft_day" => limits.soft_daily_loss_pct = value.parse().ok(),
            "hard_day" => limits.hard_daily_loss_pct = value.parse().ok(),
            "exposure" => limits.max_exposure = value.parse().ok(),
            "position" => limits.max_position_value = value.parse().ok(),
            "rate" => limits.max_orders_per_minute = value.parse().ok(),
            other => panic!("no limit {other}"),
        }
    }
    limits
}
