//! Readers for iden3's file formats: zero-copy views over bytes that nobody vouches for. Every length is checked before
//! use and every defect is a [`FormatError`] that names the file, the section and the reason.

pub(crate) mod error;
mod field_bytes;
pub mod json;
pub(crate) mod points;
pub mod ptau;
pub mod r1cs;
pub(crate) mod sections;
pub mod wtns;
pub mod zkey;

pub use error::{FormatError, FormatErrorKind};
pub use ptau::PtauView;
pub use r1cs::R1csView;
pub use wtns::WtnsView;
pub use zkey::ZkeyView;

/// Bytes of a field element, an affine G1 point and an affine G2 point (uncompressed, little-endian; points in
/// Montgomery form with all zero bytes for infinity).
pub const FIELD_BYTES: usize = 32;
pub const G1_BYTES: usize = 64;
pub const G2_BYTES: usize = 128;
