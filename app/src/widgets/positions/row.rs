//! One position. One of two legs (spot bought, the perpetual sold) is one row, closed as a whole.

use std::sync::Arc;

use leptos::prelude::*;
use rust_decimal::Decimal;
use tickwire_protocol::account::Position;
use tickwire_protocol::command::{CloseCarry, ClosePosition, Instruction, ReversePosition};
use tickwire_protocol::market::Instrument;
use tickwire_protocol::money::Ratio;
use tickwire_protocol::order::Side;

use crate::address::{address_of, use_address};
use crate::derived::derived;
use crate::format;
use crate::plain::{Plain, el};
use crate::realtime::store::PositionRow;
use crate::realtime::{Answer, use_realtime};
use crate::widgets::act::{Action, Deed, Heard, Question, Risky};
use crate::widgets::direction::PnlText;
use crate::widgets::flash::FlashCell;
use crate::widgets::order_ticket::outcome::Asked;

const fn closing(label: &'static str) -> Action {
    Action {
        label,
        doing: "Closing…",
        done: "",
        class: "close",
    }
}

const REVERSE: Action = Action {
    label: "Reverse",
    doing: "Reversing…",
    done: "",
    class: "",
};

/// A row of the table. What never changes while the position lives is plain text.
#[component]
pub fn PositionRowView(
    /// The position.
    row: PositionRow,
    /// The last closing order of the panel: its result is told there, because the row is gone by then.
    asked: RwSignal<Option<Asked>>,
) -> impl IntoView {
    let address = use_address();
    let cell = RwSignal::from(row.cell.clone());
    let first = row.cell.get_untracked();
    let is_carry = first.strategy.is_some();
    let instrument = use_realtime()
        .store
        .instruments
        .with_untracked(|all| all.iter().find(|one| one.symbol == first.symbol).cloned());
    let scale = instrument.as_ref().map_or(2, Instrument::price_scale);
    let side = match first.side {
        _ if is_carry => "CARRY",
        Side::Buy => "LONG",
        Side::Sell => "SHORT",
    };
    let text = move |field: fn(&Position, u32) -> String| derived(move || cell.with(|all| field(all, scale)));
    let number = move |field: fn(&Position) -> Decimal| derived(move || Some(cell.with(field)));
    let mark = number(|all| all.current_price.get());
    let symbol = first.symbol.as_str().to_owned();
    let second = first.perp_symbol.map(|symbol| ["− ", symbol.as_str()].concat());
    let actions = actions(cell, instrument, asked);
    view! {
        <tr role="row" data-symbol=first.symbol.as_str().to_owned()>
            <th scope="row" role="rowheader" class="name" data-label="Symbol">
                <a href=address_of(first.symbol) on:click=move |click| address.follow(&click, address_of(first.symbol))>{symbol}</a>
                <small>{second}</small>
            </th>
            <td role="cell" class="side" data-label="Side"><span class="side-word" data-side=first.side.as_str()>{side}</span></td>
            <td role="cell" data-label="Quantity" class="num">{text(quantity)}</td>
            <td role="cell" data-label="Entry" class="num">{text(entry)}</td>
            <td role="cell" data-label="Mark" class="num">
                <FlashCell value=mark text=text(|all, scale| format::number(all.current_price.get(), scale)) />
            </td>
            <td role="cell" data-label="P&L" class="num"><PnlText amount=number(|all| all.current_pnl.get()) /></td>
            <td role="cell" data-label="P&L %" class="num">
                <PnlText amount=number(|all| all.pnl_pct.get()) is_percent=true />
            </td>
            <td role="cell" data-label="Value" class="num">
                {text(|all, _| format::number(all.notional.get(), format::MONEY_SCALE))}
            </td>
            <td role="cell" data-label="Margin" class="num">{text(margin)}</td>
            <td role="cell" data-label="Liquidation" class="num">{text(liquidation)}</td>
            <td role="cell" data-label="" class="actions">{actions}</td>
        </tr>
    }
}

