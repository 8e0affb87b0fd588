//! The risk guard: it looks at every account whose worth may have changed, pauses and stops by itself, and lifts neither
//! unless a person says so.
//!
//! A change of status is a fact that comes before what it does, in the same decision: so whatever of a stop was not
//! carried out, for want of a price or because the desk went down, is carried out when that can be.

use super::Engine;
use crate::account::{AccountView, EquityTrack};
use crate::batch::Batch;
use crate::bounds;
use crate::event::{Event, Fact};
use crate::grouped::Grouped;
use crate::input::Notice;
use crate::market::{MINUTE_MS, TickEffect};
use crate::risk::{self, MONEY_PLACES, Verdict, limits};
use rust_decimal::Decimal;
use tickwire_protocol::alert::{AlertKind, Severity};
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::command::{Instruction, RESUME_WORD, Report, ResumeTrading};
use tickwire_protocol::error::{ErrorCode, Refusal};
use tickwire_protocol::id::{AccountId, Symbol};
use tickwire_protocol::market::Tick;
use tickwire_protocol::money::Amount;
use tickwire_protocol::order::{Execution, Order, OrderReason, OrderStatus, Side};
use tickwire_protocol::risk::{Risk, RiskCause, RiskLimits, RiskStatus};

/// A new peak is marked at most once within this time, unless it is [`PEAK_STEP`] higher.
const PEAK_MS: u64 = 1000;

/// A new peak that is higher than the last by a part in so many is marked at once.
const PEAK_STEP: Decimal = Decimal::ONE_THOUSAND;

/// A loss from the highest equity that is deeper than the deepest marked by so many percent is marked at once.
const TROUGH_STEP: Decimal = Decimal::from_parts(1, 0, 0, false, 1);

/// The least by which the deepest loss is told to be deeper, in percent: it has two places.
const TROUGH_LEAST: Decimal = Decimal::from_parts(1, 0, 0, false, 2);

/// Orders that a hard stop cancels whenever it is carried on with, twice in one decision at most: when it is told, and when
/// the account is looked at then. The rest follow as time is told, so that the stop itself is never too large for the
/// journal's last room.
const STOPPED_AT_ONCE: usize = 500;

/// What was found when an account was looked at.
struct Finding {
    /// What it is worth, where that is known.
    equity: Option<Amount>,
    /// Where the limits bring the guard, where that is further down than it is.
    verdict: Option<Verdict>,
    /// Whether the equity is a peak or a trough to be told.
    is_to_be_marked: bool,
    /// Whether its owner is to hear of the margin: that it is short, or is not any more.
    margin_is_short: Option<bool>,
    /// Whether it is stopped and still holds or orders something.
    is_to_be_stopped: bool,
}

impl Engine {
    pub(super) fn instruct_guard(
        &mut self,
        account: AccountId,
        at: TimestampMs,
        instruction: &Instruction,
        batch: &mut Batch,
    ) -> Result<Report, Refusal> {
        // Whether the account is there.
        self.desk().account(account)?;
        match instruction {
            Instruction::SetRiskLimits(limits) => self.set_limits(account, at, limits, batch)?,
            Instruction::PauseTrading => {
                self.trip(account, at, RiskStatus::SoftPause, RiskCause::Manual, batch);
            }
            Instruction::StopTrading => {
                self.trip(account, at, RiskStatus::HardStop, RiskCause::Manual, batch);
            }
            Instruction::ResumeTrading(resume) => self.resume(account, at, resume, batch)?,
            Instruction::CreateAlert(alert) => return self.create_alert(account, at, alert, batch),
            Instruction::CancelAlert(alert) => return self.cancel_alert(account, at, alert.alert_id, batch),
            other => {
                let message = format!("{} is no business of the risk guard", other.action());
                return Err(Refusal::new(ErrorCode::Internal, message));
            }
        }
        Ok(Report::default())
    }

    /// The account was just opened: it gets the limits of the configuration. So do accounts of journals that are older
    /// than the guard, when they are next looked at.
    pub(super) fn guard_opened(&mut self, account: AccountId, at: TimestampMs, batch: &mut Batch) {
        let Some(owner) = self.state.accounts.get(&account) else {
            return;
        };
        let limits = self.default_limits;
        if owner.risk_head.0 == 0 && owner.risk.limits != limits {
            let risk = Risk {
                limits,
                ..owner.risk.clone()
            };
            let fact = Fact::RiskChanged(risk);
            self.record(Event { account, at, fact }, batch);
        }
    }

