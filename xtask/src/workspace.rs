//! Where things are, and the two ways of building them.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// How to build.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Optimised, the site inside the binary: what is deployed and what the tests run.
    Release,
    /// Compiles fastest; the server reads the site from `target/site`.
    Dev,
}

impl Mode {
    /// The cargo profile of the browser half.
    pub fn wasm_profile(self) -> &'static str {
        match self {
            Self::Release => "wasm-release",
            Self::Dev => "dev",
        }
    }

    /// The folder below `target/<triple>` that the browser half is built in.
    pub fn wasm_profile_dir(self) -> &'static str {
        match self {
            Self::Release => "wasm-release",
            Self::Dev => "debug",
        }
    }

    /// The folder below `target` that the server is built in.
    pub fn native_profile_dir(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Dev => "debug",
        }
    }
}

/// The root of the repository: asked of cargo at run time, so that a checkout may be moved with its `target`.
pub fn root() -> &'static Path {
    static ROOT: LazyLock<PathBuf> = LazyLock::new(|| {
        let xtask =
            std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
        Path::new(&xtask)
            .parent()
            .expect("xtask lies one folder below the root")
            .to_owned()
    });
    &ROOT
}

/// Where cargo builds: `target`, or what `CARGO_TARGET_DIR` says.
pub fn target_dir() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |dir| root().join(dir))
}

/// The assembled site. The server crate embeds this very folder, wherever cargo builds.
pub fn site_dir() -> PathBuf {
    root().join("target/site")
}

/// Intermediate results of xtask.
pub fn scratch_dir() -> PathBuf {
    root().join("target/xtask")
}

/// A path as people like to read it: relative to the root where it can be.
pub fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}
