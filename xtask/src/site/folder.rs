//! The site as a set of files: collected in memory, then brought to disk with as few writes as possible.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::site::compress;

/// Files by their path inside the site, with `/` between the parts.
#[derive(Debug, Default)]
pub struct Site {
    files: BTreeMap<String, Vec<u8>>,
}

impl Site {
    /// Adds one file.
    pub fn add(&mut self, path: impl Into<String>, bytes: impl Into<Vec<u8>>) {
        self.files.insert(path.into(), bytes.into());
    }

    /// Adds every file below a folder, under `prefix` (empty: at the top).
    pub fn add_folder(&mut self, folder: &Path, prefix: &str) -> Result<()> {
        for path in files_below(folder)? {
            let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
            let inside = site_path(path.strip_prefix(folder)?);
            let name = if prefix.is_empty() {
                inside
            } else {
                format!("{prefix}/{inside}")
            };
            self.add(name, bytes);
        }
        Ok(())
    }

    /// Adds the brotli twin of each file that shrinks by it. A twin on disk that belongs to the same bytes is kept.
    pub fn compress(&mut self, on_disk: &Path) -> Result<()> {
        let mut twins = BTreeMap::new();
        for (path, bytes) in self.files.iter().filter(|(path, _)| compress::pays_for(path)) {
            let twin_path = format!("{path}.br");
            let known = fs::read(on_disk.join(path)).is_ok_and(|known| &known == bytes);
            let twin = match fs::read(on_disk.join(&twin_path)) {
                Ok(twin) if known => twin,
                _ => compress::brotli(bytes)?,
            };
            twins.insert(twin_path, twin);
        }
        self.files.append(&mut twins);
        Ok(())
    }

    /// Makes `folder` hold exactly these files. One that holds the right bytes already keeps its modification time.
    pub fn write_to(&self, folder: &Path) -> Result<()> {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        for path in files_below(folder)? {
            if !self.files.contains_key(&site_path(path.strip_prefix(folder)?)) {
                fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
            }
        }
        for (path, bytes) in &self.files {
            let path = folder.join(path);
            if fs::read(&path).is_ok_and(|known| &known == bytes) {
                continue;
            }
            let parent = path.parent().unwrap_or(folder);
            fs::create_dir_all(parent).with_context(|| format!("cannot make {}", parent.display()))?;
            fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
        }
        Ok(())
    }

    /// The files, by path.
    pub fn files(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.files
            .iter()
            .map(|(path, bytes)| (path.as_str(), bytes.as_slice()))
    }
}

fn files_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path)
            } else {
                files.push(path)
            }
        }
    }
    Ok(files)
}

fn site_path(relative: &Path) -> String {
    relative
        .components()
        .map(|part| part.as_os_str().to_string_lossy())
        .collect::<Vec<_>>()
        .join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writing_again_touches_nothing_and_removes_what_went_away() -> Result<()> {
        let folder = std::env::temp_dir().join(format!("tickwire-xtask-site-{}", std::process::id()));
        let mut site = Site::default();
        site.add("pkg/a.js", "let a = 1;".repeat(20));
        site.add("b.png", "pixels");
        site.compress(&folder)?;
        site.write_to(&folder)?;
        let stamp = |path: &str| fs::metadata(folder.join(path)).and_then(|meta| meta.modified());
        let first = stamp("pkg/a.js.br")?;

        site.write_to(&folder)?;
        assert_eq!(stamp("pkg/a.js.br")?, first);
        assert!(!folder.join("b.png.br").exists());

        let mut smaller = Site::default();
        smaller.add("b.png", "pixels");
        smaller.write_to(&folder)?;
        assert!(!folder.join("pkg/a.js").exists());
        fs::remove_dir_all(folder)?;
        Ok(())
    }
}
