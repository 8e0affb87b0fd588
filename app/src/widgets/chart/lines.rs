//! The lines on the chart: positions and open orders of the selected instrument, and what moving one of them amends.

use rust_decimal::Decimal;
use tickwire_protocol::account::Position;
use tickwire_protocol::command::AmendOrder;
use tickwire_protocol::id::OrderId;
use tickwire_protocol::market::Instrument;
use tickwire_protocol::money::{Price, Ratio};
use tickwire_protocol::order::{GroupRole, Order, OrderStatus, OrderType, Side};

use crate::format;
use crate::realtime::Answer;
use crate::widgets::order_ticket::to_tick;

/// Decimal places of a trailing stop's percentage that a drag sets.
const PERCENT_SCALE: u32 = 2;

/// A line at a price.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// What lines are told apart by: `order-12:trigger`.
    pub key: String,
    /// Where.
    pub price: Price,
    /// The name of its colour.
    pub tone: &'static str,
    /// What stands at it: `LONG 0.1`, `SELL 0.1 STOP`.
    pub label: String,
    /// The open order that it moves; positions cannot be moved.
    pub order: Option<OrderId>,
    /// Whether it waits for the answer to a move.
    pub is_pending: bool,
}

/// Which price of an order a line stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The limit price.
    Price,
    /// The trigger price.
    Trigger,
    /// Where a trailing stop would trigger now.
    Trail,
}

impl Part {
    const ALL: [Part; 3] = [Part::Price, Part::Trigger, Part::Trail];

    const fn name(self) -> &'static str {
        match self {
            Part::Price => "price",
            Part::Trigger => "trigger",
            Part::Trail => "trail",
        }
    }

    /// Where the order has it now. A trigger that was reached is of no use any more.
    fn of(self, order: &Order) -> Option<Price> {
        match self {
            Part::Price => order.price,
            Part::Trigger => order.trigger_price.filter(|_| order.status == OrderStatus::New),
            Part::Trail => order.current_stop_price,
        }
    }
}

/// A line that was moved.
#[derive(Clone, Debug)]
pub struct Move {
    /// The line.
    pub key: String,
    /// Where it was.
    pub from: Price,
    /// Where it was dropped.
    pub to: Price,
    /// What the server says.
    pub answer: Answer,
}

/// The entry of a position, and where it would be liquidated.
pub fn of_position(position: &Position) -> Vec<Line> {
    let (tone, word) = match position.side {
        Side::Buy => ("long", "LONG "),
        Side::Sell => ("short", "SHORT "),
    };
    let line = |part: &str, price, tone, label| Line {
        key: [&position.id.to_string(), ":", part].concat(),
        price,
        tone,
        label,
        order: None,
        is_pending: false,
    };
    let quantity = format::quantity(position.quantity.get());
    let entry = line("entry", position.entry_price, tone, word.to_owned() + &quantity);
    let liquidation = position.liquidation_price.map(|price| {
        let label = ["LIQUIDATION ", word.trim_end()].concat();
        line("liquidation", price, "warn", label)
    });
    [Some(entry), liquidation].into_iter().flatten().collect()
}

/// The prices of an open order: one line each.
pub fn of_order(order: &Order) -> Vec<Line> {
    let (tone, word) = match order.side {
        Side::Buy => ("long", "BUY "),
        Side::Sell => ("short", "SELL "),
    };
    let quantity = format::quantity(order.remaining().get());
    let lines = Part::ALL.into_iter().filter_map(|part| {
        Some(Line {
            key: [&order.id.to_string(), ":", part.name()].concat(),
            price: part.of(order)?,
            tone,
            label: [word, &quantity, " ", kind_of(order, part)].concat(),
            order: Some(order.id),
            is_pending: false,
        })
    });
    lines.collect()
}

fn kind_of(order: &Order, part: Part) -> &'static str {
    let role = order.group.map(|group| group.role);
    match (role, order.order_type, part) {
        (_, OrderType::TrailingStop, _) => "TRAIL",
        (_, OrderType::StopLimit | OrderType::TakeProfitLimit, Part::Price) => "LIMIT",
        (Some(GroupRole::TakeProfit), ..) => "TP",
        (Some(GroupRole::StopLoss), ..) => "SL",
        (_, OrderType::StopMarket | OrderType::StopLimit, _) => "STOP",
        (_, OrderType::TakeProfitMarket | OrderType::TakeProfitLimit, _) => "TP",
        (_, OrderType::Limit | OrderType::Market, _) => "LIMIT",
    }
}

