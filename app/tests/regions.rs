//! The regions of the account, from recorded frames to what a reader sees, and the store between them.
#![allow(clippy::unwrap_used, missing_docs)]

use leptos::prelude::*;
use tickwire_app::App;
use tickwire_app::boot::Boot;
use tickwire_app::realtime::toasts::{TOASTS_MAX, Toasts};
use tickwire_app::realtime::{Store, apply};
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::message::Message;

const NOON: &str = "1765357200000";

fn order(id: u32, status: &str, more: &str) -> String {
    format!(
        r#"{{"id":"order-{id}","symbol":"BTCUSDT","side":"sell","order_type":"LIMIT","quantity":0.1,"filled_quantity":0.02,
        "reduce_only":true,"status":"{status}","fee":0,"created_at":{NOON},"updated_at":{NOON}{more}}}"#
    )
}

fn fill(id: u32) -> String {
    format!(
        r#"{{"id":"exec-{id}","order_id":"order-1","position_id":"pos-1","symbol":"BTCUSDT","side":"buy",
        "quantity":0.10,"price":61000.1,"fee":0.610001,"fee_currency":"USDT","is_maker":true,"realized_pnl":-3.5,
        "timestamp":{NOON}}}"#
    )
}

const FUNDING: &str = r#"{"position_id":"pos-2","symbol":"BTCUSDT","side":"sell","quantity":1,"mark_price":61000,
    "rate":0.0001,"amount":6.1,"timestamp":1765356000000}"#;

fn alert(id: u32, severity: &str) -> String {
    format!(
        r#"{{"id":"alert-{id}","kind":"price","severity":"{severity}","message":"alert number {id}","timestamp":{NOON}}}"#
    )
}

/// A body as an event at a place of a topic.
fn event(kind: &str, topic: &str, seq: u64, body: &str) -> String {
    format!(r#"{{"type":"{kind}",{body},"topic":"{topic}","ep":7,"seq":{seq},"timestamp":{NOON}}}"#)
}

fn snapshot(kind: &str, seq: u64, body: &str) -> String {
    format!(r#"{{"type":"{kind}",{body},"ep":7,"seq":{seq},"timestamp":{NOON}}}"#)
}

fn order_event(seq: u64, id: u32, status: &str) -> String {
    let order = order(id, status, r#","price":62000"#);
    event(
        "ORDER_UPDATE",
        "orders",
        seq,
        &format!(r#""orderType":"LIMIT","order":{order}"#),
    )
}

fn desk() -> Vec<String> {
    let trailing = order(
        2,
        "NEW",
        r#","price":null,"peak_price":62500,"current_stop_price":62000"#,
    )
    .replace("\"LIMIT\"", "\"TRAILING_STOP\"");
    let paired = order(
        1,
        "PARTIALLY_FILLED",
        r#","price":62000,"post_only":true,"group":{"id":"group-1","kind":"OCO","role":"TAKE_PROFIT"}"#,
    );
    let gone = order(3, "CANCELLED", r#","price":61500,"reason":"SIBLING_FILLED""#);
    vec![
        snapshot("ORDERS", 10, &format!(r#""orders":[{paired},{trailing},{gone}]"#)),
        snapshot(
            "EXECUTIONS",
            20,
            &format!(r#""executions":[{}],"funding":[{FUNDING}]"#, fill(1)),
        ),
        snapshot(
            "ALERTS",
            5,
            &format!(
                r#""rules":[{{"id":"alert-9","symbol":"BTCUSDT","condition":"cross_above",
            "price":65000,"reference_price":61000,"note":"<b>sell</b>","status":"active","created_at":{NOON}}}],
            "alerts":[{}]"#,
                alert(4, "warning")
            ),
        ),
        snapshot(
            "LOGS",
            30,
            r#""lines":[{"level":"ERROR","module":"journal","message":"the disk is full",
            "timestamp":"2025-12-10T09:00:00"}]"#,
        ),
        snapshot(
            "RISK_STATUS_UPDATE",
            3,
            r#""data":{"status":"soft_pause","message":"Openings are paused.",
            "drawdown_pct":5.2,"daily_loss_pct":1.1,"cause":"drawdown","since":1765357200000,
            "limits":{"soft_drawdown_pct":5,"hard_drawdown_pct":10}}"#,
        ),
        format!(
            r#"{{"type":"EQUITY_UPDATE","data":{{"total_equity":10250.5,"peak_equity":10800,"current_equity":10250.5,
            "unrealized_pnl":25.05,"drawdown_pct":5.09,"day_equity":10300,"daily_loss_pct":0.48,"margin_ratio_pct":3.2}},
            "timestamp":{NOON}}}"#
        ),
        format!(
            r#"{{"type":"PERFORMANCE_UPDATE","data":{{"trades":4,"wins":3,"losses":1,"win_rate":75,"profit_factor":2.5,
            "expectancy":12.3,"average_win":20,"average_loss":10,"largest_win":30,"largest_loss":10,"net_pnl":49.2,
            "fees":3,"funding":6.1,"max_drawdown_pct":5.09,"sharpe":null,"sortino":null,
            "by_symbol":[{{"symbol":"BTCUSDT","trades":4,"wins":3,"net_pnl":49.2,"fees":3}}],
            "by_day":[{{"day":"2025-12-10","trades":4,"wins":3,"net_pnl":49.2,"fees":3}}],
            "equity_curve":[{{"time":1765350000000,"equity":10000}},{{"time":{NOON},"equity":10250.5}}]}},
            "timestamp":{NOON}}}"#
        ),
    ]
}

