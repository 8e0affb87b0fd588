//! Orders that are refused: by id, with a stable code and a sentence, and without any effect.

use anyhow::Result;
use rust_decimal::Decimal;
use tickwire_tests::desk::Desk;
use tickwire_tests::order::{Market, history};
use tickwire_tests::wire::Wire;

/// A place_order for BTCUSDT with other fields put in.
fn order(fields: &str) -> String {
    format!(r#"{{"action":"place_order",{fields}}}"#)
}

fn sized(quantity: &str) -> String {
    order(&format!(
        r#""symbol":"BTCUSDT","side":"buy","order_type":"market","quantity":{quantity}"#
    ))
}

#[test]
fn every_order_that_cannot_be_is_refused_with_its_code_and_changes_nothing() -> Result<()> {
    let desk = Desk::start()?;
    let mut wire = Wire::connect(desk.address())?;
    let market = Market::of(&mut wire, "BTCUSDT")?;
    let untouched = wire.answer(r#"{"action":"get_portfolio"}"#, "PORTFOLIO_UPDATE")?;

    let half_a_step = (market.worth(100) + market.step / Decimal::TWO).to_string();
    let too_little = market.step.max(market.worth(1)).to_string();
    let too_expensive = market.worth(1_000_000).to_string();
    let too_many = (market.most + market.step).to_string();
    let close = |rest: &str| format!(r#"{{"action":"close_position","symbol":"BTCUSDT"{rest}}}"#);
    let cases: Vec<(String, &[&str])> = vec![
        (
            order(r#""symbol":"NOSUCHUSDT","side":"buy","order_type":"market","quantity":1"#),
            &["UNKNOWN_SYMBOL"],
        ),
        (
            order(r#""symbol":"btcusdt","side":"buy","order_type":"market","quantity":1"#),
            &["UNKNOWN_SYMBOL", "INVALID_FIELD"],
        ),
        (sized(r#""NaN""#), &["INVALID_FIELD", "INVALID_QUANTITY"]),
        (sized(r#""Infinity""#), &["INVALID_FIELD", "INVALID_QUANTITY"]),
        (sized("1e400"), &["INVALID_FIELD", "INVALID_QUANTITY"]),
        (sized("1e-30"), &["INVALID_FIELD", "INVALID_QUANTITY"]),
        (sized("null"), &["INVALID_FIELD"]),
        (sized("[1]"), &["INVALID_FIELD"]),
        (sized("true"), &["INVALID_FIELD"]),
        (sized("0"), &["INVALID_QUANTITY"]),
        (sized("0.000"), &["INVALID_QUANTITY"]),
        (sized("-0.01"), &["INVALID_QUANTITY"]),
        (sized(&half_a_step), &["INVALID_QUANTITY"]),
        (sized(&too_many), &["INVALID_QUANTITY"]),
        (sized(&too_little), &["BELOW_MIN_NOTIONAL"]),
        (sized(&too_expensive), &["INSUFFICIENT_BALANCE"]),
        (
            order(&format!(
                r#""symbol":"BTCUSDT","side":"sell","order_type":"market","quantity":{too_expensive}"#
            )),
            &["INSUFFICIENT_BALANCE"],
        ),
        (
            order(
                r#""symbol":"BTCUSDT","side":"sell","order_type":"market","quantity":0.01,"reduce_only":true"#,
            ),
            &["NO_POSITION"],
        ),
        (
            order(r#""symbol":"BTCUSDT","side":"up","order_type":"market","quantity":0.01"#),
            &["INVALID_FIELD"],
        ),
        (
            order(r#""symbol":"BTCUSDT","order_type":"market","quantity":0.01"#),
            &["INVALID_FIELD"],
        ),
        (
            order(r#""symbol":"BTCUSDT","side":"buy","order_type":"wish","quantity":0.01"#),
            &["INVALID_FIELD"],
        ),
        (
            order(r#""symbol":"BTCUSDT","side":"buy","quantity":0.01"#),
            &["INVALID_FIELD"],
        ),
        (
            order(r#""symbol":"BTCUSDT","side":"buy","order_type":"market""#),
            &["INVALID_FIELD"],
        ),
        (
            order(r#""symbol":17,"side":"buy","order_type":"market","quantity":0.01"#),
            &["INVALID_FIELD"],
        ),
        (
            order(
                r#""client_order_id":"","symbol":"BTCUSDT","side":"buy","order_type":"market","quantity":0.01"#,
            ),
            &["INVALID_FIELD"],
        ),
        (
            order(&format!(
                r#""client_order_id":"{}","symbol":"BTCUSDT","side":"buy","order_type":"market","quantity":0.01"#,
                "x".repeat(37)
            )),
            &["INVALID_FIELD"],
        ),
        (close(""), &["NO_POSITION"]),
        (close(r#","percent":50"#), &["NO_POSITION"]),
        (
            r#"{"action":"close_position","symbol":"NOSUCHUSDT"}"#.to_owned(),
            &["UNKNOWN_SYMBOL"],
        ),
        (r#"{"action":"close_position"}"#.to_owned(), &["INVALID_FIELD"]),
    ];
    for (command, codes) in &cases {
        let answer = wire.ask(command)?;
        assert_eq!(answer.kind(), "ERROR", "{command}: {}", answer.text);
        let code = answer.json["code"].as_str().expect("a code");
        assert!(codes.contains(&code), "{command}: {}", answer.text);
        let sentence = answer.json["message"].as_str().expect("a sentence");
        assert!(
            sentence.len() > 15,
            "{command}: {sentence:?} tells nobody what to do"
        );
        assert!(answer.json["retryable"] == false, "{}", answer.text);
    }

    let portfolio = wire.answer(r#"{"action":"get_portfolio"}"#, "PORTFOLIO_UPDATE")?;
    assert_eq!(portfolio.json["portfolio"], untouched.json["portfolio"]);
    let positions = wire.answer(r#"{"action":"get_positions"}"#, "POSITION_UPDATE")?;
    assert_eq!(positions.json["positions"], serde_json::json!([]));
    assert_eq!(
        history(&mut wire, "orders")?.len(),
        0,
        "no trace of what was refused"
    );
    assert_eq!(history(&mut wire, "executions")?.len(), 0);
    Ok(())
}

#[test]
fn a_bare_nan_is_no_json_and_says_so() -> Result<()> {
    let desk = Desk::start()?;
    let mut wire = Wire::connect(desk.address())?;
    wire.send(&sized("NaN"))?;
    let answer = wire.wait_for_kind("ERROR")?;
    assert_eq!(answer.json["code"], "BAD_JSON");
    wire.ping()
}

#[test]
fn a_percentage_out_of_its_range_is_refused_also_with_a_position() -> Result<()> {
    let desk = Desk::start()?;
    let mut wire = Wire::connect(desk.address())?;
    let market = Market::of(&mut wire, "BTCUSDT")?;
    let quantity = market.worth(100);
    wire.acked(&market.order("buy", quantity))?;
    for percent in ["0", "-1", "100.01", "1000", "\"all\"", "null"] {
        if percent == "null" {
            continue;
        }
        let answer = wire.ask(&format!(
            r#"{{"action":"close_position","symbol":"BTCUSDT","percent":{percent}}}"#
        ))?;
        assert_eq!(answer.kind(), "ERROR", "{percent}: {}", answer.text);
        let code = answer.json["code"].as_str().unwrap();
        assert!(
            matches!(code, "INVALID_FIELD" | "INVALID_QUANTITY"),
            "{percent}: {}",
            answer.text
        );
    }
    // Less than one step of it is nothing that can be closed.
    let answer = wire.ask(r#"{"action":"close_position","symbol":"BTCUSDT","percent":0.0001}"#)?;
    assert_eq!(answer.kind(), "ERROR", "{}", answer.text);
    let positions = wire.answer(r#"{"action":"get_positions"}"#, "POSITION_UPDATE")?;
    assert_eq!(positions.number("/positions/0/quantity"), quantity);
    Ok(())
}

#[test]
fn an_order_may_use_what_is_available_and_not_much_more() -> Result<()> {
    let desk = Desk::start()?;
    let mut wire = Wire::connect(desk.address())?;
    let market = Market::of(&mut wire, "BTCUSDT")?;
    let available = |wire: &mut Wire| -> Result<Decimal> {
        let frame = wire.wait_for_kind("ACCOUNT_BALANCE_UPDATED")?;
        Ok(frame.number("/data/available_balance"))
    };
    assert_eq!(available(&mut wire)?, Decimal::from(10_000));
    assert_eq!(
        wire.ask(&market.order("buy", market.worth(10_200)))?.json["code"],
        "INSUFFICIENT_BALANCE"
    );
    wire.acked(&market.order("buy", market.worth(9_800)))?;
    wire.read_for(std::time::Duration::from_millis(300))?;
    let left = available(&mut wire)?;
    assert!(left >= Decimal::ZERO && left < Decimal::from(400), "{left}");
    for side in ["buy", "sell"] {
        let eth = Market::of(&mut wire, "ETHUSDT")?;
        let answer = wire.ask(&eth.order(side, eth.worth(1_000)))?;
        assert_eq!(
            answer.json["code"], "INSUFFICIENT_BALANCE",
            "{side}: {}",
            answer.text
        );
    }
    // What reduces needs no money.
    wire.acked(&market.order("sell", market.worth(4_000)))?;
    wire.acked(r#"{"action":"close_position","symbol":"BTCUSDT"}"#)?;
    wire.read_for(std::time::Duration::from_millis(300))?;
    let freed = available(&mut wire)?;
    assert!(freed > Decimal::from(9_500), "{freed}");
    Ok(())
}