/// Puts lines where they were dropped for as long as the server has not said where they are: until it refuses, or the
/// order has changed.
pub fn moved(lines: &mut [Line], moves: &[Move]) {
    use leptos::prelude::With as _;
    for line in lines {
        let last = moves.iter().rev().find(|one| one.key == line.key);
        if let Some(one) = last
            && one.answer.with(|answer| !matches!(answer, Some(Err(_))))
            && line.price == one.from
        {
            line.price = one.to;
            line.is_pending = true;
        }
    }
}

/// The lines as the adapter reads them.
pub fn written(lines: &[Line]) -> String {
    let rows = lines.iter().map(|line| {
        let order = line.order.map_or_else(String::new, |id| id.to_string());
        let (title, label) = match line.order {
            Some(_) => ("", line.label.as_str()),
            None => (line.label.as_str(), ""),
        };
        let state = if line.is_pending { "pending" } else { "" };
        let price = line.price.to_string();
        [&line.key, price.as_str(), line.tone, title, &order, label, state].join("\t")
    });
    rows.collect::<Vec<_>>().join("\n")
}

/// What was dropped at `text`: the order, the move's two prices, and the command. Nothing where the order is gone or the
/// price is none.
pub fn amend(
    orders: &[Order],
    key: &str,
    text: &str,
    rules: &Instrument,
) -> Option<(Price, Price, AmendOrder)> {
    let (id, part) = key.split_once(':')?;
    let part = Part::ALL.into_iter().find(|one| one.name() == part)?;
    let order = orders.iter().find(|order| order.id.to_string() == id)?;
    let from = part.of(order)?;
    let to = to_tick(text.parse::<Price>().ok()?.get(), rules.tick_size);
    if !to.is_positive() {
        return None;
    }
    let mut command = AmendOrder {
        order_id: Some(order.id),
        ..AmendOrder::default()
    };
    match part {
        Part::Price => command.price = Some(to),
        Part::Trigger => command.trigger_price = Some(to),
        Part::Trail => trail(order, to, &mut command)?,
    }
    Some((from, to, command))
}

