//! Brotli twins: compressed once, at the highest quality, when the site is built.

use std::io::Write as _;

use anyhow::{Context as _, Result};

const QUALITY: u32 = 11;
/// 4 MiB: the largest window that browsers must accept.
const WINDOW_BITS: u32 = 22;
const BUFFER_BYTES: usize = 64 * 1024;

/// Whether a file of this name is worth a compressed twin: pictures and fonts are compressed as they are.
pub fn pays_for(path: &str) -> bool {
    let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension);
    ["wasm", "js", "css", "svg", "html", "json", "txt", "webmanifest"].contains(&extension)
}

/// The bytes, compressed.
pub fn brotli(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut writer = brotli::CompressorWriter::new(Vec::new(), BUFFER_BYTES, QUALITY, WINDOW_BITS);
    writer.write_all(bytes).context("cannot compress by brotli")?;
    Ok(writer.into_inner())
}
