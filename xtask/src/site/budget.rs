//! The size budget: what a browser loads before the desk comes alive. The chart library is loaded later and not counted.

use anyhow::{Result, ensure};

use crate::site::folder::Site;

/// Wasm and its JavaScript glue, brotli compressed. Raise it only with a reason in the commit.
const BUDGET_BYTES: usize = 330_000;

/// Prints the sizes, and fails over the budget.
pub fn check(site: &Site) -> Result<()> {
    let mut total = 0;
    println!("    {:<44} {:>10} {:>10}", "file", "raw", "brotli");
    for (path, bytes) in site.files().filter(|(path, _)| is_counted(path)) {
        let twin = format!("{path}.br");
        let compressed = site
            .files()
            .find(|(path, _)| *path == twin)
            .map_or(bytes.len(), |(_, twin)| twin.len());
        println!("    {path:<44} {:>10} {compressed:>10}", bytes.len());
        total += compressed;
    }
    println!(
        "    {:<44} {:>10} {total:>10} of {BUDGET_BYTES}",
        "wasm + glue", ""
    );
    ensure!(
        total <= BUDGET_BYTES,
        "the browser half is {total} bytes compressed, over the budget of {BUDGET_BYTES}\n\
         remedy: take out what grew (`twiggy top` on the wasm shows it), or raise the number in xtask/src/site/budget.rs"
    );
    Ok(())
}

fn is_counted(path: &str) -> bool {
    path == "pkg/tickwire_bg.wasm"
        || path == "pkg/tickwire.js"
        || (path.starts_with("pkg/snippets/") && path.ends_with(".js"))
}
