//! One message into the store: the one function for the frames that the page was born with and for those that the
//! socket brings, so that both show the same thing.

use std::sync::Arc;

use leptos::prelude::{Set as _, Update as _};
use tickwire_protocol::message::{Body, Message};
use tickwire_protocol::topic::Topic;

use super::lists::Entry;
use super::store::{Store, set_changed};

/// Takes in one message. What the desk does not show is left alone.
pub fn apply(store: &Store, message: Message) {
    let head = message.head;
    let at = head.timestamp;
    let lists = &store.lists;
    // The snapshots of the lists look at their places themselves.
    if !lists.reaches(head.topic, &head) {
        return;
    }
    match message.body {
        Body::Instruments(body) => {
            set_changed(store.rules, body.rules);
            set_changed(store.instruments, body.instruments);
        }
        Body::MarketUpdate(update) => store.ticker(update.symbol).set(Some(update)),
        Body::CandleUpdate(update) => {
            if let Some(series) = store.series_in_use(update.data.symbol, update.data.interval) {
                series.update(|series| series.apply(&update));
            }
        }
        Body::PositionUpdate(update) => store.put_positions(update.positions, at),
        Body::PortfolioUpdate(update) => store.portfolio.put(update.portfolio, at),
        Body::AccountBalanceUpdated(update) => store.balance.put(update.data, at),
        Body::DashboardUpdate(update) => store.dashboard.put(update.data, at),
        Body::StatusUpdate(update) => store.status.put(update.data, at),
        Body::EquityUpdate(update) => store.account.update(|all| all.equity = Some(update.data)),
        Body::PerformanceUpdate(update) => store.account.update(|all| all.performance = Some(update.data)),
        Body::RiskStatusUpdate(update) if head.topic.is_some() || lists.reaches(Some(Topic::Risk), &head) => {
            store.account.update(|all| all.risk = Some(update.data));
        }
        Body::OrderUpdate(update) => lists.put_order(update.order),
        Body::Orders(body) => lists.put_orders(&head, body),
        Body::ExecutionUpdate(update) => lists.put_trade(Entry::Fill(Arc::new(update.data))),
        Body::FundingUpdate(update) => lists.put_trade(Entry::Funding(Arc::new(update.data))),
        Body::Executions(body) => lists.put_executions(&head, body),
        Body::Alert(update) => lists.put_alert(update.data),
        Body::AlertRuleUpdate(update) => lists.put_rule(update.data),
        Body::Alerts(body) => lists.put_alerts(&head, body),
        Body::SystemLog(update) => lists.put_log(&head, update.data),
        Body::Logs(body) => lists.put_logs(&head, body),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::realtime::sample::FRAMES;
    use leptos::prelude::*;

    fn store_after(frames: &[&str]) -> Store {
        let store = Store::new();
        for frame in frames {
            apply(&store, Message::decode(frame).unwrap());
        }
        store
    }

    #[test]
    fn the_frames_of_a_page_fill_the_store() {
        let owner = Owner::new();
        owner.set();
        let store = store_after(&FRAMES);
        assert_eq!(store.instruments.with_untracked(Vec::len), 2);
        let symbol = store.instruments.with_untracked(|all| all[0].symbol);
        let price = store
            .ticker(symbol)
            .with_untracked(|ticker| ticker.map(|ticker| ticker.price.to_string()));
        assert_eq!(price.as_deref(), Some("61234.50"));
        assert_eq!(store.positions.with_untracked(Vec::len), 1);
        assert!(store.portfolio.value.with_untracked(Option::is_some));
        assert!(store.status.at.with_untracked(Option::is_some));
    }

    #[test]
    fn a_position_that_stays_keeps_its_signal_and_one_that_is_gone_goes() {
        let owner = Owner::new();
        owner.set();
        let store = store_after(&FRAMES);
        let cell = store.positions.with_untracked(|rows| rows[0].cell.clone());
        let positions = FRAMES
            .iter()
            .find(|frame| frame.contains("POSITION_UPDATE"))
            .unwrap();
        apply(
            &store,
            Message::decode(&positions.replace("\"current_pnl\":25.05", "\"current_pnl\":30.00")).unwrap(),
        );
        assert_eq!(
            cell.with_untracked(|position| position.current_pnl.to_string()),
            "30.00"
        );
        apply(
            &store,
            Message::decode(r#"{"type":"POSITION_UPDATE","positions":[],"timestamp":5}"#).unwrap(),
        );
        assert!(store.positions.with_untracked(Vec::is_empty));
    }
}