/// A trailing stop is moved by its distance from the best price, in the unit that its owner chose.
fn trail(order: &Order, to: Price, command: &mut AmendOrder) -> Option<()> {
    let peak = order.peak_price?;
    let distance = match order.side {
        Side::Sell => peak - to,
        Side::Buy => to - peak,
    };
    if !distance.is_positive() {
        return None;
    }
    if order.trail_percent.is_some() {
        let percent = (distance.get() * Decimal::ONE_HUNDRED).checked_div(peak.get())?;
        command.trail_percent = Some(Ratio::new(percent).rounded(PERCENT_SCALE));
    } else {
        command.trail_distance = Some(distance);
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use leptos::prelude::{Owner, Set as _};
    use tickwire_protocol::clock::TimestampMs;
    use tickwire_protocol::error::{ErrorCode, Refusal};
    use tickwire_protocol::id::Symbol;
    use tickwire_protocol::message::{Ack, Body, ErrorBody, Message};
    use tickwire_protocol::order::{Group, GroupKind};

    fn p(text: &str) -> Price {
        text.parse().unwrap()
    }

    fn rules() -> Instrument {
        match Message::decode(crate::realtime::sample::FRAMES[0]).unwrap().body {
            Body::Instruments(mut body) => body.instruments.remove(0),
            _ => panic!("the first sample frame has the instruments"),
        }
    }

    fn order(order_type: OrderType) -> Order {
        let symbol = Symbol::new("BTCUSDT").unwrap();
        let quantity = "0.5".parse().unwrap();
        let id = OrderId(12);
        let mut order = Order::accepted(id, symbol, Side::Sell, order_type, quantity, TimestampMs(1));
        order.price = order_type.has_price().then(|| p("48900"));
        order.trigger_price = order_type.has_trigger().then(|| p("49000"));
        if order_type == OrderType::TrailingStop {
            order.peak_price = Some(p("50000"));
            order.current_stop_price = Some(p("49500"));
        }
        order
    }

    fn told(order: &Order) -> Vec<String> {
        let line = |line: &Line| [&line.key, " ", &line.label, " ", &line.price.to_string()].concat();
        of_order(order).iter().map(line).collect()
    }

    #[test]
    fn an_order_has_a_line_for_each_of_its_prices() {
        for (order_type, expected) in [
            (OrderType::Market, vec![]),
            (OrderType::Limit, vec!["order-12:price SELL 0.5 LIMIT 48900"]),
            (
                OrderType::StopMarket,
                vec!["order-12:trigger SELL 0.5 STOP 49000"],
            ),
            (
                OrderType::StopLimit,
                vec![
                    "order-12:price SELL 0.5 LIMIT 48900",
                    "order-12:trigger SELL 0.5 STOP 49000",
                ],
            ),
            (
                OrderType::TakeProfitMarket,
                vec!["order-12:trigger SELL 0.5 TP 49000"],
            ),
            (
                OrderType::TrailingStop,
                vec!["order-12:trail SELL 0.5 TRAIL 49500"],
            ),
        ] {
            assert_eq!(told(&order(order_type)), expected, "{order_type:?}");
        }
    }

    #[test]
    fn labels_tell_what_is_left_and_the_part_in_a_group() {
        let mut leg = order(OrderType::Limit);
        leg.side = Side::Buy;
        leg.filled_quantity = "0.2".parse().unwrap();
        leg.group = Some(Group {
            id: "group-3".parse().unwrap(),
            kind: GroupKind::Bracket,
            role: GroupRole::TakeProfit,
        });
        assert_eq!(told(&leg), ["order-12:price BUY 0.3 TP 48900"]);
        let mut stop = order(OrderType::StopLimit);
        stop.status = OrderStatus::Triggered;
        assert_eq!(
            told(&stop),
            ["order-12:price SELL 0.5 LIMIT 48900"],
            "its trigger is past"
        );
    }

    #[test]
    fn a_position_has_lines_that_nothing_moves() {
        let frame = crate::realtime::sample::FRAMES[3].replace(
            "\"status\":\"open\"",
            "\"status\":\"open\",\"liquidation_price\":40000.00",
        );
        let Body::PositionUpdate(update) = Message::decode(&frame).unwrap().body else {
            panic!("the fourth sample frame has a position");
        };
        let lines = of_position(&update.positions[0]);
        assert_eq!(
            written(&lines),
            "pos-123:entry\t60984.00\tlong\tLONG 0.1\t\t\t\npos-123:liquidation\t40000.00\twarn\tLIQUIDATION LONG\t\t\t"
        );
    }

    #[test]
    fn a_dropped_line_amends_the_price_that_it_stands_for() {
        let amended = |order: Order, part: &str, text: &str| {
            let key = ["order-12:", part].concat();
            amend(&[order], &key, text, &rules()).map(|(from, to, command)| {
                assert_eq!(command.order_id, Some(OrderId(12)));
                (from, to, command)
            })
        };
        let (from, to, command) = amended(order(OrderType::Limit), "price", "48950.04").unwrap();
        assert_eq!(
            (from, to, command.price),
            (p("48900"), p("48950"), Some(p("48950")))
        );
        let (_, _, command) = amended(order(OrderType::StopLimit), "trigger", "48000").unwrap();
        assert_eq!((command.price, command.trigger_price), (None, Some(p("48000"))));
        let (_, _, command) = amended(order(OrderType::TrailingStop), "trail", "49400").unwrap();
        assert_eq!(command.trail_distance, Some(p("600")));
        let mut by_percent = order(OrderType::TrailingStop);
        by_percent.trail_percent = Some("1".parse().unwrap());
        let (_, _, command) = amended(by_percent, "trail", "49400").unwrap();
        assert_eq!(
            (command.trail_distance, command.trail_percent),
            (None, Some("1.2".parse().unwrap()))
        );
        for (kind, part, text) in [
            (OrderType::TrailingStop, "trail", "50000"),
            (OrderType::Limit, "trigger", "48000"),
            (OrderType::Limit, "price", "0.04"),
            (OrderType::Limit, "price", "NaN"),
        ] {
            assert_eq!(amended(order(kind), part, text), None, "{kind:?} {part} {text}");
        }
        assert_eq!(amend(&[], "order-12:price", "1", &rules()), None, "it is gone");
    }

    #[test]
    fn a_moved_line_waits_and_goes_back_when_refused() {
        let owner = Owner::new();
        owner.set();
        let one = Move {
            key: "order-12:price".to_owned(),
            from: p("48900"),
            to: p("48950"),
            answer: Answer::default(),
        };
        let shown = |order: &Order| {
            let mut lines = of_order(order);
            moved(&mut lines, std::slice::from_ref(&one));
            (lines[0].price, lines[0].is_pending)
        };
        let mut limit = order(OrderType::Limit);
        assert_eq!(shown(&limit), (p("48950"), true));
        one.answer.set(Some(Ok(Ack::default())));
        assert_eq!(shown(&limit), (p("48950"), true), "the order has not said so yet");
        limit.price = Some(p("48950"));
        assert_eq!(shown(&limit), (p("48950"), false));
        limit.price = Some(p("48900"));
        let refusal = Refusal::new(ErrorCode::InsufficientBalance, "too dear");
        one.answer.set(Some(Err(ErrorBody::from(refusal))));
        assert_eq!(shown(&limit), (p("48900"), false), "back where it was");
    }
}
