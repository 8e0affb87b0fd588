//! The journal as an operator sees it: the subcommands of the binary, and the file that they read.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::trial::{Ending, run};

/// Runs `tickwire journal …` on a data folder.
pub fn ask(data_dir: &Path, args: &[&str]) -> Result<Ending> {
    let data_dir = data_dir.to_string_lossy();
    let mut all = vec!["journal"];
    all.extend(args);
    all.extend(["--data-dir", &data_dir]);
    run(&std::env::temp_dir(), &all, &[])
}

/// The number of entries and the hash of the state that they lead to, by a fold from the first one on; an error where a
/// snapshot is of another state.
pub fn replayed(data_dir: &Path) -> Result<(u64, String)> {
    let told = ask(data_dir, &["replay"])?;
    ensure!(told.code == Some(0), "replay: {}{}", told.stdout, told.stderr);
    let line = |name: &str| {
        let line = told.stdout.lines().find_map(|line| line.strip_prefix(name));
        line.map(str::trim)
            .with_context(|| format!("{name} in {}", told.stdout))
    };
    Ok((line("entries")?.parse()?, line("state hash")?.to_owned()))
}

/// All entries, as they are exported into a file beside the data.
pub fn entries(data_dir: &Path) -> Result<Vec<Value>> {
    let file = data_dir.join("export.jsonl");
    let told = ask(
        data_dir,
        &["export", "--format", "jsonl", "--out", &file.to_string_lossy()],
    )?;
    ensure!(told.code == Some(0), "export: {}", told.stderr);
    let text = std::fs::read_to_string(&file)?;
    std::fs::remove_file(&file)?;
    text.lines().map(|line| Ok(serde_json::from_str(line)?)).collect()
}