fn quantity(all: &Position, _: u32) -> String {
    let legs = all.spot_quantity.zip(all.perp_quantity);
    match legs.filter(|(spot, perp)| spot != perp) {
        Some((spot, perp)) => [
            &format::quantity(spot.get()),
            " / ",
            &format::quantity(perp.get()),
        ]
        .concat(),
        None => format::quantity(all.quantity.get()),
    }
}

/// The average entry, of both legs where there are two.
fn entry(all: &Position, scale: u32) -> String {
    match all.spot_entry_price.zip(all.perp_entry_price) {
        Some((spot, perp)) => [
            &format::number(spot.get(), scale),
            " / ",
            &format::number(perp.get(), scale),
        ]
        .concat(),
        None => format::number(all.entry_price.get(), scale),
    }
}

/// What it ties up, at which leverage; and the funding where there was any.
fn margin(all: &Position, _: u32) -> String {
    let mut text = format::number(all.initial_margin.get(), format::MONEY_SCALE);
    if all.leverage > 1 {
        text.push_str(" · ");
        text.push_str(&all.leverage.to_string());
        text.push('×');
    }
    if !all.funding.is_zero() {
        text.push_str(" · funding ");
        text.push_str(&format::signed(all.funding.get(), format::MONEY_SCALE));
    }
    text
}

fn liquidation(all: &Position, scale: u32) -> String {
    let price = all.liquidation_price;
    price.map_or_else(
        || format::UNKNOWN.to_owned(),
        |price| format::number(price.get(), scale),
    )
}

/// The ways out: a part of it, all of it, or to the other side.
fn actions(
    cell: RwSignal<Position>,
    instrument: Option<Instrument>,
    asked: RwSignal<Option<Asked>>,
) -> Plain {
    let deed = Deed::new();
    let (symbol, carry) = cell.with_untracked(|all| (all.symbol, all.strategy.map(|_| all.id)));
    let name = symbol.as_str();
    let heard: Heard = Some(Arc::new(move |answer: Answer| {
        asked.set(instrument.clone().map(|rules| Asked { rules, answer }));
    }));
    if let Some(position_id) = carry {
        let make = move || {
            Some(Instruction::CloseCarry(CloseCarry {
                client_order_id: None,
                position_id,
            }))
        };
        let name = ["Close both legs of ", name].concat();
        let close = deed.button(closing("Close"), &name, None, Box::new(make));
        return el("div").with(vec![close, deed.notice()]);
    }
    let close = |label: &'static str, name: &str, percent: Option<i64>| {
        let percent = percent.map(|percent| Ratio::new(Decimal::from(percent)));
        let make = move || {
            Some(Instruction::ClosePosition(ClosePosition {
                client_order_id: None,
                symbol,
                percent,
            }))
        };
        deed.heard_button(closing(label), name, None, Box::new(make), heard.clone())
    };
    let question = Question {
        about: Risky::Reverse,
        text: Box::new(move || cell.with_untracked(turning)),
    };
    let reverse = move || {
        Some(Instruction::ReversePosition(ReversePosition {
            client_order_id: None,
            symbol,
        }))
    };
    el("div").with(vec![
        close("25%", &["Close 25% of ", name].concat(), Some(25)),
        close("50%", &["Close 50% of ", name].concat(), Some(50)),
        close("Close", &["Close ", name].concat(), None),
        deed.heard_button(
            REVERSE,
            &["Reverse ", name].concat(),
            Some(question),
            Box::new(reverse),
            heard.clone(),
        ),
    ])
}

fn turning(all: &Position) -> String {
    let (from, to) = match all.side {
        Side::Buy => (" from long ", " to short "),
        Side::Sell => (" from short ", " to long "),
    };
    let quantity = format::quantity(all.quantity.get());
    [
        "Turn ",
        all.symbol.as_str(),
        from,
        &quantity,
        to,
        &quantity,
        " at market?",
    ]
    .concat()
}