fn render(frames: Vec<String>) -> String {
    let boot = Boot {
        taken_at: TimestampMs(1_765_357_200_000),
        frames,
        ..Boot::default()
    };
    let owner = Owner::new();
    owner.with(|| {
        provide_context(boot);
        view! { <App /> }.to_html()
    })
}

/// What is read in one region, cells set apart.
fn region(html: &str, name: &str) -> String {
    let label = format!("aria-label=\"{name}\"");
    let region = html
        .split("<section")
        .find(|region| region.split('>').next().unwrap().contains(&label))
        .unwrap_or_else(|| panic!("no region {name}"));
    let region = region.split("</section>").next().unwrap();
    region
        .split('<')
        .filter_map(|piece| Some(piece.split_once('>')?.1.trim()))
        .filter(|text| !text.is_empty())
        .collect::<Vec<_>>()
        .join(" | ")
}

fn contains(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part} is not in: {text}");
    }
}

#[test]
fn orders_are_shown_with_prices_flags_groups_and_reasons() {
    let text = region(&render(desk()), "Orders");
    contains(
        &text,
        &[
            "Limit · OCO TP | 62,000.00",
            "0.02 / 0.1 | GTC · reduce-only · post-only | Partly filled",
            "Trailing stop",
            "62,000.00 · peak 62,500.00",
            "Waits for trigger",
            "Cancelled: the other leg was filled",
        ],
    );
}

#[test]
fn trades_have_fills_and_funding() {
    let text = region(&render(desk()), "Trades");
    contains(
        &text,
        &[
            "BUY | 0.1 | 61,000.10 | 0.6100 | Maker | \u{2212}3.50",
            "Short | 1 | 61,000.00 | Funding 0.01% | +6.10",
        ],
    );
}

#[test]
fn alerts_logs_and_what_owners_write_are_shown_as_text() {
    let html = render(desk());
    contains(
        &region(&html, "Alerts"),
        &[
            "BTCUSDT | rises to 65,000.00 | &lt;b&gt;sell&lt;/b&gt;",
            "warning | alert number 4",
        ],
    );
    contains(&region(&html, "Logs"), &["error | journal | the disk is full"]);
}

