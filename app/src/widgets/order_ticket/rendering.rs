//! The ticket as it is rendered for each kind of order: the fields that it asks for, and no others.

use leptos::prelude::*;
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::order::{Side, TimeInForce};

use super::TicketForm;
use super::form::{Field, Form, Kind, Unit};
use super::state::Ticket;
use crate::address::{RequestedAddress, provide_address};
use crate::boot::{Boot, provide_boot};
use crate::realtime::provide_realtime;
use crate::realtime::sample::FRAMES;
use crate::selection::provide_selection;
use crate::widgets::act::provide_questions;

const PERPETUAL: &str = r#"{"type":"INSTRUMENTS","timestamp":1765357200000,"instruments":[
    {"symbol":"BTCUSDT","base":"BTC","quote":"USDT","tick_size":0.10,"step_size":0.001,"min_quantity":0.001,
     "max_quantity":100,"min_notional":5,"taker_fee_rate":0.001,"maker_fee_rate":0.001,
     "perpetual":{"spot":"ETHUSDT","max_leverage":50,"default_leverage":5,"maintenance_margin_rate":0.005,
     "funding_interval_ms":28800000,"funding_rate":0.0001}},
    {"symbol":"ETHUSDT","base":"BTC","quote":"USDT","tick_size":0.01,"step_size":0.001,"min_quantity":0.001,
     "max_quantity":1000,"min_notional":5,"taker_fee_rate":0.001,"maker_fee_rate":0.001}],
    "rules":{"limit_fill":"through","slippage_bps":1,"latency_ms":0}}"#;

const PAUSED: &str = r#"{"type":"RISK_STATUS_UPDATE","timestamp":1765357200000,"data":{"status":"soft_pause",
    "message":"New position openings stopped. Existing positions remain open.","drawdown_pct":5,"daily_loss_pct":0}}"#;

fn rendered(frames: &[&str], form: Form) -> String {
    with_ticket(frames, form, |ticket| {
        view! { <TicketForm ticket=ticket /> }.to_html()
    })
}

fn with_ticket<T>(frames: &[&str], form: Form, read: impl FnOnce(Ticket) -> T) -> T {
    let owner = Owner::new();
    owner.with(|| {
        provide_context(Boot {
            taken_at: TimestampMs(1_765_357_200_000),
            frames: frames.iter().map(|frame| (*frame).to_owned()).collect(),
            ..Boot::default()
        });
        provide_context(RequestedAddress("/".to_owned()));
        provide_boot();
        provide_address();
        provide_realtime();
        provide_selection();
        provide_questions();
        let ticket = Ticket::new();
        ticket.form.set(form);
        read(ticket)
    })
}

fn filled(kind: Kind, fields: &[(Field, &str)]) -> Form {
    let mut form = Form {
        kind,
        ..Form::default()
    };
    for (field, text) in fields {
        form.put(*field, (*text).to_owned());
    }
    form
}

/// Whether the one element of a class is hidden.
fn is_hidden(html: &str, class: &str) -> bool {
    let class = ["class=\"", class, "\""].concat();
    let at = html.find(&class).expect("it is rendered");
    let tag = &html[html[..at].rfind('<').expect("it is in a tag")..];
    tag.split('>').next().unwrap_or_default().contains(" hidden")
}

/// The labels that are not hidden, neither themselves nor with the leverage's control.
fn labels(html: &str) -> Vec<&str> {
    let without = |html| is_hidden(html, "ticket-pair leverage");
    let labels = html.split("<label ").skip(1);
    let labels = labels.filter(|label| !without(html) || !label.contains("field-name\">Leverage<"));
    let shown = labels.filter(|label| !label.split('>').next().unwrap_or_default().contains("hidden"));
    let name = |label: &'_ str| -> Option<(usize, usize)> {
        let start = label.find("field-name\">")? + "field-name\">".len();
        Some((start, start + label[start..].find('<')?))
    };
    shown
        .filter_map(|label| name(label).map(|(from, to)| &label[from..to]))
        .collect()
}

