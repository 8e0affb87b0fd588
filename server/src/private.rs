//! Files that only their owner may read.

use std::path::Path;

/// Makes the file for its owner alone, before anything is written into it. SQLite gives the files beside it the same mode.
///
/// # Errors
///
/// Where it can neither be made nor written, or is another's.
#[cfg(unix)]
pub fn keep_private(path: &Path) -> std::io::Result<()> {
    use std::fs::{OpenOptions, Permissions};
    use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
    let file = OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(path)?;
    if file.metadata()?.permissions().mode() & 0o077 != 0 {
        file.set_permissions(Permissions::from_mode(0o600))?;
    }
    Ok(())
}

/// Elsewhere the folder says who may read it.
#[cfg(not(unix))]
pub fn keep_private(_path: &Path) -> std::io::Result<()> {
    Ok(())
}
