//! The browser half: compiled by cargo, bound to JavaScript by the `wasm-bindgen-cli-support` of the very version that
//! the wasm was compiled with (the workspace pins both).

use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use wasm_bindgen_cli_support::Bindgen;

use crate::workspace::{self, Mode};
use crate::{process, toolchain};

/// Raise it when the settings in [`generate`] change, so that what was bound before is bound again.
const BINDING: u32 = 1;

/// Compiles `frontend` to wasm.
pub fn compile(mode: Mode) -> Result<()> {
    let mut cargo = process::cargo([
        "build",
        "--package",
        "tickwire-frontend",
        "--target",
        toolchain::WASM_TARGET,
    ]);
    process::run(
        cargo.args(["--profile", mode.wasm_profile()]),
        "correct what the compiler names above",
    )
}

/// Binds the compiled wasm and returns the folder of `tickwire.js`, `tickwire_bg.wasm` and their snippets.
pub fn bind(mode: Mode) -> Result<PathBuf> {
    let wasm = workspace::target_dir()
        .join(toolchain::WASM_TARGET)
        .join(mode.wasm_profile_dir())
        .join("tickwire_frontend.wasm");
    let bytes = fs::read(&wasm).with_context(|| format!("cannot read {}", wasm.display()))?;
    let bound = workspace::scratch_dir().join(format!("bound-{}", mode.wasm_profile()));

    let stamp_path = bound.with_extension("stamp");
    let stamp = fingerprint(&bytes);
    if fs::read_to_string(&stamp_path).is_ok_and(|known| known == stamp) {
        return Ok(bound);
    }
    if bound.exists() {
        fs::remove_dir_all(&bound).with_context(|| format!("cannot clear {}", bound.display()))?;
    }
    generate(mode, bytes, &bound)?;
    fs::write(&stamp_path, stamp).with_context(|| format!("cannot write {}", stamp_path.display()))?;
    Ok(bound)
}

fn generate(mode: Mode, wasm: Vec<u8>, bound: &std::path::Path) -> Result<()> {
    let release = mode == Mode::Release;
    Bindgen::new()
        .input_bytes("tickwire", wasm)
        .web(true)?
        .typescript(false)
        .omit_default_module_path(false)
        .remove_name_section(release)
        .remove_producers_section(release)
        .keep_debug(!release)
        .generate(bound)
        .context(
            "cannot bind the wasm\nremedy: run `cargo clean --package tickwire-frontend` and build again",
        )
}

fn fingerprint(wasm: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    (BINDING, wasm).hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}
