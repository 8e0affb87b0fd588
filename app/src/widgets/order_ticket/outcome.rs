//! What became of an order, in a sentence. An order that was sent never goes silently: it is pending, done, refused or
//! of unknown outcome.

use rust_decimal::Decimal;
use tickwire_protocol::market::Instrument;
use tickwire_protocol::message::{Ack, ErrorBody, Outcome};
use tickwire_protocol::money::{Amount, Price, Quantity};
use tickwire_protocol::order::{Execution, Order, OrderReason, OrderStatus, Side};
use tickwire_protocol::session::client::Link;

use crate::derived::{Text, derived};
use leptos::prelude::*;

use super::known;
use crate::format;
use crate::realtime::{Answer, UseRealtime};

/// An order that was sent.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The rules of its instrument.
    pub rules: Instrument,
    /// Its answer, once there is one.
    pub answer: Answer,
}

/// What is said of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// `pending`, `done`, `failed` or `unknown`; empty where nothing was sent.
    pub kind: &'static str,
    /// The sentence.
    pub text: String,
}

impl Told {
    fn new(kind: &'static str, text: impl Into<String>) -> Told {
        Told {
            kind,
            text: text.into(),
        }
    }
}

/// What is said of the last order, as signals.
#[derive(Clone, Copy, Debug)]
pub struct UseTold {
    /// [`Told::kind`].
    pub kind: Memo<&'static str>,
    /// [`Told::text`].
    pub text: Text,
}

/// Follows the last order that was sent.
pub fn follow(realtime: UseRealtime, asked: RwSignal<Option<Asked>>) -> UseTold {
    let told = derived(move || {
        let Some(asked) = asked.get() else {
            return Told::default();
        };
        let answer = asked.answer.get();
        let order = answer
            .as_ref()
            .and_then(|answer| answer.as_ref().ok()?.report.order_id);
        let fills = order
            .map(|order| realtime.store.fills_of(order))
            .unwrap_or_default();
        let order = order.and_then(|order| known::order_of(&realtime.store, order));
        let link = realtime.status.link.get();
        sentence(answer.as_ref(), link, &fills, order.as_ref(), &asked.rules)
    });
    UseTold {
        kind: derived(move || told.with(|told| told.kind)),
        text: derived(move || told.with(|told| told.text.clone())),
    }
}

/// The sentence for an order's answer, its fills and where it stands now.
pub fn sentence(
    answer: Option<&Result<Ack, ErrorBody>>,
    link: Link,
    fills: &[Execution],
    order: Option<&Order>,
    rules: &Instrument,
) -> Told {
    match answer {
        None if matches!(link, Link::Live | Link::Lagging { .. }) => Told::new("pending", "Sending…"),
        None => Told::new(
            "pending",
            "The connection is lost and the outcome not yet known. The desk asks again with the same order id as soon \
             as it is back, so nothing is placed twice.",
        ),
        Some(Ok(ack)) => done(ack, fills, order, rules),
        Some(Err(error)) if error.outcome == Some(Outcome::Unknown) => Told::new(
            "unknown",
            [
                "Outcome unknown: ",
                &error.message,
                ". Look at Positions before you send it again.",
            ]
            .concat(),
        ),
        Some(Err(error)) => Told::new("failed", capitalised(&error.message)),
    }
}

fn done(ack: &Ack, fills: &[Execution], order: Option<&Order>, rules: &Instrument) -> Told {
    match ack.action.as_str() {
        "set_leverage" => return Told::new("done", "The leverage is set."),
        "open_carry" if ack.report.status == Some(OrderStatus::New) => {
            return Told::new(
                "done",
                "Both legs of the cash-and-carry position are on their way.",
            );
        }
        "open_carry" => {
            return Told::new(
                "done",
                "The cash-and-carry position is open: both legs are filled.",
            );
        }
        // The line on the chart has moved: there is nothing to add.
        "amend_order" => return Told::new("done", "Amended."),
        _ => {}
    }
    let status = order.map(|order| order.status).or(ack.report.status);
    let reason = order.map_or(ack.report.reason, |order| order.reason);
    let Some(first) = fills.first() else {
        return unfilled(ack, status, reason);
    };
    let quantity: Quantity = fills.iter().map(|fill| fill.quantity).sum();
    let value: Amount = fills.iter().map(|fill| fill.price.times(fill.quantity)).sum();
    let fee: Amount = fills.iter().map(|fill| fill.fee).sum();
    let made: Amount = fills.iter().map(|fill| fill.realized_pnl).sum();
    let price: Price = value.per(quantity, rules.price_scale());
    let verb = match first.side {
        Side::Buy => "Bought ",
        Side::Sell => "Sold ",
    };
    let mut text = [
        verb,
        &format::quantity(quantity.get()),
        " ",
        unit(rules),
        " at ",
        &format::number(price.get(), rules.price_scale()),
        " · fee ",
        &format::small_money(fee.get()),
    ]
    .concat();
    if made.get() != Decimal::ZERO {
        text.push_str(" · realised ");
        text.push_str(&format::signed(made.get(), format::MONEY_SCALE));
    }
    let rest = order.map_or(Quantity::ZERO, Order::remaining);
    if rest.is_positive() {
        text.push_str(" · ");
        text.push_str(&format::quantity(rest.get()));
        text.push_str(if status.is_some_and(OrderStatus::is_final) {
            " cancelled"
        } else {
            " still open"
        });
    }
    text.push_str(twice(ack));
    Told::new("done", text)
}

