//! Open positions, one row each, with a way out of each. On a phone the same rows are cards.

mod row;

use crate::derived::derived;
use leptos::prelude::*;

use crate::age;
use crate::realtime::{use_positions, use_realtime};
use crate::widgets::order_ticket::outcome;
use crate::widgets::panel::Panel;
use row::PositionRowView;

/// The region `Positions`.
#[component]
pub fn Positions() -> impl IntoView {
    let rows = use_positions();
    let realtime = use_realtime();
    let known_at = realtime.store.positions_at;
    let age = derived(move || age::of_account(realtime.status.moment(), known_at.get()));
    let count = derived(move || rows.with(Vec::len).to_string());
    let is_empty = derived(move || rows.with(Vec::is_empty));
    let none = derived(move || match known_at.with(Option::is_some) {
        true => "No open positions. Buy or sell in the order ticket to open one.",
        false => "Positions appear as soon as the account is connected.",
    });
    let asked = RwSignal::new(None);
    let told = outcome::follow(realtime, asked);
    view! {
        <Panel name="Positions" id="positions" age=age aside=view! { <span class="count">{count}</span> }>
            <table class="blotter" hidden=is_empty role="table">
                <thead role="rowgroup">
                    <tr role="row">
                        <th scope="col" role="columnheader">"Symbol"</th>
                        <th scope="col" role="columnheader">"Side"</th>
                        <th scope="col" role="columnheader">"Quantity"</th>
                        <th scope="col" role="columnheader">"Entry"</th>
                        <th scope="col" role="columnheader">"Mark"</th>
                        <th scope="col" role="columnheader">"P&L"</th>
                        <th scope="col" role="columnheader">"P&L %"</th>
                        <th scope="col" role="columnheader">"Value"</th>
                        <th scope="col" role="columnheader">"Close"</th>
                    </tr>
                </thead>
                <tbody role="rowgroup">
                    <For each=move || rows.get() key=|row| row.id let:row>
                        <PositionRowView row=row asked=asked />
                    </For>
                </tbody>
            </table>
            <p class="empty" hidden=derived(move || !is_empty.get())>{none}</p>
            <p class="notice" role="status" aria-live="polite" data-kind=told.kind>
                {told.text}
            </p>
        </Panel>
    }
}
