//! Options from a file, the environment and flags: each is heard, and the last of these has the last word.

use anyhow::Result;
use rust_decimal::Decimal;
use tickwire_tests::desk::Setup;
use tickwire_tests::wire::Wire;

fn balance(setup: Setup) -> Result<Decimal> {
    let desk = setup.start()?;
    let mut wire = Wire::connect(desk.address())?;
    let portfolio = wire.answer(r#"{"action":"get_portfolio"}"#, "PORTFOLIO_UPDATE")?;
    Ok(portfolio.number("/portfolio/balance"))
}

const FILE: &str = "starting-balance = 1000\n";
const VARIABLE: (&str, &str) = ("TICKWIRE_STARTING_BALANCE", "2000");

#[test]
fn a_setting_comes_from_the_file_where_nothing_else_says_it() -> Result<()> {
    assert_eq!(balance(Setup::new().settings(FILE))?, Decimal::from(1_000));
    Ok(())
}

#[test]
fn the_environment_wins_over_the_file() -> Result<()> {
    assert_eq!(
        balance(Setup::new().settings(FILE).variable(VARIABLE.0, VARIABLE.1))?,
        Decimal::from(2_000)
    );
    Ok(())
}

#[test]
fn flags_win_over_the_environment_and_the_file() -> Result<()> {
    let setup = Setup::new()
        .settings(FILE)
        .variable(VARIABLE.0, VARIABLE.1)
        .arg("--starting-balance", "3000");
    assert_eq!(balance(setup)?, Decimal::from(3_000));
    Ok(())
}

#[test]
fn another_file_can_be_named() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("desk.toml");
    std::fs::write(
        &path,
        "starting-balance = 4000\nmarket = \"sim\"\nsim-symbols = 3\n",
    )?;
    let desk = Setup::new()
        .settings(FILE)
        .arg("--config", &path.to_string_lossy())
        .start()?;
    let mut wire = Wire::connect(desk.address())?;
    assert_eq!(
        wire.wait_for_kind("CONNECTION_ESTABLISHED")?.json["market"],
        "sim"
    );
    assert_eq!(tickwire_tests::order::Market::names(&mut wire)?.len(), 3);
    let portfolio = wire.answer(r#"{"action":"get_portfolio"}"#, "PORTFOLIO_UPDATE")?;
    assert_eq!(portfolio.number("/portfolio/balance"), Decimal::from(4_000));
    Ok(())
}

#[test]
fn connections_above_the_limit_are_told_to_come_back_later() -> Result<()> {
    let desk = Setup::new().arg("--connections-max", "3").start()?;
    let mut held = Vec::new();
    for _ in 0..3 {
        let mut wire = Wire::connect(desk.address())?;
        wire.ping()?;
        held.push(wire);
    }
    // The refusal comes after the handshake, where a browser can see it.
    let mut surplus = Wire::connect(desk.address())?;
    assert_eq!(surplus.closed(tickwire_tests::wire::PATIENCE)?.0, 4009);
    for wire in &mut held {
        wire.ping()?;
    }
    held.pop();
    let deadline = std::time::Instant::now() + tickwire_tests::wire::PATIENCE;
    loop {
        let mut wire = Wire::connect(desk.address())?;
        if wire.ping().is_ok() {
            return Ok(());
        }
        assert!(
            std::time::Instant::now() < deadline,
            "the freed place is not given away"
        );
    }
}