/// What is bought or sold: the base of spot, but a contract of a perpetual, which nobody gets delivered.
fn unit(rules: &Instrument) -> &str {
    match rules.perpetual {
        Some(_) => rules.symbol.as_str(),
        None => &rules.base,
    }
}

/// What is said of an order of which nothing is filled.
fn unfilled(ack: &Ack, status: Option<OrderStatus>, reason: Option<OrderReason>) -> Told {
    let at_once = matches!(
        reason,
        Some(OrderReason::ImmediateOrCancel | OrderReason::FillOrKill)
    );
    let (kind, text) = match status {
        Some(OrderStatus::New | OrderStatus::Triggered | OrderStatus::PartiallyFilled) => {
            let first = ack.report.order_id.as_slice();
            let all = ack.report.order_ids.as_slice();
            let ids = if all.is_empty() { first } else { all }.iter();
            let ids: Vec<String> = ids.map(ToString::to_string).collect();
            return Told::new("done", ["Resting: ", &ids.join(", "), twice(ack)].concat());
        }
        Some(OrderStatus::Cancelled) if at_once => (
            "failed",
            "The order was cancelled: it could not be filled at once.",
        ),
        Some(OrderStatus::Cancelled) => ("done", "The order was cancelled before anything was filled."),
        Some(OrderStatus::Expired) => ("done", "The order expired before anything was filled."),
        Some(OrderStatus::Rejected) => ("failed", "The order was rejected when its moment came."),
        Some(OrderStatus::Filled) => ("done", "Filled."),
        None => ("done", "Accepted; waiting for the fill."),
    };
    Told::new(kind, text)
}

/// Says that a retry did no harm.
fn twice(ack: &Ack) -> &'static str {
    if ack.report.duplicate == Some(true) {
        " · placed once, asked twice"
    } else {
        ""
    }
}

