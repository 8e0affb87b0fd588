//! The desk: its regions in the order that a phone stacks them and a keyboard walks through them; the css places them.
//! Where room is short, regions share it as tabs: without JavaScript they are links to what is stacked, and
//! `public/desk.js` makes tabs of them.

use leptos::prelude::*;

use crate::selection::provide_selection;
use crate::widgets::act::{confirm_dialog, provide_questions};
use crate::widgets::alerts::alerts;
use crate::widgets::chart::ChartPanel;
use crate::widgets::equity::equity;
use crate::widgets::logs::logs;
use crate::widgets::order_ticket::OrderTicket;
use crate::widgets::orders::orders;
use crate::widgets::performance::performance;
use crate::widgets::portfolio::PortfolioPanel;
use crate::widgets::positions::Positions;
use crate::widgets::risk::{risk, risk_banner};
use crate::widgets::toasts::toast_stack;
use crate::widgets::top_bar::TopBar;
use crate::widgets::trades::trades;
use crate::widgets::watchlist::Watchlist;

/// The one screen of the desk.
#[component]
pub fn DeskPage() -> impl IntoView {
    provide_selection();
    provide_questions();
    view! {
        <div class="desk">
            <a class="skip" href="#ticket">"Skip to the order ticket"</a>
            <div class="top">
                {risk_banner()}
                <TopBar />
            </div>
            <Watchlist />
            <ChartPanel />
            <div class="side">
                <OrderTicket />
                <div class="tab-group account" data-tabs="Account">
                    <nav class="tabs" aria-label="Account">
                        <a href="#portfolio">"Portfolio"</a>
                        <a href="#equity">"Equity"</a>
                        <a href="#risk">"Risk"</a>
                        <a href="#performance">"Performance"</a>
                    </nav>
                    <div class="tab-panel"><PortfolioPanel /></div>
                    <div class="tab-panel">{equity()}</div>
                    <div class="tab-panel">{risk()}</div>
                    <div class="tab-panel">{performance()}</div>
                </div>
            </div>
            <div class="tab-group dock" data-tabs="Blotter">
                <nav class="tabs" aria-label="Blotter">
                    <a href="#positions">"Positions"</a>
                    <a href="#orders">"Orders"</a>
                    <a href="#trades">"Trades"</a>
                    <a href="#alerts">"Alerts"</a>
                    <a href="#logs">"Logs"</a>
                </nav>
                <div class="tab-panel"><Positions /></div>
                <div class="tab-panel">{orders()}</div>
                <div class="tab-panel">{trades()}</div>
                <div class="tab-panel">{alerts()}</div>
                <div class="tab-panel">{logs()}</div>
            </div>
            <nav class="tab-bar" aria-label="Parts of the desk">
                <a href="#watchlist">"Markets"</a>
                <a href="#ticket">"Trade"</a>
                <a href="#positions">"Positions"</a>
                <a href="#orders">"Orders"</a>
                <a href="#portfolio">"Account"</a>
                <a href="#risk">"Risk"</a>
            </nav>
            {toast_stack()}
            {confirm_dialog()}
        </div>
    }
}
