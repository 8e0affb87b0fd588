//! The Chromium that the end-to-end tests drive.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::process;

const NAMES: &[&str] = &[
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
];
const MACOS: &str = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome";
const REMEDY: &str =
    "install Chromium (Debian: `apt-get install chromium`) or set TICKWIRE_CHROMIUM to its path";

/// The browser: what `TICKWIRE_CHROMIUM` names, else what the machine has, else Debian's package, installed.
pub fn find_or_install() -> Result<PathBuf> {
    if let Some(named) = std::env::var_os("TICKWIRE_CHROMIUM").map(PathBuf::from) {
        anyhow::ensure!(
            named.is_file(),
            "TICKWIRE_CHROMIUM names no file: {}\nremedy: {REMEDY}",
            named.display()
        );
        return Ok(named);
    }
    if let Some(found) = find() {
        return Ok(found);
    }
    install()?;
    find().with_context(|| format!("no Chromium found\nremedy: {REMEDY}"))
}

fn find() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let named = NAMES
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    named
        .chain([PathBuf::from(MACOS)])
        .find(|candidate| candidate.is_file())
}

fn install() -> Result<()> {
    anyhow::ensure!(
        Path::new("/usr/bin/apt-get").exists(),
        "no Chromium found\nremedy: {REMEDY}"
    );
    let is_root = process::output(Command::new("id").arg("-u")).is_some_and(|uid| uid == "0");
    let sudo_works = || process::output(Command::new("sudo").args(["-n", "true"])).is_some();
    anyhow::ensure!(
        is_root || sudo_works(),
        "no Chromium found, and no right to install it\nremedy: {REMEDY}"
    );

    println!("    installing Debian's chromium");
    let apt_get = |args: &[&str]| {
        let mut command = if is_root {
            Command::new("env")
        } else {
            Command::new("sudo")
        };
        if !is_root {
            command.args(["-n", "env"]);
        }
        command
            .args(["DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"])
            .args(args);
        process::run(&mut command, REMEDY)
    };
    apt_get(&["update"])?;
    apt_get(&[
        "install",
        "--yes",
        "--no-install-recommends",
        "chromium",
        "fonts-liberation",
    ])
}
