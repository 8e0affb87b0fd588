//! One position.

use crate::derived::derived;
use leptos::prelude::*;
use tickwire_protocol::account::Position;
use tickwire_protocol::command::{ClosePosition, Command, Instruction};
use tickwire_protocol::market::Instrument;
use tickwire_protocol::order::Side;

use crate::address::{address_of, use_address};
use crate::format;
use crate::realtime::store::PositionRow;
use crate::realtime::use_realtime;
use crate::widgets::direction::PnlText;
use crate::widgets::flash::FlashCell;
use crate::widgets::order_ticket::outcome::Asked;

/// A row of the table. What never changes while the position lives is plain text.
#[component]
pub fn PositionRowView(
    /// The position.
    row: PositionRow,
    /// The last closing order of the panel.
    asked: RwSignal<Option<Asked>>,
) -> impl IntoView {
    let address = use_address();
    let cell = RwSignal::from(row.cell.clone());
    let first = row.cell.get_untracked();
    let instrument = use_realtime()
        .store
        .instruments
        .with_untracked(|all| all.iter().find(|one| one.symbol == first.symbol).cloned());
    let scale = instrument.as_ref().map_or(2, Instrument::price_scale);
    let side = match first.side {
        Side::Buy => "LONG",
        Side::Sell => "SHORT",
    };
    let text = move |field: fn(&Position, u32) -> String| derived(move || cell.with(|all| field(all, scale)));
    let number = move |field: fn(&Position) -> rust_decimal::Decimal| derived(move || Some(cell.with(field)));
    let mark = number(|all| all.current_price.get());
    view! {
        <tr role="row" data-symbol=first.symbol.as_str().to_owned()>
            <th scope="row" role="rowheader" data-label="Symbol">
                <a href=address_of(first.symbol) on:click=move |click| address.follow(&click, address_of(first.symbol))>{first.symbol.as_str().to_owned()}</a>
            </th>
            <td role="cell" data-label="Side"><span class="side-word" data-side=first.side.as_str()>{side}</span></td>
            <td role="cell" data-label="Quantity" class="num">
                {text(|all, _| format::quantity(all.quantity.get()))}
            </td>
            <td role="cell" data-label="Entry" class="num">
                {text(|all, scale| format::number(all.entry_price.get(), scale))}
            </td>
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
            <td role="cell" data-label="" class="actions"><CloseButton cell=cell instrument=instrument asked=asked /></td>
        </tr>
    }
}

/// Closes the whole position at market.
#[component]
fn CloseButton(
    /// The position.
    cell: RwSignal<Position>,
    /// The rules of its instrument.
    instrument: Option<Instrument>,
    /// The last closing order of the panel: its result is told there, because the row is gone by then.
    asked: RwSignal<Option<Asked>>,
) -> impl IntoView {
    let realtime = use_realtime();
    let symbol = cell.with_untracked(|all| all.symbol);
    let is_pending = derived(move || {
        asked.with(|asked| {
            asked
                .as_ref()
                .is_some_and(|one| one.rules.symbol == symbol && one.answer.with(Option::is_none))
        })
    });
    let is_off = derived(move || is_pending.get() || !realtime.is_live());
    let label = derived(move || if is_pending.get() { "Closing…" } else { "Close" });
    let close = move |_| {
        let command = ClosePosition {
            client_order_id: None,
            symbol,
            percent: None,
        };
        let answer = realtime.send(Command::Instruct(Instruction::ClosePosition(command)));
        asked.set(instrument.clone().map(|rules| Asked { rules, answer }));
    };
    view! {
        <button type="button" class="button close" disabled=is_off aria-label=["Close ", symbol.as_str()].concat() on:click=close>
            {label}
        </button>
    }
}
