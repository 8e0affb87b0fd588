//! The ticket's judgement, in tables: what is filled in, and the command or the sentence that comes of it.

use super::*;
use crate::widgets::order_ticket::estimate::Held;
use crate::widgets::order_ticket::sample::{a, p, perpetual, q, spot};
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::money::Amount;

/// A form of a kind, 0.01 of it, with these fields filled in.
fn form(kind: Kind, fields: &[(Field, &str)]) -> Form {
    let mut form = Form {
        kind,
        ..Form::default()
    };
    form.put(Field::Quantity, "0.01".to_owned());
    for (field, text) in fields {
        form.put(*field, (*text).to_owned());
    }
    form
}

fn bracket(kind: Kind, fields: &[(Field, &str)]) -> Form {
    Form {
        bracket: true,
        ..form(kind, fields)
    }
}

fn placed(form: &Form, side: Side, world: &World) -> PlaceOrder {
    match decide(form, side, world).order {
        Ok(Instruction::PlaceOrder(order)) => order,
        other => panic!("no order, but {other:?}"),
    }
}

fn against(form: &Form, side: Side, world: &World) -> String {
    decide(form, side, world)
        .order
        .expect_err("nothing is against it")
}

fn long(quantity: &str) -> Option<Held> {
    Some(Held {
        side: Side::Buy,
        quantity: q(quantity),
        entry: p("50000"),
        maintenance: Amount::ZERO,
    })
}

#[test]
fn each_kind_becomes_its_order() {
    use Field::*;
    let world = spot("10000");
    let market = PlaceOrder::market(world.rules.symbol, Side::Buy, q("0.01"));
    let of = |order_type| PlaceOrder {
        order_type,
        ..market.clone()
    };
    let ratio = |text: &str| Some(text.parse::<Ratio>().unwrap());
    let by_distance = Form {
        trail_by_distance: true,
        ..form(Kind::TrailingStop, &[(Trail, "500"), (Activation, "49000")])
    };
    for (form, expected) in [
        (form(Kind::Market, &[(Price, "1")]), market.clone()),
        (
            form(Kind::Limit, &[(Price, "49,000.5")]),
            PlaceOrder {
                price: Some(p("49000.5")),
                ..of(OrderType::Limit)
            },
        ),
        (
            form(Kind::Stop, &[(Trigger, "51000"), (Price, "1")]),
            PlaceOrder {
                trigger_price: Some(p("51000")),
                ..of(OrderType::StopMarket)
            },
        ),
        (
            form(Kind::StopLimit, &[(Trigger, "51000"), (Price, "51010")]),
            PlaceOrder {
                trigger_price: Some(p("51000")),
                price: Some(p("51010")),
                ..of(OrderType::StopLimit)
            },
        ),
        (
            form(Kind::TakeProfit, &[(Trigger, "49000")]),
            PlaceOrder {
                trigger_price: Some(p("49000")),
                ..of(OrderType::TakeProfitMarket)
            },
        ),
        (
            form(Kind::TakeProfit, &[(Trigger, "49000"), (Price, "48990")]),
            PlaceOrder {
                trigger_price: Some(p("49000")),
                price: Some(p("48990")),
                ..of(OrderType::TakeProfitLimit)
            },
        ),
        (
            form(Kind::TrailingStop, &[(Trail, "1.5")]),
            PlaceOrder {
                trail_percent: ratio("1.5"),
                ..of(OrderType::TrailingStop)
            },
        ),
        (
            by_distance,
            PlaceOrder {
                trail_distance: Some(p("500")),
                activation_price: Some(p("49000")),
                ..of(OrderType::TrailingStop)
            },
        ),
    ] {
        assert_eq!(placed(&form, Side::Buy, &world), expected);
    }
}

#[test]
fn how_long_and_how_it_may_fill_goes_along() {
    let mut form = form(
        Kind::Limit,
        &[(Field::Price, "49000"), (Field::Expires, "2025-12-10T09:01")],
    );
    let world = spot("10000");
    form.wanted_time = TimeInForce::Gtd;
    form.post_only = true;
    let order = placed(&form, Side::Buy, &world);
    assert_eq!(order.time_in_force, TimeInForce::Gtd);
    assert_eq!(order.expires_at, Some(TimestampMs(1_765_357_260_000)));
    assert!(order.post_only && !order.reduce_only);
    form.put(Field::Expires, "2025-12-10T09:00".to_owned());
    let sentence = "The expiry has passed: it is 09:00:00 UTC.";
    assert_eq!(against(&form, Side::Buy, &world), sentence);
    form.put(Field::Expires, String::new());
    assert_eq!(against(&form, Side::Buy, &world), "Enter when the order expires.");
    form.wanted_time = TimeInForce::Fok;
    assert_eq!(
        against(&form, Side::Buy, &world),
        "A post-only order rests: it cannot be IOC or FOK."
    );
    form.post_only = false;
    let order = placed(&form, Side::Buy, &world);
    assert_eq!((order.time_in_force, order.expires_at), (TimeInForce::Fok, None));
    form.kind = Kind::Market;
    form.post_only = true;
    let order = placed(&form, Side::Buy, &world);
    assert!(!order.post_only && order.time_in_force == TimeInForce::Gtc);
}

