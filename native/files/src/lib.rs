//! Files for the protocol crate `zkinfer-native`, which itself takes bytes and writers: keys are mapped for reading
//! (`mapped`), written under a temporary name and renamed (`atomic`), and kept in a temporary file while they are
//! compared with another (`temporary`).

mod atomic;
mod error;
mod mapped;
mod temporary;

pub use atomic::AtomicFile;
pub use error::FileError;
pub use mapped::MappedFile;
pub use temporary::TemporaryFile;