    /// The market with this number ticked: which accounts are worth less, which alerts fire.
    pub(super) fn guard_after_tick(
        &mut self,
        number: usize,
        tick: &Tick,
        effect: TickEffect,
        batch: &mut Batch,
    ) {
        let at = tick.received_at;
        if effect.candle.is_some() {
            self.fire_alerts(number, at, batch);
        }
        let holders = self.watch.holders(number);
        let are_revalued = effect.marks && !holders.is_empty();
        if !are_revalued && self.watch.stirred.is_empty() {
            return;
        }
        let mut accounts = std::mem::take(&mut self.watch.stirred);
        let holders = are_revalued.then(|| self.watch.holders(number));
        accounts.extend(holders.into_iter().flatten());
        for account in accounts {
            self.look_at(account, at, batch);
        }
        self.watch.stirred.clear();
    }

    /// An account did something, if it was not refused: whether it may go on, and so may those that were funded before it.
    pub(super) fn guard_after_request(
        &mut self,
        account: AccountId,
        at: TimestampMs,
        is_done: bool,
        batch: &mut Batch,
    ) {
        if is_done {
            self.guard_opened(account, at, batch);
            self.watch.stirred.insert(account);
        }
        for account in std::mem::take(&mut self.watch.stirred) {
            self.look_at(account, at, batch);
        }
        self.watch.stirred.clear();
    }

    /// Time has passed.
    pub(super) fn guard_after_time(&mut self, at: TimestampMs, batch: &mut Batch) {
        if !bounds::is_time(at) {
            return;
        }
        let accounts: Vec<AccountId> = self.state.accounts.keys().copied().collect();
        for account in accounts {
            self.guard_opened(account, at, batch);
            self.look_at(account, at, batch);
            self.mark_minute(account, at, batch);
        }
        self.look_at_feed(at, batch);
        self.watch.stirred.clear();
    }

    /// Something happened to the desk itself.
    pub(super) fn guard_after_notice(&mut self, notice: &Notice, at: TimestampMs, batch: &mut Batch) {
        let accounts: Vec<AccountId> = self.state.accounts.keys().copied().collect();
        for account in accounts {
            match notice {
                Notice::JournalShort => {
                    let message = "The journal is short of room, so nothing new is opened: free room on its disk, then \
                                   resume trading.";
                    let is_told = self.state.accounts.get(&account).is_some_and(|owner| {
                        owner.risk.status > RiskStatus::Normal && owner.risk.cause == RiskCause::Journal
                    });
                    if !is_told {
                        self.say(
                            account,
                            at,
                            AlertKind::Journal,
                            Severity::Critical,
                            message,
                            batch,
                        );
                    }
                    self.trip(account, at, RiskStatus::SoftPause, RiskCause::Journal, batch);
                }
                Notice::JournalCut { entries } => {
                    let message = format!(
                        "The end of the journal was damaged: {entries} entries were lost. Check orders and positions against \
                         your own records."
                    );
                    self.say(
                        account,
                        at,
                        AlertKind::Journal,
                        Severity::Critical,
                        &message,
                        batch,
                    );
                }
            }
        }
        self.watch.stirred.clear();
    }

    /// Keeps what follows from the state in step with it.
    pub(super) fn guard_applied(&mut self, event: &Event) {
        match &event.fact {
            Fact::Executed(execution) => {
                let held_by = &self.holders;
                let holds = |symbol| {
                    held_by
                        .get(&symbol)
                        .is_some_and(|holders| holders.contains(&event.account))
                };
                self.watch
                    .holdings_changed(event.account, execution.symbol, holds);
                self.watch.stirred.insert(event.account);
            }
            Fact::Funded(_) => {
                self.watch.stirred.insert(event.account);
            }
            Fact::AlertRuleChanged(rule) => {
                if let Some(number) = self.markets.number(rule.symbol) {
                    self.watch.alert_changed(number, event.account, rule);
                }
            }
            _ => {}
        }
    }

    /// Finds out from the state and the index of holders all that [`Engine::guard_applied`] keeps in step with it: to be
    /// called when the state was not folded but read.
    pub(super) fn guard_restored(&mut self) {
        self.watch.clear();
        for (&symbol, accounts) in &self.holders {
            for &account in accounts {
                let holds = |other: Symbol| self.holders.get(&other).is_some_and(|of| of.contains(&account));
                self.watch.holdings_changed(account, symbol, holds);
            }
        }
        for (&id, account) in &self.state.accounts {
            for rule in account.alerts.rules() {
                if let Some(number) = self.markets.number(rule.symbol) {
                    self.watch.alert_changed(number, id, rule);
                }
            }
        }
    }