#[test]
fn a_pair_has_its_exits_on_either_side_of_the_market() {
    use Field::*;
    let world = spot("10000");
    let mut form = form(Kind::Oco, &[(TakeProfit, "52000"), (StopLoss, "49000")]);
    let exits = |form: &Form, side| match decide(form, side, &world).order {
        Ok(Instruction::PlaceOco(pair)) => Ok((pair.take_profit, pair.stop_loss)),
        Ok(other) => panic!("no pair, but {other:?}"),
        Err(sentence) => Err(sentence),
    };
    let at = |price: &str| Exit {
        price: Some(p(price)),
        ..Exit::default()
    };
    let stop = Exit {
        trigger_price: Some(p("49000")),
        ..Exit::default()
    };
    assert_eq!(exits(&form, Side::Sell), Ok((at("52000"), stop)));
    let sentence = "The take profit must lie below 50,000.0.";
    assert_eq!(exits(&form, Side::Buy), Err(sentence.to_owned()));
    form.put(StopLossLimit, "48990".to_owned());
    let limited = Exit {
        price: Some(p("48990")),
        ..stop
    };
    assert_eq!(exits(&form, Side::Sell), Ok((at("52000"), limited)));
    form.stop_loss = Unit::Distance;
    form.put(StopLoss, "500".to_owned());
    let trailing = Exit {
        trail_distance: Some(p("500")),
        ..Exit::default()
    };
    assert_eq!(exits(&form, Side::Sell), Ok((at("52000"), trailing)));
    let outlook = decide(&form, Side::Sell, &world).outlook.unwrap();
    assert_eq!(outlook.price, p("49500"), "reckoned by its worse leg");
    form.put(StopLoss, String::new());
    assert_eq!(exits(&form, Side::Sell), Err("Enter a stop loss.".to_owned()));
    form.put(StopLoss, "500".to_owned());
    form.put(TakeProfit, String::new());
    assert_eq!(exits(&form, Side::Sell), Err("Enter a take profit.".to_owned()));
}

#[test]
fn an_entry_has_its_exits_on_the_position_s_sides() {
    use Field::*;
    let world = spot("10000");
    let form = bracket(
        Kind::Limit,
        &[(Price, "49000"), (TakeProfit, "49500"), (StopLoss, "48000")],
    );
    let order = placed(&form, Side::Buy, &world);
    assert_eq!(order.take_profit.unwrap().price, Some(p("49500")));
    assert_eq!(order.stop_loss.unwrap().trigger_price, Some(p("48000")));
    // Sold now, at 49,999.9: the exits are those of a long.
    assert_eq!(
        against(&form, Side::Sell, &world),
        "The stop loss must lie above 49,999.9."
    );
    let mut trailing = bracket(Kind::Market, &[(StopLoss, "2")]);
    trailing.stop_loss = Unit::Percent;
    let order = placed(&trailing, Side::Sell, &world);
    assert_eq!(order.stop_loss.unwrap().trail_percent, Some("2".parse().unwrap()));
    assert_eq!(order.take_profit, None);
    assert_eq!(
        against(&bracket(Kind::Market, &[]), Side::Buy, &world),
        "Enter a take profit or a stop loss, or take the tick away."
    );
}

#[test]
fn what_an_entry_makes_or_loses_is_said_beforehand() {
    use Field::*;
    let mut world = spot("10000");
    let told = |form: &Form, world: &World| {
        let both = [Side::Buy, Side::Sell].map(|side| decide(form, side, world));
        results(form, &both, world)
    };
    let long = bracket(
        Kind::Limit,
        &[(Price, "49000"), (TakeProfit, "49500"), (StopLoss, "48000")],
    );
    assert_eq!(
        told(&long, &world),
        "After fees: at take profit +4.80 (+0.98%) · at stop loss \u{2212}10.58 (\u{2212}2.16%)"
    );
    let short = bracket(Kind::Limit, &[(Price, "51000"), (TakeProfit, "50000")]);
    assert_eq!(told(&short, &world), "After fees: at take profit +9.80 (+1.92%)");
    world.venue.slippage_bps = "100".parse().unwrap();
    let stopped = bracket(Kind::Limit, &[(Price, "49000"), (StopLoss, "48000")]);
    assert_eq!(
        told(&stopped, &world),
        "After fees: at stop loss \u{2212}15.37 (\u{2212}3.14%)"
    );
    assert_eq!(told(&form(Kind::Limit, &[(Price, "49000")]), &world), "");
}

