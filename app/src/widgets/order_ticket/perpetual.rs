//! What only perpetuals have: a leverage to set, and with their spot market a cash-and-carry position to open.

use crate::derived::derived;
use leptos::prelude::*;
use rust_decimal::Decimal;
use tickwire_protocol::command::{Instruction, SetLeverage};
use tickwire_protocol::market::Instrument;
use tickwire_protocol::message::MarketUpdate;
use tickwire_protocol::money::{Amount, Price, Quantity};

use super::decide::{self, Verdict};
use super::estimate::World;
use super::state::{Ticket, leverage_of};
use crate::format;
use crate::realtime::use_ticker;

/// The leverage of the perpetual, which the server holds: it changes once that has said so.
#[component]
pub fn LeverageControl(
    /// The ticket that it belongs to.
    ticket: Ticket,
) -> impl IntoView {
    let typed = RwSignal::new(None::<String>);
    // Plain functions: a memo for each of these types would cost more than reading them again.
    let most = move || {
        let terms = ticket.rules().and_then(|rules| rules.perpetual);
        terms.map_or(0, |terms| terms.max_leverage)
    };
    let current = move || {
        ticket
            .world
            .with(|world| world.as_ref().map_or(1, |world| world.leverage))
    };
    let text = derived(move || typed.get().unwrap_or_else(|| current().to_string()));
    let wanted = move || {
        let number = text.with(|text| text.trim().parse::<u32>().ok());
        number.filter(|number| (1..=most()).contains(number))
    };
    let label = derived(move || match wanted() {
        Some(wanted) if wanted == current() => "Set".to_owned(),
        Some(wanted) => ["Set ", &wanted.to_string(), "×"].concat(),
        None => ["1 to ", &most().to_string()].concat(),
    });
    let is_off = derived(move || {
        let is_same = wanted().is_none_or(|wanted| wanted == current());
        is_same || ticket.is_pending() || ticket.paused().is_some()
    });
    let set = move |_| {
        let (Some(symbol), Some(leverage)) = (ticket.selection.symbol.get_untracked(), untrack(wanted))
        else {
            return;
        };
        let instruction = Instruction::SetLeverage(SetLeverage { symbol, leverage });
        ticket.send(instruction);
        typed.set(None);
    };
    view! {
        <div class="ticket-pair leverage" hidden=derived(move || most() == 0)>
            <label class="field">
                <span class="field-name">"Leverage"</span>
                <span class="field-box">
                    <input
                        type="text"
                        inputmode="numeric"
                        autocomplete="off"
                        name="leverage"
                        prop:value=text
                        on:input=move |event| typed.set(Some(event_target_value(&event)))
                    />
                    <span class="field-unit">"×"</span>
                </span>
            </label>
            <button type="button" class="button" disabled=is_off on:click=set>{label}</button>
        </div>
    }
}

/// Buys spot and sells the perpetual as one position, for the funding between them.
#[component]
pub fn CarryAction(
    /// The ticket that it belongs to.
    ticket: Ticket,
) -> impl IntoView {
    let instruments = ticket.realtime.store.instruments;
    let balance = ticket.realtime.store.balance.value;
    let other = derived(move || {
        let rules = ticket.rules()?;
        instruments.with(|all| all.iter().find(|one| are_pair(one, &rules)).cloned())
    });
    let ticker = use_ticker(derived(move || {
        other.with(|one| one.as_ref().map(|one| one.symbol))
    }));
    let verdict = move || {
        let (other, world, ticker) = (other.get()?, ticket.world.get()?, ticker.get()?);
        let leverage = balance.with(|all| {
            all.as_ref()
                .map_or(1, |all| leverage_of(&other, None, &all.leverage))
        });
        let other = world_of(&world, other, &ticker, leverage);
        let (spot, perpetual) = if world.rules.perpetual.is_some() {
            (other, world)
        } else {
            (world, other)
        };
        let verdict = ticket.form.with(|form| decide::carry(form, &spot, &perpetual));
        let words = words_of(&verdict, &spot, &perpetual, ticket, ticker);
        Some((verdict.order.ok(), words))
    };
    let words = derived(move || verdict().map_or_else(String::new, |one| one.1));
    let is_off = derived(move || {
        let is_fine = verdict().is_some_and(|one| one.0.is_some());
        !is_fine || ticket.is_pending() || ticket.paused().is_some()
    });
    let open = move |_| {
        if let Some((Some(instruction), _)) = untrack(verdict) {
            ticket.send(instruction);
        }
    };
    view! {
        <details class="carry" hidden=derived(move || other.with(Option::is_none))>
            <summary>"Cash and carry"</summary>
            <p>{words}</p>
            <button type="button" class="button" disabled=is_off on:click=open>"Open carry"</button>
        </details>
    }
}