#[test]
fn risk_equity_and_performance_are_told_against_their_limits() {
    let html = render(desk());
    contains(
        &region(&html, "Risk"),
        &[
            "Soft pause",
            "Openings are paused.",
            "by the drawdown limit, since 12-10 09:00:00 UTC",
            "5.09% · pause at 5% · stop at 10%",
        ],
    );
    contains(
        &region(&html, "Equity"),
        &["10,800.00", "5.09%", "low 10,000.00 · high 10,250.50"],
    );
    contains(&region(&html, "Performance"), &["75.00%", "2.50", "+49.20"]);
    assert!(
        html.contains("it needs two whole days"),
        "an absent ratio says why"
    );
    assert!(html.contains("<div class=\"risk-banner\" role=\"alert\" data-status=\"soft\">"));
}

#[test]
fn nothing_is_said_of_risk_while_all_is_well_and_empty_lists_say_what_to_do() {
    let html = render(Vec::new());
    let banner = html
        .split("class=\"risk-banner\"")
        .nth(1)
        .unwrap()
        .split('>')
        .next()
        .unwrap();
    assert!(banner.contains("hidden"));
    contains(&region(&html, "Orders"), &["No open orders."]);
    contains(&region(&html, "Trades"), &["No trades yet."]);
}

#[test]
fn without_a_script_no_button_looks_alive() {
    let html = render(desk());
    let acts: Vec<&str> = html
        .split("<button")
        .skip(1)
        .map(|button| button.split('>').next().unwrap())
        .filter(|button| button.contains("class=\"button act"))
        .collect();
    assert!(acts.len() > 8, "{}", acts.len());
    for button in acts {
        assert!(button.contains("disabled"), "{button}");
    }
    assert!(html.contains("Live updates need JavaScript"));
}

struct Desk {
    store: Store,
    _owner: Owner,
}

fn store_after(frames: &[String]) -> Desk {
    let owner = Owner::new();
    owner.set();
    let store = Store::new();
    for frame in frames {
        apply(&store, Message::decode(frame).unwrap());
    }
    Desk { store, _owner: owner }
}

impl Desk {
    fn take(&self, frame: &str) {
        apply(&self.store, Message::decode(frame).unwrap());
    }

    fn counts(&self) -> (usize, usize, usize) {
        let lists = self.store.lists;
        [lists.open, lists.past, lists.trades]
            .map(|list| list.with_untracked(Vec::len))
            .into()
    }
}

#[test]
fn an_order_that_ends_moves_to_the_recent_ones() {
    let desk = store_after(&desk());
    assert_eq!(desk.counts(), (2, 1, 2));
    desk.take(&order_event(11, 1, "FILLED"));
    assert_eq!(desk.counts(), (1, 2, 2));
    desk.take(&order_event(12, 5, "NEW"));
    assert_eq!(desk.counts(), (2, 2, 2));
}

#[test]
fn what_the_snapshot_has_already_is_not_taken_in_again() {
    let desk = store_after(&desk());
    desk.take(&order_event(10, 8, "NEW"));
    assert_eq!(desk.counts().0, 2, "the snapshot is as of place 10");
    desk.take(&event(
        "EXECUTION_UPDATE",
        "executions",
        21,
        &format!("\"data\":{}", fill(1)),
    ));
    assert_eq!(desk.counts().2, 2, "a fill is told apart by its id");
    desk.take(&event(
        "EXECUTION_UPDATE",
        "executions",
        22,
        &format!("\"data\":{}", fill(2)),
    ));
    assert_eq!(desk.counts().2, 3);
}

