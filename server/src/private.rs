//! Files and folders for their owner alone: what a desk keeps is nobody else's business on its machine.
//!
//! What is there already keeps the rights that it has, for the operator may have given them; but for what nobody else may
//! ever read ([`keep_private`]).

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::Path;

/// Makes a folder, and those above it, where they are missing.
///
/// # Errors
///
/// Where one of them cannot be made, or is a file.
pub fn folder(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Opens a file to write it anew.
///
/// # Errors
///
/// Where it cannot be made or written.
pub fn create(path: &Path) -> io::Result<File> {
    to_write().create(true).truncate(true).open(path)
}

/// Makes an empty file where there is none.
///
/// # Errors
///
/// Where it is missing and cannot be made.
pub fn touch(path: &Path) -> io::Result<()> {
    match to_write().create_new(true).open(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// Makes an empty file where there is none, and takes the rights of all but its owner from one that is there. SQLite gives
/// the files beside it the same mode. Elsewhere than on Unix the folder says who may read it.
///
/// # Errors
///
/// Where it can neither be made nor written, or is another's.
pub fn keep_private(path: &Path) -> io::Result<()> {
    touch(path)?;
    let file = OpenOptions::new().append(true).open(path)?;
    #[cfg(unix)]
    {
        use std::fs::Permissions;
        use std::os::unix::fs::PermissionsExt as _;
        if file.metadata()?.permissions().mode() & 0o077 != 0 {
            file.set_permissions(Permissions::from_mode(0o600))?;
        }
    }
    #[cfg(not(unix))]
    drop(file);
    Ok(())
}

fn to_write() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt as _;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn what_is_new_is_its_owners_and_what_is_there_keeps_its_rights() {
        let base = tempfile::tempdir().unwrap();
        let (above, inner) = (base.path().join("a"), base.path().join("a/b"));
        folder(&inner).unwrap();
        assert_eq!((mode(&above), mode(&inner)), (0o700, 0o700));
        fs::set_permissions(&inner, Permissions::from_mode(0o750)).unwrap();
        folder(&inner).unwrap();
        assert_eq!(mode(&inner), 0o750);

        let file = inner.join("f");
        touch(&file).unwrap();
        assert_eq!(mode(&file), 0o600);
        fs::set_permissions(&file, Permissions::from_mode(0o640)).unwrap();
        fs::write(&file, "kept").unwrap();
        touch(&file).unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"kept");
        create(&file).unwrap();
        assert_eq!((mode(&file), fs::read(&file).unwrap()), (0o640, Vec::new()));
        keep_private(&file).unwrap();
        assert_eq!(mode(&file), 0o600, "nobody else's, whatever it was");
        create(&inner.join("g")).unwrap();
        assert_eq!(mode(&inner.join("g")), 0o600);

        assert!(folder(&file).is_err(), "a file is no folder");
        assert!(touch(&base.path().join("none/f")).is_err());
    }
}