/// Whether two instruments are a perpetual and the spot market that it follows.
fn are_pair(one: &Instrument, other: &Instrument) -> bool {
    let follows =
        |one: &Instrument, other: &Instrument| one.perpetual.is_some_and(|terms| terms.spot == other.symbol);
    follows(one, other) || follows(other, one)
}

/// The same account, turned to another market.
fn world_of(world: &World, rules: Instrument, ticker: &MarketUpdate, leverage: u32) -> World {
    World {
        bid: ticker.bid,
        ask: ticker.ask,
        last: ticker.price,
        mark: ticker.mark_price.unwrap_or(ticker.price),
        held: None,
        leverage,
        rules,
        ..world.clone()
    }
}

fn words_of(
    verdict: &Verdict,
    spot: &World,
    perpetual: &World,
    ticket: Ticket,
    other: MarketUpdate,
) -> String {
    let symbol = perpetual.rules.symbol;
    let quantity = match &verdict.order {
        Err(sentence) => return sentence.clone(),
        Ok(_) => verdict.quantity,
    };
    let ticker = if other.symbol == symbol {
        Some(other)
    } else {
        ticket.ticker()
    };
    let rate = ticker.and_then(|ticker| ticker.funding_rate);
    let Some(terms) = perpetual.rules.perpetual else {
        return String::new();
    };
    let rate = rate.unwrap_or(terms.funding_rate);
    let (amount, hours) = funding(quantity, perpetual.mark, rate.get(), terms.funding_interval_ms);
    let size = format::quantity(quantity.get());
    let legs = [
        "Buys ",
        &size,
        " ",
        &spot.rules.base,
        " and sells ",
        &size,
        " ",
        symbol.as_str(),
    ]
    .concat();
    let rate = format::rate(rate.get());
    let pays = format::signed(amount.get(), format::MONEY_SCALE);
    [
        &legs,
        " at market. Expected funding: ",
        &pays,
        " ",
        &spot.rules.quote,
        " every ",
        &hours,
        " h (",
        &rate,
        ").",
    ]
    .concat()
}

/// What a short gets at one funding, and the hours between two: `quantity × mark price × rate`.
fn funding(quantity: Quantity, mark: Price, rate: Decimal, interval_ms: i64) -> (Amount, String) {
    let amount = Amount::new(mark.times(quantity).get() * rate);
    let hours = Decimal::from(interval_ms) / Decimal::from(3_600_000);
    (amount, format::quantity(hours.round_dp(2)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::widgets::order_ticket::sample::{a, p, perpetual, q, spot};
    use tickwire_protocol::id::Symbol;

    #[test]
    fn a_perpetual_and_its_spot_market_are_a_pair() {
        let (mut spot, perpetual) = (spot("0").rules, perpetual("0", 5).rules);
        assert!(!are_pair(&spot, &perpetual), "it follows another one");
        spot.symbol = Symbol::new("ETHUSDT").unwrap();
        assert!(are_pair(&spot, &perpetual) && are_pair(&perpetual, &spot));
        assert!(!are_pair(&spot, &spot));
    }

    #[test]
    fn a_short_gets_the_rate_on_its_value() {
        let rate = |text: &str| text.parse().unwrap();
        let (amount, hours) = funding(q("0.1"), p("50000"), rate("0.0001"), 28_800_000);
        assert_eq!((amount, hours.as_str()), (a("0.5"), "8"));
        let (amount, hours) = funding(q("0.1"), p("50000"), rate("-0.0001"), 1_800_000);
        assert_eq!((amount, hours.as_str()), (a("-0.5"), "0.5"));
    }
}