    /// Whether what was just recorded is something that the guard lets happen. Checked of every event in debug builds, so
    /// that a way around the gate shows wherever it is.
    pub(super) fn is_within_guard(&self, event: &Event) -> bool {
        let Some(owner) = self.state.accounts.get(&event.account) else {
            return true;
        };
        match &event.fact {
            Fact::Executed(execution) => {
                owner.risk.status == RiskStatus::Normal || !self.has_opened(event.account, execution)
            }
            _ => true,
        }
    }

    /// Whether an execution that was just folded opened or added.
    fn has_opened(&self, account: AccountId, execution: &Execution) -> bool {
        if execution.is_carry {
            let market = self.markets.get(execution.symbol);
            let perpetual = market.is_some_and(|market| market.instrument().perpetual.is_some());
            return perpetual == (execution.side == Side::Sell);
        }
        let owner = self.state.accounts.get(&account);
        let held = owner.and_then(|owner| owner.positions.get(&execution.symbol));
        held.is_some_and(|held| held.side == execution.side)
    }

    /// Looks at one account, and does what is to be done.
    fn look_at(&mut self, account: AccountId, at: TimestampMs, batch: &mut Batch) {
        let Some(found) = self.find(account, at) else {
            return;
        };
        if let Some(verdict) = found.verdict {
            self.change_status(account, at, &verdict, found.equity, batch);
        } else if let Some(equity) = found.equity.filter(|_| found.is_to_be_marked) {
            let fact = Fact::EquityMarked { equity };
            self.record(Event { account, at, fact }, batch);
        }
        if let Some(is_short) = found.margin_is_short {
            self.say_margin(account, at, is_short, batch);
        }
        if found.is_to_be_stopped {
            self.stop(account, at, batch);
        }
    }

    /// What there is to be done of an account; nothing most of the time, which is found out without a division. Nothing is
    /// known of the worth of one whose positions are not all quoted yet, as right after a restart.
    fn find(&self, id: AccountId, at: TimestampMs) -> Option<Finding> {
        let view = self.account(id)?;
        let account = view.account;
        let (equity, track) = (view.equity(), &account.equity);
        let (status, limits) = (account.risk.status, &account.risk.limits);
        let rise = equity - track.peak;
        let is_later = at.since(track.last_at) >= PEAK_MS;
        let is_peak = rise.is_positive() && (is_later || rise.get() * PEAK_STEP >= track.peak.get());
        let is_trough =
            is_deeper(track, equity, TROUGH_LEAST) && (is_later || is_deeper(track, equity, TROUGH_STEP));
        let is_to_be_marked = is_peak || is_trough;
        let verdict = risk::may_trip(track, limits, status, equity);
        let margin_is_short = super::alerts::margin_turned(&view, equity);
        let is_to_be_stopped = status == RiskStatus::HardStop && has_anything(&view);
        if !(is_to_be_marked || verdict || margin_is_short.is_some() || is_to_be_stopped) {
            return None;
        }
        if !view.is_marked() {
            return is_to_be_stopped.then_some(Finding {
                equity: None,
                verdict: None,
                is_to_be_marked: false,
                margin_is_short: None,
                is_to_be_stopped,
            });
        }
        let equity = view.equity_in_bounds();
        let verdict = Verdict::of(track, limits, equity);
        Some(Finding {
            equity: Some(equity),
            verdict: Some(verdict).filter(|verdict| verdict.status > status),
            is_to_be_marked,
            margin_is_short,
            is_to_be_stopped,
        })
    }

    /// Brings the guard of an account down to `status`, if it stands higher, and does what that means.
    pub(super) fn trip(
        &mut self,
        account: AccountId,
        at: TimestampMs,
        status: RiskStatus,
        cause: RiskCause,
        batch: &mut Batch,
    ) {
        let Some(view) = self.account(account) else {
            return;
        };
        if view.account.risk.status < status {
            let equity = view.is_marked().then(|| view.equity_in_bounds());
            let known = equity.unwrap_or(view.account.equity.last);
            let measured = Verdict::of(&view.account.equity, &view.account.risk.limits, known);
            let verdict = Verdict {
                status,
                cause,
                ..measured
            };
            self.change_status(account, at, &verdict, equity, batch);
        } else if view.account.risk.status == RiskStatus::HardStop {
            self.stop(account, at, batch);
        }
    }

