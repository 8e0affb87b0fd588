//! The load of `cargo xtask soak`, short and small: nothing is lost by anybody, whoever comes back meanwhile.

use std::time::Duration;

use anyhow::Result;
use tickwire_tests::soak::{Load, run};

#[test]
fn a_crowd_that_comes_and_goes_loses_nothing_and_never_sees_an_older_value() -> Result<()> {
    let load = Load {
        clients: 100,
        time: Duration::from_secs(15),
        deliveries: 2_000,
        orders_before: 10,
    };
    let outcome = run(&load, |line| eprintln!("{line}"))?;
    eprintln!("{outcome:?}");
    assert_eq!(
        (outcome.lost, outcome.repeated, outcome.gone_back, outcome.reset),
        (0, 0, 0, 0),
        "{outcome:?}"
    );
    assert_eq!(
        outcome.broken, 0,
        "no connection ends but those that were cut: {outcome:?}"
    );
    // One in a hundred comes back each second, with two lossless topics.
    assert!(outcome.reconnects >= 5, "{outcome:?}");
    assert!(outcome.resumed >= outcome.reconnects, "{outcome:?}");
    // Each order is told to everybody: at least that it is filled, and its execution.
    assert!(outcome.orders >= 3, "{outcome:?}");
    let told = outcome.orders * 2 * u64::from(load.clients);
    assert!(outcome.lossless >= told, "{told}: {outcome:?}");
    Ok(())
}
