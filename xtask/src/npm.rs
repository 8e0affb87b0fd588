//! The npm packages of the lock file: the chart library, which the site carries, and Playwright.

use std::fs;

use anyhow::{Context as _, Result};

use crate::{process, workspace};

/// `npm ci`, unless this very lock file is installed already.
pub fn install() -> Result<()> {
    let lock =
        fs::read(workspace::root().join("package-lock.json")).context("cannot read package-lock.json")?;
    let installed = workspace::root().join("node_modules/.tickwire-lock");
    if fs::read(&installed).is_ok_and(|known| known == lock) {
        return Ok(());
    }
    println!("    installing npm packages");
    let mut npm = process::npm(["ci", "--no-audit", "--no-fund", "--loglevel=error"]);
    // The tests drive the distribution's Chromium; Playwright's own download fails on closed networks.
    npm.env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1");
    process::run(
        &mut npm,
        "see npm's words above; it needs registry.npmjs.org or a mirror set by `npm config`",
    )?;
    fs::write(&installed, lock).context("cannot note the installed lock file in node_modules")
}
