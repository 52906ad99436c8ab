//! What the operating system refused.

use std::fmt;
use std::path::Path;

use zkinfer_native::failure::Failure;

/// A file that cannot be opened, read, mapped or written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileError {
    /// The path as the caller gave it.
    pub file: String,
    pub reason: String,
}

impl FileError {
    pub(crate) fn new(path: &Path, reason: impl Into<String>) -> Self {
        Self { file: path.display().to_string(), reason: reason.into() }
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.file, self.reason)
    }
}

impl std::error::Error for FileError {}

impl From<FileError> for Failure {
    fn from(error: FileError) -> Self {
        Self::in_file("FILE_IO", &error.file, "", error.reason)
    }
}
