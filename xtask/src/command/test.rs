//! `cargo xtask test`: every test. The release binary is built once; black-box and browser tests run that one, by its
//! path in `TICKWIRE_BIN`. Unit and property tests run in the dev profile, which compiles fastest and keeps debug
//! assertions on.

use std::path::Path;

use anyhow::{Result, ensure};

use crate::command::{build, sum_up};
use crate::progress::Progress;
use crate::workspace::Mode;
use crate::{browser, process, python, workspace};

/// The command. A failing stage does not keep the later ones from running: one run shows all that is wrong.
pub fn run(args: &[String]) -> Result<()> {
    ensure!(
        args.is_empty(),
        "unknown arguments {args:?}\nremedy: see `cargo xtask help`"
    );
    let progress = Progress::start();
    let binary = build::build(&progress, Mode::Release)?;

    sum_up([
        (
            "end to end",
            progress.stage("tests in Chromium: Playwright", || end_to_end(&binary)),
        ),
        (
            "cargo test",
            progress.stage("tests: unit, property, black-box", || cargo_test(&binary)),
        ),
    ])?;
    println!("\nAll tests passed in {}", progress.elapsed());
    Ok(())
}

fn cargo_test(binary: &Path) -> Result<()> {
    python::install()?;
    let mut cargo = process::cargo(["test", "--no-fail-fast"]);
    process::run(
        cargo.env("TICKWIRE_BIN", binary),
        "each failed test says above what it expected",
    )
}

fn end_to_end(binary: &Path) -> Result<()> {
    let chromium = browser::find_or_install()?;
    let mut playwright = process::npx(["playwright", "test"]);
    playwright
        .current_dir(workspace::root().join("end2end"))
        .env("TICKWIRE_BIN", binary)
        .env("TICKWIRE_CHROMIUM", &chromium);
    process::run(
        &mut playwright,
        "see the failed test above; its trace lies in end2end/test-results",
    )
}
