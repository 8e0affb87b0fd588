//! How much, as a share: of what is available, or of the position where the order only reduces it.

use crate::derived::derived;
use leptos::prelude::*;
use rust_decimal::Decimal;
use tickwire_protocol::money::Price;
use tickwire_protocol::order::Side;

use super::estimate::{World, floor_to_step};
use super::form::{Field, Form, Kind};
use super::state::Ticket;

/// Shares that one click takes.
const SHARES: [i64; 4] = [25, 50, 75, 100];

/// The buttons for shares.
#[component]
pub fn Shares(
    /// The ticket that it belongs to.
    ticket: Ticket,
) -> impl IntoView {
    let take = move |percent: i64| {
        let priced = ticket.verdict(Side::Buy, |verdict| verdict.outlook.map(|all| all.price));
        if let Some(world) = ticket.world.get_untracked() {
            ticket.form.update(|form| {
                let text = share(form, &world, percent, priced);
                form.put(Field::Quantity, text);
            });
        }
    };
    let name = derived(move || {
        let is_reducing = ticket.form.with(|form| form.reduce_only);
        if is_reducing {
            "Share of the position"
        } else {
            "Share of the available balance"
        }
    });
    view! {
        <div class="shares" role="group" aria-label=name>
            {SHARES
                .map(|percent| {
                    view! {
                        <button type="button" class="share" on:click=move |_| take(percent)>
                            {percent.to_string() + "%"}
                        </button>
                    }
                })
                .into_iter()
                .collect_view()}
        </div>
    }
}

/// The quantity that is a share, as it is typed.
fn share(form: &Form, world: &World, percent: i64, priced: Option<Price>) -> String {
    let market = world.slipped(Side::Buy, world.ask);
    // A limit's own price, where there is one; an empty form is priced by the market.
    let typed = form.number(Field::Price).ok().flatten().map(Price::new);
    let price = match form.kind {
        Kind::Market => market,
        _ => priced.or(typed).unwrap_or(market),
    };
    let quantity = match world.held {
        Some(held) if form.reduce_only => {
            floor_to_step(held.quantity.get() * Decimal::new(percent, 2), &world.rules)
        }
        _ => world.share_of_available(percent, price),
    };
    if form.in_quote {
        // Rounded up to the cent, so that the same quantity comes out again.
        let cents = price.times(quantity).get() * Decimal::ONE_HUNDRED;
        (cents.ceil() / Decimal::ONE_HUNDRED).to_string()
    } else {
        quantity.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::widgets::order_ticket::estimate::Held;
    use crate::widgets::order_ticket::sample::{p, q, spot};
    use tickwire_protocol::money::Amount;

    #[test]
    fn a_share_is_one_of_what_is_available_or_of_what_is_to_be_reduced() {
        let mut form = Form::default();
        let mut world = spot("10000");
        assert_eq!(share(&form, &world, 50, None), "0.099");
        form.kind = Kind::Limit;
        form.put(Field::Price, "40000".to_owned());
        assert_eq!(share(&form, &world, 50, None), "0.124");
        assert_eq!(share(&form, &world, 50, Some(p("20000"))), "0.249");
        form.in_quote = true;
        assert_eq!(share(&form, &world, 50, None), "4960");
        form.in_quote = false;
        world.held = Some(Held {
            side: Side::Buy,
            quantity: q("0.333"),
            entry: p("50000"),
            maintenance: Amount::ZERO,
        });
        assert_eq!(share(&form, &world, 50, None), "0.124", "it adds");
        form.reduce_only = true;
        assert_eq!(share(&form, &world, 50, None), "0.166");
        assert_eq!(share(&form, &world, 100, None), "0.333");
    }
}