    /// Records where the guard stands from now on, then what the account is worth, then what its owner hears; and only
    /// then does what that means.
    fn change_status(
        &mut self,
        account: AccountId,
        at: TimestampMs,
        verdict: &Verdict,
        equity: Option<Amount>,
        batch: &mut Batch,
    ) {
        let Some(owner) = self.state.accounts.get(&account) else {
            return;
        };
        let (track, limits) = (&owner.equity, owner.risk.limits);
        let message = self.message_of(account, at, verdict);
        let told = format!("{} {message}", verdict.reason(track, &limits, &self.currency));
        let risk = Risk {
            status: verdict.status,
            message: message.to_owned(),
            drawdown_pct: verdict.drawdown_pct,
            daily_loss_pct: verdict.daily_loss_pct,
            cause: verdict.cause,
            limits,
            since: if owner.risk.status == verdict.status {
                owner.risk.since
            } else {
                at
            },
        };
        let severity = match verdict.status {
            RiskStatus::HardStop => Severity::Critical,
            RiskStatus::SoftPause | RiskStatus::Normal => Severity::Warning,
        };
        let facts = std::iter::once(Fact::RiskChanged(risk))
            .chain(equity.map(|equity| Fact::EquityMarked { equity }));
        for fact in facts {
            self.record(Event { account, at, fact }, batch);
        }
        self.say(account, at, AlertKind::Risk, severity, &told, batch);
        match (verdict.status, verdict.cause) {
            (RiskStatus::HardStop, _) => self.stop(account, at, batch),
            // To cancel orders takes room too, as much as there are orders. They stay, and the gate refuses what would open
            // when its moment comes.
            (RiskStatus::SoftPause, RiskCause::Journal) | (RiskStatus::Normal, _) => {}
            (RiskStatus::SoftPause, _) => self.cancel_openings(account, at, batch),
        }
    }