#[test]
fn a_newer_snapshot_replaces_and_an_older_one_only_fills_up() {
    let desk = store_after(&desk());
    desk.take(&order_event(11, 5, "NEW"));
    let old = order(4, "FILLED", "");
    desk.take(&snapshot("ORDERS", 9, &format!(r#""orders":[{old}]"#)));
    assert_eq!(
        desk.counts(),
        (3, 2, 2),
        "open orders of an older moment are no news"
    );
    desk.take(&snapshot(
        "ORDERS",
        15,
        &format!(r#""orders":[{}]"#, order(6, "NEW", "")),
    ));
    assert_eq!(desk.counts(), (1, 0, 2));
    let other_history = snapshot("ORDERS", 1, r#""orders":[]"#).replace("\"ep\":7", "\"ep\":8");
    desk.take(&other_history);
    assert_eq!(desk.counts().0, 0);
}

/// A snapshot of so many open orders, of which others may have been left out.
fn open_orders(seq: u64, many: u32, more: bool) -> String {
    let orders: Vec<String> = (1..=many).map(|id| order(id, "NEW", "")).collect();
    let orders = orders.join(",");
    snapshot("ORDERS", seq, &format!(r#""orders":[{orders}],"more":{more}"#))
}

#[test]
fn a_list_that_is_not_whole_says_so() {
    let trades = |more| {
        let fills = [fill(1), fill(2)].join(",");
        let body = format!(r#""executions":[{fills}],"more":{more}"#);
        region(&render(vec![snapshot("EXECUTIONS", 20, &body)]), "Trades")
    };
    contains(&trades(false), &["Trades | 2 |"]);
    contains(&trades(true), &["Trades | 2+ |", "Export all as CSV"]);
    let orders = |more| region(&render(vec![open_orders(10, 1_000, more)]), "Orders");
    contains(&orders(false), &["Orders | 1000 |"]);
    contains(&orders(true), &["Orders | 1000+ |"]);
}

#[test]
fn open_orders_that_found_no_room_are_asked_for_when_there_is_some() {
    let desk = store_after(&[open_orders(10, 1_000, false)]);
    let lists = desk.store.lists;
    let state = || {
        (
            desk.counts().0,
            lists.has_more_open.get_untracked(),
            lists.wants_open(),
        )
    };
    assert_eq!(state(), (1_000, false, false));
    desk.take(&order_event(11, 1_001, "NEW"));
    assert_eq!(state(), (1_000, true, false), "the oldest had to go");
    for id in 2..=501 {
        desk.take(&order_event(u64::from(id) + 10, id, "FILLED"));
    }
    assert_eq!(state(), (500, true, false));
    desk.take(&order_event(512, 502, "FILLED"));
    assert_eq!(state(), (499, true, true));
    desk.take(&open_orders(513, 600, false));
    assert_eq!(state(), (600, false, false));
}

#[test]
fn a_row_that_stays_keeps_its_signal_over_a_snapshot() {
    let desk = store_after(&desk());
    let before = desk.store.lists.open.get_untracked();
    desk.take(&snapshot(
        "ORDERS",
        15,
        &format!(r#""orders":[{}]"#, order(1, "NEW", "")),
    ));
    let after = desk.store.lists.open.get_untracked();
    assert!(before.contains(&after[0]) && after.len() == 1);
}

#[test]
fn new_alerts_are_told_one_by_one_and_old_ones_counted() {
    let owner = Owner::new();
    owner.set();
    let toasts = Toasts::new();
    let now = TimestampMs(1_765_357_200_000);
    let tell = |id: u32, at: TimestampMs| {
        let frame = event(
            "ALERT",
            "alerts",
            id.into(),
            &format!("\"data\":{}", alert(id, "info")),
        );
        toasts.announce(&Message::decode(&frame).unwrap(), at);
    };
    for id in 1..=3 {
        tell(id, now + 60_000);
    }
    assert_eq!(toasts.all.with_untracked(Vec::len), 1);
    let text = format!("{:?}", toasts.all.get_untracked());
    assert!(text.contains("3 alerts while you were away"), "{text}");
    for id in 4..=9 {
        tell(id, now + 1_000);
    }
    assert_eq!(toasts.all.with_untracked(Vec::len), TOASTS_MAX);
    toasts.expire(now + 5_000);
    assert_eq!(toasts.all.with_untracked(Vec::len), TOASTS_MAX);
    toasts.expire(now + 60_000);
    assert_eq!(
        toasts.all.with_untracked(Vec::len),
        0,
        "what was good to know goes by itself"
    );
}
