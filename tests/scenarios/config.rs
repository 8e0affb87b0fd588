//! Options of the paper venue and of the risk guard: heard from everywhere, explained, and refused in one line.

use anyhow::Result;
use tickwire_tests::desk::Setup;
use tickwire_tests::trial::run;
use tickwire_tests::wire::{Frame, Wire};

fn instruments(setup: Setup) -> Result<Frame> {
    let desk = setup.start()?;
    Wire::connect(desk.address())?.answer(r#"{"action":"get_instruments"}"#, "INSTRUMENTS")
}

#[test]
fn the_rules_of_the_venue_are_told_with_the_instruments() -> Result<()> {
    let said = Setup::sim(2, 50)
        .settings("limit-fill = \"touch\"\nslippage-bps = 3\nlatency-ms = 10\n")
        .variable("TICKWIRE_SLIPPAGE_BPS", "2.5")
        .arg("--latency-ms", "70");
    let told = instruments(said)?;
    assert_eq!(told.json["rules"]["limit_fill"], "touch");
    assert_eq!(told.number("/rules/slippage_bps"), "2.5".parse()?);
    assert_eq!(told.json["rules"]["latency_ms"], 70);
    let usual = instruments(Setup::sim(2, 50))?;
    assert_eq!(usual.json["rules"]["limit_fill"], "through");
    assert_eq!(usual.json["rules"]["latency_ms"], 0);
    Ok(())
}

#[test]
fn what_cannot_be_is_refused_in_one_line_that_names_it() -> Result<()> {
    let folder = tempfile::tempdir()?;
    for (option, value) in [
        ("--limit-fill", "maybe"),
        ("--slippage-bps", "-1"),
        ("--latency-ms", "99999999"),
        ("--funding-rate", "0.5"),
        ("--risk-soft-drawdown", "none"),
        ("--risk-hard-drawdown", "0"),
        ("--risk-soft-daily-loss", "50"),
        ("--risk-hard-daily-loss", "1.234"),
        ("--risk-max-exposure", "0"),
        ("--risk-max-position", "much"),
        ("--risk-max-orders-per-minute", "0"),
    ] {
        let said = format!("{option}={value}");
        let ending = run(folder.path(), &["serve", "--listen", "127.0.0.1:0", &said], &[])?;
        assert!(
            ending.code.is_some_and(|code| code != 0),
            "{said}: {}",
            ending.stderr
        );
        let lines: Vec<&str> = ending.stderr.lines().collect();
        assert_eq!(lines.len(), 1, "{said}: {}", ending.stderr);
        assert!(lines[0].contains(option), "{said}: {}", lines[0]);
    }
    Ok(())
}

#[test]
fn each_option_is_explained() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let help = run(folder.path(), &["serve", "--help"], &[])?.stdout;
    for option in [
        "--limit-fill",
        "--slippage-bps",
        "--latency-ms",
        "--funding-rate",
        "--risk-soft-drawdown",
        "--risk-hard-drawdown",
        "--risk-soft-daily-loss",
        "--risk-hard-daily-loss",
        "--risk-max-exposure",
        "--risk-max-position",
        "--risk-max-orders-per-minute",
    ] {
        assert!(help.contains(option), "{option} is not in the help");
    }
    Ok(())
}

#[test]
fn a_limit_is_switched_off_by_a_word() -> Result<()> {
    let setup = Setup::sim(2, 50)
        .settings("risk-soft-drawdown = \"off\"\nrisk-hard-drawdown = 5\n")
        .arg("--risk-hard-daily-loss", "off");
    instruments(setup).map(drop)
}
