//! A file of this process's own in the system's folder for such, removed with the value.
//!
//! The trap: others can write to that folder. The name is random and the file must be new, so that nobody's link is
//! written through.

use std::fs::{self, File};
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use memmap2::Mmap;
use zkinfer_native::phase2::Room;
use zkinfer_native::setup::KeySink;

use super::FileError;

pub struct TemporaryFile {
    path: PathBuf,
    file: File,
    map: Option<Mmap>,
}

impl TemporaryFile {
    pub fn create() -> Result<Self, FileError> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let mut random = [0u8; 8];
        // Without randomness the name is still this process's own.
        let _ = getrandom::fill(&mut random);
        let name = format!("zkinfer-initial-{}-{count}-{:016x}.zkey", std::process::id(), u64::from_le_bytes(random));
        let path = std::env::temp_dir().join(name);
        let opened = File::options().read(true).write(true).create_new(true).open(&path);
        let file = opened.map_err(|error| FileError::new(&path, format!("cannot be written: {error}")))?;
        Ok(Self { path, file, map: None })
    }
}

impl Room for TemporaryFile {
    fn sink(&mut self) -> &mut dyn KeySink {
        &mut self.file
    }

    fn contents(&mut self) -> io::Result<&[u8]> {
        // SAFETY: the map is read-only, and nobody else knows the file.
        let map = unsafe { Mmap::map(&self.file) }?;
        Ok(self.map.insert(map))
    }
}

impl Drop for TemporaryFile {
    fn drop(&mut self) {
        // Nothing sensible can be done if this fails.
        let _ = fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_and_the_file_goes_with_the_value() {
        let mut room = TemporaryFile::create().unwrap();
        room.sink().write_all(b"a key").unwrap();
        assert_eq!(room.contents().unwrap(), b"a key");
        let path = room.path.clone();
        assert!(path.exists());
        drop(room);
        assert!(!path.exists());
    }
}
