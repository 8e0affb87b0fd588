//! The file of all trades: from the first one on, over restarts, and of nobody else.

use anyhow::{Context as _, Result};
use tickwire_tests::desk::{Desk, Setup};
use tickwire_tests::http::{Answer, get};
use tickwire_tests::order::{Market, history, trade_many};
use tickwire_tests::users::{add, connect, required, token};
use tickwire_tests::wire::Wire;

/// More than the server reads at once, and than a page is born with.
const TRADES: u32 = 300;

fn exported(desk: &Desk, headers: &[(&str, &str)]) -> Result<Answer> {
    get(desk.address(), "/api/trades.csv", headers)
}

/// The ids in a file, in its order.
fn ids(file: &Answer) -> Result<Vec<String>> {
    let text = file.unchunked()?;
    let mut lines = text.lines();
    let head: Vec<&str> = lines.next().context("a head")?.split(',').collect();
    let at = head.iter().position(|name| *name == "id").context("an id")?;
    Ok(lines
        .map(|line| line.split(',').nth(at).unwrap_or_default().to_owned())
        .collect())
}

#[test]
fn the_file_has_every_trade_there_ever_was() -> Result<()> {
    let mut desk = Desk::start()?;
    assert_eq!(
        ids(&exported(&desk, &[])?)?,
        Vec::<String>::new(),
        "nothing was traded yet"
    );
    let market = Market::of(&mut Wire::connect(desk.address())?, "BTCUSDT")?;
    trade_many(|| Wire::connect(desk.address()), &market, TRADES)?;
    desk.kill_and_restart()?;
    trade_many(|| Wire::connect(desk.address()), &market, 2)?;

    let file = exported(&desk, &[])?;
    assert_eq!(file.status, 200);
    assert_eq!(file.header("content-type"), "text/csv; charset=utf-8");
    assert_eq!(
        file.header("content-disposition"),
        "attachment; filename=\"tickwire-trades.csv\""
    );
    let mut wire = Wire::connect(desk.address())?;
    let told: Vec<String> = history(&mut wire, "executions")?
        .iter()
        .filter_map(|frame| Some(frame.json["data"]["id"].as_str()?.to_owned()))
        .collect();
    assert!(told.len() >= 302, "{}", told.len());
    assert_eq!(ids(&file)?, told, "all, once, the oldest first");

    // What is left out of an answer is told.
    let some = wire.answer(r#"{"action":"get_executions","limit":50}"#, "EXECUTIONS")?;
    assert_eq!(some.json["more"], true, "{}", some.text);
    Ok(())
}

#[test]
fn the_file_is_of_whoever_asks() -> Result<()> {
    let desk = required(Setup::new())?;
    for name in ["ann", "bob"] {
        add(&desk, name, "trader")?;
    }
    let [ann, bob] = [token(&desk, "ann")?, token(&desk, "bob")?];
    let market = Market::of(&mut connect(&desk, &ann)?, "BTCUSDT")?;
    trade_many(|| connect(&desk, &ann), &market, 3)?;
    let of = |token: &str| exported(&desk, &[("Authorization", &format!("Bearer {token}"))]);
    assert!(ids(&of(&ann)?)?.len() >= 3);
    assert_eq!(ids(&of(&bob)?)?, Vec::<String>::new());
    for nobody in [exported(&desk, &[])?, of("x.y.z")?] {
        assert_eq!(nobody.status, 401, "{}", nobody.text());
        assert!(
            nobody.text().contains("POST /api/auth/token"),
            "{}",
            nobody.text()
        );
    }
    Ok(())
}
