//! What the browser gets: the files of `target/site`, which the server embeds.

mod budget;
mod chart;
mod compress;
mod folder;
mod style;
pub mod wasm;

use anyhow::Result;

use crate::site::folder::Site;
use crate::workspace::{self, Mode};

/// Puts `target/site` together. Only files whose bytes changed are written, so that an unchanged site leaves the server
/// as it is built.
pub fn assemble(mode: Mode) -> Result<()> {
    let mut site = Site::default();
    site.add_folder(&wasm::bind(mode)?, "pkg")?;
    site.add(
        "pkg/tickwire.css",
        style::bundle(&workspace::root().join("style/main.css"))?,
    );
    chart::add_to(&mut site)?;
    site.add_folder(&workspace::root().join("public"), "")?;

    if mode == Mode::Release {
        site.compress(&workspace::site_dir())?;
    }
    site.write_to(&workspace::site_dir())?;
    if mode == Mode::Release {
        budget::check(&site)?;
    }
    Ok(())
}
