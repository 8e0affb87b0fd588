//! Makes the server embed the site as it stands: `cargo xtask build` writes `target/site` before it builds this crate.
//! On a fresh clone the folder is missing, so an empty one is made and everything still compiles.
#![allow(clippy::print_stdout, reason = "build scripts talk to cargo on stdout")]

use std::path::Path;

fn main() -> std::io::Result<()> {
    let site = Path::new("../target/site");
    std::fs::create_dir_all(site)?;
    println!("cargo::rerun-if-changed=build.rs");
    // The whole folder: cargo runs this again, and compiles the crate again, when any file of it changes or goes.
    println!("cargo::rerun-if-changed={}", site.display());
    Ok(())
}
