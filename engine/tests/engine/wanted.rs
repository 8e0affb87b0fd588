//! Orders in the language of the scenarios: how they are wanted, and how they are told.
//!
//! ```text
//! buy 1 BTCUSDT                       market
//! buy 1 BTCUSDT limit 100             limit
//! sell 1 BTCUSDT stop 95 [limit 94]   stop-market, stop-limit
//! sell 1 BTCUSDT take 110 [limit 109] take-profit
//! sell 1 BTCUSDT trail 5 [from 110]   trailing stop, by a distance or `2%`
//! … reduce | post | ioc | fok | until 30s | as my-1
//! … tp EXIT | sl EXIT                 a bracket, where EXIT is a trigger `90`, a limit `=90`, both `90=89`, a trail `~5`
//! ```

use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::command::{AmendOrder, OrderRef, PlaceOco, PlaceOrder};
use tickwire_protocol::id::{ClientOrderId, Symbol};
use tickwire_protocol::order::{Exit, GroupRole, Order, OrderStatus, OrderType, Side, TimeInForce};

/// The word after `key`.
fn after<'a>(words: &[&'a str], key: &str) -> Option<&'a str> {
    let place = words.iter().position(|word| *word == key)?;
    Some(words[place + 1])
}

pub fn named(words: &[&str]) -> Option<ClientOrderId> {
    after(words, "as").map(|name| name.parse().unwrap())
}

fn side(word: &str) -> Side {
    match word {
        "buy" => Side::Buy,
        "sell" => Side::Sell,
        other => panic!("no side {other}"),
    }
}

fn exit(text: &str) -> Exit {
    let mut exit = Exit::default();
    if let Some(trail) = text.strip_prefix('~') {
        match trail.strip_suffix('%') {
            Some(percent) => exit.trail_percent = Some(percent.parse().unwrap()),
            None => exit.trail_distance = Some(trail.parse().unwrap()),
        }
        return exit;
    }
    let (trigger, price) = text.split_once('=').unwrap_or((text, ""));
    exit.trigger_price = Some(trigger)
        .filter(|t| !t.is_empty())
        .map(|t| t.parse().unwrap());
    exit.price = Some(price).filter(|p| !p.is_empty()).map(|p| p.parse().unwrap());
    exit
}

fn time(words: &[&str], now: TimestampMs) -> (TimeInForce, Option<TimestampMs>) {
    if let Some(until) = after(words, "until") {
        let (number, unit) = until.split_at(until.find(char::is_alphabetic).expect("30s or 1500ms"));
        let unit_ms = if unit == "ms" { 1 } else { 1000 };
        return (
            TimeInForce::Gtd,
            Some(now + number.parse::<i64>().unwrap() * unit_ms),
        );
    }
    let is = |word| words.contains(&word);
    match (is("ioc"), is("fok")) {
        (true, _) => (TimeInForce::Ioc, None),
        (_, true) => (TimeInForce::Fok, None),
        _ => (TimeInForce::Gtc, None),
    }
}

pub fn order(words: &[&str], now: TimestampMs) -> PlaceOrder {
    let [side_of, quantity, name, options @ ..] = words else {
        panic!("SIDE QUANTITY SYMBOL …")
    };
    let (stop, take, limit) = (
        after(options, "stop"),
        after(options, "take"),
        after(options, "limit"),
    );
    let trail = after(options, "trail");
    let order_type = match (stop, take, limit, trail) {
        (None, None, None, None) => OrderType::Market,
        (None, None, Some(_), None) => OrderType::Limit,
        (Some(_), None, None, None) => OrderType::StopMarket,
        (Some(_), None, Some(_), None) => OrderType::StopLimit,
        (None, Some(_), None, None) => OrderType::TakeProfitMarket,
        (None, Some(_), Some(_), None) => OrderType::TakeProfitLimit,
        _ => OrderType::TrailingStop,
    };
    let percent = trail.and_then(|trail| trail.strip_suffix('%'));
    let (time_in_force, expires_at) = time(options, now);
    PlaceOrder {
        client_order_id: named(options),
        order_type,
        price: limit.map(|price| price.parse().unwrap()),
        trigger_price: stop.or(take).map(|price| price.parse().unwrap()),
        trail_distance: trail
            .filter(|_| percent.is_none())
            .map(|trail| trail.parse().unwrap()),
        trail_percent: percent.map(|percent| percent.parse().unwrap()),
        activation_price: after(options, "from").map(|price| price.parse().unwrap()),
        time_in_force,
        expires_at,
        post_only: options.contains(&"post"),
        reduce_only: options.contains(&"reduce"),
        take_profit: after(options, "tp").map(exit),
        stop_loss: after(options, "sl").map(exit),
        ..PlaceOrder::market(
            Symbol::new(name).unwrap(),
            side(side_of),
            quantity.parse().unwrap(),
        )
    }
}