#[test]
fn rules_are_named_with_the_value_allowed() {
    use Field::*;
    let world = spot("10000");
    let quantity = |text| form(Kind::Market, &[(Quantity, text)]);
    for (form, expected) in [
        (quantity(""), "Enter a quantity."),
        (quantity("lots"), "The quantity must be a number such as 0.1."),
        (quantity("0"), "The least quantity is 0.001 BTC."),
        (quantity("101"), "The largest quantity is 100 BTC."),
        (
            quantity("0.0015"),
            "The quantity must be a multiple of 0.001 BTC.",
        ),
        (
            quantity("1"),
            "This needs 50,050.10 USDT with the fee; 10,000.00 is available.",
        ),
        (form(Kind::Limit, &[]), "Enter a price."),
        (
            form(Kind::Limit, &[(Price, "49000.25")]),
            "The price must be a multiple of 0.1: the nearest is 49,000.2.",
        ),
        (
            form(Kind::Limit, &[(Price, "0")]),
            "The price must be above zero.",
        ),
        (
            form(Kind::Limit, &[(Price, "100"), (Quantity, "0.001")]),
            "An order must be worth at least 5.00 USDT; this one is worth 0.10.",
        ),
        (form(Kind::Stop, &[]), "Enter a trigger price."),
        (form(Kind::StopLimit, &[(Trigger, "51000")]), "Enter a price."),
        (
            form(Kind::Stop, &[(Trigger, "49000")]),
            "The trigger price must lie above 50,000.0.",
        ),
        (
            form(Kind::Stop, &[(Trigger, "50000")]),
            "The trigger price must lie above 50,000.0.",
        ),
        (
            form(Kind::TakeProfit, &[(Trigger, "51000")]),
            "The trigger price must lie below 50,000.0.",
        ),
        (form(Kind::TrailingStop, &[]), "Enter a trail."),
        (
            form(Kind::TrailingStop, &[(Trail, "100")]),
            "The trail must lie between 0 and 100 %.",
        ),
        (
            Form {
                trail_by_distance: true,
                ..form(Kind::TrailingStop, &[(Trail, "0.05")])
            },
            "The trail must be a multiple of 0.1: the nearest is 0.0.",
        ),
        (
            Form {
                post_only: true,
                ..form(Kind::Limit, &[(Price, "50000.1")])
            },
            "A post-only order must lie below the best ask of 50,000.1.",
        ),
        (
            Form {
                reduce_only: true,
                ..form(Kind::Market, &[])
            },
            "There is no short position in BTCUSDT to reduce.",
        ),
    ] {
        assert_eq!(against(&form, Side::Buy, &world), expected);
    }
}

#[test]
fn closing_needs_no_balance_and_no_least_value() {
    let mut world = spot("0");
    world.held = long("2");
    let close = form(Kind::Market, &[(Field::Quantity, "2")]);
    assert_eq!(placed(&close, Side::Sell, &world).quantity, q("2"));
    assert!(against(&close, Side::Buy, &world).contains("is available"));
    let beyond = form(Kind::Market, &[(Field::Quantity, "5")]);
    assert!(against(&beyond, Side::Sell, &world).contains("is available"));
    world.rules.min_notional = a("1000000");
    assert!(decide(&close, Side::Sell, &world).order.is_ok());
    let resting = Form {
        reduce_only: true,
        ..form(Kind::Limit, &[(Field::Price, "60000")])
    };
    assert!(placed(&resting, Side::Sell, &world).reduce_only);
}

#[test]
fn the_price_and_the_fee_are_those_that_the_order_would_get() {
    use Field::*;
    let mut world = spot("10000");
    world.venue.slippage_bps = "1".parse().unwrap();
    for (form, side, price, is_maker) in [
        (form(Kind::Market, &[]), Side::Buy, "50005.2", false),
        (form(Kind::Market, &[]), Side::Sell, "49994.9", false),
        (form(Kind::Limit, &[(Price, "49000")]), Side::Buy, "49000", true),
        (
            form(Kind::Limit, &[(Price, "51000")]),
            Side::Buy,
            "50000.1",
            false,
        ),
        (form(Kind::Limit, &[(Price, "51000")]), Side::Sell, "51000", true),
        (
            form(Kind::Stop, &[(Trigger, "51000")]),
            Side::Buy,
            "51005.1",
            false,
        ),
        (
            form(Kind::StopLimit, &[(Trigger, "51000"), (Price, "51010")]),
            Side::Buy,
            "51010",
            false,
        ),
        (
            form(Kind::StopLimit, &[(Trigger, "51000"), (Price, "50900")]),
            Side::Buy,
            "50900",
            true,
        ),
        (
            form(Kind::TrailingStop, &[(Trail, "1")]),
            Side::Sell,
            "49495.0",
            false,
        ),
        (
            form(Kind::TrailingStop, &[(Trail, "1"), (Activation, "60000")]),
            Side::Sell,
            "59394.0",
            false,
        ),
    ] {
        let outlook = decide(&form, side, &world).outlook.unwrap();
        assert_eq!(
            (outlook.price, outlook.is_maker),
            (p(price), is_maker),
            "{form:?}"
        );
    }
}

