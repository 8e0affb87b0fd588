//! What the desk says by itself, and what owners asked it to say: each once.

use super::Engine;
use crate::account::AccountView;
use crate::batch::Batch;
use crate::bounds::{self, ID_MAX};
use crate::event::{Event, Fact};
use crate::market::FEED_SILENCE_MAX_MS;
use rust_decimal::Decimal;
use tickwire_protocol::alert::{
    Alert, AlertCondition, AlertKind, AlertRule, AlertStatus, CreateAlert, Severity,
};
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::command::Report;
use tickwire_protocol::error::{ErrorCode, Refusal};
use tickwire_protocol::id::{AccountId, AlertId, Symbol};
use tickwire_protocol::market::Instrument;
use tickwire_protocol::message::LinkState;
use tickwire_protocol::money::{Amount, Price, Ratio};
use tickwire_protocol::order::{Order, OrderReason, OrderStatus};

/// Price alerts of an account that may wait at the same time.
pub const ALERTS_MAX: usize = 200;

/// Characters of an owner's note.
const NOTE_MAX: usize = 200;

/// The largest move that an alert can wait for, in percent.
const PERCENT_MAX: Decimal = Decimal::ONE_THOUSAND;

/// The owner hears of it when the margin ratio gets there, in percent: at 100 positions are liquidated.
const MARGIN_SHORT_PCT: Decimal = Decimal::from_parts(80, 0, 0, false, 0);

/// And hears that it is over when the margin ratio gets below this.
const MARGIN_EASED_PCT: Decimal = Decimal::from_parts(60, 0, 0, false, 0);

/// What can be said of the feed.
enum Feed {
    Fine,
    Troubled(String),
    /// It has not been there yet.
    NotYet,
}

/// Whether the owner is to hear of the margin: that it is short (`true`), or is not any more.
pub(super) fn margin_turned(view: &AccountView<'_>, equity: Amount) -> Option<bool> {
    let is_known = view.account.alerts.margin_is_short;
    let ratio = view.margin_ratio_pct(equity).get();
    match is_known {
        false if ratio >= MARGIN_SHORT_PCT => Some(true),
        true if ratio < MARGIN_EASED_PCT => Some(false),
        _ => None,
    }
}

impl Engine {
    /// Says something to an account.
    pub(super) fn say(
        &mut self,
        account: AccountId,
        at: TimestampMs,
        kind: AlertKind,
        severity: Severity,
        message: &str,
        batch: &mut Batch,
    ) {
        let alert = Alert {
            message: message.to_owned(),
            ..self.alert(kind, severity, at)
        };
        let fact = Fact::Alerted(alert);
        self.record(Event { account, at, fact }, batch);
    }

    /// An alert with the next number, of which the rest is to be told by struct update. When the numbers have run out
    /// the last one is given again: what it says matters more than its number.
    fn alert(&self, kind: AlertKind, severity: Severity, at: TimestampMs) -> Alert {
        Alert {
            id: AlertId((self.state.last_alert.0 + 1).min(ID_MAX)),
            kind,
            severity,
            message: String::new(),
            symbol: None,
            price: None,
            order_id: None,
            timestamp: at,
        }
    }

    /// What is to be said about an event that was just recorded.
    pub(super) fn alert_about(&self, event: &Event) -> Option<Event> {
        let Fact::OrderChanged(order) = &event.fact else {
            return None;
        };
        let (kind, severity, message) = match (order.status, order.reason) {
            (OrderStatus::Filled, Some(OrderReason::Liquidation)) => (
                AlertKind::Liquidation,
                Severity::Critical,
                liquidated(order, &self.currency),
            ),
            (OrderStatus::Rejected, _)
            | (
                OrderStatus::Cancelled,
                Some(OrderReason::InsufficientBalance | OrderReason::WouldTake | OrderReason::RiskLimit),
            ) => (AlertKind::OrderRejected, Severity::Warning, rejected(order)),
            _ => return None,
        };
        let alert = Alert {
            message,
            symbol: Some(order.symbol),
            order_id: Some(order.id),
            ..self.alert(kind, severity, event.at)
        };
        Some(Event {
            account: event.account,
            at: event.at,
            fact: Fact::Alerted(alert),
        })
    }

