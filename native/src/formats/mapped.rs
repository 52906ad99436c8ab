//! A file mapped read-only into memory. Keys are large and read many times; mapping leaves them in the page cache,
//! shared between processes.
//!
//! The trap: if another process shortens a mapped file, touching the lost pages kills this process (SIGBUS). Every
//! writer of this project replaces files by renaming, which leaves the mapped one intact.

use std::fs::File;
use std::path::Path;

use memmap2::Mmap;

use super::error::{FormatError, FormatErrorKind, Place};

pub struct MappedFile {
    name: String,
    /// None for an empty file, which cannot be mapped.
    map: Option<Mmap>,
}

impl MappedFile {
    pub fn open(path: &Path) -> Result<Self, FormatError> {
        let name = path.display().to_string();
        let io = |error: std::io::Error| Place::new(&name).error(FormatErrorKind::Io, format!("cannot be read: {error}"));
        let file = File::open(path).map_err(io)?;
        let metadata = file.metadata().map_err(io)?;
        if !metadata.is_file() {
            return Err(Place::new(&name).error(FormatErrorKind::Io, "is not a regular file"));
        }
        // SAFETY: the map is read-only and private to this value; see the trap above for what remains.
        let map = if metadata.len() == 0 { None } else { Some(unsafe { Mmap::map(&file) }.map_err(io)?) };
        Ok(Self { name, map })
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn bytes(&self) -> &[u8] {
        self.map.as_deref().unwrap_or(&[])
    }
}
