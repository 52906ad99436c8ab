//! A file written under a temporary name beside its target and renamed when it is complete: a killed run leaves the old
//! file or the new one, never a part.

use std::fs::{self, File};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::FileError;

pub struct AtomicFile {
    target: PathBuf,
    temporary: PathBuf,
    file: File,
    finished: bool,
}

impl AtomicFile {
    /// Opens the temporary file.
    pub fn create(target: &Path) -> Result<Self, FileError> {
        let mut name = target.file_name().unwrap_or_default().to_owned();
        name.push(format!(".tmp-{}", std::process::id()));
        let temporary = target.with_file_name(name);
        // What a process of this number left, or somebody's link, is not written to: the file is a new one.
        let _ = fs::remove_file(&temporary);
        let file = File::options().read(true).write(true).create_new(true).open(&temporary);
        let file = file.map_err(|error| Self::cannot_write(&temporary, &error))?;
        Ok(Self { target: target.to_owned(), temporary, file, finished: false })
    }

    /// Makes the file durable and gives it its name.
    pub fn finish(mut self) -> Result<(), FileError> {
        self.file.sync_all().map_err(|error| Self::cannot_write(&self.temporary, &error))?;
        fs::rename(&self.temporary, &self.target).map_err(|error| Self::cannot_write(&self.target, &error))?;
        self.finished = true;
        Ok(())
    }

    /// What a failed write to this file is reported as.
    pub fn write_error(&self, error: &io::Error) -> FileError {
        Self::cannot_write(&self.temporary, error)
    }

    fn cannot_write(path: &Path, error: &io::Error) -> FileError {
        FileError::new(path, format!("cannot be written: {error}"))
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Seek for AtomicFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

impl Drop for AtomicFile {
    fn drop(&mut self) {
        if !self.finished {
            // Nothing sensible can be done if this fails too; the name says that it is temporary.
            let _ = fs::remove_file(&self.temporary);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("zkinfer-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        path
    }

    #[test]
    fn an_unfinished_file_leaves_the_old_one_and_nothing_else() {
        let folder = folder("unfinished");
        let target = folder.join("key.zkey");
        fs::write(&target, b"old").unwrap();
        let mut file = AtomicFile::create(&target).unwrap();
        file.write_all(b"half").unwrap();
        drop(file);
        assert_eq!(fs::read(&target).unwrap(), b"old");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
        let mut file = AtomicFile::create(&target).unwrap();
        file.write_all(b"new").unwrap();
        file.finish().unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"new");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_folder_that_is_not_there_is_named_and_not_made() {
        let absent = std::env::temp_dir().join(format!("zkinfer-{}-absent", std::process::id()));
        let error = AtomicFile::create(&absent.join("key.zkey")).err().unwrap();
        assert!(error.to_string().contains("key.zkey") && error.reason.starts_with("cannot be written"), "{error}");
        assert!(!absent.exists());
    }

    #[cfg(unix)]
    #[test]
    fn a_link_in_the_place_of_the_unfinished_file_is_not_written_through() {
        let folder = folder("link");
        let (victim, key) = (folder.join("victim"), folder.join("key.zkey"));
        fs::write(&victim, b"untouched").unwrap();
        std::os::unix::fs::symlink(&victim, folder.join(format!("key.zkey.tmp-{}", std::process::id()))).unwrap();
        AtomicFile::create(&key).unwrap().write_all(b"key").unwrap();
        assert_eq!(fs::read(&victim).unwrap(), b"untouched");
        fs::remove_dir_all(&folder).unwrap();
    }
}