    /// Says that orders are gone because their instrument is traded here no more.
    pub(super) fn say_delisted(
        &mut self,
        account: AccountId,
        at: TimestampMs,
        symbol: Symbol,
        cancelled: usize,
        batch: &mut Batch,
    ) {
        let holds = self
            .state
            .accounts
            .get(&account)
            .is_some_and(|owner| owner.holds(symbol));
        let orders = match cancelled {
            1 => "1 open order was".to_owned(),
            more => format!("{more} open orders were"),
        };
        let mut message = format!("{symbol} is traded here no more, so {orders} cancelled.");
        if holds {
            message.push_str(
                " The position in it stays, valued at its cost, until its market is configured again.",
            );
        }
        let alert = Alert {
            message,
            symbol: Some(symbol),
            ..self.alert(AlertKind::OrderRejected, Severity::Warning, at)
        };
        let fact = Fact::Alerted(alert);
        self.record(Event { account, at, fact }, batch);
    }

    pub(super) fn say_margin(
        &mut self,
        account: AccountId,
        at: TimestampMs,
        is_short: bool,
        batch: &mut Batch,
    ) {
        let Some(view) = self.account(account) else {
            return;
        };
        let ratio = view.margin_ratio_pct(view.equity_in_bounds());
        let (severity, message) = if is_short {
            let message = format!(
                "The maintenance margin is {ratio} % of the equity: at 100 % positions are liquidated. Reduce a position."
            );
            (Severity::Critical, message)
        } else {
            let message = format!("The maintenance margin is {ratio} % of the equity again.");
            (Severity::Info, message)
        };
        self.say(account, at, AlertKind::LiquidationNear, severity, &message, batch);
    }

    /// Says to whoever waits for prices that none come, and that they do again: once for an outage.
    pub(super) fn look_at_feed(&mut self, at: TimestampMs, batch: &mut Batch) {
        let (is_down, severity, message) = match self.feed(at) {
            Feed::NotYet => return,
            Feed::Fine => (false, Severity::Info, "The market data feed is back.".to_owned()),
            Feed::Troubled(what) => {
                let message = format!(
                    "The market data feed {what}: nothing is filled or stopped out until it is back."
                );
                (true, Severity::Warning, message)
            }
        };
        let accounts = self.state.accounts.iter().filter(|(_, account)| {
            let waits = account.holdings().next().is_some()
                || account.orders.all_open().next().is_some()
                || account.alerts.rules().len() > 0;
            account.alerts.feed_is_down != is_down && (waits || !is_down)
        });
        let accounts: Vec<AccountId> = accounts.map(|(&id, _)| id).collect();
        for account in accounts {
            self.say(account, at, AlertKind::Feed, severity, &message, batch);
        }
    }

    fn feed(&self, at: TimestampMs) -> Feed {
        let link = self.markets.link();
        let what = match link.state {
            LinkState::Connecting => return Feed::NotYet,
            LinkState::Stalled => "has stalled".to_owned(),
            LinkState::Reconnecting => "was lost and is reconnecting".to_owned(),
            LinkState::Down => "is down".to_owned(),
            LinkState::Live => {
                let heard_at = link.last_tick_at.map_or(link.since, |tick| tick.max(link.since));
                let silence_ms = at.since(heard_at);
                if silence_ms <= FEED_SILENCE_MAX_MS {
                    return Feed::Fine;
                }
                format!("has been silent for {} s", silence_ms / 1000)
            }
        };
        Feed::Troubled(what)
    }