#[test]
fn each_kind_of_order_shows_its_fields() {
    for (kind, expected) in [
        (Kind::Market, vec!["Order type", "Quantity"]),
        (
            Kind::Limit,
            vec!["Order type", "Time in force", "Price", "Quantity"],
        ),
        (
            Kind::Stop,
            vec!["Order type", "Time in force", "Trigger price", "Quantity"],
        ),
        (
            Kind::StopLimit,
            vec![
                "Order type",
                "Time in force",
                "Trigger price",
                "Limit price",
                "Quantity",
            ],
        ),
        (
            Kind::TakeProfit,
            vec![
                "Order type",
                "Time in force",
                "Trigger price",
                "Limit price (optional)",
                "Quantity",
            ],
        ),
        (
            Kind::TrailingStop,
            vec![
                "Order type",
                "Time in force",
                "Trail",
                "Activation (optional)",
                "Quantity",
            ],
        ),
        (
            Kind::Oco,
            vec![
                "Order type",
                "Time in force",
                "Quantity",
                "Take profit (limit order)",
                "Stop loss",
                "Stop-loss limit (optional)",
            ],
        ),
    ] {
        let html = rendered(&FRAMES, filled(kind, &[]));
        assert_eq!(labels(&html), expected, "{kind:?}");
        assert!(html.contains("<option value=\"Market\""), "the choice is there");
    }
}

#[test]
fn exits_expand_below_an_entry_and_a_date_below_its_choice() {
    let mut form = filled(Kind::Limit, &[]);
    form.bracket = true;
    form.wanted_time = TimeInForce::Gtd;
    form.stop_loss = Unit::Percent;
    let html = rendered(&FRAMES, form);
    let expected = [
        "Order type",
        "Time in force",
        "Price",
        "Expires at (UTC)",
        "Quantity",
        "Take profit (limit order)",
        "Stop loss",
    ];
    assert_eq!(labels(&html), expected);
    assert!(html.contains("type=\"datetime-local\""));
    assert!(html.contains("aria-label=\"Stop loss in %: change\""));
}

#[test]
fn only_a_perpetual_has_leverage_margin_and_liquidation() {
    let of = |instruments: &'static str| {
        let mut frames = FRAMES;
        frames[0] = instruments;
        let form = filled(Kind::Market, &[(Field::Quantity, "0.05")]);
        rendered(&frames, form)
    };
    let row = |html: &str, name: &str| -> String {
        let before = html.split(name).next().unwrap_or_default();
        before[before.rfind("<tr").expect("it is in a row")..].to_owned()
    };
    let perpetual = of(PERPETUAL);
    assert!(labels(&perpetual).contains(&"Leverage"));
    assert!(!is_hidden(&perpetual, "ticket-pair leverage"));
    for name in ["Margin used", "Est. liquidation"] {
        assert!(!row(&perpetual, name).contains("hidden"), "{name}");
        assert!(row(&of(FRAMES[0]), name).contains("hidden"), "{name}");
    }
    assert!(is_hidden(&of(FRAMES[0]), "ticket-pair leverage"));
    assert!(perpetual.contains("Pays the spread + 1 bp, or walks a known book."));
    assert!(
        perpetual.contains("Expected funding: +0.31 USDT every 8 h (0.01%)."),
        "{perpetual}"
    );
    assert!(is_hidden(&of(FRAMES[0]), "carry") && !is_hidden(&perpetual, "carry"));
}

#[test]
fn a_paused_risk_guard_is_named() {
    let against = |frames: &[&str], side| {
        let form = filled(Kind::Market, &[(Field::Quantity, "0.05")]);
        with_ticket(frames, form, |ticket| {
            ticket.verdict(side, |verdict| verdict.order.as_ref().err().cloned())
        })
    };
    let mut frames = FRAMES.to_vec();
    assert_eq!(against(&frames, Side::Buy), None);
    frames.push(PAUSED);
    let sentence = against(&frames, Side::Buy).expect("nothing is opened");
    assert!(
        sentence.starts_with("New position openings stopped."),
        "{sentence}"
    );
    assert_eq!(against(&frames, Side::Sell), None, "it reduces the position");
}