#[test]
fn a_quantity_in_the_quote_currency_is_rounded_down_to_the_step() {
    let mut form = form(Kind::Limit, &[(Field::Quantity, "1000"), (Field::Price, "49000")]);
    form.in_quote = true;
    let world = spot("10000");
    assert_eq!(decide(&form, Side::Buy, &world).quantity, q("0.02"));
    form.put(Field::Quantity, "10".to_owned());
    assert_eq!(
        against(&form, Side::Buy, &world),
        "The least quantity is 0.001 BTC."
    );
}

#[test]
fn the_risk_guard_lets_only_reductions_pass() {
    let mut world = spot("10000");
    world.risk = Some("New position openings stopped. Existing positions remain open.".to_owned());
    world.held = long("0.01");
    let sentence =
        "New position openings stopped. Existing positions remain open. Reduce-only orders are possible.";
    let market = form(Kind::Market, &[]);
    assert_eq!(against(&market, Side::Buy, &world), sentence);
    assert!(decide(&market, Side::Sell, &world).order.is_ok(), "it closes");
    let turning = form(Kind::Market, &[(Field::Quantity, "0.02")]);
    assert_eq!(against(&turning, Side::Sell, &world), sentence);
    let mut stop = form(Kind::Stop, &[(Field::Trigger, "49000")]);
    assert_eq!(
        against(&stop, Side::Sell, &world),
        sentence,
        "the position may be gone by then"
    );
    stop.reduce_only = true;
    assert!(decide(&stop, Side::Sell, &world).order.is_ok());
}

#[test]
fn what_a_slip_makes_dear_is_asked_about() {
    let dear = |form: &Form, world: &World| is_dear(form, Side::Buy, world, &decide(form, Side::Buy, world));
    let of = |quantity| form(Kind::Market, &[(Field::Quantity, quantity)]);
    let mut world = spot("10000");
    assert!(!dear(&of("0.099"), &world));
    assert!(dear(&of("0.101"), &world));
    let limit = form(Kind::Limit, &[(Field::Quantity, "0.15"), (Field::Price, "49000")]);
    assert!(!dear(&limit, &world), "it can still be cancelled");
    world.held = Some(Held {
        side: Side::Sell,
        ..long("1").unwrap()
    });
    assert!(!dear(&of("1"), &world), "closing never asks");
    assert!(dear(&form(Kind::Market, &[]), &perpetual("10000", 11)));
    assert!(!dear(&form(Kind::Market, &[]), &perpetual("10000", 10)));
}

#[test]
fn a_carry_needs_money_for_both_legs() {
    let (mut spot, mut perpetual) = (spot("1000"), perpetual("1000", 5));
    let of = |quantity| form(Kind::Stop, &[(Field::Quantity, quantity)]);
    let expected = OpenCarry {
        client_order_id: None,
        symbol: perpetual.rules.symbol,
        quantity: q("0.01"),
    };
    let opened = carry(&of("0.01"), &spot, &perpetual).order;
    assert_eq!(opened, Ok(Instruction::OpenCarry(expected)));
    // 850 for the spot leg, 170 for the margin of the other one.
    let sentence = carry(&of("0.017"), &spot, &perpetual).order.unwrap_err();
    assert!(sentence.starts_with("This needs 1,021.7"), "{sentence}");
    assert_eq!(
        carry(&of(""), &spot, &perpetual).order.unwrap_err(),
        "Enter a quantity."
    );
    perpetual.rules.min_quantity = q("0.1");
    assert!(
        carry(&of("0.01"), &spot, &perpetual).order.is_err(),
        "either leg's rules"
    );
    spot.risk = Some("Stopped.".to_owned());
    let sentence = carry(&of("0.01"), &spot, &perpetual).order.unwrap_err();
    assert!(sentence.starts_with("Stopped."));
}

#[test]
fn prices_are_rounded_to_the_nearest_tick() {
    for (price, tick, expected) in [
        ("61234.56", "0.1", "61234.6"),
        ("61234.5", "0.50", "61234.5"),
        ("61234.3", "0.25", "61234.25"),
        ("7", "5", "5"),
    ] {
        assert_eq!(to_tick(price.parse().unwrap(), p(tick)), p(expected), "{price}");
    }
}