    /// A trade was taken in: fires the alerts that waited for its price.
    pub(super) fn fire_alerts(&mut self, number: usize, at: TimestampMs, batch: &mut Batch) {
        let market = self.markets.at(number);
        let Some(last) = market.last_price() else { return };
        for (account, id) in self.watch.fired(number, last) {
            let rule = self
                .state
                .accounts
                .get(&account)
                .and_then(|owner| owner.alerts.rule(id));
            let Some(rule) = rule.cloned() else { continue };
            let last = self.markets.at(number).canonical(last);
            let alert = Alert {
                id,
                message: fired(&rule, last),
                symbol: Some(rule.symbol),
                price: Some(last),
                ..self.alert(AlertKind::Price, Severity::Info, at)
            };
            let rule = AlertRule {
                status: AlertStatus::Fired,
                ..rule
            };
            for fact in [Fact::AlertRuleChanged(rule), Fact::Alerted(alert)] {
                self.record(Event { account, at, fact }, batch);
            }
        }
    }

    pub(super) fn create_alert(
        &mut self,
        account: AccountId,
        at: TimestampMs,
        wanted: &CreateAlert,
        batch: &mut Batch,
    ) -> Result<Report, Refusal> {
        let desk = self.desk();
        let owner = desk.account(account)?;
        let report = |id: AlertId, duplicate: bool| Report {
            client_order_id: wanted.client_order_id.clone(),
            alert_id: Some(id),
            duplicate: Some(duplicate),
            ..Report::default()
        };
        // Before all other checks: a retry gets the answer to its first attempt.
        if let Some(id) = wanted
            .client_order_id
            .as_ref()
            .and_then(|name| owner.alerts.named(name))
        {
            return Ok(report(id, true));
        }
        let market = desk.market(wanted.symbol)?;
        check_fields(wanted, market.instrument())?;
        let last = market.last_price().ok_or_else(|| {
            let message = format!("{} has not traded yet: try again in a moment", wanted.symbol);
            Refusal::new(ErrorCode::NoPrice, message)
        })?;
        check_side(wanted, market.canonical(last))?;
        if owner.alerts.rules().len() >= ALERTS_MAX {
            let message =
                format!("{ALERTS_MAX} alerts wait already: cancel one that is no longer needed first");
            return Err(Refusal::new(ErrorCode::TooManyOpen, message));
        }
        if self.state.last_alert.0 >= ID_MAX {
            let message = "the desk has no alert numbers left; nothing was done";
            return Err(Refusal::new(ErrorCode::Internal, message));
        }
        let rule = AlertRule {
            id: AlertId(self.state.last_alert.0 + 1),
            client_order_id: wanted.client_order_id.clone(),
            symbol: wanted.symbol,
            condition: wanted.condition,
            price: wanted.price.map(|price| market.canonical(price)),
            percent: wanted.percent.map(Ratio::normalized),
            reference_price: market.canonical(last),
            note: wanted.note.clone(),
            status: AlertStatus::Active,
            created_at: at,
        };
        let report = report(rule.id, false);
        let fact = Fact::AlertRuleChanged(rule);
        self.record(Event { account, at, fact }, batch);
        Ok(report)
    }

    pub(super) fn cancel_alert(
        &mut self,
        account: AccountId,
        at: TimestampMs,
        id: AlertId,
        batch: &mut Batch,
    ) -> Result<Report, Refusal> {
        let owner = self.desk().account(account)?;
        let rule = owner.alerts.rule(id).ok_or_else(|| {
            let message = format!(
                "no alert {id} waits: it has fired, was cancelled, or never was; get_alerts lists them"
            );
            Refusal::new(ErrorCode::NotFound, message)
        })?;
        let rule = AlertRule {
            status: AlertStatus::Cancelled,
            ..rule.clone()
        };
        let fact = Fact::AlertRuleChanged(rule);
        self.record(Event { account, at, fact }, batch);
        Ok(Report {
            alert_id: Some(id),
            ..Report::default()
        })
    }
}

fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new(ErrorCode::InvalidField, message)
}

