//! The journal as an operator sees it: the subcommands of the binary, and the file that they read.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use serde_json::value::RawValue;

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
    exported(data_dir)?
        .lines()
        .map(|line| Ok(serde_json::from_str(line)?))
        .collect()
}

/// What the journal has of each topic: the place of each event, and what it tells, as it is written there.
pub fn topics(data_dir: &Path) -> Result<BTreeMap<String, Vec<(u64, String)>>> {
    let mut topics: BTreeMap<String, Vec<(u64, String)>> = BTreeMap::new();
    for line in exported(data_dir)?.lines() {
        let entry: Value = serde_json::from_str(line)?;
        let (Some(topic), Some(place)) = (entry["topic"].as_str(), entry["topic_seq"].as_u64()) else {
            continue;
        };
        let part = |text: &str, name: &str| -> Result<String> {
            let parts: BTreeMap<String, Box<RawValue>> = serde_json::from_str(text)?;
            Ok(parts.get(name).context("a part of the entry")?.get().to_owned())
        };
        let fact = part(&part(line, "event")?, "fact")?;
        // The one member of a fact is named after its kind.
        let told: BTreeMap<String, Box<RawValue>> = serde_json::from_str(&fact)?;
        let told = told.values().next().context("a fact tells something")?;
        topics
            .entry(topic.to_owned())
            .or_default()
            .push((place, told.get().to_owned()));
    }
    Ok(topics)
}

fn exported(data_dir: &Path) -> Result<String> {
    let file = data_dir.join("export.jsonl");
    let told = ask(
        data_dir,
        &["export", "--format", "jsonl", "--out", &file.to_string_lossy()],
    )?;
    ensure!(told.code == Some(0), "export: {}", told.stderr);
    let text = std::fs::read_to_string(&file)?;
    std::fs::remove_file(&file)?;
    Ok(text)
}
