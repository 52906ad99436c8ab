//! Groth16 key generation: from fresh randomness on one machine (`development`), or from a ceremony's powers of tau
//! (`ceremony`), both into snarkjs's `.zkey` format.
//!
//! The trap: snarkjs appends one row 1 * x_s to matrix A for every public wire s (the constant included), which binds
//! public inputs that no constraint mentions; the domain has to hold them too.

mod ceremony;
mod development;
mod development_powers;
mod fixed_base;
mod rows;
mod sparse_sums;
#[cfg(test)]
mod tests;
mod unreduced;
mod wire_sums;
pub(crate) mod zkey_writer;

pub use ceremony::setup_ceremony;
pub use development::setup_development;
pub use development_powers::development_powers;
pub use rows::{Batch, CircuitSizes, Coefficient, FileRows, RowSource, SparseRows, NOT_BELOW_R};

use crate::control::Cancelled;
use std::io::{Seek, Write};
use thiserror::Error;

/// The largest domain whose odd coset still has roots of unity in Fr.
const MAX_LOG_DOMAIN: u32 = crate::field::TWO_ADICITY - 1;

/// Where a key is written to: sections' lengths are filled in afterwards, hence the seeking. A caller whose key must never
/// be half there writes to a temporary place and moves it when the function has returned.
pub trait KeySink: Write + Seek + Send {}

impl<T: Write + Seek + Send> KeySink for T {}

/// Why there is no key.
#[derive(Debug, Error)]
pub enum SetupError {
    #[error("the circuit has {rows} rows, more than a domain of 2^{MAX_LOG_DOMAIN} holds")]
    CircuitTooLarge { rows: u64 },
    #[error("the circuit's matrices A and B have {terms} entries, more than a key's 32-bit count of them holds")]
    TooManyTerms { terms: u64 },
    /// What is wrong with the rows that a caller gave.
    #[error("the circuit's rows {0}")]
    Rows(&'static str),
    #[error("the circuit needs powers of tau for 2^{needed}, the file has 2^{given}")]
    PowersTooFew { needed: u32, given: u32 },
    #[error("the operating system gave no randomness: {0}")]
    Randomness(getrandom::Error),
    #[error("the key cannot be written: {0}")]
    Write(std::io::Error),
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

/// log2 of the domain for a circuit: constraints and one row for each public wire and the constant.
fn log_domain(sizes: &CircuitSizes) -> Result<u32, SetupError> {
    let rows = u64::from(sizes.n_constraints) + u64::from(sizes.n_public) + 1;
    // snarkjs takes floor(log2(rows - 1)) + 1, at least 1.
    let log = (rows - 1).max(1).ilog2() + 1;
    if log > MAX_LOG_DOMAIN {
        return Err(SetupError::CircuitTooLarge { rows });
    }
    Ok(log)
}
