//! What the order would come to, for either side.

use crate::derived::derived;
use leptos::children::TypedChildren;
use leptos::prelude::*;
use rust_decimal::Decimal;
use tickwire_protocol::order::Side;

use super::estimate::Estimate;
use super::state::Ticket;
use crate::format;

/// Price, cost, fee and what is left, for buying and for selling.
#[component]
pub fn Summary(
    /// The ticket that it belongs to.
    ticket: Ticket,
) -> impl IntoView {
    let unknown = || format::UNKNOWN.to_owned();
    let price = move |side| {
        let price = move || {
            ticket
                .price(side)
                .map(|price| format::number(price.get(), ticket.selection.price_scale()))
        };
        derived(move || price().unwrap_or_else(unknown))
    };
    let of = move |side, field: fn(&Estimate) -> Decimal, write: fn(Decimal) -> String| {
        derived(move || {
            ticket
                .estimate(side)
                .map_or_else(unknown, |all| write(field(&all)))
        })
    };
    let money = |amount| format::number(amount, format::MONEY_SCALE);
    let rate = ticket.word(|rules| [" ", &format::rate(rules.taker_fee_rate.get())].concat());
    let quote = ticket.word(|rules| rules.quote.clone());
    let available = derived(move || {
        ticket
            .available
            .get()
            .map_or_else(unknown, |all| money(all.get()))
    });
    view! {
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
            <tbody>
                <SummaryRow buy=price(Side::Buy) sell=price(Side::Sell)>"Est. price"</SummaryRow>
                <SummaryRow buy=of(Side::Buy, |all| all.cost.get(), money) sell=of(Side::Sell, |all| all.cost.get(), money)>
                    "Est. cost"
                </SummaryRow>
                <SummaryRow
                    buy=of(Side::Buy, |all| all.fee.get(), format::small_money)
                    sell=of(Side::Sell, |all| all.fee.get(), format::small_money)
                >
                    "Fee"
                    <small>{rate}</small>
                </SummaryRow>
                <SummaryRow
                    buy=of(Side::Buy, |all| all.available_after.get(), money)
                    sell=of(Side::Sell, |all| all.available_after.get(), money)
                >
                    "Available after"
                </SummaryRow>
            </tbody>
        </table>
    }
}

/// One figure, for buying and for selling.
#[component]
fn SummaryRow<C: IntoView + 'static>(
    /// The figure when buying.
    buy: Memo<String>,
    /// The figure when selling.
    sell: Memo<String>,
    /// The figure's name.
    children: TypedChildren<C>,
) -> impl IntoView {
    view! {
        <tr>
            <th scope="row">{children.into_inner()()}</th>
            <td class="num">{buy}</td>
            <td class="num">{sell}</td>
        </tr>
    }
}
