//! A file mapped read-only into memory. Keys are large and read many times; mapping leaves them in the page cache,
//! shared between processes.
//!
//! The trap: if another process shortens a mapped file, touching the lost pages kills this process (SIGBUS). Every
//! writer of this project replaces files by renaming, which leaves the mapped one intact.

use std::fs::File;
use std::path::Path;

use memmap2::Mmap;

use super::FileError;

pub struct MappedFile {
    name: String,
    /// None for an empty file, which cannot be mapped.
    map: Option<Mmap>,
}

impl MappedFile {
    pub fn open(path: &Path) -> Result<Self, FileError> {
        let name = path.display().to_string();
        let io = |error: std::io::Error| FileError::new(path, format!("cannot be read: {error}"));
        let file = File::open(path).map_err(io)?;
        let metadata = file.metadata().map_err(io)?;
        if !metadata.is_file() {
            return Err(FileError::new(path, "is not a regular file"));
        }
        // SAFETY: the map is read-only and private to this value; see the trap above for what remains.
        let map = if metadata.len() == 0 { None } else { Some(unsafe { Mmap::map(&file) }.map_err(io)?) };
        Ok(Self { name, map })
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Gives back the memory of a part of `bytes`. Were it read again, it would come from the file again.
    pub fn release(&self, part: &[u8]) {
        let Some(map) = &self.map else { return };
        let start = (part.as_ptr() as usize).wrapping_sub(map.as_ptr() as usize);
        if start >= map.len() || part.len() > map.len() - start {
            return;
        }
        #[cfg(unix)]
        {
            // SAFETY: nobody writes to the map, so no change can be lost.
            let advised = unsafe { map.unchecked_advise_range(memmap2::UncheckedAdvice::DontNeed, start, part.len()) };
            // Only advice: where it is not taken, the memory stays until the end.
            let _ = advised;
        }
    }

    pub fn bytes(&self) -> &[u8] {
        self.map.as_deref().unwrap_or(&[])
    }
}
