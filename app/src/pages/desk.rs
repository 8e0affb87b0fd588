//! The desk: its regions in the order that a phone stacks them and a keyboard walks through them; the css places them.

use leptos::prelude::*;

use crate::selection::provide_selection;
use crate::widgets::chart::ChartPanel;
use crate::widgets::order_ticket::OrderTicket;
use crate::widgets::portfolio::PortfolioPanel;
use crate::widgets::positions::Positions;
use crate::widgets::top_bar::TopBar;
use crate::widgets::watchlist::Watchlist;

/// The one screen of the desk.
#[component]
pub fn DeskPage() -> impl IntoView {
    provide_selection();
    view! {
        <div class="desk">
            <a class="skip" href="#ticket">"Skip to the order ticket"</a>
            <TopBar />
            <Watchlist />
            <ChartPanel />
            <div class="side">
                <OrderTicket />
                <PortfolioPanel />
            </div>
            <Positions />
            <nav class="tab-bar" aria-label="Parts of the desk">
                <a href="#watchlist">"Markets"</a>
                <a href="#chart">"Chart"</a>
                <a href="#ticket">"Trade"</a>
                <a href="#positions">"Positions"</a>
                <a href="#portfolio">"Account"</a>
            </nav>
        </div>
    }
}