/// A server's sentence as one of ours: with a capital and a full stop, and the names of its fields as words.
pub fn capitalised(message: &str) -> String {
    let parts = message.split('`').enumerate();
    let words = parts.map(|(place, part)| match place % 2 {
        0 => part.to_owned(),
        _ => part.replace('_', " "),
    });
    let message: String = words.collect();
    let mut letters = message.chars();
    let mut text: String = letters
        .next()
        .map(|first| first.to_uppercase().collect())
        .unwrap_or_default();
    text.push_str(letters.as_str());
    if !text.ends_with(['.', '!', '?']) {
        text.push('.');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use tickwire_protocol::error::{ErrorCode, Refusal};
    use tickwire_protocol::id::Symbol;
    use tickwire_protocol::market::Perpetual;
    use tickwire_protocol::message::{Body, Message};

    fn rules() -> Instrument {
        match Message::decode(crate::realtime::sample::FRAMES[0]).unwrap().body {
            Body::Instruments(mut body) => body.instruments.remove(0),
            _ => panic!("the first sample frame has the instruments"),
        }
    }

    fn fill(quantity: &str, price: &str, fee: &str, made: &str) -> Execution {
        let frame = format!(
            r#"{{"type":"EXECUTION_UPDATE","data":{{"id":"exec-1","order_id":"order-1","position_id":"pos-1",
            "symbol":"BTCUSDT","side":"buy","quantity":{quantity},"price":{price},"fee":{fee},"fee_currency":"USDT",
            "is_maker":false,"realized_pnl":{made},"timestamp":1}}}}"#
        );
        match Message::decode(&frame).unwrap().body {
            Body::ExecutionUpdate(update) => update.data,
            _ => panic!("an execution was written"),
        }
    }

    fn told(answer: Option<Result<Ack, ErrorBody>>, link: Link, fills: &[Execution]) -> Told {
        sentence(answer.as_ref(), link, fills, None, &rules())
    }

    #[test]
    fn a_fill_is_told_with_quantity_price_and_fee() {
        let ack = Ack {
            action: "place_order".to_owned(),
            ..Ack::default()
        };
        let one = told(
            Some(Ok(ack.clone())),
            Link::Live,
            &[fill("0.1", "61234.5", "6.12345", "0")],
        );
        assert_eq!(one, Told::new("done", "Bought 0.1 BTC at 61,234.5 · fee 6.12"));
        let two = [fill("0.1", "100", "0.01", "1"), fill("0.3", "200", "0.06", "-2")];
        assert_eq!(
            told(Some(Ok(ack)), Link::Live, &two).text,
            "Bought 0.4 BTC at 175.0 · fee 0.0700 · realised \u{2212}1.00"
        );
    }

    #[test]
    fn of_a_perpetual_contracts_are_told_and_a_carry_may_be_on_its_way() {
        let perpetual = Perpetual {
            spot: rules().symbol,
            max_leverage: 50,
            default_leverage: 10,
            maintenance_margin_rate: "0.005".parse().unwrap(),
            funding_interval_ms: 28_800_000,
            funding_rate: "0.0001".parse().unwrap(),
        };
        let rules = Instrument {
            symbol: Symbol::new("BTCUSDT-PERP").unwrap(),
            perpetual: Some(perpetual),
            ..rules()
        };
        let mut ack = Ack {
            action: "place_order".to_owned(),
            ..Ack::default()
        };
        let fills = [fill("0.05", "100", "0.01", "0")];
        let told = |ack: &Ack, fills: &[Execution]| {
            sentence(Some(&Ok(ack.clone())), Link::Live, fills, None, &rules).text
        };
        assert_eq!(
            told(&ack, &fills),
            "Bought 0.05 BTCUSDT-PERP at 100.0 · fee 0.0100"
        );
        ack.action = "open_carry".to_owned();
        for (status, text) in [
            (
                OrderStatus::New,
                "Both legs of the cash-and-carry position are on their way.",
            ),
            (
                OrderStatus::Filled,
                "The cash-and-carry position is open: both legs are filled.",
            ),
        ] {
            ack.report.status = Some(status);
            assert_eq!(told(&ack, &[]), text);
        }
    }

    fn ack(frame: &str) -> Ack {
        let frame = [
            r#"{"type":"ACK","timestamp":1,"outcome":"executed",""#,
            frame,
            "}",
        ]
        .concat();
        match Message::decode(&frame).unwrap().body {
            Body::Ack(ack) => ack,
            _ => panic!("an acknowledgement was written"),
        }
    }

    #[test]
    fn an_order_that_is_not_filled_is_told_where_it_stands() {
        for (frame, kind, text) in [
            (
                r#"action":"place_order","order_id":"order-12","status":"NEW""#,
                "done",
                "Resting: order-12",
            ),
            (
                r#"action":"place_oco","order_id":"order-12","order_ids":["order-12","order-13"],"status":"NEW""#,
                "done",
                "Resting: order-12, order-13",
            ),
            (
                r#"action":"place_order","order_id":"order-12","status":"NEW","duplicate":true"#,
                "done",
                "Resting: order-12 · placed once, asked twice",
            ),
            (
                r#"action":"place_order","order_id":"order-12","status":"CANCELLED","reason":"FILL_OR_KILL""#,
                "failed",
                "The order was cancelled: it could not be filled at once.",
            ),
            (r#"action":"set_leverage""#, "done", "The leverage is set."),
        ] {
            assert_eq!(told(Some(Ok(ack(frame))), Link::Live, &[]), Told::new(kind, text));
        }
    }

    #[test]
    fn what_became_of_a_resting_order_is_told_as_it_stands_now() {
        let ack = ack(r#"action":"place_order","order_id":"order-1","status":"NEW""#);
        let mut order = Order::accepted(
            "order-1".parse().unwrap(),
            rules().symbol,
            Side::Buy,
            tickwire_protocol::order::OrderType::Limit,
            "0.4".parse().unwrap(),
            tickwire_protocol::clock::TimestampMs(1),
        );
        let now = |order: &Order, fills: &[Execution]| {
            sentence(Some(&Ok(ack.clone())), Link::Live, fills, Some(order), &rules()).text
        };
        assert_eq!(now(&order, &[]), "Resting: order-1");
        order.status = OrderStatus::PartiallyFilled;
        order.filled_quantity = "0.1".parse().unwrap();
        let fills = [fill("0.1", "100", "0.01", "0")];
        assert_eq!(
            now(&order, &fills),
            "Bought 0.1 BTC at 100.0 · fee 0.0100 · 0.3 still open"
        );
        order.status = OrderStatus::Cancelled;
        assert_eq!(
            now(&order, &fills),
            "Bought 0.1 BTC at 100.0 · fee 0.0100 · 0.3 cancelled"
        );
        order.status = OrderStatus::Expired;
        assert_eq!(now(&order, &[]), "The order expired before anything was filled.");
    }

    #[test]
    fn what_is_not_known_is_said() {
        assert_eq!(told(None, Link::Live, &[]).text, "Sending…");
        assert!(told(None, Link::Offline, &[]).text.contains("not yet known"));
        let refusal = Refusal::new(ErrorCode::Unavailable, "no answer came in time");
        let error = ErrorBody {
            outcome: Some(Outcome::Unknown),
            ..ErrorBody::from(refusal)
        };
        assert_eq!(told(Some(Err(error)), Link::Live, &[]).kind, "unknown");
    }

    #[test]
    fn a_refusal_is_the_servers_sentence() {
        let refusal = Refusal::new(ErrorCode::InsufficientBalance, "the account has 5 USDT; buy less");
        let told = told(Some(Err(ErrorBody::from(refusal))), Link::Live, &[]);
        assert_eq!(told, Told::new("failed", "The account has 5 USDT; buy less."));
    }
}
