//! What the order would come to, for either side, and how the venue would fill it.

use crate::derived::derived;
use leptos::prelude::*;
use rust_decimal::Decimal;
use tickwire_protocol::market::{LimitFill, VenueRules};
use tickwire_protocol::order::Side;

use super::decide;
use super::estimate::Outlook;
use super::form::Kind;
use super::state::Ticket;
use crate::format;

/// One figure of an outlook: its name, whether only perpetuals have it, how it is read and how it is written.
type Figure = (&'static str, bool, fn(&Outlook) -> Option<Decimal>, Written);

/// How a figure is written.
#[derive(Clone, Copy)]
enum Written {
    Price,
    Money,
    SmallMoney,
}

const FIGURES: [Figure; 6] = [
    ("Est. price", false, |all| Some(all.price.get()), Written::Price),
    ("Est. cost", false, |all| Some(all.cost.get()), Written::Money),
    ("Fee", false, |all| Some(all.fee.get()), Written::SmallMoney),
    ("Margin used", true, |all| Some(all.margin.get()), Written::Money),
    (
        "Available after",
        false,
        |all| Some(all.available_after.get()),
        Written::Money,
    ),
    (
        "Est. liquidation",
        true,
        |all| all.liquidation.map(|at| at.get()),
        Written::Price,
    ),
];

/// The figures when buying and when selling.
#[component]
pub fn Summary(
    /// The ticket that it belongs to.
    ticket: Ticket,
) -> impl IntoView {
    let quote = ticket.word(|rules| rules.quote.clone());
    let available = derived(move || {
        ticket.available.get().map_or_else(
            || format::UNKNOWN.to_owned(),
            |all| format::number(all.get(), format::MONEY_SCALE),
        )
    });
    let rows = FIGURES.map(|(name, is_perpetual, read, written)| {
        let is_hidden = derived(move || is_perpetual && !is_perpetual_of(ticket));
        let cell = move |side| derived(move || figure(ticket, side, read, written));
        let rate = derived(move || {
            if name == "Fee" {
                fee_rate(ticket)
            } else {
                String::new()
            }
        });
        view! {
            <tr hidden=is_hidden>
                <th scope="row">{name}<small>{rate}</small></th>
                <td class="num">{cell(Side::Buy)}</td>
                <td class="num">{cell(Side::Sell)}</td>
            </tr>
        }
    });
    let results = derived(move || {
        ticket.world.with(|world| {
            let Some(world) = world else {
                return String::new();
            };
            ticket
                .form
                .with(|form| ticket.verdicts.with(|both| decide::results(form, both, world)))
        })
    });
    let rules = derived(move || {
        let kind = ticket.form.with(|form| form.kind);
        super::known::venue_rules(&ticket.realtime.store)
            .map_or_else(String::new, |rules| in_words(&rules, kind))
    });
    view! {
        <p class="ticket-results">{results}</p>
        <dl class="facts ticket-available">
            <div class="fact">
                <dt>"Available"</dt>
                <dd class="num">{available} " " <small>{quote}</small></dd>
            </div>
        </dl>
        <table class="estimate">
            <thead>
                <tr>
                    <td></td>
                    <th scope="col" class="num is-buy">"Buy"</th>
                    <th scope="col" class="num is-sell">"Sell"</th>
                </tr>
            </thead>
            <tbody>{rows.into_iter().collect_view()}</tbody>
        </table>
        <p class="ticket-rules">{rules}</p>
    }
}

fn is_perpetual_of(ticket: Ticket) -> bool {
    let instrument = ticket.selection.instrument;
    instrument.with(|one| one.as_ref().is_some_and(|one| one.perpetual.is_some()))
}

fn figure(ticket: Ticket, side: Side, read: fn(&Outlook) -> Option<Decimal>, written: Written) -> String {
    let number = ticket.verdict(side, |verdict| verdict.outlook.as_ref().and_then(read));
    let Some(number) = number else {
        return format::UNKNOWN.to_owned();
    };
    match written {
        Written::Price => format::number(number, ticket.selection.price_scale()),
        Written::Money => format::number(number, format::MONEY_SCALE),
        Written::SmallMoney => format::small_money(number),
    }
}

/// Whose fee rate each side would pay: one where they agree.
fn fee_rate(ticket: Ticket) -> String {
    let Some(rules) = ticket.rules() else {
        return String::new();
    };
    let is_maker = |side| ticket.verdict(side, |verdict| verdict.outlook.is_some_and(|all| all.is_maker));
    let of = |is_maker| {
        let (word, rate) = if is_maker {
            (" maker ", rules.maker_fee_rate)
        } else {
            (" taker ", rules.taker_fee_rate)
        };
        [word, &format::rate(rate.get())].concat()
    };
    let (buy, sell) = (is_maker(Side::Buy), is_maker(Side::Sell));
    if buy == sell {
        of(buy)
    } else {
        [of(buy), of(sell)].join(" /")
    }
}

/// How the venue fills such an order.
pub fn in_words(rules: &VenueRules, kind: Kind) -> String {
    let limit = match rules.limit_fill {
        LimitFill::Through => "A resting limit order fills when the market trades through its price.",
        LimitFill::Touch => "A resting limit order fills when the market trades at its price.",
    };
    let bps = rules.slippage_bps.normalized().to_string();
    let taking = match kind {
        Kind::Market => "Pays",
        Kind::Oco => " The stop pays",
        _ => "Once triggered it pays",
    };
    let taking = [taking, " the spread + ", &bps, " bp, or walks a known book."].concat();
    let mut text = match kind {
        Kind::Limit | Kind::StopLimit => limit.to_owned(),
        Kind::Oco => limit.to_owned() + &taking,
        _ => taking,
    };
    if rules.latency_ms > 0 {
        text += &[" Orders arrive after ", &rules.latency_ms.to_string(), " ms."].concat();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_venues_rules_are_said_for_the_order_in_hand() {
        let rules = VenueRules {
            limit_fill: LimitFill::Through,
            slippage_bps: "1.0".parse().unwrap(),
            latency_ms: 0,
        };
        let touch = VenueRules {
            limit_fill: LimitFill::Touch,
            latency_ms: 50,
            ..rules
        };
        for (rules, kind, expected) in [
            (
                &rules,
                Kind::Market,
                "Pays the spread + 1 bp, or walks a known book.",
            ),
            (
                &rules,
                Kind::Limit,
                "A resting limit order fills when the market trades through its price.",
            ),
            (
                &rules,
                Kind::Stop,
                "Once triggered it pays the spread + 1 bp, or walks a known book.",
            ),
            (
                &touch,
                Kind::StopLimit,
                "A resting limit order fills when the market trades at its price. Orders arrive after 50 ms.",
            ),
            (
                &rules,
                Kind::Oco,
                "A resting limit order fills when the market trades through its price. The stop pays the spread + 1 bp, or walks a known book.",
            ),
        ] {
            assert_eq!(in_words(rules, kind), expected);
        }
    }
}