pub fn pair(words: &[&str], now: TimestampMs) -> PlaceOco {
    let [side_of, quantity, name, options @ ..] = words else {
        panic!("oco SIDE QUANTITY SYMBOL tp EXIT sl EXIT")
    };
    let (time_in_force, expires_at) = time(options, now);
    PlaceOco {
        client_order_id: named(options),
        symbol: Symbol::new(name).unwrap(),
        side: side(side_of),
        quantity: quantity.parse().unwrap(),
        take_profit: after(options, "tp").map(exit).unwrap_or_default(),
        stop_loss: after(options, "sl").map(exit).unwrap_or_default(),
        reduce_only: options.contains(&"reduce"),
        time_in_force,
        expires_at,
    }
}

pub fn order_ref(id: &str) -> OrderRef {
    match id.parse() {
        Ok(id) => OrderRef {
            order_id: Some(id),
            client_order_id: None,
        },
        Err(_) => OrderRef {
            order_id: None,
            client_order_id: Some(id.parse().unwrap()),
        },
    }
}

pub fn amend(id: &str, changes: &[&str]) -> AmendOrder {
    let OrderRef {
        order_id,
        client_order_id,
    } = order_ref(id);
    let trail = after(changes, "trail");
    let percent = trail.and_then(|trail| trail.strip_suffix('%'));
    AmendOrder {
        order_id,
        client_order_id,
        quantity: after(changes, "quantity").map(|text| text.parse().unwrap()),
        price: after(changes, "price").map(|text| text.parse().unwrap()),
        trigger_price: after(changes, "trigger").map(|text| text.parse().unwrap()),
        trail_distance: trail
            .filter(|_| percent.is_none())
            .map(|trail| trail.parse().unwrap()),
        trail_percent: percent.map(|percent| percent.parse().unwrap()),
        take_profit: after(changes, "tp").map(exit),
        stop_loss: after(changes, "sl").map(exit),
    }
}

/// One line: what it is while it waits untouched, what became of it otherwise.
pub fn describe(order: &Order) -> String {
    let id = order.id;
    let average = order.average_price.unwrap_or_default();
    let reason = order.reason.map_or(String::new(), |reason| {
        format!(" {}", serde_json::to_string(&reason).unwrap().trim_matches('"'))
    });
    let part = if order.filled_quantity.is_zero() {
        String::new()
    } else {
        format!(" {} of {} @ {average}", order.filled_quantity, order.quantity)
    };
    match order.status {
        OrderStatus::New => terms(order),
        OrderStatus::Triggered => format!("{id} triggered{part}"),
        OrderStatus::PartiallyFilled => format!("{id} part{part} fee {}", order.fee),
        OrderStatus::Filled => format!(
            "{id} filled {} @ {average} fee {}{reason}",
            order.filled_quantity, order.fee
        ),
        OrderStatus::Cancelled => format!("{id} cancelled{part}{reason}"),
        OrderStatus::Rejected => format!("{id} rejected{part}{reason}"),
        OrderStatus::Expired => format!("{id} expired{part}{reason}"),
    }
}

fn terms(order: &Order) -> String {
    let mut text = format!(
        "{} {} {} {}",
        order.id,
        order.side.as_str(),
        order.quantity,
        order.symbol
    );
    let trigger = if matches!(
        order.order_type,
        OrderType::TakeProfitMarket | OrderType::TakeProfitLimit
    ) {
        "take"
    } else {
        "stop"
    };
    let prices = [
        (trigger, order.trigger_price),
        ("limit", order.price),
        ("peak", order.peak_price),
        ("stop", order.current_stop_price),
    ];
    for (name, price) in prices {
        if let Some(price) = price {
            text.push_str(&format!(" {name} {price}"));
        }
    }
    if order.is_dormant {
        text.push_str(" dormant");
    }
    if order.arrives_at.is_some() {
        text.push_str(" on its way");
    }
    if let Some(carry) = order.carry {
        text.push_str(&format!(" of {carry}"));
    }
    if let Some(group) = order.group {
        let role = match group.role {
            GroupRole::Entry => "entry",
            GroupRole::TakeProfit => "tp",
            GroupRole::StopLoss => "sl",
        };
        text.push_str(&format!(" {role} of {}", group.id));
    }
    text
}
