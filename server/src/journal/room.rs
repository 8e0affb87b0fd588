//! Room for the journal: a cap that the operator may set, and a reserve for when the disk or the cap is full, in which
//! trading is paused in good order and positions can still be closed.

use super::JournalError;
use rusqlite::Connection;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// What is kept in hand, in bytes: some hundred commits.
const RESERVE: u64 = 4 * 1024 * 1024;

/// The least cap that leaves room beside the reserve, in megabytes.
pub const MAX_MB_MIN: u32 = 8;

const FILE: &str = "journal.reserve";

/// The room that a journal may take.
#[derive(Debug)]
pub(super) struct Room {
    /// A file that holds disk space, to be removed when there is no other.
    file: PathBuf,
    /// The most pages, where the operator set a cap.
    pages_max: Option<u64>,
    page_size: u64,
    is_released: bool,
}

impl Room {
    /// Takes stock, and keeps the reserve where it can be kept.
    pub(super) fn open(
        database: &Connection,
        folder: &Path,
        max_mb: Option<u32>,
    ) -> Result<Room, JournalError> {
        let page_size = number(database, "page_size")?.max(1);
        let mut room = Room {
            file: folder.join(FILE),
            pages_max: max_mb.map(|max_mb| u64::from(max_mb) * 1024 * 1024 / page_size),
            page_size,
            is_released: true,
        };
        room.set_cap(database)?;
        room.restore(database)?;
        Ok(room)
    }

    /// Whether the reserve is being used.
    pub(super) fn is_released(&self) -> bool {
        self.is_released
    }

    /// Lets the journal into its reserve. Gives false where it is there already.
    pub(super) fn release(&mut self, database: &Connection) -> Result<bool, JournalError> {
        if self.is_released {
            return Ok(false);
        }
        self.is_released = true;
        // One that is gone already is as good.
        let _ = std::fs::remove_file(&self.file);
        self.set_cap(database)?;
        Ok(true)
    }

    /// Puts the reserve back where there is room for it. Gives whether it is there.
    pub(super) fn restore(&mut self, database: &Connection) -> Result<bool, JournalError> {
        if !self.is_released {
            return Ok(true);
        }
        if let Some(pages_max) = self.pages_max {
            let used = number(database, "page_count")?.saturating_sub(number(database, "freelist_count")?);
            if used + self.reserve_pages() > pages_max {
                return Ok(false);
            }
        }
        if !self.is_file_there() && self.write_file().is_err() {
            // What was written of it is room that the journal needs.
            let _ = std::fs::remove_file(&self.file);
            return Ok(false);
        }
        self.is_released = false;
        self.set_cap(database)?;
        Ok(true)
    }

    fn is_file_there(&self) -> bool {
        std::fs::metadata(&self.file).is_ok_and(|file| file.len() == RESERVE)
    }

    /// Written and not only sized: a file with holes holds no space.
    fn write_file(&self) -> std::io::Result<()> {
        let mut file = crate::private::create(&self.file)?;
        let block = [0x5a; 64 * 1024];
        for _ in 0..RESERVE / block.len() as u64 {
            file.write_all(&block)?;
        }
        file.sync_all()
    }

    fn reserve_pages(&self) -> u64 {
        RESERVE / self.page_size
    }

    fn set_cap(&self, database: &Connection) -> Result<(), JournalError> {
        let Some(pages_max) = self.pages_max else {
            return Ok(());
        };
        let cap = match self.is_released {
            true => pages_max,
            false => pages_max.saturating_sub(self.reserve_pages()),
        };
        // It answers with the cap that now holds, which is never below what the file has.
        database.pragma_update_and_check(None, "max_page_count", cap.to_string(), |_| Ok(()))?;
        Ok(())
    }
}

fn number(database: &Connection, name: &str) -> Result<u64, JournalError> {
    let number: i64 = database.pragma_query_value(None, name, |row| row.get(0))?;
    Ok(number.unsigned_abs())
}
