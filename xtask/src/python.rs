//! The Python packages of the older systems' clients, which black-box tests run.

use std::process::Command;

use anyhow::Result;

use crate::{process, workspace};

/// Installs them into `target/python`, where the tests find them, unless they are there already.
pub fn install() -> Result<()> {
    let root = workspace::root();
    let mut python = Command::new("python3");
    python
        .arg(root.join("tests/dialects/install.py"))
        .arg(root.join("target/python"));
    process::run(
        &mut python,
        "install Python 3.9 or newer with pip (Debian: `apt-get install python3 python3-pip`); pip needs pypi.org or a \
         mirror set by `pip config`",
    )
}