    /// What the guard's new status means for what the account holds now.
    fn message_of(&self, account: AccountId, at: TimestampMs, verdict: &Verdict) -> &'static str {
        match (verdict.status, verdict.cause) {
            (RiskStatus::HardStop, _) if self.waits_for_price(account, at) => risk::STOPPED_WITHOUT_PRICE,
            (RiskStatus::HardStop, _) if self.open_orders(account) > STOPPED_AT_ONCE => {
                risk::STOPPED_WITH_MANY_ORDERS
            }
            (RiskStatus::SoftPause, RiskCause::Liquidation) => {
                self.account(account)
                    .map_or(risk::message(verdict.status), |view| {
                        let has_left = view.account.holdings().next().is_some();
                        risk::liquidation_message(has_left, view.is_to_be_liquidated())
                    })
            }
            _ => risk::message(verdict.status),
        }
    }

    /// An account was liquidated, as far as there are prices: trading pauses. Where it is paused already, its owner is told
    /// as often as that means something else by now, so that the guard never says of positions that they remain which are
    /// gone.
    pub(super) fn pause_after_liquidation(&mut self, account: AccountId, at: TimestampMs, batch: &mut Batch) {
        let (status, cause) = (RiskStatus::SoftPause, RiskCause::Liquidation);
        let Some(view) = self.account(account) else {
            return;
        };
        let known = view.equity_in_bounds();
        let verdict = Verdict {
            status,
            cause,
            ..Verdict::of(&view.account.equity, &view.account.risk.limits, known)
        };
        let risk = &view.account.risk;
        if risk.status == status && risk.message != self.message_of(account, at, &verdict) {
            self.change_status(account, at, &verdict, Some(known), batch);
        } else {
            self.trip(account, at, status, cause, batch);
        }
    }

    /// Cancels the orders, as many as go into one decision, and closes all positions that have a price now. What is left
    /// is tried again whenever the account is looked at, and nothing of it can open meanwhile. What closing made of the
    /// account is marked, so that its deepest loss is the one that it ends with.
    fn stop(&mut self, account: AccountId, at: TimestampMs, batch: &mut Batch) {
        self.cancel_some_orders(account, at, STOPPED_AT_ONCE, batch);
        let from = batch.records.len();
        self.close_positions(account, at, OrderReason::HardStop, batch);
        let view = self.account(account).filter(|_| batch.records.len() > from);
        let marked = view.filter(AccountView::is_marked).and_then(|view| {
            let equity = view.equity_in_bounds();
            (equity != view.account.equity.last).then_some(equity)
        });
        if let Some(equity) = marked {
            let fact = Fact::EquityMarked { equity };
            self.record(Event { account, at, fact }, batch);
        }
    }

    fn open_orders(&self, account: AccountId) -> usize {
        let owner = self.state.accounts.get(&account);
        owner.map_or(0, |owner| owner.orders.open_count())
    }

    /// Cancels the open orders that would open or add as things stand. One that only reduces stays, whether its owner
    /// said so or not: it may be what protects a position. Should it come to open after all, the gate refuses that.
    fn cancel_openings(&mut self, account: AccountId, at: TimestampMs, batch: &mut Batch) {
        let Some(owner) = self.state.accounts.get(&account) else {
            return;
        };
        let opens = |order: &&Order| !risk::gate::reduces(owner, order);
        let cancelled: Vec<Order> = owner
            .orders
            .all_open()
            .filter(opens)
            .map(|order| Order {
                status: OrderStatus::Cancelled,
                reason: Some(OrderReason::RiskPaused),
                updated_at: at,
                ..order.clone()
            })
            .collect();
        for order in cancelled {
            // Cancelling one order may have taken others of its group with it.
            let is_open = self
                .state
                .accounts
                .get(&account)
                .is_some_and(|owner| owner.orders.open(order.id).is_some());
            if is_open {
                let fact = Fact::OrderChanged(order);
                self.record(Event { account, at, fact }, batch);
            }
        }
    }

    /// Sets limits. Wider ones lift neither a pause nor a stop; tighter ones are measured at once. Allowed at any status.
    fn set_limits(
        &mut self,
        account: AccountId,
        at: TimestampMs,
        given: &RiskLimits,
        batch: &mut Batch,
    ) -> Result<(), Refusal> {
        let limits = limits::checked(given)
            .map_err(|error| Refusal::new(ErrorCode::InvalidField, error.to_string()))?;
        let risk = &self.desk().account(account)?.risk;
        // Limits that a person set stand, even where they are those that were never told.
        if risk.limits != limits || self.desk().account(account)?.risk_head.0 == 0 {
            let risk = Risk {
                limits,
                ..risk.clone()
            };
            let fact = Fact::RiskChanged(risk);
            self.record(Event { account, at, fact }, batch);
        }
        Ok(())
    }

    /// Opens trading again. Drawdown and the day's loss are measured from the equity of now: measured from before, the
    /// same limit would stop the account again at once.
    fn resume(
        &mut self,
        account: AccountId,
        at: TimestampMs,
        resume: &ResumeTrading,
        batch: &mut Batch,
    ) -> Result<(), Refusal> {
        if resume.confirm != RESUME_WORD {
            let message = format!("to open trading again, confirm must be the word {RESUME_WORD}");
            return Err(Refusal::new(ErrorCode::ConfirmationRequired, message));
        }
        let view = AccountView {
            account: self.desk().account(account)?,
            markets: &self.markets,
            currency: &self.currency,
        };
        if view.account.risk.status == RiskStatus::Normal {
            return Ok(());
        }
        if !view.is_marked() {
            let message = "not all positions are quoted yet, so what to measure losses from is not known: try again in a \
                           moment";
            return Err(Refusal::new(ErrorCode::NoPrice, message));
        }
        let equity = view.equity_in_bounds();
        let risk = Risk {
            limits: view.account.risk.limits,
            ..risk::untouched(at)
        };
        let told = format!(
            "{} Drawdown and daily loss are measured from {} {} on.",
            risk.message,
            Grouped(equity.rounded(MONEY_PLACES)),
            self.currency
        );
        for fact in [Fact::RiskChanged(risk), Fact::EquityRebased { equity }] {
            self.record(Event { account, at, fact }, batch);
        }
        self.say(account, at, AlertKind::Risk, Severity::Info, &told, batch);
        Ok(())
    }

    /// A point of the equity curve for each minute in which the account was worth something else than before.
    fn mark_minute(&mut self, account: AccountId, at: TimestampMs, batch: &mut Batch) {
        let Some(view) = self.account(account).filter(AccountView::is_marked) else {
            return;
        };
        let (track, equity) = (&view.account.equity, view.equity_in_bounds());
        let is_due = at.floor_to(MINUTE_MS) > track.last_at.floor_to(MINUTE_MS);
        if is_due && equity != track.last {
            let fact = Fact::EquityMarked { equity };
            self.record(Event { account, at, fact }, batch);
        }
    }
}

/// Whether an equity is a loss from the highest that is deeper than the deepest marked by so many percent: exact, and
/// without a division.
fn is_deeper(track: &EquityTrack, equity: Amount, by: Decimal) -> bool {
    let lost = (track.highest - equity).get();
    lost > Decimal::ZERO
        && lost * Decimal::ONE_HUNDRED >= (track.max_drawdown_pct.get() + by) * track.highest.get()
}

/// Whether an account holds or orders anything.
fn has_anything(view: &AccountView<'_>) -> bool {
    view.account.orders.all_open().next().is_some() || view.account.holdings().next().is_some()
}