/// Whether an alert has the fields that its condition needs, and no other ones.
fn check_fields(wanted: &CreateAlert, instrument: &Instrument) -> Result<(), Refusal> {
    if wanted
        .note
        .as_ref()
        .is_some_and(|note| note.chars().count() > NOTE_MAX)
    {
        return Err(invalid(format!(
            "the note must have at most {NOTE_MAX} characters"
        )));
    }
    match (wanted.condition, wanted.price, wanted.percent) {
        (AlertCondition::CrossAbove | AlertCondition::CrossBelow, Some(price), None) => {
            check_price(price, instrument)
        }
        (AlertCondition::CrossAbove | AlertCondition::CrossBelow, ..) => Err(invalid(
            "an alert that waits for a price to be crossed has a price and no percent",
        )),
        (AlertCondition::PercentMove, None, Some(percent)) => {
            let is_sound = percent.is_positive()
                && percent.get() <= PERCENT_MAX
                && percent.normalized().get().scale() <= 2;
            if is_sound {
                return Ok(());
            }
            Err(invalid(format!(
                "the percent must be above 0 and at most {PERCENT_MAX}, with at most two decimal places, not {percent}"
            )))
        }
        (AlertCondition::PercentMove, ..) => Err(invalid(
            "an alert that waits for a move has a percent and no price",
        )),
    }
}

fn check_price(price: Price, instrument: &Instrument) -> Result<(), Refusal> {
    let tick = instrument.tick_size;
    if bounds::is_price(price, instrument.price_scale()) && price.is_multiple_of(tick) {
        return Ok(());
    }
    let message = format!(
        "{price} is no price of {}: it must be a multiple of {tick}, above zero",
        instrument.symbol
    );
    Err(Refusal::new(ErrorCode::InvalidPrice, message))
}

/// Whether the price still has to go to where the alert waits for it.
fn check_side(wanted: &CreateAlert, last: Price) -> Result<(), Refusal> {
    let Some(price) = wanted.price else { return Ok(()) };
    let beyond = match wanted.condition {
        AlertCondition::CrossAbove if last >= price => "above",
        AlertCondition::CrossBelow if last <= price => "below",
        _ => return Ok(()),
    };
    let symbol = wanted.symbol;
    let is = if last == price { "at" } else { beyond };
    let message = format!("{symbol} is already {is} {price}: its last price is {last}");
    Err(Refusal::new(ErrorCode::InvalidPrice, message))
}

/// What a price alert says when it fires.
fn fired(rule: &AlertRule, last: Price) -> String {
    let symbol = rule.symbol;
    let price = rule.price.unwrap_or(last);
    let what = match rule.condition {
        AlertCondition::CrossAbove => format!("{symbol} crossed above {price}: it trades at {last}."),
        AlertCondition::CrossBelow => format!("{symbol} crossed below {price}: it trades at {last}."),
        AlertCondition::PercentMove => {
            let from = rule.reference_price;
            let percent = last.percent_change_from(from);
            format!("{symbol} moved {percent} % from {from} to {last}.")
        }
    };
    match &rule.note {
        Some(note) => format!("{what} Note: {note}"),
        None => what,
    }
}

fn liquidated(order: &Order, currency: &str) -> String {
    let (side, quantity, symbol, fee) = (
        order.side.as_str(),
        order.filled_quantity,
        order.symbol,
        order.fee,
    );
    let price = order
        .average_price
        .map_or_else(String::new, |price| format!(" at {price}"));
    format!("{symbol} was liquidated: {side} {quantity}{price}, with a fee of {fee} {currency}.")
}

fn rejected(order: &Order) -> String {
    let why = match order.reason {
        Some(OrderReason::InsufficientBalance) => "the account could not pay for it",
        Some(OrderReason::WouldTake) => "it was post-only and would have been filled at once",
        Some(OrderReason::RiskLimit) => "it would have exceeded a risk limit",
        Some(OrderReason::NothingToReduce) => "there was nothing left for it to reduce",
        Some(OrderReason::RiskPaused) => "the risk guard pauses openings",
        Some(OrderReason::HardStop) => "the risk guard stopped trading",
        _ => "it could not be carried out",
    };
    let (id, side, symbol) = (order.id, order.side.as_str(), order.symbol);
    let (left, kind) = (order.remaining(), order.order_type.as_str());
    format!("{id} ({kind}, {side} {left} {symbol}) was withdrawn when its moment came: {why}.")
}
